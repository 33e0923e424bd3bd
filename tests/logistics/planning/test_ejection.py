"""Room for a visit left out: others give way, and go elsewhere if they can."""

from hypothesis import given, settings
from hypothesis import strategies as st

from logistics.planning.ejection import make_room
from logistics.planning.insertion import fill, left_out
from logistics.planning.problem import Shift, Slot, Visit
from logistics.planning.schedule import Call, Draft, Ground
from tests.logistics.planning.worlds import HOUR, anything, at, on_road, shift, visit

FITTER = frozenset({"fitter"})
MUST = (Slot(at(8), at(16), 36000),)


def room(shifts: tuple[Shift, ...], visits: tuple[Visit, ...], **routes: str) -> tuple[dict[str, str], int]:
    """The routes after making room, as strings of one-letter visits, and the number of exchanges."""
    ground = Ground(*on_road(shifts, visits))
    drafts = {
        key: ground.draft(
            van, [Call(ground.visits[name], ground.visits[name].slots[0]) for name in routes.get(key, "")]
        )
        for key, van in ground.shifts.items()
    }
    drafts, made = make_room(ground.problem, drafts, lambda: True)
    assert all(draft.fits for draft in drafts.values())
    return {key: "".join(sorted(call.visit.key for call in draft.calls)) for key, draft in drafts.items()}, made


def test_a_dearer_visit_takes_the_place_of_a_cheaper_one() -> None:
    """Time for one visit of five hours."""
    routes = room((shift(),), (visit("a", 1, 5 * HOUR), visit("b", 1, 5 * HOUR, MUST)), van="a")
    assert routes == ({"van": "b"}, 1)


def test_a_cheaper_visit_does_not_take_the_place_of_a_dearer_one() -> None:
    assert room((shift(),), (visit("a", 1, 5 * HOUR, MUST), visit("b", 1, 5 * HOUR)), van="a") == ({"van": "a"}, 0)


def test_what_gives_way_goes_to_another_van() -> None:
    """Only the fitter's van may do the fitting; its delivery goes to the driver's van, and nothing is lost."""
    visits = (visit("d", 1, 5 * HOUR), visit("f", 1, 5 * HOUR, skills=FITTER))
    assert room((shift("fitter", skills=FITTER), shift("driver")), visits, fitter="d") == (
        {"fitter": "f", "driver": "d"},
        1,
    )


def test_several_small_visits_give_way_to_a_long_one() -> None:
    """The fitting takes five hours, each of the seven deliveries one: the driver can take what must go."""
    deliveries = tuple(visit(key, 1, HOUR) for key in "abcdefg")
    fitting = visit("z", 1, 5 * HOUR, skills=FITTER)
    routes, made = room((shift("fitter", skills=FITTER), shift("driver")), (*deliveries, fitting), fitter="abcdefg")
    assert made == 1
    assert "z" in routes["fitter"]
    assert sorted(routes["fitter"] + routes["driver"]) == list("abcdefgz")


def test_several_visits_do_not_give_way_to_one_that_is_worth_less() -> None:
    deliveries = tuple(visit(key, 1, HOUR) for key in "abcdefg")
    fitting = visit("z", 1, 5 * HOUR, skills=FITTER)  # worth two hours of driving, as each of the four that must go
    assert room((shift("fitter", skills=FITTER),), (*deliveries, fitting), fitter="abcdefg") == (
        {"fitter": "abcdefg"},
        0,
    )


def test_nothing_is_exchanged_once_time_is_up() -> None:
    ground = Ground(*on_road((shift(),), (visit("a", 1, 5 * HOUR), visit("b", 1, 5 * HOUR, MUST))))
    drafts = {"van": ground.draft(ground.problem.shifts[0], [Call(ground.visits["a"], ground.visits["a"].slots[0])])}
    assert make_room(ground.problem, drafts, lambda: False) == (drafts, 0)


def cost(ground: Ground, drafts: dict[str, Draft]) -> int:
    lost = sum(max(slot.prize for slot in left.slots) for left in ground.problem.visits)
    return lost + sum(draft.drive - sum(call.slot.prize for call in draft.calls) for draft in drafts.values())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_every_exchange_makes_the_plan_cheaper_and_keeps_the_rules(seed: int) -> None:
    problem, matrix = anything(seed, visits=10, shifts=3)
    ground = Ground(problem, matrix)
    filled, _ = fill({key: ground.draft(van) for key, van in ground.shifts.items()}, problem.visits)
    better, made = make_room(problem, filled, lambda: True)
    assert all(draft.fits for draft in better.values())
    assert cost(ground, better) <= cost(ground, filled) - made
    served = [call.visit.key for draft in better.values() for call in draft.calls]
    assert len(served) == len(set(served)) == len(problem.visits) - len(left_out(problem, better))
