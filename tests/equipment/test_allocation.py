from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from equipment import allocation, counter, inspections, loans, stock, substitutes, transfers
from equipment.duties import Actor, Duty
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import ApprovedEquivalent, AssetEvent, Reservation, StockAdjustment, StockLine, Store
from equipment.states import AssetState, Reuse
from tests.county import BY, TUESDAY, state_of

ON = date(2026, 3, 5)


def reserve(county, product, quantity=1, person=None, on=ON):
    wanted = allocation.Wanted(product, quantity, person or county.person(), on, (county.store,))
    return allocation.reserve(wanted, by=BY, at=TUESDAY)


def test_recycled_goes_before_new(county):
    used = county.recycled(county.commode())
    county.new(county.commode())
    [reservation] = reserve(county, county.commode())
    assert reservation.asset == used
    assert reservation.recycled is True
    assert state_of(used) == AssetState.RESERVED


def test_as_many_as_there_are_and_not_one_more(county):
    assets = {county.new(county.commode()).pk for _ in range(3)}
    made = reserve(county, county.commode(), 5)
    assert {r.asset_id for r in made} == assets
    assert reserve(county, county.commode(), 1) == []


def test_rule_1_and_4_dirty_untested_or_overdue_is_never_reserved(county):
    county.dirty(county.hoist())
    assert reserve(county, county.hoist()) == []
    asset = county.new(county.hoist())
    inspections.record(asset, kind="loler", result="fail", examiner="E", defects="hook", by=BY, at=TUESDAY)
    assert reserve(county, county.hoist()) == []
    assert state_of(asset) == AssetState.TESTING


def test_rule_5_a_test_that_falls_due_soon_after_issue_keeps_it_on_the_shelf(county):
    """LOLER passed 100 days ago is due in 82. Needed in 54 days leaves 28: enough; in 55 days, 27: not."""
    asset = county.new(county.hoist())
    due = asset.test_due_on
    assert due is not None
    assert reserve(county, county.hoist(), on=due - timedelta(days=27)) == []
    assert len(reserve(county, county.hoist(), on=due - timedelta(days=28))) == 1


def test_rule_12_too_heavy_for_it_and_it_stays(county):
    county.new(county.hoist())
    heavy = county.person(weight_kg=Decimal("150.1"))
    assert reserve(county, county.hoist(), person=heavy) == []
    assert len(reserve(county, county.hoist(), person=county.person(weight_kg=Decimal("150.0")))) == 1


def test_rule_9_single_patient_kit_goes_back_to_the_same_person_only(county):
    sling = county.product("SLING", reuse=Reuse.SINGLE_PATIENT)
    owner = county.person()
    loan = county.on_loan(sling, owner)
    from equipment import receiving

    receiving.take_back(loan.asset, county.store, by=BY, at=TUESDAY - timedelta(days=3))
    loan.asset.refresh_from_db()
    county.renew(loan.asset, at=TUESDAY - timedelta(days=2))
    assert reserve(county, sling) == []
    assert len(reserve(county, sling, person=owner)) == 1


def test_rule_7_the_database_refuses_a_second_live_reservation_of_one_asset(county):
    county.new(county.commode())
    [reservation] = reserve(county, county.commode())
    with pytest.raises(IntegrityError, match="one_live_reservation_per_asset"), transaction.atomic():
        Reservation.objects.create(
            person=county.person(), product=county.commode(), asset=reservation.asset, made_at=TUESDAY
        )


def test_rule_7_counted_stock_is_never_oversold(county):
    raisers = county.raisers(5)
    made = reserve(county, raisers, 3)
    assert [r.quantity for r in made] == [3]
    assert [r.quantity for r in reserve(county, raisers, 4)] == [2]
    assert reserve(county, raisers, 1) == []
    line = StockLine.objects.get(product=raisers)
    assert (line.count, line.reserved, line.free) == (5, 5, 0)
    with pytest.raises(IntegrityError, match="stock_never_oversold"), transaction.atomic():
        StockLine.objects.filter(pk=line.pk).update(reserved=6)


