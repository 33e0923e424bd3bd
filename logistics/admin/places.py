"""Addresses and their points on the map, and the gazetteer they come from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest

from equipment import clock
from equipment.admin_base import Chips, Desk, ReadOnly, Verb, display, label_of
from equipment.errors import DomainError
from equipment.models import Address
from equipment.words import PinAccuracy
from logistics import siting
from logistics.admin import secrets
from logistics.models import Gazetteer, Postcode

_TONES = {
    PinAccuracy.NONE: "danger",
    PinAccuracy.SECTOR: "warning",
    PinAccuracy.UNIT: "success",
    PinAccuracy.PIN: "success",
}


class Point(Chips):
    title = "point"
    parameter_name = "point"
    words = {
        "none": ("Not on the map", lambda: Q(accuracy=PinAccuracy.NONE)),
        "rough": ("Roughly known", lambda: Q(accuracy=PinAccuracy.SECTOR)),
    }


def _locate(address: Address, *, by: str, at: datetime) -> None:
    siting.locate(address, at=at)


@admin.register(Address)
class AddressAdmin(Desk):
    """How to get in may be corrected; where it is, is a new address or a pin."""

    scope_field = "person__organisation"
    list_display = ("postcode", "town", "who", "point_label", "location_problem")
    list_select_related = ("person",)
    list_filter = (Point,)
    search_fields = ("postcode__istartswith", "person__family_name__istartswith")
    search_help_text = "Postcode or family name"
    ordering = ("-id",)
    autocomplete_fields = ("person",)
    verbs = (
        Verb(
            "locate",
            "Find on the map again",
            "equipment.change_address",
            _locate,
            "Looked up: {}",
            lambda address: address.accuracy in (PinAccuracy.NONE, PinAccuracy.SECTOR),
        ),
        *secrets.VERBS,
    )
    _door = ("line1", "line2", "town", "postcode")
    _point = ("point_label", "location_problem")

    def get_fieldsets(self, request: HttpRequest, obj: Address | None = None) -> Any:
        getting_in = ("access_notes", ("parking", "received_by"), ("stairs", "has_key_safe"))
        door = ("person", ("line1", "line2"), ("town", "postcode"))
        where: list[Any] = [("On the map", {"fields": (self._point, ("latitude", "longitude"))})] if obj else []
        return [(None, {"fields": door}), ("Getting in", {"fields": getting_in}), *where]

    def get_readonly_fields(self, request: HttpRequest, obj: Address | None = None) -> Any:
        return ("person", *self._door, *self._point) if obj else ()

    def save_model(self, request: HttpRequest, obj: Address, form: Any, change: bool) -> None:
        """A new address is looked up; latitude and longitude changed by hand are a pin."""
        if not change:
            super().save_model(request, obj, form, change)
            siting.locate(obj, at=clock.now())
            return
        obj.save(update_fields=["access_notes", "parking", "received_by", "stairs", "has_key_safe"])
        if (
            {"latitude", "longitude"} & set(form.changed_data)
            and obj.latitude is not None
            and obj.longitude is not None
        ):
            try:
                siting.pin(obj, obj.latitude, obj.longitude, by=label_of(request), at=clock.now())
            except DomainError as error:
                messages.error(request, error.detail)

    @display("Person")
    def who(self, address: Address) -> str:
        return address.person.initials

    @display("On the map", tones={str(key): tone for key, tone in _TONES.items()})
    def point_label(self, address: Address) -> tuple[str, str]:
        words = {"none": "Not yet", "sector": "Roughly", "unit": "Postcode", "pin": "Pin"}
        return address.accuracy, words[address.accuracy]


@admin.register(Postcode)
class PostcodeAdmin(ReadOnly):
    list_display = ("__str__", "accuracy", "latitude", "longitude", "terminated_on", "source")
    search_fields = ("postcode__startswith",)
    search_help_text = "Postcode, as AB12CD"
    ordering = ("postcode",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, search_term.replace(" ", "").upper())


@admin.register(Gazetteer)
class GazetteerAdmin(ReadOnly):
    list_display = ("source", "kind", "rows", "added", "changed", "loaded_at")
