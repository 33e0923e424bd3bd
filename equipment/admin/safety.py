"""The records that decide whether an asset may go out again. Written by verbs, never edited."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from equipment import inspections
from equipment.admin.asking import reason
from equipment.admin_base import Chips, ReadOnly, Verb, VerbForm, display
from equipment.duties import Duty
from equipment.models import Decontamination, InspectionRecord, ReturnRecord
from equipment.states import PASSED, Infection, TestKind, TestResult

_RESULTS = {
    TestResult.PASS: "success",
    TestResult.ADVISORY: "warning",
    TestResult.FAIL: "danger",
    TestResult.PROHIBIT: "danger",
}


class Clean(Chips):
    title = "result"
    parameter_name = "result"
    words = {"passed": ("Passed", lambda: Q(passed=True)), "failed": ("Failed", lambda: Q(passed=False))}


class Tested(Chips):
    title = "result"
    parameter_name = "result"
    words = {
        "passed": ("Passed", lambda: Q(result__in=sorted(PASSED))),
        "failed": ("Failed", lambda: ~Q(result__in=sorted(PASSED))),
        "loler": ("LOLER", lambda: Q(kind=TestKind.LOLER)),
        "pat": ("PAT", lambda: Q(kind=TestKind.PAT)),
        "voided": ("Voided", lambda: Q(voided_at__isnull=False)),
    }


class Declared(Chips):
    title = "infection"
    parameter_name = "infection"
    words = {
        "spores": ("Spore-forming", lambda: Q(infection=Infection.SPORE_FORMING)),
        "unknown": ("Not disclosed", lambda: Q(infection=Infection.UNKNOWN)),
    }


class Void(VerbForm):
    lead = "It is kept on record and counts for nothing. A failed test is voided by a manager only."
    reason = reason("Why it does not count")


class _OfAsset(ReadOnly):
    ordering = ("-id",)
    scope_field = "asset__owner"
    store_field = "asset__store"
    list_select_related = ("asset__product",)
    search_fields = ("asset__number__startswith",)
    search_help_text = "Asset number"


@admin.register(Decontamination)
class DecontaminationAdmin(_OfAsset):
    list_display = ("asset", "ended_at", "method", "infection", "verdict", "operator")
    list_filter = (Clean,)
    fields = (
        ("asset", "run"),
        ("method", "infection"),
        ("agent", "lot"),
        ("started_at", "ended_at"),
        ("operator", "passed"),
        "notes",
        "certificate",
    )
    readonly_fields = ("certificate",)

    @display("Result", tones={"passed": "success", "failed": "danger"})
    def verdict(self, clean: Decontamination) -> tuple[str, str]:
        return ("passed", "Passed") if clean.passed else ("failed", "Failed")

    @display("Certificate")
    def certificate(self, clean: Decontamination) -> SafeString:
        address = reverse("admin:labels_clean", args=[clean.pk])
        return format_html('<a class="house-button" href="{}" target="_blank">Print the certificate</a>', address)


@admin.register(InspectionRecord)
class InspectionRecordAdmin(_OfAsset):
    list_display = ("asset", "kind", "performed_at", "verdict", "next_due", "examiner")
    list_filter = (Tested,)
    fields = (
        "asset",
        ("kind", "result"),
        ("performed_at", "next_due"),
        ("examiner", "certificate"),
        ("swl_kg", "by"),
        "defects",
        "checklist",
        ("voided_at", "voided_by"),
        "void_reason",
    )
    readonly_fields = ("checklist",)
    verbs = (
        Verb(
            "void",
            "Void: recorded by mistake",
            "equipment.view_inspectionrecord",
            inspections.void,
            "{} counts for nothing any more.",
            lambda test: test.voided_at is None and test.kind != TestKind.ACCEPTANCE,
            form=Void,
            duty=Duty.TEST,
        ),
    )

    @display("Result", tones={str(key): tone for key, tone in _RESULTS.items()} | {"voided": "default"})
    def verdict(self, test: InspectionRecord) -> tuple[str, str]:
        return ("voided", "Voided") if test.voided_at else (test.result, test.get_result_display())

    @display("Checklist")
    def checklist(self, test: InspectionRecord) -> SafeString | str:
        rows = [(answer["check"], "yes" if answer["ok"] else "NO", answer.get("note", "")) for answer in test.answers]
        items = format_html_join("", "<li>{}: {} <em>{}</em></li>", rows)
        return format_html("<ul>{}</ul>", items) if rows else "—"


@admin.register(ReturnRecord)
class ReturnRecordAdmin(_OfAsset):
    list_display = ("asset", "at", "condition", "infection", "by")
    list_filter = (Declared,)
    fields = ("asset", "loan", ("at", "by"), ("condition", "infection"))
    list_select_related = ("asset",)
