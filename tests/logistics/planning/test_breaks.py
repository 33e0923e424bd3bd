"""The clock without breaks: what the engine sees instead of a meal break."""

from hypothesis import given
from hypothesis import strategies as st

from logistics.planning.breaks import Clock, clock
from logistics.planning.problem import Break
from tests.logistics.planning.worlds import MINUTE, at

HALF = 30 * MINUTE
rests = st.builds(
    lambda opens, seconds, spare: Break(opens, opens + seconds + spare, seconds),
    st.integers(0, 10**5),
    st.integers(1, 4000),
    st.integers(0, 10**4),
)


def test_without_breaks_the_clock_is_the_real_one() -> None:
    assert clock([None, None]).squeeze(at(12)) == at(12)


def test_a_break_takes_no_time_on_the_clock() -> None:
    """Half an hour from 11:30: earlier times stay, times inside move to 11:30, later ones are half an hour earlier."""
    lunch = clock([Break(at(11, 30), at(13, 30), HALF)])
    real = [at(8), at(11, 30), at(11, 45), at(12), at(16)]
    assert [lunch.squeeze(time) for time in real] == [at(8), at(11, 30), at(11, 30), at(11, 30), at(15, 30)]


def test_breaks_of_one_day_share_the_latest_opening() -> None:
    """11:30 to 13:30 and 12:00 to 14:00, half an hour and 45 minutes: all can have 45 minutes from 12:00."""
    day = clock([Break(at(11, 30), at(13, 30), HALF), Break(at(12), at(14), 45 * MINUTE), None])
    assert day == Clock(((at(12), 45 * MINUTE),))


def test_breaks_that_cannot_be_taken_together_are_cut_one_by_one() -> None:
    """An early shift eats between 10 and 11, a late one between 15 and 17: the clock leaves out both."""
    day = clock([Break(at(15), at(17), HALF), Break(at(10), at(11), HALF)])
    assert day == Clock(((at(10), HALF), (at(15), HALF)))
    assert day.squeeze(at(18)) == at(17)


def test_each_day_has_its_own_cut() -> None:
    week = clock([Break(at(12, day=day), at(14, day=day), HALF) for day in range(3)])
    assert week.squeeze(at(18, day=2)) == at(16, 30, day=2)  # three breaks by then


def test_overlapping_cuts_become_one() -> None:
    """An hour between 11:30 and 14:00 and half an hour from 12:00 have no hour in common: 11:30 to 12:30 is cut."""
    day = clock([Break(at(11, 30), at(14), 60 * MINUTE), Break(at(12), at(12, 30), HALF)])
    assert day == Clock(((at(11, 30), 60 * MINUTE),))


@given(st.lists(rests), st.integers(0, 2 * 10**5), st.integers(0, 10**5))
def test_the_clock_never_runs_backwards_nor_too_fast(breaks: list[Break], time: int, later: int) -> None:
    squeezed = clock(breaks)
    assert 0 <= squeezed.squeeze(time + later) - squeezed.squeeze(time) <= later
    assert 0 <= squeezed.squeeze(time) <= time


@given(st.lists(rests))
def test_every_break_has_a_cut_of_its_length_that_it_may_be_taken_from(breaks: list[Break]) -> None:
    """Between its opening and the last moment from which it still ends in its window."""
    for rest in breaks:
        assert any(
            max(opens, rest.opens) + rest.seconds <= min(opens + seconds, rest.closes)
            for opens, seconds in clock(breaks).cuts
        )
