"""Tests at the door: what was found, and its next step (rules 4, 33 and 37)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from equipment.errors import Invalid
from equipment.models import InspectionRecord, Loan
from logistics import board, doors, home_tests, routes
from logistics.doors import Proof
from logistics.home_tests import Tested
from logistics.models import Activity, FollowUp, Route, Visit
from logistics.promises import local
from logistics.states import ActivityKind, FailureReason, FollowUpKind
from tests.county import BY, TUESDAY, County
from tests.logistics.driver.rows import DAY, plan

pytestmark = pytest.mark.django_db
NINE = DAY.replace(hour=9)
PASS = Tested("pass", "Kay Rigger")
FAIL = Tested("fail", "Kay Rigger", defects="Frayed strap")
PROHIBIT = Tested("prohibit", "Kay Rigger", defects="Boom cracked")


def lent(county: County, **regimes: int) -> Loan:
    return county.on_loan(
        county.product("HOIST", name="Mobile hoist", regimes=regimes or {"loler": 120}, safe_working_load_kg=150)
    )


def out(county: County, visit: Visit, *, day: datetime = DAY, van: str = "ZX26 VAN") -> Route:
    """The visit as the only stop of a van that has set out."""
    visit.refresh_from_db()
    route = plan(county, [visit], day=day, registration=van)
    routes.start_loading(route, by=BY, at=day.replace(hour=7))
    routes.set_out(route, by=BY, at=day.replace(hour=8))
    return route


def at_the_door(county: County, loan: Loan) -> Activity:
    """The test of this loan, with a crew at the door."""
    home_tests.raise_due(by=BY, at=TUESDAY)
    activity = Activity.objects.get(kind=ActivityKind.INSPECTION, loan=loan)
    out(county, activity.visit)
    doors.arrive(activity.visit, by=BY, at=NINE)
    return activity


def finish(activity: Activity, at: datetime = NINE, **tested: Tested) -> None:
    doors.finish(activity.visit, Proof("", tested={activity.pk: tested}), by="driver:1", at=at)


def state(activity: Activity) -> tuple[str, str]:
    activity.refresh_from_db()
    return activity.state, Visit.objects.get(pk=activity.visit_id).state


def test_a_test_passed_at_home_is_on_record_and_due_anew(county: County) -> None:
    """Rule 37: the visit ends what made it, and the next night raises nothing."""
    loan = lent(county)
    activity = at_the_door(county, loan)
    finish(activity, loler=Tested("advisory", "Kay Rigger", "Castors worn", 120, "R-77"))
    assert state(activity) == ("done", "done")
    record = InspectionRecord.objects.latest("id")
    assert (record.asset, record.kind, record.result, record.examiner) == (
        loan.asset,
        "loler",
        "advisory",
        "Kay Rigger",
    )
    assert (record.swl_kg, record.certificate, record.by) == (120, "R-77", "driver:1")
    assert record.next_due == NINE.date() + timedelta(days=120)
    loan.refresh_from_db()
    assert loan.asset is not None
    assert (loan.ended_at, loan.asset.state, loan.asset.test_due_on) == (None, "on_loan", record.next_due)
    assert home_tests.raise_due(by=BY, at=NINE) == 0
    assert FollowUp.objects.count() == 0


def test_every_kind_asked_for_is_answered(county: County) -> None:
    """Rule 37: a service is no thorough examination. Nothing is recorded of a visit that is not complete."""
    activity = at_the_door(county, lent(county, loler=120, pat=115))
    before = InspectionRecord.objects.count()
    with pytest.raises(Invalid) as refusal:
        finish(activity, loler=PASS)
    assert refusal.value.code == "test_unanswered"
    assert refusal.value.facts["field"] == f"result_{activity.pk}_pat"
    assert (InspectionRecord.objects.count(), state(activity)) == (before, ("open", "arrived"))
    finish(activity, loler=PASS, pat=PASS)
    assert (InspectionRecord.objects.count(), state(activity)) == (before + 2, ("done", "done"))


def test_a_record_that_is_not_complete_names_its_question(county: County) -> None:
    """Rule 4: a failure names its defect, at home as at the bench."""
    activity = at_the_door(county, lent(county))
    with pytest.raises(Invalid) as refusal:
        finish(activity, loler=Tested("fail", "Kay Rigger"))
    assert (refusal.value.code, refusal.value.facts["field"]) == ("reason_needed", f"defects_{activity.pk}_loler")
    assert state(activity) == ("open", "arrived")


def test_what_failed_at_home_is_exchanged_at_once(county: County) -> None:
    """Rules 33 and 37: the answer to a failed test is another hoist, the next working day."""
    loan = lent(county)
    activity = at_the_door(county, loan)
    spare = county.new(loan.product, at=TUESDAY)
    finish(activity, loler=FAIL)
    assert state(activity) == ("done", "done")
    [bring] = Activity.objects.filter(kind="delivery")
    [fetch] = Activity.objects.filter(kind="collection")
    assert bring.reservation is not None
    assert (bring.reservation.asset, bring.instead_of, fetch.loan) == (spare, loan, loan)
    assert bring.visit == fetch.visit
    assert bring.visit.needed_by == local((DAY + timedelta(days=1)).date(), 18)
    assert FollowUp.objects.count() == 0


def test_what_failed_with_nothing_to_bring_is_the_depots(county: County) -> None:
    """Rules 33 and 37: it stays at home, with an owner, and is not visited again for the same test."""
    loan = lent(county)
    activity = at_the_door(county, loan)
    finish(activity, loler=FAIL)
    [asked] = FollowUp.objects.all()
    assert (asked.kind, asked.owner, asked.loan) == (FollowUpKind.HOME_TEST, "depot", loan)
    assert "Mobile hoist" in asked.action and "Frayed strap" in asked.action
    assert home_tests.raise_due(by=BY, at=NINE) == 0


def test_immediate_danger_is_reported_by_a_competent_person(county: County) -> None:
    """Rule 37 with LOLER: what must not be used is exchanged, and the enforcing authority is told."""
    loan = lent(county)
    activity = at_the_door(county, loan)
    finish(activity, loler=PROHIBIT)
    asked = {row.owner: row for row in FollowUp.objects.all()}
    assert set(asked) == {"depot", "competent person"}
    assert asked["competent person"].action.startswith("Report to the enforcing authority: Mobile hoist")
    assert asked["competent person"].visit == activity.visit


def shut(county: County, visit: Visit, day: datetime, van: str) -> Visit:
    out(county, visit, day=day, van=van)
    visit.refresh_from_db()
    return doors.fail(visit, FailureReason.NO_ACCESS, note="Nobody in.", by=BY, at=day.replace(hour=10))


def test_a_door_that_stays_shut_twice_is_the_prescribers_and_not_visited_a_third_time(county: County) -> None:
    """Rules 33 and 37: repeated no access escalates; the clock raises nothing until somebody has decided."""
    loan = lent(county)
    home_tests.raise_due(by=BY, at=TUESDAY)
    first = Visit.objects.get()
    again = shut(county, first, DAY, "ZX26 ONE")
    assert again != first
    assert [(row.loan, row.tests) for row in again.activities.all()] == [(loan, ["loler"])]
    assert home_tests.raise_due(by=BY, at=NINE) == 0
    thursday = DAY + timedelta(days=1)
    assert shut(county, again, thursday, "ZX26 TWO") == again
    [asked] = FollowUp.objects.filter(kind=FollowUpKind.HOME_TEST)
    assert (asked.owner, asked.loan, asked.visit) == ("prescriber", loan, again)
    assert "Mobile hoist" in asked.action and "LOLER thorough examination" in asked.action
    assert not FollowUp.objects.filter(kind=FollowUpKind.FAILED_VISIT, visit=again).exists()
    assert home_tests.raise_due(by=BY, at=thursday.replace(hour=19)) == 0
    assert Visit.objects.count() == 2


def test_refused_at_the_first_door_is_the_prescribers_at_once(county: County) -> None:
    """Rules 33 and 37."""
    loan = lent(county)
    home_tests.raise_due(by=BY, at=TUESDAY)
    visit = Visit.objects.get()
    out(county, visit)
    visit.refresh_from_db()
    doors.fail(visit, FailureReason.REFUSED, note="Sent away.", by=BY, at=NINE)
    [asked] = FollowUp.objects.all()
    assert (asked.kind, asked.owner, asked.loan) == (FollowUpKind.HOME_TEST, "prescriber", loan)


def test_another_persons_overdue_hoist_changes_no_word_of_readiness(county: County) -> None:
    """Rule 37: overdue kit on loan shows on the readiness of nobody by accident; nor does the visit to test it."""
    county.new(county.commode())
    discharge = county.discharge()
    county.order(discharge, "COMMODE")
    [before] = board.rows([discharge], at=TUESDAY)
    loan = lent(county, loler=60)
    own = county.on_loan(county.product("BED", regimes={"service": 60}), discharge.person)
    Loan.objects.filter(pk=own.pk).update(address=discharge.address)
    assert home_tests.raise_due(by=BY, at=TUESDAY) == 2
    assert Activity.objects.filter(loan=loan, kind="inspection").exists()
    [after] = board.rows([discharge], at=TUESDAY)
    assert after.readiness == before.readiness
