"""Room made for visits left out: one or two calls of a route give way, and go elsewhere if they can.

This finds what a search by small steps misses on a crowded day: an urgent visit that only one crew may serve, whose
route is full of calls that others could take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import NamedTuple

from logistics.planning.insertion import Drafts, Insertion, cheapest, fill, left_out
from logistics.planning.problem import Problem, Visit
from logistics.planning.schedule import Draft, qualifies

CHANCES = 20  # the most promising exchanges tried in full for each visit


class Exchange(NamedTuple):
    """Calls that leave a route and the visit that comes instead, best first: the cost if they find no other place."""

    cost: int
    shift: str
    out: tuple[int, ...]
    place: Insertion


Ways = dict[tuple[Draft, str], list[Exchange]]  # what has been worked out for a draft, which never changes, and a visit


def make_room(problem: Problem, drafts: Drafts, goes_on: Callable[[], bool]) -> tuple[Drafts, int]:
    """Exchange while the plan gets cheaper by it, for the dearest visits first. Says how often it did."""
    ways: Ways = {}
    made, found = 0, True
    while found:
        found = False
        for visit in sorted(left_out(problem, drafts), key=lambda visit: (-_best_prize(visit), visit.key)):
            better = _exchanged(drafts, visit, ways) if goes_on() else None
            if better is not None:
                drafts, made, found = better, made + 1, True
        drafts, _ = fill(drafts, left_out(problem, drafts)) if found else (drafts, 0)
    return drafts, made


def _exchanged(drafts: Drafts, visit: Visit, ways: Ways) -> Drafts | None:
    """The drafts with this visit in them, if any of the promising exchanges makes them cheaper."""
    exchanges: list[Exchange] = []
    for draft in drafts.values():
        if (draft, visit.key) not in ways:
            ways[draft, visit.key] = _most_promising(draft, visit)
        exchanges += ways[draft, visit.key]
    exchanges.sort(key=_promise)
    tries = (_carried_out(drafts, exchange) for exchange in exchanges[:CHANCES])
    return next((better for better in tries if better is not None), None)


def _most_promising(draft: Draft, visit: Visit) -> list[Exchange]:
    """The best ways to put the visit into this route instead of one call, or of two for a critical visit."""
    if not qualifies(draft.shift, visit):
        return []
    singles = list(_exchanges(draft, visit, 1))
    pairs = list(_exchanges(draft, visit, 2)) if visit.critical and not singles else []
    return sorted(singles or pairs, key=_promise)[:CHANCES]


def _exchanges(draft: Draft, visit: Visit, size: int) -> Iterator[Exchange]:
    for out in combinations(range(len(draft.calls)), size):
        smaller = _without(draft, out)
        place = cheapest([smaller], visit)
        if place is not None:
            lost = sum(draft.calls[position].slot.prize for position in out)
            yield Exchange(smaller.drive - draft.drive + place.loss + lost, draft.shift.key, out, place)


def _carried_out(drafts: Drafts, exchange: Exchange) -> Drafts | None:
    """The drafts after the exchange, each call that gave way put where it costs least, if all that is worth it."""
    draft = drafts[exchange.shift]
    changed = dict(drafts)
    changed[exchange.shift] = _without(draft, exchange.out).with_call(exchange.place.call, exchange.place.position)
    cost = exchange.cost
    for call in sorted((draft.calls[position] for position in exchange.out), key=lambda call: -call.slot.prize):
        place = cheapest(changed.values(), call.visit)
        if place is not None and place.loss < 0:
            changed[place.shift] = changed[place.shift].with_call(place.call, place.position)
            cost += place.loss
    return changed if cost < 0 else None


def _without(draft: Draft, out: tuple[int, ...]) -> Draft:
    """The draft without these calls. Single ones are asked for again and again, for one visit after the other."""
    if len(out) == 1:
        return draft.without(out[0])
    return _without(draft.without(out[-1]), out[:-1])


def _promise(exchange: Exchange) -> tuple[int, str, tuple[int, ...]]:
    return exchange[:3]


def _best_prize(visit: Visit) -> int:
    return max(slot.prize for slot in visit.slots)
