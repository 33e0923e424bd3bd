"""When a crew may see a door's secrets: at every boundary, and when the clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logistics.promises import LONDON
from logistics.reveals import Door, may_see
from logistics.states import RouteState, VisitState

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
TEN = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
DUE = Door(mine=True, route="out", visit="out", window=(TEN, TEN + 2 * HOUR), begin_at=TEN + HOUR)


def answer(door: Door, at: datetime) -> str:
    reason = may_see(door, at=at, before=HOUR, after=2 * HOUR)
    return reason.code if reason else "yes"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (TEN - HOUR - SECOND, "too_early"),
        (TEN - HOUR, "yes"),
        (TEN + HOUR, "yes"),
        (TEN + 4 * HOUR, "yes"),
        (TEN + 4 * HOUR + SECOND, "too_late"),
    ],
)
def test_from_an_hour_before_the_window_until_two_hours_after(at: datetime, expected: str) -> None:
    """Rule 39: time-limited, to the second."""
    assert answer(DUE, at) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [(TEN - SECOND, "too_early"), (TEN, "yes"), (TEN + 3 * HOUR, "yes"), (TEN + 3 * HOUR + SECOND, "too_late")],
)
def test_without_a_window_the_planned_beginning_counts(at: datetime, expected: str) -> None:
    """Rule 39: 11:00 less one hour, and two hours on."""
    assert answer(replace(DUE, window=None), at) == expected


def test_who_is_not_of_the_crew_is_refused_first_of_all() -> None:
    """Rule 39: least privilege; the answer gives nothing else away."""
    assert answer(replace(DUE, mine=False, route="planned", visit="done"), TEN) == "not_your_stop"


@pytest.mark.parametrize("route", [state for state in RouteState if state != RouteState.OUT])
def test_only_while_the_van_is_on_the_road(route: RouteState) -> None:
    """Rule 39: drivers lose access at day end."""
    assert answer(replace(DUE, route=route), TEN) == "route_not_out"


@pytest.mark.parametrize("visit", [state for state in VisitState if state not in ("out", "arrived")])
def test_only_while_the_visit_is_under_way(visit: VisitState) -> None:
    """Rule 39: a stop done or failed shows nothing any more."""
    assert answer(replace(DUE, visit=visit), TEN) == "stop_closed"


def test_arrived_it_is_shown_until_the_end_of_that_day() -> None:
    """Rule 39: also outside the window, but never on the next day, whose midnight is London's."""
    there = replace(DUE, visit="arrived", arrived_at=TEN - 3 * HOUR)
    assert answer(there, TEN - 3 * HOUR) == "yes"
    assert answer(there, datetime(2026, 3, 4, 23, 59, 59, tzinfo=UTC)) == "yes"
    assert answer(there, datetime(2026, 3, 5, 0, 0, tzinfo=UTC)) == "too_late"
    june = datetime(2026, 6, 3, 10, 0, tzinfo=UTC)
    there = Door(True, "out", "arrived", (june, june), june, june)
    assert answer(there, datetime(2026, 6, 3, 22, 59, 59, tzinfo=UTC)) == "yes"
    assert answer(there, datetime(2026, 6, 3, 23, 0, tzinfo=UTC)) == "too_late"


def test_arrived_just_before_midnight_the_window_still_holds() -> None:
    late = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    door = Door(True, "out", "arrived", (late, late), late, late)
    assert answer(door, late + HOUR) == "yes"
    assert answer(door, late + 2 * HOUR + SECOND) == "too_late"


def utc(month: int, day: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("opens", "first", "last"),
    [
        # 29 March 2026: 01:00 becomes 02:00. Two on the wall is 01:00 UTC; an hour before, the wall shows 00:00.
        (datetime(2026, 3, 29, 2, 0, tzinfo=LONDON), utc(3, 29, 0), utc(3, 29, 3)),
        # 25 October 2026: 02:00 becomes 01:00. Two on the wall is 02:00 UTC; an hour before, the wall shows one again.
        (datetime(2026, 10, 25, 2, 0, tzinfo=LONDON), utc(10, 25, 1), utc(10, 25, 4)),
    ],
)
def test_across_both_changes_of_the_clocks_hours_are_sixty_minutes(
    opens: datetime, first: datetime, last: datetime
) -> None:
    """Rule 39: hours that the wall leaves out or repeats make the time neither shorter nor longer."""
    door = replace(DUE, window=(opens, opens))
    assert [answer(door, at) for at in (first - SECOND, first, last, last + SECOND)] == [
        "too_early",
        "yes",
        "yes",
        "too_late",
    ]


def test_too_early_says_from_when_on_the_wall() -> None:
    june = datetime(2026, 6, 3, 10, 0, tzinfo=UTC)
    reason = may_see(replace(DUE, window=(june, june)), at=june - 5 * HOUR, before=HOUR, after=HOUR)
    assert reason is not None
    assert reason.sentence.startswith("This is shown from 10:00 on Wednesday:")


@settings(max_examples=50, deadline=None)
@given(
    st.booleans(),
    st.sampled_from(list(RouteState)),
    st.sampled_from(list(VisitState)),
    st.integers(-2000, 2000),
    st.integers(0, 240),
    st.integers(0, 240),
)
def test_nothing_is_ever_shown_outside_the_rule(
    mine: bool, route: RouteState, visit: VisitState, minutes: int, before: int, after: int
) -> None:
    """Rule 39: whatever the states and the hour."""
    at = TEN + timedelta(minutes=minutes)
    door = replace(DUE, mine=mine, route=route, visit=visit)
    shown = may_see(door, at=at, before=timedelta(minutes=before), after=timedelta(minutes=after)) is None
    inside = -before <= minutes <= 120 + after
    assert shown == (mine and route == "out" and visit in ("out", "arrived") and inside)
