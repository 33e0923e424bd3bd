"""Tests done elsewhere, as history: each asset's due date follows from all that is on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from equipment import holdings, inspections, locks
from equipment.days import day_of
from equipment.imports.columns import Line
from equipment.imports.steps import Assets, Scope, Step, Verbs, Word, of_word
from equipment.models import Asset, InspectionRecord, TestRegime
from equipment.states import PASSED, TestKind, label

_SAME = ("result", "examiner", "next_due", "defects", "swl_kg", "certificate")


def plan(scope: Scope, lines: Sequence[Line]) -> list[Step]:
    assets = Assets(scope, lines)
    records = InspectionRecord.objects.filter(asset__in=assets.keys()).order_by("pk")
    known = {(row.asset_id, row.kind, row.performed_at, row.voided_at is not None): row for row in records}
    products = {asset.product_id for asset in assets.rows()}
    regimes = {(row.product_id, row.kind): row for row in TestRegime.objects.filter(product__in=products)}
    steps = [Step(line) for line in lines]
    for step in steps:
        asset = assets.of(step)
        if asset is not None:
            _decide(scope, step, asset, known, regimes)
    return steps


def _decide(scope: Scope, step: Step, asset: Asset, known: dict[Any, Any], regimes: dict[Any, Any]) -> None:
    given = dict(step.line.given)
    wanted = {name: given[name] for name in (*_SAME, "void_reason") if name in given}
    old = known.get((asset.pk, given["kind"], given["performed_at"], "voided_at" in given))
    if old is not None:
        step.found(old, wanted)
        if step.word != Word.UNCHANGED:
            names = ", ".join(step.changes)
            step.refuse("", "differs", f"This test is on record with another {names}: void that one first.")
        return
    regime = regimes.get((asset.product_id, given["kind"]))
    _possible(scope, step, asset, regime)
    if step.word != Word.BAD:
        wanted.setdefault("next_due", _due(regime, given["result"], day_of(given["performed_at"])))
        step.row = asset
        step.changes = wanted | {name: given[name] for name in ("kind", "performed_at", "voided_at") if name in given}


def _due(regime: TestRegime | None, result: str, on: date) -> date | None:
    if regime is None or not regime.interval_days or result not in PASSED:
        return None
    return on + timedelta(days=regime.interval_days)


def _possible(scope: Scope, step: Step, asset: Asset, regime: TestRegime | None) -> None:
    """What `inspections.record` asks of a test, asked of one that is history."""
    given, on = step.line.given, day_of(step.line.given["performed_at"])
    if given["performed_at"] > scope.at:
        step.refuse("performed_at", "in_future", "A test cannot have been done in the future.")
    if regime is None and given["kind"] != TestKind.ACCEPTANCE:
        step.refuse(
            "kind",
            "no_such_test",
            f"{asset.product.name} has no {label(given['kind'])}: add it to the product first.",
        )
    if given["result"] not in PASSED and "defects" not in given:
        step.refuse("defects", "reason_needed", "Say what the defect was.")
    if "voided_at" in given and "void_reason" not in given:
        step.refuse("void_reason", "reason_needed", "Say why it does not count.")
    _due_possible(step, regime, on)
    plate = asset.product.safe_working_load_kg
    if plate is not None and given.get("swl_kg", 0) > plate:
        step.refuse("swl_kg", "swl_above_plate", f"{asset.product.name} carries {plate} kg at most.")


def _due_possible(step: Step, regime: TestRegime | None, on: date) -> None:
    given = step.line.given
    due, latest = given.get("next_due"), _due(regime, given["result"], on)
    if due is None:
        if regime is not None and latest is None and regime.kind == TestKind.LOLER and given["result"] in PASSED:
            step.refuse("next_due", "due_needed", "Say when the next examination is due.")
        return
    if given["result"] not in PASSED:
        step.refuse("next_due", "due_of_a_failure", "What failed has no next date: leave it empty.")
    elif due <= on:
        step.refuse("next_due", "due_too_early", f"The next one cannot be due on {due}, before it is done.")
    elif latest is not None and due > latest:
        step.refuse("next_due", "due_too_late", f"It falls due on {latest} at the latest: leave it empty to have that.")


def write(scope: Scope, steps: Sequence[Step]) -> None:
    new = of_word(steps, Word.CREATE)
    held = locks.assets([step.row.pk for step in new])
    InspectionRecord.objects.bulk_create(
        InspectionRecord(asset=step.row, by=scope.by, **_voided(scope, step), **step.changes) for step in new
    )
    dues = holdings.first_dues(list(held))
    for asset in held.values():
        asset.test_due_on = dues[asset.pk]
    if held:
        Asset.objects.bulk_update(held.values(), ["test_due_on"])
    for asset in held.values():
        inspections.off_the_shelf(asset, by=scope.by, at=scope.at)


def _voided(scope: Scope, step: Step) -> dict[str, str]:
    return {"voided_by": scope.by} if "voided_at" in step.changes else {}


VERBS = Verbs(plan, write)
