"""Book in: new assets from a supplier, and assets coming back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from stdnum import verhoeff

from equipment import credits, duties, locks, stock
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import DomainError, Invalid, Refused
from equipment.lifecycle import advance, legal_moves
from equipment.lifecycle import note as write_note
from equipment.models import Asset, AssetEvent, Loan, Organisation, Product, Reservation, ReturnRecord, Store
from equipment.states import AssetState, Condition, Infection, Reuse, label

_OUT = frozenset({AssetState.ON_LOAN, AssetState.COLLECTION_DUE, AssetState.RETURNING, AssetState.LOST})


def asset_number(serial: int) -> str:
    """Six digits and a Verhoeff check digit, which catches every single wrong digit and every swap of two
    neighbours.
    """
    body = f"{serial:06d}"
    return body + verhoeff.calc_check_digit(body)


def is_asset_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) >= 7 and bool(verhoeff.is_valid(text))


def next_asset_number() -> str:
    """A number nobody has had: from a database sequence, so two receipts at once never share one."""
    return next_asset_numbers(1)[0]


def next_asset_numbers(count: int) -> list[str]:
    """So many of them, asked for in one go."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('equipment_asset_number') FROM generate_series(1, %s)", [count])
        return [asset_number(row[0]) for row in cursor.fetchall()]


@transaction.atomic
def book_in(
    product: Product,
    store: Store,
    owner: Organisation,
    *,
    by: str,
    at: datetime,
    serial: str = "",
    barcode: str | None = None,
    price: Decimal | None = None,
    made_on: date | None = None,
) -> Asset:
    """A new asset at the door: numbered and recorded, not issuable before its acceptance check."""
    duties.require(by, Duty.RECEIVE, store.pk)
    not_made_ahead(made_on, at)
    asset = _made(
        product,
        owner,
        store=store,
        serial=serial.strip(),
        barcode=barcode or None,
        received_on=day_of(at),
        made_on=made_on,
        since=at,
        purchase_price=product.price if price is None else price,
    )
    AssetEvent.objects.create(asset=asset, verb="book_in", to_state=asset.state, at=at, by=by)
    return asset


def _made(product: Product, owner: Organisation, **fields: Any) -> Asset:
    """A new row with a new number; what may be there only once is refused by name."""
    must_be_numbered(product)
    try:
        with transaction.atomic():
            return Asset.objects.create(number=next_asset_number(), product=product, owner=owner, **fields)
    except IntegrityError as error:
        raise _twice(product, fields.get("serial", ""), fields.get("barcode")) from error


def not_made_ahead(made_on: date | None, at: datetime) -> None:
    """Raises Invalid for a date of manufacture that lies ahead: alerts go by it (rule 36)."""
    if made_on is not None and made_on > day_of(at):
        raise Invalid("made_on", "The date of manufacture lies ahead: correct it.", field="made_on")


def must_be_numbered(product: Product) -> None:
    """Raises Invalid for a product whose things have no asset number each."""
    if product.is_composite:
        raise Invalid("composite", f"{product} is made of its parts: book those in.", field="product")
    if not product.is_serialised:
        raise Invalid("not_serialised", f"{product} is counted, not numbered: receive it as stock.", field="product")


def _twice(product: Product, serial: str, barcode: str | None) -> DomainError:
    other = Asset.objects.filter(product=product, serial=serial).first() if serial else None
    if other is not None:
        return Refused("serial_taken", f"Serial {serial} is on asset {other} already.", field="serial")
    return Invalid("barcode_taken", f"Barcode {barcode} is on another asset already.", field="barcode")


