"""Vans, the people who drive them, and who is out with which van on which day."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Van(models.Model):
    registration = models.CharField(max_length=12, unique=True)
    store = models.ForeignKey("equipment.Store", on_delete=models.PROTECT, related_name="vans")
    clean_l = models.PositiveIntegerField("clean side (litres)", default=5000)
    dirty_l = models.PositiveIntegerField("dirty side (litres)", default=4000)
    payload_kg = models.PositiveIntegerField("payload (kg)", default=900)

    class Meta:
        ordering = ["registration"]

    def __str__(self) -> str:
        return self.registration


class Driver(models.Model):
    """A driver or driver-technician. `skills` are words separated by spaces, such as `telecare`."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="driver")
    name = models.CharField(max_length=80)
    skills = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def skill_set(self) -> frozenset[str]:
        return frozenset(self.skills.split())


class Shift(models.Model):
    """One van and its crew on one day. The crew's size and skills decide what it may be given (rule 30)."""

    van = models.ForeignKey(Van, on_delete=models.PROTECT, related_name="shifts")
    crew = models.ManyToManyField(Driver, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    break_from = models.DateTimeField(
        null=True, blank=True, help_text="The meal break lies wholly between these two times"
    )
    break_to = models.DateTimeField(null=True, blank=True)
    break_minutes = models.PositiveSmallIntegerField(default=30)

    class Meta:
        ordering = ["starts_at", "van_id"]
        constraints = [
            models.UniqueConstraint(fields=["van", "starts_at"], name="one_shift_per_van_and_start"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.van} on {self.starts_at:%a %d %b}"
