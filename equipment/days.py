"""The day on the wall of the store at a moment: from midnight to one in summer, UTC still has the day before. Pure."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")


def day_of(at: datetime) -> date:
    return at.astimezone(LONDON).date()
