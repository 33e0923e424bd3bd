"""The last pass: the cheapest place for a visit, on the real clock."""

from hypothesis import given, settings
from hypothesis import strategies as st

from logistics.planning.insertion import cheapest, fill, left_out, seat
from logistics.planning.problem import Load, Shift, Slot, Visit
from logistics.planning.schedule import Call, Draft, Ground
from tests.logistics.planning.worlds import HOUR, STEP, anything, at, on_road, shift, visit


def ground_of(shifts: tuple[Shift, ...], visits: tuple[Visit, ...]) -> Ground:
    return Ground(*on_road(shifts, visits))


def drafted(ground: Ground, **routes: list[str]) -> dict[str, Draft]:
    """Drafts of these visits, each in its first slot."""
    calls = {
        key: [Call(ground.visits[name], ground.visits[name].slots[0]) for name in names]
        for key, names in routes.items()
    }
    return {key: ground.draft(van, calls.get(key, [])) for key, van in ground.shifts.items()}


def served(drafts: dict[str, Draft]) -> dict[str, list[str]]:
    return {key: [call.visit.key for call in draft.calls] for key, draft in drafts.items() if draft.calls}


def test_a_visit_goes_where_it_adds_least_driving() -> None:
    """Doors 1 and 3 are served; door 2 lies between them, without a detour. The empty van would drive 4 steps."""
    ground = ground_of((shift("busy"), shift("idle")), (visit("a", 1), visit("b", 3), visit("new", 2)))
    place = cheapest(drafted(ground, busy=["a", "b"]).values(), ground.visits["new"])
    assert place is not None
    assert (place.shift, place.position, place.detour, place.loss) == ("busy", 1, 0, -2 * HOUR)


def test_an_empty_van_drives_there_and_back() -> None:
    ground = ground_of((shift(),), (visit("a", 3),))
    place = cheapest(drafted(ground).values(), ground.visits["a"])
    assert place is not None
    assert place.detour == 6 * STEP


def test_a_better_slot_may_be_worth_a_longer_drive() -> None:
    """At noon on the way it is worth 1,000; at three, with a van of its own, 9,000 less 40 min of driving."""
    slots = (Slot(at(12), at(13), 1000), Slot(at(15), at(16), 9000))
    ground = ground_of((shift("am", end=at(14)), shift("pm", at(14))), (visit("a", 3), visit("b", 2, slots=slots)))
    place = cheapest(drafted(ground, am=["a"]).values(), ground.visits["b"])
    assert place is not None
    assert (place.shift, place.loss) == ("pm", 4 * STEP - 9000)


def test_where_it_does_not_fit_there_is_no_place() -> None:
    ground = ground_of(
        (shift(),), (visit("a", 1, 9 * HOUR), visit("b", 1, load=Load(clean_l=101)), visit("c", 1, crew=2))
    )
    drafts = drafted(ground)
    assert [cheapest(drafts.values(), ground.visits[key]) for key in "abc"] == [None, None, None]


def test_urgent_and_dear_visits_are_inserted_first() -> None:
    """There is time for one visit of five hours."""
    dear = (Slot(at(8), at(16), 9000),)
    visits = (
        visit("dear", 1, 5 * HOUR, dear),
        visit("urgent", 1, 5 * HOUR, critical=True),
        visit("cheap", 1, 5 * HOUR),
    )
    ground = ground_of((shift(),), visits)
    filled, inserted = fill(drafted(ground), visits)
    assert (served(filled), inserted) == ({"van": ["urgent"]}, 1)
    filled, inserted = fill(drafted(ground), (visits[0], visits[2]))
    assert (served(filled), inserted) == ({"van": ["dear"]}, 1)


def test_one_insertion_may_make_another_worth_while() -> None:
    """Door 6 is worth less than its 12 steps, until door 5 is served for a prize of its own: then it takes 2 more."""
    near, far = (
        visit("near", 5, slots=(Slot(at(8), at(16), 10 * STEP),)),
        visit("far", 6, slots=(Slot(at(8), at(16), 2 * STEP),)),
    )
    ground = ground_of((shift(),), (far, near))
    filled, inserted = fill(drafted(ground), (far, near))
    assert (set(served(filled)["van"]), inserted) == ({"near", "far"}, 2)


def test_a_visit_worth_just_its_detour_is_served() -> None:
    ground = ground_of((shift(),), (visit("a", 1, slots=(Slot(at(8), at(16), 2 * STEP),)),))
    assert fill(drafted(ground), ground.problem.visits)[1] == 1


def test_what_no_longer_fits_is_not_seated() -> None:
    """Of three visits of three hours two fit an eight-hour shift; the order is kept."""
    visits = tuple(visit(key, 1, 3 * HOUR) for key in "abc")
    ground = ground_of((shift(),), visits)
    seated = seat(ground, "van", [Call(call, call.slots[0]) for call in visits])
    assert [call.visit.key for call in seated.calls] == ["a", "b"]
    assert [call.key for call in left_out(ground.problem, {"van": seated})] == ["c"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_after_the_last_pass_nothing_more_fits_that_is_worth_it(seed: int) -> None:
    problem, matrix = anything(seed, visits=9, shifts=3)
    ground = Ground(problem, matrix)
    filled, inserted = fill({key: ground.draft(van) for key, van in ground.shifts.items()}, problem.visits)
    assert all(draft.fits for draft in filled.values())
    assert sum(len(draft.calls) for draft in filled.values()) == inserted
    for missing in left_out(problem, filled):
        place = cheapest(filled.values(), missing)
        assert place is None or place.loss > 0
