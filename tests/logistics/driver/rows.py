"""A driver's day in the invented county: three doors, built with the real verbs; only the plan is written by hand.

1: a telecare alarm and chair raisers, for a discharge. 2: a hoist for two people. 3: collect a bed, bring a commode.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.test import Client

from equipment import people
from equipment.models import Address, Asset, Installation, Loan, Person
from logistics import ordering, routes, visits
from logistics.lifecycle import advance
from logistics.models import Driver, Route, Stop, Visit
from logistics.states import VisitState
from tests import telecare_homes as homes
from tests.county import BY, LONG_AGO, TUESDAY, County

DAY = datetime(2026, 3, 4, tzinfo=UTC)  # a Wednesday; London's clock shows the same
SEVEN = DAY + timedelta(hours=7)
SECRETS = ("9434765919", "943 476 5919", "1941", "87.5", "C0DE")  # what no page and no paper may show


@dataclass
class Day:
    """The rows of one route, and its driver's browser."""

    county: County
    route: Route
    stops: list[Stop]
    alarm: Asset
    hoist: Asset
    commode: Asset
    bed: Loan
    client: Client

    @property
    def driver(self) -> Driver:
        return self.route.shift.crew.all()[0]

    def url(self, page: str = "") -> str:
        return f"/driver/routes/{self.route.pk}/{page}"

    def stop_url(self, number: int) -> str:
        return f"/driver/stops/{self.visit(number).reference}/"

    def visit(self, number: int) -> Visit:
        visit = self.stops[number - 1].visit
        visit.refresh_from_db()
        return visit

    def state(self) -> str:
        self.route.refresh_from_db()
        return self.route.state

    def load(self) -> None:
        for asset in (self.alarm, self.hoist, self.commode):
            routes.load(self.route, scanned=asset.number, by=BY, at=SEVEN)
        routes.load_counted(self.route, by=BY, at=SEVEN)

    def set_out(self) -> None:
        self.load()
        routes.set_out(self.route, by=BY, at=SEVEN)

    def install(self) -> Installation:
        """Everything that telecare asks for at the first door, but going live."""
        made = homes.ready(homes.begin(self.alarm, self.visit(1).person, at=SEVEN), at=SEVEN)
        homes.heard(made, at=SEVEN)
        return made


def build(county: County) -> Day:
    """Three stops on today's route of a crew of one, and a signed-in phone."""
    alarm_of = homes.hub(county, "ALARM", name="Telecare alarm", skill="telecare")
    things = [alarm_of, county.hoist(), county.commode()]
    alarm, hoist, commode = (county.new(product) for product in things)
    county.raisers(10)
    ada = person(county, "Łucja", "Ŵyn-Ŷale", "01632 960001", "9434765919")
    bo = person(county, "Bo", "O'Neill & Co", "01632 960002")
    cai = person(county, "Cai", "Trefor", "01632 960003")
    third = address(cai, "3 Hill Road")
    bed = lent(county, "BED", cai, third)
    doors = [
        delivery(county, address(ada, "1 Hill Road"), "ALARM", "RAISER"),
        delivery(county, address(bo, "2 Hill Road"), "HOIST"),
        delivery(county, third, "COMMODE", discharge=False),
    ]
    assert visits.raise_collection(bed, by=BY, at=TUESDAY) == doors[2]
    route = plan(county, doors)
    client = Client()
    client.force_login(route.shift.crew.all()[0].user)
    return Day(county, route, list(route.stops.all()), alarm, hoist, commode, bed, client)


def plan(county: County, doors: list[Visit], *, day: datetime = DAY, registration: str = "ZX26 VAN") -> Route:
    """A route with a door every hour from nine, and a break after the second."""
    shift = county.shift(day.date(), registration=registration)
    start = day + timedelta(hours=8)
    rest = day + timedelta(hours=10, minutes=45)
    route = Route.objects.create(
        shift=shift,
        store=county.store,
        day=day.date(),
        starts_at=start,
        ends_at=start + timedelta(hours=6),
        break_from=rest,
        break_to=rest + timedelta(minutes=30),
    )
    for number, visit in enumerate(doors, start=1):
        begin = start + timedelta(hours=number, minutes=20 if number > 2 else 0)
        Stop.objects.create(
            route=route,
            visit=visit,
            sequence=number,
            arrive_at=begin,
            begin_at=begin,
            leave_at=begin + timedelta(minutes=30),
        )
        window = {"window_from": begin - timedelta(hours=1), "window_to": begin + timedelta(hours=1)}
        advance(visit, VisitState.PLANNED, by=BY, at=LONG_AGO, values=window)
    return route


def person(county: County, given: str, family: str, phone: str, nhs_number: str = "") -> Person:
    """Somebody of whom much is known that no driver needs."""
    particulars = people.Particulars(given, family, date(1941, 5, 17), nhs_number, phone, Decimal("87.5"))
    return people.register(county.council, particulars, at=LONG_AGO)


def address(somebody: Person, line1: str, **fields: Any) -> Address:
    known = {"town": "Vale", "postcode": "ZX1 1AB", "access_notes": "Side gate, ring twice", "parking": "On the drive"}
    return people.add_address(
        somebody, line1=line1, **known, received_by="Daughter, from nine", has_key_safe=True, stairs=True, **fields
    )


def delivery(county: County, door: Address, *codes: str, discharge: bool = True) -> Visit:
    stay = county.discharge(address=door) if discharge else None
    items = tuple(ordering.Item(code) for code in codes)
    request = ordering.Request(items, county.prescriber, county.council, stay, None if stay else door)
    order = ordering.place(request, by=BY, at=TUESDAY)
    return Visit.objects.get(activities__line__order=order, activities__line=order.lines.all()[0])


def lent(county: County, code: str, somebody: Person, door: Address) -> Loan:
    """A thing the person has had at home for months."""
    loan = county.on_loan(county.product(code), somebody)
    Loan.objects.filter(pk=loan.pk).update(address=door)
    loan.refresh_from_db()
    return loan
