from __future__ import annotations

from django.db import models

from equipment.states import choices
from logistics.states import ActionOutcome


class DriverAction(models.Model):
    """One thing a crew did, under the key its phone made: accepted once, with both clocks (rule 34).

    What no longer fits when it reaches us is kept as a conflict for a person, and nothing is overwritten.
    """

    key = models.UUIDField(unique=True)
    driver = models.ForeignKey("logistics.Driver", on_delete=models.PROTECT, related_name="actions")
    visit = models.ForeignKey(
        "logistics.Visit", null=True, blank=True, on_delete=models.PROTECT, related_name="actions"
    )
    verb = models.CharField(max_length=12)
    place = models.PositiveIntegerField(help_text="Its place in what this phone did that day")
    device_at = models.DateTimeField(help_text="By the phone's clock")
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=choices(ActionOutcome))
    detail = models.CharField(max_length=300, blank=True)
    given = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["driver", "-id"], name="action_by_driver")]

    def __str__(self) -> str:
        return f"{self.verb} at {self.device_at:%H:%M}"
