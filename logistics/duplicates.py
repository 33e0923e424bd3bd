"""Has the person got one already, or one on order? (rule 19)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from equipment.errors import Refused
from equipment.models import Loan, Person, Product
from equipment.states import AssetState
from equipment.words import Use
from logistics import promises
from logistics.models import Activity, Order, OrderLine
from logistics.prescribing import Item
from logistics.states import ActivityKind, ActivityState, LineState, OrderState

# Several of a kind are the rule here, not a mistake: only the very same product counts as a second one.
_OFTEN_SEVERAL = frozenset({Use.TRIGGER, ""})


@dataclass(frozen=True)
class Duplicate:
    """What there is already: on loan (by its number) or on order (by the order's), since when."""

    line: int
    product: str
    has: str
    where: str
    number: str
    since: str


@dataclass(frozen=True)
class _Held:
    products: frozenset[int]
    use: str
    name: str
    where: str
    number: str
    since: date


def find(
    items: Sequence[Item], products: Mapping[str, Product], person: Person, *, without: Order | None = None
) -> list[Duplicate]:
    """What the person has or waits for of the same product, of the same use, or of a set that shares a part.

    What is about to be fetched does not count: its successor is an exchange. Nor does the rest of the same order.
    """
    held = [*_on_loan(person), *_on_order(person, without)]
    found = []
    for number, item in enumerate(items):
        product = products[item.stock_code]
        wanted = [product, *(row.part for row in product.parts.all())]
        keys = {one.pk for one in wanted}
        uses = {one.use for one in wanted} - _OFTEN_SEVERAL
        found += [
            Duplicate(number, product.stock_code, one.name, one.where, one.number, one.since.isoformat())
            for one in held
            if keys & one.products or one.use in uses
        ]
    return found


def require_none(
    items: Sequence[Item],
    products: Mapping[str, Product],
    person: Person,
    reason: str,
    *,
    without: Order | None = None,
) -> None:
    """Raises Refused naming what there is, unless it is said why another one is needed."""
    if reason.strip():
        return
    found = find(items, products, person, without=without)
    if found:
        listed = ", ".join(dict.fromkeys(f"{one.has} ({one.where}, {one.number})" for one in found))
        raise Refused(
            "duplicate",
            f"There is already: {listed}. Say why another one is needed, or leave it out.",
            field="duplicate_reason",
            duplicates=[asdict(one) for one in found],
        )


def _on_loan(person: Person) -> Iterable[_Held]:
    rows: QuerySet[Loan] = Loan.objects.filter(person=person, ended_at__isnull=True)
    leaving = Activity.objects.filter(loan=OuterRef("pk"), kind=ActivityKind.COLLECTION, state=ActivityState.OPEN)
    kept = rows.exclude(Exists(leaving)).exclude(asset__state=AssetState.COLLECTION_DUE)
    for loan in kept.select_related("product", "asset").order_by("pk"):
        keys = frozenset(key for key in (loan.product_id, loan.composite_id) if key is not None)
        number = loan.asset.number if loan.asset is not None else f"{loan.quantity} of it"
        yield _Held(keys, loan.product.use, loan.product.name, "on loan", number, promises.today(loan.started_at))


def _on_order(person: Person, without: Order | None) -> Iterable[_Held]:
    waiting = (OrderState.AUTHORISED, OrderState.AWAITING_AUTHORISATION)
    lines = OrderLine.objects.filter(order__person=person, order__state__in=waiting, state=LineState.OPEN)
    if without is not None:
        lines = lines.exclude(order=without)
    for line in lines.select_related("product", "order").order_by("pk"):
        number = f"order {line.order_id}"
        since = promises.today(line.order.placed_at)
        yield _Held(frozenset({line.product_id}), line.product.use, line.product.name, "on order", number, since)
