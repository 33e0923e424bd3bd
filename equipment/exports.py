"""Tables of what we hold, in open form, read row by row from the database: one of any length fits in memory.

A column that a file of the same kind may have is called as there (`equipment/imports/kinds.py`), so that what goes out
can be brought in again elsewhere. Never a key-safe code, never what a risk marker says, never a credential.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import IO, Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from openpyxl import Workbook

from equipment.imports.columns import defused
from equipment.imports.kinds import in_words
from equipment.imports.products import needed
from equipment.models import (
    Address,
    Asset,
    AssetEvent,
    CompositePart,
    Decontamination,
    Disposal,
    InspectionRecord,
    Loan,
    Organisation,
    Override,
    Person,
    Product,
    Receipt,
    Repair,
    ReturnRecord,
    RiskAssessment,
    StockLine,
    StockMovement,
)

_AT_ONCE = 2000  # rows held in memory
SHEET_ROWS = 1_048_575  # the most that a sheet holds below its header


@dataclass(frozen=True)
class Table:
    """`rows` begins to read when it is called."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[tuple[Any, ...]]]


def table(name: str, columns: Mapping[str, str], queryset: QuerySet[Any]) -> Table:
    """`columns`: what a column is called -> the path to its value."""

    def rows() -> Iterator[tuple[Any, ...]]:
        return queryset.values_list(*columns.values()).iterator(_AT_ONCE)

    return Table(name, tuple(columns), rows)


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_ITS_ASSET = {"asset_number": "asset__number", "stock_code": "asset__product__stock_code"}
_PRODUCT = (
    "stock_code name maker model use size connectivity iso9999 gtin tracking reuse length_mm width_mm height_mm "
    "volume_l weight_kg safe_working_load_kg weight_critical min_height_cm min_weight_kg min_bmi review_days "
    "fitting_minutes crew_size skill bulky cleaning_method price band life_years life_loans holds_data withdrawn_on"
)


def products(queryset: QuerySet[Product]) -> Table:
    """The catalogue, with the tests each needs in one cell."""
    names = tuple(_PRODUCT.split())

    def rows() -> Iterator[tuple[Any, ...]]:
        for product in queryset.prefetch_related("regimes").iterator(_AT_ONCE):
            yield (*(getattr(product, name) for name in names), in_words(needed(product)))

    return Table("products", (*names, "tests"), rows)


def assets(queryset: QuerySet[Asset]) -> Table:
    columns = {"asset_number": "number", "stock_code": "product__stock_code", "product": "product__name"}
    columns |= _same("serial", "barcode", "batch") | {"owner": "owner__code"} | _same("state")
    columns |= {"store": "store__code", "location": "location__code"}
    columns |= _same(
        "vehicle", "since", "made_on", "received_on", "accepted_at", "soiled_at", "cleaned_at", "test_due_on"
    )
    return table("assets", columns | _same("loans_count", "purchase_price") | {"receipt": "receipt_id"}, queryset)


def asset_events(queryset: QuerySet[AssetEvent]) -> Table:
    columns = _ITS_ASSET | _same("verb", "from_state", "to_state", "at", "by", "reason", "facts")
    return table("asset_events", columns, queryset)


def returns(queryset: QuerySet[ReturnRecord]) -> Table:
    columns = _ITS_ASSET | {"loan": "loan_id"} | _same("at", "by", "condition", "infection")
    return table("returns", columns, queryset)


def cleans(queryset: QuerySet[Decontamination]) -> Table:
    columns = _ITS_ASSET | _same("method", "infection", "started_at", "ended_at", "passed", "operator", "agent", "lot")
    return table("cleans", columns | _same("notes") | {"run": "run_id"}, queryset)


def tests(queryset: QuerySet[InspectionRecord]) -> Table:
    columns = _ITS_ASSET | _same("kind", "result", "performed_at", "examiner", "next_due", "defects", "swl_kg")
    columns |= _same("certificate", "answers") | {"recorded_by": "by"} | _same("voided_at", "voided_by", "void_reason")
    return table("tests", columns, queryset)


