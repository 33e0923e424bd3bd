"""What each store keeps at least and at most, and the top-ups that follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from equipment import levels
from equipment.admin.assets import ByProduct, ByStore
from equipment.admin.work import today
from equipment.admin_base import Chips, Desk, Verb, VerbForm, display, see
from equipment.duties import Duty
from equipment.models import Product, StockLevel, Store


class RaiseTopUps(VerbForm):
    lead = "Drafts one transfer from each supplier to each store chosen, of all that is suggested."
    stores = forms.ModelMultipleChoiceField(Store.objects.none(), required=False, help_text="None chosen: all of yours")

    def ask(self) -> None:
        field: Any = self.fields["stores"]
        mine = see(Store.objects.filter(levels__isnull=False), "organisation", self.request, store="pk")
        field.queryset = mine.distinct()

    @property
    def given(self) -> dict[str, Any]:
        field: Any = self.fields["stores"]
        return {"stores": list(self.cleaned_data["stores"] or field.queryset)}


class _Raised(list[Any]):
    """The transfers drafted, as said afterwards."""

    def __str__(self) -> str:
        return f"{len(self)} drafted" if self else "nothing is wanted, or nothing can be spared"


def _raise(*, stores: Sequence[Store], by: str, at: datetime) -> _Raised:
    return _Raised(levels.raise_top_ups(stores, by=by, at=at))


class LevelForm(forms.ModelForm):
    def clean_product(self) -> Product:
        product: Product = self.cleaned_data["product"]
        if product.is_composite:
            raise ValidationError("A set is kept as its parts: give those a level each.")
        return product

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (given.get("maximum") or 0) < (given.get("minimum") or 0):
            self.add_error("maximum", "The maximum must not be below the minimum.")
        return given


class Kept(Chips):
    title = "kept"
    parameter_name = "kept"
    words = {
        "below": ("Below their minimum", lambda: levels.below(on=today())),
        "supplied": ("Topped up by another store", lambda: Q(store__supplied_by__isnull=False)),
        "own": ("Supplied by nobody", lambda: Q(store__supplied_by__isnull=True)),
    }


@admin.register(StockLevel)
class StockLevelAdmin(Desk):
    scope_field = "store__organisation"
    store_field = "store"
    form = LevelForm
    list_display = ("product", "store", "minimum", "maximum", "on_hand", "coming", "suggested", "problem")
    list_select_related = ("store__supplied_by", "product")
    list_filter = (Kept, ByStore, ByProduct)
    search_fields = ("product__stock_code__istartswith", "product__name__icontains")
    search_help_text = "Product"
    fields = (("store", "product"), ("minimum", "maximum"))
    verbs = (
        Verb(
            "raise",
            "Raise top-ups",
            "equipment.view_stocklevel",
            _raise,
            "Top-ups: {}.",
            form=RaiseTopUps,
            duty=Duty.TRANSFER,
            on_list=True,
            to=lambda made: reverse("admin:equipment_transfer_changelist") + "?state=draft",
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A level is a wish and has no history: it may go."""
        return bool(request.user.has_perm("equipment.delete_stocklevel"))

    def adorn(self, rows: list[Any]) -> list[Any]:
        """All the levels of the stores shown are looked at together: they share what their supplier has."""
        found = {row.level.pk: row for row in levels.positions({row.store for row in rows}, on=today())}
        for row in rows:
            row.position = found.get(row.pk)
        return rows

    @display("On hand")
    def on_hand(self, level: Any) -> int | str:
        return level.position.on_hand if level.position else "—"

    @display("Coming")
    def coming(self, level: Any) -> int | str:
        return level.position.coming if level.position else "—"

    @display("Suggested")
    def suggested(self, level: Any) -> int | str:
        return level.position.suggested if level.position and level.position.wanted else "—"

    @display("Short")
    def problem(self, level: Any) -> str:
        return str(level.position) if level.position else "A set: its parts have the levels"
