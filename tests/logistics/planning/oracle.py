"""The best plan of a tiny problem by trying everything: every order of every choice of visits, slots and breaks.

Shares no code with the planner. Keep it to about six visits and two shifts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise, permutations, product

from logistics.planning.problem import Problem, Shift, Slot, Visit
from logistics.planning.travel import Matrix

Calls = Sequence[tuple[Visit, Slot]]


def cheapest_cost(problem: Problem, matrix: Matrix) -> int:
    """Seconds driven and prizes lost, at their least."""
    dearest = sum(max(slot.prize for slot in visit.slots) for visit in problem.visits)
    by_shift = [_gains(problem, matrix, shift) for shift in problem.shifts]

    @cache
    def best_gain(shift: int, taken: frozenset[str]) -> int:
        if shift == len(by_shift):
            return 0
        choices = ((served, gain) for served, gain in by_shift[shift].items() if not served & taken)
        return max(gain + best_gain(shift + 1, taken | served) for served, gain in choices)

    return dearest - best_gain(0, frozenset())


def _gains(problem: Problem, matrix: Matrix, shift: Shift) -> dict[frozenset[str], int]:
    """For each set of visits that the shift can serve: the most that prizes can exceed driving."""
    row = {place.key: number for number, place in enumerate(problem.places)}
    gains = {frozenset[str](): 0}
    for order in _orders(problem, shift):
        rows = [row[shift.depot], *(row[visit.place] for visit in order), row[shift.depot]]
        legs = [int(matrix.seconds[a, b]) for a, b in pairwise(rows)]
        if sum(legs) > shift.max_drive:
            continue
        for slots in product(*(visit.slots for visit in order)):
            gain = sum(slot.prize for slot in slots) - sum(legs)
            served = frozenset(visit.key for visit in order)
            if gain > gains.get(served, -(10**12)) and is_possible(shift, list(zip(order, slots, strict=True)), legs):
                gains[served] = gain
    return gains


def _orders(problem: Problem, shift: Shift) -> Iterator[tuple[Visit, ...]]:
    able = [visit for visit in problem.visits if visit.crew <= shift.crew and visit.skills <= shift.skills]
    for size in range(1, len(able) + 1):
        for order in permutations(able, size):
            if _fits(shift, order):
                yield order


def _fits(shift: Shift, order: Sequence[Visit]) -> bool:
    van, aboard = shift.capacity, sum(visit.load.out_kg for visit in order)
    peak = aboard
    for visit in order:
        aboard += visit.load.back_kg - visit.load.out_kg
        peak = max(peak, aboard)
    clean, dirty = sum(visit.load.clean_l for visit in order), sum(visit.load.dirty_l for visit in order)
    return clean <= van.clean_l and dirty <= van.dirty_l and peak <= van.out_kg


def is_possible(shift: Shift, calls: Calls, legs: Sequence[int]) -> bool:
    """Is there a start and a place for the break that keeps every slot and the shift?"""
    first = shift.start + shift.load_seconds
    if shift.rest is None:
        return _home(calls, legs, first, None, shift) <= shift.end
    home = _home(calls, legs, first, None, shift)
    if home <= min(shift.end, shift.rest.closes - shift.rest.seconds):
        return True  # back to eat at the depot
    late = max(first, shift.rest.opens + shift.rest.seconds + shift.load_seconds)
    if _home(calls, legs, late, None, shift) <= shift.end:
        return True  # eaten before loading
    moments = range(2 * len(calls))  # before and after each visit
    return any(_home(calls, legs, first, moment, shift) <= shift.end for moment in moments)


def _home(calls: Calls, legs: Sequence[int], start: int, moment: int | None, shift: Shift) -> float:
    """When the van is home, or never."""
    time = float(start)
    for number, (visit, slot) in enumerate(calls):
        time += legs[number]
        if moment == 2 * number:
            time = _eaten(time, shift)
        time = max(time, slot.start)
        if time > slot.end:
            return float("inf")
        time += visit.service
        if moment == 2 * number + 1:
            time = _eaten(time, shift)
    return time + legs[-1]


def _eaten(time: float, shift: Shift) -> float:
    assert shift.rest is not None
    end = max(time, shift.rest.opens) + shift.rest.seconds
    return end if end <= shift.rest.closes else float("inf")
