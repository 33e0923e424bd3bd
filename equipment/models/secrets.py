"""What only the crew at the door may read, encrypted; and who has read it (rule 39)."""

from __future__ import annotations

from django.db import models

from equipment.states import choices
from equipment.words import MarkerKind, SecretKind


class KeySafeCode(models.Model):
    """The code of an address's key safe. Written and read by `equipment.secrets` only."""

    address = models.OneToOneField("equipment.Address", on_delete=models.PROTECT, related_name="key_safe")
    ciphertext = models.TextField(editable=False)
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"Key safe of address {self.address_id}"


class RiskMarker(models.Model):
    """A danger at a door: for a reason, looked at again by somebody, and gone on its day."""

    address = models.ForeignKey("equipment.Address", on_delete=models.PROTECT, related_name="markers")
    kind = models.CharField(max_length=12, choices=choices(MarkerKind))
    ciphertext = models.TextField(editable=False, help_text="What a crew must know")
    reason = models.CharField(max_length=200, help_text="Why it is on record, without naming anybody")
    raised_at = models.DateTimeField()
    raised_by = models.CharField(max_length=80)
    reviewer = models.CharField(max_length=80, help_text="Who looks at it again")
    expires_on = models.DateField(help_text="It counts up to and including this day")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at address {self.address_id}"


class SecretView(models.Model):
    """Somebody read a secret: who, when, what for. Append-only, by a trigger in the database."""

    kind = models.CharField(max_length=12, choices=choices(SecretKind))
    subject_id = models.BigIntegerField(help_text="The address, or the alert")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    purpose = models.CharField(max_length=200, help_text="The visit, or the reason given")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "subject_id", "-id"], name="view_by_subject")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject_id} read {self.at:%Y-%m-%d %H:%M}"
