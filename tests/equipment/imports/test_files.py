"""Files as spreadsheets and people make them: encodings, delimiters, quotes, formulas, and what cannot be read."""

from __future__ import annotations

from datetime import date, datetime, time
from io import BytesIO

import pytest
from openpyxl import Workbook

from equipment.errors import Invalid
from equipment.imports import files
from tests.equipment.imports.given import xlsx_of

DAY = datetime.combine(date(2026, 3, 3), time())  # a date cell knows no zone
TEXT = "stock_code,name\nA,Zoë’s chair\n"


def read(content: bytes, filename: str = "f.csv", rows: int = 10, megabytes: int = 1) -> files.File:
    return files.read(content, filename, rows=rows, megabytes=megabytes)


def refused(content: bytes, filename: str = "f.csv", rows: int = 10, megabytes: int = 1) -> str:
    with pytest.raises(Invalid) as refusal:
        read(content, filename, rows, megabytes)
    return refusal.value.code


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("cp1252", "cp1252")],
)
def test_the_encoding_is_found_and_said(encoding, found):
    file = read(TEXT.encode(encoding))
    assert (file.encoding, file.header, file.rows[0].cells) == (found, ("stock_code", "name"), ("A", "Zoë’s chair"))


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "a;b\n1;2\n", "a\tb\n1\t2\n", "sep=;\na;b\n1;2\n", "a,b\r1,2\r"])
def test_commas_semicolons_and_tabs_part_the_cells(text):
    file = read(text.encode())
    assert (file.header, file.rows[0].cells) == (("a", "b"), ("1", "2"))


def test_a_quoted_cell_may_hold_lines_and_commas_and_lines_are_counted_as_an_editor_does():
    file = read(b'a,b\n"1\n2, 3",4\n\n5,6\n')
    assert [(row.line, row.cells) for row in file.rows] == [(2, ("1\n2, 3", "4")), (5, ("5", "6"))]


def test_a_workbook_is_read_by_its_values_with_the_lines_of_its_sheet():
    file = read(xlsx_of(("a", "b", "c"), (1.5, DAY, True), (), ("x", None, "y")), "f.xlsx")
    assert (file.encoding, file.header) == ("xlsx", ("a", "b", "c"))
    assert [(row.line, row.cells) for row in file.rows] == [
        (2, (1.5, DAY, True)),
        (4, ("x", None, "y")),
    ]


def test_a_formula_is_never_run_and_without_its_value_it_is_no_empty_cell():
    file = read(xlsx_of(("a", "b"), ("=1+1", "x"), ("y", "=A2")), "f.xlsx")
    assert [row.cells for row in file.rows] == [(files.FORMULA, "x"), ("y", files.FORMULA)]
    assert read(b"a,b\n=1+1,x\n").rows[0].cells == ("=1+1", "x")


def test_a_hidden_sheet_is_not_what_is_brought_in():
    book, out = Workbook(), BytesIO()
    book.active.append(["hidden"])
    book.active.sheet_state = "hidden"
    book.create_sheet().append(["shown"])
    book.save(out)
    assert read(out.getvalue(), "f.xlsx").header == ("shown",)


@pytest.mark.parametrize(
    ("content", "filename", "code"),
    [
        (b"", "f.csv", "file_empty"),
        (b" \r\n\r\n", "f.csv", "file_empty"),
        (b",,\n,,\n", "f.csv", "no_header"),
        (b"a,b\n1,2\n", "f.pdf", "file_type"),
        (b"\xd0\xcf\x11\xe0rest", "f.xls", "file_type"),
        (b"a,b\n1,\x00\n", "f.csv", "nul_bytes"),
        ("a,b\n".encode("utf-16-le"), "f.csv", "nul_bytes"),
        (b"a,b\n\x81,2\n", "f.csv", "encoding"),
        (b"\xff\xfea", "f.csv", "encoding"),
        (b'a,b\n1,"2\n', "f.csv", "broken_quotes"),
        (b'a,b\n"1"x,2\n', "f.csv", "broken_quotes"),
        (b"PK\x03\x04 no zip", "f.xlsx", "damaged_workbook"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_code(content, filename, code):
    assert refused(content, filename) == code


def test_too_many_rows_or_megabytes_are_refused():
    assert len(read(b"a\n1\n2\n", rows=2).rows) == 2
    assert refused(b"a\n1\n2\n3\n", rows=2) == "too_many_rows"
    assert refused(b"a\n" + b"1" * 1_000_000) == "file_too_big"
