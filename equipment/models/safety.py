"""The records that decide whether an asset may go out again: returns, cleans and tests."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from equipment.states import CleaningMethod, Condition, Infection, TestKind, TestResult, choices


class ReturnRecord(models.Model):
    """An asset coming back: in what condition, and what infection was declared (rule 3)."""

    asset = models.ForeignKey("equipment.Asset", on_delete=models.PROTECT, related_name="returns")
    loan = models.ForeignKey("equipment.Loan", null=True, on_delete=models.PROTECT, related_name="returns")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    condition = models.CharField(max_length=12, choices=choices(Condition))
    infection = models.CharField(max_length=16, choices=choices(Infection), default=Infection.UNKNOWN)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["asset", "-at"], name="return_by_asset")]

    def __str__(self) -> str:
        return f"{self.asset} returned {self.at:%Y-%m-%d}"


class Decontamination(models.Model):
    """One clean of one asset. A failed clean is a record too."""

    asset = models.ForeignKey("equipment.Asset", on_delete=models.PROTECT, related_name="decontaminations")
    method = models.CharField(max_length=20, choices=choices(CleaningMethod))
    infection = models.CharField(max_length=16, choices=choices(Infection))
    agent = models.CharField(max_length=80, blank=True, help_text="Product used and its lot")
    operator = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    passed = models.BooleanField()
    notes = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-ended_at", "-id"]
        indexes = [models.Index(fields=["asset", "-ended_at"], name="clean_by_asset")]
        constraints = [
            models.CheckConstraint(condition=Q(ended_at__gte=F("started_at")), name="clean_ends_after_start")
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} of {self.asset}: {'passed' if self.passed else 'failed'}"


class InspectionRecord(models.Model):
    """One test of one asset. The latest of a kind decides (rule 4)."""

    asset = models.ForeignKey("equipment.Asset", on_delete=models.PROTECT, related_name="inspections")
    kind = models.CharField(max_length=12, choices=choices(TestKind))
    result = models.CharField(max_length=10, choices=choices(TestResult))
    performed_at = models.DateTimeField()
    examiner = models.CharField(max_length=80)
    next_due = models.DateField(null=True, blank=True)
    defects = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-performed_at", "-id"]
        indexes = [models.Index(fields=["asset", "kind", "-performed_at"], name="test_by_asset")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.asset}: {self.get_result_display()}"
