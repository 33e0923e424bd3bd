"""Who waits for what: the units that orders still lack, and which assets on their way to the shelf will fill them.

Read only, and a forecast: nothing is promised to anybody before it is reserved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber

from equipment.models import Asset, Reservation
from equipment.queues import PIPELINE
from logistics.models import Activity, OrderLine
from logistics.states import ActivityState, LineState, OrderState

# The place of an asset among those of its product and store: nearest to the shelf, then longest waiting.
_NEARNESS = Case(*(When(state=state, then=Value(rank)) for state, rank in PIPELINE.items()))
_PLACE = Window(
    RowNumber(), partition_by=[F("product"), F("store")], order_by=[_NEARNESS, F("since").asc(nulls_last=True), F("pk")]
)


@dataclass(frozen=True)
class Want:
    """A person waiting for a unit. `critical`: for a discharge, which cannot be without it. `promised`: it is reserved,
    and `needed_by` is then the time of the visit once that is planned.
    """

    order: int
    organisation: int
    initials: str
    needed_by: datetime | None
    critical: bool
    promised: bool = False

    @property
    def urgency(self) -> tuple[bool, bool, float, int]:
        """Sorts the most urgent first: discharges by the time needed, then everybody else by it; no date comes last."""
        return (
            not self.critical,
            self.needed_by is None,
            self.needed_by.timestamp() if self.needed_by else 0,
            self.order,
        )


@dataclass(frozen=True)
class Missing:
    """Units of a product that one order still lacks, to come from one store."""

    want: Want
    store: int
    quantity: int


def missing(products: Iterable[int] | None = None) -> dict[int, list[Missing]]:
    """What authorised orders still lack, by product, soonest needed first; in one query. None: of every product."""
    served = Q(allocations__reservation__ended_at__isnull=True) | Q(allocations__reservation__loan__isnull=False)
    rows = OrderLine.objects.filter(state=LineState.OPEN, order__state=OrderState.AUTHORISED)
    if products is not None:
        rows = rows.filter(product__in=set(products))
    short = (
        rows.exclude(product__tracking="composite")
        .annotate(served=Coalesce(Sum("allocations__reservation__quantity", filter=served), 0))
        .filter(served__lt=F("quantity"))
        .annotate(short=F("quantity") - F("served"), store=F("order__store"))
        # As `ordering.supply_waiting` will serve them.
        .order_by("order__needed_by", "order__placed_at", "pk")
        .values("product_id", "store", "short", **_about("order", "order__person", critical="critical"))
    )
    found: dict[int, list[Missing]] = defaultdict(list)
    for row in short:
        found[row["product_id"]].append(Missing(_want(row), row["store"], row["short"]))
    return dict(found)


def expected() -> dict[int, Want]:
    """By asset: who will get what is on its way to the shelf, in two queries.

    In each store, the k-th asset of a product, nearest to the shelf and longest waiting, fills the k-th unit missing.
    """
    lacking = missing()
    units: dict[tuple[int, int], list[Want]] = defaultdict(list)
    for product, rows in lacking.items():
        for row in rows:
            units[product, row.store] += [row.want] * row.quantity
    coming = (
        Asset.objects.filter(state__in=sorted(PIPELINE), product__in=lacking, store__in={store for _, store in units})
        .annotate(place=_PLACE)
        # No deeper than the longest line of people: the dirty side may hold thousands.
        .filter(place__lte=max(map(len, units.values()), default=0))
        .order_by("place")
        .values_list("pk", "product_id", "store_id")
    )
    waiting = {key: iter(wants) for key, wants in units.items()}
    found = {pk: next(waiting.get((product, store or 0), iter(())), None) for pk, product, store in coming}
    return {pk: want for pk, want in found.items() if want is not None}


def promised() -> dict[int, Want]:
    """By asset: for whom what is reserved and still in the building is, in one query."""
    line = "allocation__line"
    window = Activity.objects.filter(reservation=OuterRef("pk"), state=ActivityState.OPEN).values("visit__window_from")
    rows = (
        Reservation.objects.filter(ended_at__isnull=True, issued_at__isnull=True, asset__isnull=False)
        .order_by()
        .annotate(window=Subquery(window[:1]))
        .values("asset_id", "window", **_about(f"{line}__order", "person", critical=f"{line}__critical"))
    )
    return {row["asset_id"]: _want(row, promised=True) for row in rows}


def wants() -> dict[int, Want]:
    """By asset: everybody who waits for something that is in a store, in three queries."""
    return {**expected(), **promised()}


def matched(assets: Sequence[Asset]) -> dict[int, Want]:
    """Those of these assets that somebody waits for; the same three queries however many there are."""
    everything = wants()
    return {asset.pk: everything[asset.pk] for asset in assets if asset.pk in everything}


def _about(order: str, person: str, *, critical: str) -> dict[str, F]:
    """What a `Want` is made of, as columns reached through `order` and `person`."""
    return {
        "order_key": F(f"{order}__pk"),
        "discharge": F(f"{order}__discharge"),
        "needed": F(f"{order}__needed_by"),
        "due": F(f"{order}__sla_due_at"),
        "organisation": F(f"{person}__organisation"),
        "given": F(f"{person}__given_name"),
        "family": F(f"{person}__family_name"),
        "is_critical": F(critical),
    }


def _want(row: Any, *, promised: bool = False) -> Want:
    return Want(
        order=row["order_key"] or 0,
        organisation=row["organisation"],
        initials=f"{row['given'][:1]}{row['family'][:1]}".upper(),
        needed_by=row.get("window") or row["needed"] or row["due"],
        critical=bool(row["is_critical"] and row["discharge"]),
        promised=promised,
    )
