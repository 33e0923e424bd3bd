"""Over the counter of a satellite store: what is asked of an issue made there, at once or found later."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from equipment import counter, receiving
from equipment.admin_base import Verb, VerbForm, see
from equipment.duties import Duty
from equipment.models import Address, Asset, Loan, Person, StockLine, Store
from equipment.words import StoreKind

_MAY = "equipment.view_loan"
_SHOWN = 6


class ToAPerson(VerbForm):
    """Who gets it and where it goes, found among those whom the user may see."""

    person = forms.CharField(max_length=120, help_text="Reference, or family name; then a comma and the given name")
    postcode = forms.CharField(max_length=10, required=False, help_text="When the person has several addresses")

    def clean_person(self) -> str:
        text = str(self.cleaned_data["person"]).strip()
        found = list(_called(see(Person.objects.filter(merged_into=None), "organisation", self.request), text)[:_SHOWN])
        if not found:
            raise forms.ValidationError("Nobody of that name or reference: register the person first.")
        if len(found) > 1:
            names = "; ".join(f"{one}, born {one.born_on or 'unknown'}, {one.reference}" for one in found)
            raise forms.ValidationError(f"Several people are called that. Give the reference of one: {names}")
        self.found = found[0]
        return text

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        person = getattr(self, "found", None)
        if person is not None:
            self.address = self._address(person, str(given.get("postcode", "")))
        return given

    def _address(self, person: Person, postcode: str) -> Address | None:
        wanted = postcode.replace(" ", "").upper()
        every = list(Address.objects.filter(person=person).order_by("-pk"))
        rows = [row for row in every if not wanted or row.postcode.replace(" ", "").upper() == wanted]
        if len(rows) == 1:
            return rows[0]
        known = ", ".join(row.postcode for row in every) or "none on record"
        self.add_error("postcode", f"Say which address of this person it goes to: {known}.")
        return None

    @property
    def given(self) -> dict[str, Any]:
        asked = {name: value for name, value in self.cleaned_data.items() if name not in ("person", "postcode")}
        return {**asked, "person": self.found, "address": self.address}


def _called(rows: QuerySet[Person], text: str) -> QuerySet[Person]:
    try:
        return rows.filter(reference=UUID(text))
    except ValueError:
        family, _, given = (part.strip() for part in text.partition(","))
    if not family:
        return rows.none()
    return rows.filter(family_name__iexact=family, given_name__istartswith=given)


class OfAsset(ToAPerson):
    """The item's own number; an asset that is in no store may be one that was lost from it."""

    number = forms.CharField(label="Asset number or barcode", max_length=80)
    field_order = ("number",)

    def clean_number(self) -> str:
        text = str(self.cleaned_data["number"]).strip()
        rows = see(Asset.objects.select_related("product", "store"), "owner", self.request, store="store")
        self.asset = rows.filter(Q(number=text) | Q(barcode=text)).first()
        if self.asset is None:
            raise forms.ValidationError(f"We have no asset with the number or barcode {text}.")
        return text

    @property
    def given(self) -> dict[str, Any]:
        found = super().given
        found.pop("number")
        return {**found, "asset": self.asset}


class HandOut(OfAsset):
    lead = "An issue over the counter is a loan: it needs the person, the item's own number and how long it is for."
    review_on = forms.DateField(required=False, label="Loan period ends on", widget=forms.DateInput({"type": "date"}))


class HandOutCounted(ToAPerson):
    line = forms.ModelChoiceField(StockLine.objects.none(), label="Stock")
    quantity = forms.IntegerField(min_value=1)
    review_on = forms.DateField(required=False, label="Loan period ends on", widget=forms.DateInput({"type": "date"}))
    field_order = ("line", "quantity")

    def ask(self) -> None:
        rows = StockLine.objects.filter(
            dirty=False, count__gt=F("reserved"), store__kind__in=[StoreKind.SATELLITE, StoreKind.BUFFER]
        )
        field: Any = self.fields["line"]
        field.queryset = see(
            rows.select_related("product", "store"), "store__organisation", self.request, store="store"
        )


class RecordIssue(OfAsset):
    lead = "It went out and nobody wrote it down. It is recorded even if it was not fit to go: then act on that."
    started_at = forms.DateField(label="It went out on", widget=forms.DateInput({"type": "date"}))
    reason = forms.CharField(label="How it came to light", max_length=300)

    def clean_started_at(self) -> datetime:
        """The end of that day, as far as it has come: nobody knows the hour."""
        day = self.cleaned_data["started_at"]
        return datetime.combine(day, time(23, 59), tzinfo=timezone.get_current_timezone())


class HandIn(VerbForm):
    """Counted stock brought to the desk, all of a loan or some of it. Assets are scanned in."""

    quantity = forms.IntegerField(min_value=1)
    store = forms.ModelChoiceField(Store.objects.none(), label="Taken in at")

    def ask(self) -> None:
        stores: Any = self.fields["store"]
        stores.queryset = see(Store.objects.all(), "organisation", self.request, store="pk")
        self.fields["quantity"].initial = self.row.quantity


class Issued:
    """A loan as said after it was recorded late, with what was not fit about it."""

    def __init__(self, loan: Loan) -> None:
        self.loan = loan
        self.unfit = counter.unfit_when_issued(loan)

    def __str__(self) -> str:
        warning = f" Act on this now: {' '.join(self.unfit)}" if self.unfit else ""
        return f"{self.loan} is on record.{warning}"


def _record(*, started_at: datetime, at: datetime, **given: Any) -> Issued:
    today = timezone.localdate(started_at) == timezone.localdate(at)
    return Issued(counter.record_issue(started_at=min(started_at, at) if today else started_at, at=at, **given))


def _page(loan: Loan) -> str:
    return reverse("admin:equipment_loan_change", args=[loan.pk])


VERBS = (
    Verb(
        "hand-out", "Hand out", _MAY, counter.hand_out, "{}: handed out.",
        form=HandOut, duty=Duty.ISSUE, on_list=True, to=_page,
    ),
    Verb(
        "hand-out-stock", "Hand out stock", _MAY, counter.hand_out_counted, "{}: handed out.",
        form=HandOutCounted, duty=Duty.ISSUE, on_list=True, to=_page,
    ),
    Verb(
        "record-issue", "Record an issue found later", _MAY, _record, "{}",
        form=RecordIssue, duty=Duty.ISSUE, on_list=True, to=lambda issued: _page(issued.loan),
    ),
    Verb(
        "hand-in-stock", "Hand in", _MAY, receiving.hand_in_counted, "{}: handed in.",
        lambda loan: loan.ended_at is None and loan.asset_id is None, form=HandIn, duty=Duty.RETURN,
    ),
)  # fmt: skip
