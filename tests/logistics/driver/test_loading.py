"""The load list, the scan box and setting out."""

from __future__ import annotations

import pytest

from equipment.models import AssetEvent, Person
from equipment.states import AssetState
from logistics.models import Event
from tests.county import BY, state_of
from tests.logistics.driver import rows
from tests.logistics.driver.pages import text_of
from tests.logistics.driver.rows import Day

pytestmark = pytest.mark.django_db


def scan(day: Day, number: str):  # type: ignore[no-untyped-def]
    return day.client.post(day.url("load/"), {"move": "scan", "scanned": number}, follow=True)


def test_the_load_list_runs_from_the_last_stop_to_the_first(day: Day) -> None:
    shown = text_of(day.client.get(day.url("load/")))
    assert "Load ZX26 VAN 0 of 4 aboard" in shown
    assert (
        f"Last stop first Stop 3 Commode {day.commode.number} To load Stop 2 Mobile hoist {day.hoist.number} To load"
        f" Stop 1 Telecare alarm {day.alarm.number} To load Stop 1 1 × Chair raisers counted, no number To load"
        in shown
    )
    assert "You can set out when everything is aboard." in shown


def test_scan_everything_tick_off_what_is_counted_and_set_out(day: Day) -> None:
    for asset in (day.commode, day.hoist, day.alarm):
        assert f"{asset.number} is aboard." in text_of(scan(day, f" {asset.number} "))
        assert state_of(asset) == AssetState.LOADED
    counted = day.client.post(day.url("load/"), {"move": "counted"}, follow=True)
    assert "Counted stock is aboard. Load ZX26 VAN 4 of 4 aboard" in text_of(counted)
    away = day.client.post(day.url("load/"), {"move": "set_out"}, follow=True)
    assert away.redirect_chain == [(day.stop_url(1), 302)]
    assert "Set out. Drive safely. Stop 1 of 3" in text_of(away)
    assert (day.state(), day.visit(1).state) == ("out", "out")
    assert Event.objects.filter(subject="route", verb="set_out").get().by == f"user:{day.driver.user}"


def test_counted_stock_fixes_the_route_before_it_is_loaded(day: Day) -> None:
    day.client.post(day.url("load/"), {"move": "counted"})
    assert day.state() == "loading"


@pytest.mark.parametrize(
    ("number", "sentence"),
    [("12345", "12345 is no asset number we know."), ("", "Nothing is no asset number we know.")],
)
def test_a_wrong_number_is_refused_where_it_was_scanned(day: Day, number: str, sentence: str) -> None:
    events = AssetEvent.objects.count()
    answer = scan(day, number)
    assert answer.status_code == 409
    assert f"Not done {sentence} Load ZX26 VAN 0 of 4 aboard" in text_of(answer)
    assert 'data-code="wrong_asset"' in answer.content.decode()
    assert (day.state(), AssetEvent.objects.count()) == ("planned", events)


def test_an_asset_for_somebody_else_is_named(day: Day) -> None:
    spare = day.county.new(day.county.commode())
    assert f"{spare.number} is a Commode, but not for this route." in text_of(scan(day, spare.number))


def test_scanning_twice_is_friendly_and_changes_nothing(day: Day) -> None:
    scan(day, day.hoist.number)
    events = AssetEvent.objects.count()
    again = scan(day, day.hoist.number)
    assert again.status_code == 200
    assert f"{day.hoist.number} was aboard already." in text_of(again)
    assert AssetEvent.objects.count() == events


def test_setting_out_too_early_names_what_is_missing(day: Day) -> None:
    scan(day, day.hoist.number)
    answer = day.client.post(day.url("load/"), {"move": "set_out"})
    assert answer.status_code == 409
    shown = text_of(answer)
    assert f"Still to load: {day.commode.number}, {day.alarm.number}, Chair raisers." in shown
    assert 'data-code="not_loaded"' in answer.content.decode()
    assert (day.state(), day.visit(1).state) == ("loading", "planned")


def test_setting_out_twice_is_friendly(day: Day) -> None:
    day.set_out()
    events = Event.objects.count()
    again = day.client.post(day.url("load/"), {"move": "set_out"}, follow=True)
    assert "Already recorded: the van is on the road. Stop 1 of 3" in text_of(again)
    assert Event.objects.count() == events


def test_on_the_road_the_list_is_closed(day: Day) -> None:
    day.set_out()
    page = day.client.get(day.url("load/"))
    assert "The van is on the road: this list is closed." in text_of(page)
    assert "<input id=" not in page.content.decode()


def test_a_refusal_never_tells_what_a_person_weighs(day: Day) -> None:
    Person.objects.filter(visits=day.stops[1].visit).update(weight_kg=187)
    answer = scan(day, day.hoist.number)
    assert answer.status_code == 409
    shown = text_of(answer)
    assert "Not done This item must not go to this person: leave it, and call the depot." in shown
    assert "187" not in shown
    assert state_of(day.hoist) == AssetState.RESERVED


def test_an_unknown_move_does_nothing(day: Day) -> None:
    assert day.client.post(day.url("load/"), {"move": "dance"}).status_code == 200
    assert day.state() == "planned"


def test_a_route_that_only_collects_has_nothing_to_load(day: Day) -> None:
    somebody = rows.person(day.county, "Dot", "Collect", "")
    door = rows.address(somebody, "7 Hill Road")
    loan = rows.lent(day.county, "RAIL", somebody, door)
    visit = rows.visits.raise_collection(loan, by=BY, at=rows.SEVEN)
    route = rows.plan(day.county, [visit], registration="ZX26 TWO")
    route.shift.crew.set([day.driver])
    address = f"/driver/routes/{route.pk}/load/"
    assert "Nothing to load: this route only collects. Set out" in text_of(day.client.get(address))
    assert day.client.post(address, {"move": "set_out"}).status_code == 302
