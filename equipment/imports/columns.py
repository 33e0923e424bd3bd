"""Cells into values: what a column may hold, what spreadsheets do to it, and the sentence said when it is wrong.

Pure: no Django.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from equipment.imports.files import FORMULA, Cell
from equipment.states import label

# A file without time zones was written by people looking at this clock.
LONDON = ZoneInfo("Europe/London")

# What a spreadsheet would run as a formula, or turn into another number, when the cell is opened as text.
_DANGEROUS = re.compile(r"'*[=+\-@\t\r]|'*\d+\.0+$")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SHORTENED, _POINT_ZERO = re.compile(r"\d+(\.\d+)?[Ee]\+?\d+"), re.compile(r"(\d+)\.0+")
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})
_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 1, 1)


class Wrong(Exception):
    """A cell that cannot be what its column says."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Problem:
    """What is wrong in one line, and what to do about it."""

    line: int
    field: str
    code: str
    detail: str


@dataclass(frozen=True)
class Line:
    """One row of the file, checked by itself: `given` holds what its cells say; an empty cell says nothing."""

    number: int
    given: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()
    keys: tuple[Hashable, ...] = field(default=())


@dataclass(frozen=True)
class Column:
    """`read` turns a cell into the value; `example` stands in the template."""

    name: str
    read: Callable[[Cell], Any]
    help: str = ""
    example: str = ""
    required: bool = False
    is_date: bool = False


def defused(text: str) -> str:
    """For a cell of an export: what a spreadsheet would take for a formula gets an apostrophe in front, as it would
    put there itself.
    """
    return f"'{text}" if _DANGEROUS.match(text) else text


def is_empty(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip(" \t\r\n\xa0"))


def plain(cell: Cell) -> tuple[str, bool]:
    """The text of a cell, and whether it was marked with an apostrophe as text to be left alone."""
    if isinstance(cell, bool):
        return ("yes" if cell else "no"), False
    if isinstance(cell, float):
        return (str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)), False
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" "), False
    text = str(cell).strip(" \t\r\n\xa0")
    if text == FORMULA:
        raise Wrong("formula", "This is a formula saved without its value: paste it as a value.")
    if text.startswith("#") and text in _ERRORS:
        raise Wrong("error_value", f"The cell shows {text}: correct the formula, or type the value.")
    if text.startswith("'") and _DANGEROUS.match(text[1:]):
        return text[1:], True
    return text, False


def text(most: int) -> Callable[[Cell], str]:
    """Words, at most so many characters."""

    def read(cell: Cell) -> str:
        return _short(_no_date(cell)[0], most)

    return read


def code(most: int, *, zeros: int = 0) -> Callable[[Cell], str]:
    """A number of somebody's that is never calculated with. Excel makes `1234.0` or `1.2E+12` of such, and takes zeros
    off the front: the first is mended, the second is lost for good, the third is mended up to `zeros` digits.
    """

    def read(cell: Cell) -> str:
        found, literal = _no_date(cell)
        if not literal:
            if _SHORTENED.fullmatch(found):
                raise Wrong("number_shortened", f"A spreadsheet has cut this number short ({found}): type it as text.")
            if isinstance(cell, int | float) and len(found) > 15:
                raise Wrong("number_shortened", "A spreadsheet keeps only 15 digits of a number: type it as text.")
            if mangled := _POINT_ZERO.fullmatch(found):
                found = mangled[1]
        if zeros and found.isascii() and found.isdigit():
            found = found.zfill(zeros)
        return _short(found, most)

    return read


def _no_date(cell: Cell) -> tuple[str, bool]:
    """A spreadsheet makes a date of `3-4`; what was typed cannot be told from it."""
    if isinstance(cell, date | time):
        raise Wrong("date_for_text", "A spreadsheet has made a date of this: format the cell as text and type it anew.")
    return plain(cell)


def _short(found: str, most: int) -> str:
    if len(found) > most:
        raise Wrong("too_long", f"This has {len(found)} characters; at most {most} are kept.")
    if _CONTROL.search(found):
        raise Wrong("control_characters", "This holds characters that cannot be printed: type it anew.")
    return found


def whole(least: int = 0, most: int = 100_000) -> Callable[[Cell], int]:
    def read(cell: Cell) -> int:
        found = _number(cell)
        if found != int(found) or not least <= found <= most:
            raise Wrong("not_whole", f"This must be a whole number from {least} to {most:,}.")
        return int(found)

    return read


def amount(digits: int, places: int) -> Callable[[Cell], Decimal]:
    """Pounds or kilograms. A pound sign and commas between thousands are understood."""

    def read(cell: Cell) -> Decimal:
        found = _number(cell)
        kept = round(found, places)
        if found != kept and not isinstance(cell, float):
            raise Wrong("too_exact", f"At most {places} decimal places are kept.")
        if not 0 <= kept < 10 ** (digits - places):
            raise Wrong("out_of_range", f"This must be from 0 to below {10 ** (digits - places):,}.")
        return kept

    return read


