"""Discharges: who goes home when, and whether the kit will be there first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from equipment import clock
from equipment.admin_base import Chips, History, ReadOnly, SimpleListFilter, display
from equipment.admin_history import WithEvents
from equipment.states import label
from logistics import board
from logistics.models import Discharge, Event, ExpectedDate, Order, Visit
from logistics.readiness import Word
from logistics.states import DischargeState

# Worst first: the order in which a tired person should read them.
WORDS: dict[str, str] = {
    Word.FAILED: "danger",
    Word.AT_RISK: "danger",
    Word.NOT_ORDERED: "warning",
    Word.AWAITING_AUTHORISATION: "warning",
    Word.AWAITING_STOCK: "warning",
    Word.AWAITING_PLAN: "warning",
    Word.PARTIAL: "warning",
    Word.PLANNED: "info",
    Word.OUT_FOR_DELIVERY: "info",
    Word.IN_PLACE: "success",
}
DAYS_AHEAD = 3
_MOST = 2000  # discharges whose readiness one filter works out


def today() -> date:
    return timezone.localdate(clock.now())


def soon() -> Q:
    """Expected home today or on one of the next days, three in all."""
    return Q(state=DischargeState.EXPECTED, expected_on__range=(today(), today() + timedelta(days=DAYS_AHEAD - 1)))


def _expected(**lookup: Callable[[], Any]) -> Callable[[], Q]:
    return lambda: Q(state=DischargeState.EXPECTED, **{name: value() for name, value in lookup.items()})


class When(Chips):
    title = "when"
    parameter_name = "when"
    words = {
        "soon": ("Next three days", soon),
        "late": ("Date has passed", _expected(expected_on__lt=today)),
        "later": ("Later", _expected(expected_on__gte=lambda: today() + timedelta(days=DAYS_AHEAD))),
        "undated": ("No date", _expected(expected_on__isnull=lambda: True)),
        "home": ("Home", lambda: Q(state=DischargeState.HOME)),
    }


class ByWord(SimpleListFilter):
    """Readiness is worked out and never stored: so it is worked out here, for what the words above the list leave."""

    title = "readiness"
    parameter_name = "readiness"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(word), label(word)) for word in WORDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Discharge]) -> QuerySet[Discharge]:
        if self.value() not in WORDS:
            return queryset
        expected = queryset.filter(state=DischargeState.EXPECTED).order_by("expected_on", "pk")[:_MOST]
        rows = board.rows(list(expected), at=clock.now())
        return queryset.filter(pk__in=[row.discharge.pk for row in rows if row.readiness.word == self.value()])


class Dates(History):
    model = ExpectedDate
    verbose_name_plural = "expected dates"
    fields = ("value", "source", "said_at", "received_at", "by", "reason", "superseded")


class Orders(History):
    model = Order
    verbose_name_plural = "orders"
    fields = ("placed_at", "prescriber", "state", "needed_by")
    show_change_link = True


class Visits(History):
    model = Visit
    verbose_name_plural = "visits"
    fields = ("state", "needed_by", "window_from", "window_to", "unplanned_reason")
    show_change_link = True


@admin.register(Discharge)
class DischargeAdmin(WithEvents, ReadOnly):
    subject = "discharge"
    events = Event
    scope_field = "organisation"
    list_display = ("who", "hospital", "ward", "expected_on", "readiness_word", "readiness_reason", "next_action")
    list_select_related = ("person",)
    list_filter = (When, ByWord)
    search_fields = ("person__family_name__istartswith", "visit_number__exact", "hospital__istartswith")
    search_help_text = "Family name, visit number or hospital"
    inlines = (Orders, Visits, Dates)
    fields = (
        ("readiness_word", "expected_on"),
        ("readiness_reason", "next_action"),
        ("person", "address"),
        ("hospital", "ward"),
        ("visit_number", "pathway"),
        ("state", "left_at"),
    )
    readonly_fields = ("readiness_word", "readiness_reason", "next_action")

    def adorn(self, rows: list[Discharge]) -> list[Discharge]:
        """The readiness of the whole page in a fixed number of queries."""
        for row in board.rows(rows, at=clock.now()):
            row.discharge.__dict__["readiness"] = row.readiness
        return rows

    def _readiness(self, discharge: Discharge) -> Any:
        if "readiness" not in discharge.__dict__:
            self.adorn([discharge])
        return discharge.__dict__["readiness"]

    @display("Person", ordering="person__family_name")
    def who(self, discharge: Discharge) -> str:
        return discharge.person.initials

    @display("Readiness", tones={str(word): tone for word, tone in WORDS.items()})
    def readiness_word(self, discharge: Discharge) -> tuple[str, str]:
        if discharge.state != DischargeState.EXPECTED:
            return "", label(discharge.state)
        word = self._readiness(discharge).word
        return str(word), label(word)

    @display("Why")
    def readiness_reason(self, discharge: Discharge) -> str:
        return self._readiness(discharge).reason if discharge.state == DischargeState.EXPECTED else ""

    @display("Next")
    def next_action(self, discharge: Discharge) -> str:
        return self._readiness(discharge).next_action if discharge.state == DischargeState.EXPECTED else ""
