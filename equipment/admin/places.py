"""Locations: what each is for, and what stands there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from equipment.admin.assets import ByStore
from equipment.admin.work import today
from equipment.admin_base import Chips, Desk, display
from equipment.jobs import CLEAN_SIDE, DIRTY_SIDE, Capability
from equipment.lifecycle import stands_at
from equipment.locations import text_of
from equipment.models import Location
from equipment.states import choices, label


class Place(forms.ModelForm):
    capabilities = forms.MultipleChoiceField(
        label="What it is for",
        choices=choices(Capability),
        widget=forms.CheckboxSelectMultiple,
        help_text="Dirty and wash never share a place with test, clean shelf and van lane",
    )

    class Meta:
        model = Location
        fields = ("store", "code", "name", "capabilities", "closed_on")

    def clean_capabilities(self) -> list[str]:
        """Never dirty and clean at once (rule 2), and what stands there now must still be allowed to."""
        uses = [str(use) for use in self.cleaned_data["capabilities"]]
        if set(uses) & DIRTY_SIDE and set(uses) & CLEAN_SIDE:
            raise forms.ValidationError("Dirty and clean never share a place: make two of it.")
        if self.instance.pk:
            after = Location(capabilities=uses)
            states = set(self.instance.assets.values_list("state", flat=True))
            stuck = sorted(label(state).lower() for state in states if not stands_at(state, after))
            if stuck:
                raise forms.ValidationError(f"Move what stands there first: {', '.join(stuck)}.")
        return uses


class Use(Chips):
    title = "use"
    parameter_name = "use"
    words = {
        **{
            str(use): (label(use), lambda use=use: Q(capabilities__contains=[use]))  # type: ignore[misc]
            for use in Capability
        },
        "closed": ("Closed", lambda: Q(closed_on__lte=today())),
    }


@admin.register(Location)
class LocationAdmin(Desk):
    scope_field = "store__organisation"
    store_field = "store"
    form = Place
    list_display = ("code", "name", "store", "uses", "things", "closed_on")
    list_select_related = ("store",)
    list_filter = (Use, ByStore)
    search_fields = ("code__istartswith", "name")
    search_help_text = "Code or name"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Location]:
        return super().get_queryset(request).annotate(things_count=Count("assets"))

    def get_fields(self, request: HttpRequest, obj: Location | None = None) -> Any:
        known = ("store", "code", "name", "capabilities", "closed_on")
        return (*known, "label_text") if obj else known

    def get_readonly_fields(self, request: HttpRequest, obj: Location | None = None) -> Any:
        """Its label hangs there: the store and the code on it do not change."""
        return ("store", "code", "label_text") if obj else ()

    @display("For")
    def uses(self, location: Location) -> str:
        return ", ".join(label(use) for use in location.capabilities)

    @display("Things there")
    def things(self, location: Any) -> int:
        return int(location.things_count)

    @display("On its label")
    def label_text(self, location: Location) -> str:
        return text_of(location)
