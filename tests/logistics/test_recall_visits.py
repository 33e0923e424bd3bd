"""A visit for every unit at home, the most urgent first, and what became of each (rule 36)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment import recall_units, recalls, stock
from equipment.criteria import Criterion
from equipment.models import AlertUnit, Loan, Person
from equipment.states import AssetState
from logistics import dispatch, doors, recall_visits, routes, siting, visits
from logistics.doors import Collected, Proof
from logistics.models import Activity, FollowUp, Route, Visit
from logistics.states import FailureReason
from tests.county import BY, LONG_AGO, TUESDAY, state_of
from tests.equipment.test_recalls import MO, WHY, counted_loan, opened, unit

HOUR = timedelta(hours=1)
SWEEP = "task:recalls"


@pytest.fixture(autouse=True)
def quick(settings):
    settings.SERVICE = settings.SERVICE | {"PLANNING_ITERATIONS": 200}


def carry_out(at=TUESDAY):
    return recall_visits.carry_out(by=SWEEP, at=at)


def about(row):
    row.refresh_from_db()
    return row.state, row.note


def held_back(county, *codes):
    """Something at home of each of these products, oldest first."""
    found = []
    for n, code in enumerate(codes):
        loan = county.on_loan(county.product(code))
        Loan.objects.filter(pk=loan.pk).update(started_at=LONG_AGO + timedelta(days=n))
        found.append(Loan.objects.get(pk=loan.pk))
    return found


def spare(county, code="COMMODE"):
    """One that the alert is not about: of an approved equivalent named as the replacement."""
    product = county.product(f"NEW-{code}")
    county.new(product)
    return product


def test_a_unit_at_home_is_exchanged_by_the_deadline(county):
    """Rule 36: swapped in one visit, with what the alert names instead."""
    loan = county.on_loan(county.commode())
    alert = opened(county, replacement=spare(county))
    assert carry_out() == 1
    visit = Visit.objects.get()
    assert [(a.kind, a.loan or a.instead_of) for a in visit.activities.order_by("pk")] == [
        ("delivery", loan),
        ("collection", loan),
    ]
    assert visit.needed_by == TUESDAY.replace(day=17, hour=18)
    row = unit(alert, asset=loan.asset)
    assert (row.state, row.note, row.attempts, row.tried_at) == ("visit", f"Visit {visit.pk}", 1, TUESDAY)
    assert carry_out() == 0
    assert Visit.objects.count() == 1


def test_without_a_replacement_it_waits_and_is_tried_again(county):
    """Rule 36: nobody is left without; what came free meanwhile goes at the next try."""
    loan = county.on_loan(county.commode())
    product = county.product("NEW-COMMODE")
    alert = opened(county, replacement=product)
    row = unit(alert, asset=loan.asset)
    assert (carry_out(), about(row)) == (0, ("found", "No replacement is free"))
    assert (Visit.objects.count(), FollowUp.objects.count(), state_of(loan.asset)) == (0, 0, AssetState.ON_LOAN)
    county.new(product)
    assert carry_out(TUESDAY + timedelta(minutes=1)) == 0
    assert (carry_out(TUESDAY + HOUR), row.attempts) == (1, 1)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("visit", 2)


def test_of_what_is_dangerous_the_depot_is_asked_at_once(county):
    """Rule 36: an immediate alert without a replacement is a person's decision, asked once."""
    loan = county.on_loan(county.commode())
    opened(county, urgency="immediate")
    assert (carry_out(), carry_out(TUESDAY + HOUR)) == (0, 0)
    [step] = FollowUp.objects.all()
    assert (step.kind, step.owner, step.loan) == ("recall", "depot", loan)
    assert (Visit.objects.count(), state_of(loan.asset)) == (0, AssetState.ON_LOAN)


