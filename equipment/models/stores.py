from __future__ import annotations

from django.db import models

from equipment.states import choices
from equipment.words import StoreKind


class Store(models.Model):
    """A depot, satellite or buffer store. `weekdays` are the days it works, Monday first."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=choices(StoreKind))
    organisation = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="stores")
    address = models.CharField(max_length=200)
    postcode = models.CharField(max_length=10)
    latitude = models.FloatField()
    longitude = models.FloatField()
    phone = models.CharField(max_length=20, blank=True)
    weekdays = models.CharField(
        max_length=7, default="1111100", help_text="Seven digits, Monday first: 1 open, 0 closed"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name
