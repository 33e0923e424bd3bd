"""Buttons on the page of a person for what happens in a life, and on the follow-up that a death leaves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin

from equipment.admin_base import Verb, VerbForm
from equipment.models import Person
from equipment.words import Living
from logistics import bereavement, circumstances, pauses
from logistics.models import FollowUp
from logistics.states import FollowUpKind

_MAY = "equipment.change_person"


class Died(VerbForm):
    lead = "Every order not delivered yet is cancelled and every visit called off at once. Nothing is collected yet."
    on = forms.DateField(label="Died on", widget=forms.DateInput({"type": "date"}))


class Lives(VerbForm):
    lead = "What was cancelled stays cancelled: its prescriber is told what to order anew."
    reason = forms.CharField(label="How it came to light", max_length=300)


class Note(VerbForm):
    note = forms.CharField(max_length=300, required=False)


class Agreed(VerbForm):
    lead = "Everything on loan is then fetched, on this day or after it."
    not_before = forms.DateField(label="Agreed, not before", widget=forms.DateInput({"type": "date"}))


def _at(*places: Living) -> Any:
    return lambda person: _alive(person) and person.living in places


def _alive(person: Person) -> bool:
    """And not a record that was merged into another, where nothing happens any more."""
    return person.died_on is None and person.merged_into_id is None


PERSON_VERBS = (
    Verb(
        "moved", "Moved to a care home", _MAY, circumstances.moved_to_care_home, "{}: deliveries are held.",
        _at(Living.HOME, Living.HOSPITAL), form=Note,
    ),
    Verb(
        "readmitted", "In hospital again", _MAY, circumstances.readmitted, "{}: visits wait.",
        _at(Living.HOME, Living.CARE_HOME), form=Note,
    ),
    Verb(
        "home", "Back home", _MAY, circumstances.back_home, "{}: visits go on.",
        _at(Living.HOSPITAL, Living.CARE_HOME), form=Note,
    ),
    Verb(
        "died", "Has died", _MAY, bereavement.died, "{}: recorded, and everything under way stopped.",
        _alive, form=Died,
    ),
    Verb(
        "lives", "Has not died", _MAY, bereavement.correct_death, "{}: corrected.",
        lambda person: person.died_on is not None and person.merged_into_id is None, form=Lives,
    ),
)  # fmt: skip


def _to_approve(step: FollowUp) -> bool:
    mine = step.kind == FollowUpKind.DEATH and step.visit_id is None and step.owner == pauses.NEXT_OF_KIN
    return mine and step.closed_at is None


FOLLOW_UP_VERBS = (
    Verb(
        "approve", "Approve the collection", "logistics.change_followup", bereavement.approve_collection,
        "Approved: {}", _to_approve, form=Agreed,
    ),
)  # fmt: skip

# The page of a person is equipment's, which knows nothing of visits: what logistics can do there is hung on here.
_person: Any = admin.site.get_model_admin(Person)
_person.verbs = (*_person.verbs, *PERSON_VERBS)
