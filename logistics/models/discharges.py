from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from equipment.states import choices
from logistics.states import DischargeState, EddSource


class Discharge(models.Model):
    """One hospital stay seen from its end.

    `expected_on` repeats the current EDD version; the versions are the truth.
    """

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="discharges")
    person = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="discharges")
    address = models.ForeignKey("equipment.Address", on_delete=models.PROTECT, related_name="discharges")
    hospital = models.CharField(max_length=80)
    ward = models.CharField(max_length=40, blank=True)
    visit_number = models.CharField(max_length=40, blank=True, help_text="The hospital's number for this stay (PV1-19)")
    pathway = models.CharField(max_length=2, blank=True, help_text="P0 to P3")
    state = models.CharField(
        max_length=12, choices=choices(DischargeState), default=DischargeState.EXPECTED, editable=False
    )
    expected_on = models.DateField("expected discharge date", null=True, editable=False)
    left_at = models.DateTimeField("left hospital", null=True, editable=False)
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ["expected_on", "id"]
        indexes = [models.Index(fields=["organisation", "expected_on"], name="discharge_board")]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "hospital", "visit_number"],
                condition=~Q(visit_number=""),
                name="one_discharge_per_stay",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person.initials} from {self.hospital} {self.ward}".strip()


class ExpectedDate(models.Model):
    """One version of the EDD, kept for ever: who knew what when.

    Ordered by `said_at`; an older word never wins (rule 23).
    """

    discharge = models.ForeignKey(Discharge, on_delete=models.PROTECT, related_name="expected_dates")
    value = models.DateField(null=True, help_text="Empty: withdrawn")
    source = models.CharField(max_length=8, choices=choices(EddSource))
    said_at = models.DateTimeField(help_text="When the source said it")
    received_at = models.DateTimeField()
    by = models.CharField(max_length=80)
    reason = models.CharField(max_length=200, blank=True)
    superseded = models.BooleanField(default=False, help_text="Arrived after a newer one: recorded, never in force")

    class Meta:
        ordering = ["-said_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["discharge", "said_at", "source", "value"], name="one_version_per_message", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.value or 'withdrawn'} said {self.said_at:%Y-%m-%d %H:%M}"
