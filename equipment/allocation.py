"""Reserve, release, pick, stage, load, unload: a thing's way from the shelf to the van, on behalf of one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from equipment import duties, fitness, holdings, inspections, kits, locks, stock
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Refused
from equipment.lifecycle import advance
from equipment.models import (
    Asset,
    Location,
    Person,
    Product,
    Reservation,
    StockAdjustment,
    StockLine,
    Store,
)
from equipment.states import AssetState, label
from equipment.words import MovementKind

# Candidates are read in small batches: the first is nearly always fit, and each batch costs five reads.
_BATCH = 8


@dataclass(frozen=True)
class Wanted:
    """What to reserve for whom: `on` is the day it will be needed, `stores` the places it may come from, best first.

    A part of a composite names it, and the `kit` that all parts of this one share.
    """

    product: Product
    quantity: int
    person: Person
    on: date
    stores: tuple[Store, ...]
    kit: UUID | None = None
    composite: Product | None = None


@transaction.atomic
def reserve(wanted: Wanted, *, by: str, at: datetime) -> list[Reservation]:
    """Reserve as much of it as there is, recycled before new; may be less than wanted, or nothing.

    Never the same unit twice.
    """
    if wanted.product.is_composite:
        raise Refused("composite", f"{wanted.product} is issued as its parts: reserve those.")
    if wanted.product.is_serialised:
        return _reserve_assets(wanted, by=by, at=at)
    return _reserve_quantity(wanted, at=at)


def _reserve_assets(wanted: Wanted, *, by: str, at: datetime) -> list[Reservation]:
    person = holdings.person_facts(wanted.person)
    made: list[Reservation] = []
    for asset, known in _candidates(wanted, person):
        advance(asset, AssetState.RESERVED, by=by, at=at, person=person, on=wanted.on, known=known)
        made.append(_hold(wanted, at, asset=asset, recycled=asset.loans_count > 0))
        if len(made) == wanted.quantity:
            break
    return made


def _candidates(wanted: Wanted, person: fitness.PersonFacts) -> Iterable[tuple[Asset, fitness.AssetFacts]]:
    """Fit assets in order of preference, each held by this transaction.

    What others hold is waited for only when it is all there is.
    """
    seen: set[int] = set()
    floor = wanted.on + timedelta(days=_least_remaining(wanted.product))
    for wait in (False, True):
        limit = _BATCH
        while True:
            rows = locks.shelf(
                wanted.product.pk, [s.pk for s in wanted.stores], due_after=floor, limit=limit, wait=wait
            )
            fresh = [row for row in rows if row.pk not in seen]
            for row in fresh:
                row.product = wanted.product  # one object for all, with its regimes read once
            facts = holdings.facts_of_rows(fresh) if fresh else {}
            for row in fresh:
                seen.add(row.pk)
                if not fitness.to_issue(facts[row.pk], on=wanted.on, person=person):
                    yield row, facts[row.pk]
            if len(rows) < limit:
                break
            limit *= 2


def _least_remaining(product: Product) -> int:
    return max((regime.remaining_days for regime in product.regimes.all()), default=0)


def _reserve_quantity(wanted: Wanted, *, at: datetime) -> list[Reservation]:
    made: list[Reservation] = []
    missing = wanted.quantity
    lines = locks.stock_lines(wanted.product.pk, [s.pk for s in wanted.stores])
    doubted = _doubted(lines)
    for line in lines:
        if line.expires_on and line.expires_on <= wanted.on:
            continue
        take = min(line.free - doubted.get(line.pk, 0), missing)
        if take > 0:
            line.reserved += take
            line.save(update_fields=["reserved"])
            made.append(_hold(wanted, at, stock_line=line, quantity=take))
            missing -= take
        if missing == 0:
            break
    return made


def _doubted(lines: list[StockLine]) -> dict[int, int]:
    """Units that somebody could not find, by line, until a second person decides: they are promised to nobody."""
    waiting = StockAdjustment.objects.filter(line__in=lines, decided_at__isnull=True, quantity__lt=0)
    sums = waiting.order_by().values_list("line").annotate(sum=Sum("quantity"))
    return {pk: -quantity for pk, quantity in sums}


def _hold(wanted: Wanted, at: datetime, **what: Any) -> Reservation:
    return Reservation.objects.create(
        person=wanted.person, product=wanted.product, kit=wanted.kit, composite=wanted.composite, made_at=at, **what
    )


@transaction.atomic
def release(reservation: Reservation, *, by: str, at: datetime) -> None:
    """Give up a live reservation that has not left the building; the asset goes back to the shelf it came from;
    to the test bench when it failed a test meanwhile (rule 4).
    """
    held = in_the_building(reservation)
    if held.asset is not None:
        if held.asset.state in (AssetState.PICKED, AssetState.STAGED):
            advance(held.asset, AssetState.RESERVED, by=by, at=at)
        if held.asset.state == AssetState.RESERVED:
            advance(held.asset, AssetState.AVAILABLE, by=by, at=at)
            inspections.off_the_shelf(held.asset, by=by, at=at)
    else:
        unreserve(held)
    end(held, at)


@transaction.atomic
def pick(reservation: Reservation, *, scanned: str, by: str, at: datetime) -> None:
    """Take a reserved asset off the shelf. What is scanned must be what was reserved (rule 10)."""
    _step(reservation, AssetState.PICKED, scanned=scanned, by=by, at=at)


@transaction.atomic
def stage(reservation: Reservation, *, scanned: str, by: str, at: datetime, location: Location | None = None) -> None:
    """Put a picked asset in the lane of its van."""
    _step(reservation, AssetState.STAGED, scanned=scanned, by=by, at=at, location=location)


@transaction.atomic
def load(reservation: Reservation, *, vehicle: str, by: str, at: datetime, scanned: str = "") -> None:
    """Put it on the van: an asset by its number, counted stock by its quantity.

    From here on it is out of the building.
    """
    held = _live(reservation)
    kits.require_compatible(held)
    if held.asset is not None:
        _match(held, scanned)
        advance(held.asset, AssetState.LOADED, by=by, at=at, vehicle=vehicle, person=holdings.person_facts(held.person))
    elif held.issued_at is None and held.stock_line is not None:
        _require_in_date(held, at)
        unreserve(held)
        stock.move(held.stock_line, -held.quantity, MovementKind.ISSUE, by=by, at=at, reason=f"reservation {held.pk}")
    Reservation.objects.filter(pk=held.pk).update(issued_at=at)


@transaction.atomic
def unload(reservation: Reservation, store: Store, *, by: str, at: datetime, location: Location | None = None) -> None:
    """Back from a round undelivered and unopened: still clean, still promised to the same person."""
    held = _live(reservation)
    if held.issued_at is None:
        return
    if held.asset is not None:
        advance(held.asset, AssetState.RESERVED, by=by, at=at, store=store, location=location)
    elif held.stock_line is not None:
        line = stock.move(
            held.stock_line, held.quantity, MovementKind.UNDELIVERED, by=by, at=at, reason=f"reservation {held.pk}"
        )
        line.reserved += held.quantity
        line.save(update_fields=["reserved"])
    Reservation.objects.filter(pk=held.pk).update(issued_at=None)


@transaction.atomic
def put_back(
    reservation: Reservation, store: Store, *, by: str, at: datetime, location: Location | None = None
) -> None:
    """It will not go out with this round: from the lane or the van back to the shelf, still reserved. `location` is
    that shelf, when it is known.
    """
    held = _live(reservation)
    if held.issued_at is not None:
        unload(held, store, by=by, at=at, location=location)
    elif held.asset is not None and held.asset.state in (AssetState.PICKED, AssetState.STAGED):
        advance(held.asset, AssetState.RESERVED, by=by, at=at, location=location)


def _step(
    reservation: Reservation, to: AssetState, *, scanned: str, by: str, at: datetime, location: Location | None = None
) -> None:
    held = _live(reservation)
    kits.require_compatible(held)
    if held.asset is None:
        duties.require(by, Duty.PICK, held.stock_line.store_id if held.stock_line else None)
        _require_in_date(held, at)
        return
    _match(held, scanned)
    advance(held.asset, to, by=by, at=at, person=holdings.person_facts(held.person), location=location)


def _require_in_date(reservation: Reservation, at: datetime) -> None:
    line = reservation.stock_line
    if line is not None and line.expires_on is not None and line.expires_on <= day_of(at):
        raise Refused(
            "expired",
            f"{reservation.product.name} of batch {line.batch} expired on {line.expires_on}: record it as short.",
            expires_on=str(line.expires_on),
        )


def _match(reservation: Reservation, scanned: str) -> None:
    """Rule 10: the number scanned is the number allocated."""
    asset = reservation.asset
    if asset is not None and scanned.strip() not in {asset.number, asset.barcode or asset.number}:
        raise Refused(
            "wrong_asset",
            f"{scanned.strip() or 'Nothing'} was scanned; {asset.number} ({asset.product.name}) is reserved here.",
            scanned=scanned.strip(),
            expected=asset.number,
        )


def _live(reservation: Reservation) -> Reservation:
    [held] = locks.reservations([reservation.pk])
    if held.ended_at is not None:
        state = label(held.asset.state).lower() if held.asset else "ended"
        raise Refused("reservation_ended", f"This reservation has ended ({state}).", reservation=held.pk)
    return held


def in_the_building(reservation: Reservation) -> Reservation:
    """The reservation, held. Raises Refused once it has ended or left."""
    held = _live(reservation)
    if held.issued_at is not None:
        raise Refused("already_issued", f"{held} has left the building: bring it back first.")
    return held


def unreserve(reservation: Reservation, quantity: int | None = None) -> None:
    if reservation.stock_line_id is None:
        return
    line = locks.stock_line(reservation.stock_line_id)
    line.reserved -= reservation.quantity if quantity is None else quantity
    line.save(update_fields=["reserved"])


def end(reservation: Reservation, at: datetime) -> None:
    Reservation.objects.filter(pk=reservation.pk).update(ended_at=at)
