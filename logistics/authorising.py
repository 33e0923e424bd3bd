"""Authorise or reject what is over the prescriber's limit."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from equipment.errors import Refused
from logistics import locks, ordering, promises
from logistics.lifecycle import advance
from logistics.models import Order, Prescriber
from logistics.states import OrderState


@transaction.atomic
def authorise(order: Order, authoriser: Prescriber, *, by: str, at: datetime) -> Order:
    """Approve an order. Rules 15 and 16: never one's own, never beyond one's own limit at that time, and not with a PIN
    that has ended. Recorded with the limit, and with the value at the prices then in force.
    """
    held = locks.order(order.pk)
    if authoriser.pk == held.prescriber_id:
        raise Refused("own_order", "Nobody authorises an order of their own: ask a colleague.")
    if authoriser.organisation_id != held.organisation_id:
        raise Refused("other_organisation", "Only the ordering organisation authorises its orders.")
    if authoriser.active_until and authoriser.active_until < promises.today(at):
        raise Refused(
            "pin_expired",
            f"The PIN of {authoriser.name} ended on {authoriser.active_until:%d %b %Y}: ask a colleague.",
            field="authoriser",
        )
    total = ordering.value_of(held)
    if total > authoriser.order_limit:
        raise Refused(
            "over_limit",
            f"£{total} is over the limit of {authoriser.name} (£{authoriser.order_limit}).",
            total=str(total),
        )
    advance(
        held,
        OrderState.AUTHORISED,
        by=by,
        at=at,
        values={"authorised_at": at, "authorised_by": authoriser.name, "authorised_value": total},
        total=str(total),
        limit=str(authoriser.order_limit),
    )
    ordering.supply(held, by=by, at=at)
    return held


@transaction.atomic
def reject(order: Order, *, by: str, at: datetime, reason: str) -> Order:
    """Turn it down. What an amended order still held goes back to everybody (rule 17)."""
    held = locks.order(order.pk)
    ordering.release_all(held, by=by, at=at)
    advance(held, OrderState.REJECTED, by=by, at=at, reason=reason)
    return held
