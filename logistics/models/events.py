from __future__ import annotations

from django.db import models


class Event(models.Model):
    """What happened to a discharge, order, line, visit, activity or route.

    Append-only, by a trigger in the database (rule 40).
    """

    subject = models.CharField(max_length=12)
    subject_id = models.BigIntegerField()
    verb = models.CharField(max_length=24)
    from_state = models.CharField(max_length=24, blank=True)
    to_state = models.CharField(max_length=24, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject", "subject_id", "-id"], name="event_by_subject")]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id}: {self.verb}"
