"""Goods in: what a supplier brought, numbered or counted, and its acceptance check."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from equipment import goods, receiving
from equipment.duties import ASSISTANT, DECONTAMINATION_TECHNICIAN, Actor
from equipment.errors import Invalid, Refused
from equipment.goods import Delivery
from equipment.models import Asset, AssetEvent, Receipt, StockLine, StockMovement
from equipment.serials import serials_from
from equipment.states import AssetState, TestKind, Tracking
from tests.county import BY, TUESDAY, state_of

NEXT_YEAR = date(2027, 3, 3)


def delivery(county, product=None, **fields):
    known = {"supplier": "Bright Aids", "order_number": "PO-7", "store": county.store, "owner": county.provider}
    return Delivery(product=product or county.commode(), **{**known, **fields})


def nothing_written():
    rows = (Receipt, Asset, AssetEvent, StockLine, StockMovement)
    return [row._default_manager.count() for row in rows] == [0] * len(rows)


def refused(county, error, code, product=None, **fields):
    """The sentence of the refusal, after which nothing is written."""
    with pytest.raises(error) as refusal:
        goods.receive(delivery(county, product, **fields), by=BY, at=TUESDAY)
    assert refusal.value.code == code
    assert nothing_written()
    return refusal.value.detail


def test_every_serial_becomes_an_asset_of_its_own_to_be_accepted(county):
    made = delivery(county, serials=("A1", "A2"), batch="B-9", unit_price=Decimal("80.50"), delivery_note="DN 3")
    receipt = goods.receive(made, by=BY, at=TUESDAY)
    assert (receipt.quantity, receipt.unit_price, receipt.batch, receipt.by) == (2, Decimal("80.50"), "B-9", BY)
    first, second = receipt.assets.order_by("serial")
    assert (first.serial, second.serial) == ("A1", "A2")
    assert first.number != second.number
    assert receiving.is_asset_number(first.number)
    assert (first.state, first.store, first.owner) == (AssetState.RECEIVED, county.store, county.provider)
    assert (first.batch, first.since, first.received_on) == ("B-9", TUESDAY, TUESDAY.date())
    assert first.purchase_price == Decimal("80.50")
    [event] = first.events.all()
    assert (event.verb, event.at, event.by, event.facts) == ("book_in", TUESDAY, BY, {"receipt": receipt.pk})


def test_the_price_is_the_catalogues_unless_another_is_given(county):
    receipt = goods.receive(delivery(county, serials=("A1",)), by=BY, at=TUESDAY)
    assert receipt.unit_price == receipt.assets.get().purchase_price == Decimal(100)


def test_two_thousand_serials_take_few_queries(county, django_assert_max_num_queries):
    """A savepoint for the verb and one for the assets (2 each), receipt, clash, numbers, assets, events."""
    made = delivery(county, serials=tuple(f"S{n}" for n in range(2000)))
    with django_assert_max_num_queries(9):
        receipt = goods.receive(made, by=BY, at=TUESDAY)
    assert Asset.objects.filter(receipt=receipt).values("number").distinct().count() == 2000
    assert AssetEvent.objects.count() == 2000


def test_more_than_two_thousand_at_once_are_refused(county):
    said = refused(county, Invalid, "too_many", serials=tuple(f"S{n}" for n in range(2001)))
    assert said == "2,001 came: book in at most 2,000 at once."
    refused(county, Invalid, "too_many", quantity=2001)


def test_a_serial_twice_in_the_list_is_refused_with_both_lines(county):
    said = refused(county, Invalid, "serial_twice", serials=("A1", "A2", " A1 "))
    assert said == "Nothing was booked in. Line 3: A1 stands on line 1 already."


def test_the_lines_named_are_those_of_the_file(county):
    """The heading is line 1, and two serials may stand on one line."""
    said = refused(county, Invalid, "serial_twice", serials=serials_from("Serial,Colour\nA1,red\nA2,red\nA1,blue\n"))
    assert "Line 4: A1 stands on line 2 already" in said
    assert "Line 1: A1 stands on line 1 already" in refused(
        county, Invalid, "serial_twice", serials=serials_from("A1,A1")
    )


def test_a_serial_on_an_asset_of_this_product_is_refused_with_its_number(county):
    goods.receive(delivery(county, serials=("A2",)), by=BY, at=TUESDAY)
    asset = Asset.objects.get()
    with pytest.raises(Refused) as refusal:
        goods.receive(delivery(county, serials=("A1", "A2", "A3")), by=BY, at=TUESDAY)
    assert (refusal.value.code, refusal.value.facts) == ("serial_taken", {"field": "serials"})
    assert refusal.value.detail == f"Nothing was booked in. Line 2: A2 is on asset {asset} already."
    assert (Receipt.objects.count(), Asset.objects.count(), AssetEvent.objects.count()) == (1, 1, 1)


def test_another_makers_product_may_bear_the_same_serial(county):
    goods.receive(delivery(county, serials=("1",)), by=BY, at=TUESDAY)
    goods.receive(delivery(county, county.product("WALKER"), serials=("1",)), by=BY, at=TUESDAY)
    assert Asset.objects.filter(serial="1").count() == 2


def test_when_another_was_faster_with_a_serial_the_constraint_refuses_and_nothing_is_written(county, monkeypatch):
    """The look finds nothing, as it would a moment before the other delivery was written."""
    goods.receive(delivery(county, serials=("A1",)), by=BY, at=TUESDAY)
    look, looks = goods._must_be_new, []

    def blind_at_first(product, serials):
        looks.append(serials)
        if len(looks) == 2:
            look(product, serials)

    monkeypatch.setattr(goods, "_must_be_new", blind_at_first)
    with pytest.raises(Refused, match="Line 1: A1 is on asset"):
        goods.receive(delivery(county, serials=("A1",)), by=BY, at=TUESDAY)
    assert (len(looks), Receipt.objects.count(), Asset.objects.count()) == (2, 1, 1)


def test_numbered_things_without_makers_serials_come_by_quantity(county):
    receipt = goods.receive(delivery(county, quantity=3), by=BY, at=TUESDAY)
    assert list(receipt.assets.values_list("serial", flat=True)) == ["", "", ""]


def test_quantity_and_serials_must_agree(county):
    said = refused(county, Invalid, "quantity_differs", serials=("A1", "A2"), quantity=3)
    assert said == "The quantity is 3, but there are 2 serials: correct one of the two."
    assert goods.receive(delivery(county, serials=("A1", "A2"), quantity=2), by=BY, at=TUESDAY).quantity == 2


@pytest.mark.parametrize("quantity", [0, -1])
@pytest.mark.parametrize("counted", [False, True])
def test_nothing_and_less_than_nothing_are_refused(county, quantity, counted):
    refused(county, Invalid, "quantity_needed", county.raisers() if counted else None, quantity=quantity)


def test_an_empty_list_is_refused(county):
    refused(county, Invalid, "quantity_needed", serials=serials_from(" \n\n"))
    refused(county, Invalid, "quantity_needed", county.raisers())


def test_counted_goods_go_onto_the_line_of_their_batch(county):
    slings = county.product("SLING", tracking=Tracking.BATCH)
    given = {"quantity": 10, "batch": "L1", "expires_on": NEXT_YEAR}
    receipt = goods.receive(delivery(county, slings, **given), by=BY, at=TUESDAY)
    goods.receive(delivery(county, slings, **given), by=BY, at=TUESDAY)
    line = StockLine.objects.get()
    assert (line.batch, line.expires_on, line.count) == ("L1", NEXT_YEAR, 20)
    assert line.movements.last().reason == f"Receipt {receipt.pk}"
    assert not Asset.objects.exists()


def test_counted_goods_have_no_serials_and_composites_are_not_received(county):
    refused(county, Invalid, "not_serialised", county.raisers(), serials=("A1",), quantity=1)
    refused(county, Invalid, "composite", county.bed_set(), quantity=1)


def test_what_is_kept_by_batch_or_expires_names_its_batch(county):
    """Rule 36: a batch must be found again when it is recalled."""
    refused(county, Invalid, "batch_needed", county.product("SLING", tracking=Tracking.BATCH), quantity=1)
    refused(county, Invalid, "batch_needed", county.raisers(), quantity=1, expires_on=NEXT_YEAR)


def test_a_batch_that_has_expired_is_refused(county):
    for day in (TUESDAY.date(), TUESDAY.date() - timedelta(days=1)):
        refused(county, Refused, "expired", county.raisers(), quantity=1, batch="L1", expires_on=day)
    refused(county, Refused, "expired", serials=("A1",), expires_on=TUESDAY.date())


def test_a_batch_keeps_its_expiry_date(county):
    given = {"quantity": 1, "batch": "L1"}
    goods.receive(delivery(county, county.raisers(), **given, expires_on=NEXT_YEAR), by=BY, at=TUESDAY)
    with pytest.raises(Invalid) as refusal:
        other = NEXT_YEAR + timedelta(days=1)
        goods.receive(delivery(county, county.raisers(), **given, expires_on=other), by=BY, at=TUESDAY)
    assert (refusal.value.code, refusal.value.facts["field"]) == ("other_expiry", "expires_on")
    assert (Receipt.objects.count(), StockMovement.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("supplier", " "),
        ("supplier", "S" * 81),
        ("order_number", ""),
        ("delivery_note", "D" * 41),
        ("batch", "B" * 41),
        ("unit_price", Decimal("0.001")),
        ("unit_price", Decimal("12345678.00")),
    ],
)
def test_a_field_that_cannot_be_kept_is_refused_by_name(county, field, value):
    with pytest.raises(Invalid) as refusal:
        goods.receive(delivery(county, serials=("A1",), **{field: value}), by=BY, at=TUESDAY)
    assert refusal.value.facts == {"field": field}
    assert nothing_written()


def test_a_price_below_nothing_is_refused(county):
    refused(county, Invalid, "price_below_nothing", serials=("A1",), unit_price=Decimal(-1))


def test_only_who_receives_in_this_store_books_goods_in(county):
    made = delivery(county, serials=("A1",))
    for by, code in [
        (Actor("user:dee", DECONTAMINATION_TECHNICIAN), "not_your_duty"),
        (Actor("user:sam", ASSISTANT, [county.store.pk + 1]), "another_store"),
    ]:
        with pytest.raises(Refused) as refusal:
            goods.receive(made, by=by, at=TUESDAY)
        assert refusal.value.code == code
    assert nothing_written()
    goods.receive(made, by=Actor("user:sam", ASSISTANT, [county.store.pk]), at=TUESDAY)
    assert AssetEvent.objects.get().by == "user:sam"


# Lists of serials -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "A1\nA2\nA3",
        "A1\r\nA2\r\nA3\r\n\r\n",
        " A1 , A2,A3 ",
        "A1\tA2\nA3\n",
        "A1,A2\tA3",
        "\ufeffSerial\nA1\nA2\nA3",
        "Model,SERIAL,Colour\nX,A1,red\nX,A2,red\nX,A3,red",
        'Model;Serial\n"X;Y";A1\nX;"A2"\nX;A3',
        "Serial number\tModel\nA1\tX\nA2\tX\nA3\tX",
        '"A1"\n"A2"\n"A3"',
    ],
)
def test_a_list_of_serials_is_read_however_it_was_made(text):
    assert serials_from(text) == ("A1", "A2", "A3")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A1\n\nA3", "Line 2: the serial is empty."),
        ("A1,,A3", "Line 1: the serial is empty."),
        ("A1\n" + "X" * 61, "Line 2: the serial is longer than 60 characters."),
        ("Model,Serial\nX,A1\nX\n", "Line 3: the serial is empty."),
        ("A1\nA\x1d2", "Line 2: the serial has a character that cannot be printed."),
        ('A1\n"A2\nA3', "Line 2: the serial has a character that cannot be printed."),
    ],
)
def test_what_is_wrong_in_a_list_is_named_with_its_line(text, said):
    with pytest.raises(Invalid) as refusal:
        serials_from(text)
    assert refusal.value.detail == said
    assert refusal.value.facts["field"] == "serials"


def test_sixty_characters_are_not_too_long_and_a_heading_alone_is_an_empty_list():
    assert serials_from("X" * 60) == ("X" * 60,)
    assert serials_from("Serial\n") == serials_from("") == ()


def test_the_verb_checks_serials_that_came_another_way(county):
    refused(county, Invalid, "serial_illegible", serials=("A1", " "))
    refused(county, Invalid, "serial_illegible", serials=("A1", "X" * 61))


# The acceptance check -------------------------------------------------------------------------------------------------


def test_all_of_a_receipt_is_accepted_at_once(county):
    receipt = goods.receive(delivery(county, serials=("A1", "A2")), by=BY, at=TUESDAY)
    done = goods.accept_all(receipt, by=BY, at=TUESDAY)
    assert ([asset.serial for asset in done.accepted], done.refused) == (["A1", "A2"], [])
    assert [state_of(asset) for asset in done.accepted] == [AssetState.AVAILABLE] * 2
    again = goods.accept_all(receipt, by=BY, at=TUESDAY)
    assert (again.accepted, again.refused) == ([], [])


def test_rule_4_what_lacks_a_test_waits_with_the_reason_while_the_rest_is_accepted(county):
    receipt = goods.receive(delivery(county, county.hoist(), serials=("H1", "H2")), by=BY, at=TUESDAY)
    county.tested(receipt.assets.get(serial="H1"), at=TUESDAY)
    done = goods.accept_all(receipt, by=BY, at=TUESDAY)
    assert [asset.serial for asset in done.accepted] == ["H1"]
    [(waiting, reason)] = done.refused
    assert (waiting.serial, state_of(waiting)) == ("H2", AssetState.RECEIVED)
    assert f"{waiting} has no {TestKind.LOLER.value.upper()}" in reason
    assert waiting.accepted_at is None


def test_who_does_not_receive_accepts_nothing(county):
    receipt = goods.receive(delivery(county, serials=("A1",)), by=BY, at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        goods.accept_all(receipt, by=Actor("user:dee", DECONTAMINATION_TECHNICIAN), at=TUESDAY)
    assert refusal.value.code == "not_your_duty"
    assert state_of(receipt.assets.get()) == AssetState.RECEIVED
