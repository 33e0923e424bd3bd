"""The real clock: what one shift can do in one order, and when."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logistics.planning.check import faults
from logistics.planning.problem import Load, Plan, Problem, Route, Shift, Slot, Stop, Visit
from logistics.planning.schedule import Call, Draft, Ground
from logistics.planning.travel import Matrix
from tests.logistics.planning.oracle import is_possible
from tests.logistics.planning.worlds import HOUR, LUNCH, MINUTE, STEP, STEP_M, anything, at, on_road, shift, visit

seeds = st.integers(0, 10**9)


def draft(van: Shift, *visits: Visit, doors: int = 6) -> Draft:
    ground = Ground(*on_road((van,), visits, doors))
    return ground.draft(van, [Call(call, call.slots[0]) for call in visits])


def route(van: Shift, *visits: Visit, doors: int = 6) -> Route:
    planned = draft(van, *visits, doors=doors).route()
    assert planned is not None
    return planned


def a_slot(start: int, end: int) -> tuple[Slot, ...]:
    return (Slot(start, end, 7200),)


def test_a_route_has_its_times_and_sums() -> None:
    """Out 10 min, work 10, on 10, work 10, home 20: 40 min of driving over 4 steps."""
    planned = route(shift(), visit("a", 1), visit("b", 2))
    stops = (Stop("a", at(8, 10), at(8, 10), at(8, 20)), Stop("b", at(8, 30), at(8, 30), at(8, 40)))
    assert planned == Route("van", at(8), at(9), stops, 4 * STEP, 4 * STEP_M)


def test_the_van_leaves_only_when_it_must() -> None:
    """The first door opens at 10: leave at 09:50. The second opens at 12, which is no reason to leave later."""
    planned = route(shift(), visit("a", 1, slots=a_slot(at(10), at(16))), visit("b", 2, slots=a_slot(at(12), at(16))))
    assert planned.start == at(9, 50)
    assert planned.stops[0] == Stop("a", at(10), at(10), at(10, 10))
    assert planned.stops[1] == Stop("b", at(10, 20), at(12), at(12, 10))  # the crew waits at the second door


def test_loading_comes_first() -> None:
    assert route(shift(load_seconds=20 * MINUTE), visit("a", 1)).start == at(8, 20)


def test_nothing_to_do_is_no_route() -> None:
    assert draft(shift()).fits
    assert draft(shift()).route() is None
    assert draft(shift()).drive == 0


def test_the_break_is_taken_at_the_first_pause_after_it_opens() -> None:
    """At work from 08:10 till 11:40; eats till 12:10; ten minutes to the next door."""
    planned = route(shift(rest=LUNCH), visit("a", 1, 210 * MINUTE), visit("b", 2, 60 * MINUTE))
    assert planned.rest == (at(11, 40), at(12, 10))
    assert planned.stops[0] == Stop("a", at(8, 10), at(8, 10), at(12, 10))
    assert planned.stops[1].arrive == at(12, 20)


def test_the_break_is_taken_while_waiting_at_a_door() -> None:
    """At the second door by 08:30, which opens at 13: half an hour of that wait is the break."""
    planned = route(shift(rest=LUNCH), visit("a", 1), visit("b", 2, slots=a_slot(at(13), at(16))))
    assert planned.rest == (at(11, 30), at(12))
    assert planned.stops[1] == Stop("b", at(8, 30), at(13), at(13, 10))


def test_a_crew_back_early_eats_at_the_depot() -> None:
    assert route(shift(rest=LUNCH), visit("a", 1, 4 * HOUR)).rest is None  # home at 12:20


def test_a_crew_that_leaves_late_has_eaten() -> None:
    """The only door opens at 13:00, so the van leaves at 12:50; half an hour from 11:30 was free for the break."""
    planned = route(shift(rest=LUNCH), visit("a", 1, 2 * HOUR, slots=a_slot(at(13), at(16))))
    assert (planned.rest, planned.start) == (None, at(12, 50))


def test_at_the_first_door_the_break_is_as_late_as_the_work_allows() -> None:
    """A crew loading from 11 is owed its break, in a window that closes at 14; the door two hours off opens at 14."""
    rest = replace(LUNCH, closes=at(14))
    van = shift(start=at(11), end=at(17), load_seconds=15 * MINUTE, rest=rest)
    planned = route(van, visit("a", 12, slots=a_slot(at(14), at(14, 10))), doors=12)
    assert planned.rest == (at(13, 30), at(14))
    assert planned.start == at(11, 30)
    assert planned.stops[0] == Stop("a", at(13, 30), at(14), at(14, 10))


def test_work_across_the_whole_window_leaves_no_break() -> None:
    """Work from 11:20 to 13:20, and lunch must begin between 11:30 and 13:00."""
    busy = visit("a", 2, 120 * MINUTE, slots=a_slot(at(11, 20), at(11, 20)))
    assert not draft(shift(rest=LUNCH), busy, visit("b", 3)).fits
    assert draft(shift(), busy, visit("b", 3)).fits


@pytest.mark.parametrize(
    ("van", "fits"),
    [
        (shift(end=at(9)), True),  # home at nine sharp
        (shift(end=at(9) - 1), False),
        (shift(max_drive=4 * STEP), True),
        (shift(max_drive=4 * STEP - 1), False),
        (shift(capacity=Load(20, 20, 13)), True),
        (shift(capacity=Load(19, 20, 13)), False),
        (shift(capacity=Load(20, 19, 13)), False),
        (shift(capacity=Load(20, 20, 12)), False),  # 10 kg out, then 10 - 5 + 8 = 13, then 8
    ],
)
def test_a_draft_fits_up_to_the_limit_and_not_beyond(van: Shift, fits: bool) -> None:
    calls = (visit("a", 1, load=Load(10, 20, 5, 8)), visit("b", 2, load=Load(10, 0, 5)))
    assert draft(van, *calls).fits is fits


def test_a_draft_needs_hands_and_skills() -> None:
    assert not draft(shift(crew=1), visit("a", 1, crew=2)).fits
    assert not draft(shift(skills=frozenset({"fitter"})), visit("a", 1, skills=frozenset({"technician"}))).fits


def test_one_more_step_says_the_same_as_starting_over() -> None:
    """Asking whether a call fits between two others gives the answer of the longer draft, wherever it is put."""
    asked = fitted = 0
    for seed in range(150):
        problem, matrix = anything(seed, visits=7)
        ground, draw = Ground(problem, matrix), random.Random(seed)
        for van in problem.shifts:
            start = ground.draft(van)
            for call in draw.sample(problem.visits, 7):
                if call.crew > van.crew or not call.skills <= van.skills:
                    continue
                call_at = Call(call, draw.choice(call.slots))
                positions = range(len(start.calls) + 1)
                answers = [
                    (start.admits(call_at, position), start.with_call(call_at, position)) for position in positions
                ]
                assert all(admitted == longer.fits for admitted, longer in answers), (seed, van.key, call.key)
                asked, fitted = asked + len(answers), fitted + sum(admitted for admitted, _ in answers)
                start = next((longer for admitted, longer in answers if admitted), start)
    assert 200 < fitted < asked - 200  # both answers were tried


@settings(max_examples=150, deadline=None)
@given(seeds)
def test_a_draft_fits_just_when_trying_every_pause_says_so(seed: int) -> None:
    """And its route has the checker's blessing."""
    problem, matrix = anything(seed, visits=5, shifts=1, days=1)
    draw, van = random.Random(seed), replace(problem.shifts[0], capacity=Load(10**4, 10**4, 10**4), max_drive=10**5)
    able = [call for call in problem.visits if call.crew <= van.crew and call.skills <= van.skills]
    calls = [Call(call, draw.choice(call.slots)) for call in draw.sample(able, draw.randint(0, len(able)))]
    problem = replace(problem, shifts=(van,))
    planned = Ground(problem, matrix).draft(van, calls)
    if calls:
        assert planned.fits == is_possible(van, [(call.visit, call.slot) for call in calls], planned.legs)
        assert planned.fits == (planned.route() is not None)
    found = {fault.code for fault in faults(problem, matrix, _plan_of(planned))}
    assert found <= {"cost", "forgotten"}


def _plan_of(planned: Draft) -> Plan:
    only = planned.route()
    return Plan((only,) if only else (), (), 0, "", 0)


def test_a_matrix_for_other_places_is_refused() -> None:
    problem, _ = on_road((), (), doors=6)
    _, smaller = on_road((), (), doors=5)
    with pytest.raises(ValueError, match="the matrix is for 6 places, the problem has 7"):
        Ground(problem, smaller)


def test_metres_and_seconds_may_be_any_table() -> None:
    """One-way streets: the drive out and the drive home differ."""
    problem, matrix = on_road((shift(),), (visit("a", 1),))
    seconds = matrix.seconds.copy()
    seconds[1, 0] = 7
    ground = Ground(Problem(problem.places, problem.shifts, problem.visits), Matrix(seconds, matrix.metres))
    assert ground.draft(problem.shifts[0], [Call(problem.visits[0], problem.visits[0].slots[0])]).drive == STEP + 7
