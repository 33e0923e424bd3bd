"""Pick and stage: what stands where for which van, in the order of the shelves; and what to do when it is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Prefetch

from equipment import codes, duties, substitutes
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.models import Asset, Reservation, Store
from equipment.states import AssetState, label
from equipment.substitutes import Offer
from logistics import exchanges, locks, ordering, outbox, promises, routes, visits
from logistics.lifecycle import record
from logistics.models import Activity, Event, FollowUp, OrderLine, Route, Stop, Visit
from logistics.nextsteps import follow_up
from logistics.states import ActivityKind, ActivityState, FollowUpKind, RouteState
from logistics.work import Kind

NOT_YET_OUT = (RouteState.PLANNED, RouteState.CONFIRMED, RouteState.LOADING)


class Step(StrEnum):
    """How far a thing has come on its way to the van."""

    TO_PICK = "to_pick"
    PICKED = "picked"
    STAGED = "staged"
    ABOARD = "aboard"
    ASIDE = "aside"  # held, lost or the like since it was reserved: it needs another in its place


_STEP_OF = {
    AssetState.RESERVED: Step.TO_PICK,
    AssetState.PICKED: Step.PICKED,
    AssetState.STAGED: Step.STAGED,
    AssetState.LOADED: Step.ABOARD,
}
_TICKED = {"pick": Step.PICKED, "stage": Step.STAGED, "put_back": Step.TO_PICK}


@dataclass(frozen=True)
class Row:
    """One thing to bring to one van, for which stop."""

    route: Route
    stop: int
    activity: Activity
    reservation: Reservation
    step: Step

    @property
    def van(self) -> str:
        return self.route.shift.van.registration

    @property
    def what(self) -> str:
        return self.reservation.product.name

    @property
    def number(self) -> str:
        """The asset's number; empty for what is counted."""
        return self.reservation.asset.number if self.reservation.asset else ""

    @property
    def quantity(self) -> int:
        return self.reservation.quantity

    @property
    def location(self) -> str:
        """The code of the place where it stands; empty when nobody has put it anywhere."""
        thing = self.reservation.asset or self.reservation.stock_line
        return thing.location.code if thing is not None and thing.location is not None else ""

    @property
    def state(self) -> str:
        asset = self.reservation.asset
        return label(asset.state) if self.step == Step.ASIDE and asset is not None else _WORDS[self.step]

    def __str__(self) -> str:
        return f"{self.number or self.quantity} {self.what}"


_WORDS = {
    Step.TO_PICK: "To pick",
    Step.PICKED: "Picked",
    Step.STAGED: "In its lane",
    Step.ABOARD: "On the van",
    Step.ASIDE: "Out of use",
}


@dataclass(frozen=True)
class PickList:
    """The rows of some routes in the order of the shelves; what is done stands behind what is to do."""

    routes: tuple[Route, ...]
    rows: tuple[Row, ...]

    def of(self, route: Route) -> list[Row]:
        """The rows of one van, last stop first, so that the first stop's kit stands at the door."""
        own = [row for row in self.rows if row.route.pk == route.pk]
        return sorted(own, key=lambda row: (-row.stop, row.activity.pk))

    def to_pick(self) -> list[Row]:
        return [row for row in self.rows if row.step in (Step.TO_PICK, Step.ASIDE)]


def wave(store: Store, day: date, chosen: Iterable[Route] | None = None) -> PickList:
    """Everything to bring to the vans of a store on a day that are not out yet, or to those chosen; in four queries
    however much it is.
    """
    own = Route.objects.filter(store=store, day=day, state__in=NOT_YET_OUT)
    if chosen is not None:
        own = own.filter(pk__in=[route.pk for route in chosen])
    found = tuple(own.select_related("shift__van", "store").order_by("starts_at", "pk"))
    stops = _stops(found)
    activities = [activity for stop in stops for activity in stop.visit.activities.all()]
    ticked = _ticked(activities)
    by_key = {route.pk: route for route in found}
    rows = [
        Row(by_key[stop.route_id], stop.sequence, activity, activity.reservation, _step(activity, stop, ticked))
        for stop in stops
        for activity in stop.visit.activities.all()
        if activity.reservation is not None
    ]
    return PickList(found, tuple(sorted(rows, key=_shelf_order)))


