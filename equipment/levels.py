"""What the stores run low of, and the top-ups that would fill them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan

from equipment import availability, duties, locks, transfers
from equipment.days import day_of
from equipment.duties import Duty
from equipment.jobs import TransferState
from equipment.models import Asset, Product, StockLevel, StockLine, Store, Transfer, TransferItem, TransferLine
from equipment.states import AssetState, Tracking

Key = tuple[int, int]  # store, product


@dataclass(frozen=True)
class TopUp:
    """One level and what it asks for. `suggested` is what the supplier can give of what is `wanted`."""

    level: StockLevel
    on_hand: int
    coming: int
    wanted: int
    suggested: int

    @property
    def store(self) -> Store:
        return self.level.store

    @property
    def source(self) -> Store | None:
        return self.level.store.supplied_by

    @property
    def shortfall(self) -> int:
        return self.wanted - self.suggested

    def __str__(self) -> str:
        """What is wrong with it, in a sentence; empty when nothing is."""
        if not self.shortfall:
            return ""
        if self.source is None:
            return f"Nobody supplies {self.store}: say who does on its page."
        return f"{self.source} can spare {self.suggested} of {self.wanted}."


def top_ups(stores: Iterable[Store], *, on: date) -> list[TopUp]:
    """Every level of these stores that stands below its minimum, the emptiest first.

    What is on its way counts as there. What several stores want of one supplier is shared out in this order, never
    promised twice. Sets have no level of their own: their parts do.
    """
    found = [row for row in positions(stores, on=on) if row.wanted]
    return sorted(found, key=_emptiness)


def positions(stores: Iterable[Store], *, on: date) -> list[TopUp]:
    """The same for every level, wanting or not: at most two queries a product, however many stores."""
    levels = list(
        StockLevel.objects.filter(store__in=list(stores))
        .exclude(product__tracking=Tracking.COMPOSITE)
        .select_related("store__supplied_by", "product")
    )
    here, coming = _on_hand(levels, on), _coming(levels)
    rows = []
    for level in levels:
        key = (level.store_id, level.product_id)
        has = here[key] + coming[key]
        wanted = max(level.maximum - has, 0) if has < level.minimum else 0
        rows.append(TopUp(level, here[key], coming[key], wanted, 0))
    return _shared_out(rows, here)


def below(*, on: date) -> Q:
    """Levels with less on the shelf than their minimum, asked of the database; what is on its way is not counted."""
    here = {"product": OuterRef("product"), "store": OuterRef("store")}
    assets = Asset.objects.filter(state=AssetState.AVAILABLE, **here)
    unexpired = Q(expires_on__isnull=True) | Q(expires_on__gt=on)
    lines = StockLine.objects.filter(unexpired, dirty=False, **here)
    there = _sum(assets, Count("pk")) + _sum(lines, Sum(F("count") - F("reserved")))
    return Q(LessThan(there, F("minimum")))


def _sum(rows: QuerySet[Any], total: Any) -> Any:
    by_place = rows.order_by().values("product", "store").annotate(total=total).values("total")
    return Coalesce(Subquery(by_place, output_field=IntegerField()), 0)


def _emptiness(row: TopUp) -> tuple[float, str, str]:
    has = row.on_hand + row.coming
    return has / max(row.level.minimum, 1), row.store.code, row.level.product.stock_code


def _shared_out(rows: list[TopUp], here: dict[Key, int]) -> list[TopUp]:
    """Who is emptiest is served first; what is promised on drafts already is not there to give."""
    spare = dict(here)
    for key, promised in _promised(rows).items():
        spare[key] = spare.get(key, 0) - promised
    made = []
    for row in sorted(rows, key=_emptiness):
        key = (row.level.store.supplied_by_id or 0, row.level.product_id)
        given = min(row.wanted, max(spare.get(key, 0), 0))
        spare[key] = spare.get(key, 0) - given
        made.append(TopUp(row.level, row.on_hand, row.coming, row.wanted, given))
    order = {id(row.level): n for n, row in enumerate(rows)}
    return sorted(made, key=lambda row: order[id(row.level)])


def _on_hand(levels: list[StockLevel], on: date) -> dict[Key, int]:
    """What each store, and each that supplies one, could issue today."""
    by_product: dict[Product, dict[int, Store]] = defaultdict(dict)
    for level in levels:
        for store in (level.store, level.store.supplied_by):
            if store is not None:
                by_product[level.product][store.pk] = store
    found: dict[Key, int] = defaultdict(int)
    for product, stores in by_product.items():
        shelves = availability.of_product(product, list(stores.values()), on=on)
        for store, shelf in zip(stores.values(), shelves, strict=True):
            found[store.pk, product.pk] = shelf.issuable
    return found


def _coming(levels: list[StockLevel]) -> dict[Key, int]:
    """What clean transfers bring: of those sent, what has not arrived; of drafts, what was asked for or put on."""
    stores, products = {level.store_id for level in levels}, {level.product_id for level in levels}
    to = {"transfer__dirty": False, "transfer__destination__in": stores, "product__in": products}
    found: dict[Key, int] = defaultdict(int)
    sent = TransferItem.objects.filter(transfer__state=TransferState.SENT, **to).order_by()
    rows = sent.values_list("transfer__destination", "product")
    for store, product, still in rows.annotate(still=Sum(F("sent") - F("received") - F("missing"))):
        found[store, product] += still
    for (_, store, product), asked, put_on in _drafts(**to):
        found[store, product] += max(asked, put_on)
    return found


def _promised(rows: list[TopUp]) -> dict[Key, int]:
    """What drafts ask of each supplier and nobody has put on yet."""
    suppliers = {row.level.store.supplied_by_id for row in rows}
    found: dict[Key, int] = defaultdict(int)
    for (source, _, product), asked, put_on in _drafts(transfer__dirty=False, transfer__source__in=suppliers):
        found[source, product] += max(asked - put_on, 0)
    return found


def _drafts(**which: object) -> list[tuple[tuple[int, int, int], int, int]]:
    """(source, destination, product), asked for and put on: for each draft and product, in two queries."""
    keys = ("transfer_id", "transfer__source", "transfer__destination", "product")
    asked: dict[tuple[int, ...], int] = defaultdict(int)
    put_on: dict[tuple[int, ...], int] = defaultdict(int)
    for *key, number in _of_drafts(TransferLine, "quantity", keys, which):
        asked[tuple(key)] += number
    for *key, number in _of_drafts(TransferItem, "sent", keys, which):
        put_on[tuple(key)] += number
    return [((key[1], key[2], key[3]), asked[key], put_on[key]) for key in {*asked, *put_on}]


def _of_drafts(
    model: type[TransferLine] | type[TransferItem], number: str, keys: tuple[str, ...], which: dict[str, object]
) -> Iterable[tuple[int, ...]]:
    rows = model._default_manager.filter(transfer__state=TransferState.DRAFT, **which)
    return rows.order_by().values_list(*keys, number)


@transaction.atomic
def raise_top_ups(stores: Iterable[Store], *, by: str, at: datetime) -> list[Transfer]:
    """Draft one transfer for each pair of stores, of all that is suggested. Asked again, it finds nothing to do."""
    wanting = list(stores)
    duties.require(by, Duty.TRANSFER)
    for store in wanting:
        duties.require(by, Duty.TRANSFER, store.pk)
    locks.stores({key for store in wanting for key in (store.pk, store.supplied_by_id) if key})
    asked: dict[tuple[Store, Store], dict[Product, int]] = defaultdict(dict)
    for row in top_ups(wanting, on=day_of(at)):
        if row.source is not None and row.suggested:
            asked[row.source, row.store][row.level.product] = row.suggested
    return [
        transfers.draft(source, store, wanted, by=by, at=at, note="Top-up") for (source, store), wanted in asked.items()
    ]
