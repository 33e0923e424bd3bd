from __future__ import annotations

from datetime import timedelta

import pytest

from equipment import allocation, loans, receiving
from equipment.errors import Refused
from equipment.lifecycle import advance
from equipment.models import ReturnRecord, StockLine
from equipment.states import AssetState, Reuse
from tests.county import BY, LONG_AGO, TUESDAY, state_of


def test_what_is_collected_is_soiled_declared_and_no_longer_on_loan(county):
    loan = county.on_loan(county.commode())
    loans.request_collection(loan, by=BY, at=TUESDAY)
    loan.asset.refresh_from_db()
    assert loan.asset.state == AssetState.COLLECTION_DUE
    record = loans.collect(loan, vehicle="ZX26 VAN", condition="worn", infection="soiled", by=BY, at=TUESDAY)
    assert (record.condition, record.infection, record.loan) == ("worn", "soiled", loan)
    assert state_of(loan.asset) == AssetState.RETURNING
    assert (loan.asset.vehicle, loan.asset.soiled_at) == ("ZX26 VAN", TUESDAY)
    loan.refresh_from_db()
    assert loan.ended_at == TUESDAY


def test_a_loan_ends_once(county):
    loan = county.on_loan(county.commode())
    loans.collect(loan, vehicle="VAN", by=BY, at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        loans.collect(loan, vehicle="VAN", by=BY, at=TUESDAY)
    assert refusal.value.code == "loan_ended"
    assert ReturnRecord.objects.filter(loan=loan).count() == 1


def test_the_person_keeps_it_after_all(county):
    loan = county.on_loan(county.commode())
    loans.request_collection(loan, by=BY, at=TUESDAY)
    loan.asset.refresh_from_db()
    loans.keep(loan, by=BY, at=TUESDAY, reason="still needed")
    assert state_of(loan.asset) == AssetState.ON_LOAN


def test_lost_from_a_home_and_found_again_it_ends_the_loan_and_is_treated_as_the_worst(county):
    loan = county.on_loan(county.commode())
    loan.asset.refresh_from_db()
    advance(loan.asset, AssetState.LOST, by=BY, at=TUESDAY, reason="moved away, no address")
    loan.refresh_from_db()
    assert loan.ended_at is None
    receiving.find(loan.asset, county.store, by=BY, at=TUESDAY, reason="left at the door")
    loan.refresh_from_db()
    assert (state_of(loan.asset), loan.ended_at) == (AssetState.QUARANTINE, TUESDAY)
    assert receiving.infection_of(loan.asset) == "unknown"


def test_kit_soiled_on_the_van_is_not_booked_in_on_the_word_of_an_earlier_return(county):
    asset = county.recycled(county.commode())
    person = county.person()
    [reservation] = allocation.reserve(
        allocation.Wanted(county.commode(), 1, person, TUESDAY.date(), (county.store,)), by=BY, at=TUESDAY
    )
    allocation.pick(reservation, scanned=asset.number, by=BY, at=TUESDAY)
    allocation.load(reservation, vehicle="VAN", scanned=asset.number, by=BY, at=TUESDAY)
    asset.refresh_from_db()
    advance(asset, AssetState.RETURNING, by=BY, at=TUESDAY, reason="a bag burst", vehicle="VAN")
    receiving.take_back(asset, county.store, by=BY, at=TUESDAY + timedelta(hours=1))
    assert receiving.infection_of(asset) == "unknown"


def test_handed_in_at_the_desk_goes_straight_to_quarantine(county):
    loan = county.on_loan(county.commode())
    loan.asset.refresh_from_db()
    receiving.take_back(loan.asset, county.store, by=BY, at=TUESDAY, condition="good")
    assert state_of(loan.asset) == AssetState.QUARANTINE
    assert receiving.infection_of(loan.asset) == "unknown"  # nothing declared takes the higher class (rule 3)
    loan.refresh_from_db()
    assert loan.ended_at == TUESDAY


@pytest.mark.parametrize(("reuse", "dirty"), [(Reuse.REUSABLE, 2), (Reuse.SINGLE_USE, 0)])
def test_counted_stock_comes_back_onto_the_dirty_line_and_single_use_not_at_all(county, reuse, dirty):
    product = county.product("RAISER", tracking="quantity", reuse=reuse)
    county.stock(product, 4)
    person = county.person()
    wanted = allocation.Wanted(product, 2, person, LONG_AGO.date(), (county.store,))
    [reservation] = allocation.reserve(wanted, by=BY, at=LONG_AGO)
    allocation.load(reservation, vehicle="VAN", by=BY, at=LONG_AGO)
    loan = loans.deliver(reservation, county.address(person), by=BY, at=LONG_AGO)
    loans.collect(loan, vehicle="VAN", by=BY, at=TUESDAY)
    loans.book_in_quantity(loan, county.store, by=BY, at=TUESDAY + timedelta(hours=1))
    lines = {line.dirty: line.count for line in StockLine.objects.filter(product=product)}
    assert lines.get(False) == 2
    assert lines.get(True, 0) == dirty
