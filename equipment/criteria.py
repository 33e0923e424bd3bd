"""What a safety alert is about: does one unit meet one criterion? Pure rules over plain facts (rule 36).

What is not on record clears nothing: a unit without its serial, batch or date of manufacture counts as one of those
that the criterion is about, until a person has looked at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

_RUNS = re.compile(r"[0-9]+|[^\W0-9_]+")


@dataclass(frozen=True)
class Criterion:
    """All that is said must be met. Serials from and to, and dates of manufacture, are meant inclusively."""

    product: int | None = None
    maker: str = ""
    model: str = ""
    serial_from: str = ""
    serial_to: str = ""
    batch: str = ""
    made_from: date | None = None
    made_to: date | None = None


@dataclass(frozen=True)
class Kind:
    """What a criterion asks of a product."""

    product: int
    maker: str = ""
    model: str = ""


@dataclass(frozen=True)
class Unit:
    """What a criterion asks of one unit: `batch` is its own, or else that of the delivery it came with."""

    kind: Kind
    serial: str = ""
    batch: str = ""
    made_on: date | None = None


def natural(serial: str) -> tuple[tuple[int, int, str], ...]:
    """Serials in the order in which people count them: runs of digits by their value, the rest by its letters.

    `SN9` stands before `SN10`; capitals, leading zeros, and blanks or strokes between the runs make no difference, for
    whoever types a serial off a plate leaves them out or puts them in.
    """
    runs = _RUNS.findall(serial.upper())
    return tuple((0, int(run), "") if run[0] in "0123456789" else (1, 0, run) for run in runs)


def about(criterion: Criterion, kind: Kind) -> bool:
    """Is it about this product at all?"""
    return (
        (criterion.product is None or criterion.product == kind.product)
        and (not criterion.maker.strip() or _same(criterion.maker, kind.maker))
        and (not criterion.model.strip() or _same(criterion.model, kind.model))
    )


def meets(criterion: Criterion, unit: Unit) -> bool:
    """Is the unit one of those that the criterion is about, as far as anybody can tell from the records?"""
    return about(criterion, unit.kind) and fits(criterion, unit.serial, unit.batch, unit.made_on)


def fits(criterion: Criterion, serial: str, batch: str, made_on: date | None) -> bool:
    """The same of a unit whose product it is about: what is left to say of it."""
    return _made_then(criterion, made_on) and of_batch(criterion, batch) and _in_serials(criterion, serial)


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _in_serials(criterion: Criterion, serial: str) -> bool:
    if not criterion.serial_from and not criterion.serial_to:
        return True
    first, last = _end(criterion.serial_from), _end(criterion.serial_to)
    key = natural(serial)
    nameless = not any(word == 0 for word, _, _ in key) and _numbered(criterion.serial_from + criterion.serial_to)
    if not key or nameless:
        return True  # nothing, `none`, `n/a`: nobody can tell
    return (not first or first <= key) and (not last or key <= last)


@lru_cache(maxsize=256)
def _end(serial: str) -> tuple[tuple[int, int, str], ...]:
    """The key of what a criterion names, which is asked for with every unit."""
    return natural(serial)


@lru_cache(maxsize=256)
def _numbered(ends: str) -> bool:
    return any(word == 0 for word, _, _ in natural(ends))


def of_batch(criterion: Criterion, batch: str) -> bool:
    """Batches are compared as serials are: `L-07` is `L 7`."""
    wanted, of = _end(criterion.batch), natural(batch)
    return not wanted or not of or wanted == of


def _made_then(criterion: Criterion, made_on: date | None) -> bool:
    if made_on is None:
        return True
    return (criterion.made_from is None or criterion.made_from <= made_on) and (
        criterion.made_to is None or made_on <= criterion.made_to
    )


def any_meets(criteria: Iterable[Criterion], unit: Unit) -> bool:
    """Any criterion of an alert will do."""
    return any(meets(criterion, unit) for criterion in criteria)
