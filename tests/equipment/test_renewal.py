"""From quarantine to the clean shelf: cleaning, testing, shelving."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment import decontamination, inspections
from equipment.errors import Invalid, Refused
from equipment.models import Decontamination, InspectionRecord
from equipment.states import AssetState, Infection
from tests.county import BY, LONG_AGO, TUESDAY, state_of

HOUR = timedelta(hours=1)


def test_a_returned_asset_comes_back_to_the_shelf_through_clean_test_and_shelve(county):
    asset = county.dirty(county.hoist())
    decontamination.begin(asset, by=BY, at=TUESDAY)
    clean = decontamination.record(asset, method="detergent", passed=True, by="user:dee", at=TUESDAY + HOUR)
    assert (clean.started_at, clean.ended_at, clean.operator) == (TUESDAY, TUESDAY + HOUR, "user:dee")
    inspections.begin(asset, by=BY, at=TUESDAY + HOUR)
    test = inspections.record(asset, kind="loler", result="pass", examiner="E. Xaminer", by=BY, at=TUESDAY + 2 * HOUR)
    assert test.next_due == TUESDAY.date() + timedelta(days=182)
    inspections.shelve(asset, by=BY, at=TUESDAY + 3 * HOUR)
    assert state_of(asset) == AssetState.AVAILABLE
    assert asset.test_due_on == test.next_due


def test_rule_1_shelving_without_a_clean_is_refused_with_the_remedy(county):
    asset = county.dirty(county.commode())
    decontamination.begin(asset, by=BY, at=TUESDAY)
    decontamination.record(asset, method="detergent", passed=False, notes="strike-through", by=BY, at=TUESDAY + HOUR)
    assert state_of(asset) == AssetState.QUARANTINE
    with pytest.raises(Refused):
        inspections.shelve(asset, by=BY, at=TUESDAY + HOUR)
    assert state_of(asset) == AssetState.QUARANTINE


def test_rule_4_shelving_with_a_failed_test_is_refused(county):
    asset = county.dirty(county.hoist())
    decontamination.begin(asset, by=BY, at=TUESDAY)
    decontamination.record(asset, method="detergent", passed=True, by=BY, at=TUESDAY + HOUR)
    inspections.record(asset, kind="loler", result="fail", examiner="E", defects="worn hook", by=BY, at=TUESDAY + HOUR)
    with pytest.raises(Refused) as refusal:
        inspections.shelve(asset, by=BY, at=TUESDAY + 2 * HOUR)
    assert refusal.value.code == "test_failed"
    assert state_of(asset) == AssetState.DECONTAMINATED


def test_rule_3_a_clean_too_weak_for_what_was_declared_is_no_clean(county):
    asset = county.dirty(county.commode(), infection=Infection.SPORE_FORMING)
    decontamination.begin(asset, by=BY, at=TUESDAY)
    with pytest.raises(Invalid) as refusal:
        decontamination.record(asset, method="chlorine_10000", passed=True, by=BY, at=TUESDAY + HOUR)
    assert refusal.value.facts == {"field": "method", "allowed": ["sporicidal"]}
    assert state_of(asset) == AssetState.DECONTAMINATING
    assert not Decontamination.objects.filter(asset=asset, ended_at__gte=TUESDAY).exists()


def test_rule_3_nothing_declared_needs_the_strongest_method(county):
    asset = county.dirty(county.commode(), infection=Infection.UNKNOWN)
    decontamination.begin(asset, by=BY, at=TUESDAY)
    with pytest.raises(Invalid, match="not disclosed"):
        decontamination.record(asset, method="detergent", passed=True, by=BY, at=TUESDAY + HOUR)


def test_a_clean_is_recorded_only_of_what_is_being_cleaned(county):
    asset = county.dirty(county.commode())
    with pytest.raises(Refused) as refusal:
        decontamination.record(asset, method="detergent", passed=True, by=BY, at=TUESDAY)
    assert refusal.value.code == "not_being_cleaned"
    assert not Decontamination.objects.filter(asset=asset).exists()


def test_a_failed_test_needs_its_defect_and_an_unknown_kind_is_refused(county):
    asset = county.new(county.hoist())
    before = InspectionRecord.objects.count()
    with pytest.raises(Invalid, match="defect"):
        inspections.record(asset, kind="loler", result="fail", examiner="E", by=BY, at=TUESDAY)
    with pytest.raises(Invalid) as refusal:
        inspections.record(asset, kind="pat", result="pass", examiner="E", by=BY, at=TUESDAY)
    assert refusal.value.facts["field"] == "kind"
    assert InspectionRecord.objects.count() == before


def test_rule_4_of_two_results_at_one_moment_the_fail_counts(county):
    asset = county.new(county.hoist())
    inspections.record(asset, kind="loler", result="fail", examiner="E", defects="hook", by=BY, at=TUESDAY)
    inspections.record(asset, kind="loler", result="pass", examiner="E", by=BY, at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        inspections.shelve(asset, by=BY, at=TUESDAY + HOUR)
    assert refusal.value.code == "test_failed"


def test_rule_1_new_stock_is_accepted_only_with_its_tests_on_record(county):
    asset = county.received(county.hoist())
    with pytest.raises(Refused) as refusal:
        inspections.accept(asset, by=BY, at=LONG_AGO)
    assert refusal.value.code == "test_missing"
    asset.refresh_from_db()
    assert (asset.state, asset.accepted_at) == (AssetState.RECEIVED, None)
