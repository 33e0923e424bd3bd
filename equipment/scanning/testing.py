"""TEST: at the bench. Each scan begins the test where that is needed, and records the result chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from equipment import fitness, holdings, inspections
from equipment.days import day_of
from equipment.duties import Actor
from equipment.errors import Invalid, Refused
from equipment.jobs import ScanMode
from equipment.models import Asset, InspectionRecord, TestRegime
from equipment.scanning.registry import About, Ask, Input, Step, not_here, register, register_undo
from equipment.states import PASSED, AssetState, TestKind, TestResult, choices, label

_DIRTY = frozenset({AssetState.QUARANTINE, AssetState.DECONTAMINATING})
_AT_THE_BENCH = frozenset({AssetState.TESTING, AssetState.RECEIVED})
_NEXT = ("", "The one it needs next")
_ABOUT_TESTS = (4, 5)  # rules


def _asks(about: About) -> list[Ask]:
    kinds = [pair for pair in choices(TestKind) if pair[0] != TestKind.ACCEPTANCE]
    return [
        Ask("kind", "Test", [_NEXT, *kinds]),
        Ask("result", "Result", choices(TestResult), required=True),
        Ask("defects", "What is wrong with it", sticky=False, later=True),
        Ask("swl_kg", "Safe working load found (kg)", sticky=False, later=True, inputmode="numeric"),
        Ask("checked", "All of the checklist in order?", [("yes", "Yes, all of it")], sticky=False, later=True),
    ]


def _test(step: Input) -> Step:
    if step.code.words:
        raise not_here(step)
    asset, result = step.need_asset(), step.answer.get("result", "")
    if result not in set(TestResult):
        raise Invalid("result_needed", "Result: choose it first, then scan again.", field="result")
    _may_be_tested(asset)
    kind = step.answer.get("kind") or _next_kind(asset, step)
    if asset.state not in _AT_THE_BENCH:
        inspections.begin(asset, by=step.by, at=step.at)
    test = _record(step, asset, kind, result)
    undo = {"undo": "tested", "test": test.pk}
    return Step(_said(asset, test, step), _tone(test), asset, undo=undo, sticky=_result_from_now_on(result))


def _record(step: Input, asset: Asset, kind: str, result: str) -> InspectionRecord:
    checks = inspections.checklist(asset.product, kind)
    if checks and result == TestResult.PASS and step.answer.get("checked") != "yes":
        raise Invalid("checklist", f"Look at: {'; '.join(checks)}. All of it in order?", field="checked")
    answers = [{"check": check, "ok": True, "note": ""} for check in checks] if result == TestResult.PASS else []
    if checks and not answers:
        raise Refused(
            "checklist_needed",
            f"{asset}: this result needs its checklist. Look it up and record the {label(kind)} there.",
        )
    return inspections.record(
        asset,
        kind=kind,
        result=result,
        examiner=step.answer.get("examiner") or str(step.by).removeprefix("user:"),
        defects=step.answer.get("defects", "").strip(),
        swl_kg=_load(step.answer.get("swl_kg", "").strip()),
        answers=answers,
        by=step.by,
        at=step.at,
    )


def _load(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise Invalid("swl_kg", f"{text} is no weight in kilograms.", field="swl_kg")
    return int(text) if text else None


def _may_be_tested(asset: Asset) -> None:
    if asset.state in _DIRTY:
        raise Refused("not_clean", f"{asset} is not clean ({label(asset.state).lower()}): wash it first.")
    if asset.state == AssetState.REPAIR:
        raise Refused("in_repair", f"{asset} is in repair: close its repair first.")


def _next_kind(asset: Asset, step: Input) -> str:
    """The first test of its regime that keeps it off the shelf."""
    facts = holdings.facts_of([asset.pk])[asset.pk]
    for regime in facts.regimes:
        alone = replace(facts, regimes=(regime,))
        if any(reason.rule in _ABOUT_TESTS for reason in fitness.to_issue(alone, on=day_of(step.at))):
            return regime.kind
    kinds = TestRegime.objects.filter(product_id=asset.product_id).exists()
    why = "has passed all its tests" if kinds else "needs no test"
    raise Refused("no_test_needed", f"{asset} {why}: put it away. To test it all the same, choose which test.")


def _result_from_now_on(result: str) -> dict[str, str]:
    """A pass stays chosen for the next; anything else is chosen anew each time."""
    return {} if result == TestResult.PASS else {"result": ""}


def _tone(test: InspectionRecord) -> str:
    return "good" if test.result in PASSED else "warn"


def _said(asset: Asset, test: InspectionRecord, step: Input) -> str:
    what = f"{asset} {asset.product.name}: {label(test.kind)} {label(test.result).lower()}."
    if test.result not in PASSED:
        return f"{what} Send it to repair."
    left = fitness.to_shelve(holdings.facts_of([asset.pk])[asset.pk], on=day_of(step.at))
    if asset.state == AssetState.RECEIVED:
        return f"{what} Accept it next."
    return f"{what} {left[0].remedy if left else 'Put it away.'}"


def _void(asset: Asset | None, undo: dict[str, Any], *, by: Actor, at: Any) -> str:
    test = InspectionRecord.objects.get(pk=undo["test"])
    inspections.void(test, by=by, at=at, reason="Scanned by mistake.")
    return f"The {label(test.kind)} of {asset} no longer counts: test it again."


register(
    ScanMode.TEST, _test, asks=_asks, lead="Choose the result once, then scan what has been tested with that result."
)
register_undo("tested", _void)
