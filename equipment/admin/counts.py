"""Counts: started, scanned or tallied blind, and decided when two people have looked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from equipment import stocktake, variance
from equipment.admin.assets import ByStore
from equipment.admin.transfers import OfAnyStore, Why
from equipment.admin_base import Chips, ReadOnly, Verb, VerbForm, display, see
from equipment.admin_history import WithEvents, table
from equipment.duties import Duty
from equipment.jobs import CountState
from equipment.models import CountLine, Location, StockCount, StockLine, Store
from equipment.states import label

_MAY = "equipment.view_stockcount"
_TONES = {"open": "warning", "recount": "warning", "review": "danger", "closed": "success", "cancelled": "default"}
_COUNTING = (CountState.OPEN, CountState.RECOUNT)


class Start(VerbForm):
    lead = "What should be there is written down now, and shown to nobody before two people have looked."
    store = forms.ModelChoiceField(Store.objects.none())
    location = forms.ModelChoiceField(Location.objects.none(), required=False, help_text="None chosen: the whole store")

    def ask(self) -> None:
        stores: Any = self.fields["store"]
        stores.queryset = see(Store.objects.all(), "organisation", self.request, store="pk")
        places: Any = self.fields["location"]
        rows = Location.objects.select_related("store")
        places.queryset = see(rows, "store__organisation", self.request, store="store")
        places.label_from_instance = lambda place: f"{place} at {place.store}"


class Tally(VerbForm):
    """One number for each line of counted stock. What is left empty is not counted yet."""

    lead = "Write down what is there; none as 0. What you leave empty stays as it is."

    def ask(self) -> None:
        self.known: dict[str, StockLine] = {}
        for line in _to_tally(self.row):
            stock = line.stock_line
            if stock is not None:
                name = f"line_{stock.pk}"
                self.known[name] = stock
                self.fields[name] = forms.IntegerField(min_value=0, required=False, label=variance.what_of(line))

    @property
    def given(self) -> dict[str, Any]:
        found = [(self.known[name], number) for name, number in self.cleaned_data.items() if number is not None]
        return {"tallied": found}


def _to_tally(count: StockCount) -> list[CountLine]:
    if count.state == CountState.RECOUNT:
        return [line for line in stocktake.to_count_again(count) if line.stock_line_id]
    rows = count.lines.filter(stock_line__isnull=False).select_related("stock_line__product", "asset")
    return list(rows.order_by("pk"))


def _tally(count: StockCount, *, tallied: list[tuple[StockLine, int]], by: str, at: datetime) -> None:
    for line, number in tallied:
        stocktake.tally(count, line, number, by=by, at=at)


def _end_first(count: Any, *, by: str, at: datetime) -> None:
    different = stocktake.end_first(count, by=by, at=at)
    count.said = f"{different} lines differ: somebody else counts them again" if different else "all is there: close it"


class State(Chips):
    title = "state"
    parameter_name = "state"
    words = {
        "counting": ("Being counted", lambda: Q(state__in=_COUNTING)),
        "review": ("To decide", lambda: Q(state=CountState.REVIEW)),
        "closed": ("Closed", lambda: Q(state=CountState.CLOSED)),
    }


def _is(*states: CountState) -> Callable[[StockCount], bool]:
    return lambda count: count.state in states


def _tallies(count: StockCount) -> bool:
    return count.state in _COUNTING and count.lines.filter(stock_line__isnull=False).exists()


def _page(count: StockCount) -> str:
    return reverse("admin:equipment_stockcount_change", args=[count.pk])


def _verb(name: str, label: str, do: Callable[..., object], done: str, **how: Any) -> Verb:
    return Verb(name, label, _MAY, do, done, duty=Duty.COUNT, **how)


@admin.register(StockCount)
class StockCountAdmin(WithEvents, ReadOnly):
    """Blind until two people have looked: what was expected is shown from review on."""

    subject = "count"
    scope_field = "store__organisation"
    store_field = "store"
    list_display = ("name", "store", "location", "state_label", "started_at", "first_by", "second_by", "closed_at")
    list_select_related = ("store", "location")
    list_filter = (State, ByStore)
    search_fields = ("location__code__istartswith", "store__name__istartswith")
    search_help_text = "Location or store"
    ordering = ("-id",)
    fields = (
        ("store", "location"),
        ("state_label", "started_at", "closed_at"),
        ("first_by", "second_by"),
        "to_do",
        "report",
    )
    readonly_fields = ("state_label", "to_do", "report")
    verbs = (
        _verb("start", "Start a count", stocktake.start, "{} has begun.", form=Start, on_list=True, to=_page),
        _verb("see", "It is here", stocktake.see, "Counted in {}.", form=OfAnyStore, legal=_is(*_COUNTING)),
        _verb(
            "unsee", "Scanned by mistake", stocktake.unsee, "Taken back in {}.", form=OfAnyStore, legal=_is(*_COUNTING)
        ),
        _verb("tally", "Tally stock", _tally, "Written down in {}.", form=Tally, legal=_tallies),
        _verb("end-first", "End the first count", _end_first, "{0}: {0.said}.", legal=_is(CountState.OPEN)),
        _verb(
            "end-recount",
            "End the second count",
            stocktake.end_recount,
            "{}: now decide.",
            legal=_is(CountState.RECOUNT),
        ),
        _verb(
            "close", "Close the count", stocktake.close, "{} is closed.", legal=_is(CountState.OPEN, CountState.REVIEW)
        ),
        _verb("cancel", "Give up", stocktake.cancel, "{} is given up.", form=Why, legal=_is(*_COUNTING)),
    )

    @display("Count", ordering="pk")
    def name(self, count: StockCount) -> str:
        return f"Count {count.pk}"

    @display("State", tones=_TONES)
    def state_label(self, count: StockCount) -> tuple[str, str]:
        return count.state, label(count.state)

    @display("To count again")
    def to_do(self, count: StockCount) -> SafeString | str:
        if count.state != CountState.RECOUNT:
            return "—"
        lines = ((variance.what_of(line),) for line in stocktake.to_count_again(count))
        return format_html('<ul class="house-reasons">{}</ul>', format_html_join("", "<li>{}</li>", lines))

    @display("What differs")
    def report(self, count: StockCount) -> SafeString | str:
        if count.state not in (CountState.REVIEW, CountState.CLOSED):
            return "Shown when two people have looked."
        rows = stocktake.variances(count)
        if not rows:
            return "Nothing."
        lines = [(r.what, r.expected, _number(r.first), _number(r.second), f"{r.value:+,.2f}", r.note) for r in rows]
        return table(("What", "Expected", "First", "Second", "Value (£)", "Known or done"), lines)


def _number(found: int | None) -> int | str:
    return "—" if found is None else found
