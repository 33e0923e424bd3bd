"""The verbs of an address that deal with its key-safe code and its risk markers (rule 39)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from equipment import clock, markers, secrets
from equipment.admin_base import Verb, VerbForm
from equipment.days import day_of
from equipment.duties import Duty
from equipment.models import Address, KeySafeCode, RiskMarker
from equipment.states import choices
from equipment.words import MarkerKind

_CODE, _MARKER = "equipment.change_keysafecode", "equipment.add_riskmarker"
SHOWN = "admin/secret_shown.html"


def typed(label: str, longest: int, **kwargs: Any) -> forms.CharField:
    """A line that no browser keeps for next time."""
    return forms.CharField(
        label=label, max_length=longest, widget=forms.TextInput(attrs={"autocomplete": "off"}), **kwargs
    )


class ReadCode(VerbForm):
    lead = "To be said by phone to the crew at the door. Shown once, and put on record with your name."
    purpose = typed("What it is needed for", secrets.LONGEST_PURPOSE, help_text="Such as the route and the stop")


class SetCode(VerbForm):
    lead = "Stored encrypted. The crew sees it at the door, in its time."
    code = typed("Code", 24, help_text="3 to 12 keys: digits, letters, * or #")


class RaiseMarker(VerbForm):
    lead = "Shown to the crews that come to this address, when they come, until its day."
    kind = forms.ChoiceField(choices=choices(MarkerKind))
    detail = typed("What a crew must know", 500)
    reason = typed("Why it is on record", 200, help_text="Without naming anybody")
    reviewer = typed("Who looks at it again", 80)
    expires_on = forms.DateField(
        label="Until", widget=forms.DateInput(attrs={"type": "date"}), help_text="The last day on which it counts"
    )

    def ask(self) -> None:
        latest = day_of(clock.now()) + timedelta(days=settings.SERVICE["MARKER_DAYS"])
        self.fields["expires_on"].initial = latest


@sensitive_variables()
def _read_code(address: Address, **given: Any) -> dict[str, Any]:
    return {"secrets": [("Code", secrets.read_code(address, **given))]}


@sensitive_variables()
def _set_code(address: Address, **given: Any) -> None:
    secrets.set_code(address, **given)


@sensitive_variables()
def _raise_marker(address: Address, **given: Any) -> RiskMarker:
    return markers.raise_marker(address, **given)


def _has_code(address: Address) -> bool:
    return KeySafeCode.objects.filter(address=address).exists()


VERBS = (
    Verb(
        "read-code",
        "Read the key-safe code",
        _CODE,
        _read_code,
        "",
        _has_code,
        form=ReadCode,
        duty=Duty.DOOR,
        page=SHOWN,
    ),
    Verb("set-code", "Set the key-safe code", _CODE, _set_code, "The code is stored.", form=SetCode, duty=Duty.DOOR),
    Verb(
        "clear-code",
        "Forget the key-safe code",
        _CODE,
        secrets.clear_code,
        "The code is forgotten.",
        _has_code,
        form=VerbForm,
        duty=Duty.DOOR,
    ),
    Verb(
        "raise-marker",
        "Raise a risk marker",
        _MARKER,
        _raise_marker,
        "The marker is raised.",
        form=RaiseMarker,
        duty=Duty.DOOR,
    ),
)
