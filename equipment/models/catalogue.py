"""What can be lent: products, their parts and the tests they need."""

from __future__ import annotations

from datetime import date

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least

from equipment.states import CleaningMethod, Reuse, TestKind, Tracking, choices
from equipment.words import Connectivity, Use


class Product(models.Model):
    """A catalogue line. It says how its assets are tracked, cleaned, tested, carried and fitted; it is never itself
    lent.
    """

    stock_code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    maker = models.CharField(max_length=80, blank=True)
    model = models.CharField(max_length=60, blank=True, help_text="The maker's name for it, as safety alerts give it")
    use = models.CharField(
        max_length=10, choices=choices(Use), blank=True, help_text="What it does in a set: safety rules ask for it"
    )
    size = models.CharField(max_length=4, blank=True, help_text="Of a sling: S, M, L or XL")
    connectivity = models.CharField(
        max_length=10, choices=choices(Connectivity), blank=True, help_text="Of a telecare hub"
    )
    iso9999 = models.CharField("ISO 9999 class", max_length=12, blank=True)
    gtin = models.CharField(
        "GTIN",
        max_length=14,
        null=True,
        blank=True,
        unique=True,
        validators=[RegexValidator(r"^[0-9]{14}$", "Fourteen digits: put zeros in front of a shorter one.")],
        help_text="Fourteen digits, as in the maker's GS1 code",
    )
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
    min_height_cm = models.PositiveSmallIntegerField(
        "least height (cm)", null=True, blank=True, help_text="Of the person. Empty: for a bed or rail the usual limit"
    )
    min_weight_kg = models.PositiveSmallIntegerField(
        "least weight (kg)", null=True, blank=True, help_text="Of the person. Empty: for a bed or rail the usual limit"
    )
    min_bmi = models.PositiveSmallIntegerField(
        "least body mass index", null=True, blank=True, help_text="Empty: for a bed or rail the usual limit"
    )
    review_days = models.PositiveSmallIntegerField(
        "review after (days)", null=True, blank=True, help_text="Empty: as the service has agreed"
    )
    fitting_minutes = models.PositiveIntegerField(default=5)
    crew_size = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    skill = models.CharField(max_length=20, blank=True, help_text="A skill the crew must have, such as telecare")
    bulky = models.BooleanField(
        default=False, help_text="Delivered the working day before, with room for a second attempt"
    )
    cleaning_method = models.CharField(max_length=20, choices=choices(CleaningMethod), default=CleaningMethod.DETERGENT)
    price = models.DecimalField("price (£)", max_digits=9, decimal_places=2, default=0)
    life_years = models.PositiveSmallIntegerField(
        "working life (years)", null=True, blank=True, help_text="Older than this, repair is not worth its cost"
    )
    life_loans = models.PositiveSmallIntegerField("working life (loans)", null=True, blank=True)
    holds_data = models.BooleanField(
        default=False, help_text="Remembers something of the person: wiped, with a record, before it is disposed of"
    )
    band = models.PositiveSmallIntegerField(
        default=0, help_text="Ordered by prescribers of this band or a higher one; 0: by all (rule 15)"
    )
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
    kind = models.CharField(max_length=12, choices=[c for c in choices(TestKind) if c[0] != TestKind.ACCEPTANCE])
    interval_days = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: due on return only")
    on_return = models.BooleanField(default=False, help_text="Needed after every return, whatever the date")
    remaining_days = models.PositiveIntegerField(default=28)
    minutes = models.PositiveSmallIntegerField(
        "minutes at home", default=20, help_text="What it takes when it falls due while the asset is on loan"
    )

    class Meta:
        ordering = ["product_id", "kind"]
        constraints = [models.UniqueConstraint(fields=["product", "kind"], name="one_regime_per_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.product}"


class ApprovedEquivalent(models.Model):
    """A product that may go out instead of another, without asking the prescriber (rule 10). One way only."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="equivalents")
    substitute = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="stands_in_for")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["product_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "substitute"], name="one_row_per_equivalent"),
            models.CheckConstraint(condition=~Q(product=F("substitute")), name="equivalent_is_another_product"),
        ]

    def __str__(self) -> str:
        return f"{self.substitute} for {self.product}"


class Incompatibility(models.Model):
    """Two products that must never be used together, and why (rule 11). The order of the two means nothing."""

    one = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    why = models.CharField(max_length=200)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "incompatibilities"
        constraints = [
            models.UniqueConstraint(Least("one", "other"), Greatest("one", "other"), name="one_row_per_pair"),
            models.CheckConstraint(condition=~Q(one=F("other")), name="incompatible_with_another"),
        ]

    def __str__(self) -> str:
        return f"{self.one} never with {self.other}"


class Compatibility(models.Model):
    """Two products approved to be used together, and by whom (rule 11). Where a product names partners of one use, it
    works with no others of that use.
    """

    one = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=200, help_text="Where it is approved: the maker's list, its edition")

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "compatibilities"
        constraints = [
            models.UniqueConstraint(Least("one", "other"), Greatest("one", "other"), name="one_row_per_partners"),
            models.CheckConstraint(condition=~Q(one=F("other")), name="compatible_with_another"),
        ]

    def __str__(self) -> str:
        return f"{self.one} with {self.other}"


class Check(models.Model):
    """One line of a product's checklist for one kind of test: answered yes or no each time."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="checks")
    kind = models.CharField(max_length=12, choices=choices(TestKind))
    text = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["product_id", "kind", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["product", "kind", "text"], name="each_check_once")]

    def __str__(self) -> str:
        return self.text
