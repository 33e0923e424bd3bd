"""What a safety alert asks for at homes: a visit for every unit, the most urgent first, and what became of each
(rule 36).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from equipment import recall_units
from equipment.errors import DomainError
from equipment.jobs import AlertUnitState
from equipment.models import Alert, AlertUnit, Loan, TestRegime
from equipment.states import AT_HOME, TestKind, label
from equipment.words import AlertAction, AlertUrgency
from logistics import exchanges, followups, locks, outbox, promises, siting, visits
from logistics.models import Activity, FollowUp, Visit
from logistics.nextsteps import follow_up
from logistics.states import ActivityKind, ActivityState, FollowUpKind, VisitState
from logistics.work import Kind

log = logging.getLogger(__name__)

AGAIN = timedelta(minutes=15)  # between two tries for a unit that nothing is free for, so that every unit has its turn
_INSPECTED = "Looked at: close it with its outcome"
_U = AlertUnitState


def carry_out(*, by: str, at: datetime) -> int:
    """Raise a visit for each unit at home that has none: by urgency, then deadline, then the longest at home; at most
    RECALL_VISITS_AT_ONCE a sweep. What came of earlier visits is settled first. Returns how many were raised.

    Asking again, or by two workers at once, raises nothing twice.
    """
    settle(by=by, at=at)
    most = settings.SERVICE["RECALL_VISITS_AT_ONCE"]
    keys = list(_waiting(at).values_list("pk", flat=True)[:most])
    return sum(_try(pk, by=by, at=at) for pk in keys)


_HOME = Q(asset__state__in=sorted(AT_HOME)) | Q(loan__isnull=False, loan__ended_at__isnull=True)
_RANK = {AlertUrgency.IMMEDIATE: 0, AlertUrgency.URGENT: 1, AlertUrgency.ROUTINE: 2}


def _waiting(at: datetime) -> QuerySet[AlertUnit]:
    """Units at home without a visit whose turn it is. What only a person can decide is asked once."""
    its = Q(asset=OuterRef("asset")) | Q(pk=OuterRef("loan"))
    died = Loan.objects.filter(its, ended_at__isnull=True, person__died_on__isnull=False)
    its = Q(loan__asset=OuterRef("asset")) | Q(loan=OuterRef("loan"))
    asked = FollowUp.objects.filter(its, kind=FollowUpKind.RECALL, loan__ended_at__isnull=True)
    rows = AlertUnit.objects.filter(_HOME, state=_U.FOUND)
    rows = rows.exclude(Q(note=_DIED) & Exists(died)).exclude(Q(alert__action=AlertAction.INSPECT) & Exists(asked))
    rows = rows.filter(Q(tried_at__isnull=True) | Q(tried_at__lte=at - AGAIN))
    urgency = Case(*(When(alert__urgency=word, then=Value(rank)) for word, rank in _RANK.items()), default=Value(3))
    started = Loan.objects.filter(asset=OuterRef("asset"), ended_at__isnull=True).values("started_at")[:1]
    since = Coalesce(F("loan__started_at"), Subquery(started), output_field=DateTimeField())
    rows = rows.annotate(urgency=urgency, home_since=since)
    # What nothing was free for has its turn after all others, and among itself in turn.
    return rows.order_by(F("tried_at").asc(nulls_first=True), "urgency", "alert__deadline", "home_since", "pk")


def _try(key: int, *, by: str, at: datetime) -> bool:
    """One unit, in a transaction of its own: a refusal is noted on it, and the others go on."""
    try:
        with transaction.atomic():
            return _raise(key, by=by, at=at)
    except (IntegrityError, OperationalError):
        log.info("A visit for unit %s was raised by somebody else, or is being raised.", key)
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
    anyhow = set(_dealing(unit, loan).filter(state=ActivityState.OPEN).values_list("visit", flat=True))
    visit = _ACTIONS[AlertAction(unit.alert.action)](unit, loan, by=by, at=at)
    if visit is None:
        return False
    note = f"Goes with visit {visit.pk}" if visit.pk in anyhow else _note(visit)
    recall_units.visit_raised(unit, note=note, by=by, at=at)
    return True


def _dealing(unit: AlertUnit, loan: Loan) -> QuerySet[Activity]:
    """What of its visits deals with the unit: its collection; or a functional test, when it is to be looked at."""
    return Activity.objects.filter(_deals(unit.alert.action), loan=loan).select_related("visit")


def _deals(action: str) -> Q:
    looked_at = Q(kind=ActivityKind.INSPECTION, tests__contains=[TestKind.FUNCTIONAL.value])
    fetched = Q(kind=ActivityKind.COLLECTION)
    return fetched | looked_at if action == AlertAction.INSPECT else fetched


def loan_of(unit: AlertUnit) -> Loan | None:
    """The open loan by which the unit is at somebody's home."""
    rows = Loan.objects.filter(ended_at__isnull=True).select_related("person__organisation", "address", "product")
    return rows.filter(pk=unit.loan_id).first() if unit.loan_id else rows.filter(asset=unit.asset_id).first()


