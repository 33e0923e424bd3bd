"""Safety alerts, what each is about, and every unit it found."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from equipment.jobs import AlertUnitState
from equipment.states import choices
from equipment.words import AlertAction, AlertOutcome, AlertUrgency


class Alert(models.Model):
    """A recall or field safety notice. It goes on catching units that turn up later until it is ended (rule 36)."""

    organisation = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="alerts")
    reference = models.CharField(max_length=40, help_text="Its number, such as NatPSA/2023/010")
    title = models.CharField(max_length=120)
    source = models.CharField(max_length=80, blank=True, help_text="Who issued it")
    urgency = models.CharField(max_length=10, choices=choices(AlertUrgency))
    action = models.CharField(max_length=10, choices=choices(AlertAction), help_text="For units at home")
    instructions = models.CharField(max_length=1000, blank=True)
    replacement = models.ForeignKey(
        "equipment.Product",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What goes out instead; empty: a unit of the same product that is not affected",
    )
    issued_on = models.DateField()
    deadline = models.DateField(help_text="The day by which every unit is dealt with")
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=80)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)
    end_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "reference"], name="one_alert_per_reference"),
            models.CheckConstraint(condition=Q(deadline__gte=F("issued_on")), name="deadline_after_issue"),
        ]

    def __str__(self) -> str:
        return self.reference


class AlertCriterion(models.Model):
    """What an alert is about: units that meet all that one row says; any row of the alert will do."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="criteria")
    product = models.ForeignKey("equipment.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    maker = models.CharField(max_length=80, blank=True)
    model = models.CharField(max_length=60, blank=True)
    serial_from = models.CharField(max_length=60, blank=True)
    serial_to = models.CharField(max_length=60, blank=True)
    batch = models.CharField(max_length=40, blank=True)
    made_from = models.DateField(null=True, blank=True)
    made_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "alert criteria"
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=False) | ~Q(model="") | ~Q(maker=""), name="criterion_names_a_product"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product or self.model or self.maker}"


class AlertUnit(models.Model):
    """One unit found: an asset, a line of counted stock, or counted stock at somebody's home."""

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="units")
    asset = models.ForeignKey(
        "equipment.Asset", null=True, blank=True, on_delete=models.PROTECT, related_name="alert_units"
    )
    stock_line = models.ForeignKey(
        "equipment.StockLine", null=True, blank=True, on_delete=models.PROTECT, related_name="alert_units"
    )
    loan = models.ForeignKey(
        "equipment.Loan", null=True, blank=True, on_delete=models.PROTECT, related_name="alert_units"
    )
    state = models.CharField(
        max_length=12, choices=choices(AlertUnitState), default=AlertUnitState.FOUND, editable=False
    )
    found_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True, help_text="When a visit was last tried for")
    attempts = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True, help_text="What stands in the way")
    outcome = models.CharField(max_length=20, choices=choices(AlertOutcome), blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["alert", "state"], name="alert_unit_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["alert", "asset"], name="asset_once_in_an_alert"),
            models.UniqueConstraint(fields=["alert", "stock_line"], name="stock_line_once_in_an_alert"),
            models.UniqueConstraint(fields=["alert", "loan"], name="loan_once_in_an_alert"),
            models.CheckConstraint(
                condition=Q(asset__isnull=False, stock_line__isnull=True, loan__isnull=True)
                | Q(asset__isnull=True, stock_line__isnull=False, loan__isnull=True)
                | Q(asset__isnull=True, stock_line__isnull=True, loan__isnull=False),
                name="alert_unit_is_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(state=AlertUnitState.CLOSED) | (~Q(outcome="") & Q(closed_at__isnull=False)),
                name="closed_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset or self.stock_line or self.loan} under {self.alert}"
