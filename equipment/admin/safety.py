"""The records that decide whether an asset may go out again. Written by verbs, never edited."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q

from equipment.admin_base import Chips, ReadOnly, display
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
    }


class Declared(Chips):
    title = "infection"
    parameter_name = "infection"
    words = {
        "spores": ("Spore-forming", lambda: Q(infection=Infection.SPORE_FORMING)),
        "unknown": ("Not disclosed", lambda: Q(infection=Infection.UNKNOWN)),
    }


class _OfAsset(ReadOnly):
    ordering = ("-id",)
    scope_field = "asset__owner"
    list_select_related = ("asset__product",)
    search_fields = ("asset__number__startswith",)
    search_help_text = "Asset number"


@admin.register(Decontamination)
class DecontaminationAdmin(_OfAsset):
    list_display = ("asset", "ended_at", "method", "infection", "verdict", "operator")
    list_filter = (Clean,)
    fields = ("asset", ("method", "infection"), "agent", ("started_at", "ended_at"), ("operator", "passed"), "notes")

    @display("Result", tones={"passed": "success", "failed": "danger"})
    def verdict(self, clean: Decontamination) -> tuple[str, str]:
        return ("passed", "Passed") if clean.passed else ("failed", "Failed")


@admin.register(InspectionRecord)
class InspectionRecordAdmin(_OfAsset):
    list_display = ("asset", "kind", "performed_at", "verdict", "next_due", "examiner")
    list_filter = (Tested,)
    fields = ("asset", ("kind", "result"), ("performed_at", "next_due"), "examiner", "defects")

    @display("Result", tones={str(key): tone for key, tone in _RESULTS.items()})
    def verdict(self, test: InspectionRecord) -> tuple[str, str]:
        return test.result, test.get_result_display()


@admin.register(ReturnRecord)
class ReturnRecordAdmin(_OfAsset):
    list_display = ("asset", "at", "condition", "infection", "by")
    list_filter = (Declared,)
    fields = ("asset", "loan", ("at", "by"), ("condition", "infection"))
    list_select_related = ("asset",)
