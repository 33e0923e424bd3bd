"""What equipment has to say, read from its rows: kit that came free serves the lines that wait for it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from equipment.errors import Refused
from equipment.models import Asset, StockLine
from equipment.states import AssetState
from logistics import outbox
from logistics.lifecycle import record
from logistics.models import FollowUp, OrderLine
from logistics.states import LineState, OrderState
from logistics.work import Kind


def find_supply(*, at: datetime) -> int:
    """Ask for a new try for every product that somebody lacks and that has come free; returns how many products.

    What is free may still be unfit for those who wait, so this is asked by the clock and never by the work it asks for.
    """
    free_asset = Asset.objects.filter(product=OuterRef("product"), state=AssetState.AVAILABLE)
    free_stock = StockLine.objects.filter(product=OuterRef("product"), dirty=False, count__gt=F("reserved"))
    served = Q(allocations__reservation__ended_at__isnull=True) | Q(allocations__reservation__loan__isnull=False)
    waiting = (
        OrderLine.objects.filter(state=LineState.OPEN, order__state=OrderState.AUTHORISED)
        .filter(Exists(free_asset) | Exists(free_stock))
        .annotate(served=Coalesce(Sum("allocations__reservation__quantity", filter=served), 0))
        .filter(served__lt=F("quantity"))
    )
    products = set(waiting.values_list("product_id", flat=True))
    for product_id in sorted(products):
        outbox.put(Kind.SUPPLY, product_id, at=at)
    return len(products)


@transaction.atomic
def close(follow_up: FollowUp, *, by: str, at: datetime) -> None:
    """The next step has been taken. Closing twice is refused; the visit's history says who closed it."""
    if FollowUp.objects.filter(pk=follow_up.pk, closed_at__isnull=True).update(closed_at=at) != 1:
        raise Refused("follow_up_closed", "This follow-up is closed already.")
    visit = follow_up.visit
    record(visit, verb="close_follow_up", to_state=visit.state, at=at, by=by, reason=follow_up.action[:300])
