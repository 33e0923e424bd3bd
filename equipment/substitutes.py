"""Something else instead of what was reserved, or nothing: offer, swap, substitute, fall short (rules 10 and 11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Case, IntegerField, When

from equipment import allocation, duties, fitness, holdings, inspections, locks, receiving, stock
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import ApprovedEquivalent, Asset, Product, Reservation, Store
from equipment.states import AssetState, label

# What becomes of an asset that does not go after all: it was in order, it is not there, or it is not fit.
FATES = {"shelf": AssetState.AVAILABLE, "missing": AssetState.LOST, "unfit": AssetState.QUARANTINE}
_PROMISED = (AssetState.RESERVED, AssetState.PICKED, AssetState.STAGED)
_READ, _OFFERED = 40, 8  # more than a few to choose from helps nobody at a shelf


@dataclass(frozen=True)
class Offer:
    """One asset on the shelf; `same` when it is of the product asked for, else `note` says what was approved."""

    asset: Asset
    same: bool
    note: str = ""


def offers(reservation: Reservation, store: Store, *, on: date, ordered: Product | None = None) -> list[Offer]:
    """What may go to this person on that day from this store's shelf: the product asked for first, then its approved
    equivalents.
    """
    if reservation.asset_id is None:
        return []
    asked = ordered or reservation.product
    approved = {row.substitute_id: row.note for row in ApprovedEquivalent.objects.filter(product=asked)}
    rows = _on_the_shelf([asked.pk, *approved], store)
    person, facts = _person(reservation, [row.product for row in rows], on=on), holdings.facts_of_rows(rows)
    fit = [row for row in rows if not fitness.to_issue(facts[row.pk], on=on, person=person)]
    return [Offer(row, row.product_id == asked.pk, approved.get(row.product_id, "")) for row in fit[:_OFFERED]]


def _on_the_shelf(products: list[int], store: Store) -> list[Asset]:
    """In the order of the products given, then as they would be reserved."""
    order = Case(*(When(product=pk, then=place) for place, pk in enumerate(products)), output_field=IntegerField())
    rows = locks.unpromised(Asset.objects.filter(product__in=products, store=store, state=AssetState.AVAILABLE))
    return list(rows.select_related("product", "location").order_by(order, "-loans_count", "test_due_on", "pk")[:_READ])


def _person(reservation: Reservation, products: Iterable[Product], *, on: date) -> fitness.PersonFacts:
    """Rule 11: the person with all they have and are promised but what is reserved here, which makes way."""
    return holdings.person_facts(reservation.person, on=on, asking=products, without=reservation)


@transaction.atomic
def swap(
    reservation: Reservation,
    asset: Asset,
    *,
    by: str,
    at: datetime,
    reason: str,
    old: str = "shelf",
    on: date | None = None,
) -> Reservation:
    """Another asset of the same product, off the same store's shelf, instead of the reserved one; `on` is the day it
    goes out.

    All checks are made again. The old one goes back to the `shelf`, or is reported `missing` or `unfit`.
    """
    held = allocation.in_the_building(reservation)
    if asset.product_id != held.product_id:
        raise Refused(
            "another_product",
            f"{asset.number} is a {asset.product.name}, not a {held.product.name}: it needs an approved equivalent.",
        )
    return _exchange(held, asset, old=old, on=on or day_of(at), by=by, at=at, reason=reason)


@transaction.atomic
def substitute(
    reservation: Reservation,
    asset: Asset,
    *,
    by: str,
    at: datetime,
    reason: str,
    old: str = "shelf",
    on: date | None = None,
    ordered: Product | None = None,
) -> Reservation:
    """An asset of an approved equivalent instead of the reserved one (rule 10), with all checks made again.

    `ordered` is what was asked for, when what is reserved is a substitute already.
    """
    held = allocation.in_the_building(reservation)
    asked = ordered or held.product
    approved = ApprovedEquivalent.objects.filter(product=asked, substitute=asset.product_id)
    if asset.product_id != asked.pk and not approved.exists():
        raise Refused(
            "not_equivalent",
            f"{asset.product.name} is no approved equivalent of {asked.name}: ask the prescriber for a new order.",
            product=asset.product.stock_code,
            ordered=asked.stock_code,
        )
    return _exchange(held, asset, old=old, on=on or day_of(at), by=by, at=at, reason=reason)


def _exchange(
    held: Reservation, asset: Asset, *, old: str, on: date, by: str, at: datetime, reason: str
) -> Reservation:
    """The reservation moves to another asset and keeps everything that hangs on it: its line, its visit, its kit."""
    before = held.asset
    if before is None:
        raise Refused("counted", f"{held.product.name} is counted, not numbered: there is nothing to exchange.")
    fate = _fate(old, reason)
    new = locks.asset(asset.pk)
    duties.require(by, Duty.PICK, new.store_id)
    _require_on_the_shelf(new, before)
    person = _person(held, [new.product], on=on)
    swapped = {"instead_of": before.number, "product": new.product.stock_code, "reserved": held.product.stock_code}
    advance(new, AssetState.RESERVED, by=by, at=at, reason=reason, person=person, on=on, **swapped)
    changed = {"asset": new, "product": new.product, "recycled": new.loans_count > 0}
    Reservation.objects.filter(pk=held.pk).update(**changed)
    _set_aside(before, fate, by=by, at=at, reason=reason, replaced_by=new.number)
    held.asset, held.product, held.recycled = new, new.product, new.loans_count > 0
    return held


def _fate(old: str, reason: str) -> AssetState:
    if old not in FATES:
        raise Invalid("old", f"Say what becomes of the old one: {', '.join(FATES)}.", field="old")
    if not reason.strip():
        raise Invalid("reason_needed", "Say why this one does not go.", field="reason")
    return FATES[old]


def _require_on_the_shelf(new: Asset, before: Asset) -> None:
    if new.state != AssetState.AVAILABLE:
        raise Refused(
            "not_on_the_shelf", f"{new.number} is {label(new.state).lower()}: take one off the shelf.", state=new.state
        )
    if receiving.live_reservation(new) is not None:
        raise Refused("promised", f"{new.number} is promised to somebody else: take another one.")
    if before.store_id is not None and new.store_id != before.store_id:
        raise Refused("another_store", f"{new.number} stands in another store: it has to be transferred first.")


@transaction.atomic
def fall_short(reservation: Reservation, *, old: str, by: str, at: datetime, reason: str, found: int = 0) -> int:
    """What was reserved is `missing` or `unfit`: the hold ends, or shrinks to the counted units `found`, and the count
    of the line is corrected.

    Returns how many units the person now lacks.
    """
    held = allocation.in_the_building(reservation)
    fate = _fate(old, reason)
    if fate == AssetState.AVAILABLE:
        raise Invalid("old", "Say whether it is missing or unfit.", field="old")
    if held.asset is not None:
        duties.require(by, Duty.PICK, held.asset.store_id)
        _set_aside(held.asset, fate, by=by, at=at, reason=reason)
        allocation.end(held, at)
        return 1
    return _count_off(held, found, by=by, at=at, reason=reason)


def _count_off(held: Reservation, found: int, *, by: str, at: datetime, reason: str) -> int:
    if not 0 <= found < held.quantity:
        raise Invalid("found", f"Say how many are there: 0 to {held.quantity - 1}.", field="found")
    missing = held.quantity - found
    allocation.unreserve(held, missing)
    # What a safety alert holds is there, and is counted there: it only does not go.
    if held.stock_line is not None and held.stock_line.alert_id is None:
        stock.adjust(held.stock_line, -missing, reason=reason, by=by, at=at)
    if found:
        Reservation.objects.filter(pk=held.pk).update(quantity=found)
    else:
        allocation.end(held, at)
    return missing


def _set_aside(asset: Asset, fate: AssetState, *, by: str, at: datetime, reason: str, **facts: str) -> None:
    """Take it out of its promise. What was held or lost meanwhile stays as it is."""
    if asset.state not in _PROMISED:
        return
    if fate == AssetState.LOST:
        advance(asset, fate, by=by, at=at, reason=reason, **facts)
        return
    if asset.state != AssetState.RESERVED:
        advance(asset, AssetState.RESERVED, by=by, at=at, reason=reason)
    advance(asset, AssetState.AVAILABLE, by=by, at=at, reason=reason, **facts)
    if fate == AssetState.QUARANTINE:
        advance(asset, fate, by=by, at=at, reason=reason)
    else:
        inspections.off_the_shelf(asset, by=by, at=at)
