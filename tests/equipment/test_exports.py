"""What goes out can be brought in again elsewhere, gives the same facts, and runs in no spreadsheet."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory
from openpyxl import load_workbook

from equipment import decontamination, exports, inspections, receiving
from equipment.admin_exports import Exports
from equipment.exports import Table
from equipment.models import (
    Address,
    Asset,
    Decontamination,
    InspectionRecord,
    Loan,
    Organisation,
    Person,
    Product,
    TestRegime,
)
from equipment.roles import FLOOR_GROUPS, STORE_MANAGERS
from tests.county import BY, LONG_AGO, TUESDAY, County
from tests.equipment.admin.rows import user
from tests.equipment.imports.given import bring_in

pytestmark = pytest.mark.django_db


def content(table: Table) -> bytes:
    return "".join(exports.csv_lines(table)).encode()


def xlsx(table: Table) -> bytes:
    out = BytesIO()
    exports.write_xlsx(table, out)
    return out.getvalue()


def a_year(county: County) -> None:
    """Kit that has been out, cleaned, tested and mended, kit at home, and a name that looks like a formula."""
    hoist = county.product(
        "=HOIST", name="@Hoist, mobile", regimes={"loler": 182}, safe_working_load_kg=150, gtin="05012345678900"
    )
    county.product("1234.0", name="Chair", tracking="quantity")
    asset = receiving.book_in(hoist, county.store, county.council, by=BY, at=LONG_AGO, serial="+44", barcode="0012.0")
    inspections.record(asset, kind="loler", result="pass", examiner="E. Xaminer", by=BY, at=LONG_AGO)
    test = inspections.record(asset, kind="loler", result="pass", examiner="-E", by=BY, at=LONG_AGO + timedelta(days=1))
    inspections.void(test, by=BY, at=LONG_AGO + timedelta(days=2), reason="Wrong asset")
    inspections.accept(asset, by=BY, at=LONG_AGO)
    stool = county.product("STOOL")
    county.on_loan(stool, county.person(nhs_number="9990000018", phone="+44 1632 960001"))
    back = county.dirty(county.product("WALKER"))
    county.renew(back, at=LONG_AGO + timedelta(days=30))
    Asset.objects.update(owner=county.council)


def facts() -> dict[str, list[Any]]:
    """All that the files carry, without the keys of one database."""
    return {
        "products": list(Product.objects.order_by("stock_code").values_list("stock_code", "name", "gtin", "tracking")),
        "regimes": list(TestRegime.objects.order_by("pk").values_list("product__stock_code", "kind", "interval_days")),
        "assets": list(
            Asset.objects.order_by("number").values_list(
                "number", "product__stock_code", "serial", "barcode", "owner__code", "received_on", "purchase_price"
            )
        ),
        "dates": list(
            Asset.objects.order_by("number").values_list(
                "number", "soiled_at", "cleaned_at", "test_due_on", "loans_count"
            )
        ),
        "loans": list(
            Loan.objects.order_by("asset__number", "started_at").values_list(
                "asset__number", "person__reference", "started_at", "ended_at", "address__postcode"
            )
        ),
        "people": list(
            Person.objects.order_by("reference").values_list("reference", "nhs_number", "family_name", "phone")
        ),
        "tests": list(
            InspectionRecord.objects.order_by("asset__number", "pk").values_list(
                "asset__number", "kind", "result", "performed_at", "examiner", "next_due", "voided_at", "void_reason"
            )
        ),
        "cleans": list(
            Decontamination.objects.order_by("asset__number").values_list(
                "asset__number", "method", "infection", "started_at", "ended_at", "passed", "operator"
            )
        ),
    }


_ORDER = {"products": "products", "assets": "assets", "takeover": "loans", "tests": "tests", "cleans": "cleans"}


@pytest.mark.parametrize("written", [content, xlsx], ids=["csv", "xlsx"])
def test_what_goes_out_comes_back_as_the_same_facts(county: County, written: Any) -> None:
    """Everything of a council, brought in at its successor's after the provider's data have gone."""
    a_year(county)
    before = facts()
    tables = {table.name: table for table in exports.tables(county.council)}
    files = {name: written(tables[name]) for name in _ORDER}
    forget_everything()
    filename = "f.csv" if written is content else "f.xlsx"
    for name, kind in _ORDER.items():
        bring_in(county, kind, files[name], organisation=county.council, filename=filename)
    assert facts() == before
    states = set(Asset.objects.values_list("product__stock_code", "state"))
    assert states == {("=HOIST", "received"), ("STOOL", "on_loan"), ("WALKER", "received")}


def forget_everything() -> None:
    """As an empty database is; the triggers that keep a history are truncated with it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE equipment_product, equipment_asset, equipment_person CASCADE")
    assert not Loan.objects.exists() and not Address.objects.exists() and Organisation.objects.exists()


