from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipment import allocation, loans, receiving, stock
from equipment.duties import ASSISTANT, TEST_TECHNICIAN, Actor
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import Asset, AssetEvent, Loan, ReturnRecord, StockLine, StockMovement, Store
from equipment.receiving import asset_number, is_asset_number
from equipment.states import AssetState, Condition, Infection, Reuse
from equipment.words import StoreKind
from tests.county import BY, LONG_AGO, TUESDAY, state_of


def test_asset_numbers_are_six_digits_and_a_check_digit(county):
    first, second = county.received(county.commode()), county.received(county.commode())
    assert first.number != second.number
    assert len(first.number) == 7
    assert is_asset_number(first.number)


@given(st.integers(0, 999_999), st.integers(0, 6), st.integers(1, 9))
def test_every_single_wrong_digit_is_caught(serial, place, shift):
    number = asset_number(serial)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not is_asset_number(wrong)


@given(st.integers(0, 999_999), st.integers(0, 5))
def test_every_swap_of_two_neighbours_is_caught(serial, place):
    number = asset_number(serial)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or not is_asset_number(swapped)


def test_a_barcode_is_on_one_asset_only(county):
    receiving.book_in(county.commode(), county.store, county.provider, by=BY, at=TUESDAY, barcode="GIAI1")
    with pytest.raises(Invalid) as refusal:
        receiving.book_in(county.commode(), county.store, county.provider, by=BY, at=TUESDAY, barcode="GIAI1")
    assert refusal.value.code == "barcode_taken"
    assert Asset.objects.count() == 1


def test_counted_products_are_not_numbered_and_numbered_ones_not_counted(county):
    with pytest.raises(Invalid, match="receive it as stock"):
        receiving.book_in(county.raisers(), county.store, county.provider, by=BY, at=TUESDAY)
    with pytest.raises(Invalid, match="book in its assets"):
        stock.receive(county.commode(), county.store, 3, by=BY, at=TUESDAY)


def test_rule_14_a_count_is_the_sum_of_its_movements(county):
    line = county.stock(county.raisers(), 10)
    stock.move(line, -3, "adjustment", by=BY, at=TUESDAY, reason="broken")
    line.refresh_from_db()
    assert line.count == 7 == sum(StockMovement.objects.filter(line=line).values_list("quantity", flat=True))


def test_more_than_there_is_cannot_go(county):
    line = county.stock(county.raisers(), 2)
    with pytest.raises(Refused) as refusal:
        stock.move(line, -3, "adjustment", by=BY, at=TUESDAY)
    assert refusal.value.facts == {"on_hand": 2, "reserved": 0}
    line.refresh_from_db()
    assert line.count == 2
    assert StockMovement.objects.filter(line=line).count() == 1


def test_cleaned_stock_moves_from_the_dirty_line_to_the_clean_one(county):
    product = county.raisers(1)
    dirty = stock.take_back(product, county.store, 3, by=BY, at=TUESDAY)
    clean = stock.cleaned(dirty, 2, by=BY, at=TUESDAY)
    dirty.refresh_from_db()
    assert (dirty.count, clean.count) == (1, 3)
    with pytest.raises(Refused, match="clean stock already"):
        stock.cleaned(clean, 1, by=BY, at=TUESDAY)


def test_a_serial_is_on_one_asset_of_a_product_only(county):
    receiving.book_in(county.commode(), county.store, county.provider, by=BY, at=TUESDAY, serial=" S1 ")
    with pytest.raises(Refused) as refusal:
        receiving.book_in(county.commode(), county.store, county.provider, by=BY, at=TUESDAY, serial="S1")
    assert refusal.value.detail == f"Serial S1 is on asset {Asset.objects.get()} already."
    receiving.book_in(county.hoist(), county.store, county.provider, by=BY, at=TUESDAY, serial="S1")
    assert Asset.objects.count() == 2


def test_only_who_receives_books_in_and_a_new_asset_knows_since_when_it_stands_there(county):
    with pytest.raises(Refused) as refusal:
        other = Actor("user:sam", ASSISTANT, [county.store.pk + 1])
        receiving.book_in(county.commode(), county.store, county.provider, by=other, at=TUESDAY)
    assert (refusal.value.code, Asset.objects.count()) == ("another_store", 0)
    assert receiving.book_in(county.commode(), county.store, county.provider, by=BY, at=TUESDAY).since == TUESDAY


# Coming back ----------------------------------------------------------------------------------------------------------


