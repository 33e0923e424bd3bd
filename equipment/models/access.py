"""Who may ask: staff belong to an organisation, machines to an organisation through their OAuth2 application."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Membership(models.Model):
    """The organisation a user works for: the root of everything the user may see."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="membership")
    organisation = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="memberships")
    stores = models.ManyToManyField(
        "equipment.Store", blank=True, related_name="staff", help_text="Works in these only; none chosen: in all"
    )

    def __str__(self) -> str:
        return f"{self.user} at {self.organisation}"


class ApiClient(models.Model):
    """The organisation a hospital system speaks for when it presents its OAuth2 client credentials."""

    application = models.OneToOneField(
        "oauth2_provider.Application", on_delete=models.CASCADE, related_name="equipment_client"
    )
    organisation = models.ForeignKey("equipment.Organisation", on_delete=models.PROTECT, related_name="api_clients")
    centre = models.ForeignKey(
        "equipment.AlarmCentre",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="api_clients",
        help_text="The alarm centre whose test calls this client may acknowledge; empty: none",
    )
    may_run_store = models.BooleanField(
        "may move equipment",
        default=False,
        help_text="Without it the scope 'store' is not granted, whatever it asks for",
    )

    class Meta:
        verbose_name = "API client"

    def __str__(self) -> str:
        return f"{self.application} for {self.organisation}"


class IdempotentRequest(models.Model):
    """One `Idempotency-Key` of one client: the answer given the first time, repeated for every retry (rule 18)."""

    client = models.CharField(max_length=80)
    key = models.CharField(max_length=120)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty only inside the first request's transaction")
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "key"], name="one_answer_per_client_and_key")]

    def __str__(self) -> str:
        return f"{self.client} {self.key}"