def test_no_cell_is_taken_for_a_formula(county: County) -> None:
    county.product("=1+1", name="@SUM(A1)", skill="-2", iso9999="+3")
    table = exports.products(Product.objects.all())
    rows = list(csv.DictReader(StringIO(content(table).decode())))
    assert [rows[0][name] for name in ("stock_code", "name", "skill", "iso9999")] == [
        "'=1+1",
        "'@SUM(A1)",
        "'-2",
        "'+3",
    ]
    sheet = load_workbook(BytesIO(xlsx(table)))["products"]
    assert "f" not in {cell.data_type for cell in sheet[2]}


def test_a_scope_is_what_one_organisation_owns_or_its_people_have(county: County) -> None:
    own = county.new(county.product("A"), owner=county.council)
    lent = county.on_loan(county.product("B"), county.person(county.council))
    others = county.on_loan(county.product("C"), county.person(county.other))
    county.new(county.product("D"))
    tables = {table.name: list(table.rows()) for table in exports.tables(county.council)}
    assert lent.asset is not None and others.asset is not None
    assert {row[0] for row in tables["assets"]} == {own.number, lent.asset.number}
    assert {row[0] for row in tables["asset_events"]} == {own.number, lent.asset.number}
    assert [row[0] for row in tables["loans"]] == [lent.pk]
    assert [row[0] for row in tables["people"]] == [lent.person.reference]


def test_a_person_is_named_in_the_tables_of_people_only(county: County) -> None:
    loan = county.on_loan(county.commode(), county.person(county.council))
    named = {
        table.name
        for table in exports.tables(county.council)
        if loan.person.family_name in "".join(exports.csv_lines(table))
    }
    assert named == {"people", "takeover"}


def test_a_returned_infection_of_somebody_elses_person_is_not_told(county: County) -> None:
    """The asset is the provider's, and has been with people of two councils."""
    loan = county.on_loan(county.commode(), county.person(county.other))
    asset = loan.asset
    assert asset is not None
    asset.refresh_from_db()
    receiving.take_back(asset, county.store, by=BY, at=TUESDAY, condition="good", infection="spore_forming")
    decontamination.begin(asset, by=BY, at=TUESDAY)
    Loan.objects.create(
        person=(person := county.person()),
        address=county.address(person),
        product=asset.product,
        asset=asset,
        started_at=LONG_AGO - timedelta(days=9),
        ended_at=LONG_AGO - timedelta(days=5),
    )
    tables = {table.name: list(table.rows()) for table in exports.tables(county.council)}
    assert [row[0] for row in tables["assets"]] == [asset.number]
    assert tables["returns"] == []


class _Desk(Exports):
    scope_field = "owner"
    search_fields = ("number",)
    list_display = ("number",)
    export = staticmethod(exports.assets)


def test_a_list_is_taken_out_scoped_and_by_those_whose_duty_it_is(county: County) -> None:
    mine, _ = county.new(county.commode()), county.new(county.commode(), owner=county.other)
    desk = _Desk(Asset, admin.site)
    request = RequestFactory().get("/")
    request.user = user("mo", county.provider, STORE_MANAGERS)
    body = b"".join(desk.export_view(request, "csv").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert [line.split(",")[0] for line in body.splitlines()] == ["asset_number", mine.number]
    book = load_workbook(BytesIO(b"".join(desk.export_view(request, "xlsx").streaming_content)))  # type: ignore[attr-defined]
    assert [row[0].value for row in book["assets"]] == ["asset_number", mine.number]
    request = RequestFactory().get("/", {"q": "nothing like it"})
    request.user = user("ma", county.provider, STORE_MANAGERS)
    assert len(list(desk.export_view(request, "csv").streaming_content)) == 2  # type: ignore[attr-defined]
    request = RequestFactory().get("/")
    request.user = user("sam", county.provider, *FLOOR_GROUPS)
    with pytest.raises(PermissionDenied):
        desk.export_view(request, "csv")
