"""The units of safety alerts: each closed with its outcome, withdrawn as a wrong match, or given up by name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from equipment import recall_reads, recall_units
from equipment.admin.asking import reason
from equipment.admin_base import Chips, OneOf, ReadOnly, Verb, VerbForm, display
from equipment.duties import Duty
from equipment.jobs import AlertUnitState
from equipment.models import Alert, AlertUnit, Loan
from equipment.states import choices, label
from equipment.words import AlertOutcome

_MAY = "equipment.view_alertunit"
_U = AlertUnitState
_TONES: dict[str, str] = {
    _U.FOUND: "warning",
    _U.HELD: "info",
    _U.VISIT: "primary",
    _U.UNREACHABLE: "danger",
    _U.CLOSED: "success",
    _U.WITHDRAWN: "default",
}


class Close(VerbForm):
    lead = "What was made safe goes back to the shelf when it may stand there; what is not kept is condemned."
    outcome = forms.ChoiceField(choices=choices(AlertOutcome))
    reason = reason("What was done, and who says so")


class Withdraw(VerbForm):
    lead = "It was not one of those: out of hold, to the shelf when nothing else is wrong with it."
    reason = reason("Why it is not, and who says so")


class MatchAgain(VerbForm):
    lead = "It is one of those after all, or was not made safe: it is held again."
    reason = reason()


class GiveUp(VerbForm):
    lead = "It stays on the list by name until the alert ends."
    reason = reason("What was tried")


class States(Chips):
    title = "state"
    parameter_name = "state"
    words = {
        state.value: (label(state), lambda state=state: Q(state=state))  # type: ignore[misc]
        for state in AlertUnitState
    }


class ByAlert(OneOf):
    title = "alert"
    parameter_name = "alert"
    model = Alert
    scope_field = "organisation"


def _unfinished(unit: AlertUnit) -> bool:
    return unit.state not in (_U.CLOSED, _U.WITHDRAWN)


def _may_withdraw(unit: AlertUnit) -> bool:
    return _unfinished(unit) or (unit.state == _U.CLOSED and _can_be_changed(unit))


def _finished(unit: AlertUnit) -> bool:
    return not _unfinished(unit) and _can_be_changed(unit)


def _can_be_changed(unit: AlertUnit) -> bool:
    """Of an ended alert only what was lost: when it turns up, somebody decides (rule 8)."""
    return unit.alert.ended_at is None or unit.outcome == AlertOutcome.LOST


def _out(unit: AlertUnit) -> bool:
    return unit.alert.ended_at is None and unit.state in (_U.FOUND, _U.VISIT)


@admin.register(AlertUnit)
class AlertUnitAdmin(ReadOnly):
    scope_field = "alert__organisation"
    list_display = ("thing", "product_name", "serial", "alert", "standing", "where", "note", "outcome")
    list_filter = (States, ByAlert)
    search_fields = ("asset__number__startswith", "asset__serial__istartswith", "alert__reference__icontains")
    search_help_text = "Asset number, serial or alert"
    ordering = ("id",)
    fields = (
        ("alert", "standing"),
        ("thing", "product_name"),
        ("serial", "where"),
        ("with_whom", "found_at"),
        ("tried_at", "attempts"),
        "note",
        "outcome",
        ("closed_at", "closed_by"),
    )
    readonly_fields = ("thing", "product_name", "serial", "standing", "where", "with_whom")
    verbs = (
        Verb("close", "Close with its outcome", _MAY, recall_units.close_unit, "{} is closed.", _unfinished,
             form=Close, duty=Duty.MANAGE),
        Verb("withdraw", "Withdraw: a wrong match", _MAY, recall_units.withdraw_unit, "{} is withdrawn.",
             _may_withdraw, form=Withdraw, duty=Duty.MANAGE),
        Verb("match-again", "It is one after all", _MAY, recall_units.match_again, "{} is found again.", _finished,
             form=MatchAgain, duty=Duty.MANAGE),
        Verb("give-up", "It cannot be reached", _MAY, recall_units.give_up, "{} is named as unreachable.", _out,
             form=GiveUp, duty=Duty.MANAGE),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertUnit]:
        related = ("alert", "asset__product", "asset__store", "stock_line__product", "stock_line__store")
        rows = super().get_queryset(request).select_related(*related, "loan__product", "loan__person")
        return recall_reads.with_place(rows)

    @display("Unit", ordering="asset__number")
    def thing(self, unit: AlertUnit) -> SafeString | str:
        """An asset is a link; counted stock says how much of it."""
        if unit.asset is not None:
            address = reverse("admin:equipment_asset_change", args=[unit.asset.pk])
            return format_html('<a class="house-number" href="{}">{}</a>', address, unit.asset)
        if unit.stock_line is not None:
            return f"{unit.stock_line.count} of batch {unit.stock_line.batch or '(none)'}"
        return f"{unit.loan.quantity} with {unit.loan.person.initials}" if unit.loan else ""

    @display("Product")
    def product_name(self, unit: AlertUnit) -> str:
        thing = unit.asset or unit.stock_line or unit.loan
        return thing.product.name if thing else ""

    @display("Serial", ordering="asset__serial")
    def serial(self, unit: AlertUnit) -> str:
        return (unit.asset.serial or "Not on record") if unit.asset else ""

    @display("State", ordering="state", tones=_TONES)
    def standing(self, unit: AlertUnit) -> tuple[str, str]:
        return unit.state, unit.get_state_display()

    @display("On loan to")
    def with_whom(self, unit: AlertUnit) -> SafeString | str:
        """The loan, from where a collection is requested; who it is stands on the list of who has it."""
        mine = Q(pk=unit.loan_id) if unit.asset_id is None else Q(asset=unit.asset_id)
        loan = Loan.objects.filter(mine, ended_at__isnull=True).select_related("person").first()
        if loan is None:
            return "Nobody"
        address = reverse("admin:equipment_loan_change", args=[loan.pk])
        return format_html('<a class="house-link" href="{}">{}</a>', address, loan.person.initials)

    @display("Where")
    def where(self, unit: Any) -> str:
        store = unit.asset.store if unit.asset else unit.stock_line.store if unit.stock_line else None
        return str(store) if store else recall_reads.PLACES[unit.place]
