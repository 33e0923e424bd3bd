"""The queues of a store, each as a page: what to take next, for whom, and how long it has waited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from equipment import clock, queues
from equipment.admin_base import label_of, organisations_of, see
from equipment.fitness import methods_for
from equipment.models import Asset, ReturnRecord
from equipment.queues import Queue, Standing, waited
from equipment.states import AT_HOME, Infection, label
from logistics import demand
from logistics.demand import Want

PER_PAGE = 50


@dataclass(frozen=True)
class Row:
    """One asset of a queue, as it is read."""

    number: str
    url: str
    product: str
    waited: str
    late: bool
    wanted: str
    critical: bool
    overdue: bool
    place: str
    infection: str = ""
    method: str = ""


@dataclass(frozen=True)
class Chip:
    """Another queue, with how many wait in it."""

    label: str
    count: int
    url: str
    late: int
    current: bool


def view(request: HttpRequest, name: str) -> HttpResponse:
    """One page of a queue: what a discharge waits for first, by the time needed; then what waits longest."""
    queue, mine = _asked(request, name)
    at = clock.now()
    everything = _assets(request)
    found = queues.standings(everything, at=at)
    wants = demand.wants()
    count, page = found[queue.name].count, _page(request, found[queue.name].count)
    assets = _rows(everything.filter(queue.condition(at=at)), wants, start=(page - 1) * PER_PAGE)
    context = {
        **admin.site.each_context(request),
        "title": queue.label,
        "queue": queue,
        "standing": found[queue.name],
        "target": waited(queue.target) if queue.target else "",
        "count": count,
        "rows": _read(request, queue, assets, wants, at=at),
        "infections": queue.name == "clean",
        "chips": [_chip(other, found[other.name], current=other == queue) for other in mine],
        "page": page,
        "pages": _pages(count),
    }
    return render(request, "admin/queue.html", context)


def heads(request: HttpRequest) -> dict[str, str]:
    """Of each queue, the asset that somebody waits for the most, as a sentence."""
    wants, at = demand.wants(), clock.now()
    rows: Any = queues.with_owes_test(_assets(request).filter(pk__in=wants), at=at).order_by()
    best: dict[str, tuple[Want, str]] = {}
    for pk, number, product, state, owes_test in rows.values_list(
        "pk", "number", "product__name", "state", "owes_test"
    ):
        queue = queues.holding(state, owes_test=owes_test)
        if queue and (queue.name not in best or wants[pk].urgency < best[queue.name][0].urgency):
            best[queue.name] = wants[pk], f"{product} {number}"
    return {
        name: f"{thing}, {_for_whom(request, want, at)}{', overdue' if _overdue(want, at) else ''}"
        for name, (want, thing) in best.items()
    }


def _asked(request: HttpRequest, name: str) -> tuple[Queue, list[Queue]]:
    """The queue, and all those of this person's duties. Raises Http404 or PermissionDenied."""
    user: Any = request.user
    mine = queues.of(label_of(request)) if user.has_perm("equipment.view_asset") else []
    queue = queues.BY_NAME.get(name)
    if queue is None:
        raise Http404("There is no such queue.")
    if queue not in mine:
        raise PermissionDenied("This is not your work.")
    return queue, mine


def _assets(request: HttpRequest) -> QuerySet[Asset]:
    return see(Asset.objects.all(), "owner", request, store="store")


def _page(request: HttpRequest, count: int) -> int:
    """The page asked for, or the nearest there is."""
    asked = request.GET.get("p", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1
    return min(max(number, 1), _pages(count))


def _pages(count: int) -> int:
    return max(-(-count // PER_PAGE), 1)


def _rows(assets: QuerySet[Asset], wants: Mapping[int, Want], *, start: int) -> list[Asset]:
    """The assets of one page in their order, in three queries: those wanted, those that only wait, and the rows."""
    wanted = sorted(assets.filter(pk__in=wants).values_list("pk", flat=True), key=lambda pk: wants[pk].urgency)
    others = assets.exclude(pk__in=wanted).order_by("since", "pk").values_list("pk", flat=True)
    first = wanted[start : start + PER_PAGE]
    skipped = max(start - len(wanted), 0)
    keys = [*first, *others[skipped : skipped + PER_PAGE - len(first)]]
    rows = Asset.objects.select_related("product", "store", "location").in_bulk(keys)
    return [rows[pk] for pk in keys if pk in rows]


def _read(
    request: HttpRequest, queue: Queue, assets: list[Asset], wants: Mapping[int, Want], *, at: datetime
) -> list[Row]:
    declared = _declared(assets) if queue.name == "clean" else {}
    return [_row(request, queue, asset, wants.get(asset.pk), declared.get(asset.pk, ""), at=at) for asset in assets]


def _row(request: HttpRequest, queue: Queue, asset: Asset, want: Want | None, declared: str, *, at: datetime) -> Row:
    said = _for_whom(request, want, at) if want else ""
    return Row(
        number=asset.number,
        url=f"{reverse('admin:scan')}?{urlencode({'code': asset.number})}",
        product=asset.product.name,
        waited=waited(at - asset.since) if asset.since else "",
        late=queue.is_late(asset.since, at=at),
        wanted=said[:1].upper() + said[1:],
        critical=want is not None and want.critical,
        overdue=want is not None and _overdue(want, at),
        place=_place(asset),
        infection=label(declared) if declared else "",
        method=label(methods_for(asset.product.cleaning_method, declared)[0]) if declared else "",
    )


def _place(asset: Asset) -> str:
    """The one place where it is, to the shelf if that is known."""
    if asset.store:
        return f"{asset.store}, {asset.location}" if asset.location else str(asset.store)
    if asset.vehicle:
        return f"Van {asset.vehicle}"
    return "With the person" if asset.state in AT_HOME else ""


def _declared(assets: Iterable[Asset]) -> dict[int, str]:
    """The infection declared at each one's last return; without a declaration it is not disclosed (rule 3)."""
    keys = [asset.pk for asset in assets]
    last = ReturnRecord.objects.filter(asset__in=keys).order_by("asset_id", "-at", "-id").distinct("asset_id")
    return dict.fromkeys(keys, str(Infection.UNKNOWN)) | dict(last.values_list("asset_id", "infection"))


def _for_whom(request: HttpRequest, want: Want, at: datetime) -> str:
    """`promised to AB for Thursday`, or `for AB, needed Thu 12:00`; whose organisation one may not see has no name."""
    seen = organisations_of(request)
    who = want.initials if seen is None or want.organisation in seen else ""
    if want.promised:
        day = f" for {day_of(want.needed_by, at)}" if want.needed_by else ""
        return f"promised{f' to {who}' if who else ''}{day}"
    when = f"needed {_moment(want.needed_by)}" if want.needed_by else "no date yet"
    return f"for {who}, {when}" if who else when


def _overdue(want: Want, at: datetime) -> bool:
    return want.needed_by is not None and want.needed_by < at


def day_of(moment: datetime, at: datetime) -> str:
    """`today`, `Thursday` within a week, else `Thu 12 Mar`."""
    day, now = timezone.localdate(moment), timezone.localdate(at)
    ahead = (day - now).days
    if ahead in (0, 1):
        return ("today", "tomorrow")[ahead]
    return f"{day:%A}" if 1 < ahead < 7 else f"{day:%a} {day.day} {day:%b}"


def _moment(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local:%a} {local.day} {local:%b}, {local:%H:%M}"


def _chip(queue: Queue, standing: Standing, *, current: bool) -> Chip:
    return Chip(queue.label, standing.count, reverse("admin:queue", args=[queue.name]), standing.late, current)
