"""The engine on days small enough to plan by hand, and against trying everything."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logistics.planning import engine
from logistics.planning.check import faults
from logistics.planning.problem import Break, Load, Place, Plan, Problem, Shift, Slot, Visit
from logistics.planning.travel import Matrix
from tests.logistics.planning.oracle import cheapest_cost
from tests.logistics.planning.worlds import (
    ANY_TIME,
    DAY,
    HOUR,
    LUNCH,
    MINUTE,
    ROOM,
    STEP,
    anything,
    at,
    on_road,
    road,
    shift,
    visit,
)

ITERATIONS = 60
BIG = Load(100, 100, 1000)


def plan(shifts: tuple[Shift, ...], visits: tuple[Visit, ...], doors: int = 12) -> Plan:
    """The engine's plan of a day on the road, passed by the checker."""
    return checked(*on_road(shifts, visits, doors))


def checked(problem: Problem, matrix: Matrix, **options: object) -> Plan:
    planned = engine.solve(problem, matrix, **({"iterations": ITERATIONS} | options))  # type: ignore[arg-type]
    assert faults(problem, matrix, planned) == []
    return planned


def served(planned: Plan) -> dict[str, list[str]]:
    return {route.shift: [stop.visit for stop in route.stops] for route in planned.routes}


def left_out(planned: Plan) -> dict[str, str]:
    return {unplanned.visit: unplanned.code for unplanned in planned.unplanned}


# Price ----------------------------------------------------------------------------------------------------------------


def test_the_cost_of_a_full_plan_is_its_driving() -> None:
    """Doors 1, 2 and 3 in a row and back: 6 steps."""
    planned = plan((shift(),), (visit("a", 1), visit("b", 2), visit("c", 3)))
    assert (planned.cost, planned.unplanned) == (6 * STEP, ())
    assert planned.engine.startswith("pyvrp 0.14")


@pytest.mark.parametrize(
    ("prize", "cost", "code"), [(12 * STEP, 12 * STEP, None), (12 * STEP - 1, 12 * STEP - 1, "too_far")]
)
def test_a_visit_is_worth_its_prize_in_driving(prize: int, cost: int, code: str | None) -> None:
    """Door 6 is 12 steps there and back."""
    planned = plan((shift(),), (visit("far", 6, slots=(replace(ANY_TIME, prize=prize),)),))
    assert (planned.cost, left_out(planned).get("far")) == (cost, code)


def test_when_not_all_fit_the_dearer_visits_are_served() -> None:
    """Two hours at a door, three hours of shift: one visit."""
    cheap, dear = (
        visit(key, 1, 2 * HOUR, (replace(ANY_TIME, prize=prize),)) for key, prize in (("a", 7200), ("b", 7201))
    )
    planned = plan((shift(end=at(11)),), (cheap, dear))
    assert (served(planned), left_out(planned)) == ({"van": ["b"]}, {"a": "day_full"})
    assert planned.cost == 2 * STEP + 7200


def test_vans_with_nothing_to_do_have_no_route() -> None:
    planned = plan((shift("one"), shift("two")), (visit("a", 1), visit("b", 2)))
    assert len(planned.routes) == 1


# Crews, skills and loads ----------------------------------------------------------------------------------------------


def test_two_person_visits_go_to_two_person_crews() -> None:
    visits = tuple(visit(f"bed {door}", door, crew=2) for door in range(1, 5))
    planned = plan((shift("solo"), shift("pair", crew=2)), (*visits, visit("stick", 5)))
    assert {"pair"} == {key for key, stops in served(planned).items() if any(stop.startswith("bed") for stop in stops)}
    assert planned.unplanned == ()


def test_two_person_visits_are_left_out_rather_than_done_solo() -> None:
    dear = (Slot(at(8), at(16), 10**9),)  # worth more than any forbidden drive
    planned = plan((shift("solo"),), (visit("bed", 1, slots=dear, crew=2), visit("stick", 2)))
    assert (served(planned), left_out(planned)) == ({"solo": ["stick"]}, {"bed": "no_crew"})


