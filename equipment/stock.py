"""Stock that is counted: every change is a movement, and the count is their sum (rule 14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from equipment import duties, locks, recall_facts
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.models import Product, StockAdjustment, StockLine, StockMovement, Store
from equipment.words import MovementKind

MOST = 1_000_000  # in one movement: more is a typing error
_MOST_POUNDS = Decimal("9999999.99")  # what an adjustment can hold


@dataclass(frozen=True)
class Difference:
    """A line whose `what` (count or reserved) is not the sum of the rows behind it."""

    line: StockLine
    what: str
    kept: int
    sum: int


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
    reason: str = "",
) -> StockLine:
    """Add new stock to the line of its batch, which is made when there is none. What has expired is refused."""
    duties.require(by, Duty.RECEIVE, store.pk)
    if product.is_serialised or product.is_composite:
        raise Invalid("not_counted", f"{product} is not counted stock: book in its assets.", field="product")
    at_least_one(quantity)
    line = line_for(product.pk, store.pk, batch, dirty=False, expires_on=expires_on)
    not_expired(line.expires_on, at)
    return move(line, quantity, MovementKind.RECEIPT, by=by, at=at, reason=reason)


def at_least_one(quantity: int) -> None:
    """Raises Invalid for a quantity of nothing, or of less."""
    if quantity < 1:
        raise Invalid("quantity_needed", "The quantity must be 1 or more.", field="quantity")


def not_expired(expires_on: date | None, at: datetime) -> None:
    """Raises Refused for a batch that could not be issued any more. A count that finds some is an adjustment."""
    if expires_on is not None and expires_on <= day_of(at):
        raise Refused(
            "expired",
            f"This batch expired on {expires_on:%d %b %Y}: send it back to the supplier.",
            field="expires_on",
        )


def line_for(product_id: int, store_id: int, batch: str, *, dirty: bool, expires_on: date | None) -> StockLine:
    """The line of a batch in a store, held, and made when there is none. A batch has one expiry date, and another one
    is Invalid while any of it is about; not given, it is that of the line.
    """
    made, new = StockLine.objects.get_or_create(
        product_id=product_id, store_id=store_id, batch=batch.strip(), dirty=dirty, defaults={"expires_on": expires_on}
    )
    if new:
        StockLine.objects.filter(pk=made.pk).update(alert=recall_facts.alert_of_line(made))
    line = locks.stock_line(made.pk)
    if expires_on is None or line.expires_on == expires_on:
        return line
    if line.count or line.reservations.filter(ended_at__isnull=True).exists():
        known = f"expires on {line.expires_on:%d %b %Y}" if line.expires_on else "has no expiry date"
        raise Invalid(
            "other_expiry",
            f"Batch {line.batch or '(none)'} of {line.product.name} {known}: give this another batch.",
            field="expires_on",
        )
    line.expires_on = expires_on
    line.save(update_fields=["expires_on"])
    return line


def move(line: StockLine, quantity: int, kind: str, *, by: str, at: datetime, reason: str = "") -> StockLine:
    """Change the count of a line by `quantity` (negative: out) and give the line as it is then."""
    return record(line, quantity, kind, by=by, at=at, reason=reason).line


@transaction.atomic
def record(line: StockLine, quantity: int, kind: str, *, by: str, at: datetime, reason: str = "") -> StockMovement:
    """The same, giving the movement: it and the count are written together under the line's lock."""
    held = locks.stock_line(line.pk)
    _must_hold(held, quantity)
    _must_be_free(held, quantity, kind)
    made = StockMovement.objects.create(line=held, quantity=quantity, kind=kind, at=at, by=by, reason=reason)
    held.count += quantity
    if kind in _FROM_OUTSIDE and held.alert_id is None:
        held.alert_id = recall_facts.alert_of_line(held)
    held.save(update_fields=["count", "alert"])
    return made


# Made safe is what lay there; what comes in afterwards under an alert in force is not (rule 36).
_FROM_OUTSIDE = frozenset({MovementKind.RECEIPT, MovementKind.RETURN, MovementKind.ARRIVED})


def _must_hold(line: StockLine, quantity: int) -> None:
    """Raises unless so much may go from the line, or come to it. What is reserved stays (rule 7)."""
    if quantity == 0:
        raise Invalid("nothing_to_move", "The quantity must not be 0.", field="quantity")
    if abs(quantity) > MOST:
        raise Invalid("too_many", f"At most {MOST:,} at once.", field="quantity")
    if line.count + quantity < line.reserved:
        raise Refused(
            "not_enough_stock",
            f"{line} holds {line.count}, {line.reserved} of them reserved: {-quantity} cannot go.",
            on_hand=line.count,
            reserved=line.reserved,
        )


