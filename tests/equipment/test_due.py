"""What falls due, of what is in a store and of what is on loan (rules 4, 5 and 37)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from equipment import allocation, due, inspections, overrides
from equipment.due import Due
from equipment.models import Asset, InspectionRecord, Loan, TestRegime
from equipment.states import TestKind, TestResult
from tests.county import BY, LONG_AGO, TUESDAY, County

pytestmark = pytest.mark.django_db
TODAY = TUESDAY.date()
DUE = LONG_AGO.date() + timedelta(days=182)  # a hoist's LOLER after it was tested new
EVERYTHING = date(2027, 1, 1)


def found(*, until: date = EVERYTHING) -> list[tuple[str, str, date | None]]:
    return [(row.asset.number, row.kind, row.due_on) for row in due.on_loan(Asset.objects.all(), until=until)]


def asset_of(loan: Loan) -> Asset:
    assert loan.asset is not None
    loan.asset.refresh_from_db()
    return loan.asset


def test_the_due_date_is_that_of_the_latest_passed_test(county: County) -> None:
    """Rule 37: due dates come from the records, and a newer pass moves them."""
    hoist = asset_of(county.on_loan(county.hoist()))
    assert found() == [(hoist.number, "loler", DUE)]
    assert found(until=DUE - timedelta(days=1)) == []
    inspections.record(hoist, kind="loler", result="pass", examiner="E", by=BY, at=TUESDAY)
    assert found() == [(hoist.number, "loler", TODAY + timedelta(days=182))]


def test_a_voided_test_counts_for_nothing(county: County) -> None:
    """Rules 4 and 37: with its only test voided, it was never recorded, and that is overdue at home."""
    hoist = asset_of(county.on_loan(county.hoist()))
    inspections.void(InspectionRecord.objects.get(asset=hoist, kind="loler"), by=BY, at=TUESDAY, reason="Wrong hoist")
    [row] = due.on_loan(Asset.objects.all(), until=TODAY)
    assert (row.due_on, row.why, row.overdue(TODAY)) == (None, "LOLER thorough examination: never recorded", True)


def test_a_test_never_recorded_of_something_on_loan_is_overdue(county: County) -> None:
    """Rule 37: a regime added while it was at home counts; one without an interval asks for nothing there."""
    loan = county.on_loan(county.commode())
    TestRegime.objects.create(product=loan.product, kind="functional", on_return=True)
    assert found(until=TODAY) == []
    TestRegime.objects.create(product=loan.product, kind="service", interval_days=365)
    assert found(until=TODAY) == [(asset_of(loan).number, "service", None)]


@pytest.mark.parametrize(("result", "word"), [("fail", "failed"), ("prohibit", "prohibited")])
def test_what_failed_while_on_loan_is_due_at_once(county: County, result: str, word: str) -> None:
    """Rule 37: the latest result wins, and a failure at home has no later date to wait for."""
    hoist = asset_of(county.on_loan(county.hoist()))
    inspections.record(hoist, kind="loler", result=result, examiner="E", defects="Frayed", by=BY, at=TUESDAY)
    [row] = due.on_loan(Asset.objects.all(), until=TODAY)
    assert (row.due_on, row.failed, row.why) == (None, True, f"LOLER thorough examination: {word}")


def test_of_two_tests_at_the_same_moment_the_failure_counts(county: County) -> None:
    """Rule 4: a fail beats a pass, in what falls due as in fitness."""
    hoist = asset_of(county.on_loan(county.hoist()))
    inspections.record(hoist, kind="loler", result="fail", examiner="E", defects="Frayed", by=BY, at=TUESDAY)
    inspections.record(hoist, kind="loler", result="pass", examiner="E", by=BY, at=TUESDAY)
    assert found(until=TODAY) == [(hoist.number, "loler", None)]


def test_a_pass_from_before_the_product_had_an_interval_falls_due_by_it(county: County) -> None:
    """Rule 37: a test without a date is due the product's interval after it was made, by London's day."""
    loan = county.on_loan(county.product("PUMP", regimes={TestKind.SERVICE: None}))
    assert found() == []
    TestRegime.objects.update(interval_days=150)
    assert found() == [(asset_of(loan).number, "service", LONG_AGO.date() + timedelta(days=150))]
    assert found(until=LONG_AGO.date() + timedelta(days=149)) == []


def test_each_kind_is_a_row_and_the_overdue_come_first(county: County) -> None:
    product = county.product("BATH-HOIST", regimes={"loler": 90, "pat": 200}, safe_working_load_kg=140)
    lift, hoist = asset_of(county.on_loan(product)), asset_of(county.on_loan(county.hoist()))
    assert found() == [
        (lift.number, "loler", LONG_AGO.date() + timedelta(days=90)),
        (hoist.number, "loler", DUE),
        (lift.number, "pat", LONG_AGO.date() + timedelta(days=200)),
    ]
    assert [row.overdue(TODAY) for row in due.on_loan(Asset.objects.all(), until=EVERYTHING)] == [True, False, False]


def test_in_a_store_only_what_has_a_date_falls_due(county: County) -> None:
    """What was never tested or failed stands in the queue of tests; what is condemned is brought up to date no more."""
    shelved, failed = county.new(county.hoist()), county.new(county.hoist())
    inspections.record(failed, kind="loler", result="fail", examiner="E", defects="Bent", by=BY, at=TUESDAY)
    rows = due.read(due.dated(Asset.objects.all(), until=EVERYTHING).values(*due.READ))
    assert [(row.asset, row.due_on, row.where, row.loan) for row in rows] == [(shelved, DUE, "store", None)]
    assert [list(rows) for rows in due.owed(Asset.objects.all(), until=EVERYTHING)] == [[], []]


def test_a_row_says_with_whom_it_is(county: County) -> None:
    """Rule 37: a visit needs the person and the address."""
    loan = county.on_loan(county.hoist())
    [row] = due.on_loan(Asset.objects.all(), until=EVERYTHING)
    assert (row.where, row.loan) == ("home", loan)
    assert row == Due(asset_of(loan), "loler", DUE, "pass", loan)
    assert due.of_loan(loan, until=EVERYTHING) == [row]


def test_on_the_day_itself_a_test_still_counts() -> None:
    """Rule 4: due on the fifth is good on the fifth."""
    row = Due(Asset(), "pat", date(2026, 5, 5), TestResult.PASS)
    assert [row.overdue(day) for day in (date(2026, 5, 5), date(2026, 5, 6))] == [False, True]


def test_what_is_due_costs_the_same_however_much_it_is(
    county: County, django_assert_num_queries: pytest.fixture
) -> None:
    county.on_loan(county.hoist())
    county.on_loan(county.product("STAND-AID", regimes={"loler": 182, "pat": 365}, safe_working_load_kg=150))
    county.on_loan(county.product("COUCH", regimes={"service": 50}))
    with django_assert_num_queries(5):
        assert len(due.on_loan(Asset.objects.all(), until=EVERYTHING)) == 4


def reserved(county: County) -> tuple[Asset, int]:
    hoist, person = county.new(county.hoist()), county.person()
    [made] = allocation.reserve(allocation.Wanted(hoist.product, 1, person, TODAY, (county.store,)), by=BY, at=TUESDAY)
    hoist.refresh_from_db()
    return hoist, made.pk


def test_a_promise_whose_test_runs_out_before_it_goes_is_named(county: County) -> None:
    """Rules 5 and 37: in date today says nothing about the day it goes."""
    _, promise = reserved(county)
    assert due.reserved_but_expiring(TUESDAY) == []
    [short] = due.reserved_but_expiring(TUESDAY, days={promise: DUE - timedelta(days=27)})
    assert (short.reservation.pk, [one.code for one in short.reasons]) == (promise, ["test_expires_soon"])
    [late] = due.reserved_but_expiring(TUESDAY, days={promise: DUE + timedelta(days=1)})
    assert [one.code for one in late.reasons] == ["test_overdue"]


def test_what_was_set_aside_for_this_person_is_not_named(county: County) -> None:
    """Rule 5: a short validity that somebody answers for; overdue is overdue all the same (rule 4)."""
    hoist, promise = reserved(county)
    person = hoist.reservations.get().person
    overrides.override(
        person,
        hoist.product,
        "test_expires_soon",
        reason="Examined next week",
        authorised_by="Mo Manager",
        expires_on=TODAY + timedelta(days=20),
        by=BY,
        at=TUESDAY,
    )
    InspectionRecord.objects.filter(asset=hoist).update(next_due=TODAY + timedelta(days=9))
    assert due.reserved_but_expiring(TUESDAY) == []
    [late] = due.reserved_but_expiring(TUESDAY, days={promise: TODAY + timedelta(days=10)})
    assert [one.code for one in late.reasons] == ["test_overdue"]


def test_a_promise_that_waited_until_its_test_ran_out_is_named_today(county: County) -> None:
    """Rule 4: overdue while it stands reserved."""
    _, promise = reserved(county)
    [late] = due.reserved_but_expiring(TUESDAY + timedelta(days=200))
    assert late.reservation.pk == promise
