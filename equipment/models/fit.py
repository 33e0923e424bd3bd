"""What was judged about one person and one product: risk assessments, and what was overridden, by whom, until when."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from equipment.states import TestKind, choices


class RiskAssessment(models.Model):
    """A rail, lever or turning device judged for this person on this bed and mattress (rule 13).

    Whether it still holds is computed: another bed or mattress, or a very different weight, voids it by itself.
    """

    person = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="risk_assessments")
    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="+")
    bed = models.ForeignKey("equipment.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    mattress = models.ForeignKey("equipment.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    suitable = models.BooleanField()
    assessor = models.CharField(max_length=80)
    assessed_on = models.DateField()
    review_on = models.DateField(help_text="It counts up to and including this day")
    weight_kg = models.DecimalField("weight then (kg)", max_digits=5, decimal_places=1, null=True, blank=True)
    notes = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=80)
    voided_at = models.DateTimeField(null=True)
    voided_by = models.CharField(max_length=80, blank=True)
    void_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["person"], condition=Q(voided_at__isnull=True), name="standing_assessment_by_person")
        ]
        constraints = [
            models.CheckConstraint(condition=Q(review_on__gte=F("assessed_on")), name="assessment_reviewed_after_it")
        ]

    def __str__(self) -> str:
        return f"{self.product} for {self.person.initials}"


class Override(models.Model):
    """One reason of fitness set aside for one person and product: named, reasoned and for a time."""

    person = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="overrides")
    product = models.ForeignKey("equipment.Product", on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=24, help_text="The reason set aside, such as too_small")
    reason = models.CharField(max_length=300)
    authorised_by = models.CharField(max_length=80, help_text="Name and role of who answers for it")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    expires_on = models.DateField(help_text="It counts up to and including this day")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "product", "code"], condition=Q(ended_at__isnull=True), name="one_override_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.product} for {self.person.initials}"


class PersonMerge(models.Model):
    """Two records of one person made one, with what moved, so that it can be taken apart again (rule 29)."""

    kept = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="merges")
    gone = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="+")
    moved = models.JSONField(default=dict, help_text="Keys of the rows that moved, by model and field")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=80, blank=True)
    undo_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["gone"], condition=Q(undone_at__isnull=True), name="merged_once_at_a_time"),
            models.CheckConstraint(condition=~Q(kept=F("gone")), name="merged_with_another"),
        ]

    def __str__(self) -> str:
        return f"Merge {self.pk}"


class Competence(models.Model):
    """Who may examine what, and until when: the register of competent persons."""

    organisation = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="competences")
    store = models.ForeignKey(
        "equipment.Store",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="competences",
        help_text="Empty: in every store of the organisation",
    )
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=choices(TestKind))
    number = models.CharField("certificate", max_length=60, blank=True)
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["name", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name", "kind"], name="one_competence_per_name_and_kind")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.kind}"
