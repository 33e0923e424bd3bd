"""The checker against one legal day, worked out by hand, and against that day with one thing wrong at a time."""

from dataclasses import replace

import pytest

from logistics.planning.check import faults
from logistics.planning.problem import Break, Load, Plan, Problem, Route, Slot, Stop, Unplanned
from tests.logistics.planning.worlds import HOUR, LUNCH, MINUTE, ROOM, STEP_M, at, on_road, shift, visit

VAN = shift(load_seconds=15 * MINUTE, rest=LUNCH)  # loads from 08:00; a break of 30 min between 11:30 and 13:30
BED = visit("bed", 1, 30 * MINUTE, (Slot(at(9), at(10), 7200),), load=Load(clean_l=10, out_kg=5))
CHAIR = visit("chair", 2, 60 * MINUTE, (Slot(at(11), at(13), 7200),), load=Load(dirty_l=20, back_kg=8))
RAIL = visit("rail", 3, 10 * MINUTE, load=Load(clean_l=10, out_kg=5))
HOIST = visit("hoist", 4)
PROBLEM, MATRIX = on_road((VAN,), (BED, CHAIR, RAIL, HOIST))

AT_BED = Stop("bed", at(9), at(9), at(9, 30))
AT_CHAIR = Stop("chair", at(9, 40), at(11), at(12, 30))  # waits till 11, works till 12, eats till 12:30
AT_RAIL = Stop("rail", at(12, 40), at(12, 40), at(12, 50))
EATEN = (at(12), at(12, 30))
# Out 10 + 10 + 10 minutes and 30 home: 6 steps of 10 minutes.
ROUTE = Route("van", at(8, 50), at(13, 20), (AT_BED, AT_CHAIR, AT_RAIL), 60 * MINUTE, 6 * STEP_M, EATEN)
LEFT = Unplanned("hoist", "day_full", "Every crew is full.")
PLAN = Plan((ROUTE,), (LEFT,), 60 * MINUTE + 7200, "by hand", 0)  # an hour of driving and the hoist's prize


def codes(plan: Plan = PLAN, problem: Problem = PROBLEM) -> set[str]:
    return {fault.code for fault in faults(problem, MATRIX, plan)}


def with_route(**change: object) -> Plan:
    return replace(PLAN, routes=(replace(ROUTE, **change),))


def with_stop(number: int, **change: object) -> Plan:
    stops = list(ROUTE.stops)
    stops[number] = replace(stops[number], **change)
    return with_route(stops=tuple(stops))


def with_van(**change: object) -> Problem:
    return replace(PROBLEM, shifts=(replace(VAN, **change),))


def with_visit(number: int, **change: object) -> Problem:
    visits = list(PROBLEM.visits)
    visits[number] = replace(visits[number], **change)
    return replace(PROBLEM, visits=tuple(visits))


def test_a_legal_day_has_no_faults() -> None:
    assert faults(PROBLEM, MATRIX, PLAN) == []


def test_a_day_without_vans_or_visits_has_no_faults() -> None:
    assert codes(Plan((), (), 0, "", 0), replace(PROBLEM, shifts=(), visits=())) == set()


def test_a_fault_says_where_it_is() -> None:
    (fault,) = faults(with_visit(2, crew=2), MATRIX, PLAN)
    assert (fault.shift, fault.visit) == ("van", "rail")
    assert fault.sentence == "'rail' needs 2 people; 1 come."


# The plan as a whole --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (with_route(shift="ghost"), "unknown_shift"),
        (with_stop(0, visit="ghost"), "unknown_visit"),
        (replace(PLAN, unplanned=(replace(LEFT, visit="ghost"),)), "unknown_visit"),
        (replace(PLAN, unplanned=(LEFT, LEFT)), "left_out_twice"),
        (replace(PLAN, unplanned=(LEFT, replace(LEFT, visit="bed"))), "served_and_left_out"),
        (replace(PLAN, unplanned=()), "forgotten"),
        (replace(PLAN, routes=(ROUTE, Route("van", at(8, 15), at(8, 15), (), 0, 0))), "empty_route"),
        (replace(PLAN, cost=PLAN.cost - 1), "cost"),
    ],
)
def test_a_plan_that_does_not_add_up_is_refused(plan: Plan, code: str) -> None:
    assert code in codes(plan)


def test_a_visit_is_served_at_most_once() -> None:
    again = Stop("bed", at(13), at(13), at(13, 30))
    assert "served_twice" in codes(with_route(stops=(*ROUTE.stops, again)))


def test_a_shift_drives_one_route() -> None:
    assert "shift_twice" in codes(replace(PLAN, routes=(ROUTE, ROUTE)))


