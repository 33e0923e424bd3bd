"""What came from a supplier."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Receipt(models.Model):
    """One product of one delivery: who supplied it under which order, and in which batch."""

    supplier = models.CharField(max_length=80)
    order_number = models.CharField(max_length=40)
    delivery_note = models.CharField(max_length=40, blank=True)
    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="receipts")
    store = models.ForeignKey("equipment.Store", on_delete=models.PROTECT, related_name="receipts")
    owner = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="receipts")
    batch = models.CharField(max_length=40, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField("price each (£)", max_digits=9, decimal_places=2)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(quantity__gte=1), name="receipt_of_at_least_one")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product} from {self.supplier}"
