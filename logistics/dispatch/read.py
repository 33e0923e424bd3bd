"""Rows to a Problem: which shifts and visits a plan is about, and what each of them means in seconds, litres and
kilograms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from equipment.models import Product, Store
from logistics import home_tests, promises, visits
from logistics.models import Activity, Shift, Stop, Visit
from logistics.planning import problem
from logistics.states import REPLANNABLE, ActivityKind, ActivityState, RouteState, VisitState

DEPOT = "depot"
LEAD = timedelta(minutes=30)  # from a plan to the first van it can still change
LOADING = timedelta(minutes=20)
DOORSTEP_SECONDS = 180  # to the door, hello and goodbye, on top of fitting
STAIRS_FACTOR = 1.25
COLLECTION_SECONDS = 480
TEST_MINUTES = 20


@dataclass(frozen=True)
class Board:
    """What one planning run is about: the rows, read once, and the moment they are counted from."""

    store: Store
    origin: datetime
    shifts: tuple[Shift, ...]
    visits: tuple[Visit, ...]
    unlocated: tuple[Visit, ...]
    days: tuple[date, ...]
    at: datetime

    def seconds(self, moment: datetime) -> int:
        return int((moment - self.origin).total_seconds())

    def moment(self, seconds: int) -> datetime:
        return self.origin + timedelta(seconds=seconds)


def board(store: Store, at: datetime) -> Board:
    calendar = visits.calendar_of(store)
    days = calendar.from_day(promises.today(at), settings.SERVICE["PLANNING_DAYS"])
    origin = promises.local(promises.today(at), 0)
    horizon = promises.local(days[-1] + timedelta(days=1), 0)
    shifts = Shift.objects.filter(van__store=store, ends_at__gt=at + LEAD + LOADING, starts_at__lt=horizon)
    free = [shift for shift in _with_rows(shifts) if _replannable(shift)]
    rows = Visit.objects.filter(store=store, state__in=[VisitState.OPEN, VisitState.PLANNED]).select_related(
        "address", "discharge", "person"
    )
    rows = rows.prefetch_related(
        "activities__reservation__product",
        "activities__loan__product__regimes",
        "activities__reservation__asset",
        "stops__route",
    )
    movable = [visit for visit in rows if _movable(visit)]
    located = [visit for visit in movable if visit.address.is_located]
    return Board(
        store,
        origin,
        tuple(free),
        tuple(located),
        tuple(visit for visit in movable if not visit.address.is_located),
        tuple(days),
        at,
    )


def _with_rows(shifts: QuerySet[Shift]) -> QuerySet[Shift]:
    return shifts.select_related("van", "route").prefetch_related("crew").order_by("starts_at", "pk")


def _replannable(shift: Shift) -> bool:
    route = getattr(shift, "route", None)
    return bool(shift.crew.all()) and (route is None or route.state in REPLANNABLE)


def _movable(visit: Visit) -> bool:
    """Not fixed on a route that is being loaded, and not without anything to do."""
    stop = _live_stop(visit)
    return (stop is None or stop.route.state in REPLANNABLE) and bool(_open_activities(visit))


def _live_stop(visit: Visit) -> Stop | None:
    return next((stop for stop in visit.stops.all() if stop.live), None)


def _open_activities(visit: Visit) -> list[Activity]:
    return [activity for activity in visit.activities.all() if activity.state == ActivityState.OPEN]


def problem_of(board: Board) -> problem.Problem:
    places = [problem.Place(DEPOT, board.store.latitude, board.store.longitude, "urban")]
    places += [problem.Place(f"a{pk}", lat, lng) for pk, (lat, lng) in sorted(_points(board.visits).items())]
    asked = [entry for visit in board.visits if (entry := _visit(board, visit)) is not None]
    return problem.Problem(tuple(places), tuple(_shift(board, shift) for shift in board.shifts), tuple(asked))


def _points(rows: Sequence[Visit]) -> dict[int, tuple[float, float]]:
    return {visit.address_id: (visit.address.latitude or 0.0, visit.address.longitude or 0.0) for visit in rows}


def _shift(board: Board, shift: Shift) -> problem.Shift:
    crew = list(shift.crew.all())
    rest = None
    if shift.break_from and shift.break_to:
        rest = problem.Break(board.seconds(shift.break_from), board.seconds(shift.break_to), shift.break_minutes * 60)
    return problem.Shift(
        key=str(shift.pk),
        depot=DEPOT,
        start=max(board.seconds(shift.starts_at), board.seconds(board.at + LEAD)),
        end=board.seconds(shift.ends_at),
        capacity=problem.Load(shift.van.clean_l, shift.van.dirty_l, shift.van.payload_kg),
        crew=len(crew),
        skills=frozenset().union(*(driver.skill_set for driver in crew)),
        load_seconds=int(LOADING.total_seconds()),
        rest=rest,
    )


def _visit(board: Board, visit: Visit) -> problem.Visit | None:
    todo = _open_activities(visit)
    service = _service_seconds(visit, todo)
    slots = _slots(board, visit, timedelta(seconds=service))
    if not slots:
        return None
    products = [(product, quantity) for activity in todo for product, quantity in _goods(activity)]
    return problem.Visit(
        key=str(visit.pk),
        place=f"a{visit.address_id}",
        service=service,
        slots=tuple(slots),
        load=_load(todo),
        crew=max((product.crew_size for product, _ in products), default=1),
        skills=frozenset(product.skill for product, _ in products if product.skill) | _test_skills(todo),
        critical=visit.critical,
    )


def _goods(activity: Activity) -> list[tuple[Product, int]]:
    """What is carried, and fitted or fetched: nothing for a test of what stays where it is."""
    if activity.kind == ActivityKind.INSPECTION:
        return []
    source = activity.reservation or activity.loan
    return [(source.product, source.quantity)] if source is not None else []


def _service_seconds(visit: Visit, todo: Sequence[Activity]) -> int:
    seconds = DOORSTEP_SECONDS
    for activity in todo:
        if activity.kind == ActivityKind.COLLECTION:
            seconds += COLLECTION_SECONDS
        else:
            seconds += sum(
                product.fitting_minutes * 60 * (quantity if product.is_serialised else 1)
                for product, quantity in _goods(activity)
            )
    carrying = int(seconds * STAIRS_FACTOR) if visit.address.stairs else seconds
    return carrying + sum(60 * _test_minutes(activity) for activity in todo)


def _test_minutes(activity: Activity) -> int:
    """What its tests take at home, by the product's regime; a kind no longer in it takes what is usual."""
    if activity.kind != ActivityKind.INSPECTION or activity.loan is None:
        return 0
    known = {regime.kind: regime.minutes for regime in activity.loan.product.regimes.all()}
    return sum(known.get(kind, TEST_MINUTES) for kind in activity.tests)


