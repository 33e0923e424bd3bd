"""One unit under an alert: out of hold by a named manager's decision only (rules 8 and 36)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment import decontamination, disposal, recall_units, recalls, receiving, repairs, stock
from equipment.criteria import Criterion
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import Asset, FloorEvent, StockLine
from equipment.recall_facts import in_force
from equipment.states import AssetState
from tests.county import BY, LONG_AGO, TUESDAY, state_of
from tests.equipment.test_recalls import MO, WHY, counted_loan, opened, unit

HOUR = timedelta(hours=1)


def withdraw(row):
    recall_units.withdraw_unit(row, reason=WHY, by=MO, at=TUESDAY + HOUR)


def close(row, outcome, reason=WHY):
    recall_units.close_unit(row, outcome=outcome, reason=reason, by=MO, at=TUESDAY + HOUR)


@pytest.mark.parametrize("state", ["quarantine", "available"])
def test_what_is_under_an_alert_is_not_released_past_it(county, state):
    """Rule 8: a held unit leaves hold neither to quarantine nor to the shelf while its alert is in force."""
    asset = county.new(county.commode())
    opened(county)
    asset.refresh_from_db()
    with pytest.raises(Refused) as refusal:
        advance(asset, state, by=MO, at=TUESDAY, reason="It looks fine")
    assert (refusal.value.code, state_of(asset)) == ("recalled", AssetState.HELD)


def test_a_release_needs_its_reason(county):
    """Rule 8: named, authorised and reasoned."""
    asset = county.new(county.commode())
    row = unit(opened(county), asset=asset)
    for verb in (
        lambda: recall_units.withdraw_unit(row, reason=" ", by=MO, at=TUESDAY),
        lambda: recall_units.close_unit(row, outcome="corrected", reason="", by=MO, at=TUESDAY),
    ):
        with pytest.raises(Invalid) as refusal:
            verb()
        assert (refusal.value.code, state_of(asset)) == ("reason_needed", AssetState.HELD)
    with pytest.raises(Invalid) as refusal:
        close(row, "forgotten")
    assert refusal.value.code == "outcome"


def test_a_wrong_match_goes_back_to_the_shelf_and_out_again(county):
    """Rule 36: undone, with who and why on record."""
    asset = county.new(county.commode())
    alert = opened(county)
    row = unit(alert, asset=asset)
    withdraw(row)
    event = asset.events.first()
    assert (state_of(asset), event.verb, event.by, event.reason) == ("available", "release_to_shelf", "user:mo", WHY)
    assert FloorEvent.objects.filter(subject="alert_unit", subject_id=row.pk, verb="withdraw").get().reason == WHY
    assert recalls.rematch(by="task:recalls", at=TUESDAY + HOUR) == 0
    assert recalls.hold_found(by="task:recalls", at=TUESDAY + HOUR) == 0
    county.order(county.discharge(), "COMMODE")
    assert state_of(asset) == AssetState.RESERVED


def test_a_wrong_match_that_is_not_fit_goes_to_quarantine(county):
    dirty, mending = county.dirty(county.commode()), county.dirty(county.commode())
    decontamination.begin(mending, by=BY, at=TUESDAY)
    decontamination.record(mending, method="sporicidal", passed=True, by=BY, at=TUESDAY)
    repairs.open_repair(mending, fault="Loose", by=BY, at=TUESDAY)
    alert = opened(county)
    for asset in (dirty, mending):
        assert state_of(asset) == AssetState.HELD
        withdraw(unit(alert, asset=asset))
        assert state_of(asset) == AssetState.QUARANTINE


def test_another_alert_keeps_it_held(county):
    asset = county.new(county.commode())
    first = opened(county)
    second = opened(county, reference="FSN-2")
    withdraw(unit(first, asset=asset))
    assert state_of(asset) == AssetState.HELD
    withdraw(unit(second, asset=asset))
    assert state_of(asset) == AssetState.AVAILABLE


def test_matched_again_it_is_held_again(county):
    asset = county.new(county.commode())
    row = unit(opened(county), asset=asset)
    withdraw(row)
    recall_units.match_again(row, reason="It was after all", by=MO, at=TUESDAY + HOUR)
    row.refresh_from_db()
    assert (row.state, state_of(asset)) == ("held", AssetState.HELD)
    close(row, "corrected")
    recall_units.match_again(row, reason="The part was wrong", by=MO, at=TUESDAY + HOUR)
    row.refresh_from_db()
    assert (row.state, row.outcome, row.closed_at, state_of(asset)) == ("held", "", None, AssetState.HELD)


def test_made_safe_it_may_be_issued_again_destroyed_it_is_condemned(county):
    """Rule 36: each unit ends with its outcome, who and when."""
    safe, scrapped = county.new(county.commode()), county.new(county.commode())
    alert = opened(county)
    close(unit(alert, asset=safe), "corrected")
    close(unit(alert, asset=scrapped), "returned_to_maker")
    assert (state_of(safe), state_of(scrapped)) == (AssetState.AVAILABLE, AssetState.CONDEMNED)
    row = unit(alert, asset=safe)
    assert (row.state, row.outcome, row.closed_at, row.closed_by) == ("closed", "corrected", TUESDAY + HOUR, "user:mo")
    rows = Asset.objects.select_related("product").filter(pk__in=[safe.pk, scrapped.pk])
    assert in_force(rows) == {scrapped.pk: "NatPSA/2026/001"}


def test_what_is_still_at_home_was_not_destroyed(county):
    loan = county.on_loan(county.commode())
    row = unit(opened(county), asset=loan.asset)
    with pytest.raises(Refused) as refusal:
        close(row, "destroyed")
    row.refresh_from_db()
    assert (refusal.value.code, row.state, state_of(loan.asset)) == ("still_out", "found", AssetState.ON_LOAN)
    close(row, "corrected")
    assert (state_of(loan.asset), row.state) == (AssetState.ON_LOAN, "closed")


def test_looked_for_and_gone_is_lost(county):
    loan = county.on_loan(county.commode())
    close(unit(opened(county), asset=loan.asset), "lost")
    assert state_of(loan.asset) == AssetState.LOST


def test_what_is_disposed_of_closes_by_itself(county):
    asset = county.new(county.commode())
    alert = opened(county)
    asset.refresh_from_db()
    disposal.condemn(asset, reason="Bent", by=BY, at=TUESDAY)
    disposal.dispose(asset, method="scrap", by=BY, at=TUESDAY)
    recalls.hold_found(by="task:recalls", at=TUESDAY + HOUR)
    row = unit(alert, asset=asset)
    assert (row.state, row.outcome) == ("closed", "destroyed")


def test_given_up_it_stays_named_and_in_a_store_it_is_not_unreachable(county):
    loan, shelf = county.on_loan(county.commode()), county.new(county.commode())
    alert = opened(county)
    row = unit(alert, asset=loan.asset)
    recall_units.give_up(row, reason="Moved abroad", by=MO, at=TUESDAY)
    assert (row.state, row.note) == ("unreachable", "Moved abroad")
    with pytest.raises(Refused) as refusal:
        recall_units.give_up(unit(alert, asset=shelf), reason="Tired", by=MO, at=TUESDAY)
    assert refusal.value.code == "in_a_store"


def test_a_line_made_safe_goes_out_again_and_a_destroyed_one_is_counted_off(county):
    """Rule 36 for counted stock; what comes of a destroyed batch later is held as well."""
    product = county.product("SLING", tracking="batch", price=1)
    safe = stock.receive(product, county.store, 4, batch="B7", by=BY, at=LONG_AGO)
    bad = stock.receive(product, county.store, 5, batch="B8", by=BY, at=LONG_AGO)
    alert = opened(county, Criterion(product=product.pk))
    close(unit(alert, stock_line=safe), "corrected")
    close(unit(alert, stock_line=bad), "destroyed")
    lines = {line.batch: (line.count, line.alert_id) for line in StockLine.objects.all()}
    assert lines == {"B7": (4, None), "B8": (0, alert.pk)}


def test_a_promised_line_waits_until_its_promises_are_mended(county):
    product = county.product("SLING", tracking="batch", price=1)
    line = stock.receive(product, county.store, 5, batch="B8", by=BY, at=LONG_AGO)
    county.order(county.discharge(), "SLING")
    alert = opened(county, Criterion(product=product.pk))
    row = unit(alert, stock_line=line)
    with pytest.raises(Refused) as refusal:
        close(row, "destroyed")
    row.refresh_from_db()
    assert (refusal.value.code, row.state) == ("promised", "held")


def test_counted_stock_that_came_back_closes_with_its_line(county):
    product = county.product("SLING", tracking="batch", price=1)
    line = stock.receive(product, county.store, 5, batch="B8", by=BY, at=LONG_AGO)
    loan = counted_loan(county, line)
    alert = opened(county, Criterion(product=product.pk, batch="B8"))
    with pytest.raises(Refused) as refusal:
        close(unit(alert, loan=loan), "destroyed")
    assert refusal.value.code == "still_out"
    receiving.hand_in_counted(loan, county.store, 2, by=BY, at=TUESDAY + HOUR)
    recalls.rematch(by="task:recalls", at=TUESDAY + HOUR)
    recalls.hold_found(by="task:recalls", at=TUESDAY + HOUR)
    assert unit(alert, loan=loan).state == "held"
    dirty = StockLine.objects.get(dirty=True)
    assert (dirty.alert, dirty.count, unit(alert, stock_line=dirty).state) == (alert, 2, "held")
    close(unit(alert, stock_line=dirty), "destroyed")
    assert (unit(alert, loan=loan).state, unit(alert, loan=loan).outcome) == ("closed", "destroyed")
