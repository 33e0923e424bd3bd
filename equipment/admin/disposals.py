"""What left for good: on record, and the two ways out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q

from equipment import disposal
from equipment.admin.asking import OfAnAsset
from equipment.admin_base import Chips, ReadOnly, Verb
from equipment.duties import Duty
from equipment.jobs import DisposalMethod
from equipment.models import Disposal, Product
from equipment.states import Reuse, Tracking, choices

_MAY = "equipment.view_disposal"
_PARTS = 4  # kinds of parts that one form takes


class _Leaves(OfAnAsset):
    lead = "Only what is condemned leaves, and there is no way back."

    def ask(self) -> None:
        """The papers, which stand last on the form."""
        for name, title, longest in (
            ("carrier", "Carrier", 80),
            ("consignment", "Number of the consignment note", 60),
            ("data_wiped_by", "Memory wiped by", 80),
            ("data_wipe", "How it was wiped", 120),
            ("notes", "Notes", 300),
        ):
            self.fields[name] = forms.CharField(label=title, max_length=longest, required=False)


class Dispose(_Leaves):
    method = forms.ChoiceField(choices=[c for c in choices(DisposalMethod) if c[0] != DisposalMethod.STRIPPED])


class Strip(_Leaves):
    """Up to four kinds of parts kept, each with how many."""

    def ask(self) -> None:
        counted = Product.objects.filter(tracking__in=[Tracking.BATCH, Tracking.QUANTITY], reuse=Reuse.REUSABLE)
        for n in range(1, _PARTS + 1):
            self.fields[f"part_{n}"] = forms.ModelChoiceField(counted, required=n == 1, label=f"Part {n}")
            self.fields[f"quantity_{n}"] = forms.IntegerField(
                min_value=1, required=n == 1, label=f"How many of part {n}"
            )
        super().ask()

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        self.parts: dict[Product, int] = {}
        for n in range(1, _PARTS + 1):
            part, quantity = given.get(f"part_{n}"), given.get(f"quantity_{n}")
            if part and not quantity and f"quantity_{n}" not in self.errors:
                self.add_error(f"quantity_{n}", f"How many of {part.name}?")
            if part and quantity:
                self.parts[part] = self.parts.get(part, 0) + quantity
        return given

    @property
    def given(self) -> dict[str, Any]:
        kept = {name: value for name, value in super().given.items() if not name.startswith(("part_", "quantity_"))}
        return {**kept, "parts": self.parts}


class How(Chips):
    title = "method"
    parameter_name = "method"
    words = {
        "weee": ("Recycled", lambda: Q(method=DisposalMethod.WEEE)),
        "stripped": ("Stripped", lambda: Q(method=DisposalMethod.STRIPPED)),
        "given": ("Given or sold", lambda: Q(method__in=[DisposalMethod.DONATED, DisposalMethod.SOLD])),
    }


@admin.register(Disposal)
class DisposalAdmin(ReadOnly):
    scope_field = "asset__owner"
    list_display = ("asset", "method", "at", "by", "carrier", "consignment")
    list_select_related = ("asset",)
    list_filter = (How,)
    search_fields = ("asset__number__startswith", "consignment__istartswith")
    search_help_text = "Asset number or consignment note"
    ordering = ("-id",)
    fields = (
        ("asset", "method"),
        ("at", "by"),
        ("carrier", "consignment"),
        ("data_wiped_by", "data_wipe"),
        "notes",
    )
    verbs = tuple(
        Verb(name, label, _MAY, do, "{}.", form=form, duty=Duty.MANAGE, on_list=True)
        for name, label, do, form in (
            ("dispose", "Dispose of an asset", disposal.dispose, Dispose),
            ("strip", "Strip an asset for parts", disposal.strip, Strip),
        )
    )
