"""Stock that is counted rather than numbered, and reservations of either kind."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from equipment.states import choices
from equipment.words import MovementKind


class StockLine(models.Model):
    """Batch or quantity-only stock of a product in a store. `count` is the sum of its movements (rule 14), kept under
    the same row lock as the movement; `reserved` is the sum of live reservations, so the database refuses to oversell
    (rule 7)."""

    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="stock_lines")
    store = models.ForeignKey("equipment.Store", on_delete=models.PROTECT, related_name="stock_lines")
    batch = models.CharField(max_length=40, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    location = models.ForeignKey(
        "equipment.Location", null=True, blank=True, on_delete=models.PROTECT, related_name="stock_lines"
    )
    alert = models.ForeignKey(
        "equipment.Alert",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="stock_lines",
        editable=False,
        help_text="Held under this safety alert: never issued",
    )
    dirty = models.BooleanField(default=False, help_text="Returned and waiting to be cleaned: never issued")
    count = models.PositiveIntegerField(default=0, editable=False)
    reserved = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["product_id", "store_id", "expires_on", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "store", "batch", "dirty"], name="one_line_per_batch"),
            models.CheckConstraint(condition=Q(reserved__lte=F("count")), name="stock_never_oversold"),
            models.CheckConstraint(condition=Q(dirty=False) | Q(reserved=0), name="dirty_stock_is_not_reserved"),
        ]

    def __str__(self) -> str:
        return f"{self.product} at {self.store}"

    @property
    def free(self) -> int:
        return self.count - self.reserved


class StockMovement(models.Model):
    """One change of a count. Append-only, by a trigger in the database."""

    line = models.ForeignKey(StockLine, on_delete=models.PROTECT, related_name="movements")
    quantity = models.IntegerField(help_text="Positive in, negative out")
    kind = models.CharField(max_length=12, choices=choices(MovementKind))
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(quantity=0), name="movement_moves_something")]

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.line}"


class StockAdjustment(models.Model):
    """A correction of a count: above a value it waits for a second person (rule 14). Decided once."""

    line = models.ForeignKey(StockLine, on_delete=models.PROTECT, related_name="adjustments")
    quantity = models.IntegerField(help_text="Positive in, negative out")
    value = models.DecimalField("value (£)", max_digits=9, decimal_places=2)
    reason = models.CharField(max_length=300)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=80)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, blank=True)
    approved = models.BooleanField(null=True)
    movement = models.OneToOneField(StockMovement, null=True, on_delete=models.PROTECT, related_name="adjustment")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="adjustment_adjusts_something"),
            models.CheckConstraint(
                condition=Q(approved__isnull=True, decided_at__isnull=True, movement__isnull=True)
                | Q(approved=False, decided_at__isnull=False, movement__isnull=True)
                | Q(approved=True, decided_at__isnull=False, movement__isnull=False),
                name="adjustment_moves_stock_when_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.line}"


class Reservation(models.Model):
    """A hold on one asset, or on a quantity of a stock line, for one person. Live until released or used."""

    person = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="reservations")
    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="reservations")
    asset = models.ForeignKey(
        "equipment.Asset", null=True, blank=True, on_delete=models.PROTECT, related_name="reservations"
    )
    stock_line = models.ForeignKey(
        StockLine, null=True, blank=True, on_delete=models.PROTECT, related_name="reservations"
    )
    quantity = models.PositiveIntegerField(default=1)
    recycled = models.BooleanField(default=False, help_text="The asset has been on loan before")
    composite = models.ForeignKey(
        "equipment.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kit = models.UUIDField(null=True, blank=True, db_index=True, help_text="Shared by the parts of one composite")
    made_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True, help_text="Left the building")
    ended_at = models.DateTimeField(null=True, help_text="Released, or turned into a loan")
    loan = models.OneToOneField("equipment.Loan", null=True, on_delete=models.PROTECT, related_name="reservation")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["product"], condition=Q(ended_at__isnull=True), name="live_reservation_by_product")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["asset"], condition=Q(ended_at__isnull=True), name="one_live_reservation_per_asset"
            ),
            models.CheckConstraint(
                condition=Q(asset__isnull=False, stock_line__isnull=True, quantity=1)
                | Q(asset__isnull=True, stock_line__isnull=False, quantity__gte=1),
                name="reservation_of_asset_or_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset or self.stock_line} for {self.person.initials}"

    @property
    def is_live(self) -> bool:
        return self.ended_at is None
