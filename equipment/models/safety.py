"""The records that decide whether an asset may go out again: returns, cleans and tests."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from equipment.jobs import DisposalMethod, RepairKind, RepairOutcome, WashOutcome
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


class WashRun(models.Model):
    """One load of a washer, or one session at the bench: many assets cleaned together by one method."""

    store = models.ForeignKey("equipment.Store", on_delete=models.PROTECT, related_name="wash_runs")
    location = models.ForeignKey(
        "equipment.Location", null=True, blank=True, on_delete=models.PROTECT, related_name="wash_runs"
    )
    method = models.CharField(max_length=20, choices=choices(CleaningMethod))
    agent = models.CharField(max_length=80, help_text="Product used")
    lot = models.CharField(max_length=40, help_text="Its lot number")
    operator = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    hold_minutes = models.PositiveSmallIntegerField(help_text="Least contact time: the run cannot pass before it")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="wash_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"Wash run {self.pk}"


class WashItem(models.Model):
    """One asset in a wash run, once. `outcome` is empty while it is in the wash."""

    run = models.ForeignKey(WashRun, on_delete=models.PROTECT, related_name="items")
    asset = models.ForeignKey("equipment.Asset", on_delete=models.PROTECT, related_name="wash_items")
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=80)
    outcome = models.CharField(max_length=12, choices=choices(WashOutcome), blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "asset"], condition=~Q(outcome=WashOutcome.TAKEN_OUT), name="once_in_a_wash_run"
            ),
            models.UniqueConstraint(fields=["asset"], condition=Q(outcome=""), name="in_one_wash_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.asset} in {self.run}"


class Decontamination(models.Model):
    """One clean of one asset. A failed clean is a record too."""

    asset = models.ForeignKey("equipment.Asset", on_delete=models.PROTECT, related_name="decontaminations")
    method = models.CharField(max_length=20, choices=choices(CleaningMethod))
    infection = models.CharField(max_length=16, choices=choices(Infection))
    run = models.ForeignKey(WashRun, null=True, blank=True, on_delete=models.PROTECT, related_name="cleans")
    agent = models.CharField(max_length=80, blank=True, help_text="Product used")
    lot = models.CharField(max_length=40, blank=True, help_text="Its lot number")
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
    swl_kg = models.PositiveIntegerField("safe working load (kg)", null=True, blank=True)
    certificate = models.CharField(max_length=60, blank=True, help_text="Number of the examiner's report")
    answers = models.JSONField(default=list, blank=True, help_text="The checklist: [{check, ok, note}]")
    by = models.CharField(max_length=80, blank=True)
    voided_at = models.DateTimeField(null=True, help_text="Recorded by mistake: kept, and counts for nothing")
    voided_by = models.CharField(max_length=80, blank=True)
    void_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-performed_at", "-id"]
        indexes = [models.Index(fields=["asset", "kind", "-performed_at"], name="test_by_asset")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.asset}: {self.get_result_display()}"


class Repair(models.Model):
    """One asset opened, from the fault to its outcome. At most one open repair an asset."""

    asset = models.ForeignKey("equipment.Asset", on_delete=models.PROTECT, related_name="repairs")
    kind = models.CharField(max_length=10, choices=choices(RepairKind), default=RepairKind.REPAIR)
    fault = models.CharField(max_length=300)
    soiled = models.BooleanField(help_text="Opened while soiled: it is cleaned again afterwards (rule 2)")
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=80)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=10, choices=choices(RepairOutcome), blank=True)
    labour_minutes = models.PositiveIntegerField(default=0)
    cost = models.DecimalField("cost (£)", max_digits=9, decimal_places=2, default=0, help_text="Labour and parts")
    work_done = models.CharField(max_length=300, blank=True)
    override_reason = models.CharField(
        max_length=300, blank=True, help_text="Why it was mended although it was not worth its cost"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset"], condition=Q(closed_at__isnull=True), name="one_open_repair_per_asset"
            )
        ]

    def __str__(self) -> str:
        return f"Repair {self.pk} of {self.asset}"


class PartUsed(models.Model):
    """A spare part taken from counted stock for a repair."""

    repair = models.ForeignKey(Repair, on_delete=models.PROTECT, related_name="parts")
    movement = models.OneToOneField("equipment.StockMovement", on_delete=models.PROTECT, related_name="part_used")
    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField("price (£)", max_digits=9, decimal_places=2)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product}"


class Disposal(models.Model):
    """How a condemned asset left for good."""

    asset = models.OneToOneField("equipment.Asset", on_delete=models.PROTECT, related_name="disposal")
    method = models.CharField(max_length=20, choices=choices(DisposalMethod))
    carrier = models.CharField(max_length=80, blank=True)
    consignment = models.CharField(max_length=60, blank=True, help_text="Number of the waste transfer note")
    data_wiped_by = models.CharField(max_length=80, blank=True)
    data_wipe = models.CharField(max_length=120, blank=True, help_text="How its memory was erased")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    notes = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.asset}: {self.get_method_display()}"
