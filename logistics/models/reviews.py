from __future__ import annotations

from django.db import models
from django.db.models import Q

from equipment.states import choices
from logistics.states import ReviewOutcome, ReviewReason


class Review(models.Model):
    """Is it still needed? Asked of the prescriber until somebody answers: keep, swap or collect."""

    loan = models.ForeignKey("equipment.Loan", on_delete=models.PROTECT, related_name="reviews")
    prescriber = models.ForeignKey(
        "logistics.Prescriber", null=True, blank=True, on_delete=models.PROTECT, related_name="reviews"
    )
    reason = models.CharField(max_length=10, choices=choices(ReviewReason))
    due_on = models.DateField()
    raised_at = models.DateTimeField()
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, choices=choices(ReviewOutcome), blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["loan"], condition=Q(decided_at__isnull=True), name="one_open_review_per_loan"
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, outcome="") | (Q(decided_at__isnull=False) & ~Q(outcome="")),
                name="a_decided_review_has_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"Review of {self.loan}"
