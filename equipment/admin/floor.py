"""Today's numbers of the store floor: the queues of this person's duties, and the tests that have run out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse

from equipment import clock, queues
from equipment.admin.work import WORK, overdue, today
from equipment.admin_base import label_of, see
from equipment.duties import Duty
from equipment.models import Asset
from equipment.queues import Queue, Standing, waited
from equipment.states import AT_HOME, AT_STORE, ON_VEHICLE, AssetState

S = AssetState


@dataclass(frozen=True)
class Tile:
    """One number and where it leads; for a queue also how it stands against its target, and what comes first."""

    label: str
    count: int
    url: str
    tone: str
    oldest: str = ""
    target: str = ""
    late: int = 0
    next: str = ""

    @property
    def colour(self) -> str:
        return ("danger" if self.late else self.tone) if self.count else "none"


_TONES = {"clean": "warning", "test": "warning", "collect": "warning", "held": "danger"}
_ASIDE = {"ready": "success", "overdue_stock": "danger", "overdue_loan": "danger"}
_LATE = {
    "overdue_stock": (AT_STORE - {S.CONDEMNED}) | ON_VEHICLE,
    "overdue_loan": AT_HOME,
}


def tiles(request: HttpRequest, first: Mapping[str, str]) -> list[Tile]:
    """What there is to do for this person; `first` says of a queue what in it is the most urgent."""
    at = clock.now()
    found = queues.standings(see(Asset.objects.all(), "owner", request, store="store"), at=at)
    return [_tile(queue, found[queue.name], first.get(queue.name, ""), at=at) for queue in queues.of(label_of(request))]


def _tile(queue: Queue, standing: Standing, first: str, *, at: datetime) -> Tile:
    return Tile(
        label=queue.label,
        count=standing.count,
        url=reverse("admin:queue", args=[queue.name]),
        tone=_TONES.get(queue.name, "info"),
        oldest=waited(at - standing.oldest) if standing.oldest else "",
        target=waited(queue.target) if queue.target else "",
        late=standing.late,
        next=first,
    )


def shelf(request: HttpRequest) -> list[Tile]:
    """What is ready, and whose tests have run out, for those who test; counted in one statement."""
    if not label_of(request).may(Duty.TEST):
        return []
    rows = (
        see(Asset.objects.filter(state__in=sorted(_COUNTED)), "owner", request, store="store")
        .order_by()
        .values_list("state")
        .annotate(count=Count("pk"), late=Count("pk", filter=overdue(today())))
    )
    count, late = {}, {}
    for state, everything, overdue_ones in rows:
        count[state], late[state] = everything, overdue_ones
    numbers = {"ready": count.get(S.AVAILABLE, 0)}
    numbers |= {name: sum(late.get(state, 0) for state in states) for name, states in _LATE.items()}
    address = reverse("admin:equipment_asset_changelist")
    return [Tile(WORK[name][0], numbers[name], f"{address}?work={name}", tone) for name, tone in _ASIDE.items()]


_COUNTED = {S.AVAILABLE}.union(*_LATE.values())
