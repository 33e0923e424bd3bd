"""Tests that fall due while the asset is on loan (rule 37)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from equipment import inspections
from equipment.models import Loan, Person, TestRegime
from equipment.states import AssetState
from equipment.words import Living
from logistics import home_tests, routes, visits
from logistics.home_tests import Tested
from logistics.models import Activity, FollowUp, Visit
from logistics.nextsteps import follow_up
from logistics.promises import local
from logistics.states import ActivityKind, FollowUpKind, VisitState
from tests.county import BY, LONG_AGO, TUESDAY, County
from tests.logistics.driver.rows import DAY, plan

pytestmark = pytest.mark.django_db
EVENING = TUESDAY.replace(hour=19)
NINE = DAY.replace(hour=9)
DUE = LONG_AGO.date() + timedelta(days=120)  # Monday 23 March, three weeks ahead
PASS = Tested("pass", "Kay Rigger")


def lent(county: County, *, days: int = 120, code: str = "HOIST", person: Person | None = None) -> Loan:
    """A hoist at somebody's home, examined when it was new."""
    product = county.product(code, name="Mobile hoist", regimes={"loler": days}, safe_working_load_kg=150, crew_size=2)
    return county.on_loan(product, person)


def second(county: County, loan: Loan, code: str = "BED", **regimes: int) -> Loan:
    """Something else of the same person at the same address."""
    other = county.on_loan(county.product(code, regimes=regimes or {"service": 120}), loan.person)
    Loan.objects.filter(pk=other.pk).update(address=loan.address)
    other.refresh_from_db()
    return other


def raised(at: datetime = EVENING) -> int:
    return home_tests.raise_due(by="task:home tests", at=at)


def asked_of(visit: Visit) -> list[tuple[str, list[str]]]:
    rows = visit.activities.filter(kind=ActivityKind.INSPECTION).order_by("pk")
    return [(row.loan.product.stock_code, row.tests) for row in rows if row.loan]


# Raised in time -------------------------------------------------------------------------------------------------------


def test_what_falls_due_within_the_lead_gets_a_visit_by_the_end_of_its_day(county: County) -> None:
    """Rule 37: kit on loan nearing its test date makes its own visit, early enough and not as an emergency."""
    loan = lent(county)
    assert raised() == 1
    visit = Visit.objects.get()
    assert (visit.person, visit.address, visit.store) == (loan.person, loan.address, county.store)
    assert (visit.state, visit.critical, visit.discharge, visit.needed_by) == ("open", False, None, local(DUE, 23, 59))
    assert asked_of(visit) == [("HOIST", ["loler"])]


def test_the_lead_is_counted_in_days_of_london(county: County) -> None:
    """Rule 37: nothing on the twenty-ninth day before, a visit on the twenty-eighth."""
    lent(county)
    before = local(DUE - timedelta(days=29), 23, 30)
    assert (raised(before), raised(before + timedelta(hours=1))) == (0, 1)


def test_asking_again_raises_nothing_twice(county: County) -> None:
    """Rule 37: every night and every dawn asks anew."""
    lent(county)
    assert [raised(EVENING + timedelta(days=day)) for day in range(3)] == [1, 0, 0]
    assert (Visit.objects.count(), Activity.objects.count()) == (1, 1)


def test_all_kinds_due_of_one_asset_are_one_activity(county: County) -> None:
    """Rule 37: one thing is tested once, in everything that falls due soon."""
    loan = county.on_loan(
        county.product("LIFT", regimes={"loler": 120, "pat": 110, "service": 300}, safe_working_load_kg=140)
    )
    assert raised() == 1
    activity = Activity.objects.get()
    assert (activity.loan, activity.tests) == (loan, ["loler", "pat"])
    assert activity.visit.needed_by == local(LONG_AGO.date() + timedelta(days=110), 23, 59)


def test_everything_at_one_address_is_one_visit(county: County) -> None:
    """Rule 37: one knock, needed by the first of the days."""
    loan = lent(county)
    second(county, loan, service=115)
    assert raised() == 2
    visit = Visit.objects.get()
    assert sorted(asked_of(visit)) == [("BED", ["service"]), ("HOIST", ["loler"])]
    assert visit.needed_by == local(LONG_AGO.date() + timedelta(days=115), 23, 59)


