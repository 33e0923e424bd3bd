"""Bytes and a file name in, a header and numbered rows out. Formulas are read as the values saved with them, never run.

Pure: no Django. Every refusal names the remedy, because the file was made by a person with a spreadsheet.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO, StringIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900
from openpyxl.utils.exceptions import InvalidFileException

from equipment.errors import Invalid

Cell = str | int | float | bool | date | datetime | time | None

FORMULA = "\0formula"  # stands in a cell whose formula was saved without its value
_UNPACKED = 20  # a workbook that unpacks to more than so many times the size allowed is no list of rows
_WIDEST = 200  # columns
_DELIMITERS = ",;\t"
_AS_CSV = "Save it as CSV UTF-8 or as .xlsx and bring that in."


@dataclass(frozen=True)
class Row:
    """One row and the line it stands on in the file, as an editor or a spreadsheet numbers it."""

    line: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class File:
    encoding: str
    header: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)


def read(content: bytes, filename: str, *, rows: int, megabytes: int) -> File:
    """The whole file, at most `rows` rows of at most `megabytes`. Raises Invalid when it cannot be read at all."""
    if len(content) > megabytes * 1_000_000:
        raise Invalid("file_too_big", f"The file is above {megabytes} MB: split it and bring in the parts.")
    if not content.strip():
        raise Invalid("file_empty", "The file is empty.")
    kind, encoding = _kind(content, filename), "xlsx"
    if kind == "xlsx":
        found = _workbook(content, megabytes)
    else:
        text, encoding = _decoded(content)
        found = _csv(text)
    header = next(found, None)
    if header is None:
        raise Invalid("no_header", "The file has no header: its first row must name the columns.")
    return File(encoding, tuple(_name(cell) for cell in header.cells), _at_most(found, rows))


def _at_most(found: Iterator[Row], most: int) -> list[Row]:
    rows: list[Row] = []
    for row in found:
        if len(rows) == most:
            raise Invalid("too_many_rows", f"The file has more than {most:,} rows: split it and bring in the parts.")
        rows.append(row)
    return rows


def _name(cell: Cell) -> str:
    return "" if cell is None else str(cell).strip()


def _kind(content: bytes, filename: str) -> str:
    """By what the file is, not by what it is called; only text must also be called so."""
    if content.startswith(b"PK\x03\x04"):
        return "xlsx"
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid("file_type", f"{filename} is an old or a locked Excel file. {_AS_CSV}")
    if not re.search(r"\.(csv|txt|tsv)$", filename, re.IGNORECASE):
        raise Invalid("file_type", f"{filename} is neither CSV nor .xlsx. {_AS_CSV}")
    return "csv"


def _decoded(content: bytes) -> tuple[str, str]:
    """The text and the name of its encoding: what the byte order mark says, else UTF-8, else Windows-1252."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _text(content, encoding), encoding
    try:
        return _text(content, "utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _text(content, "cp1252"), "cp1252"


def _text(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8":
            raise
        raise Invalid("encoding", f"The letters of this file cannot be read as {encoding}. {_AS_CSV}") from error
    if "\0" in text:
        raise Invalid("nul_bytes", f"The file holds NUL bytes, so it is not plain text. {_AS_CSV}")
    return text


def _csv(text: str) -> Iterator[Row]:
    lines = StringIO(text, newline="")
    first = lines.readline()
    told = re.fullmatch(r"sep=(.)\r?\n?", first)  # what Excel writes to say so
    before = 1 if told else 0
    if not told:
        lines.seek(0)
    reader = csv.reader(lines, delimiter=told[1] if told else _delimiter(text), strict=True)
    line = before
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(line + 1, tuple(cells))
            line = before + reader.line_num
    except csv.Error as error:
        raise Invalid(
            "broken_quotes",
            f"Line {line + 1} cannot be read: a quotation mark is open or stands in the middle of a cell. {_AS_CSV}",
        ) from error


def _delimiter(text: str) -> str:
    """The one that the first line with anything in it uses most, outside quotation marks."""
    first = re.sub(r'"[^"]*"', "", text.lstrip()).splitlines()[:1]
    return max(_DELIMITERS, key=lambda sign: first[0].count(sign)) if first else ","


def _workbook(content: bytes, megabytes: int) -> Iterator[Row]:
    """The rows of the first sheet that is not hidden."""
    try:
        with ZipFile(BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > megabytes * 1_000_000 * _UNPACKED:
                raise Invalid("file_too_big", f"The workbook unpacks to far more than {megabytes} MB. {_AS_CSV}")
            has_formulas = any(_has_formulas(packed, part) for part in packed.namelist())
        rows = _cells(content, values=True)
        yield from _with_formulas(rows, _cells(content, values=False)) if has_formulas else rows
    except Invalid:
        raise
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError, TypeError) as error:
        # openpyxl says in many ways that a workbook is damaged.
        raise Invalid("damaged_workbook", f"This is no workbook that can be read. {_AS_CSV}") from error


def _has_formulas(packed: ZipFile, part: str) -> bool:
    """Looked for in the sheet's XML, because openpyxl tells an empty cell and a valueless formula apart in no way."""
    if not part.startswith("xl/worksheets/"):
        return False
    with packed.open(part) as sheet:
        tail = b""
        while piece := sheet.read(1_000_000):
            if re.search(rb"<f[ >/]", tail + piece):
                return True
            tail = piece[-3:]
    return False


def _cells(content: bytes, *, values: bool) -> Iterator[Row]:
    book: Any = load_workbook(BytesIO(content), read_only=True, data_only=values, keep_links=False)
    try:
        if book.epoch != CALENDAR_WINDOWS_1900:
            raise Invalid("old_dates", f"The workbook counts its days from 1904, which cannot be trusted. {_AS_CSV}")
        sheet = next((sheet for sheet in book.worksheets if sheet.sheet_state == "visible"), None)
        if sheet is None:
            return
        sheet.reset_dimensions()
        for line, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            if any(cell is not None and cell != "" for cell in cells):
                yield Row(line, tuple(cells[:_WIDEST]))
    finally:
        book.close()


def _with_formulas(rows: Iterator[Row], formulas: Iterator[Row]) -> Iterator[Row]:
    """The values, with a mark where a formula has none: such a cell must not pass for an empty one."""
    values = next(rows, None)
    for row in formulas:
        known: tuple[Cell, ...] = ()
        if values is not None and values.line == row.line:
            known, values = values.cells, next(rows, None)
        cells = tuple(
            FORMULA if is_formula(cell) and value is None else value
            for cell, value in zip(row.cells, known + (None,) * (len(row.cells) - len(known)), strict=False)
        )
        yield Row(row.line, cells)


def is_formula(cell: object) -> bool:
    """As openpyxl shows one: its text, or an object for the rarer kinds."""
    return (isinstance(cell, str) and cell.startswith("=")) or type(cell).__name__ in (
        "ArrayFormula",
        "DataTableFormula",
    )
