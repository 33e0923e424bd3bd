"""Telecare: alarm centres, hubs installed, what is paired with them, their test calls and SIMs, and key holders."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from equipment.jobs import InstallationState, SimState
from equipment.states import choices
from equipment.words import AfterFree, Line, Protocol, TriggerKind


class AlarmCentre(models.Model):
    """An alarm receiving centre (ARC): who answers when a trigger is pressed."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    phone = models.CharField(max_length=20, blank=True)
    programming = models.CharField("number or address to programme", max_length=120, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Sim(models.Model):
    """The SIM in a hub: never active in stock."""

    iccid = models.CharField("ICCID", max_length=22, unique=True)
    network = models.CharField(max_length=40)
    asset = models.OneToOneField(
        "equipment.Asset", null=True, blank=True, on_delete=models.PROTECT, related_name="sim", help_text="The hub"
    )
    state = models.CharField(max_length=10, choices=choices(SimState), default=SimState.SUSPENDED, editable=False)

    class Meta:
        verbose_name = "SIM"
        ordering = ["iccid"]

    def __str__(self) -> str:
        return f"SIM {self.iccid[-4:]}"


class Installation(models.Model):
    """One hub at one person's address, from programming to its deactivation at the alarm centre (rule 38)."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="installations")
    address = models.ForeignKey("equipment.Address", on_delete=models.PROTECT, related_name="installations")
    hub = models.ForeignKey("equipment.Asset", on_delete=models.PROTECT, related_name="installations")
    centre = models.ForeignKey(AlarmCentre, on_delete=models.PROTECT, related_name="installations")
    account = models.CharField(max_length=40, help_text="The alarm centre's number for this home")
    protocol = models.CharField(max_length=12, choices=choices(Protocol))
    line = models.CharField(max_length=14, choices=choices(Line))
    line_provider = models.CharField(max_length=40, blank=True)
    state = models.CharField(
        max_length=12, choices=choices(InstallationState), default=InstallationState.INSTALLING, editable=False
    )
    started_at = models.DateTimeField()
    programmed_at = models.DateTimeField(null=True)
    programmed_by = models.CharField(max_length=80, blank=True)
    range_tested_at = models.DateTimeField(null=True)
    range_tested_by = models.CharField(max_length=80, blank=True)
    range_note = models.CharField(max_length=120, blank=True, help_text="Where it was tried: garden, bath")
    live_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)
    end_reference = models.CharField(max_length=80, blank=True, help_text="Who at the centre confirmed, or its number")
    free_until = models.DateField(null=True, blank=True)
    after_free = models.CharField(max_length=10, choices=choices(AfterFree), blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["free_until"], condition=Q(free_until__isnull=False), name="installation_by_free_end")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["hub"], condition=~Q(state=InstallationState.ENDED), name="one_installation_per_hub"
            ),
            models.UniqueConstraint(
                fields=["centre", "account"],
                condition=~Q(state=InstallationState.ENDED),
                name="one_installation_per_account",
            ),
            models.CheckConstraint(
                condition=~Q(state=InstallationState.LIVE)
                | Q(live_at__isnull=False, programmed_at__isnull=False, range_tested_at__isnull=False),
                name="live_only_when_programmed_and_tried",
            ),
        ]

    def __str__(self) -> str:
        return f"Hub {self.hub} at {self.centre}"


class Trigger(models.Model):
    """What can raise the alarm: the hub's own button, or a peripheral paired with it."""

    installation = models.ForeignKey(Installation, on_delete=models.PROTECT, related_name="triggers")
    kind = models.CharField(max_length=12, choices=choices(TriggerKind))
    asset = models.ForeignKey(
        "equipment.Asset", null=True, blank=True, on_delete=models.PROTECT, related_name="pairings"
    )
    radio_id = models.CharField(max_length=40, blank=True)
    room = models.CharField(max_length=40, blank=True, help_text="Where it is or is worn")
    paired_at = models.DateTimeField()
    paired_by = models.CharField(max_length=80)
    unpaired_at = models.DateTimeField(null=True)
    unpaired_by = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset"], condition=Q(unpaired_at__isnull=True), name="paired_with_one_hub_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["installation", "radio_id"],
                condition=Q(unpaired_at__isnull=True) & ~Q(radio_id=""),
                name="radio_id_once_at_a_hub",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}{f' {self.asset}' if self.asset else ''}"


class TestCall(models.Model):
    """One test call of one trigger; it counts when the alarm centre has acknowledged it."""

    __test__ = False

    trigger = models.ForeignKey(Trigger, on_delete=models.PROTECT, related_name="calls")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    acknowledged_at = models.DateTimeField(null=True)
    heard_by = models.CharField(max_length=80, blank=True, help_text="Who at the alarm centre heard it")
    by_api = models.BooleanField(default=False, help_text="Said by the centre itself, not by the crew")
    reference = models.CharField(max_length=80, blank=True, help_text="The centre's own number of the call")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True) | ~Q(heard_by=""), name="acknowledged_by_somebody"
            )
        ]

    def __str__(self) -> str:
        return f"Test call of {self.trigger}"


class HubReset(models.Model):
    """A hub wiped after it came back: numbers, address, prompts and logs are gone."""

    asset = models.ForeignKey("equipment.Asset", on_delete=models.PROTECT, related_name="resets")
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    method = models.CharField(max_length=120)
    firmware = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.asset} wiped {self.at:%Y-%m-%d}"


class KeyHolder(models.Model):
    """Who the alarm centre calls, in this order; with the holder's consent."""

    person = models.ForeignKey("equipment.Person", on_delete=models.PROTECT, related_name="key_holders")
    position = models.PositiveSmallIntegerField("order of calling", default=1)
    name = models.CharField(max_length=80)
    phone = models.CharField(max_length=20)
    relationship = models.CharField(max_length=40, blank=True)
    consented_at = models.DateTimeField()
    consent_taken_by = models.CharField(max_length=80)
    verified_on = models.DateField(help_text="Asked again every year")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["person_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "position"], condition=Q(ended_at__isnull=True), name="one_key_holder_per_position"
            ),
        ]

    def __str__(self) -> str:
        return f"Key holder {self.position} of {self.person.initials}"
