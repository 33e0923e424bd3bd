"""Four vans, the people who drive them, and their shifts for the next working days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from equipment.models import Organisation, Store
from logistics import promises, visits
from logistics.demo.catalogue import TELECARE
from logistics.demo.people import Login, give_login
from logistics.models import Driver, Shift, Van

DAYS = 6  # today or the next working day, and five more
DRIVERS_GROUP = "Drivers"


@dataclass(frozen=True)
class Crew:
    """A van with what it holds, and who rides in it: login, name, skills."""

    van: str
    clean_l: int
    dirty_l: int
    payload_kg: int
    drivers: tuple[tuple[str, str, str], ...]


CREWS = (
    Crew("HERON", 6000, 4500, 1100, (("ade", "Ade Fenwick", ""), ("bryn", "Bryn Castle", ""))),
    Crew("KESTREL", 6000, 4500, 1100, (("cora", "Cora Mistry", ""), ("dev", "Dev Larkin", TELECARE))),
    Crew("OTTER", 4500, 3000, 800, (("ellis", "Ellis Rowe", ""),)),
    Crew("WREN", 2500, 1500, 500, (("farah", "Farah Quill", TELECARE),)),
)


def hire(store: Store, provider: Organisation) -> int:
    """The vans and their drivers, each with a login; returns how many drivers there are."""
    for crew in CREWS:
        values = {"store": store, "clean_l": crew.clean_l, "dirty_l": crew.dirty_l, "payload_kg": crew.payload_kg}
        Van.objects.get_or_create(registration=crew.van, defaults=values)
        for username, name, skills in crew.drivers:
            login = Login(username, "Driver", DRIVERS_GROUP, provider.code, is_staff=False)
            user = give_login(login, provider, name.split()[0])
            Driver.objects.get_or_create(user=user, defaults={"name": name, "skills": skills})
    return sum(len(crew.drivers) for crew in CREWS)


def draw_up_shifts(store: Store, *, today: date) -> int:
    """08:00 to 16:30 with half an hour's break around noon, for every crew; what there is already stays as it is."""
    days = visits.calendar_of(store).from_day(today, DAYS)
    for day in days:
        for crew in CREWS:
            values = {
                "ends_at": promises.local(day, 16, 30),
                "break_from": promises.local(day, 11, 30),
                "break_to": promises.local(day, 14),
            }
            van = Van.objects.get(registration=crew.van)
            shift, is_new = Shift.objects.get_or_create(van=van, starts_at=promises.local(day, 8), defaults=values)
            if is_new:
                shift.crew.set(Driver.objects.filter(user__username__in=[who for who, _, _ in crew.drivers]))
    return Shift.objects.filter(van__store=store, starts_at__gte=promises.local(days[0], 0)).count()