def test_first_to_expire_goes_first_and_expired_stays(county):
    pads = county.product("PADS", tracking="batch")
    stock.receive(pads, county.store, 2, by=BY, at=TUESDAY, batch="old", expires_on=ON)
    stock.receive(pads, county.store, 2, by=BY, at=TUESDAY, batch="late", expires_on=ON + timedelta(days=90))
    stock.receive(pads, county.store, 2, by=BY, at=TUESDAY, batch="soon", expires_on=ON + timedelta(days=9))
    made = reserve(county, pads, 6)
    assert [(r.stock_line.batch, r.quantity) for r in made] == [("soon", 2), ("late", 2)]


def test_release_puts_it_back_on_the_shelf_from_wherever_it_is_in_the_building(county):
    asset = county.new(county.commode())
    [reservation] = reserve(county, county.commode())
    allocation.pick(reservation, scanned=asset.number, by=BY, at=TUESDAY)
    allocation.release(reservation, by=BY, at=TUESDAY)
    assert state_of(asset) == AssetState.AVAILABLE
    reservation.refresh_from_db()
    assert reservation.ended_at == TUESDAY
    with pytest.raises(Refused) as refusal:
        allocation.release(reservation, by=BY, at=TUESDAY)
    assert refusal.value.code == "reservation_ended"


def test_rule_10_what_is_scanned_must_be_what_was_reserved(county):
    asset = county.recycled(county.commode())
    other = county.new(county.commode())
    [reservation] = reserve(county, county.commode())
    with pytest.raises(Refused) as refusal:
        allocation.pick(reservation, scanned=other.number, by=BY, at=TUESDAY)
    assert refusal.value.facts == {"scanned": other.number, "expected": asset.number}
    assert state_of(asset) == AssetState.RESERVED


def test_loading_counted_stock_takes_it_off_the_count_and_unloading_brings_it_back(county):
    raisers = county.raisers(5)
    [reservation] = reserve(county, raisers, 2)
    allocation.load(reservation, vehicle="VAN", by=BY, at=TUESDAY)
    line = StockLine.objects.get(product=raisers)
    assert (line.count, line.reserved) == (3, 0)
    allocation.load(reservation, vehicle="VAN", by=BY, at=TUESDAY)  # scanned twice: nothing more
    line.refresh_from_db()
    assert (line.count, line.reserved) == (3, 0)
    allocation.unload(reservation, county.store, by=BY, at=TUESDAY)
    line.refresh_from_db()
    assert (line.count, line.reserved) == (5, 2)
    assert sum(m.quantity for m in line.movements.all()) == line.count