def _must_be_free(line: StockLine, quantity: int, kind: str) -> None:
    """Raises Refused when something would leave a line under a safety alert, but to correct its count (rule 36)."""
    if quantity < 0 and line.alert is not None and kind != MovementKind.ADJUSTMENT:
        raise Refused("recalled", f"{line} is held under safety alert {line.alert}.", alert=line.alert.reference)


@transaction.atomic
def take_back(
    product: Product,
    store: Store,
    quantity: int,
    *,
    by: str,
    at: datetime,
    batch: str = "",
    expires_on: date | None = None,
) -> StockLine:
    """Returned counted stock goes onto the store's dirty line, which nobody can reserve from.

    What comes back may be older than what lies there: the line takes the earlier expiry date.
    """
    at_least_one(quantity)
    made, _ = StockLine.objects.get_or_create(
        product=product, store=store, batch=batch, dirty=True, defaults={"expires_on": expires_on}
    )
    line = locks.stock_line(made.pk)
    if expires_on and (not line.count or line.expires_on is None or expires_on < line.expires_on):
        line.expires_on = expires_on
        line.save(update_fields=["expires_on"])
    return move(line, quantity, MovementKind.RETURN, by=by, at=at)


@transaction.atomic
def cleaned(line: StockLine, quantity: int, *, by: str, at: datetime, reason: str = "") -> StockLine:
    """Move cleaned stock from a dirty line to the clean line of its batch."""
    duties.require(by, Duty.CLEAN, line.store_id)
    if not line.dirty:
        raise Refused("not_dirty", f"{line} is clean stock already.")
    at_least_one(quantity)
    beside = StockLine.objects.filter(product_id=line.product_id, store_id=line.store_id, batch=line.batch)
    locks.lines(beside.values_list("pk", flat=True))
    dirty = move(line, -quantity, MovementKind.CLEANED, by=by, at=at, reason=reason)
    clean = line_for(dirty.product_id, dirty.store_id, dirty.batch, dirty=False, expires_on=dirty.expires_on)
    return move(clean, quantity, MovementKind.CLEANED, by=by, at=at, reason=reason)


# Corrections ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def adjust(line: StockLine, quantity: int, *, reason: str, by: str, at: datetime) -> StockAdjustment:
    """Correct a count by `quantity` (negative: fewer). Above the value agreed it waits for a second person, and
    nothing moves until then (rule 14).
    """
    held = locks.stock_line(line.pk)
    duties.require(by, Duty.COUNT, held.store_id)
    if not reason.strip():
        raise Invalid("reason_needed", "Say why the count is wrong.", field="reason")
    _must_hold(held, quantity)
    asked = StockAdjustment(
        line=held, quantity=quantity, value=_value(held, quantity), reason=reason.strip(), asked_at=at, asked_by=by
    )
    if asked.value <= settings.SERVICE["ADJUSTMENT_APPROVAL_POUNDS"]:
        _carry_out(asked, by=by, at=at)  # nobody decided: it needed nobody
    asked.save()
    return asked


def _value(line: StockLine, quantity: int) -> Decimal:
    value = abs(quantity) * line.product.price
    if value > _MOST_POUNDS:
        raise Invalid("too_much", f"At most £{_MOST_POUNDS:,} in one adjustment.", field="quantity")
    return value


def _carry_out(adjustment: StockAdjustment, *, by: str, at: datetime) -> None:
    adjustment.movement = record(
        adjustment.line, adjustment.quantity, MovementKind.ADJUSTMENT, by=by, at=at, reason=adjustment.reason
    )
    adjustment.approved, adjustment.decided_at = True, at


@transaction.atomic
def decide(adjustment: StockAdjustment, *, approve: bool, by: str, at: datetime) -> StockAdjustment:
    """Approve an adjustment, which then moves the stock, or refuse it: once, and by another person than asked for it
    (rule 14).
    """
    held = locks.adjustment(adjustment.pk)
    duties.require(by, Duty.MANAGE, held.line.store_id)
    if held.decided_at is not None:
        verdict = "approved" if held.approved else "refused"
        raise Refused("already_decided", f"This was {verdict} on {held.decided_at:%d %b %Y}.", approved=held.approved)
    if held.asked_by == by:
        raise Refused("second_person", "You asked for this adjustment yourself: another person decides it.")
    if approve:
        _carry_out(held, by=by, at=at)
    held.approved, held.decided_at, held.decided_by = approve, at, by
    held.save(update_fields=["approved", "decided_at", "decided_by", "movement"])
    return held