def _stops(found: Sequence[Route]) -> list[Stop]:
    related = ("asset__product", "asset__location", "product", "composite", "person", "stock_line__location")
    live = Activity.objects.filter(kind=ActivityKind.DELIVERY, state=ActivityState.OPEN)
    live = live.select_related(*(f"reservation__{name}" for name in related))
    stops = Stop.objects.filter(route__in=found, live=True).select_related("visit")
    return list(stops.prefetch_related(Prefetch("visit__activities", live)).order_by("route_id", "sequence"))


def _ticked(activities: Sequence[Activity]) -> dict[tuple[int, int], Step]:
    """How far counted stock has come, by activity and route: the last thing recorded of it there."""
    counted = [a.pk for a in activities if a.reservation is not None and a.reservation.asset_id is None]
    events = Event.objects.filter(subject="activity", subject_id__in=counted, verb__in=list(_TICKED)).order_by("pk")
    found: dict[tuple[int, int], Step] = {}
    for event in events:
        if event.verb == "put_back":
            found = {key: step for key, step in found.items() if key[0] != event.subject_id}
        else:
            found[event.subject_id, event.facts.get("route", 0)] = _TICKED[event.verb]
    return found


def _step(activity: Activity, stop: Stop, ticked: dict[tuple[int, int], Step]) -> Step:
    reservation = activity.reservation
    if reservation is None or reservation.issued_at is not None:
        return Step.ABOARD
    if reservation.asset is not None:
        return _STEP_OF.get(AssetState(reservation.asset.state), Step.ASIDE)
    return ticked.get((activity.pk, stop.route_id), Step.TO_PICK)


def _shelf_order(row: Row) -> tuple[bool, bool, str, str, int]:
    done = row.step not in (Step.TO_PICK, Step.ASIDE)
    return done, not row.location, row.location, row.reservation.product.stock_code, row.activity.pk


def staging_list(route: Route) -> list[Row]:
    """What goes into the lane of one van, last stop first."""
    return wave(route.store, route.day, [route]).of(route)


# Picking and staging --------------------------------------------------------------------------------------------------


@transaction.atomic
def pick(
    store: Store, day: date, *, scanned: str, by: str, at: datetime, chosen: Iterable[Route] | None = None
) -> list[Row]:
    """Scan off the shelf: an asset by its number, counted stock by its product or location. The route is found.

    Returns what was picked: several rows of counted stock may stand at one place.
    """
    rows = _meant(wave(store, day, chosen).rows, scanned, before=(Step.TO_PICK,))
    return _carry(rows, "pick", by=by, at=at)


@transaction.atomic
def stage(route: Route, *, scanned: str, by: str, at: datetime) -> list[Row]:
    """Scan into the lane of this van, picking on the way what nobody has picked."""
    rows = _meant(staging_list(route), scanned, before=(Step.TO_PICK, Step.PICKED))
    return _carry(rows, "stage", by=by, at=at)


@transaction.atomic
def load(route: Route, *, scanned: str, by: str, at: datetime) -> list[Row]:
    """Scan onto this van, picking on the way what nobody has picked."""
    rows = _meant(staging_list(route), scanned, before=(Step.TO_PICK, Step.PICKED, Step.STAGED))
    return _carry(rows, "load", by=by, at=at)


def _carry(rows: list[Row], verb: str, *, by: str, at: datetime) -> list[Row]:
    for row in rows:
        if row.number:
            _BY_NUMBER[verb](row.route, scanned=row.number, by=by, at=at)
        elif verb == "load":
            routes.load_counted(row.route, by=by, at=at, only=[row.reservation.pk])
        else:
            routes.tick_counted(row.route, [row.activity], verb=verb, by=by, at=at)
    return rows


