"""Today's numbers of the road ahead: who goes home, which visits have no van, which routes go out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse

from equipment import clock
from equipment.admin_base import see
from equipment.states import label
from logistics import board
from logistics.admin.discharges import WORDS, soon
from logistics.admin.routes import today
from logistics.admin.visits import unplanned
from logistics.models import Discharge, Route, Visit

_WORST = frozenset(word for word, tone in WORDS.items() if tone == "danger")
_SHOWN = 8


@dataclass(frozen=True)
class Home:
    """The discharges of the next three days: how many of each word, and those in trouble."""

    words: list[dict[str, Any]]
    trouble: list[board.Row]


def going_home(request: HttpRequest) -> Home:
    """In a fixed number of queries, however many go home."""
    expected = see(Discharge.objects.filter(soon()), "organisation", request).select_related("person")
    rows = board.rows(expected, at=clock.now())
    counts = Counter(row.readiness.word for row in rows)
    address = reverse("admin:logistics_discharge_changelist")
    words = [
        {"label": label(word), "count": counts[word], "url": f"{address}?when=soon&readiness={word}", "colour": tone}  # type: ignore[index]
        for word, tone in WORDS.items()
        if counts[word]  # type: ignore[index]
    ]
    return Home(words, [row for row in rows if row.readiness.word in _WORST][:_SHOWN])


def without_van(request: HttpRequest) -> list[dict[str, Any]]:
    """Visits that the planner could not place, by the reason it gave."""
    rows = (
        see(Visit.objects.filter(unplanned()), "organisation", request, store="store")
        .order_by()
        .values("unplanned_reason")
    )
    return list(rows.annotate(count=Count("pk")).order_by("-count", "unplanned_reason")[:_SHOWN])


def routes_today(request: HttpRequest) -> list[Any]:
    """Each van that goes out today, with its crew and how many doors it calls at."""
    rows = see(Route.objects.filter(day=today()), "store__organisation", request, store="store").select_related(
        "shift__van"
    )
    stops = rows.annotate(live_stops=Count("stops", filter=Q(stops__live=True))).filter(live_stops__gt=0)
    return list(stops.prefetch_related("shift__crew").order_by("starts_at", "pk"))
