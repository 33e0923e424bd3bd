"""Risk markers: a danger at a door, with a reason, a reviewer, and a day on which it is gone (rule 39)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from equipment import duties, people, sealing
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Invalid, StaleState
from equipment.models import Address, KeySafeCode, RiskMarker, SecretView
from equipment.secrets import clear_code, viewed
from equipment.words import MarkerKind, SecretKind

_LONGEST_DETAIL = 500
SWEEPER = "task:secrets"


@dataclass(frozen=True)
class Danger:
    """One marker, read."""

    marker: RiskMarker
    detail: str


def in_force(on: date) -> Q:
    """Not ended, and its day not past."""
    return Q(ended_at__isnull=True, expires_on__gte=on)


@sensitive_variables()
@transaction.atomic
def raise_marker(
    address: Address,
    kind: str,
    detail: str,
    *,
    reason: str,
    reviewer: str,
    expires_on: date,
    by: str,
    at: datetime,
) -> RiskMarker:
    """Warn the crews that come to this address. Raises Invalid naming the field that is missing or out of range."""
    duties.require(by, Duty.DOOR)
    if kind not in set(MarkerKind):
        raise Invalid("kind", f"The kind must be one of: {', '.join(MarkerKind)}.", field="kind")
    words = _given("detail", detail, _LONGEST_DETAIL, "Say what a crew must know")
    marker = RiskMarker.objects.create(
        address=address,
        kind=kind,
        reason=_given("reason", reason, 200, "Say why it is on record, without naming anybody"),
        reviewer=_given("reviewer", reviewer, 80, "Say who looks at it again"),
        expires_on=_within(expires_on, at),
        raised_at=at,
        raised_by=by,
    )
    marker.ciphertext = sealing.seal(words, _about(marker))
    marker.save(update_fields=["ciphertext"])
    people.note(address.person, "raise_marker", by=by, at=at, marker=marker.pk, kind=kind)
    return marker


@transaction.atomic
def review_marker(marker: RiskMarker, *, expires_on: date, by: str, at: datetime, reviewer: str = "") -> None:
    """Looked at again, and still so: it counts until a new day, and may be somebody else's to look at next.

    Raises Invalid when the day is out of range, StaleState when it has ended or somebody was quicker.
    """
    duties.require(by, Duty.DOOR)
    until = _within(expires_on, at)
    owner = _given("reviewer", reviewer or marker.reviewer, 80, "Say who looks at it again")
    rows = RiskMarker.objects.filter(in_force(day_of(at)), pk=marker.pk, expires_on=marker.expires_on)
    if rows.update(expires_on=until, reviewer=owner) != 1:
        raise StaleState("This marker", "in force as you saw it")
    marker.expires_on, marker.reviewer = until, owner
    people.note(marker.address.person, "review_marker", by=by, at=at, marker=marker.pk)


@transaction.atomic
def end_marker(marker: RiskMarker, *, reason: str, by: str, at: datetime) -> None:
    """It is no longer so: what it said is erased, that it was there stays on record. Raises StaleState when ended."""
    duties.require(by, Duty.DOOR)
    why = _given("reason", reason, 200, "Say why it ends")
    values = {"ended_at": at, "ended_by": by, "end_reason": why, "ciphertext": ""}
    if RiskMarker.objects.filter(pk=marker.pk, ended_at__isnull=True).update(**values) != 1:
        raise StaleState("This marker", "in force")
    for name, value in values.items():
        setattr(marker, name, value)
    people.note(marker.address.person, "end_marker", by=by, at=at, marker=marker.pk)


@sensitive_variables()
@transaction.atomic
def read_markers(address: Address, *, by: str, at: datetime, purpose: str, once: bool = False) -> list[Danger]:
    """What a crew must know of this door today. That it was read is written in the same transaction (rule 39).

    With `once`, a second reading by the same person for the same purpose is not written again. Raises Refused when one
    cannot be read.
    """
    duties.require(by, Duty.DOOR)
    rows = RiskMarker.objects.filter(in_force(day_of(at)), address=address).order_by("pk")
    found = [Danger(row, sealing.unseal(row.ciphertext, _about(row))) for row in rows]
    if found and not (once and _seen(address, by, purpose, since=max(danger.marker.raised_at for danger in found))):
        viewed(SecretKind.MARKER, address.pk, by=by, at=at, purpose=purpose)
    return found


def _seen(address: Address, by: str, purpose: str, *, since: datetime) -> bool:
    """Was the newest of them there already when this person last read them for this?"""
    rows = SecretView.objects.filter(kind=SecretKind.MARKER, subject_id=address.pk, by=by, purpose=purpose)
    return rows.filter(at__gte=since).exists()


def expire(*, at: datetime) -> int:
    """End and erase every marker whose day is past; returns how many. Until then nobody is shown it anyway."""
    past = RiskMarker.objects.filter(ended_at__isnull=True, expires_on__lt=day_of(at)).select_related("address__person")
    return sum(_ended(marker, "Its day is past", at) for marker in past.order_by("pk"))


@transaction.atomic
def forget(address: Address, *, by: str, at: datetime) -> None:
    """Nothing is left to do at this address: erase its code and what its markers said."""
    if KeySafeCode.objects.filter(address=address).exists():
        clear_code(address, by=by, at=at)
    for marker in RiskMarker.objects.filter(address=address, ended_at__isnull=True).order_by("pk"):
        end_marker(marker, reason="Nothing is left to do at this address", by=by, at=at)


def _ended(marker: RiskMarker, reason: str, at: datetime) -> bool:
    try:
        end_marker(marker, reason=reason, by=SWEEPER, at=at)
    except StaleState:  # somebody was quicker
        return False
    return True


def _about(marker: RiskMarker) -> str:
    return f"marker {marker.pk} of {marker.address_id}"


def _given(field: str, text: str, longest: int, ask: str) -> str:
    words = " ".join(text.split())
    if not words or len(words) > longest:
        raise Invalid(field, f"{ask}, in 1 to {longest} characters.", field=field)
    return words


def _within(expires_on: date, at: datetime) -> date:
    today, days = day_of(at), settings.SERVICE["MARKER_DAYS"]
    if not today <= expires_on <= today + timedelta(days=days):
        raise Invalid(
            "expires_on",
            f"A marker ends today at the earliest and {days} days from now at the latest.",
            field="expires_on",
        )
    return expires_on
