"""Telecare: hubs at people's homes from their setting up to their end, and the alarm centres that hear them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from equipment import exports, telecare, telecare_facts, telecare_returns
from equipment.admin.asking import OfAnAsset, reason
from equipment.admin.work import today
from equipment.admin_base import Chips, Desk, History, OneOf, ReadOnly, Verb, VerbForm, display
from equipment.admin_exports import Exports
from equipment.admin_history import WithEvents
from equipment.duties import Duty
from equipment.errors import Refused
from equipment.jobs import InstallationState
from equipment.models import AlarmCentre, HubReset, Installation, TestCall, Trigger
from equipment.states import AT_HOME, choices
from equipment.words import AfterFree, Connectivity

_MAY = "equipment.change_installation"
_TONES = {
    InstallationState.INSTALLING: "warning",
    InstallationState.LIVE: "success",
    InstallationState.ENDED: "default",
}


class Closed(VerbForm):
    lead = "First at the alarm centre: from then on nobody there answers this hub. Then unpair it, then wipe it."
    confirmed_by = forms.CharField(label="Who at the alarm centre confirmed it, or its number", max_length=80)
    reason = reason("Why it ends")


class Heard(VerbForm):
    lead = "The test call that waits, when the alarm centre has told you so itself."
    call = forms.ModelChoiceField(TestCall.objects.none(), label="Test call")
    heard_by = forms.CharField(label="Who at the alarm centre heard it", max_length=80)

    def ask(self) -> None:
        field: Any = self.fields["call"]
        waiting = TestCall.objects.filter(trigger__installation=self.row, acknowledged_at__isnull=True)
        field.queryset = waiting.select_related("trigger__asset").order_by("-pk")
        field.label_from_instance = lambda call: telecare_facts.Paired(call.trigger, call).name


class Free(VerbForm):
    free_until = forms.DateField(label="Free until", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    after_free = forms.ChoiceField(label="Then", choices=[("", "Undecided"), *choices(AfterFree)], required=False)


class Unpaired(VerbForm):
    trigger = forms.ModelChoiceField(Trigger.objects.none(), label="Trigger")

    def ask(self) -> None:
        field: Any = self.fields["trigger"]
        rows = Trigger.objects.filter(installation=self.row, unpaired_at__isnull=True)
        field.queryset = rows.select_related("asset")
        field.label_from_instance = lambda trigger: telecare_facts.Paired(trigger).name


def _heard(row: Installation, *, call: TestCall, heard_by: str, by: str, at: Any) -> object:
    return telecare.acknowledge(call, heard_by=heard_by, by=by, at=at)


def _unpair(row: Installation, *, trigger: Trigger, by: str, at: Any) -> object:
    return telecare_returns.unpair(trigger, by=by, at=at)


def _still_paired() -> QuerySet[Any, Any]:
    return Trigger.objects.filter(unpaired_at__isnull=True).values("installation")


class Standing(Chips):
    title = "state"
    parameter_name = "state"
    words = {
        "installing": ("Being set up", lambda: Q(state=InstallationState.INSTALLING)),
        "live": ("Live", lambda: Q(state=InstallationState.LIVE)),
        "gone": ("Not with the person", lambda: Q(pk__in=telecare_facts.left_behind().values("pk"))),
        "free": ("Free period ends", lambda: Q(pk__in=telecare_facts.free_ending(today(), 28).values("pk"))),
        "analogue": (
            "Analogue",
            lambda: Q(hub__product__connectivity=Connectivity.ANALOGUE) & ~Q(state=InstallationState.ENDED),
        ),
        "to_wipe": (
            "Ended, still paired",
            lambda: Q(state=InstallationState.ENDED, pk__in=_still_paired()),
        ),
        "ended": ("Ended", lambda: Q(state=InstallationState.ENDED)),
    }


class Centre(OneOf):
    title = "centre"
    parameter_name = "centre"
    model = AlarmCentre


class Triggers(History):
    model = Trigger
    verbose_name_plural = "triggers"
    fields = ("kind", "asset", "radio_id", "room", "paired_at", "unpaired_at", "heard")
    readonly_fields = ("heard",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the installation sees what is paired with it."""
        return True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("asset").prefetch_related("calls")

    @display("Alarm centre")
    def heard(self, trigger: Trigger) -> str:
        pair = telecare_facts.Paired(trigger, next(iter(trigger.calls.all()), None))
        if pair.call is None or not pair.called:
            return "no test call yet"
        return f"heard by {pair.call.heard_by}" if pair.heard else "called, not heard yet"


