from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Loan(models.Model):
    """One asset, or a quantity of a product, with one person from delivery to return.

    An issue from a buffer store is one too.
    """

    person = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="loans")
    address = models.ForeignKey("equipment.Address", on_delete=models.PROTECT, related_name="loans")
    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="loans")
    asset = models.ForeignKey("equipment.Asset", null=True, blank=True, on_delete=models.PROTECT, related_name="loans")
    stock_line = models.ForeignKey(
        "equipment.StockLine", null=True, blank=True, on_delete=models.PROTECT, related_name="loans"
    )
    quantity = models.PositiveIntegerField(default=1)
    composite = models.ForeignKey(
        "equipment.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kit = models.UUIDField(null=True, blank=True, db_index=True, help_text="Shared by the parts of one composite")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    review_on = models.DateField(null=True, blank=True)
    fetch_asked_at = models.DateTimeField(
        null=True, editable=False, help_text="Counted stock waits to be fetched since"
    )
    funder = models.ForeignKey(
        "equipment.Organisation", null=True, blank=True, on_delete=models.PROTECT, related_name="loans_funded"
    )
    price = models.DecimalField("price charged (£)", max_digits=9, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["person"], condition=Q(ended_at__isnull=True), name="open_loan_by_person"),
            models.Index(fields=["review_on"], condition=Q(ended_at__isnull=True), name="open_loan_by_review"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["asset"], condition=Q(ended_at__isnull=True), name="one_open_loan_per_asset"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="loan_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="loan_of_at_least_one"),
        ]

    def __str__(self) -> str:
        return f"{self.asset or self.product} with {self.person.initials}"
