"""The scan page: scan a number, see the asset, make one of its legal moves. One POST a move, each of them a verb."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from equipment import clock, fitness, holdings, locks, receiving
from equipment.admin import moves
from equipment.admin.work import TONES, today, where
from equipment.admin_base import label_of, see
from equipment.errors import DomainError, Refused
from equipment.fitness import Reason
from equipment.models import (
    Asset,
    AssetEvent,
    Decontamination,
    InspectionRecord,
    Loan,
    Reservation,
    ReturnRecord,
    Store,
)
from equipment.roles import STORE_GROUPS, STORE_MANAGERS
from equipment.states import AT_STORE, COMMITTED, AssetState, label

_HERE = "scan_store"


@dataclass(frozen=True)
class Asker:
    """The person at the scan page."""

    manager: bool
    name: str


@dataclass(frozen=True)
class Card:
    """What the page says of one asset."""

    asset: Asset
    state: str
    tone: str
    where: str
    late: bool
    reasons: list[Reason]
    returned: ReturnRecord | None
    loan: Loan | None
    reservation: Reservation | None
    seen: str
    next: list[moves.Offer]
    trouble: list[moves.Offer]
    ready: bool


def view(request: HttpRequest) -> HttpResponse:
    """Show the card of the number scanned; with POST, make a move first."""
    asker = _asker(request)
    if request.method == "POST":
        return _post(request, asker)
    code = request.GET.get("code", "").strip()
    asset = _find(request, code) if code else None
    return _page(request, asker, asset, problem="" if asset or not code else _unknown(code), code=code)


def may_scan(request: HttpRequest) -> bool:
    """Only the staff and managers of a store, and superusers. Read once a request: the sidebar asks too."""
    return bool(_groups(request) & set(STORE_GROUPS))


def _groups(request: HttpRequest) -> set[str]:
    user: Any = request.user
    if not hasattr(request, "_scan_groups"):
        names = set(STORE_GROUPS) if user.is_superuser else set(user.groups.values_list("name", flat=True))
        request._scan_groups = names  # type: ignore[attr-defined]
    return request._scan_groups  # type: ignore[attr-defined]


def _asker(request: HttpRequest) -> Asker:
    """Raises PermissionDenied for everybody who may not scan."""
    if not may_scan(request):
        raise PermissionDenied("The scan page is for store staff.")
    user: Any = request.user
    return Asker(STORE_MANAGERS in _groups(request), user.get_full_name() or user.get_username())


def _mine(request: HttpRequest) -> QuerySet[Asset]:
    return see(Asset.objects.select_related("product", "store", "owner"), "owner", request)


def _stores(request: HttpRequest) -> QuerySet[Store]:
    return see(Store.objects.all(), "organisation", request)


def _find(request: HttpRequest, code: str) -> Asset | None:
    return _mine(request).filter(Q(number=code) | Q(barcode=code)).first()


def _unknown(code: str) -> str:
    """Why a scan found nothing: a misread digit, or a number we do not have."""
    if code.isascii() and code.isdigit() and not receiving.is_asset_number(code):
        return f"{code} is not an asset number: a digit is missing or wrong. Scan it again, or read the label."
    return f"We have no asset with the number or barcode {code}."


def _post(request: HttpRequest, asker: Asker) -> HttpResponse:
    doing = moves.named(request.POST.get("move", ""))
    asset = _mine(request).filter(number=request.POST.get("number", "")).first()
    if asset is None or doing is None:
        return _page(request, asker, asset, problem="There is no such asset, or no such move here.", status=404)
    prefix = request.POST.get("prefix", "")
    form = doing.form(request.POST, asset=asset, prefix=prefix, stores=_stores(request))
    if not form.is_valid():
        wrong = " ".join(str(message) for errors in form.errors.values() for message in errors)
        return _page(request, asker, asset, problem=wrong, bound=(prefix, form), status=400)
    try:
        _do(request, asker, asset.pk, doing, form.given)
    except DomainError as error:
        fresh = _mine(request).get(pk=asset.pk)
        return _page(request, asker, fresh, problem=error.detail, bound=(prefix, form), status=409)
    if "store" in form.cleaned_data:
        request.session[_HERE] = form.cleaned_data["store"]
    return HttpResponseRedirect(f"{reverse('admin:scan')}?{urlencode({'code': asset.number})}")


@transaction.atomic
def _do(request: HttpRequest, asker: Asker, asset_id: int, doing: moves.Doing, given: dict[str, Any]) -> None:
    """The move, on the asset as it was seen: a second Enter, or a colleague's move in between, changes nothing more."""
    asset = locks.asset(asset_id)
    if request.POST.get("seen") != _seen(asset):
        raise Refused("moved_meanwhile", f"{asset} has changed since you scanned it: this is how it stands now.")
    if doing.manager and not asker.manager:
        raise Refused("managers_only", "Ask a store manager to do this.")
    doing.do(asset, by=label_of(request), at=clock.now(), **given)
    asset.refresh_from_db()
    messages.success(request, f"{asset.number} {doing.said.format(state=label(asset.state).lower())}.")


def _seen(asset: Asset) -> str:
    """A mark that changes with everything recorded of an asset."""
    rows = (AssetEvent, Decontamination, InspectionRecord, ReturnRecord)
    last = (
        row._default_manager.filter(asset=asset).order_by("-id").values_list("id", flat=True).first() for row in rows
    )
    return ":".join(str(pk or 0) for pk in last)


def _page(
    request: HttpRequest,
    asker: Asker,
    asset: Asset | None,
    *,
    problem: str = "",
    code: str = "",
    bound: tuple[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": "Scan",
        "problem": problem,
        "card": _card(request, asker, asset, bound) if asset else None,
        "serials": _mine(request).filter(serial=code)[:5] if code and not asset else [],
        "in_field": bool(bound and asset and bound[1].errors),
    }
    return render(request, "admin/scan.html", context, status=status)


def _card(request: HttpRequest, asker: Asker, asset: Asset, bound: tuple[str, Any] | None) -> Card:
    here = str(request.session.get(_HERE, ""))
    about = {"stores": _stores(request), "here": here, "examiner": asker.name}
    offered = moves.offers(asset, moves.legal(asset, manager=asker.manager), **about)
    offered = [replace(o, form=bound[1]) if bound and o.prefix == bound[0] else o for o in offered]
    stored = asset.state in AT_STORE | COMMITTED and asset.state != AssetState.CONDEMNED
    reasons = fitness.to_issue(holdings.facts_of([asset.pk])[asset.pk], on=today()) if stored else []
    return Card(
        asset=asset,
        state=label(asset.state),
        tone=TONES[asset.state],
        where=where(asset),
        late=asset.test_due_on is not None and asset.test_due_on < today(),
        reasons=reasons,
        returned=ReturnRecord.objects.filter(asset=asset).first(),
        loan=Loan.objects.filter(asset=asset, ended_at__isnull=True).select_related("person").first(),
        reservation=receiving.live_reservation(asset),
        seen=_seen(asset),
        next=[offer for offer in offered if not offer.doing.trouble],
        trouble=[offer for offer in offered if offer.doing.trouble],
        ready=asset.state == AssetState.AVAILABLE and not reasons,
    )
