from __future__ import annotations

import pytest

from equipment import transfers
from equipment.jobs import Capability, ScanMode, TransferState
from equipment.models import Store, Transfer
from equipment.states import AssetState
from tests.county import BY, TUESDAY, County, state_of
from tests.equipment.scanning.worker import Worker, place, said, second_store, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def north(county: County) -> Store:
    return second_store(county)


def packer(county: County, north: Store, **wanted: int) -> tuple[Worker, Transfer]:
    asked = {county.product(code): number for code, number in wanted.items()}
    job = transfers.draft(county.store, north, asked, by=BY, at=TUESDAY)
    return Worker(county, ScanMode.TRANSFER, job=job.pk), job


def test_what_is_scanned_goes_on_and_done_sends_it(county: County, north: Store) -> None:
    asset, line = county.new(county.commode()), county.stock(county.raisers(), 20)
    worker, job = packer(county, north, COMMODE=1, RAISER=4)
    done = worker.scan(asset)
    assert (said(done), done.answer["lines"]) == (("good", f"{asset} Commode is on {job}."), "1 of 5")
    assert state_of(asset) == AssetState.IN_TRANSFER
    assert worker.scan("RAISER").answer["ask"] == "quantity"
    assert said(worker.scan("RAISER", quantity="3")) == ("good", f"Chair raisers: 3 on {job}.")
    line.refresh_from_db()
    assert line.count == 17
    assert said(worker.scan("DO/DONE")) == (
        "warn",
        f"{job} is on its way to North store. Short: 3 of 4 x Chair raisers.",
    )
    assert (Transfer.objects.get().state, worker.job) == (TransferState.SENT, None)


def test_undo_takes_it_off(county: County, north: Store) -> None:
    asset, line = county.new(county.commode()), county.stock(county.raisers(), 20)
    worker, job = packer(county, north)
    worker.scan(asset)
    assert said(worker.scan("DO/UNDO")) == ("good", f"{asset} is off {job} again: available.")
    worker.scan("RAISER", quantity="3")
    assert said(worker.scan("DO/UNDO")) == ("good", f"Chair raisers: 3 off {job} again.")
    line.refresh_from_db()
    assert (state_of(asset), line.count, job.items.count()) == (AssetState.AVAILABLE, 20, 0)


def test_clean_and_dirty_never_mix(county: County, north: Store) -> None:
    """Rule 31."""
    asset = county.dirty(county.commode())
    worker, job = packer(county, north)
    before = written()
    assert said(worker.scan(asset)) == ("bad", f"{asset} is dirty and {job} is clean: put it on a dirty transfer.")
    assert written() == before


def test_twice_on_the_same_transfer_is_refused(county: County, north: Store) -> None:
    asset = county.new(county.commode())
    worker, job = packer(county, north)
    worker.scan(asset)
    before = written()
    done = worker.scan(asset)
    assert (done.ok, written(), job.items.count()) == (False, before, 1)


def arriving(county: County, north: Store) -> Worker:
    """The same worker in the other store, where the transfer has come to."""
    place(county, "N-01", Capability.SHELF, store=north)
    county.store = north
    return Worker(county, ScanMode.GOODS_IN)


def test_what_arrives_finds_its_transfer_by_itself(county: County, north: Store) -> None:
    asset = county.new(county.commode())
    county.stock(county.raisers(), 20)
    worker, job = packer(county, north)
    worker.scan(asset)
    worker.scan("RAISER", quantity="3")
    worker.scan("DO/DONE")
    worker = arriving(county, north)
    assert worker.scan("LOC/NORTH/N-01").ok
    done = worker.scan(asset)
    assert (said(done), done.answer["lines"]) == (("good", f"{asset} Commode has arrived, ready, at N-01."), "1 of 4")
    assert worker.job == job.pk
    assert said(worker.scan("DO/DONE")) == (
        "bad",
        f"3 of {job} not here yet. If nothing more will come, close it on its page.",
    )
    assert said(worker.scan("RAISER", quantity="9"))[0] == "bad"
    assert said(worker.scan("RAISER", quantity="3")) == ("good", "Chair raisers: 3 arrived.")
    assert said(worker.scan("DO/DONE")) == ("good", f"All of {job} has arrived.")
    assert state_of(asset) == AssetState.AVAILABLE


def test_what_is_not_expected_is_refused(county: County, north: Store) -> None:
    asset = county.on_loan(county.commode()).asset
    done = arriving(county, north).scan(asset)
    assert said(done) == (
        "bad",
        f"{asset} is on no transfer to this store. Look it up to see where it should be.",
    )