def _note(visit: Visit) -> str:
    return f"Visit {visit.pk}"


def _notes(visit: Visit) -> set[str]:
    """Of the visit and of the attempts before it."""
    return {_note(visit)} | (_notes(visit.attempt_of) if visit.attempt_of is not None else set())


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
    locks.address(loan.address_id)
    current = _dealing(unit, loan).filter(state=ActivityState.OPEN).first()
    if current is not None:
        return current.visit
    due = Activity.objects.filter(loan=loan, kind=ActivityKind.INSPECTION, state=ActivityState.OPEN).first()
    if due is not None:
        return _with_its_test(unit, due, at=at)
    store = siting.depot_for(loan.address, loan.person.organisation)
    visit = exchanges.visit_to(loan, store, _due(unit.alert, at), at=at)
    Activity.objects.create(visit=visit, kind=ActivityKind.INSPECTION, loan=loan, tests=[TestKind.FUNCTIONAL.value])
    outbox.put(Kind.PLAN, store.pk, at=at)
    return visit


def _with_its_test(unit: AlertUnit, due: Activity, *, at: datetime) -> Visit | None:
    """Another test of it is made there anyhow: this one with it, unless the crew is on its way already."""
    visit = locks.visit(due.visit_id)
    if visit.state not in (VisitState.OPEN, VisitState.PLANNED):
        recall_units.wait(unit, note=f"After visit {visit.pk}, which tests it for something else", at=at)
        return None
    due.tests = [*due.tests, TestKind.FUNCTIONAL.value]
    due.save(update_fields=["tests"])
    outbox.put(Kind.PLAN, visit.store_id, at=at)
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
    going = _going(AlertAction.SWAP) | (Q(alert__action=AlertAction.INSPECT) & _going(AlertAction.INSPECT))
    rows = AlertUnit.objects.filter(_HOME)
    over = rows.filter(state=_U.VISIT).exclude(going).exclude(note=_INSPECTED)
    begun = rows.filter(going, state=_U.UNREACHABLE)
    gone = AlertUnit.objects.filter(state=_U.WITHDRAWN, note__startswith="Visit ").filter(going)
    _close_questions(by=by, at=at)
    changed = 0
    for found, verb in ((over, _after), (begun, _begun), (gone, _call_off)):
        for key in list(found.order_by("pk").values_list("pk", flat=True)):
            changed += _one(key, verb, by=by, at=at)
    return changed


def _going(action: str) -> Q:
    """Units of which an open activity deals with what such an alert asks."""
    open_ones = Activity.objects.filter(_deals(action), state=ActivityState.OPEN, loan__ended_at__isnull=True)
    return Q(asset__in=open_ones.filter(loan__asset__isnull=False).values("loan__asset")) | Q(
        loan__in=open_ones.filter(loan__asset__isnull=True).values("loan")
    )


def _close_questions(*, by: str, at: datetime) -> None:
    """What the depot was asked is overtaken: a visit has been raised since, or the unit is closed, or has left."""
    its = Q(asset=OuterRef("loan__asset")) | Q(loan=OuterRef("loan"))
    waiting = AlertUnit.objects.filter(its).filter(Q(state=_U.FOUND) | Q(state=_U.VISIT, note=_INSPECTED))
    asked = FollowUp.objects.filter(kind=FollowUpKind.RECALL, closed_at__isnull=True, loan__isnull=False)
    for step in asked.filter(Q(loan__ended_at__isnull=False) | ~Exists(waiting)).order_by("pk"):
        try:
            followups.end(step, by=by, at=at)
        except DomainError:
            log.info("Follow-up %s was closed by somebody else.", step.pk)


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
    last = _dealing(unit, loan).order_by("-pk").first()
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
    last = _dealing(unit, loan).filter(state=ActivityState.OPEN).first()
    if unit.state != _U.UNREACHABLE or last is None:
        return False
    recall_units.visit_raised(unit, note=_note(last.visit), by=by, at=at)
    return True


def _call_off(unit: AlertUnit, loan: Loan, *, by: str, at: datetime) -> bool:
    """A wrong match: the visit that was raised for it is not made, unless the van has left."""
    activity = _dealing(unit, loan).filter(state=ActivityState.OPEN).first()
    if activity is None or unit.note not in _notes(activity.visit):
        return False
    visits.call_off(activity.visit, [activity], by=by, at=at, reason=f"Not under {unit.alert.reference} after all")
    AlertUnit.objects.filter(pk=unit.pk).update(note="")
    return True
