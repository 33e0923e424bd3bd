"""Where in a store an asset stands, and what never stands together."""

from __future__ import annotations

from typing import Any

import pytest

from equipment import decontamination, inspections, locations
from equipment.duties import Actor, Duty
from equipment.errors import Refused
from equipment.lifecycle import advance
from equipment.models import Asset, AssetEvent, Location, Store
from equipment.states import AssetState
from tests.county import BY, TUESDAY, County, state_of

ANYBODY = Actor("user:al", {Duty.SHELVE})


def place(county: County, code: str, *uses: str, store: Store | None = None, **fields: Any) -> Location:
    return Location.objects.create(store=store or county.store, code=code, capabilities=[*uses], **fields)


def annexe(county: County) -> Store:
    same = {"organisation": county.provider, "postcode": "ZX1 1AA", "latitude": 52.2, "longitude": -2.9}
    return Store.objects.create(code="ANNEXE", name="Annexe", kind="depot", address="2 Dock Lane", **same)


def cleaned(county: County, product: Any = None) -> Asset:
    asset = county.dirty(product or county.commode())
    decontamination.begin(asset, by=BY, at=TUESDAY)
    decontamination.record(asset, method="detergent", passed=True, by=BY, at=TUESDAY)
    return asset


def refused(asset: Asset, location: Location) -> Refused:
    """The refusal, after which all is as it was."""
    before = (state_of(asset), asset.location, AssetEvent.objects.count())
    with pytest.raises(Refused) as refusal:
        locations.put_away(asset, location, by=BY, at=TUESDAY)
    assert (state_of(asset), asset.location, AssetEvent.objects.count()) == before
    return refusal.value


def test_what_stands_on_the_shelf_is_given_a_place(county):
    asset, here, there = county.new(county.commode()), place(county, "A-01", "shelf"), place(county, "A-02", "shelf")
    put = locations.put_away(asset, here, by=ANYBODY, at=TUESDAY)
    assert (put.asset, put.from_state, put.from_location) == (asset, AssetState.AVAILABLE, None)
    assert locations.put_away(asset, there, by=ANYBODY, at=TUESDAY).from_location == here
    asset.refresh_from_db()
    assert asset.location == there
    event = asset.events.first()
    assert (event.verb, event.by, event.facts) == ("put_away", "user:al", {"origin": "A-01", "location": "A-02"})


def test_what_is_clean_and_tested_is_shelved_by_putting_it_on_a_shelf(county):
    asset, shelf = cleaned(county), place(county, "A-01", "shelf")
    put = locations.put_away(asset, shelf, by=ANYBODY, at=TUESDAY)
    assert (put.from_state, state_of(asset), asset.location) == ("decontaminated", AssetState.AVAILABLE, shelf)


def test_rule_4_what_is_clean_but_not_tested_is_not_shelved(county):
    asset = cleaned(county, county.hoist())
    inspections.record(asset, kind="loler", result="fail", examiner="E", defects="worn hook", by=BY, at=TUESDAY)
    assert refused(asset, place(county, "A-01", "shelf")).code == "test_failed"


def test_rule_2_clean_never_stands_in_a_dirty_place(county):
    """It is refused, and never silently voided."""
    asset, bay = county.new(county.commode()), place(county, "D-1", "dirty")
    refusal = refused(asset, bay)
    assert refusal.code == "wrong_location"
    assert refusal.detail == (
        f"{asset} is clean, and D-1 is a dirty place, which would void its clean. "
        "Choose a clean place, or quarantine it first."
    )
    assert asset.soiled_at is None


def test_rule_2_dirty_never_stands_in_a_clean_place(county):
    asset = county.dirty(county.commode())
    assert "Clean it first" in refused(asset, place(county, "A-01", "shelf")).detail
    bay = place(county, "D-1", "dirty")
    locations.put_away(asset, bay, by=BY, at=TUESDAY)
    assert (state_of(asset), asset.location) == (AssetState.QUARANTINE, bay)