def a_store(county, kind):
    return Store.objects.create(
        code=f"S-{kind}".upper(),
        name=f"The {kind}",
        kind=kind,
        organisation=county.provider,
        address="2 Dock Lane",
        postcode="ZX1 2AA",
        latitude=52.2,
        longitude=-2.9,
    )


def written():
    rows = (Asset, AssetEvent, ReturnRecord, Loan, StockLine, StockMovement)
    return [row._default_manager.count() for row in rows]


@pytest.mark.parametrize("kind", list(StoreKind))
def test_an_asset_is_handed_in_at_any_kind_of_store(county, kind):
    """A depot's desk, a satellite, a cupboard on a ward, a recycling centre."""
    loan, store = county.on_loan(county.commode()), a_store(county, kind)
    record = receiving.take_back(
        loan.asset, store, by=BY, at=TUESDAY, condition=Condition.WORN, infection=Infection.SOILED
    )
    assert (record.loan, record.condition, record.infection, record.by) == (loan, "worn", "soiled", BY)
    assert (state_of(loan.asset), loan.asset.store, loan.asset.soiled_at) == (AssetState.QUARANTINE, store, TUESDAY)
    loan.refresh_from_db()
    assert loan.ended_at == TUESDAY


def test_only_who_books_in_returns_takes_back_and_only_in_their_own_store(county):
    loan, satellite = county.on_loan(county.commode()), a_store(county, StoreKind.SATELLITE)
    before = written()
    for by, code in [
        (Actor("user:tess", TEST_TECHNICIAN), "not_your_duty"),
        (Actor("user:sam", ASSISTANT, [county.store.pk]), "another_store"),
    ]:
        with pytest.raises(Refused) as refusal:
            receiving.take_back(loan.asset, satellite, by=by, at=TUESDAY)
        assert refusal.value.code == code
    loan.refresh_from_db()
    assert (state_of(loan.asset), loan.ended_at, written()) == (AssetState.ON_LOAN, None, before)


def test_what_was_lost_and_is_handed_in_is_found_and_its_loan_ends(county):
    loan = county.on_loan(county.commode())
    advance(loan.asset, AssetState.LOST, by=BY, at=TUESDAY, reason="no answer")
    later = TUESDAY + timedelta(days=1)
    record = receiving.take_back(
        loan.asset, county.store, by=BY, at=later, condition=Condition.DAMAGED, infection=Infection.NONE_KNOWN
    )
    assert (record.loan, record.condition, record.infection) == (loan, "damaged", "none_known")
    event = loan.asset.events.first()
    assert (event.verb, event.reason, event.to_state) == ("find", "Handed in after it was lost", "quarantine")
    loan.refresh_from_db()
    assert loan.ended_at == later


def test_what_is_in_quarantine_already_is_refused_with_what_may_be_done(county):
    asset = county.dirty(county.commode())
    before = written()
    with pytest.raises(Refused) as refusal:
        receiving.take_back(asset, county.store, by=BY, at=TUESDAY)
    assert (refusal.value.code, refusal.value.facts["state"]) == ("illegal_move", "quarantine")
    assert refusal.value.facts["legal"][:1] == ["begin_clean"]
    assert f"Asset {asset} (quarantine) is not out, so it cannot come back. From here: " in refusal.value.detail
    assert written() == before


def test_what_is_anywhere_in_the_building_is_refused_and_stays_where_it_is(county):
    shelf, new = county.new(county.commode()), county.received(county.commode())
    held = county.new(county.product("WALKER"))
    advance(held, AssetState.HELD, by=BY, at=TUESDAY, reason="notice")
    before = written()
    for asset in (shelf, new, held):
        state = asset.state
        with pytest.raises(Refused) as refusal:
            receiving.take_back(asset, county.store, by=BY, at=TUESDAY)
        assert (refusal.value.code, state_of(asset)) == ("illegal_move", state)
    assert written() == before


def test_what_is_between_stores_is_received_on_its_transfer_instead(county):
    asset = county.new(county.commode())
    advance(asset, AssetState.IN_TRANSFER, by=BY, at=TUESDAY, vehicle="VAN")
    with pytest.raises(Refused, match=r"\(between stores\) is not out.*Receive it on its transfer"):
        receiving.take_back(asset, county.store, by=BY, at=TUESDAY)
    assert (state_of(asset), asset.vehicle) == (AssetState.IN_TRANSFER, "VAN")


def test_a_declaration_at_the_door_is_not_asked_again_at_the_desk(county):
    """Rule 3: what the driver was told stands."""
    loan = county.on_loan(county.commode())
    told = loans.collect(loan, vehicle="VAN", by=BY, at=TUESDAY, infection=Infection.SPORE_FORMING)
    record = receiving.take_back(loan.asset, county.store, by=BY, at=TUESDAY + timedelta(hours=2))
    assert (record, ReturnRecord.objects.count()) == (told, 1)
    assert receiving.infection_of(loan.asset) == Infection.SPORE_FORMING


