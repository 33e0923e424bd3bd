"""Visits: raise them for what is reserved or due back, change when they may be, and call them off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from equipment import allocation, loans
from equipment.errors import Refused
from equipment.models import Loan, Reservation, Store
from logistics import locks, outbox, pauses, promises, siting
from logistics.lifecycle import advance, record
from logistics.models import Activity, Order, OrderLine, Stop, Visit
from logistics.states import REPLANNABLE, ActivityKind, ActivityState, LineState, OrderState, VisitState
from logistics.work import Kind

_CHANGEABLE = (VisitState.OPEN, VisitState.PLANNED)


@transaction.atomic
def raise_delivery(order: Order, *, by: str, at: datetime) -> Visit | None:
    """Put everything reserved for an authorised order on a visit: one that can still take it, or a new one.

    A composite waits until all its parts are reserved (rule 11). None when there is nothing to bring, or when it waits
    because of where the person is (rule 26).
    """
    if order.state != OrderState.AUTHORISED or pauses.holds(order):
        return None
    waiting = _to_bring(order)
    if not waiting:
        return None
    visit = _open_visit(order) or _new_visit(order, at=at)
    Activity.objects.bulk_create(
        Activity(visit=visit, kind=ActivityKind.DELIVERY, line=line, reservation=reservation)
        for line, reservation in waiting
    )
    if order.discharge_id and not visit.critical and any(line.critical for line, _ in waiting):
        visit.critical = True
        visit.save(update_fields=["critical"])
    outbox.put(Kind.PLAN, visit.store_id, at=at)
    return visit


def _to_bring(order: Order) -> list[tuple[OrderLine, Reservation]]:
    """Live reservations of complete lines that no visit carries yet."""
    lines = list(order.lines.filter(state=LineState.OPEN).prefetch_related("allocations__reservation__activities"))
    complete = _complete(lines)
    return [
        (line, allocation_row.reservation)
        for line in lines
        if complete[line.part_of_id or line.pk]
        for allocation_row in line.allocations.all()
        if allocation_row.reservation.is_live and not _carried(allocation_row.reservation)
    ]


def _complete(lines: Iterable[OrderLine]) -> dict[int, bool]:
    """Per line, or composite, whether all of it is reserved. A simple line may go in part."""
    complete: dict[int, bool] = defaultdict(lambda: True)
    for line in lines:
        if line.part_of_id is not None:
            reserved = sum(a.reservation.quantity for a in line.allocations.all() if a.reservation.is_live)
            complete[line.part_of_id] &= reserved >= line.quantity
    return complete


def _carried(reservation: Reservation) -> bool:
    return any(activity.state == ActivityState.OPEN for activity in reservation.activities.all())


def _open_visit(order: Order) -> Visit | None:
    """A visit to the same door for the same reason that can still take more."""
    rows = Visit.objects.filter(address=order.address, discharge=order.discharge, store=order.store)
    found = rows.filter(can_take_more()).order_by("pk").first()
    return locks.visit(found.pk) if found else None


def can_take_more() -> Q:
    """Visits that no plan has placed yet, or on a route that may still change."""
    return Q(state=VisitState.OPEN) | Q(
        state=VisitState.PLANNED, stops__live=True, stops__route__state__in=sorted(REPLANNABLE)
    )


def _new_visit(order: Order, *, at: datetime) -> Visit:
    return Visit.objects.create(
        organisation=order.organisation,
        store=order.store,
        person=order.person,
        address=order.address,
        discharge=order.discharge,
        needed_by=order.needed_by or order.sla_due_at,
        raised_at=at,
    )


@transaction.atomic
def raise_collection(loan: Loan, *, by: str, at: datetime, not_before: date | None = None, reason: str = "") -> Visit:
    """The person no longer needs it: fetch it, together with whatever else is called for at that address.

    Asking again gives the visit there already is. Refused after a death until a person has agreed it with the next of
    kin (rule 27).
    """
    open_ones = Activity.objects.filter(loan=loan, kind=ActivityKind.COLLECTION, state=ActivityState.OPEN)
    current = open_ones.select_related("visit").first()
    if current is not None:
        return current.visit
    pauses.require_agreed(loan)
    loans.request_collection(loan, by=by, at=at, reason=reason)
    store = siting.depot_for(loan.address, loan.person.organisation)
    visit = Visit.objects.filter(address=loan.address, discharge=None, store=store, state=VisitState.OPEN).first()
    if visit is None:
        visit = Visit.objects.create(
            organisation=loan.person.organisation,
            store=store,
            person=loan.person,
            address=loan.address,
            needed_by=promises.due_at(at, calendar_of(store), settings.SERVICE["COLLECTION_WORKING_DAYS"]),
            not_before=not_before,
            raised_at=at,
        )
    Activity.objects.create(visit=visit, kind=ActivityKind.COLLECTION, loan=loan)
    stop_tests(loan, by=by, at=at)
    outbox.put(Kind.PLAN, store.pk, at=at)
    return visit


def stop_tests(loan: Loan, *, by: str, at: datetime) -> None:
    """What is going to be fetched is not tested first: its test at home is off, unless the van has left for it."""
    tests = Activity.objects.filter(loan=loan, kind=ActivityKind.INSPECTION, state=ActivityState.OPEN)
    for test in tests.filter(visit__state__in=_CHANGEABLE).select_related("visit"):
        call_off(test.visit, [test], by=by, at=at, reason="It is going to be fetched.")


def calendar_of(store: Store) -> promises.Calendar:
    """The days a store works."""
    return promises.Calendar(store.weekdays, settings.SERVICE["REGION"])


@transaction.atomic
def withdraw(visit: Visit, *, by: str, at: datetime, reason: str) -> None:
    """Take a visit off its route again, so that the next plan finds it another place.

    Refused once the van has left with it.
    """
    held = locks.visit(visit.pk)
    if held.state == VisitState.OPEN:
        return
    if held.state != VisitState.PLANNED:
        raise Refused(
            "already_out", f"{held} has left the store: it can no longer be moved by itself.", state=held.state
        )
    stop = Stop.objects.filter(visit=held, live=True).select_related("route").first()
    if stop is not None:
        _put_back(held, by=by, at=at)
        stop.delete()
    advance(held, VisitState.OPEN, by=by, at=at, reason=reason, values={"window_from": None, "window_to": None})


def _put_back(visit: Visit, *, by: str, at: datetime) -> None:
    """Kit picked or loaded for a visit that will not be made from this route goes back to its shelf, still reserved."""
    for activity in visit.activities.filter(kind=ActivityKind.DELIVERY, state=ActivityState.OPEN):
        if activity.reservation is not None:
            allocation.put_back(activity.reservation, visit.store, by=by, at=at)
            if activity.reservation.asset_id is None:  # what is numbered says so itself
                record(activity, verb="put_back", to_state=activity.state, at=at, by=by)


@transaction.atomic
def call_off(visit: Visit, activities: Iterable[Activity], *, by: str, at: datetime, reason: str) -> None:
    """Take some things off a visit: kit goes back to the shelf, free for others; what was to be collected stays. An
    exchange goes whole: with one half its other.

    The visit keeps its place for the rest, and is cancelled when nothing is left. Refused once the van has left.
    """
    held = _changeable(visit)
    for activity in _both_halves(held, activities):
        advance(activity, ActivityState.CANCELLED, by=by, at=at, reason=reason)
        if activity.reservation is not None and activity.reservation.is_live:
            allocation.put_back(activity.reservation, held.store, by=by, at=at)
            allocation.release(activity.reservation, by=by, at=at)
        elif activity.loan is not None and activity.kind == ActivityKind.COLLECTION:
            loans.keep(activity.loan, by=by, at=at, reason=reason)
    _close_when_empty(held, by=by, at=at, reason=reason)


def _both_halves(visit: Visit, activities: Iterable[Activity]) -> list[Activity]:
    """These and, of an exchange, its other half: nobody is left without, and nobody has it twice."""
    given = list(activities)
    exchanged = {one.instead_of_id for one in given} | {
        one.loan_id for one in given if one.kind == ActivityKind.COLLECTION
    }
    halves = Q(instead_of__in=exchanged - {None}) | Q(loan__in=exchanged - {None}, kind=ActivityKind.COLLECTION)
    others = visit.activities.filter(halves, state=ActivityState.OPEN).exclude(pk__in=[one.pk for one in given])
    return [*given, *others.select_related("reservation", "loan__asset").order_by("pk")]


@transaction.atomic
def hold_back(visit: Visit, activities: Iterable[Activity], *, by: str, at: datetime, reason: str) -> None:
    """Take deliveries off a visit without giving anything up: back to the shelf, still reserved for the person, until
    the rest of the set is there too (rule 11). Refused once the van has left.
    """
    held = _changeable(visit)
    for activity in activities:
        advance(activity, ActivityState.CANCELLED, by=by, at=at, reason=reason)
        if activity.reservation is not None and activity.reservation.is_live:
            allocation.put_back(activity.reservation, held.store, by=by, at=at)
    _close_when_empty(held, by=by, at=at, reason=reason)


@transaction.atomic
def bring_instead(
    visit: Visit,
    line: OrderLine | None,
    made: Iterable[Reservation],
    *,
    at: datetime,
    instead_of: Loan | None = None,
) -> list[Activity]:
    """Put what was reserved in the place of something short on the same visit, though its route is being picked; or
    what is brought instead of a loan.

    What was short is of the same product, so the van's load and the crew's time stay as planned.
    """
    held = _changeable(visit)
    return Activity.objects.bulk_create(
        Activity(visit=held, kind=ActivityKind.DELIVERY, line=line, reservation=reservation, instead_of=instead_of)
        for reservation in made
    )


def _changeable(visit: Visit) -> Visit:
    held = locks.visit(visit.pk)
    if held.state not in _CHANGEABLE:
        raise Refused("already_out", f"{held} has left the store: it can no longer be called off.", state=held.state)
    return held


def _close_when_empty(held: Visit, *, by: str, at: datetime, reason: str) -> None:
    if not held.activities.filter(state=ActivityState.OPEN).exists():
        withdraw(held, by=by, at=at, reason=reason)
        held.refresh_from_db()
        advance(held, VisitState.CANCELLED, by=by, at=at, reason=reason)
    outbox.put(Kind.PLAN, held.store_id, at=at)
