"""Calendars and days, against hand-worked dates and the published bank holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics import promises
from logistics.promises import MUST, Calendar, discharge_slots, due_at, local, needed_by, routine_slots, today

ENG = Calendar()


def test_bank_holidays_of_each_nation():
    """Rule 21. Easter Monday 2026 is 6 April, not in Scotland; 2 January and St Andrew's are Scotland's; 12 July NI."""
    easter_monday = date(2026, 4, 6)
    assert not ENG.is_working(easter_monday)
    assert Calendar(region="SCT").is_working(easter_monday)
    assert not Calendar(region="SCT").is_working(date(2026, 1, 2))
    assert ENG.is_working(date(2026, 1, 2))
    assert not Calendar(region="SCT").is_working(date(2026, 11, 30))
    assert not Calendar(region="NIR").is_working(date(2026, 7, 13))


def test_working_days_leap_over_easter():
    """Rule 21. Thu 2 April 2026: Good Friday, the weekend and Easter Monday do not count: a working day on is Tue 7."""
    assert ENG.add(date(2026, 4, 2), 1) == date(2026, 4, 7)
    assert ENG.before(date(2026, 4, 7)) == date(2026, 4, 2)
    assert ENG.from_day(date(2026, 4, 3), 2) == [date(2026, 4, 7), date(2026, 4, 8)]


def test_a_store_that_works_saturdays_counts_them():
    assert Calendar("1111110").add(date(2026, 3, 6), 1) == date(2026, 3, 7)


def test_a_store_that_never_works_is_an_error_and_not_a_loop():
    with pytest.raises(ValueError, match="no working day"):
        Calendar("0000000").before(date(2026, 3, 6))


def test_rule_21_the_day_of_the_order_is_not_counted():
    """Ordered Tue 3 March, 7 working days: Wed 4, 5, 6, 9, 10, 11, Thu 12."""
    assert due_at(datetime(2026, 3, 3, 23, 30, tzinfo=UTC), ENG, 7) == local(date(2026, 3, 12), 18)


@pytest.mark.parametrize(
    ("edd", "utc_hour"),
    [(date(2026, 3, 28), 12), (date(2026, 3, 29), 11), (date(2026, 10, 24), 11), (date(2026, 10, 25), 12)],
)
def test_noon_is_noon_on_the_wall_before_and_after_both_clock_changes(edd, utc_hour):
    """Rules 21 and 23: by the clock on the wall in London."""
    needed = needed_by(edd, latest_safe_hour=12)
    assert needed is not None
    assert needed.astimezone(UTC) == datetime(edd.year, edd.month, edd.day, utc_hour, tzinfo=UTC)


def test_the_day_is_londons_not_utcs():
    assert today(datetime(2026, 7, 1, 23, 30, tzinfo=UTC)) == date(2026, 7, 2)


def test_no_date_no_need():
    assert needed_by(None, latest_safe_hour=12) is None


def slots(edd: date, at: datetime, *, bulky: bool) -> list[tuple[date, int]]:
    needed = needed_by(edd, latest_safe_hour=12)
    assert needed is not None
    return [(slot.day, slot.prize) for slot in discharge_slots(needed, ENG, at=at, bulky=bulky, days=3)]


MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
THU = date(2026, 3, 5)


def test_bulky_kit_goes_the_working_day_before_so_that_it_can_be_tried_again():
    best = max(slots(THU, MONDAY, bulky=True), key=lambda slot: slot[1])
    assert best == (date(2026, 3, 4), MUST)


def test_small_kit_goes_the_same_morning():
    best = max(slots(THU, MONDAY, bulky=False), key=lambda slot: slot[1])
    assert best == (THU, MUST)


def test_two_working_days_before_is_a_last_resort_and_nothing_is_earlier():
    assert (date(2026, 3, 3), MUST - promises.TOO_EARLY) in slots(THU, MONDAY, bulky=True)
    assert min(day for day, _ in slots(THU, MONDAY, bulky=True)) == date(2026, 3, 3)


def test_later_than_needed_is_the_very_last_resort_but_better_than_never():
    """The afternoon of the day, then the next working day: 36,000 - 10,800 - 3,600 and again 3,600 less."""
    assert slots(THU, MONDAY, bulky=True)[-2:] == [(THU, 21_600), (date(2026, 3, 6), 18_000)]
    in_time = slots(THU, MONDAY, bulky=True)[:-2]
    assert min(prize for _, prize in in_time) > 21_600


def test_for_a_sunday_it_goes_on_friday():
    assert slots(date(2026, 3, 8), MONDAY, bulky=False) == [
        (date(2026, 3, 6), MUST),
        (THU, MUST - promises.TOO_EARLY),
        (date(2026, 3, 9), 18_000),
    ]


def test_no_slot_of_the_day_itself_lies_after_it_is_needed():
    needed = needed_by(THU, latest_safe_hour=12)
    assert needed is not None
    assert discharge_slots(needed, ENG, at=MONDAY, bulky=True, days=3)[0].closes == local(THU, 12)


def test_too_late_means_as_soon_as_possible_and_each_day_is_worse():
    after = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)
    found = slots(THU, after, bulky=False)
    assert [day for day, _ in found] == [THU, date(2026, 3, 6), date(2026, 3, 9)]
    assert [prize for _, prize in found] == sorted((prize for _, prize in found), reverse=True)


days = st.dates(date(2025, 1, 1), date(2028, 12, 31))


@given(days, st.integers(-20, 60), st.booleans())
def test_there_is_always_a_day_and_it_is_a_working_day_not_gone(edd, ahead, bulky):
    at = local(edd - timedelta(days=ahead), 9)
    found = slots(edd, at, bulky=bulky)
    assert found
    for day, prize in found:
        assert ENG.is_working(day)
        assert day >= today(at)
        assert prize > promises.ROUTINE_DUE


@given(days, st.integers(1, 30))
def test_adding_working_days_is_counting_them(day, count):
    """Oracle: walk the calendar one day at a time."""
    walked, left = day, count
    while left:
        walked += timedelta(days=1)
        left -= ENG.is_working(walked)
    assert ENG.add(day, count) == walked


def test_routine_work_is_worth_more_once_it_falls_due():
    due = local(date(2026, 3, 4), 18)
    found = routine_slots(due, ENG, at=MONDAY, not_before=date(2026, 3, 3), days=3)
    assert [(slot.day.day, slot.prize) for slot in found] == [(3, 7_200), (4, 14_400), (5, 14_400)]
