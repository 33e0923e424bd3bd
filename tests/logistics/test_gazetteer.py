"""Loading published postcode files. Every postcode and every row is invented, in the layouts as published."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from logistics import gazetteer_files
from logistics.gazetteer import WrongFile, load
from logistics.models.places import Accuracy, Gazetteer, Postcode, Sector

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

METADATA = "ORDNANCE SURVEY\r\nPRODUCT: OS CODE-POINT_03.02\r\nDATASET VERSION NUMBER: 2099.1.0\r\n      ZX\t2\r\n"
ONSPD_2024 = (
    "pcd,pcd2,pcds,dointr,doterm,oscty,ced,oslaua,osward,parish,usertype,oseast1m,osnrth1m,osgrdind,lat,long,icb"
)
NSPL_2026 = (
    "pcd7,pcd8,pcds,dointr,doterm,usrtypind,east1m,north1m,gridind,oa21cd,lad25cd,lad26cd,wd26cd,lat,long,icb26cd"
)


def codepo_row(postcode: str, quality: int = 10, east: int = 400_000, north: int = 300_000) -> str:
    return f'"{postcode}",{quality},{east},{north},"X92","","X18","","X06000001","X05"\r\n'


def codepo_zip(folder: Path, *rows: str, name: str = "codepo_gb.zip") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Doc/metadata.txt", METADATA)
        archive.writestr("Doc/Code-Point_Open_Column_Headers.csv", "PC,PQ,EA,NO,CY,RH,LH,CC,DC,WC\r\n")
        archive.writestr("Data/CSV/zx.csv", "".join(rows))
    return path


def onspd_row(postcode: str, *, end: str = "", quality: str = "1", lat: str = "52.5", long: str = "-2.0") -> str:
    return (
        f'"{postcode}","{postcode}","{postcode}","199001","{end}","X10","X99","X07000001","X05","X04","0",'
        f'"333333","0444444","{quality}",{lat},{long},"X54000001"\r\n'
    )


def nspl_row(postcode: str, *, end: str = "", quality: str = "1", lat: str = "52.5", long: str = "-2.0") -> str:
    return (
        f'"{postcode}","{postcode}","{postcode}","199001","{end}","0","333333","444444","{quality}","X00",'
        f'"X08000025","X08000026","X05",{lat},{long},"X54000002"\r\n'
    )


def written(path: Path, *parts: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(parts), newline="")
    return path


def point_of(postcode: str) -> tuple[float | None, float | None]:
    row = Postcode.objects.get(pk=postcode)
    return row.latitude, row.longitude


def versions() -> dict[str, str]:
    """Where each row lies in the table: an update, even to the same values, would move it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT postcode, ctid::text FROM logistics_postcode")
        postcodes = cursor.fetchall()
        cursor.execute("SELECT sector, ctid::text FROM logistics_sector")
        return dict(postcodes + cursor.fetchall())


# --- Code-Point Open --------------------------------------------------------------------------------------------------
def test_code_point_open_as_published(tmp_path: Path) -> None:
    loaded = load(codepo_zip(tmp_path, codepo_row("ZX1 1AA"), codepo_row("ZX1 1AB", east=400_100)), at=AT)

    assert (loaded.rows, loaded.added, loaded.changed, loaded.skipped) == (2, 2, 0, {})
    row = Postcode.objects.get(pk="ZX11AA")
    assert (row.sector, row.accuracy, row.terminated_on) == ("ZX11", Accuracy.UNIT, None)
    assert (row.district, row.health, row.source) == ("X06000001", "X18", "codepo 2099.1.0")
    # Easting 400,000 is the central meridian, 2 W on the old datum; the new one lies some 100 m beside it.
    assert row.latitude == pytest.approx(52.5976, abs=0.001)
    assert row.longitude == pytest.approx(-2.0015, abs=0.001)
    assert str(row) == "ZX1 1AA"


def test_the_load_is_recorded_with_its_file_and_its_digest(tmp_path: Path) -> None:
    path = codepo_zip(tmp_path, codepo_row("ZX1 1AA"))
    load(path, at=AT)

    record = Gazetteer.objects.get()
    assert (record.file_name, record.kind, record.source) == ("codepo_gb.zip", "codepo", "codepo 2099.1.0")
    assert (record.rows, record.added, record.changed, record.skipped, record.loaded_at) == (1, 1, 0, {}, AT)
    assert len(record.sha256) == 64


