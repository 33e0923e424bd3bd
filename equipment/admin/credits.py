"""What funders get back, and a manager's correction of it."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.db.models import Q

from equipment import credits
from equipment.admin_base import Chips, ReadOnly, Verb, VerbForm, display
from equipment.duties import Duty
from equipment.models import Credit


class Standing(Chips):
    title = "credits"
    parameter_name = "standing"
    words = {
        "standing": ("In force", lambda: Q(corrected_by__isnull=True)),
        "corrections": ("Corrections", lambda: Q(corrects__isnull=False)),
        "nothing": ("Of nothing", lambda: Q(amount=0, corrected_by__isnull=True)),
    }


class Correct(VerbForm):
    lead = "The credit stays on record; what you say here stands from now on."
    amount = forms.DecimalField(label="Amount (£)", max_digits=9, decimal_places=2)
    reason = forms.CharField(label="Why", max_length=300)


@admin.register(Credit)
class CreditAdmin(ReadOnly):
    scope_field = "funder"
    list_display = ("loan_number", "what", "funder", "condition", "percent", "amount", "standing", "at")
    list_select_related = ("funder", "loan__asset", "loan__product", "return_record", "corrected_by")
    list_filter = (Standing,)
    search_fields = ("loan__asset__number__startswith",)
    search_help_text = "Asset number"
    ordering = ("-id",)
    fields = (
        ("loan", "funder"),
        ("price", "percent", "amount"),
        ("return_record", "corrects"),
        "reason",
        ("at", "by"),
    )
    verbs = (
        Verb(
            "correct",
            "Correct",
            "equipment.view_credit",
            credits.correct,
            "Corrected: {}",
            lambda row: not Credit.objects.filter(corrects=row).exists(),
            form=Correct,
            duty=Duty.MANAGE,
        ),
    )

    @display("Loan", ordering="loan")
    def loan_number(self, credit: Credit) -> str:
        return f"Loan {credit.loan_id}"

    @display("What")
    def what(self, credit: Credit) -> str:
        loan = credit.loan
        return str(loan.asset) if loan.asset else f"{loan.quantity} x {loan.product.name}"

    @display("Came back")
    def condition(self, credit: Credit) -> str:
        return credit.return_record.get_condition_display() if credit.return_record else "Counted in"

    @display("In force", boolean=True)
    def standing(self, credit: Credit) -> bool:
        return getattr(credit, "corrected_by", None) is None
