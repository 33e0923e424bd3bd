"""Orders, their lines and what is reserved for them."""

from __future__ import annotations

import uuid

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from equipment.states import choices
from logistics.states import LineState, OrderState


class Prescriber(models.Model):
    """Who may order, and up to what value without asking."""

    organisation = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="prescribers")
    pin = models.CharField("PIN", max_length=12, unique=True)
    name = models.CharField(max_length=80)
    role = models.CharField(max_length=60, blank=True)
    order_limit = models.DecimalField("order limit (£)", max_digits=9, decimal_places=2)
    band = models.PositiveSmallIntegerField(default=0, help_text="Orders products of this band and below (rule 15)")
    active_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name}, {self.role}" if self.role else self.name


class Order(models.Model):
    """What a prescriber asks for, for one person at one address; usually for a discharge."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="orders")
    discharge = models.ForeignKey(
        "logistics.Discharge", null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    person = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="orders")
    address = models.ForeignKey("equipment.Address", on_delete=models.PROTECT, related_name="orders")
    store = models.ForeignKey(
        "equipment.Store", on_delete=models.PROTECT, related_name="orders", help_text="The depot that delivers"
    )
    prescriber = models.ForeignKey(Prescriber, on_delete=models.PROTECT, related_name="orders")
    funder = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="funded_orders")
    cost_centre = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=24, choices=choices(OrderState), editable=False)
    placed_at = models.DateTimeField()
    authorised_at = models.DateTimeField(null=True, editable=False)
    authorised_by = models.CharField(max_length=80, blank=True, editable=False)
    authorised_value = models.DecimalField(
        "value authorised (£)", max_digits=11, decimal_places=2, null=True, editable=False
    )
    duplicate_reason = models.CharField(
        max_length=300, blank=True, help_text="Why it was ordered although the person has one already (rule 19)"
    )
    needed_by = models.DateTimeField(null=True, editable=False, help_text="From the current EDD (rule 23)")
    sla_due_at = models.DateTimeField(
        null=True, editable=False, help_text="From the contract's speed; never rewritten (rule 22)"
    )

    class Meta:
        ordering = ["-placed_at", "-id"]
        indexes = [
            models.Index(fields=["organisation", "-placed_at"], name="order_by_organisation"),
            models.Index(fields=["state", "-placed_at"], name="order_by_state"),
        ]

    def __str__(self) -> str:
        return f"Order {self.pk}"


class OrderLine(models.Model):
    """One product of an order. A composite's parts are lines of their own, `part_of` its line (rule 11)."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    part_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts")
    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="order_lines")
    quantity = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    critical = models.BooleanField("critical to discharge", default=True)
    unit_price = models.DecimalField("price then in force (£)", max_digits=9, decimal_places=2)
    state = models.CharField(max_length=12, choices=choices(LineState), default=LineState.OPEN, editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["product"], condition=Q(state=LineState.OPEN), name="open_line_by_product")]
        constraints = [models.CheckConstraint(condition=Q(quantity__gte=1), name="line_of_at_least_one")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.product.name}"


class Allocation(models.Model):
    """Which reservation serves which order line."""

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="allocations")
    reservation = models.OneToOneField("equipment.Reservation", on_delete=models.PROTECT, related_name="allocation")

    def __str__(self) -> str:
        return f"{self.reservation} on line {self.line_id}"
