"""What the scan page does for the vans: pick off the shelf, and load. The job is the route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from equipment import allocation
from equipment.duties import Actor
from equipment.errors import Refused
from equipment.jobs import Capability, ScanMode
from equipment.models import Asset, Location, Reservation
from equipment.scanning.registry import About, Input, Job, Step, not_here, register, register_undo
from logistics import locks, picking, promises
from logistics.models import Activity, Route
from logistics.picking import NOT_YET_OUT, Row
from logistics.picking import Step as Far
from logistics.states import ActivityState, RouteState


def open_routes(about: About) -> list[Job]:
    """The routes of the store that are still to be loaded, soonest first."""
    if about.store is None:
        return []
    rows = Route.objects.filter(store=about.store, day__gte=promises.today(about.at), state__in=NOT_YET_OUT)
    return [Job(row.pk, str(row)) for row in rows.select_related("shift__van").order_by("day", "starts_at", "pk")]


def pick(step: Input) -> Step:
    """Take what was scanned off its shelf for the route chosen; without one, for whichever route of the next day of
    work wants it.
    """
    if step.code.kind == "command":
        raise not_here(step)
    store = step.need_store()
    chosen = _chosen(step)
    day = chosen.day if chosen else _next_day(step)
    done = picking.pick(
        store, day, scanned=_scanned(step), by=step.by, at=step.at, chosen=None if chosen is None else [chosen]
    )
    listed = picking.wave(store, day, None if chosen is None else [chosen])
    where = f"for {done[0].van}, stop {done[0].stop}"
    total = len(listed.rows)
    return _step(done, where, f"{total - len(listed.to_pick())} of {total} picked", undo="picked")


def load(step: Input) -> Step:
    """Put what was scanned on the van of the route chosen."""
    if step.code.kind == "command":
        raise not_here(step)
    step.need_job("the van to load")
    route = _route(step)
    done = picking.load(route, scanned=_scanned(step), by=step.by, at=step.at)
    rows = picking.staging_list(route)
    aboard = sum(row.step == Far.ABOARD for row in rows)
    return _step(done, f"on {done[0].van}, for stop {done[0].stop}", f"{aboard} of {len(rows)} aboard", undo="loaded")


def to_pick(about: About, job: int) -> list[tuple[str, str]]:
    """What the route still wants, in the order of the shelves."""
    return _progress(about, job, _TONES)


def to_load(about: About, job: int) -> list[tuple[str, str]]:
    """The same at the van: only what is on it is done."""
    return _progress(about, job, {**_TONES, Far.PICKED: "todo", Far.STAGED: "todo"})


def _progress(about: About, job: int, tones: Mapping[Far, str]) -> list[tuple[str, str]]:
    route = Route.objects.filter(pk=job, store=about.store).select_related("store").first()
    if route is None:
        return []
    rows = picking.wave(route.store, route.day, [route]).rows
    return [(f"{row.location} {row} ({row.state.lower()})".strip(), tones[row.step]) for row in rows]


_TONES = {Far.TO_PICK: "todo", Far.PICKED: "good", Far.STAGED: "good", Far.ABOARD: "good", Far.ASIDE: "bad"}


def _chosen(step: Input) -> Route | None:
    return _route(step) if step.job else None


def _route(step: Input) -> Route:
    """The route chosen. Raises Refused when it is another store's."""
    found = (
        Route.objects.filter(pk=step.job or 0, store=step.need_store()).select_related("shift__van", "store").first()
    )
    if found is None:
        raise Refused("no_such_route", "This route is not one of this store's: choose it again.")
    return found


def _next_day(step: Input) -> date:
    today = promises.today(step.at)
    coming = Route.objects.filter(store=step.store, day__gte=today, state__in=NOT_YET_OUT).order_by("day")
    return coming.values_list("day", flat=True).first() or today


def _scanned(step: Input) -> str:
    """As our lists know it, whichever way it was scanned."""
    if step.asset is not None:
        return step.asset.number
    if step.location is not None:
        return step.location.code
    return step.product.stock_code if step.product is not None else step.code.text


def _step(done: Sequence[Row], where: str, lines: str, *, undo: str) -> Step:
    """What is counted has no number to undo it by: it can be scanned again once it was put back."""
    row = done[0]
    what = ", ".join(str(one) for one in done)
    if row.reservation.asset is None:
        return Step(f"{what}: {where}.", stock_line=row.reservation.stock_line, lines=lines)
    back: dict[str, Any] = {"undo": undo, "reservation": row.reservation.pk, "route": row.route.pk}
    back["location"] = row.reservation.asset.location_id  # as it stood before
    return Step(f"{what}: {where}.", asset=row.reservation.asset, undo=back, lines=lines)


def put_back(asset: Asset | None, undo: dict[str, Any], *, by: Actor, at: datetime) -> str:
    """Back to where it was promised from: still reserved for the same person and the same visit."""
    reservation = Reservation.objects.get(pk=undo["reservation"])
    route = locks.route(undo["route"])
    if route.state != RouteState.LOADING:
        raise Refused("not_loading", f"{route} is {route.get_state_display().lower()}: nothing is put back now.")
    if not Activity.objects.filter(reservation=reservation, state=ActivityState.OPEN).exists():
        raise Refused("not_on_a_visit", f"{asset} is on no visit any more.")
    place = Location.objects.filter(pk=undo["location"] or 0, store=route.store, closed_on=None).first()
    shelf = place if place is not None and Capability.SHELF in place.capabilities else None
    allocation.put_back(reservation, route.store, by=by, at=at, location=shelf)
    return f"{asset} is back, and still to pick for {route.shift.van.registration}."


def _hold(undo: dict[str, Any]) -> Route:
    """The verbs lock the route before what stands on it."""
    return locks.route(undo["route"])


_SHOWN = {"job_label": "Van", "jobs": open_routes}
register(ScanMode.PICK, pick, lead="Scan what you take off the shelf.", progress=to_pick, **_SHOWN)
register(ScanMode.LOAD, load, lead="Scan what you put on the van.", progress=to_load, **_SHOWN)
register_undo("picked", put_back, hold=_hold)
register_undo("loaded", put_back, hold=_hold)
