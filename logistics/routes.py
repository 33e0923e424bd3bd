"""Routes: confirm, pick, load, set out, and unload at the dock. What happens at each door is in `doors`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from equipment import allocation, duties, loans, receiving
from equipment.duties import Duty
from equipment.errors import Refused
from equipment.jobs import Capability
from equipment.models import Asset, Location, Reservation
from equipment.states import AssetState
from logistics import locks
from logistics.lifecycle import advance, record
from logistics.models import Activity, OrderLine, Route, Stop
from logistics.states import LIVE_VISIT, REPLANNABLE, ActivityKind, ActivityState, LineState, RouteState, VisitState


@dataclass(frozen=True)
class LoadItem:
    """One thing to put on the van, for which stop; `aboard` once it is loaded."""

    sequence: int
    activity: Activity
    reservation: Reservation
    aboard: bool


@transaction.atomic
def confirm(route: Route, *, by: str, at: datetime) -> Route:
    """People may now be told their windows; from here on plans keep them (rule 32)."""
    held = locks.route(route.pk)
    if not held.stops.filter(live=True).exists():
        raise Refused("no_stops", f"{held} has no stops: there is nothing to confirm.")
    advance(held, RouteState.CONFIRMED, by=by, at=at)
    return held


@transaction.atomic
def start_loading(route: Route, *, by: str, at: datetime) -> Route:
    """Fix the route: no plan touches it any more."""
    held = locks.route(route.pk)
    if not held.stops.filter(live=True).exists():
        raise Refused("no_stops", f"{held} has no stops: there is nothing to load.")
    advance(held, RouteState.LOADING, by=by, at=at)
    return held


def load_list(route: Route) -> list[LoadItem]:
    """What goes on the van, last stop first, so that the first stop's kit stands at the door."""
    rows = (
        Activity.objects.filter(visit__stops__route=route, visit__stops__live=True, kind=ActivityKind.DELIVERY)
        .exclude(state=ActivityState.CANCELLED)
        .select_related("reservation__asset__product", "reservation__product", "reservation__stock_line", "visit")
        .prefetch_related("visit__stops")
    )
    items = []
    for row in rows:
        [sequence] = [stop.sequence for stop in row.visit.stops.all() if stop.live]
        if row.reservation is not None:
            items.append(LoadItem(sequence, row, row.reservation, row.reservation.issued_at is not None))
    return sorted(items, key=lambda item: (-item.sequence, item.activity.pk))


@transaction.atomic
def pick(route: Route, *, scanned: str, by: str, at: datetime) -> Reservation:
    """Scan an asset off the shelf for this route."""
    held = _being_loaded(route, by=by, at=at)
    reservation = _wanted(held, scanned)
    allocation.pick(reservation, scanned=scanned, by=by, at=at)
    return reservation


@transaction.atomic
def stage(route: Route, *, scanned: str, by: str, at: datetime) -> Reservation:
    """Scan an asset into the lane of its van; it is picked on the way if nobody has."""
    held = _being_loaded(route, by=by, at=at)
    reservation = _wanted(held, scanned)
    if reservation.asset is not None and reservation.asset.state == AssetState.RESERVED:
        allocation.pick(reservation, scanned=scanned, by=by, at=at)
    allocation.stage(reservation, scanned=scanned, by=by, at=at, location=lane_of(held))
    return reservation


@transaction.atomic
def tick_counted(route: Route, activities: Iterable[Activity], *, verb: str, by: str, at: datetime) -> None:
    """Record that counted stock of this route was taken off its shelf (`pick`) or stands in the lane (`stage`).

    What is counted has no number and no state of its own, so the event is the record.
    """
    held = _being_loaded(route, by=by, at=at)
    for activity in activities:
        if activity.reservation is not None:
            allocation.pick(activity.reservation, scanned="", by=by, at=at)
        record(activity, verb=verb, to_state=activity.state, at=at, by=by, facts={"route": held.pk})


def lane_of(route: Route) -> Location | None:
    """Where the van's load is put together: the lane labelled with its registration, or the store's only one."""
    open_ones = Q(closed_on__isnull=True) | Q(closed_on__gt=route.day)
    lanes = list(Location.objects.filter(open_ones, store=route.store_id, capabilities__contains=[Capability.STAGE]))
    van = _plain(route.shift.van.registration)
    own = [lane for lane in lanes if van in (_plain(lane.code), _plain(lane.name))]
    return own[0] if own else lanes[0] if len(lanes) == 1 else None


def _plain(text: str) -> str:
    return text.replace(" ", "").upper()


@transaction.atomic
def load(route: Route, *, scanned: str, by: str, at: datetime) -> Reservation:
    """Scan an asset onto the van; it is picked on the way if nobody has."""
    held = _being_loaded(route, by=by, at=at)
    reservation = _wanted(held, scanned)
    if reservation.asset is not None and reservation.asset.state == AssetState.RESERVED:
        allocation.pick(reservation, scanned=scanned, by=by, at=at)
    allocation.load(reservation, vehicle=held.shift.van.registration, scanned=scanned, by=by, at=at)
    return reservation


