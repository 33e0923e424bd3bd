from __future__ import annotations

from datetime import date, timedelta

import pytest

from equipment.errors import Invalid, Refused
from equipment.models import Loan, PersonEvent
from equipment.states import AssetState
from logistics import doors, followups, reviews, routes, tasks, visits
from logistics.doors import Proof
from logistics.models import Event, FollowUp, Order, Review, Visit
from logistics.states import FollowUpKind, ReviewOutcome, ReviewReason
from tests.county import BY, TUESDAY, state_of
from tests.equipment.admin.rows import route

TODAY = TUESDAY.date()
DAY = timedelta(days=1)


def lent(county, code="STOOL", *, due=None, person=None):
    loan = county.on_loan(county.product(code), person)
    Loan.objects.filter(pk=loan.pk).update(review_on=due)
    loan.refresh_from_db()
    return loan


def delivered(county, **product):
    """A commode ordered, brought and handed over on Wednesday morning."""
    asset = county.new(county.product("COMMODE", name="Commode", **product))
    order = county.order(county.discharge(), "COMMODE")
    visit, at = Visit.objects.get(), TUESDAY.replace(day=4)
    planned = route(county, visit)
    routes.load(planned, scanned=asset.number, by=BY, at=at)
    routes.set_out(planned, by=BY, at=at)
    doors.arrive(visit, by=BY, at=at)
    doors.finish(visit, Proof("Mrs Other", fitted=True, demonstrated=True), by=BY, at=at)
    return Loan.objects.get(), order


@pytest.mark.parametrize(("days", "due"), [(None, date(2026, 9, 2)), (30, date(2026, 4, 3))])
def test_what_is_handed_over_has_its_review_date(county, days, due):
    """The product's, or the service's: a loan without one is forgotten."""
    loan, _ = delivered(county, review_days=days)
    assert loan.review_on == due


def test_loans_without_a_date_are_listed_and_given_one(county):
    undated, dated, foreign = lent(county), lent(county, "CHAIR", due=TODAY), lent(county, "BENCH")
    foreign.person.organisation = county.other
    foreign.person.save()
    assert list(reviews.without_date([county.council])) == [undated]
    reviews.set_date(undated, by=BY, at=TUESDAY)
    undated.refresh_from_db()
    assert undated.review_on == TODAY + timedelta(days=182)
    assert PersonEvent.objects.get().facts == {"loan": undated.pk, "review_on": "2026-09-01"}
    reviews.set_date(dated, TODAY + DAY, by=BY, at=TUESDAY)
    dated.refresh_from_db()
    assert dated.review_on == TODAY + DAY
    with pytest.raises(Invalid) as refusal:
        reviews.set_date(dated, TODAY, by=BY, at=TUESDAY)
    assert refusal.value.facts == {"field": "review_on"}
    assert not reviews.without_date([county.council]).exists()


def test_the_prescriber_is_asked_once_when_the_day_has_come(county):
    loan, order = delivered(county)
    before = TUESDAY.replace(month=9, day=1)
    assert reviews.raise_due(by=BY, at=before).raised == 0
    due = before + DAY
    assert reviews.raise_due(by=BY, at=due).raised == 1
    assert reviews.raise_due(by=BY, at=due).raised == 0
    [review] = Review.objects.all()
    assert (review.loan, review.prescriber, review.reason) == (loan, order.prescriber, ReviewReason.SCHEDULED)
    assert (review.due_on, review.raised_at, review.outcome) == (due.date(), due, "")
    assert Event.objects.get(subject="review").verb == "ask"


def test_what_is_to_be_fetched_already_is_not_asked_about(county):
    loan = lent(county, due=TODAY)
    visits.raise_collection(loan, by=BY, at=TUESDAY)
    assert reviews.raise_due(by=BY, at=TUESDAY) == reviews.Swept(0, 0, 0)


def test_reminders_every_fortnight_and_after_the_third_the_call_centre_asks(county):
    loan = lent(county, due=TODAY)
    reviews.raise_due(by=BY, at=TUESDAY)
    assert reviews.remind(by=BY, at=TUESDAY + 13 * DAY) == 0
    for number in (1, 2, 3):
        at = TUESDAY + number * 14 * DAY
        assert (reviews.remind(by=BY, at=at), reviews.remind(by=BY, at=at)) == (1, 0)
        assert FollowUp.objects.count() == (number == 3)
    review = Review.objects.get()
    assert (review.reminders, review.reminded_at) == (3, TUESDAY + 42 * DAY)
    assert reviews.remind(by=BY, at=TUESDAY + 56 * DAY) == 0
    step = FollowUp.objects.get()
    assert (step.kind, step.owner, step.loan) == (FollowUpKind.REVIEW, "call centre", loan)
    assert Event.objects.filter(subject="review", verb="remind").count() == 3
    reviews.decide(review, "keep", next_review_on=TODAY + 90 * DAY, by=BY, at=TUESDAY + 57 * DAY)
    step.refresh_from_db()
    assert step.closed_at == TUESDAY + 57 * DAY


