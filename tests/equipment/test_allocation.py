from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from equipment import allocation, inspections, loans, stock
from equipment.errors import Refused
from equipment.models import Reservation, StockLine
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
    assert state_of(asset) == AssetState.AVAILABLE


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
