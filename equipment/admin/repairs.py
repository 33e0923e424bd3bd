"""Repairs: open one, use parts, close it or give the asset up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from equipment import repairs
from equipment.admin.asking import OfAnAsset, reason
from equipment.admin.work import today
from equipment.admin_base import Chips, History, ReadOnly, Verb, VerbForm, display
from equipment.days import day_of
from equipment.duties import Duty
from equipment.jobs import RepairKind, RepairOutcome
from equipment.models import PartUsed, Repair, StockLine
from equipment.states import choices

_MAY = "equipment.view_repair"


class OpenRepair(OfAnAsset):
    kind = forms.ChoiceField(choices=choices(RepairKind), initial=RepairKind.REPAIR.value)
    fault = reason("What is wrong with it")
    soiled = forms.BooleanField(
        label="It is soiled", required=False, help_text="Not cleaned since it came back, it counts as soiled anyhow"
    )


class UsePart(VerbForm):
    line = forms.ModelChoiceField(StockLine.objects.none(), label="Part")
    quantity = forms.IntegerField(min_value=1, initial=1)

    def ask(self) -> None:
        """What is counted clean in the store where the asset is, and not promised."""
        field: Any = self.fields["line"]
        rows = StockLine.objects.filter(store_id=self.row.asset.store_id, dirty=False, count__gt=F("reserved"))
        field.queryset = rows.select_related("product", "store")
        field.label_from_instance = lambda line: f"{line.product} {line.batch} ({line.free} left)"


class Close(VerbForm):
    lead = "What was opened soiled goes back to be cleaned; the rest to the test bench."
    work_done = reason("What was done")
    labour_minutes = forms.IntegerField(label="Minutes of labour", min_value=0, max_value=10_000)
    override_reason = forms.CharField(
        label="Why it was mended although not worth its cost",
        max_length=300,
        required=False,
        help_text="Only a manager can say so",
    )


class GiveUp(VerbForm):
    lead = "Condemned, it can only be stripped for parts or disposed of."
    reason = reason("Why it is beyond repair")


class Standing(Chips):
    title = "state"
    parameter_name = "state"
    words = {
        "open": ("Open", lambda: Q(closed_at__isnull=True)),
        "repaired": ("Repaired", lambda: Q(outcome=RepairOutcome.REPAIRED)),
        "condemned": ("Condemned", lambda: Q(outcome=RepairOutcome.CONDEMNED)),
        "override": ("Against advice", lambda: ~Q(override_reason="")),
    }


class Parts(History):
    model = PartUsed
    verbose_name_plural = "parts used"
    fields = ("product", "quantity", "unit_price")
    per_page = 50

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the repair sees what it took."""
        return True

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product")


def _open(repair: Repair) -> bool:
    return repair.closed_at is None


def _verb(name: str, label: str, do: Any, done: str, form: type[VerbForm]) -> Verb:
    """What is done to an open repair by those who mend."""
    return Verb(name, label, _MAY, do, done, _open, form=form, duty=Duty.REPAIR)


@admin.register(Repair)
class RepairAdmin(ReadOnly):
    scope_field = "asset__owner"
    store_field = "asset__store"
    list_display = ("asset", "product_name", "fault", "soiled", "opened_at", "standing", "cost")
    list_select_related = ("asset__product",)
    list_filter = (Standing,)
    search_fields = ("asset__number__startswith", "fault")
    search_help_text = "Asset number or fault"
    ordering = ("-id",)
    fields = (
        ("asset", "standing"),
        ("kind", "soiled"),
        "fault",
        ("opened_at", "opened_by"),
        ("closed_at", "closed_by"),
        "work_done",
        ("labour_minutes", "cost"),
        "worth",
        "override_reason",
    )
    readonly_fields = ("standing", "worth")
    inlines = (Parts,)
    verbs = (
        Verb(
            "open",
            "Send an asset to repair",
            _MAY,
            repairs.open_repair,
            "{} is open.",
            form=OpenRepair,
            duty=Duty.PULL,
            on_list=True,
            to=lambda repair: reverse("admin:equipment_repair_change", args=[repair.pk]),
        ),
        _verb("use_part", "Use a part", repairs.use_part, "The part is on {}.", UsePart),
        _verb("close", "Close: mended", repairs.close, "{} is closed.", Close),
        _verb("condemn", "Condemn", repairs.condemn, "{} ended: it is condemned.", GiveUp),
    )

    @display("Product", ordering="asset__product__stock_code")
    def product_name(self, repair: Repair) -> str:
        return repair.asset.product.name

    @display("State", tones={"": "warning", "repaired": "success", "condemned": "danger", "broken_off": "default"})
    def standing(self, repair: Repair) -> tuple[str, str]:
        if _open(repair):
            return "", "Open"
        return (repair.outcome, repair.get_outcome_display()) if repair.outcome else ("broken_off", "Broken off")

    @display("Is it worth its cost?")
    def worth(self, repair: Repair) -> SafeString | str:
        """With what it has cost so far."""
        on = day_of(repair.closed_at) if repair.closed_at else today()
        reasons = repairs.worth_mending(repair, repair.cost, on=on)
        if not reasons:
            return "Yes, by its age, its loans and its cost so far."
        items = format_html_join("", "<li>{} <em>{}</em></li>", [(r.sentence, r.remedy) for r in reasons])
        return format_html('<ul class="house-reasons">{}</ul>', items)
