"""Small worlds for the planning tests: a straight road with a door every 10 minutes, for sums by hand."""

from __future__ import annotations

import random

import numpy as np

from logistics.planning.problem import Break, Load, Place, Problem, Shift, Slot, Visit
from logistics.planning.travel import Matrix

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
STEP = 10 * MINUTE  # from one door of the road to the next
STEP_M = 6000
ROOM = Load(clean_l=100, dirty_l=100, out_kg=50)
LUNCH = Break(opens=11 * HOUR + 30 * MINUTE, closes=13 * HOUR + 30 * MINUTE, seconds=30 * MINUTE)
ANY_TIME = Slot(8 * HOUR, 16 * HOUR, prize=2 * HOUR)


def at(hours: int, minutes: int = 0, day: int = 0) -> int:
    return day * DAY + hours * HOUR + minutes * MINUTE


def road(doors: int) -> tuple[tuple[Place, ...], Matrix]:
    """The store at 0 and doors 1, 2, 3... along a road."""
    places = tuple(Place(str(door), 53 + door / 100, -1) for door in range(doors + 1))
    steps = np.abs(np.subtract.outer(np.arange(doors + 1), np.arange(doors + 1))).astype(np.int32)
    return places, Matrix(steps * STEP, steps * STEP_M)


def on_road(shifts: tuple[Shift, ...], visits: tuple[Visit, ...], doors: int = 6) -> tuple[Problem, Matrix]:
    places, matrix = road(doors)
    return Problem(places, shifts, visits), matrix


def shift(
    key: str = "van", start: int = 8 * HOUR, end: int = 16 * HOUR, capacity: Load = ROOM, **other: object
) -> Shift:
    return Shift(key, "0", start, end, capacity, **other)  # type: ignore[arg-type]


def visit(key: str, door: int, service: int = STEP, slots: tuple[Slot, ...] = (ANY_TIME,), **other: object) -> Visit:
    return Visit(key, str(door), service, slots, **other)  # type: ignore[arg-type]


def anything(seed: int, visits: int = 8, shifts: int = 3, days: int = 2) -> tuple[Problem, Matrix]:
    """A random small problem with every feature: two stores, several days, slots, skills, crews, loads and breaks."""
    draw = random.Random(seed)
    places = tuple(Place(str(number), 53 + draw.random() / 3, -1 + draw.random() / 2) for number in range(visits + 2))
    seconds = np.array([[draw.randint(60, 2400) if a != b else 0 for b in places] for a in places], dtype=np.int32)
    vans = tuple(_any_shift(draw, f"van {number}", draw.randrange(days)) for number in range(shifts))
    calls = tuple(_any_visit(draw, f"visit {number}", str(number + 2), days) for number in range(visits))
    return Problem(places, vans, calls), Matrix(seconds, seconds * 10)


def _any_shift(draw: random.Random, key: str, day: int) -> Shift:
    start = at(draw.randint(7, 12), draw.choice((0, 30)), day)
    opens = at(draw.randint(11, 15), draw.choice((0, 30)), day)
    rest = Break(opens, opens + draw.randint(45, 150) * MINUTE, draw.choice((30, 45)) * MINUTE)
    return Shift(
        key,
        str(draw.randrange(2)),
        start,
        start + draw.randint(3, 10) * HOUR,
        Load(draw.randint(20, 100), draw.randint(20, 100), draw.randint(20, 60)),
        draw.randint(1, 2),
        frozenset(skill for skill in ("fitter", "technician") if draw.random() < 0.5),
        draw.randint(1, 5) * HOUR,
        draw.choice((0, 900, 1800)),
        draw.choice((None, rest)),
    )


def _any_visit(draw: random.Random, key: str, place: str, days: int) -> Visit:
    slots = []
    for _ in range(draw.randint(1, 3)):
        start = at(draw.randint(7, 16), 0, draw.randrange(days))
        slots.append(Slot(start, start + draw.randint(0, 6) * HOUR, draw.choice((0, 600, 3600, 36000))))
    return Visit(
        key,
        place,
        draw.randint(0, 90) * MINUTE,
        tuple(slots),
        Load(draw.randint(0, 40), draw.randint(0, 40), draw.randint(0, 25), draw.randint(0, 25)),
        draw.choice((1, 1, 1, 2)),
        frozenset(skill for skill in ("fitter", "technician") if draw.random() < 0.2),
        draw.random() < 0.2,
    )
