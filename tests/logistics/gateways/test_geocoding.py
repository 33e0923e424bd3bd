"""From a postcode to a point, or to the reason why there is none. All places are invented."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any

import pytest
from geopy.exc import GeocoderServiceError, GeocoderTimedOut
from geopy.geocoders.base import Geocoder
from geopy.location import Location

from logistics.gateways.geocoding import SENTENCES, GazetteerGeocoder, Point, locate, points_of
from logistics.models.places import Accuracy, Postcode, Sector

pytestmark = pytest.mark.django_db


def add(postcode: str, latitude: float | None = 52.5, **more: Any) -> Postcode:
    facts = {"accuracy": Accuracy.NONE if latitude is None else Accuracy.UNIT, "source": "onspd TEST"} | more
    longitude = None if latitude is None else -2.0
    return Postcode.objects.create(pk=postcode, sector=postcode[:-2], latitude=latitude, longitude=longitude, **facts)


@pytest.fixture
def gazetteer() -> None:
    add("ZX11AA")
    add("ZX11AB", None)
    add("ZX11AD", terminated_on=date(2020, 1, 1))
    add("ZX11AE", 52.7, accuracy=Accuracy.SECTOR)
    add("ZX21AA", None)
    Sector.objects.create(pk="ZX11", latitude=52.6, longitude=-2.1, postcodes=7)


@pytest.mark.usefixtures("gazetteer")
@pytest.mark.parametrize(
    ("typed", "code", "point"),
    [
        ("zx1 1aa", "unit", Point(52.5, -2.0, "unit")),
        ("ZX1 1AB", "sector", Point(52.6, -2.1, "sector")),  # live, without a coordinate of its own
        ("ZX1 1ZZ", "sector", Point(52.6, -2.1, "sector")),  # unknown unit of a known sector
        ("ZX1 1AE", "sector", Point(52.7, -2.0, "sector")),  # the file itself has no better
        ("ZX1 1AD", "terminated", None),  # though it has a coordinate and its sector is known: rule 35
        ("ZX2 1AA", "no_coordinate", None),
        ("ZX9 9ZZ", "unknown", None),
        ("Nowhere", "invalid", None),
        ("", "invalid", None),
        ("ZZ99 3VZ", "pseudo", None),
    ],
)
def test_every_postcode_has_a_point_or_a_reason(typed: str, code: str, point: Point | None) -> None:
    located = locate(typed)
    assert (located.code, located.point) == (code, point)
    assert located.sentence == SENTENCES[code]


def test_every_reason_without_a_point_names_a_remedy_and_no_postcode() -> None:
    for code, sentence in SENTENCES.items():
        assert code == "unit" or "drop a pin" in sentence
        assert "ZX" not in sentence


@pytest.mark.usefixtures("gazetteer")
def test_the_source_says_where_the_point_comes_from() -> None:
    assert locate("ZX1 1AA").source == "onspd TEST"
    assert locate("ZX1 1ZZ").source == "mean of 7 postcodes"


# --- many at once -----------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("gazetteer")
def test_points_are_keyed_as_the_postcodes_were_given_and_the_rest_is_left_out() -> None:
    asked = ["zx1 1aa", "ZX11AA", "ZX1 1ZZ", "ZX1 1AD", "ZX2 1AA", "ZX9 9ZZ", "Nowhere", "ZZ99 3VZ"]
    unit, sector = Point(52.5, -2.0, "unit"), Point(52.6, -2.1, "sector")
    assert points_of(iter(asked)) == {"zx1 1aa": unit, "ZX11AA": unit, "ZX1 1ZZ": sector}


@pytest.mark.usefixtures("gazetteer")
def test_many_at_once_and_one_at_a_time_never_disagree() -> None:
    asked = ["ZX1 1AA", "ZX1 1AB", "ZX1 1ZZ", "ZX1 1AE", "ZX1 1AD", "ZX2 1AA", "ZX9 9ZZ", "Nowhere"]
    one_by_one = {postcode: located.point for postcode in asked if (located := locate(postcode)).point}
    assert points_of(asked) == one_by_one


def test_five_hundred_postcodes_take_two_queries(django_assert_num_queries: Any) -> None:
    letters = "ABDEFGHJLN"
    keys = [f"ZX{area}{digit}{x}{y}" for area in range(1, 6) for digit in "0" for x in letters for y in letters]
    Postcode.objects.bulk_create(
        Postcode(postcode=key, sector=key[:-2], accuracy=Accuracy.UNIT, latitude=52.5, longitude=-2.0, source="test")
        for key in keys[:250]
    )
    Sector.objects.create(pk="ZX50", latitude=52.6, longitude=-2.1, postcodes=1)
    with django_assert_num_queries(2):
        points = points_of(keys)
    # 250 have their own point; of the others, the hundred in sector ZX5 0 have that sector's.
    assert (len(keys), len(points)) == (500, 350)


def test_no_postcodes_take_no_queries(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert points_of(["Nowhere", "ZZ99 3VZ"]) == {}


@pytest.mark.usefixtures("gazetteer")
@pytest.mark.parametrize(("postcode", "queries"), [("ZX1 1AA", 1), ("ZX1 1ZZ", 2), ("ZX1 1AD", 1), ("Nowhere", 0)])
def test_one_postcode_takes_two_queries_at_most(postcode: str, queries: int, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(queries):
        locate(postcode)


# --- as a geopy geocoder ----------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("gazetteer")
def test_the_gazetteer_speaks_geopy() -> None:
    location = GazetteerGeocoder().geocode("zx11aa", timeout=1)
    assert isinstance(location, Location)
    assert (location.latitude, location.longitude, location.address) == (52.5, -2.0, "ZX1 1AA")
    assert location.raw == {"postcode": "ZX1 1AA", "accuracy": "unit", "terminated": False, "source": "onspd TEST"}


@pytest.mark.usefixtures("gazetteer")
def test_geopy_gets_a_list_when_it_asks_for_one_and_none_when_there_is_no_point() -> None:
    geocoder = GazetteerGeocoder()
    found = geocoder.geocode("ZX1 1ZZ", exactly_one=False)
    assert isinstance(found, list)
    assert [location.raw["accuracy"] for location in found] == ["sector"]
    assert geocoder.geocode("ZX1 1AD") is None
    assert geocoder.geocode("Nowhere") is None


def test_the_gazetteer_cannot_reach_the_network() -> None:
    with pytest.raises(GeocoderServiceError, match="never goes to the network"):
        GazetteerGeocoder()._call_geocoder("https://example.org/?q=ZX1", lambda answer: answer)


# --- somebody else's geocoder -----------------------------------------------------------------------------------------
class Elsewhere(Geocoder):
    """Knows one place, and remembers what it was asked."""

    asked: list[tuple[str, float]] = []
    answer: Location | Exception | None = None

    def geocode(self, query: str, *, exactly_one: bool = True, timeout: float) -> Location | None:
        self.asked.append((query, timeout))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def elsewhere(settings: Any, monkeypatch: pytest.MonkeyPatch, gazetteer: None) -> type[Elsewhere]:
    monkeypatch.setattr(Elsewhere, "asked", [])
    monkeypatch.setattr(Elsewhere, "answer", Location("There", (52.9, -2.9), {}))
    settings.SERVICE = {**settings.SERVICE, "GEOCODER": f"{__name__}.Elsewhere"}
    return Elsewhere


@pytest.mark.usefixtures("gazetteer")
def test_nobody_else_is_asked_by_default(settings: Any) -> None:
    assert not settings.SERVICE["GEOCODER"]
    assert locate("ZX9 9ZZ").code == "unknown"


@pytest.mark.parametrize("postcode", ["ZX9 9ZZ", "ZX1 1AB", "ZX2 1AA"])
def test_somebody_named_is_asked_when_there_is_no_unit_point(elsewhere: type[Elsewhere], postcode: str) -> None:
    located = locate(postcode)
    assert (located.code, located.point, located.source) == ("unit", Point(52.9, -2.9, "unit"), "Elsewhere")
    assert elsewhere.asked == [(f"{postcode}, United Kingdom", 2)]


@pytest.mark.parametrize("postcode", ["ZX1 1AA", "ZX1 1AD", "Nowhere", "ZZ99 3VZ"])
def test_somebody_named_is_not_asked_when_the_gazetteer_has_the_answer(
    elsewhere: type[Elsewhere], postcode: str
) -> None:
    locate(postcode)
    assert elsewhere.asked == []


def test_many_at_once_never_go_to_somebody_else(elsewhere: type[Elsewhere]) -> None:
    points_of(["ZX9 9ZZ"])
    assert elsewhere.asked == []


@pytest.mark.parametrize(("postcode", "code"), [("ZX9 9ZZ", "unknown"), ("ZX1 1ZZ", "sector")])
def test_a_failing_geocoder_changes_nothing_and_its_postcode_is_not_logged(
    elsewhere: type[Elsewhere],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    postcode: str,
    code: str,
) -> None:
    monkeypatch.setattr(elsewhere, "answer", GeocoderTimedOut(f"https://example.org/?q={postcode} timed out"))
    with caplog.at_level(logging.DEBUG):
        assert locate(postcode).code == code
    assert "GeocoderTimedOut" in caplog.text
    assert "ZX" not in "".join(record.getMessage() for record in caplog.records if record.name != "django.db.backends")


@pytest.mark.parametrize("answer", [None, Location("Paris", (48.85, 2.35), {})])
def test_no_answer_and_an_answer_abroad_are_no_answer(
    elsewhere: type[Elsewhere], monkeypatch: pytest.MonkeyPatch, answer: Location | None
) -> None:
    monkeypatch.setattr(elsewhere, "answer", answer)
    assert locate("ZX9 9ZZ").code == "unknown"
