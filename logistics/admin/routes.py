"""Routes: a crew and van's day, its stops in order, and the planner's runs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from equipment import clock
from equipment.admin_base import Chips, History, ReadOnly, Verb, display
from equipment.admin_history import WithEvents
from equipment.states import label
from logistics import routes
from logistics.models import Event, PlanRun, Route, Stop
from logistics.states import RouteState

_TONES = {
    RouteState.PLANNED: "warning",
    RouteState.CONFIRMED: "info",
    RouteState.LOADING: "primary",
    RouteState.OUT: "info",
    RouteState.FINISHED: "success",
}
_BEFORE_LOADING = (RouteState.PLANNED, RouteState.CONFIRMED)


def clock_time(moment: datetime | None, *, day: bool = False) -> str:
    """`07:45`, or `Thu 5 Mar 07:45`, as the clock on the wall shows it."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return f"{local:%a} {local.day} {local:%b %H:%M}" if day else f"{local:%H:%M}"


def today() -> date:
    return timezone.localdate(clock.now())


class Day(Chips):
    title = "day"
    parameter_name = "when"
    words = {
        "today": ("Today", lambda: Q(day=today())),
        "tomorrow": ("Tomorrow", lambda: Q(day=today() + timedelta(days=1))),
        "coming": ("All to come", lambda: Q(day__gte=today())),
        "past": ("Past", lambda: Q(day__lt=today())),
    }


class Stops(History):
    model = Stop
    verbose_name_plural = "stops in order"
    fields = ("place", "times", "where", "doing", "visit_state", "visit")
    readonly_fields = ("place", "times", "where", "doing", "visit_state")
    ordering = ("sequence",)
    tab = False

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("visit__address", "route__shift__van")
        lines = ("visit__activities__reservation__product", "visit__activities__loan__product")
        return rows.prefetch_related(*lines)

    @display("Stop")
    def place(self, stop: Stop) -> int:
        return stop.sequence

    @display("Arrive, leave")
    def times(self, stop: Stop) -> str:
        return f"{clock_time(stop.arrive_at)}–{clock_time(stop.leave_at)}"

    @display("Where")
    def where(self, stop: Stop) -> str:
        return str(stop.visit.address)

    @display("To do")
    def doing(self, stop: Stop) -> str:
        found = [(row.kind, row.reservation or row.loan) for row in stop.visit.activities.all()]
        return "; ".join(f"{label(kind)}: {thing.quantity} x {thing.product.name}" for kind, thing in found if thing)

    @display("Visit is")
    def visit_state(self, stop: Stop) -> str:
        return label(stop.visit.state) if stop.live else "Failed here"


@admin.register(Route)
class RouteAdmin(WithEvents, ReadOnly):
    subject = "route"
    events = Event
    scope_field = "store__organisation"
    store_field = "store"
    list_display = ("day", "van", "crew", "stops_count", "leaves", "state_label", "sheet")
    list_select_related = ("shift__van",)
    list_filter = (Day,)
    ordering = ("-day", "shift_id")
    inlines = (Stops,)
    fields = (
        ("day", "van", "crew"),
        ("state_label", "leaves", "back"),
        ("sheet", "meal_break", "kilometres"),
        ("drive_minutes", "planned_by"),
    )
    readonly_fields = ("van", "crew", "state_label", "sheet", "leaves", "back", "meal_break")
    verbs = (
        Verb(
            "confirm",
            "Confirm",
            "logistics.change_route",
            routes.confirm,
            "{} is confirmed: windows are kept from here on.",
            lambda route: route.state == RouteState.PLANNED,
        ),
        Verb(
            "start-loading",
            "Start loading",
            "logistics.change_route",
            routes.start_loading,
            "{} is being loaded: no plan changes it any more.",
            lambda route: route.state in _BEFORE_LOADING,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("shift__van", "planned_by__store")
        return rows.annotate(live_stops=Count("stops", filter=Q(stops__live=True))).prefetch_related("shift__crew")

    @display("Van")
    def van(self, route: Route) -> str:
        return route.shift.van.registration

    @display("Crew")
    def crew(self, route: Route) -> str:
        return ", ".join(driver.name for driver in route.shift.crew.all())

    @display("Stops")
    def stops_count(self, route: Any) -> int:
        return route.live_stops

    @display("Leaves")
    def leaves(self, route: Route) -> str:
        return clock_time(route.starts_at)

    @display("Back")
    def back(self, route: Route) -> str:
        return clock_time(route.ends_at)

    @display("Break")
    def meal_break(self, route: Route) -> str:
        return f"{clock_time(route.break_from)} to {clock_time(route.break_to)}" if route.break_from else ""

    @display("State", tones={str(state): tone for state, tone in _TONES.items()})
    def state_label(self, route: Route) -> tuple[str, str]:
        return route.state, label(route.state)

    @display("Sheet")
    def sheet(self, route: Route) -> SafeString:
        return format_html('<a class="house-link" href="/driver/routes/{}/sheet.pdf">Print sheet</a>', route.pk)


@admin.register(PlanRun)
class PlanRunAdmin(ReadOnly):
    scope_field = "store__organisation"
    store_field = "store"
    list_display = ("at", "store", "planned", "left_out", "verdict_label", "stored")
    list_select_related = ("store",)
    fields = (
        ("at", "store"),
        ("verdict", "stored"),
        ("visits", "shifts", "planned"),
        "unplanned_visits",
        ("engine", "seed", "cost"),
    )
    readonly_fields = ("unplanned_visits",)

    @display("Left out")
    def left_out(self, run: PlanRun) -> int:
        return len(run.unplanned)

    @display("Verdict", tones={"clean": "success", "faults": "danger"})
    def verdict_label(self, run: PlanRun) -> tuple[str, str]:
        return ("clean", "Clean") if run.verdict == "clean" else ("faults", "Refused")

    @display("Visits left out, and why")
    def unplanned_visits(self, run: PlanRun) -> SafeString | str:
        if not run.unplanned:
            return "None."
        lines = format_html_join("", "<li>{}</li>", ((_sentence(entry),) for entry in run.unplanned))
        return format_html('<ul class="house-reasons">{}</ul>', lines)


def _sentence(entry: Any) -> str:
    """One entry of `unplanned` as people read it."""
    return f"Visit {entry['visit']}: {entry['sentence']}" if isinstance(entry, dict) else str(entry)
