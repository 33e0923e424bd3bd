"""Test: record a LOLER examination, PAT, service or functional test, and put what passed everything back on the
shelf.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from equipment import competences, duties, fitness, holdings, locks
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance, must_be
from equipment.models import Asset, Check, InspectionRecord, Product, TestRegime
from equipment.states import PASSED, AssetState, TestKind, TestResult, label

MOST_KG = 2000  # no hoist for people carries more
Answer = Mapping[str, Any]  # {"check": its text, "ok": bool, "note": str}


def begin(asset: Asset, *, by: str, at: datetime) -> None:
    """Take an asset to the test bench. What is in repair comes there by closing its repair."""
    must_be(asset, AssetState.TESTING, "begin_test")
    advance(asset, AssetState.TESTING, by=by, at=at)


def checklist(product: Product, kind: str) -> list[str]:
    """What is looked at in this kind of test of the product, in order; empty when nothing is prescribed."""
    return list(Check.objects.filter(product=product, kind=kind).values_list("text", flat=True))


@transaction.atomic
def record(
    asset: Asset,
    *,
    kind: str,
    result: str,
    examiner: str,
    by: str,
    at: datetime,
    defects: str = "",
    swl_kg: int | None = None,
    certificate: str = "",
    answers: Sequence[Answer] = (),
    next_due: date | None = None,
) -> InspectionRecord:
    """Record one test. The next due date follows from the product's regime, or is an earlier one named by the
    examiner; a failed test is due at once and blocks issue.

    A result may be recorded wherever the asset is, at home too. Raises Invalid when the product has no such test,
    when a check is not answered, when anything but a clear pass comes without what was found, or when it is passed by
    an examiner who is not on the register kept for this test.
    """
    locks.again(asset)
    duties.require(by, Duty.TEST, asset.store_id)
    regime = TestRegime.objects.filter(product_id=asset.product_id, kind=kind).first()
    if regime is None:
        raise Invalid("no_such_test", f"{asset.product.name} has no {label(kind)} in its regime.", field="kind")
    if not examiner.strip():
        raise Invalid("examiner_needed", "Say who examined it.", field="examiner")
    if result in PASSED:  # what anybody finds wrong with it counts
        competences.require_competent(asset, kind, examiner, on=day_of(at))
    if result != TestResult.PASS and not defects.strip():
        found = "there is to watch" if result in PASSED else "the defect is"
        raise Invalid("reason_needed", f"Say what {found}.", field="defects")
    test = InspectionRecord.objects.create(
        asset=asset,
        kind=kind,
        result=result,
        performed_at=at,
        examiner=examiner,
        next_due=_due(regime, result, next_due, day_of(at)),
        defects=defects,
        swl_kg=_load(asset, kind, result, swl_kg),
        certificate=certificate,
        answers=_answered(asset.product, kind, result, answers),
        by=by,
    )
    _tell_the_asset(asset)
    off_the_shelf(asset, by=by, at=at)
    return test


@transaction.atomic
def void(test: InspectionRecord, *, by: str, at: datetime, reason: str) -> None:
    """Recorded by mistake: it is kept, and counts for nothing from now on.

    A failure is voided by a manager only, because an older pass then counts again.
    """
    asset = locks.asset(test.asset_id)
    test.refresh_from_db()
    duties.require(by, Duty.TEST if test.result in PASSED else Duty.MANAGE, asset.store_id)
    if test.kind == TestKind.ACCEPTANCE:
        raise Refused("acceptance_stands", f"{asset} has been accepted: quarantine it if something is wrong with it.")
    if test.voided_at is not None:
        raise Refused("already_voided", f"This test was voided by {test.voided_by} already.")
    if not reason.strip():
        raise Invalid("reason_needed", "Say why it does not count.", field="reason")
    test.voided_at, test.voided_by, test.void_reason = at, by, reason
    test.save(update_fields=["voided_at", "voided_by", "void_reason"])
    _tell_the_asset(asset)
    off_the_shelf(asset, by=by, at=at)


@transaction.atomic
def accept(asset: Asset, *, by: str, at: datetime, answers: Sequence[Answer] = ()) -> None:
    """New stock has passed its acceptance check: onto the shelf, if every test is on record (rules 1 and 4)."""
    must_be(asset, AssetState.AVAILABLE, "accept")
    answered = _answered(asset.product, TestKind.ACCEPTANCE, TestResult.PASS, answers)
    Asset.objects.filter(pk=asset.pk, state=AssetState.RECEIVED).update(accepted_at=at)
    advance(asset, AssetState.AVAILABLE, by=by, at=at)
    InspectionRecord.objects.create(
        asset=asset,
        kind=TestKind.ACCEPTANCE,
        result=TestResult.PASS,
        performed_at=at,
        examiner=by,
        answers=answered,
        by=by,
    )


def shelve(asset: Asset, *, by: str, at: datetime) -> None:
    """Put a cleaned and tested asset back on the shelf; refused with the reasons when it is not (rules 1 to 4)."""
    must_be(asset, AssetState.AVAILABLE, "shelve")
    advance(asset, AssetState.AVAILABLE, by=by, at=at)


def _due(regime: TestRegime, result: str, given: date | None, on: date) -> date | None:
    """When it falls due next: never later than the regime says, and no date for what failed."""
    if result not in PASSED:
        return None
    latest = on + timedelta(days=regime.interval_days) if regime.interval_days else None
    if given is None:
        if latest is None and regime.kind == TestKind.LOLER:
            raise Invalid("due_needed", "Say when the next examination is due.", field="next_due")
        return latest
    if given <= on:
        raise Invalid("due_too_early", f"The next one cannot be due on {given}, before it is done.", field="next_due")
    if latest is not None and given > latest:
        raise Invalid("due_too_late", f"It falls due on {latest} at the latest.", field="next_due")
    return given


def _load(asset: Asset, kind: str, result: str, given: int | None) -> int | None:
    """The safe working load found: for LOLER the plate's unless given, and never above the plate."""
    plate = asset.product.safe_working_load_kg
    if given is not None and not 1 <= given <= MOST_KG:
        raise Invalid("swl_kg", f"A safe working load is 1 to {MOST_KG:,} kg.", field="swl_kg")
    if given is not None and plate is not None and given > plate:
        raise Invalid(
            "swl_above_plate", f"{asset.product.name} carries {plate} kg at most, not {given} kg.", field="swl_kg"
        )
    load = plate if given is None and kind == TestKind.LOLER else given
    if load is None and kind == TestKind.LOLER and result in PASSED:
        raise Invalid("swl_needed", "Say what safe working load was found.", field="swl_kg")
    return load


