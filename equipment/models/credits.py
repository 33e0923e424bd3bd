from __future__ import annotations

from django.db import models
from django.db.models import Q


class Credit(models.Model):
    """What a funder gets back when a loan ends and the thing is verified at the store (rule 20).

    Once a loan. A correction is another row that names the one it corrects, with its reason.
    """

    loan = models.ForeignKey("equipment.Loan", on_delete=models.PROTECT, related_name="credits")
    funder = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="credits")
    return_record = models.ForeignKey(
        "equipment.ReturnRecord", null=True, blank=True, on_delete=models.PROTECT, related_name="credits"
    )
    price = models.DecimalField("price charged (£)", max_digits=9, decimal_places=2)
    percent = models.PositiveSmallIntegerField()
    amount = models.DecimalField("amount (£)", max_digits=9, decimal_places=2)
    corrects = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrected_by"
    )
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["loan"], condition=Q(corrects__isnull=True), name="one_credit_per_loan"),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | ~Q(reason=""), name="a_correction_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"£{self.amount} for loan {self.loan_id}"
