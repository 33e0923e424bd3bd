"""What turns up late, or again, under a safety alert: nothing of it slips through, nothing is freed by mistake."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment import counter, disposal, recall_matches, recall_units, recalls, receiving, stock
from equipment.criteria import Criterion
from equipment.errors import Refused
from equipment.lifecycle import advance
from equipment.models import Asset, StockLine
from equipment.recall_facts import in_force
from equipment.states import AssetState
from tests.county import BY, LONG_AGO, TUESDAY, state_of
from tests.equipment.test_recalls import MO, WHY, counted_loan, opened, unit

HOUR = timedelta(hours=1)
LATER = TUESDAY + HOUR
SWEEP = "task:recalls"


def again(row):
    row.refresh_from_db()
    return row


def close(row, outcome, at=TUESDAY):
    recall_units.close_unit(row, outcome=outcome, reason=WHY, by=MO, at=at)


def sling(county):
    return county.product("SLING", tracking="batch", price=1)


@pytest.mark.parametrize("serial", ["SN501", "SN-501", "sn 0501", " SN/501", "n/a", "Unknown"])
def test_a_serial_typed_otherwise_or_not_at_all_is_found(county, serial):
    """Rule 36: a stroke or a blank in it takes no unit off the list; words in its place clear nothing."""
    asset = county.new(county.commode())
    Asset.objects.filter(pk=asset.pk).update(serial=serial)
    asked = [Criterion(product=county.commode().pk, serial_from="SN500", serial_to="SN502")]
    assert recall_matches.find(asked, county.provider).assets == (asset.pk,)


def test_a_batch_typed_otherwise_is_found(county):
    """Rule 36."""
    rows = [county.new(county.commode()) for _ in range(3)]
    for row, batch in zip(rows, ("l 07", "L7", "L8"), strict=True):
        Asset.objects.filter(pk=row.pk).update(batch=batch)
    found = recall_matches.find([Criterion(product=county.commode().pk, batch="L-07")], county.provider)
    assert found.assets == (rows[0].pk, rows[1].pk)


def test_what_an_ended_alert_could_not_reach_is_held_when_it_turns_up(county):
    """Rule 8: a recalled asset never comes back to the shelf without a named release, however long it was away."""
    loan = county.on_loan(county.commode())
    alert = opened(county)
    row = unit(alert, asset=loan.asset)
    recall_units.give_up(row, reason="Moved abroad", by=MO, at=TUESDAY)
    recalls.end_alert(alert, reason="All done", by=MO, at=TUESDAY)
    asset = Asset.objects.select_related("product").get(pk=loan.asset_id)
    receiving.take_back(asset, county.store, by=BY, at=LATER)
    assert in_force([asset]) == {asset.pk: alert.reference}
    assert recalls.hold_found(by=SWEEP, at=LATER) == 1
    assert (again(row).state, state_of(asset)) == ("held", AssetState.HELD)
    close(row, "corrected", at=LATER)
    assert (state_of(asset), in_force([again(asset)])) == (AssetState.QUARANTINE, {})


def test_closed_as_lost_and_found_after_the_end_it_is_still_recalled(county):
    """Rule 8."""
    asset = county.new(county.commode())
    alert = opened(county)
    row = unit(alert, asset=asset)
    close(row, "lost")
    recalls.end_alert(alert, reason="All done", by=MO, at=TUESDAY)
    receiving.find(again(asset), county.store, by=BY, at=LATER, reason="Behind the rack")
    assert in_force([again(asset)]) == {asset.pk: alert.reference}
    recall_units.match_again(row, reason="It was behind the rack", by=MO, at=LATER)
    assert (again(row).state, state_of(asset)) == ("held", AssetState.HELD)


def test_lost_and_then_on_loan_it_waits_for_a_visit_again(county):
    """Rule 36: a unit given up as lost that turns out to be with somebody is found, not forgotten."""
    asset = county.new(county.commode())
    advance(asset, AssetState.LOST, by=BY, at=LONG_AGO, reason="Not on its shelf")
    row = unit(opened(county), asset=asset)
    assert (row.state, row.note) == ("unreachable", "Lost")
    person = county.person()
    counter.record_issue(
        asset, person, county.address(person), started_at=TUESDAY, reason="On a slip of paper", by=BY, at=LATER
    )
    assert recalls.hold_found(by=SWEEP, at=LATER) == 1
    assert (again(row).state, row.note) == ("found", "")
    assert recalls.hold_found(by=SWEEP, at=LATER) == 0


def test_held_lost_and_found_it_is_held_again(county):
    """Rule 8."""
    asset = county.new(county.commode())
    row = unit(opened(county), asset=asset)
    advance(again(asset), AssetState.LOST, by=BY, at=TUESDAY, reason="Not in its cage")
    receiving.find(again(asset), county.store, by=BY, at=LATER, reason="In another cage")
    assert recalls.hold_found(by=SWEEP, at=LATER) == 1
    assert (again(row).state, state_of(asset)) == ("held", AssetState.HELD)


def test_reprieved_it_is_held_again(county):
    """Rule 8: condemned when it was found, and thought better of."""
    asset = county.new(county.commode())
    advance(asset, AssetState.QUARANTINE, by=BY, at=LONG_AGO, reason="Bent")
    disposal.condemn(asset, reason="Bent", by=BY, at=LONG_AGO)
    row = unit(opened(county), asset=asset)
    assert (row.state, state_of(asset)) == ("held", AssetState.CONDEMNED)
    advance(again(asset), AssetState.QUARANTINE, by=BY, at=TUESDAY, reason="It can be straightened")
    recalls.hold_found(by=SWEEP, at=LATER)
    assert state_of(asset) == AssetState.HELD


def test_what_was_held_for_another_reason_is_not_freed_with_its_unit(county):
    """Rule 8: a wrong match undoes the alert's hold, not somebody else's."""
    asset = county.new(county.commode())
    advance(asset, AssetState.HELD, by=BY, at=LONG_AGO, reason="An incident is being looked into")
    row = unit(opened(county), asset=asset)
    recall_units.withdraw_unit(row, reason=WHY, by=MO, at=TUESDAY)
    assert (again(row).state, state_of(asset)) == ("withdrawn", AssetState.HELD)


def test_more_of_a_batch_that_was_made_safe_is_held_as_it_comes_in(county):
    """Rule 36: what lay there was corrected; what is delivered, sent or brought back afterwards was not."""
    product = sling(county)
    line = stock.receive(product, county.store, 5, batch="B7", by=BY, at=LONG_AGO)
    loan = counted_loan(county, line)
    alert = opened(county, Criterion(product=product.pk, batch="B7"))
    row = unit(alert, stock_line=line)
    close(row, "corrected")
    assert StockLine.objects.get(pk=line.pk).alert is None
    stock.receive(product, county.store, 4, batch="B7", by=BY, at=LATER)
    receiving.hand_in_counted(loan, county.store, 2, by=BY, at=LATER)
    assert set(StockLine.objects.values_list("dirty", "count", "alert")) == {(False, 7, alert.pk), (True, 2, alert.pk)}
    with pytest.raises(Refused) as refusal:
        stock.cleaned(StockLine.objects.get(dirty=True), 2, by=BY, at=LATER)
    assert refusal.value.code == "recalled"
    recalls.rematch(by=SWEEP, at=LATER)
    recalls.hold_found(by=SWEEP, at=LATER)
    assert (again(row).state, row.outcome) == ("held", "")
    assert recalls.hold_found(by=SWEEP, at=LATER) == 0


def test_a_batch_that_was_a_wrong_match_is_not_held_again(county):
    product = sling(county)
    line = stock.receive(product, county.store, 5, batch="B7", by=BY, at=LONG_AGO)
    recall_units.withdraw_unit(
        unit(opened(county, Criterion(product=product.pk)), stock_line=line), reason=WHY, by=MO, at=TUESDAY
    )
    stock.receive(product, county.store, 4, batch="B7", by=BY, at=LATER)
    assert list(StockLine.objects.values_list("count", "alert")) == [(9, None)]


def test_counted_stock_in_a_store_cannot_be_given_up(county):
    """Rule 36: it can be reached, so no alert ends over it."""
    product = sling(county)
    line = stock.receive(product, county.store, 5, batch="B7", by=BY, at=LONG_AGO)
    alert = opened(county, Criterion(product=product.pk))
    row = unit(alert, stock_line=line)
    type(row).objects.filter(pk=row.pk).update(state="found")
    with pytest.raises(Refused) as refusal:
        recall_units.give_up(row, reason="Tired", by=MO, at=TUESDAY)
    assert (refusal.value.code, again(row).state) == ("in_a_store", "found")


def test_a_line_left_blocked_by_an_ended_alert_can_be_freed_by_name(county):
    """Rule 8: what came in since is not stuck for ever."""
    product = sling(county)
    line = stock.receive(product, county.store, 5, by=BY, at=LONG_AGO)
    alert = opened(county, Criterion(product=product.pk, batch="B7"))
    row = unit(alert, stock_line=line)
    close(row, "destroyed")
    recalls.end_alert(alert, reason="All done", by=MO, at=TUESDAY)
    stock.receive(product, county.store, 4, by=BY, at=LATER)
    recall_units.match_again(row, reason="Of another batch; looked at", by=MO, at=LATER)
    close(row, "corrected", at=LATER)
    assert list(StockLine.objects.values_list("count", "alert")) == [(4, None)]


def test_nothing_is_caught_under_an_alert_that_ends_meanwhile(county, monkeypatch):
    """Rule 36: no unit is left open under an ended alert by a sweep that read it before."""
    alert = opened(county)
    receiving.book_in(county.commode(), county.store, county.provider, by=BY, at=TUESDAY)
    find = recall_matches.find

    def ends_meanwhile(*args, **given):
        found = find(*args, **given)
        type(alert).objects.filter(pk=alert.pk).update(ended_at=TUESDAY)
        return found

    monkeypatch.setattr(recalls.recall_matches, "find", ends_meanwhile)
    assert recalls.rematch(by=SWEEP, at=LATER) == 0
    assert alert.units.count() == 0
