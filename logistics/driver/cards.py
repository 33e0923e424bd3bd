"""What a page or the paper shows of a route and its stops. Reads only, and only what a crew needs at the door."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from equipment import telecare_facts
from equipment.models import Asset, Product
from equipment.states import label
from logistics.models import Activity, Route, Stop, Visit
from logistics.states import LIVE_VISIT, ActivityKind, ActivityState, VisitState

CLOSED = frozenset({VisitState.DONE, VisitState.FAILED, VisitState.CANCELLED})
_ON_THE_WAY = frozenset({VisitState.OUT, VisitState.ARRIVED})
STATE_WORDS = {
    VisitState.OPEN: "To do",
    VisitState.PLANNED: "To do",
    VisitState.OUT: "To do",
    VisitState.ARRIVED: "At the door",
    VisitState.DONE: "Done",
    VisitState.FAILED: "Could not do",
    VisitState.CANCELLED: "Called off",
}


@dataclass(frozen=True)
class Item:
    """One thing to bring, to fetch or to test, and how that went."""

    activity: Activity
    product: Product
    asset: Asset | None
    quantity: int

    @property
    def open(self) -> bool:
        return self.activity.state == ActivityState.OPEN

    @property
    def done(self) -> bool:
        return self.activity.state == ActivityState.DONE

    @property
    def to_test(self) -> str:
        """`Test Mobile hoist 000123: LOLER thorough examination, PAT.`"""
        kinds = ", ".join(label(kind) for kind in self.activity.tests)
        return f"Test {self.product.name}{f' {self.asset}' if self.asset else ''}: {kinds}."

    @property
    def not_done(self) -> bool:
        return self.activity.state == ActivityState.NOT_DONE


@dataclass(frozen=True)
class Card:
    """A stop with its door and its things. `last` is the highest stop number of the route."""

    stop: Stop
    last: int
    bring: list[Item]
    fetch: list[Item]
    test: list[Item] = field(default_factory=list)

    @property
    def visit(self) -> Visit:
        return self.stop.visit

    @property
    def closed(self) -> bool:
        return self.visit.state in CLOSED

    @property
    def word(self) -> str:
        return STATE_WORDS[VisitState(self.visit.state)]

    @property
    def phone(self) -> str:
        """Only on the way and at the door; nobody calls where a person has died (rule 27)."""
        return self.visit.person.phone if self.may_call and self.visit.state in _ON_THE_WAY else ""

    @property
    def may_call(self) -> bool:
        return self.visit.person.died_on is None

    @property
    def going_home(self) -> bool:
        """Somebody's way home hangs on it."""
        return self.visit.critical and self.visit.discharge_id is not None and not self.closed

    @property
    def fitting(self) -> bool:
        return any(item.product.fitting_minutes for item in self.bring)

    @property
    def telecare(self) -> bool:
        return any(item.product.use in telecare_facts.TELECARE for item in self.bring)

    @property
    def two_people(self) -> bool:
        return any(item.product.crew_size > 1 for item in (*self.bring, *self.fetch))

    @property
    def checks(self) -> list[str]:
        """What must be seen to before leaving (rules 3, 25, 38)."""
        return [
            *(["Two people: do not lift or fit this alone."] if self.two_people else []),
            *(["Fit it and try it out."] if self.fitting else []),
            *(["Show how it is used."] if self.fitting else []),
            *(["Make a test call from each trigger: the alarm centre must hear it."] if self.telecare else []),
            *(item.to_test for item in self.test),
            *(["Before you touch what you collect, ask about infection."] if self.fetch else []),
        ]


@dataclass(frozen=True)
class Day:
    """A route and how far it has come."""

    route: Route
    stops: Sequence[Stop]

    @property
    def closed(self) -> int:
        return sum(stop.visit.state in CLOSED for stop in self.stops)

    @property
    def waiting(self) -> list[Stop]:
        return [stop for stop in self.stops if stop.visit.state in LIVE_VISIT]

    @property
    def next(self) -> Stop | None:
        return next(iter(self.waiting), None)

    @property
    def starts_at(self) -> datetime:
        return self.route.starts_at or self.route.shift.starts_at

    @property
    def crew(self) -> str:
        return " and ".join(driver.name for driver in self.route.shift.crew.all())


def day_of(route: Route) -> Day:
    """The route with all its stops, failed ones too."""
    return Day(route, list(route.stops.select_related("visit").order_by("sequence")))


def card_of(stop: Stop) -> Card:
    last = Stop.objects.filter(route=stop.route_id).order_by("-sequence").values_list("sequence", flat=True)[0]
    return _card(stop, last, _activities().filter(visit=stop.visit_id))


def cards_of(route: Route) -> list[Card]:
    """All stops of a route in order, in a fixed number of reads."""
    rows = route.stops.select_related("visit__person", "visit__address").order_by("sequence")
    stops = list(rows.prefetch_related(Prefetch("visit__activities", _activities())))
    return [_card(stop, stops[-1].sequence, stop.visit.activities.all()) for stop in stops]


def _activities() -> QuerySet[Activity]:
    rows = Activity.objects.exclude(state=ActivityState.CANCELLED).order_by("pk")
    related = ("reservation__product", "reservation__asset__product", "loan__product", "loan__asset__product")
    return rows.select_related(*related)


def _card(stop: Stop, last: int, activities: Iterable[Activity]) -> Card:
    kinds: dict[str, list[Item]] = {kind: [] for kind in ActivityKind}
    for activity in activities:
        source = activity.reservation or activity.loan
        if source is not None:
            kinds[activity.kind].append(Item(activity, source.product, source.asset, source.quantity))
    return Card(
        stop, last, kinds[ActivityKind.DELIVERY], kinds[ActivityKind.COLLECTION], kinds[ActivityKind.INSPECTION]
    )


def before_break(route: Route, stops: Sequence[Stop]) -> int | None:
    """How many of the stops come before the meal break; None when the route has none."""
    if route.break_from is None:
        return None
    return sum(stop.begin_at < route.break_from for stop in stops)