def repairs(queryset: QuerySet[Repair]) -> Table:
    columns = {"repair": "id"} | _ITS_ASSET | _same("kind", "fault", "soiled", "opened_at", "opened_by", "closed_at")
    columns |= _same("closed_by", "outcome", "labour_minutes", "cost", "work_done", "override_reason")
    return table("repairs", columns, queryset)


def disposals(queryset: QuerySet[Disposal]) -> Table:
    columns = _ITS_ASSET | _same("method", "carrier", "consignment", "data_wiped_by", "data_wipe", "at", "by", "notes")
    return table("disposals", columns, queryset)


_LOAN = {
    "loan": "id",
    "asset_number": "asset__number",
    "stock_code": "product__stock_code",
    "product": "product__name",
    "quantity": "quantity",
    "batch": "stock_line__batch",
    "started": "started_at",
    "ended": "ended_at",
    "review_on": "review_on",
    "funder": "funder__code",
    "price": "price",
    "composite": "composite__stock_code",
    "kit": "kit",
    "person_reference": "person__reference",
    "address_reference": "address__reference",
}


def loans(queryset: QuerySet[Loan]) -> Table:
    """Who has what, without a name: that is in the table of people, under the same reference."""
    return table("loans", _LOAN, queryset)


def takeover(queryset: QuerySet[Loan]) -> Table:
    """The same with names and addresses, as whoever takes the loans over brings them in."""
    columns = _LOAN | {name: f"person__{name}" for name in _WHO}
    return table("takeover", columns | {name: f"address__{name}" for name in _WHERE}, queryset)


_WHO = ("nhs_number", "family_name", "given_name", "born_on", "phone")
_WHERE = ("line1", "line2", "town", "postcode")


def people(queryset: QuerySet[Person]) -> Table:
    columns = {"person_reference": "reference"} | _same("nhs_number", "family_name", "given_name", "born_on", "phone")
    columns |= _same("weight_kg", "weighed_on", "height_cm", "sling_size", "smokes", "uses_oxygen", "uses_emollients")
    columns |= _same("has_smoke_alarm", "fire_referred_on", "living", "died_on")
    return table("people", columns, queryset)


def assessments(queryset: QuerySet[RiskAssessment]) -> Table:
    columns = {"person_reference": "person__reference", "stock_code": "product__stock_code"}
    columns |= {"bed": "bed__stock_code", "mattress": "mattress__stock_code"}
    columns |= _same("suitable", "assessor", "assessed_on", "review_on", "weight_kg", "notes", "recorded_at")
    return table("risk_assessments", columns | _same("recorded_by", "voided_at", "voided_by", "void_reason"), queryset)


def overrides(queryset: QuerySet[Override]) -> Table:
    columns = {"person_reference": "person__reference", "stock_code": "product__stock_code"}
    columns |= _same("code", "reason", "authorised_by", "made_at", "made_by", "expires_on", "ended_at", "ended_by")
    return table("overrides", columns, queryset)


def addresses(queryset: QuerySet[Address]) -> Table:
    columns = {"address_reference": "reference", "person_reference": "person__reference"} | _same(*_WHERE)
    columns |= _same("access_notes", "stairs", "parking", "received_by", "has_key_safe", "latitude", "longitude")
    return table("addresses", columns | _same("accuracy"), queryset)


def stock_lines(queryset: QuerySet[StockLine]) -> Table:
    columns = {"line": "id", "stock_code": "product__stock_code", "store": "store__code"}
    columns |= _same("batch", "expires_on") | {"location": "location__code"} | _same("dirty", "count", "reserved")
    return table("stock_lines", columns, queryset)


def movements(queryset: QuerySet[StockMovement]) -> Table:
    columns = {"line": "line_id", "stock_code": "line__product__stock_code", "store": "line__store__code"}
    return table("movements", columns | _same("quantity", "kind", "at", "by", "reason"), queryset)