def _installations(rows: QuerySet[Any]) -> exports.Table:
    columns = {"hub": "hub__number", "stock_code": "hub__product__stock_code"}
    columns |= {"connectivity": "hub__product__connectivity", "person": "person__reference"}
    columns |= {"postcode": "address__postcode", "centre": "centre__code", "account": "account"}
    names = (
        "state",
        "line",
        "line_provider",
        "protocol",
        "started_at",
        "live_at",
        "ended_at",
        "free_until",
        "after_free",
    )
    return exports.table("telecare", columns | {name: name for name in names}, rows)


def _running(row: Installation) -> bool:
    return row.state != InstallationState.ENDED


def _has_pairs(row: Installation) -> bool:
    return row.triggers.filter(unpaired_at__isnull=True).exists()


@admin.register(Installation)
class InstallationAdmin(WithEvents, Exports, ReadOnly):
    subject = "installation"
    export = staticmethod(_installations)
    scope_field = "person__organisation"
    list_display = (
        "hub",
        "product_name",
        "person_initials",
        "centre",
        "standing",
        "started_at",
        "live_at",
        "free_until",
    )
    list_select_related = ("hub__product", "person", "centre")
    list_filter = (Standing, Centre)
    search_fields = ("hub__number__startswith",)
    search_help_text = "Hub's asset number"
    ordering = ("-id",)
    fields = (
        ("hub", "standing"),
        ("person", "address"),
        ("centre", "account"),
        ("line", "protocol"),
        "line_provider",
        ("programmed_at", "range_tested_at"),
        "range_note",
        ("started_at", "live_at"),
        ("ended_at", "end_reference"),
        ("free_until", "after_free"),
        "missing",
    )
    readonly_fields = ("standing", "missing")
    inlines = (Triggers,)
    verbs = (
        Verb("acknowledge", "A test call was heard", _MAY, _heard, "Heard.", _running, form=Heard),
        Verb("go_live", "Go live", _MAY, telecare.go_live, "{} is live.", lambda r: r.state == "installing"),
        Verb("agree", "Free period", _MAY, telecare.agree, "Agreed.", _running, form=Free),
        Verb("deactivate", "Deactivated at the centre", _MAY, telecare_returns.deactivate, "{} ended: unpair it now.",
             _running, form=Closed),
        Verb("unpair", "Unpair one", _MAY, _unpair, "It is not paired any more.", _has_pairs, form=Unpaired),
        Verb("unpair_all", "Unpair everything", _MAY, telecare_returns.unpair_all, "Unpaired. Now wipe the hub.",
             lambda row: not _running(row) and _has_pairs(row)),
    )  # fmt: skip

    @display("Product", ordering="hub__product__stock_code")
    def product_name(self, row: Installation) -> str:
        return row.hub.product.name

    @display("Person", ordering="person__family_name")
    def person_initials(self, row: Installation) -> str:
        return row.person.initials

    @display("State", ordering="state", tones={str(key): tone for key, tone in _TONES.items()})
    def standing(self, row: Installation) -> tuple[str, str]:
        at_home = row.hub.state in AT_HOME
        gone = _running(row) and row.state == InstallationState.LIVE and not at_home
        return row.state, f"{row.get_state_display()}{', hub is not there' if gone else ''}"

    @display("Still missing")
    def missing(self, row: Installation) -> SafeString | str:
        reasons = telecare_facts.unheard(row) if _running(row) else []
        if not reasons:
            return "Nothing."
        items = format_html_join("", "<li>{} <em>{}</em></li>", [(r.sentence, r.remedy) for r in reasons])
        return format_html('<ul class="house-reasons">{}</ul>', items)


@admin.register(AlarmCentre)
class AlarmCentreAdmin(Desk):
    list_display = ("name", "code", "phone", "programming")
    search_fields = ("name", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: AlarmCentre | None = None) -> Any:
        return ("code",) if obj else ()


class Wipe(OfAnAsset):
    lead = "Deactivated at the centre and unpaired before; numbers, address, prompts and logs are gone afterwards."
    method = forms.CharField(label="How it was wiped", max_length=120)
    firmware = forms.CharField(label="Firmware now", max_length=40, required=False)


def _wipe(asset: Any, *, by: str, at: Any, **given: str) -> HubReset:
    if asset is None:
        raise Refused("no_such_asset", "Say which hub.", field="number")
    return telecare_returns.wipe(asset, by=by, at=at, **given)


@admin.register(HubReset)
class HubResetAdmin(ReadOnly):
    scope_field = "asset__owner"
    store_field = "asset__store"
    list_display = ("asset", "at", "by", "method", "firmware")
    list_select_related = ("asset",)
    search_fields = ("asset__number__startswith",)
    search_help_text = "Hub's asset number"
    ordering = ("-id",)
    fields = (("asset", "at"), ("by", "firmware"), "method")
    verbs = (
        Verb("wipe", "Wipe a hub", "equipment.view_hubreset", _wipe, "{}.", form=Wipe, duty=Duty.TEST, on_list=True),
    )
