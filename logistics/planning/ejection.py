"""Room made for visits left out: one or two calls of a route give way, and go elsewhere if they can.

This finds what a search by small steps misses on a crowded day: an urgent visit that only one crew may serve, whose
route is full of calls that others could take.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from logistics.planning.insertion import Drafts, Insertion, cheapest, fill, insertions, left_out
from logistics.planning.problem import Problem, Visit
from logistics.planning.schedule import Draft, qualifies

CHANCES = 30  # the most promising exchanges tried in full for each visit


class Exchange(NamedTuple):
    """Calls that leave a route and the visit that comes instead, best first: the cost if they find no other place."""

    cost: int
    shift: str
    out: tuple[int, ...]
    place: Insertion


def make_room(problem: Problem, drafts: Drafts) -> tuple[Drafts, int]:
    """Exchange while the plan gets cheaper by it, for the dearest visits first. Says how often it did."""
    made = 0
    while True:
        before = made
        for visit in sorted(left_out(problem, drafts), key=lambda visit: (-_best_prize(visit), visit.key)):
            better = _exchanged(drafts, visit)
            if better is not None:
                drafts, made = better, made + 1
        if made == before:
            return drafts, made
        drafts, _ = fill(drafts, left_out(problem, drafts))


def _exchanged(drafts: Drafts, visit: Visit) -> Drafts | None:
    """The drafts with this visit in them, if any exchange makes them cheaper."""
    exchanges = sorted(_exchanges(drafts, visit, 1), key=lambda exchange: exchange[:3])
    if visit.critical:
        exchanges += sorted(_exchanges(drafts, visit, 2), key=lambda exchange: exchange[:3])[:CHANCES]
    for exchange in exchanges[:CHANCES] + exchanges[-CHANCES:]:
        better = _carried_out(drafts, exchange)
        if better is not None:
            return better
    return None


def _exchanges(drafts: Drafts, visit: Visit, size: int) -> Iterator[Exchange]:
    """Every way to put the visit into a route instead of so many calls."""
    for shift, draft in drafts.items():
        if not qualifies(draft.shift, visit):
            continue
        for out in combinations(range(len(draft.calls)), size):
            smaller = without(draft, out)
            place = min(insertions(smaller, visit), key=lambda place: place[:3], default=None)
            if place is not None:
                lost = sum(draft.calls[position].slot.prize for position in out)
                yield Exchange(smaller.drive - draft.drive + place.loss + lost, shift, out, place)


def _carried_out(drafts: Drafts, exchange: Exchange) -> Drafts | None:
    """The drafts after the exchange, each call that gave way put where it costs least, if all that is worth it."""
    draft = drafts[exchange.shift]
    changed = dict(drafts)
    changed[exchange.shift] = without(draft, exchange.out).with_call(exchange.place.call, exchange.place.position)
    cost = exchange.cost
    for call in sorted((draft.calls[position] for position in exchange.out), key=lambda call: -call.slot.prize):
        place = cheapest(changed, call.visit)
        if place is not None and place.loss < 0:
            changed[place.shift] = changed[place.shift].with_call(place.call, place.position)
            cost += place.loss
    return changed if cost < 0 else None


def without(draft: Draft, out: Sequence[int]) -> Draft:
    for position in sorted(out, reverse=True):
        draft = draft.without(position)
    return draft


def _best_prize(visit: Visit) -> int:
    return max(slot.prize for slot in visit.slots)