def test_the_most_urgent_first_then_the_deadline_then_the_longest_at_home(county, settings):
    """Rule 36: in priority order, so many a sweep."""
    settings.SERVICE = settings.SERVICE | {"RECALL_VISITS_AT_ONCE": 1}
    first, second, third, fourth = held_back(county, "P1", "P2", "P3", "P4")
    given = {"action": "collect"}
    soon, late = TUESDAY.date() + timedelta(days=3), TUESDAY.date() + timedelta(days=30)
    for loan, urgency, deadline in (
        (first, "routine", soon),
        (second, "urgent", late),
        (third, "immediate", late),
        (fourth, "urgent", soon),
    ):
        criterion = Criterion(product=loan.product_id)
        opened(county, criterion, reference=f"R{loan.pk}", urgency=urgency, deadline=deadline, **given)
    for expected in (third, fourth, second, first):
        assert carry_out() == 1
        assert Activity.objects.latest("pk").loan == expected
    assert carry_out() == 0


def test_one_that_cannot_be_served_keeps_nobody_else_waiting(county, settings):
    settings.SERVICE = settings.SERVICE | {"RECALL_VISITS_AT_ONCE": 1}
    older, newer = held_back(county, "P1", "P2")
    opened(county, Criterion(product=older.product_id), reference="R1")
    opened(county, Criterion(product=newer.product_id), reference="R2", action="collect")
    assert [carry_out(TUESDAY + timedelta(seconds=n)) for n in range(2)] == [0, 1]
    assert Activity.objects.get().loan == newer


def test_counted_stock_at_home_is_collected_by_its_loan(county):
    product = county.product("SLING", tracking="batch")
    line = stock.receive(product, county.store, 9, batch="B7", by=BY, at=LONG_AGO)
    loan = counted_loan(county, line)
    alert = opened(county, Criterion(product=product.pk), action="collect")
    assert carry_out() == 1
    assert (Activity.objects.get().loan, unit(alert, loan=loan).state) == (loan, "visit")


def test_looked_at_where_it_is_when_it_has_a_functional_test_else_somebody_arranges_it(county):
    """Rule 36: inspect at home."""
    tested = county.on_loan(county.product("HUB", regimes={"functional": 365}))
    untested = county.on_loan(county.commode())
    opened(county, Criterion(product=tested.product_id), reference="R1", action="inspect")
    opened(county, reference="R2", action="inspect", instructions="Look at the welds")
    assert (carry_out(), carry_out(TUESDAY + HOUR)) == (1, 0)
    activity = Activity.objects.get()
    assert (activity.kind, activity.loan, activity.tests) == ("inspection", tested, ["functional"])
    [step] = FollowUp.objects.all()
    assert (step.kind, step.loan) == ("recall", untested)
    assert "Look at the welds" in step.action


def test_after_a_death_a_person_decides(county):
    """Rules 27 and 36: no visit is raised by itself; the unit stays named."""
    loan = county.on_loan(county.commode())
    Person.objects.filter(pk=loan.person_id).update(died_on=TUESDAY.date())
    alert = opened(county, action="collect")
    assert (carry_out(), carry_out(TUESDAY + HOUR)) == (0, 0)
    assert (Visit.objects.count(), FollowUp.objects.get().kind) == (0, "recall")
    assert unit(alert, asset=loan.asset).note.startswith("The person has died")


class Round:
    """A unit at home whose collection is on a van's Thursday."""

    def __init__(self, county):
        county.shift(TUESDAY.date() + timedelta(days=2))
        self.loan = county.on_loan(county.commode())
        siting.locate(self.loan.address, at=TUESDAY)
        self.alert = opened(county, action="collect")
        carry_out()
        self.visit = Visit.objects.get()
        self.row = unit(self.alert, asset=self.loan.asset)
        visits.raise_collection(self.loan, by=BY, at=TUESDAY)
        dispatch.replan(county.store.pk, by=BY, at=TUESDAY)
        self.route = Route.objects.get()
        self.eight = TUESDAY + timedelta(days=2) - HOUR

    def at_the_door(self):
        routes.set_out(self.route, by=BY, at=self.eight)
        doors.arrive(self.visit, by=BY, at=self.eight + HOUR)
        return self


