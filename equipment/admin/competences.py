"""The register of competent persons: who may examine what, where, and until when."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from equipment import competences
from equipment.admin.work import today
from equipment.admin_base import Chips, Desk, Verb, display
from equipment.duties import Duty
from equipment.models import Competence
from equipment.states import TestKind


def current() -> Q:
    return Q(valid_until__isnull=True) | Q(valid_until__gte=today())


class Standing(Chips):
    title = "standing"
    parameter_name = "standing"
    words = {"current": ("Current", current), "ended": ("Ended", lambda: ~current())}


@admin.register(Competence)
class CompetenceAdmin(Desk):
    scope_field = "organisation"
    store_field = "store"
    list_display = ("name", "kind", "organisation", "where", "number", "standing")
    list_select_related = ("organisation", "store")
    list_filter = (Standing,)
    search_fields = ("name__istartswith",)
    search_help_text = "Name"
    fieldsets = (
        (
            None,
            {
                "description": "From the first name for a kind of test on, nobody else may record that test.",
                "fields": (("organisation", "store"), ("name", "kind"), ("number", "valid_until")),
            },
        ),
    )
    verbs = (
        Verb(
            "end",
            "End: may not examine any more",
            "equipment.change_competence",
            competences.end,
            "{} is ended.",
            lambda row: row.valid_until is None or row.valid_until >= today(),
            duty=Duty.MANAGE,
        ),
    )

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "kind":
            kwargs["choices"] = [choice for choice in db_field.get_choices() if choice[0] != TestKind.ACCEPTANCE]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @display("Where", ordering="store")
    def where(self, row: Competence) -> str:
        return row.store.name if row.store else "Every store"

    @display("Until", ordering="valid_until", tones={"ended": "danger", "dated": "success", "open": "success"})
    def standing(self, row: Competence) -> tuple[str, str]:
        if row.valid_until is None:
            return "open", "No end"
        text = f"{row.valid_until.day} {row.valid_until:%b %Y}"
        return ("dated", text) if row.valid_until >= today() else ("ended", f"Ended {text}")