def test_keep_needs_the_day_of_the_next_review(county):
    loan = lent(county, due=TODAY)
    review = reviews.ask(loan, by=BY, at=TUESDAY)
    for day in (None, TODAY):
        with pytest.raises(Invalid) as refusal:
            reviews.decide(review, "keep", next_review_on=day, by=BY, at=TUESDAY)
        assert refusal.value.facts == {"field": "next_review_on"}
    with pytest.raises(Invalid):
        reviews.decide(review, "perhaps", by=BY, at=TUESDAY)
    assert (Review.objects.get().decided_at, Loan.objects.get(pk=loan.pk).review_on) == (None, TODAY)
    reviews.decide(review, "keep", next_review_on=TODAY + DAY, note="Still needed", by=BY, at=TUESDAY)
    done = Review.objects.get()
    assert (done.outcome, done.decided_at, done.decided_by, done.note) == ("keep", TUESDAY, BY, "Still needed")
    loan.refresh_from_db()
    assert loan.review_on == TODAY + DAY
    with pytest.raises(Refused) as again:
        reviews.decide(done, "collect", by=BY, at=TUESDAY)
    assert again.value.code == "review_decided"
    assert not Visit.objects.exists()


def test_collect_sends_a_van(county):
    loan = lent(county, due=TODAY)
    reviews.decide(reviews.ask(loan, by=BY, at=TUESDAY), "collect", by=BY, at=TUESDAY)
    assert Visit.objects.get().activities.get().loan == loan
    assert loan.asset is not None
    assert state_of(loan.asset) == AssetState.COLLECTION_DUE


def test_swap_brings_another_or_is_refused_with_the_question_still_open(county):
    loan = lent(county, due=TODAY)
    review = reviews.ask(loan, by=BY, at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        reviews.decide(review, "swap", by=BY, at=TUESDAY)
    assert refusal.value.code == "no_replacement"
    assert (Review.objects.get().decided_at, Visit.objects.count()) == (None, 0)
    county.new(loan.product)
    reviews.decide(review, "swap", by=BY, at=TUESDAY)
    assert [a.kind for a in Visit.objects.get().activities.order_by("pk")] == ["delivery", "collection"]
    assert Review.objects.get().outcome == ReviewOutcome.SWAP


def test_a_question_that_the_return_answers_is_closed(county):
    loan = lent(county, due=TODAY)
    review = reviews.ask(loan, by=BY, at=TUESDAY)
    Loan.objects.filter(pk=loan.pk).update(ended_at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        reviews.decide(review, "collect", by=BY, at=TUESDAY)
    assert refusal.value.code == "loan_ended"
    assert reviews.raise_due(by=BY, at=TUESDAY) == reviews.Swept(0, 0, 1)
    assert Review.objects.get().note == "It has come back."


def test_asking_by_hand_twice_is_one_question(county):
    loan = lent(county)
    first = reviews.ask(loan, by=BY, at=TUESDAY)
    assert reviews.ask(loan, ReviewReason.CARE_HOME, by=BY, at=TUESDAY) == first
    assert (first.reason, first.due_on, first.prescriber) == (ReviewReason.ASKED, TODAY, None)


def test_rule_27_nobody_is_asked_or_reminded_about_somebody_who_died(county):
    """Rule 27: every automatic contact about the person stops."""
    loan = lent(county, due=TODAY)
    reviews.ask(loan, by=BY, at=TUESDAY)
    other = lent(county, "CHAIR", due=TODAY, person=loan.person)
    loan.person.died_on = TODAY
    loan.person.save()
    assert reviews.raise_due(by=BY, at=TUESDAY + 30 * DAY) == reviews.Swept(0, 0, 0)
    with pytest.raises(Refused) as refusal:
        reviews.ask(other, by=BY, at=TUESDAY)
    assert refusal.value.code == "person_died"
    assert Review.objects.count() == 1


def test_the_prescriber_of_a_replacement_is_that_of_the_first(county):
    loan, order = delivered(county)
    spare = county.new(county.commode())
    at = TUESDAY.replace(day=5)
    reviews.decide(reviews.ask(loan, by=BY, at=at), "swap", by=BY, at=at)
    visit = Visit.objects.exclude(discharge=order.discharge).get()
    delivery = visit.activities.get(kind="delivery")
    replacement = Loan(pk=None)
    replacement.reservation = delivery.reservation
    assert delivery.reservation.asset == spare
    assert reviews.prescriber_of(replacement) == Order.objects.get().prescriber


def test_the_morning_task_asks(county, monkeypatch):
    lent(county, due=TODAY)
    monkeypatch.setattr(tasks.clock, "now", lambda: TUESDAY)
    assert tasks.ask_reviews() == 1
    assert followups.find_supply(at=TUESDAY) == 0


def test_rule_33_a_swap_is_no_answer_while_it_is_only_to_be_fetched(county):
    """Rule 33: the prescriber is not told of another one that nobody brings; the question stays open."""
    loan = lent(county, due=TODAY)
    reviews.raise_due(by=BY, at=TUESDAY)
    county.new(loan.product)
    visits.raise_collection(loan, by=BY, at=TUESDAY, reason="Asked for")
    review = Review.objects.get()
    with pytest.raises(Refused) as refusal:
        reviews.decide(review, ReviewOutcome.SWAP, by=BY, at=TUESDAY)
    assert refusal.value.code == "being_collected"
    review.refresh_from_db()
    assert (review.outcome, review.decided_at) == ("", None)
    assert reviews.decide(review, ReviewOutcome.COLLECT, by=BY, at=TUESDAY).outcome == "collect"
