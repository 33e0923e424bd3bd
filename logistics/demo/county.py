"""The invented county: two towns, thirty villages and their postcodes, in an area (ZX) that Royal Mail has not used."""

from __future__ import annotations

import csv
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random

from logistics import gazetteer
from logistics.models import Postcode

AREA = "ZX"
UNKNOWN_POSTCODE = f"{AREA}99 9ZZ"  # a new estate that no gazetteer knows
NEW_ESTATE = (52.2163, -2.8712)  # where its pin is dropped
_SEED = 7204
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"  # of an inward code
_KM_PER_DEGREE = 111.2
_CENTRE = (52.20, -2.90)
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))  # turns that never line up: villages spread evenly

TOWNS = ("Larkmoor", "Tarn Hallow")
VILLAGES = (
    *("Ambershaw", "Brackenholt", "Candlewick Green", "Dapplemere", "Emberstow", "Fallowick", "Gannetside"),
    *("Hollinfold", "Inglemarsh", "Juniper Cross", "Kestrel Bank", "Lanternwood", "Mossgather", "Nettlewick"),
    *("Otterhallow", "Pennyfallow", "Quillbrook", "Rookenden", "Saffron Leys", "Thistledown Heath", "Umberfold"),
    *("Vixenhurst", "Wrenmarsh", "Yarrowby", "Zealwood", "Applecroft End", "Bellwether", "Cinderwick"),
    *("Drovers Hatch", "Eelmere"),
)
STREETS = (
    "Orchard Row",
    "Chapel Lane",
    "Mill Close",
    "The Green",
    "Kiln Terrace",
    "Ferry Road",
    "Beech Walk",
    "Well Lane",
)


@dataclass(frozen=True)
class Settlement:
    """A town or village with its postcodes and their points."""

    name: str
    is_town: bool
    points: dict[str, tuple[float, float]]

    @property
    def postcodes(self) -> list[str]:
        return list(self.points)


@cache
def settlements() -> dict[str, Settlement]:
    """The whole county by name; the same on every call."""
    rng = Random(_SEED)  # noqa: S311  an invented map needs no secrets
    towns = [(_town, place) for _town, place in zip(TOWNS, (_CENTRE, (52.322, -2.735)), strict=True)]
    found = [_settle(rng, name, place, n, is_town=True) for n, (name, place) in enumerate(towns, start=1)]
    for n, name in enumerate(VILLAGES):
        angle, radius = n * _GOLDEN_ANGLE, 5 + 19 * math.sqrt((n + 0.5) / len(VILLAGES))
        place = _moved(_CENTRE, radius * math.cos(angle), radius * math.sin(angle))
        found.append(_settle(rng, name, place, n + 3, is_town=False))
    return {one.name: one for one in found}


def _settle(rng: Random, name: str, place: tuple[float, float], number: int, *, is_town: bool) -> Settlement:
    count, spread = (rng.randint(40, 55), 1.3) if is_town else (rng.randint(5, 10), 0.5)
    points: dict[str, tuple[float, float]] = {}
    while len(points) < count:
        sector = rng.randint(1, 4) if is_town else 1
        postcode = f"{AREA}{number} {sector}{rng.choice(_LETTERS)}{rng.choice(_LETTERS)}"
        points.setdefault(postcode, _moved(place, rng.gauss(0, spread), rng.gauss(0, spread)))
    return Settlement(name, is_town, points)


def _moved(place: tuple[float, float], east_km: float, north_km: float) -> tuple[float, float]:
    latitude = place[0] + north_km / _KM_PER_DEGREE
    longitude = place[1] + east_km / (_KM_PER_DEGREE * math.cos(math.radians(place[0])))
    return round(latitude, 6), round(longitude, 6)


def doors(rng: Random) -> Iterator[dict[str, str]]:
    """Addresses without end: a house in a random place, as fields of an Address."""
    everywhere = [one for one in settlements().values() for _ in range(12 if one.is_town else 1)]
    while True:
        place = rng.choice(everywhere)
        yield door(place.name, rng.choice(place.postcodes), rng)


def door(town: str, postcode: str, rng: Random) -> dict[str, str]:
    return {"line1": f"{rng.randint(1, 98)} {rng.choice(STREETS)}", "town": town, "postcode": postcode}


def point_of(town: str, postcode: str) -> tuple[float, float]:
    return settlements()[town].points[postcode]


def load_gazetteer(*, at: datetime) -> int:
    """Load the county as an operator loads a published file; nothing when it is there. Returns the postcodes it has."""
    if not Postcode.objects.filter(postcode__startswith=AREA).exists():
        with tempfile.TemporaryDirectory() as folder:
            gazetteer.load(_write(Path(folder) / "invented-county.csv"), at=at)
    return Postcode.objects.filter(postcode__startswith=AREA).count()


def _write(path: Path) -> Path:
    """The layout of the ONS directories. One postcode is no longer in use."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["pcds", "doterm", "gridind", "lat", "long", "lad25cd", "icb26cd"])
        for place in settlements().values():
            for postcode, (latitude, longitude) in place.points.items():
                rows.writerow([postcode, "", "1", latitude, longitude, "X06000001", "X54000001"])
        rows.writerow([f"{AREA}1 9AA", "202406", "1", *_CENTRE, "X06000001", "X54000001"])
    return path