def test_a_slot_worth_less_than_the_best_costs_the_difference() -> None:
    """The bed is worth 7,200 s at nine and 9,000 s at noon: serving it at nine loses 1,800."""
    problem = with_visit(0, slots=(Slot(at(9), at(10), 7200), Slot(at(12), at(13), 9000)))
    assert codes(PLAN, problem) == {"cost"}
    assert codes(replace(PLAN, cost=PLAN.cost + 1800), problem) == set()


def test_where_slots_overlap_the_better_prize_is_won() -> None:
    problem = with_visit(0, slots=(Slot(at(9), at(10), 7200), Slot(at(8), at(9), 9000)))
    assert codes(PLAN, problem) == set()  # begun at nine sharp, in both


# Times ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (with_stop(2, arrive=at(12, 39)), "travel"),  # ten minutes from 12:30 is 12:40
        (with_route(start=at(8, 51)), "travel"),  # and ten from 08:51 is not 09:00
        (with_route(end=at(13, 19)), "return"),
        (with_stop(2, leave=at(12, 49)), "service"),
        (with_stop(0, leave=at(9, 31)), "service"),  # no lingering: waiting is done at the next door
    ],
)
def test_every_time_follows_from_the_one_before(plan: Plan, code: str) -> None:
    assert code in codes(plan)


def test_work_begins_after_the_crew_arrives() -> None:
    stops = (AT_BED, AT_CHAIR, Stop("rail", at(12, 40), at(12, 39), at(12, 49)))
    assert codes(with_route(stops=stops, end=at(13, 19))) == {"begins_early"}


def test_work_begins_inside_a_slot() -> None:
    """Rule 32. Begun at 11:00 in a slot that ends at 10:59: the window is missed, and so the prize is not won."""
    assert codes(PLAN, with_visit(1, slots=(Slot(at(10), at(11) - 1, 7200),))) == {"window", "cost"}


@pytest.mark.parametrize("slot", [Slot(at(11), at(11), 7200), Slot(at(10), at(11), 7200), Slot(at(11), at(12), 7200)])
def test_both_ends_of_a_slot_are_in_it(slot: Slot) -> None:
    assert codes(PLAN, with_visit(1, slots=(slot,))) == set()


def test_the_van_leaves_when_it_is_loaded() -> None:
    """It leaves at 08:50, so loading for 15 min may start by 08:35 and not at 08:36."""
    assert codes(PLAN, with_van(start=at(8, 35))) == set()
    assert codes(PLAN, with_van(start=at(8, 36))) == {"starts_early"}


def test_the_van_is_back_by_the_end_of_the_shift() -> None:
    """Rule 30: the hours of duty."""
    assert codes(PLAN, with_van(end=at(13, 20))) == set()
    assert codes(PLAN, with_van(end=at(13, 19))) == {"ends_late"}


# Driving --------------------------------------------------------------------------------------------------------------


def test_driving_adds_up() -> None:
    assert codes(replace(with_route(drive=59 * MINUTE), cost=PLAN.cost - MINUTE)) == {"drive"}
    assert codes(with_route(metres=6 * STEP_M + 1)) == {"metres"}


def test_no_one_drives_longer_than_allowed() -> None:
    """Rule 30: the hours of driving."""
    assert codes(PLAN, with_van(max_drive=HOUR)) == set()
    assert codes(PLAN, with_van(max_drive=HOUR - 1)) == {"max_drive"}


# Crew, skills and loads -----------------------------------------------------------------------------------------------


def test_two_person_visits_are_never_solo() -> None:
    """Rule 30: never solo."""
    assert codes(PLAN, with_visit(2, crew=2)) == {"crew"}
    assert codes(PLAN, replace(with_visit(2, crew=2), shifts=(replace(VAN, crew=2),))) == set()


def test_every_skill_must_be_in_the_crew() -> None:
    """Rule 30: no stop beyond the crew's skills."""
    needs = with_visit(2, skills=frozenset({"fitter", "technician"}))
    assert codes(PLAN, replace(needs, shifts=(replace(VAN, skills=frozenset({"fitter"})),))) == {"skill"}
    more = frozenset({"fitter", "technician", "telecare"})
    assert codes(PLAN, replace(needs, shifts=(replace(VAN, skills=more),))) == set()


def test_all_clean_kit_fits_at_departure() -> None:
    """Rules 30 and 31. 10 l for the bed and 10 l for the rail."""
    assert codes(PLAN, with_van(capacity=replace(ROOM, clean_l=20))) == set()
    assert codes(PLAN, with_van(capacity=replace(ROOM, clean_l=19))) == {"clean"}


def test_all_returned_kit_fits_on_the_way_home() -> None:
    """Rules 30 and 31: the dirty side holds what is fetched."""
    assert codes(PLAN, with_van(capacity=replace(ROOM, dirty_l=20))) == set()
    assert codes(PLAN, with_van(capacity=replace(ROOM, dirty_l=19))) == {"dirty"}