@transaction.atomic
def found_without_papers(
    product: Product,
    store: Store,
    owner: Organisation,
    *,
    condition: str,
    note: str,
    by: str,
    at: datetime,
    infection: str = Infection.UNKNOWN,
    serial: str = "",
) -> Asset:
    """Something of ours, or of another service, came without a label: numbered, and straight to quarantine.

    When its serial is on our books it is that asset which has come back, and no second one is made.
    """
    duties.require(by, Duty.RETURN, store.pk)
    must_be_numbered(product)
    serial = serial.strip()
    known = Asset.objects.filter(product=product, serial=serial).first() if serial else None
    if known is not None:
        take_back(known, store, by=by, at=at, condition=condition, infection=infection)
        write_note(known, "found_without_papers", by=by, at=at, reason=note)
        return known
    if product.reuse != Reuse.REUSABLE:
        raise Refused(
            "not_reusable",
            f"{product.name} is {label(product.reuse).lower()} and nobody knows who had it: destroy it (rule 9).",
            field="product",
        )
    asset = _made(
        product,
        owner,
        state=AssetState.QUARANTINE,
        store=store,
        serial=serial,
        received_on=day_of(at),
        soiled_at=at,
        since=at,
        purchase_price=product.price,
    )
    AssetEvent.objects.create(asset=asset, verb="found_without_papers", to_state=asset.state, at=at, by=by, reason=note)
    declare_return(asset, None, by=by, at=at, condition=condition, infection=infection)
    return asset


@transaction.atomic
def take_back(
    asset: Asset,
    store: Store,
    *,
    by: str,
    at: datetime,
    condition: str = Condition.GOOD,
    infection: str = Infection.UNKNOWN,
) -> ReturnRecord:
    """An asset handed in at a desk or a drop-off point, or carried in from a van: its loan ends and it goes straight to
    quarantine. So does one that was lost. What has not been out is refused, with what may be done with it.
    """
    loan = locks.back(asset)
    _must_be_out(asset)
    declared = _declared_at_the_door(asset)
    reason = "Handed in after it was lost" if asset.state == AssetState.LOST else ""
    advance(asset, AssetState.QUARANTINE, by=by, at=at, store=store, reason=reason)
    if loan is not None:
        end_loan(loan, at=at)
    record = declared or declare_return(asset, loan, by=by, at=at, condition=condition, infection=infection)
    credits.give_for(asset, record, by=by, at=at)
    return record


def _must_be_out(asset: Asset) -> None:
    if asset.state in _OUT:
        return
    legal = [move.verb for _, move in legal_moves(asset)]
    remedy = "Receive it on its transfer. " if asset.state == AssetState.IN_TRANSFER else ""
    raise Refused(
        "illegal_move",
        f"Asset {asset} ({label(asset.state).lower()}) is not out, so it cannot come back. {remedy}"
        f"From here: {', '.join(verb.replace('_', ' ') for verb in legal) or 'nothing more'}.",
        state=asset.state,
        legal=legal,
    )


def _declared_at_the_door(asset: Asset) -> ReturnRecord | None:
    """What was declared when the van collected it; not the declaration of an earlier return."""
    if asset.state != AssetState.RETURNING:
        return None
    return ReturnRecord.objects.filter(asset=asset, at__gte=asset.soiled_at).first()


@transaction.atomic
def hand_in_counted(loan: Loan, store: Store, quantity: int, *, by: str, at: datetime) -> Loan:
    """Part of what somebody has of a counted product comes back, or all of it. Gives the loan that ended: in part, it
    is one of its own, and the rest stays on loan as it was.
    """
    duties.require(by, Duty.RETURN, store.pk)
    held = locks.loan(loan.pk)
    if held.asset is not None:
        raise Invalid("not_counted", f"{held.asset} is numbered: take it back by its number.", field="loan")
    if held.ended_at is not None:
        raise Refused("loan_ended", f"This loan ended on {held.ended_at:%d %b %Y}.", loan=held.pk)
    stock.at_least_one(quantity)
    if quantity > held.quantity:
        raise Refused(
            "not_so_many", f"Only {held.quantity} are on loan: {quantity} cannot come back.", on_loan=held.quantity
        )
    back = held if quantity == held.quantity else _part_of(held, quantity)
    end_loan(back, at=at)
    count_in(back, store, by=by, at=at)
    return back


