"""The built-in travel model: great-circle distances, made longer by roads and slower by towns and doors.

One circuity holds for a whole model and speed only rises along a trip, so driving times keep the triangle inequality
(never quicker by way of somewhere else), which every routing engine relies on. Rounding up keeps it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from logistics.planning.problem import Place

EARTH_RADIUS_M = 6_371_009.0
CIRCUITY = {"urban": 1.25, "mixed": 1.30, "rural": 1.40}  # road metres for one metre of great circle


class Band(NamedTuple):
    """The speed on that part of a trip which lies before `up_to_km`."""

    up_to_km: float
    km_per_hour: float


@dataclass(frozen=True, eq=False)
class Matrix:
    """Driving seconds and metres from each place (row) to each place (column), in the order of `Problem.places`."""

    seconds: NDArray[np.int32]
    metres: NDArray[np.int32]

    def __post_init__(self) -> None:
        for name, table in (("seconds", self.seconds), ("metres", self.metres)):
            if table.ndim != 2 or table.shape[0] != table.shape[1] or table.shape != self.seconds.shape:
                raise ValueError(f"{name} is not a square table of the same size: {table.shape}")
            if table.dtype != np.int32:
                raise ValueError(f"{name} holds {table.dtype}, not int32")
            if table.size and table.min() < 0:
                raise ValueError(f"{name} holds a negative number")
            if np.diagonal(table).any():
                raise ValueError(f"{name} is not 0 from a place to itself")


@dataclass(frozen=True)
class TravelModel:
    """How long a drive takes. Every default is a guess to be calibrated from the vans' own arrival times."""

    circuity: float = CIRCUITY["mixed"]
    bands: tuple[Band, ...] = (Band(2, 24), Band(10, 40), Band(30, 58), Band(float("inf"), 75))
    urban_parking_seconds: int = 70
    suburban_parking_seconds: int = 40
    rural_parking_seconds: int = 20

    def __post_init__(self) -> None:
        speeds = [band.km_per_hour for band in self.bands]
        limits = [band.up_to_km for band in self.bands]
        if self.circuity < 1:
            raise ValueError(f"circuity is {self.circuity}: no road is shorter than the great circle")
        if not speeds or speeds[0] <= 0 or speeds != sorted(speeds):
            raise ValueError(f"speeds must be positive and must not fall along a trip: {speeds}")
        if limits != sorted(set(limits)) or limits[-1] != float("inf"):
            raise ValueError(f"bands must rise and the last one must be without end: {limits}")
        if min(self._parking().values()) < 0:
            raise ValueError("parking seconds must not be negative")

    @classmethod
    def for_area(cls, area: str) -> TravelModel:
        """The defaults of an area: `urban`, `mixed` or `rural` (hills and estuaries too)."""
        return cls(circuity=CIRCUITY[area])

    def matrix(self, places: Sequence[Place]) -> Matrix:
        """All pairs. Two places at one point with one setting are the same door: 0 seconds."""
        metres = great_circle_metres(places) * self.circuity
        parking = np.array([self._parking()[place.setting] for place in places], dtype=float)
        seconds = self.driving_seconds(metres) + parking[:, None] + parking[None, :]
        seconds[(metres == 0) & (parking[:, None] == parking[None, :])] = 0
        return Matrix(_up(seconds), _up(metres))

    def driving_seconds(self, metres: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds under way for so many metres of road, without parking."""
        seconds = np.zeros_like(metres)
        passed = 0.0
        for up_to_km, km_per_hour in self.bands:
            seconds += (np.clip(metres, passed, up_to_km * 1000) - passed) * 3.6 / km_per_hour
            passed = up_to_km * 1000
        return seconds

    def _parking(self) -> dict[str, int]:
        return {
            "urban": self.urban_parking_seconds,
            "suburban": self.suburban_parking_seconds,
            "rural": self.rural_parking_seconds,
        }


def great_circle_metres(places: Sequence[Place]) -> NDArray[np.float64]:
    """Haversine distances between all pairs on a sphere of the Earth's mean radius."""
    latitude = np.radians([place.latitude for place in places])
    longitude = np.radians([place.longitude for place in places])
    rise = np.sin((latitude[:, None] - latitude[None, :]) / 2) ** 2
    turn = np.sin((longitude[:, None] - longitude[None, :]) / 2) ** 2
    chord = rise + np.cos(latitude)[:, None] * np.cos(latitude)[None, :] * turn
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))


def _up(table: NDArray[np.float64]) -> NDArray[np.int32]:
    """Whole numbers, rounded up. The micro-unit taken off first is rounding noise, not distance."""
    return np.ceil(np.maximum(table - 1e-6, 0)).astype(np.int32)