def test_a_test_that_failed_after_reserving_stops_it_at_the_van(county):
    """Rule 4 is asked again at every step: the reservation is no pass."""
    asset = county.new(county.hoist())
    [reservation] = reserve(county, county.hoist())
    inspections.record(asset, kind="loler", result="fail", examiner="E", defects="hook", by=BY, at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        allocation.pick(reservation, scanned=asset.number, by=BY, at=TUESDAY)
    assert refusal.value.code == "test_failed"
    assert state_of(asset) == AssetState.RESERVED


def test_what_has_left_the_building_is_not_released(county):
    asset = county.new(county.commode())
    [reservation] = reserve(county, county.commode())
    allocation.pick(reservation, scanned=asset.number, by=BY, at=TUESDAY)
    allocation.load(reservation, vehicle="VAN", scanned=asset.number, by=BY, at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        allocation.release(reservation, by=BY, at=TUESDAY)
    assert refusal.value.code == "already_issued"
    assert state_of(asset) == AssetState.LOADED


def test_a_loan_begins_once(county):
    """Rule 6: at most one open loan."""
    asset = county.new(county.commode())
    person = county.person()
    [reservation] = reserve(county, county.commode(), person=person)
    with pytest.raises(Refused, match="not been loaded"):
        loans.deliver(reservation, county.address(person), by=BY, at=TUESDAY)
    allocation.pick(reservation, scanned=asset.number, by=BY, at=TUESDAY)
    allocation.load(reservation, vehicle="VAN", scanned=asset.number, by=BY, at=TUESDAY)
    loan = loans.deliver(reservation, county.address(person), by=BY, at=TUESDAY)
    assert (loan.asset, loan.person, loan.started_at) == (asset, person, TUESDAY)
    assert state_of(asset) == AssetState.ON_LOAN
    assert (asset.store, asset.vehicle, asset.loans_count) == (None, "", 1)
    with pytest.raises(Refused):
        loans.deliver(reservation, county.address(person), by=BY, at=TUESDAY)
    assert person.loans.count() == 1


# Something else instead -----------------------------------------------------------------------------------------------


@pytest.fixture
def pair(county):
    """A commode reserved, and another one on the shelf."""
    asset = county.new(county.commode())
    [reservation] = reserve(county, county.commode())
    return reservation, asset, county.new(county.commode())


@pytest.mark.parametrize(
    ("old", "becomes"),
    [("shelf", AssetState.AVAILABLE), ("missing", AssetState.LOST), ("unfit", AssetState.QUARANTINE)],
)
def test_another_of_the_same_product_takes_the_place_of_the_reserved_one(county, pair, old, becomes):
    reservation, asset, other = pair
    allocation.pick(reservation, scanned=asset.number, by=BY, at=TUESDAY)
    moved = substitutes.swap(reservation, other, by=BY, at=TUESDAY, reason="a wheel is off", old=old)
    assert (moved.pk, moved.asset, moved.product) == (reservation.pk, other, county.commode())
    assert (state_of(asset), state_of(other)) == (becomes, AssetState.RESERVED)
    event = AssetEvent.objects.filter(asset=other, verb="reserve").get()
    assert (event.reason, event.facts["instead_of"]) == ("a wheel is off", asset.number)
    assert Reservation.objects.filter(ended_at=None).count() == 1


def test_rule_10_another_product_needs_an_approved_equivalent(county, pair):
    reservation, asset, _ = pair
    chair = county.product("CHAIR", name="Shower chair")
    other = county.new(chair)
    with pytest.raises(Refused) as refusal:
        substitutes.swap(reservation, other, by=BY, at=TUESDAY, reason="none left")
    assert refusal.value.code == "another_product"
    with pytest.raises(Refused) as refusal:
        substitutes.substitute(reservation, other, by=BY, at=TUESDAY, reason="none left")
    assert refusal.value.code == "not_equivalent"
    ApprovedEquivalent.objects.create(product=chair, substitute=county.commode())  # the other way round: means nothing
    with pytest.raises(Refused):
        substitutes.substitute(reservation, other, by=BY, at=TUESDAY, reason="none left")
    assert (state_of(asset), state_of(other)) == (AssetState.RESERVED, AssetState.AVAILABLE)
    ApprovedEquivalent.objects.create(product=county.commode(), substitute=chair)
    moved = substitutes.substitute(reservation, other, by=BY, at=TUESDAY, reason="none left")
    assert (moved.asset, moved.product) == (other, chair)
    facts = AssetEvent.objects.filter(asset=other, verb="reserve").get().facts
    assert (facts["product"], facts["reserved"]) == ("CHAIR", "COMMODE")


def test_equivalence_is_asked_of_what_was_ordered_and_not_of_a_substitute(county, pair):
    """One way only, and never in a chain; what was ordered itself is always welcome back."""
    reservation, _, second = pair
    one, two = county.product("CHAIR"), county.product("STOOL")
    ApprovedEquivalent.objects.create(product=county.commode(), substitute=one)
    ApprovedEquivalent.objects.create(product=one, substitute=two)
    substitutes.substitute(reservation, county.new(one), by=BY, at=TUESDAY, reason="none")
    ordered = county.commode()
    with pytest.raises(Refused) as refusal:
        substitutes.substitute(reservation, county.new(two), by=BY, at=TUESDAY, reason="none", ordered=ordered)
    assert refusal.value.code == "not_equivalent"
    substitutes.substitute(reservation, second, by=BY, at=TUESDAY, reason="found one", ordered=ordered)
    reservation.refresh_from_db()
    assert (reservation.asset, reservation.product) == (second, ordered)


def test_rules_4_and_12_the_other_one_is_checked_for_this_person_and_day(county):
    county.new(county.hoist())
    [reservation] = reserve(county, county.hoist(), person=county.person(weight_kg=Decimal(140)))
    small = county.product("SMALL", safe_working_load_kg=130)
    ApprovedEquivalent.objects.create(product=county.hoist(), substitute=small)
    light, stale = county.new(small), county.new(county.hoist())
    with pytest.raises(Refused) as refusal:
        substitutes.substitute(reservation, light, by=BY, at=TUESDAY, reason="x")
    assert refusal.value.code == "too_heavy"
    with pytest.raises(Refused) as refusal:
        substitutes.swap(reservation, stale, by=BY, at=TUESDAY, reason="x", on=stale.test_due_on)
    assert refusal.value.code == "test_expires_soon"
    assert (state_of(light), state_of(stale)) == (AssetState.AVAILABLE, AssetState.AVAILABLE)
    offered = substitutes.offers(reservation, county.store, on=ON)
    assert [(offer.asset, offer.same) for offer in offered] == [(stale, True)]


def test_only_what_stands_on_the_same_shelf_goes_instead(county, pair):
    reservation, _, other = pair
    elsewhere = Store.objects.create(
        code="EAST", name="East", kind="satellite", organisation=county.provider, latitude=52, longitude=-2
    )
    type(other).objects.filter(pk=other.pk).update(store=elsewhere)
    with pytest.raises(Refused) as refusal:
        substitutes.swap(reservation, other, by=BY, at=TUESDAY, reason="x")
    assert refusal.value.code == "another_store"
    with pytest.raises(Refused) as refusal:
        substitutes.swap(reservation, county.dirty(county.commode()), by=BY, at=TUESDAY, reason="x")
    assert refusal.value.code == "not_on_the_shelf"
    assert substitutes.offers(reservation, county.store, on=ON) == []


def test_swapping_is_the_pickers_duty_and_ends_at_the_van(county, pair):
    reservation, asset, other = pair
    washer = Actor("user:wanda", [Duty.CLEAN, Duty.PULL])
    with pytest.raises(Refused) as refusal:
        substitutes.swap(reservation, other, by=washer, at=TUESDAY, reason="x")
    assert refusal.value.code == "not_your_duty"
    allocation.pick(reservation, scanned=asset.number, by=BY, at=TUESDAY)
    allocation.load(reservation, vehicle="VAN", scanned=asset.number, by=BY, at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        substitutes.swap(reservation, other, by=BY, at=TUESDAY, reason="x")
    assert refusal.value.code == "already_issued"
    assert state_of(other) == AssetState.AVAILABLE


def test_what_was_held_meanwhile_stays_held_when_another_goes_instead(county, pair):
    from equipment.lifecycle import advance

    reservation, asset, other = pair
    asset.refresh_from_db()
    advance(asset, AssetState.HELD, by=BY, at=TUESDAY, reason="recall 12")
    substitutes.swap(reservation, other, by=BY, at=TUESDAY, reason="recalled", old="unfit")
    assert (state_of(asset), state_of(other)) == (AssetState.HELD, AssetState.RESERVED)


def test_counted_stock_that_is_not_there_is_taken_off_the_count(county):
    [reservation] = reserve(county, county.raisers(5), 4)
    assert substitutes.fall_short(reservation, old="missing", found=3, by=BY, at=TUESDAY, reason="bin empty") == 1
    reservation.refresh_from_db()
    line = StockLine.objects.get()
    assert (reservation.quantity, reservation.ended_at, line.count, line.reserved) == (3, None, 4, 3)
    assert substitutes.fall_short(reservation, old="unfit", by=BY, at=TUESDAY, reason="wet") == 3
    reservation.refresh_from_db()
    line.refresh_from_db()
    assert (reservation.ended_at, line.count, line.reserved) == (TUESDAY, 1, 0)
    assert stock.differences() == []


@pytest.mark.parametrize("found", [-1, 4, 5])
def test_more_found_than_reserved_is_not_short(county, found):
    [reservation] = reserve(county, county.raisers(5), 4)
    with pytest.raises(Invalid) as refusal:
        substitutes.fall_short(reservation, old="missing", found=found, by=BY, at=TUESDAY, reason="x")
    assert refusal.value.facts["field"] == "found"
    assert (StockLine.objects.get().reserved, StockAdjustment.objects.count()) == (4, 0)


def test_rule_14_what_a_second_person_has_yet_to_write_off_is_promised_to_nobody(county, settings):
    settings.SERVICE = settings.SERVICE | {"ADJUSTMENT_APPROVAL_POUNDS": 0}
    [reservation] = reserve(county, county.raisers(5), 4)
    substitutes.fall_short(reservation, old="missing", found=0, by=BY, at=TUESDAY, reason="bin empty")
    waiting = StockAdjustment.objects.get()
    assert (waiting.quantity, waiting.decided_at, StockLine.objects.get().free) == (-4, None, 5)
    assert [r.quantity for r in reserve(county, county.raisers(), 5)] == [1]
    stock.decide(waiting, approve=False, by="user:boss", at=TUESDAY)
    assert [r.quantity for r in reserve(county, county.raisers(), 5)] == [4]


def test_counted_stock_that_expired_since_is_not_loaded(county):
    pads = county.product("PADS", tracking="batch")
    stock.receive(pads, county.store, 2, by=BY, at=TUESDAY, batch="a", expires_on=ON + timedelta(days=1))
    [reservation] = reserve(county, pads, 2)
    late = TUESDAY + timedelta(days=3)
    with pytest.raises(Refused) as refusal:
        allocation.load(reservation, vehicle="VAN", by=BY, at=late)
    assert (refusal.value.code, StockLine.objects.get(product=pads).reserved) == ("expired", 2)


def test_what_failed_while_it_was_promised_is_released_to_the_bench_and_not_to_the_shelf(county):
    """Rule 4: a ward's cancelling puts nothing failed back on the shelf."""
    asset = county.new(county.hoist(), at=TUESDAY - timedelta(days=3))
    [reservation] = reserve(county, county.hoist())
    inspections.record(asset, kind="loler", result="fail", examiner="E", defects="hook", by=BY, at=TUESDAY)
    assert state_of(asset) == AssetState.RESERVED
    allocation.release(reservation, by=Actor("user:dee", ()), at=TUESDAY)
    assert state_of(asset) == AssetState.TESTING
    assert asset.events.first().reason == f"The last LOLER thorough examination of {asset} failed."


def held_and_back_on_the_shelf(county):
    """Recalled while it was reserved, released, cleaned and shelved; the reservation was never settled."""
    asset = county.new(county.commode())
    [reservation] = reserve(county, county.commode())
    asset.refresh_from_db()
    advance(asset, AssetState.HELD, reason="Recall", by=BY, at=TUESDAY)
    advance(asset, AssetState.QUARANTINE, reason="Notice withdrawn", by=BY, at=TUESDAY)
    county.renew(asset, at=TUESDAY)
    assert (state_of(asset), reservation.is_live) == (AssetState.AVAILABLE, True)
    return asset, reservation


def test_rule_7_what_is_on_the_shelf_with_a_live_promise_goes_to_nobody_else(county):
    asset, reservation = held_and_back_on_the_shelf(county)
    assert reserve(county, county.commode()) == []
    other = county.new(county.commode())
    [second] = reserve(county, county.commode())
    assert second.asset == other
    assert substitutes.offers(second, county.store, on=ON) == []
    with pytest.raises(Refused) as refusal:
        substitutes.swap(second, asset, reason="Nearer", by=BY, at=TUESDAY)
    assert refusal.value.code == "promised"
    person = county.person()
    with pytest.raises(Refused) as refusal:
        counter.hand_out(asset, person, county.address(person), by=BY, at=TUESDAY)
    assert refusal.value.code == "promised"
    job = transfers.draft(county.store, county.satellite(), {}, by=BY, at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        transfers.put_on(job, asset, by=BY, at=TUESDAY)
    assert (refusal.value.code, state_of(asset)) == ("promised", AssetState.AVAILABLE)
    allocation.release(reservation, by=BY, at=TUESDAY)
    [third] = reserve(county, county.commode())
    assert third.asset == asset