def _answered(product: Product, kind: str, result: str, answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The checklist as it is kept: every check answered once, and what is not right is no clear pass."""
    wanted, given = checklist(product, kind), Counter(str(answer.get("check", "")) for answer in answers)
    missing = [check for check in wanted if check not in given]
    if missing:
        raise Invalid("checks_unanswered", f"Not answered: {'; '.join(missing)}.", field="answers", missing=missing)
    strange = [check for check, times in given.items() if check not in wanted or times > 1]
    if strange:
        raise Invalid("no_such_check", f"Not asked, or asked once only: {'; '.join(strange)}.", field="answers")
    wrong = [str(answer["check"]) for answer in answers if answer.get("ok") is not True]
    if wrong and result == TestResult.PASS:
        raise Invalid("check_failed", f"Not in order, so this is no pass: {'; '.join(wrong)}.", field="answers")
    return [
        {"check": str(a["check"]), "ok": a.get("ok") is True, "note": str(a.get("note") or "")}
        for a in sorted(answers, key=lambda a: wanted.index(str(a["check"])))
    ]


def off_the_shelf(asset: Asset, *, by: str, at: datetime) -> None:
    """What may no longer stand on the clean shelf does not stay there to be counted on (rule 4). What is promised
    stays put: the next step of its way out is refused, and picking offers another.
    """
    if asset.state != AssetState.AVAILABLE:
        return
    known = holdings.facts_of_rows([asset])[asset.pk]
    reasons = fitness.to_shelve(known, on=day_of(at))
    if reasons:
        # Whoever released it need be no tester: hence the bare label.
        advance(asset, AssetState.TESTING, by=str(by), at=at, reason=" ".join(r.sentence for r in reasons)[:300])


def _tell_the_asset(asset: Asset) -> None:
    first_due = holdings.first_due(asset.pk)
    Asset.objects.filter(pk=asset.pk).update(test_due_on=first_due)
    asset.test_due_on = first_due
