"""Cells into values: what spreadsheets do to numbers and dates, mended or refused with the remedy."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipment.errors import Invalid
from equipment.imports import columns, kinds
from equipment.imports.columns import Wrong
from equipment.imports.files import FORMULA, File, Row
from equipment.states import Infection

LONG, SHORT = columns.code(40), columns.code(12, zeros=7)


def excels(year: int, month: int, day: int, *clock: int) -> datetime:
    """A date cell, which knows no zone."""
    return datetime.combine(date(year, month, day), time(*clock))


def wrong(read, cell) -> str:
    with pytest.raises(Wrong) as refusal:
        read(cell)
    return refusal.value.code


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1234.0", "1234"), (1234.0, "1234"), (1234, "1234"), (" AB-1 ", "AB-1"), ("'1234.0", "1234.0"), ("V1.0", "V1.0")],
)
def test_what_excel_adds_to_a_number_is_taken_off(cell, value):
    assert LONG(cell) == value


def test_zeros_that_excel_took_off_an_asset_number_are_put_back():
    assert (SHORT(10012.0), SHORT("10012"), SHORT("0010012")) == ("0010012",) * 3


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.23457E+12", "number_shortened"),
        (1234567890123456, "number_shortened"),
        (excels(2026, 4, 3), "date_for_text"),
        ("x" * 41, "too_long"),
        ("a\x07", "control_characters"),
        (FORMULA, "formula"),
        ("#REF!", "error_value"),
    ],
)
def test_what_is_lost_for_good_is_refused(cell, code):
    assert wrong(LONG, cell) == code


@pytest.mark.parametrize(
    "cell", ["2026-03-31", "31/03/2026", "31.3.2026", "31-03-2026", "2026-03-31 00:00:00", excels(2026, 3, 31), 46112]
)
def test_a_date_is_read_as_it_is_written_here_or_by_excel(cell):
    """46,112 days after 30 December 1899."""
    assert columns.day(cell) == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("03/31/2026", "us_date"),
        *((cell, "not_a_date") for cell in ("31/02/2026", "31/03/26", "1/1/2300", "soon", 1.5)),
    ],
)
def test_what_is_no_date_here_is_refused(cell, code):
    assert wrong(columns.day, cell) == code


def test_one_certain_american_date_makes_the_others_of_its_column_doubtful():
    header = ("asset_number", "kind", "result", "performed_at", "examiner")
    days = ("03/25/2026", "03/04/2026", "04/04/2026", "2026-03-04")
    file = File("utf-8", header, [Row(n, ("0010012", "pat", "pass", day, "E")) for n, day in enumerate(days, 2)])
    lines, _ = kinds.lines(kinds.KINDS["tests"], file)
    assert [[problem.code for problem in line.problems] for line in lines] == [["us_date"], ["doubtful_date"], [], []]
    alone, _ = kinds.lines(kinds.KINDS["tests"], File("utf-8", header, file.rows[1:2]))
    assert alone[0].given["performed_at"] == datetime(2026, 4, 2, 23, tzinfo=UTC)


def test_a_time_is_londons_unless_it_says_otherwise_and_a_date_alone_counts_for_less():
    """In summer London is an hour ahead; a clean counts from the first minute, a return until the last."""
    assert columns.moment("31/07/2026 14:30") == datetime(2026, 7, 31, 13, 30, tzinfo=UTC)
    assert columns.moment("2026-07-31T14:30:00+00:00") == datetime(2026, 7, 31, 14, 30, tzinfo=UTC)
    assert columns.moment(excels(2026, 1, 31, 14, 30)) == datetime(2026, 1, 31, 14, 30, tzinfo=UTC)
    assert columns.moment("31/01/2026") == datetime(2026, 1, 31, tzinfo=UTC)
    assert columns.last_moment("31/01/2026") == datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    assert wrong(columns.moment, "31/01/2026 25:00") == "not_a_date"


def test_amounts_and_words_are_understood_as_people_write_them():
    money, word = columns.amount(9, 2), columns.one_of(Infection)
    assert [money(cell) for cell in ("£1,234.50", 12.5, "0")] == [Decimal("1234.50"), Decimal("12.50"), Decimal(0)]
    assert [wrong(money, cell) for cell in ("-1", "1.005", "lots", "NaN", "99999999")] == [
        "out_of_range",
        "too_exact",
        "not_a_number",
        "not_a_number",
        "out_of_range",
    ]
    assert [word(cell) for cell in ("none_known", "None known", "NOT DISCLOSED")] == [
        "none_known",
        "none_known",
        "unknown",
    ]
    assert wrong(word, "measles") == "unknown_word"
    assert [columns.yes_no(cell) for cell in ("Yes", "n", True, "0")] == [True, False, True, False]
    assert wrong(columns.whole(1, 9), "1.5") == "not_whole"


@given(st.text(alphabet="'=+-@\t1.0aZ ", max_size=8))
@settings(max_examples=200)
def test_what_goes_out_comes_back_and_is_no_formula(text):
    """But for spaces at its ends, which no cell keeps."""
    text = text.strip(" \t")
    out = columns.defused(text)
    assert not out.startswith(("=", "+", "-", "@"))
    assert LONG(out) == text


def test_the_tests_of_a_product_are_read_as_they_are_written():
    text = "functional on return, 28 days left; loler every 182 days, 14 days left"
    assert kinds.in_words(kinds.tests_needed(text)) == text
    assert wrong(kinds.tests_needed, "loler sometimes") == "tests"
    assert wrong(kinds.tests_needed, "pat on return; pat every 9 days") == "tests"


@pytest.mark.parametrize(
    ("header", "code", "words"),
    [
        (("what", "ever"), "no_header", "names no column"),
        (("stock_code", "Stock code", "name"), "columns_twice", "twice: stock_code"),
        (("gtin",), "columns_missing", "missing: stock_code, name"),
    ],
)
def test_a_header_that_will_not_do_is_refused_by_name(header, code, words):
    with pytest.raises(Invalid, match=words) as refusal:
        kinds.layout(kinds.KINDS["products"], File("utf-8", header))
    assert refusal.value.code == code


def test_headers_are_known_however_they_are_written_and_our_own_extra_columns_are_silent():
    header = ("Stock Code", "ASSET NUMBER", "Purchase price (£)", "State", "location", "colour")
    found = kinds.layout(kinds.KINDS["assets"], File("utf-8", header))
    assert {column.name for column, _ in found.columns} == {"stock_code", "asset_number", "purchase_price", "state"}
    assert found.unknown == ("colour",)


def test_a_row_longer_than_the_header_is_wrong():
    file = File(
        "utf-8", ("stock_code", "name"), [Row(2, ("A", "B", "", "C")), Row(3, ("A2",)), Row(4, ("A3", "B", ""))]
    )
    lines, _ = kinds.lines(kinds.KINDS["products"], file)
    assert [[problem.code for problem in line.problems] for line in lines] == [["too_many_cells"], ["empty"], []]
