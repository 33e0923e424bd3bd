"""How the story speaks, when it takes place, and that a past is lived along the table of moves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from equipment.clock import now
from equipment.states import AssetState
from logistics.demo import clockwork, pasts, report
from logistics.promises import Calendar


def test_kit_is_named_as_people_say_it() -> None:
    kit = {"BED-SET": 1, "TABLE-OVB": 1, "BED-RAISE": 1, "SLIDE-SHT": 2}

    words = report.kit_words(kit)

    assert (
        words == "a profiling bed with mattress and rails, an overbed table, a set of bed raisers and 2 x slide sheet"
    )


def test_times_are_told_in_london() -> None:
    """11:00 UTC in July is noon in London."""
    assert report.when(datetime(2026, 7, 2, 11, 0, tzinfo=UTC)) == "Thu 12:00"


def test_a_step_that_did_not_hold_is_said_and_remembered() -> None:
    said: list[str] = []
    tale = report.Tale(said.append)

    tale.claim(datetime(2026, 3, 3, 8, 0, tzinfo=UTC), "planned", False, "All are planned.")

    assert said == ["Tue 08:00  DID NOT HOLD (planned): All are planned."]
    assert [step.step for step in tale.failures] == ["planned"]


@pytest.mark.parametrize(
    ("machine", "first"),
    [
        (datetime(2026, 3, 4, 5, 0, tzinfo=UTC), date(2026, 3, 4)),  # Wednesday before dawn: that day
        (datetime(2026, 3, 4, 15, 0, tzinfo=UTC), date(2026, 3, 5)),  # Wednesday afternoon: the clock never goes back
        (datetime(2026, 3, 7, 9, 0, tzinfo=UTC), date(2026, 3, 9)),  # Saturday: Monday
        (datetime(2026, 4, 2, 9, 0, tzinfo=UTC), date(2026, 4, 7)),  # Maundy Thursday: Tuesday after Easter Monday
    ],
)
def test_the_story_begins_on_the_next_working_day(machine: datetime, first: date, monkeypatch: Any) -> None:
    monkeypatch.setattr(clockwork, "now", lambda: machine)

    days = clockwork.working_days(Calendar(), 5)

    assert (days[0], len(days)) == (first, 5)


def test_the_clock_goes_forwards_only(settings: Any, tmp_path: Path) -> None:
    settings.DEMO_CLOCK_FILE = str(tmp_path / "clock")
    ahead = datetime(2126, 1, 1, tzinfo=UTC)
    clock = clockwork.DemoClock()

    clock.to(ahead)
    clock.to(datetime(2026, 1, 1, tzinfo=UTC))

    assert -1 < (now() - ahead).total_seconds() < 60


@given(seed=st.integers(0, 10_000), loans=st.integers(1, 5), is_out=st.booleans())
def test_a_past_is_lived_in_order_and_ends_where_it_should(seed: int, loans: int, is_out: bool) -> None:
    until = date(2026, 3, 3)

    past = pasts.lived(Random(seed), loans=loans, is_out=is_out, until=until)

    assert past.state == (AssetState.ON_LOAN if is_out else AssetState.AVAILABLE)
    assert all(a.at <= b.at and a.to == b.origin for a, b in pairwise(past.moves))
    assert past.moves[-1].at.date() <= until
    assert (len(past.outings), len(past.returns)) == (loans, loans - is_out)
    assert past.soiled_at is None or (past.cleaned_at or past.soiled_at) > past.soiled_at


def test_the_story_is_refused_outside_the_demonstration(settings: Any) -> None:
    settings.DEMO_CLOCK_FILE = ""

    with pytest.raises(CommandError, match="run scripts/demo"):
        call_command("tell_demo", base_url="http://127.0.0.1:1")


def test_a_story_cut_short_is_not_told_twice(settings: Any, tmp_path: Path) -> None:
    settings.DEMO_CLOCK_FILE = str(tmp_path / "clock")
    report.save(tmp_path / "story.json", {"told": False})

    with pytest.raises(CommandError, match="--reset"):
        call_command("tell_demo", base_url="http://127.0.0.1:1", summary=tmp_path / "summary.json")
