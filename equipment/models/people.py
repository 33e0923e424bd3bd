"""Organisations, the people who receive loans and where they live."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from equipment.states import choices
from equipment.words import Living, OrganisationKind, PinAccuracy


class Organisation(models.Model):
    """A council, ICB, trust or provider: the unit of scope and of funding. A provider sees those it serves."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=choices(OrganisationKind))
    provider = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="serves")

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    """Who receives the loan. The NHS number is optional, checked, and never the key."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="people")
    given_name = models.CharField(max_length=60)
    family_name = models.CharField(max_length=60)
    born_on = models.DateField(null=True, blank=True)
    nhs_number = models.CharField("NHS number", max_length=10, null=True, blank=True)  # noqa: DJ001  unique when present
    phone = models.CharField(max_length=20, blank=True)
    weight_kg = models.DecimalField("weight (kg)", max_digits=5, decimal_places=1, null=True, blank=True)
    weighed_on = models.DateField(null=True, blank=True)
    height_cm = models.PositiveSmallIntegerField("height (cm)", null=True, blank=True)
    sling_size = models.CharField(max_length=4, blank=True, help_text="As assessed: S, M, L or XL")
    smokes = models.BooleanField("smokes, or somebody at home does", null=True, blank=True)
    uses_oxygen = models.BooleanField("uses oxygen at home", null=True, blank=True)
    uses_emollients = models.BooleanField("uses skin creams", null=True, blank=True)
    has_smoke_alarm = models.BooleanField("has a working smoke alarm", null=True, blank=True)
    fire_referred_on = models.DateField("referred to the fire service on", null=True, blank=True)
    living = models.CharField(
        "where the person is", max_length=10, choices=choices(Living), default=Living.HOME, editable=False
    )
    died_on = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_from", editable=False
    )

    class Meta:
        ordering = ["family_name", "given_name", "id"]
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "nhs_number"],
                condition=Q(nhs_number__isnull=False),
                name="one_person_per_nhs_number",
            )
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def initials(self) -> str:
        return f"{self.given_name[:1]}{self.family_name[:1]}".upper()


class Address(models.Model):
    """Where kit goes to: how to get in, and where it is on the map. A key-safe code is a row of its own, encrypted."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="addresses")
    line1 = models.CharField(max_length=120)
    line2 = models.CharField(max_length=120, blank=True)
    town = models.CharField(max_length=60, blank=True)
    postcode = models.CharField(max_length=10)
    access_notes = models.CharField(max_length=300, blank=True, help_text="How to get in. Never a key-safe code")
    stairs = models.BooleanField(default=False, help_text="Stairs between the van and the room")
    parking = models.CharField(max_length=120, blank=True)
    received_by = models.CharField("who will be in", max_length=120, blank=True)
    has_key_safe = models.BooleanField(default=False)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    accuracy = models.CharField(max_length=8, choices=choices(PinAccuracy), default=PinAccuracy.NONE)
    location_problem = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "addresses"
        constraints = [
            models.CheckConstraint(
                condition=Q(accuracy=PinAccuracy.NONE, latitude__isnull=True, longitude__isnull=True)
                | (~Q(accuracy=PinAccuracy.NONE) & Q(latitude__isnull=False, longitude__isnull=False)),
                name="a_point_has_an_accuracy",
            )
        ]

    def __str__(self) -> str:
        return ", ".join(part for part in (self.line1, self.line2, self.town, self.postcode) if part)

    @property
    def is_located(self) -> bool:
        return self.accuracy != PinAccuracy.NONE
