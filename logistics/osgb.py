"""Ordnance Survey's national grid to latitude and longitude, for arrays of points.

Two steps from OS's "A guide to coordinate systems in Great Britain": unproject the grid onto the Airy 1830 ellipsoid,
then move from that old datum (OSGB36) to WGS84 by a seven-parameter Helmert transformation. The result is within 5 m of
OS's own OSTN15 model at OS's test points, closer than a van can park; OSTN15 itself would need a 15 MB grid of shifts.

Angles are degrees, lengths are metres. Northern Ireland uses another grid: do not bring its coordinates here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class Ellipsoid(NamedTuple):
    """Semi-axes in metres."""

    a: float
    b: float

    @property
    def e2(self) -> float:
        """Eccentricity squared."""
        return 1 - (self.b / self.a) ** 2


AIRY_1830 = Ellipsoid(6_377_563.396, 6_356_256.909)
WGS84 = Ellipsoid(6_378_137.0, 6_356_752.314_245)

# The grid: scale on the central meridian, and the true origin (49 N, 2 W) with its false coordinates.
SCALE = 0.9996012717
LATITUDE_0, LONGITUDE_0 = np.radians(49.0), np.radians(-2.0)
EASTING_0, NORTHING_0 = 400_000.0, -100_000.0

# OSGB36 to WGS84: metres, parts per million, seconds of arc (OS publishes the reverse; the signs are turned here).
SHIFT = (446.448, -125.157, 542.060)
PPM = -20.4894
TURN = (0.1502, 0.2470, 0.8421)

_CLOSE_ENOUGH = 1e-5  # metres left when the search for the latitude stops
_MOST_STEPS = 20


def to_wgs84(eastings: ArrayLike, northings: ArrayLike) -> tuple[Array, Array]:
    """WGS84 latitudes and longitudes, in degrees, of grid points in metres. NaN in, NaN out."""
    latitude, longitude = to_airy(eastings, northings)
    x, y, z = _helmert(*_cartesian(np.radians(latitude), np.radians(longitude), AIRY_1830))
    return _geodetic(x, y, z, WGS84)


def to_airy(eastings: ArrayLike, northings: ArrayLike) -> tuple[Array, Array]:
    """Latitudes and longitudes, in degrees, on the old datum (OSGB36): some 100 m from what satellites say."""
    east = np.asarray(eastings, dtype=np.float64)
    north = np.asarray(northings, dtype=np.float64)
    foot = _footpoint_latitude(north)
    latitude, longitude = _unproject(foot, east - EASTING_0)
    return np.degrees(latitude), np.degrees(longitude)


def _meridian_arc(latitude: Array) -> Array:
    """Length along the central meridian from the true origin, scaled, in metres."""
    a, b = AIRY_1830
    n = (a - b) / (a + b)
    less, more = latitude - LATITUDE_0, latitude + LATITUDE_0
    return (
        b
        * SCALE
        * (
            (1 + n + 5 / 4 * n**2 + 5 / 4 * n**3) * less
            - (3 * n + 3 * n**2 + 21 / 8 * n**3) * np.sin(less) * np.cos(more)
            + (15 / 8 * n**2 + 15 / 8 * n**3) * np.sin(2 * less) * np.cos(2 * more)
            - 35 / 24 * n**3 * np.sin(3 * less) * np.cos(3 * more)
        )
    )


def _footpoint_latitude(north: Array) -> Array:
    """The latitude on the central meridian that lies as far north as the point does, in radians."""
    latitude = np.full_like(north, LATITUDE_0)
    for _ in range(_MOST_STEPS):
        left = north - NORTHING_0 - _meridian_arc(latitude)
        latitude = latitude + left / (AIRY_1830.a * SCALE)
        # A NaN never comes close, and must not make the others go round again.
        if not np.any(np.abs(left) > _CLOSE_ENOUGH):
            break
    return latitude


def _unproject(foot: Array, offset: Array) -> tuple[Array, Array]:
    """From the footpoint and the metres east of the central meridian; the names of the terms are OS's (VII to XIIA)."""
    sin2, tan, sec = np.sin(foot) ** 2, np.tan(foot), 1 / np.cos(foot)
    nu = AIRY_1830.a * SCALE / np.sqrt(1 - AIRY_1830.e2 * sin2)
    rho = nu * (1 - AIRY_1830.e2) / (1 - AIRY_1830.e2 * sin2)
    eta2 = nu / rho - 1
    vii = tan / (2 * rho * nu)
    viii = tan / (24 * rho * nu**3) * (5 + 3 * tan**2 + eta2 - 9 * tan**2 * eta2)
    ix = tan / (720 * rho * nu**5) * (61 + 90 * tan**2 + 45 * tan**4)
    x = sec / nu
    xi = sec / (6 * nu**3) * (nu / rho + 2 * tan**2)
    xii = sec / (120 * nu**5) * (5 + 28 * tan**2 + 24 * tan**4)
    xiia = sec / (5040 * nu**7) * (61 + 662 * tan**2 + 1320 * tan**4 + 720 * tan**6)
    latitude = foot - vii * offset**2 + viii * offset**4 - ix * offset**6
    longitude = LONGITUDE_0 + x * offset - xi * offset**3 + xii * offset**5 - xiia * offset**7
    return latitude, longitude


def _cartesian(latitude: Array, longitude: Array, on: Ellipsoid) -> tuple[Array, Array, Array]:
    """Metres from the earth's centre of points at height zero (radians in)."""
    nu = on.a / np.sqrt(1 - on.e2 * np.sin(latitude) ** 2)
    level = nu * np.cos(latitude)
    return level * np.cos(longitude), level * np.sin(longitude), nu * (1 - on.e2) * np.sin(latitude)


def _helmert(x: Array, y: Array, z: Array) -> tuple[Array, Array, Array]:
    """Shift, scale and turn; the turns are so small that each sine is its angle."""
    rx, ry, rz = (float(np.radians(seconds / 3600)) for seconds in TURN)
    grow = 1 + PPM * 1e-6
    return (
        SHIFT[0] + grow * x - rz * y + ry * z,
        SHIFT[1] + rz * x + grow * y - rx * z,
        SHIFT[2] - ry * x + rx * y + grow * z,
    )


def _geodetic(x: Array, y: Array, z: Array, on: Ellipsoid) -> tuple[Array, Array]:
    """Degrees on the ellipsoid. Five rounds settle the latitude far below a millimetre at ground level."""
    level = np.hypot(x, y)
    latitude = np.arctan2(z, level * (1 - on.e2))
    for _ in range(5):
        nu = on.a / np.sqrt(1 - on.e2 * np.sin(latitude) ** 2)
        latitude = np.arctan2(z + on.e2 * nu * np.sin(latitude), level)
    return np.degrees(latitude), np.degrees(np.arctan2(y, x))