@transaction.atomic
def load_counted(route: Route, *, by: str, at: datetime, only: Iterable[int] | None = None) -> int:
    """Put all counted stock of the route on the van, or `only` these reservations; returns how many were loaded."""
    held = _being_loaded(route, by=by, at=at)
    duties.require(by, Duty.PICK, held.store_id)
    items = [item for item in load_list(held) if item.reservation.asset_id is None and not item.aboard]
    if only is not None:
        chosen = set(only)
        items = [item for item in items if item.reservation.pk in chosen]
    for item in items:
        allocation.load(item.reservation, vehicle=held.shift.van.registration, by=by, at=at)
    return len(items)


def _being_loaded(route: Route, *, by: str, at: datetime) -> Route:
    """The route, locked and fixed for loading; the first thing picked or loaded fixes it."""
    held = locks.route(route.pk)
    if held.state == RouteState.LOADING:
        return held
    if held.state not in REPLANNABLE:
        raise Refused("not_loading", f"{held} is {held.get_state_display().lower()}.", state=held.state)
    return start_loading(held, by=by, at=at)


def _wanted(route: Route, scanned: str) -> Reservation:
    """The live reservation on this route that the scanned number answers (rule 10)."""
    code = scanned.strip()
    for item in load_list(route):
        asset = item.reservation.asset
        if asset is not None and code in (asset.number, asset.barcode):
            return item.reservation
    known = Asset.objects.filter(number=code, store=route.store_id).select_related("product").first()
    what = (
        f"{code} is a {known.product.name}, but not for this route"
        if known
        else f"{code or 'Nothing'} is no asset number we know"
    )
    raise Refused("wrong_asset", f"{what}.", scanned=code)


@transaction.atomic
def set_out(route: Route, *, by: str, at: datetime) -> Route:
    """The van leaves. Refused while anything on its list is not aboard: a visit without its kit is taken off the
    route first.
    """
    held = locks.route(route.pk)
    missing = [item for item in load_list(held) if not item.aboard and item.activity.state == ActivityState.OPEN]
    if missing:
        names = ", ".join(str(item.reservation.asset or item.reservation.product.name) for item in missing[:5])
        raise Refused("not_loaded", f"Still to load: {names}.", missing=len(missing))
    _require_whole_sets(held)
    if held.state in REPLANNABLE:
        held = start_loading(held, by=by, at=at)
    advance(held, RouteState.OUT, by=by, at=at)
    for stop in _live_stops(held):
        advance(stop.visit, VisitState.OUT, by=by, at=at)
    return held


def _require_whole_sets(route: Route) -> None:
    """Rule 11: a set leaves complete. What of it is neither on this route nor with the person keeps the rest here."""
    carried = Activity.objects.filter(
        visit__stops__route=route, visit__stops__live=True, state=ActivityState.OPEN, line__part_of__isnull=False
    )
    whole = dict(carried.values_list("line__part_of", "visit"))
    parts = OrderLine.objects.filter(part_of__in=whole, state=LineState.OPEN).select_related(
        "product", "part_of__product"
    )
    aboard = set(carried.values_list("reservation", flat=True))
    for line in parts.prefetch_related("allocations__reservation"):
        held = [row.reservation for row in line.allocations.all()]
        here = sum(r.quantity for r in held if r.pk in aboard or r.loan_id is not None)
        if here < line.quantity and line.part_of is not None and line.part_of_id is not None:
            raise Refused(
                "incomplete_set",
                f"{line.part_of.product.name} goes complete or not at all: {line.product.name} is not on this route. "
                f"Bring it, or take visit {whole[line.part_of_id]} off the route.",
                missing=line.product.stock_code,
            )


@transaction.atomic
def finish(route: Route, *, by: str, at: datetime) -> Route:
    """Back at the dock: what was not delivered goes back to its shelf, what was collected straight to quarantine
    (rule 31).

    Refused while a stop has neither been done nor failed: nothing ends by being forgotten (rule 33).
    """
    held = locks.route(route.pk)
    waiting = [stop for stop in _live_stops(held) if stop.visit.state in LIVE_VISIT]
    if waiting:
        raise Refused(
            "stops_open", f"{len(waiting)} stops are neither done nor failed.", stops=[s.sequence for s in waiting]
        )
    _unload(held, by=by, at=at)
    advance(held, RouteState.FINISHED, by=by, at=at)
    return held


def _unload(route: Route, *, by: str, at: datetime) -> None:
    rows = Activity.objects.filter(visit__stops__route=route).select_related(
        "reservation", "loan__asset", "loan__product", "loan__stock_line"
    )
    for activity in rows.order_by("pk").distinct():
        reservation, loan = activity.reservation, activity.loan
        if reservation is not None and reservation.is_live and reservation.issued_at is not None:
            allocation.unload(reservation, route.store, by=by, at=at)
        elif loan is not None and activity.state == ActivityState.DONE:
            if loan.asset is not None and loan.asset.state == AssetState.RETURNING:
                receiving.take_back(loan.asset, route.store, by=by, at=at)
            elif loan.asset is None:
                loans.book_in_quantity(loan, route.store, by=by, at=at)


def _live_stops(route: Route) -> Iterable[Stop]:
    return route.stops.filter(live=True).select_related("visit").order_by("sequence")
