"""Reads: the tests that fall due, of what stands in a store and of what is on loan (rules 4, 5 and 37).

The index on an asset's first due date chooses where to look; what is due is read from the records of its tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    DateField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, TruncDate

from equipment import fitness, holdings
from equipment.days import LONDON, day_of
from equipment.models import Asset, InspectionRecord, Loan, Reservation
from equipment.states import AT_HOME, AT_STORE, ON_VEHICLE, PASSED, AssetState, TestResult, label

Pairs = QuerySet[Any, Any]  # of assets or of records: one kind of test of `the_asset`, with `due_on` and `result`
# What may still be used by somebody, wherever it is. Bringing condemned kit up to date would be wasted.
IN_USE = AT_HOME | ON_VEHICLE | (AT_STORE - {AssetState.CONDEMNED})
READ = ("the_asset", "kind", "due_on", "result")
_ALL = 2**31 - 1  # a limit that limits nothing: the database answers what stands inside it first
EXPIRING = frozenset({"test_overdue", "test_expires_soon"})


@dataclass(frozen=True)
class Due:
    """One test of one asset that falls due. `due_on` None: at once, because it failed or was never recorded."""

    asset: Asset
    kind: str
    due_on: date | None
    result: str = ""  # of the last one; empty when there is none
    loan: Loan | None = None

    def overdue(self, on: date) -> bool:
        """On the day itself it still counts."""
        return self.due_on is None or self.due_on < on

    @property
    def failed(self) -> bool:
        return self.result in (TestResult.FAIL, TestResult.PROHIBIT)

    @property
    def where(self) -> str:
        """`home`, `van` or `store`."""
        if self.asset.state in AT_HOME:
            return "home"
        return "van" if self.asset.state in ON_VEHICLE else "store"

    @property
    def why(self) -> str:
        """`LOLER thorough examination: never recorded`."""
        if self.due_on is not None:
            return f"{label(self.kind)}: due {self.due_on:%d %b %Y}"
        found = {"": "never recorded", TestResult.PROHIBIT: "prohibited"}.get(self.result, "failed")
        return f"{label(self.kind)}: {found}"


def dated(assets: QuerySet[Asset], *, until: date) -> Pairs:
    """Of these assets, every test whose last result passed and that falls due by that day, the first due first."""
    known = assets.filter(state__in=sorted(IN_USE), test_due_on__lte=until).order_by()
    # From the records, of which none stands before it: the database answers that for thousands at once.
    rows: Pairs = InspectionRecord.objects.filter(_NO_LATER, asset__in=known, voided_at__isnull=True)
    rows = rows.filter(result__in=sorted(PASSED), asset__product__regimes__kind=F("kind"))
    interval = F("asset__product__regimes__interval_days")
    rows = rows.annotate(the_asset=F("asset_id"), due_on=Coalesce("next_due", _after("performed_at", interval)))
    return rows.filter(due_on__lte=until).order_by("due_on", "the_asset", "kind")


def owed(assets: QuerySet[Asset], *, until: date) -> tuple[Pairs, Pairs]:
    """Of those of these assets that are on loan, every test that has no date although the product names an interval (it
    was never recorded, and counts as overdue); and every test that failed last. A pair may be in both.
    """
    standing = _standing(OuterRef("pk"), OuterRef("kind"))
    passed, home = Q(result__in=sorted(PASSED)), _at_home(assets)
    # Two questions rather than one with an "or", which the database could answer for one asset by reading all tests.
    no_date = ~Exists(standing.filter(passed, next_due__isnull=False))
    without = _kinds(home, interval=True).filter(no_date).values("pk")[:_ALL]
    dateless = _pairs(Asset.objects.filter(pk__in=without), no_date, interval=True)
    at_once = Q(result__isnull=True) | ~passed | Q(due_on__lte=until)
    bad = _standing(OuterRef("pk"), OuterRef("product__regimes__kind")).exclude(passed)
    failed = _pairs(Asset.objects.filter(pk__in=home.filter(Exists(bad)).order_by().values("pk")[:_ALL]))
    return dateless.filter(at_once).order_by("pk", "kind"), failed.exclude(passed).order_by("pk", "kind")


def _kinds(assets: QuerySet[Asset], *, interval: bool) -> Pairs:
    """Assets with each kind of test of their product."""
    regime = "product__regimes"
    rows: Pairs = assets.order_by().annotate(kind=F(f"{regime}__kind"), interval=F(f"{regime}__interval_days"))
    return rows.filter(kind__isnull=False, **({"interval__isnull": False} if interval else {}))


def _pairs(assets: QuerySet[Asset], only: Any = None, *, interval: bool = False) -> Pairs:
    """Assets with each kind of test of their product, and how the last one went."""
    rows = _kinds(assets, interval=interval)
    if only is not None:
        rows = rows.filter(only)
    last = _last(OuterRef("pk"), OuterRef("kind"))
    rows = rows.annotate(
        the_asset=F("pk"),
        result=Subquery(last.values("result")[:1]),
        next_due=Subquery(last.values("next_due")[:1]),
        tested_at=Subquery(last.values("performed_at")[:1]),
    )
    return rows.annotate(
        due_on=Case(
            When(next_due__isnull=False, then=F("next_due")),
            When(result__in=sorted(PASSED), interval__isnull=False, then=_after("tested_at", F("interval"))),
            default=None,
            output_field=DateField(),
        )
    )


def _after(tested_at: str, interval: Any) -> Any:
    """The product's interval after the last test: of one recorded before the product had an interval."""
    span = ExpressionWrapper(interval * Value(timedelta(days=1)), output_field=DurationField())
    return Cast(TruncDate(tested_at, tzinfo=LONDON) + span, DateField())


