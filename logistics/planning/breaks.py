"""Meal breaks, taken out of the clock.

The engine knows no breaks. So it is given a clock on which the break takes no time: every time after the break opens
moves earlier by its length, and a time inside it moves to its start. What it plans on that clock has room for the break
at the first pause after the opening; `schedule` puts it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from logistics.planning.problem import Break


@dataclass(frozen=True)
class Clock:
    """A clock that stands still during each cut: (opens, seconds), in order, none touching another."""

    cuts: tuple[tuple[int, int], ...] = ()

    def squeeze(self, time: int) -> int:
        """The engine's time for a real one. Never falls as time rises."""
        return time - sum(min(max(time - opens, 0), seconds) for opens, seconds in self.cuts)


def clock(rests: Iterable[Break | None]) -> Clock:
    """The one clock for these breaks: a cut for each group of breaks that can be taken together.

    Breaks of different days never meet, so each day has its own cut. Breaks of one day share a cut at the latest of
    their openings if all of them can still be taken from there. Otherwise the day has several cuts, and the engine lets
    every van pause at each: too careful, but sound.
    """
    cuts: list[tuple[int, int]] = []
    for shared in _shared(rest for rest in rests if rest is not None):
        opens, end = shared.opens, shared.opens + shared.seconds
        if cuts and opens <= sum(cuts[-1]):
            opens, end = cuts[-1][0], max(sum(cuts.pop()), end)
        cuts.append((opens, end - opens))
    return Clock(tuple(cuts))


def _shared(rests: Iterable[Break]) -> list[Break]:
    """The breaks, merged wherever one window with room for the longest of them lies inside all their windows."""
    merged: list[Break] = []
    for rest in sorted(set(rests), key=lambda rest: (rest.opens, rest.closes, rest.seconds)):
        both = merged and Break(rest.opens, min(rest.closes, merged[-1].closes), max(rest.seconds, merged[-1].seconds))
        if both and both.opens + both.seconds <= both.closes:
            merged[-1] = both
        else:
            merged.append(rest)
    return merged