def receipts(queryset: QuerySet[Receipt]) -> Table:
    columns = {"receipt": "id"} | _same("supplier", "order_number", "delivery_note")
    columns |= {"stock_code": "product__stock_code", "store": "store__code", "owner": "owner__code"}
    return table("receipts", columns | _same("batch", "expires_on", "quantity", "unit_price", "at", "by"), queryset)


def parts(queryset: QuerySet[CompositePart]) -> Table:
    columns = {"composite": "composite__stock_code", "part": "part__stock_code", "quantity": "quantity"}
    return table("composite_parts", columns, queryset)


# One organisation's ---------------------------------------------------------------------------------------------------


def assets_of(organisation: Organisation) -> QuerySet[Asset]:
    """Those it owns, and those that its people have or have had."""
    lent = Exists(Loan.objects.filter(asset=OuterRef("pk"), person__organisation=organisation))
    return Asset.objects.filter(Q(owner=organisation) | lent)


def tables(organisation: Organisation) -> list[Table]:
    """All that equipment knows of one organisation: what it owns or has stocked, its people, and what they were lent.

    The catalogue is nobody's, and goes to everybody.
    """
    its = assets_of(organisation)
    own = Q(asset__owner=organisation)
    lent = Loan.objects.filter(person__organisation=organisation).order_by("pk")
    return [
        products(Product.objects.order_by("pk")),
        parts(CompositePart.objects.order_by("pk")),
        assets(its.order_by("pk")),
        asset_events(AssetEvent.objects.filter(asset__in=its).order_by("pk")),
        # A declared infection is about a person: of an asset that was only lent to us, just our people's returns.
        returns(
            ReturnRecord.objects.filter(Q(loan__person__organisation=organisation) | (own & Q(loan=None))).order_by(
                "pk"
            )
        ),
        cleans(Decontamination.objects.filter(asset__in=its).order_by("pk")),
        tests(InspectionRecord.objects.filter(asset__in=its).order_by("pk")),
        repairs(Repair.objects.filter(asset__in=its).order_by("pk")),
        disposals(Disposal.objects.filter(asset__in=its).order_by("pk")),
        loans(lent),
        takeover(lent),
        people(Person.objects.filter(organisation=organisation).order_by("pk")),
        assessments(RiskAssessment.objects.filter(person__organisation=organisation).order_by("pk")),
        overrides(Override.objects.filter(person__organisation=organisation).order_by("pk")),
        addresses(Address.objects.filter(person__organisation=organisation).order_by("pk")),
        stock_lines(StockLine.objects.filter(store__organisation=organisation).order_by("pk")),
        movements(StockMovement.objects.filter(line__store__organisation=organisation).order_by("pk")),
        receipts(Receipt.objects.filter(owner=organisation).order_by("pk")),
    ]


# Out into files -------------------------------------------------------------------------------------------------------


def cell(value: Any) -> str | int | float | Decimal:
    """A value as it is written: times in UTC with their zone, words that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return defused(str(value))


def csv_lines(of: Table) -> Iterator[str]:
    """The header and each row, as CSV: commas, quotation marks where needed."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")

    def written(row: Iterable[Any]) -> str:
        writer.writerow(row)
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text

    yield written(of.columns)
    for row in of.rows():
        yield written(map(cell, row))


_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write_xlsx(of: Table, out: IO[bytes]) -> int:
    """One sheet, written row by row; a table longer than a sheet goes on in the next. Returns how many rows."""
    book: Any = Workbook(write_only=True)
    sheet, count = _sheet(book, of, 1), 0
    for row in of.rows():
        if count and count % SHEET_ROWS == 0:
            sheet = _sheet(book, of, count // SHEET_ROWS + 1)
        sheet.append([_printable(cell(value)) for value in row])
        count += 1
    book.save(out)
    return count


def _sheet(book: Any, of: Table, number: int) -> Any:
    sheet = book.create_sheet(of.name if number == 1 else f"{of.name} {number}")
    sheet.append(list(of.columns))
    return sheet


def _printable(value: Any) -> Any:
    return _UNPRINTABLE.sub(" ", value) if isinstance(value, str) else value
