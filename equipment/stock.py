"""Stock that is counted: every change is a movement, and the count is their sum (rule 14)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from equipment import locks
from equipment.errors import Invalid, Refused
from equipment.models import Product, StockLine, StockMovement, Store
from equipment.words import MovementKind


@transaction.atomic
def receive(
    product: Product,
    store: Store,
    quantity: int,
    *,
    by: str,
    at: datetime,
    batch: str = "",
    expires_on: date | None = None,
) -> StockLine:
    """Add new stock to the line of its batch, which is made when there is none."""
    if product.is_serialised or product.is_composite:
        raise Invalid("not_counted", f"{product} is not counted stock: book in its assets.", field="product")
    line, _ = StockLine.objects.get_or_create(
        product=product, store=store, batch=batch, dirty=False, defaults={"expires_on": expires_on}
    )
    return move(line, quantity, MovementKind.RECEIPT, by=by, at=at)


@transaction.atomic
def move(line: StockLine, quantity: int, kind: str, *, by: str, at: datetime, reason: str = "") -> StockLine:
    """Change the count of a line by `quantity` (negative: out), with its movement, under the row's lock."""
    if quantity == 0:
        raise Invalid("nothing_to_move", "The quantity must not be 0.", field="quantity")
    held = locks.stock_line(line.pk)
    if held.count + quantity < held.reserved:
        raise Refused(
            "not_enough_stock",
            f"{held} holds {held.count}, {held.reserved} of them reserved: {-quantity} cannot go.",
            on_hand=held.count,
            reserved=held.reserved,
        )
    StockMovement.objects.create(line=held, quantity=quantity, kind=kind, at=at, by=by, reason=reason)
    held.count += quantity
    held.save(update_fields=["count"])
    return held


@transaction.atomic
def take_back(product: Product, store: Store, quantity: int, *, by: str, at: datetime, batch: str = "") -> StockLine:
    """Returned counted stock goes onto the store's dirty line, which nobody can reserve from."""
    line, _ = StockLine.objects.get_or_create(product=product, store=store, batch=batch, dirty=True)
    return move(line, quantity, MovementKind.RETURN, by=by, at=at)


@transaction.atomic
def cleaned(line: StockLine, quantity: int, *, by: str, at: datetime, reason: str = "") -> StockLine:
    """Move cleaned stock from a dirty line to the clean line of its batch."""
    if not line.dirty:
        raise Refused("not_dirty", f"{line} is clean stock already.")
    move(line, -quantity, MovementKind.CLEANED, by=by, at=at, reason=reason)
    clean, _ = StockLine.objects.get_or_create(
        product_id=line.product_id,
        store_id=line.store_id,
        batch=line.batch,
        dirty=False,
        defaults={"expires_on": line.expires_on},
    )
    return move(clean, quantity, MovementKind.CLEANED, by=by, at=at, reason=reason)
