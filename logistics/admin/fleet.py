"""Vans, drivers and who is out with which van on which day."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from equipment.admin_base import Chips, Desk, display
from logistics.admin.routes import clock_time, today
from logistics.models import Driver, Shift, Van


@admin.register(Van)
class VanAdmin(Desk):
    scope_field = "store__organisation"
    store_field = "store"
    list_display = ("registration", "store", "clean_l", "dirty_l", "payload_kg")
    list_select_related = ("store",)
    search_fields = ("registration__istartswith",)
    search_help_text = "Registration"
    fields = (("registration", "store"), ("clean_l", "dirty_l", "payload_kg"))

    def get_readonly_fields(self, request: HttpRequest, obj: Van | None = None) -> Any:
        return ("registration",) if obj else ()


@admin.register(Driver)
class DriverAdmin(Desk):
    scope_field = "user__membership__organisation"
    list_display = ("name", "user", "skills")
    list_select_related = ("user",)
    search_fields = ("name",)
    search_help_text = "Name"
    autocomplete_fields = ("user",)
    fields = (("name", "user"), "skills")


class Day(Chips):
    title = "day"
    parameter_name = "when"
    words = {
        "today": ("Today", lambda: Q(starts_at__date=today())),
        "coming": ("To come", lambda: Q(starts_at__date__gte=today())),
        "past": ("Past", lambda: Q(starts_at__date__lt=today())),
    }


@admin.register(Shift)
class ShiftAdmin(Desk):
    scope_field = "van__store__organisation"
    store_field = "van__store"
    list_display = ("day", "van", "with_crew", "hours")
    list_select_related = ("van",)
    list_filter = (Day,)
    search_fields = ("van__registration__istartswith",)
    search_help_text = "Van"
    ordering = ("-starts_at", "van_id")
    autocomplete_fields = ("van", "crew")
    fields = ("van", "crew", ("starts_at", "ends_at"), ("break_from", "break_to", "break_minutes"))

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("crew")

    @display("Day", ordering="starts_at")
    def day(self, shift: Shift) -> str:
        return clock_time(shift.starts_at, day=True).rsplit(" ", 1)[0]

    @display("Crew")
    def with_crew(self, shift: Shift) -> str:
        return ", ".join(driver.name for driver in shift.crew.all())

    @display("Hours")
    def hours(self, shift: Shift) -> str:
        return f"{clock_time(shift.starts_at)} to {clock_time(shift.ends_at)}"
