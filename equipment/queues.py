"""The work that waits in a store: what belongs in which queue, whose duty it is, and how long it has waited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, QuerySet, Value, When

from equipment.days import day_of
from equipment.duties import Actor, Duty
from equipment.jobs import RepairOutcome
from equipment.models import Asset, InspectionRecord, Repair, TestRegime
from equipment.states import COMMITTED, PASSED, AssetState

S = AssetState


@dataclass(frozen=True)
class Queue:
    """One kind of work. `owing` splits what is clean: what still owes a test (True), and what only waits for its shelf
    (False).
    """

    name: str
    label: str
    states: frozenset[str]
    duty: Duty
    owing: bool | None = None

    @property
    def target(self) -> timedelta | None:
        """How long an asset may wait here. None: any time, because the day it is needed says when it is due."""
        hours = settings.SERVICE["TURNAROUND_HOURS"].get(self.name)
        return None if hours is None else timedelta(hours=hours)

    def condition(self, *, at: datetime) -> Q:
        """Which assets wait here."""
        waiting = Q(state__in=sorted(self.states))
        if self.owing is None:
            return waiting
        return waiting & (_owes_a_test(at) if self.owing else ~_owes_a_test(at))

    def is_late(self, since: datetime | None, *, at: datetime) -> bool:
        """Has it waited beyond the target?"""
        return since is not None and self.target is not None and since < at - self.target


@dataclass(frozen=True)
class Standing:
    """How a queue stands: how many wait, how many of them too long, and since when the oldest."""

    count: int = 0
    late: int = 0
    oldest: datetime | None = None


def _owes_a_test(at: datetime) -> Q:
    """Some test of its regime is missing, failed last, fell due, or is older than its last return or repair: what
    `fitness` asks (rule 4), said as one condition for many assets.
    """
    standing = InspectionRecord.objects.filter(asset=OuterRef("asset"), kind=OuterRef("kind"), voided_at__isnull=True)
    failed_since = standing.filter(performed_at__gte=OuterRef("performed_at")).exclude(result__in=sorted(PASSED))
    mended_since = Repair.objects.filter(
        asset=OuterRef("asset"), outcome=RepairOutcome.REPAIRED, closed_at__gte=OuterRef("performed_at")
    )
    good = InspectionRecord.objects.filter(
        ~Exists(failed_since),
        Q(next_due__isnull=True) | Q(next_due__gte=day_of(at)),
        asset=OuterRef(OuterRef("pk")),
        kind=OuterRef("kind"),
        result__in=sorted(PASSED),
        voided_at__isnull=True,
    )
    since_back = ~Exists(mended_since) & (Q(asset__soiled_at__isnull=True) | Q(performed_at__gt=F("asset__soiled_at")))
    ours = TestRegime.objects.filter(product=OuterRef("product"))
    owed = ours.filter(~Exists(good), on_return=False)
    owed_again = ours.filter(~Exists(good.filter(since_back)), on_return=True)
    return Q(Exists(owed)) | Q(Exists(owed_again))


_CLEAN = [S.DECONTAMINATED, S.TESTING]

# In the order in which people read them: what stands between a person and their equipment first.
QUEUES = (
    Queue("clean", "To clean", frozenset({S.QUARANTINE}), Duty.CLEAN),
    Queue("washing", "Being cleaned", frozenset({S.DECONTAMINATING}), Duty.CLEAN),
    Queue("test", "To test", frozenset({S.DECONTAMINATED, S.TESTING}), Duty.TEST, owing=True),
    Queue("repair", "In repair", frozenset({S.REPAIR}), Duty.REPAIR),
    Queue("shelve", "To put away", frozenset({S.DECONTAMINATED, S.TESTING}), Duty.SHELVE, owing=False),
    Queue("pick", "To pick", frozenset({S.RESERVED}), Duty.PICK),
    Queue("lane", "In a van lane", frozenset({S.PICKED, S.STAGED}), Duty.PICK),
    Queue("accept", "To accept", frozenset({S.RECEIVED}), Duty.RECEIVE),
    Queue("returning", "Coming back on a van", frozenset({S.RETURNING}), Duty.RETURN),
    Queue("collect", "To collect", frozenset({S.COLLECTION_DUE}), Duty.PICK),
    Queue("transfers", "Between stores", frozenset({S.IN_TRANSFER}), Duty.TRANSFER),
    Queue("held", "Held", frozenset({S.HELD}), Duty.MANAGE),
    Queue("dispose", "To dispose of", frozenset({S.CONDEMNED}), Duty.MANAGE),
)
BY_NAME = {queue.name: queue for queue in QUEUES}

# On their way to the clean shelf, nearest to it first: what can be promised to the next person.
PIPELINE: dict[str, int] = {
    S.RECEIVED: 0,
    S.TESTING: 0,
    S.DECONTAMINATED: 0,
    S.DECONTAMINATING: 1,
    S.QUARANTINE: 2,
    S.REPAIR: 3,
}
PROMISED = COMMITTED - {S.LOADED}


def of(actor: Actor) -> list[Queue]:
    """The queues of this person's duties, in the order of the work."""
    return [queue for queue in QUEUES if actor.may(queue.duty)]


def waited(span: timedelta) -> str:
    """`2 days 4 h`, `5 h` or `12 min`: as much as a glance needs."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    days, hours = divmod(minutes // 60, 24)
    if days:
        text = f"{days} day{'s' if days > 1 else ''}"
        return f"{text} {hours} h" if hours else text
    return f"{hours} h" if hours else f"{minutes} min"


def holding(state: str, *, owes_test: bool) -> Queue | None:
    """The queue that an asset in this state waits in, if it waits at all."""
    return next((q for q in QUEUES if state in q.states and q.owing in (None, owes_test)), None)


def with_owes_test(assets: QuerySet[Asset], *, at: datetime) -> QuerySet[Any]:
    """Adds `owes_test`, asked only of what is clean and not on a shelf."""
    clean_and_owing = When(Q(state__in=_CLEAN) & _owes_a_test(at), then=Value(True))
    return assets.annotate(owes_test=Case(clean_and_owing, default=Value(False)))


def standings(assets: QuerySet[Asset], *, at: datetime) -> dict[str, Standing]:
    """How every queue of these assets stands, in one statement that reads only what waits."""
    found = dict.fromkeys(BY_NAME, Standing())
    waiting: Any = with_owes_test(assets.filter(state__in=_WAITING), at=at).order_by()
    rows = waiting.values_list("state", "owes_test").annotate(
        count=Count("pk"), late=Count("pk", filter=_late(at)), oldest=Min("since")
    )
    for state, owes_test, *facts in rows:
        queue = holding(state, owes_test=owes_test)
        if queue is not None:
            found[queue.name] = _both(found[queue.name], Standing(*facts))
    return found


_WAITING = sorted({state for queue in QUEUES for state in queue.states})


def _late(at: datetime) -> Q:
    """Has waited beyond the target of its queue."""
    found = Q()
    for queue in QUEUES:
        if queue.target is not None:
            found |= queue.condition(at=at) & Q(since__lt=at - queue.target)
    return found or Q(pk__in=[])


def _both(one: Standing, other: Standing) -> Standing:
    oldest = min((since for since in (one.oldest, other.oldest) if since), default=None)
    return Standing(one.count + other.count, one.late + other.late, oldest)
