from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from equipment.jobs import CLEAN_SIDE, DIRTY_SIDE, Capability
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
    supplied_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="supplies", help_text="Tops it up"
    )
    weekdays = models.CharField(
        max_length=7, default="1111100", help_text="Seven digits, Monday first: 1 open, 0 closed"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Location(models.Model):
    """A place inside a store: a bay, a bench, a shelf. Dirty and clean never share one (section 3.4 of the brief)."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="locations")
    code = models.CharField(max_length=20, help_text="As on its label, such as A-03-2; pick lists follow this order")
    name = models.CharField(max_length=60, blank=True)
    capabilities = ArrayField(models.CharField(max_length=8, choices=choices(Capability)))
    closed_on = models.DateField(null=True, blank=True, help_text="Nothing is put here from this day on")

    class Meta:
        ordering = ["store_id", "code"]
        constraints = [
            models.UniqueConstraint(fields=["store", "code"], name="one_location_per_code"),
            models.CheckConstraint(
                condition=~Q(capabilities__overlap=sorted(DIRTY_SIDE)) | ~Q(capabilities__overlap=sorted(CLEAN_SIDE)),
                name="dirty_and_clean_never_share_a_location",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class StockLevel(models.Model):
    """How much of a product a store keeps: below `minimum` a top-up to `maximum` is suggested."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="levels")
    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="levels")
    minimum = models.PositiveIntegerField()
    maximum = models.PositiveIntegerField()

    class Meta:
        ordering = ["store_id", "product_id"]
        constraints = [
            models.UniqueConstraint(fields=["store", "product"], name="one_level_per_store_and_product"),
            models.CheckConstraint(condition=Q(maximum__gte=F("minimum")), name="maximum_not_below_minimum"),
        ]

    def __str__(self) -> str:
        return f"{self.minimum} to {self.maximum} of {self.product} at {self.store}"
