"""Reading codes: what a scanner sends, and what it names."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from stdnum.gb import nhs

from equipment import codes, receiving
from equipment.codes import identify, read
from equipment.lifecycle import advance
from equipment.models import Asset, Location, Product, StockLine
from equipment.receiving import asset_number
from equipment.states import AssetState
from tests.county import BY, TUESDAY, County

# GS1 General Specifications, example company prefix 9506000: GTIN, lot, expiry, serial.
GTIN, LOT, SERIAL = "09506000134352", "ABC123", "12345"
HUMAN = f"(01){GTIN}(10){LOT}(17)271231(21){SERIAL}"
GS = "\x1d"
SENT = f"01{GTIN}10{LOT}{GS}1727123121{SERIAL}"
NUMBERS = st.integers(0, 999_999).map(asset_number)


# Our own codes --------------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(NUMBERS, st.sampled_from(["{}", " {}\r\n", "{}\t", "https://kit.example/a/{}", "HTTPS://KIT.EXAMPLE/A/{}"]))
def test_our_number_is_read_in_every_dress(number: str, dress: str) -> None:
    for shown in (number, codes.spaced(number)) if "/" not in dress else (number,):
        code = read(dress.format(shown))
        assert (code.kind, code.value, code.problem) == ("asset", number, "")


@settings(max_examples=100, deadline=None)
@given(NUMBERS, st.integers(0, 6), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: str, place: int, by: int) -> None:
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert read(wrong) == codes.Code(
        "unknown", text=wrong, problem=f"{wrong} is not one of our numbers: a digit is wrong or two are swapped."
    )


@settings(max_examples=100, deadline=None)
@given(NUMBERS, st.integers(0, 5))
def test_two_swapped_neighbours_are_always_noticed(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert read(swapped).kind == ("asset" if swapped == number else "unknown")


@pytest.mark.parametrize(
    ("sent", "kind", "value", "store"),
    [
        ("LOC/MAIN/A-03-2", "location", "A-03-2", "MAIN"),
        ("loc/MAIN/A-03-2\r", "location", "A-03-2", "MAIN"),
        ("LOC/MAIN/A/3/2", "location", "A/3/2", "MAIN"),
        ("prd/RAISER", "product", "RAISER", ""),
        ("PRD/BED 1/2", "product", "BED 1/2", ""),
        ("do/mode/wash", "command", "MODE/WASH", ""),
        ("]Q1DO/UNDO", "command", "UNDO", ""),
        ("]C0LOC/MAIN/B1", "location", "B1", "MAIN"),
    ],
)
def test_our_prefixes_are_read_in_either_case(sent: str, kind: str, value: str, store: str) -> None:
    code = read(sent)
    assert (code.kind, code.value, code.store) == (kind, value, store)


def test_a_command_comes_as_words() -> None:
    assert read("DO/METHOD/CHLORINE_1000").words == ("METHOD", "CHLORINE_1000")
    assert read("0000000").words == ()


@pytest.mark.parametrize("sent", ["DO/", "DO//WASH", "LOC/MAIN", "LOC//A1", "LOC/MAIN/"])
def test_half_a_code_of_ours_says_that_it_is_incomplete(sent: str) -> None:
    code = read(sent)
    assert code.kind == "unknown"
    assert code.problem.endswith("it is incomplete: scan it again.")


# GS1 ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        SENT,
        f"{GS}{SENT}",
        f"]C1{SENT}",
        f"]d2{SENT}",
        f"]Q3{SENT}\r\n",
        f"]e0{SENT}",
        SENT.replace(GS, "{GS}"),
        SENT.replace(GS, "^]"),
        HUMAN,
        HUMAN.replace(")", ") ").replace("(", " ("),
        f"https://id.gs1.org/01/{GTIN}/10/{LOT}/21/{SERIAL}?17=271231",
        f"HTTPS://example.com/shop/01/{GTIN[1:]}/10/{LOT}/21/{SERIAL}?17=271231&utm=x",
    ],
)
def test_one_gs1_code_in_every_form_gives_the_same_fields(sent: str) -> None:
    code = read(sent)
    assert code.kind == "gs1"
    assert (code.gtin, code.lot, code.serial, code.expiry) == (GTIN, LOT, SERIAL, date(2027, 12, 31))
    assert code.value == code.kept == f"(01){GTIN}(21){SERIAL}"


def test_a_tilde_is_a_character_and_no_separator() -> None:
    assert read(f"01{GTIN}10{LOT}~21{SERIAL}").serial == ""


def test_an_expiry_without_a_day_is_the_last_of_the_month() -> None:
    code = read(f"(01){GTIN}(11)260100(17)280200(10)A")
    assert (code.made, code.expiry) == (date(2026, 1, 31), date(2028, 2, 29))


@pytest.mark.parametrize(
    ("sent", "giai", "grai"),
    [
        ("]C1800495060001343520ABC", "95060001343520ABC", ""),
        ("(8004)9506000134352A/7", "9506000134352A/7", ""),
        ("https://example.com/8004/9506000134352A7", "9506000134352A7", ""),
        ("(8003)09506000134352ABC", "", "09506000134352ABC"),
        ("800309506000134352ABC", "", "09506000134352ABC"),
    ],
)
def test_a_single_asset_or_a_returnable_one_is_named(sent: str, giai: str, grai: str) -> None:
    code = read(sent)
    assert (code.kind, code.giai, code.grai) == ("gs1", giai, grai)
    assert code.kept == (f"(8004){giai}" if giai else f"(8003){grai}")


@pytest.mark.parametrize(
    ("sent", "gtin"),
    [
        ("9506000134352", GTIN),  # EAN-13
        ("]E09506000134352", GTIN),
        ("96385074", "00000096385074"),  # EAN-8
        ("614141000036", "00614141000036"),  # UPC-A
        (GTIN, GTIN),  # ITF-14
        (f"(01){GTIN}", GTIN),
        (f"https://example.com/01/{GTIN}", GTIN),
    ],
)
def test_a_gtin_alone_is_a_product(sent: str, gtin: str) -> None:
    code = read(sent)
    assert (code.kind, code.value, code.gtin) == ("product", gtin, gtin)


@pytest.mark.parametrize("sent", ["9506000134353", "(01)09506000134353(21)5", "https://example.com/01/09506000134353"])
def test_a_wrong_check_digit_of_a_gtin_says_so(sent: str) -> None:
    code = read(sent)
    assert code.kind == "unknown"
    assert code.problem.startswith("The check digit of this product barcode (GTIN) does not fit")


def test_a_wrong_check_digit_of_a_grai_says_so() -> None:
    assert read("(8003)09506000134353ABC").problem.startswith("The check digit of this GRAI does not fit")


def test_a_damaged_gs1_code_says_so() -> None:
    for sent in ("]d2010950", "(01)123(21)5", f"(01){GTIN}(17)271399", f"{GS}hello"):
        assert "damaged or incomplete" in read(sent).problem


# People, and everything else ------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 999_999_999).map(lambda n: f"{n:09d}"), st.sampled_from(["", " ", "-"]))
def test_a_persons_number_is_refused_and_never_repeated(body: str, between: str) -> None:
    check = next((digit for digit in "0123456789" if nhs.is_valid(body + digit)), None)
    assume(check is not None)
    number = between.join((body[:3], body[3:6], f"{body[6:]}{check}"))
    for sent in (number, f"NHS No: {number}", f"{number}\r\n"):
        code = read(sent)
        assert code == codes.Code(
            "unknown", problem="This is a person's number, not a code of a thing: it must not be scanned here."
        )


def test_a_wristband_with_a_service_number_is_refused_and_never_repeated() -> None:
    assert read("]d28018950600013435200008").text == ""
    for sent in ("(8018)950600013435200008", "]d28018950600013435200008", "(8018)12"):
        assert (read(sent).kind, read(sent).text, read(sent).value) == ("unknown", "", "")


@pytest.mark.parametrize(
    ("sent", "thing"),
    [
        ("https://www.example.com/offers", "a web address"),
        ("http://[", "a web address"),
        ("ann@example.com", "an e-mail address"),
        ("1Z999AA10123456784", "a parcel label"),
        ("RR 123 456 789 GB", "a parcel label"),
        ("WIFI:S:ward;P:secret;;", "a wireless network"),
        ("BEGIN:VCARD", "somebody's card"),
        ("+A123BJC5D6E71", "HIBC"),
        ("07700 900123", "a telephone number"),
    ],
)
def test_an_unknown_code_says_what_it_is_not_and_looks_like(sent: str, thing: str) -> None:
    code = read(sent)
    assert code.kind == "unknown"
    assert code.problem.startswith("This is no asset number, location or GS1 code")
    assert thing in code.problem


def test_nothing_and_far_too_much_are_no_codes() -> None:
    assert read(" \r\n").problem == "Nothing was scanned."
    assert "too long" in read("x" * 201).problem


AWKWARD = st.one_of(
    st.text(max_size=60),
    st.text("0123456789 ()-/]", max_size=40),
    st.tuples(
        st.sampled_from(["]C1", "]d2", "]", "(01)", "(8003)", "01", "8004", "https://", "http://[", "DO/", "LOC/", GS]),
        st.text(max_size=40),
    ).map("".join),
    st.lists(
        st.sampled_from([SENT, HUMAN, GS, "(", ")", "01", "17", "3103", "39", "²", "٣", "%", "?17=", "/01/"]),
        max_size=6,
    ).map("".join),
)


@settings(max_examples=300, deadline=None)
@given(AWKWARD)
def test_reading_never_raises_and_always_answers(text: str) -> None:
    code = read(text)
    assert code.kind in {"asset", "location", "product", "command", "gs1", "unknown"}
    assert bool(code.problem) == (code.kind == "unknown")
    assert read(code.text).kind == code.kind or not code.text


SERIALS = st.text("ABCXYZabc0123456789-./_+", min_size=1, max_size=20)


@settings(max_examples=150, deadline=None)
@given(SERIALS, SERIALS)
def test_any_serial_and_lot_come_back_as_they_were(serial: str, lot: str) -> None:
    code = read(f"]d201{GTIN}10{lot}{GS}21{serial}")
    assert (code.lot, code.serial) == (lot, serial)
    assert read(code.kept).serial == serial


# In our records -------------------------------------------------------------------------------------------------------


def book_in(county: County, barcode: str | None = None, serial: str = "", gtin: str | None = None) -> Asset:
    product = county.commode()
    if gtin:
        product.gtin = gtin
        product.save()
    return receiving.book_in(product, county.store, county.provider, by=BY, at=TUESDAY, barcode=barcode, serial=serial)


def found(text: str) -> codes.Found:
    return identify(
        read(text),
        Asset.objects.all(),
        known=Asset.objects.all(),
        locations=Location.objects.all(),
        lines=StockLine.objects.all(),
    )


def test_an_asset_is_found_by_its_number(county: County) -> None:
    asset = book_in(county)
    assert found(codes.spaced(asset.number)).asset == asset
    unknown = asset_number(999_999)
    assert found(unknown).problem == f"We have no asset with this number: {codes.spaced(unknown)}."


@pytest.mark.parametrize("stored", [f"(01){GTIN}(21){SERIAL}", f"01{GTIN}21{SERIAL}", SENT, HUMAN])
def test_a_stored_gs1_barcode_is_found_however_it_is_scanned(county: County, stored: str) -> None:
    """Stored in brackets, bare, or as it was scanned then: the same scan finds it, and so does our own form."""
    asset = book_in(county, barcode=stored)
    assert found(stored).asset == asset
    assert found(f"(01){GTIN}(21){SERIAL}").asset == (asset if stored not in (SENT, HUMAN) else None)


def test_a_makers_own_barcode_is_found_as_it_stands(county: County) -> None:
    asset = book_in(county, barcode="XK-77/b")
    assert found("XK-77/b\r\n").asset == asset
    assert "no asset number" in found("XK-78/b").problem


@pytest.mark.parametrize("stored", ["95060001343520ABC", "800495060001343520ABC", "(8004)95060001343520ABC"])
def test_a_giai_is_found_with_and_without_its_identifier(county: County, stored: str) -> None:
    asset = book_in(county, barcode=stored)
    assert found("]C1800495060001343520ABC").asset == asset


def test_a_makers_product_and_serial_name_an_asset(county: County) -> None:
    asset = book_in(county, serial=SERIAL, gtin=GTIN)
    assert found(SENT).asset == asset
    other = found(f"(01){GTIN}(21)99999")
    assert (other.asset, other.product) == (None, asset.product)
    assert other.problem == "None of our assets of Commode has the serial 99999."


def test_a_gtin_or_stock_code_names_a_product_and_its_stock(county: County) -> None:
    line = county.stock(county.raisers(), 5)
    Product.objects.filter(pk=line.product_id).update(gtin=GTIN)
    for text in (GTIN[1:], "PRD/raiser", f"(01){GTIN}(17)271231"):
        answer = found(text)
        assert (answer.product, answer.stock_lines, answer.problem) == (county.raisers(), [line], "")


def test_a_lot_names_the_stock_of_that_batch(county: County) -> None:
    product = county.raisers()
    Product.objects.filter(pk=product.pk).update(gtin=GTIN)
    of_batch = StockLine.objects.create(product=product, store=county.store, batch=LOT)
    StockLine.objects.create(product=product, store=county.store, batch="OTHER")
    assert found(f"01{GTIN}10{LOT}").stock_lines == [of_batch]
    assert found(f"01{GTIN}10NONE").stock_lines == []


def test_a_product_we_do_not_have_says_so(county: County) -> None:
    assert found(GTIN).problem == f"No product in the catalogue has the GTIN {GTIN}."
    assert found("PRD/NONE").problem == "No product in the catalogue has the stock code NONE."


def test_a_location_is_found_in_its_own_store_whatever_the_case(county: County) -> None:
    one = Location.objects.create(store=county.store, code="A-1", capabilities=["shelf"])
    assert found("loc/main/a-1").location == one
    assert found("LOC/OTHER/A-1").problem == "There is no location A-1 in store OTHER that you work in."


def test_what_is_in_another_store_is_said_only_of_our_own(county: County) -> None:
    mine, theirs = book_in(county), county.received(county.hoist())
    none = Asset.objects.none()
    known = Asset.objects.filter(pk=mine.pk)
    assert identify(read(mine.number), none, known=known).problem == (
        f"{codes.spaced(mine.number)} belongs to another store."
    )
    assert identify(read(theirs.number), none, known=known).problem.startswith("We have no asset with this number")


def test_a_condemned_asset_is_found_with_its_state(county: County) -> None:
    asset = county.dirty(county.commode())
    advance(asset, AssetState.CONDEMNED, by=BY, at=TUESDAY, reason="Bent frame")
    got = found(asset.number).asset
    assert got is not None
    assert got.state == AssetState.CONDEMNED


def test_a_persons_number_is_looked_up_nowhere(county: County) -> None:
    book_in(county, barcode="9434765919")
    assert found("943 476 5919").asset is None
    assert "person's number" in found("9434765919").problem


def test_past_a_million_our_numbers_are_still_found(county: County) -> None:
    """Eight digits, as an EAN-8 has: about one in ten of them is read as a product, and found by its number still."""
    asset = book_in(county)
    for serial in range(1_000_000, 1_000_020):
        Asset.objects.filter(pk=asset.pk).update(number=asset_number(serial))
        assert found(asset_number(serial)).asset == asset
