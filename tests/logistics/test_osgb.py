"""Grid to degrees, held against Ordnance Survey's published numbers and against the projection the other way round."""

from __future__ import annotations

from math import cos, hypot, nan, radians, sin, sqrt, tan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logistics import osgb

# Places of OS's own test set for OSTN15: easting, northing, and latitude and longitude on ETRS89 (WGS84 to a metre).
TEST_POINTS = [
    ("St Mary's, Scilly", 91492.146, 11318.804, 49.92226394, -6.29977752),
    ("Lizard Point", 170370.718, 11572.405, 49.96006138, -5.20304610),
    ("Plymouth", 250359.811, 62016.569, 50.43885826, -4.10864564),
    ("North Foreland", 639821.835, 169565.858, 51.37447026, 1.44454730),
    ("Lambeth", 530624.974, 178388.464, 51.48936565, -0.11992557),
    ("Nottingham", 454002.834, 340834.943, 52.96219109, -1.19747656),
    ("Daresbury", 357455.843, 383290.436, 53.34480280, -2.64049321),
    ("Flamborough", 525745.670, 470703.214, 54.11685144, -0.07773133),
    ("Newcastle", 424639.355, 565012.703, 54.97912274, -1.61657685),
    ("Edinburgh", 319188.434, 670947.534, 55.92478266, -3.29479219),
    ("Inverness", 267056.768, 846176.972, 57.48625001, -4.21926399),
    ("St Kilda", 9587.909, 899448.996, 57.81351838, -8.57854456),
    ("Shetland", 395999.668, 1138728.951, 60.13308092, -2.07382823),
]
METRES_PER_DEGREE = 111_320


def apart(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres between two near points."""
    north = (latitude - other_latitude) * METRES_PER_DEGREE
    east = (longitude - other_longitude) * METRES_PER_DEGREE * cos(radians(latitude))
    return hypot(north, east)


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """Degrees on Airy 1830 to the grid: OS's terms I to VI, one point at a time. Only the tests need this direction."""
    a, b, e2 = osgb.AIRY_1830.a, osgb.AIRY_1830.b, osgb.AIRY_1830.e2
    phi, p, n = radians(latitude), radians(longitude) - osgb.LONGITUDE_0, (a - b) / (a + b)
    s, c, t2 = sin(phi), cos(phi), tan(phi) ** 2
    nu = a * osgb.SCALE / sqrt(1 - e2 * s * s)
    eta2 = (1 - e2 * s * s) / (1 - e2) - 1
    less, more = phi - osgb.LATITUDE_0, phi + osgb.LATITUDE_0
    arc = (1 + n + 1.25 * (n**2 + n**3)) * less
    arc -= (3 * (n + n**2) + 2.625 * n**3) * sin(less) * cos(more)
    arc += 1.875 * (n**2 + n**3) * sin(2 * less) * cos(2 * more)
    arc -= 35 / 24 * n**3 * sin(3 * less) * cos(3 * more)
    north = b * osgb.SCALE * arc + osgb.NORTHING_0
    north += nu / 2 * s * c * p**2 + nu / 24 * s * c**3 * (5 - t2 + 9 * eta2) * p**4
    north += nu / 720 * s * c**5 * (61 - 58 * t2 + t2**2) * p**6
    east = osgb.EASTING_0 + nu * c * p + nu / 6 * c**3 * (1 + eta2 - t2) * p**3
    east += nu / 120 * c**5 * (5 - 18 * t2 + t2**2 + 14 * eta2 - 58 * t2 * eta2) * p**5
    return east, north


def test_the_worked_example_of_the_os_guide() -> None:
    """E 651409.903 N 313177.270 is 52 39 27.2531 N, 1 43 4.5177 E on the old datum."""
    latitude, longitude = osgb.to_airy(651409.903, 313177.270)
    assert latitude == pytest.approx(52 + 39 / 60 + 27.2531 / 3600, abs=1e-8)  # 1e-8 degrees are 1 mm
    assert longitude == pytest.approx(1 + 43 / 60 + 4.5177 / 3600, abs=1e-8)


@pytest.mark.parametrize(("place", "east", "north", "latitude", "longitude"), TEST_POINTS)
def test_within_five_metres_of_the_definitive_transformation(
    place: str, east: float, north: float, latitude: float, longitude: float
) -> None:
    found = osgb.to_wgs84(east, north)
    assert apart(float(found[0]), float(found[1]), latitude, longitude) < 5, place


def test_an_array_gives_what_its_points_give_one_by_one() -> None:
    east, north = np.array([point[1] for point in TEST_POINTS]), np.array([point[2] for point in TEST_POINTS])
    one_by_one = [osgb.to_wgs84(*pair) for pair in zip(east, north, strict=True)]
    np.testing.assert_allclose(np.stack(osgb.to_wgs84(east, north)).T, one_by_one, rtol=0, atol=1e-9)


def test_a_missing_point_stays_missing_and_leaves_its_neighbours_alone() -> None:
    latitudes, longitudes = osgb.to_wgs84([530624.974, nan], [178388.464, nan])
    assert np.isnan(latitudes[1])
    assert np.isnan(longitudes[1])
    assert latitudes[0] == pytest.approx(float(osgb.to_wgs84(530624.974, 178388.464)[0]), abs=1e-9)


@given(st.floats(49.8, 60.9), st.floats(-8.6, 1.8))
def test_the_projection_written_the_other_way_round_comes_back(latitude: float, longitude: float) -> None:
    back = osgb.to_airy(*project(latitude, longitude))
    assert apart(float(back[0]), float(back[1]), latitude, longitude) < 0.01  # metres: the two series end differently
