"""Every row lock of this app: ordered, evaluated here, and only inside a transaction. Lock before you count."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet

from equipment.models import Asset, Reservation, StockLine
from equipment.states import AssetState


def _inside_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("Row locks need a transaction around the whole decision.")


def asset(pk: int) -> Asset:
    """The asset, held until the transaction ends. Raises Asset.DoesNotExist."""
    _inside_transaction()
    return Asset.objects.select_for_update(of=("self",)).select_related("product").get(pk=pk)


def reservations(pks: Iterable[int]) -> list[Reservation]:
    _inside_transaction()
    rows = Reservation.objects.select_for_update(of=("self",)).filter(pk__in=list(pks))
    return list(rows.select_related("asset__product", "stock_line", "person", "product").order_by("pk"))


def shelf(product_id: int, store_ids: Iterable[int], *, due_after: date, limit: int, wait: bool) -> list[Asset]:
    """Up to `limit` assets on a shelf, recycled before new, then the test that falls due first, so that none grows
    stale.

    Without `wait`, assets that another order is looking at are passed over; with it, their fate is awaited.
    """
    _inside_transaction()
    rows: QuerySet[Asset] = Asset.objects.filter(
        Q(test_due_on__isnull=True) | Q(test_due_on__gte=due_after),
        product_id=product_id,
        store_id__in=list(store_ids),
        state=AssetState.AVAILABLE,
    )
    rows = rows.order_by("-loans_count", "test_due_on", "pk").select_related("product")
    return list(rows.select_for_update(of=("self",), skip_locked=not wait)[:limit])


def stock_lines(product_id: int, store_ids: Iterable[int]) -> list[StockLine]:
    """The clean lines of a product in these stores, first to expire first."""
    _inside_transaction()
    rows = StockLine.objects.filter(product_id=product_id, store_id__in=list(store_ids), dirty=False)
    return list(rows.select_for_update().order_by("expires_on", "pk"))


def stock_line(pk: int) -> StockLine:
    _inside_transaction()
    return StockLine.objects.select_for_update().get(pk=pk)
