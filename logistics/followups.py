"""What equipment has to say, read from its rows: kit that came free serves the lines that wait for it, and what was
promised and cannot go is replaced.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from equipment import allocation
from equipment.errors import DomainError, Refused
from equipment.models import Asset, Reservation, StockLine
from equipment.states import COMMITTED, AssetState, label
from logistics import outbox, picking
from logistics.lifecycle import record
from logistics.models import Activity, FollowUp, OrderLine
from logistics.states import ActivityState, LineState, OrderState
from logistics.work import Kind

log = logging.getLogger(__name__)


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


def mend_promises(*, by: str, at: datetime) -> int:
    """Replace what was held, lost or pulled aside while it was promised to somebody, before anybody waits for it at a
    door (rule 28). Returns how many promises were mended or given up.

    One that a rule will not let go yet, such as on a van that has left, is tried again the next time.
    """
    live = Reservation.objects.filter(ended_at__isnull=True, issued_at__isnull=True, asset__isnull=False)
    broken = live.exclude(asset__state__in=sorted(COMMITTED)).select_related("asset", "product")
    return sum(_mend(reservation, by=by, at=at) for reservation in broken.order_by("pk"))


def _mend(reservation: Reservation, *, by: str, at: datetime) -> bool:
    asset = reservation.asset
    why = f"{asset} is {label(asset.state).lower()}." if asset else ""
    try:
        with transaction.atomic():
            if Activity.objects.filter(reservation=reservation, state=ActivityState.OPEN).exists():
                picking.short(reservation, reason=why, by=by, at=at)
            else:
                allocation.end(allocation.in_the_building(reservation), at)
                outbox.put(Kind.SUPPLY, reservation.product_id, at=at)
    except DomainError as refusal:
        log.warning("Reservation %s cannot be mended yet: %s", reservation.pk, refusal.code)
        return False
    return True


@transaction.atomic
def close(follow_up: FollowUp, *, by: str, at: datetime) -> None:
    """The next step has been taken. Closing twice is refused; the visit's history says who closed it."""
    if FollowUp.objects.filter(pk=follow_up.pk, closed_at__isnull=True).update(closed_at=at, closed_by=by) != 1:
        raise Refused("follow_up_closed", "This follow-up is closed already.")
    visit = follow_up.visit
    if visit is not None:
        record(visit, verb="close_follow_up", to_state=visit.state, at=at, by=by, reason=follow_up.action[:300])
