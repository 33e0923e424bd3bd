"""Labels and certificates, read back from the print as a scanner and an eye would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy
import pypdfium2
import pytest
import zxingcpp
from biip import parse
from pypdf import PdfReader

from equipment import certificates, codes, decontamination, labels, receiving
from equipment.errors import Invalid, Refused
from equipment.labels import COMMANDS, LAYOUTS
from equipment.models import Asset, Decontamination, Location, WashItem, WashRun
from equipment.receiving import asset_number
from tests.county import BY, LONG_AGO, TUESDAY, County

GTIN = "09506000134352"
LONG = (
    "Comod symudol gyda sedd codi addasadwy a Łóżko rehabilitacyjne z materacem przeciwodleżynowym zmiennociśnieniowym"
)
NO_SPACE = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
PHONE = "01267 555 0100"
DPI = 300
Box = tuple[float, float, float, float]


def pages(data: bytes, dpi: int = DPI) -> Iterator[Any]:
    document = pypdfium2.PdfDocument(data)
    for number in range(len(document)):
        page = document[number]
        yield page.render(scale=dpi / 72, grayscale=True).to_numpy().squeeze()
        page.close()
    document.close()


def scanned(data: bytes) -> Counter[tuple[str, str]]:
    """(symbology identifier, text) of every code on the pages."""
    found = [code for page in pages(data) for code in zxingcpp.read_barcodes(page, text_mode=zxingcpp.TextMode.Plain)]
    return Counter((code.symbology_identifier, code.text) for code in found)


def words(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)


def assets(county: County, count: int, name: str = "Commode") -> list[Asset]:
    product = county.product("COMMODE", name=name)
    common = {"product": product, "owner": county.provider, "store": county.store}
    return [Asset(number=asset_number(n), **common) for n in range(count)]


def with_maker(county: County, serial: str) -> Asset:
    product = county.product("COMMODE", name="Commode", gtin=GTIN)
    return receiving.book_in(product, county.store, county.provider, by=BY, at=TUESDAY, serial=serial)


# What is on a label ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["Commode", LONG])
def test_every_code_of_a_label_is_read_back_from_the_print(county: County, layout: str, name: str) -> None:
    """Code 128 and QR are written by reportlab and read by zxing; the GS1 DataMatrix is parsed by biip."""
    asset = with_maker(county, "SN/12345-b")
    asset.product.name = name
    found = scanned(labels.asset_labels([asset], layout=layout, phone=PHONE))
    matrix = next(text for symbology, text in found if symbology == "]d2")
    assert found == Counter({("]C0", asset.number): 1, ("]Q1", asset.number): 1, ("]d2", matrix): 1})
    message = parse(f"]d2{matrix}").gs1_message
    assert message is not None
    assert message.as_hri() == f"(01){GTIN}(21)SN/12345-b"
    assert {codes.read(f"{symbology}{text}").kind for symbology, text in found} == {"asset", "gs1"}


def test_a_label_says_what_it_is_whose_it_is_and_whom_to_ring(county: County) -> None:
    asset = with_maker(county, "")
    text = words(labels.asset_labels([asset], layout="100x50", phone=PHONE))
    assert text.splitlines() == [
        "Commode",
        codes.spaced(asset.number),
        "Property of Vale Equipment",
        f"To return this: {PHONE}",
    ]


def test_the_phone_is_that_of_the_assets_own_store(county: County) -> None:
    asset = with_maker(county, "")
    asset.store.phone = "01267 555 0199"  # type: ignore[union-attr]
    assert "To return this: 01267 555 0199" in words(labels.asset_labels([asset], phone=PHONE))


def test_without_a_phone_the_line_is_left_out(county: County) -> None:
    assert "return" not in words(labels.asset_labels([with_maker(county, "")]))


def test_a_label_of_lent_equipment_names_nobody(county: County) -> None:
    loan = county.on_loan(county.commode())
    assert loan.asset is not None
    loan.asset.refresh_from_db()
    text = words(labels.asset_labels([loan.asset], phone=PHONE))
    assert "Person" not in text
    assert "Ann" not in text


@pytest.mark.parametrize("serial", ["x" * 21, "A B", "A(1)", "Ł7"])
def test_a_serial_that_gs1_cannot_hold_leaves_the_datamatrix_out(county: County, serial: str) -> None:
    found = scanned(labels.asset_labels([with_maker(county, serial)], phone=PHONE))
    assert {symbology for symbology, _ in found} == {"]C0", "]Q1"}


def test_the_qr_code_may_be_an_address(county: County) -> None:
    asset = with_maker(county, "")
    found = scanned(labels.asset_labels([asset], web="https://kit.example/"))
    assert ("]Q1", f"https://kit.example/a/{asset.number}") in found
    assert codes.read(f"https://kit.example/a/{asset.number}").value == asset.number


# Where it is ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("layout", "per_page"), [("57x32", 1), ("100x50", 1), ("3x7", 21), ("2x4", 8)])
@pytest.mark.parametrize("count", [1, 22])
def test_pages_hold_as_many_labels_as_the_sheet_has(county: County, layout: str, per_page: int, count: int) -> None:
    data = labels.asset_labels(assets(county, count), layout=layout, phone=PHONE)
    numbers = [page.extract_text().count("Property of") for page in PdfReader(BytesIO(data)).pages]
    full, rest = divmod(count, per_page)
    assert numbers == [per_page] * full + [rest] * bool(rest)
    size = PdfReader(BytesIO(data)).pages[0].mediabox
    wanted = LAYOUTS[layout].page
    assert (float(size.width), float(size.height)) == pytest.approx([mm * 72 / 25.4 for mm in wanted], abs=0.1)


@pytest.mark.parametrize(
    ("layout", "start", "on_each"), [("3x7", 21, [[20], [0]]), ("2x4", 7, [[6, 7]]), ("3x7", 1, [[0, 1]])]
)
def test_used_labels_of_a_sheet_are_skipped(county: County, layout: str, start: int, on_each: list[list[int]]) -> None:
    """Two labels from place 21 of a sheet of 21: one on it, one on the next sheet."""
    data = labels.asset_labels(assets(county, 2), layout=layout, start=start)
    assert [sorted(inked(page, layout)) for page in pages(data)] == on_each


def inked(page: Any, layout: str) -> dict[int, Box]:
    """By place on the sheet: how far its ink stands from the left, right, top and bottom edge of the label, in mm.

    Fails when there is ink outside every label.
    """
    sheet, per_mm = LAYOUTS[layout], DPI / 25.4
    dark, boxes = page < 200, {}
    for place in range(sheet.per_page):
        row, column = divmod(place, sheet.columns)
        left = round((sheet.corner[0] + column * sheet.pitch[0]) * per_mm)
        top = round((sheet.corner[1] + row * sheet.pitch[1]) * per_mm)
        width, height = round(sheet.size[0] * per_mm), round(sheet.size[1] * per_mm)
        box = dark[top : top + height, left : left + width]
        if box.any():
            rows, columns = numpy.nonzero(box.any(axis=1))[0], numpy.nonzero(box.any(axis=0))[0]
            edges = (columns[0], box.shape[1] - 1 - columns[-1], rows[0], box.shape[0] - 1 - rows[-1])
            boxes[place] = tuple(float(edge / per_mm) for edge in edges)
        dark[top : top + height, left : left + width] = False
    assert not dark.any()
    return boxes


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [LONG, NO_SPACE, "W" * 120])
def test_nothing_stands_within_a_millimetre_of_the_edge_of_its_label(county: County, layout: str, name: str) -> None:
    """However long the name of the product and of its owner, and the phone with them."""
    county.provider.name = f"Gwasanaeth Offer Cymunedol {NO_SPACE}"
    rows = assets(county, LAYOUTS[layout].per_page, name)
    for asset in rows:
        asset.product.gtin, asset.serial = GTIN, f"ABC/12345-{asset.number}"
    boxes = inked(next(pages(labels.asset_labels(rows, layout=layout, phone=f"{PHONE} or {PHONE}"))), layout)
    assert len(boxes) == LAYOUTS[layout].per_page
    assert min(edge for box in boxes.values() for edge in box) >= 1


def test_what_cannot_be_printed_is_refused(county: County) -> None:
    one = assets(county, 1)
    for wrong in ({"layout": "9x9"}, {"layout": "3x7", "start": 22}, {"layout": "3x7", "start": 0}, {"start": 2}):
        with pytest.raises(Invalid):
            labels.asset_labels(one, **wrong)
    with pytest.raises(Invalid, match="1 to 1000"):
        labels.asset_labels([])
    with pytest.raises(Invalid, match="1 to 1000"):
        labels.asset_labels(one * 1001)


# Places, products, commands -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_location_label_reads_as_that_location(county: County, layout: str) -> None:
    long = Location(store=county.store, code="BAY-DIRTY-NORTH-WEST", name=NO_SPACE, capabilities=["dirty", "wash"])
    short = Location(store=county.store, code="A-03-2", name="", capabilities=["shelf"])
    data = labels.location_labels([short, long], layout=layout)
    found = {codes.read(text).value for _, text in scanned(data)}
    assert found == {"A-03-2", "BAY-DIRTY-NORTH-WEST"}
    assert "A-03-2" in words(data)
    assert "Clean shelf" in words(data)
    for page in pages(data):
        assert min(edge for box in inked(page, layout).values() for edge in box) >= 1


def test_a_shelf_edge_label_reads_as_its_product(county: County) -> None:
    product = county.raisers()
    product.gtin = GTIN
    found = scanned(labels.product_labels([product]))
    assert {codes.read(text).value for _, text in found} == {"RAISER"}
    assert f"GTIN {GTIN}" in words(labels.product_labels([product]))


def test_the_command_sheet_is_one_page_of_codes_that_are_read_as_commands() -> None:
    data = labels.command_sheet()
    assert scanned(data) == Counter({("]Q1", code): 1 for code, _ in COMMANDS})
    assert {codes.read(code).kind for code, _ in COMMANDS} == {"command"}
    assert len(PdfReader(BytesIO(data)).pages) == 1
    for word in ("Mode: put away", "Undo the last", "Chlorine 1,000", "Done"):
        assert word in words(data)


# Status labels and certificates ---------------------------------------------------------------------------------------


def test_the_status_label_says_what_the_record_says(county: County) -> None:
    """Section 3.4: date, process, who, next test; the label and the record agree."""
    asset = county.recycled(county.hoist())
    clean = Decontamination.objects.get(asset=asset)
    Decontamination.objects.filter(pk=clean.pk).update(agent="Chlor-Clean", lot="L7", operator="user:dee")
    data = labels.status_label(asset, at=TUESDAY)
    text = words(data)
    assert f"CLEAN {clean.ended_at.day} {clean.ended_at:%b %Y}" in text
    assert "Sporicidal · Chlor-Clean · lot L7" in text
    assert f"By dee · record {clean.pk}" in text
    due = asset.test_due_on
    assert due is not None
    assert f"LOLER thorough examination: due {due.day} {due:%b %Y}" in text
    assert scanned(data) == Counter({("]Q1", asset.number): 1})


def test_a_status_label_is_refused_when_the_record_does_not_say_clean(county: County) -> None:
    dirty, new = county.dirty(county.commode()), county.received(county.hoist())
    for asset, code in ((dirty, "not_clean"), (new, "not_accepted")):
        with pytest.raises(Refused) as refusal:
            labels.status_label(asset, at=TUESDAY)
        assert refusal.value.code == code
    decontamination.begin(dirty, by=BY, at=TUESDAY)
    decontamination.record(dirty, method="detergent", passed=False, notes="Stained", by=BY, at=TUESDAY)
    with pytest.raises(Refused):
        labels.status_label(dirty, at=TUESDAY)


def test_the_status_label_of_new_stock_and_of_a_missing_test(county: County) -> None:
    assert "NEW, never lent" in words(labels.status_label(county.new(county.commode()), at=TUESDAY))
    hoist = county.recycled(county.hoist())
    hoist.inspections.all().delete()
    assert "LOLER thorough examination: not done yet" in words(labels.status_label(hoist, at=TUESDAY))


def run(county: County, *washed: tuple[Asset, str], ended: bool = True) -> WashRun:
    made = WashRun.objects.create(
        store=county.store,
        method="chlorine_1000",
        agent="Chlor-Clean",
        lot="L7",
        operator="user:dee",
        started_at=LONG_AGO,
        hold_minutes=10,
        ended_at=LONG_AGO.replace(minute=25) if ended else None,
    )
    for asset, outcome in washed:
        WashItem.objects.create(run=made, asset=asset, added_at=LONG_AGO, added_by=BY, outcome=outcome, note="")
    return made


def test_a_wash_certificate_says_what_the_run_says(county: County) -> None:
    one, two, out = (county.received(county.commode()) for _ in range(3))
    made = run(county, (one, "passed"), (two, "failed"), (out, "taken_out"))
    text = " ".join(words(certificates.wash_certificate(made, at=TUESDAY)).split())
    for fact in (
        "Certificate of decontamination",
        f"Wash run {made.pk}",
        "Method Chlorine 1,000 ppm",
        "Agent Chlor-Clean",
        "Lot L7",
        "Operator dee",
        "Contact time 25 minutes",
        "Contact time required 10 minutes at least",
        f"{codes.spaced(one.number)} Commode Passed",
        f"{codes.spaced(two.number)} Commode Failed",
        "1 of 2 passed.",
    ):
        assert fact in text
    assert codes.spaced(out.number) not in text


def test_a_run_that_still_runs_has_no_certificate(county: County) -> None:
    with pytest.raises(Refused, match="has not ended"):
        certificates.wash_certificate(run(county, ended=False), at=TUESDAY)


def test_a_clean_of_one_asset_has_its_own_certificate(county: County) -> None:
    asset = county.recycled(county.commode())
    clean = Decontamination.objects.get(asset=asset)
    text = " ".join(words(certificates.wash_certificate(clean, at=TUESDAY)).split())
    assert f"Clean {clean.pk} of {codes.spaced(asset.number)}" in text
    assert "Contact time 60 minutes" in text
    assert "1 of 1 passed." in text