def test_weight_fits_on_every_leg() -> None:
    """Rule 30. Aboard: 10 kg out, 5 after the bed, 13 with the chair, 8 home. The peak is on the third leg."""
    assert codes(PLAN, with_van(capacity=replace(ROOM, out_kg=13))) == set()
    (fault,) = faults(with_van(capacity=replace(ROOM, out_kg=12)), MATRIX, PLAN)
    assert (fault.code, fault.visit) == ("weight", "rail")
    assert fault.sentence == "13 kg are aboard a van for 12 kg."


def test_an_exchange_at_one_door_delivers_before_it_collects() -> None:
    """Rule 31. 5 kg out, 8 kg back at the same door: the van carries 5, then 8, never 13."""
    swap = visit("swap", 1, load=Load(out_kg=5, back_kg=8))
    route = Route("van", at(9), at(9, 30), (Stop("swap", at(9, 10), at(9, 10), at(9, 20)),), 20 * MINUTE, 2 * STEP_M)
    plan = Plan((route,), (), 20 * MINUTE, "by hand", 0)
    for kilograms, expected in ((8, set()), (7, {"weight"})):
        problem, matrix = on_road((shift(capacity=replace(ROOM, out_kg=kilograms)),), (swap,))
        assert {fault.code for fault in faults(problem, matrix, plan)} == expected


# Breaks ---------------------------------------------------------------------------------------------------------------

WITHOUT = with_route(stops=(AT_BED, replace(AT_CHAIR, leave=at(12)), replace(AT_RAIL, arrive=at(12, 10))), rest=None)


def test_a_crew_out_over_its_break_must_have_it() -> None:
    assert codes(WITHOUT) == {"break_missing"}


def test_a_crew_back_a_break_before_the_window_closes_eats_at_the_depot() -> None:
    """Back at 13:20: in time for half an hour by 13:50, not by 13:49."""
    assert codes(WITHOUT, with_van(rest=replace(LUNCH, closes=at(13, 50)))) == set()
    assert codes(WITHOUT, with_van(rest=replace(LUNCH, closes=at(13, 50) - 1))) == {"break_missing"}


def test_a_crew_that_loads_a_break_after_the_window_opens_has_eaten() -> None:
    """Loading for the 08:50 start begins at 08:35: half an hour since 08:05, not since 08:06."""
    assert codes(WITHOUT, with_van(rest=Break(at(8, 5), at(13, 30), 30 * MINUTE))) == set()
    assert codes(WITHOUT, with_van(rest=Break(at(8, 5) + 1, at(13, 30), 30 * MINUTE))) == {"break_missing"}


def test_a_break_is_inside_its_window() -> None:
    """It lasts from 12:00 to 12:30."""
    assert codes(PLAN, with_van(rest=replace(LUNCH, closes=at(12, 30)))) == set()
    assert codes(PLAN, with_van(rest=replace(LUNCH, closes=at(12, 29)))) == {"break_window"}
    assert codes(PLAN, with_van(rest=replace(LUNCH, opens=at(12)))) == set()
    assert "break_window" in codes(PLAN, with_van(rest=replace(LUNCH, opens=at(12, 1))))


def test_a_break_has_its_length() -> None:
    assert codes(with_route(rest=(at(12), at(12, 20)))) == {"break_length"}


def test_a_break_is_not_taken_at_work() -> None:
    assert codes(replace(WITHOUT, routes=(replace(WITHOUT.routes[0], rest=(at(11, 40), at(12, 10))),))) == {
        "break_at_work"
    }


def test_a_break_is_not_taken_driving() -> None:
    """Ten minutes' drive from the chair at 12:00 cut into it."""
    assert codes(replace(WITHOUT, routes=(replace(WITHOUT.routes[0], rest=(at(12), at(12, 30))),))) == {"break_at_work"}


def test_a_break_may_be_taken_at_the_door_before_the_work() -> None:
    """At the rail's door from 12:10 to 12:40."""
    assert codes(replace(WITHOUT, routes=(replace(WITHOUT.routes[0], rest=(at(12, 10), at(12, 40))),))) == set()


def test_a_crew_may_wait_for_its_break_to_open_after_the_work() -> None:
    """Done with the chair at 12:00, the break opens at 12:15, they leave at 12:45; later at the rail and home."""
    stops = (AT_BED, replace(AT_CHAIR, leave=at(12, 45)), Stop("rail", at(12, 55), at(12, 55), at(13, 5)))
    plan = with_route(stops=stops, end=at(13, 35), rest=(at(12, 15), at(12, 45)))
    assert codes(plan, with_van(rest=replace(LUNCH, opens=at(12, 15)))) == set()


def test_a_break_nobody_planned_is_a_fault() -> None:
    assert "break_not_due" in codes(PLAN, with_van(rest=None))
