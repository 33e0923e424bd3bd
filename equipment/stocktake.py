"""Count a place: once by one person, what differs again by another, both blind; then a decision on what still differs.

Work goes on meanwhile. What came or went by a verb since the count began is no variance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from equipment import duties, locks, resolutions, stock, variance, whereabouts
from equipment.duties import Duty
from equipment.errors import Refused
from equipment.jobs import CountState
from equipment.lifecycle import advance_job, note_job
from equipment.models import Asset, CountLine, FloorEvent, Location, StockCount, StockLine, Store
from equipment.states import AT_STORE, label
from equipment.variance import Variance

_LONGEST_RESOLUTION = 300


@dataclass(frozen=True)
class Seen:
    """What the counter is told: that it was counted, and whether it had been before. Nothing of what was expected."""

    what: str
    again: bool = False


@transaction.atomic
def start(store: Store, location: Location | None = None, *, by: str, at: datetime) -> StockCount:
    """Begin to count a location, or the whole store: what should stand there now is written down, and not shown."""
    duties.require(by, Duty.COUNT, store.pk)
    if location is not None and location.store_id != store.pk:
        raise Refused("another_store", f"{location} is not a place of {store}.")
    try:
        with transaction.atomic():
            count = StockCount.objects.create(store=store, location=location, started_at=at, first_by=by)
    except IntegrityError as error:
        raise Refused("count_open", f"{location or store} is being counted already: end that count first.") from error
    assets, lines = _expected(count)
    rows = [CountLine(count=count, asset_id=pk, expected=1) for pk in assets]
    rows += [CountLine(count=count, stock_line_id=pk, expected=number) for pk, number in lines]
    CountLine.objects.bulk_create(rows)
    note_job(count, verb="start", by=by, at=at)
    return count


def _expected(count: StockCount) -> tuple[list[int], list[tuple[int, int]]]:
    place = {"location": count.location_id} if count.location_id else {"store": count.store_id}
    assets = Asset.objects.filter(state__in=sorted(AT_STORE), **place).order_by("number")
    lines = StockLine.objects.filter(count__gt=0, **place).order_by("product__stock_code", "batch", "pk")
    return list(assets.values_list("pk", flat=True)), list(lines.values_list("pk", "count"))


@transaction.atomic
def see(count: StockCount, asset: Asset, *, by: str, at: datetime) -> Seen:
    """This asset is here. One that should not be is a surprise: it is here all the same, with what the records say."""
    _counting(count, by, at)
    line = count.lines.filter(asset=asset).first()
    if line is None:
        line = CountLine(count=count, asset=asset, expected=0, resolution=_surprise(asset))
    name = _column(count)
    seen = Seen(str(asset), again=bool(getattr(line, name)))
    if _is_looked_at(count, line):
        setattr(line, name, 1)
        line.save()
    return seen


@transaction.atomic
def unsee(count: StockCount, asset: Asset, *, by: str, at: datetime) -> None:
    """Scanned by mistake: it is as if nobody had looked."""
    _counting(count, by, at)
    line = count.lines.filter(asset=asset).first()
    if line is None:
        return
    setattr(line, _column(count), None)
    if line.expected == 0 and line.first is None and line.second is None:
        line.delete()
    else:
        line.save()


def _surprise(asset: Asset) -> str:
    return f"By the records: {whereabouts.of_asset(asset)}."[:_LONGEST_RESOLUTION]


@transaction.atomic
def tally(count: StockCount, line: StockLine, quantity: int, *, by: str, at: datetime) -> Seen:
    """So many of this stock are here, against what the records say at this moment, whatever was issued since the count
    began.
    """
    _counting(count, by, at)
    if not 0 <= quantity <= stock.MOST:
        raise Refused("quantity", f"Count none as 0, and at most {stock.MOST:,}.", field="quantity")
    held = locks.stock_line(line.pk)
    row = _line_of(count, held)
    name = _column(count)
    seen = Seen(held.product.name, again=getattr(row, name) is not None)
    if _is_looked_at(count, row):
        row.expected = held.count
        setattr(row, name, quantity)
        row.save()
    return seen


def _line_of(count: StockCount, stock: StockLine) -> CountLine:
    found = count.lines.filter(stock_line=stock).first()
    if found is not None:
        return found
    if stock.store_id != count.store_id or (count.location_id and stock.location_id != count.location_id):
        where = stock.location or stock.store
        raise Refused("kept_elsewhere", f"This {stock.product.name} is kept at {where}: count it there.")
    return CountLine(count=count, stock_line=stock, expected=stock.count)


@transaction.atomic
def end_first(count: StockCount, *, by: str, at: datetime) -> int:
    """Everything has been looked at. How many lines differ: none, and the count may be closed; else those are counted
    again.
    """
    _require(count, by)
    _in(count, CountState.OPEN)
    _all_tallied(count.lines.filter(first__isnull=True))
    count.lines.filter(first__isnull=True).update(first=0)
    different = len(variance.of_count(count))
    if different:
        advance_job(count, CountState.RECOUNT, by=by, at=at, lines=different)
    else:
        note_job(count, verb="end_first", by=by, at=at)
    return different


@transaction.atomic
def end_recount(count: StockCount, *, by: str, at: datetime) -> list[Variance]:
    """The second look is done: what still differs is to be decided."""
    _require(count, by)
    _in(count, CountState.RECOUNT)
    _another_person(count, by)
    again = _counted_again(count)
    _all_tallied(again.filter(second__isnull=True))
    again.filter(second__isnull=True).update(second=0)
    values = {"second_by": count.second_by or by}
    advance_job(count, CountState.REVIEW, by=by, at=at, values=values)
    return variances(count)


def to_count_again(count: StockCount) -> list[CountLine]:
    """What the second person looks for. Its callers show which things, and nothing of what was expected or found."""
    related = ("asset__product", "asset__store", "stock_line__product")
    lines = list(_counted_again(count).select_related(*related).order_by("pk"))
    moved = variance.moved_since(count, lines)
    return [line for line in lines if line.pk not in moved]


def variances(count: StockCount) -> list[Variance]:
    """What differs, in pounds, with what is known of it; once the count is closed, with what was done."""
    return variance.of_count(count, moved=count.state == CountState.CLOSED)


@transaction.atomic
def close(count: StockCount, *, by: str, at: datetime) -> list[Variance]:
    """Bring the records into line with what was found, and say of each line what was done or still has to be.

    A manager's decision when something is written off as lost, or the sum exceeds what needs approval (rule 14).
    """
    locks.stock_count(count)
    duties.require(by, Duty.COUNT, count.store_id)
    _decidable(count)
    resolutions.hold(count)
    found = variances(count)
    if count.state == CountState.OPEN and found:
        raise Refused("differs", "Something differs: end the first count, so that it is counted again.")
    if needs_manager(found):
        duties.require(by, Duty.MANAGE, count.store_id)
    resolutions.explain_moved(count, {row.line.pk for row in found})
    for row in found:
        said = resolutions.resolve(count, row, by=by, at=at)
        CountLine.objects.filter(pk=row.line.pk).update(resolution=said[:_LONGEST_RESOLUTION])
    pounds = str(sum(row.value for row in found))
    advance_job(count, CountState.CLOSED, by=by, at=at, values={"closed_at": at}, lines=len(found), pounds=pounds)
    return variances(count)


def needs_manager(found: Iterable[Variance]) -> bool:
    rows = list(found)
    limit = settings.SERVICE["ADJUSTMENT_APPROVAL_POUNDS"]
    return any(row.is_missing for row in rows) or sum(abs(row.value) for row in rows) > limit


@transaction.atomic
def cancel(count: StockCount, *, reason: str, by: str, at: datetime) -> None:
    """Given up: nothing found is believed, nothing changes."""
    _require(count, by)
    advance_job(count, CountState.CANCELLED, by=by, at=at, reason=reason)


def _decidable(count: StockCount) -> None:
    if count.state not in (CountState.OPEN, CountState.REVIEW):
        raise Refused("not_to_close", f"{count} is {label(count.state).lower()}: it cannot be closed now.")
    if count.state == CountState.OPEN and count.lines.filter(first__isnull=True).exists():
        raise Refused("not_ended", "Not everything has been looked at: end the first count.")


def _require(count: StockCount, by: str) -> None:
    locks.stock_count(count)
    duties.require(by, Duty.COUNT, count.store_id)


def _in(count: StockCount, state: CountState) -> None:
    if count.state != state:
        raise Refused("not_now", f"{count} is {label(count.state).lower()}, not {label(state).lower()}.")


def _counting(count: StockCount, by: str, at: datetime) -> None:
    """May this person count now? Whoever took part in the first count never takes part in the second."""
    _require(count, by)
    if count.state == CountState.OPEN:
        if by != count.first_by and not _helped(count, by):
            note_job(count, verb="help", by=by, at=at)
    elif count.state == CountState.RECOUNT:
        _another_person(count, by)
        if not count.second_by:
            count.second_by = by
            count.save(update_fields=["second_by"])
    else:
        raise Refused("not_counting", f"{count} is {label(count.state).lower()}: nothing is counted any more.")


def _another_person(count: StockCount, by: str) -> None:
    if by == count.first_by or _helped(count, by):
        raise Refused("same_person", "You counted this the first time: somebody else must count it again.")


def _helped(count: StockCount, by: str) -> bool:
    rows = FloorEvent.objects.filter(subject="count", subject_id=count.pk, verb="help")
    return rows.filter(by=str(by)).exists()


def _column(count: StockCount) -> str:
    return "first" if count.state == CountState.OPEN else "second"


def _is_looked_at(count: StockCount, line: CountLine) -> bool:
    """In the first count everything is; in the second what differed, or was not known of."""
    return count.state == CountState.OPEN or line.pk is None or line.first != line.expected or line.second is not None


def _counted_again(count: StockCount) -> QuerySet[CountLine]:
    return count.lines.exclude(first__isnull=False, first=F("expected"), second__isnull=True)


def _all_tallied(lines: QuerySet[CountLine]) -> None:
    left = list(lines.filter(stock_line__isnull=False).values_list("stock_line__product__name", flat=True)[:5])
    if left:
        raise Refused("not_tallied", f"Not counted yet: {', '.join(left)}. Count them, none as 0.")
