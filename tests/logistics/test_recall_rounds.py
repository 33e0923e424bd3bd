"""Visits under a safety alert that meet other visits, other alerts and other questions (rule 36)."""

from __future__ import annotations

from datetime import timedelta

from equipment import recall_units
from equipment.criteria import Criterion
from equipment.models import Alert, Person
from equipment.states import AssetState
from logistics import doors, recall_visits, visits
from logistics.models import Activity, FollowUp, Visit
from logistics.states import FailureReason
from tests.county import BY, TUESDAY, state_of
from tests.equipment.test_recalls import MO, WHY, opened, unit
from tests.logistics.test_recall_visits import HOUR, SWEEP, Round, about, carry_out, held_back, spare

QUARTER = timedelta(minutes=16)


def test_a_wrong_match_leaves_a_collection_that_somebody_else_asked_for(county):
    """Rule 36: undoing the match undoes what the match did, and no more."""
    loan = county.on_loan(county.commode())
    visits.raise_collection(loan, by=BY, at=TUESDAY)
    alert = opened(county, action="collect")
    carry_out()
    row = unit(alert, asset=loan.asset)
    assert about(row) == ("visit", f"Goes with visit {Visit.objects.get().pk}")
    recall_units.withdraw_unit(row, reason=WHY, by=MO, at=TUESDAY)
    assert recall_visits.settle(by=SWEEP, at=TUESDAY) == 0
    assert (Visit.objects.get().state, state_of(loan.asset)) == ("open", AssetState.COLLECTION_DUE)


def test_a_wrong_match_calls_the_second_attempt_off_too(county):
    """Rule 36."""
    day = Round(county).at_the_door()
    again = doors.fail(day.visit, FailureReason.NO_ACCESS, note="Nobody in", by=BY, at=day.eight + HOUR)
    recall_units.withdraw_unit(day.row, reason=WHY, by=MO, at=day.eight + 2 * HOUR)
    assert recall_visits.settle(by=SWEEP, at=day.eight + 2 * HOUR) == 1
    again.refresh_from_db()
    assert (again.state, state_of(day.loan.asset)) == ("cancelled", AssetState.ON_LOAN)


def test_another_test_at_home_is_no_answer_to_a_recall(county):
    """Rule 36: its yearly test neither brings back what was given up nor stands for the exchange."""
    loan = county.on_loan(county.product("HUB", regimes={"pat": 365}))
    alert = opened(county, Criterion(product=loan.product_id))
    row = unit(alert, asset=loan.asset)
    recall_units.give_up(row, reason="Moved", by=MO, at=TUESDAY)
    visit = Visit.objects.create(
        organisation=county.council, store=county.store, person=loan.person, address=loan.address, raised_at=TUESDAY
    )
    Activity.objects.create(visit=visit, kind="inspection", loan=loan, tests=["pat"])
    assert recall_visits.settle(by=SWEEP, at=TUESDAY) == 0
    assert about(row) == ("unreachable", "Moved")


def test_it_is_looked_at_on_the_visit_that_tests_it_anyhow(county):
    """Rule 36: one activity of a loan; the functional test is made with the other."""
    loan = county.on_loan(county.product("HUB", regimes={"pat": 365, "functional": 365}))
    visit = Visit.objects.create(
        organisation=county.council, store=county.store, person=loan.person, address=loan.address, raised_at=TUESDAY
    )
    activity = Activity.objects.create(visit=visit, kind="inspection", loan=loan, tests=["pat"])
    alert = opened(county, Criterion(product=loan.product_id), action="inspect")
    assert carry_out() == 1
    activity.refresh_from_db()
    assert (activity.tests, Activity.objects.count()) == (["pat", "functional"], 1)
    assert about(unit(alert, asset=loan.asset)) == ("visit", f"Visit {visit.pk}")


def test_an_inspection_that_was_called_off_is_raised_again(county):
    """Rule 36: only what a person was asked is not asked again."""
    loan = county.on_loan(county.product("HUB", regimes={"functional": 365}))
    opened(county, Criterion(product=loan.product_id), action="inspect")
    carry_out()
    visit = Visit.objects.get()
    visits.call_off(visit, visit.activities.all(), by=BY, at=TUESDAY, reason="Away")
    assert carry_out(TUESDAY + HOUR) == 1


def test_a_death_told_by_mistake_holds_up_nothing_for_ever(county):
    """Rules 27 and 36."""
    loan = county.on_loan(county.commode())
    Person.objects.filter(pk=loan.person_id).update(died_on=TUESDAY.date())
    opened(county, action="collect")
    assert carry_out() == 0
    Person.objects.filter(pk=loan.person_id).update(died_on=None)
    assert carry_out(TUESDAY + HOUR) == 1


def test_a_question_closes_when_its_unit_is_dealt_with(county):
    """Rule 33: a next step has an owner until it is taken, and no longer."""
    county.on_loan(county.commode())
    product = county.product("NEW-COMMODE")
    opened(county, urgency="immediate", replacement=product)
    carry_out()
    assert FollowUp.objects.get().closed_at is None
    county.new(product)
    assert carry_out(TUESDAY + HOUR) == 1
    recall_visits.settle(by=SWEEP, at=TUESDAY + HOUR)
    step = FollowUp.objects.get()
    assert (step.closed_at, step.closed_by) == (TUESDAY + HOUR, SWEEP)


def test_what_nothing_is_free_for_keeps_nobody_waiting_however_much_it_is(county, settings):
    """Rule 36: of three without a replacement and one with, each has its turn though one is tried at a time."""
    settings.SERVICE = settings.SERVICE | {"RECALL_VISITS_AT_ONCE": 1}
    *_, last = held_back(county, "P1", "P2", "P3", "P4")
    for n, loan in enumerate(held_back(county, "Q1", "Q2")):
        opened(county, Criterion(product=loan.product_id), reference=f"Q{n}", urgency="immediate")
    opened(county, Criterion(product=last.product_id), reference="P", urgency="routine")
    for n in range(3):
        assert carry_out(TUESDAY + n * QUARTER) == 0
    product = spare(county, "P4")
    Alert.objects.filter(reference="P").update(replacement=product)
    assert [carry_out(TUESDAY + n * QUARTER) for n in range(3, 6)] == [0, 0, 1]
    assert Activity.objects.filter(loan=last).exists()
