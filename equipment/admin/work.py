"""The words for work on the store floor: which assets they mean, and how their states are coloured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.db.models import Q
from django.utils import timezone

from equipment import clock
from equipment.models import Asset
from equipment.states import AT_HOME, AT_STORE, ON_VEHICLE, AssetState

S = AssetState
_STORED = AT_STORE - {S.CONDEMNED}


def today() -> date:
    """The date on the wall of the store."""
    return timezone.localdate(clock.now())


def where(asset: Asset) -> str:
    """The one place where it is: a store, to the shelf if that is known; a van; or with the person."""
    if asset.store:
        return f"{asset.store}, {asset.location}" if asset.location else str(asset.store)
    if asset.vehicle:
        return f"Van {asset.vehicle}"
    return "With the person" if asset.state in AT_HOME else "—"


def _in(*states: str) -> Callable[[], Q]:
    return lambda: Q(state__in=states)


def overdue(on: date) -> Q:
    """A test that fell due before this day."""
    return Q(test_due_on__lt=on)


WORK: dict[str, tuple[str, Callable[[], Q]]] = {
    "new": ("To accept", _in(S.RECEIVED)),
    "to_clean": ("To clean", _in(S.QUARANTINE)),
    "cleaning": ("Being cleaned", _in(S.DECONTAMINATING)),
    "to_test": ("To test", _in(S.DECONTAMINATED, S.TESTING)),
    "repair": ("In repair", _in(S.REPAIR)),
    "ready": ("Ready", _in(S.AVAILABLE)),
    "promised": ("Promised", _in(S.RESERVED, S.PICKED, S.STAGED, S.LOADED)),
    "out": ("Out", _in(*sorted(AT_HOME))),
    "collect": ("To collect", _in(S.COLLECTION_DUE)),
    "returning": ("Coming back", _in(S.RETURNING)),
    "overdue_stock": (
        "Test overdue, in store",
        lambda: overdue(today()) & Q(state__in=sorted(_STORED | ON_VEHICLE)),
    ),
    "overdue_loan": ("Test overdue, on loan", lambda: overdue(today()) & Q(state__in=sorted(AT_HOME))),
    "held": ("Held", _in(S.HELD)),
}

TONES: dict[str, str] = {
    S.RECEIVED: "info",
    S.AVAILABLE: "success",
    S.RESERVED: "primary",
    S.PICKED: "primary",
    S.STAGED: "primary",
    S.LOADED: "primary",
    S.ON_LOAN: "info",
    S.COLLECTION_DUE: "warning",
    S.RETURNING: "warning",
    S.QUARANTINE: "danger",
    S.DECONTAMINATING: "warning",
    S.DECONTAMINATED: "info",
    S.TESTING: "info",
    S.REPAIR: "warning",
    S.HELD: "danger",
    S.CONDEMNED: "danger",
    S.LOST: "danger",
    S.DISPOSED: "default",
}
