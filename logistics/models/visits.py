"""Doors to call at, what to do there, and who owns the next step when it did not work."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from equipment.states import Condition, Infection, choices
from logistics.states import LIVE_VISIT, ActivityKind, ActivityState, FailureReason, FollowUpKind, VisitState


class Visit(models.Model):
    """One address to be called at once, with its activities.

    `window_from/to` is what a plan gave; on a confirmed route it is kept.
    """

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="visits")
    store = models.ForeignKey("equipment.Store", on_delete=models.PROTECT, related_name="visits")
    person = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="visits")
    address = models.ForeignKey("equipment.Address", on_delete=models.PROTECT, related_name="visits")
    discharge = models.ForeignKey(
        "logistics.Discharge", null=True, blank=True, on_delete=models.PROTECT, related_name="visits"
    )
    attempt_of = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="next_attempt"
    )
    state = models.CharField(max_length=12, choices=choices(VisitState), default=VisitState.OPEN, editable=False)
    critical = models.BooleanField("critical to discharge", default=False)
    needed_by = models.DateTimeField(null=True, blank=True)
    not_before = models.DateField(null=True, blank=True)
    window_from = models.DateTimeField(null=True, editable=False)
    window_to = models.DateTimeField(null=True, editable=False)
    unplanned_code = models.CharField(max_length=20, blank=True, editable=False)
    unplanned_reason = models.CharField(max_length=300, blank=True, editable=False)
    raised_at = models.DateTimeField()
    arrived_at = models.DateTimeField(null=True, editable=False)
    left_at = models.DateTimeField(null=True, editable=False)
    received_by = models.CharField(max_length=120, blank=True)
    failure = models.CharField(max_length=16, choices=choices(FailureReason), blank=True)
    failure_note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["store", "state"], condition=Q(state__in=sorted(LIVE_VISIT)), name="live_visit_by_store"
            ),
            models.Index(fields=["discharge"], name="visit_by_discharge"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=VisitState.FAILED) | ~Q(failure=""), name="a_failure_has_a_coded_reason"
            )
        ]

    def __str__(self) -> str:
        return f"Visit {self.pk}"


class Activity(models.Model):
    """One thing to do at the door: deliver a reservation, collect a loan, or test what is on loan. In an exchange the
    delivery names the loan it replaces, so that nobody is left without.
    """

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="activities")
    kind = models.CharField(max_length=12, choices=choices(ActivityKind))
    state = models.CharField(max_length=12, choices=choices(ActivityState), default=ActivityState.OPEN, editable=False)
    reservation = models.ForeignKey(
        "equipment.Reservation", null=True, blank=True, on_delete=models.PROTECT, related_name="activities"
    )
    line = models.ForeignKey(
        "logistics.OrderLine", null=True, blank=True, on_delete=models.PROTECT, related_name="activities"
    )
    loan = models.ForeignKey(
        "equipment.Loan", null=True, blank=True, on_delete=models.PROTECT, related_name="activities"
    )
    instead_of = models.ForeignKey(
        "equipment.Loan", null=True, blank=True, on_delete=models.PROTECT, related_name="replacements"
    )
    tests = models.JSONField(default=list, blank=True, help_text="Kinds of test to make, of an inspection")
    fitted = models.BooleanField(default=False)
    demonstrated = models.BooleanField(default=False)
    test_call_heard_by = models.CharField(
        max_length=80, blank=True, help_text="Who at the alarm centre heard the test call"
    )
    condition = models.CharField(max_length=12, choices=choices(Condition), blank=True)
    infection = models.CharField(max_length=16, choices=choices(Infection), blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "activities"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=ActivityKind.DELIVERY, reservation__isnull=False, loan__isnull=True)
                | Q(
                    kind__in=[ActivityKind.COLLECTION, ActivityKind.INSPECTION],
                    reservation__isnull=True,
                    loan__isnull=False,
                    instead_of__isnull=True,
                ),
                name="activity_delivers_or_collects",
            ),
            models.UniqueConstraint(
                fields=["reservation"], condition=Q(state=ActivityState.OPEN), name="one_open_delivery_per_reservation"
            ),
            models.UniqueConstraint(
                fields=["loan", "kind"], condition=Q(state=ActivityState.OPEN), name="one_open_collection_per_loan"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on visit {self.visit_id}"


class FollowUp(models.Model):
    """The next step after something did not work, and who owns it (rule 33)."""

    visit = models.ForeignKey(Visit, null=True, blank=True, on_delete=models.PROTECT, related_name="follow_ups")
    person = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="follow_ups")
    loan = models.ForeignKey(
        "equipment.Loan", null=True, blank=True, on_delete=models.PROTECT, related_name="follow_ups"
    )
    kind = models.CharField(max_length=14, choices=choices(FollowUpKind), default=FollowUpKind.FAILED_VISIT)
    owner = models.CharField(max_length=80)
    action = models.CharField(max_length=300)
    due_on = models.DateField(null=True, blank=True, help_text="Not to be done before this day")
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["kind"], condition=Q(closed_at__isnull=True), name="open_follow_up_by_kind"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["loan", "kind"],
                condition=Q(closed_at__isnull=True, loan__isnull=False),
                name="one_open_follow_up_per_loan_and_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner}: {self.action}"