def test_skills_decide_who_goes() -> None:
    fitter, technician = frozenset({"fitter"}), frozenset({"technician"})
    shifts = (shift("fit", skills=fitter), shift("tech", skills=technician), shift("both", skills=fitter | technician))
    visits = (visit("hoist", 3, skills=fitter | technician), visit("rail", 1, skills=fitter))
    planned = plan(shifts, visits)
    assert served(planned) == {"both": ["rail", "hoist"]} or served(planned) == {"both": ["hoist", "rail"]}


def test_visits_at_one_door_may_need_different_crews() -> None:
    """The same place twice: the technician's visit is closed to the driver, the delivery beside it is not."""
    shifts = (shift("driver", end=at(9)), shift("technician", end=at(9), skills=frozenset({"technician"})))
    visits = (visit("delivery", 1, 40 * MINUTE), visit("repair", 1, 40 * MINUTE, skills=frozenset({"technician"})))
    assert served(plan(shifts, visits)) == {"driver": ["delivery"], "technician": ["repair"]}


@pytest.mark.parametrize("load", [Load(clean_l=60), Load(dirty_l=60), Load(out_kg=30), Load(back_kg=30)])
def test_a_van_carries_what_it_has_room_for(load: Load) -> None:
    """Room for 100 l clean, 100 l returned and 50 kg: two such visits are too many for one van."""
    visits = (visit("a", 1, load=load), visit("b", 2, load=load))
    assert list(left_out(plan((shift(),), visits)).values()) == ["day_full"]
    assert left_out(plan((shift("one"), shift("two")), visits)) == {}


def test_clean_and_returned_kit_have_a_compartment_each() -> None:
    """Rule 31. 60 l out and 60 l back fit a van of 100 l and 100 l, in either order."""
    visits = (visit("out", 1, load=Load(clean_l=60)), visit("back", 2, load=Load(dirty_l=60)))
    assert left_out(plan((shift(),), visits)) == {}


@pytest.mark.parametrize(("payload", "unserved"), [(13, 0), (12, 1)])
def test_weight_is_a_peak_on_the_road(payload: int, unserved: int) -> None:
    """8 kg are collected at ten and 5 kg delivered at noon: 5 kg out, then 13, then 8."""
    visits = (
        visit("collect", 1, slots=(Slot(at(10), at(10), 7200),), load=Load(back_kg=8)),
        visit("deliver", 2, slots=(Slot(at(12), at(12), 7200),), load=Load(out_kg=5)),
    )
    assert len(plan((shift(capacity=replace(ROOM, out_kg=payload)),), visits).unplanned) == unserved


def test_delivering_first_makes_room_for_collecting() -> None:
    """With both free all day, 5 kg out and then 8 kg back never weigh more than 8."""
    visits = (visit("collect", 1, load=Load(back_kg=8)), visit("deliver", 2, load=Load(out_kg=5)))
    planned = plan((shift(capacity=replace(ROOM, out_kg=8)),), visits)
    assert served(planned) == {"van": ["deliver", "collect"]}


# Shifts ---------------------------------------------------------------------------------------------------------------


def test_each_visit_goes_to_the_nearer_store() -> None:
    """Stores at both ends of the road."""
    ends = (shift("west"), replace(shift("east"), depot="12"))
    assert served(plan(ends, (visit("a", 2), visit("b", 10)))) == {"west": ["a"], "east": ["b"]}


@pytest.mark.parametrize(("loading", "unserved"), [(30, 0), (31, 1)])
def test_loading_takes_its_time_before_leaving(loading: int, unserved: int) -> None:
    """An hour of shift; ten minutes out, ten at work, ten home."""
    van = shift(end=at(9), load_seconds=loading * MINUTE)
    assert len(plan((van,), (visit("a", 1),)).unplanned) == unserved


