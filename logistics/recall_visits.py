"""What a safety alert asks for at homes: a visit for every unit, the most urgent first, and what became of each
(rule 36).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from equipment import recall_units
from equipment.errors import DomainError
from equipment.jobs import AlertUnitState
from equipment.models import Alert, AlertUnit, Loan, TestRegime
from equipment.states import AT_HOME, TestKind, label
from equipment.words import AlertAction, AlertUrgency
from logistics import exchanges, locks, outbox, promises, siting, visits
from logistics.models import Activity, Visit
from logistics.nextsteps import follow_up
from logistics.states import ActivityKind, ActivityState, FollowUpKind, VisitState
from logistics.work import Kind

log = logging.getLogger(__name__)

AGAIN = timedelta(minutes=15)  # between two tries for a unit that nothing is free for, so that every unit has its turn
_FETCHING = (ActivityKind.COLLECTION, ActivityKind.INSPECTION)
_INSPECTED = "Looked at: close it with its outcome"
_U = AlertUnitState


def carry_out(*, by: str, at: datetime) -> int:
    """Raise a visit for each unit at home that has none: by urgency, then deadline, then the longest at home; at most
    RECALL_VISITS_AT_ONCE a sweep. What came of earlier visits is settled first. Returns how many were raised.

    Asking again, or by two workers at once, raises nothing twice.
    """
    settle(by=by, at=at)
    keys = list(_waiting(at).values_list("pk", flat=True)[: settings.SERVICE["RECALL_VISITS_AT_ONCE"]])
    return sum(_try(pk, by=by, at=at) for pk in keys)


_HOME = Q(asset__state__in=sorted(AT_HOME)) | Q(loan__isnull=False, loan__ended_at__isnull=True)
_RANK = {AlertUrgency.IMMEDIATE: 0, AlertUrgency.URGENT: 1, AlertUrgency.ROUTINE: 2}


def _waiting(at: datetime) -> QuerySet[AlertUnit]:
    """Units at home without a visit whose turn it is. What only a person can decide is asked once."""
    asked = Q(attempts__gt=0) & (Q(alert__action=AlertAction.INSPECT) | Q(note=_DIED))
    rows = AlertUnit.objects.filter(_HOME, state=_U.FOUND, alert__ended_at__isnull=True).exclude(asked)
    rows = rows.filter(Q(tried_at__isnull=True) | Q(tried_at__lte=at - AGAIN))
    urgency = Case(*(When(alert__urgency=word, then=Value(rank)) for word, rank in _RANK.items()), default=Value(3))
    started = Loan.objects.filter(asset=OuterRef("asset"), ended_at__isnull=True).values("started_at")[:1]
    since = Coalesce(F("loan__started_at"), Subquery(started), output_field=DateTimeField())
    rows = rows.annotate(urgency=urgency, home_since=since)
    return rows.order_by("urgency", "alert__deadline", "home_since", "pk")


def _try(key: int, *, by: str, at: datetime) -> bool:
    """One unit, in a transaction of its own: a refusal is noted on it, and the others go on."""
    try:
        with transaction.atomic():
            return _raise(key, by=by, at=at)
    except IntegrityError:
        log.info("A visit for unit %s was raised by somebody else.", key)
    except DomainError as refusal:
        log.warning("No visit for unit %s yet: %s", key, refusal.code)
        with transaction.atomic():
            unit = locks.free_alert_unit(key)
            if unit is not None and unit.state == _U.FOUND:
                recall_units.wait(unit, note=refusal.detail, at=at)
    return False


_DIED = "The person has died: somebody agrees the collection with the next of kin"


def _raise(key: int, *, by: str, at: datetime) -> bool:
    unit = locks.free_alert_unit(key)
    if unit is None or unit.state != _U.FOUND:
        return False
    loan = loan_of(unit)
    if loan is None:
        return False
    if loan.person.died_on is not None:
        _ask(unit, loan, _DIED, at=at)
        return False
    visit = _ACTIONS[AlertAction(unit.alert.action)](unit, loan, by=by, at=at)
    if visit is None:
        return False
    recall_units.visit_raised(unit, note=_note(visit), by=by, at=at)
    return True


def loan_of(unit: AlertUnit) -> Loan | None:
    """The open loan by which the unit is at somebody's home."""
    rows = Loan.objects.filter(ended_at__isnull=True).select_related("person__organisation", "address", "product")
    return rows.filter(pk=unit.loan_id).first() if unit.loan_id else rows.filter(asset=unit.asset_id).first()


def _note(visit: Visit) -> str:
    return f"Visit {visit.pk}"


def _due(alert: Alert, at: datetime) -> datetime:
    """The end of the last day, or of today once that has gone by."""
    return promises.local(max(alert.deadline, promises.today(at)), 18)


def _why(alert: Alert) -> str:
    return f"Safety alert {alert.reference}: {alert.title}"[:300]


def _swap(unit: AlertUnit, loan: Loan, *, by: str, at: datetime) -> Visit | None:
    """Never left without: where nothing is free to bring it waits and is tried again; when it is dangerous, a person
    decides whether it is fetched all the same.
    """
    alert = unit.alert
    visit = exchanges.raise_exchange(
        loan, by=by, at=at, reason=_why(alert), product=alert.replacement, needed_by=_due(alert, at)
    )
    if visit is not None:
        return visit
    if alert.urgency == AlertUrgency.IMMEDIATE:
        _ask(unit, loan, "No replacement is free: decide whether it is fetched all the same", at=at)
    else:
        recall_units.wait(unit, note="No replacement is free", at=at)
    return None


