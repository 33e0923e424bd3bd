"""Every visit left out has one reason, and the reason is true."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logistics.planning import engine
from logistics.planning.check import faults
from logistics.planning.explain import reasons
from logistics.planning.problem import Load, Plan, Problem, Route, Shift, Slot, Stop, Unplanned, Visit
from logistics.planning.travel import Matrix
from tests.logistics.planning.oracle import cheapest_cost
from tests.logistics.planning.worlds import HOUR, LUNCH, MINUTE, ROOM, STEP, STEP_M, anything, at, on_road, shift, visit

NOTHING = Plan((), (), 0, "by hand", 0)
DEAR = (Slot(at(8), at(16), 36000),)


def reason(visit_left: Visit, *shifts: Shift, doors: int = 12) -> tuple[str, str]:
    """Why nobody serves it, of an empty plan."""
    problem, matrix = on_road(shifts, (visit_left,), doors)
    (unplanned,) = reasons(problem, matrix, NOTHING)
    return unplanned.code, unplanned.sentence


# The ladder -----------------------------------------------------------------------------------------------------------


def test_no_van_that_day() -> None:
    tomorrow = shift("van", at(8, day=1), at(16, day=1))
    assert reason(visit("a", 1), tomorrow) == ("no_route", "No van is on the road on the days this visit allows.")
    assert reason(visit("a", 1))[0] == "no_route"


def test_a_shift_over_midnight_is_on_the_road_on_both_days() -> None:
    night = shift("night", at(22), at(6, day=1))
    assert reason(visit("a", 1, slots=(Slot(at(9), at(10), 1),)), night)[0] == "window_closed"
    assert reason(visit("a", 1, slots=(Slot(at(9, day=1), at(10, day=1), 1),)), night)[0] == "window_closed"
    assert reason(visit("a", 1, slots=(Slot(at(9, day=2), at(10, day=2), 1),)), night)[0] == "no_route"


def test_no_crew_is_large_enough() -> None:
    expected = "No two-person crew is on the road on the days this visit allows."
    assert reason(visit("a", 1, crew=2), shift()) == ("no_crew", expected)


def test_nobody_has_the_skill() -> None:
    expected = "No crew on the road on the days this visit allows has this skill: technician."
    needed = frozenset({"technician", "fitter"})
    assert reason(visit("a", 1, skills=needed), shift(skills=frozenset({"fitter"}))) == ("no_skill", expected)


def test_nobody_has_all_the_skills_at_once() -> None:
    one, other = shift("one", skills=frozenset({"fitter"})), shift("other", skills=frozenset({"technician"}))
    code, sentence = reason(visit("a", 1, skills=frozenset({"technician", "fitter"})), one, other)
    assert code == "no_skill"
    assert sentence.startswith("No single crew") and sentence.endswith("all of these skills: fitter, technician.")


def test_the_skill_is_looked_for_among_the_crews_that_are_large_enough() -> None:
    solo, pair = shift("solo", skills=frozenset({"fitter"})), shift("pair", crew=2)
    expected = "No two-person crew on the road on the days this visit allows has this skill: fitter."
    assert reason(visit("a", 1, crew=2, skills=frozenset({"fitter"})), solo, pair) == ("no_skill", expected)


@pytest.mark.parametrize(
    ("load", "sentence"),
    [
        (Load(clean_l=101), "This visit needs 101 litres of clean space; the most on a van that could come is 100."),
        (
            Load(dirty_l=101),
            "This visit needs 101 litres of space for returns; the most on a van that could come is 100.",
        ),
        (Load(out_kg=51), "This visit needs 51 kg of payload; the most on a van that could come is 50."),
        (Load(back_kg=51), "This visit needs 51 kg of payload; the most on a van that could come is 50."),
    ],
)
def test_the_load_is_too_big(load: Load, sentence: str) -> None:
    assert reason(visit("a", 1, load=load), shift()) == ("too_big", sentence)


def test_the_van_with_room_must_have_the_crew_too() -> None:
    lorry = shift("lorry", capacity=Load(1000, 1000, 1000))
    assert reason(visit("a", 1, crew=2, load=Load(clean_l=101)), lorry, shift("pair", crew=2))[0] == "too_big"


def test_no_van_has_room_for_all_of_the_load_at_once() -> None:
    vans = shift("clean", capacity=Load(100, 10, 50)), shift("dirty", capacity=Load(10, 100, 50))
    code, sentence = reason(visit("a", 1, load=Load(clean_l=50, dirty_l=50)), *vans)
    assert (code, "all of its load at once" in sentence) == ("too_big", True)


@pytest.mark.parametrize(
    ("call", "van"),
    [
        (visit("a", 1, slots=(Slot(at(8), at(8, 9), 7200),)), shift()),  # the drive takes till 08:10
        (visit("a", 1, slots=(Slot(at(8), at(8, 10), 7200),)), shift(load_seconds=MINUTE)),
        (visit("a", 1, slots=(Slot(at(15, 41), at(17), 7200),)), shift()),  # done at 15:51, home at 16:01
        (visit("a", 1, 8 * HOUR), shift()),
        (visit("a", 12, slots=DEAR), shift(max_drive=4 * HOUR - 1)),
        (visit("a", 2, 2 * HOUR, slots=(Slot(at(11, 20), at(11, 20), 1),)), shift(rest=LUNCH)),  # no time for lunch
    ],
)
def test_the_window_is_closed_to_every_crew(call: Visit, van: Shift) -> None:
    assert reason(call, van)[0] == "window_closed"


def test_a_window_that_is_just_open_is_open() -> None:
    assert reason(visit("a", 1, slots=(Slot(at(8), at(8, 10), 7200),)), shift())[0] == "overlooked"
    assert reason(visit("a", 1, slots=(Slot(at(15, 40), at(17), 7200),)), shift())[0] == "overlooked"


def test_the_day_is_full() -> None:
    """Seven and a half hours at door 1 leave ten minutes: not enough for door 2."""
    long, short = visit("long", 1, 450 * MINUTE, DEAR), visit("short", 2)
    stop = Stop("long", at(8, 10), at(8, 10), at(15, 40))
    plan = Plan((Route("van", at(8), at(15, 50), (stop,), 2 * STEP, 2 * STEP_M),), (), 0, "by hand", 0)
    (unplanned,) = reasons(*on_road((shift(),), (long, short)), plan)
    expected = "Every crew that could do this visit has a full day: it fits nowhere between their other visits."
    assert unplanned == Unplanned("short", "day_full", expected)


def test_the_drive_is_not_worth_it() -> None:
    """Door 12 adds four hours to an empty day and is worth two."""
    expected = (
        "A crew has time, but this visit would add 240 min of driving, more than the 120 min it is counted as worth."
    )
    assert reason(visit("far", 12), shift()) == ("too_far", expected)


def test_a_plan_from_elsewhere_may_have_overlooked_a_visit() -> None:
    assert reason(visit("a", 1), shift()) == ("overlooked", "This visit would still fit on the route of 'van'.")


# The engine's reasons -------------------------------------------------------------------------------------------------


def test_every_visit_left_out_has_its_reason() -> None:
    problem, matrix = on_road(
        (shift("van", rest=LUNCH), shift("other", capacity=replace(ROOM, clean_l=1))),
        (
            visit("fine", 1),
            visit("two people", 1, crew=2),
            visit("fitting", 1, skills=frozenset({"fitter"})),
            visit("wardrobe", 1, load=Load(clean_l=500)),
            visit("at dawn", 1, slots=(Slot(at(4), at(5), 36000),)),
            visit("next week", 1, slots=(Slot(at(9, day=7), at(10, day=7), 36000),)),
            visit("cheap", 6, slots=(Slot(at(8), at(16), 10),)),
        ),
    )
    plan = engine.solve(problem, matrix, iterations=50)
    assert {unplanned.visit: unplanned.code for unplanned in plan.unplanned} == {
        "two people": "no_crew",
        "fitting": "no_skill",
        "wardrobe": "too_big",
        "at dawn": "window_closed",
        "next week": "no_route",
        "cheap": "too_far",
    }


def alone(problem: Problem, matrix: Matrix, key: str) -> int:
    """The best gain of serving this visit alone, by trying everything: 0 if no shift can, or none wants to."""
    only = tuple(visit for visit in problem.visits if visit.key == key)
    rich = tuple(replace(visit, slots=tuple(replace(slot, prize=10**6) for slot in visit.slots)) for visit in only)
    return 10**6 - cheapest_cost(replace(problem, visits=rich), matrix)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9))
def test_the_engine_s_reasons_are_true(seed: int) -> None:
    """Alone it can be served just when the reason says so; and no reason says that the engine has missed something."""
    problem, matrix = anything(seed, visits=9, shifts=2)
    plan = engine.solve(problem, matrix, iterations=20)
    assert faults(problem, matrix, plan) == []
    assert plan.unplanned == reasons(problem, matrix, plan)
    for unplanned in plan.unplanned:
        possible = alone(problem, matrix, unplanned.visit) > 0
        assert possible == (unplanned.code in ("day_full", "too_far")), unplanned
