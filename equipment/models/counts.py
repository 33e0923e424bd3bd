"""Cycle counts: what should stand at a place against what was found there, twice and blind."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from equipment.jobs import CountState
from equipment.states import choices


class StockCount(models.Model):
    """A count of one location, or of a whole store when none is named. At most one open count a place."""

    store = models.ForeignKey("equipment.Store", on_delete=models.PROTECT, related_name="counts")
    location = models.ForeignKey(
        "equipment.Location", null=True, blank=True, on_delete=models.PROTECT, related_name="counts"
    )
    state = models.CharField(max_length=12, choices=choices(CountState), default=CountState.OPEN, editable=False)
    started_at = models.DateTimeField()
    first_by = models.CharField(max_length=80)
    second_by = models.CharField(max_length=80, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["store", "location"],
                condition=Q(state__in=[CountState.OPEN, CountState.RECOUNT, CountState.REVIEW]),
                nulls_distinct=False,
                name="one_open_count_per_place",
            )
        ]

    def __str__(self) -> str:
        return f"Count {self.pk} of {self.location or self.store}"


class CountLine(models.Model):
    """One asset or stock line of a count. `first` and `second` are empty until somebody has looked."""

    count = models.ForeignKey(StockCount, on_delete=models.PROTECT, related_name="lines")
    asset = models.ForeignKey(
        "equipment.Asset", null=True, blank=True, on_delete=models.PROTECT, related_name="count_lines"
    )
    stock_line = models.ForeignKey(
        "equipment.StockLine", null=True, blank=True, on_delete=models.PROTECT, related_name="count_lines"
    )
    expected = models.PositiveIntegerField(help_text="By the records when the count began; 0 for what was a surprise")
    first = models.PositiveIntegerField(null=True)
    second = models.PositiveIntegerField(null=True)
    resolution = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["count", "asset"], name="asset_once_in_a_count"),
            models.UniqueConstraint(fields=["count", "stock_line"], name="stock_line_once_in_a_count"),
            models.CheckConstraint(
                condition=Q(asset__isnull=False, stock_line__isnull=True)
                | Q(asset__isnull=True, stock_line__isnull=False),
                name="count_line_of_asset_or_stock",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset or self.stock_line} in {self.count}"
