"""Clean: begin, then record the result.

A clean that does not meet the product's rule and the infection declared is no clean.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from equipment.errors import Invalid, Refused
from equipment.fitness import methods_for
from equipment.lifecycle import advance
from equipment.models import Asset, AssetEvent, Decontamination
from equipment.receiving import infection_of
from equipment.states import AssetState, label


def begin(asset: Asset, *, by: str, at: datetime) -> None:
    """Take an asset out of quarantine to the wash."""
    advance(asset, AssetState.DECONTAMINATING, by=by, at=at)


@transaction.atomic
def record(
    asset: Asset, *, method: str, passed: bool, by: str, at: datetime, agent: str = "", notes: str = ""
) -> Decontamination:
    """Record the end of a clean. A pass moves the asset on; a fail sends it back to quarantine with the notes as
    reason.

    Raises Invalid when the method is too weak for the product or the infection declared (rule 3).
    """
    if asset.state != AssetState.DECONTAMINATING:
        raise Refused(
            "not_being_cleaned",
            f"Asset {asset} is {label(asset.state).lower()}: begin the clean first.",
            state=asset.state,
        )
    infection = infection_of(asset)
    allowed = methods_for(asset.product.cleaning_method, infection)
    if passed and method not in allowed:
        names = ", ".join(label(m) for m in allowed)
        raise Invalid(
            "method_too_weak",
            f"Infection declared: {label(infection).lower()}. {asset.product.name} then needs one of: {names}.",
            field="method",
            allowed=allowed,
        )
    if not passed and not notes.strip():
        raise Invalid("reason_needed", "Say what the clean did not shift.", field="notes")
    clean = Decontamination.objects.create(
        asset=asset,
        method=method,
        infection=infection,
        agent=agent,
        operator=by,
        started_at=_begun_at(asset, at),
        ended_at=at,
        passed=passed,
        notes=notes,
    )
    _move_on(asset, clean, by=by, at=at)
    return clean


def _begun_at(asset: Asset, at: datetime) -> datetime:
    begun = AssetEvent.objects.filter(asset=asset, verb="begin_clean").values_list("at", flat=True).first()
    return min(begun or at, at)


def _move_on(asset: Asset, clean: Decontamination, *, by: str, at: datetime) -> None:
    to = AssetState.DECONTAMINATED if clean.passed else AssetState.QUARANTINE
    advance(asset, to, by=by, at=at, reason=clean.notes, clean=clean.pk)
    if clean.passed:
        Asset.objects.filter(pk=asset.pk).update(cleaned_at=at)
        asset.cleaned_at = at
