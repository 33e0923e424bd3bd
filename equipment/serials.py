"""Lists of makers' serials: pasted, scanned or from a file; each with its line, and what its GS1 code says besides."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from equipment import gs1
from equipment.errors import Invalid

_LONGEST_SERIAL = 60
_HEADINGS = frozenset({"serial", "serial number", "serial no", "serial no."})
_SURELY_GS1 = re.compile(r"\(\d{2,4}\)|\][A-Za-z]\d|https?://", re.IGNORECASE)


class Serial(str):
    """A maker's serial, knowing the line of the list it stands on, and what else its code said."""

    line: int
    gtin: str
    lot: str
    made_on: date | None

    def __new__(cls, text: str, line: int, *, gtin: str = "", lot: str = "", made_on: date | None = None) -> Serial:
        made = super().__new__(cls, text)
        made.line, made.gtin, made.lot, made.made_on = line, gtin, lot, made_on
        return made


def legible(serial: str, line: int) -> None:
    """Raises Invalid, naming the line, for a serial that is empty, too long or cannot be printed."""
    wrong = ""
    if not serial:
        wrong = "is empty"
    elif len(serial) > _LONGEST_SERIAL:
        wrong = f"is longer than {_LONGEST_SERIAL} characters"
    elif not serial.isprintable():
        wrong = "has a character that cannot be printed"
    if wrong:
        raise Invalid("serial_illegible", f"Line {line}: the serial {wrong}.", field="serials", line=line)


def serials_from(text: str) -> tuple[Serial, ...]:
    """The serials of a pasted or scanned list: one a line, or parted by commas or tabs; or of a CSV file whose first
    line names a column "serial". Raises Invalid with the line of what is empty or too long.
    """
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff").rstrip())
    if lines == [""]:
        return ()
    mark = next((sign for sign in "\t;," if sign in lines[0]), ",")
    heading = [cell.strip().lower() for cell in next(csv.reader([lines[0]], delimiter=mark), [])]
    column = next((n for n, name in enumerate(heading) if name in _HEADINGS), None)
    if column is None:
        cells = [(line, cell) for line, row in _rows([text.replace("\t", ",") for text in lines], ",") for cell in row]
    else:
        cells = [(line, "".join(row[column : column + 1])) for line, row in _rows(lines, mark) if line > 1]
    return tuple(_serial(cell, line) for line, cell in cells)


def _rows(lines: list[str], mark: str) -> Iterable[tuple[int, list[str]]]:
    """Each row of cells with the line that it starts on. An empty line is a row of one empty cell."""
    # With their line ends, so that a quotation mark never closed cannot join two serials unseen.
    reader: Any = csv.reader((f"{line}\n" for line in lines), delimiter=mark)
    start = 1
    try:
        for row in reader:
            yield start, row or [""]
            start = reader.line_num + 1
    except csv.Error as error:
        raise Invalid("serial_illegible", f"Line {start} cannot be read: {error}.", field="serials") from error


def _serial(cell: str, line: int) -> Serial:
    """The serial as it is, or that of a GS1 code with its lot and its date of manufacture, (11)."""
    text = cell.strip()
    bare, sure = gs1.without_symbology(text)
    try:
        found = gs1.parse(bare, sure=sure)
    except gs1.Wrong as error:
        if _SURELY_GS1.match(text):
            raise Invalid("serial_illegible", f"Line {line}: {error}", field="serials", line=line) from error
        found = None  # digits that only look like one
    if found is not None and found.serial:
        return Serial(found.serial, line, gtin=found.gtin, lot=found.lot, made_on=found.made)
    legible(text, line)
    return Serial(text, line)
