"""Moving the demonstration's clock: the file that every process reads holds the seconds it runs ahead."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from equipment.clock import now
from logistics import promises


class DemoClock:
    """Goes forwards only."""

    def __init__(self) -> None:
        self.file = Path(settings.DEMO_CLOCK_FILE)

    def to(self, moment: datetime) -> None:
        """Make it that moment, in all processes at once; nothing when it has passed."""
        if moment > now():
            fresh = self.file.with_suffix(".new")
            fresh.write_text(f"{(moment - timezone.now()).total_seconds():.3f}")
            fresh.replace(self.file)  # at once, so that nobody reads half a number


def working_days(calendar: promises.Calendar, count: int) -> list[date]:
    """The story's days: the first is the next working day whose 06:30 lies ahead."""
    at = now()
    days = calendar.from_day(promises.today(at), count + 1)
    return days[1:] if dawn(days[0]) < at else days[:count]


def dawn(day: date) -> datetime:
    return promises.local(day, 6, 30)