def _collect(unit: AlertUnit, loan: Loan, *, by: str, at: datetime) -> Visit | None:
    visit = visits.raise_collection(loan, by=by, at=at, reason=_why(unit.alert))
    held, due = locks.visit(visit.pk), _due(unit.alert, at)
    if held.state == VisitState.OPEN and (held.needed_by is None or due < held.needed_by):
        held.needed_by = due
        held.save(update_fields=["needed_by"])
    return held


def _inspect(unit: AlertUnit, loan: Loan, *, by: str, at: datetime) -> Visit | None:
    """A functional test where it stands, when the product has one; else somebody arranges who looks at it."""
    tested = TestRegime.objects.filter(product=loan.product_id, kind=TestKind.FUNCTIONAL).exists()
    if loan.asset_id is None or not tested:
        _ask(unit, loan, unit.alert.instructions or "Have it looked at where it is, and close it", at=at)
        return None
    open_ones = Activity.objects.filter(loan=loan, kind__in=_FETCHING, state=ActivityState.OPEN)
    current = open_ones.select_related("visit").first()
    if current is not None:
        return current.visit
    locks.address(loan.address_id)
    store = siting.depot_for(loan.address, loan.person.organisation)
    visit = exchanges.visit_to(loan, store, _due(unit.alert, at), at=at)
    Activity.objects.create(visit=visit, kind=ActivityKind.INSPECTION, loan=loan, tests=[TestKind.FUNCTIONAL.value])
    outbox.put(Kind.PLAN, store.pk, at=at)
    return visit


_ACTIONS = {AlertAction.SWAP: _swap, AlertAction.COLLECT: _collect, AlertAction.INSPECT: _inspect}


def _ask(unit: AlertUnit, loan: Loan, what: str, *, at: datetime) -> None:
    """The depot decides; the unit says what stands in the way."""
    recall_units.wait(unit, note=what, at=at)
    action = f"Safety alert {unit.alert.reference}, {loan.asset or loan.product.name}: {what}."
    follow_up(FollowUpKind.RECALL, action, owner="depot", at=at, loan=loan)


# What came of the visits ----------------------------------------------------------------------------------------------


def settle(*, by: str, at: datetime) -> int:
    """Bring the units in line with their visits: one that fell through waits again, one that was made and found
    nothing, or failed for good, makes it unreachable, by name. Returns how many changed.
    """
    open_ones = Activity.objects.filter(state=ActivityState.OPEN, kind__in=_FETCHING, loan__ended_at__isnull=True)
    going = Q(asset__in=open_ones.filter(loan__asset__isnull=False).values("loan__asset"))
    going |= Q(loan__in=open_ones.filter(loan__asset__isnull=True).values("loan"))
    rows = AlertUnit.objects.filter(_HOME, alert__ended_at__isnull=True)
    over = rows.filter(state=_U.VISIT).exclude(going).exclude(note=_INSPECTED)
    begun = rows.filter(going, state=_U.UNREACHABLE)
    gone = AlertUnit.objects.filter(state=_U.WITHDRAWN, note__startswith="Visit ").filter(going)
    changed = 0
    for found, verb in ((over, _after), (begun, _begun), (gone, _call_off)):
        for key in list(found.order_by("pk").values_list("pk", flat=True)):
            changed += _one(key, verb, by=by, at=at)
    return changed


def _one(key: int, verb: Callable[..., bool], *, by: str, at: datetime) -> bool:
    try:
        with transaction.atomic():
            unit = locks.free_alert_unit(key)
            loan = loan_of(unit) if unit is not None else None
            if unit is None or loan is None:
                return False
            return verb(unit, loan, by=by, at=at)
    except DomainError as refusal:
        log.warning("Unit %s is not settled yet: %s", key, refusal.code)
        return False


def _after(unit: AlertUnit, loan: Loan, *, by: str, at: datetime) -> bool:
    """Its visit is over and it is still at home."""
    rows = Activity.objects.filter(loan=loan, kind__in=_FETCHING).select_related("visit").order_by("-pk")
    last = rows.first()
    if unit.state != _U.VISIT or (last is not None and last.state == ActivityState.OPEN):
        return False
    if last is None or last.state == ActivityState.CANCELLED:
        recall_units.fell_through(unit, reason="The visit was called off", by=by, at=at)
    elif last.state == ActivityState.NOT_DONE:
        failure = label(last.visit.failure) if last.visit.failure else "Not found at the address"
        recall_units.give_up(unit, reason=f"{failure} ({_note(last.visit).lower()})", by=by, at=at)
    else:
        _ask(unit, loan, _INSPECTED, at=at)
    return True


def _begun(unit: AlertUnit, loan: Loan, *, by: str, at: datetime) -> bool:
    """Somebody has raised a visit for what could not be reached."""
    last = Activity.objects.filter(loan=loan, kind__in=_FETCHING, state=ActivityState.OPEN).first()
    if unit.state != _U.UNREACHABLE or last is None:
        return False
    recall_units.visit_raised(unit, note=_note(last.visit), by=by, at=at)
    return True


def _call_off(unit: AlertUnit, loan: Loan, *, by: str, at: datetime) -> bool:
    """A wrong match: the visit that was raised for it is not made, unless the van has left."""
    rows = Activity.objects.filter(loan=loan, kind__in=_FETCHING, state=ActivityState.OPEN).select_related("visit")
    activity = rows.first()
    if activity is None or unit.note != _note(activity.visit):
        return False
    visits.call_off(activity.visit, [activity], by=by, at=at, reason=f"Not under {unit.alert.reference} after all")
    AlertUnit.objects.filter(pk=unit.pk).update(note="")
    return True
