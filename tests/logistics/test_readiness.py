from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics.readiness import LineFacts, VisitFacts, Word, of
from logistics.states import VisitState

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEEDED = NOW + 48 * HOUR
WINDOW = (NOW + 24 * HOUR, NOW + 26 * HOUR)

BED = LineFacts("Bed", 1, allocated=1, delivered=0, visit=7)
PLANNED = {7: VisitFacts(VisitState.PLANNED, WINDOW)}


def word(lines, visits=PLANNED, needed=NEEDED, at=NOW, **more):
    return of(lines, visits, needed_by=needed, at=at, **more).word


def test_nothing_ordered():
    assert word([]) == Word.NOT_ORDERED


def test_planned_carries_its_window():
    answer = of([BED], PLANNED, needed_by=NEEDED, at=NOW)
    assert (answer.word, answer.window) == (Word.PLANNED, WINDOW)


def test_rule_25_in_place_only_when_every_critical_line_is_delivered_whole():
    done = LineFacts("Bed", 1, 0, 1)
    assert word([done, done]) == Word.IN_PLACE
    assert word([done, LineFacts("Raisers", 4, 0, 3)]) == Word.AWAITING_STOCK
    assert word([done, LineFacts("Raisers", 4, 1, 3, visit=7)]) == Word.PARTIAL


def test_telecare_that_is_delivered_and_not_live_is_not_in_place():
    """Rules 25 and 38: an alarm that nobody would answer is not in place, whatever else is."""
    done, silent = LineFacts("Bed", 1, 0, 1), LineFacts("Pendant", 1, 0, 1, live=False)
    answer = of([done, silent], {}, needed_by=NEEDED, at=NOW)
    assert (answer.word, answer.reason) == (Word.PARTIAL, "The alarm centre has not heard it yet: Pendant.")
    assert word([BED, silent]) == Word.PARTIAL
    assert word([done, LineFacts("Pendant", 1, 0, 1)]) == Word.IN_PLACE


def test_in_place_says_whether_it_was_in_time():
    """Rule 22: of the whole order, against when it was needed."""
    done = [LineFacts("Bed", 1, 0, 1)]
    assert of(done, {}, needed_by=NEEDED, at=NOW, in_place_at=NEEDED).in_place_on_time is True
    assert of(done, {}, needed_by=NEEDED, at=NOW, in_place_at=NEEDED + HOUR).in_place_on_time is False


@pytest.mark.parametrize(
    ("lines", "visits", "expected"),
    [
        ([LineFacts("Bed", 1, 0, 0, authorised=False)], {}, Word.AWAITING_AUTHORISATION),
        ([LineFacts("Bed", 2, 1, 0, visit=7)], PLANNED, Word.AWAITING_STOCK),
        ([LineFacts("Bed", 1, 1, 0)], {}, Word.AT_RISK),
        ([BED], {7: VisitFacts(VisitState.OPEN)}, Word.AWAITING_PLAN),
        ([BED], {7: VisitFacts(VisitState.OPEN, located=False)}, Word.AT_RISK),
        ([BED], {7: VisitFacts(VisitState.OPEN, unplanned_reason="No two-person crew.")}, Word.AT_RISK),
        ([BED], {7: VisitFacts(VisitState.PLANNED, (NEEDED - HOUR, NEEDED + HOUR))}, Word.AT_RISK),
        ([BED], {7: VisitFacts(VisitState.PLANNED, (NEEDED - 2 * HOUR, NEEDED))}, Word.PLANNED),
        ([BED], {7: VisitFacts(VisitState.OUT, WINDOW)}, Word.OUT_FOR_DELIVERY),
        ([BED], {7: VisitFacts(VisitState.ARRIVED, WINDOW)}, Word.OUT_FOR_DELIVERY),
    ],
)
def test_the_word_for_each_standing(lines, visits, expected):
    """Rule 28: no stock, no slot, no authorisation and no place on the map are said before the day."""
    assert word(lines, visits) == expected


def test_a_failed_visit_without_a_next_one_is_failed_and_says_who_decides():
    answer = of([LineFacts("Bed", 1, 1, 0)], {}, needed_by=NEEDED, at=NOW, last_failure="no access")
    assert (answer.word, answer.reason) == (Word.FAILED, "The last visit failed: no access.")
    assert "prescriber" in answer.next_action


def test_no_date_or_a_date_gone_by_is_a_risk():
    """Rule 28: nor is a date that is missing or gone by passed over."""
    assert word([BED], needed=None) == Word.AT_RISK
    assert word([BED], at=NEEDED + HOUR) == Word.AT_RISK


lines = st.builds(
    LineFacts,
    product=st.just("Bed"),
    quantity=st.integers(1, 4),
    allocated=st.integers(0, 4),
    delivered=st.integers(0, 4),
    authorised=st.booleans(),
    visit=st.sampled_from([None, 7]),
)
visits = st.builds(
    VisitFacts,
    state=st.sampled_from([VisitState.OPEN, VisitState.PLANNED, VisitState.OUT, VisitState.ARRIVED]),
    window=st.none() | st.just(WINDOW),
    located=st.booleans(),
    unplanned_reason=st.sampled_from(["", "Day full."]),
)


@given(st.lists(lines, max_size=4), visits, st.none() | st.just(NEEDED))
def test_rule_25_no_combination_is_in_place_with_anything_missing(some, visit, needed):
    answer = of(some, {7: visit}, needed_by=needed, at=NOW)
    complete = bool(some) and all(line.delivered >= line.quantity for line in some)
    assert (answer.word == Word.IN_PLACE) == complete
    if answer.word not in (Word.IN_PLACE, Word.PLANNED, Word.OUT_FOR_DELIVERY):
        assert answer.reason
