"""Two records of one person: merge them, and take a merge apart again (rule 29)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Q

from equipment import merging
from equipment.admin_base import Chips, ReadOnly, Verb, VerbForm, display, see
from equipment.duties import Duty
from equipment.models import Person, PersonMerge


class MergeWith(VerbForm):
    lead = "This record stays. All that belongs to the other one moves here; it can be taken apart again."
    other = forms.CharField(label="Reference of the record that goes", max_length=40)
    reason = forms.CharField(label="How you know that both are one person", max_length=300)

    def clean_other(self) -> Person:
        try:
            reference = UUID(str(self.cleaned_data["other"]).strip())
        except ValueError:
            raise forms.ValidationError("This is no reference: copy it from the page of the other record.") from None
        found = see(Person.objects.all(), "organisation", self.request).filter(reference=reference).first()
        if found is None:
            raise forms.ValidationError("There is no such record, or not for you.")
        return found

    @property
    def given(self) -> dict[str, Any]:
        return {"gone": self.cleaned_data["other"], "reason": self.cleaned_data["reason"]}


class Undo(VerbForm):
    lead = "Exactly what moved goes back. What was made since stays with the record that was kept."
    reason = forms.CharField(label="How it came to light that they are two people", max_length=300)


MERGE = Verb(
    "merge",
    "Merge with...",
    "equipment.change_person",
    merging.merge,
    "Merged into {}.",
    lambda person: person.merged_into_id is None,
    form=MergeWith,
    duty=Duty.MANAGE,
)


class Standing(Chips):
    title = "merges"
    parameter_name = "merges"
    words = {
        "standing": ("Standing", lambda: Q(undone_at__isnull=True)),
        "undone": ("Undone", lambda: Q(undone_at__isnull=False)),
    }


@admin.register(PersonMerge)
class PersonMergeAdmin(ReadOnly):
    scope_field = "kept__organisation"
    list_display = ("kept", "gone", "reason", "at", "by", "undone_at")
    list_select_related = ("kept", "gone")
    list_filter = (Standing,)
    search_fields = ("kept__family_name__istartswith", "gone__family_name__istartswith")
    search_help_text = "Family name"
    fields = (
        ("kept", "gone"),
        "reason",
        ("at", "by"),
        "what_moved",
        ("undone_at", "undone_by"),
        "undo_reason",
    )
    readonly_fields = ("what_moved",)
    verbs = (
        Verb(
            "undo",
            "Undo",
            "equipment.change_person",
            merging.unmerge,
            "Two records again.",
            lambda done: done.undone_at is None,
            form=Undo,
            duty=Duty.MANAGE,
        ),
    )

    @display("What moved")
    def what_moved(self, done: PersonMerge) -> str:
        rows = done.moved.get("rows", {})
        return ", ".join(f"{len(keys)} x {name}" for name, keys in sorted(rows.items())) or "nothing"
