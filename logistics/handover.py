"""Everything about one organisation in one zip of open files, for whoever runs its service next (rule 40).

Written row by row: a table of any size needs no more memory than a page of it. All of it is read in one snapshot, so
that the tables agree with each other, and the manifest says by SHA-256 and row count what the zip must hold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from django.db import connection, transaction
from django.db.models import Q

from equipment import exports
from equipment.exports import Table, table
from equipment.models import Credit, Organisation
from logistics.models import (
    Activity,
    Discharge,
    DriverAction,
    Event,
    ExpectedDate,
    FollowUp,
    Order,
    OrderLine,
    Prescriber,
    Visit,
)

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One file of the zip."""

    file: str
    table: str
    rows: int
    columns: tuple[str, ...]
    sha256: str


def tables(organisation: Organisation) -> list[Table]:
    """What logistics knows of one organisation, after what equipment knows."""
    return [
        *exports.tables(organisation),
        _discharges(organisation),
        _expected_dates(organisation),
        _prescribers(organisation),
        _orders(organisation),
        _order_lines(organisation),
        _visits(organisation),
        _activities(organisation),
        _follow_ups(organisation),
        _credits(organisation),
        _driver_actions(organisation),
        _events(organisation),
    ]


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_WHOSE = {"person_reference": "person__reference", "address_reference": "address__reference"}


def _discharges(organisation: Organisation) -> Table:
    columns = {"discharge_reference": "reference", "discharge": "id"} | _WHOSE
    columns |= _same("hospital", "ward", "visit_number", "pathway", "state", "expected_on", "left_at", "opened_at")
    return table("discharges", columns, Discharge.objects.filter(organisation=organisation).order_by("pk"))


def _expected_dates(organisation: Organisation) -> Table:
    columns = {"discharge": "discharge_id"} | _same("value", "source", "said_at", "received_at", "by", "reason")
    rows = ExpectedDate.objects.filter(discharge__organisation=organisation)
    return table("expected_dates", columns | _same("superseded"), rows.order_by("pk"))


def _prescribers(organisation: Organisation) -> Table:
    """Without their PINs, which are their key to ordering."""
    columns = {"prescriber": "id"} | _same("name", "role", "order_limit", "band", "active_until")
    return table("prescribers", columns, Prescriber.objects.filter(organisation=organisation).order_by("pk"))


def _orders(organisation: Organisation) -> Table:
    columns = {"order_reference": "reference", "order": "id", "discharge": "discharge_id"} | _WHOSE
    columns |= {"store": "store__code", "prescriber": "prescriber_id", "funder": "funder__code"}
    columns |= _same("cost_centre", "state", "placed_at", "authorised_at", "authorised_by", "authorised_value")
    columns |= _same("duplicate_reason", "needed_by", "sla_due_at")
    return table("orders", columns, Order.objects.filter(organisation=organisation).order_by("pk"))


def _order_lines(organisation: Organisation) -> Table:
    columns = {"line": "id", "order": "order_id", "part_of": "part_of_id", "stock_code": "product__stock_code"}
    rows = OrderLine.objects.filter(order__organisation=organisation)
    return table("order_lines", columns | _same("quantity", "critical", "unit_price", "state"), rows.order_by("pk"))


def _visits(organisation: Organisation) -> Table:
    columns = {"visit_reference": "reference", "visit": "id"} | _WHOSE | {"store": "store__code"}
    columns |= {"discharge": "discharge_id", "attempt_of": "attempt_of_id"} | _same("state", "critical", "needed_by")
    columns |= _same("not_before", "window_from", "window_to", "raised_at", "arrived_at", "left_at", "received_by")
    columns |= _same("unplanned_code", "unplanned_reason", "failure", "failure_note")
    return table("visits", columns, Visit.objects.filter(organisation=organisation).order_by("pk"))


def _activities(organisation: Organisation) -> Table:
    columns = {"activity": "id", "visit": "visit_id", "kind": "kind", "state": "state", "line": "line_id"}
    columns |= {"loan": "loan_id", "delivered_loan": "reservation__loan_id"}
    columns |= {"asset_number": "reservation__asset__number", "stock_code": "reservation__product__stock_code"}
    columns |= _same("fitted", "demonstrated", "test_call_heard_by", "condition", "infection", "tests")
    return table("activities", columns, Activity.objects.filter(visit__organisation=organisation).order_by("pk"))


def _follow_ups(organisation: Organisation) -> Table:
    columns = {"visit": "visit_id"} | _same("owner", "action", "raised_at", "closed_at")
    return table("follow_ups", columns, FollowUp.objects.filter(person__organisation=organisation).order_by("pk"))


