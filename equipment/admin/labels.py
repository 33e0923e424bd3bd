"""Labels and certificates to print: choose a layout and the first free label, then the PDF.

Everything asked for must be what the person may see: one number of another store, and nothing is printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from equipment import certificates, clock, codes, labels
from equipment.admin_base import action, label_of, see
from equipment.duties import Duty
from equipment.errors import DomainError, Invalid
from equipment.models import Asset, Decontamination, Location, Product, Receipt, StockLine, Store, WashRun

MOST_CHOSEN = 300  # numbers that fit into one address
View = Callable[..., HttpResponse]


def urls(site: Any) -> list[URLPattern]:
    """The pages, each behind the sign-in of this admin site."""
    pages: tuple[tuple[str, View, str], ...] = (
        ("labels/", home, "labels"),
        ("labels/assets/", of_assets, "labels_assets"),
        ("labels/receipt/<int:pk>/", of_receipt, "labels_receipt"),
        ("labels/status/<slug:number>/", status, "labels_status"),
        ("labels/wash/<int:pk>/", certificate_of_run, "labels_wash"),
        ("labels/clean/<int:pk>/", certificate_of_clean, "labels_clean"),
        ("labels/locations/", of_locations, "labels_locations"),
        ("labels/products/", of_products, "labels_products"),
        ("labels/commands/", commands, "labels_commands"),
    )
    return [path(route, site.admin_view(view), name=name) for route, view, name in pages]


@action(description="Print labels")
def print_labels(desk: Any, request: HttpRequest, chosen: QuerySet[Asset]) -> HttpResponse | None:
    """An action of the list of assets: on to the page where the layout is chosen."""
    numbers = list(chosen.values_list("number", flat=True)[: MOST_CHOSEN + 1])
    if not may_print(request):
        messages.error(request, "Printing labels is for store staff.")
    elif len(numbers) > MOST_CHOSEN:
        messages.error(request, f"Choose {MOST_CHOSEN} assets at most.")
    else:
        return HttpResponseRedirect(address_of(numbers))
    return None


def address_of(numbers: list[str]) -> str:
    """Where the labels of these assets are printed."""
    return f"{reverse('admin:labels_assets')}?{urlencode({'n': ','.join(numbers)})}"


def may_print(request: HttpRequest) -> bool:
    return label_of(request).may(Duty.LABEL)


def _for_staff(view: View) -> View:
    """Only those whose duty it is; and a refusal of the house is a page that says so in its own words."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_print(request):
            raise PermissionDenied("Printing labels is for store staff.")
        try:
            return view(request, *args, **kwargs)
        except DomainError as error:
            return _page(request, problem=error.detail, status=400 if isinstance(error, Invalid) else 409)

    return guarded


@_for_staff
def home(request: HttpRequest) -> HttpResponse:
    """What can be printed."""
    return _page(request)


@_for_staff
def of_assets(request: HttpRequest) -> HttpResponse:
    """The assets named by `n`: numbers, or anything else a scanner reads from them."""
    asked = _asked(request.GET.getlist("n"))
    if not 1 <= len(asked) <= MOST_CHOSEN:
        return _page(request, problem=f"Scan or type 1 to {MOST_CHOSEN} asset numbers.", status=400)
    known = see(Asset.objects.all(), "owner", request)
    found = [codes.identify(codes.read(text), _assets(request), known=known) for text in asked]
    for text, each in zip(asked, found, strict=True):
        if each.asset is None:
            problem = each.problem or each.code.problem or "This is the code of no asset."
            which = f"{text[:40]}: " if len(asked) > 1 else ""
            return _page(request, problem=which + problem, asked=" ".join(asked), status=404)
    assets = list(dict.fromkeys(each.asset for each in found if each.asset is not None))
    return _labels(request, assets, {"n": ",".join(asset.number for asset in assets)})


