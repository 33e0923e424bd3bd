"""Does this plan break a rule? An independent look: it shares no code with the engine and trusts none of its sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from logistics.planning.problem import Plan, Problem, Route, Shift, Stop, Visit
from logistics.planning.travel import Matrix


@dataclass(frozen=True)
class Fault:
    """A broken rule: `code` for machines, `sentence` for people, and where it is, if it is anywhere in particular."""

    code: str
    sentence: str
    shift: str = ""
    visit: str = ""


@dataclass(frozen=True)
class Trip:
    """A route with what it refers to, looked up."""

    route: Route
    shift: Shift
    stops: tuple[tuple[Stop, Visit], ...]
    seconds: tuple[int, ...]  # of each drive: to every stop, then home
    metres: tuple[int, ...]

    def fault(self, code: str, sentence: str, visit: str = "") -> Fault:
        return Fault(code, sentence, self.shift.key, visit)


def faults(problem: Problem, matrix: Matrix, plan: Plan) -> list[Fault]:
    """Every rule the plan breaks; empty when it breaks none. With unknown keys nothing further can be judged."""
    found = list(_unknown_keys(problem, plan))
    if found:
        return found
    found += _served_or_left_out_once(problem, plan)
    found += _one_route_per_shift(plan)
    for trip in _trips(problem, matrix, plan):
        for rule in RULES:
            found += rule(trip)
    found += _cost(problem, plan)
    return found


# The plan as a whole --------------------------------------------------------------------------------------------------


def _unknown_keys(problem: Problem, plan: Plan) -> Iterator[Fault]:
    shifts = {shift.key for shift in problem.shifts}
    visits = {visit.key for visit in problem.visits}
    for route in plan.routes:
        if route.shift not in shifts:
            yield Fault("unknown_shift", f"There is no shift {route.shift!r} to plan for.", route.shift)
        for stop in route.stops:
            if stop.visit not in visits:
                yield Fault("unknown_visit", f"There is no visit {stop.visit!r} to serve.", route.shift, stop.visit)
    for unplanned in plan.unplanned:
        if unplanned.visit not in visits:
            yield Fault("unknown_visit", f"There is no visit {unplanned.visit!r} to leave out.", "", unplanned.visit)


def _served_or_left_out_once(problem: Problem, plan: Plan) -> Iterator[Fault]:
    served = Counter(stop.visit for route in plan.routes for stop in route.stops)
    left = Counter(unplanned.visit for unplanned in plan.unplanned)
    for visit in problem.visits:
        on_routes, off_routes = served[visit.key], left[visit.key]
        if on_routes > 1:
            yield Fault("served_twice", f"Visit {visit.key!r} is on routes {on_routes} times.", "", visit.key)
        if off_routes > 1:
            yield Fault("left_out_twice", f"Visit {visit.key!r} is left out {off_routes} times.", "", visit.key)
        if on_routes and off_routes:
            yield Fault("served_and_left_out", f"Visit {visit.key!r} is both on a route and left out.", "", visit.key)
        if not on_routes and not off_routes:
            yield Fault("forgotten", f"Visit {visit.key!r} is neither on a route nor left out.", "", visit.key)


def _one_route_per_shift(plan: Plan) -> Iterator[Fault]:
    for shift, routes in Counter(route.shift for route in plan.routes).items():
        if routes > 1:
            yield Fault("shift_twice", f"Shift {shift!r} drives {routes} routes.", shift)
    for route in plan.routes:
        if not route.stops:
            yield Fault("empty_route", f"The route of shift {route.shift!r} serves nobody.", route.shift)


def _cost(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Seconds driven, plus for each visit its best prize less the best prize of the slots it is begun in."""
    begun = {stop.visit: stop.begin for route in plan.routes for stop in route.stops}
    cost = sum(route.drive for route in plan.routes)
    for visit in problem.visits:
        begin = begun.get(visit.key)
        won = [slot.prize for slot in visit.slots if begin is not None and slot.start <= begin <= slot.end]
        cost += max(slot.prize for slot in visit.slots) - max(won, default=0)
    if cost != plan.cost:
        yield Fault("cost", f"The plan says it costs {plan.cost}; it costs {cost}.")


