"""Test: record a LOLER examination, PAT, service or functional test, and put what passed everything back on the
shelf.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from equipment import holdings
from equipment.errors import Invalid
from equipment.lifecycle import advance
from equipment.models import Asset, InspectionRecord, TestRegime
from equipment.states import PASSED, AssetState, label


def begin(asset: Asset, *, by: str, at: datetime) -> None:
    """Take an asset to the test bench."""
    advance(asset, AssetState.TESTING, by=by, at=at)


@transaction.atomic
def record(
    asset: Asset, *, kind: str, result: str, examiner: str, by: str, at: datetime, defects: str = ""
) -> InspectionRecord:
    """Record one test. The next due date follows from the product's regime; a failed test is due at once and blocks
    issue.

    A result may be recorded wherever the asset is, at home too. Raises Invalid when the product has no such test,
    or when a failure comes without its defect.
    """
    regime = TestRegime.objects.filter(product_id=asset.product_id, kind=kind).first()
    if regime is None:
        raise Invalid("no_such_test", f"{asset.product.name} has no {label(kind)} in its regime.", field="kind")
    if result not in PASSED and not defects.strip():
        raise Invalid("reason_needed", "Say what the defect is.", field="defects")
    due = at.date() + timedelta(days=regime.interval_days) if regime.interval_days and result in PASSED else None
    test = InspectionRecord.objects.create(
        asset=asset, kind=kind, result=result, performed_at=at, examiner=examiner, next_due=due, defects=defects
    )
    first_due = holdings.first_due(asset.pk)
    Asset.objects.filter(pk=asset.pk).update(test_due_on=first_due)
    asset.test_due_on = first_due
    return test


@transaction.atomic
def accept(asset: Asset, *, by: str, at: datetime) -> None:
    """New stock has passed its acceptance check: onto the shelf, if every test is on record (rules 1 and 4)."""
    Asset.objects.filter(pk=asset.pk, state=AssetState.RECEIVED).update(accepted_at=at)
    advance(asset, AssetState.AVAILABLE, by=by, at=at)


def shelve(asset: Asset, *, by: str, at: datetime) -> None:
    """Put a cleaned and tested asset back on the shelf; refused with the reasons when it is not (rules 1 to 4)."""
    advance(asset, AssetState.AVAILABLE, by=by, at=at)
