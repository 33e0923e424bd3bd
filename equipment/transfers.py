"""Kit from one store to another: ask, put on, send, receive, close.

What leaves one store is on the road until the other has it in hand; what never arrives is missing, by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F

from equipment import duties, fitness, holdings, locks, receiving, stock, whereabouts
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.jobs import TransferState
from equipment.lifecycle import advance, advance_job, note_job, stands_at
from equipment.models import Asset, Location, Product, StockLine, Store, Transfer, TransferItem, TransferLine
from equipment.states import COMMITTED, AssetState, label
from equipment.words import MovementKind

_LONGEST_CARRIER = 12
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Short:
    """Less of a product was put on than was asked for."""

    product: str
    asked: int
    sent: int

    def __str__(self) -> str:
        return f"{self.sent} of {self.asked} x {self.product}"


@transaction.atomic
def draft(
    source: Store,
    destination: Store,
    wanted: Mapping[Product, int],
    *,
    by: str,
    at: datetime,
    dirty: bool = False,
    carrier: str = "",
    note: str = "",
) -> Transfer:
    """Ask one store for kit on behalf of another. Staff of either may; nothing moves yet."""
    _of_either(by, source, destination)
    _check_draft(source, destination, wanted, carrier)
    made = Transfer.objects.create(
        source=source,
        destination=destination,
        dirty=dirty,
        carrier=carrier.strip(),
        raised_at=at,
        raised_by=by,
        note=note,
    )
    lines = [TransferLine(transfer=made, product=product, quantity=n) for product, n in wanted.items()]
    TransferLine.objects.bulk_create(lines)
    note_job(made, verb="draft", by=by, at=at)
    return made


def _of_either(by: str, source: Store, destination: Store) -> None:
    duties.require(by, Duty.TRANSFER)
    if isinstance(by, duties.Actor) and not (by.works_in(source.pk) or by.works_in(destination.pk)):
        raise Refused("another_store", "This is between two other stores: only their own staff may do this.")


def _check_draft(source: Store, destination: Store, wanted: Mapping[Product, int], carrier: str) -> None:
    if source.pk == destination.pk:
        raise Invalid("same_store", "A transfer goes from one store to another.", field="destination")
    if len(carrier.strip()) > _LONGEST_CARRIER:
        raise Invalid("carrier_too_long", f"At most {_LONGEST_CARRIER} characters: the registration.", field="carrier")
    for product, quantity in wanted.items():
        if quantity < 1:
            raise Invalid("quantity", f"Ask for at least one {product.name}.", field="wanted")
        if product.is_composite:
            raise Invalid("composite", f"{product.name} is kept as its parts: ask for those.", field="wanted")


@transaction.atomic
def put_on(transfer: Transfer, asset: Asset, *, by: str, at: datetime) -> TransferItem:
    """Take an asset off the shelf, or out of quarantine, and put it on. Clean and dirty never mix (rule 31)."""
    job = _drafted(transfer, "put on")
    duties.require(by, Duty.TRANSFER, job.source_id)
    held = locks.again(asset)
    _may_go(job, held)
    advance(held, AssetState.IN_TRANSFER, by=by, at=at, vehicle=_vehicle(job), transfer=job.pk)
    return TransferItem.objects.create(transfer=job, product=held.product, asset=held, sent=1)


def _may_go(job: Transfer, asset: Asset) -> None:
    if asset.state in COMMITTED or receiving.live_reservation(asset) is not None:
        raise Refused("promised", f"{asset} is promised to somebody: release it first, or send another one.")
    if asset.state not in (AssetState.AVAILABLE, AssetState.QUARANTINE) or asset.store_id != job.source_id:
        raise Refused(
            "not_here",
            f"{asset} cannot go from {job.source}: by the records it is {whereabouts.of_asset(asset)}.",
            state=asset.state,
        )
    _not_mixed(job, str(asset), dirty=asset.state == AssetState.QUARANTINE)


def _not_mixed(job: Transfer, what: str, *, dirty: bool) -> None:
    """Rule 31."""
    if dirty != job.dirty:
        words = ("dirty", "clean") if dirty else ("clean", "dirty")
        raise Refused(
            "never_mixed",
            f"{what} is {words[0]} and {job} is {words[1]}: put it on a {words[0]} transfer.",
            dirty=dirty,
        )


def _vehicle(job: Transfer) -> str:
    return job.carrier or f"TR{job.pk}"


@transaction.atomic
def put_on_counted(transfer: Transfer, line: StockLine, quantity: int, *, by: str, at: datetime) -> TransferItem:
    """Put on a quantity of counted stock; more of the same line adds to it."""
    job = _drafted(transfer, "put on")
    duties.require(by, Duty.TRANSFER, job.source_id)
    if quantity < 1:
        raise Invalid("quantity", "Put on at least one.", field="quantity")
    held = locks.stock_line(line.pk)
    if held.store_id != job.source_id:
        raise Refused("not_here", f"This stock is kept at {held.store}, not at {job.source}.")
    _not_mixed(job, held.product.name, dirty=held.dirty)
    if not held.dirty and held.expires_on and held.expires_on <= day_of(at):
        raise Refused("expired", f"This {held.product.name} expired on {held.expires_on}: write it off.")
    stock.move(held, -quantity, MovementKind.SENT, by=by, at=at, reason=str(job))
    known = TransferItem.objects.filter(transfer=job, stock_line=held).first()
    if known is None:
        return TransferItem.objects.create(transfer=job, product=held.product, stock_line=held, sent=quantity)
    known.sent += quantity
    known.save(update_fields=["sent"])
    return known


@transaction.atomic
def take_off(transfer: Transfer, asset: Asset, *, by: str, at: datetime) -> None:
    """Put on by mistake: back to where it stood in the building."""
    job = _drafted(transfer, "taken off")
    duties.require(by, Duty.TRANSFER, job.source_id)
    held = locks.again(asset)
    item = _item_of(job, held)
    _bring_in(job, held, job.source, None, by=by, at=at)
    item.delete()


@transaction.atomic
def take_off_counted(item: TransferItem, quantity: int, *, by: str, at: datetime) -> None:
    """Some of it, or all, back onto the line it came from."""
    job = _drafted(item.transfer, "taken off")
    duties.require(by, Duty.TRANSFER, job.source_id)
    held = _counted(job, item)
    if not 1 <= quantity <= held.sent:
        raise Invalid("quantity", f"{held.sent} are on {job}: take off 1 to {held.sent}.", field="quantity")
    _back_onto_line(held, quantity, by=by, at=at)
    if quantity == held.sent:
        held.delete()
    else:
        TransferItem.objects.filter(pk=held.pk).update(sent=F("sent") - quantity)


def _back_onto_line(item: TransferItem, quantity: int, *, by: str, at: datetime) -> None:
    assert item.stock_line is not None  # noqa: S101  callers have looked
    stock.move(item.stock_line, quantity, MovementKind.SENT, by=by, at=at, reason=f"{item.transfer}: taken off")


@transaction.atomic
def send(transfer: Transfer, *, by: str, at: datetime) -> list[Short]:
    """It leaves. Less than was asked for may go: what is short is returned, to be said."""
    job = locks.transfer(transfer)
    duties.require(by, Duty.TRANSFER, job.source_id)
    if job.state == TransferState.DRAFT and not job.items.exists():
        raise Refused("nothing_on_it", f"Nothing is on {job}: put something on it, or cancel it.")
    advance_job(job, TransferState.SENT, by=by, at=at, values={"sent_at": at})
    return shortfalls(job)


def shortfalls(transfer: Transfer) -> list[Short]:
    """What was asked for and is not, or not all, on it."""
    on_it: Counter[int] = Counter()
    for product_id, sent in transfer.items.values_list("product_id", "sent"):
        on_it[product_id] += sent
    lines = transfer.lines.select_related("product")
    asked = [(line.product.name, line.quantity, on_it[line.product_id]) for line in lines]
    return [Short(*row) for row in asked if row[2] < row[1]]


@transaction.atomic
def cancel(transfer: Transfer, *, reason: str, by: str, at: datetime) -> None:
    """It will not go: whatever is on it already is taken off."""
    job = locks.transfer(transfer)
    _of_either(by, job.source, job.destination)
    items = list(job.items.select_related("stock_line", "transfer"))
    if job.state == TransferState.DRAFT:
        held = locks.assets(item.asset_id for item in items if item.asset_id)
        locks.lines(item.stock_line_id for item in items if item.stock_line_id)
        for asset in held.values():
            if _is_on(job, asset):
                _bring_in(job, asset, job.source, None, by=by, at=at)
        for item in sorted(items, key=lambda item: item.stock_line_id or 0):
            if item.stock_line is not None:
                _back_onto_line(item, item.sent, by=by, at=at)
        job.items.all().delete()
    advance_job(job, TransferState.CANCELLED, by=by, at=at, reason=reason)


@transaction.atomic
def receive(
    transfer: Transfer, asset: Asset, *, by: str, at: datetime, location: Location | None = None
) -> TransferItem:
    """In the hands of the other store: clean onto its shelf when it may stand there, everything else to quarantine."""
    job = _arriving(transfer, by)
    if location is not None and location.store_id != job.destination_id:
        raise Invalid("another_store", f"{location} is not a place of {job.destination}.", field="location")
    held = locks.again(asset)
    item = _item_of(job, held)
    if item.received:
        raise Refused("received_already", f"{held} has been received with {job} already.")
    if held.state == AssetState.LOST:
        receiving.find(held, job.destination, by=by, at=at, reason=f"Arrived with {job}.")
    else:
        _bring_in(job, held, job.destination, location, by=by, at=at)
    TransferItem.objects.filter(pk=item.pk).update(received=1)
    item.received = 1
    return item


def _item_of(job: Transfer, asset: Asset) -> TransferItem:
    item = job.items.filter(asset=asset).first()
    if item is None:
        raise Refused(
            "not_on_this_transfer", f"{asset} is not on {job}: by the records it is {whereabouts.of_asset(asset)}."
        )
    return item


def _is_on(job: Transfer, asset: Asset) -> bool:
    """Is it on this transfer still, not found again elsewhere and perhaps sent with another since?"""
    last = TransferItem.objects.filter(asset=asset).order_by("-pk").values_list("transfer_id", flat=True).first()
    return asset.state == AssetState.IN_TRANSFER and last == job.pk


def _bring_in(job: Transfer, asset: Asset, store: Store, location: Location | None, *, by: str, at: datetime) -> None:
    """Off the van. What may no longer stand on a shelf (a test fell due on the road) goes to quarantine, saying why."""
    if not _is_on(job, asset):
        raise Refused("not_on_this_transfer", f"{asset} has left {job}: it is {whereabouts.of_asset(asset)}.")
    known = holdings.facts_of_rows([asset])[asset.pk]
    reasons = [] if job.dirty else fitness.to_shelve(known, on=day_of(at))
    to = AssetState.QUARANTINE if job.dirty or reasons else AssetState.AVAILABLE
    if reasons and location is not None and not stands_at(to, location):
        location = None
    why = " ".join(reason.sentence for reason in reasons)[:_LONGEST_REASON]
    advance(asset, to, by=by, at=at, reason=why, store=store, location=location, transfer=job.pk)


@transaction.atomic
def receive_counted(item: TransferItem, quantity: int, *, by: str, at: datetime) -> StockLine:
    """So many of it have arrived; the rest may still come. They join the line of the same batch there."""
    job = _arriving(item.transfer, by)
    held = _counted(job, item)
    outstanding = held.sent - held.received - held.missing
    if not 1 <= quantity <= outstanding:
        raise Invalid("quantity", f"{outstanding} of it are still to come: not {quantity}.", field="quantity")
    TransferItem.objects.filter(pk=held.pk).update(received=F("received") + quantity)
    line = _line_at(job, held)
    return stock.move(line, quantity, MovementKind.ARRIVED, by=by, at=at, reason=str(job))


def _line_at(job: Transfer, item: TransferItem) -> StockLine:
    """The destination's line of this batch. Two dates for one batch: the earlier holds, so that nothing goes out
    expired.
    """
    origin = item.stock_line
    assert origin is not None  # noqa: S101  callers have looked
    made, _ = StockLine.objects.get_or_create(
        product_id=item.product_id,
        store_id=job.destination_id,
        batch=origin.batch,
        dirty=origin.dirty,
        defaults={"expires_on": origin.expires_on},
    )
    line = locks.stock_line(made.pk)
    expires_on = origin.expires_on if line.count == 0 else _earlier(line.expires_on, origin.expires_on)
    if expires_on != line.expires_on:
        line.expires_on = expires_on
        line.save(update_fields=["expires_on"])
    return line


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day), default=None)


@transaction.atomic
def close(transfer: Transfer, *, by: str, at: datetime) -> list[TransferItem]:
    """Nothing more will come: what has not arrived is missing. Its assets are lost, and all of it is returned."""
    job = locks.transfer(transfer)
    duties.require(by, Duty.TRANSFER, job.destination_id)
    advance_job(job, TransferState.RECEIVED, by=by, at=at, values={"received_at": at})
    items = [item for item in job.items.select_related("product", "asset") if item.sent > item.received + item.missing]
    held = locks.assets(item.asset_id for item in items if item.asset_id)
    for item in items:
        item.missing = item.sent - item.received
        item.save(update_fields=["missing"])
        asset = held.get(item.asset_id or 0)
        if asset is not None and _is_on(job, asset):
            advance(asset, AssetState.LOST, by=by, at=at, reason=f"Did not arrive with {job} from {job.source}.")
    return items


def _drafted(transfer: Transfer, doing: str) -> Transfer:
    job = locks.transfer(transfer)
    if job.state != TransferState.DRAFT:
        raise Refused("not_a_draft", f"{job} is {label(job.state).lower()}: nothing can be {doing} any more.")
    return job


def _arriving(transfer: Transfer, by: str) -> Transfer:
    job = locks.transfer(transfer)
    duties.require(by, Duty.TRANSFER, job.destination_id)
    if job.state != TransferState.SENT:
        raise Refused("not_on_its_way", f"{job} is {label(job.state).lower()}: only what was sent can be received.")
    return job


def _counted(job: Transfer, item: TransferItem) -> TransferItem:
    """The item as it is now, under the lock of its transfer."""
    held = job.items.select_related("stock_line", "transfer").filter(pk=item.pk).first()
    if held is None or held.stock_line is None:
        raise Refused("not_counted", "This is not counted stock on the transfer: scan its asset.")
    return held
