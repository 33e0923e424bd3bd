"""Today's numbers of the store floor: one query, each number with the list behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse

from equipment.admin.work import WORK, overdue, today
from equipment.admin_base import see
from equipment.models import Asset
from equipment.states import AT_HOME, AT_STORE, ON_VEHICLE, AssetState

S = AssetState


@dataclass(frozen=True)
class Tile:
    """One number and where it leads."""

    label: str
    count: int
    url: str
    tone: str

    @property
    def colour(self) -> str:
        return self.tone if self.count else "none"


_TONES = {
    "new": "info",
    "to_clean": "warning",
    "cleaning": "info",
    "to_test": "warning",
    "ready": "success",
    "promised": "info",
    "overdue_stock": "danger",
    "overdue_loan": "danger",
    "collect": "warning",
    "repair": "info",
    "held": "danger",
}
_STATES: dict[str, Iterable[str]] = {
    "new": {S.RECEIVED},
    "to_clean": {S.QUARANTINE},
    "cleaning": {S.DECONTAMINATING},
    "to_test": {S.DECONTAMINATED, S.TESTING},
    "ready": {S.AVAILABLE},
    "promised": {S.RESERVED, S.PICKED, S.STAGED, S.LOADED},
    "collect": {S.COLLECTION_DUE},
    "repair": {S.REPAIR},
    "held": {S.HELD},
}
_LATE: dict[str, Iterable[str]] = {
    "overdue_stock": (AT_STORE - {S.CONDEMNED}) | ON_VEHICLE,
    "overdue_loan": AT_HOME,
}


def tiles(request: HttpRequest) -> list[Tile]:
    """What there is to do on the floor, in the order of the work; counted in one statement."""
    rows = (
        see(Asset.objects.all(), "owner", request)
        .order_by()
        .values_list("state")
        .annotate(count=Count("pk"), late=Count("pk", filter=overdue(today())))
    )
    count, late = {}, {}
    for state, everything, overdue_ones in rows:
        count[state], late[state] = everything, overdue_ones
    numbers = {name: sum(count.get(state, 0) for state in states) for name, states in _STATES.items()}
    numbers |= {name: sum(late.get(state, 0) for state in states) for name, states in _LATE.items()}
    address = reverse("admin:equipment_asset_changelist")
    return [Tile(WORK[name][0], numbers[name], f"{address}?work={name}", tone) for name, tone in _TONES.items()]
