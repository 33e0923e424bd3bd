"""The person moved to a care home, is in hospital again, or is back home: what waits meanwhile (rule 26).

Nothing is deleted: what was ordered stays ordered and reserved, what is on loan stays on loan.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from equipment import holdings, living
from equipment.models import Person
from equipment.words import Living
from logistics import followups, ordering, pauses, reviews, visits
from logistics.bereavement import Stopped
from logistics.lifecycle import record
from logistics.models import Activity, FollowUp, Order, Visit
from logistics.nextsteps import follow_up
from logistics.states import ActivityKind, ActivityState, FollowUpKind, OrderState, ReviewReason, VisitState

_IN_THE_STORE = (VisitState.OPEN, VisitState.PLANNED)
_LEFT = (VisitState.OUT, VisitState.ARRIVED)
_CARE_HOME, _HOSPITAL = "the person has moved to a care home", "the person is in hospital again"


@transaction.atomic
def moved_to_care_home(person: Person, *, by: str, at: datetime, note: str = "") -> Stopped:
    """The person lives in a care home now. What was to come to the old address is held, and somebody asks about every
    loan: it was lent for that home and is not simply taken along.

    Told again, nothing changes. Raises Refused when the person has died.
    """
    if not living.set_living(person, Living.CARE_HOME, by=by, at=at, note=note):
        return Stopped()
    stopped = _pause(person, _CARE_HOME, fetch_too=False, by=str(by), at=at)
    if stopped.orders:
        action = "Held: what was ordered for the old address. Cancel it, or order anew for the care home."
        _tell_prescriber(person, FollowUpKind.MOVED, action, at=at)
    for loan in holdings.open_loans(person.pk):
        reviews.ask(loan, ReviewReason.CARE_HOME, by=by, at=at)
    return stopped


@transaction.atomic
def readmitted(person: Person, *, by: str, at: datetime, note: str = "") -> Stopped:
    """The person is in hospital again. Deliveries are held and collections wait until somebody asks; nothing is
    fetched by itself. What is for the way home from a stay still open goes by the date of that stay.

    Told again, nothing changes. Raises Refused when the person has died.
    """
    if not living.set_living(person, Living.HOSPITAL, by=by, at=at, note=note):
        return Stopped()
    stopped = _pause(person, _HOSPITAL, fetch_too=True, by=str(by), at=at)
    if holdings.open_loans(person.pk).exists():
        action = "In hospital again: keep the equipment at home, or ask for its collection?"
        _tell_prescriber(person, FollowUpKind.REVIEW, action, at=at)
    return stopped


@transaction.atomic
def back_home(person: Person, *, by: str, at: datetime, note: str = "") -> Stopped:
    """The person is at home again: what was held goes on a visit again, and the questions of the pause end.

    What was called off altogether, such as a collection, is asked for anew. Told again, nothing changes.
    """
    if not living.set_living(person, Living.HOME, by=by, at=at, note=note):
        return Stopped()
    paused = Q(kind=FollowUpKind.MOVED) | Q(kind=FollowUpKind.REVIEW, owner="prescriber")
    for step in FollowUp.objects.filter(paused, person=person, visit=None, loan=None, closed_at__isnull=True):
        followups.end(step, by=str(by), at=at)
    orders = _open_orders(person)
    for order in orders:
        record(order, verb="resume", to_state=order.state, at=at, by=str(by))
        ordering.supply(order, by=str(by), at=at)
    return Stopped(True, len(orders))


def _pause(person: Person, reason: str, *, fetch_too: bool, by: str, at: datetime) -> Stopped:
    """Take off the road what now waits: deliveries stay reserved; exchanges and tests at the door are called off, and
    collections with `fetch_too`.
    """
    held, called_off, out = [order for order in _open_orders(person) if pauses.holds(order)], 0, 0
    for order in held:
        record(order, verb="pause", to_state=order.state, at=at, by=by, reason=reason)
    for visit in Visit.objects.filter(person=person).select_related("person", "discharge").order_by("pk"):
        visit.person = person
        if visit.state in _IN_THE_STORE and pauses.waits(visit):
            called_off += _take_off(visit, reason, fetch_too=fetch_too, by=by, at=at)
        elif visit.state in _LEFT and pauses.waits(visit):
            action = f"Ring the crew: {reason}. Nobody may be in; bring back what is on the van."
            follow_up(FollowUpKind.MOVED, action, owner="depot", at=at, visit=visit)
            out += 1
    return Stopped(True, len(held), called_off, out)


def _take_off(visit: Visit, reason: str, *, fetch_too: bool, by: str, at: datetime) -> bool:
    rows = visit.activities.filter(state=ActivityState.OPEN).select_related("reservation", "loan__asset")
    todo = list(rows.order_by("pk"))
    swapped = {one.instead_of_id for one in todo} - {None}
    ordered = [one for one in todo if one.kind == ActivityKind.DELIVERY and one.line_id is not None]
    ended = [one for one in todo if one not in ordered and (fetch_too or _goes(one, swapped))]
    if ended:
        visits.call_off(visit, ended, by=by, at=at, reason=reason)
    if ordered:
        visits.hold_back(visit, ordered, by=by, at=at, reason=reason)
    return bool(ended or ordered)


def _goes(activity: Activity, swapped: Iterable[int | None]) -> bool:
    """All but a plain collection: what is no longer needed may be fetched from an empty home, once somebody lets the
    crew in.
    """
    return activity.kind != ActivityKind.COLLECTION or activity.loan_id in swapped


def _open_orders(person: Person) -> list[Order]:
    rows = Order.objects.filter(person=person, state=OrderState.AUTHORISED).select_related("discharge")
    found = list(rows.order_by("pk"))
    for order in found:
        order.person = person
    return found


def _tell_prescriber(person: Person, kind: FollowUpKind, action: str, *, at: datetime) -> None:
    known = FollowUp.objects.filter(person=person, kind=kind, visit=None, loan=None, closed_at__isnull=True)
    if not known.exists():
        follow_up(kind, action, owner="prescriber", at=at, person=person)