@transaction.atomic
def split(
    line: StockLine, quantity: int, *, batch: str, by: str, at: datetime, expires_on: date | None = None
) -> StockLine:
    """Some of a line is of another batch: move it to that batch's line. Not given, the expiry date stays the same."""
    duties.require(by, Duty.COUNT, line.store_id)
    at_least_one(quantity)
    if batch.strip() == line.batch:
        raise Invalid("same_batch", "Name another batch than the one it is in.", field="batch")
    to = StockLine.objects.filter(
        product_id=line.product_id, store_id=line.store_id, batch=batch.strip(), dirty=line.dirty
    )
    held = locks.lines([line.pk, *to.values_list("pk", flat=True)])[line.pk]
    other = line_for(held.product_id, held.store_id, batch, dirty=held.dirty, expires_on=expires_on or held.expires_on)
    move(held, -quantity, MovementKind.SPLIT, by=by, at=at, reason=f"To batch {other.batch or '(none)'}")
    return move(other, quantity, MovementKind.SPLIT, by=by, at=at, reason=f"From batch {held.batch or '(none)'}")


@transaction.atomic
def merge(source: StockLine, into: StockLine, *, by: str, at: datetime) -> StockLine:
    """Two lines turn out to be one batch: move all of one to the other. The emptied line stays, with its history."""
    duties.require(by, Duty.COUNT, source.store_id)
    held = locks.lines([source.pk, into.pk])
    emptied, other = held[source.pk], held[into.pk]
    _must_merge(emptied, other)
    count = emptied.count
    move(emptied, -count, MovementKind.MERGED, by=by, at=at, reason=f"Into batch {other.batch or '(none)'}")
    return move(other, count, MovementKind.MERGED, by=by, at=at, reason=f"From batch {emptied.batch or '(none)'}")


def _must_merge(source: StockLine, into: StockLine) -> None:
    """Raises when these two are not of one kind, or when stock would gain a later expiry date than it has."""
    if source.pk == into.pk:
        raise Invalid("same_line", "Choose another line to merge it into.", field="into")
    kinds = [(line.product_id, line.store_id, line.dirty) for line in (source, into)]
    if kinds[0] != kinds[1]:
        raise Invalid(
            "not_one_kind", "Only lines of one product in one store, both clean or both dirty, merge.", field="into"
        )
    if source.count == 0:
        raise Refused("nothing_there", f"Batch {source.batch or '(none)'} is empty already.")
    if source.reserved:
        raise Refused(
            "reserved", f"{source.reserved} of this line are reserved: merge it when they have gone.", field="into"
        )
    if source.expires_on and (into.expires_on is None or into.expires_on > source.expires_on):
        raise Refused(
            "would_expire_later",
            f"This line expires on {source.expires_on:%d %b %Y}, before the other: merge the other into this one.",
            field="into",
        )


@transaction.atomic
def write_off_expired(store: Store, *, on: date, by: str, at: datetime) -> list[StockAdjustment]:
    """Adjust away all that has expired in a store and is promised to nobody. Asking again asks for nothing twice."""
    duties.require(by, Duty.COUNT, store.pk)
    expired = StockLine.objects.filter(store=store, expires_on__lte=on, count__gt=F("reserved"))
    made = []
    for line in locks.lines(expired.values_list("pk", flat=True)).values():
        waiting = line.adjustments.filter(decided_at__isnull=True, quantity__lt=0).aggregate(sum=Sum("quantity"))["sum"]
        left = line.free + (waiting or 0)
        if left > 0:
            made.append(adjust(line, -left, reason=f"Expired on {line.expires_on:%d %b %Y}", by=by, at=at))
    return made


def differences() -> list[Difference]:
    """Where a count is not the sum of its movements, or `reserved` not that of the reservations still in the building.

    There should be none: one query for each of the two.
    """
    lines = StockLine.objects.select_related("product", "store").order_by("pk")
    live = Q(reservations__ended_at__isnull=True, reservations__issued_at__isnull=True)
    counted = lines.annotate(sum=Coalesce(Sum("movements__quantity"), 0)).exclude(sum=F("count"))
    promised = lines.annotate(sum=Coalesce(Sum("reservations__quantity", filter=live), 0)).exclude(sum=F("reserved"))
    return [
        *(Difference(line, "count", line.count, line.sum) for line in counted),
        *(Difference(line, "reserved", line.reserved, line.sum) for line in promised),
    ]
