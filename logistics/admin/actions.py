"""What crews' phones sent: the conflicts that wait for a person, and everything that was taken in."""

from __future__ import annotations

from functools import partial

from django import forms
from django.contrib import admin
from django.db.models import Q

from equipment.admin_base import Chips, ReadOnly, Verb, VerbForm, display
from equipment.admin_history import WithEvents
from equipment.states import label
from logistics import actions
from logistics.models import DriverAction, Event
from logistics.states import ActionOutcome

_TONES = {
    ActionOutcome.APPLIED: "success",
    ActionOutcome.CONFLICT: "danger",
    ActionOutcome.SETTLED: "default",
}


class Outcome(Chips):
    title = "outcome"
    parameter_name = "became"
    words = {str(outcome): (label(outcome), partial(Q, outcome=outcome)) for outcome in reversed(ActionOutcome)}


class Settle(VerbForm):
    lead = "What the phone sent stays on record. Put right what is to be put right first."
    note = forms.CharField(label="What you found and did", max_length=300)


@admin.register(DriverAction)
class DriverActionAdmin(WithEvents, ReadOnly):
    subject = "action"
    events = Event
    scope_field = "visit__organisation"
    store_field = "visit__store"
    list_display = ("doing", "visit", "driver", "device_at", "received_at", "outcome_label", "detail")
    list_select_related = ("visit", "driver")
    list_filter = (Outcome,)
    search_fields = ("driver__name__istartswith",)
    search_help_text = "Driver"
    ordering = ("-id",)
    fields = (
        ("verb", "outcome_label"),
        "detail",
        ("visit", "driver"),
        ("device_at", "received_at"),
        ("place", "key"),
    )
    readonly_fields = ("outcome_label",)
    verbs = (
        Verb(
            "settle",
            "Settle",
            "logistics.change_driveraction",
            actions.settle,
            "Settled: {}",
            lambda row: row.outcome == ActionOutcome.CONFLICT,
            form=Settle,
        ),
    )

    @display("Done", ordering="id")
    def doing(self, action: DriverAction) -> str:
        return label(action.verb)

    @display("Outcome", tones={str(outcome): tone for outcome, tone in _TONES.items()})
    def outcome_label(self, action: DriverAction) -> tuple[str, str]:
        return action.outcome, label(action.outcome)
