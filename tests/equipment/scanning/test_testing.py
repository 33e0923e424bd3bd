from __future__ import annotations

from datetime import timedelta

import pytest

from equipment import decontamination
from equipment.jobs import ScanMode
from equipment.models import Asset, Check, InspectionRecord, TestRegime
from equipment.states import AssetState, TestKind
from tests.county import BY, TUESDAY, County, state_of
from tests.equipment.scanning.worker import Worker, said, written

pytestmark = pytest.mark.django_db


def cleaned(county: County, code: str = "LIFT", **regimes: int) -> Asset:
    """A clean asset on its way to the bench, whose tests are all to be done again."""
    asset = county.dirty(county.product(code, regimes=regimes or {TestKind.PAT: 365}))
    InspectionRecord.objects.filter(asset=asset).delete()
    decontamination.begin(asset, by=BY, at=TUESDAY)
    decontamination.record(asset, method="sporicidal", passed=True, by=BY, at=TUESDAY)
    return asset


def bench(county: County, **answer: str) -> Worker:
    return Worker(county, ScanMode.TEST, at=TUESDAY + timedelta(hours=1), answer={"result": "pass", **answer})


def test_scan_after_scan_with_one_result(county: County) -> None:
    worker = bench(county)
    for code in ("A", "B"):
        asset = cleaned(county, code)
        assert said(worker.scan(asset)) == ("good", f"{asset} {code}: PAT pass. Put it away.")
        assert state_of(asset) == AssetState.TESTING
    assert set(InspectionRecord.objects.values_list("kind", "result", "examiner")) == {("pat", "pass", "sam")}


def test_each_scan_records_the_test_it_needs_next(county: County) -> None:
    """Rule 4: every applicable test."""
    worker, asset = bench(county), cleaned(county, pat=365, service=365)
    first, second = worker.scan(asset), worker.scan(asset)
    assert first.answer["sentence"].endswith("Do the Service and record it.")
    assert second.answer["sentence"].endswith("Put it away.")
    assert said(worker.scan(asset)) == (
        "bad",
        f"{asset} has passed all its tests: put it away. To test it all the same, choose which test.",
    )
    assert set(InspectionRecord.objects.values_list("kind", flat=True)) == {"pat", "service"}


def test_no_result_is_guessed(county: County) -> None:
    asset = cleaned(county)
    before = written()
    done = bench(county, result="").scan(asset)
    assert (done.ok, done.answer["ask"], written(), state_of(asset)) == (
        False,
        "result",
        before,
        AssetState.DECONTAMINATED,
    )


def test_a_failure_waits_until_its_defect_is_typed(county: County) -> None:
    worker, asset = bench(county), cleaned(county)
    assert worker.scan("DO/FAIL").answer["sticky"] == {"result": "fail"}
    asked = worker.scan(asset)
    answer = asked.answer
    assert (asked.ok, answer["tone"], answer["ask"], answer["again"]) == (False, "warn", "defects", True)
    assert InspectionRecord.objects.count() == 0
    done = worker.scan(asset, defects="Frayed flex")
    assert said(done) == ("warn", f"{asset} Lift: PAT fail. Send it to repair.")
    assert InspectionRecord.objects.get().defects == "Frayed flex"
    assert worker.answer["result"] == ""  # the next one has not failed too


def test_what_is_dirty_or_in_repair_is_not_tested(county: County) -> None:
    """Rule 2: the bench is a clean place."""
    asset = county.dirty(county.product("LIFT", regimes={TestKind.PAT: 365}))
    before = InspectionRecord.objects.count()
    assert said(bench(county).scan(asset)) == ("bad", f"{asset} is not clean (quarantine): wash it first.")
    assert (InspectionRecord.objects.count(), state_of(asset)) == (before, AssetState.QUARANTINE)


def test_a_test_that_is_not_of_the_product_is_refused(county: County) -> None:
    asset = cleaned(county)
    done = bench(county, kind="loler").scan(asset)
    assert not done.ok
    assert "has no LOLER thorough examination in its regime" in done.answer["sentence"]
    assert state_of(asset) == AssetState.DECONTAMINATED


def test_what_needs_no_test_is_put_away(county: County) -> None:
    asset = county.new(county.commode())
    assert said(bench(county).scan(asset))[1].startswith(f"{asset} needs no test: put it away.")


def test_a_pass_shows_the_whole_checklist_and_asks_before_it_answers_it(county: County) -> None:
    asset = cleaned(county)
    for order, text in enumerate(("Plug", "Flex")):
        Check.objects.create(product=asset.product, kind=TestKind.PAT, position=order, text=text)
    assert not bench(county, result="advisory").scan(asset).ok
    asked = bench(county).scan(asset)
    assert (asked.ok, asked.answer["ask"], asked.answer["again"]) == (False, "checked", True)
    assert said(asked) == ("warn", "Look at: Plug; Flex. All of it in order?")
    assert not InspectionRecord.objects.exists()
    assert bench(county, checked="yes").scan(asset).ok
    assert [(a["check"], a["ok"]) for a in InspectionRecord.objects.get().answers] == [("Plug", True), ("Flex", True)]


def test_undo_voids_the_test(county: County) -> None:
    worker, asset = bench(county), cleaned(county)
    worker.scan(asset)
    assert said(worker.scan("DO/UNDO")) == ("good", f"The PAT of {asset} no longer counts: test it again.")
    assert InspectionRecord.objects.get().voided_by == "user:sam"
    assert TestRegime.objects.count() == 1
