"""Cleans done elsewhere, as history.

None makes a dirty asset clean: only one that ended after it last came back counts, and what came back to a store of
ours is cleaned at its wash.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max

from equipment import locks
from equipment.fitness import methods_for
from equipment.imports.columns import Line
from equipment.imports.steps import Assets, Scope, Step, Verbs, Word, of_word
from equipment.models import Asset, Decontamination, ReturnRecord
from equipment.states import Infection, label

_SAME = ("method", "infection", "operator", "agent", "lot", "passed", "notes")


def plan(scope: Scope, lines: Sequence[Line]) -> list[Step]:
    assets = Assets(scope, lines)
    records = Decontamination.objects.filter(asset__in=assets.keys()).order_by("pk")
    known = {(row.asset_id, row.ended_at): row for row in records}
    returns = ReturnRecord.objects.filter(asset__in=assets.keys()).values("asset_id").annotate(last=Max("at"))
    returned = {row["asset_id"]: row["last"] for row in returns}
    steps = [Step(line) for line in lines]
    for step in steps:
        asset = assets.of(step)
        if asset is not None:
            _decide(scope, step, asset, known, returned)
    return steps


def _decide(scope: Scope, step: Step, asset: Asset, known: dict[Any, Any], returned: dict[int, datetime]) -> None:
    given = dict(step.line.given)
    wanted = {name: given[name] for name in _SAME if name in given}
    old = known.get((asset.pk, given["ended_at"]))
    if old is not None:
        step.found(old, wanted)
        if step.word != Word.UNCHANGED:
            step.refuse("", "differs", f"This clean is on record with another {', '.join(step.changes)}.")
        return
    wanted.setdefault("infection", Infection.UNKNOWN)
    _possible(scope, step, asset, wanted["infection"], returned.get(asset.pk))
    step.row = asset
    step.changes = wanted | {"started_at": given.get("started_at", given["ended_at"]), "ended_at": given["ended_at"]}


def _possible(scope: Scope, step: Step, asset: Asset, infection: str, returned: datetime | None) -> None:
    given = step.line.given
    if given["ended_at"] > scope.at:
        step.refuse("ended_at", "in_future", "A clean cannot have ended in the future.")
    if returned is not None and given["ended_at"] > returned:
        step.refuse(
            "ended_at",
            "came_back_here",
            f"{asset} came back to us on {returned:%d %b %Y}: a clean after that is recorded at the wash.",
        )
    if not given["passed"] and "notes" not in given:
        step.refuse("notes", "reason_needed", "Say what the clean did not shift.")
    allowed = methods_for(asset.product.cleaning_method, infection)
    if given["passed"] and given["method"] not in allowed:
        names = ", ".join(allowed)
        step.refuse(
            "method",
            "method_too_weak",
            f"With {label(infection).lower()} declared, {asset.product.name} needs one of: {names} (rule 3). "
            "Give the infection that was declared, or leave the row out.",
        )


def write(scope: Scope, steps: Sequence[Step]) -> None:
    new = of_word(steps, Word.CREATE)
    held = locks.assets([step.row.pk for step in new])
    Decontamination.objects.bulk_create(Decontamination(asset=step.row, **step.changes) for step in new)
    for step in new:
        asset, ended = held[step.row.pk], step.changes["ended_at"]
        if step.changes["passed"] and (asset.cleaned_at is None or ended > asset.cleaned_at):
            asset.cleaned_at = ended
    if held:
        Asset.objects.bulk_update(held.values(), ["cleaned_at"])


VERBS = Verbs(plan, write)
