from __future__ import annotations

import pytest

from equipment import decontamination
from equipment.jobs import Capability, ScanMode
from equipment.models import Asset
from equipment.states import AssetState
from tests.county import BY, TUESDAY, County, state_of
from tests.equipment.scanning.worker import Worker, place, said, second_store, written

pytestmark = pytest.mark.django_db


def where(asset: Asset) -> str:
    asset.refresh_from_db()
    return str(asset.location)


def test_a_place_then_all_that_stands_there(county: County) -> None:
    place(county, "A-01", Capability.SHELF)
    worker = Worker(county, ScanMode.PUT_AWAY)
    assert said(worker.scan("LOC/MAIN/A-01")) == ("good", "Place A-01: now scan what stands there.")
    for code in ("A", "B"):
        asset = county.new(county.product(code))
        assert said(worker.scan(asset)) == ("good", f"{asset} {code} is put away at A-01.")
        assert where(asset) == "A-01"
    assert worker.scan("DO/DONE").ok
    assert worker.answer["location"] == ""


def test_one_asset_then_its_place_and_the_place_does_not_stay(county: County) -> None:
    place(county, "A-01", Capability.SHELF)
    worker = Worker(county, ScanMode.PUT_AWAY)
    asset, other = county.new(county.product("A")), county.new(county.product("B"))
    assert said(worker.scan(asset)) == ("warn", f"{asset} A: now scan its place.")
    assert said(worker.scan("a-01")) == ("good", f"{asset} A is put away at A-01.")  # typed, without its prefix
    assert where(asset) == "A-01"
    assert worker.scan(other).answer["tone"] == "warn"
    assert where(other) == "None"


def test_what_is_cleaned_and_tested_goes_onto_the_shelf(county: County) -> None:
    place(county, "A-01", Capability.SHELF)
    asset = county.dirty(county.commode())
    decontamination.begin(asset, by=BY, at=TUESDAY)
    decontamination.record(asset, method="sporicidal", passed=True, by=BY, at=TUESDAY)
    worker = Worker(county, ScanMode.PUT_AWAY, answer={"location": "A-01"})
    assert said(worker.scan(asset)) == ("good", f"{asset} Commode is on the shelf at A-01.")
    assert state_of(asset) == AssetState.AVAILABLE
    assert said(worker.scan("DO/UNDO")) == (
        "good",
        f"{asset} is being tested again, in no place in particular.",
    )
    assert state_of(asset) == AssetState.TESTING


def test_dirty_never_stands_among_clean(county: County) -> None:
    """Rule 2."""
    place(county, "A-01", Capability.SHELF)
    asset = county.dirty(county.commode())
    before = written()
    done = Worker(county, ScanMode.PUT_AWAY, answer={"location": "A-01"}).scan(asset)
    assert said(done) == (
        "bad",
        f"{asset} is not clean, and A-01 is a clean place. Clean it first, or choose a dirty place.",
    )
    assert (where(asset), written()) == ("None", before)


def test_a_place_of_another_store_is_unknown_here(county: County) -> None:
    place(county, "N-01", Capability.SHELF, store=second_store(county))
    asset = county.new(county.commode())
    worker = Worker(county, ScanMode.PUT_AWAY)
    worker.scan(asset)
    assert not worker.scan("LOC/NORTH/N-01").ok
    assert where(asset) == "None"


def test_the_same_asset_twice_at_one_place_is_said(county: County) -> None:
    place(county, "A-01", Capability.SHELF)
    worker, asset = Worker(county, ScanMode.PUT_AWAY, answer={"location": "A-01"}), county.new(county.commode())
    worker.scan(asset)
    before = written()
    assert said(worker.scan(asset)) == ("warn", f"{asset} stands at A-01 already.")
    assert written() == before


def test_a_product_has_no_place_of_its_own(county: County) -> None:
    county.raisers(3)
    worker = Worker(county, ScanMode.PUT_AWAY, answer={"location": "A-01"})
    assert said(worker.scan("RAISER")) == ("bad", "Chair raisers is a product. Scan the number of an asset here.")
