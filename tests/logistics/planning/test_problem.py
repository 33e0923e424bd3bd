"""A problem is checked once, when it is made: each fault is one line that names what is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from logistics.planning.problem import LARGEST, Break, Load, Place, Problem, Shift, Slot, Visit

PLACE = Place("store", 53.0, -1.0)
SHIFT = Shift("van", "store", 28800, 57600, Load(100, 100, 50))
VISIT = Visit("bed", "store", 600, (Slot(28800, 57600, 7200),))
LUNCH = Break(41400, 48600, 1800)


def problem(place: Place = PLACE, shift: Shift = SHIFT, visit: Visit = VISIT) -> Problem:
    return Problem((place,), (shift,), (visit,))


def test_a_sound_problem_is_taken() -> None:
    assert problem().shifts[0].max_drive == 36000  # ten hours, unless told otherwise


def test_nothing_at_all_is_a_problem_too() -> None:
    assert Problem((), (), ()).visits == ()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"place": replace(PLACE, latitude=91)}, "place 'store' has latitude 91, not one between -90 and 90"),
        (
            {"place": replace(PLACE, latitude=float("nan"))},
            "place 'store' has latitude nan, not one between -90 and 90",
        ),
        ({"place": replace(PLACE, longitude=-181)}, "place 'store' has longitude -181, not one between -180 and 180"),
        ({"place": replace(PLACE, setting="lunar")}, "place 'store' has unknown setting 'lunar'"),
        ({"shift": replace(SHIFT, key="")}, "a shift has an empty key"),
        ({"shift": replace(SHIFT, depot="moon")}, "shift 'van' starts from unknown place 'moon'"),
        ({"shift": replace(SHIFT, end=28800)}, "shift 'van' ends before it starts"),
        ({"shift": replace(SHIFT, start=-1)}, "shift 'van' has a negative start"),
        ({"shift": replace(SHIFT, crew=0)}, "shift 'van' has no crew"),
        ({"shift": replace(SHIFT, max_drive=-1)}, "shift 'van' has a negative max_drive"),
        ({"shift": replace(SHIFT, load_seconds=-1)}, "shift 'van' has a negative load_seconds"),
        ({"shift": replace(SHIFT, capacity=Load(-1))}, "shift 'van' has a negative clean_l"),
        ({"shift": replace(SHIFT, rest=replace(LUNCH, seconds=0))}, "shift 'van' has a break of no length"),
        (
            {"shift": replace(SHIFT, rest=replace(LUNCH, closes=43199))},
            "shift 'van' has a break that does not fit its window",
        ),
        ({"visit": replace(VISIT, place="moon")}, "visit 'bed' is at unknown place 'moon'"),
        ({"visit": replace(VISIT, slots=())}, "visit 'bed' has no slot"),
        ({"visit": replace(VISIT, slots=(Slot(9, 8, 0),))}, "visit 'bed' has a slot that ends before it starts"),
        ({"visit": replace(VISIT, slots=(Slot(-1, 8, 0),))}, "visit 'bed' has a negative start"),
        ({"visit": replace(VISIT, slots=(Slot(7, 8, -1),))}, "visit 'bed' has a negative prize"),
        ({"visit": replace(VISIT, service=-1)}, "visit 'bed' has a negative service"),
        ({"visit": replace(VISIT, service=1.5)}, "visit 'bed' has service 1.5, not an int"),
        ({"visit": replace(VISIT, service=10**10)}, f"visit 'bed' has service 10000000000, more than {LARGEST}"),
        ({"visit": replace(VISIT, crew=0)}, "visit 'bed' needs no crew"),
        ({"visit": replace(VISIT, load=Load(back_kg=-3))}, "visit 'bed' has a negative back_kg"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_is_refused_with_one_line_that_names_it(change: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError) as refusal:
        problem(**change)  # type: ignore[arg-type]
    assert str(refusal.value) == fault


def test_a_key_may_be_used_once_of_each_kind() -> None:
    with pytest.raises(ValueError, match=r"place 'store' appears more than once; shift 'van' .*; visit 'bed' .*"):
        Problem((PLACE, PLACE), (SHIFT, SHIFT), (VISIT, VISIT))


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ValueError) as refusal:
        problem(shift=replace(SHIFT, crew=0), visit=replace(VISIT, slots=()))
    assert str(refusal.value) == "shift 'van' has no crew; visit 'bed' has no slot"


@pytest.mark.parametrize("number", [np.int32(600), True, "600", None])
def test_numbers_are_plain_ints(number: object) -> None:
    """numpy's overflow in silence."""
    with pytest.raises(ValueError, match=r"visit 'bed' has service .*, not an int"):
        problem(visit=replace(VISIT, service=number))


def test_a_critical_visit_and_a_plan_are_values() -> None:
    """Frozen and compared by content, so plans can be told apart and kept."""
    assert problem() == problem()
    with pytest.raises(AttributeError):
        VISIT.service = 0  # type: ignore[misc]
