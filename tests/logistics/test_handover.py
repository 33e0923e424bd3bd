"""Rule 40: everything about one organisation, and nothing of another's, in one file that says what it holds."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command

from equipment.models import Asset, Organisation, Person
from logistics import handover, ordering
from logistics.models import Discharge, Event, ExpectedDate, Order, OrderLine, Prescriber, Visit
from logistics.nextsteps import follow_up
from logistics.states import FollowUpKind
from tests.county import BY, LONG_AGO, TUESDAY, County
from tests.equipment.imports.given import csv_of

pytestmark = pytest.mark.django_db
Rows = dict[str, list[dict[str, str]]]


def packed(organisation: Organisation) -> tuple[ZipFile, Rows]:
    out = BytesIO()
    handover.write(organisation, out, at=TUESDAY)
    zipped = ZipFile(out)
    return zipped, {
        name.removesuffix(".csv"): list(csv.DictReader(StringIO(zipped.read(name).decode(), newline="")))
        for name in zipped.namelist()
        if name.endswith(".csv")
    }


def two_councils(county: County) -> tuple[Order, Order]:
    """An order, its visit and its history for each of two councils served from one store."""
    Organisation.objects.filter(pk=county.other.pk).update(provider=county.provider)
    county.other.refresh_from_db()
    orders = []
    for council in (county.council, county.other):
        county.new(county.commode(), owner=council)
        stay = county.discharge(address=county.address(county.person(council)))
        pin = f"P-{council.code}"
        prescriber = Prescriber.objects.create(organisation=council, pin=pin, name="Ola", order_limit=5000)
        request = ordering.Request((ordering.Item("COMMODE"),), prescriber, council, stay)
        orders.append(ordering.place(request, by=BY, at=TUESDAY))
        visit = Visit.objects.get(discharge=stay)
        follow_up(FollowUpKind.SHORT, f"Ring for {council.code}.", owner="depot", at=TUESDAY, visit=visit)
    return orders[0], orders[1]


def test_every_row_of_the_organisation_is_in_it_and_none_of_anothers(county: County) -> None:
    """Rule 40: exportable per commissioner."""
    ours, theirs = two_councils(county)
    zipped, rows = packed(county.council)
    assert [row["order_reference"] for row in rows["orders"]] == [str(ours.reference)]
    assert [row["action"] for row in rows["follow_ups"]] == ["Ring for harbour."]
    assert [row["asset_number"] for row in rows["assets"]] == list(
        Asset.objects.filter(owner=county.council).values_list("number", flat=True)
    )
    for name, queryset in {
        "discharges": Discharge.objects.filter(organisation=county.council),
        "expected_dates": ExpectedDate.objects.filter(discharge__organisation=county.council),
        "order_lines": OrderLine.objects.filter(order=ours),
        "visits": Visit.objects.filter(organisation=county.council),
        "people": Person.objects.filter(organisation=county.council),
    }.items():
        assert len(rows[name]) == queryset.count() > 0, name
    everything = b"".join(zipped.read(name) for name in zipped.namelist()).decode()
    for secret in (theirs.reference, theirs.person.reference, theirs.person.family_name, theirs.address.reference):
        assert str(secret) not in everything
    assert "P-harbour" not in everything


def test_the_history_is_whole(county: County) -> None:
    """Rule 40: with everything that happened."""
    ours, theirs = two_councils(county)
    _, rows = packed(county.council)
    found = {(row["subject"], int(row["subject_id"]), row["verb"]) for row in rows["events"]}
    everything = set(Event.objects.exclude(subject="route").values_list("subject", "subject_id", "verb"))
    _, others = packed(county.other)
    elsewhere = {(row["subject"], int(row["subject_id"]), row["verb"]) for row in others["events"]}
    assert found and elsewhere and found | elsewhere == everything and not found & elsewhere
    assert ("order", ours.pk) in {row[:2] for row in found}
    assert ("order", theirs.pk) in {row[:2] for row in elsewhere}


def test_the_manifest_says_what_each_file_must_be(county: County) -> None:
    """Rule 40: in open form that can be checked."""
    two_councils(county)
    zipped, rows = packed(county.council)
    manifest = json.loads(zipped.read("manifest.json"))
    assert manifest["format_version"] == 1
    assert manifest["generated_at"] == "2026-03-03T09:00:00+00:00"
    assert manifest["organisation"] == {"code": "harbour", "name": "Harbour Council", "kind": "council"}
    assert {entry["file"] for entry in manifest["files"]} | {"manifest.json", "README.txt"} == set(zipped.namelist())
    for entry in manifest["files"]:
        data = zipped.read(entry["file"])
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        assert entry["rows"] == len(rows[entry["table"]])
        assert data.decode().splitlines()[0] == ",".join(entry["columns"])
    assert "Harbour Council" in zipped.read("README.txt").decode()


def test_a_table_is_read_page_by_page(county: County, django_assert_max_num_queries) -> None:
    """One query a table, however long: rows are streamed, and none asks for another."""
    two_councils(county)
    for _ in range(20):
        county.new(county.commode(), owner=county.council, at=LONG_AGO + timedelta(days=1))
    with django_assert_max_num_queries(len(handover.tables(county.council)) + 3):
        packed(county.council)


def test_the_command_writes_a_file_for_its_owner_only_or_none(county: County, tmp_path: Path, capsys) -> None:
    two_councils(county)
    file = tmp_path / "harbour.zip"
    call_command("export_commissioner", "harbour", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert "orders.csv: 1 rows" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no organisation nowhere"):
        call_command("export_commissioner", "nowhere", str(tmp_path / "other.zip"))
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_commissioner", "harbour", str(tmp_path / "no" / "such.zip"))
    assert [path.name for path in tmp_path.iterdir()] == ["harbour.zip"]


def test_what_was_handed_over_is_brought_in_by_command(county: County, tmp_path: Path, capsys) -> None:
    file = tmp_path / "products.csv"
    file.write_bytes(csv_of(("stock_code", "name"), ("CHAIR", "Chair"), ("", "No code")))
    call_command("import_file", "products", str(file), "--organisation", "harbour")
    said = capsys.readouterr().out
    assert "2 rows (utf-8). 1 to create, 0 to update, 0 unchanged, 1 bad." in said
    assert "Line 3, stock_code: This must not be empty." in said
    with pytest.raises(CommandError, match="1 rows are bad"):
        call_command("import_file", "products", str(file), "--organisation", "harbour", "--apply")
    call_command("import_file", "products", str(file), "--organisation", "harbour", "--apply", "--skip-bad")
    assert "1 created, 0 updated" in capsys.readouterr().out
    file.write_bytes(b"")
    with pytest.raises(CommandError, match="The file is empty"):
        call_command("import_file", "products", str(file), "--organisation", "harbour")