def test_shifts_may_load_for_different_times() -> None:
    """Only the van that is loaded by 08:10 is at door 1 by 08:20."""
    vans = (shift("slow", load_seconds=20 * MINUTE), shift("quick", load_seconds=10 * MINUTE))
    assert served(plan(vans, (visit("a", 1, slots=(Slot(at(8), at(8, 20), 7200),)),))) == {"quick": ["a"]}


@pytest.mark.parametrize(("hours", "unserved"), [(4, 0), (3, 1)])
def test_no_crew_drives_longer_than_allowed(hours: int, unserved: int) -> None:
    """Door 12 is four hours there and back."""
    far = visit("far", 12, slots=(replace(ANY_TIME, prize=36000),))
    assert len(plan((shift(max_drive=hours * HOUR),), (far,)).unplanned) == unserved


def test_the_van_leaves_as_late_as_its_first_window_allows() -> None:
    planned = plan((shift(),), (visit("a", 1, slots=(Slot(at(10), at(11), 7200),)),))
    assert (planned.routes[0].start, planned.routes[0].end) == (at(9, 50), at(10, 20))


# Days and slots -------------------------------------------------------------------------------------------------------


def day_shifts(days: int, **other: object) -> tuple[Shift, ...]:
    """A one-hour shift each day: time for one visit at door 2."""
    return tuple(shift(f"day {day}", at(8, day=day), at(9, day=day), **other) for day in range(days))


def test_a_visit_is_served_in_one_of_its_slots() -> None:
    """Worth more today than tomorrow, so today; and once."""
    slots = (Slot(at(8), at(9), 5000), Slot(at(8, day=1), at(9, day=1), 4000))
    planned = plan(day_shifts(2), (visit("a", 2, slots=slots),))
    assert (served(planned), planned.cost) == ({"day 0": ["a"]}, 4 * STEP)


def test_the_lesser_slot_is_used_when_the_better_one_is_full() -> None:
    """Both would rather come today, when there is time for one. The other loses 1,000 by waiting till tomorrow."""
    slots = (Slot(at(8), at(9), 5000), Slot(at(8, day=1), at(9, day=1), 4000))
    planned = plan(day_shifts(2), (visit("a", 2, 15 * MINUTE, slots), visit("b", 2, 15 * MINUTE, slots)))
    assert sorted(served(planned)) == ["day 0", "day 1"]
    assert planned.cost == 2 * 4 * STEP + 1000


def test_a_slot_may_span_days() -> None:
    """Any time from today to tomorrow; today there is no van."""
    planned = plan((day_shifts(2)[1],), (visit("a", 2, slots=(Slot(at(8), at(18, day=1), 5000),)),))
    assert served(planned) == {"day 1": ["a"]}


# Breaks ---------------------------------------------------------------------------------------------------------------


def rests(planned: Plan) -> dict[str, tuple[int, int] | None]:
    return {route.shift: route.rest for route in planned.routes}


def test_a_busy_crew_has_its_break() -> None:
    """Three hours at door 2 till 11:20, at door 1 by 11:30, lunch till 12:00, three hours there, home at 15:10."""
    planned = plan((shift(rest=LUNCH),), tuple(visit(str(door), door, 180 * MINUTE) for door in (1, 2)))
    assert planned.routes[0].end == at(15, 10)
    assert rests(planned) == {"van": (at(11, 30), at(12))}


@pytest.mark.parametrize(("end", "unserved"), [(at(15, 10), 0), (at(15, 10) - 1, 1)])
def test_the_break_takes_time_from_the_shift(end: int, unserved: int) -> None:
    visits = tuple(visit(str(door), door, 180 * MINUTE) for door in (1, 2))
    assert len(plan((shift(end=end, rest=LUNCH),), visits).unplanned) == unserved


