"""Risk markers, without what they say until it is asked for; and who has read which secret (rule 39)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from equipment import clock, markers
from equipment.admin.asking import reason
from equipment.admin.work import today
from equipment.admin_base import Chips, ReadOnly, Verb, VerbForm, display, organisations_of
from equipment.days import day_of
from equipment.duties import Duty
from equipment.models import Address, Alert, RiskMarker, SecretView
from equipment.secrets import LONGEST_PURPOSE
from equipment.words import SecretKind

_MAY = "equipment.change_riskmarker"


class Read(VerbForm):
    lead = "Shown once, with the others of the same address, and put on record with your name."
    purpose = forms.CharField(label="What it is needed for", max_length=LONGEST_PURPOSE)


class Review(VerbForm):
    lead = "Looked at again, and still so."
    expires_on = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    reviewer = forms.CharField(label="Who looks at it next", max_length=80)

    def ask(self) -> None:
        self.fields["reviewer"].initial = self.row.reviewer


class End(VerbForm):
    lead = "What it says is erased. That it was there stays on record."
    reason = reason("Why it ends")

    def ask(self) -> None:
        self.fields["reason"].max_length = 200  # type: ignore[attr-defined]


@sensitive_variables()
def _read(marker: RiskMarker, **given: Any) -> dict[str, Any]:
    found = markers.read_markers(marker.address, **given)
    return {"secrets": [(danger.marker.get_kind_display(), danger.detail) for danger in found]}


def _in_force(marker: RiskMarker) -> bool:
    return _standing(marker, today()) in ("in_force", "soon")


def _standing(marker: RiskMarker, on: date) -> str:
    if marker.ended_at:
        return "ended"
    return "past" if marker.expires_on < on else "soon" if (marker.expires_on - on).days <= 14 else "in_force"


def _verb(name: str, label: str, do: Any, done: str, form: type[VerbForm], page: str = "") -> Verb:
    return Verb(name, label, _MAY, do, done, _in_force, form=form, duty=Duty.DOOR, page=page)


class Standing(Chips):
    title = "state"
    parameter_name = "state"
    words = {
        "in_force": ("In force", lambda: markers.in_force(day_of(clock.now()))),
        "ended": ("Ended", lambda: ~markers.in_force(day_of(clock.now()))),
    }


@admin.register(RiskMarker)
class RiskMarkerAdmin(ReadOnly):
    scope_field = "address__person__organisation"
    list_display = ("kind", "postcode", "who", "reviewer", "expires_on", "standing")
    list_select_related = ("address__person",)
    list_filter = (Standing,)
    search_fields = ("address__postcode__istartswith", "reviewer__istartswith")
    search_help_text = "Postcode or who looks at it again"
    fields = (
        ("address", "standing"),
        ("kind", "expires_on"),
        "reason",
        ("reviewer", "raised_at", "raised_by"),
        ("ended_at", "ended_by"),
        "end_reason",
    )
    readonly_fields = ("standing",)
    verbs = (
        _verb("read", "Read what it says", _read, "", Read, "admin/secret_shown.html"),
        _verb("review", "Still so: keep it", markers.review_marker, "The marker is kept.", Review),
        _verb("end", "End it", markers.end_marker, "The marker has ended.", End),
    )

    @display("Postcode", ordering="address__postcode")
    def postcode(self, marker: RiskMarker) -> str:
        return marker.address.postcode

    @display("Person")
    def who(self, marker: RiskMarker) -> str:
        return marker.address.person.initials

    @display("State", tones={"in_force": "danger", "soon": "warning", "past": "default", "ended": "default"})
    def standing(self, marker: RiskMarker) -> tuple[str, str]:
        words = {"in_force": "In force", "soon": "To be looked at", "past": "Past its day", "ended": "Ended"}
        key = _standing(marker, today())
        return key, words[key]


class OfWhat(Chips):
    title = "what"
    parameter_name = "what"
    words = {
        "key_safe": ("Key-safe codes", lambda: Q(kind=SecretKind.KEY_SAFE)),
        "marker": ("Risk markers", lambda: Q(kind=SecretKind.MARKER)),
        "recall_list": ("Recall lists", lambda: Q(kind=SecretKind.RECALL_LIST)),
    }


@admin.register(SecretView)
class SecretViewAdmin(ReadOnly):
    """Who has read what, when and what for."""

    list_display = ("at", "kind", "subject", "by", "purpose")
    list_filter = (OfWhat,)
    search_fields = ("by__istartswith", "purpose__istartswith")
    search_help_text = "Who, or what for"
    fields = (("kind", "subject"), ("at", "by"), "purpose")
    readonly_fields = ("subject",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SecretView]:
        """Those of addresses and alerts that this user may see."""
        rows, seen = super().get_queryset(request), organisations_of(request)
        if seen is None:
            return rows
        doors = Address.objects.filter(person__organisation__in=seen)
        alerts = Alert.objects.filter(organisation__in=seen)
        at_doors = Q(kind__in=[SecretKind.KEY_SAFE, SecretKind.MARKER], subject_id__in=doors.values("pk"))
        return rows.filter(at_doors | Q(kind=SecretKind.RECALL_LIST, subject_id__in=alerts.values("pk")))

    def adorn(self, rows: list[SecretView]) -> list[SecretView]:
        """Postcodes in one query."""
        keys = {row.subject_id for row in rows if row.kind != SecretKind.RECALL_LIST}
        found = dict(Address.objects.filter(pk__in=keys).values_list("pk", "postcode"))
        for row in rows:
            row.postcode = found.get(row.subject_id, "")  # type: ignore[attr-defined]
        return rows

    @display("About")
    def subject(self, view: SecretView) -> str:
        what = "Alert" if view.kind == SecretKind.RECALL_LIST else "Address"
        return f"{what} {view.subject_id} {getattr(view, 'postcode', '')}".strip()
