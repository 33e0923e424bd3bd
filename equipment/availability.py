"""Reads: how much of a product could go out on a day, and from which store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Max, Q, Sum

from equipment.models import Asset, Product, StockLine, Store, TestRegime
from equipment.states import AssetState

_RENEWING = (
    AssetState.RETURNING,
    AssetState.QUARANTINE,
    AssetState.DECONTAMINATING,
    AssetState.DECONTAMINATED,
    AssetState.TESTING,
)


@dataclass(frozen=True)
class Shelf:
    """What one store has of one product: issuable now, of which recycled, and on its way back to the shelf."""

    store: str
    issuable: int
    recycled: int = 0
    renewing: int = 0


def of_product(product: Product, stores: Sequence[Store], *, on: date) -> list[Shelf]:
    """What each store could issue on that day, in one query for assets, or one for counted stock."""
    if product.is_composite:
        return _composite(product, stores, on=on)
    counts = _assets(product, stores, on) if product.is_serialised else _quantities(product, stores, on)
    return [counts.get(store.pk, Shelf(store.code, 0)) for store in stores]


def _assets(product: Product, stores: Iterable[Store], on: date) -> dict[int, Shelf]:
    remaining = TestRegime.objects.filter(product=product).aggregate(days=Max("remaining_days"))["days"] or 0
    floor = on + timedelta(days=remaining)
    in_date = Q(test_due_on__isnull=True) | Q(test_due_on__gte=floor)
    issuable = Q(state=AssetState.AVAILABLE) & in_date
    rows = (
        Asset.objects.filter(product=product, store__in=stores, state__in=[AssetState.AVAILABLE, *_RENEWING])
        .order_by()
        .values("store_id", "store__code")
        .annotate(
            issuable=Count("pk", filter=issuable),
            recycled=Count("pk", filter=issuable & Q(loans_count__gt=0)),
            renewing=Count("pk", filter=~Q(state=AssetState.AVAILABLE)),
        )
    )
    return {r["store_id"]: Shelf(r["store__code"], r["issuable"], r["recycled"], r["renewing"]) for r in rows}


def _quantities(product: Product, stores: Iterable[Store], on: date) -> dict[int, Shelf]:
    usable = Q(dirty=False, alert__isnull=True) & (Q(expires_on__isnull=True) | Q(expires_on__gt=on))
    rows = (
        StockLine.objects.filter(product=product, store__in=stores)
        .order_by()
        .values("store_id", "store__code")
        .annotate(issuable=Sum(F("count") - F("reserved"), filter=usable), renewing=Sum("count", filter=Q(dirty=True)))
    )
    return {r["store_id"]: Shelf(r["store__code"], r["issuable"] or 0, renewing=r["renewing"] or 0) for r in rows}


def _composite(product: Product, stores: Sequence[Store], *, on: date) -> list[Shelf]:
    """As many sets as the scarcest part allows."""
    sets: dict[str, Shelf] = {}
    for part in product.parts.select_related("part").prefetch_related("part__parts"):
        for shelf in of_product(part.part, stores, on=on):
            mine = Shelf(
                shelf.store,
                shelf.issuable // part.quantity,
                shelf.recycled // part.quantity,
                shelf.renewing // part.quantity,
            )
            known = sets.get(shelf.store, mine)
            sets[shelf.store] = Shelf(
                mine.store,
                min(known.issuable, mine.issuable),
                min(known.recycled, mine.recycled),
                min(known.renewing, mine.renewing),
            )
    return [sets.get(store.code, Shelf(store.code, 0)) for store in stores]
