"""Loans: what is with whom since when; one button sends a van to fetch it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from equipment import clock, exports, kits
from equipment.admin_base import Chips, ReadOnly, Verb, display
from equipment.admin_exports import Exports
from equipment.models import Loan
from equipment.states import AssetState
from equipment.words import Connectivity
from logistics import visits
from logistics.admin import counter, reviews
from logistics.reviews import no_date


def _today() -> date:
    return timezone.localdate(clock.now())


class Open(Chips):
    title = "loans"
    parameter_name = "loans"
    words = {
        "open": ("Out", lambda: Q(ended_at__isnull=True)),
        "review": ("Review due", lambda: Q(ended_at__isnull=True, review_on__lte=_today())),
        "undated": ("No review date", no_date),
        "rest": ("Rest of a set", lambda: Q(pk__in=kits.rests(before=clock.now()).values("pk"))),
        "collect": ("To collect", lambda: Q(ended_at__isnull=True, asset__state=AssetState.COLLECTION_DUE)),
        "analogue": (
            "Analogue hub",
            lambda: Q(ended_at__isnull=True, product__connectivity=Connectivity.ANALOGUE),
        ),
        "ended": ("Ended", lambda: Q(ended_at__isnull=False)),
    }


@admin.register(Loan)
class LoanAdmin(Exports, ReadOnly):
    export = staticmethod(exports.loans)
    scope_field = "person__organisation"
    list_display = ("product_name", "number", "quantity", "person", "started_at", "review_on", "ended_at")
    list_filter = (Open,)
    search_fields = ("asset__number__startswith", "person__family_name__istartswith")
    search_help_text = "Asset number or family name"
    ordering = ("-id",)
    fields = (
        ("product", "quantity"),
        ("asset", "stock_line"),
        ("person", "address"),
        ("started_at", "ended_at"),
        "review_on",
    )
    verbs = (
        Verb(
            "collect",
            "Request collection",
            "equipment.change_loan",
            visits.raise_collection,
            "{} will be collected: the next plan finds it a van.",
            lambda loan: loan.ended_at is None and (loan.asset is None or loan.asset.state == AssetState.ON_LOAN),
        ),
        *reviews.VERBS,
        *counter.VERBS,
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        related = ("product", "asset", "person__organisation", "address", "stock_line__product", "stock_line__store")
        return super().get_queryset(request).select_related(*related)

    @display("Product", ordering="product__stock_code")
    def product_name(self, loan: Loan) -> str:
        return loan.product.name

    @display("Asset")
    def number(self, loan: Loan) -> str:
        return str(loan.asset or "counted")
