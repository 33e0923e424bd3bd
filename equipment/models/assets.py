from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from equipment.states import AT_STORE, ON_VEHICLE, AssetState, choices


class Asset(models.Model):
    """One serialised physical thing, in exactly one place and one state (rule 6).

    `soiled_at`, `cleaned_at` and `test_due_on` repeat facts of the safety records so that a shelf of 250,000 can be
    searched by index; the verbs that write those records write them too, and every issue is decided on the records
    themselves.
    """

    number = models.CharField("asset number", max_length=12, unique=True, help_text="Six digits and a check digit")
    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="assets")
    owner = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="assets")
    serial = models.CharField("maker's serial", max_length=60, blank=True)
    barcode = models.CharField(
        max_length=80, unique=True, null=True, blank=True, help_text="GS1 or maker's code, if any"
    )
    state = models.CharField(max_length=16, choices=choices(AssetState), default=AssetState.RECEIVED, editable=False)
    store = models.ForeignKey("equipment.Store", null=True, blank=True, on_delete=models.PROTECT, related_name="assets")
    location = models.ForeignKey(
        "equipment.Location", null=True, blank=True, on_delete=models.PROTECT, related_name="assets", editable=False
    )
    vehicle = models.CharField(max_length=12, blank=True, help_text="Registration of the van it is on")
    since = models.DateTimeField("in this state since", null=True, editable=False)
    receipt = models.ForeignKey(
        "equipment.Receipt", null=True, blank=True, on_delete=models.PROTECT, related_name="assets", editable=False
    )
    batch = models.CharField(max_length=40, blank=True)
    received_on = models.DateField()
    made_on = models.DateField(null=True, blank=True, help_text="Date of manufacture, from its plate or code")
    accepted_at = models.DateTimeField(null=True, editable=False)
    soiled_at = models.DateTimeField("last returned or soiled", null=True, editable=False)
    cleaned_at = models.DateTimeField(null=True, editable=False)
    test_due_on = models.DateField(null=True, editable=False, help_text="The first of its tests to fall due")
    loans_count = models.PositiveIntegerField(default=0, editable=False)
    purchase_price = models.DecimalField("purchase price (£)", max_digits=9, decimal_places=2, default=0)

    class Meta:
        ordering = ["number"]
        indexes = [
            # The one reader is `availability.shelf`: what could go out, recycled before new.
            models.Index(
                fields=["product", "store", "test_due_on"],
                condition=Q(state=AssetState.AVAILABLE),
                name="asset_on_shelf",
            ),
            models.Index(fields=["state", "store", "since"], name="asset_by_state"),
            models.Index(fields=["serial"], name="asset_by_serial"),
            models.Index(fields=["batch"], condition=~Q(batch=""), name="asset_by_batch"),
            # What a calendar of tests and the home visits for them ask.
            models.Index(fields=["test_due_on"], condition=Q(test_due_on__isnull=False), name="asset_by_test_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "serial"], condition=~Q(serial=""), name="one_asset_per_serial_of_a_product"
            ),
            models.CheckConstraint(
                condition=Q(location__isnull=True) | Q(store__isnull=False), name="a_location_is_in_a_store"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*sorted(AT_STORE)], store__isnull=False, vehicle="")
                | (Q(state__in=[*sorted(ON_VEHICLE)], store__isnull=True) & ~Q(vehicle=""))
                | (~Q(state__in=[*sorted(AT_STORE | ON_VEHICLE)]) & Q(store__isnull=True, vehicle="")),
                name="asset_in_exactly_one_place",
            ),
            # Rule 1, kept by the database too: nothing stands on a shelf unaccepted, or dirty since its last return.
            models.CheckConstraint(
                condition=~Q(state=AssetState.AVAILABLE)
                | (Q(soiled_at__isnull=True) & Q(accepted_at__isnull=False))
                # Spelt out, because a comparison with NULL is unknown and an unknown check passes.
                | Q(soiled_at__isnull=False, cleaned_at__isnull=False, cleaned_at__gt=F("soiled_at")),
                name="on_the_shelf_only_if_clean",
            ),
        ]

    def __str__(self) -> str:
        return self.number
