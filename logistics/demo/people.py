"""Who is who: organisations, stores, people at home, staff and their logins, prescribers, the hospital's system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import transaction
from oauth2_provider.models import Application

from equipment import people, roles
from equipment.days import day_of
from equipment.models import Address, AlarmCentre, ApiClient, Membership, Organisation, Person, Store
from equipment.words import OrganisationKind, PinAccuracy, StoreKind
from logistics.demo import county
from logistics.models import Prescriber

PROVIDER, COUNCIL, ICB, TRUST = "harbour-vale", "marchvale-council", "marchvale-icb", "marchvale-trust"
HOSPITAL = "Larkmoor General Hospital"
MAIN, WARD = "MAIN", "WARD"
ALARM_CENTRE = "lark-centre"
PASSWORD = "demo-password-1"  # noqa: S105  printed by the demo, which runs on invented data only
RESIDENTS = 140
_SEED = 29

_ORGANISATIONS = (
    (PROVIDER, "Harbour & Vale Equipment Service", OrganisationKind.PROVIDER),
    (COUNCIL, "Marchvale County Council", OrganisationKind.COUNCIL),
    (ICB, "Marchvale Integrated Care Board", OrganisationKind.ICB),
    (TRUST, "Marchvale Hospitals NHS Trust", OrganisationKind.TRUST),
)
_GIVEN = (
    "Ada",
    "Bertha",
    "Cecil",
    "Doris",
    "Elwyn",
    "Florence",
    "George",
    "Hilda",
    "Idris",
    "Jean",
    "Kenneth",
    "Lilian",
)
_FAMILY = ("Abbot", "Barrow", "Calder", "Dunmore", "Eastley", "Foxall", "Garland", "Hebden", "Ivory", "Jessop", "Kirby")


@dataclass(frozen=True)
class Login:
    """One user of the demo, and what the role is called on the screen."""

    username: str
    role: str
    group: str
    organisation: str
    is_staff: bool = True
    is_superuser: bool = False


LOGINS = (
    Login("admin", "Administrator", "", PROVIDER, is_superuser=True),
    Login("manager", "Store manager", "Store managers", PROVIDER),
    Login("assistant", "Store assistant", "Store assistants", PROVIDER),
    Login("cleaner", "Decontamination technician", "Decontamination technicians", PROVIDER),
    Login("tester", "Test technician", "Test technicians", PROVIDER),
    Login("coordinator", "Discharge coordinator", "Discharge team", TRUST),
)


@dataclass(frozen=True)
class Client:
    """A system that calls the API. The secret is published, so it opens invented data only."""

    client_id: str
    secret: str
    name: str
    organisation: str
    scopes: str


WARD_BOARD = Client("demo-ward-board", "demo-ward-board-secret", "Ward board", TRUST, "discharge")
CENTRE_SYSTEM = Client("demo-alarm-centre", "demo-alarm-centre-secret", "Lark alarm centre", PROVIDER, "alarm")
STORE_SYSTEM = Client("demo-store-system", "demo-store-system-secret", "Store system", PROVIDER, "store discharge")

_SYSTEMS = (WARD_BOARD, STORE_SYSTEM, CENTRE_SYSTEM)

OT, PHYSIO, LEAD = "4471", "5520", "6003"
_PRESCRIBERS = (
    (OT, "Nora Whitlock", "Occupational therapist", 800),
    (PHYSIO, "Sam Adeyemi", "Physiotherapist", 400),
    (LEAD, "Ruth Hallam", "Discharge lead", 5000),
    ("7790", "Piers Langton", "Locum therapist, left", 800),
)


def found_organisations() -> dict[str, Organisation]:
    """The provider and those it serves, by code."""
    found: dict[str, Organisation] = {}
    for code, name, kind in _ORGANISATIONS:
        values = {"name": name, "kind": kind, "provider": found.get(PROVIDER)}
        found[code] = Organisation.objects.get_or_create(code=code, defaults=values)[0]
    return found


def open_stores(provider: Organisation) -> tuple[Store, Store]:
    """The main store outside Larkmoor and the cupboard on the ward."""
    main = ("Harbour & Vale main store", StoreKind.DEPOT, "Unit 4, Old Brickworks", county.TOWNS[0])
    ward = (f"{HOSPITAL} buffer store", StoreKind.BUFFER, "Level 2, next to Elder ward", county.TOWNS[0])
    return _store(MAIN, provider, *main, 0), _store(WARD, provider, *ward, 1)


def _store(code: str, provider: Organisation, name: str, kind: str, address: str, town: str, door: int) -> Store:
    postcode, (latitude, longitude) = list(county.settlements()[town].points.items())[door]
    values = {
        "name": name,
        "kind": kind,
        "organisation": provider,
        "address": f"{address}, {town}",
        "postcode": postcode,
        "latitude": latitude,
        "longitude": longitude,
        "phone": f"01632 96000{door}",
    }
    return Store.objects.get_or_create(code=code, defaults=values)[0]


@transaction.atomic
def settle_residents(council: Organisation, *, at: datetime) -> list[Address]:
    """People who have had equipment at home for some time, once; returns their addresses."""
    if not Person.objects.filter(organisation=council).exists():
        rng = Random(_SEED)  # noqa: S311  invented people need no secrets
        numbers, doors = _nhs_numbers(), county.doors(rng)
        persons = [_resident(rng, council, next(numbers), n, day_of(at)) for n in range(RESIDENTS)]
        Person.objects.bulk_create(persons)
        Address.objects.bulk_create([_home(person, next(doors)) for person in persons])
    return list(Address.objects.filter(person__organisation=council).select_related("person").order_by("pk"))


def _resident(rng: Random, council: Organisation, nhs_number: str, number: int, today: date) -> Person:
    """One in five was weighed too long ago to count, and one in three was never asked about fire."""
    asked = number % 3 != 0
    return Person(
        organisation=council,
        given_name=rng.choice(_GIVEN),
        family_name=rng.choice(_FAMILY),
        born_on=date(rng.randint(1928, 1962), rng.randint(1, 12), rng.randint(1, 28)),
        nhs_number=nhs_number if number % 4 else None,
        phone=f"07700 900{number % 1000:03d}",
        weight_kg=Decimal(rng.randint(48, 118)),
        weighed_on=today - timedelta(days=400 if number % 5 == 4 else 10 + number),
        height_cm=150 + number * 7 % 38,
        sling_size=("S", "M", "M", "L", "XL")[number % 5],
        smokes=number % 8 == 1 if asked else None,
        uses_oxygen=number % 17 == 1 if asked else None,
        uses_emollients=number % 4 == 1 if asked else None,
        has_smoke_alarm=number % 6 != 1 if asked else None,
    )


def _nhs_numbers(start: int = 999_000_100) -> Iterator[str]:
    """Numbers of the NHS's own test range, 999, whose check digit is right."""
    for body in range(start, start + 9999):
        check = 11 - sum(int(digit) * weight for digit, weight in zip(str(body), range(10, 1, -1), strict=True)) % 11
        if check != 10:
            yield people.nhs_number(f"{body}{check % 11}")


