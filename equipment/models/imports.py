"""Files of rows brought in: checked first, applied after a person has seen what it would do."""

from __future__ import annotations

from django.db import models

from equipment.jobs import ImportKind, ImportState
from equipment.states import choices


class ImportJob(models.Model):
    """One file. Applied in chunks, each with its place in `rows_done`, so that a killed worker goes on where it was."""

    kind = models.CharField(max_length=10, choices=choices(ImportKind))
    state = models.CharField(max_length=10, choices=choices(ImportState), default=ImportState.WAITING, editable=False)
    organisation = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="imports")
    store = models.ForeignKey(
        "equipment.Store", null=True, blank=True, on_delete=models.PROTECT, related_name="imports"
    )
    filename = models.CharField(max_length=120)
    content = models.BinaryField()
    encoding = models.CharField(max_length=12, blank=True, help_text="As found in the file")
    uploaded_by = models.CharField(max_length=80)
    uploaded_at = models.DateTimeField()
    skip_bad = models.BooleanField(default=False, help_text="Apply the good rows although some are bad")
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, help_text="The first thousand: [{line, field, code, detail}]")
    failure = models.CharField(max_length=300, blank=True)
    lease_until = models.DateTimeField(null=True, help_text="A worker is on it until then")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=[ImportState.WAITING, ImportState.CHECKING, ImportState.APPLYING]),
                name="import_to_work_on",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} from {self.filename}"