_BY_NUMBER = {"pick": routes.pick, "stage": routes.stage, "load": routes.load}


def _meant(rows: Sequence[Row], scanned: str, *, before: tuple[Step, ...]) -> list[Row]:
    """The rows that a scan answers and that are not so far yet (rule 10)."""
    named = _named(rows, scanned)
    if not named:
        raise Refused("wrong_asset", f"{_what(rows, scanned)}. Put it back.", scanned=scanned.strip())
    waiting = [row for row in named if row.step in before]
    if not waiting:
        row = named[0]
        raise Refused("done_already", f"{row}, for {row.van}: {row.state.lower()} already.", state=row.step.value)
    # A product that stands at two places is picked at one after the other.
    return [row for row in waiting if row.location == waiting[0].location]


def _named(rows: Sequence[Row], scanned: str) -> list[Row]:
    code = codes.read(scanned)
    names = {name.upper() for name in (code.value, code.text, code.kept, code.gtin, scanned.strip()) if name}
    found = [row for row in rows if row.reservation.asset is not None and names & _labels(row.reservation.asset)]
    return found or [
        row
        for row in rows
        if not row.number
        and names & {row.location.upper(), row.reservation.product.stock_code.upper(), row.reservation.product.gtin}
    ]


def _labels(asset: Asset) -> set[str]:
    return {asset.number, (asset.barcode or asset.number).upper()}


def _what(rows: Sequence[Row], scanned: str) -> str:
    code = codes.read(scanned)
    number, stores = code.value or code.text, {row.route.store_id for row in rows}
    known = Asset.objects.filter(number=number, store__in=stores).select_related("product").first()
    if known is not None:
        return f"{known.number} is a {known.product.name}, but not on this list"
    return f"{code.text or 'What you scanned'} is not on this list"


# Something else instead, and nothing at all ---------------------------------------------------------------------------


def offers(reservation: Reservation) -> list[Offer]:
    """What could go instead: the product that was ordered first, then its approved equivalents, all checks made."""
    activity = _delivery(reservation)
    line = activity.line
    return substitutes.offers(
        activity.reservation or reservation,
        activity.visit.store,
        on=_day(activity.visit, reservation.made_at),
        ordered=line.product if line else None,
    )


@transaction.atomic
def instead(reservation: Reservation, asset: Asset, *, by: str, at: datetime, reason: str, old: str) -> Reservation:
    """Take this asset instead of the one reserved: of the same product, or an approved equivalent (rule 10)."""
    activity = _delivery(reservation)
    visit = locks.visit(activity.visit_id)
    if asset.store_id != visit.store_id:
        raise Refused("another_store", f"{asset} does not stand in {visit.store}: it has to be transferred first.")
    before, given = activity.reservation, {"by": by, "at": at, "reason": reason, "old": old}
    on = _day(visit, at)
    if before is not None and before.product_id == asset.product_id:
        moved = substitutes.swap(reservation, asset, on=on, **given)  # type: ignore[arg-type]
    else:
        ordered = activity.line.product if activity.line else None
        moved = substitutes.substitute(reservation, asset, on=on, ordered=ordered, **given)  # type: ignore[arg-type]
        _require_crew(visit, moved)
        outbox.put(Kind.PLAN, visit.store_id, at=at)  # it may be larger, or take longer to fit
    facts = {"asset": asset.number, "instead_of": str(before.asset) if before else ""}
    record(activity, verb="instead", to_state=activity.state, at=at, by=by, reason=reason[:300], facts=facts)
    return moved


def _require_crew(visit: Visit, reservation: Reservation) -> None:
    """Rule 30: once its route is fixed, a visit takes only what that crew may bring."""
    stop = Stop.objects.filter(visit=visit, live=True).select_related("route__shift__van").first()
    if stop is None or stop.route.state != RouteState.LOADING:
        return
    crew, product = list(stop.route.shift.crew.all()), reservation.product
    if len(crew) < product.crew_size or (product.skill and not any(product.skill in one.skill_set for one in crew)):
        raise Refused("crew", f"{product.name} needs another crew than that of {stop.route.shift.van}.")