def test_a_test_never_recorded_is_raised_for_today(county: County) -> None:
    """Rule 37: at home without a test on record is overdue."""
    loan = county.on_loan(county.commode())
    TestRegime.objects.create(product=loan.product, kind="service", interval_days=365)
    assert raised() == 1
    assert Visit.objects.get().needed_by == local(EVENING.date(), 23, 59)


def test_what_is_overdue_comes_first_when_there_is_more_than_can_be_raised(county: County) -> None:
    """Rule 37."""
    lent(county)
    late = lent(county, days=60, code="STAND-AID")
    assert home_tests.raise_due(by=BY, at=EVENING, limit=1) == 1
    assert Activity.objects.get().loan == late
    assert home_tests.raise_due(by=BY, at=EVENING, limit=1) == 1
    assert home_tests.raise_due(by=BY, at=EVENING, limit=1) == 0


# On whose visit -------------------------------------------------------------------------------------------------------


def test_it_joins_a_collection_at_the_same_address(county: County) -> None:
    """Rule 37: grouped with other visits to that address."""
    loan = lent(county)
    bed = second(county, loan)
    visit = visits.raise_collection(bed, by=BY, at=TUESDAY)
    needed_by = visit.needed_by
    assert raised() == 1
    assert Visit.objects.get() == visit
    assert asked_of(visit) == [("HOIST", ["loler"])]
    visit.refresh_from_db()
    assert visit.needed_by == needed_by


def test_it_joins_a_visit_on_a_route_that_may_still_change_and_no_other(county: County) -> None:
    """Rule 37: what is being loaded takes nothing more."""
    loan = lent(county)
    visit = visits.raise_collection(second(county, loan), by=BY, at=TUESDAY)
    route = plan(county, [visit])
    routes.start_loading(route, by=BY, at=EVENING)
    assert raised() == 1
    [made] = Visit.objects.exclude(pk=visit.pk)
    assert asked_of(made) == [("HOIST", ["loler"])]


def test_it_joins_a_planned_visit(county: County) -> None:
    """Rule 37: the planner makes room for it."""
    loan = lent(county)
    visit = visits.raise_collection(second(county, loan), by=BY, at=TUESDAY)
    plan(county, [visit])
    raised()
    assert (Visit.objects.count(), asked_of(visit)) == (1, [("HOIST", ["loler"])])


def coming_home(county: County, loan: Loan, edd: date) -> Visit:
    county.new(county.commode())
    order = county.order(county.discharge(edd, address=loan.address), "COMMODE")
    return Visit.objects.get(activities__line__order=order)


def test_a_visit_that_a_discharge_hangs_on_takes_no_test_that_asks_a_skill(county: County) -> None:
    """Rules 28 and 37: with fewer crews that could make it, somebody's way home would be at risk for a test."""
    loan = lent(county)
    bed = second(county, loan)
    home = coming_home(county, loan, date(2026, 3, 5))
    assert home.critical
    assert raised() == 2
    assert asked_of(home) == [("BED", ["service"])]
    home.refresh_from_db()
    assert home.needed_by == local(date(2026, 3, 5), 12)
    assert [one.loan for one in Activity.objects.filter(kind="inspection", visit=home)] == [bed]


def test_a_visit_long_after_the_test_is_due_is_not_waited_for(county: County) -> None:
    """Rule 37: early enough."""
    loan = lent(county)
    bed = second(county, loan, service=60)
    home = coming_home(county, loan, date(2026, 3, 20))
    raised()
    assert asked_of(home) == []
    assert Activity.objects.get(kind="inspection", loan=bed).visit.needed_by == local(
        LONG_AGO.date() + timedelta(days=60), 23, 59
    )


# Not raised -----------------------------------------------------------------------------------------------------------


def test_nothing_calls_where_somebody_has_died_and_a_person_decides(county: County) -> None:
    """Rules 27 and 37: no automatic contact; the test is not forgotten either."""
    loan = lent(county)
    Person.objects.filter(pk=loan.person_id).update(died_on=date(2026, 3, 1))
    assert [raised(), raised()] == [1, 0]
    assert Visit.objects.count() == 0
    asked = FollowUp.objects.get()
    assert (asked.kind, asked.loan, asked.owner) == (FollowUpKind.HOME_TEST, loan, "call centre")


