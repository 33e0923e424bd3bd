"""When somebody dies: everything automatic stops at once, and a person agrees the collection (rules 26 and 27).

Nothing is deleted: what was ordered is cancelled with its reason, what is on loan stays on loan until it is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from equipment import allocation, living
from equipment.errors import DomainError, Invalid, Refused
from equipment.jobs import InstallationState
from equipment.models import Installation, Loan, Person, Reservation
from equipment.states import AT_HOME
from logistics import followups, locks, ordering, pauses, promises, reviews, visits
from logistics.lifecycle import advance, record
from logistics.models import Discharge, Event, FollowUp, Order, OrderLine, Review, Visit
from logistics.nextsteps import follow_up
from logistics.states import (
    ActivityKind,
    ActivityState,
    DischargeState,
    FollowUpKind,
    LineState,
    OrderState,
    ReviewOutcome,
    ReviewReason,
    VisitState,
)

DIED = "the person has died"
_NOT_DEAD = "the report of the death was wrong"
_UNDELIVERED = (OrderState.AWAITING_AUTHORISATION, OrderState.AUTHORISED)
_IN_THE_STORE = (VisitState.OPEN, VisitState.PLANNED)
_LEFT = (VisitState.OUT, VisitState.ARRIVED)


@dataclass(frozen=True)
class Stopped:
    """What a piece of news stopped: orders and visits called off, and visits whose van has left already."""

    news: bool = False
    orders: int = 0
    visits: int = 0
    out: int = 0


@transaction.atomic
def died(person: Person, on: date, *, by: str, at: datetime) -> Stopped:
    """The person died on that day. Undelivered orders are cancelled and visits called off at once, the discharge ends,
    open reviews end, telecare is to be deactivated; what is on loan waits for `approve_collection` (rule 27).

    Told again, nothing changes. Raises Invalid for a day ahead or before the birth.
    """
    if not living.record_death(person, on, by=by, at=at):
        return Stopped()
    return _stop(person, by=str(by), at=at)


def _stop(person: Person, *, by: str, at: datetime) -> Stopped:
    """Whatever can be stopped now. What has left with a van is brought back, and its order ended when it is here."""
    for discharge in Discharge.objects.filter(person=person, state=DischargeState.EXPECTED).order_by("pk"):
        advance(locks.discharge(discharge.pk), DischargeState.CANCELLED, by=by, at=at, reason=DIED)
    orders = Order.objects.filter(person=person, state__in=_UNDELIVERED).order_by("pk")
    ended = sum(_end(order, by=by, at=at) for order in orders)
    called_off = call_off(Visit.objects.filter(person=person), reason=DIED, by=by, at=at)
    out = Visit.objects.filter(person=person, state__in=_LEFT).order_by("pk")
    for visit in out:
        _bring_back(visit, at=at)
    _end_reviews(person, by=by, at=at)
    _deactivate(person, at=at)
    _ask_next_of_kin(person, at=at)
    return Stopped(True, ended, called_off, len(out))


def _end(order: Order, *, by: str, at: datetime) -> bool:
    """Cancel all of it; or, when some has left the building, whatever has not."""
    try:
        with transaction.atomic():
            ordering.cancel(order, by=by, at=at, reason=DIED)
    except Refused:
        _end_what_is_here(locks.order(order.pk), by=by, at=at)
        return False
    return True


def _end_what_is_here(order: Order, *, by: str, at: datetime) -> None:
    for visit, activities in ordering.carried_by(order).items():
        if visit.state in _IN_THE_STORE:
            visits.call_off(visit, activities, by=by, at=at, reason=DIED)
    live = Q(allocations__reservation__ended_at__isnull=True, allocations__isnull=False)
    away = order.lines.filter(live).values_list("pk", "part_of")
    kept = {key for pair in away for key in pair if key is not None}
    for line in order.lines.filter(state=LineState.OPEN).exclude(pk__in=kept):
        advance(line, LineState.CANCELLED, by=by, at=at, reason=DIED)


def call_off(found: QuerySet[Visit], *, reason: str, by: str, at: datetime) -> int:
    """Call off every such visit that has not left the store, with all there was to do; returns how many."""
    count = 0
    for visit in found.filter(state__in=_IN_THE_STORE).order_by("pk"):
        todo = visit.activities.filter(state=ActivityState.OPEN).select_related("reservation", "loan__asset")
        try:
            visits.call_off(visit, list(todo.order_by("pk")), by=by, at=at, reason=reason)
        except Refused:  # its van has just left
            continue
        count += 1
    return count


def _bring_back(visit: Visit, *, at: datetime) -> None:
    """The van has left with it: somebody rings the crew. Asked once."""
    if not FollowUp.objects.filter(visit=visit, kind=FollowUpKind.DEATH, closed_at__isnull=True).exists():
        action = f"Ring the crew: {DIED}. Do not call at the door; bring back what is on the van."
        follow_up(FollowUpKind.DEATH, action, owner="depot", at=at, visit=visit)


def _end_reviews(person: Person, *, by: str, at: datetime) -> None:
    for review in reviews.open_reviews().filter(loan__person=person):
        reviews.settle(review, ReviewOutcome.COLLECT, note=DIED, by=by, at=at)


def _deactivate(person: Person, *, at: datetime) -> None:
    """The alarm centre must not ring there any more: one next step for each hub that is not deactivated."""
    for hub in Installation.objects.filter(person=person).exclude(state=InstallationState.ENDED):
        loan = Loan.objects.filter(asset=hub.hub_id, person=person, ended_at__isnull=True).first()
        action = f"Deactivate hub {hub.hub} at {hub.centre}: {DIED}."
        steps = FollowUp.objects.filter(kind=FollowUpKind.TELECARE, closed_at__isnull=True)
        if loan is not None and steps.filter(loan=loan).exists():
            loan = None  # about a loan one is open at a time, and this one must not be taken for another
        if not steps.filter(action=action, person=person).exists():
            follow_up(FollowUpKind.TELECARE, action, owner="telecare", at=at, person=person, loan=loan)


def _ask_next_of_kin(person: Person, *, at: datetime) -> None:
    """One follow-up a death, not to be done before some days have passed."""
    if pauses.told_of_death(person).exists() or not _at_home(person).exists():
        return
    days = timedelta(days=settings.SERVICE["BEREAVEMENT_DAYS"])
    action = "Agree the collection with the next of kin, then approve it here: nothing is fetched before."
    due_on = promises.today(at) + days
    follow_up(FollowUpKind.DEATH, action, owner=pauses.NEXT_OF_KIN, at=at, person=person, due_on=due_on)


def _at_home(person: Person) -> QuerySet[Loan]:
    there = Q(asset__isnull=True) | Q(asset__state__in=sorted(AT_HOME))
    return Loan.objects.filter(there, person=person, ended_at__isnull=True)


def finish(*, by: str, at: datetime) -> int:
    """Stop what a death could not stop at that moment: an order placed in the same second, or kit that has come back
    from the road since. Asked by the clock; returns for how many people something was done.
    """
    dead = {"person__died_on__isnull": False}
    left = (
        Order.objects.filter(state__in=_UNDELIVERED, **dead),
        Reservation.objects.filter(ended_at__isnull=True, issued_at__isnull=True, **dead),
        _not_agreed(Visit.objects.filter(state__in=_IN_THE_STORE, **dead)),
    )
    keys = {key for rows in left for key in rows.order_by().values_list("person", flat=True)}
    return sum(_finish(person, by=by, at=at) for person in Person.objects.filter(pk__in=keys).order_by("pk"))


def ask_about_the_rest(*, at: datetime) -> int:
    """Every day: whoever died, has something on loan and was never asked about, such as what a crew handed over before
    it heard, or what came with another service's records. Returns how many people.
    """
    lent = Loan.objects.filter(person=OuterRef("pk"), ended_at__isnull=True)
    told = FollowUp.objects.filter(person=OuterRef("pk"), kind=FollowUpKind.DEATH, visit__isnull=True)
    rows = list(Person.objects.filter(Exists(lent), ~Exists(told), died_on__isnull=False).order_by("pk")[:500])
    for person in rows:
        _ask_next_of_kin(person, at=at)
    return len(rows)


@transaction.atomic
def _finish(person: Person, *, by: str, at: datetime) -> bool:
    try:
        with transaction.atomic():
            for order in Order.objects.filter(person=person, state__in=_UNDELIVERED).order_by("pk"):
                _end(order, by=by, at=at)
            call_off(_not_agreed(Visit.objects.filter(person=person)), reason=DIED, by=by, at=at)
            for kept in Reservation.objects.filter(person=person, ended_at__isnull=True, issued_at__isnull=True):
                allocation.release(kept, by=by, at=at)
            _ask_next_of_kin(person, at=at)
    except DomainError:
        return False
    return True


def _not_agreed(rows: QuerySet[Visit]) -> QuerySet[Visit]:
    """Those with nothing to fetch: who fetches something has agreed it."""
    return rows.exclude(activities__kind=ActivityKind.COLLECTION, activities__state=ActivityState.OPEN)


@transaction.atomic
def approve_collection(step: FollowUp, not_before: date, *, by: str, at: datetime) -> list[Visit]:
    """The next of kin agree: close the follow-up and raise the collection of all that is on loan, from that day on
    (rule 27). Answers the visits.

    Raises Invalid when the day has gone, Refused when this is no such follow-up or is closed already.
    """
    if step.kind != FollowUpKind.DEATH or step.visit_id is not None or step.owner != pauses.NEXT_OF_KIN:
        raise Refused("no_collection_to_approve", "This follow-up is not about a collection after a death.")
    if not_before < promises.today(at):
        raise Invalid("not_before", "This day has gone: give the day agreed with the next of kin.", field="not_before")
    followups.end(step, by=by, at=at)
    loans = _at_home(step.person).select_related("person__organisation", "address", "asset").order_by("pk")
    agreed = "agreed with the next of kin"
    made = [visits.raise_collection(one, by=by, at=at, not_before=not_before, reason=agreed) for one in loans]
    return list(dict.fromkeys(made))


@transaction.atomic
def correct_death(person: Person, *, reason: str, by: str, at: datetime) -> Stopped:
    """The report was wrong. The date goes, the discharge is open again, and what was only asked for because of the
    death is called off; what was cancelled stays cancelled, and its prescriber is told what to order anew (rule 26).

    Raises Invalid without a reason. Nothing changes when the person is not on record as dead.
    """
    if not living.correct_death(person, reason=reason, by=by, at=at):
        return Stopped()
    plain = str(by)
    steps = FollowUp.objects.filter(person=person, closed_at__isnull=True)
    for step in steps.filter(Q(kind=FollowUpKind.DEATH) | Q(kind=FollowUpKind.TELECARE, action__endswith=f"{DIED}.")):
        followups.end(step, by=plain, at=at)
    called_off = call_off(Visit.objects.filter(person=person), reason=_NOT_DEAD, by=plain, at=at)
    out = Visit.objects.filter(person=person, state__in=_LEFT)
    for visit in out:
        action = "Ring the crew: the person lives. Nothing is to be fetched."
        follow_up(FollowUpKind.MOVED, action, owner="depot", at=at, visit=visit)
    stays = Discharge.objects.filter(person=person, state=DischargeState.CANCELLED)
    for discharge in stays.alias(last=_by_death("discharge")).filter(last=DIED).order_by("pk"):
        advance(locks.discharge(discharge.pk), DischargeState.EXPECTED, by=plain, at=at, reason=_NOT_DEAD)
    for review in Review.objects.filter(loan__person=person, loan__ended_at__isnull=True, note=DIED):
        reviews.ask(review.loan, ReviewReason(review.reason), by=plain, at=at)
    orders = _order_anew(person, by=plain, at=at)
    return Stopped(True, orders, called_off, len(out))


def _by_death(subject: str) -> Subquery:
    """The reason of the last thing that happened to it."""
    last = Event.objects.filter(subject=subject, subject_id=OuterRef("pk")).order_by("-id")
    return Subquery(last.values("reason")[:1])


def _order_anew(person: Person, *, by: str, at: datetime) -> int:
    """Tell each prescriber what the death took off the road; returns how many orders."""
    lines = OrderLine.objects.filter(order__person=person, state=LineState.CANCELLED).alias(last=_by_death("line"))
    ended = list(lines.filter(last=DIED).select_related("order", "product").order_by("order_id", "pk"))
    for line in ended:
        record(line, verb="correct", to_state=line.state, at=at, by=by, reason=_NOT_DEAD)
    by_order = groupby(ended, key=lambda line: line.order)
    count = 0
    for order, rows in by_order:
        wanted = ", ".join(f"{row.quantity} x {row.product.name}" for row in rows if row.part_of_id is None)
        action = f"Order anew what is still needed of {order}, cancelled by a wrong report of a death: {wanted}."
        follow_up(FollowUpKind.DEATH, action, owner="prescriber", at=at, person=person)
        count += 1
    return count