@dataclass(frozen=True)
class Short:
    """What became of a short pick: what now goes instead, how many units wait, and the next step where some do."""

    instead: tuple[Reservation, ...]
    waiting: int
    follow_up: FollowUp | None


@transaction.atomic
def short(reservation: Reservation, *, reason: str, by: str, at: datetime, then: str = "lost", found: int = 0) -> Short:
    """It is not there (`lost`) or not fit to go (`quarantine`); of counted stock, only `found` are.

    What is free takes its place on the same visit at once. Otherwise the line waits for supply, and the other parts of
    a set with it (rule 11), and the depot has a follow-up (rule 33).
    """
    fates = {"lost": "missing", "quarantine": "unfit"}
    if then not in fates:
        raise Invalid("then", "Say whether it is lost or goes to quarantine.", field="then")
    activity = _delivery(reservation)
    line = activity.line
    if line is None:
        duties.require(by, Duty.PICK, activity.visit.store_id)
        made, next_step = exchanges.fell_short(activity, old=fates[then], found=found, by=by, at=at, reason=reason)
        return Short(tuple(made), 0 if next_step is None else reservation.quantity - found, next_step)
    locks.order(line.order_id)
    visit = locks.visit(activity.visit_id)
    duties.require(by, Duty.PICK, visit.store_id)
    substitutes.fall_short(reservation, old=fates[then], found=found, by=by, at=at, reason=reason)
    activity = Activity.objects.select_related("reservation").get(pk=activity.pk)  # its hold has ended or shrunk
    made, waiting = ordering.serve_again(line, by=by, at=at)
    whole = line.part_of_id is None or waiting == 0
    if made and whole:
        visits.bring_instead(visit, line, made, at=at)
    gone = [] if found else [activity]
    gone += [] if whole else _rest_of_set(visit, line, but=activity)
    gone += [activity] if found and not whole else []
    if gone:
        visits.hold_back(visit, gone, by=by, at=at, reason=reason)
    follow_up = _tell_the_depot(visit, line, waiting, reason, at=at) if waiting else None
    return Short(tuple(made), waiting, follow_up)


def _rest_of_set(visit: Visit, line: OrderLine, *, but: Activity) -> list[Activity]:
    rows = visit.activities.filter(state=ActivityState.OPEN, line__part_of=line.part_of_id).exclude(pk=but.pk)
    return list(rows.select_related("reservation").order_by("pk"))


def _tell_the_depot(visit: Visit, line: OrderLine, waiting: int, reason: str, *, at: datetime) -> FollowUp:
    due = visit.needed_by or visit.window_from
    when = f"{_local(due):%a} {_local(due).day} {_local(due):%b}" if due else "as soon as it can be"
    rest = f" The rest of {line.part_of.product.name} waits with it." if line.part_of else ""
    action = (
        f"Short: {waiting} x {line.product.name} for {visit.person.initials}, needed {when}.{rest} {reason.strip()}"
    )
    return follow_up(FollowUpKind.SHORT, action, owner="depot", at=at, visit=visit)


def _local(moment: datetime) -> datetime:
    return moment.astimezone(promises.LONDON)


def _day(visit: Visit, otherwise: datetime) -> date:
    """The day it goes out: that of its route, or when it is needed."""
    stop = visit.stops.filter(live=True).select_related("route").first()
    return stop.route.day if stop else promises.today(visit.needed_by or otherwise)


def _delivery(reservation: Reservation) -> Activity:
    """The open delivery that brings it. Raises Refused when there is none: then nobody picks it."""
    rows = Activity.objects.filter(reservation=reservation, state=ActivityState.OPEN)
    related = ("visit__store", "visit__person", "line__product", "line__part_of__product")
    found = rows.select_related("reservation__person", "reservation__product", "reservation__asset", *related).first()
    if found is None:
        raise Refused("not_on_a_visit", f"{reservation} is on no visit: there is nothing to pick.")
    return found
