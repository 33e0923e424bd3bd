"""Issue and collect: what happens at the person's door."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F

from equipment import allocation, locks, receiving
from equipment.days import day_of
from equipment.errors import Refused
from equipment.lifecycle import advance
from equipment.models import Address, Asset, Loan, Organisation, Reservation, ReturnRecord, Store
from equipment.states import AssetState, Condition, Infection, label


@transaction.atomic
def deliver(
    reservation: Reservation,
    address: Address,
    *,
    by: str,
    at: datetime,
    review_on: date | None = None,
    funder: Organisation | None = None,
    price: Decimal | None = None,
) -> Loan:
    """Hand over what was loaded for this person: the reservation becomes a loan (rule 6: at most one open loan an
    asset). Who pays, and what was charged, is what its return is credited by (rule 20).
    """
    [held] = locks.reservations([reservation.pk])
    if held.ended_at is not None:
        raise Refused("reservation_ended", "This has been delivered or released already.", reservation=held.pk)
    if held.issued_at is None:
        raise Refused(
            "not_loaded", f"{held.asset or held.product.name} has not been loaded on a van.", reservation=held.pk
        )
    if held.asset is not None:
        person = allocation.person_of(held, on=day_of(at))
        advance(held.asset, AssetState.ON_LOAN, by=by, at=at, person=person)
        Asset.objects.filter(pk=held.asset.pk).update(loans_count=F("loans_count") + 1)
    else:
        allocation.require_fit(held, at)
    loan = Loan.objects.create(
        person=held.person,
        address=address,
        product=held.product,
        asset=held.asset,
        stock_line=held.stock_line,
        quantity=held.quantity,
        composite_id=held.composite_id,
        kit=held.kit,
        started_at=at,
        review_on=review_on,
        funder=funder,
        price=price,
    )
    Reservation.objects.filter(pk=held.pk).update(ended_at=at, loan=loan)
    return loan


@transaction.atomic
def request_collection(loan: Loan, *, by: str, at: datetime, reason: str = "") -> None:
    """The person no longer needs it: mark it as waiting to be fetched. Asking twice changes nothing.

    From here on it counts no more as something that new kit has to go with (rules 11 to 13).
    """
    _open(loan)
    if loan.asset is not None:
        asset = locks.asset(loan.asset.pk)
        if asset.state == AssetState.ON_LOAN:
            advance(asset, AssetState.COLLECTION_DUE, by=by, at=at, reason=reason)
    else:
        Loan.objects.filter(pk=loan.pk, fetch_asked_at__isnull=True).update(fetch_asked_at=at)


@transaction.atomic
def keep(loan: Loan, *, by: str, at: datetime, reason: str) -> None:
    """The person keeps it after all: the collection is off."""
    _open(loan)
    if loan.asset is not None and loan.asset.state == AssetState.COLLECTION_DUE:
        advance(loan.asset, AssetState.ON_LOAN, by=by, at=at, reason=reason)
    Loan.objects.filter(pk=loan.pk).update(fetch_asked_at=None)


@transaction.atomic
def collect(
    loan: Loan,
    *,
    vehicle: str,
    by: str,
    at: datetime,
    condition: str = Condition.GOOD,
    infection: str = Infection.UNKNOWN,
) -> ReturnRecord | None:
    """Take it onto the dirty side of the van, with its condition and the infection declared (rule 3); the loan ends
    here.
    """
    _open(loan)
    receiving.end_loan(loan, at=at)
    if loan.asset is None:
        return None
    asset = locks.asset(loan.asset.pk)
    advance(asset, AssetState.RETURNING, by=by, at=at, vehicle=vehicle)
    return receiving.declare_return(asset, loan, by=by, at=at, condition=condition, infection=infection)


@transaction.atomic
def book_in_quantity(loan: Loan, store: Store, *, by: str, at: datetime) -> None:
    """Counted stock off the van: onto the dirty line; what may not be reused is not counted in again (rule 9)."""
    receiving.count_in(loan, store, by=by, at=at)


def _open(loan: Loan) -> None:
    if loan.ended_at is not None:
        raise Refused("loan_ended", f"This loan ended on {loan.ended_at:%d %b %Y}.", loan=loan.pk)
    if loan.asset is not None and loan.asset.state not in (AssetState.ON_LOAN, AssetState.COLLECTION_DUE):
        raise Refused("not_on_loan", f"Asset {loan.asset} is {label(loan.asset.state).lower()}, not on loan.")
