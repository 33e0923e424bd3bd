"""People and where they live: the least data in lists, everything needed on the page of one person."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from equipment import people
from equipment.admin.work import today
from equipment.admin_base import Desk, History, display
from equipment.errors import Invalid
from equipment.models import Address, Loan, Person
from equipment.words import PinAccuracy


class PersonForm(forms.ModelForm):
    """The same checks as when a hospital registers somebody."""

    def clean_nhs_number(self) -> str | None:
        text = self.cleaned_data.get("nhs_number")
        try:
            return people.nhs_number(text) if text else None
        except Invalid as error:
            raise ValidationError(error.detail) from error

    def clean_born_on(self) -> date | None:
        born: date | None = self.cleaned_data.get("born_on")
        if born and born > today():
            raise ValidationError("The date of birth lies ahead.")
        return born

    def clean_weight_kg(self) -> Decimal | None:
        weight: Decimal | None = self.cleaned_data.get("weight_kg")
        if weight is not None and not 1 <= weight <= 500:
            raise ValidationError("The weight must be 1 to 500 kg.")
        return weight


class Addresses(History):
    model = Address
    verbose_name_plural = "addresses"
    fields = ("line1", "town", "postcode", "point")
    readonly_fields = ("point",)
    show_change_link = True

    @display("On the map")
    def point(self, address: Address) -> str:
        return "no point yet" if address.accuracy == PinAccuracy.NONE else address.get_accuracy_display()


class AtHome(History):
    """What the person has now and had before."""

    model = Loan
    verbose_name_plural = "loans"
    fields = ("what", "quantity", "started_at", "ended_at", "review_on")
    readonly_fields = ("what",)
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "asset", "person")

    @display("What")
    def what(self, loan: Loan) -> str:
        return f"{loan.product.name} {loan.asset or ''}".strip()


@admin.register(Person)
class PersonAdmin(Desk):
    scope_field = "organisation"
    form = PersonForm
    list_display = ("family_name", "given_name", "organisation", "died_on")
    list_select_related = ("organisation",)
    # Not by NHS number: what is searched for stands in the address bar and in the logs of whatever is in between.
    search_fields = ("family_name__istartswith", "given_name__istartswith")
    search_help_text = "Family name or given name"
    inlines = (Addresses, AtHome)
    fieldsets = (
        (None, {"fields": (("given_name", "family_name"), ("organisation", "phone"), ("born_on", "died_on"))}),
        ("Weight, for what must carry it", {"fields": (("weight_kg", "weighed_on"),)}),
        ("Identity", {"fields": ("nhs_number",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Person | None = None) -> Any:
        return ("organisation",) if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Person | None = None) -> Any:
        return self.inlines if obj else ()
