"""A care home, a readmission, the way back: what waits, and what is never deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment.models import Loan, PersonEvent, Reservation
from equipment.states import AssetState
from equipment.words import Living
from logistics import circumstances, discharges, doors, ordering, outbox, reviews, routes, tasks, visits
from logistics.bereavement import Stopped
from logistics.models import Activity, FollowUp, Order, Review, Visit
from logistics.states import FailureReason, FollowUpKind, ReviewReason
from logistics.work import Kind
from tests.county import BY, TUESDAY, state_of
from tests.equipment.admin.rows import route

GIVEN = {"by": BY, "at": TUESDAY}
LATER = TUESDAY + timedelta(hours=1)


class Household:
    """Somebody at home with a stool that is to be fetched, and a commode on its way."""

    def __init__(self, county):
        self.county, self.person = county, county.person()
        self.loan = county.on_loan(county.product("STOOL"), self.person)
        self.asset = county.new(county.commode())
        self.address = county.address(self.person)
        item = ordering.Item("COMMODE")
        self.order = ordering.place(
            ordering.Request((item,), county.prescriber, county.council, address=self.address), **GIVEN
        )
        self.delivery = Visit.objects.get()
        self.collection = visits.raise_collection(self.loan, **GIVEN)

    def open_kinds(self):
        return sorted(Activity.objects.filter(state="open").values_list("kind", flat=True))


def test_rule_26_readmitted_visits_wait_and_nothing_is_fetched_or_given_up(county):
    """Rule 26: readmission pauses visits and collections, asks whether to keep, and deletes no order and no loan."""
    home = Household(county)
    assert circumstances.readmitted(home.person, **GIVEN) == Stopped(True, 1, 2, 0)
    assert (home.person.living, home.open_kinds()) == (Living.HOSPITAL, [])
    home.order.refresh_from_db()
    assert (home.order.state, Reservation.objects.get(ended_at=None).asset) == ("authorised", home.asset)
    assert (state_of(home.asset), state_of(home.loan.asset)) == (AssetState.RESERVED, AssetState.ON_LOAN)
    [step] = FollowUp.objects.all()
    assert (step.kind, step.owner, step.person) == (FollowUpKind.REVIEW, "prescriber", home.person)
    assert not Review.objects.exists()


def test_rule_26_what_is_held_stays_held_whoever_looks_for_supply(county):
    """Rule 26: no sweep puts a paused order back on a van."""
    home = Household(county)
    circumstances.readmitted(home.person, **GIVEN)
    outbox.put(Kind.SUPPLY, home.asset.product_id, at=TUESDAY)
    outbox.sweep(tasks.HANDLERS, [Kind.SUPPLY], at=TUESDAY)
    assert home.open_kinds() == []


def test_rule_26_told_again_nothing_changes(county):
    """Rule 26: readmitted twice is readmitted once; so is each of the others."""
    home = Household(county)
    for verb in (circumstances.readmitted, circumstances.moved_to_care_home, circumstances.back_home):
        assert verb(home.person, **GIVEN).news is True
        before = FollowUp.objects.count(), PersonEvent.objects.count(), Activity.objects.count(), Review.objects.count()
        assert verb(home.person, **GIVEN) == Stopped()
        after = FollowUp.objects.count(), PersonEvent.objects.count(), Activity.objects.count(), Review.objects.count()
        assert after == before


def test_rule_26_back_home_what_was_held_goes_on_a_visit_again(county):
    """Rule 26: the pause ends with its questions; the order is the same one, not a second."""
    home = Household(county)
    circumstances.readmitted(home.person, **GIVEN)
    assert circumstances.back_home(home.person, by=BY, at=LATER) == Stopped(True, 1)
    assert (home.person.living, home.open_kinds(), Order.objects.count()) == (Living.HOME, ["delivery"], 1)
    assert FollowUp.objects.get().closed_at == LATER


def test_rule_26_who_leaves_the_second_stay_is_home_and_what_waited_goes_on(county):
    """Rule 26: the end of the new stay ends the pause, without anybody saying it twice."""
    home = Household(county)
    circumstances.readmitted(home.person, **GIVEN)
    stay = county.discharge(address=home.address)
    discharges.leave(stay, by=BY, at=LATER)
    home.person.refresh_from_db()
    assert (home.person.living, home.open_kinds()) == (Living.HOME, ["delivery"])


def test_a_collection_asked_for_by_a_person_is_made_though_nobody_is_home(county):
    """In hospital nothing is fetched by itself; who asks is obeyed."""
    home = Household(county)
    circumstances.readmitted(home.person, **GIVEN)
    visits.raise_collection(home.loan, **GIVEN)
    assert home.open_kinds() == ["collection"]


def test_rule_23_what_is_for_the_way_home_goes_by_the_date_of_that_stay(county):
    """Rule 23: while a stay is watched, its expected date decides, and a readmission told late does not undo it."""
    county.new(county.commode())
    discharge = county.discharge()
    county.order(discharge, "COMMODE")
    assert circumstances.readmitted(discharge.person, **GIVEN) == Stopped(True)
    assert Visit.objects.get().state == "open"
    assert not FollowUp.objects.exists()


def test_rule_26_a_care_home_holds_deliveries_and_asks_about_every_loan(county):
    """Rule 26: what was for the old address is held, not cancelled; each loan gets a review; a collection goes on."""
    home = Household(county)
    circumstances.moved_to_care_home(home.person, by=BY, at=LATER, note="Elm House")
    assert (home.person.living, home.open_kinds()) == (Living.CARE_HOME, ["collection"])
    assert Order.objects.get().state == "authorised"
    [review] = Review.objects.all()
    assert (review.loan, review.reason, review.decided_at) == (home.loan, ReviewReason.CARE_HOME, None)
    [step] = FollowUp.objects.all()
    assert (step.kind, step.owner) == (FollowUpKind.MOVED, "prescriber")
    assert (PersonEvent.objects.get().reason, Loan.objects.get().ended_at) == ("Elm House", None)


def test_what_is_ordered_for_the_care_home_itself_is_brought(county):
    home = Household(county)
    circumstances.moved_to_care_home(home.person, by=BY, at=LATER)
    frame = county.new(county.product("FRAME"))
    request = ordering.Request(
        (ordering.Item("FRAME"),), county.prescriber, county.council, address=county.address(home.person)
    )
    ordering.place(request, by=BY, at=LATER + timedelta(hours=1))
    assert Activity.objects.get(kind="delivery", state="open").reservation.asset == frame


def test_an_exchange_is_called_off_with_both_its_halves(county):
    loan = county.on_loan(county.product("STOOL"))
    spare = county.new(loan.product)
    reviews.decide(reviews.ask(loan, **GIVEN), "swap", **GIVEN)
    circumstances.moved_to_care_home(loan.person, by=BY, at=LATER)
    assert not Activity.objects.filter(state="open").exists()
    assert (state_of(spare), state_of(loan.asset)) == (AssetState.AVAILABLE, AssetState.ON_LOAN)


@pytest.mark.parametrize("verb", [circumstances.readmitted, circumstances.moved_to_care_home])
def test_rule_26_what_has_left_is_brought_back_and_not_tried_again(county, verb):
    """Rule 26: the depot rings the crew; a failed visit makes no second attempt at an empty home."""
    home = Household(county)
    planned = route(county, home.delivery)
    routes.load(planned, scanned=home.asset.number, **GIVEN)
    routes.set_out(planned, **GIVEN)
    assert verb(home.person, by=BY, at=LATER).out == 1
    ring = FollowUp.objects.get(visit=home.delivery)
    assert (ring.kind, ring.owner) == (FollowUpKind.MOVED, "depot")
    doors.fail(home.delivery, FailureReason.NO_ACCESS, note="Nobody in", by=BY, at=LATER)
    assert not Visit.objects.filter(state="open", activities__kind="delivery").exists()
    assert FollowUp.objects.filter(visit=home.delivery, owner="prescriber").exists()
