"""Counted stock with its movements, and reservations of either kind: read here, moved by verbs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, Q
from django.http import HttpRequest

from equipment.admin.assets import ByProduct, ByStore
from equipment.admin.work import today
from equipment.admin_base import Chips, History, ReadOnly, display, see
from equipment.models import Reservation, StockLine, StockMovement


class Shelf(Chips):
    title = "shelf"
    parameter_name = "shelf"
    words = {
        "free": ("Free", lambda: Q(dirty=False, count__gt=F("reserved"))),
        "none": ("None left", lambda: Q(dirty=False, count__lte=F("reserved"))),
        "dirty": ("To clean", lambda: Q(dirty=True, count__gt=0)),
        "expired": ("Expired", lambda: Q(expires_on__lt=today(), count__gt=0)),
    }


class Movements(History):
    model = StockMovement
    verbose_name_plural = "movements"
    fields = ("at", "quantity", "kind", "by", "reason")
    per_page = 20


@admin.register(StockLine)
class StockLineAdmin(ReadOnly):
    scope_field = "store__organisation"
    store_field = "store"
    list_display = ("product_name", "store", "batch", "expires_on", "dirty", "count", "reserved", "left")
    list_select_related = ("product", "store")
    list_filter = (Shelf, ByStore, ByProduct)
    search_fields = ("product__stock_code__istartswith", "product__name", "batch__startswith")
    search_help_text = "Product or batch"
    inlines = (Movements,)
    fields = (("product", "store"), ("batch", "expires_on"), "dirty", ("count", "reserved", "left"))
    readonly_fields = ("left",)

    @display("Product", ordering="product__stock_code")
    def product_name(self, line: StockLine) -> str:
        return line.product.name

    @display("Free")
    def left(self, line: StockLine) -> int:
        return 0 if line.dirty else line.free


class Live(Chips):
    title = "state"
    parameter_name = "live"
    words = {
        "live": ("Live", lambda: Q(ended_at__isnull=True)),
        "out": ("On a van", lambda: Q(ended_at__isnull=True, issued_at__isnull=False)),
        "ended": ("Ended", lambda: Q(ended_at__isnull=False)),
    }


@admin.register(Reservation)
class ReservationAdmin(ReadOnly):
    scope_field = "person__organisation"
    store_field = "asset__store"
    list_display = ("product_name", "what", "quantity", "who", "made_at", "issued_at", "ended_at")
    list_select_related = ("product", "asset", "person")
    list_filter = (Live, ByProduct)
    search_fields = ("asset__number__startswith",)
    search_help_text = "Asset number"
    fields = (
        ("product", "quantity"),
        ("asset", "stock_line"),
        ("person", "recycled"),
        ("made_at", "issued_at", "ended_at"),
        "loan",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Of an asset or of counted stock, in a store of this user: whichever of the two it is not is in none."""
        related = ("person", "product", "asset", "stock_line__product", "stock_line__store")
        rows = see(super().get_queryset(request), "", request, store="stock_line__store")
        return rows.select_related(*related)

    @display("Product", ordering="product__stock_code")
    def product_name(self, row: Reservation) -> str:
        return row.product.name

    @display("Asset")
    def what(self, row: Reservation) -> str:
        return str(row.asset) if row.asset else "counted stock"

    @display("For")
    def who(self, row: Reservation) -> str:
        return row.person.initials
