from __future__ import annotations

from django.db import models


class AssetEvent(models.Model):
    """What happened to an asset: by whom, when, why. Append-only, by a trigger in the database (rule 40)."""

    asset = models.ForeignKey("equipment.Asset", on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=24)
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["asset", "-id"], name="event_by_asset")]

    def __str__(self) -> str:
        return f"{self.verb} at {self.at:%Y-%m-%d %H:%M}"


class FloorEvent(models.Model):
    """What happened to a job of the store: a transfer, a count, a wash run, an import. Append-only, by a trigger."""

    subject = models.CharField(max_length=12)
    subject_id = models.BigIntegerField()
    verb = models.CharField(max_length=24)
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16, blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["subject", "subject_id", "-id"], name="floor_event_by_subject")]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id}: {self.verb}"


class PersonEvent(models.Model):
    """What happened to a person's record: measured, assessed, merged, died. Append-only, by a trigger (rule 40)."""

    person = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=24)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["person", "-id"], name="event_by_person")]

    def __str__(self) -> str:
        return f"{self.verb} at {self.at:%Y-%m-%d %H:%M}"
