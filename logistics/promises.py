"""When: working days, the moment kit is needed, and the days on which a visit may be made, each with its price. Pure.

Local time (Europe/London) lives here and in rendering only; everything handed back is an aware datetime or a date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

import holidays

LONDON = ZoneInfo("Europe/London")

# What serving a visit is worth, in seconds of driving. A discharge-critical visit outweighs any detour in a county;
# the steps below it choose the day, and never the visit.
MUST = 36_000
LATE_STEP = 3_600  # each day later than needed
SECOND_BEST = 1_800  # the other of the two good days
TOO_EARLY = 10_800  # a bed in the way of somebody who is not home yet
ROUTINE = 7_200
ROUTINE_DUE = 14_400  # on and after the day it falls due


@dataclass(frozen=True)
class Calendar:
    """The days a store works: seven digits from Monday, and the bank holidays of its region (ENG, WLS, SCT, NIR)."""

    weekdays: str = "1111100"
    region: str = "ENG"

    def is_working(self, day: date) -> bool:
        return self.weekdays[day.weekday()] == "1" and day not in _bank_holidays(self.region, day.year)

    def before(self, day: date) -> date:
        """The last working day before `day`."""
        return next(d for d in _days(day - timedelta(days=1), -1) if self.is_working(d))

    def add(self, day: date, working_days: int) -> date:
        """The working day `working_days` after `day`, which itself is not counted (rule 21)."""
        later = (d for d in _days(day + timedelta(days=1), 1) if self.is_working(d))
        return next(islice(later, working_days - 1, None)) if working_days else day

    def from_day(self, day: date, count: int) -> list[date]:
        """The next `count` working days, `day` among them when it is one."""
        return list(islice((d for d in _days(day, 1) if self.is_working(d)), count))


def _days(start: date, step: int) -> Iterator[date]:
    # Bounded, so that a store with no working day at all is an error and not a loop.
    for n in range(400):
        yield start + timedelta(days=n * step)
    raise ValueError("This store has no working day within a year: check its weekdays.")


@lru_cache(maxsize=64)
def _bank_holidays(region: str, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv=region, years=year))


@dataclass(frozen=True)
class Slot:
    """A stretch of one day in which a visit may begin, and what that is worth."""

    day: date
    opens: datetime
    closes: datetime
    prize: int


def local(day: date, hour: int, minute: int = 0) -> datetime:
    """That time on the wall in London. In the hour that a clock change repeats, the first of the two."""
    return datetime.combine(day, time(hour, minute), LONDON)


def today(at: datetime) -> date:
    return at.astimezone(LONDON).date()


def needed_by(expected_on: date | None, *, latest_safe_hour: int) -> datetime | None:
    """When the kit must be in place: the latest safe hour on the EDD (rule 23). None while there is no date."""
    return local(expected_on, latest_safe_hour) if expected_on else None


def due_at(placed_at: datetime, calendar: Calendar, working_days: int) -> datetime:
    """The end of the contract's speed: so many working days after the day of the order (rule 21)."""
    return local(calendar.add(today(placed_at), working_days), 18)


def discharge_slots(needed: datetime, calendar: Calendar, *, at: datetime, bulky: bool, days: int) -> list[Slot]:
    """The days on which a discharge-critical visit may be made, best first by prize.

    Bulky and fitted kit goes the working day before, so that a failed visit can be tried again; small kit the same
    morning. Two working days before is a last resort, and later than needed the very last. Once all of those have
    gone, as soon as possible, each day worse than the last.
    """
    start, edd = today(at), today(needed)
    morning = (
        [Slot(edd, local(edd, 0), needed, MUST - SECOND_BEST if bulky else MUST)] if calendar.is_working(edd) else []
    )
    before = calendar.before(edd)
    slots = [
        *morning,
        _whole_day(before, MUST if bulky or not morning else MUST - SECOND_BEST),
        _whole_day(calendar.before(before), MUST - TOO_EARLY),
    ]
    open_still = [slot for slot in slots if slot.day >= start and slot.closes > at]
    if open_still:
        return [*open_still, *_late(needed, calendar)]
    return [_whole_day(day, MUST - LATE_STEP * (n + 1)) for n, day in enumerate(calendar.from_day(start, days))]


def _late(needed: datetime, calendar: Calendar) -> list[Slot]:
    """After it is needed, for want of anything better: readiness calls such a plan a risk, which beats no plan at
    all.
    """
    edd, worth = today(needed), MUST - TOO_EARLY
    afternoon = [Slot(edd, needed, local(edd, 23, 59), worth - LATE_STEP)] if calendar.is_working(edd) else []
    return [*afternoon, _whole_day(calendar.add(edd, 1), worth - 2 * LATE_STEP)]


def routine_slots(
    due: datetime | None, calendar: Calendar, *, at: datetime, not_before: date | None, days: int
) -> list[Slot]:
    """The days for a visit nobody's discharge hangs on: any of the next ones, worth more once it falls due."""
    start = max(today(at), not_before or today(at))
    last = today(due) if due else None
    return [_whole_day(day, ROUTINE_DUE if last and day >= last else ROUTINE) for day in calendar.from_day(start, days)]


def _whole_day(day: date, prize: int) -> Slot:
    return Slot(day, local(day, 0), local(day, 23, 59), prize)
