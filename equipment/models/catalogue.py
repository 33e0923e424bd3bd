"""What can be lent: products, their parts and the tests they need."""

from __future__ import annotations

from datetime import date

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from equipment.states import CleaningMethod, Reuse, TestKind, Tracking, choices


class Product(models.Model):
    """A catalogue line. It says how its assets are tracked, cleaned, tested, carried and fitted; it is never itself
    lent.
    """

    stock_code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    iso9999 = models.CharField("ISO 9999 class", max_length=12, blank=True)
    tracking = models.CharField(max_length=12, choices=choices(Tracking), default=Tracking.SERIALISED)
    reuse = models.CharField(max_length=16, choices=choices(Reuse), default=Reuse.REUSABLE)
    length_mm = models.PositiveIntegerField(default=0)
    width_mm = models.PositiveIntegerField(default=0)
    height_mm = models.PositiveIntegerField(default=0)
    volume_l = models.PositiveIntegerField(
        "load volume (litres)", default=10, help_text="As it travels, folded and bagged"
    )
    weight_kg = models.DecimalField("weight (kg)", max_digits=6, decimal_places=2, default=1)
    safe_working_load_kg = models.PositiveIntegerField("safe working load (kg)", null=True, blank=True)
    weight_critical = models.BooleanField(
        default=False, help_text="Never issued to a person whose weight is not on record (rule 12)"
    )
    fitting_minutes = models.PositiveIntegerField(default=5)
    crew_size = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    skill = models.CharField(max_length=20, blank=True, help_text="A skill the crew must have, such as telecare")
    bulky = models.BooleanField(
        default=False, help_text="Delivered the working day before, with room for a second attempt"
    )
    cleaning_method = models.CharField(max_length=20, choices=choices(CleaningMethod), default=CleaningMethod.DETERGENT)
    price = models.DecimalField("price (£)", max_digits=9, decimal_places=2, default=0)
    withdrawn_on = models.DateField(null=True, blank=True, help_text="No new orders from this day on")

    class Meta:
        ordering = ["stock_code"]

    def __str__(self) -> str:
        return f"{self.stock_code} {self.name}"

    @property
    def is_composite(self) -> bool:
        return self.tracking == Tracking.COMPOSITE

    @property
    def is_serialised(self) -> bool:
        return self.tracking == Tracking.SERIALISED

    def withdrawn(self, on: date) -> bool:
        return self.withdrawn_on is not None and self.withdrawn_on <= on


class CompositePart(models.Model):
    """A composite product is issued as its parts, all of them (rule 11)."""

    composite = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="parts")
    part = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="part_of")
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["composite_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["composite", "part"], name="one_row_per_part"),
            models.CheckConstraint(condition=~Q(composite=F("part")), name="composite_is_not_its_own_part"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="part_quantity_at_least_one"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.part} in {self.composite}"


class TestRegime(models.Model):
    """A test every asset of the product needs. `remaining_days` is the least validity at issue (rule 5)."""

    __test__ = False

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="regimes")
    kind = models.CharField(max_length=12, choices=choices(TestKind))
    interval_days = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: due on return only")
    on_return = models.BooleanField(default=False, help_text="Needed after every return, whatever the date")
    remaining_days = models.PositiveIntegerField(default=28)

    class Meta:
        ordering = ["product_id", "kind"]
        constraints = [models.UniqueConstraint(fields=["product", "kind"], name="one_regime_per_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.product}"
