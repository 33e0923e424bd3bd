"""Reviews: is what is on loan still needed? Also the buttons by which loans get their date."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.utils import timezone

from equipment import clock
from equipment.admin_base import Chips, ReadOnly, Verb, VerbForm, display
from equipment.admin_history import WithEvents
from equipment.models import Loan
from equipment.states import choices, label
from logistics import reviews
from logistics.models import Event, Review
from logistics.states import ReviewOutcome


def _today() -> date:
    return timezone.localdate(clock.now())


def _day(**given: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput({"type": "date"}), **given)


class Stage(Chips):
    title = "stage"
    parameter_name = "stage"
    words = {
        "due": ("Due", lambda: Q(decided_at__isnull=True, due_on__lte=_today())),
        "open": ("Not answered", lambda: Q(decided_at__isnull=True)),
        "reminded": ("Reminded", lambda: Q(decided_at__isnull=True, reminders__gt=0)),
        "decided": ("Answered", lambda: Q(decided_at__isnull=False)),
    }


class Decide(VerbForm):
    lead = "What the prescriber says. To keep it needs the day of the next review."
    outcome = forms.ChoiceField(choices=choices(ReviewOutcome))
    next_review_on = _day(required=False, label="Next review on")
    note = forms.CharField(max_length=300, required=False)


@admin.register(Review)
class ReviewAdmin(WithEvents, ReadOnly):
    subject = "review"
    events = Event
    scope_field = "loan__person__organisation"
    list_display = ("what", "who", "prescriber", "asked_because", "due_on", "reminders", "answer")
    list_filter = (Stage,)
    search_fields = ("loan__person__family_name__istartswith", "prescriber__pin__exact")
    search_help_text = "Family name, or the prescriber's PIN"
    ordering = ("decided_at", "due_on", "pk")
    fields = (
        ("loan", "prescriber"),
        ("reason", "due_on"),
        ("raised_at", "reminders", "reminded_at"),
        ("outcome", "decided_at", "decided_by"),
        "note",
    )
    list_select_related = ("loan__product", "loan__asset", "loan__person", "prescriber")
    verbs = (
        Verb(
            "decide",
            "Record the answer",
            "logistics.change_review",
            reviews.decide,
            "{}: recorded.",
            lambda review: review.decided_at is None,
            form=Decide,
        ),
    )

    @display("What")
    def what(self, review: Review) -> str:
        return f"{review.loan.product.name} {review.loan.asset or ''}".strip()

    @display("Person", ordering="loan__person__family_name")
    def who(self, review: Review) -> str:
        return review.loan.person.initials

    @display("Asked because")
    def asked_because(self, review: Review) -> str:
        return label(review.reason)

    @display("Answer", tones={ReviewOutcome.KEEP: "success", ReviewOutcome.SWAP: "info", ReviewOutcome.COLLECT: "info"})
    def answer(self, review: Review) -> tuple[str, str]:
        return review.outcome, label(review.outcome) if review.outcome else ""


class SetDate(VerbForm):
    on = _day(label="Review on")


def _open(loan: Loan) -> bool:
    return loan.ended_at is None


# Buttons on the page of a loan; the one without a form may be pressed for many loans of the list at once.
VERBS = (
    Verb("review-date", "Set review date", "equipment.change_loan", reviews.set_date, "{}: set.", _open, form=SetDate),
    Verb(
        "review-usual",
        "Set the usual review date",
        "equipment.change_loan",
        reviews.set_date,
        "{} has its review date.",
        lambda loan: _open(loan) and loan.review_on is None,
    ),
    Verb("ask-review", "Ask whether it is needed", "equipment.change_loan", reviews.ask, "{}: asked.", _open),
)