def test_a_part_of_a_kit_that_comes_back_alone_still_knows_its_kit(county):
    """Rule 11: what is still out of the set can be seen."""
    kit, person = uuid4(), county.person()
    bed, mattress = (county.on_loan(county.product(code), person) for code in ("BED", "MATTRESS"))
    Loan.objects.update(kit=kit, composite=county.bed_set())
    receiving.take_back(bed.asset, county.store, by=BY, at=TUESDAY)
    bed.refresh_from_db()
    assert (bed.kit, bed.composite, bed.ended_at) == (kit, county.bed_set(), TUESDAY)
    assert Loan.objects.get(kit=kit, ended_at__isnull=True) == mattress


# Without papers -------------------------------------------------------------------------------------------------------


def found(county, product=None, **given):
    known = {"condition": Condition.WORN, "note": "Left at the gate", "by": BY, "at": TUESDAY}
    return receiving.found_without_papers(
        product or county.commode(), county.store, county.provider, **{**known, **given}
    )


def test_what_comes_without_papers_is_numbered_and_quarantined_as_the_worst(county):
    asset = found(county, serial=" X-1 ")
    assert receiving.is_asset_number(asset.number)
    assert (asset.state, asset.store, asset.serial) == (AssetState.QUARANTINE, county.store, "X-1")
    assert (asset.soiled_at, asset.since, asset.accepted_at) == (TUESDAY, TUESDAY, None)
    record = asset.returns.get()
    assert (record.condition, record.infection, record.loan) == ("worn", "unknown", None)
    event = asset.events.get()
    assert (event.verb, event.to_state, event.reason) == ("found_without_papers", "quarantine", "Left at the gate")
    assert receiving.infection_of(found(county, infection=Infection.SOILED)) == Infection.SOILED


def test_rule_1_it_reaches_the_shelf_through_clean_and_test_like_anything_else(county):
    asset = found(county, county.hoist())
    with pytest.raises(Refused):
        advance(asset, AssetState.AVAILABLE, by=BY, at=TUESDAY)
    county.renew(asset, at=TUESDAY + timedelta(hours=1))
    assert state_of(asset) == AssetState.AVAILABLE


@pytest.mark.parametrize("was_lost", [False, True])
def test_what_bears_a_serial_on_our_books_is_that_asset_come_back(county, was_lost):
    loan = county.on_loan(county.commode())
    Asset.objects.filter(pk=loan.asset.pk).update(serial="X-1")
    if was_lost:
        advance(loan.asset, AssetState.LOST, by=BY, at=TUESDAY, reason="no answer")
    asset = found(county, serial="X-1", at=TUESDAY + timedelta(hours=1))
    assert (asset, asset.state, Asset.objects.count()) == (loan.asset, AssetState.QUARANTINE, 1)
    assert asset.returns.get().condition == "worn"
    assert asset.events.first().reason == "Left at the gate"
    loan.refresh_from_db()
    assert loan.ended_at == TUESDAY + timedelta(hours=1)


def test_a_serial_of_what_is_in_the_building_is_refused_and_no_second_one_is_made(county):
    asset = county.dirty(county.commode())
    Asset.objects.filter(pk=asset.pk).update(serial="X-1")
    before = written()
    with pytest.raises(Refused, match=rf"Asset {asset} \(quarantine\) is not out"):
        found(county, serial="X-1")
    assert written() == before


@pytest.mark.parametrize("reuse", [Reuse.SINGLE_PATIENT, Reuse.SINGLE_USE])
def test_rule_9_what_only_one_person_may_have_is_not_taken_in_from_nobody_knows_whom(county, reuse):
    product = county.product("URINAL", reuse=reuse)
    with pytest.raises(Refused) as refusal:
        found(county, product)
    assert (refusal.value.code, Asset.objects.count()) == ("not_reusable", 0)


def test_counted_things_without_papers_and_other_peoples_duties_are_refused(county):
    with pytest.raises(Invalid) as refusal:
        found(county, county.raisers())
    assert refusal.value.code == "not_serialised"
    with pytest.raises(Refused) as refusal:
        found(county, by=Actor("user:tess", TEST_TECHNICIAN))
    assert (refusal.value.code, Asset.objects.count()) == ("not_your_duty", 0)


# Counted things, in part ----------------------------------------------------------------------------------------------


