from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from equipment import people, recalls
from equipment.criteria import Criterion
from equipment.errors import Refused
from equipment.lifecycle import advance
from equipment.models import Reservation, StockLine
from equipment.states import AssetState
from logistics import discharges, followups, ordering, outbox, tasks
from logistics.models import Activity, FollowUp, OutboxRow, Visit
from logistics.nextsteps import follow_up
from logistics.states import FollowUpKind
from logistics.work import Kind
from tests.county import BY, TUESDAY, state_of


def asked() -> list[str]:
    return list(OutboxRow.objects.filter(kind=Kind.SUPPLY, done_at=None).values_list("key", flat=True))


def test_kit_that_came_free_is_offered_to_who_waits_for_it(county):
    dirty = county.dirty(county.commode())
    county.order(county.discharge(), "COMMODE")
    assert followups.find_supply(at=TUESDAY) == 0
    county.renew(dirty, at=TUESDAY)
    assert followups.find_supply(at=TUESDAY) == 1
    outbox.sweep(tasks.HANDLERS, [Kind.SUPPLY], at=TUESDAY)
    assert state_of(dirty) == AssetState.RESERVED
    assert followups.find_supply(at=TUESDAY) == 0


def test_who_has_all_that_was_ordered_is_not_asked_for_again(county):
    county.raisers(10)
    county.new(county.commode())
    county.new(county.commode())
    county.order(county.discharge(), "RAISER", "COMMODE")
    assert followups.find_supply(at=TUESDAY) == 0
    assert asked() == []


def test_free_but_unfit_kit_is_tried_once_a_round_and_makes_no_work_for_itself(county):
    """The only hoist carries 150 kg, the person weighs more: the sweep that tries it must not ask for another sweep."""
    county.hoist()
    person = county.person(weight_kg=Decimal(140))
    county.order(county.discharge(address=county.address(person)), "HOIST")
    people.measure(person, weight_kg=Decimal(160), by=BY, at=TUESDAY)
    county.new(county.hoist())
    assert followups.find_supply(at=TUESDAY) == 1
    tasks.outbox.sweep(tasks.HANDLERS, [Kind.SUPPLY], at=TUESDAY)
    assert asked() == []


def test_a_follow_up_is_closed_once(county):
    county.new(county.commode())
    county.order(county.discharge(), "COMMODE")
    row = follow_up(FollowUpKind.SHORT, "Ring them.", owner="depot", at=TUESDAY, visit=Visit.objects.get())
    followups.close(row, by=BY, at=TUESDAY)
    row.refresh_from_db()
    assert row.closed_at == TUESDAY
    with pytest.raises(Refused) as refusal:
        followups.close(row, by=BY, at=TUESDAY)
    assert refusal.value.code == "follow_up_closed"


def test_rule_28_what_is_lost_or_held_while_it_is_promised_is_replaced_before_anybody_waits_for_it(county):
    """Another one of the shelf takes its place on the same visit; without one the line waits, and the depot is told."""
    first, second = county.new(county.commode()), county.new(county.commode())
    order = county.order(county.discharge(), "COMMODE")
    promised = Reservation.objects.get()
    lost, spare = (first, second) if promised.asset == first else (second, first)
    lost.refresh_from_db()
    advance(lost, AssetState.LOST, by=BY, at=TUESDAY, reason="not in its place")
    assert followups.mend_promises(by=BY, at=TUESDAY) == 1
    promised.refresh_from_db()
    assert promised.ended_at == TUESDAY
    [live] = Reservation.objects.filter(ended_at__isnull=True)
    assert (live.asset, state_of(spare), state_of(lost)) == (spare, AssetState.RESERVED, AssetState.LOST)
    [activity] = Activity.objects.filter(state="open")
    assert (activity.reservation, activity.visit.discharge) == (live, order.discharge)
    assert followups.mend_promises(by=BY, at=TUESDAY) == 0
    advance(spare, AssetState.HELD, by=BY, at=TUESDAY, reason="a notice from the maker")
    assert tasks.find_supply() == 0
    assert not Reservation.objects.filter(ended_at__isnull=True).exists()
    assert "Commode" in FollowUp.objects.get().action
    assert ordering.shortages(order) == {"COMMODE": 1}


