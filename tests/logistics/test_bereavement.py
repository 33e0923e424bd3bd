"""A death: what stops at once, what a person decides, and what a wrong report leaves to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment.errors import Invalid, Refused
from equipment.models import Loan, Person, PersonEvent, Reservation
from equipment.states import AssetState
from equipment.words import Living
from logistics import bereavement, circumstances, doors, followups, ordering, reviews, routes, visits
from logistics.models import Activity, Discharge, FollowUp, Order, Review, Visit
from logistics.states import FailureReason, FollowUpKind
from tests.county import BY, TUESDAY, state_of
from tests.equipment.admin.rows import route

TODAY = TUESDAY.date()
DAY = timedelta(days=1)
GIVEN = {"by": BY, "at": TUESDAY}


class Household:
    """Somebody in hospital with a commode ordered for the way home, and a stool at home that is to be fetched."""

    def __init__(self, county):
        self.county, self.person = county, county.person()
        self.loan = county.on_loan(county.product("STOOL"), self.person)
        self.asset = county.new(county.commode())
        self.discharge = county.discharge(address=county.address(self.person))
        self.order = county.order(self.discharge, "COMMODE")
        self.delivery = Visit.objects.get(discharge=self.discharge)
        self.review = reviews.ask(self.loan, **GIVEN)
        self.collection = visits.raise_collection(self.loan, **GIVEN)

    def set_out(self):
        planned = route(self.county, self.delivery)
        routes.load(planned, scanned=self.asset.number, **GIVEN)
        routes.set_out(planned, **GIVEN)
        return planned

    def died(self):
        return bereavement.died(self.person, TODAY, **GIVEN)


def states():
    return {
        "orders": sorted(Order.objects.values_list("state", flat=True)),
        "visits": sorted(Visit.objects.values_list("state", flat=True)),
        "live": Reservation.objects.filter(ended_at=None).count(),
        "loans": Loan.objects.filter(ended_at=None).count(),
    }


def test_rule_27_a_death_stops_everything_at_once_and_leaves_one_task(county):
    """Rule 27: orders and visits, collections too, are off in the same moment; a person asks the next of kin."""
    home = Household(county)
    assert home.died() == bereavement.Stopped(True, 1, 1, 0)
    assert states() == {"orders": ["cancelled"], "visits": ["cancelled"] * 2, "live": 0, "loans": 1}
    assert (state_of(home.asset), state_of(home.loan.asset)) == (AssetState.AVAILABLE, AssetState.ON_LOAN)
    assert Discharge.objects.get().state == "cancelled"
    review = Review.objects.get()
    assert (review.outcome, review.note) == ("collect", "the person has died")
    [step] = FollowUp.objects.all()
    assert (step.kind, step.owner, step.due_on) == (FollowUpKind.DEATH, "call centre", TODAY + 14 * DAY)
    assert (step.visit, step.closed_at) == (None, None)


def test_rule_26_the_same_death_told_again_changes_nothing(county):
    """Rule 26: a death has a defined effect, once; no order and no loan is deleted."""
    home = Household(county)
    home.died()
    before = states(), FollowUp.objects.count(), PersonEvent.objects.count()
    assert bereavement.died(home.person, TODAY - DAY, **GIVEN) == bereavement.Stopped()
    assert (states(), FollowUp.objects.count(), PersonEvent.objects.count()) == before
    assert Person.objects.get(pk=home.person.pk).died_on == TODAY


def test_rule_27_nothing_automatic_calls_there_again(county):
    """Rule 27: an order authorised late, a review, a second attempt: none raises a visit; a new order is refused."""
    home = Household(county)
    home.died()
    order = Order.objects.get()
    assert ordering.supply(order, **GIVEN) is False
    assert reviews.raise_due(by=BY, at=TUESDAY + 365 * DAY).raised == 0
    with pytest.raises(Refused) as refusal:
        visits.raise_collection(home.loan, **GIVEN)
    assert refusal.value.code == "not_agreed"
    assert bereavement.finish(**GIVEN) == 0
    assert not Activity.objects.filter(state="open").exists()


def test_rule_27_what_is_on_the_road_is_brought_back_and_then_ended(county):
    """Rule 27: a van that has left cannot be called off: the depot rings its crew, and no second attempt is made."""
    home = Household(county)
    county.product("FRAME")
    county.order(home.discharge, "FRAME")
    planned = home.set_out()
    assert home.died() == bereavement.Stopped(True, 1, 1, 1)
    assert states()["orders"] == ["authorised", "cancelled"]
    ring = FollowUp.objects.get(owner="depot")
    assert (ring.kind, ring.visit) == (FollowUpKind.DEATH, home.delivery)
    bereavement.finish(**GIVEN)
    assert FollowUp.objects.filter(owner="depot").count() == 1
    doors.fail(home.delivery, FailureReason.NOT_HOME_YET, note="Turned round", **GIVEN)
    assert not Visit.objects.filter(state__in=["open", "planned"]).exists()
    routes.finish(planned, **GIVEN)
    assert bereavement.finish(**GIVEN) == 1
    home.order.refresh_from_db()
    assert (home.order.state, states()["live"]) == ("cancelled", 0)
    assert bereavement.finish(**GIVEN) == 0


def test_rule_27_the_collection_is_approved_by_a_person_who_gives_the_day(county):
    """Rule 27: only the human-approved task raises the collection; it cannot be closed around it."""
    home = Household(county)
    home.died()
    step = FollowUp.objects.get(owner="call centre")
    with pytest.raises(Refused) as refusal:
        followups.close(step, **GIVEN)
    assert refusal.value.code == "approve_instead"
    with pytest.raises(Invalid):
        bereavement.approve_collection(step, TODAY - DAY, **GIVEN)
    step.refresh_from_db()
    assert (step.closed_at, Activity.objects.filter(state="open").count()) == (None, 0)
    [visit] = bereavement.approve_collection(step, TODAY + 21 * DAY, **GIVEN)
    assert (visit.not_before, visit.activities.get().loan) == (TODAY + 21 * DAY, home.loan)
    step.refresh_from_db()
    assert (step.closed_at, step.closed_by) == (TUESDAY, BY)
    assert bereavement.finish(**GIVEN) == 0
    visit.refresh_from_db()
    assert visit.state == "open"
    with pytest.raises(Refused):
        bereavement.approve_collection(step, TODAY + 21 * DAY, **GIVEN)


def test_another_follow_up_is_no_approval(county):
    home = Household(county)
    other = FollowUp.objects.create(person=home.person, owner="depot", action="Ring.", raised_at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        bereavement.approve_collection(other, TODAY, **GIVEN)
    assert refusal.value.code == "no_collection_to_approve"


def test_who_has_nothing_on_loan_leaves_no_task(county):
    bereavement.died(county.person(), TODAY, **GIVEN)
    assert not FollowUp.objects.exists()


def test_rule_26_a_wrong_report_is_undone_and_says_what_to_order_anew(county):
    """Rule 26: nothing was deleted, so the discharge opens again; what was cancelled stays so, and is named."""
    home = Household(county)
    home.died()
    step = FollowUp.objects.get()
    approved = bereavement.approve_collection(step, TODAY, **GIVEN)
    done = bereavement.correct_death(home.person, reason="another of that name", **GIVEN)
    assert done == bereavement.Stopped(True, 1, 1, 0)
    assert (Person.objects.get(pk=home.person.pk).died_on, Discharge.objects.get().state) == (None, "expected")
    assert [Visit.objects.get(pk=visit.pk).state for visit in approved] == ["cancelled"]
    anew = FollowUp.objects.get(owner="prescriber")
    assert "1 x Commode" in anew.action
    assert Review.objects.filter(decided_at=None).get().loan == home.loan
    assert bereavement.correct_death(home.person, reason="again", **GIVEN) == bereavement.Stopped()
    county.order(Discharge.objects.get(), "COMMODE")
    assert states()["orders"] == ["authorised", "cancelled"]
    home.died()
    assert FollowUp.objects.filter(owner="call centre", closed_at=None).count() == 1
    assert states()["orders"] == ["cancelled", "cancelled"]


def test_rule_27_an_order_that_slipped_through_is_ended_by_the_clock(county):
    """Rule 27: placed in the second of the death, by somebody who could not know."""
    home = Household(county)
    Person.objects.filter(pk=home.person.pk).update(died_on=TODAY)
    assert bereavement.finish(**GIVEN) == 1
    assert states()["orders"] == ["cancelled"]
    assert FollowUp.objects.filter(owner="call centre").count() == 1


def test_rule_27_what_was_handed_over_in_ignorance_is_asked_about_too(county):
    """Rule 27: the next of kin are asked about whatever is on loan, once."""
    loan = county.on_loan(county.product("STOOL"))
    Person.objects.filter(pk=loan.person_id).update(died_on=TODAY)
    assert [bereavement.ask_about_the_rest(at=TUESDAY) for _ in range(2)] == [1, 0]
    assert FollowUp.objects.get().owner == "call centre"


def test_rule_27_a_replacement_that_comes_back_from_the_road_is_free_for_others(county):
    """Rule 27: what was reserved to swap a loan is kept for nobody."""
    loan = county.on_loan(county.product("STOOL"))
    spare = county.new(loan.product)
    reviews.decide(reviews.ask(loan, **GIVEN), "swap", **GIVEN)
    planned = route(county, Visit.objects.get())
    routes.load(planned, scanned=spare.number, **GIVEN)
    routes.set_out(planned, **GIVEN)
    bereavement.died(loan.person, TODAY, **GIVEN)
    doors.fail(Visit.objects.get(), FailureReason.REFUSED, note="Turned round", **GIVEN)
    routes.finish(planned, **GIVEN)
    assert bereavement.finish(**GIVEN) == 1
    assert (state_of(spare), states()["live"]) == (AssetState.AVAILABLE, 0)


def test_a_death_after_a_readmission_and_the_other_way_round(county):
    home = Household(county)
    circumstances.readmitted(home.person, **GIVEN)
    home.died()
    with pytest.raises(Refused) as refusal:
        circumstances.back_home(home.person, **GIVEN)
    assert refusal.value.code == "person_died"
    assert (home.person.living, states()["live"]) == (Living.HOSPITAL, 0)
