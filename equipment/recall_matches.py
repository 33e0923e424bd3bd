"""Which units a safety alert is about, found in one read of each kind and written in one statement (rule 36)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from equipment.criteria import Criterion, Kind, Unit, about, any_meets
from equipment.jobs import AlertUnitState
from equipment.models import Alert, AlertUnit, Asset, Loan, Organisation, Product, StockLine
from equipment.states import AT_HOME, AT_STORE, ON_VEHICLE, AssetState, Tracking


@dataclass(frozen=True)
class Found:
    """The keys of assets, lines of counted stock, and open loans of counted stock."""

    assets: tuple[int, ...]
    lines: tuple[int, ...]
    loans: tuple[int, ...]

    @property
    def total(self) -> int:
        return len(self.assets) + len(self.lines) + len(self.loans)


@dataclass(frozen=True)
class Preview:
    """How many units there are, by where they are."""

    in_stores: int
    on_vans: int
    at_home: int
    lost: int

    @property
    def total(self) -> int:
        return self.in_stores + self.on_vans + self.at_home + self.lost


def find(
    criteria: Sequence[Criterion], organisation: Organisation, *, new_to: Alert | None = None, since: Any = None
) -> Found:
    """Every unit of the organisation, and of those that it serves, that meets a criterion: assets in any state but
    disposed of, lines of counted stock clean and dirty, open loans of counted stock.

    With `new_to`, only those that this alert has not found yet; with `since`, only what has moved from then on.
    """
    kinds = _kinds(criteria)
    if not kinds:
        return Found((), (), ())
    numbered = set(Product.objects.filter(pk__in=kinds, tracking=Tracking.SERIALISED).values_list("pk", flat=True))
    counted = {pk: kind for pk, kind in kinds.items() if pk not in numbered}
    return Found(
        tuple(_assets(criteria, kinds, organisation, new_to, since)),
        tuple(_lines(criteria, counted, organisation, new_to)) if counted else (),
        tuple(_loans(criteria, counted, organisation, new_to, since)) if counted else (),
    )


def _kinds(criteria: Sequence[Criterion]) -> dict[int, Kind]:
    """The products that the criteria are about. The catalogue is small; it is read as a whole."""
    rows = Product.objects.order_by("pk").values_list("pk", "maker", "model")
    kinds = (Kind(*row) for row in rows.iterator())
    return {kind.product: kind for kind in kinds if any(about(criterion, kind) for criterion in criteria)}


def _within(path: str, organisation: Organisation) -> Q:
    return Q(**{path: organisation}) | Q(**{f"{path}__provider": organisation})


def _worth_reading(criteria: Sequence[Criterion], kinds: dict[int, Kind]) -> Q:
    """All but serials and the batches of deliveries, which `any_meets` decides on."""
    wanted = Q()
    for criterion in criteria:
        one = Q(product__in=[pk for pk, kind in kinds.items() if about(criterion, kind)])
        if criterion.batch.strip():
            one &= Q(batch="") | Q(batch__iexact=criterion.batch.strip())
        if criterion.made_from is not None:
            one &= Q(made_on__isnull=True) | Q(made_on__gte=criterion.made_from)
        if criterion.made_to is not None:
            one &= Q(made_on__isnull=True) | Q(made_on__lte=criterion.made_to)
        wanted |= one
    return wanted


def _assets(
    criteria: Sequence[Criterion], kinds: dict[int, Kind], organisation: Organisation, new_to: Alert | None, since: Any
) -> Iterator[int]:
    rows = Asset.objects.filter(_worth_reading(criteria, kinds), _within("owner", organisation))
    rows = _not_yet(rows.exclude(state=AssetState.DISPOSED), new_to)
    if since is not None:
        rows = rows.filter(since__gte=since)
    if not any(criterion.serial_from or criterion.serial_to or criterion.batch for criterion in criteria):
        yield from rows.order_by("pk").values_list("pk", flat=True)
        return
    columns = ("pk", "product_id", "serial", "batch", "receipt__batch", "made_on")
    for pk, product, serial, batch, delivered, made_on in rows.order_by("pk").values_list(*columns):
        if any_meets(criteria, Unit(kinds[product], serial, batch or delivered or "", made_on)):
            yield pk


def _lines(
    criteria: Sequence[Criterion], kinds: dict[int, Kind], organisation: Organisation, new_to: Alert | None
) -> Iterator[int]:
    rows = StockLine.objects.filter(_within("store__organisation", organisation), product__in=kinds)
    rows = _not_yet(rows, new_to).order_by("pk")
    for pk, product, batch in rows.values_list("pk", "product_id", "batch"):
        if any_meets(criteria, Unit(kinds[product], batch=batch)):
            yield pk


def _loans(
    criteria: Sequence[Criterion], kinds: dict[int, Kind], organisation: Organisation, new_to: Alert | None, since: Any
) -> Iterator[int]:
    rows = Loan.objects.filter(_within("person__organisation", organisation), product__in=kinds)
    rows = _not_yet(rows.filter(asset__isnull=True, ended_at__isnull=True), new_to)
    if since is not None:
        rows = rows.filter(started_at__gte=since)
    for pk, product, batch in rows.order_by("pk").values_list("pk", "product_id", "stock_line__batch"):
        if any_meets(criteria, Unit(kinds[product], batch=batch or "")):
            yield pk


def _not_yet(rows: QuerySet[Any], alert: Alert | None) -> QuerySet[Any]:
    return rows if alert is None else rows.exclude(alert_units__alert=alert)


def write(alert: Alert, found: Found, *, at: datetime) -> int:
    """A row for each unit, one statement for each kind; returns how many are new. A unit is found once in an alert."""
    columns = (("asset", found.assets), ("stock_line", found.lines), ("loan", found.loans))
    return sum(_write(alert, column, keys, at=at) for column, keys in columns if keys)


def _write(alert: Alert, column: str, keys: Iterable[int], *, at: datetime) -> int:
    table, quote = AlertUnit._meta.db_table, connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(table)} (alert_id, {quote(column + '_id')}, state, found_at, attempts, note, outcome,"  # noqa: S608  names of our own
            " closed_by) SELECT %s, one, %s, %s, 0, '', '', '' FROM unnest(%s::bigint[]) AS one ON CONFLICT DO NOTHING",
            [alert.pk, AlertUnitState.FOUND.value, at, list(keys)],
        )
        return int(cursor.rowcount)


def places(found: Found) -> Preview:
    """Where these units are. Counted stock counts as one unit a line or a loan."""
    states = Asset.objects.filter(pk__in=found.assets).values_list("state", flat=True) if found.assets else []
    counted = dict.fromkeys(AssetState, 0)
    for state in states:
        counted[AssetState(state)] += 1
    return Preview(
        in_stores=sum(counted[state] for state in AT_STORE) + len(found.lines),
        on_vans=sum(counted[state] for state in ON_VEHICLE),
        at_home=sum(counted[state] for state in AT_HOME) + len(found.loans),
        lost=counted[AssetState.LOST],
    )