# One route ------------------------------------------------------------------------------------------------------------


def _trips(problem: Problem, matrix: Matrix, plan: Plan) -> Iterator[Trip]:
    row = {place.key: number for number, place in enumerate(problem.places)}
    shifts = {shift.key: shift for shift in problem.shifts}
    visits = {visit.key: visit for visit in problem.visits}
    for route in plan.routes:
        if not route.stops:
            continue
        shift = shifts[route.shift]
        stops = tuple((stop, visits[stop.visit]) for stop in route.stops)
        rows = [row[shift.depot], *(row[visit.place] for _, visit in stops), row[shift.depot]]
        seconds = tuple(int(matrix.seconds[a, b]) for a, b in pairwise(rows))
        metres = tuple(int(matrix.metres[a, b]) for a, b in pairwise(rows))
        yield Trip(route, shift, stops, seconds, metres)


def _drives_take_their_time(trip: Trip) -> Iterator[Fault]:
    leave = trip.route.start
    for (stop, _), seconds in zip(trip.stops, trip.seconds, strict=False):
        if stop.arrive != leave + seconds:
            yield trip.fault(
                "travel", f"{stop.visit!r} is reached at {stop.arrive}, not {leave + seconds}.", stop.visit
            )
        leave = stop.leave
    if trip.route.end != leave + trip.seconds[-1]:
        yield trip.fault("return", f"The van is back at {trip.route.end}, not {leave + trip.seconds[-1]}.")


def _begins_in_a_slot(trip: Trip) -> Iterator[Fault]:
    for stop, visit in trip.stops:
        if stop.begin < stop.arrive:
            yield trip.fault("begins_early", f"Work at {stop.visit!r} begins before the crew is there.", stop.visit)
        if not any(slot.start <= stop.begin <= slot.end for slot in visit.slots):
            yield trip.fault(
                "window", f"Work at {stop.visit!r} begins at {stop.begin}, in none of its slots.", stop.visit
            )


def _leaves_when_done(trip: Trip) -> Iterator[Fault]:
    """Straight after the work; or straight after a break that began with the end of the work or the break's opening."""
    for stop, visit in trip.stops:
        done = stop.begin + visit.service
        leave = done
        if trip.route.rest and trip.shift.rest and done <= trip.route.rest[0] and trip.route.rest[1] <= stop.leave:
            leave = max(done, trip.shift.rest.opens) + trip.shift.rest.seconds
        if stop.leave != leave:
            yield trip.fault("service", f"The crew leaves {stop.visit!r} at {stop.leave}, not {leave}.", stop.visit)


def _stays_inside_the_shift(trip: Trip) -> Iterator[Fault]:
    loaded = trip.shift.start + trip.shift.load_seconds
    if trip.route.start < loaded:
        yield trip.fault("starts_early", f"The van leaves at {trip.route.start}; it is loaded at {loaded}.")
    if trip.route.end > trip.shift.end:
        yield trip.fault("ends_late", f"The van is back at {trip.route.end}; the shift ends at {trip.shift.end}.")


def _drive_adds_up(trip: Trip) -> Iterator[Fault]:
    if trip.route.drive != sum(trip.seconds):
        yield trip.fault("drive", f"The route says {trip.route.drive} s of driving; it has {sum(trip.seconds)}.")
    if trip.route.metres != sum(trip.metres):
        yield trip.fault("metres", f"The route says {trip.route.metres} m; it has {sum(trip.metres)}.")
    if sum(trip.seconds) > trip.shift.max_drive:
        yield trip.fault("max_drive", f"{sum(trip.seconds)} s of driving is more than {trip.shift.max_drive}.")


