"""Repairs: opened, mended with parts and labour, or given up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from equipment import decontamination, inspections, repairs, stock
from equipment.duties import ASSISTANT, MANAGER, TEST_TECHNICIAN, Actor
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import Asset, PartUsed, Repair, StockMovement
from equipment.states import AssetState
from tests.county import BY, LONG_AGO, TUESDAY, County, state_of

HOUR = timedelta(hours=1)
FIXER, BOSS = Actor("user:fay", TEST_TECHNICIAN), Actor("user:mo", MANAGER)


def on_the_bench(county: County, **product: Any) -> Asset:
    """Clean, and about to be tested."""
    asset = county.recycled(county.product("WALKER", price=Decimal(200), **product))
    inspections.begin(asset, by=BY, at=TUESDAY)
    return asset


def opened(county: County, **product: Any) -> Repair:
    return repairs.open_repair(on_the_bench(county, **product), fault="Brake slips", by=BY, at=TUESDAY)


def test_what_is_clean_is_tested_after_its_repair(county):
    repair = opened(county)
    assert (repair.soiled, repair.kind, repair.opened_by, state_of(repair.asset)) == (
        False, "repair", BY, AssetState.REPAIR,
    )  # fmt: skip
    repairs.close(repair, work_done="New cable", labour_minutes=20, by=FIXER, at=TUESDAY + HOUR)
    assert state_of(repair.asset) == AssetState.TESTING
    repair.refresh_from_db()
    assert (repair.outcome, repair.closed_by, repair.closed_at) == ("repaired", "user:fay", TUESDAY + HOUR)
    inspections.shelve(repair.asset, by=BY, at=TUESDAY + 2 * HOUR)
    assert state_of(repair.asset) == AssetState.AVAILABLE


def test_rule_2_what_was_opened_soiled_ends_in_quarantine(county):
    asset = county.dirty(county.commode())
    repair = repairs.open_repair(asset, fault="Seat cracked", by=BY, at=TUESDAY)
    assert repair.soiled
    repairs.close(repair, work_done="New seat", labour_minutes=5, by=BY, at=TUESDAY + HOUR)
    assert state_of(asset) == AssetState.QUARANTINE


def test_rule_2_a_clean_is_void_after_a_soiled_repair(county):
    """It had been cleaned, but was found dirty inside: even without closing the repair it needs a new clean."""
    asset = on_the_bench(county)
    repair = repairs.open_repair(asset, fault="Pump full of dust", by=BY, at=TUESDAY + HOUR, soiled=True)
    assert (repair.soiled, asset.soiled_at) == (True, TUESDAY + HOUR)
    advance(asset, AssetState.TESTING, by=BY, at=TUESDAY + 2 * HOUR)
    with pytest.raises(Refused) as refusal:
        inspections.shelve(asset, by=BY, at=TUESDAY + 2 * HOUR)
    assert refusal.value.code == "not_clean"


def test_what_is_dirty_is_soiled_whatever_is_said(county):
    repair = repairs.open_repair(county.dirty(county.commode()), fault="Loose", by=BY, at=TUESDAY, soiled=False)
    assert repair.soiled


def test_a_fault_is_said_and_the_kind_is_known(county):
    asset = on_the_bench(county)
    for given in ({"fault": " "}, {"fault": "x", "kind": "paint"}):
        with pytest.raises(Invalid):
            repairs.open_repair(asset, by=BY, at=TUESDAY, **given)
    assert (state_of(asset), Repair.objects.count()) == (AssetState.TESTING, 0)


def test_an_asset_has_one_open_repair(county):
    repair = opened(county)
    with pytest.raises(Refused) as refusal:
        repairs.open_repair(repair.asset, fault="And the seat", by=BY, at=TUESDAY)
    assert refusal.value.code == "already_in_repair"
    assert Repair.objects.count() == 1


def test_what_stands_on_the_shelf_is_not_sent_straight_to_repair(county):
    asset = county.new(county.commode())
    with pytest.raises(Refused, match="quarantine") as refusal:
        repairs.open_repair(asset, fault="Loose", by=BY, at=TUESDAY)
    assert refusal.value.code == "illegal_move"
    assert not Repair.objects.exists()


def test_a_repair_broken_off_ends_without_outcome_when_the_next_begins(county):
    """Recalled from the bench and released: the old repair does not stand in the way of the new one."""
    first = opened(county)
    asset = first.asset
    advance(asset, AssetState.HELD, by=BY, at=TUESDAY + HOUR, reason="notice")
    advance(asset, AssetState.QUARANTINE, by=BY, at=TUESDAY + HOUR, reason="withdrawn")
    with pytest.raises(Refused) as refusal:
        repairs.close(first, work_done="x", labour_minutes=1, by=BY, at=TUESDAY + HOUR)
    assert refusal.value.code == "not_in_repair"
    second = repairs.open_repair(asset, fault="Brake slips", by=BY, at=TUESDAY + 2 * HOUR)
    first.refresh_from_db()
    assert (first.outcome, first.closed_at, second.soiled) == ("", TUESDAY + 2 * HOUR, True)


def test_what_was_sent_to_repair_without_a_record_can_get_one(county):
    asset = on_the_bench(county)
    advance(asset, AssetState.REPAIR, by=BY, at=TUESDAY, reason="Brake")
    assert repairs.open_repair(asset, fault="Brake slips", by=BY, at=TUESDAY).closed_at is None


def test_parts_come_from_counted_stock_and_add_to_the_cost(county, settings):
    """2 x £5, then 30 minutes at £30 an hour: £10 + £15."""
    repair, line = opened(county), county.stock(county.raisers(), 6)
    used = repairs.use_part(repair, line, 2, by=FIXER, at=TUESDAY)
    assert (used.quantity, used.unit_price, used.movement.quantity, used.movement.kind) == (2, 5, -2, "part")
    line.refresh_from_db()
    assert (line.count, repair.cost) == (4, Decimal("10.00"))
    repairs.close(repair, work_done="New feet", labour_minutes=30, by=FIXER, at=TUESDAY + HOUR)
    repair.refresh_from_db()
    assert (repair.cost, repair.labour_minutes) == (Decimal("25.00"), 30)


def test_a_part_that_is_not_there_or_not_clean_is_refused(county):
    repair, line = opened(county), county.stock(county.raisers(), 1)
    dirty = stock.take_back(county.raisers(), county.store, 3, by=BY, at=TUESDAY)
    old = stock.receive(county.raisers(), county.store, 3, by=BY, at=LONG_AGO, batch="B1", expires_on=TUESDAY.date())
    moves = StockMovement.objects.count()
    for row, quantity, code in (
        (line, 2, "not_enough_stock"),
        (line, 0, "quantity"),
        (dirty, 1, "dirty_part"),
        (old, 1, "part_expired"),
    ):
        with pytest.raises((Refused, Invalid)) as refusal:
            repairs.use_part(repair, row, quantity, by=BY, at=TUESDAY)
        assert refusal.value.code == code
    assert (StockMovement.objects.count(), PartUsed.objects.count()) == (moves, 0)


def test_what_is_not_worth_its_cost_is_mended_only_with_a_managers_reason(county):
    """£200 new, half is £100; 210 minutes at £30 an hour are £105."""
    repair = opened(county)
    given = {"work_done": "New motor", "labour_minutes": 210, "at": TUESDAY + HOUR}
    with pytest.raises(Refused, match="£105") as refusal:
        repairs.close(repair, by=BOSS, **given)
    assert (refusal.value.code, refusal.value.facts["reasons"][0]["code"]) == ("not_worth_mending", "too_dear")
    with pytest.raises(Refused) as refusal:
        repairs.close(repair, by=FIXER, override_reason="No other in the county", **given)
    assert refusal.value.code == "not_your_duty"
    row = Repair.objects.get()
    assert (row.closed_at, row.cost, state_of(repair.asset)) == (None, 0, AssetState.REPAIR)
    repairs.close(repair, by=BOSS, override_reason="No other in the county", **given)
    row.refresh_from_db()
    assert (row.override_reason, row.cost) == ("No other in the county", Decimal("105.00"))


def test_an_override_that_was_not_needed_is_not_kept(county):
    repair = opened(county)
    repairs.close(repair, work_done="Oiled", labour_minutes=1, by=FIXER, at=TUESDAY, override_reason="just in case")
    assert Repair.objects.get().override_reason == ""


def test_worth_is_asked_before_anything_is_opened(county):
    """Came in November 2025, for 0 years of working life."""
    asset = on_the_bench(county, life_years=0, life_loans=5)
    assert [r.code for r in repairs.worth_mending(asset, Decimal(10), on=TUESDAY.date())] == ["too_old"]


def test_beyond_repair_it_is_condemned(county):
    repair = opened(county)
    repairs.condemn(repair, reason="Frame bent", by=FIXER, at=TUESDAY + HOUR)
    assert (repair.outcome, repair.closed_at, state_of(repair.asset)) == (
        "condemned", TUESDAY + HOUR, AssetState.CONDEMNED,
    )  # fmt: skip
    for verb in (
        lambda: repairs.condemn(repair, reason="again", by=FIXER, at=TUESDAY),
        lambda: repairs.close(repair, work_done="x", labour_minutes=0, by=FIXER, at=TUESDAY),
    ):
        with pytest.raises(Refused) as refusal:
            verb()
        assert refusal.value.code == "repair_closed"


@pytest.mark.parametrize("given", [{"work_done": " ", "labour_minutes": 1}, {"work_done": "x", "labour_minutes": -1}])
def test_closing_says_what_was_done_in_how_long(county, given):
    repair = opened(county)
    with pytest.raises(Invalid):
        repairs.close(repair, by=FIXER, at=TUESDAY, **given)
    assert state_of(repair.asset) == AssetState.REPAIR


def test_anybody_may_set_aside_but_only_technicians_mend(county):
    al = Actor("user:al", ASSISTANT)
    repair = repairs.open_repair(on_the_bench(county), fault="Brake slips", by=al, at=TUESDAY)
    for verb in (
        lambda: repairs.close(repair, work_done="x", labour_minutes=0, by=al, at=TUESDAY),
        lambda: repairs.condemn(repair, reason="x", by=al, at=TUESDAY),
        lambda: repairs.use_part(repair, county.stock(county.raisers(), 1), 1, by=al, at=TUESDAY),
    ):
        with pytest.raises(Refused) as refusal:
            verb()
        assert refusal.value.code == "not_your_duty"
    assert state_of(repair.asset) == AssetState.REPAIR


def test_a_soiled_repair_is_washed_and_reaches_the_shelf_again(county):
    asset = county.dirty(county.commode())
    repair = repairs.open_repair(asset, fault="Seat", by=BY, at=TUESDAY)
    repairs.close(repair, work_done="New seat", labour_minutes=5, by=BY, at=TUESDAY + HOUR)
    asset.refresh_from_db()
    decontamination.begin(asset, by=BY, at=TUESDAY + HOUR)
    decontamination.record(asset, method="detergent", passed=True, by=BY, at=TUESDAY + 2 * HOUR)
    inspections.shelve(asset, by=BY, at=TUESDAY + 3 * HOUR)
    assert state_of(asset) == AssetState.AVAILABLE


def test_more_minutes_than_a_repair_can_take_are_a_typing_error(county):
    repair = opened(county)
    for minutes in (-1, 10**12):
        with pytest.raises(Invalid) as refusal:
            repairs.close(repair, work_done="New cable", labour_minutes=minutes, by=FIXER, at=TUESDAY + HOUR)
        assert refusal.value.code == "labour_minutes"
    assert state_of(repair.asset) == AssetState.REPAIR
