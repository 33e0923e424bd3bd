"""Room made for visits left out: calls of a route give way, and go elsewhere if they can.

This finds what a search by small steps misses on a crowded day: a visit that only one crew may serve, whose route is
full of calls that others could take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from logistics.planning.insertion import Drafts, Insertion, cheapest, fill, left_out
from logistics.planning.problem import Problem, Visit
from logistics.planning.schedule import Call, Draft, qualifies

CHANCES = 20  # the most promising exchanges tried in full for each visit
MOST_OUT = 6  # calls that give way to one visit


class Exchange(NamedTuple):
    """Calls that leave a route and the visit that comes instead, best first: the cost if they find no other place."""

    cost: int
    shift: str
    out: tuple[int, ...]
    place: Insertion


class Room:
    """Drafts that change by exchanges, and what has been worked out about them. A draft itself never changes."""

    def __init__(self, drafts: Drafts) -> None:
        self.drafts = drafts
        self._singles: dict[tuple[Draft, str], list[Exchange]] = {}
        self._elsewhere: dict[str, Insertion | None] = {}
        self._found_in: dict[str, Draft] = {}

    def admit(self, visit: Visit) -> bool:
        """Put the visit into a route at the expense of others, if that makes the plan cheaper."""
        hosts = [draft for draft in self.drafts.values() if qualifies(draft.shift, visit)]
        singles = sorted((way for draft in hosts for way in self._instead_of_one(draft, visit)), key=_promise)
        for exchange in singles[:CHANCES]:
            if self._carry_out(exchange):
                return True
        several = [way for draft in hosts if (way := self._instead_of_several(draft, visit)) is not None]
        return any(self._carry_out(exchange) for exchange in sorted(several, key=_promise)[:CHANCES])

    def _instead_of_one(self, draft: Draft, visit: Visit) -> list[Exchange]:
        key = draft, visit.key
        if key not in self._singles:
            ways = (_exchange(draft, (position,), visit) for position in range(len(draft.calls)))
            self._singles[key] = sorted((way for way in ways if way is not None), key=_promise)[:CHANCES]
        return self._singles[key]

    def _instead_of_several(self, draft: Draft, visit: Visit) -> Exchange | None:
        """Let the calls go that cost least for the time they free, until the visit fits, if it is worth all of them."""
        worth = max(slot.prize for slot in visit.slots)
        out: tuple[int, ...] = ()
        for cost, position in self._by_price_of_time(draft):
            worth, out = worth - cost, tuple(sorted((*out, position)))
            if worth <= 0 or len(out) > MOST_OUT:
                return None
            exchange = _exchange(draft, out, visit)
            if exchange is not None:
                return exchange
        return None

    def _by_price_of_time(self, draft: Draft) -> list[tuple[int, int]]:
        """What it costs to move each call to another route or to drop it, the cheapest for the time it frees first."""
        prices = []
        for position, call in enumerate(draft.calls):
            saved = draft.drive - draft.without(position).drive
            cost = min(self._loss_elsewhere(draft, call), 0) + call.slot.prize - saved
            prices.append((cost / max(call.visit.service + saved, 1), cost, position))
        return [(cost, position) for _, cost, position in sorted(prices)]

    def _loss_elsewhere(self, draft: Draft, call: Call) -> int:
        """Of the cheapest place in any other route, as far as is known: asked again when that route has changed."""
        key = call.visit.key
        place = self._elsewhere.get(key)
        if key not in self._elsewhere or (place and self.drafts[place.shift] is not self._found_in[key]):
            others = (other for other in self.drafts.values() if other.shift.key != draft.shift.key)
            place = self._elsewhere[key] = cheapest(others, call.visit)
            if place:
                self._found_in[key] = self.drafts[place.shift]
        return place.loss if place else 0

    def _carry_out(self, exchange: Exchange) -> bool:
        """Exchange, and put each call that gave way where it costs least, if all that makes the plan cheaper."""
        draft, cost = self.drafts[exchange.shift], exchange.cost
        changed = dict(self.drafts)
        changed[exchange.shift] = _without(draft, exchange.out).with_call(exchange.place.call, exchange.place.position)
        for call in sorted((draft.calls[position] for position in exchange.out), key=lambda call: -call.slot.prize):
            place = cheapest(changed.values(), call.visit)
            if place is not None and place.loss < 0:
                changed[place.shift] = changed[place.shift].with_call(place.call, place.position)
                cost += place.loss
        if cost < 0:
            self.drafts = changed
        return cost < 0


def make_room(problem: Problem, drafts: Drafts, goes_on: Callable[[], bool]) -> tuple[Drafts, int]:
    """Exchange while the plan gets cheaper by it, for the dearest visits first. Says how often it did."""
    room, made, before = Room(drafts), 0, -1
    while made > before:
        before = made
        for visit in _dearest_first(left_out(problem, room.drafts)):
            made += goes_on() and room.admit(visit)
        if made > before:
            room.drafts, _ = fill(room.drafts, left_out(problem, room.drafts))
    return room.drafts, made


def _dearest_first(visits: list[Visit]) -> Iterator[Visit]:
    yield from sorted(visits, key=lambda visit: (-max(slot.prize for slot in visit.slots), visit.key))


def _exchange(draft: Draft, out: tuple[int, ...], visit: Visit) -> Exchange | None:
    """The visit in the best place that these calls leave to it."""
    smaller = _without(draft, out)
    place = cheapest([smaller], visit)
    if place is None:
        return None
    lost = sum(draft.calls[position].slot.prize for position in out)
    return Exchange(smaller.drive - draft.drive + place.loss + lost, draft.shift.key, out, place)


def _without(draft: Draft, out: tuple[int, ...]) -> Draft:
    for position in reversed(out):
        draft = draft.without(position)
    return draft


def _promise(exchange: Exchange) -> tuple[int, str, tuple[int, ...]]:
    return exchange[:3]
