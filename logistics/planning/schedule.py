"""Routes on the real clock: which orders of calls a shift can drive, and at what times. Shared by engine and explain.

A crew is in one of two states: its break still to take (owed), or taken or never owed (free). In each state arriving
earlier is never worse, so a forward pass keeps the earliest times and a backward pass the latest ones, and whether one
more call fits between two others is then a matter of one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from logistics.planning.problem import Break, Problem, Route, Shift, Slot, Stop, Visit
from logistics.planning.travel import Matrix

NEVER = 1 << 60


@dataclass(frozen=True)
class Call:
    """A visit in one of its slots."""

    visit: Visit
    slot: Slot


class Times(NamedTuple):
    """A time in each state: with the break still owed, and without."""

    owed: int
    free: int


class Pause(NamedTuple):
    """Where the break is taken: at the door of stop `at`, before or after the work there."""

    at: int
    before: bool


class Ground:
    """A problem and its matrix, indexed once."""

    def __init__(self, problem: Problem, matrix: Matrix) -> None:
        if len(problem.places) != len(matrix.seconds):
            raise ValueError(f"the matrix is for {len(matrix.seconds)} places, the problem has {len(problem.places)}")
        self.problem = problem
        self.seconds = np.ascontiguousarray(matrix.seconds).data
        self.metres = np.ascontiguousarray(matrix.metres).data
        self.row = {place.key: row for row, place in enumerate(problem.places)}
        self.shifts = {shift.key: shift for shift in problem.shifts}
        self.visits = {visit.key: visit for visit in problem.visits}

    def draft(self, shift: Shift, calls: Sequence[Call] = ()) -> Draft:
        return Draft(self, shift, tuple(calls))

    def serves_alone(self, shift: Shift, call: Call) -> bool:
        return qualifies(shift, call.visit) and self.draft(shift, (call,)).fits


class Draft:
    """A shift's calls in order. Never changes; `with_call` and `without` give new ones."""

    def __init__(self, ground: Ground, shift: Shift, calls: tuple[Call, ...]) -> None:
        self.ground, self.shift, self.calls = ground, shift, calls
        depot = ground.row[shift.depot]
        self._smaller: dict[int, Draft] = {}
        self.rows = [depot, *(ground.row[call.visit.place] for call in calls), depot]

    def with_call(self, call: Call, position: int) -> Draft:
        return Draft(self.ground, self.shift, (*self.calls[:position], call, *self.calls[position:]))

    def without(self, position: int) -> Draft:
        if position not in self._smaller:
            self._smaller[position] = Draft(self.ground, self.shift, self.calls[:position] + self.calls[position + 1 :])
        return self._smaller[position]

    @cached_property
    def legs(self) -> list[int]:
        """Seconds of each drive: to every stop, then home."""
        return [self.ground.seconds[a, b] for a, b in pairwise(self.rows)]

    @cached_property
    def drive(self) -> int:
        return sum(self.legs) if self.calls else 0

    @cached_property
    def fits(self) -> bool:
        """May this shift drive these calls in this order?"""
        if not self.calls:
            return True
        return (
            all(qualifies(self.shift, call.visit) for call in self.calls)
            and self.drive <= self.shift.max_drive
            and self._loads_fit()
            and self._on_time(self.leaving[-1], len(self.legs) - 1)
        )

    def admits(self, call: Call, position: int) -> bool:
        """Would this draft, which fits, still fit with the call inserted there? The crew is taken to qualify."""
        return (
            self._bears(call, position)
            and self.has_space(call.visit)
            and self.drive + self.detour(call, position) <= self.shift.max_drive
            and self._has_time(call, position)
        )

    def detours(self, call: Call) -> list[int]:
        """Seconds of driving that the call adds in each position (fewer than none if the matrix allows short cuts)."""
        row, seconds = self.ground.row[call.visit.place], self.ground.seconds
        spared = self.legs if self.calls else [0]
        return [
            seconds[before, row] + seconds[row, after] - leg
            for before, after, leg in zip(self.rows, self.rows[1:], spared, strict=False)
        ]

    def detour(self, call: Call, position: int) -> int:
        before, after = self.rows[position], self.rows[position + 1]
        row, seconds = self.ground.row[call.visit.place], self.ground.seconds
        return seconds[before, row] + seconds[row, after] - (self.legs[position] if self.calls else 0)

    # Loads ------------------------------------------------------------------------------------------------------------

    @cached_property
    def clean(self) -> int:
        return sum(call.visit.load.clean_l for call in self.calls)

    @cached_property
    def dirty(self) -> int:
        return sum(call.visit.load.dirty_l for call in self.calls)

    @cached_property
    def weights(self) -> list[int]:
        """Kilograms aboard on each leg."""
        aboard = [sum(call.visit.load.out_kg for call in self.calls)]
        for call in self.calls:
            aboard.append(aboard[-1] - call.visit.load.out_kg + call.visit.load.back_kg)
        return aboard

    @cached_property
    def _peaks(self) -> tuple[list[int], list[int]]:
        """The heaviest leg up to each leg, and the heaviest from each leg on."""
        upto, onward = list(self.weights), list(self.weights)
        for leg in range(1, len(upto)):
            upto[leg] = max(upto[leg], upto[leg - 1])
            onward[-leg - 1] = max(onward[-leg - 1], onward[-leg])
        return upto, onward

    def _loads_fit(self) -> bool:
        van = self.shift.capacity
        return self.clean <= van.clean_l and self.dirty <= van.dirty_l and max(self.weights) <= van.out_kg

    def has_space(self, visit: Visit) -> bool:
        """Room for its clean and its returned kit; whether the weight is right depends on the position."""
        van, load = self.shift.capacity, visit.load
        return self.clean + load.clean_l <= van.clean_l and self.dirty + load.dirty_l <= van.dirty_l

    def _bears(self, call: Call, position: int) -> bool:
        most, load = self.shift.capacity.out_kg, call.visit.load
        upto, onward = self._peaks
        return upto[position] + load.out_kg <= most and onward[position] + load.back_kg <= most

    # Time -------------------------------------------------------------------------------------------------------------

    @cached_property
    def leaving(self) -> list[Times]:
        """The earliest times of leaving the depot and each stop."""
        times = [earliest_start(self.shift)]
        for call, leg in zip(self.calls, self.legs, strict=False):
            times.append(serve(self.shift.rest, call, Times(times[-1].owed + leg, times[-1].free + leg)))
        return times

    @cached_property
    def latest(self) -> list[Times]:
        """The latest times of arriving at each stop, and at the depot, from which the rest can still be done."""
        times = [latest_return(self.shift)]
        for call, leg in zip(reversed(self.calls), reversed(self.legs), strict=False):
            times.append(_latest_arrival(self.shift.rest, call, Times(times[-1].owed - leg, times[-1].free - leg)))
        return times[::-1]

    def _on_time(self, leaving: Times, leg: int) -> bool:
        """Leaving then for the last time, is the van home in time?"""
        home = latest_return(self.shift)
        return leaving.owed + self.legs[leg] <= home.owed or leaving.free + self.legs[leg] <= home.free

    def _has_time(self, call: Call, position: int) -> bool:
        seconds, row = self.ground.seconds, self.ground.row[call.visit.place]
        before, after, latest = self.leaving[position], self.rows[position + 1], self.latest[position]
        if min(before) > call.slot.end or max(latest) < call.slot.start:
            return False
        there, onward = seconds[self.rows[position], row], seconds[row, after]
        leave = serve(self.shift.rest, call, Times(before.owed + there, before.free + there))
        return leave.owed + onward <= latest.owed or leave.free + onward <= latest.free

    def route(self) -> Route | None:
        """The route with its times, or None if there is no legal timetable or nothing to do."""
        start, home = earliest_start(self.shift), latest_return(self.shift)
        ways: list[tuple[int, Pause | None, int]] = [(start.owed, None, home.owed), (start.free, None, home.free)]
        ways += [
            (start.owed, Pause(at, before), home.free) for at in range(len(self.calls)) for before in (True, False)
        ]
        tables = [table for way in ways if (table := self._timetable(*way)) is not None]
        if not tables or not self.calls:
            return None
        table = self._leave_late(min(tables, key=Timetable.preference))
        return Route(
            shift=self.shift.key,
            start=table.stops[0].arrive - self.legs[0],
            end=table.end,
            stops=table.stops,
            drive=self.drive,
            metres=sum(self.ground.metres[a, b] for a, b in pairwise(self.rows)),
            rest=table.rest,
        )

    def _timetable(self, leave: int, pause: Pause | None, home_by: int) -> Timetable | None:
        """The earliest timetable of leaving then, with the break there, if it is a legal one."""
        stops: list[Stop] = []
        taken = idle = None
        for at, (call, leg) in enumerate(zip(self.calls, self.legs, strict=False)):
            arrive = ready = leave + leg
            if self.shift.rest and pause == (at, True):
                ready = rested(self.shift.rest, arrive)
                taken, idle = (ready - self.shift.rest.seconds, ready), ready - arrive
            begin = _begin(call.slot, ready)
            leave = done = begin + call.visit.service
            if self.shift.rest and pause == (at, False):
                leave = rested(self.shift.rest, done)
                taken, idle = (leave - self.shift.rest.seconds, leave), leave - done
            if leave >= NEVER:
                return None
            stops.append(Stop(call.visit.key, arrive, begin, leave))
        end = leave + self.legs[-1]
        return Timetable(tuple(stops), end, taken, idle or 0) if end <= home_by else None

    def _leave_late(self, table: Timetable) -> Timetable:
        """The same work at the same times, without leaving the depot early only to wait at the first door."""
        first, rest = table.stops[0], table.rest
        arrive = first.begin
        if rest and self.shift.rest and rest[1] <= first.begin:
            end = min(first.begin, self.shift.rest.closes)
            rest = (end - self.shift.rest.seconds, end)
            arrive = rest[0]
        return table._replace(stops=(replace(first, arrive=arrive), *table.stops[1:]), rest=rest)


