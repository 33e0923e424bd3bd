"""What a count that is being closed does about each line that differs, in one sentence for its report."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from equipment import locations, locks, receiving, stock, variance, whereabouts
from equipment.errors import Refused
from equipment.lifecycle import advance, stands_at
from equipment.models import Asset, CountLine, StockCount, StockLine, WashItem
from equipment.states import ASSET, AT_HOME, AT_STORE, COMMITTED, AssetState, label
from equipment.variance import Variance

_MOVED = "Came, went or changed while the count was on: no variance."


def hold(count: StockCount) -> None:
    """Lock what is about to be decided: the assets, then the stock lines, each in the order of their keys."""
    lines = [line for line in count.lines.all() if variance.differs(line)]
    locks.assets(line.asset_id for line in lines if line.asset_id)
    locks.lines(line.stock_line_id for line in lines if line.stock_line_id)


def explain_moved(count: StockCount, decided: Collection[int]) -> None:
    """Say of the lines that differ and are no variance why they are none."""
    moved = [row.line.pk for row in variance.of_count(count, moved=True) if row.line.pk not in decided]
    CountLine.objects.filter(pk__in=moved).update(resolution=_MOVED)


def resolve(count: StockCount, row: Variance, *, by: str, at: datetime) -> str:
    """Do what the records allow about one line; what they do not allow is said, for a person to see to."""
    if row.line.stock_line is not None:
        return _adjust(count, row.line.stock_line, row.difference, by=by, at=at)
    assert row.line.asset is not None  # noqa: S101  the database holds one of the two
    if row.is_missing:
        return _write_off(count, row.line.asset, by=by, at=at)
    return _settle(count, row.line.asset, by=by, at=at)


def _adjust(count: StockCount, line: StockLine, difference: int, *, by: str, at: datetime) -> str:
    if line.count + difference < line.reserved:
        return f"{line.reserved} are promised, and fewer are here: release some first, then adjust by {difference:+d}."
    made = stock.adjust(line, difference, reason=str(count), by=by, at=at)
    if made.movement_id is None:
        return f"Adjustment by {difference:+d} waits for a second person."
    return f"Adjusted by {difference:+d}."


def _write_off(count: StockCount, asset: Asset, *, by: str, at: datetime) -> str:
    if asset.state in COMMITTED or receiving.live_reservation(asset):
        return "Not found, but promised to somebody: release or replace it first, then report it lost."
    if WashItem.objects.filter(asset=asset, outcome="").exists():
        return "Not found, but in a wash that has not ended: take it out of that first, then report it lost."
    move = ASSET.moves.get((asset.state, AssetState.LOST))
    if move is None or move.verb != "lose":
        return f"Not found, but {label(asset.state).lower()}: a manager must release it first."
    advance(asset, AssetState.LOST, by=by, at=at, reason=f"not found in count {count.pk}", count=count.pk)
    return "Not found: written off as lost."


def _settle(count: StockCount, asset: Asset, *, by: str, at: datetime) -> str:
    """It is here, and the records thought it elsewhere."""
    if asset.state == AssetState.LOST:
        return _found_again(count, asset, by=by, at=at)
    if asset.state in AT_STORE and asset.store_id == count.store_id:
        return _put_here(count, asset, by=by, at=at)
    known = whereabouts.of_asset(asset)
    if asset.state in AT_HOME:
        return f"By the records {known}: hand it in."
    if asset.state == AssetState.IN_TRANSFER:
        return f"By the records {known}: receive it."
    if asset.state in AT_STORE:
        return f"By the records {known}: send it back, or bring it here by a transfer."
    return f"By the records {known}: nothing done, somebody must look at it."


def _found_again(count: StockCount, asset: Asset, *, by: str, at: datetime) -> str:
    reason = f"found in count {count.pk}"
    with_location = count.location if count.location and stands_at(AssetState.QUARANTINE, count.location) else None
    receiving.find(asset, count.store, by=by, at=at, reason=reason)
    if with_location is not None:
        locations.put_away(asset, with_location, by=by, at=at)
    return "Was lost and is found: in quarantine."


def _put_here(count: StockCount, asset: Asset, *, by: str, at: datetime) -> str:
    location = count.location
    if location is None:
        return f"By the records {whereabouts.of_asset(asset)}."
    if not stands_at(asset.state, location):
        return f"It is {label(asset.state).lower()} and may not stand here: move it."
    try:
        with transaction.atomic():
            locations.put_away(asset, location, by=by, at=at)
    except Refused as error:
        return error.detail
    return f"Put away here, at {location}."
