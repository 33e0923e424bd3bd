from __future__ import annotations

from django.db import models
from django.db.models import Q

from equipment.states import choices
from logistics.work import Kind


class OutboxRow(models.Model):
    """Work that must happen, written in the transaction that made it necessary.

    The table is the truth, the queue a hint.
    """

    kind = models.CharField(max_length=20, choices=choices(Kind))
    key = models.CharField(max_length=60, help_text="Waiting rows of the same kind and key are done as one")
    due_at = models.DateTimeField()
    made_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        indexes = [models.Index(fields=["kind", "due_at"], condition=Q(done_at__isnull=True), name="outbox_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