def _number(cell: Cell) -> Decimal:
    found, _ = plain(cell)
    if re.fullmatch(r"£?\s*\d{1,3}(,\d{3})+(\.\d+)?", found):
        found = found.replace(",", "")
    try:
        number = Decimal(found.removeprefix("£").strip())
    except InvalidOperation as error:
        raise Wrong("not_a_number", f"{found[:40]} is not a number.") from error
    if not number.is_finite():
        raise Wrong("not_a_number", f"{found[:40]} is not a number.")
    return number


_YES, _NO = (
    frozenset({"yes", "y", "true", "1", "pass", "passed"}),
    frozenset({"no", "n", "false", "0", "fail", "failed"}),
)


def yes_no(cell: Cell) -> bool:
    found = plain(cell)[0].lower()
    if found in _YES:
        return True
    if found in _NO:
        return False
    raise Wrong("not_yes_or_no", "This must be yes or no.")


def one_of(words: type[StrEnum]) -> Callable[[Cell], str]:
    """A word of the house, or its label as people read it."""
    known = {word.value: word.value for word in words} | {label(word.value).lower(): word.value for word in words}

    def read(cell: Cell) -> str:
        found = plain(cell)[0].lower()
        value = known.get(found) or known.get(found.replace(" ", "_").replace("-", "_"))
        if value is None:
            raise Wrong("unknown_word", f"{found[:40]} is not known here: {', '.join(word.value for word in words)}.")
        return value

    return read


def day(cell: Cell) -> date:
    """2026-03-31, 31/03/2026, a date cell, or the number of a day as Excel counts them."""
    if isinstance(cell, datetime):
        return _possible(cell.date())
    if isinstance(cell, date):
        return _possible(cell)
    found, _ = plain(cell)
    if parts := re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)([T ]00:00(:00(\.0+)?)?)?", found):
        return _date(parts[1], parts[2], parts[3])
    if parts := re.fullmatch(r"(\d\d?)[/.-](\d\d?)[/.-](\d{4})( 00:00(:00)?)?", found):
        if int(parts[2]) > 12:
            raise Wrong("us_date", f"{found} has the month first: write 31/03/2026 or 2026-03-31.")
        return _date(parts[3], parts[2], parts[1])
    if re.fullmatch(r"[2-7]\d{4}", found):
        return date(1899, 12, 30) + timedelta(days=int(found))
    raise Wrong("not_a_date", f"{found[:40]} is not a date: write 31/03/2026 or 2026-03-31.")


def _date(year: str, month: str, day: str) -> date:
    try:
        return _possible(date(int(year), int(month), int(day)))
    except ValueError as error:
        raise Wrong("not_a_date", f"There is no {day}/{month}/{year}.") from error


def _possible(found: date) -> date:
    if not _EARLIEST <= found < _LATEST:
        raise Wrong("not_a_date", f"The year {found.year} cannot be meant.")
    return found


def moment(cell: Cell) -> datetime:
    """A date and time; without a zone, London's. A date alone means its first minute: so a clean or a test counts for
    less than it might, never for more.
    """
    return _moment(cell, time(0, 0))


def last_moment(cell: Cell) -> datetime:
    """The same, but a date alone means its last second: what came back then was dirty until the day was over."""
    return _moment(cell, time(23, 59, 59))


def _moment(cell: Cell, without: time) -> datetime:
    if isinstance(cell, datetime) and cell.time() != time(0, 0):
        return _utc(cell)
    found = "" if isinstance(cell, date | int | float) else plain(cell)[0]
    if re.search(r"[T ]\d\d?:\d\d", found):
        return _utc(_timed(found))
    return _utc(datetime.combine(day(cell), without))


def _timed(found: str) -> datetime:
    uk = re.fullmatch(r"(\d\d?[/.-]\d\d?[/.-]\d{4})[T ](\d\d?):(\d\d)(?::(\d\d))?", found)
    try:
        if uk:
            return datetime.combine(day(uk[1]), time(int(uk[2]), int(uk[3]), int(uk[4] or 0)))
        parsed = datetime.fromisoformat(found)
    except ValueError as error:
        raise Wrong("not_a_date", f"{found[:40]} is no date and time: write 2026-03-31 14:30.") from error
    _possible(parsed.date())
    return parsed


def _utc(found: datetime) -> datetime:
    return (found if found.tzinfo else found.replace(tzinfo=LONDON)).astimezone(UTC)


def is_us_date(cell: Cell) -> bool:
    """Certainly month first: it makes every other date of its column doubtful."""
    found = re.match(r"\s*(\d\d?)[/.-](\d\d?)[/.-]\d{4}\b", cell) if isinstance(cell, str) else None
    return bool(found and int(found[2]) > 12 >= int(found[1]))


def is_doubtful_date(cell: Cell) -> bool:
    """Either could be the month. (The same number twice is no doubt.)"""
    found = re.match(r"\s*(\d\d?)[/.-](\d\d?)[/.-]\d{4}\b", cell) if isinstance(cell, str) else None
    return bool(found and int(found[1]) <= 12 and int(found[2]) <= 12 and int(found[1]) != int(found[2]))
