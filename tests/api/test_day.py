"""The main job through the API alone: from a date to a route and back to the shelf."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from equipment import clock, inspections, repairs
from equipment.lifecycle import advance
from equipment.models import Repair
from equipment.states import AssetState
from logistics import dispatch
from logistics.models import Route, Visit
from tests.county import BY, TUESDAY, state_of

THU = date(2026, 3, 5)


@pytest.fixture
def at(monkeypatch):
    def move(day: int, hour: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: TUESDAY.replace(day=day, hour=hour))

    return move


@pytest.fixture(autouse=True)
def quick(settings):
    settings.SERVICE = settings.SERVICE | {"PLANNING_ITERATIONS": 200}


def test_from_a_date_to_a_route_and_back_to_a_clean_shelf(county, ward, floor, at):
    asset = county.recycled(county.hoist())
    for day in (4, 5, 6):
        county.shift(date(2026, 3, day), crew=2)
    person = ward.post(
        "people/",
        {
            "given_name": "A",
            "family_name": "B",
            "weight_kg": "80",
            "address": {"line1": "1 Hill", "postcode": "ZX1 1AB"},
        },
    ).json()
    discharge = ward.post(
        "discharges/",
        {"address": person["addresses"][0]["reference"], "hospital": "General", "expected_on": "2026-03-06"},
    ).json()
    placed = ward.post(
        "orders/", {"discharge": discharge["reference"], "prescriber": "OT1", "lines": [{"product": "HOIST"}]}
    ).json()
    assert placed["order"]["lines"][0]["reserved"][0]["asset"] == asset.number
    dispatch.replan(county.store.pk, by=BY, at=TUESDAY)
    moved = ward.post(f"discharges/{discharge['reference']}/expected-date/", {"expected_on": "2026-03-05"}).json()
    assert (moved["in_force"], moved["readiness"]["readiness"]) == (True, "awaiting_plan")
    dispatch.replan(county.store.pk, by=BY, at=TUESDAY)
    ready = ward.get(f"discharges/{discharge['reference']}/readiness/").json()
    assert (ready["readiness"], ready["window"]["opens"][:10]) == ("planned", "2026-03-04")

    at(4, 7)
    [route] = floor.get("routes/").json()["results"]
    path = f"routes/{route['id']}"
    assert floor.get(f"{path}/load-list/").json() == [
        {"stop": 1, "product": "Mobile hoist", "asset": asset.number, "quantity": 1, "aboard": False}
    ]
    assert floor.post(f"{path}/confirm/").json()["state"] == "confirmed"
    assert floor.post(f"{path}/set-out/").json()["code"] == "not_loaded"
    assert floor.post(f"{path}/load/", {"scanned": "123"}).json()["code"] == "wrong_asset"
    assert floor.post(f"{path}/load/", {"scanned": asset.number}).json()["state"] == "loading"
    assert floor.post(f"{path}/set-out/").json()["state"] == "out"
    visit = f"visits/{Visit.objects.get().reference}"
    at(4, 10)
    assert floor.post(f"{visit}/arrive/").json()["state"] == "arrived"
    unfinished = floor.post(f"{visit}/finish/", {"received_by": "Mrs B"})
    assert (unfinished.status_code, unfinished.json()["field"]) == (400, "fitted")
    done = {"received_by": "Mrs B", "fitted": True, "demonstrated": True}
    assert floor.post(f"{visit}/finish/", done).json()["state"] == "done"
    assert ward.get(f"discharges/{discharge['reference']}/readiness/").json()["in_place_on_time"] is True
    assert floor.post(f"{path}/finish/").json()["state"] == "finished"
    at(5, 14)
    assert ward.post(f"discharges/{discharge['reference']}/leave/").json()["state"] == "home"

    [loan] = ward.get(f"people/{person['reference']}/loans/").json()
    collection = ward.post(f"loans/{loan['id']}/collection/", {"reason": "recovered"}).json()
    dispatch.replan(county.store.pk, by=BY, at=TUESDAY + timedelta(days=2, hours=6))
    route = Route.objects.get(stops__visit__reference=collection["reference"])
    at(6, 8)
    assert floor.post(f"routes/{route.pk}/set-out/").json()["state"] == "out"
    visit = f"visits/{collection['reference']}"
    floor.post(f"{visit}/arrive/")
    [activity] = floor.get(f"{visit}/").json()["activities"]
    proof = {"collected": [{"activity": activity["id"], "condition": "good", "infection": "none_known"}]}
    assert floor.post(f"{visit}/finish/", proof).json()["state"] == "done"
    floor.post(f"routes/{route.pk}/finish/")
    at(6, 12)
    thing = f"assets/{asset.number}"
    assert floor.get(f"{thing}/").json()["state"] == "quarantine"
    refused = floor.post(f"{thing}/shelve/")
    assert (refused.status_code, refused.json()["legal"][0]) == (409, "begin_clean")
    floor.post(f"{thing}/begin-clean/")
    at(6, 13)
    assert floor.post(f"{thing}/clean/", {"method": "detergent", "passed": True}).json()["state"] == "decontaminated"
    floor.post(f"{thing}/begin-test/")
    floor.post(f"{thing}/test/", {"kind": "loler", "result": "pass", "examiner": "E. Xaminer"})
    assert floor.post(f"{thing}/shelve/").json()["state"] == "available"
    verbs = [event["verb"] for event in floor.get(f"{thing}/history/").json()["results"]]
    assert verbs[:10] == [
        "shelve",
        "begin_test",
        "pass_clean",
        "begin_clean",
        "book_in",
        "collect",
        "request_collection",
        "deliver",
        "load",
        "pick",
    ]


def test_what_is_not_clean_is_refused_with_its_remedy(county, floor):
    asset = county.dirty(county.commode())
    floor.post(f"assets/{asset.number}/begin-clean/")
    weak = floor.post(f"assets/{asset.number}/clean/", {"method": "detergent", "passed": False, "notes": "torn cover"})
    assert weak.json()["state"] == "quarantine"
    assert floor.post(f"assets/{asset.number}/condemn/", {"reason": "torn cover"}).json()["state"] == "condemned"
    assert floor.post(f"assets/{asset.number}/begin-clean/").status_code == 409


def test_a_return_at_the_desk_goes_to_quarantine(county, floor):
    loan = county.on_loan(county.commode())
    answer = floor.post(f"assets/{loan.asset.number}/return/", {"store": "MAIN", "condition": "good"})
    assert answer.json()["state"] == "quarantine"
    assert (
        floor.post(f"assets/{loan.asset.number}/return/", {"store": "X", "condition": "good"}).json()["field"]
        == "store"
    )


def test_rule_8_a_machine_releases_nothing_that_is_held_or_condemned(county, floor):
    """Quarantine leads out of both; that door is a person's."""
    asset = county.new(county.commode())
    address = f"assets/{asset.number}/quarantine/"
    for state in (AssetState.HELD, AssetState.QUARANTINE, AssetState.CONDEMNED):
        advance(asset, state, by=BY, at=TUESDAY, reason="Recall")
        if state != AssetState.QUARANTINE:
            answer = floor.post(address, {"reason": "It looks fine"})
            assert (answer.status_code, answer.json()["code"], state_of(asset)) == (409, "illegal_move", state)


def test_what_is_condemned_in_repair_has_its_repair_ended(county, floor):
    asset = county.recycled(county.commode())
    inspections.begin(asset, by=BY, at=TUESDAY)
    repairs.open_repair(asset, fault="Wheel", by=BY, at=TUESDAY)
    assert floor.post(f"assets/{asset.number}/condemn/", {"reason": "Bent"}).json()["state"] == "condemned"
    assert Repair.objects.get(asset=asset).outcome == "condemned"
