"""Goods in: what a supplier brought, numbered or counted, and its acceptance check."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from equipment import duties, inspections, locks, receiving, stock
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import DomainError, Invalid, Refused
from equipment.models import Asset, AssetEvent, Organisation, Product, Receipt, Store
from equipment.states import AssetState, Tracking

MOST_ASSETS = 2000  # in one delivery: more are booked in as two
_LONGEST_SERIAL = 60
_HEADINGS = frozenset({"serial", "serial number", "serial no", "serial no."})
_NAMED = 10  # a refusal names so many of the serials it is about


class Serial(str):
    """A maker's serial, knowing the line of the list it stands on."""

    line: int

    def __new__(cls, text: str, line: int) -> Serial:
        made = super().__new__(cls, text)
        made.line = line
        return made


@dataclass(frozen=True)
class Delivery:
    """One product of a delivery. What is numbered comes with its serials, or without any by `quantity`; what is counted
    by `quantity` only. The price each is the catalogue's unless it is given.
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
    receipt.save()
    if product.is_serialised:
        _number(receipt, serials or [Serial("", 0)] * receipt.quantity, by=by, at=at)
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


def _number(receipt: Receipt, serials: Sequence[Serial], *, by: str, at: datetime) -> None:
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
            batch=receipt.batch,
            received_on=day_of(at),
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
    found = [Serial(text.strip(), getattr(text, "line", n)) for n, text in enumerate(delivery.serials, 1)]
    if found and not delivery.product.is_serialised:
        raise Invalid(
            "not_serialised", f"{delivery.product} is counted, not numbered: give a quantity.", field="serials"
        )
    for serial in found:
        _legible(serial, serial.line)
    first: dict[str, int] = {}
    twice = []
    for serial in found:
        if str(serial) in first:
            twice.append(f"line {serial.line}: {serial} stands on line {first[str(serial)]} already")
        first.setdefault(str(serial), serial.line)
    if twice:
        _refuse(Invalid, "serial_twice", twice)
    return found


def _refuse(error: type[DomainError], code: str, found: list[str]) -> None:
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    sentence = "; ".join(found[:_NAMED]) + more
    raise error(code, f"Nothing was booked in. {sentence[0].upper()}{sentence[1:]}.", field="serials")


def _legible(serial: str, line: int) -> None:
    wrong = ""
    if not serial:
        wrong = "is empty"
    elif len(serial) > _LONGEST_SERIAL:
        wrong = f"is longer than {_LONGEST_SERIAL} characters"
    elif not serial.isprintable():
        wrong = "has a character that cannot be printed"
    if wrong:
        raise Invalid("serial_illegible", f"Line {line}: the serial {wrong}.", field="serials", line=line)


def serials_from(text: str) -> tuple[Serial, ...]:
    """The serials of a pasted or scanned list: one a line, or parted by commas or tabs; or of a CSV file whose first
    line names a column "serial". Raises Invalid with the line of what is empty or too long.
    """
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff").rstrip())
    if lines == [""]:
        return ()
    mark = next((sign for sign in "\t;," if sign in lines[0]), ",")
    heading = [cell.strip().lower() for cell in next(csv.reader([lines[0]], delimiter=mark), [])]
    column = next((n for n, name in enumerate(heading) if name in _HEADINGS), None)
    if column is None:
        cells = [(line, cell) for line, row in _rows([text.replace("\t", ",") for text in lines], ",") for cell in row]
    else:
        cells = [(line, "".join(row[column : column + 1])) for line, row in _rows(lines, mark) if line > 1]
    return tuple(_serial(cell, line) for line, cell in cells)


def _rows(lines: list[str], mark: str) -> Iterable[tuple[int, list[str]]]:
    """Each row of cells with the line that it starts on. An empty line is a row of one empty cell."""
    # With their line ends, so that a quotation mark never closed cannot join two serials unseen.
    reader: Any = csv.reader((f"{line}\n" for line in lines), delimiter=mark)
    start = 1
    try:
        for row in reader:
            yield start, row or [""]
            start = reader.line_num + 1
    except csv.Error as error:
        raise Invalid("serial_illegible", f"Line {start} cannot be read: {error}.", field="serials") from error


def _serial(cell: str, line: int) -> Serial:
    text = cell.strip()
    _legible(text, line)
    return Serial(text, line)


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