def _crew_is_enough(trip: Trip) -> Iterator[Fault]:
    for stop, visit in trip.stops:
        if trip.shift.crew < visit.crew:
            yield trip.fault("crew", f"{stop.visit!r} needs {visit.crew} people; {trip.shift.crew} come.", stop.visit)


def _skills_are_there(trip: Trip) -> Iterator[Fault]:
    for stop, visit in trip.stops:
        missing = sorted(visit.skills - trip.shift.skills)
        if missing:
            yield trip.fault("skill", f"{stop.visit!r} needs {', '.join(missing)}, which the crew lacks.", stop.visit)


def _clean_fits(trip: Trip) -> Iterator[Fault]:
    """All clean kit is aboard at departure."""
    litres = sum(visit.load.clean_l for _, visit in trip.stops)
    if litres > trip.shift.capacity.clean_l:
        yield trip.fault("clean", f"{litres} l of clean kit leave on a van for {trip.shift.capacity.clean_l}.")


def _dirty_fits(trip: Trip) -> Iterator[Fault]:
    """All returned kit is aboard on the way home."""
    litres = sum(visit.load.dirty_l for _, visit in trip.stops)
    if litres > trip.shift.capacity.dirty_l:
        yield trip.fault("dirty", f"{litres} l of returned kit come home on a van for {trip.shift.capacity.dirty_l}.")


def _weight_fits(trip: Trip) -> Iterator[Fault]:
    """On every leg: what is still to deliver and what has been collected."""
    aboard = [sum(visit.load.out_kg for _, visit in trip.stops)]
    aboard += [visit.load.back_kg - visit.load.out_kg for _, visit in trip.stops]
    for leg in range(len(aboard)):
        kilograms = sum(aboard[: leg + 1])
        if kilograms > trip.shift.capacity.out_kg:
            visit = trip.stops[leg][0].visit if leg < len(trip.stops) else ""
            yield trip.fault("weight", f"{kilograms} kg are aboard a van for {trip.shift.capacity.out_kg} kg.", visit)


def _break_is_taken(trip: Trip) -> Iterator[Fault]:
    """A break is owed on the road unless the crew is at the depot for a whole break of its window.

    That is: unless it starts loading at least a break's length after the window opens, or is back at least a break's
    length before it closes.
    """
    rest, taken = trip.shift.rest, trip.route.rest
    if rest is None:
        if taken is not None:
            yield trip.fault("break_not_due", "The route has a break that the shift does not have.")
        return
    loading = trip.route.start - trip.shift.load_seconds
    owed = loading < rest.opens + rest.seconds and trip.route.end > rest.closes - rest.seconds
    if taken is None and owed:
        yield trip.fault("break_missing", "The crew is out over its meal break and has none.")
    if taken is not None and taken[1] - taken[0] != rest.seconds:
        yield trip.fault("break_length", f"The break lasts {taken[1] - taken[0]} s, not {rest.seconds}.")
    if taken is not None and not rest.opens <= taken[0] <= taken[1] <= rest.closes:
        yield trip.fault("break_window", f"The break at {taken[0]} is not inside {rest.opens} to {rest.closes}.")


def _break_is_a_pause(trip: Trip) -> Iterator[Fault]:
    """The break lies between arriving at a door and the work there, or between the work and leaving."""
    taken = trip.route.rest
    if taken is None:
        return
    pauses = [(stop.arrive, stop.begin) for stop, _ in trip.stops]
    pauses += [(stop.begin + visit.service, stop.leave) for stop, visit in trip.stops]
    if not any(since <= taken[0] and taken[1] <= until for since, until in pauses):
        yield trip.fault("break_at_work", f"The break at {taken[0]} falls into driving or work.")


RULES = (
    _drives_take_their_time,
    _begins_in_a_slot,
    _leaves_when_done,
    _stays_inside_the_shift,
    _drive_adds_up,
    _crew_is_enough,
    _skills_are_there,
    _clean_fits,
    _dirty_fits,
    _weight_fits,
    _break_is_taken,
    _break_is_a_pause,
)
