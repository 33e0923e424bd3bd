"""The built-in travel model against geopy, hand sums and the triangle inequality."""

import math

import numpy as np
import pytest
from geopy.distance import geodesic, great_circle
from hypothesis import given, settings
from hypothesis import strategies as st

from logistics.planning.problem import Place
from logistics.planning.travel import Band, Matrix, TravelModel, great_circle_metres

LEEDS = Place("Leeds", 53.7997, -1.5492, "urban")
YORK = Place("York", 53.9590, -1.0815, "suburban")
WHITBY = Place("Whitby", 54.4863, -0.6133, "rural")
TRURO = Place("Truro", 50.2632, -5.0510, "rural")
WICK = Place("Wick", 58.4389, -3.0937, "rural")
BRITAIN = (LEEDS, YORK, WHITBY, TRURO, WICK)

britain = st.builds(
    Place,
    st.just("somewhere"),
    st.floats(50, 59, allow_nan=False),
    st.floats(-6, 1.5, allow_nan=False),
    st.sampled_from(("urban", "suburban", "rural")),
)


def point(place: Place) -> tuple[float, float]:
    return place.latitude, place.longitude


def test_distances_are_great_circles() -> None:
    """geopy's sphere, to the millimetre."""
    metres = great_circle_metres(BRITAIN)
    for row, a in enumerate(BRITAIN):
        for column, b in enumerate(BRITAIN):
            assert metres[row, column] == pytest.approx(great_circle(point(a), point(b)).meters, abs=1e-3)


@given(britain, britain)
def test_the_sphere_is_within_half_a_percent_of_the_earth(a: Place, b: Place) -> None:
    metres = great_circle_metres([a, b])[0, 1]
    assert metres == pytest.approx(geodesic(point(a), point(b)).meters, rel=0.005, abs=0.01)


@pytest.mark.parametrize(
    ("metres", "seconds"),
    [
        (0, 0),
        (1_000, 150),  # 1 km at 24 km/h
        (2_000, 300),
        (10_000, 300 + 720),  # and 8 km at 40
        (30_000, 300 + 720 + 20_000 * 3.6 / 58),  # and 20 km at 58
        (105_000, 300 + 720 + 20_000 * 3.6 / 58 + 3600),  # and 75 km at 75: an hour
    ],
)
def test_a_trip_is_slow_at_first_and_faster_the_longer_it_is(metres: int, seconds: float) -> None:
    assert TravelModel().driving_seconds(np.array([float(metres)]))[0] == pytest.approx(seconds)


def test_roads_are_longer_than_great_circles_and_doors_take_parking() -> None:
    matrix = TravelModel().matrix([LEEDS, YORK])
    metres = 1.30 * great_circle(point(LEEDS), point(YORK)).meters
    assert matrix.metres[0, 1] == math.ceil(metres)
    driving = 300 + 720 + 20_000 * 3.6 / 58 + (metres - 30_000) * 3.6 / 75  # 46 km: into the fourth band
    assert matrix.seconds[0, 1] == math.ceil(driving + 70 + 40)  # urban at Leeds, suburban at York


@pytest.mark.parametrize(("area", "circuity"), [("urban", 1.25), ("mixed", 1.30), ("rural", 1.40)])
def test_an_area_has_its_circuity(area: str, circuity: float) -> None:
    assert TravelModel.for_area(area).circuity == circuity


def test_the_same_door_is_no_drive() -> None:
    """Two flats of one house: two places, one point."""
    flat = Place("flat 2", LEEDS.latitude, LEEDS.longitude, LEEDS.setting)
    matrix = TravelModel().matrix([LEEDS, flat, YORK])
    assert matrix.seconds[0, 1] == matrix.metres[0, 1] == 0
    assert matrix.seconds[0, 2] == matrix.seconds[1, 2]


def test_one_place_and_none_have_a_matrix() -> None:
    assert TravelModel().matrix([LEEDS]).seconds.tolist() == [[0]]
    assert TravelModel().matrix([]).seconds.shape == (0, 0)


@settings(max_examples=60)
@given(st.lists(britain, min_size=3, max_size=7), st.sampled_from(("urban", "mixed", "rural")))
def test_no_detour_is_a_short_cut(places: list[Place], area: str) -> None:
    """The triangle inequality, in seconds and in metres, after rounding; and there is as far as back."""
    places.append(places[0])
    matrix = TravelModel.for_area(area).matrix(places)
    for table in (matrix.seconds, matrix.metres):
        via = table[:, :, None] + table[None, :, :]  # from a to b to c
        assert (table[:, None, :] <= via).all()
        assert (table == table.T).all()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"circuity": 0.9}, "no road is shorter"),
        ({"bands": (Band(5, 60), Band(math.inf, 30))}, "must not fall"),  # slower later on breaks the triangle
        ({"bands": (Band(5, 0), Band(math.inf, 30))}, "must be positive"),
        ({"bands": (Band(5, 20),)}, "without end"),
        ({"bands": ()}, "must be positive"),
        ({"rural_parking_seconds": -1}, "must not be negative"),
    ],
)
def test_a_model_that_would_mislead_the_engine_is_refused(change: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        TravelModel(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "fault"),
    [
        (np.zeros((2, 3), np.int32), "not a square"),
        (np.zeros((3, 3), np.int32), "same size"),
        (np.zeros((2, 2), np.int64), "holds int64"),
        (np.array([[0, -1], [1, 0]], np.int32), "negative"),
        (np.array([[1, 1], [1, 0]], np.int32), "from a place to itself"),
    ],
)
def test_a_matrix_from_elsewhere_is_checked(seconds: np.ndarray, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Matrix(seconds, np.zeros((2, 2), np.int32))
