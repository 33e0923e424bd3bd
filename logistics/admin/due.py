"""The page of the tests that fall due: week by week, by kind, for one store or all; and whose hands they are in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode

from equipment import clock
from equipment.admin_base import label_of, see, stores_of
from equipment.competences import Register
from equipment.models import Asset, Store
from equipment.states import TestKind, label
from equipment.words import StoreKind
from logistics import due_calendar
from logistics.due_calendar import Entry, Line, Week
from logistics.states import ActivityKind

PER_PAGE = 50
OVERDUE = "overdue"
_SHORT = {TestKind.LOLER: "LOLER", TestKind.BATTERY: "Battery", TestKind.FILTER: "Filter"}


@dataclass(frozen=True)
class Cell:
    """How many tests of one kind in one week, and the list of them."""

    count: int
    url: str
    kind: str
    current: bool


@dataclass(frozen=True)
class Row:
    """A week of the calendar."""

    title: str
    late: bool
    total: Cell
    cells: list[Cell]


@dataclass(frozen=True)
class Shown:
    """A line of the list, in words. Of a person no more than initials and the district."""

    number: str
    url: str
    product: str
    kind: str
    due: str
    late: bool
    where: str
    next: str
    next_url: str
    competent: str


@dataclass(frozen=True)
class Chosen:
    """What the page is about: by its address."""

    store: Store | None
    week: str  # "", "overdue", or a Monday
    kind: str
    page: int

    def url(self, **other: str) -> str:
        given = {"store": str(self.store.pk) if self.store else "", "week": self.week, "kind": self.kind, **other}
        query = urlencode({name: value for name, value in given.items() if value})
        return f"{reverse('admin:tests_due')}{f'?{query}' if query else ''}"


def view(request: HttpRequest) -> HttpResponse:
    """The calendar, and under it the list of what was chosen; without a choice, of everything."""
    user: Any = request.user
    if not label_of(request).on_the_floor or not user.has_perm("equipment.view_inspectionrecord"):
        raise PermissionDenied("The calendar of tests is for the staff of a store.")
    on = timezone.localdate(clock.now())
    stores = list(see(Store.objects.exclude(kind=StoreKind.DROP_OFF), "organisation", request, store="pk"))
    chosen = _chosen(request, stores)
    everything = _lines(request, chosen, stores, on)
    register = Register.read()
    listed = [line for line in everything if _is_chosen(line, chosen, on)]
    pages = max(-(-len(listed) // PER_PAGE), 1)
    page = min(chosen.page, pages)
    part = listed[(page - 1) * PER_PAGE : page * PER_PAGE]
    context = {
        **admin.site.each_context(request),
        "title": "Tests due",
        "stores": stores,
        "chosen": chosen,
        "kinds": [_kind(kind) for kind in _kinds(everything)],
        "weeks": _rows(everything, chosen, on),
        "gaps": due_calendar.gaps(everything, on=on, stores=stores, register=register),
        "count": len(listed),
        "late": sum(line.overdue(on) for line in everything),
        "everything": chosen.url(week="", kind=""),
        "rows": [_shown(one, on) for one in due_calendar.entries(part, on=on, stores=stores, register=register)],
        "heading": _heading(chosen),
        "page": page,
        "pages": pages,
        "earlier": chosen.url(p=str(page - 1)),
        "later": chosen.url(p=str(page + 1)),
    }
    return render(request, "admin/tests_due.html", context)


def _chosen(request: HttpRequest, stores: list[Store]) -> Chosen:
    asked = request.GET.get("store", "")
    week, kind, page = (request.GET.get(name, "") for name in ("week", "kind", "p"))
    return Chosen(
        store=next((one for one in stores if str(one.pk) == asked), None),
        week=week if week == OVERDUE or _date(week) else "",
        kind=kind if kind in {str(one) for one in TestKind} else "",
        page=max(int(page), 1) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def _date(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _lines(request: HttpRequest, chosen: Chosen, stores: list[Store], on: date) -> list[Line]:
    """What this person may see: of one store, of those the person works in, or all."""
    assets = see(Asset.objects.all(), "owner", request, store="store")
    depots = list(see(Store.objects.all(), "organisation", request)) if stores_of(request) is not None else stores
    found = due_calendar.lines(assets, until=due_calendar.until(on), stores=depots)
    if chosen.store is not None:
        return [line for line in found if line.store == chosen.store.pk]
    mine = stores_of(request)
    return found if mine is None else [line for line in found if line.store is None or line.store in mine]


def _is_chosen(line: Line, chosen: Chosen, on: date) -> bool:
    week = line.week(on)
    right_week = chosen.week in ("", str(week)) if week else chosen.week in ("", OVERDUE)
    return right_week and chosen.kind in ("", line.kind)


def _kinds(found: Iterable[Line]) -> list[str]:
    """Those that fall due at all, in the order of the list of kinds."""
    there = {line.kind for line in found}
    return [kind.value for kind in TestKind if kind.value in there]


def _rows(found: list[Line], chosen: Chosen, on: date) -> list[Row]:
    kinds = _kinds(found)
    return [_row(week, kinds, chosen) for week in due_calendar.weeks(found, on=on)]


def _row(week: Week, kinds: list[str], chosen: Chosen) -> Row:
    key = str(week.begins) if week.begins else OVERDUE
    title = f"{week.begins.day} {week.begins:%b}" if week.begins else "Overdue"

    def cell(kind: str, count: int) -> Cell:
        here = (chosen.week, chosen.kind) == (key, kind)
        return Cell(count, chosen.url(week=key, kind=kind), _kind(kind) if kind else "All", here)

    cells = [cell(kind, week.counts[kind]) for kind in kinds]
    return Row(title, week.begins is None and week.total > 0, cell("", week.total), cells)


def _kind(kind: str) -> str:
    return _SHORT.get(TestKind(kind), label(kind))


def _heading(chosen: Chosen) -> str:
    kind = _kind(chosen.kind) if chosen.kind else "All tests"
    day = _date(chosen.week) if chosen.week and chosen.week != OVERDUE else None
    when = "overdue" if chosen.week == OVERDUE else f"week of {day.day} {day:%b %Y}" if day else ""
    return f"{kind}, {when}" if when else kind


def _shown(entry: Entry, on: date) -> Shown:
    row = entry.due
    words, url = _next(entry)
    return Shown(
        number=row.asset.number,
        url=f"{reverse('admin:scan')}?{urlencode({'code': row.asset.number})}",
        product=row.asset.product.name,
        kind=_kind(row.kind),
        due=_due(entry),
        late=row.overdue(on),
        where=_where(entry),
        next=words,
        next_url=url,
        competent=", ".join(dict.fromkeys(one.name for one in entry.competent)),
    )


def _due(entry: Entry) -> str:
    day = entry.due.due_on
    if day is not None:
        return f"{day.day} {day:%b %Y}"
    return "never recorded" if not entry.due.result else "prohibited" if entry.due.result == "prohibit" else "failed"


def _where(entry: Entry) -> str:
    """`AP, ZX1` at home; else the store or the van."""
    asset, loan = entry.due.asset, entry.due.loan
    if loan is not None:
        return f"{loan.person.initials}, {loan.address.postcode.split(' ')[0]}"
    return str(asset.store) if asset.store else f"Van {asset.vehicle}"


def _next(entry: Entry) -> tuple[str, str]:
    """What happens about it, and the page of that: the visit, or the question that somebody has to answer."""
    if entry.asked is not None:
        page = reverse("admin:logistics_followup_change", args=[entry.asked.pk])
        return f"{entry.asked.owner.capitalize()} to decide", page
    if entry.visit is None or entry.activity is None:
        return ("no visit yet" if entry.due.loan else "in store"), ""
    visit = entry.visit
    begins = timezone.localtime(visit.window_from) if visit.window_from else None
    when = f"{begins:%a} {begins.day} {begins:%b}" if begins else "to plan"
    what = "to be fetched, " if entry.activity.kind == ActivityKind.COLLECTION else ""
    return f"{visit}, {what}{when}", reverse("admin:logistics_visit_change", args=[visit.pk])
