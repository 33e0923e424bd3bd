"""Book in: new assets from a supplier, and assets coming back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from stdnum import verhoeff

from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import Asset, AssetEvent, Loan, Organisation, Product, Reservation, ReturnRecord, Store
from equipment.states import AssetState, Condition, Infection


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
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('equipment_asset_number')")
        return asset_number(cursor.fetchone()[0])


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
) -> Asset:
    """A new asset at the door: numbered and recorded, not issuable before its acceptance check."""
    if not product.is_serialised:
        raise Invalid("not_serialised", f"{product} is counted, not numbered: receive it as stock.", field="product")
    try:
        with transaction.atomic():
            asset = Asset.objects.create(
                number=next_asset_number(),
                product=product,
                owner=owner,
                store=store,
                serial=serial,
                barcode=barcode or None,
                received_on=at.date(),
                purchase_price=product.price if price is None else price,
            )
    except IntegrityError as error:
        raise Invalid("barcode_taken", f"Barcode {barcode} is on another asset already.", field="barcode") from error
    AssetEvent.objects.create(asset=asset, verb="book_in", to_state=asset.state, at=at, by=by)
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
    """An asset handed in at the desk, or carried in from a van: its loan ends and it goes straight to quarantine."""
    loan = Loan.objects.filter(asset=asset, ended_at__isnull=True).first()
    if asset.state == AssetState.RETURNING:
        # What was declared at the door, when it was collected there; not the declaration of an earlier return.
        record = ReturnRecord.objects.filter(asset=asset, at__gte=asset.soiled_at).first()
        advance(asset, AssetState.QUARANTINE, by=by, at=at, store=store)
        if record is not None:
            return record
    else:
        advance(asset, AssetState.QUARANTINE, by=by, at=at, store=store)
    if loan is not None:
        end_loan(loan, at=at)
    return declare_return(asset, loan, by=by, at=at, condition=condition, infection=infection)


@transaction.atomic
def find(asset: Asset, store: Store, *, by: str, at: datetime, reason: str) -> ReturnRecord:
    """A lost asset has turned up: straight to quarantine.

    A loan it was lost from ends, and nothing is known of its travels.
    """
    loan = Loan.objects.filter(asset=asset, ended_at__isnull=True).first()
    advance(asset, AssetState.QUARANTINE, by=by, at=at, store=store, reason=reason)
    if loan is not None:
        end_loan(loan, at=at)
    return declare_return(asset, loan, by=by, at=at, condition=Condition.WORN, infection=Infection.UNKNOWN)


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