def test_collected_it_is_held_when_it_is_in_the_building(county):
    """Rule 36: followed from the door to the hold."""
    day = Round(county).at_the_door()
    collected = {day.visit.activities.get().pk: Collected("good", "none_known")}
    doors.finish(day.visit, Proof("Mrs Other", collected=collected), by=BY, at=day.eight + HOUR)
    carry_out(day.eight + HOUR)
    assert about(day.row)[0] == "visit"
    routes.finish(day.route, by=BY, at=day.eight + 3 * HOUR)
    recalls.hold_found(by=SWEEP, at=day.eight + 3 * HOUR)
    assert (about(day.row)[0], state_of(day.loan.asset)) == ("held", AssetState.HELD)


def test_not_there_it_is_unreachable_by_name(county):
    """Rule 36: never forgotten."""
    day = Round(county).at_the_door()
    doors.finish(day.visit, Proof("Mrs Other"), by=BY, at=day.eight + HOUR)
    carry_out(day.eight + 2 * HOUR)
    assert about(day.row) == ("unreachable", f"Not found at the address (visit {day.visit.pk})")
    carry_out(day.eight + 3 * HOUR)
    assert about(day.row)[0] == "unreachable"


def test_a_second_failure_makes_it_unreachable_a_first_is_tried_again(county):
    day = Round(county).at_the_door()
    again = doors.fail(day.visit, FailureReason.NO_ACCESS, note="Nobody in", by=BY, at=day.eight + HOUR)
    carry_out(day.eight + HOUR)
    assert about(day.row)[0] == "visit"
    Visit.objects.filter(pk=again.pk).update(state="arrived")
    again.refresh_from_db()
    doors.fail(again, FailureReason.NO_ACCESS, note="Nobody in", by=BY, at=day.eight + 4 * HOUR)
    carry_out(day.eight + 4 * HOUR)
    assert about(day.row) == ("unreachable", f"No access (visit {again.pk})")


def test_called_off_it_waits_for_another_visit(county):
    loan = county.on_loan(county.commode())
    alert = opened(county, action="collect")
    carry_out()
    visit = Visit.objects.get()
    visits.call_off(visit, visit.activities.all(), by=BY, at=TUESDAY, reason="Away")
    assert recall_visits.settle(by=SWEEP, at=TUESDAY) == 1
    assert about(unit(alert, asset=loan.asset)) == ("found", "The visit was called off")
    assert carry_out(TUESDAY + HOUR) == 1


def test_a_wrong_match_calls_its_visit_off_and_no_other(county):
    """Rule 36: undone to the last."""
    loan = county.on_loan(county.commode())
    alert = opened(county, action="collect")
    carry_out()
    recall_units.withdraw_unit(unit(alert, asset=loan.asset), reason=WHY, by=MO, at=TUESDAY)
    assert recall_visits.settle(by=SWEEP, at=TUESDAY) == 1
    assert (Visit.objects.get().state, state_of(loan.asset)) == ("cancelled", AssetState.ON_LOAN)
    visits.raise_collection(loan, by=BY, at=TUESDAY)
    assert recall_visits.settle(by=SWEEP, at=TUESDAY) == 0
    assert Visit.objects.latest("pk").state == "open"


def test_somebody_raising_a_visit_for_what_was_given_up_brings_it_back(county):
    loan = county.on_loan(county.commode())
    alert = opened(county, action="collect")
    recall_units.give_up(unit(alert, asset=loan.asset), reason="Moved", by=MO, at=TUESDAY)
    assert carry_out() == 0
    visits.raise_collection(loan, by=BY, at=TUESDAY)
    carry_out()
    assert about(unit(alert, asset=loan.asset))[0] == "visit"
    assert AlertUnit.objects.count() == 1


def test_what_a_rule_refuses_is_noted_and_the_others_go_on(county):
    """Rule 28: the reason stands beside the unit."""
    first, second = held_back(county, "P1", "P2")
    alert = opened(county, Criterion(maker="M"), action="collect", reference="R")
    assert alert.units.count() == 0
    opened(county, Criterion(product=first.product_id), Criterion(product=second.product_id), action="collect")
    Person.objects.filter(pk=first.person_id).update(organisation=county.other)
    assert carry_out() == 1
    waiting = AlertUnit.objects.get(asset=first.asset)
    assert (waiting.state, waiting.note[:15]) == ("found", "No depot serves")
