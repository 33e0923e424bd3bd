from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from equipment.jobs import ScanMode, WashOutcome
from equipment.models import Decontamination, WashItem, WashRun
from equipment.states import AssetState, Infection
from tests.county import County, state_of
from tests.equipment.scanning.worker import Worker, said, second_store, written

pytestmark = pytest.mark.django_db
BOTTLE = {"method": "sporicidal", "agent": "Acticlean", "lot": "L1"}


def washer(county: County) -> Worker:
    return Worker(county, ScanMode.WASH, answer=dict(BOTTLE))


def later(worker: Worker) -> Worker:
    worker.at += timedelta(hours=2)
    return worker


def test_the_first_scan_begins_the_run_and_done_ends_it(county: County) -> None:
    worker, assets = washer(county), [county.dirty(county.product(code)) for code in ("A", "B")]
    counts = [worker.scan(asset).answer["lines"] for asset in assets]
    assert counts == [f"1 in Wash run {worker.job}", f"2 in Wash run {worker.job}"]
    run = WashRun.objects.get()
    assert (run.method, run.agent, run.lot, run.operator) == ("sporicidal", "Acticlean", "L1", "user:sam")
    done = later(worker).scan("DO/DONE")
    assert said(done) == ("good", f"{run} has ended: 2 clean. Test them next.")
    assert worker.job is None
    assert {state_of(asset) for asset in assets} == {AssetState.DECONTAMINATED}
    assert Decontamination.objects.filter(run=run, passed=True, lot="L1").count() == 2


def test_a_command_begins_the_next_run_with_the_bottle_used_last(county: County) -> None:
    worker = washer(county)
    worker.scan(county.dirty(county.product("A")))
    later(worker).scan("DO/DONE")
    worker.answer = {}
    done = worker.scan("DO/METHOD/SPORICIDAL")
    run = WashRun.objects.get(ended_at__isnull=True)
    assert (worker.job, run.agent, run.lot) == (run.pk, "Acticlean", "L1")
    assert done.answer["sentence"] == f"{run} begun: Sporicidal with Acticlean, lot L1. Scan what goes in."


def test_without_a_bottle_ever_used_the_method_is_chosen_and_the_rest_asked(county: County) -> None:
    worker, asset = Worker(county, ScanMode.WASH), county.dirty(county.commode())
    assert worker.scan("DO/METHOD/SPORICIDAL").ok
    before = written()
    done = worker.scan(asset)
    assert (done.ok, done.answer["ask"], written()) == (False, "agent", before)
    assert WashRun.objects.count() == 0


def test_twice_in_the_same_run_is_refused(county: County) -> None:
    worker, asset = washer(county), county.dirty(county.commode())
    worker.scan(asset)
    before = written()
    assert said(worker.scan(asset)) == ("bad", f"{asset} is in this run already.")
    assert (WashItem.objects.count(), written()) == (1, before)


def test_too_weak_a_method_begins_no_run(county: County) -> None:
    """Rule 3; and the run that the scan would have begun is not left behind empty."""
    asset = county.dirty(county.commode(), Infection.SPORE_FORMING)
    worker = Worker(county, ScanMode.WASH, answer={**BOTTLE, "method": "detergent"})
    done = worker.scan(asset)
    assert not done.ok
    assert "Detergent does not do for" in done.answer["sentence"]
    assert (WashRun.objects.count(), worker.job) == (0, None)


def test_what_is_not_clean_comes_out_with_a_failed_clean_and_cannot_pass(county: County) -> None:
    """A failed clean is a record too, made at once: whoever ends the run later cannot pass it."""
    worker, good, bad = washer(county), county.dirty(county.product("A")), county.dirty(county.product("B"))
    worker.scan(good)
    worker.scan(bad)
    later(worker).scan("DO/FAIL")
    done = worker.scan(bad)
    assert said(done) == ("warn", f"{bad} is not clean: back in quarantine, wash it again.")
    assert worker.answer["failing"] == ""
    worker.scan("DO/DONE")
    assert (state_of(good), state_of(bad)) == (AssetState.DECONTAMINATED, AssetState.QUARANTINE)
    failed = Decontamination.objects.get(asset=bad)
    assert (failed.passed, failed.method, failed.lot, failed.run) == (False, "sporicidal", "L1", WashRun.objects.get())


def test_before_its_time_the_run_does_not_end(county: County) -> None:
    worker, asset = washer(county), county.dirty(county.commode())
    worker.scan(asset)
    done = worker.scan("DO/DONE")
    assert not done.ok
    assert "minutes from the last one put in" in done.answer["sentence"]
    assert state_of(asset) == AssetState.DECONTAMINATING


def test_undo_takes_it_out_again(county: County) -> None:
    worker, asset = washer(county), county.dirty(county.commode())
    worker.scan(asset)
    assert said(worker.scan("DO/UNDO")) == ("good", f"{asset} is out of the wash again, in quarantine.")
    assert (state_of(asset), WashItem.objects.get().outcome) == (AssetState.QUARANTINE, WashOutcome.TAKEN_OUT)
    assert worker.scan(asset).ok


@pytest.mark.parametrize("code", ["DO/DONE", "DO/FAIL"])
def test_without_a_run_there_is_nothing_to_end(county: County, code: str) -> None:
    assert said(washer(county).scan(code)) == ("bad", "Choose a wash run first.")


def test_another_stores_run_is_not_used(county: County) -> None:
    run: Any = WashRun.objects.create(
        store=second_store(county), operator="x", started_at=washer(county).at, hold_minutes=0, **BOTTLE
    )
    worker, asset = washer(county), county.dirty(county.commode())
    worker.job = run.pk
    assert said(worker.scan(asset)) == ("bad", "This wash run is not of this store: choose another.")
