"""Where postcodes are. Filled only by `logistics/gazetteer.py`, from files that each operator fetches itself."""

from __future__ import annotations

from django.db import models


class Accuracy(models.TextChoices):
    """How close the point is to the door. No file is good to the house: that takes a pin set by a person."""

    UNIT = "unit", "postcode, metres"
    SECTOR = "sector", "sector, hundreds of metres to kilometres"
    NONE = "none", "no coordinate"


class Postcode(models.Model):
    """One postcode as the last loaded file has it. Degrees are WGS84; both are null when it has no coordinate."""

    # Collation C: keys compare as bytes, so the merge of a million sorted rows needs no language rules.
    postcode = models.CharField(primary_key=True, max_length=7, db_collation="C", help_text="No space, upper case.")
    sector = models.CharField(max_length=5, db_collation="C", help_text="All but the last two letters.")
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    accuracy = models.CharField(max_length=6, choices=Accuracy.choices)
    terminated_on = models.DateField(null=True, blank=True, help_text="First day of the month of termination.")
    district = models.CharField(max_length=9, blank=True, help_text="Code of the local authority.")
    health = models.CharField(max_length=9, blank=True, help_text="Code of the health body.")
    source = models.CharField(max_length=40, help_text="The edition that last changed this row.")

    class Meta:
        # Named here and not by db_index, which would add a second index for LIKE.
        indexes = [models.Index(fields=["sector"], name="postcode_sector")]
        constraints = [
            models.CheckConstraint(
                name="postcode_point_matches_accuracy",
                condition=models.Q(accuracy=Accuracy.NONE, latitude__isnull=True, longitude__isnull=True)
                | models.Q(
                    accuracy__in=[Accuracy.UNIT, Accuracy.SECTOR], latitude__isnull=False, longitude__isnull=False
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.postcode[:-3]} {self.postcode[-3:]}"


class Sector(models.Model):
    """The mean of a sector's live unit points: stands in, flagged, for a postcode without a point of its own."""

    sector = models.CharField(primary_key=True, max_length=5, db_collation="C")
    latitude = models.FloatField()
    longitude = models.FloatField()
    postcodes = models.PositiveIntegerField(help_text="How many unit points the mean is of.")

    def __str__(self) -> str:
        return f"{self.sector[:-1]} {self.sector[-1:]}"


class Gazetteer(models.Model):
    """One load of one file: what was read, from where and what was left out. Rows are added, never edited."""

    class Kind(models.TextChoices):
        CODEPO = "codepo", "OS Code-Point Open"
        ONSPD = "onspd", "ONS Postcode Directory"
        NSPL = "nspl", "National Statistics Postcode Lookup"
        ONS = "ons", "Other file with ONS columns"

    file_name = models.CharField(max_length=255)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    source = models.CharField(max_length=40)
    rows = models.PositiveIntegerField(help_text="Postcodes in the file, each counted once.")
    added = models.PositiveIntegerField()
    changed = models.PositiveIntegerField()
    skipped = models.JSONField(default=dict, help_text="Why rows were left out, and how many.")
    sha256 = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "gazetteer loads"
        ordering = ["-loaded_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.source}: {self.rows} rows"
