"""What equipment has to say, read from its rows: kit that came free serves the lines that wait for it, and what was
promised and cannot go is replaced.
"""

from __future__ import annotations

import logging
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from equipment import allocation, due, recall_facts, recall_units
from equipment.errors import DomainError, Refused
from equipment.models import Asset, Loan, Reservation, StockLine
from equipment.states import COMMITTED, AssetState, label
from logistics import outbox, pauses, picking, promises, visits
from logistics.lifecycle import record
from logistics.models import Activity, FollowUp, OrderLine, Stop, Visit
from logistics.nextsteps import follow_up
from logistics.states import ActivityState, FollowUpKind, LineState, OrderState
from logistics.work import Kind

log = logging.getLogger(__name__)
_IN_THE_STORE = (AssetState.RESERVED, AssetState.PICKED, AssetState.STAGED)


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
    """Replace what was held, lost, pulled aside or recalled while it was promised to somebody, before anybody waits for
    it at a door (rules 28 and 36). Returns how many promises were mended or given up.

    One that a rule will not let go yet, such as on a van that has left, is tried again the next time.
    """
    live = Reservation.objects.filter(ended_at__isnull=True, issued_at__isnull=True)
    numbered = live.filter(asset__isnull=False).select_related("asset__product", "product").order_by("pk")
    _hold_recalled(numbered.filter(asset__state__in=_IN_THE_STORE), by=by, at=at)
    broken = numbered.exclude(asset__state__in=sorted(COMMITTED))
    counted = live.filter(stock_line__alert__isnull=False).select_related("stock_line__alert", "product", "person")
    mended = sum(_mend(reservation, by=by, at=at) for reservation in broken)
    return mended + sum(_give_up(reservation, by=by, at=at) for reservation in counted.order_by("pk"))


def _hold_recalled(promised: QuerySet[Reservation], *, by: str, at: datetime) -> None:
    """What is under a safety alert never goes: it is held, and so its promise is broken."""
    assets = [row.asset for row in promised if row.asset is not None]
    for pk, reference in recall_facts.in_force(assets).items():
        asset = next(one for one in assets if one.pk == pk)
        try:
            recall_units.hold_asset(asset, reference, by=by, at=at)
        except DomainError as refusal:
            log.warning("Asset %s is under alert and cannot be held yet: %s", asset.number, refusal.code)


def _give_up(reservation: Reservation, *, by: str, at: datetime) -> bool:
    """Counted stock under a safety alert: the promise ends, its line is served from elsewhere, the depot is told."""
    rows = Activity.objects.filter(reservation=reservation, state=ActivityState.OPEN)
    activity = rows.select_related("visit", "line", "reservation").first()
    why = f"{reservation.product.name} is under safety alert {reservation.stock_line.alert.reference}."  # type: ignore[union-attr]
    try:
        with transaction.atomic():
            if activity is not None and activity.line is None:
                visits.call_off(activity.visit, [activity], by=by, at=at, reason=why)
            else:
                if activity is not None:
                    visits.hold_back(activity.visit, _set_of(activity), by=by, at=at, reason=why)
                allocation.release(reservation, by=by, at=at)
                outbox.put(Kind.SUPPLY, reservation.product_id, at=at)
            if activity is not None:
                action = f"{why} {reservation.quantity} for {reservation.person.initials} must come from elsewhere."
                follow_up(FollowUpKind.SHORT, action, owner="depot", at=at, visit=activity.visit)
    except DomainError as refusal:
        log.warning("Reservation %s cannot be given up yet: %s", reservation.pk, refusal.code)
        return False
    return True


def _set_of(activity: Activity) -> list[Activity]:
    """It, with the other parts of its set: they wait for each other (rule 11)."""
    whole = activity.line.part_of_id if activity.line is not None else None
    if whole is None:
        return [activity]
    rows = activity.visit.activities.filter(state=ActivityState.OPEN, line__part_of=whole)
    return list(rows.select_related("reservation").order_by("pk"))


def renew_promises(*, by: str, at: datetime) -> int:
    """Replace what is reserved and whose test will not be good enough on the day it goes, by another of the same
    product; with none free, the depot is told once which test to do before (rules 5 and 28). Returns how many were
    replaced.
    """
    coming = _coming()
    days = {pk: _goes_on(visit, at) for pk, visit in coming.items()}
    expiring = [one for one in due.reserved_but_expiring(at, days=days) if one.reservation.pk in coming]
    return sum(_renew(one, coming[one.reservation.pk], by=by, at=at) for one in expiring)


def _coming() -> dict[int, Visit]:
    """The visit that brings it, by what is reserved with a test to fall due."""
    rows = Activity.objects.filter(state=ActivityState.OPEN, reservation__asset__test_due_on__isnull=False)
    rows = rows.select_related("visit").prefetch_related(
        Prefetch("visit__stops", Stop.objects.filter(live=True).select_related("route"))
    )
    return {row.reservation_id: row.visit for row in rows if row.reservation_id is not None}


def _goes_on(visit: Visit, at: datetime) -> date:
    stop = next(iter(visit.stops.all()), None)
    return stop.route.day if stop is not None else promises.today(visit.needed_by or at)


def _renew(expiring: due.Expiring, visit: Visit, *, by: str, at: datetime) -> bool:
    reservation, why = expiring.reservation, " ".join(one.sentence for one in expiring.reasons)
    try:
        with transaction.atomic():
            another = next((one.asset for one in picking.offers(reservation) if one.same), None)
            if another is not None:
                picking.instead(reservation, another, by=by, at=at, reason=why[:300], old="shelf")
                return True
    except DomainError as refusal:
        log.warning("Reservation %s cannot be renewed yet: %s", reservation.pk, refusal.code)
    action = f"Do before it goes, nothing else is free: {why}"[:300]
    if not FollowUp.objects.filter(visit=visit, kind=FollowUpKind.SHORT, action=action).exists():
        follow_up(FollowUpKind.SHORT, action, owner="depot", at=at, visit=visit)
    return False


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
def close(step: FollowUp, *, by: str, at: datetime) -> None:
    """The next step has been taken. Closing twice is refused; the visit's history says who closed it.

    What a death leaves is not closed by itself while anything is on loan: the collection is approved (rule 27).
    """
    lent = Loan.objects.filter(person=step.person_id, ended_at__isnull=True)
    if pauses.told_of_death(step.person).filter(pk=step.pk).exists() and lent.exists():
        raise Refused("approve_instead", "Something is still on loan: approve its collection, with the day agreed.")
    end(step, by=by, at=at)


def end(step: FollowUp, *, by: str, at: datetime) -> None:
    """The same for a next step that is overtaken or taken by another verb."""
    if FollowUp.objects.filter(pk=step.pk, closed_at__isnull=True).update(closed_at=at, closed_by=by) != 1:
        raise Refused("follow_up_closed", "This follow-up is closed already.")
    visit = step.visit
    if visit is not None:
        record(visit, verb="close_follow_up", to_state=visit.state, at=at, by=by, reason=step.action[:300])