def test_the_unpacked_folder_and_a_single_area_are_read_too(tmp_path: Path) -> None:
    written(tmp_path / "codepo_gb" / "Doc" / "metadata.txt", METADATA)
    area = written(tmp_path / "codepo_gb" / "Data" / "CSV" / "zx.csv", codepo_row("ZX1 1AA"))

    assert load(tmp_path / "codepo_gb", at=AT).source == "codepo 2099.1.0"
    alone = load(area, at=AT)
    assert (alone.source, alone.rows, alone.unchanged) == ("codepo", 1, 1)


def test_postcodes_of_old_editions_had_no_space(tmp_path: Path) -> None:
    load(codepo_zip(tmp_path, codepo_row("ZX101AB")), at=AT)
    assert Postcode.objects.get().pk == "ZX101AB"


@pytest.mark.parametrize(
    "row", [codepo_row("ZX1 1AA", 90, 0, 0), codepo_row("ZX1 1AA", 10, 0, 0), codepo_row("ZX1 1AA", 70)]
)
def test_quality_90_nought_nought_and_unknown_qualities_are_no_coordinate(tmp_path: Path, row: str) -> None:
    loaded = load(codepo_zip(tmp_path, row), at=AT)
    assert loaded.no_coordinate == 1
    assert point_of("ZX11AA") == (None, None)
    assert Postcode.objects.get().accuracy == Accuracy.NONE


def test_quality_60_is_only_as_good_as_a_sector(tmp_path: Path) -> None:
    load(codepo_zip(tmp_path, codepo_row("ZX1 1AA", 60)), at=AT)
    assert Postcode.objects.get().accuracy == Accuracy.SECTOR
    assert not Sector.objects.exists()  # a mean of means would be no new knowledge


# --- loading again ----------------------------------------------------------------------------------------------------
def test_loading_the_same_file_again_writes_no_row(tmp_path: Path) -> None:
    path = codepo_zip(tmp_path, codepo_row("ZX1 1AA"), codepo_row("ZX1 1AB", 90, 0, 0))
    load(path, at=AT)
    before = versions()

    again = load(path, at=AT)

    assert (again.rows, again.added, again.changed, again.unchanged) == (2, 0, 0, 2)
    assert versions() == before
    assert Gazetteer.objects.count() == 2


def test_a_second_edition_moves_the_point_that_moved_and_no_other(tmp_path: Path) -> None:
    load(codepo_zip(tmp_path, codepo_row("ZX1 1AA"), codepo_row("ZX1 1AB")), at=AT)
    before, version = point_of("ZX11AA"), versions()["ZX11AB"]

    loaded = load(codepo_zip(tmp_path, codepo_row("ZX1 1AA", north=301_000), codepo_row("ZX1 1AB")), at=AT)

    assert (loaded.added, loaded.changed, loaded.unchanged) == (0, 1, 1)
    assert point_of("ZX11AA")[0] == pytest.approx((before[0] or 0) + 0.009, abs=0.0005)  # 1 km north
    assert versions()["ZX11AB"] == version
    assert Sector.objects.get(pk="ZX11").latitude == pytest.approx((before[0] or 0) + 0.0045, abs=0.0005)


def test_a_postcode_that_a_file_does_not_mention_is_kept(tmp_path: Path) -> None:
    load(codepo_zip(tmp_path, codepo_row("ZX1 1AA")), at=AT)
    load(codepo_zip(tmp_path, codepo_row("ZX2 1AA")), at=AT)
    assert set(Postcode.objects.values_list("pk", flat=True)) == {"ZX11AA", "ZX21AA"}


def test_of_two_lines_for_one_postcode_the_later_wins_and_is_reported(tmp_path: Path) -> None:
    loaded = load(codepo_zip(tmp_path, codepo_row("ZX1 1AA", 90, 0, 0), codepo_row("ZX1 1AA")), at=AT)
    assert (loaded.rows, loaded.skipped) == (1, {"repeated": 1})
    assert Postcode.objects.get().accuracy == Accuracy.UNIT


