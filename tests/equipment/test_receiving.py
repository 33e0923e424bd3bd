from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipment import receiving, stock
from equipment.errors import Invalid, Refused
from equipment.models import Asset, StockMovement
from equipment.receiving import asset_number, is_asset_number
from tests.county import BY, TUESDAY


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