def test_in_hospital_it_waits_and_is_raised_when_the_person_is_home(county: County) -> None:
    """Rules 26 and 37: nobody uses it there, and nobody opens the door."""
    loan = lent(county)
    Person.objects.filter(pk=loan.person_id).update(living=Living.HOSPITAL)
    assert raised() == 0
    assert (Visit.objects.count(), FollowUp.objects.count()) == (0, 0)
    Person.objects.filter(pk=loan.person_id).update(living=Living.HOME)
    assert raised() == 1


def test_what_is_going_to_be_fetched_is_not_tested_first(county: County) -> None:
    """Rule 37."""
    loan = lent(county)
    visits.raise_collection(loan, by=BY, at=TUESDAY)
    assert raised() == 0


def test_a_collection_takes_the_test_off_its_visit(county: County) -> None:
    """Rule 37: asked for later, the collection finds the test pointless, and the person keeps the loan until then."""
    loan = lent(county)
    raised()
    test = Activity.objects.get()
    visit = visits.raise_collection(loan, by=BY, at=EVENING)
    test.refresh_from_db()
    assert (test.state, [one.kind for one in visit.activities.filter(state="open")]) == ("cancelled", ["collection"])
    assert Visit.objects.get() == visit
    assert visit.state == VisitState.OPEN


def test_a_test_called_off_leaves_the_loan_as_it_is(county: County) -> None:
    """Rule 37: calling off a test is no word about keeping or fetching; the next night raises it again."""
    loan = lent(county)
    raised()
    test = Activity.objects.get()
    visits.call_off(test.visit, [test], by=BY, at=EVENING, reason="Road closed")
    loan.refresh_from_db()
    assert loan.asset is not None
    assert (loan.ended_at, loan.asset.state, Visit.objects.get().state) == (None, AssetState.ON_LOAN, "cancelled")
    assert raised() == 1


def test_an_open_question_about_its_test_is_waited_for(county: County) -> None:
    """Rule 37: after two closed doors the prescriber decides, not the clock."""
    loan = lent(county)
    question = follow_up(FollowUpKind.HOME_TEST, "Decide.", owner="prescriber", at=TUESDAY, loan=loan)
    assert raised() == 0
    FollowUp.objects.filter(pk=question.pk).update(closed_at=TUESDAY)
    assert raised() == 1


@pytest.mark.parametrize("result", ["fail", "prohibit"])
def test_what_failed_where_it_is_used_is_exchanged_and_not_tested_again(county: County, result: str) -> None:
    """Rule 37: a hoist known to be unsafe needs a hoist, not a second opinion."""
    loan = lent(county, days=182)
    assert loan.asset is not None
    spare = county.new(loan.product)
    inspections.record(loan.asset, kind="loler", result=result, examiner="E", defects="Frayed", by=BY, at=TUESDAY)
    assert [raised(), raised()] == [1, 0]
    kinds = {row.kind: row for row in Activity.objects.all()}
    assert set(kinds) == {"delivery", "collection"}
    assert kinds["delivery"].reservation is not None
    assert (kinds["delivery"].reservation.asset, kinds["delivery"].instead_of) == (spare, loan)


def test_what_failed_and_cannot_be_replaced_is_the_depots(county: County) -> None:
    """Rules 33 and 37: nothing free is no reason to forget it."""
    loan = lent(county, days=182)
    assert loan.asset is not None
    inspections.record(loan.asset, kind="loler", result="fail", examiner="E", defects="Frayed", by=BY, at=TUESDAY)
    assert [raised(), raised()] == [1, 0]
    asked = FollowUp.objects.get()
    assert (asked.owner, asked.loan, asked.kind, Visit.objects.count()) == ("depot", loan, "home_test", 0)


def test_one_that_cannot_be_raised_holds_up_no_other(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules 33 and 37: for a council without a depot, somebody is asked once, and it is not tried for ever."""
    stray = lent(county, days=60, person=county.person(county.other))
    loan = lent(county, code="STAND-AID")
    assert raised() == 1
    assert [row.loan for row in Activity.objects.all()] == [loan]
    assert not Activity.objects.filter(loan=stray).exists()
    asked = FollowUp.objects.get()
    assert (asked.loan, asked.owner, asked.kind) == (stray, "depot", "home_test")
    assert (raised(), FollowUp.objects.count()) == (0, 1)
