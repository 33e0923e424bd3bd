"""Visits: what to do at which door, why one has no van yet, and who owns the next step."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from equipment.admin_base import Chips, History, ReadOnly, Verb, display
from equipment.admin_history import WithEvents
from equipment.states import label
from logistics import followups
from logistics.admin import circumstances
from logistics.admin.routes import clock_time
from logistics.models import Activity, Event, FollowUp, Stop, Visit
from logistics.states import ActivityKind, VisitState

_TONES = {
    VisitState.OPEN: "warning",
    VisitState.PLANNED: "info",
    VisitState.OUT: "info",
    VisitState.ARRIVED: "info",
    VisitState.DONE: "success",
    VisitState.FAILED: "danger",
    VisitState.CANCELLED: "default",
}


def unplanned() -> Q:
    """The planner could not place it, and said why."""
    return Q(state=VisitState.OPEN) & ~Q(unplanned_reason="")


class Stage(Chips):
    title = "stage"
    parameter_name = "stage"
    words = {
        "unplanned": ("No van found", unplanned),
        "open": ("To plan", partial(Q, state=VisitState.OPEN)),
        "planned": ("Planned", partial(Q, state=VisitState.PLANNED)),
        "out": ("Out now", partial(Q, state__in=[VisitState.OUT, VisitState.ARRIVED])),
        "failed": ("Failed", partial(Q, state=VisitState.FAILED)),
        "done": ("Done", partial(Q, state=VisitState.DONE)),
    }


class Activities(History):
    model = Activity
    verbose_name_plural = "what to do there"
    fields = ("kind", "what", "state", "fitted", "demonstrated", "condition", "infection")
    readonly_fields = ("what",)

    def get_queryset(self, request: HttpRequest) -> Any:
        related = ("reservation__asset", "reservation__product", "loan__asset", "loan__product")
        return super().get_queryset(request).select_related(*related)

    @display("What")
    def what(self, activity: Activity) -> str:
        thing = activity.reservation or activity.loan
        if thing is None:
            return ""
        count = f"{thing.quantity} x " if thing.quantity > 1 else ""
        return f"{count}{thing.product.name} {thing.asset or ''}".strip()


class Stops(History):
    model = Stop
    verbose_name_plural = "places on routes"
    fields = ("route", "sequence", "arrive_at", "begin_at", "leave_at", "live")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("route__shift__van")


class FollowUps(History):
    model = FollowUp
    verbose_name_plural = "follow-ups"
    fields = ("owner", "action", "raised_at", "closed_at")


@admin.register(Visit)
class VisitAdmin(WithEvents, ReadOnly):
    subject = "visit"
    events = Event
    scope_field = "organisation"
    store_field = "store"
    list_display = ("number", "doing", "where", "state_label", "critical", "needed_by", "window", "unplanned_reason")
    list_select_related = ("address",)
    list_filter = (Stage,)
    search_fields = ("person__family_name__istartswith", "address__postcode__istartswith")
    search_help_text = "Family name or postcode"
    inlines = (Activities, Stops, FollowUps)
    fields = (
        ("state_label", "critical"),
        "unplanned_reason",
        ("needed_by", "not_before"),
        ("window_from", "window_to"),
        ("person", "address"),
        ("store", "discharge"),
        ("arrived_at", "left_at", "received_by"),
        ("failure", "failure_note"),
        ("attempt_of", "raised_at"),
    )
    readonly_fields = ("state_label",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("activities")

    @display("Visit", ordering="id")
    def number(self, visit: Visit) -> str:
        return str(visit)

    @display("To do")
    def doing(self, visit: Visit) -> str:
        kinds = [activity.kind for activity in visit.activities.all()]
        counts = [(kind, kinds.count(kind)) for kind in ActivityKind if kind in kinds]
        return ", ".join(f"{count} {label(kind).lower()}" for kind, count in counts)

    @display("Where", ordering="address__postcode")
    def where(self, visit: Visit) -> str:
        return ", ".join(part for part in (visit.address.town, visit.address.postcode) if part)

    @display("State", tones={str(state): tone for state, tone in _TONES.items()})
    def state_label(self, visit: Visit) -> tuple[str, str]:
        return visit.state, label(visit.state)

    @display("Promised window")
    def window(self, visit: Visit) -> str:
        return (
            f"{clock_time(visit.window_from, day=True)} to {clock_time(visit.window_to)}" if visit.window_from else ""
        )


class Closed(Chips):
    title = "follow-ups"
    parameter_name = "follow"
    words = {
        "open": ("Open", lambda: Q(closed_at__isnull=True)),
        "closed": ("Closed", lambda: Q(closed_at__isnull=False)),
    }


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnly):
    scope_field = "person__organisation"
    store_field = "visit__store"
    list_display = ("action", "owner", "person", "visit", "due_on", "raised_at", "closed_at")
    list_select_related = ("visit", "person")
    list_filter = (Closed,)
    search_fields = ("owner__istartswith",)
    search_help_text = "Owner"
    fields = (
        "action",
        ("kind", "owner"),
        ("person", "visit", "loan"),
        "due_on",
        ("raised_at", "closed_at", "closed_by"),
    )
    verbs = (
        Verb(
            "close",
            "Close the follow-up",
            "logistics.change_followup",
            followups.close,
            "Closed: {}",
            lambda row: row.closed_at is None,
        ),
        *circumstances.FOLLOW_UP_VERBS,
    )
