"""Why a visit is on no route: one true reason each, the first that holds on a ladder from "nobody could" down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from logistics.planning.insertion import Insertion, cheapest, left_out
from logistics.planning.problem import Plan, Problem, Route, Shift, Slot, Unplanned, Visit
from logistics.planning.schedule import Call, Draft, Ground, qualifies
from logistics.planning.travel import Matrix

DAY = 24 * 3600
WINDOW_CLOSED = (
    "Even with nothing else to do, no crew that could come can begin at this door in its window and keep to its own "
    "hours, driving limit and meal break."
)
CREWS = {1: "one-person", 2: "two-person", 3: "three-person"}


def reasons(problem: Problem, matrix: Matrix, plan: Plan) -> tuple[Unplanned, ...]:
    """A reason for every visit that no route of the plan serves, in the order of the problem."""
    ground = Ground(problem, matrix)
    return reasons_for(ground, drafts_of(ground, plan.routes))


def reasons_for(ground: Ground, drafts: Mapping[str, Draft]) -> tuple[Unplanned, ...]:
    return tuple(Unplanned(visit.key, *_reason(ground, drafts, visit)) for visit in left_out(ground.problem, drafts))


def drafts_of(ground: Ground, routes: Iterable[Route]) -> dict[str, Draft]:
    """The routes of a plan as drafts, with an empty one for each shift that stays at home."""
    drafts = {key: ground.draft(shift) for key, shift in ground.shifts.items()}
    for route in routes:
        calls = [_call(ground.visits[stop.visit], stop.begin) for stop in route.stops]
        drafts[route.shift] = ground.draft(ground.shifts[route.shift], calls)
    return drafts


def _call(visit: Visit, begin: int) -> Call:
    return Call(
        visit, max((slot for slot in visit.slots if slot.start <= begin <= slot.end), key=lambda slot: slot.prize)
    )


def _reason(ground: Ground, drafts: Mapping[str, Draft], visit: Visit) -> tuple[str, str]:
    """The code and the sentence. Each step keeps the shifts that pass it; the first that keeps none is the reason."""
    of_days = [shift for shift in ground.shifts.values() if any(_same_day(shift, slot) for slot in visit.slots)]
    if not of_days:
        return "no_route", "No van is on the road on the days this visit allows."
    manned = [shift for shift in of_days if shift.crew >= visit.crew]
    if not manned:
        return "no_crew", f"No {_crew(visit.crew)} crew is on the road on the days this visit allows."
    skilled = [shift for shift in manned if qualifies(shift, visit)]
    if not skilled:
        return "no_skill", _no_skill(visit, manned)
    roomy = [shift for shift in skilled if _has_room(shift, visit)]
    if not roomy:
        return "too_big", _too_big(visit, skilled)
    if not any(ground.serves_alone(shift, Call(visit, slot)) for shift in roomy for slot in visit.slots):
        return "window_closed", WINDOW_CLOSED
    place = cheapest(drafts.values(), visit)
    if place is None:
        return (
            "day_full",
            "Every crew that could do this visit has a full day: it fits nowhere between their other visits.",
        )
    if place.loss > 0:
        return "too_far", _too_far(place)
    return "overlooked", f"This visit would still fit on the route of {place.shift!r}."


def _same_day(shift: Shift, slot: Slot) -> bool:
    return shift.start // DAY <= slot.end // DAY and slot.start // DAY <= shift.end // DAY


def _has_room(shift: Shift, visit: Visit) -> bool:
    van, load = shift.capacity, visit.load
    return load.clean_l <= van.clean_l and load.dirty_l <= van.dirty_l and max(load.out_kg, load.back_kg) <= van.out_kg


def _no_skill(visit: Visit, manned: Sequence[Shift]) -> str:
    nowhere = sorted(visit.skills - frozenset().union(*(shift.skills for shift in manned)))
    crew = f"{_crew(visit.crew)} crew" if visit.crew > 1 else "crew"
    if nowhere:
        return f"No {crew} on the road on the days this visit allows has this skill: {', '.join(nowhere)}."
    together = ", ".join(sorted(visit.skills))
    return f"No single {crew} on the road on the days this visit allows has all of these skills: {together}."


def _too_big(visit: Visit, skilled: Sequence[Shift]) -> str:
    load = visit.load
    measures = (
        ("clean space", "litres", load.clean_l, max(shift.capacity.clean_l for shift in skilled)),
        ("space for returns", "litres", load.dirty_l, max(shift.capacity.dirty_l for shift in skilled)),
        ("payload", "kg", max(load.out_kg, load.back_kg), max(shift.capacity.out_kg for shift in skilled)),
    )
    for name, unit, needed, most in measures:
        if needed > most:
            return f"This visit needs {needed} {unit} of {name}; the most on a van that could come is {most}."
    return "No van with a crew for this visit has room for all of its load at once."


def _too_far(place: Insertion) -> str:
    return (
        f"A crew has time, but this visit would add {_minutes(place.detour)} of driving, "
        f"more than the {_minutes(place.call.slot.prize)} it is counted as worth."
    )


def _crew(people: int) -> str:
    return CREWS.get(people, f"{people}-person")


def _minutes(seconds: int) -> str:
    return f"{-(-seconds // 60)} min" if seconds != 60 else "1 min"
