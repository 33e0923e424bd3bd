"""The catalogue: products with their parts and the tests they need."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from equipment import exports
from equipment.admin.work import today
from equipment.admin_base import Chips, TabularInline, display
from equipment.admin_exports import Exports
from equipment.models import (
    ApprovedEquivalent,
    Check,
    Compatibility,
    CompositePart,
    Incompatibility,
    Product,
    TestRegime,
)
from equipment.states import Tracking


class Kind(Chips):
    title = "kind"
    parameter_name = "kind"
    words = {
        "numbered": ("Numbered", lambda: Q(tracking=Tracking.SERIALISED)),
        "counted": ("Counted", lambda: Q(tracking__in=[Tracking.BATCH, Tracking.QUANTITY])),
        "sets": ("Sets", lambda: Q(tracking=Tracking.COMPOSITE)),
        "withdrawn": ("Withdrawn", lambda: Q(withdrawn_on__lte=today())),
    }


class Parts(TabularInline):
    model = CompositePart
    fk_name = "composite"
    autocomplete_fields = ("part",)
    extra = 0
    tab = True
    verbose_name_plural = "parts of the set"


class Regimes(TabularInline):
    model = TestRegime
    fields = ("kind", "interval_days", "on_return", "remaining_days", "minutes")
    extra = 0
    tab = True
    verbose_name_plural = "tests it needs"


class Checks(TabularInline):
    model = Check
    fields = ("kind", "text", "position")
    extra = 0
    tab = True
    verbose_name_plural = "checklists"


class Equivalents(TabularInline):
    model = ApprovedEquivalent
    fk_name = "product"
    autocomplete_fields = ("substitute",)
    extra = 0
    tab = True
    verbose_name_plural = "what may go out instead"


class Incompatibilities(TabularInline):
    model = Incompatibility
    fk_name = "one"
    autocomplete_fields = ("other",)
    extra = 0
    tab = True
    verbose_name_plural = "never together with"


class Partners(TabularInline):
    model = Compatibility
    fk_name = "one"
    autocomplete_fields = ("other",)
    extra = 0
    tab = True
    verbose_name_plural = "approved together with"


@admin.register(Product)
class ProductAdmin(Exports):
    export = staticmethod(exports.products)
    list_display = ("stock_code", "name", "tracking_label", "cleaning_method", "safe_working_load_kg", "price")
    list_filter = (Kind,)
    search_fields = ("stock_code__istartswith", "name")
    search_help_text = "Stock code or name"
    inlines = (Parts, Regimes, Checks, Equivalents, Partners, Incompatibilities)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("stock_code", "name"),
                    ("maker", "model"),
                    ("iso9999", "gtin"),
                    ("tracking", "reuse"),
                    ("price", "band", "withdrawn_on"),
                )
            },
        ),
        (
            "Safety",
            {
                "fields": (
                    ("cleaning_method", "safe_working_load_kg"),
                    ("weight_critical", "holds_data"),
                    ("use", "size"),
                    ("connectivity", "review_days"),
                )
            },
        ),
        ("The least body it fits", {"fields": (("min_height_cm", "min_weight_kg"), "min_bmi")}),
        ("Working life", {"fields": (("life_years", "life_loans"),)}),
        (
            "Bringing and fitting",
            {
                "fields": (
                    ("volume_l", "weight_kg"),
                    ("length_mm", "width_mm", "height_mm"),
                    ("fitting_minutes", "crew_size"),
                    ("skill", "bulky"),
                )
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> Any:
        """How a product is tracked cannot change once there may be stock of it."""
        return ("stock_code", "tracking") if obj else ()

    @display("Tracked", ordering="tracking")
    def tracking_label(self, product: Product) -> str:
        return product.get_tracking_display()