def _test_skills(todo: Sequence[Activity]) -> frozenset[str]:
    return home_tests.skills_for(
        kind for activity in todo if activity.kind == ActivityKind.INSPECTION for kind in activity.tests
    )


def _load(todo: Sequence[Activity]) -> problem.Load:
    sums: dict[str, dict[str, float]] = {kind: {"litres": 0.0, "kg": 0.0} for kind in ActivityKind}
    for activity in todo:
        for product, quantity in _goods(activity):
            sums[activity.kind]["litres"] += product.volume_l * quantity
            sums[activity.kind]["kg"] += float(product.weight_kg) * quantity
    out, back = sums[ActivityKind.DELIVERY], sums[ActivityKind.COLLECTION]
    return problem.Load(_up(out["litres"]), _up(back["litres"]), _up(out["kg"]), _up(back["kg"]))


def _up(amount: float) -> int:
    return -int(-amount // 1)


def _slots(board: Board, visit: Visit, service: timedelta) -> list[problem.Slot]:
    """The days a visit may be made. A window on a confirmed route has been told to somebody and is kept (rule 32).

    On the day itself the work begins early enough to be finished when needed; once that cannot be, as soon as it can.
    """
    stop, earliest = _live_stop(visit), _earliest(board, visit)
    told = stop is not None and stop.route.state == RouteState.CONFIRMED
    if told and visit.window_from and visit.window_to and visit.window_to > earliest:
        return [problem.Slot(board.seconds(visit.window_from), board.seconds(visit.window_to), 2 * promises.MUST)]
    slots = _wanted_slots(board, visit, at=earliest + service)
    if slots and max(slots, key=lambda slot: slot.prize).day > board.days[-1]:
        return []  # its best day is beyond this plan: a later one will place it, not this one too early
    until = {slot: slot.closes - service if slot.closes == visit.needed_by else slot.closes for slot in slots}
    return [
        problem.Slot(board.seconds(max(slot.opens, earliest)), board.seconds(closes), slot.prize)
        for slot, closes in until.items()
        if closes > earliest
    ]


def _earliest(board: Board, visit: Visit) -> datetime:
    """When a van could be at work on it: kit still on an earlier attempt's van can go out again the day after."""
    soon = board.at + LEAD
    tomorrow = promises.local(promises.today(board.at) + timedelta(days=1), 0)
    return max(soon, tomorrow) if _kit_is_out(visit) else soon


def _wanted_slots(board: Board, visit: Visit, *, at: datetime) -> list[promises.Slot]:
    calendar, days = visits.calendar_of(board.store), len(board.days)
    if visit.discharge is None or not visit.critical:
        return promises.routine_slots(visit.needed_by, calendar, at=at, not_before=visit.not_before, days=days)
    if visit.needed_by is None:
        return []
    return promises.discharge_slots(visit.needed_by, calendar, at=at, bulky=_is_bulky(visit), days=days)


def _is_bulky(visit: Visit) -> bool:
    longest = settings.SERVICE["BULKY_FITTING_MINUTES"]
    goods = [product for activity in _open_activities(visit) for product, _ in _goods(activity)]
    return any(product.bulky or product.fitting_minutes >= longest for product in goods)


def _kit_is_out(visit: Visit) -> bool:
    """Still on the van of an earlier attempt, until that is unloaded."""
    return any(a.reservation is not None and a.reservation.issued_at is not None for a in _open_activities(visit))


def plan_in_force(board: Board, asked: problem.Problem) -> problem.Plan | None:
    """The stops as they stand, for the engine to start from."""
    keys = {visit.key for visit in asked.visits}
    by_route: dict[str, list[Stop]] = defaultdict(list)
    for visit in board.visits:
        stop = _live_stop(visit)
        if stop is not None and str(visit.pk) in keys:
            by_route[str(stop.route.shift_id)].append(stop)
    if not by_route:
        return None
    routes = tuple(_old_route(board, key, sorted(stops, key=lambda s: s.sequence)) for key, stops in by_route.items())
    return problem.Plan(routes, (), 0, "in force", 0)


def _old_route(board: Board, key: str, stops: Sequence[Stop]) -> problem.Route:
    entries = tuple(
        problem.Stop(str(s.visit_id), board.seconds(s.arrive_at), board.seconds(s.begin_at), board.seconds(s.leave_at))
        for s in stops
    )
    return problem.Route(key, entries[0].arrive, entries[-1].leave, entries, 0, 0)
