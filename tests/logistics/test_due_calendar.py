"""The calendar of tests: by week, kind and depot, with the visit that sees to each (rule 37)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from equipment import competences
from equipment.competences import Register
from equipment.models import Address, Asset, Loan, Store, TestRegime
from logistics import due_calendar, home_tests
from logistics.due_calendar import Line
from tests.county import BY, LONG_AGO, TUESDAY, County

pytestmark = pytest.mark.django_db
TODAY = TUESDAY.date()
UNTIL = due_calendar.until(TODAY)


def lines(county: County) -> list[Line]:
    return due_calendar.lines(Asset.objects.all(), until=UNTIL, stores=list(Store.objects.all()))


def lent(county: County, code: str, **regimes: int) -> Loan:
    return county.on_loan(county.product(code, regimes=regimes, safe_working_load_kg=120))


def test_a_week_begins_on_monday_and_what_is_overdue_stands_first(county: County) -> None:
    """Rule 37: overdue kit on loan stays visible, whatever its date was."""
    lent(county, "A", loler=60)  # 22 January
    lent(county, "B", loler=100)  # today
    lent(county, "C", loler=105, pat=106)  # Sunday 8 March, Monday 9 March
    county.on_loan(county.commode())
    TestRegime.objects.create(product=county.commode(), kind="service", interval_days=365)
    weeks = due_calendar.weeks(lines(county), on=TODAY)
    assert [(week.begins, dict(week.counts)) for week in weeks[:3]] == [
        (None, {"loler": 1, "service": 1}),
        (date(2026, 3, 2), {"loler": 2}),
        (date(2026, 3, 9), {"pat": 1}),
    ]
    assert (len(weeks), sum(week.total for week in weeks)) == (13, 5)
    assert date(2026, 5, 24) == UNTIL


def test_what_is_at_home_belongs_to_the_depot_that_serves_the_address(county: County) -> None:
    """Rule 37: by store, as the visit will be planned."""
    north = county.satellite("NORTH", kind="depot")
    Store.objects.filter(pk=north.pk).update(latitude=53.5, longitude=-2.9)
    near, far = lent(county, "A", loler=110), lent(county, "B", loler=111)
    Address.objects.filter(pk=near.address_id).update(latitude=52.2, longitude=-2.9, accuracy="pin")
    Address.objects.filter(pk=far.address_id).update(latitude=53.4, longitude=-2.9, accuracy="pin")
    shelved = county.new(county.product("C", regimes={"loler": 112}, safe_working_load_kg=90))
    assert [(line.asset, line.store, line.home) for line in lines(county)] == [
        (near.asset_id, county.store.pk, True),
        (far.asset_id, north.pk, True),
        (shelved.pk, county.store.pk, False),
    ]


def test_an_address_that_no_depot_serves_has_no_store(county: County) -> None:
    product = county.product("A", regimes={"loler": 110}, safe_working_load_kg=120)
    county.on_loan(product, county.person(county.other))
    assert [line.store for line in lines(county)] == [None]


def entries(county: County) -> list[due_calendar.Entry]:
    stores = list(Store.objects.all())
    return due_calendar.entries(lines(county), on=TODAY, stores=stores, register=Register.read())


def test_an_entry_names_the_visit_the_question_or_nothing(county: County) -> None:
    """Rule 37: what nobody sees to is to be seen."""
    first, dead = lent(county, "A", loler=110), lent(county, "B", loler=111)
    type(dead.person).objects.filter(pk=dead.person_id).update(died_on=TODAY)
    home_tests.raise_due(by=BY, at=TUESDAY)
    lent(county, "C", loler=160)
    one, two, three = entries(county)
    assert one.visit is not None
    assert (one.due.loan, one.visit.address_id, one.asked) == (first, first.address_id, None)
    assert two.asked is not None
    assert (two.visit, two.asked.owner) == (None, "call centre")
    assert (three.visit, three.asked) == (None, None)


def test_who_is_competent_on_the_day_it_falls_due(county: County) -> None:
    lent(county, "A", loler=110)
    lent(county, "B", loler=170)
    for name, until in (("Kay", date(2026, 5, 3)), ("Lee", None)):
        competences.enrol(county.provider, name=name, kind="loler", valid_until=until, by=BY, at=TUESDAY)
    assert [[row.name for row in entry.competent] for entry in entries(county)] == [["Kay", "Lee"], ["Lee"]]


def test_where_the_register_runs_out_before_the_tests_is_a_gap(county: County) -> None:
    """Rules 28 and 37: said while there is time to act; without a register nobody is missing."""
    lent(county, "A", loler=170)

    def gaps() -> list[str]:
        stores, register = list(Store.objects.all()), Register.read()
        return [str(gap) for gap in due_calendar.gaps(lines(county), on=TODAY, stores=stores, register=register)]

    assert gaps() == []
    kay = competences.enrol(county.provider, name="Kay", kind="loler", valid_until=date(2026, 5, 3), by=BY, at=TUESDAY)
    assert gaps() == ["Nobody is competent for LOLER thorough examination at MAIN after 03 May 2026."]
    competences.enrol(county.provider, name="Kay", kind="loler", valid_until=date(2026, 6, 1), by=BY, at=TUESDAY)
    assert gaps() == []
    competences.end(kay, by=BY, at=TUESDAY)
    assert gaps() == ["Nobody is competent for LOLER thorough examination at MAIN after 02 Mar 2026."]


def test_the_calendar_costs_the_same_however_much_falls_due(county: County, django_assert_num_queries: Any) -> None:
    for n in range(4):
        lent(county, f"P{n}", loler=60 + 20 * n)
    home_tests.raise_due(by=BY, at=TUESDAY + timedelta(hours=1))
    stores = list(Store.objects.all())
    with django_assert_num_queries(3):
        found = due_calendar.lines(Asset.objects.all(), until=UNTIL, stores=stores)
    assert len(found) == 4
    register = Register(())
    with django_assert_num_queries(4):
        assert len(due_calendar.entries(found, on=TODAY, stores=stores, register=register)) == 4
    assert LONG_AGO.date() + timedelta(days=120) == found[-1].due_on
