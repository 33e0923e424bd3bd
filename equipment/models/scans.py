"""Every scan made on the scan page: done once, shown to the one who scanned, and undone while it is the last."""

from __future__ import annotations

from django.db import models

from equipment.jobs import ScanMode
from equipment.states import choices


class Scan(models.Model):
    """`key` is made by the page for each scan, so that a repeated request does nothing twice (rule 18)."""

    by = models.CharField(max_length=80)
    key = models.CharField(max_length=40)
    mode = models.CharField(max_length=12, choices=choices(ScanMode))
    job = models.BigIntegerField(null=True, help_text="The wash run, count, route or transfer it belongs to")
    code = models.CharField(max_length=120)
    asset = models.ForeignKey("equipment.Asset", null=True, on_delete=models.PROTECT, related_name="scans")
    stock_line = models.ForeignKey("equipment.StockLine", null=True, on_delete=models.PROTECT, related_name="scans")
    ok = models.BooleanField()
    answer = models.JSONField(default=dict, help_text="What the page was told: code, sentence")
    undo = models.JSONField(default=dict, help_text="What takes it back; empty when nothing can")
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["by", "key"], name="one_scan_per_key")]
        indexes = [models.Index(fields=["by", "-id"], name="scan_by_person")]

    def __str__(self) -> str:
        return f"{self.mode} {self.code}"
