"""What a funder gets back for what comes back: once a loan, when the store has it in its hands (rule 20)."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings
from django.db import transaction

from equipment import duties, locks
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.models import Asset, AssetEvent, Credit, Loan, ReturnRecord
from equipment.states import Condition, Reuse

PENNY = Decimal("0.01")


@transaction.atomic
def give(loan: Loan, return_record: ReturnRecord | None, *, by: str, at: datetime) -> Credit | None:
    """Credit the funder who paid for this loan, by the condition in which it was booked in; nothing the second time.

    None when nobody was charged, or when nobody may have it again (rule 9). Damaged, it is a credit of nothing, so that
    its funder can see that it was looked at. Counted stock has no record of its return: it counts as good.
    """
    held = locks.loan(loan.pk)
    if held.funder_id is None or held.price is None or held.product.reuse != Reuse.REUSABLE:
        return None
    if held.ended_at is None or Credit.objects.filter(loan=held).exists():
        return None
    percent = settings.SERVICE["CREDIT_PERCENT"][return_record.condition if return_record else Condition.GOOD]
    return Credit.objects.create(
        loan=held,
        funder_id=held.funder_id,
        return_record=return_record,
        price=held.price,
        percent=percent,
        amount=pounds(held.price * percent / 100),
        at=at,
        by=by,
    )


def give_for(asset: Asset, return_record: ReturnRecord, *, by: str, at: datetime) -> Credit | None:
    """The same for an asset that a store has just booked in: its last loan is the one it came back from."""
    loan = Loan.objects.filter(asset=asset, ended_at__isnull=False).order_by("-ended_at", "-pk").first()
    return give(loan, return_record, by=by, at=at) if loan is not None else None


@transaction.atomic
def correct(credit: Credit, amount: Decimal, reason: str, *, by: str, at: datetime) -> Credit:
    """Say what a credit should have been: another row, whose amount stands from now on. Nothing is changed or removed.

    Raises Invalid naming the field; Refused when it has been corrected already, so that corrections form one line.
    """
    duties.require(by, Duty.MANAGE)
    locks.loan(credit.loan_id)
    if not reason.strip():
        raise Invalid("reason_needed", "Say why it is corrected.", field="reason")
    if not 0 <= amount <= credit.price:
        raise Invalid("amount", f"A credit is £0 to £{credit.price}, the price that was charged.", field="amount")
    if Credit.objects.filter(corrects=credit).exists():
        raise Refused("corrected_already", "This credit has been corrected: correct the latest one.", credit=credit.pk)
    return Credit.objects.create(
        loan_id=credit.loan_id,
        funder_id=credit.funder_id,
        return_record_id=credit.return_record_id,
        price=credit.price,
        percent=round(amount * 100 / credit.price) if credit.price else 0,
        amount=pounds(amount),
        corrects=credit,
        reason=reason.strip(),
        at=at,
        by=by,
    )


@transaction.atomic
def carry_over(old: Loan, new: Loan, *, by: str, at: datetime) -> None:
    """An exchange is neither charged nor credited: what was paid for the old one stands for the new one from now on.
    Nothing does when the old one came back first: what was paid for it has been given back.
    """
    held = locks.loan(old.pk)
    if held.funder_id is None or held.price is None or Credit.objects.filter(loan=held).exists():
        return
    Loan.objects.filter(pk=new.pk).update(funder_id=held.funder_id, price=held.price)
    Loan.objects.filter(pk=held.pk).update(price=None)
    new.funder_id, new.price = held.funder_id, held.price
    for loan, what in ((held, "paid_for_by_exchange"), (new, "takes_over_charge")):
        if loan.asset is not None:
            facts = {"loan": loan.pk, "instead_of": held.pk, "price": str(new.price)}
            state = loan.asset.state
            AssetEvent.objects.create(
                asset=loan.asset, verb=what, from_state=state, to_state=state, at=at, by=by, facts=facts
            )


def pounds(amount: Decimal) -> Decimal:
    return amount.quantize(PENNY, ROUND_HALF_UP)


def parted(loan: Loan, quantity: int) -> Decimal | None:
    """The share of a counted loan's price that goes with so many of it."""
    return None if loan.price is None else pounds(loan.price * quantity / loan.quantity)