@_for_staff
def of_receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything numbered that came with one receipt."""
    receipt = get_object_or_404(see(Receipt.objects.all(), "owner", request, store="store"), pk=pk)
    return _labels(request, list(_assets(request).filter(receipt=receipt)))


@_for_staff
def of_locations(request: HttpRequest) -> HttpResponse:
    """The open locations of a store, or those of them named by `code`."""
    store = _store(request)
    rows = Location.objects.filter(store=store, closed_on__isnull=True).select_related("store")
    asked = request.GET.getlist("code")
    wanted = [code for code in asked if "\0" not in code]
    found = list(rows.filter(code__in=wanted) if asked else rows)
    return _chosen(request, found, labels.location_labels, {"store": store.pk, "code": wanted})


@_for_staff
def of_products(request: HttpRequest) -> HttpResponse:
    """The counted stock of a store, for the edges of its shelves."""
    store = _store(request)
    held = StockLine.objects.filter(store=store).values("product")
    return _chosen(request, list(Product.objects.filter(pk__in=held)), labels.product_labels, {"store": store.pk})


@_for_staff
def status(request: HttpRequest, number: str) -> HttpResponse:
    asset = get_object_or_404(_assets(request), number=number)
    layout = request.GET.get("layout", "100x50")
    return _pdf(labels.status_label(asset, at=clock.now(), layout=layout), f"status-{asset.number}")


@_for_staff
def certificate_of_run(request: HttpRequest, pk: int) -> HttpResponse:
    rows = see(WashRun.objects.select_related("store", "location"), "store__organisation", request, store="store")
    run = get_object_or_404(rows, pk=pk)
    return _pdf(certificates.wash_certificate(run, at=clock.now()), f"wash-{run.pk}")


@_for_staff
def certificate_of_clean(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Decontamination.objects.select_related("asset__product")
    clean = get_object_or_404(see(rows, "asset__owner", request, store="asset__store"), pk=pk)
    return _pdf(certificates.wash_certificate(clean, at=clock.now()), f"clean-{clean.pk}")


@_for_staff
def commands(request: HttpRequest) -> HttpResponse:
    return _pdf(labels.command_sheet(), "commands")


def _asked(given: list[str]) -> list[str]:
    """The codes in what was typed, each once. A space parts two of them, but also the check digit from its number."""
    found: list[str] = []
    for piece in re.split(r"[,;\r\n]+", ",".join(given)):
        piece = re.sub(r"\b(\d{6}) (\d)\b", r"\1\2", piece)
        found += [piece] if codes.read(piece).kind != codes.UNKNOWN else piece.split()
    return list(dict.fromkeys(found))


def _assets(request: HttpRequest) -> QuerySet[Asset]:
    return see(Asset.objects.select_related("product", "store", "owner"), "owner", request, store="store")


def _stores(request: HttpRequest) -> QuerySet[Store]:
    return see(Store.objects.all(), "organisation", request, store="pk")


def _store(request: HttpRequest) -> Store:
    given = request.GET.get("store", "")
    if not given.isdecimal():
        raise Http404
    return get_object_or_404(_stores(request), pk=int(given))


def _labels(request: HttpRequest, assets: list[Asset], kept: dict[str, Any] | None = None) -> HttpResponse:
    """An asset on a van or at home has no store: it is returned to the first store that this person works in."""
    phone = _stores(request).exclude(phone="").values_list("phone", flat=True).first() or ""

    def draw(rows: list[Asset], *, layout: str, start: int) -> bytes:
        return labels.asset_labels(rows, layout=layout, phone=phone, start=start)

    return _chosen(request, assets, draw, kept or {})


def _chosen(request: HttpRequest, rows: list[Any], draw: Callable[..., bytes], kept: dict[str, Any]) -> HttpResponse:
    """Ask for the layout first, then draw."""
    if not rows:
        return _page(request, problem="There is nothing here to label.", status=404)
    layout, start = request.GET.get("layout", ""), request.GET.get("start", "1")
    if not layout:
        pairs = [
            (name, each) for name, value in kept.items() for each in (value if isinstance(value, list) else [value])
        ]
        return _page(request, rows=rows, kept=pairs)
    if not start.isdecimal():
        raise Invalid("start", "The first label is a number, such as 1.", field="start")
    return _pdf(draw(rows, layout=layout, start=int(start)), "labels")


def _page(
    request: HttpRequest,
    *,
    rows: list[Any] | None = None,
    kept: list[tuple[str, Any]] | None = None,
    problem: str = "",
    asked: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": "Labels",
        "problem": problem,
        "asked": asked,
        "rows": rows or [],
        "kept": kept or [],
        "layouts": list(labels.LAYOUTS.values()),
        "stores": list(_stores(request)),
    }
    return render(request, "admin/labels.html", context, status=status)


def _pdf(data: bytes, name: str) -> HttpResponse:
    """Shown by the browser, kept by nobody on the way."""
    answer = HttpResponse(data, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer
