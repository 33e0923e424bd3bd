"""Labels from the admin: who may print them, and of what."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.test import Client, RequestFactory
from pypdf import PdfReader

from config.navigation import sidebar
from equipment import codes, receiving
from equipment.admin.labels import MOST_CHOSEN, address_of, print_labels
from equipment.models import Asset, Decontamination, Location, Membership, Receipt, Store, WashRun
from equipment.receiving import asset_number
from equipment.roles import DISCHARGE_TEAM, DRIVERS, STORE_ASSISTANTS, STORE_GROUPS
from tests.county import BY, LONG_AGO, TUESDAY, County
from tests.equipment.admin.rows import signed_in, staff, user

pytestmark = pytest.mark.django_db
ASSETS = "/admin/labels/assets/"
PRINT = {"layout": "57x32"}


def words(answer: Any) -> str:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)


def another_store(county: County, phone: str = "") -> Store:
    return Store.objects.create(
        code="WEST",
        name="West store",
        kind="depot",
        organisation=county.provider,
        address="2 Quay",
        postcode="ZX1 2AA",
        latitude=52.2,
        longitude=-2.9,
        phone=phone,
    )


def of_main_store(county: County) -> Client:
    account = user("wyn", county.provider, STORE_ASSISTANTS)
    Membership.objects.get(user=account).stores.set([county.store])
    return signed_in(account)


def run(county: County, store: Store) -> WashRun:
    return WashRun.objects.create(
        store=store,
        method="detergent",
        agent="Soap",
        lot="L1",
        operator=BY,
        started_at=LONG_AGO,
        hold_minutes=5,
        ended_at=TUESDAY,
    )


def pages_of(county: County) -> list[str]:
    """One address of every kind, all of them of what the main store's staff may see."""
    asset = county.recycled(county.commode())
    clean = Decontamination.objects.get(asset=asset)
    Location.objects.create(store=county.store, code="A-1", capabilities=["shelf"])
    county.stock(county.raisers(), 3)
    return [
        "/admin/labels/",
        address_of([asset.number]),
        f"{address_of([asset.number])}&layout=3x7&start=4",
        f"/admin/labels/receipt/{receipt(county, asset).pk}/?layout=57x32",
        f"/admin/labels/status/{asset.number}/",
        f"/admin/labels/wash/{run(county, county.store).pk}/",
        f"/admin/labels/clean/{clean.pk}/",
        f"/admin/labels/locations/?store={county.store.pk}&layout=3x7",
        f"/admin/labels/products/?store={county.store.pk}&layout=57x32",
        "/admin/labels/commands/",
    ]


def receipt(county: County, *assets: Asset, store: Store | None = None) -> Receipt:
    made = Receipt.objects.create(
        supplier="Maker",
        order_number="1",
        product=assets[0].product,
        store=store or county.store,
        owner=county.provider,
        quantity=len(assets),
        unit_price=1,
        at=TUESDAY,
        by=BY,
    )
    Asset.objects.filter(pk__in=[asset.pk for asset in assets]).update(receipt=made)
    return made


def test_every_role_of_a_store_may_print_and_nobody_else(county: County) -> None:
    addresses = pages_of(county)
    client = signed_in(user("sid", county.provider, STORE_ASSISTANTS))
    assert [client.get(address).status_code for address in addresses] == [200] * len(addresses)
    for name in STORE_GROUPS:
        assert signed_in(user(name, county.provider, name)).get(addresses[4]).status_code == 200
    for name in (DISCHARGE_TEAM, DRIVERS):
        client = signed_in(user(name, county.provider, name))
        assert {client.get(address).status_code for address in addresses} == {403}
    assert {Client().get(address).status_code for address in addresses} == {302}


def test_what_is_of_another_organisation_or_store_is_not_there(county: County) -> None:
    west = another_store(county)
    asset = receiving.book_in(county.commode(), west, county.provider, by=BY, at=TUESDAY)
    theirs = county.received(county.hoist())
    Asset.objects.filter(pk=theirs.pk).update(owner=county.other)
    Location.objects.create(store=west, code="W-1", capabilities=["shelf"])
    client = of_main_store(county)
    for address in (
        f"{address_of([asset.number])}&layout=57x32",
        f"{address_of([theirs.number])}&layout=57x32",
        f"/admin/labels/status/{asset.number}/",
        f"/admin/labels/status/{theirs.number}/",
        f"/admin/labels/receipt/{receipt(county, asset, store=west).pk}/?layout=57x32",
        f"/admin/labels/wash/{run(county, west).pk}/",
        f"/admin/labels/locations/?store={west.pk}&layout=3x7",
        f"/admin/labels/products/?store={west.pk}&layout=3x7",
        "/admin/labels/locations/?store=x",
        "/admin/labels/locations/",
    ):
        assert client.get(address).status_code == 404, address


def test_one_number_that_is_not_ours_and_nothing_is_printed(county: County) -> None:
    mine = county.received(county.commode())
    west = another_store(county)
    other = receiving.book_in(county.commode(), west, county.provider, by=BY, at=TUESDAY)
    theirs = receiving.book_in(county.commode(), west, county.other, by=BY, at=TUESDAY)
    client = of_main_store(county)
    answer = client.get(ASSETS, {"n": f"{mine.number},{other.number}", **PRINT})
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert answer.context["problem"] == f"{other.number}: {codes.spaced(other.number)} belongs to another store."
    assert f'value="{mine.number} {other.number}"' in answer.content.decode()  # what was typed stays
    answer = client.get(ASSETS, {"n": f"{mine.number},{theirs.number}", **PRINT})
    assert answer.context["problem"].startswith(f"{theirs.number}: We have no asset with this number")


