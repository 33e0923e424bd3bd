"""Which units a safety alert is about, found in one read of each kind and written in one statement (rule 36)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from equipment.criteria import Criterion, Kind, about, fits, of_batch
from equipment.jobs import AlertUnitState
from equipment.models import Alert, AlertUnit, Asset, Loan, Organisation, Product, StockLine
from equipment.states import AT_HOME, AT_STORE, ON_VEHICLE, AssetState, Tracking


@dataclass(frozen=True)
class Found:
    """The keys of assets, lines of counted stock, and open loans of counted stock; and how many of the assets are in
    which state.
    """

    assets: tuple[int, ...]
    lines: tuple[int, ...]
    loans: tuple[int, ...]
    states: Counter[str]

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
    asked = _asked(criteria)
    if not asked:
        return Found((), (), (), Counter())
    numbered = set(Product.objects.filter(pk__in=asked, tracking=Tracking.SERIALISED).values_list("pk", flat=True))
    counted = {pk: mine for pk, mine in asked.items() if pk not in numbered}
    assets = list(_assets(asked, organisation, new_to, since))
    return Found(
        tuple(pk for pk, _ in assets),
        tuple(_lines(counted, organisation, new_to)) if counted else (),
        tuple(_loans(counted, organisation, new_to, since)) if counted else (),
        Counter(state for _, state in assets),
    )


Asked = Mapping[int, Sequence[Criterion]]


def _asked(criteria: Sequence[Criterion]) -> Asked:
    """By product, the criteria that are about it. The catalogue is small; it is read as a whole."""
    rows = Product.objects.order_by("pk").values_list("pk", "maker", "model")
    found = {row[0]: [one for one in criteria if about(one, Kind(*row))] for row in rows.iterator()}
    return {pk: mine for pk, mine in found.items() if mine}


def _within(path: str, organisation: Organisation) -> Q:
    return Q(**{path: organisation}) | Q(**{f"{path}__provider": organisation})


def _worth_reading(asked: Asked) -> Q:
    """All but serials and the batches of deliveries, which are decided on row by row."""
    by_criterion: dict[Criterion, list[int]] = {}
    for product, mine in asked.items():
        for criterion in mine:
            by_criterion.setdefault(criterion, []).append(product)
    wanted = Q()
    for criterion, products in by_criterion.items():
        one = Q(product__in=products)
        if criterion.batch.strip():
            one &= Q(batch__in=_batches(criterion, products))
        if criterion.made_from is not None:
            one &= Q(made_on__isnull=True) | Q(made_on__gte=criterion.made_from)
        if criterion.made_to is not None:
            one &= Q(made_on__isnull=True) | Q(made_on__lte=criterion.made_to)
        wanted |= one
    return wanted


def _batches(criterion: Criterion, products: Iterable[int]) -> list[str]:
    """Every way in which its batch is written on these products, and not at all."""
    known = Asset.objects.filter(product__in=list(products)).order_by().values_list("batch", flat=True).distinct()
    return [batch for batch in known if of_batch(criterion, batch)]


def _assets(asked: Asked, organisation: Organisation, new_to: Alert | None, since: Any) -> Iterator[tuple[int, str]]:
    rows = Asset.objects.filter(_worth_reading(asked), _within("owner", organisation))
    rows = _not_yet(rows.exclude(state=AssetState.DISPOSED), new_to).order_by("pk")
    if since is not None:
        rows = rows.filter(since__gte=since)
    if not any(one.serial_from or one.serial_to or one.batch for mine in asked.values() for one in mine):
        yield from rows.values_list("pk", "state")
        return
    columns = ("pk", "state", "product_id", "serial", "batch", "receipt__batch", "made_on")
    for pk, state, product, serial, batch, delivered, made_on in rows.values_list(*columns):
        if any(fits(one, serial, batch or delivered or "", made_on) for one in asked[product]):
            yield pk, state


def _lines(asked: Asked, organisation: Organisation, new_to: Alert | None) -> Iterator[int]:
    rows = StockLine.objects.filter(_within("store__organisation", organisation), product__in=asked)
    rows = _not_yet(rows, new_to).order_by("pk")
    for pk, product, batch in rows.values_list("pk", "product_id", "batch"):
        if any(fits(one, "", batch, None) for one in asked[product]):
            yield pk


def _loans(asked: Asked, organisation: Organisation, new_to: Alert | None, since: Any) -> Iterator[int]:
    rows = Loan.objects.filter(_within("person__organisation", organisation), product__in=asked)
    rows = _not_yet(rows.filter(asset__isnull=True, ended_at__isnull=True), new_to)
    if since is not None:
        rows = rows.filter(started_at__gte=since)
    for pk, product, batch in rows.order_by("pk").values_list("pk", "product_id", "stock_line__batch"):
        if any(fits(one, "", batch or "", None) for one in asked[product]):
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
    return Preview(
        in_stores=sum(found.states[state] for state in AT_STORE) + len(found.lines),
        on_vans=sum(found.states[state] for state in ON_VEHICLE),
        at_home=sum(found.states[state] for state in AT_HOME) + len(found.loans),
        lost=found.states[AssetState.LOST],
    )
