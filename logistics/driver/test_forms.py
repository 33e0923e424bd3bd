"""The questions of a test at the door, by kind: what the bench asks, for a phone. The rules stand in `inspections`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from equipment.models import Check
from equipment.states import TestKind, TestResult, label
from logistics.driver.cards import Item
from logistics.home_tests import Tested, field_of

RESULTS = {
    TestResult.PASS: "Passed",
    TestResult.ADVISORY: "Passed, with something to watch",
    TestResult.FAIL: "Failed: it must be replaced",
    TestResult.PROHIBIT: "Dangerous: it must not be used again",
}
_WORDS = {"autocomplete": "off"}


@dataclass(frozen=True)
class Question:
    """What is asked about one kind of test of one thing."""

    kind: str
    checks: list[forms.BoundField]
    result: forms.BoundField
    rest: list[forms.BoundField]

    @property
    def label(self) -> str:
        return label(self.kind)


@dataclass(frozen=True)
class ToTest:
    item: Item
    questions: list[Question]


class Questions:
    """What a stop asks about the things to test there; nothing, and nothing read, when there are none."""

    def __init__(self, items: Sequence[Item], examiner: str) -> None:
        self.items = items
        self._examiner = examiner
        self._checks = _checklists(items)

    def fields(self) -> dict[str, forms.Field]:
        found: dict[str, forms.Field] = {}
        for item, kind in self._asked():
            for number, check in enumerate(self._checks[item.product.pk, kind]):
                found[_name(item, kind, f"check{number}")] = _yes_or_no(check)
            found |= {_name(item, kind, asked): field for asked, field in self._about(kind).items()}
        return found

    def bound(self, form: forms.Form) -> list[ToTest]:
        return [ToTest(item, [self._question(form, item, kind) for kind in item.activity.tests]) for item in self.items]

    def tested(self, given: Mapping[str, Any]) -> dict[int, dict[str, Tested]]:
        """The answers, by activity and kind."""
        found: dict[int, dict[str, Tested]] = defaultdict(dict)
        for item, kind in self._asked():
            found[item.activity.pk][kind] = self._tested(item, kind, given)
        return dict(found)

    def _asked(self) -> list[tuple[Item, str]]:
        return [(item, kind) for item in self.items for kind in item.activity.tests]

    def _about(self, kind: str) -> dict[str, forms.Field]:
        words = forms.TextInput(attrs=_WORDS)
        asked: dict[str, forms.Field] = {
            "result": forms.ChoiceField(
                label="Result",
                choices=[(key.value, text) for key, text in RESULTS.items()],
                widget=forms.RadioSelect,
                error_messages={"required": "Say how it went."},
            ),
            "defects": forms.CharField(
                label="What is wrong, or to watch",
                max_length=300,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            ),
            "examiner": forms.CharField(label="Examined by", max_length=80, initial=self._examiner, widget=words),
        }
        if kind == TestKind.LOLER:
            asked["swl_kg"] = forms.IntegerField(
                label="Safe working load found (kg)",
                help_text="Leave it empty when it is as on the plate.",
                required=False,
                min_value=1,
            )
        asked["certificate"] = forms.CharField(
            label="Number of the report", max_length=60, required=False, widget=words
        )
        return asked

    def _question(self, form: forms.Form, item: Item, kind: str) -> Question:
        checks = range(len(self._checks[item.product.pk, kind]))
        rest = [form[_name(item, kind, asked)] for asked in self._about(kind) if asked != "result"]
        return Question(
            kind, [form[_name(item, kind, f"check{n}")] for n in checks], form[_name(item, kind, "result")], rest
        )

    def _tested(self, item: Item, kind: str, given: Mapping[str, Any]) -> Tested:
        said: dict[str, Any] = {asked: given.get(_name(item, kind, asked)) for asked in self._about(kind)}
        answers = tuple(
            {"check": check, "ok": given[_name(item, kind, f"check{number}")] == "yes"}
            for number, check in enumerate(self._checks[item.product.pk, kind])
        )
        return Tested(
            result=said["result"],
            examiner=said["examiner"],
            defects=said["defects"],
            swl_kg=said.get("swl_kg"),
            certificate=said["certificate"],
            answers=answers,
        )


def _name(item: Item, kind: str, asked: str) -> str:
    return field_of(item.activity.pk, kind, asked)


def _yes_or_no(check: str) -> forms.Field:
    return forms.ChoiceField(
        label=check,
        choices=[("yes", "Yes, in order"), ("no", "No")],
        widget=forms.RadioSelect,
        error_messages={"required": "Answer yes or no."},
    )


def _checklists(items: Sequence[Item]) -> dict[tuple[int, str], list[str]]:
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    if items:
        rows = Check.objects.filter(product__in={item.product.pk for item in items})
        for product, kind, text in rows.values_list("product_id", "kind", "text"):
            found[product, kind].append(text)
    return found
