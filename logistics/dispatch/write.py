"""A Plan to rows: routes, stops and windows, written only over what still stands as it was read."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from logistics import locks, promises
from logistics.dispatch.read import Board
from logistics.lifecycle import advance, record
from logistics.models import PlanRun, Route, Stop, Visit
from logistics.planning import problem
from logistics.states import REPLANNABLE, RouteState, VisitState

_NO_POINT = "no_point"


def run_of(board: Board, plan: problem.Plan, faults: list[str]) -> PlanRun:
    planned = sum(len(route.stops) for route in plan.routes)
    left_out = [{"visit": int(u.visit), "code": u.code, "sentence": u.sentence} for u in plan.unplanned]
    left_out += [
        {"visit": v.pk, "code": _NO_POINT, "sentence": v.address.location_problem or "Not on the map."}
        for v in board.unlocated
    ]
    return PlanRun(
        store=board.store,
        at=board.at,
        engine=plan.engine,
        seed=plan.seed,
        visits=len(board.visits) + len(board.unlocated),
        shifts=len(board.shifts),
        planned=planned,
        cost=plan.cost,
        verdict="; ".join(faults) or "clean",
        unplanned=left_out,
    )


@transaction.atomic
def store(board: Board, plan: problem.Plan, run: PlanRun, *, by: str) -> None:
    """Replace the plan in force.

    What has moved on since it was read is left alone, and a new plan has been asked for by whoever moved it.
    """
    routes = {
        route.shift_id: route
        for route in locks.routes(Route.objects.filter(shift__in=board.shifts).values_list("pk", flat=True))
    }
    fixed = {shift_id for shift_id, route in routes.items() if route.state not in REPLANNABLE}
    rows = {visit.pk: visit for visit in locks.visits([v.pk for v in (*board.visits, *board.unlocated)])}
    free = _still_free(board, rows)
    run.stored = True
    run.save()
    # By visit and not by route: a stop left on the route of a day gone by must make room for the new one too.
    Stop.objects.filter(visit__in=free, live=True).delete()
    placed: set[int] = set()
    for entry in plan.routes:
        if int(entry.shift) not in fixed:
            placed |= _store_route(
                board, entry, routes.get(int(entry.shift)), run, {pk: rows[pk] for pk in free}, by=by
            )
    _settle(board, run, rows, free, placed, by=by)


def _still_free(board: Board, rows: dict[int, Visit]) -> set[int]:
    """Visits that stand as they were read: not withdrawn, cancelled or being loaded meanwhile, and needed at the same
    time.
    """
    seen = {visit.pk: visit for visit in (*board.visits, *board.unlocated)}
    locked = set(
        Stop.objects.filter(visit__in=rows, live=True)
        .exclude(route__state__in=sorted(REPLANNABLE))
        .values_list("visit_id", flat=True)
    )
    return {
        pk
        for pk, row in rows.items()
        if pk not in locked and row.state == seen[pk].state and row.needed_by == seen[pk].needed_by
    }


def _store_route(
    board: Board, entry: problem.Route, route: Route | None, run: PlanRun, rows: dict[int, Visit], *, by: str
) -> set[int]:
    values = {
        "planned_by": run,
        "starts_at": board.moment(entry.start),
        "ends_at": board.moment(entry.end),
        "break_from": board.moment(entry.rest[0]) if entry.rest else None,
        "break_to": board.moment(entry.rest[1]) if entry.rest else None,
        "drive_minutes": entry.drive // 60,
        "kilometres": round(entry.metres / 1000, 1),
    }
    if route is None:
        day = promises.today(board.moment(entry.start))
        route = Route.objects.create(shift_id=int(entry.shift), store=board.store, day=day, **values)
        record(route, verb="plan", to_state=route.state, at=board.at, by=by, facts={"run": run.pk})
    else:
        Route.objects.filter(pk=route.pk).update(**values)
    stops = [stop for stop in entry.stops if int(stop.visit) in rows]
    Stop.objects.bulk_create(
        Stop(
            route=route,
            visit_id=int(stop.visit),
            sequence=number,
            arrive_at=board.moment(stop.arrive),
            begin_at=board.moment(stop.begin),
            leave_at=board.moment(stop.leave),
        )
        for number, stop in enumerate(stops, start=_next_sequence(route))
    )
    for stop in stops:
        _place(board, rows[int(stop.visit)], stop, entry, route, by=by)
    return {int(stop.visit) for stop in stops}


def _next_sequence(route: Route) -> int:
    last = route.stops.order_by("-sequence").values_list("sequence", flat=True).first()
    return (last or 0) + 1


def _place(board: Board, visit: Visit, stop: problem.Stop, entry: problem.Route, route: Route, *, by: str) -> None:
    """A visit's window is its planned time, give or take; one that was told to somebody stays as it was told."""
    begin = board.moment(stop.begin)
    known = visit.window_from is not None and visit.window_to is not None
    inside = known and visit.window_from <= begin <= visit.window_to  # type: ignore[operator]
    values: dict[str, object] = {"unplanned_code": "", "unplanned_reason": ""}
    if not (inside and route.state == RouteState.CONFIRMED):
        opens, closes = _window(board, visit, stop, entry)
        values |= {"window_from": opens, "window_to": closes}
    if visit.state == VisitState.OPEN:
        advance(visit, VisitState.PLANNED, by=by, at=board.at, values=values, route=route.pk)
        return
    if not inside:
        facts = {"route": route.pk, "begin": begin.isoformat()}
        record(visit, verb="move", to_state=visit.state, at=board.at, by=by, facts=facts)
    Visit.objects.filter(pk=visit.pk).update(**values)


def _window(board: Board, visit: Visit, stop: problem.Stop, entry: problem.Route) -> tuple[datetime, datetime]:
    """When the crew may begin: around the planned time, but never so late that the work ends after it is needed."""
    # A meal break before driving on is part of the stop, not of the work.
    rest = entry.rest[1] - entry.rest[0] if entry.rest and stop.begin <= entry.rest[0] < stop.leave else 0
    begin, work = board.moment(stop.begin), timedelta(seconds=stop.leave - stop.begin - rest)
    half = timedelta(minutes=settings.SERVICE["PROMISE_MINUTES"])
    closes = begin + half
    if visit.needed_by is not None and begin + work <= visit.needed_by:
        closes = min(closes, visit.needed_by - work)
    return max(begin - half, board.moment(entry.start)), closes


def _settle(board: Board, run: PlanRun, rows: dict[int, Visit], free: set[int], placed: set[int], *, by: str) -> None:
    """What is left out goes back to open, with the reason where people look for it."""
    reasons = {entry["visit"]: entry for entry in run.unplanned}
    for pk in sorted(free - placed):
        entry = reasons.get(pk, {"code": "not_yet", "sentence": _not_yet(rows[pk])})
        values = {
            "unplanned_code": entry["code"],
            "unplanned_reason": entry["sentence"][:300],
            "window_from": None,
            "window_to": None,
        }
        if rows[pk].state == VisitState.PLANNED:
            advance(rows[pk], VisitState.OPEN, by=by, at=board.at, reason=entry["code"], values=values)
        else:
            Visit.objects.filter(pk=pk).update(**values)


def _not_yet(visit: Visit) -> str:
    if visit.needed_by is None:
        return "There is no expected discharge date to plan for."
    return ""
