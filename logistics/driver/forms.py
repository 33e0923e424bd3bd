"""What a driver fills in at the door. The rules stand in `doors`; here are the words and the shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from equipment.errors import DomainError
from equipment.states import Condition, Infection, choices
from logistics.doors import Collected, Proof
from logistics.driver.cards import Card, Item
from logistics.driver.test_forms import Questions, ToTest
from logistics.states import FailureReason

REASONS = {
    FailureReason.NO_ACCESS: "Nobody in, or could not get in",
    FailureReason.NOT_HOME_YET: "Not home from hospital yet",
    FailureReason.REFUSED: "They refused it",
    FailureReason.WRONG_ADDRESS: "Wrong address",
    FailureReason.WRONG_ITEM: "Wrong, missing or faulty item",
    FailureReason.NO_SPACE: "No room, furniture not moved",
    FailureReason.DOES_NOT_FIT: "Does not fit, or stairs in the way",
    FailureReason.NOT_THERE: "What we came to collect is not there",
    FailureReason.NEEDS_TWO: "Needs two people",
    FailureReason.PERSON_ILL: "The person is too ill today",
    FailureReason.UNSAFE: "Not safe (dog, threat, hazard)",
    FailureReason.BREAKDOWN: "Van broke down",
    FailureReason.OUT_OF_TIME: "Ran out of time",
}
# The worst case first, because it is what holds until somebody says otherwise (rule 3).
_INFECTIONS = [(Infection.UNKNOWN.value, "Not disclosed"), *(c for c in choices(Infection) if c[0] != "unknown")]


@dataclass(frozen=True)
class Fetched:
    """The three questions about one thing to collect."""

    item: Item
    found: forms.BoundField
    condition: forms.BoundField
    infection: forms.BoundField


class DoneForm(forms.Form):
    """Proof of what was done: it asks only what this visit needs."""

    received_by = forms.CharField(
        label="Received by",
        help_text="Name of the person who took it in.",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"required": True, "autocomplete": "off", "autocapitalize": "words"}),
    )
    fitted = forms.BooleanField(label="Fitted and tried out", required=False)
    demonstrated = forms.BooleanField(label="Shown how it is used", required=False)

    def __init__(self, card: Card, data: Any = None, *, examiner: str = "") -> None:
        super().__init__(data)
        self.tests = Questions([item for item in card.test if item.open], examiner)
        self.fields |= self.tests.fields()
        self.fetch: Sequence[Item] = [item for item in card.fetch if item.open]
        if not card.bring:
            del self.fields["received_by"]
        if not card.fitting:
            del self.fields["fitted"], self.fields["demonstrated"]
        for item in self.fetch:
            self._ask_about(item)

    def _ask_about(self, item: Item) -> None:
        key = item.activity.pk
        self.fields[f"found_{key}"] = forms.ChoiceField(
            label="Was it there?",
            choices=[("yes", "Yes, it is on the van"), ("no", "No, it was not there")],
            widget=forms.RadioSelect,
            error_messages={"required": "Say whether it was there."},
        )
        self.fields[f"condition_{key}"] = forms.ChoiceField(label="Condition", choices=choices(Condition))
        self.fields[f"infection_{key}"] = forms.ChoiceField(
            label="Infection they told you about",
            choices=_INFECTIONS,
            initial=Infection.UNKNOWN.value,
            help_text="Not disclosed: treated as highest risk.",
        )

    @property
    def to_test(self) -> list[ToTest]:
        return self.tests.bound(self)

    @property
    def fetched(self) -> list[Fetched]:
        keys = [(item, item.activity.pk) for item in self.fetch]
        return [Fetched(item, self[f"found_{k}"], self[f"condition_{k}"], self[f"infection_{k}"]) for item, k in keys]

    def proof(self) -> Proof:
        given = self.cleaned_data
        return Proof(
            received_by=given.get("received_by", ""),
            fitted=given.get("fitted", False),
            demonstrated=given.get("demonstrated", False),
            collected={
                key: Collected(given[f"condition_{key}"], given[f"infection_{key}"])
                for key in (item.activity.pk for item in self.fetch)
                if given[f"found_{key}"] == "yes"
            },
            tested=self.tests.tested(given),
        )


class FailForm(forms.Form):
    """Why it could not be done, and what was found (rule 33)."""

    reason = forms.ChoiceField(
        label="Why not?", widget=forms.RadioSelect, error_messages={"required": "Choose the reason."}
    )
    note = forms.CharField(
        label="What you found, and whom you called",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "required": True}),
    )

    def __init__(self, card: Card, data: Any = None) -> None:
        super().__init__(data)
        asked = REASONS.items() if card.fetch else ((k, v) for k, v in REASONS.items() if k != FailureReason.NOT_THERE)
        self.fields["reason"].choices = [(key.value, words) for key, words in asked]  # type: ignore[attr-defined]


def refuse(form: forms.Form, error: DomainError) -> bool:
    """Put a refusal beside the field it is about; False when the form has no such field."""
    field = error.facts.get("field", "")
    if field not in form.fields:
        return False
    form.add_error(field, error.detail)
    return True
