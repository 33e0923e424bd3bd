"""What waits for a store manager: counted in one statement, each number with the list behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Model, Q, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from equipment import clock, kits, levels
from equipment.admin_base import label_of, see
from equipment.duties import Duty
from equipment.jobs import CountState, ImportState, TransferState
from equipment.models import Alert, ImportJob, Loan, StockAdjustment, StockCount, StockLevel, Transfer


@dataclass(frozen=True)
class Decision:
    """One number, and the list behind it."""

    label: str
    count: int
    url: str


# What it is called, whose list it is, and the words chosen above that list.
_WORDS: dict[str, tuple[str, type[Model], str]] = {
    "alerts": ("Safety alerts open", Alert, "?state=open"),
    "adjustments": ("Adjustments to decide", StockAdjustment, "?decision=open"),
    "counts": ("Counts to review", StockCount, "?state=review"),
    "transfers": ("Transfers on the road", Transfer, "?state=sent"),
    "rest": ("Sets returned in parts", Loan, "?loans=rest"),
    "imports": ("Imports to decide", ImportJob, "?stage=decide"),
    "below": ("Stock below its minimum", StockLevel, "?kept=below"),
}


def waiting(request: HttpRequest) -> list[Decision] | None:
    """What this manager is asked to decide or to see to; None for everybody else."""
    if not label_of(request).may(Duty.MANAGE):
        return None
    asked = {
        "alerts": see(Alert.objects.filter(ended_at__isnull=True), "organisation", request),
        "adjustments": see(
            StockAdjustment.objects.filter(approved__isnull=True),
            "line__store__organisation",
            request,
            store="line__store",
        ),
        "counts": see(
            StockCount.objects.filter(state=CountState.REVIEW), "store__organisation", request, store="store"
        ),
        "transfers": _transfers(request),
        "rest": see(kits.rests(before=clock.now()), "person__organisation", request),
        "imports": see(ImportJob.objects.filter(state=ImportState.CHECKED), "organisation", request, store="store"),
        "below": see(_below(), "store__organisation", request, store="store"),
    }
    first, *rest = [_counted(name, rows) for name, rows in asked.items()]
    counts = dict(first.union(*rest, all=True))
    return [
        Decision(words, counts.get(name, 0), f"{_list_of(model)}{query}")
        for name, (words, model, query) in _WORDS.items()
    ]


def _list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _below() -> QuerySet[StockLevel]:
    return StockLevel.objects.filter(levels.below(on=timezone.localdate(clock.now())))


def _transfers(request: HttpRequest) -> QuerySet[Transfer]:
    """On the road from or to a store of this user."""
    sent = see(Transfer.objects.filter(state=TransferState.SENT), "source__organisation", request)
    stores = label_of(request).stores
    return sent if stores is None else sent.filter(Q(source__in=stores) | Q(destination__in=stores))


def _counted(name: str, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    return (
        rows.order_by()
        .annotate(what=Value(name))
        .values("what")
        .annotate(count=Count("pk"))
        .values_list("what", "count")
    )