# --- ONSPD and NSPL ---------------------------------------------------------------------------------------------------
def test_onspd_with_the_header_used_until_2025(tmp_path: Path) -> None:
    path = written(tmp_path / "ONSPD_FEB_2024_UK.csv", ONSPD_2024, "\r\n", onspd_row("ZX1 1AA"))
    loaded = load(path, at=AT)
    row = Postcode.objects.get()
    assert (loaded.source, Gazetteer.objects.get().kind) == ("onspd FEB 2024", "onspd")
    assert (row.pk, row.latitude, row.longitude, row.accuracy) == ("ZX11AA", 52.5, -2.0, Accuracy.UNIT)
    assert (row.district, row.health) == ("X07000001", "X54000001")


def test_nspl_with_years_in_its_header_takes_the_newest_district(tmp_path: Path) -> None:
    path = written(tmp_path / "NSPL_AUG_2026_UK.csv", NSPL_2026, "\r\n", nspl_row("ZX1 1AA"))
    assert load(path, at=AT).source == "nspl AUG 2026"
    row = Postcode.objects.get()
    assert (row.latitude, row.longitude) == (52.5, -2.0)
    assert (row.district, row.health) == ("X08000026", "X54000002")


def test_the_grid_reference_is_not_used_for_it_is_irish_in_northern_ireland(tmp_path: Path) -> None:
    """The row's grid reference 333333, 444444 would be in Lancashire."""
    row = nspl_row("ZX1 1AA", lat="54.6", long="-5.93")
    load(written(tmp_path / "nspl.csv", NSPL_2026, "\r\n", row), at=AT)
    assert point_of("ZX11AA") == (54.6, -5.93)


def test_columns_are_found_in_any_order_and_case(tmp_path: Path) -> None:
    text = 'LONG,LAT,PCDS,GRIDIND,DOTERM\r\n-2.0,52.5,"ZX1 1AA",1,\r\n'
    load(written(tmp_path / "extract.csv", text), at=AT)
    assert point_of("ZX11AA") == (52.5, -2.0)
    assert Gazetteer.objects.get().kind == "ons"


def test_a_terminated_postcode_is_kept_with_its_month(tmp_path: Path) -> None:
    rows = onspd_row("ZX1 1AA", end="199606"), onspd_row("ZX1 1AB", end="soon")
    loaded = load(written(tmp_path / "ONSPD_FEB_2024_UK.csv", ONSPD_2024, "\r\n", *rows), at=AT)
    assert (loaded.rows, loaded.terminated, loaded.skipped) == (1, 1, {"unreadable_end_date": 1})
    assert Postcode.objects.get(pk="ZX11AA").terminated_on == date(1996, 6, 1)
    assert not Sector.objects.exists()


@pytest.mark.parametrize(
    "row",
    [
        onspd_row("ZX1 1AA", quality="9", lat="99.999999", long="0.000000"),
        onspd_row("ZX1 1AA", quality="1", lat="99.999999", long="0.000000"),
        onspd_row("ZX1 1AA", quality="9"),
        onspd_row("ZX1 1AA", lat="", long=""),
        onspd_row("ZX1 1AA", lat="n/a"),
    ],
)
def test_quality_9_and_latitude_99_are_no_coordinate(tmp_path: Path, row: str) -> None:
    load(written(tmp_path / "ONSPD_FEB_2024_UK.csv", ONSPD_2024, "\r\n", row), at=AT)
    assert point_of("ZX11AA") == (None, None)


def test_a_byte_order_mark_and_windows_letters_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "ONSPD_FEB_2024_UK.csv"
    text = f"{ONSPD_2024}\r\n{onspd_row('ZX1 1AA').replace('X99', 'Ynys Môn')}\r\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode("cp1252"))
    assert load(path, at=AT).rows == 1


def test_lines_that_are_no_postcode_are_counted_and_left_out(tmp_path: Path) -> None:
    rows = onspd_row("ZX1 1AA"), onspd_row("none"), '"ZX1 1AB","ZX1 1AB"\r\n', "\r\n"
    loaded = load(written(tmp_path / "ONSPD_FEB_2024_UK.csv", ONSPD_2024, "\r\n", *rows), at=AT)
    assert (loaded.rows, loaded.skipped) == (1, {"not_a_postcode": 1, "short_row": 1})