def lent(county, quantity, reuse=Reuse.REUSABLE, **line):
    """So many of a counted product with one person."""
    product = county.product("RAISER", tracking="quantity", reuse=reuse)
    stock.receive(product, county.store, quantity, by=BY, at=LONG_AGO, **line)
    person = county.person()
    wanted = allocation.Wanted(product, quantity, person, LONG_AGO.date(), (county.store,))
    [reservation] = allocation.reserve(wanted, by=BY, at=LONG_AGO)
    allocation.load(reservation, vehicle="VAN", by=BY, at=LONG_AGO)
    return loans.deliver(reservation, county.address(person), by=BY, at=LONG_AGO)


def test_a_part_comes_back_and_the_rest_stays_on_loan(county):
    loan, kit = lent(county, 4, batch="L1", expires_on=TUESDAY.date() + timedelta(days=90)), uuid4()
    Loan.objects.filter(pk=loan.pk).update(kit=kit, composite=county.bed_set(), review_on=TUESDAY.date())
    back = receiving.hand_in_counted(loan, county.store, 3, by=BY, at=TUESDAY)
    loan.refresh_from_db()
    assert (loan.quantity, loan.ended_at) == (1, None)
    assert (back.quantity, back.ended_at, back.started_at) == (3, TUESDAY, loan.started_at)
    for name in ("person", "address", "product", "stock_line", "kit", "composite", "review_on"):
        assert getattr(back, name) == getattr(loan, name), name
    dirty = StockLine.objects.get(dirty=True)
    assert (dirty.count, dirty.batch, dirty.expires_on) == (3, "L1", TUESDAY.date() + timedelta(days=90))
    assert stock.differences() == []


def test_the_last_of_it_ends_the_loan_itself(county):
    loan = lent(county, 2)
    receiving.hand_in_counted(loan, county.store, 1, by=BY, at=TUESDAY)
    back = receiving.hand_in_counted(loan, county.store, 1, by=BY, at=TUESDAY)
    assert (back.pk, back.ended_at) == (loan.pk, TUESDAY)
    assert Loan.objects.count() == 2
    with pytest.raises(Refused) as refusal:
        receiving.hand_in_counted(loan, county.store, 1, by=BY, at=TUESDAY)
    assert refusal.value.code == "loan_ended"


@pytest.mark.parametrize("reuse", [Reuse.SINGLE_PATIENT, Reuse.SINGLE_USE])
def test_rule_9_what_may_not_be_reused_comes_back_but_not_into_stock(county, reuse):
    loan = lent(county, 4, reuse)
    receiving.hand_in_counted(loan, county.store, 3, by=BY, at=TUESDAY)
    loan.refresh_from_db()
    assert loan.quantity == 1
    assert not StockLine.objects.filter(dirty=True).exists()


def test_no_more_comes_back_than_went_out_and_not_less_than_one(county):
    loan, numbered = lent(county, 2), county.on_loan(county.commode())
    before = written()
    for about, quantity, code in [
        (loan, 3, "not_so_many"),
        (loan, 0, "quantity_needed"),
        (loan, -1, "quantity_needed"),
        (numbered, 1, "not_counted"),
    ]:
        with pytest.raises((Invalid, Refused)) as refusal:
            receiving.hand_in_counted(about, county.store, quantity, by=BY, at=TUESDAY)
        assert refusal.value.code == code
    with pytest.raises(Refused) as refusal:
        by = Actor("user:sam", ASSISTANT, [county.store.pk + 1])
        receiving.hand_in_counted(loan, county.store, 1, by=by, at=TUESDAY)
    assert refusal.value.code == "another_store"
    assert written() == before


def test_a_corrected_label_keeps_what_it_said_before(county):
    asset = county.new(county.commode())
    other = receiving.book_in(county.commode(), county.store, county.provider, by=BY, at=TUESDAY, barcode="B-1")
    receiving.relabel(asset, serial="S-2", barcode="B-2", by=BY, at=TUESDAY)
    event = asset.events.first()
    assert (event.verb, event.facts) == (
        "relabel",
        {"serial_was": "", "barcode_was": "", "serial": "S-2", "barcode": "B-2"},
    )
    with pytest.raises(Invalid) as refusal:
        receiving.relabel(asset, serial="S-2", barcode=other.barcode, by=BY, at=TUESDAY)
    assert refusal.value.code == "label_taken"
    receiving.relabel(asset, serial="S-2", barcode="B-2", by=BY, at=TUESDAY)
    asset.refresh_from_db()
    assert (asset.serial, asset.barcode, asset.events.filter(verb="relabel").count()) == ("S-2", "B-2", 1)
