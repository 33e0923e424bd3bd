"""Counted stock with its movements, and reservations of either kind: read here, moved by verbs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, Q
from django.http import HttpRequest

from equipment import stock
from equipment.admin.assets import ByProduct, ByStore
from equipment.admin.work import today
from equipment.admin_base import Chips, History, ReadOnly, Verb, VerbForm, display, see
from equipment.duties import Duty
from equipment.models import Reservation, StockAdjustment, StockLine, StockMovement, Store

_MAY, _MAY_DECIDE = "equipment.view_stockline", "equipment.view_stockadjustment"


class Shelf(Chips):
    title = "shelf"
    parameter_name = "shelf"
    words = {
        "free": ("Free", lambda: Q(dirty=False, count__gt=F("reserved"))),
        "none": ("None left", lambda: Q(dirty=False, count__lte=F("reserved"))),
        "dirty": ("To clean", lambda: Q(dirty=True, count__gt=0)),
        "expired": ("Expired", lambda: Q(expires_on__lte=today(), count__gt=0)),
    }


class Movements(History):
    model = StockMovement
    verbose_name_plural = "movements"
    fields = ("at", "quantity", "kind", "by", "reason")
    per_page = 20


class Adjustments(History):
    model = StockAdjustment
    verbose_name_plural = "adjustments"
    fields = ("asked_at", "quantity", "value", "reason", "asked_by", "approved", "decided_by")
    per_page = 20


class Adjust(VerbForm):
    lead = "What is worth more than the value agreed waits for a second person."
    quantity = forms.IntegerField(help_text="Fewer than on record: with a minus, such as -3")
    reason = forms.CharField(max_length=300)


class Split(VerbForm):
    lead = "Some of this line is of another batch, or expires on another day."
    quantity = forms.IntegerField(min_value=1)
    batch = forms.CharField(label="To batch", max_length=40)
    expires_on = forms.DateField(
        label="Expires on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Empty: as now",
    )


class Merge(VerbForm):
    lead = "All of this line goes to the other, whose batch and expiry date it takes."
    into = forms.ModelChoiceField(StockLine.objects.none(), label="Merge into")

    def ask(self) -> None:
        field: Any = self.fields["into"]
        field.queryset = _beside(self.row).select_related("product", "store")
        field.label_from_instance = _named


class Cleaned(VerbForm):
    lead = "They go from the dirty line to the clean one of their batch."
    quantity = forms.IntegerField(min_value=1)


class WriteOff(VerbForm):
    lead = "All that has expired and is promised to nobody is adjusted away; above the value agreed it waits."
    store = forms.ModelChoiceField(Store.objects.none())
    on = forms.DateField(
        label="Expired by", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), help_text="At most today"
    )

    def ask(self) -> None:
        field: Any = self.fields["store"]
        field.queryset = see(Store.objects.all(), "organisation", self.request, store="pk")
        self.fields["on"].initial = today()

    def clean_on(self) -> Any:
        day = self.cleaned_data["on"]
        if day > today():
            raise forms.ValidationError("What expires later has not expired yet.")
        return day


def _beside(line: StockLine) -> Any:
    """The other lines that this one might be merged into."""
    rows = StockLine.objects.filter(product_id=line.product_id, store_id=line.store_id, dirty=line.dirty)
    return rows.exclude(pk=line.pk)


def _named(line: StockLine) -> str:
    expiry = f", expires {line.expires_on:%d %b %Y}" if line.expires_on else ""
    return f"Batch {line.batch or '(none)'}{expiry}: {line.count}"


def _adjust(line: Any, **given: Any) -> None:
    """What waits for a second person has changed nothing yet, and the message says so."""
    made = stock.adjust(line, **given)
    line.said = (
        f"£{made.value} is above the value agreed: nothing has changed until a second person approves it"
        if made.approved is None
        else f"changed by {made.quantity:+d}"
    )


def _write_off(**given: Any) -> str:
    made = stock.write_off_expired(**given)
    waiting = sum(adjustment.approved is None for adjustment in made)
    return f"{len(made) - waiting} written off, {waiting} waiting for a second person"


@admin.register(StockLine)
class StockLineAdmin(ReadOnly):
    scope_field = "store__organisation"
    store_field = "store"
    list_display = ("product_name", "store", "batch", "expires_on", "dirty", "count", "reserved", "left")
    list_select_related = ("product", "store")
    list_filter = (Shelf, ByStore, ByProduct)
    search_fields = ("product__stock_code__istartswith", "product__name", "batch__startswith")
    search_help_text = "Product or batch"
    inlines = (Movements, Adjustments)
    fields = (("product", "store"), ("batch", "expires_on"), "dirty", ("count", "reserved", "left"))
    readonly_fields = ("left",)
    verbs = (
        Verb("adjust", "Adjust", _MAY, _adjust, "{0}: {0.said}.", form=Adjust, duty=Duty.COUNT),
        Verb(
            "split",
            "Split off a batch",
            _MAY,
            stock.split,
            "Split: {}.",
            legal=lambda line: line.free > 0,
            form=Split,
            duty=Duty.COUNT,
        ),
        Verb(
            "merge",
            "Merge",
            _MAY,
            stock.merge,
            "Merged: {}.",
            legal=lambda line: line.count > 0 and not line.reserved and _beside(line).exists(),
            form=Merge,
            duty=Duty.COUNT,
        ),
        Verb(
            "cleaned",
            "Cleaned",
            _MAY,
            stock.cleaned,
            "Cleaned: {}.",
            legal=lambda line: line.dirty and line.count > 0,
            form=Cleaned,
            duty=Duty.CLEAN,
        ),
        Verb(
            "write-off",
            "Write off what has expired",
            _MAY,
            _write_off,
            "{}.",
            form=WriteOff,
            duty=Duty.COUNT,
            on_list=True,
        ),
    )

    @display("Product", ordering="product__stock_code")
    def product_name(self, line: StockLine) -> str:
        return line.product.name

    @display("Free")
    def left(self, line: StockLine) -> int:
        return 0 if line.dirty else line.free


class Decided(Chips):
    title = "decision"
    parameter_name = "decision"
    words = {
        "open": ("To decide", lambda: Q(decided_at__isnull=True)),
        "approved": ("Done", lambda: Q(approved=True)),
        "refused": ("Refused", lambda: Q(approved=False)),
    }


def _decide(approve: bool) -> Any:
    def do(adjustment: StockAdjustment, *, by: str, at: datetime) -> None:
        stock.decide(adjustment, approve=approve, by=by, at=at)

    return do


def _open(adjustment: StockAdjustment) -> bool:
    return adjustment.decided_at is None


@admin.register(StockAdjustment)
class StockAdjustmentAdmin(ReadOnly):
    scope_field = "line__store__organisation"
    store_field = "line__store"
    list_display = ("asked_at", "product_name", "store", "quantity", "value", "reason", "asked_by", "verdict")
    list_select_related = ("line__product", "line__store")
    list_filter = (Decided,)
    search_fields = ("line__product__stock_code__istartswith", "line__batch__startswith")
    search_help_text = "Product or batch"
    fields = (
        ("line", "quantity", "value"),
        "reason",
        ("asked_by", "asked_at"),
        ("verdict", "decided_by", "decided_at"),
        "movement",
    )
    readonly_fields = ("verdict",)
    verbs = (
        Verb("approve", "Approve", _MAY_DECIDE, _decide(True), "Approved: {}.", legal=_open, duty=Duty.MANAGE),
        Verb("refuse", "Refuse", _MAY_DECIDE, _decide(False), "Refused: {}.", legal=_open, duty=Duty.MANAGE),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        related = ("line__product", "line__store", "movement__line__product", "movement__line__store")
        return super().get_queryset(request).select_related(*related)

    @display("Product", ordering="line__product__stock_code")
    def product_name(self, row: StockAdjustment) -> str:
        return row.line.product.name

    @display("Store", ordering="line__store")
    def store(self, row: StockAdjustment) -> str:
        return row.line.store.name

    @display("Decision", tones={"open": "warning", "approved": "success", "refused": "danger"})
    def verdict(self, row: StockAdjustment) -> tuple[str, str]:
        if row.approved is None:
            return "open", "To decide"
        if not row.approved:
            return "refused", "Refused"
        return "approved", "Approved" if row.decided_by else "Below the value"


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
