"""Goods in: what a supplier brought, numbered or counted, and its acceptance check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from equipment import duties, inspections, locks, receiving, stock
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import DomainError, Invalid, Refused
from equipment.models import Asset, AssetEvent, Organisation, Product, Receipt, Store
from equipment.serials import Serial, legible
from equipment.states import AssetState, Tracking

MOST_ASSETS = 2000  # in one delivery: more are booked in as two
_NAMED = 10  # a refusal names so many of the serials it is about


@dataclass(frozen=True)
class Delivery:
    """One product of a delivery. What is numbered comes with its serials, or without any by `quantity`; what is counted
    by `quantity` only. The price each is the catalogue's unless it is given; when it was made is what the maker's code
    of each says, else `made_on`.
    """

    supplier: str
    order_number: str
    product: Product
    store: Store
    owner: Organisation
    unit_price: Decimal | None = None
    delivery_note: str = ""
    batch: str = ""
    expires_on: date | None = None
    made_on: date | None = None
    serials: tuple[str, ...] = ()
    quantity: int | None = None


@dataclass(frozen=True)
class Acceptance:
    """What went onto the shelf, and what did not, with the reason."""

    accepted: list[Asset]
    refused: list[tuple[Asset, str]]


@transaction.atomic
def receive(delivery: Delivery, *, by: str, at: datetime) -> Receipt:
    """Book a delivery in: an asset for each numbered thing, not issuable before its acceptance check; or so many on the
    stock line of the batch. What cannot be booked in as a whole is not booked in at all.
    """
    duties.require(by, Duty.RECEIVE, delivery.store.pk)
    product = delivery.product
    if product.is_composite:
        raise Invalid("composite", f"{product} is made of its parts: book those in.", field="product")
    serials = _serials(delivery)
    receipt = _receipt(delivery, _quantity(delivery, serials), by=by, at=at)
    stock.not_expired(delivery.expires_on, at)
    for made_on in {delivery.made_on, *(serial.made_on for serial in serials)}:
        receiving.not_made_ahead(made_on, at)
    receipt.save()
    if product.is_serialised:
        _number(receipt, serials or [Serial("", 0)] * receipt.quantity, delivery.made_on, by=by, at=at)
        return receipt
    stock.receive(
        product,
        delivery.store,
        receipt.quantity,
        by=by,
        at=at,
        batch=receipt.batch,
        expires_on=receipt.expires_on,
        reason=f"Receipt {receipt.pk}",
    )
    return receipt


def _quantity(delivery: Delivery, serials: Sequence[Serial]) -> int:
    """How many came: as counted, or as there are serials; when both are given they must agree."""
    quantity = len(serials) if delivery.quantity is None else delivery.quantity
    if serials and quantity != len(serials):
        raise Invalid(
            "quantity_differs",
            f"The quantity is {quantity}, but there are {len(serials)} serials: correct one of the two.",
            field="quantity",
        )
    if delivery.quantity is None and not serials:
        raise Invalid("quantity_needed", "Give the serials, or how many came.", field="quantity")
    stock.at_least_one(quantity)
    most = MOST_ASSETS if delivery.product.is_serialised else stock.MOST
    if quantity > most:
        raise Invalid("too_many", f"{quantity:,} came: book in at most {most:,} at once.", field="quantity", most=most)
    return quantity


def _receipt(delivery: Delivery, quantity: int, *, by: str, at: datetime) -> Receipt:
    """The receipt as it will be written, with every field checked."""
    batch = delivery.batch.strip()
    kept_by_batch = delivery.product.tracking == Tracking.BATCH or delivery.expires_on is not None
    if kept_by_batch and not batch and not delivery.product.is_serialised:
        raise Invalid("batch_needed", f"{delivery.product.name} is kept by its batch: give it.", field="batch")
    receipt = Receipt(
        supplier=delivery.supplier.strip(),
        order_number=delivery.order_number.strip(),
        delivery_note=delivery.delivery_note.strip(),
        product=delivery.product,
        store=delivery.store,
        owner=delivery.owner,
        batch=batch,
        expires_on=delivery.expires_on,
        quantity=quantity,
        unit_price=delivery.product.price if delivery.unit_price is None else delivery.unit_price,
        at=at,
        by=by,
    )
    _check(receipt)
    return receipt


def _check(receipt: Receipt) -> None:
    if receipt.unit_price < 0:
        raise Invalid("price_below_nothing", "The price must not be below 0.", field="unit_price")
    try:
        receipt.clean_fields(exclude=["product", "store", "owner"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        name = {"unit_price": "Price"}.get(field, field.replace("_", " ").capitalize())
        raise Invalid("invalid_field", f"{name}: {' '.join(messages)}", field=field) from error


# Numbered goods -------------------------------------------------------------------------------------------------------


def _number(receipt: Receipt, serials: Sequence[Serial], made_on: date | None, *, by: str, at: datetime) -> None:
    """The assets and the first event of each, in a fixed number of queries however many there are."""
    _must_be_new(receipt.product, serials)
    numbers = receiving.next_asset_numbers(len(serials))
    rows = [
        Asset(
            number=number,
            product=receipt.product,
            owner=receipt.owner,
            store=receipt.store,
            serial=str(serial),
            receipt=receipt,
            batch=serial.lot or receipt.batch,
            received_on=day_of(at),
            made_on=serial.made_on or made_on,
            since=at,
            purchase_price=receipt.unit_price,
        )
        for number, serial in zip(numbers, serials, strict=True)
    ]
    try:
        with transaction.atomic():
            made = Asset.objects.bulk_create(rows)
    except IntegrityError:
        _must_be_new(receipt.product, serials)  # another delivery with the same serial was faster: say which
        raise
    AssetEvent.objects.bulk_create(
        AssetEvent(asset=asset, verb="book_in", to_state=asset.state, at=at, by=by, facts={"receipt": receipt.pk})
        for asset in made
    )


def _must_be_new(product: Product, serials: Sequence[Serial]) -> None:
    """Raises Refused when an asset of this product bears one of the serials already."""
    given = {str(serial): serial for serial in serials if serial}
    taken = Asset.objects.filter(product=product, serial__in=list(given)).values_list("serial", "number")
    clashes = sorted((given[serial].line, serial, number) for serial, number in taken)
    if clashes:
        _refuse(
            Refused,
            "serial_taken",
            [f"line {line}: {text} is on asset {number} already" for line, text, number in clashes],
        )


def _serials(delivery: Delivery) -> list[Serial]:
    """The serials with their lines, each checked and none of them twice."""
    found = [
        text if isinstance(text, Serial) else Serial(text.strip(), n) for n, text in enumerate(delivery.serials, 1)
    ]
    if found and not delivery.product.is_serialised:
        raise Invalid(
            "not_serialised", f"{delivery.product} is counted, not numbered: give a quantity.", field="serials"
        )
    for serial in found:
        legible(serial, serial.line)
        _of_the_product(serial, delivery.product)
    first: dict[str, int] = {}
    twice = []
    for serial in found:
        if str(serial) in first:
            twice.append(f"line {serial.line}: {serial} stands on line {first[str(serial)]} already")
        first.setdefault(str(serial), serial.line)
    if twice:
        _refuse(Invalid, "serial_twice", twice)
    return found


def _of_the_product(serial: Serial, product: Product) -> None:
    """A maker's code that names its product must name this one."""
    if serial.gtin and product.gtin and serial.gtin != product.gtin:
        raise Invalid(
            "another_product",
            f"Line {serial.line}: this code is of another product (GTIN {serial.gtin}): book that one in by itself.",
            field="serials",
            line=serial.line,
        )


def _refuse(error: type[DomainError], code: str, found: list[str]) -> None:
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    sentence = "; ".join(found[:_NAMED]) + more
    raise error(code, f"Nothing was booked in. {sentence[0].upper()}{sentence[1:]}.", field="serials")


# The acceptance check -------------------------------------------------------------------------------------------------


@transaction.atomic
def accept_all(receipt: Receipt, *, by: str, at: datetime) -> Acceptance:
    """Accept all of a receipt that still waits for it. What may not stand on a shelf yet stays, with the reason."""
    duties.require(by, Duty.RECEIVE, receipt.store_id)
    held = locks.receipt(receipt.pk)
    done = Acceptance([], [])
    for asset in held.assets.filter(state=AssetState.RECEIVED).select_related("location").order_by("pk"):
        asset.product = held.product
        try:
            with transaction.atomic():
                inspections.accept(asset, by=by, at=at)
        except DomainError as error:
            done.refused.append((asset, error.detail))
        else:
            done.accepted.append(asset)
    return done
