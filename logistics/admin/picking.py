"""The pick page: one store's day in the order of its shelves, scanned off by number, and each van's lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode

from equipment import clock
from equipment.admin_base import label_of, patiently, see
from equipment.duties import Duty
from equipment.errors import DomainError, Invalid
from equipment.models import Store
from equipment.substitutes import FATES, Offer
from equipment.words import StoreKind
from logistics import picking
from logistics.models import Route
from logistics.picking import PickList, Row, Step

_HERE = "pick_store"
_LONGEST_REASON = 200
_TONES = {
    Step.TO_PICK: "warning",
    Step.PICKED: "info",
    Step.STAGED: "primary",
    Step.ABOARD: "success",
    Step.ASIDE: "danger",
}
_FATES = {"shelf": "It is in order: back to the shelf", "missing": "It is not there", "unfit": "It is not fit to go"}


@dataclass(frozen=True)
class Line:
    """A row of the page."""

    row: Row
    tone: str
    open: bool  # may still be reported short, or exchanged


@dataclass(frozen=True)
class Van:
    """How far one van's load has come."""

    route: Route
    lines: list[Line]
    picked: int
    staged: int

    @property
    def total(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class Chosen:
    """What the page is about: by its address."""

    store: Store | None
    day: date
    stores: list[Store]
    days: list[date]
    stage: bool

    def address(self, **more: str) -> str:
        given = {
            "store": str(self.store.pk) if self.store else "",
            "day": str(self.day),
            "show": "stage" if self.stage else "",
        }
        return f"{reverse('admin:pick')}?{urlencode({**given, **more})}"


def may_see(request: HttpRequest) -> bool:
    """Whoever has a duty in a store; picking itself asks for its own."""
    return label_of(request).on_the_floor


def view(request: HttpRequest) -> HttpResponse:
    """Show the list; with POST, pick, stage, exchange or report short first."""
    if not may_see(request):
        raise PermissionDenied("The pick page is for store staff.")
    chosen = _chosen(request)
    if request.method != "POST":
        return _page(request, chosen)
    if chosen.store is None:
        raise Http404
    do = _DEEDS.get(request.POST.get("do", ""))
    if do is None:
        return _page(request, chosen, problem="There is no such thing to do here.", status=400)
    try:
        with patiently():
            said = do(request, chosen.store, chosen.day)
    except DomainError as error:
        return _page(request, chosen, problem=error.detail, status=400 if isinstance(error, Invalid) else 409)
    messages.success(request, said)
    return HttpResponseRedirect(chosen.address())


def _chosen(request: HttpRequest) -> Chosen:
    """The store and day of the address; else the store of last time, and the first day with a van to load."""
    stores = list(see(Store.objects.filter(kind=StoreKind.DEPOT), "organisation", request, store="pk"))
    asked = request.GET.get("store") or str(request.session.get(_HERE, ""))
    store = next((one for one in stores if str(one.pk) == asked), stores[0] if stores else None)
    if store is not None and request.session.get(_HERE) != store.pk:
        request.session[_HERE] = store.pk
    today = timezone.localdate(clock.now())
    coming = Route.objects.filter(store=store, day__gte=today, state__in=picking.NOT_YET_OUT).order_by("day")
    days = list(coming.values_list("day", flat=True).distinct())
    day = _date(request.GET.get("day", "")) or (days[0] if days else today)
    return Chosen(store, day, stores, sorted({*days, day}), request.GET.get("show") == "stage")


def _date(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


# What is done ---------------------------------------------------------------------------------------------------------


def _pick(request: HttpRequest, store: Store, day: date) -> str:
    done = picking.pick(store, day, scanned=request.POST.get("scanned", ""), **_who(request))
    return f"{_named(done)}: picked for {_vans(done)}."


def _stage(request: HttpRequest, store: Store, day: date) -> str:
    listed = picking.wave(store, day)
    route = next((one for one in listed.routes if str(one.pk) == request.POST.get("route")), None)
    if route is None:
        raise Http404
    done = picking.stage(route, scanned=request.POST.get("scanned", ""), **_who(request))
    return f"{_named(done)}: in the lane of {_vans(done)}, stop {done[0].stop}."


def _short(request: HttpRequest, store: Store, day: date) -> str:
    row = _row(request, picking.wave(store, day))
    found = request.POST.get("found", "").strip() or "0"
    if not found.isdecimal() or len(found) > 6:
        raise Invalid("found", "Say how many are there as a number.", field="found")
    done = picking.short(
        row.reservation,
        reason=_reason(request),
        then=request.POST.get("then", ""),
        found=int(found),
        **_who(request),
    )
    now = ", ".join(str(reservation.asset or f"{reservation.quantity} more") for reservation in done.instead)
    if done.waiting:
        return f"{row}: short by {done.waiting}. The depot has a follow-up; the line waits for supply."
    return f"{row}: short. {now} goes instead."


def _instead(request: HttpRequest, store: Store, day: date) -> str:
    row = _row(request, picking.wave(store, day))
    offered = picking.offers(row.reservation)
    asset = next((one.asset for one in offered if str(one.asset.pk) == request.POST.get("asset")), None)
    if asset is None:
        raise Invalid("asset", "This one can no longer go instead: choose another.", field="asset")
    reason, old = _reason(request), request.POST.get("old", "")
    picking.instead(row.reservation, asset, reason=reason, old=old, **_who(request))
    return f"{asset} {asset.product.name} goes instead of {row}."


def _reason(request: HttpRequest) -> str:
    """Why, as far as the record holds it."""
    reason = request.POST.get("reason", "").replace("\0", "").strip()
    if len(reason) > _LONGEST_REASON:
        raise Invalid("reason", f"Say why in at most {_LONGEST_REASON} characters.", field="reason")
    return reason


_DEEDS: dict[str, Callable[[HttpRequest, Store, date], str]] = {
    "pick": _pick,
    "stage": _stage,
    "short": _short,
    "instead": _instead,
}


def _who(request: HttpRequest) -> dict[str, Any]:
    return {"by": label_of(request), "at": clock.now()}


def _named(rows: list[Row]) -> str:
    return ", ".join(str(row) for row in rows)


def _vans(rows: list[Row]) -> str:
    return ", ".join(dict.fromkeys(row.van for row in rows))


def _row(request: HttpRequest, listed: PickList, *, name: str = "reservation") -> Row:
    asked = (request.POST if name == "reservation" else request.GET).get(name, "")
    row = next((one for one in listed.rows if str(one.reservation.pk) == asked), None)
    if row is None:
        raise Http404
    return row


# What is shown --------------------------------------------------------------------------------------------------------


def _page(request: HttpRequest, chosen: Chosen, *, problem: str = "", status: int = 200) -> HttpResponse:
    listed = picking.wave(chosen.store, chosen.day) if chosen.store else PickList((), ())
    row = _row(request, listed, name="instead") if request.GET.get("instead") else None
    offered: list[Offer] = picking.offers(row.reservation) if row is not None and _open(row) else []
    context = {
        **admin.site.each_context(request),
        "title": "Pick lists",
        "chosen": chosen,
        "pick_address": chosen.address(show=""),
        "stage_address": chosen.address(show="stage"),
        "lines": [_line(one) for one in listed.rows],
        "vans": [_van(listed, route) for route in listed.routes],
        "to_pick": len(listed.to_pick()),
        "instead": row,
        "offers": offered,
        "fates": [(fate, _FATES[fate]) for fate in FATES],
        "problem": problem,
        "may_pick": label_of(request).may(Duty.PICK),
    }
    return render(request, "admin/pick.html", context, status=status)


def _van(listed: PickList, route: Route) -> Van:
    rows = listed.of(route)
    picked = sum(row.step in (Step.PICKED, Step.STAGED, Step.ABOARD) for row in rows)
    staged = sum(row.step in (Step.STAGED, Step.ABOARD) for row in rows)
    return Van(route, [_line(row) for row in rows], picked, staged)


def _line(row: Row) -> Line:
    return Line(row, _TONES[row.step], _open(row))


def _open(row: Row) -> bool:
    return row.step != Step.ABOARD
