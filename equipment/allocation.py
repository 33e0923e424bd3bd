"""Reserve, release, pick, stage, load, unload: a thing's way from the shelf to the van, on behalf of one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from equipment import duties, fitness, holdings, inspections, kits, locks, stock, telecare_facts
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Refused
from equipment.lifecycle import advance
from equipment.models import (
    Asset,
    Loan,
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

    A part of a composite names it, and the `kit` that all parts of this one share. `beside` is what else of the same
    order will go with it, reserved or not yet; `instead_of` the loans that make way for it.
    """

    product: Product
    quantity: int
    person: Person
    on: date
    stores: tuple[Store, ...]
    kit: UUID | None = None
    composite: Product | None = None
    beside: tuple[Product, ...] = ()
    instead_of: tuple[Loan, ...] = ()


@transaction.atomic
def reserve(wanted: Wanted, *, by: str, at: datetime) -> list[Reservation]:
    """Reserve as much of it as there is, recycled before new; may be less than wanted, or nothing.

    Never the same unit twice, and none of what does not suit the person (`why_not` says why).
    """
    return reserve_or_say(wanted, by=by, at=at)[0]


@transaction.atomic
def reserve_or_say(wanted: Wanted, *, by: str, at: datetime) -> tuple[list[Reservation], list[fitness.Reason]]:
    """The same, with why none of it suits the person when that is so."""
    if wanted.product.is_composite:
        raise Refused("composite", f"{wanted.product} is issued as its parts: reserve those.")
    person = _person(wanted)
    reasons = fitness.suits(holdings.product_facts(wanted.product), person, on=wanted.on)
    if reasons:
        return [], reasons
    if wanted.product.is_serialised:
        return _reserve_assets(wanted, person, by=by, at=at), []
    return _reserve_quantity(wanted, at=at), []


def why_not(wanted: Wanted) -> list[fitness.Reason]:
    """Why nothing is reserved, whatever stands on the shelf: it does not suit this person (rules 11, 12, 13, 38)."""
    return fitness.suits(holdings.product_facts(wanted.product), _person(wanted), on=wanted.on)


def _person(wanted: Wanted) -> fitness.PersonFacts:
    adding, asking = wanted.beside, [wanted.product]
    return holdings.person_facts(
        wanted.person, on=wanted.on, adding=adding, asking=asking, instead_of=wanted.instead_of
    )


def _reserve_assets(wanted: Wanted, person: fitness.PersonFacts, *, by: str, at: datetime) -> list[Reservation]:
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
    floor = wanted.on + timedelta(days=_least_remaining(wanted.product, person))
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


def _least_remaining(product: Product, person: fitness.PersonFacts) -> int:
    """How many days of validity are asked for at issue (rule 5), unless that was set aside for this person."""
    if (product.stock_code, "test_expires_soon") in person.overrides:
        return 0
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
    if held.asset is not None:
        _match(held, scanned)
        advance(held.asset, AssetState.LOADED, by=by, at=at, vehicle=vehicle, person=person_of(held, on=day_of(at)))
    elif held.issued_at is None and held.stock_line is not None:
        require_fit(held, at)
        unreserve(held)
        stock.move(held.stock_line, -held.quantity, MovementKind.ISSUE, by=by, at=at, reason=f"reservation {held.pk}")
    Reservation.objects.filter(pk=held.pk).update(issued_at=at)


@transaction.atomic
def unload(reservation: Reservation, store: Store, *, by: str, at: datetime, location: Location | None = None) -> None:
    """Back from a round undelivered and unopened: still clean, still promised to the same person."""
    held = _live(reservation)
    if held.issued_at is None:
        return
    if held.asset is not None and telecare_facts.set_up(held.asset):
        _bring_back_set_up(held.asset, store, by=by, at=at)
    elif held.asset is not None:
        advance(held.asset, AssetState.RESERVED, by=by, at=at, store=store, location=location)
    elif held.stock_line is not None:
        line = stock.move(
            held.stock_line, held.quantity, MovementKind.UNDELIVERED, by=by, at=at, reason=f"reservation {held.pk}"
        )
        line.reserved += held.quantity
        line.save(update_fields=["reserved"])
    Reservation.objects.filter(pk=held.pk).update(issued_at=None)


def _bring_back_set_up(asset: Asset, store: Store, *, by: str, at: datetime) -> None:
    """Telecare set up at a door and not left there knows a person: no shelf before it is wiped (rule 38)."""
    reason = "Set up at the door, and not left there"
    advance(asset, AssetState.RETURNING, by=by, at=at, reason=reason)
    advance(asset, AssetState.QUARANTINE, by=by, at=at, store=store)


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
    if held.asset is None:
        duties.require(by, Duty.PICK, held.stock_line.store_id if held.stock_line else None)
        require_fit(held, at)
        return
    _match(held, scanned)
    advance(held.asset, to, by=by, at=at, person=person_of(held, on=day_of(at)), location=location)


def person_of(reservation: Reservation, *, on: date) -> fitness.PersonFacts:
    """The person it is for, with what else they have and are promised; it answers for what is reserved."""
    return holdings.person_facts(reservation.person, on=on, asking=[reservation.product], without=reservation)


def require_fit(reservation: Reservation, at: datetime) -> None:
    """Raises Refused when counted stock has expired, is under a safety alert, or does not suit the person."""
    line, product = reservation.stock_line, reservation.product
    if line is not None and line.expires_on is not None and line.expires_on <= day_of(at):
        raise Refused(
            "expired",
            f"{product.name} of batch {line.batch} expired on {line.expires_on}: record it as short.",
            expires_on=str(line.expires_on),
        )
    if line is not None and line.alert_id is not None:
        raise Refused("recalled", f"{product.name} of batch {line.batch} is under a safety alert: it stays in.")
    on = day_of(at)
    kits.refuse(fitness.suits(holdings.product_facts(product), person_of(reservation, on=on), on=on))


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