def test_a_promise_on_no_visit_yet_ends_and_asks_for_supply(county):
    """Half a set waits for its other half: what was kept for it is gone, so both are looked for again."""
    county.bed_set()
    bed = county.new(county.product("BED"))
    county.order(county.discharge(), "BED-SET")
    bed.refresh_from_db()
    advance(bed, AssetState.LOST, by=BY, at=TUESDAY, reason="not in its place")
    assert followups.mend_promises(by=BY, at=TUESDAY) == 1
    assert not Reservation.objects.filter(ended_at__isnull=True).exists()
    assert asked() == [str(bed.product_id)]


def alert(county, product):
    spec = recalls.Spec(
        county.provider, "MDA-1", "The brake fails", "urgent", "swap", TUESDAY.date(), TUESDAY.date(),
        (Criterion(product=product.pk),),
    )  # fmt: skip
    return recalls.open_alert(spec, by=BY, at=TUESDAY)


def test_rule_36_what_is_recalled_while_it_is_promised_never_goes(county):
    """Rule 36: the promise ends at the next sweep, the line waits for something else, and the depot is told."""
    asset = county.new(county.commode())
    order = county.order(county.discharge(), "COMMODE")
    alert(county, county.commode())
    followups.mend_promises(by=BY, at=TUESDAY)
    assert state_of(asset) == AssetState.HELD
    assert not Reservation.objects.filter(ended_at__isnull=True).exists()
    assert ordering.shortages(order) == {"COMMODE": 1}
    assert FollowUp.objects.get(kind=FollowUpKind.SHORT).owner == "depot"
    assert followups.mend_promises(by=BY, at=TUESDAY) == 0


def test_rule_36_counted_stock_under_an_alert_is_given_up_and_served_from_elsewhere(county):
    """Rule 36: the count stays what it is; the next batch serves the line, and no sweep gives it up again."""
    product = county.raisers(10)
    order = county.order(county.discharge(), "RAISER")
    held = StockLine.objects.get()
    alert(county, product)
    spare = StockLine.objects.create(product=product, store=county.store, batch="B2", count=4)
    StockLine.objects.filter(pk=held.pk).update(alert=recalls.Alert.objects.get())
    assert followups.mend_promises(by=BY, at=TUESDAY) == 1
    outbox.sweep(tasks.HANDLERS, [Kind.SUPPLY], at=TUESDAY)
    held.refresh_from_db()
    spare.refresh_from_db()
    assert (held.count, held.reserved) == (10, 0)
    assert FollowUp.objects.get(kind=FollowUpKind.SHORT).visit.discharge == order.discharge
    assert followups.mend_promises(by=BY, at=TUESDAY) == 0


def test_rule_28_what_expires_before_it_goes_is_replaced_or_the_depot_is_told_once(county):
    """Rule 28: a date moved on past a test's last day is seen to before the van is loaded."""
    hoist = county.new(county.hoist(), at=TUESDAY - timedelta(days=100))
    discharge = county.discharge()
    county.order(discharge, "HOIST")
    assert followups.renew_promises(by=BY, at=TUESDAY) == 0
    far = TUESDAY + timedelta(days=120)
    discharges.take_date(discharge, discharges.Word(far.date(), TUESDAY + timedelta(minutes=1)), by=BY, at=TUESDAY)
    for _ in range(2):
        assert followups.renew_promises(by=BY, at=TUESDAY) == 0
        step = FollowUp.objects.get()
        assert (step.kind, step.owner, hoist.number in step.action) == (FollowUpKind.SHORT, "depot", True)
    fresh = county.new(county.hoist(), at=TUESDAY)
    assert followups.renew_promises(by=BY, at=TUESDAY) == 1
    assert (Reservation.objects.get().asset, state_of(hoist)) == (fresh, AssetState.AVAILABLE)
    assert followups.renew_promises(by=BY, at=TUESDAY) == 0