def ons_zip(folder: Path, **files: str) -> Path:
    path = folder / "NSPL_AUG_2026.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Documents/LAD names and codes.csv", "LAD26CD,LAD26NM\r\nX1,Nowhere\r\n")
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".csv", text)
    return path


def test_an_ons_zip_is_read_once_though_it_holds_the_country_whole_and_in_parts(tmp_path: Path) -> None:
    whole = f"{NSPL_2026}\r\n{nspl_row('ZX1 1AA')}{nspl_row('ZY1 1AA')}"
    part = f"{NSPL_2026}\r\n{nspl_row('ZX1 1AA')}"
    path = ons_zip(tmp_path, Data__NSPL_AUG_2026_UK=whole, Data__multi_csv__NSPL_AUG_2026_UK_ZX=part)
    loaded = load(path, at=AT)
    assert (loaded.source, loaded.rows, loaded.skipped) == ("nspl AUG 2026", 2, {})


def test_a_folder_of_parts_is_read_in_full(tmp_path: Path) -> None:
    for area in ("ZX", "ZY"):
        name = tmp_path / "multi_csv" / f"NSPL_AUG_2026_UK_{area}.csv"
        written(name, NSPL_2026, "\r\n", nspl_row(f"{area}1 1AA"))
    assert load(tmp_path / "multi_csv", at=AT).rows == 2


# --- what is refused, and leaves nothing behind -----------------------------------------------------------------------
def refused(path: Path, match: str) -> None:
    with pytest.raises(WrongFile, match=match):
        load(path, at=AT)
    assert not Postcode.objects.exists()
    assert not Gazetteer.objects.exists()


@pytest.mark.parametrize(
    ("column", "named"),
    [
        ("pcd", "pcds or pcd7"),
        ("doterm", "doterm"),
        ("osgrdind", "gridind or osgrdind"),
        ("lat", "lat or"),
        ("long", "long or"),
    ],
)
def test_a_missing_column_is_named(tmp_path: Path, column: str, named: str) -> None:
    header = ONSPD_2024.replace("pcd,pcd2,pcds", "a,b,pcd")
    header = ",".join("x" if name == column else name for name in header.split(","))
    refused(written(tmp_path / "ONSPD_FEB_2024_UK.csv", header, "\r\n", onspd_row("ZX1 1AA")), named)


def test_a_short_code_point_row_names_the_first_missing_column(tmp_path: Path) -> None:
    refused(codepo_zip(tmp_path, '"ZX1 1AA",10,400000\r\n'), "column Northings is missing")


def test_code_point_numbers_must_be_numbers(tmp_path: Path) -> None:
    refused(codepo_zip(tmp_path, codepo_row("ZX1 1AA").replace("400000", "x")), "column Eastings")


def test_code_point_with_other_columns_is_refused(tmp_path: Path) -> None:
    refused(codepo_zip(tmp_path, codepo_row("ZX1 1AA").replace('"X05"', '"X05","X"')), "11 columns")


def test_a_wrong_part_undoes_the_parts_before_it(tmp_path: Path) -> None:
    written(tmp_path / "all" / "NSPL_AUG_2026_UK_ZX.csv", NSPL_2026, "\r\n", nspl_row("ZX1 1AA"))
    written(tmp_path / "all" / "NSPL_AUG_2026_UK_ZY.csv", "pcds,lat,long\r\nZY1 1AA,52.5,-2.0\r\n")
    refused(tmp_path / "all", "doterm")


def test_a_zip_cut_short_is_refused(tmp_path: Path) -> None:
    path = codepo_zip(tmp_path, codepo_row("ZX1 1AA"))
    path.write_bytes(path.read_bytes()[:-40])
    refused(path, "cut short")


def test_a_zip_damaged_inside_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gazetteer_files, "CHUNK", 10)  # rows are on their way to the database before the damage is met
    rows = [codepo_row(f"ZX1 1A{letter}", east=400_000 + ord(letter)) for letter in "ABDEFGHJLNPQRSTUWXYZ"]
    path = tmp_path / "codepo_gb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("Data/CSV/zx.csv", "".join(rows))
    path.write_bytes(path.read_bytes().replace(b"ZX1 1AZ", b"ZX1 1AA"))
    refused(path, "damaged")