def test_breaks_of_one_day_may_differ() -> None:
    """An early and a late shift; the breaks of a day of which no time is common to both."""
    early = shift("early", at(6), at(14), rest=Break(at(9), at(11), 30 * MINUTE))
    late = shift("late", at(12), at(20), rest=Break(at(15), at(17), 45 * MINUTE))
    morning, evening = (Slot(at(6), at(13), 36000),), (Slot(at(12), at(19), 36000),)
    visits = tuple(
        visit(f"{key} {door}", door, 80 * MINUTE, slot)
        for door in (1, 2, 3, 4)
        for key, slot in (("m", morning), ("e", evening))
    )
    planned = plan((early, late), visits)
    assert planned.unplanned == ()
    assert {key: rest is not None and rest[1] - rest[0] for key, rest in rests(planned).items()} == {
        "early": 1800,
        "late": 2700,
    }


def test_each_day_has_its_own_break() -> None:
    """Three days of eight hours, each with seven hours of work at door 1."""
    shifts = tuple(
        shift(
            f"day {day}",
            at(8, day=day),
            at(16, day=day),
            rest=Break(at(11, 30 + 30 * day, day), at(14, day=day), 30 * MINUTE),
        )
        for day in range(3)
    )
    slots = tuple(Slot(at(8, day=day), at(16, day=day), 36000) for day in range(3))
    planned = plan(shifts, tuple(visit(f"{number}", 1, 70 * MINUTE, slots) for number in range(18)))
    assert planned.unplanned == ()
    assert [rest is not None and rest[0] // DAY for rest in rests(planned).values()] == [0, 1, 2]


def test_what_the_clock_without_breaks_cannot_see_the_last_pass_finds() -> None:
    """Work at 11:35 and 11:55 sharp: the engine's clock says 11:30 to both. In truth lunch comes after them."""
    sharp = (
        visit("a", 1, slots=(Slot(at(11, 35), at(11, 35), 7200),)),
        visit("b", 2, slots=(Slot(at(11, 55), at(11, 55), 7200),)),
    )
    planned = plan((shift(rest=LUNCH),), (*sharp, visit("late", 3, slots=(Slot(at(14), at(15), 7200),))))
    assert planned.unplanned == ()
    assert planned.facts["inserted"] == 1


# Limits ---------------------------------------------------------------------------------------------------------------


def test_without_shifts_everything_is_left_out() -> None:
    planned = plan((), (visit("a", 1), visit("b", 2)))
    assert (planned.routes, left_out(planned), planned.cost) == ((), {"a": "no_route", "b": "no_route"}, 2 * 7200)


def test_without_visits_there_is_nothing_to_do() -> None:
    assert (plan((shift(),), ()).routes, plan((shift(),), ()).cost) == ((), 0)
    assert plan((), (), doors=0).cost == 0


def test_visits_beyond_every_shift_do_not_trouble_the_engine() -> None:
    planned = plan((shift(),), (visit("a", 1, crew=3), visit("b", 2, load=Load(clean_l=101))))
    assert left_out(planned) == {"a": "no_crew", "b": "too_big"}


def test_a_shift_that_is_over_before_it_is_loaded_does_nothing() -> None:
    planned = plan((shift(end=at(9), load_seconds=2 * HOUR),), (visit("a", 1),))
    assert left_out(planned) == {"a": "window_closed"}


def test_time_may_be_the_limit() -> None:
    planned = checked(*on_road((shift(),), (visit("a", 1), visit("b", 2))), seconds=0.05, iterations=None)
    assert planned.cost == 4 * STEP


def test_no_time_at_all_still_gives_a_plan() -> None:
    planned = checked(*anything(3), seconds=0, iterations=None)
    assert planned.routes


# Starting from an earlier plan ----------------------------------------------------------------------------------------


def test_a_good_plan_is_kept() -> None:
    problem, matrix = anything(21, visits=12)
    first = checked(problem, matrix, iterations=400)
    assert checked(problem, matrix, iterations=1, start=first).cost <= first.cost


@pytest.mark.parametrize("seed", range(5))
def test_the_answer_is_never_dearer_than_the_start(seed: int) -> None:
    problem, matrix = anything(seed, visits=12)
    first = checked(problem, matrix, iterations=400)
    assert checked(problem, matrix, iterations=20, seed=seed, start=first).cost <= first.cost


def test_shifts_and_visits_that_are_gone_are_forgotten() -> None:
    """The van that had the work is off sick, one visit is cancelled, and a new one comes in."""
    problem, matrix = on_road((shift("sick"), shift("well", start=at(9))), (visit("a", 1), visit("b", 2)))
    first = checked(problem, matrix)
    later = replace(problem, shifts=(shift("well", start=at(9)),), visits=(visit("b", 2), visit("new", 3)))
    planned = checked(later, matrix, start=first)
    assert (sorted(served(planned)["well"]), planned.unplanned) == (["b", "new"], ())


def test_a_start_that_serves_a_visit_twice_is_put_right() -> None:
    problem, matrix = on_road((shift("one"), shift("two")), (visit("a", 1), visit("b", 2)))
    (route,) = checked(problem, matrix).routes
    twice = replace(route, stops=route.stops + route.stops)
    muddle = Plan((twice, replace(twice, shift="two")), (), 0, "by hand", 0)
    assert checked(problem, matrix, start=muddle).cost == 4 * STEP


def test_a_visit_that_has_grown_leaves_its_old_place() -> None:
    """It fitted the small van; now only the large one can take it."""
    small, large = shift("small", capacity=Load(10, 0, 50)), replace(shift("large"), depot="12")
    problem, matrix = on_road((small, large), (visit("a", 1, load=Load(clean_l=10)),), doors=12)
    first = checked(problem, matrix)
    grown = replace(problem, visits=(visit("a", 1, load=Load(clean_l=11), slots=(Slot(at(8), at(16), 36000),)),))
    assert (served(first), served(checked(grown, matrix, start=first))) == ({"small": ["a"]}, {"large": ["a"]})


# The same again, the best there is, and anything at all ---------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_and_iterations_give_the_same_plan(seed: int) -> None:
    problem, matrix = anything(7, visits=15, shifts=4)
    first, second = (engine.solve(problem, matrix, iterations=100, seed=seed) for _ in range(2))
    assert first == second
    assert first.seed == seed


@pytest.mark.parametrize("seed", range(12))
def test_tiny_days_are_planned_as_well_as_can_be(seed: int) -> None:
    """Against trying every order of every choice: five visits, two shifts, no breaks."""
    problem, matrix = anything(seed, visits=5, shifts=2)
    problem = replace(problem, shifts=tuple(replace(van, rest=None) for van in problem.shifts))
    assert checked(problem, matrix).cost == cheapest_cost(problem, matrix)


@pytest.mark.parametrize("seed", range(12))
def test_tiny_days_with_breaks_are_planned_as_well_as_can_be(seed: int) -> None:
    problem, matrix = anything(seed, visits=5, shifts=2)
    assert checked(problem, matrix).cost == cheapest_cost(problem, matrix)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 12), st.integers(0, 4))
def test_no_plan_breaks_a_rule(seed: int, visits: int, shifts: int) -> None:
    """Rules 30, 31 and 32. And the same seed gives the same plan, whatever the day is like."""
    problem, matrix = anything(seed, visits, shifts)
    planned = checked(problem, matrix, iterations=25)
    assert planned == engine.solve(problem, matrix, iterations=25)


def test_the_numbers_of_one_horizon_stay_safe() -> None:
    """A prize of 10^9, the largest number allowed, neither overflows nor buys a forbidden visit."""
    places, matrix = road(2)
    dear = (Slot(at(8), at(16), 10**9),)
    visits = tuple(visit(f"{number}", 1, 0, dear, crew=1 + number % 2) for number in range(40))
    planned = checked(Problem(places, (shift(),), visits), matrix)
    assert len(planned.unplanned) == 20
    assert planned.cost == 20 * 10**9 + 2 * STEP


def test_a_store_may_be_a_door_too() -> None:
    """A visit at the depot itself costs no driving."""
    problem = Problem((Place("0", 53, -1),), (shift(),), (visit("counter", 0),))
    _, matrix = road(0)
    assert checked(problem, matrix).cost == 0
