"""The way out for good."""

from __future__ import annotations

from typing import Any

import pytest

from equipment import disposal, repairs
from equipment.duties import MANAGER, TEST_TECHNICIAN, Actor
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import Asset, Disposal, Repair, StockLine, StockMovement
from equipment.states import AssetState
from tests.county import BY, TUESDAY, County, state_of

BOSS = Actor("user:mo", MANAGER)


def condemned(county: County, build: str = "dirty", **product: Any) -> Asset:
    asset = getattr(county, build)(county.product("WALKER", **product))
    if build != "dirty":
        advance(asset, AssetState.TESTING, by=BY, at=TUESDAY)
    disposal.condemn(asset, reason="frame bent", by=BY, at=TUESDAY)
    return asset


def nothing_left(asset: Asset) -> bool:
    untouched = state_of(asset) == AssetState.CONDEMNED
    return untouched and not Disposal.objects.exists() and not StockMovement.objects.filter(kind="stripped").exists()


def test_condemning_needs_a_reason_and_ends_an_open_repair(county):
    asset = county.dirty(county.commode())
    repair = repairs.open_repair(asset, fault="Loose", by=BY, at=TUESDAY)
    with pytest.raises(Invalid):
        disposal.condemn(asset, reason=" ", by=BY, at=TUESDAY)
    assert Repair.objects.get().closed_at is None
    disposal.condemn(asset, reason="Frame bent", by=BY, at=TUESDAY)
    repair.refresh_from_db()
    assert (repair.outcome, repair.closed_at, state_of(asset)) == ("condemned", TUESDAY, AssetState.CONDEMNED)


def test_only_what_is_condemned_is_disposed_of(county):
    asset = county.dirty(county.commode())
    for verb in (
        lambda: disposal.dispose(asset, method="scrap", by=BY, at=TUESDAY),
        lambda: disposal.strip(asset, {county.raisers(): 1}, by=BY, at=TUESDAY),
    ):
        with pytest.raises(Refused) as refusal:
            verb()
        assert refusal.value.code == "not_condemned"
    assert (state_of(asset), Disposal.objects.count()) == (AssetState.QUARANTINE, 0)


def test_there_is_no_way_back_from_here(county):
    asset = condemned(county)
    made = disposal.dispose(asset, method="scrap", notes="skip 4", by=BOSS, at=TUESDAY)
    assert (made.method, made.by, made.at, made.notes) == ("scrap", "user:mo", TUESDAY, "skip 4")
    assert (state_of(asset), asset.store) == (AssetState.DISPOSED, None)
    with pytest.raises(Refused):
        disposal.dispose(asset, method="scrap", by=BOSS, at=TUESDAY)
    with pytest.raises(Refused):
        advance(asset, AssetState.QUARANTINE, by=BY, at=TUESDAY, reason="mistake", store=county.store)
    assert Disposal.objects.count() == 1


@pytest.mark.parametrize(
    ("papers", "field"), [({"carrier": "Greenway"}, "consignment"), ({"consignment": "C-1", "carrier": " "}, "carrier")]
)
def test_electrical_waste_needs_its_papers(county, papers, field):
    asset = condemned(county)
    with pytest.raises(Invalid) as refusal:
        disposal.dispose(asset, method="weee", by=BY, at=TUESDAY, **papers)
    assert refusal.value.facts["field"] == field
    assert nothing_left(asset)
    made = disposal.dispose(asset, method="weee", carrier="Greenway", consignment="C-1", by=BY, at=TUESDAY)
    assert (made.carrier, made.consignment) == ("Greenway", "C-1")


def test_rule_38_what_remembers_somebody_is_wiped_first(county):
    asset = condemned(county, holds_data=True)
    for given in ({}, {"data_wiped_by": "T. Ech"}, {"data_wipe": "factory reset"}):
        with pytest.raises(Refused) as refusal:
            disposal.dispose(asset, method="scrap", by=BY, at=TUESDAY, **given)
        assert refusal.value.code == "data_not_wiped"
        with pytest.raises(Refused):
            disposal.strip(asset, {county.raisers(): 1}, by=BY, at=TUESDAY, **given)
    assert nothing_left(asset)
    wiped = {"data_wiped_by": "T. Ech", "data_wipe": "factory reset"}
    made = disposal.dispose(asset, method="scrap", by=BY, at=TUESDAY, **wiped)
    assert (made.data_wiped_by, made.data_wipe) == ("T. Ech", "factory reset")


@pytest.mark.parametrize(("method", "code"), [("stripped", "parts_needed"), ("river", "no_such_method")])
def test_a_method_that_is_none_is_refused(county, method, code):
    asset = condemned(county)
    with pytest.raises(Invalid) as refusal:
        disposal.dispose(asset, method=method, by=BY, at=TUESDAY)
    assert refusal.value.code == code
    assert nothing_left(asset)


@pytest.mark.parametrize(("build", "dirty"), [("dirty", True), ("recycled", False), ("new", False)])
def test_rule_2_parts_of_what_is_not_clean_go_onto_the_dirty_line(county, build, dirty):
    asset = condemned(county, build)
    made = disposal.strip(asset, {county.raisers(): 4}, by=BOSS, at=TUESDAY)
    assert (made.method, state_of(asset)) == ("stripped", AssetState.DISPOSED)
    line = StockLine.objects.get(product=county.raisers())
    assert (line.count, line.dirty, line.store) == (4, dirty, county.store)
    movement = line.movements.get()
    assert (movement.kind, movement.quantity, movement.reason) == ("stripped", 4, f"Taken out of {asset}")


def test_only_counted_reusable_parts_are_kept(county):
    asset = condemned(county)
    pad = county.product("PAD", tracking="quantity", reuse="single_use")
    for parts, code in (
        ({}, "nothing_kept"),
        ({county.commode(): 1}, "not_counted"),
        ({pad: 1}, "not_reusable"),
        ({county.raisers(): 2, county.product("FOOT", tracking="quantity"): 0}, "quantity"),
    ):
        with pytest.raises(Invalid) as refusal:
            disposal.strip(asset, parts, by=BY, at=TUESDAY)
        assert refusal.value.code == code
        assert nothing_left(asset)


def test_disposing_is_a_managers_decision(county):
    asset = condemned(county)
    for verb in (
        lambda by: disposal.dispose(asset, method="scrap", by=by, at=TUESDAY),
        lambda by: disposal.strip(asset, {county.raisers(): 1}, by=by, at=TUESDAY),
    ):
        with pytest.raises(Refused) as refusal:
            verb(Actor("user:fay", TEST_TECHNICIAN))
        assert refusal.value.code == "not_your_duty"
        with pytest.raises(Refused) as refusal:
            verb(Actor("user:far", MANAGER, [0]))
        assert refusal.value.code == "another_store"
    assert nothing_left(asset)
