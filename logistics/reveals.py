"""When a crew may be shown what only it may know of a door: its key-safe code, its dangers (rule 39). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from logistics import promises
from logistics.states import RouteState, VisitState

_AT_WORK = frozenset({VisitState.OUT, VisitState.ARRIVED})


@dataclass(frozen=True)
class Door:
    """A stop as the rule sees it. `mine`: the asker is of the route's crew, and the visit still stands on it."""

    mine: bool
    route: str
    visit: str
    window: tuple[datetime, datetime] | None
    begin_at: datetime
    arrived_at: datetime | None = None


@dataclass(frozen=True)
class Reason:
    """Why not: a stable code, a sentence, and what to do."""

    code: str
    sentence: str


NOT_YOURS = Reason("not_your_stop", "This stop is not on your route: call the depot.")
NOT_OUT = Reason("route_not_out", "This is shown only while the van is on the road: set out first, or call the depot.")
CLOSED = Reason("stop_closed", "This stop is not open any more: if you must go back in, call the depot.")
TOO_LATE = Reason("too_late", "The time of this stop is over: call the depot.")


def may_see(door: Door, *, at: datetime, before: timedelta, after: timedelta) -> Reason | None:
    """None: they may. On the road, at this stop, from `before` its window until `after` it, or once arrived today."""
    if not door.mine:
        return NOT_YOURS
    if door.route != RouteState.OUT:
        return NOT_OUT
    if door.visit not in _AT_WORK:
        return CLOSED
    if door.visit == VisitState.ARRIVED and door.arrived_at and promises.today(door.arrived_at) == promises.today(at):
        return None
    # In UTC, because hours that the wall repeats or leaves out count like any others.
    opens, closes = (moment.astimezone(UTC) for moment in door.window or (door.begin_at, door.begin_at))
    if at < opens - before:
        return _too_early(opens - before)
    return TOO_LATE if at > closes + after else None


def _too_early(opens: datetime) -> Reason:
    when = opens.astimezone(promises.LONDON)
    return Reason(
        "too_early", f"This is shown from {when:%H:%M on %A}: if you are there already, say that you arrived."
    )
