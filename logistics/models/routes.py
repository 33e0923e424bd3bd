"""Routes, their stops, and the record of every planning run."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from equipment.states import choices
from logistics.states import RouteState


class PlanRun(models.Model):
    """One run of the planner for one depot: what it was given, what it left out and why, and the checker's verdict."""

    store = models.ForeignKey("equipment.Store", on_delete=models.PROTECT, related_name="plan_runs")
    at = models.DateTimeField()
    engine = models.CharField(max_length=40)
    seed = models.PositiveIntegerField(default=0)
    visits = models.PositiveIntegerField(default=0)
    shifts = models.PositiveIntegerField(default=0)
    planned = models.PositiveIntegerField(default=0)
    cost = models.BigIntegerField(default=0, help_text="Seconds driven plus the prizes of visits left out")
    stored = models.BooleanField(default=False)
    verdict = models.TextField(default="clean", help_text="`clean`, or the faults for which the plan was refused")
    unplanned = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]
        get_latest_by = "id"

    def __str__(self) -> str:
        return f"Plan of {self.store} at {self.at:%d %b %H:%M}"


class Route(models.Model):
    """One crew and van's day."""

    shift = models.OneToOneField("logistics.Shift", on_delete=models.PROTECT, related_name="route")
    store = models.ForeignKey("equipment.Store", on_delete=models.PROTECT, related_name="routes")
    day = models.DateField()
    state = models.CharField(max_length=12, choices=choices(RouteState), default=RouteState.PLANNED, editable=False)
    planned_by = models.ForeignKey(PlanRun, null=True, on_delete=models.PROTECT, related_name="routes")
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    break_from = models.DateTimeField(null=True)
    break_to = models.DateTimeField(null=True)
    drive_minutes = models.PositiveIntegerField(default=0)
    kilometres = models.DecimalField(max_digits=7, decimal_places=1, default=0)

    class Meta:
        ordering = ["day", "shift_id"]
        indexes = [models.Index(fields=["store", "day"], name="route_by_day")]

    def __str__(self) -> str:
        return f"{self.shift.van} on {self.day:%a %d %b}"


class Stop(models.Model):
    """One visit's place on a route, with its planned times."""

    route = models.ForeignKey(Route, on_delete=models.PROTECT, related_name="stops")
    visit = models.ForeignKey("logistics.Visit", on_delete=models.PROTECT, related_name="stops")
    sequence = models.PositiveIntegerField()
    arrive_at = models.DateTimeField()
    begin_at = models.DateTimeField()
    leave_at = models.DateTimeField()
    live = models.BooleanField(
        default=True, help_text="The visit's current place; false once the visit has failed here"
    )

    class Meta:
        ordering = ["route_id", "sequence"]
        constraints = [
            models.UniqueConstraint(
                fields=["route", "sequence"], name="one_stop_per_place", deferrable=models.Deferrable.DEFERRED
            ),
            models.UniqueConstraint(fields=["visit"], condition=Q(live=True), name="one_live_stop_per_visit"),
        ]

    def __str__(self) -> str:
        return f"Stop {self.sequence} of {self.route}"