@pytest.mark.parametrize("name", ["empty.csv", "nothing.zip", "absent.zip"])
def test_nothing_to_read_is_refused(tmp_path: Path, name: str) -> None:
    written(tmp_path / "empty.csv", "")
    with zipfile.ZipFile(tmp_path / "nothing.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    refused(tmp_path / name, "is empty|holds no postcode file|There is no file")


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    refused(written(tmp_path / "nspl.csv", NSPL_2026, "\r\n"), "holds no postcodes")


def test_two_editions_side_by_side_are_refused(tmp_path: Path) -> None:
    text = f"{NSPL_2026}\r\n{nspl_row('ZX1 1AA')}"
    refused(ons_zip(tmp_path, Data__NSPL_MAY_2026_UK=text, Data__NSPL_AUG_2026_UK=text), "name one of")


# --- the sectors, the table, the command ------------------------------------------------------------------------------
def test_a_sector_lies_in_the_middle_of_its_live_postcodes(tmp_path: Path) -> None:
    rows = [
        onspd_row("ZX1 1AA", lat="52.0", long="-2.0"),
        onspd_row("ZX1 1AB", lat="52.2", long="-2.4"),
        onspd_row("ZX1 1AD", lat="55.0", quality="6"),
        onspd_row("ZX1 1AE", lat="55.0", end="202001"),
        onspd_row("ZX1 1AF", quality="9"),
    ]
    load(written(tmp_path / "onspd.csv", ONSPD_2024, "\r\n", *rows), at=AT)
    sector = Sector.objects.get()
    assert (sector.pk, sector.latitude, sector.longitude, sector.postcodes) == ("ZX11", 52.1, -2.2, 2)
    assert str(sector) == "ZX1 1"


def test_a_sector_goes_with_its_last_live_postcode(tmp_path: Path) -> None:
    load(written(tmp_path / "a.csv", ONSPD_2024, "\r\n", onspd_row("ZX1 1AA")), at=AT)
    load(written(tmp_path / "b.csv", ONSPD_2024, "\r\n", onspd_row("ZX1 1AA", end="202601")), at=AT)
    assert not Sector.objects.exists()


def test_the_table_refuses_a_point_that_contradicts_its_accuracy() -> None:
    with pytest.raises(IntegrityError, match="postcode_point_matches_accuracy"):
        Postcode.objects.create(pk="ZX11AA", sector="ZX11", accuracy=Accuracy.UNIT, source="test")


def test_the_reader_and_the_table_use_the_same_words() -> None:
    assert {gazetteer_files.UNIT, gazetteer_files.SECTOR, gazetteer_files.NONE} == set(Accuracy.values)
    assert {"codepo", "onspd", "nspl", "ons"} == set(Gazetteer.Kind.values)


def test_progress_hears_the_rows_read_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gazetteer_files, "CHUNK", 2)
    heard: list[int] = []
    path = codepo_zip(tmp_path, *(codepo_row(f"ZX1 {digit}AA") for digit in range(5)))
    load(path, at=AT, progress=heard.append)
    assert heard == [2, 4, 5]


def test_the_command_reports_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = codepo_zip(tmp_path, codepo_row("ZX1 1AA"), codepo_row("nowhere"), codepo_row("ZX1 1AB", 90, 0, 0))
    call_command("load_postcodes", str(path))
    said = capsys.readouterr().out
    assert "codepo 2099.1.0: 2 postcodes" in said
    assert "2 new, 0 changed, 0 as before" in said
    assert "1 without a coordinate" in said
    assert "Left out: 1 (not a postcode)." in said


def test_the_command_says_what_is_wrong_and_that_nothing_changed(tmp_path: Path) -> None:
    path = written(tmp_path / "nspl.csv", "pcds,lat,long\r\nZX1 1AA,52.5,-2.0\r\n")
    with pytest.raises(CommandError, match=r"doterm is missing\. Nothing was changed\."):
        call_command("load_postcodes", str(path))
