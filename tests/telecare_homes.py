"""Homes with telecare, built with the real verbs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from equipment import allocation, key_holders, loans, sims, telecare, telecare_facts
from equipment.models import AlarmCentre, Asset, Installation, Person, Product, Reservation, TestCall
from equipment.words import Connectivity, Line, Protocol, Use
from tests.county import BY, LONG_AGO, TUESDAY, County

MINUTE = timedelta(minutes=1)
INSTALLING = TUESDAY - timedelta(hours=2)


def centre(code: str = "careline") -> AlarmCentre:
    made, _ = AlarmCentre.objects.get_or_create(
        code=code, defaults={"name": f"{code.title()} centre", "phone": "01632 960900", "programming": "0800 496 0000"}
    )
    return made


def hub(county: County, code: str = "HUB", **fields: Any) -> Product:
    known = {"name": "Telecare hub", "use": Use.HUB, "connectivity": Connectivity.IP_MOBILE, "holds_data": True}
    return county.product(code, **known | fields)


def pendant(county: County, code: str = "PENDANT", **fields: Any) -> Product:
    return county.product(code, **{"name": "Pendant", "use": Use.TRIGGER} | fields)


def loaded(county: County, product: Product, person: Person) -> Reservation:
    """New, and on the van to this person."""
    asset = county.new(product)
    wanted = allocation.Wanted(product, 1, person, LONG_AGO.date(), (county.store,))
    [made] = allocation.reserve(wanted, by=BY, at=LONG_AGO)
    allocation.pick(made, scanned=asset.number, by=BY, at=LONG_AGO)
    allocation.load(made, vehicle="VAN", scanned=asset.number, by=BY, at=LONG_AGO)
    made.refresh_from_db()
    return made


def begin(the_hub: Asset, person: Person, *, at: datetime = INSTALLING, **given: Any) -> Installation:
    address = person.addresses.first()
    assert address is not None
    known: dict[str, Any] = {
        "centre": given.pop("centre", None) or centre(),
        "account": "A-100",
        "protocol": Protocol.NOW_IP,
        "line": Line.BROADBAND,
    }
    return telecare.begin(the_hub, person, address, **known | given, by=BY, at=at)


def ready(installation: Installation, *, at: datetime = INSTALLING) -> Installation:
    """Programmed, and the range tried."""
    telecare.programme(installation, by=BY, at=at)
    return telecare.try_range(installation, "garden, bath", by=BY, at=at)


def heard(installation: Installation, *, at: datetime = INSTALLING) -> list[TestCall]:
    """A test call from every trigger that has none, heard by the centre."""
    found = []
    for pair in telecare_facts.paired(installation.triggers.all()):
        if not pair.heard:
            call = telecare.call(pair.trigger, by=BY, at=at + MINUTE)
            found.append(telecare.acknowledge(call, heard_by="Jo at the centre", by=BY, at=at + MINUTE))
    return found


def installing(county: County, **given: Any) -> Installation:
    """A hub and a pendant at home, paired, and nothing more."""
    person = county.person()
    address = county.address(person)
    box = loaded(county, hub(county), person)
    button = loaded(county, pendant(county), person)
    for one in (box, button):
        loans.deliver(one, address, by=BY, at=LONG_AGO)
    assert box.asset is not None
    made = begin(box.asset, person, **given)
    telecare.pair(made, "pendant", asset=button.asset, radio_id="77", room="neck", by=BY, at=INSTALLING)
    return made


def live(county: County, **given: Any) -> Installation:
    """A hub and a pendant at home, live."""
    made = ready(installing(county, **given))
    heard(made)
    return telecare.go_live(made, by=BY, at=INSTALLING + MINUTE)


def one_of_each(county: County) -> Installation:
    """An installation, a key holder, a SIM, and a hub that was wiped."""
    made = ready(installing(county))
    county.recycled(hub(county, "HUB-2"))
    sims.add("894411000000000001", "Roamer", by=BY, at=TUESDAY)
    given = {"name": "Mo", "phone": "01632 960123", "consent_taken_by": "R. Hallam"}
    key_holders.add(made.person, **given, by=BY, at=TUESDAY)
    return made