def _credits(organisation: Organisation) -> Table:
    """What it was given back as a funder, whose person it ever was. `stands` is false once a row has been corrected."""
    columns = {"credit": "id", "loan": "loan_id", "stock_code": "loan__product__stock_code"}
    columns |= {"asset_number": "loan__asset__number", "condition": "return_record__condition"}
    columns |= {"corrects": "corrects_id", "stands": "last"} | _same("price", "percent", "amount", "reason", "at", "by")
    rows = Credit.objects.filter(funder=organisation).annotate(last=Q(corrected_by__isnull=True))
    return table("credits", columns, rows.order_by("pk"))


def _driver_actions(organisation: Organisation) -> Table:
    """What crews did at its doors, by both clocks, and what became of it (rule 34)."""
    columns = {"action": "key", "visit": "visit_id"} | _same("verb", "place", "device_at", "received_at", "outcome")
    rows = DriverAction.objects.filter(visit__organisation=organisation)
    return table("driver_actions", columns | _same("detail"), rows.order_by("pk"))


def _events(organisation: Organisation) -> Table:
    """What happened to its discharges, orders, lines, visits and activities. A route may serve several organisations:
    its events are its own store's.
    """
    its = Q(subject="discharge", subject_id__in=Discharge.objects.filter(organisation=organisation).values("pk"))
    its |= Q(subject="order", subject_id__in=Order.objects.filter(organisation=organisation).values("pk"))
    its |= Q(subject="line", subject_id__in=OrderLine.objects.filter(order__organisation=organisation).values("pk"))
    its |= Q(subject="visit", subject_id__in=Visit.objects.filter(organisation=organisation).values("pk"))
    its |= Q(subject="activity", subject_id__in=Activity.objects.filter(visit__organisation=organisation).values("pk"))
    its |= Q(
        subject="action", subject_id__in=DriverAction.objects.filter(visit__organisation=organisation).values("pk")
    )
    columns = _same("subject", "subject_id", "verb", "from_state", "to_state", "at", "by", "reason", "facts")
    return table("events", columns, Event.objects.filter(its).order_by("pk"))


# Into a zip -----------------------------------------------------------------------------------------------------------


def write(organisation: Organisation, out: IO[bytes], *, at: datetime) -> list[Entry]:
    """The zip, with its manifest and a page that explains it. Returns what it holds."""
    with _snapshot(), ZipFile(out, "w", ZIP_DEFLATED) as packed:
        entries = [_add(packed, each) for each in tables(organisation)]
        packed.writestr("manifest.json", json.dumps(_manifest(organisation, entries, at), indent=2) + "\n")
        packed.writestr("README.txt", _readme(organisation, entries, at))
    return entries


@contextmanager
def _snapshot() -> Iterator[None]:
    """Reads from here on all see the same moment. Inside somebody's transaction, that one must see to it."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _add(packed: ZipFile, of: Table) -> Entry:
    digest, rows = hashlib.sha256(), -1  # the header is no row
    with packed.open(f"{of.name}.csv", "w", force_zip64=True) as out:
        for line in exports.csv_lines(of):
            data = line.encode()
            digest.update(data)
            out.write(data)
            rows += 1
    return Entry(f"{of.name}.csv", of.name, rows, of.columns, digest.hexdigest())


def _manifest(organisation: Organisation, entries: list[Entry], at: datetime) -> dict[str, object]:
    return {
        "format": "home-before handover",
        "format_version": FORMAT_VERSION,
        "generated_at": at.astimezone(UTC).isoformat(),
        "organisation": {"code": organisation.code, "name": organisation.name, "kind": organisation.kind},
        "encoding": "UTF-8, comma separated, first row is the header, times in UTC",
        "files": [asdict(entry) for entry in entries],
    }


def _readme(organisation: Organisation, entries: list[Entry], at: datetime) -> str:
    listed = "\n".join(f"  {entry.file:24}{entry.rows:>12,} rows" for entry in entries)
    return f"""{organisation.name} ({organisation.code}): everything on record about its equipment service
Written {at.astimezone(UTC):%d %B %Y %H:%M} UTC, format version {FORMAT_VERSION}.

It holds personal data: keep it encrypted, and send it by a safe way only.

{listed}

Every file is CSV in UTF-8, with commas. Times are UTC (ISO 8601), money is in pounds, loads and weights in kilograms.
A cell that a spreadsheet would take for a formula begins with an apostrophe, which is not part of the value.

How the files hang together
  asset_number      names one asset, in every file
  stock_code        names one product
  person_reference  names one person; names and addresses stand in people.csv, addresses.csv and takeover.csv only
  loan, discharge, order, line, visit   numbers that hold within this zip

To bring it into another copy of this system: manage.py import_file KIND FILE, in this order
  products products.csv; assets assets.csv; loans takeover.csv; tests tests.csv; cleans cleans.csv
Assets that are condemned, held, lost or disposed of are refused there: their history is in these files only.
manifest.json says the SHA-256, the row count and the columns of each file.
"""