def _part_of(loan: Loan, quantity: int) -> Loan:
    price = credits.parted(loan, quantity)
    loan.quantity -= quantity
    loan.price = None if loan.price is None or price is None else loan.price - price
    loan.save(update_fields=["quantity", "price"])
    kept = ("person", "address", "product", "stock_line", "composite_id", "kit", "started_at", "review_on", "funder_id")
    return Loan.objects.create(quantity=quantity, price=price, **{name: getattr(loan, name) for name in kept})


def count_in(loan: Loan, store: Store, *, by: str, at: datetime) -> None:
    """Counted stock of a loan that ended goes onto the dirty line; what may not be reused is not counted in again
    (rule 9).
    """
    if loan.asset_id is None and loan.product.reuse == Reuse.REUSABLE:
        line = loan.stock_line
        batch, expires_on = (line.batch, line.expires_on) if line else ("", None)
        stock.take_back(loan.product, store, loan.quantity, by=by, at=at, batch=batch, expires_on=expires_on)
        credits.give(loan, None, by=by, at=at)


@transaction.atomic
def relabel(asset: Asset, *, serial: str, barcode: str | None, by: str, at: datetime) -> None:
    """Correct the maker's serial or the barcode. What it said before stays in its history."""
    duties.require(by, Duty.RECEIVE, asset.store_id)
    held = locks.asset(asset.pk)
    was = {"serial": held.serial, "barcode": held.barcode or ""}
    becomes = {"serial": serial.strip(), "barcode": (barcode or "").strip()}
    if was == becomes:
        return
    try:
        with transaction.atomic():
            values = {"serial": becomes["serial"], "barcode": becomes["barcode"] or None}
            Asset.objects.filter(pk=held.pk).update(**values)
    except IntegrityError as error:
        raise Invalid("label_taken", "This serial or barcode is on another asset already.", field="barcode") from error
    write_note(held, "relabel", by=by, at=at, **{f"{name}_was": text for name, text in was.items()}, **becomes)


@transaction.atomic
def find(asset: Asset, store: Store, *, by: str, at: datetime, reason: str) -> ReturnRecord:
    """A lost asset has turned up: straight to quarantine.

    A loan it was lost from ends, and nothing is known of its travels.
    """
    loan = locks.back(asset)
    if asset.state != AssetState.LOST:
        raise Refused("not_lost", f"{asset} is {label(asset.state).lower()}, not lost.", state=asset.state)
    advance(asset, AssetState.QUARANTINE, by=by, at=at, store=store, reason=reason)
    if loan is not None:
        end_loan(loan, at=at)
    record = declare_return(asset, loan, by=by, at=at, condition=Condition.WORN, infection=Infection.UNKNOWN)
    credits.give_for(asset, record, by=by, at=at)
    return record


def declare_return(
    asset: Asset, loan: Loan | None, *, by: str, at: datetime, condition: str, infection: str
) -> ReturnRecord:
    """Who gave it back in what condition, and what infection was declared; the method of cleaning follows from it
    (rule 3).
    """
    return ReturnRecord.objects.create(asset=asset, loan=loan, at=at, by=by, condition=condition, infection=infection)


def end_loan(loan: Loan, *, at: datetime) -> None:
    """Close an open loan once. Raises Refused when it has ended."""
    if Loan.objects.filter(pk=loan.pk, ended_at__isnull=True).update(ended_at=at) != 1:
        raise Refused("loan_ended", f"Loan {loan.pk} has ended already.", loan=loan.pk)
    loan.ended_at = at


def infection_of(asset: Asset) -> str:
    """The infection declared at the last return; unknown when nothing was (rule 3 then takes the higher class)."""
    record = ReturnRecord.objects.filter(asset=asset).first()
    if record is not None:
        return record.infection
    return Infection.NONE_KNOWN if asset.loans_count == 0 and asset.accepted_at is None else Infection.UNKNOWN


def live_reservation(asset: Asset) -> Reservation | None:
    return Reservation.objects.filter(asset=asset, ended_at__isnull=True).select_related("person").first()
