"""The scan page: scan a number, see the asset, make one of its legal moves. One POST a move, each of them a verb."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from equipment import clock, codes, duties, fitness, holdings, locks, recall_reads, receiving
from equipment.admin import moves
from equipment.admin.work import TONES, today, where
from equipment.admin_base import label_of, patiently, see
from equipment.duties import Actor
from equipment.errors import DomainError, Refused
from equipment.fitness import Reason
from equipment.models import AlertUnit, Asset, InspectionRecord, Installation, Loan, Reservation, ReturnRecord, Store
from equipment.roles import STORE_GROUPS
from equipment.scanning import modes as _modes  # noqa: F401  every way of scanning makes itself known
from equipment.scanning.registry import mode_of, modes_for
from equipment.scanning.undoing import mark
from equipment.states import AT_STORE, COMMITTED, AssetState, label, standing
from equipment.words import Use

HERE = "scan_store"
_LONGEST_NAME = InspectionRecord._meta.get_field("examiner").max_length or 0


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
    alert: AlertUnit | None
    installation: Installation | None


def view(request: HttpRequest) -> HttpResponse:
    """Show the card of the number scanned; with POST, make a move first.

    What is scanned is posted, and only the number of an asset is ever put into an address: addresses are logged.
    """
    only_store_staff(request)
    if "move" in request.POST:
        return _post(request)
    code = codes.read(request.POST.get("code", "") or request.GET.get("code", ""))
    if code.words[:1] == ("MODE",):
        return HttpResponseRedirect(address_of(code.words[-1].lower(), label_of(request)))
    if not code.text and not code.problem.startswith("This"):
        return _page(request, None)
    found = codes.identify(code, assets_of(request))
    if request.method == "POST" and found.asset:
        return HttpResponseRedirect(f"{reverse('admin:scan')}?{urlencode({'code': found.asset.number})}")
    problem = (
        "" if found.asset else found.problem or "Look up takes the number of an asset. Choose a way of working above."
    )
    return _page(request, found.asset, problem=problem, code=code.text)


def may_scan(request: HttpRequest) -> bool:
    """Only the staff and managers of a store, and superusers. Read once a request: the sidebar asks too."""
    return bool(_groups(request) & set(STORE_GROUPS))


def _groups(request: HttpRequest) -> set[str]:
    user: Any = request.user
    if not hasattr(request, "_scan_groups"):
        names = set(STORE_GROUPS) if user.is_superuser else set(user.groups.values_list("name", flat=True))
        request._scan_groups = names  # type: ignore[attr-defined]
    return request._scan_groups  # type: ignore[attr-defined]


def only_store_staff(request: HttpRequest) -> None:
    """Raises PermissionDenied for everybody who may not scan."""
    if not may_scan(request):
        raise PermissionDenied("The scan page is for store staff.")


def address_of(mode: str, by: Actor) -> str:
    """The page of a mode; looking up when there is none of that name, or it is not this person's duty."""
    found = mode_of(mode)
    return reverse("admin:scan_mode", args=[found.name]) if found and by.may(found.duty) else reverse("admin:scan")


def name_of(request: HttpRequest) -> str:
    """As an examiner signs."""
    user: Any = request.user
    return (user.get_full_name() or user.get_username())[:_LONGEST_NAME]


def assets_of(request: HttpRequest) -> QuerySet[Asset]:
    return see(Asset.objects.select_related("product", "store", "owner"), "owner", request)


def stores_here(request: HttpRequest) -> QuerySet[Store]:
    return see(Store.objects.all(), "organisation", request, store="pk")


def _post(request: HttpRequest) -> HttpResponse:
    doing = moves.named(request.POST.get("move", ""))
    asset = assets_of(request).filter(number=request.POST.get("number", "")).first()
    if asset is None or doing is None:
        return _page(request, asset, problem="There is no such asset, or no such move here.", status=404)
    prefix = request.POST.get("prefix", "")
    form = doing.form(request.POST, asset=asset, prefix=prefix, stores=stores_here(request))
    if not form.is_valid():
        wrong = " ".join(str(message) for errors in form.errors.values() for message in errors)
        return _page(request, asset, problem=wrong, bound=(prefix, form), status=400)
    try:
        with patiently():
            _do(request, asset.pk, doing, form.given)
    except DomainError as error:
        fresh = assets_of(request).get(pk=asset.pk)
        return _page(request, fresh, problem=error.detail, bound=(prefix, form), status=409)
    if "store" in form.cleaned_data:
        request.session[HERE] = form.cleaned_data["store"]
    return HttpResponseRedirect(f"{reverse('admin:scan')}?{urlencode({'code': asset.number})}")


@transaction.atomic
def _do(request: HttpRequest, asset_id: int, doing: moves.Doing, given: dict[str, Any]) -> None:
    """The move, on the asset as it was seen: a second Enter, or a colleague's move in between, changes nothing more."""
    asset = locks.asset(asset_id)
    by = label_of(request)
    duties.require(by, doing.duty, asset.store_id)
    if request.POST.get("seen") != mark(asset):
        raise Refused("moved_meanwhile", f"{asset} has changed since you scanned it: this is how it stands now.")
    doing.do(asset, by=by, at=clock.now(), **given)
    asset.refresh_from_db()
    messages.success(request, f"{asset.number} {doing.said.format(state=standing(asset.state))}.")


def _page(
    request: HttpRequest,
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
        "modes": modes_for(label_of(request)),
        "problem": problem,
        "card": _card(request, asset, bound) if asset else None,
        "serials": assets_of(request).filter(serial=code)[:5] if code and not asset else [],
        "in_field": bool(bound and asset and bound[1].errors),
    }
    return render(request, "admin/scan.html", context, status=status)


def _card(request: HttpRequest, asset: Asset, bound: tuple[str, Any] | None) -> Card:
    here = str(request.session.get(HERE, ""))
    about = {"stores": stores_here(request), "here": here, "examiner": name_of(request)}
    offered = moves.offers(asset, moves.legal(asset, label_of(request)), **about)
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
        seen=mark(asset),
        next=[offer for offer in offered if not offer.doing.trouble],
        trouble=[offer for offer in offered if offer.doing.trouble],
        ready=asset.state == AssetState.AVAILABLE and not reasons,
        alert=recall_reads.open_unit_of(asset),
        installation=asset.installations.first() if asset.product.use == Use.HUB else None,
    )
