"""Reads: what a count found against what the records say, line by line and in pounds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q

from equipment import whereabouts
from equipment.models import Asset, AssetEvent, CountLine, StockCount
from equipment.states import AT_STORE, AssetState


@dataclass(frozen=True)
class Variance:
    """One line that differs. `value` in pounds: negative for what is gone. `note`: what is known, or was done."""

    line: CountLine
    what: str
    expected: int
    first: int | None
    second: int | None
    value: Decimal
    note: str

    @property
    def difference(self) -> int:
        return counted(self.line) - self.expected

    @property
    def is_surprise(self) -> bool:
        return self.line.asset is not None and self.difference > 0

    @property
    def is_missing(self) -> bool:
        return self.line.asset is not None and self.difference < 0


def counted(line: CountLine) -> int:
    """The second look wins; what nobody found is not there."""
    return line.second if line.second is not None else line.first or 0


def differs(line: CountLine) -> bool:
    return counted(line) != line.expected


def of_count(count: StockCount, *, moved: bool = False) -> list[Variance]:
    """The lines that differ. What came or went by a verb since the count began is none, unless `moved` asks for it."""
    lines = [line for line in _lines(count) if differs(line)]
    explained = moved_since(count, lines)
    return [_variance(line) for line in lines if moved or line.pk not in explained]


def _lines(count: StockCount) -> list[CountLine]:
    related = ("asset__product", "asset__store", "asset__location", "stock_line__product", "stock_line__store")
    return list(count.lines.select_related(*related).order_by("pk"))


def moved_since(count: StockCount, lines: Collection[CountLine]) -> set[int]:
    """The lines of assets that came, went or changed since the count began, by the records."""
    assets = {line.asset_id: line for line in lines if line.asset_id}
    events = AssetEvent.objects.filter(asset__in=assets, at__gt=count.started_at)
    moved = set(
        events.filter(~Q(from_state=F("to_state")) | Q(verb="put_away")).values_list("asset_id", flat=True).distinct()
    )
    return {
        line.pk
        for key, line in assets.items()
        if key in moved or (line.asset is not None and is_here(count, line.asset) != bool(line.expected))
    }


def is_here(count: StockCount, asset: Asset) -> bool:
    """Does it stand at the place counted, by the records?"""
    if count.location_id is not None:
        return asset.location_id == count.location_id
    return asset.store_id == count.store_id and asset.state in AT_STORE


def _variance(line: CountLine) -> Variance:
    return Variance(
        line=line,
        what=what_of(line),
        expected=line.expected,
        first=line.first,
        second=line.second,
        value=_value(line),
        note=line.resolution or (_by_the_records(line.asset) if line.asset else ""),
    )


def what_of(line: CountLine) -> str:
    if line.asset is not None:
        return f"{line.asset} {line.asset.product.name}"
    assert line.stock_line is not None  # noqa: S101  the database holds one of the two
    stock = line.stock_line
    extra = [f"batch {stock.batch}" if stock.batch else "", "dirty" if stock.dirty else ""]
    return ", ".join([stock.product.name, *filter(None, extra)])


def _value(line: CountLine) -> Decimal:
    """An asset that merely stands elsewhere is worth neither more nor less; one thought lost is a gain."""
    difference = counted(line) - line.expected
    if line.asset is not None:
        counts = difference < 0 or line.asset.state == AssetState.LOST
        return difference * line.asset.purchase_price if counts else Decimal(0)
    assert line.stock_line is not None  # noqa: S101
    return difference * line.stock_line.product.price


def _by_the_records(asset: Asset) -> str:
    return f"By the records: {whereabouts.of_asset(asset)}."
