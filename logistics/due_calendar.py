"""Reads: the calendar of tests. By week, kind and depot; and of each the visit planned for it, or who has to decide."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet

from equipment import due
from equipment.competences import Register
from equipment.due import Due
from equipment.models import Asset, Competence, Store
from equipment.states import AT_HOME, label
from equipment.words import StoreKind
from logistics import siting
from logistics.models import Activity, FollowUp, Visit
from logistics.states import ActivityKind, ActivityState, FollowUpKind

WEEKS = 12
_LOAN = "open_loan"


@dataclass(frozen=True)
class Line:
    """One test that falls due, and the store that sees to it: where the asset stands, or the depot of its address."""

    asset: int
    kind: str
    due_on: date | None
    result: str
    store: int | None  # none: on a van, or at an address that no depot serves
    home: bool

    def overdue(self, on: date) -> bool:
        return self.due_on is None or self.due_on < on

    def week(self, on: date) -> date | None:
        """The Monday of its week; None when it is overdue."""
        return None if self.due_on is None or self.due_on < on else monday(self.due_on)


@dataclass(frozen=True)
class Week:
    """One row of the calendar: how many of each kind; `begins` None holds what is overdue."""

    begins: date | None
    counts: Counter[str]

    @property
    def total(self) -> int:
        return self.counts.total()


@dataclass(frozen=True)
class Entry:
    """One line as it is read: the asset and its loan, the visit that will test or fetch it, or the open question."""

    due: Due
    store: Store | None
    activity: Activity | None
    asked: FollowUp | None
    competent: tuple[Competence, ...]

    @property
    def visit(self) -> Visit | None:
        return self.activity.visit if self.activity else None


@dataclass(frozen=True)
class Gap:
    """Tests of a kind fall due in a store after the last day on which anybody may make them there."""

    kind: str
    store: Store
    after: date

    def __str__(self) -> str:
        return f"Nobody is competent for {label(self.kind)} at {self.store.code} after {self.after:%d %b %Y}."


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def until(on: date, weeks: int = WEEKS) -> date:
    """The last day of the calendar."""
    return monday(on) + timedelta(weeks=weeks, days=-1)


def lines(assets: QuerySet[Asset], *, until: date, stores: Collection[Store]) -> list[Line]:
    """Every test of these assets that falls due by that day, what is overdue first; three queries however many."""
    depots = _depots(stores)
    pairs = (*due.owed(assets, until=until), due.dated(assets, until=until))
    found = {(line.asset, line.kind): line for one in pairs for line in _lines(one, depots)}
    return sorted(found.values(), key=lambda line: (line.due_on or date.min, not line.home, line.asset, line.kind))


def _lines(pairs: due.Pairs, depots: dict[int, list[Store]]) -> Iterator[Line]:
    asset = "" if pairs.model is Asset else "asset__"
    open_loan = FilteredRelation(f"{asset}loans", condition=Q(**{f"{asset}loans__ended_at__isnull": True}))
    rows = pairs.annotate(**{_LOAN: open_loan}).annotate(
        latitude=F(f"{_LOAN}__address__latitude"),
        longitude=F(f"{_LOAN}__address__longitude"),
        organisation=F(f"{_LOAN}__person__organisation"),
        provider=F(f"{_LOAN}__person__organisation__provider"),
    )
    told = (*due.READ, f"{asset}state", f"{asset}store_id", "latitude", "longitude", "organisation", "provider")
    nearest: dict[Any, int | None] = {}
    for pk, kind, due_on, result, state, store_id, *where in rows.values_list(*told):
        home = state in AT_HOME
        if home:
            key = tuple(where)
            if key not in nearest:
                nearest[key] = _depot(depots, *where)
            store_id = nearest[key]
        yield Line(pk, kind, due_on, result or "", store_id, home)


def _depots(stores: Iterable[Store]) -> dict[int, list[Store]]:
    """By organisation, the depots it runs."""
    found: dict[int, list[Store]] = defaultdict(list)
    for store in stores:
        if store.kind == StoreKind.DEPOT:
            found[store.organisation_id].append(store)
    return found


def _depot(
    depots: dict[int, list[Store]], latitude: float | None, longitude: float | None, organisation: int, provider: int
) -> int | None:
    """As `siting.depot_for` chooses, from depots already read."""
    serving = [store for key in {organisation, provider} for store in depots.get(key, ())]
    serving.sort(key=lambda store: store.code)
    return siting.nearest(serving, latitude, longitude).pk if serving else None


def weeks(found: Iterable[Line], *, on: date, count: int = WEEKS) -> list[Week]:
    """What is overdue, then week by week, empty ones too."""
    counted: dict[date | None, Counter[str]] = defaultdict(Counter)
    for line in found:
        counted[line.week(on)][line.kind] += 1
    days = [None, *(monday(on) + timedelta(weeks=n) for n in range(count))]
    return [Week(day, counted[day]) for day in days]


def entries(found: Sequence[Line], *, on: date, stores: Collection[Store], register: Register) -> list[Entry]:
    """These lines with all that a page shows of them, in four queries however many."""
    rows = due.read({"the_asset": x.asset, "kind": x.kind, "due_on": x.due_on, "result": x.result} for x in found)
    loans = {row.loan.pk for row in rows if row.loan is not None}
    going, asked = _going(loans), _asked(loans)
    by_key = {store.pk: store for store in stores}
    return [
        _entry(line, row, by_key.get(line.store or 0), going, asked, register, on=on)
        for line, row in zip(found, rows, strict=True)
    ]


def _entry(
    line: Line,
    row: Due,
    store: Store | None,
    going: dict[int, list[Activity]],
    asked: dict[int, FollowUp],
    register: Register,
    *,
    on: date,
) -> Entry:
    loan = row.loan.pk if row.loan else 0
    activity = next((one for one in going.get(loan, ()) if _sees_to(one, line.kind)), None)
    competent = register.who_may(line.kind, store, max(line.due_on or on, on)) if store else []
    return Entry(row, store, activity, asked.get(loan), tuple(competent))


def _sees_to(activity: Activity, kind: str) -> bool:
    """What is fetched needs no test at home."""
    return activity.kind == ActivityKind.COLLECTION or kind in activity.tests


def _going(loans: Collection[int]) -> dict[int, list[Activity]]:
    kinds = [ActivityKind.INSPECTION, ActivityKind.COLLECTION]
    rows = Activity.objects.filter(loan__in=loans, state=ActivityState.OPEN, kind__in=kinds)
    found: dict[int, list[Activity]] = defaultdict(list)
    for row in rows.select_related("visit").order_by("kind", "pk"):
        found[row.loan_id or 0].append(row)
    return found


def _asked(loans: Collection[int]) -> dict[int, FollowUp]:
    rows = FollowUp.objects.filter(loan__in=loans, kind=FollowUpKind.HOME_TEST, closed_at__isnull=True)
    return {row.loan_id or 0: row for row in rows}


def gaps(found: Iterable[Line], *, on: date, stores: Collection[Store], register: Register) -> list[Gap]:
    """Where the register runs out before the tests do, the soonest first."""
    last: dict[tuple[str, int], date] = {}
    for line in found:
        if line.store is not None:
            key = line.kind, line.store
            last[key] = max(last.get(key, date.min), line.due_on or on, on)
    by_key = {store.pk: store for store in stores}
    found_gaps = []
    for (kind, store_id), latest in last.items():
        store = by_key.get(store_id)
        ends = register.ends_on(kind, store) if store else None
        if store is not None and ends is not None and ends < latest:
            found_gaps.append(Gap(kind, store, ends))
    return sorted(found_gaps, key=lambda gap: (gap.after, gap.kind, gap.store.code))