def test_the_layout_is_asked_first_and_the_pdf_is_not_kept(county: County) -> None:
    one, two = county.received(county.commode()), county.received(county.hoist())
    client = staff(county)
    page = client.get(ASSETS, {"n": f"{codes.spaced(one.number)} {two.number}"})
    assert page.context["rows"] == [one, two]
    assert page.context["kept"] == [("n", f"{one.number},{two.number}")]
    answer = client.get(ASSETS, {"n": f"{one.number},{two.number}", "layout": "3x7", "start": "20"})
    text = words(answer)
    assert codes.spaced(one.number) in text
    assert codes.spaced(two.number) in text
    assert answer["Content-Disposition"] == 'inline; filename="labels.pdf"'
    assert "no-store" in answer["Cache-Control"]


def test_numbers_are_asked_for_once_each_however_they_are_typed(county: County) -> None:
    asset = county.received(county.commode())
    spaced = codes.spaced(asset.number)
    page = staff(county).get(ASSETS, {"n": [f"{asset.number}\n{spaced}", spaced]})
    assert page.context["kept"] == [("n", asset.number)]


def test_a_wrong_layout_or_place_is_said_in_words(county: County) -> None:
    asset, client = county.received(county.commode()), staff(county)
    for given in ({"layout": "9x9"}, {"layout": "3x7", "start": "22"}, {"layout": "3x7", "start": "x"}):
        answer = client.get(ASSETS, {"n": asset.number, **given})
        assert answer.status_code == 400
        assert answer.context["problem"]
    assert client.get(ASSETS).status_code == 400
    assert client.get(ASSETS, {"n": "943 476 5919", **PRINT}).status_code == 404
    assert b"9434765919" not in client.get(ASSETS, {"n": "943 476 5919"}).content


def test_a_status_label_of_dirty_kit_is_refused_in_words(county: County) -> None:
    asset = county.dirty(county.commode())
    answer = staff(county).get(f"/admin/labels/status/{asset.number}/")
    assert answer.status_code == 409
    assert "has not been cleaned" in answer.context["problem"]


def test_the_labels_of_a_receipt_are_those_of_its_assets(county: County) -> None:
    mine, other = county.received(county.commode()), county.received(county.commode())
    text = words(staff(county).get(f"/admin/labels/receipt/{receipt(county, mine).pk}/", PRINT))
    assert codes.spaced(mine.number) in text
    assert codes.spaced(other.number) not in text


def test_what_is_out_of_the_store_is_returned_to_the_store_of_who_prints(county: County) -> None:
    Store.objects.filter(pk=county.store.pk).update(phone="01267 555 0100")
    loan = county.on_loan(county.commode())
    assert loan.asset is not None
    text = words(staff(county).get(ASSETS, {"n": loan.asset.number, **PRINT}))
    assert "To return this: 01267 555 0100" in text
    assert "Ann" not in text


def test_locations_closed_for_good_have_no_label(county: County) -> None:
    Location.objects.create(store=county.store, code="A-1", capabilities=["shelf"])
    Location.objects.create(store=county.store, code="A-2", capabilities=["shelf"])
    Location.objects.create(store=county.store, code="OLD", capabilities=["shelf"], closed_on=LONG_AGO.date())
    client, base = staff(county), {"store": county.store.pk}
    text = words(client.get("/admin/labels/locations/", {**base, "layout": "3x7"}))
    assert ("A-1" in text, "A-2" in text, "OLD" in text) == (True, True, False)
    some = client.get("/admin/labels/locations/", {**base, "code": ["A-2"]})
    assert some.context["kept"] == [("store", county.store.pk), ("code", "A-2")]


def test_the_action_of_the_asset_list_leads_to_the_layout(county: County, rf: RequestFactory) -> None:
    asset = county.received(county.commode())
    request: Any = rf.post("/admin/equipment/asset/")
    request.user = user("una", county.provider, STORE_ASSISTANTS)
    answer = print_labels(None, request, Asset.objects.filter(pk=asset.pk))
    assert answer is not None
    assert (answer.status_code, answer["Location"]) == (302, f"{ASSETS}?n={asset.number}")


def test_more_than_an_address_can_hold_is_refused(county: County) -> None:
    numbers = ",".join(asset_number(n) for n in range(MOST_CHOSEN + 1))
    assert staff(county).get(ASSETS, {"n": numbers}).status_code == 400


def test_the_sidebar_leads_to_the_labels(county: County, rf: RequestFactory) -> None:
    for name, shown in ((STORE_ASSISTANTS, True), (DISCHARGE_TEAM, False)):
        request = rf.get("/admin/")
        request.user = user(name, county.provider, name)
        links = {item["link"] for group in sidebar(request) for item in group["items"]}
        assert ("/admin/labels/" in links) == shown


def test_only_the_stores_of_who_asks_are_offered(county: County) -> None:
    another_store(county)
    assert list(of_main_store(county).get("/admin/labels/").context["stores"]) == [county.store]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("assets/?n=a%00b&layout=57x32", 404),
        ("status/a%00b/", 404),
        ("locations/?store={store}&code=%00", 404),
    ],
)
def test_what_no_code_can_hold_is_not_found(county: County, address: str, status: int) -> None:
    url = f"/admin/labels/{address.format(store=county.store.pk)}"
    assert staff(county).get(url).status_code == status
