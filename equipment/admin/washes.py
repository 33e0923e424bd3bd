"""Wash runs: start one, put assets in by their number, end it with what failed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from equipment import decontamination
from equipment.admin.asking import OfAnAsset, reason
from equipment.admin.assets import ByStore
from equipment.admin_base import Chips, History, ReadOnly, Verb, VerbForm, display, see
from equipment.decontamination import Failure, Then
from equipment.duties import Duty
from equipment.jobs import Capability, WashOutcome
from equipment.models import Location, Store, WashItem, WashRun
from equipment.states import CleaningMethod, choices

_MAY = "equipment.view_washrun"
_OUTCOMES = [
    ("", "Clean"),
    (Then.AGAIN.value, "Not clean: clean again"),
    (Then.REPAIR.value, "Not clean: send to repair"),
    (Then.CONDEMN.value, "Not clean: condemn"),
]


class StartRun(VerbForm):
    lead = "Everything in a run is cleaned by one method, with one product of one lot."
    store = forms.ModelChoiceField(Store.objects.none())
    location = forms.ModelChoiceField(Location.objects.none(), required=False, label="Washer or bench")
    method = forms.ChoiceField(choices=choices(CleaningMethod))
    agent = forms.CharField(label="Product used", max_length=80)
    lot = forms.CharField(label="Its lot number", max_length=40)
    hold_minutes = forms.IntegerField(
        label="Contact time in minutes",
        min_value=0,
        max_value=1440,
        required=False,
        help_text="Empty: the method's own",
    )

    def ask(self) -> None:
        stores: Any = self.fields["store"]
        stores.queryset = see(Store.objects.all(), "organisation", self.request, store="pk")
        places: Any = self.fields["location"]
        washers = Location.objects.filter(capabilities__contains=[Capability.WASH]).select_related("store")
        places.queryset = see(washers, "store__organisation", self.request, store="store")
        places.label_from_instance = lambda place: f"{place} at {place.store}"


class TakeOut(VerbForm):
    asset = forms.ChoiceField()
    reason = reason()

    def ask(self) -> None:
        self.known = {str(item.asset_id): item.asset for item in decontamination.in_run(self.row)}
        field: Any = self.fields["asset"]
        field.choices = [(key, f"{asset} {asset.product.name}") for key, asset in self.known.items()]

    @property
    def given(self) -> dict[str, Any]:
        return {**self.cleaned_data, "asset": self.known[self.cleaned_data["asset"]]}


class EndRun(VerbForm):
    """For each asset in the run: clean, or what becomes of it and why."""

    lead = "Look at each one before it leaves the wash. What is not clean needs a note."

    def ask(self) -> None:
        self.items = decontamination.in_run(self.row)
        for item in self.items:
            name = f"{item.asset} {item.asset.product.name}"
            then = forms.ChoiceField(choices=_OUTCOMES, required=False, label=name)
            self.fields[f"then_{item.asset_id}"] = then
            self.fields[f"note_{item.asset_id}"] = forms.CharField(
                max_length=300, required=False, label=f"Note on {item.asset}"
            )

    @property
    def given(self) -> dict[str, Any]:
        failed = {}
        for key in (item.asset_id for item in self.items):
            if then := self.cleaned_data[f"then_{key}"]:
                failed[key] = Failure(self.cleaned_data[f"note_{key}"], then)
        return {"failed": failed}


class State(Chips):
    title = "state"
    parameter_name = "state"
    words = {
        "open": ("Running", lambda: Q(ended_at__isnull=True)),
        "ended": ("Ended", lambda: Q(ended_at__isnull=False)),
    }


class Items(History):
    model = WashItem
    verbose_name_plural = "what is in it"
    fields = ("asset", "what", "added_at", "added_by", "became", "note", "paper")
    readonly_fields = ("what", "became", "paper")
    per_page = 50

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the run sees what is in it."""
        return True

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("asset__product")

    @display("Product")
    def what(self, item: WashItem) -> str:
        return item.asset.product.name

    @display("Outcome", tones={"passed": "success", "failed": "danger", "taken_out": "default", "": "warning"})
    def became(self, item: WashItem) -> tuple[str, str]:
        return item.outcome, item.get_outcome_display() if item.outcome else "In the wash"

    @display("Print")
    def paper(self, item: WashItem) -> SafeString | str:
        if item.outcome != WashOutcome.PASSED:
            return "—"
        address = reverse("admin:labels_status", args=[item.asset.number])
        return format_html('<a class="house-link" href="{}" target="_blank">Status label</a>', address)


def _open(run: WashRun) -> bool:
    return run.ended_at is None


def _filled(run: WashRun) -> bool:
    return _open(run) and run.items.filter(outcome="").exists()


def _page(run: WashRun) -> str:
    return reverse("admin:equipment_washrun_change", args=[run.pk])


@admin.register(WashRun)
class WashRunAdmin(ReadOnly):
    scope_field = "store__organisation"
    store_field = "store"
    list_display = ("name", "store", "method", "things", "started_at", "standing", "operator")
    list_select_related = ("store",)
    list_filter = (State, ByStore)
    search_fields = ("items__asset__number__startswith", "lot__istartswith")
    search_help_text = "Asset number or lot"
    ordering = ("-id",)
    fields = (
        ("store", "location"),
        ("method", "standing"),
        ("agent", "lot"),
        ("started_at", "hold_minutes", "ended_at"),
        "operator",
        "certificate",
    )
    readonly_fields = ("standing", "certificate")
    inlines = (Items,)
    verbs = (
        Verb(
            "start", "Start a run", _MAY, decontamination.start_run, "{} has begun: put things in.",
            form=StartRun, duty=Duty.CLEAN, on_list=True, to=_page,
        ),
        Verb("add", "Put in", _MAY, decontamination.add, "It is in {}.", _open, form=OfAnAsset, duty=Duty.CLEAN),
        Verb(
            "take_out", "Take out", _MAY, decontamination.take_out, "It is out of {}.", _filled,
            form=TakeOut, duty=Duty.CLEAN,
        ),
        Verb(
            "end", "End the run", _MAY, decontamination.end_run, "{} has ended.", _filled,
            form=EndRun, duty=Duty.CLEAN,
        ),
        Verb(
            "abandon", "Close it empty", _MAY, decontamination.abandon, "{} is closed.",
            lambda run: _open(run) and not _filled(run), duty=Duty.CLEAN,
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[WashRun]:
        still = Count("items", filter=~Q(items__outcome=WashOutcome.TAKEN_OUT))
        return super().get_queryset(request).annotate(things_count=still)

    @display("Run", ordering="id")
    def name(self, run: WashRun) -> str:
        return str(run)

    @display("Things")
    def things(self, run: Any) -> int:
        return int(run.things_count)

    @display("State", tones={"open": "warning", "ended": "default"})
    def standing(self, run: WashRun) -> tuple[str, str]:
        return ("open", "Running") if _open(run) else ("ended", "Ended")

    @display("Certificate")
    def certificate(self, run: WashRun) -> SafeString | str:
        if _open(run):
            return "When the run has ended"
        address = reverse("admin:labels_wash", args=[run.pk])
        return format_html('<a class="house-button" href="{}" target="_blank">Print the certificate</a>', address)
