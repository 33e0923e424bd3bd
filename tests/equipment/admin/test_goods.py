"""Goods in and counted stock as people of a store see them: what they ask, what they refuse, and for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from equipment import goods, stock
from equipment.models import Asset, Membership, Product, Receipt, StockAdjustment, StockLine, StockMovement, Store
from equipment.roles import DECONTAMINATION_TECHNICIANS, DISCHARGE_TEAM, STORE_ASSISTANTS, STORE_MANAGERS
from equipment.states import AssetState, Tracking
from tests.county import BY, LONG_AGO, TUESDAY, County, state_of
from tests.equipment.admin.rows import signed_in, user

pytestmark = pytest.mark.django_db
RECEIPTS, LINES = "/admin/equipment/receipt/", "/admin/equipment/stockline/"
ADJUSTMENTS = "/admin/equipment/stockadjustment/"


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def client_of(county: County, group: str = STORE_ASSISTANTS, *stores: Store, name: str = "sam") -> Client:
    account = user(name, county.provider, group)
    Membership.objects.get(user=account).stores.set(stores)
    return signed_in(account)


def book_in(client: Client, county: County, product: Product | None = None, **given: Any) -> Any:
    asked = {"supplier": "Bright Aids", "order_number": "PO-7", "store": county.store.pk, "owner": county.provider.pk}
    return client.post(f"{RECEIPTS}do/book-in/", {**asked, "product": (product or county.commode()).pk, **given})


def nothing_booked_in() -> bool:
    return not (Receipt.objects.exists() or Asset.objects.exists() or StockMovement.objects.exists())


# Goods in -------------------------------------------------------------------------------------------------------------


def test_a_pasted_list_is_booked_in_and_leads_to_its_receipt(county: County) -> None:
    client = client_of(county)
    answer = book_in(client, county, serials="A1\r\nA2\r\n", unit_price="80.50", batch="B9")
    receipt = Receipt.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{RECEIPTS}{receipt.pk}/change/")
    assert "2 x COMMODE Commode from Bright Aids booked in." in said(answer)
    assert (receipt.by, receipt.at, receipt.quantity) == ("user:sam", TUESDAY, 2)
    page = client.get(answer["Location"]).content.decode()
    for asset in receipt.assets.all():
        assert f'<a href="/admin/equipment/asset/{asset.pk}/change/">{asset.number}</a>' in page
    assert f'href="/admin/labels/receipt/{receipt.pk}/"' in page


@pytest.mark.parametrize("raw", [b"Serial,Colour\r\nA1,red\r\nA2,red\r\n", b"\xef\xbb\xbfA1\nA2\n", b"A1\tA2"])
def test_a_file_of_serials_is_read(county: County, raw: bytes) -> None:
    book_in(client_of(county), county, file=SimpleUploadedFile("serials.csv", raw))
    assert sorted(Asset.objects.values_list("serial", flat=True)) == ["A1", "A2"]


def test_counted_goods_are_booked_in_by_quantity(county: County) -> None:
    slings, client = county.product("SLING", tracking=Tracking.BATCH), client_of(county)
    answer = book_in(client, county, slings, quantity="5", batch="L1", expires_on="2027-03-03")
    line = StockLine.objects.get()
    assert (line.count, line.batch, line.expires_on.isoformat()) == (5, "L1", "2027-03-03")  # type: ignore[union-attr]
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"serials": "A1\nA1"}, "serials", "Line 2: A1 stands on line 1 already."),
        ({"serials": "A1\n\nA2"}, "serials", "Line 2: the serial is empty."),
        ({"serials": ""}, "quantity", "Give the serials, or how many came."),
        ({"serials": "A1", "quantity": "2"}, "quantity", "The quantity is 2, but there are 1 serials"),
        ({"quantity": "0"}, "quantity", "1 or more"),
        ({"quantity": "-1"}, "quantity", "1 or more"),
        ({"quantity": "2001"}, None, "at most 2,000 at once"),
        ({"quantity": "1", "expires_on": "2026-03-03"}, "expires_on", "expired on 03 Mar 2026"),
        ({"file": SimpleUploadedFile("f.csv", b"A1\n" + b"X" * 61)}, "file", "Line 2: the serial is longer"),
        ({"file": SimpleUploadedFile("f.xls", b"\x81\xff\x00")}, "file", "not a text file"),
        ({"file": SimpleUploadedFile("f.csv", b"X" * 500_001)}, "file", "larger than 500 kB"),
        ({"file": SimpleUploadedFile("f.csv", b"A1"), "serials": "A1"}, "file", "not both"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(
    county: County, given: dict[str, Any], field: str | None, sentence: str
) -> None:
    answer = book_in(client_of(county), county, **given)
    assert answer.status_code in (400, 409)
    form = answer.context["form"]
    errors = " ".join(form.errors[field]) if field else str(form.errors)
    assert sentence in errors
    assert nothing_booked_in()


def test_two_thousand_and_one_serials_are_refused_whole(county: County) -> None:
    answer = book_in(client_of(county), county, serials="\n".join(f"S{n}" for n in range(2001)))
    assert (answer.status_code, nothing_booked_in()) == (409, True)
    assert "2,001 came" in answer.content.decode()


def test_only_the_stores_and_owners_of_this_user_may_be_chosen(county: County) -> None:
    ward = county.satellite()
    theirs = county.satellite("FAR", organisation=county.other)
    client = client_of(county, STORE_ASSISTANTS, ward)
    form = client.get(f"{RECEIPTS}do/book-in/").context["form"]
    assert set(form.fields["store"].queryset) == {ward}
    assert form.fields["store"].initial == ward
    assert set(form.fields["owner"].queryset) == {county.provider, county.council}
    for store in (county.store, theirs):
        answer = book_in(client, county, serials="A1", store=store.pk)
        assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["store"])
    assert book_in(client, county, serials="A1", owner=county.other.pk).status_code == 400
    assert nothing_booked_in()


@pytest.mark.parametrize("group", [DECONTAMINATION_TECHNICIANS, DISCHARGE_TEAM])
def test_who_does_not_receive_is_neither_shown_nor_let(county: County, group: str) -> None:
    client = client_of(county, group)
    shown = client.get(RECEIPTS)
    if shown.status_code == 200:
        assert "book-in" not in {verb.name for verb in shown.context["list_verbs"]}
    assert book_in(client, county, serials="A1").status_code == 403
    assert nothing_booked_in()


def received(county: County, product: Product, *serials: str, store: Store | None = None) -> Receipt:
    given = {"supplier": "Bright Aids", "order_number": "PO-7", "owner": county.provider}
    delivery = goods.Delivery(product=product, store=store or county.store, serials=serials, **given)
    return goods.receive(delivery, by=BY, at=TUESDAY)


def test_all_is_accepted_with_one_button_which_then_is_gone(county: County) -> None:
    receipt, client = received(county, county.commode(), "A1", "A2"), client_of(county)
    page = f"{RECEIPTS}{receipt.pk}/"
    assert [verb.name for verb in client.get(f"{page}change/").context["verbs"]] == ["accept-all"]
    client.post(f"{page}do/accept-all/")
    assert {state_of(asset) for asset in receipt.assets.all()} == {AssetState.AVAILABLE}
    assert client.get(f"{page}change/").context["verbs"] == []


def test_rule_4_what_cannot_be_accepted_is_named_with_its_reason_and_the_rest_stands(county: County) -> None:
    receipt = received(county, county.hoist(), "H1", "H2")
    county.tested(receipt.assets.get(serial="H1"), at=TUESDAY)
    answer = client_of(county).post(f"{RECEIPTS}{receipt.pk}/do/accept-all/")
    waiting = receipt.assets.get(serial="H2")
    assert "1 accepted, 1 still waiting." in said(answer)
    assert f"1 still waiting. {waiting} has no LOLER" in said(answer)
    assert (state_of(receipt.assets.get(serial="H1")), state_of(waiting)) == ("available", "received")


def test_the_list_shows_what_waits_and_only_of_the_stores_one_works_in(county: County) -> None:
    ward = county.satellite()
    here, there = received(county, county.commode(), "A1"), received(county, county.commode(), "A2", store=ward)
    received(county, county.commode(), "A3", store=county.satellite("FAR", organisation=county.other))
    goods.accept_all(there, by=BY, at=TUESDAY)
    everywhere, at_the_ward = client_of(county), client_of(county, STORE_ASSISTANTS, ward, name="wil")

    def listed(client: Client, **query: str) -> dict[Receipt, int]:
        return {row: row.waiting for row in client.get(RECEIPTS, query).context["cl"].result_list}

    assert listed(everywhere) == {here: 1, there: 0}
    assert listed(everywhere, acceptance="waiting") == {here: 1}
    assert listed(everywhere, acceptance="done") == listed(at_the_ward) == {there: 0}
    assert at_the_ward.post(f"{RECEIPTS}{here.pk}/do/accept-all/").status_code == 404
    assert state_of(here.assets.get()) == AssetState.RECEIVED


def found(client: Client, county: County, **given: Any) -> Any:
    asked = {"product": county.commode().pk, "store": county.store.pk, "owner": county.provider.pk}
    known = {"condition": "worn", "infection": "unknown", "note": "At the gate"}
    return client.post(f"{RECEIPTS}do/found/", {**asked, **known, **given})


def test_what_is_found_without_papers_goes_to_quarantine_and_to_its_page(county: County) -> None:
    answer = found(client_of(county), county, serial="X-1")
    asset = Asset.objects.get()
    assert answer["Location"] == f"/admin/equipment/asset/{asset.pk}/change/"
    assert (asset.state, asset.serial, asset.returns.get().by) == (AssetState.QUARANTINE, "X-1", "user:sam")


def test_a_serial_on_the_books_of_others_is_not_taken_in(county: County) -> None:
    asset = county.new(county.commode(), owner=county.other)
    Asset.objects.filter(pk=asset.pk).update(serial="X-1")
    answer = found(client_of(county), county, serial="X-1")
    assert "another service" in answer.context["form"].errors["serial"][0]
    assert (state_of(asset), Asset.objects.count()) == (AssetState.AVAILABLE, 1)


# Counted stock --------------------------------------------------------------------------------------------------------


def line_of(county: County, count: int = 10, batch: str = "", days: int | None = None) -> StockLine:
    """Received a hundred days ago; it expires so many days after Tuesday."""
    expires_on = None if days is None else TUESDAY.date() + timedelta(days=days)
    given = {"batch": batch, "expires_on": expires_on}
    return stock.receive(county.raisers(), county.store, count, by=BY, at=LONG_AGO, **given)


def counts(*lines: StockLine) -> list[int]:
    return [StockLine.objects.get(pk=line.pk).count for line in lines]


def test_a_count_is_adjusted_and_above_the_value_a_manager_decides(county: County) -> None:
    """10 at £5 go at once; 11 wait until somebody else says so (rule 14)."""
    line, sam, mo = line_of(county, 30), client_of(county), client_of(county, STORE_MANAGERS, name="mo")
    for quantity in ("-10", "-11"):
        answer = sam.post(f"{LINES}{line.pk}/do/adjust/", {"quantity": quantity, "reason": "broken"})
        assert answer.status_code == 302
        assert ("nothing has changed until a second person approves it" in said(answer)) == (quantity == "-11")
    waiting = StockAdjustment.objects.get(decided_at=None)
    assert counts(line) == [20]
    assert list(mo.get(ADJUSTMENTS, {"decision": "open"}).context["cl"].result_list) == [waiting]
    page = f"{ADJUSTMENTS}{waiting.pk}/"
    assert sam.get(f"{page}change/").context["verbs"] == []
    refused = sam.post(f"{page}do/approve/")
    assert (refused.status_code, "Not for this login" in refused.content.decode()) == (403, True)
    assert [verb.name for verb in mo.get(f"{page}change/").context["verbs"]] == ["approve", "refuse"]
    mo.post(f"{page}do/approve/")
    assert counts(line) == [9]
    assert "This was approved on 03 Mar 2026." in said(mo.post(f"{page}do/refuse/"))


def test_rule_14_a_manager_does_not_decide_what_they_asked_for(county: County) -> None:
    line, mo = line_of(county, 30), client_of(county, STORE_MANAGERS)
    mo.post(f"{LINES}{line.pk}/do/adjust/", {"quantity": "-11", "reason": "broken"})
    answer = mo.post(f"{ADJUSTMENTS}{StockAdjustment.objects.get().pk}/do/approve/")
    assert "another person decides" in said(answer)
    assert (counts(line), StockAdjustment.objects.get().approved) == ([30], None)


@pytest.mark.parametrize("given", [{"quantity": "-1"}, {"reason": "gone"}, {"quantity": "0", "reason": "r"}])
def test_an_adjustment_without_quantity_or_reason_is_refused_in_place(county: County, given: dict[str, str]) -> None:
    line = line_of(county)
    assert client_of(county).post(f"{LINES}{line.pk}/do/adjust/", given).status_code in (400, 409)
    assert not StockAdjustment.objects.exists()


def test_a_line_is_split_and_merged_again(county: County) -> None:
    line, client = line_of(county, 10, "A", 90), client_of(county)
    page = f"{LINES}{line.pk}/"
    assert [v.name for v in client.get(f"{page}change/").context["verbs"]] == ["adjust", "split"]
    client.post(f"{page}do/split/", {"quantity": "4", "batch": "B", "expires_on": "2026-05-01"})
    other = StockLine.objects.get(batch="B")
    assert (counts(line, other), other.expires_on.isoformat()) == ([6, 4], "2026-05-01")  # type: ignore[union-attr]
    refused = client.post(f"{LINES}{other.pk}/do/merge/", {"into": line.pk})
    assert "merge the other into this one" in refused.context["form"].errors["into"][0]
    client.post(f"{page}do/merge/", {"into": other.pk})
    assert counts(line, other) == [0, 10]


def test_a_line_of_another_product_or_store_cannot_be_merged_into(county: County) -> None:
    line, theirs = line_of(county), stock.receive(county.raisers(), county.satellite(), 3, by=BY, at=LONG_AGO)
    answer = client_of(county).post(f"{LINES}{line.pk}/do/merge/", {"into": theirs.pk})
    assert (answer.status_code, counts(line, theirs)) == (400, [10, 3])


def test_cleaned_stock_goes_to_the_clean_line_by_who_cleans(county: County) -> None:
    dirty = stock.take_back(county.raisers(), county.store, 3, by=BY, at=TUESDAY)
    page, dee = f"{LINES}{dirty.pk}/", client_of(county, DECONTAMINATION_TECHNICIANS)
    assert client_of(county, name="wil").post(f"{page}do/cleaned/", {"quantity": "2"}).status_code == 403
    assert [verb.name for verb in dee.get(f"{page}change/").context["verbs"]] == ["cleaned"]
    assert dee.post(f"{page}do/cleaned/", {"quantity": "4"}).status_code == 409
    dee.post(f"{page}do/cleaned/", {"quantity": "2"})
    assert counts(dirty, StockLine.objects.get(dirty=False)) == [1, 2]


def test_what_has_expired_is_listed_and_written_off_store_by_store(county: County) -> None:
    expired, fine, client = line_of(county, 3, "A", 0), line_of(county, 3, "B", 1), client_of(county)
    assert list(client.get(LINES, {"shelf": "expired"}).context["cl"].result_list) == [expired]
    given = {"store": county.store.pk, "on": "2026-03-03"}
    assert client.post(f"{LINES}do/write-off/", {**given, "on": "2026-03-04"}).status_code == 400
    answer = client.post(f"{LINES}do/write-off/", given)
    assert "1 written off, 0 waiting for a second person." in said(answer)
    assert counts(expired, fine) == [0, 3]


def test_stock_and_its_adjustments_are_those_of_the_stores_one_works_in(county: County) -> None:
    line, ward = line_of(county, 30), county.satellite()
    waiting = stock.adjust(line, -11, reason="gone", by=BY, at=TUESDAY)
    client = client_of(county, STORE_MANAGERS, ward)
    for page in (LINES, ADJUSTMENTS):
        assert list(client.get(page).context["cl"].result_list) == []
    assert client.post(f"{LINES}{line.pk}/do/adjust/", {"quantity": "-1", "reason": "r"}).status_code == 404
    assert client.post(f"{ADJUSTMENTS}{waiting.pk}/do/approve/").status_code == 404
    off = client.post(f"{LINES}do/write-off/", {"store": county.store.pk, "on": "2026-03-03"})
    assert (off.status_code, counts(line), StockAdjustment.objects.count()) == (400, [30], 1)
