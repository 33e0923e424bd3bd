"""Is it still needed? A review date for every loan, the question when it comes, reminders, and what was decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from equipment.errors import Invalid, Refused
from equipment.models import Loan, Organisation, PersonEvent, Product
from equipment.states import AssetState
from logistics import exchanges, locks, promises, visits
from logistics.lifecycle import record
from logistics.models import Activity, Prescriber, Review
from logistics.nextsteps import follow_up
from logistics.states import ActivityKind, ActivityState, FollowUpKind, ReviewOutcome, ReviewReason

MOST_REMINDERS = 3  # then the call centre asks
_AT_ONCE = 500  # raised in one go
_MOST_EXCHANGES = 20  # a replacement of a replacement: its prescriber is that of the first


# The date -------------------------------------------------------------------------------------------------------------


def first_due(product: Product, *, at: datetime) -> date:
    """The day on which something delivered now is asked about first."""
    return promises.today(at) + timedelta(days=product.review_days or settings.SERVICE["REVIEW_DAYS"])


def without_date(organisations: Iterable[Organisation | int]) -> QuerySet[Loan]:
    """What is out and will never be asked about, longest out first: lists of loans rot from here."""
    rows = Loan.objects.filter(no_date(), person__organisation__in=list(organisations))
    return rows.select_related("product", "asset", "person").order_by("started_at", "pk")


def no_date() -> Q:
    return Q(ended_at__isnull=True, review_on__isnull=True)


@transaction.atomic
def set_date(loan: Loan, on: date | None = None, *, by: str, at: datetime) -> Loan:
    """Give a loan its review date; without one, that of its product or of the service. Answers the loan.

    Raises Invalid when the day has gone, Refused when the loan has ended.
    """
    held = _open_loan(loan)
    day = on or first_due(held.product, at=at)
    _ahead(day, "review_on", at)
    _date(held, day, by=by, at=at)
    return held


def _open_loan(loan: Loan) -> Loan:
    held = locks.loan(loan.pk)
    if held.ended_at is not None:
        raise Refused("loan_ended", f"This loan ended on {held.ended_at:%d %b %Y}.", loan=held.pk)
    return held


def _ahead(day: date, field: str, at: datetime) -> None:
    if day <= promises.today(at):
        raise Invalid(field, "The next review must lie ahead: give a later day.", field=field)


def _date(loan: Loan, day: date, *, by: str, at: datetime) -> None:
    loan.review_on = day
    loan.save(update_fields=["review_on"])
    facts = {"loan": loan.pk, "review_on": str(day)}
    PersonEvent.objects.create(person_id=loan.person_id, verb="review_date", by=by, at=at, facts=facts)


# The question ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Swept:
    """What one sweep did: questions raised, reminders given, and questions that answered themselves."""

    raised: int
    reminded: int
    overtaken: int


def raise_due(*, by: str, at: datetime) -> Swept:
    """Ask the prescriber about every open loan whose review date has come, and remind of what was not answered.

    One open question a loan, whoever asks at the same time. Nobody is asked about the loans of somebody who died: their
    collection is agreed with the next of kin (rule 27).
    """
    overtaken = sum(_overtaken(review, by=by, at=at) for review in open_reviews().filter(_it_is_back()))
    loans = list(_due(at)[:_AT_ONCE])
    raised = sum(_raise(loan, ReviewReason.SCHEDULED, by=by, at=at) is not None for loan in loans)
    return Swept(raised, remind(by=by, at=at), overtaken)


def _due(at: datetime) -> QuerySet[Loan]:
    asked = Review.objects.filter(loan=OuterRef("pk"), decided_at__isnull=True)
    fetched = Activity.objects.filter(loan=OuterRef("pk"), kind=ActivityKind.COLLECTION, state=ActivityState.OPEN)
    rows = Loan.objects.filter(ended_at__isnull=True, review_on__lte=promises.today(at), person__died_on__isnull=True)
    rows = rows.filter(~Exists(asked), ~Exists(fetched)).exclude(asset__state=AssetState.COLLECTION_DUE)
    return rows.select_related("reservation__allocation__line__order__prescriber").order_by("review_on", "pk")


def _raise(loan: Loan, reason: ReviewReason, *, by: str, at: datetime) -> Review | None:
    """None when somebody else has just asked."""
    due_on = loan.review_on or promises.today(at)
    due_on = due_on if reason == ReviewReason.SCHEDULED else promises.today(at)
    try:
        with transaction.atomic():
            made = Review.objects.create(
                loan=loan, prescriber=prescriber_of(loan), reason=reason, due_on=due_on, raised_at=at
            )
            record(made, verb="ask", at=at, by=by, reason=reason)
    except IntegrityError:
        return None
    return made


def prescriber_of(loan: Loan) -> Prescriber | None:
    """Who ordered it, or what it was exchanged for; None for an issue over the counter or one taken over."""
    for _ in range(_MOST_EXCHANGES):
        reservation = getattr(loan, "reservation", None)
        if reservation is None:
            return None
        allocated = getattr(reservation, "allocation", None)
        if allocated is not None:
            return allocated.line.order.prescriber
        swap = reservation.activities.filter(instead_of__isnull=False).select_related("instead_of").first()
        if swap is None:
            return None
        loan = swap.instead_of
    return None


@transaction.atomic
def ask(loan: Loan, reason: ReviewReason = ReviewReason.ASKED, *, by: str, at: datetime) -> Review:
    """Ask about a loan before its date comes. Answers the open question there is, if there is one.

    Raises Refused when the loan has ended, or the person has died.
    """
    held = _open_loan(loan)
    if held.person.died_on is not None:
        raise Refused("person_died", "The person has died: the collection is agreed with the next of kin (rule 27).")
    return (
        open_reviews().filter(loan=held).first()
        or _raise(held, reason, by=by, at=at)
        or held.reviews.get(decided_at__isnull=True)
    )


def open_reviews() -> QuerySet[Review]:
    """What has been asked and not answered, longest due first."""
    related = ("loan__product", "loan__asset", "loan__person__organisation", "prescriber")
    return Review.objects.filter(decided_at__isnull=True).select_related(*related).order_by("due_on", "pk")


def _it_is_back() -> Q:
    return Q(loan__ended_at__isnull=False)


def _overtaken(review: Review, *, by: str, at: datetime) -> bool:
    return settle(review, ReviewOutcome.COLLECT, note="It has come back.", by=by, at=at)


def remind(*, by: str, at: datetime) -> int:
    """Remind the prescriber of every question not answered; with the last reminder the call centre gets it.

    A reminder is a line in the history and a number in the prescriber's list; returns how many were given.
    """
    before = at - timedelta(days=settings.SERVICE["REVIEW_REMINDER_DAYS"])
    quiet = Q(reminded_at__lte=before) | Q(reminded_at__isnull=True, raised_at__lte=before)
    rows = open_reviews().filter(quiet, reminders__lt=MOST_REMINDERS, loan__person__died_on__isnull=True)
    return sum(_remind(review, before=before, by=by, at=at) for review in rows[:_AT_ONCE])


@transaction.atomic
def _remind(review: Review, *, before: datetime, by: str, at: datetime) -> bool:
    held = locks.review(review.pk)
    if held.decided_at is not None or held.reminders != review.reminders:
        return False
    held.reminders, held.reminded_at = held.reminders + 1, at
    held.save(update_fields=["reminders", "reminded_at"])
    record(held, verb="remind", at=at, by=by, facts={"number": held.reminders})
    if held.reminders == MOST_REMINDERS:
        follow_up(
            FollowUpKind.REVIEW,
            f"Ask whether {held.loan} is still needed: the prescriber has not answered since {held.due_on:%d %b %Y}.",
            owner="call centre",
            at=at,
            loan=held.loan,
        )
    return True


# The answer -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def decide(
    review: Review, outcome: str, *, by: str, at: datetime, note: str = "", next_review_on: date | None = None
) -> Review:
    """What the prescriber says: keep it until the next review, swap it for another, or collect it. Answers the review.

    Raises Invalid when `keep` lacks a later date, Refused when it was decided already, when the loan has ended, when
    the person has died, and `no_replacement` when nothing is free to swap it for.
    """
    held = locks.review(review.pk)
    if held.decided_at is not None:
        raise Refused("review_decided", f"This was decided already: {held.get_outcome_display().lower()}.")
    loan = _open_loan(held.loan)
    if loan.person.died_on is not None:
        raise Refused("person_died", "The person has died: the collection is agreed with the next of kin (rule 27).")
    if outcome == ReviewOutcome.KEEP:
        _keep(loan, next_review_on, by=by, at=at)
    elif outcome == ReviewOutcome.SWAP:
        _swap(loan, note, by=by, at=at)
    elif outcome == ReviewOutcome.COLLECT:
        visits.raise_collection(loan, by=by, at=at, reason=note or "no longer needed, says its review")
    else:
        raise Invalid("outcome", "Say keep, swap or collect.", field="outcome")
    settle(held, ReviewOutcome(outcome), note=note, by=by, at=at)
    return held


def _keep(loan: Loan, on: date | None, *, by: str, at: datetime) -> None:
    if on is None:
        raise Invalid("next_review_on", "Say when it is to be reviewed next.", field="next_review_on")
    _ahead(on, "next_review_on", at)
    _date(loan, on, by=by, at=at)


def _swap(loan: Loan, note: str, *, by: str, at: datetime) -> None:
    reason = note or "to be swapped, says its review"
    visit = exchanges.raise_exchange(loan, by=by, at=at, reason=reason)
    if visit is None:
        raise Refused(
            "no_replacement",
            "Nothing is free to bring instead: keep it until there is, or order another product and collect this one.",
        )
    if not visit.activities.filter(instead_of=loan, state=ActivityState.OPEN).exists():
        raise Refused(
            "being_collected",
            f"{visit} fetches it already and brings nothing instead: call that off first, or answer collect.",
        )


@transaction.atomic
def settle(review: Review, outcome: ReviewOutcome, *, note: str, by: str, at: datetime) -> bool:
    """Close a question with what was decided or what overtook it. Answers whether it was open."""
    answer = {"outcome": outcome, "decided_at": at, "decided_by": str(by)[:80], "note": note[:300]}
    if Review.objects.filter(pk=review.pk, decided_at__isnull=True).update(**answer) != 1:
        return False
    for name, value in answer.items():
        setattr(review, name, value)
    record(review, verb="decide", at=at, by=by, reason=note[:300], facts={"outcome": str(outcome)})
    review.loan.follow_ups.filter(kind=FollowUpKind.REVIEW, closed_at__isnull=True).update(
        closed_at=at, closed_by=str(by)[:80]
    )
    return True
