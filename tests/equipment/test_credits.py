"""Rule 20: once a loan, to who paid for it, when the store has it in its hands and has seen its condition."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from equipment import credits, loans, receiving
from equipment.duties import ASSISTANT, MANAGER, Actor
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import AssetEvent, Credit, Loan
from equipment.states import AssetState, Condition
from tests.county import BY, TUESDAY

MANAGED = Actor("user:mo", MANAGER)


@pytest.fixture
def paid(county):
    """A commode on loan, for which the council was charged £100."""
    loan = county.on_loan(county.commode())
    return charge(loan, county.council)


def charge(loan, funder, price="100.00"):
    Loan.objects.filter(pk=loan.pk).update(funder=funder, price=Decimal(price))
    loan.refresh_from_db()
    return loan


def back(county, loan, condition=Condition.GOOD):
    return receiving.take_back(loan.asset, county.store, by=BY, at=TUESDAY, condition=condition)


@pytest.mark.parametrize(
    ("condition", "percent", "amount"), [("good", 80, "80.00"), ("worn", 60, "60.00"), ("damaged", 0, "0.00")]
)
def test_rule_20_the_funder_is_credited_by_the_condition_in_which_it_is_booked_in(
    county, paid, condition, percent, amount
):
    """Rule 20: to the original funder, on verified receipt and condition; a damaged one is a credit of nothing."""
    record = back(county, paid, condition)
    credit = Credit.objects.get()
    assert (credit.loan, credit.funder, credit.return_record) == (paid, county.council, record)
    assert (credit.price, credit.percent, credit.amount) == (Decimal(100), percent, Decimal(amount))
    assert (credit.at, credit.by, credit.corrects) == (TUESDAY, BY, None)


def test_rule_20_nothing_is_credited_before_the_store_has_it(county, paid):
    """Rule 20: what a van has collected is on its way; the credit comes with the book-in, by what the crew declared."""
    loans.collect(paid, vehicle="VAN", condition=Condition.WORN, by=BY, at=TUESDAY)
    assert not Credit.objects.exists()
    receiving.take_back(paid.asset, county.store, by=BY, at=TUESDAY + timedelta(hours=1))
    assert Credit.objects.get().percent == 60


def test_rule_20_what_is_lost_is_credited_only_when_it_is_found(county, paid):
    """Rule 20: a loss is no receipt."""
    receiving.end_loan(paid, at=TUESDAY)
    advance(paid.asset, AssetState.LOST, by=BY, at=TUESDAY, reason="Home cleared")
    assert not Credit.objects.exists()
    paid.asset.refresh_from_db()
    receiving.find(paid.asset, county.store, by=BY, at=TUESDAY, reason="Behind the shed")
    assert Credit.objects.get().amount == Decimal("60.00")


def test_rule_20_a_loan_is_credited_once_and_scrapping_it_later_takes_nothing_back(county, paid):
    """Rule 20: once a loan, and no silent claw-back."""
    record = back(county, paid)
    assert credits.give(paid, record, by=BY, at=TUESDAY) is None
    asset = paid.asset
    asset.refresh_from_db()
    advance(asset, AssetState.CONDEMNED, by=MANAGED, at=TUESDAY, reason="Frame cracked")
    assert [row.amount for row in Credit.objects.all()] == [Decimal("80.00")]


def test_rule_20_the_database_itself_refuses_a_second_credit(county, paid):
    """Rule 20: constraint one_credit_per_loan."""
    record = back(county, paid)
    with pytest.raises(IntegrityError, match="one_credit_per_loan"), transaction.atomic():
        Credit.objects.create(
            loan=paid, funder=county.council, return_record=record, price=1, percent=1, amount=1, at=TUESDAY, by=BY
        )


def test_an_earlier_loan_is_not_credited_for_a_later_return(county, paid):
    """Rule 20: the loan it came back from is the one that counts; this one was charged to nobody."""
    asset = paid.asset
    receiving.end_loan(paid, at=TUESDAY - timedelta(days=9))
    later = Loan.objects.create(
        person=county.person(), address=county.address(), product=asset.product, asset=asset, started_at=TUESDAY
    )
    back(county, later)
    assert not Credit.objects.exists()


def test_what_nobody_may_have_again_is_worth_no_credit(county):
    """Rules 9 and 20: single-patient stock is destroyed when it comes back."""
    sling = county.product("SLING", reuse="single_patient")
    loan = charge(county.on_loan(sling), county.council)
    back(county, loan)
    assert not Credit.objects.exists()


class TestCounted:
    @pytest.fixture
    def four(self, county):
        """Four raisers on loan, for which £10.01 was charged."""
        line = county.stock(county.raisers(), 10)
        person = county.person()
        loan = Loan.objects.create(
            person=person,
            address=county.address(person),
            product=line.product,
            stock_line=line,
            quantity=4,
            started_at=TUESDAY,
        )
        return charge(loan, county.council, "10.01")

    def test_rule_20_what_is_handed_in_in_part_is_credited_in_part(self, county, four):
        """Rule 20: of counted stock the price follows the quantity, to the penny."""
        at = TUESDAY + timedelta(days=1)
        one = receiving.hand_in_counted(four, county.store, 1, by=BY, at=at)
        four.refresh_from_db()
        assert (one.price, one.funder, four.price, four.quantity) == (
            Decimal("2.50"),
            county.council,
            Decimal("7.51"),
            3,
        )
        receiving.hand_in_counted(four, county.store, 3, by=BY, at=at)
        assert [(c.loan_id, c.amount) for c in Credit.objects.order_by("pk")] == [
            (one.pk, Decimal("2.00")),
            (four.pk, Decimal("6.01")),
        ]

    def test_what_is_not_counted_in_again_is_not_credited(self, county, four):
        """Rules 9 and 20."""
        four.product.reuse = "single_use"
        four.product.save()
        receiving.hand_in_counted(four, county.store, 4, by=BY, at=TUESDAY + timedelta(days=1))
        assert not Credit.objects.exists()


class TestCorrecting:
    @pytest.fixture
    def credit(self, county, paid):
        back(county, paid)
        return Credit.objects.get()

    def test_rule_20_a_correction_is_another_row_with_its_reason(self, credit):
        """Rules 20 and 40: what was credited stays on record."""
        made = credits.correct(credit, Decimal("15.50"), "Rusted inside", by=MANAGED, at=TUESDAY)
        credit.refresh_from_db()
        assert (credit.amount, made.corrects, made.reason) == (Decimal("80.00"), credit, "Rusted inside")
        assert (made.amount, made.percent, made.funder, made.loan) == (
            Decimal("15.50"),
            16,
            credit.funder,
            credit.loan,
        )
        again = credits.correct(made, Decimal(0), "Beyond repair", by=MANAGED, at=TUESDAY)
        assert again.corrects == made

    @pytest.mark.parametrize(
        ("amount", "reason", "field"), [("10", " ", "reason"), ("-1", "x", "amount"), ("100.01", "x", "amount")]
    )
    def test_a_correction_out_of_reason_is_refused(self, credit, amount, reason, field):
        """Rule 20."""
        with pytest.raises(Invalid) as refusal:
            credits.correct(credit, Decimal(amount), reason, by=MANAGED, at=TUESDAY)
        assert refusal.value.facts == {"field": field}
        assert Credit.objects.count() == 1

    def test_a_credit_is_corrected_once_and_by_a_manager(self, credit):
        """Rule 20."""
        with pytest.raises(Refused) as refusal:
            credits.correct(credit, Decimal(1), "x", by=Actor("user:sam", ASSISTANT), at=TUESDAY)
        assert refusal.value.code == "not_your_duty"
        credits.correct(credit, Decimal(1), "x", by=MANAGED, at=TUESDAY)
        with pytest.raises(Refused) as refusal:
            credits.correct(credit, Decimal(2), "x", by=MANAGED, at=TUESDAY)
        assert refusal.value.code == "corrected_already"
        assert Credit.objects.count() == 2


def test_rule_20_an_exchange_is_neither_charged_nor_credited(county, paid):
    """Rule 20: the new one carries what was paid for the old one, which is credited to nobody when it comes back."""
    new = Loan.objects.create(
        person=paid.person,
        address=paid.address,
        product=paid.product,
        asset=county.new(county.commode()),
        started_at=TUESDAY,
    )
    credits.carry_over(paid, new, by=BY, at=TUESDAY)
    for loan in (paid, new):
        loan.refresh_from_db()
    assert (new.funder, new.price, paid.price) == (county.council, Decimal(100), None)
    assert {event.verb for event in AssetEvent.objects.filter(facts__instead_of=paid.pk)} == {
        "paid_for_by_exchange",
        "takes_over_charge",
    }
    back(county, paid)
    assert not Credit.objects.exists()


def test_rule_20_what_was_credited_before_its_exchange_is_not_credited_again(county, paid):
    """Rule 20: the old one was brought to the desk while the van was on its way; once paid, once given back."""
    new = Loan.objects.create(
        person=paid.person,
        address=paid.address,
        product=paid.product,
        asset=county.new(county.commode()),
        started_at=TUESDAY,
    )
    back(county, paid)
    credits.carry_over(paid, new, by=BY, at=TUESDAY)
    for loan in (paid, new):
        loan.refresh_from_db()
    assert (new.funder, new.price, paid.price) == (None, None, Decimal(100))
    Loan.objects.filter(pk=new.pk).update(ended_at=TUESDAY)
    assert credits.give(new, None, by=BY, at=TUESDAY) is None
    assert Credit.objects.get().loan == paid