def test_rule_2_what_is_new_stands_in_no_dirty_place_even_if_it_is_for_holding(county):
    asset = county.received(county.commode())
    assert "is a dirty place" in refused(asset, place(county, "H-1", "hold", "dirty")).detail
    assert "acceptance check first" in refused(asset, place(county, "A-01", "shelf")).detail
    locations.put_away(asset, place(county, "H-2", "hold"), by=BY, at=TUESDAY)


def test_what_is_held_stands_where_things_are_held(county):
    asset = county.new(county.commode())
    advance(asset, AssetState.HELD, by=BY, at=TUESDAY, reason="notice")
    assert refused(asset, place(county, "A-01", "shelf")).detail.endswith("Choose a place for: hold.")


def test_a_closed_place_and_another_store_are_refused(county):
    asset = county.new(county.commode())
    assert refused(asset, place(county, "A-09", "shelf", closed_on=TUESDAY.date())).code == "location_closed"
    away = refused(asset, place(county, "A-01", "shelf", store=annexe(county)))
    assert (away.code, "by a transfer" in away.detail) == ("another_store", True)


def test_what_is_out_has_no_place_in_a_store(county):
    loan = county.on_loan(county.commode())
    assert refused(loan.asset, place(county, "A-01", "shelf")).code == "not_in_store"


def test_putting_away_is_for_the_stores_own_staff(county):
    asset, shelf = county.new(county.commode()), place(county, "A-01", "shelf")
    for by, code in ((Actor("user:x", []), "not_your_duty"), (Actor("user:y", {Duty.SHELVE}, [0]), "another_store")):
        with pytest.raises(Refused) as refusal:
            locations.put_away(asset, shelf, by=by, at=TUESDAY)
        assert refusal.value.code == code


def test_putting_away_is_undone(county):
    asset, here, there = county.new(county.commode()), place(county, "A-01", "shelf"), place(county, "A-02", "shelf")
    locations.put_away(asset, here, by=ANYBODY, at=TUESDAY)
    put = locations.put_away(asset, there, by=ANYBODY, at=TUESDAY)
    locations.take_back_out(asset, put.from_location, by=ANYBODY, at=TUESDAY, state=put.from_state)
    assert (state_of(asset), asset.location) == (AssetState.AVAILABLE, here)
    locations.take_back_out(asset, None, by=ANYBODY, at=TUESDAY)
    assert (state_of(asset), asset.location) == (AssetState.AVAILABLE, None)


def test_shelving_is_undone_by_whoever_did_it_and_leaves_it_clean(county):
    asset = cleaned(county)
    put = locations.put_away(asset, place(county, "A-01", "shelf"), by=ANYBODY, at=TUESDAY)
    locations.take_back_out(asset, put.from_location, by=ANYBODY, at=TUESDAY, state=put.from_state)
    assert (state_of(asset), asset.location, asset.events.first().by) == (AssetState.TESTING, None, "user:al")
    inspections.shelve(asset, by=BY, at=TUESDAY)
    assert state_of(asset) == AssetState.AVAILABLE


def test_a_label_names_its_store_and_a_bare_code_must_be_the_only_one(county):
    here, far = place(county, "A-01", "shelf"), annexe(county)
    there, stores = place(county, "A-01", "shelf", store=far), [county.store.pk, far.pk]
    only = place(county, "B-7/2", "shelf", store=far)
    assert locations.text_of(there) == "LOC/ANNEXE/A-01"
    assert locations.find("LOC/ANNEXE/A-01", stores) == there
    assert locations.find(" loc/main/a-01 ", None) == here
    assert locations.find("LOC/ANNEXE/B-7/2", stores) == only
    assert locations.find("LOC/ANNEXE/A-01", [county.store.pk]) is None
    assert locations.find("A-01", stores) is None
    assert locations.find("A-01", [county.store.pk]) == here
    assert locations.find("B-7/2", None) == only
    assert locations.find("", stores) is None
