"""Orders with their lines and what is reserved for them, and who may prescribe."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from equipment.admin_base import Chips, Desk, History, ReadOnly, display
from equipment.admin_history import WithEvents
from equipment.states import label
from logistics.models import Event, Order, OrderLine, Prescriber
from logistics.states import OrderState

_TONES = {
    OrderState.AWAITING_AUTHORISATION: "warning",
    OrderState.AUTHORISED: "info",
    OrderState.DELIVERED: "success",
    OrderState.REJECTED: "danger",
    OrderState.CANCELLED: "default",
}


class Stage(Chips):
    title = "stage"
    parameter_name = "stage"
    words = {str(state): (label(state), partial(Q, state=state)) for state in OrderState}


class Lines(History):
    model = OrderLine
    verbose_name_plural = "lines"
    fields = ("product", "quantity", "critical", "state", "unit_price", "reserved")
    readonly_fields = ("reserved",)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("product")
        return rows.prefetch_related("allocations__reservation__asset", "allocations__reservation__stock_line__store")

    @display("Reserved for it")
    def reserved(self, line: OrderLine) -> str:
        """The assets or counts behind this line; what was given up is left out."""
        kept = [a.reservation for a in line.allocations.all() if a.reservation.is_live or a.reservation.loan_id]
        names = [str(row.asset) for row in kept if row.asset]
        names += [f"{row.quantity} at {row.stock_line.store}" for row in kept if row.stock_line]
        return ", ".join(names) or "nothing yet"


@admin.register(Order)
class OrderAdmin(WithEvents, ReadOnly):
    subject = "order"
    events = Event
    scope_field = "organisation"
    store_field = "store"
    list_display = ("number", "who", "state_label", "prescriber_name", "placed_at", "needed_by", "store")
    list_select_related = ("person", "prescriber", "store")
    list_filter = (Stage,)
    search_fields = ("person__family_name__istartswith", "prescriber__name__istartswith")
    search_help_text = "Family name or prescriber"
    inlines = (Lines,)
    fields = (
        ("state_label", "needed_by"),
        ("person", "address"),
        ("prescriber", "discharge"),
        ("placed_at", "sla_due_at"),
        ("authorised_at", "authorised_by", "authorised_value"),
        "duplicate_reason",
        ("organisation", "funder", "cost_centre"),
        ("store", "reference"),
    )
    readonly_fields = ("state_label",)

    @display("Order", ordering="id")
    def number(self, order: Order) -> str:
        return str(order)

    @display("Person")
    def who(self, order: Order) -> str:
        return order.person.initials

    @display("Prescriber")
    def prescriber_name(self, order: Order) -> str:
        return order.prescriber.name

    @display("State", tones={str(state): tone for state, tone in _TONES.items()})
    def state_label(self, order: Order) -> tuple[str, str]:
        return order.state, label(order.state)


@admin.register(Prescriber)
class PrescriberAdmin(Desk):
    scope_field = "organisation"
    list_display = ("name", "role", "organisation", "order_limit", "active_until")
    list_select_related = ("organisation",)
    search_fields = ("name", "pin__exact")
    search_help_text = "Name or PIN"
    fields = (("name", "role"), ("organisation", "pin"), ("order_limit", "band", "active_until"))

    def get_readonly_fields(self, request: HttpRequest, obj: Prescriber | None = None) -> Any:
        return ("organisation", "pin") if obj else ()