def _standing(asset: Any, kind: Any) -> QuerySet[InspectionRecord]:
    return InspectionRecord.objects.filter(asset=asset, kind=kind, voided_at__isnull=True)


def _last(asset: Any, kind: Any) -> QuerySet[InspectionRecord]:
    """The latest first, and of two at the same moment the failure: what `holdings` asks of fitness."""
    failed_first = Case(When(result__in=sorted(PASSED), then=1), default=0).asc()
    return _standing(asset, kind).order_by("-performed_at", failed_first, "-id")


def _no_later() -> Any:
    """No other record of this test stands and comes after it, as `_last` puts them: a failure after a pass at the same
    moment.
    """
    passed = Q(result__in=sorted(PASSED))
    same, later = Q(performed_at=OuterRef("performed_at")), Q(performed_at__gt=OuterRef("performed_at"))
    newer = _standing(OuterRef("asset"), OuterRef("kind")).filter(
        later | (same & ~passed) | (same & passed & Q(pk__gt=OuterRef("pk")))
    )
    return ~Exists(newer)


_NO_LATER = _no_later()


def on_loan(assets: QuerySet[Asset], *, until: date, most: int | None = None) -> list[Due]:
    """What falls due by that day of these assets while they are on loan, what is overdue first. `most` counts pairs of
    asset and kind.
    """
    pairs = (*owed(assets, until=until), dated(_at_home(assets), until=until))
    rows = {(row["the_asset"], row["kind"]): row for one in pairs for row in one.values(*READ)[:most]}
    return read(sorted(rows.values(), key=_soonest)[:most])


def _at_home(assets: QuerySet[Asset]) -> QuerySet[Asset]:
    return assets.filter(state__in=sorted(AT_HOME))


def _soonest(row: Mapping[str, Any]) -> tuple[date, int, str]:
    return (row["due_on"] or date.min, row["the_asset"], row["kind"])


def read(rows: Iterable[Mapping[str, Any]]) -> list[Due]:
    """The rows of `dated` and `owed` with their assets and loans, in two queries; their order stays."""
    given = list(rows)
    keys = {row["the_asset"] for row in given}
    assets = Asset.objects.select_related("product", "store", "owner").in_bulk(keys)
    loans = _loans(keys)
    return [
        Due(assets[row["the_asset"]], row["kind"], row["due_on"], row["result"] or "", loans.get(row["the_asset"]))
        for row in given
    ]


def _loans(assets: Iterable[int]) -> dict[int, Loan]:
    rows = Loan.objects.filter(asset__in=assets, ended_at__isnull=True)
    return {row.asset_id or 0: row for row in rows.select_related("person__organisation", "address", "product")}


def of_loan(loan: Loan, *, until: date) -> list[Due]:
    """What falls due of one loan by that day; nothing of counted stock."""
    if loan.asset_id is None:
        return []
    return on_loan(Asset.objects.filter(pk=loan.asset_id), until=until)


@dataclass(frozen=True)
class Expiring:
    """A promise whose test will not be good enough on the day it goes."""

    reservation: Reservation
    reasons: Sequence[fitness.Reason]


def reserved_but_expiring(at: datetime, *, days: Mapping[int, date] | None = None) -> list[Expiring]:
    """Reserved assets whose test is overdue, or short of its least validity, on the day they go: `days` says that day
    by reservation, and today holds for those it does not name (rules 4 and 5).

    What a rule lets nobody issue must be replaced or tested before somebody waits for it at a door.
    """
    today, given = day_of(at), days or {}
    live = Reservation.objects.filter(ended_at__isnull=True, issued_at__isnull=True, asset__test_due_on__isnull=False)
    rows = list(live.select_related("asset__product", "person", "product").order_by("pk"))
    facts = holdings.facts_of_rows([row.asset for row in rows if row.asset is not None])
    found = []
    for row in rows:
        on = max(given.get(row.pk, today), today)
        reasons = _expiring(facts[row.asset_id or 0], on)
        if reasons:  # set aside for this person, perhaps
            person = holdings.person_facts(row.person, on=on, asking=[row.product], without=row)
            reasons = _expiring(facts[row.asset_id or 0], on, person)
        if reasons:
            found.append(Expiring(row, reasons))
    return found


def _expiring(asset: fitness.AssetFacts, on: date, person: fitness.PersonFacts | None = None) -> list[fitness.Reason]:
    return [one for one in fitness.to_issue(asset, on=on, person=person) if one.code in EXPIRING]
