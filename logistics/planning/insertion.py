"""The last pass: calls put into routes one by one, where they add least driving, on the real clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from logistics.planning.problem import Problem, Visit
from logistics.planning.schedule import Call, Draft, Ground, qualifies

Drafts = dict[str, Draft]  # by the key of the shift; a shift that stays at home has an empty draft


class Insertion(NamedTuple):
    """A place for a call, best first: what it loses against the visit's best prize, in seconds of driving."""

    loss: int
    shift: str
    position: int
    call: Call
    detour: int


def cheapest(drafts: Iterable[Draft], visit: Visit) -> Insertion | None:
    """The place that costs least, of all the places where the visit fits."""
    places = [
        (detour - call.slot.prize, draft.shift.key, position, call, detour, draft)
        for draft in drafts
        for call in _calls(draft, visit)
        for position, detour in enumerate(draft.detours(call))
    ]
    places.sort(key=lambda place: place[:3])
    return next((Insertion(*place[:5]) for place in places if place[5].admits(place[3], place[2])), None)


def _calls(draft: Draft, visit: Visit) -> list[Call]:
    """The visit in each slot that this shift might keep."""
    if not qualifies(draft.shift, visit) or not draft.has_space(visit):
        return []
    return [
        Call(visit, slot) for slot in visit.slots if slot.end >= draft.shift.start and slot.start <= draft.shift.end
    ]


def fill(drafts: Drafts, left_out: Iterable[Visit]) -> tuple[Drafts, int]:
    """Insert every visit that fits and is worth its detour, urgent and dear ones first, until none is left that does.

    Each insertion changes one route, so a second round can find a detour that has become worth it.
    """
    filled, waiting, inserted = dict(drafts), sorted(left_out, key=_urgency), 0
    while True:
        placed = set()
        for visit in waiting:
            place = cheapest(filled.values(), visit)
            if place is not None and place.loss <= 0:
                filled[place.shift] = filled[place.shift].with_call(place.call, place.position)
                placed.add(visit.key)
        if not placed:
            return filled, inserted
        inserted += len(placed)
        waiting = [visit for visit in waiting if visit.key not in placed]


def seat(ground: Ground, shift_key: str, calls: Iterable[Call]) -> Draft:
    """The calls as a draft that fits: all of them in this order, or else as many as can follow one another."""
    shift = ground.shifts[shift_key]
    whole = ground.draft(shift, tuple(calls))
    if whole.fits:
        return whole
    draft = ground.draft(shift)
    for call in whole.calls:
        longer = draft.with_call(call, len(draft.calls))
        draft = longer if longer.fits else draft
    return draft


def left_out(problem: Problem, drafts: Mapping[str, Draft]) -> list[Visit]:
    served = {call.visit.key for draft in drafts.values() for call in draft.calls}
    return [visit for visit in problem.visits if visit.key not in served]


def _urgency(visit: Visit) -> tuple[bool, int, str]:
    return not visit.critical, -max(slot.prize for slot in visit.slots), visit.key
