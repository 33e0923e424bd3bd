"""People and where they live: the least data in lists, everything needed on the page of one person."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from equipment import clock, people
from equipment.admin import fit, merging
from equipment.admin.work import today
from equipment.admin_base import Desk, History, display
from equipment.errors import Invalid
from equipment.models import Address, Installation, Loan, Person
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

    def clean(self) -> dict[str, Any]:
        """A new person's measurements; later ones are taken by a verb, which keeps the newest weight."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if "weight_kg" not in self.fields or self.errors:
            return found
        if found.get("weight_kg") is not None:
            found["weighed_on"] = found.get("weighed_on") or today()
        measured = {name: found.get(name) for name in ("weight_kg", "weighed_on", "height_cm", "sling_size", "born_on")}
        try:
            people.in_reason(**measured, at=clock.now())
        except Invalid as error:
            raise ValidationError({str(error.facts["field"]): error.detail}) from error
        return found


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
    show_change_link = True
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "asset", "person")

    @display("What")
    def what(self, loan: Loan) -> str:
        return f"{loan.product.name} {loan.asset or ''}".strip()


class Telecare(History):
    """The hubs that are or were set up for the person."""

    model = Installation
    verbose_name_plural = "telecare"
    fields = ("hub", "centre", "state", "live_at", "ended_at")
    show_change_link = True
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("hub__product", "centre")


_BODY = ("weight_kg", "weighed_on", "height_cm", "sling_size")
_FIRE = ("smokes", "uses_oxygen", "uses_emollients", "has_smoke_alarm", "fire_referred_on")
_SAID = ("said_smokes", "said_oxygen", "said_emollients", "said_alarm", "fire_referred_on")
_RECORD = ("living", "reference", "merged_into")


@admin.register(Person)
class PersonAdmin(fit.FireAnswers, Desk):
    scope_field = "organisation"
    form = PersonForm
    list_display = ("family_name", "given_name", "organisation", "died_on")
    list_select_related = ("organisation",)
    # Not by NHS number: what is searched for stands in the address bar and in the logs of whatever is in between.
    search_fields = ("family_name__istartswith", "given_name__istartswith")
    search_help_text = "Family name or given name"
    inlines = (Addresses, AtHome, Telecare, fit.Assessments, fit.Overrides, fit.Events)
    _who = (None, {"fields": (("given_name", "family_name"), ("organisation", "phone"), ("born_on", "died_on"))})
    _body = ("Body, for what must carry and fit it", {"fields": (_BODY[:2], _BODY[2:])})
    _identity = ("Identity", {"fields": ("nhs_number",)})
    verbs = (*fit.VERBS, merging.MERGE)

    def get_readonly_fields(self, request: HttpRequest, obj: Person | None = None) -> Any:
        """What is measured or asked anew is written down by a verb, with its day; so is a death, and all it stops."""
        return (*_RECORD, "died_on", "organisation", *_BODY, *_SAID) if obj else ("died_on",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """A record merged into another is found through that one's merges, and no more in the list."""
        rows, doubled = super().get_search_results(request, queryset, search_term)
        return rows.filter(merged_into=None), doubled

    def get_fieldsets(self, request: HttpRequest, obj: Person | None = None) -> Any:
        fire = _SAID if obj else _FIRE
        asked = ("Fire, for airflow mattresses", {"fields": (fire[:2], fire[2:4], fire[4])})
        shown = (self._who, self._body, asked, self._identity)
        return (*shown, ("Record", {"fields": (_RECORD[:1], _RECORD[1:])})) if obj else shown

    def get_inlines(self, request: HttpRequest, obj: Person | None = None) -> Any:
        return self.inlines if obj else ()
