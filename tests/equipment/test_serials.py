"""What the maker's code of each thing says when a delivery is booked in by scanning it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from equipment import goods, receiving
from equipment.errors import Invalid
from equipment.models import Asset, Receipt
from equipment.serials import serials_from
from tests.county import BY, TUESDAY

GTIN = "05012345678900"
MADE = date(2026, 1, 15)


def deliver(county, product, **given):
    known = {"supplier": "Bright Aids", "order_number": "PO-7", "store": county.store, "owner": county.provider}
    return goods.receive(goods.Delivery(product=product, **known | given), by=BY, at=TUESDAY)


@pytest.mark.parametrize(
    "code",
    [
        f"(01){GTIN}(11)260115(10)LOT-9(21)SN-1",
        f"]d201{GTIN}1126011510LOT-9\x1d21SN-1",
        f"01{GTIN}1126011510LOT-9{{GS}}21SN-1",
    ],
)
def test_a_scanned_code_gives_the_serial_the_lot_and_the_day_it_was_made(code):
    """Rule 36: alerts name a batch or dates of manufacture, so both are kept from the code."""
    [serial] = serials_from(code)
    assert (serial, serial.gtin, serial.lot, serial.made_on) == ("SN-1", GTIN, "LOT-9", MADE)


@pytest.mark.parametrize("text", ["SN-1", "0112345678901234", "4006381333931", "]SN"])
def test_a_serial_that_is_no_code_stays_as_it_is(text):
    [serial] = serials_from(text)
    assert (serial, serial.gtin, serial.lot, serial.made_on) == (text, "", "", None)


def test_a_damaged_code_is_refused_with_its_line():
    with pytest.raises(Invalid) as refusal:
        serials_from("SN-1\n(01)05012345678901(21)SN-2")
    assert refusal.value.detail.startswith("Line 2: The check digit of this product barcode")
    assert refusal.value.facts == {"field": "serials", "line": 2}


def test_each_asset_keeps_its_own_lot_and_day_and_else_those_of_the_delivery(county):
    """Rule 36: given a batch or dates of manufacture, every unit is found."""
    scanned = serials_from(f"(01){GTIN}(11)260115(10)LOT-9(21)SN-1\nSN-2")
    product = county.product("COMMODE", gtin=GTIN)
    receipt = deliver(county, product, serials=scanned, batch="B-1", made_on=date(2025, 12, 1))
    kept = receipt.assets.order_by("serial").values_list("serial", "batch", "made_on")
    assert list(kept) == [("SN-1", "LOT-9", MADE), ("SN-2", "B-1", date(2025, 12, 1))]


def test_a_code_of_another_product_is_not_booked_in(county):
    scanned = serials_from(f"(01){GTIN}(21)SN-1")
    with pytest.raises(Invalid) as refusal:
        deliver(county, county.product("COMMODE", gtin="04006381333931"), serials=scanned)
    assert (refusal.value.code, refusal.value.facts["line"]) == ("another_product", 1)
    assert not Asset.objects.exists()


def test_nothing_was_made_tomorrow(county):
    """Rule 36: a date of manufacture that cannot be would hide a unit from an alert."""
    ahead = TUESDAY.date() + timedelta(days=1)
    with pytest.raises(Invalid) as refusal:
        deliver(county, county.commode(), serials=("SN-1",), made_on=ahead)
    assert refusal.value.facts["field"] == "made_on"
    with pytest.raises(Invalid):
        deliver(county, county.commode(), serials=serials_from(f"(01){GTIN}(11)260304(21)SN-1"))
    with pytest.raises(Invalid):
        receiving.book_in(county.commode(), county.store, county.provider, by=BY, at=TUESDAY, made_on=ahead)
    assert not Asset.objects.exists()
    assert not Receipt.objects.exists()


def test_a_single_asset_keeps_when_it_was_made(county):
    made = receiving.book_in(county.commode(), county.store, county.provider, by=BY, at=TUESDAY, made_on=MADE)
    assert Asset.objects.get(pk=made.pk).made_on == MADE
