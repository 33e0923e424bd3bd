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


def insertions(draft: Draft, visit: Visit) -> Iterable[Insertion]:
    """Every place in this draft where the visit fits."""
    if not qualifies(draft.shift, visit):
        return
    for slot in visit.slots:
        if slot.end < draft.shift.start or slot.start > draft.shift.end:
            continue
        call = Call(visit, slot)
        for position in range(len(draft.calls) + 1):
            if draft.admits(call, position):
                detour = draft.detour(call, position)
                yield Insertion(detour - slot.prize, draft.shift.key, position, call, detour)


def cheapest(drafts: Mapping[str, Draft], visit: Visit) -> Insertion | None:
    """The place that costs least, of all the places where the visit fits."""
    places = (place for draft in drafts.values() for place in insertions(draft, visit))
    return min(places, key=lambda place: place[:3], default=None)


def fill(drafts: Drafts, left_out: Iterable[Visit]) -> tuple[Drafts, int]:
    """Insert every visit that fits and is worth its detour, urgent and dear ones first, until none is left that does.

    Each insertion changes one route, so a second round can find a detour that has become worth it.
    """
    filled, waiting, inserted = dict(drafts), sorted(left_out, key=_urgency), 0
    while True:
        placed = set()
        for visit in waiting:
            place = cheapest(filled, visit)
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
