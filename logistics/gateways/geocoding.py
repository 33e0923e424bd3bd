"""Where is this postcode? The gazetteer answers; nobody else is asked unless `SERVICE["GEOCODER"]` names them.

A postcode is personal data: it is never logged here, and no sentence repeats it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from django.conf import settings
from django.utils.module_loading import import_string
from geopy.adapters import BaseSyncAdapter
from geopy.exc import GeocoderServiceError, GeopyError
from geopy.geocoders.base import DEFAULT_SENTINEL, Geocoder
from geopy.location import Location

from logistics.models.places import Accuracy, Postcode, Sector
from logistics.postcodes import Parts, parse

logger = logging.getLogger(__name__)

OUTSIDE_SECONDS = 2  # the longest an order may wait for somebody else's geocoder

SENTENCES = {
    "unit": "The point is the postcode's own.",
    "sector": "The point is only the middle of the neighbourhood, and may be kilometres off: drop a pin on the door.",
    "unknown": "This postcode is not in the gazetteer: ask for the right postcode, or drop a pin if the home is new.",
    "terminated": "This postcode is no longer in use: ask for the new postcode, or drop a pin.",
    "invalid": "This is not a UK postcode: ask for the right postcode, or drop a pin.",
    "pseudo": "This postcode stands for no fixed place: ask where the visit is to be, or drop a pin.",
    "no_coordinate": "This postcode is in use but not yet on the map: drop a pin.",
}


@dataclass(frozen=True)
class Point:
    """Degrees on WGS84. `accuracy`: "unit" (metres) or "sector" (hundreds of metres to kilometres; flag it)."""

    latitude: float
    longitude: float
    accuracy: str


@dataclass(frozen=True)
class Located:
    """The answer for one postcode: a point or the reason there is none, as a code and as a sentence with its remedy."""

    point: Point | None
    code: str
    source: str = ""

    @property
    def sentence(self) -> str:
        return SENTENCES[self.code]


def locate(postcode: str) -> Located:
    """Asks the gazetteer and then, if the settings name one and there is no unit point, the outside geocoder.

    Never raises for a postcode or a failing network; two queries at most. With an outside geocoder it may take two
    seconds: call it outside a transaction.
    """
    found = look_up(postcode)
    if found.code in {"sector", "unknown", "no_coordinate"} and settings.SERVICE["GEOCODER"]:
        return _ask_outside(str(parse(postcode))) or found
    return found


def look_up(postcode: str) -> Located:
    """The gazetteer's answer, in two queries at most. Never raises for a postcode."""
    try:
        parts = parse(postcode)
    except ValueError:
        return Located(None, "invalid")
    if parts.is_pseudo:
        return Located(None, "pseudo")
    row = Postcode.objects.filter(pk=parts.key).first()
    if row is None or row.terminated_on is None:
        return _own_point(row) or _sector_point(parts, known=row is not None)
    return Located(None, "terminated", row.source)


def points_of(postcodes: Iterable[str]) -> dict[str, Point]:
    """Points of many postcodes in two queries, keyed as they were given. Those without a point are left out.

    The gazetteer alone is asked: hundreds of postcodes never go to an outside geocoder.
    """
    wanted = {text: parts for text in postcodes if (parts := _place(text))}
    rows = Postcode.objects.in_bulk({parts.key for parts in wanted.values()})
    points: dict[str, Point] = {}
    lacking: dict[str, Parts] = {}
    for text, parts in wanted.items():
        row = rows.get(parts.key)
        if (own := _own_point(row)) and own.point:
            points[text] = own.point
        elif row is None or row.terminated_on is None:
            lacking[text] = parts
    sectors = Sector.objects.in_bulk({parts.sector for parts in lacking.values()})
    return points | {text: _middle(sectors[parts.sector]) for text, parts in lacking.items() if parts.sector in sectors}


class GazetteerGeocoder(Geocoder):
    """The gazetteer as a geopy geocoder, for code that speaks geopy. It has no network to use."""

    def __init__(self) -> None:
        super().__init__(adapter_factory=_NoNetwork)

    def geocode(
        self, query: str, *, exactly_one: bool = True, timeout: Any = DEFAULT_SENTINEL
    ) -> Location | list[Location] | None:
        """The point of a postcode, or None (`look_up` has the reason). `timeout` is geopy's and means nothing here."""
        found = look_up(query)
        if found.point is None:
            return None
        written = str(parse(query))
        raw = {"postcode": written, "accuracy": found.point.accuracy, "terminated": False, "source": found.source}
        location = Location(written, (found.point.latitude, found.point.longitude), raw)
        return location if exactly_one else [location]


class _NoNetwork(BaseSyncAdapter):
    """Makes the promise of no network one that cannot be broken by accident."""

    def __init__(self, *, proxies: Any, ssl_context: Any) -> None:
        super().__init__(proxies=proxies, ssl_context=ssl_context)

    def get_json(self, url: str, *, timeout: Any, headers: Any) -> NoReturn:
        raise GeocoderServiceError("The gazetteer never goes to the network.")

    get_text = get_json


def _place(text: str) -> Parts | None:
    try:
        parts = parse(text)
    except ValueError:
        return None
    return None if parts.is_pseudo else parts


def _own_point(row: Postcode | None) -> Located | None:
    if row is None or row.terminated_on or row.latitude is None or row.longitude is None:
        return None
    return Located(Point(row.latitude, row.longitude, row.accuracy), row.accuracy, row.source)


def _sector_point(parts: Parts, *, known: bool) -> Located:
    middle = Sector.objects.filter(pk=parts.sector).first()
    if middle is None:
        return Located(None, "no_coordinate" if known else "unknown")
    return Located(_middle(middle), "sector", f"mean of {middle.postcodes} postcodes")


def _middle(sector: Sector) -> Point:
    return Point(sector.latitude, sector.longitude, Accuracy.SECTOR.value)


def _ask_outside(written: str) -> Located | None:
    """None when it has no answer inside the United Kingdom, and when it fails: an order never waits for it twice."""
    geocoder = import_string(settings.SERVICE["GEOCODER"])
    try:
        place = geocoder(user_agent="home-before").geocode(f"{written}, United Kingdom", timeout=OUTSIDE_SECONDS)
    except GeopyError as error:
        # The message may hold the address asked for, and with it the postcode: the kind of error has to do.
        logger.warning("The outside geocoder gave no answer: %s", type(error).__name__)
        return None
    if place is None or not (49 < place.latitude < 61.5 and -9 < place.longitude < 2.5):  # degrees
        return None
    point = Point(place.latitude, place.longitude, Accuracy.UNIT.value)
    return Located(point, "unit", geocoder.__name__)
