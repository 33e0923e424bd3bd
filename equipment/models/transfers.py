"""Kit on its way from one store to another."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from equipment.jobs import TransferState
from equipment.states import choices


class Transfer(models.Model):
    """What one store sends another. All of it clean, or all of it dirty (rule 31)."""

    source = models.ForeignKey("equipment.Store", on_delete=models.PROTECT, related_name="transfers_out")
    destination = models.ForeignKey("equipment.Store", on_delete=models.PROTECT, related_name="transfers_in")
    dirty = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=choices(TransferState), default=TransferState.DRAFT, editable=False)
    carrier = models.CharField(max_length=12, blank=True, help_text="Registration of the van, or the courier")
    raised_at = models.DateTimeField()
    raised_by = models.CharField(max_length=80)
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(source=F("destination")), name="transfer_between_two_stores")
        ]

    def __str__(self) -> str:
        return f"Transfer {self.pk}"


class TransferLine(models.Model):
    """How much of a product was asked for."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="lines")
    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()

    class Meta:
        ordering = ["transfer_id", "product_id"]
        constraints = [models.UniqueConstraint(fields=["transfer", "product"], name="one_transfer_line_per_product")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product}"


class TransferItem(models.Model):
    """What was put on it: an asset, or a quantity of a stock line.

    What is neither received nor missing is on the road.
    """

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="items")
    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="+")
    asset = models.ForeignKey(
        "equipment.Asset", null=True, blank=True, on_delete=models.PROTECT, related_name="transfer_items"
    )
    stock_line = models.ForeignKey(
        "equipment.StockLine", null=True, blank=True, on_delete=models.PROTECT, related_name="transfer_items"
    )
    sent = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(asset__isnull=False, stock_line__isnull=True, sent=1)
                | Q(asset__isnull=True, stock_line__isnull=False, sent__gte=1),
                name="transfer_of_asset_or_quantity",
            ),
            models.CheckConstraint(
                condition=Q(sent__gte=F("received") + F("missing")), name="no_more_arrives_than_was_sent"
            ),
            models.UniqueConstraint(fields=["transfer", "asset"], name="asset_once_on_a_transfer"),
            models.UniqueConstraint(fields=["transfer", "stock_line"], name="stock_line_once_on_a_transfer"),
        ]

    def __str__(self) -> str:
        return f"{self.sent} x {self.asset or self.product}"