class Timetable(NamedTuple):
    stops: tuple[Stop, ...]
    end: int
    rest: tuple[int, int] | None
    idle: int  # seconds from when the crew could have paused to the end of its break

    def preference(self) -> tuple[int, int, int, int]:
        """Home early, then at work early, then not waiting in order to eat, then eating early."""
        return self.end, self.stops[0].begin, self.idle, self.rest[0] if self.rest else 0


def qualifies(shift: Shift, visit: Visit) -> bool:
    """Are there hands and skills enough for this visit?"""
    return shift.crew >= visit.crew and shift.skills >= visit.skills


def earliest_start(shift: Shift) -> Times:
    """A crew that leaves a whole break after the window opens has had it at the depot, before loading."""
    start = shift.start + shift.load_seconds
    if shift.rest is None or shift.start >= shift.rest.opens + shift.rest.seconds:
        return Times(NEVER, start)
    return Times(start, shift.rest.opens + shift.rest.seconds + shift.load_seconds)


def latest_return(shift: Shift) -> Times:
    """A crew that is back a whole break before the window closes can have it at the depot."""
    if shift.rest is None:
        return Times(-NEVER, shift.end)
    return Times(min(shift.end, shift.rest.closes - shift.rest.seconds), shift.end)


def serve(rest: Break | None, call: Call, arrive: Times) -> Times:
    """The earliest times of leaving a stop, with the break taken before the work or after it if that is no later."""
    leave_owed = _begin(call.slot, arrive.owed) + call.visit.service
    leave_free = _begin(call.slot, arrive.free) + call.visit.service
    if rest is not None and arrive.owed < NEVER:
        rested_first = _begin(call.slot, rested(rest, arrive.owed)) + call.visit.service
        leave_free = min(leave_free, rested_first, rested(rest, leave_owed))
    return Times(leave_owed, leave_free)


def rested(rest: Break, ready: int) -> int:
    """The end of a break taken as soon as may be."""
    end = max(ready, rest.opens) + rest.seconds
    return end if end <= rest.closes else NEVER


def _begin(slot: Slot, ready: int) -> int:
    return max(ready, slot.start) if ready <= slot.end else NEVER


def _latest_arrival(rest: Break | None, call: Call, leave: Times) -> Times:
    """The latest times of arriving at a stop for leaving it by these."""
    owed, free = _latest_begin(call, leave.owed), _latest_begin(call, leave.free)
    if rest is not None:
        rested_last = _latest_begin(call, _latest_unrested(rest, leave.free))
        owed = max(owed, _latest_unrested(rest, free), rested_last)
    return Times(owed, free)


def _latest_begin(call: Call, leave: int) -> int:
    latest = min(call.slot.end, leave - call.visit.service)
    return latest if latest >= call.slot.start else -NEVER


def _latest_unrested(rest: Break, by: int) -> int:
    """The latest time to be ready for a break and have had it by then."""
    latest = min(by, rest.closes) - rest.seconds
    return latest if latest >= rest.opens else -NEVER