def _home(person: Person, door: dict[str, str]) -> Address:
    latitude, longitude = county.point_of(door["town"], door["postcode"])
    return Address(person=person, latitude=latitude, longitude=longitude, accuracy=PinAccuracy.UNIT, **door)


def sign_up(organisations: dict[str, Organisation]) -> int:
    """A login for each role; the password is set when the user is made and left alone afterwards."""
    roles.ensure_groups()
    for login in LOGINS:
        give_login(login, organisations[login.organisation])
    return len(LOGINS)


@cache
def _hashed_password() -> str:
    """Hashed once for all of them: it takes half a second on purpose."""
    return make_password(PASSWORD)


def give_login(login: Login, organisation: Organisation, name: str = "") -> User:
    values = {
        "password": _hashed_password,
        "first_name": name,
        "is_staff": login.is_staff,
        "is_superuser": login.is_superuser,
    }
    user, _ = User.objects.get_or_create(username=login.username, defaults=values)
    if login.group:
        user.groups.add(Group.objects.get_or_create(name=login.group)[0])
    Membership.objects.get_or_create(user=user, defaults={"organisation": organisation})
    return user


def appoint_prescribers(trust: Organisation, *, on: date) -> int:
    """Who may order at the trust; the last one's PIN has run out."""
    for pin, name, role, limit in _PRESCRIBERS:
        until = date(on.year - 1, 12, 31) if role.endswith("left") else None
        values = {"organisation": trust, "name": name, "role": role, "order_limit": limit, "active_until": until}
        Prescriber.objects.get_or_create(pin=pin, defaults=values)
    return len(_PRESCRIBERS)


def connect_systems(organisations: dict[str, Organisation]) -> int:
    """Client credentials for the hospital's ward board, the store's own system and the alarm centre's."""
    values = {"name": "Lark alarm centre", "phone": "01632 960009", "programming": "centre.lark.invalid:5060"}
    centre, _ = AlarmCentre.objects.get_or_create(code=ALARM_CENTRE, defaults=values)
    for one in _SYSTEMS:
        fields = {
            "name": one.name,
            "client_secret": one.secret,
            "hash_client_secret": True,
            "client_type": Application.CLIENT_CONFIDENTIAL,
            "authorization_grant_type": Application.GRANT_CLIENT_CREDENTIALS,
        }
        application, _ = Application.objects.get_or_create(client_id=one.client_id, defaults=fields)
        organisation = organisations[one.organisation]
        rights = {
            "organisation": organisation,
            "may_run_store": "store" in one.scopes,
            "centre": centre if one is CENTRE_SYSTEM else None,
        }
        ApiClient.objects.get_or_create(application=application, defaults=rights)
    return len(_SYSTEMS)
