"""Who we work for, and the stores."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from equipment.admin_base import Desk, display
from equipment.models import Organisation, Store

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@admin.register(Organisation)
class OrganisationAdmin(Desk):
    scope_field = "pk"
    list_display = ("name", "code", "kind", "provider")
    list_select_related = ("provider",)
    search_fields = ("name", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: Organisation | None = None) -> Any:
        return ("code",) if obj else ()


@admin.register(Store)
class StoreAdmin(Desk):
    scope_field = "organisation"
    store_field = "pk"
    list_display = ("name", "code", "kind", "organisation", "open_on")
    list_select_related = ("organisation",)
    search_fields = ("name", "code")
    fieldsets = (
        (None, {"fields": (("code", "name"), ("kind", "organisation"), ("phone", "weekdays"))}),
        ("Where it is", {"fields": ("address", "postcode", ("latitude", "longitude"))}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Store | None = None) -> Any:
        return ("code",) if obj else ()

    @display("Open on")
    def open_on(self, store: Store) -> str:
        return ", ".join(day for day, digit in zip(_DAYS, store.weekdays, strict=False) if digit == "1")
