"""Reads: how far an alert has come, and who has what it is about. Each look at the list with phones is on record
(rules 36 and 39).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from equipment.errors import Invalid
from equipment.exports import Table
from equipment.jobs import AlertUnitState
from equipment.models import Alert, AlertUnit, Asset, Loan, SecretView
from equipment.states import AT_HOME, AT_STORE, ON_VEHICLE, AssetState, label
from equipment.words import SecretKind

_AT_ONCE = 2000
_U = AlertUnitState
HOME, STORE, VAN, LOST, GONE = "home", "store", "van", "lost", "gone"
PLACES = {HOME: "At home", STORE: "In a store", VAN: "On a van", LOST: "Lost", GONE: "Gone"}

_AT_HOME = Q(asset__state__in=sorted(AT_HOME)) | Q(loan__isnull=False, loan__ended_at__isnull=True)
_ON_VAN = Q(asset__state__in=sorted(ON_VEHICLE))
_IN_STORE = Q(asset__state__in=sorted(AT_STORE)) | Q(stock_line__isnull=False) | Q(loan__ended_at__isnull=False)


@dataclass(frozen=True)
class Progress:
    """How many units there are, without the wrong matches, and how far they have come. Of what is not closed: `held`
    in stores, `at_home`, `on_vans`, and `unreachable` by name.
    """

    total: int
    closed: int
    held: int
    at_home: int
    on_vans: int
    unreachable: int
    withdrawn: int
    overdue: bool

    @property
    def percent(self) -> int:
        """100 only when every unit is closed."""
        return self.closed * 100 // self.total if self.total else 100


def progress(alert: Alert, *, on: date) -> Progress:
    return progress_of([alert], on=on)[alert.pk]


def progress_of(alerts: Sequence[Alert], *, on: date) -> dict[int, Progress]:
    """The same of many alerts, in one query."""
    waiting = ~Q(state__in=[_U.CLOSED, _U.WITHDRAWN])
    reached = waiting & ~Q(state=_U.UNREACHABLE)
    rows: Iterable[Any] = (
        AlertUnit.objects.filter(alert__in=[alert.pk for alert in alerts])
        .order_by()
        .values("alert_id")
        .annotate(
            total=Count("pk", filter=~Q(state=_U.WITHDRAWN)),
            closed=Count("pk", filter=Q(state=_U.CLOSED)),
            held=Count("pk", filter=reached & _IN_STORE),
            at_home=Count("pk", filter=reached & _AT_HOME),
            on_vans=Count("pk", filter=reached & _ON_VAN),
            unreachable=Count("pk", filter=Q(state=_U.UNREACHABLE)),
            withdrawn=Count("pk", filter=Q(state=_U.WITHDRAWN)),
        )
    )
    nothing = dict.fromkeys((one.name for one in fields(Progress) if one.name != "overdue"), 0)
    counted = {row["alert_id"]: {name: row[name] for name in nothing} for row in rows}
    found = {}
    for alert in alerts:
        numbers = counted.get(alert.pk, nothing)
        left = numbers["closed"] < numbers["total"]
        found[alert.pk] = Progress(**numbers, overdue=alert.ended_at is None and left and on > alert.deadline)
    return found


def units(alert: Alert, *, state: str = "") -> QuerySet[AlertUnit]:
    """The units of an alert, each with the `place` where it is now."""
    rows = AlertUnit.objects.filter(alert=alert, **({"state": state} if state else {}))
    return with_place(rows).select_related(
        "asset__product", "asset__store", "stock_line__product", "stock_line__store", "loan__product"
    )


def with_place(rows: QuerySet[AlertUnit]) -> QuerySet[AlertUnit]:
    place = Case(
        When(_AT_HOME, then=Value(HOME)),
        When(_ON_VAN, then=Value(VAN)),
        When(asset__state=AssetState.LOST, then=Value(LOST)),
        When(asset__state=AssetState.DISPOSED, then=Value(GONE)),
        default=Value(STORE),
        output_field=CharField(),
    )
    return rows.annotate(place=place)


@dataclass(frozen=True)
class Holder:
    """One unit, where it is, and who has it with address and phone."""

    unit: int
    asset_number: str
    stock_code: str
    product: str
    serial: str
    batch: str
    quantity: int
    state: str
    place: str
    store: str
    vehicle: str
    person: str
    phone: str
    address: str
    postcode: str
    on_loan_since: datetime | None
    outcome: str
    note: str


def who_has_it(
    alert: Alert, rows: Iterable[AlertUnit] | None = None, *, by: str, at: datetime, purpose: str
) -> list[Holder]:
    """Every unit with holder, address and phone (rule 36); that it was read, by whom and what for, is on record first
    (rule 39). Raises Invalid without a purpose.
    """
    record_view(alert, by=by, at=at, purpose=purpose)
    return list(_with_loans(rows) if rows is not None else _holders(units(alert)))


def record_view(alert: Alert, *, by: str, at: datetime, purpose: str) -> None:
    """Somebody reads the list with phones."""
    if not purpose.strip():
        raise Invalid("purpose", "Say what the list is for.", field="purpose")
    SecretView.objects.create(
        kind=SecretKind.RECALL_LIST, subject_id=alert.pk, at=at, by=by, purpose=purpose.strip()[:200]
    )


def table(alert: Alert, *, by: str, at: datetime) -> Table:
    """The same as a table to take out. Read as it is written, a batch at a time."""
    record_view(alert, by=by, at=at, purpose=f"Export of alert {alert.reference}")
    columns = tuple(one.name for one in fields(Holder))
    return Table("recall", columns, lambda: (astuple(row) for row in _holders(units(alert))))


def _holders(rows: QuerySet[AlertUnit]) -> Iterator[Holder]:
    all_of_it = rows.order_by("pk").iterator(_AT_ONCE)
    while batch := list(islice(all_of_it, _AT_ONCE)):
        yield from _with_loans(batch)


def _with_loans(batch: Iterable[AlertUnit]) -> Iterator[Holder]:
    batch = list(batch)
    about = Q(asset__in=[unit.asset_id for unit in batch if unit.asset_id], ended_at__isnull=True)
    about |= Q(pk__in=[unit.loan_id for unit in batch if unit.loan_id], ended_at__isnull=True)
    loans = Loan.objects.filter(about).select_related("person", "address", "stock_line")
    by_key: dict[tuple[str, int], Loan] = {}
    for loan in loans:
        by_key["loan", loan.pk] = loan
        if loan.asset_id is not None:
            by_key["asset", loan.asset_id] = loan
    for unit in batch:
        yield _holder(unit, by_key.get(("asset", unit.asset_id or 0)) or by_key.get(("loan", unit.loan_id or 0)))


def _holder(unit: AlertUnit, loan: Loan | None) -> Holder:
    asset, line = unit.asset, unit.stock_line
    thing = asset or line or unit.loan
    product = thing.product if thing is not None else None
    lines = [loan.address.line1, loan.address.line2, loan.address.town] if loan else []
    batches = [asset.batch if asset else "", line.batch if line else ""]
    batches += [loan.stock_line.batch if loan and loan.stock_line else ""]
    return Holder(
        unit=unit.pk,
        asset_number=asset.number if asset else "",
        stock_code=product.stock_code if product else "",
        product=product.name if product else "",
        serial=asset.serial if asset else "",
        batch=next((batch for batch in batches if batch), ""),
        quantity=1 if asset else line.count if line else unit.loan.quantity if unit.loan else 0,
        state=label(unit.state),
        place=PLACES[unit.place],  # type: ignore[attr-defined]
        store=(asset.store.code if asset and asset.store else line.store.code if line else ""),
        vehicle=asset.vehicle if asset else "",
        person=str(loan.person) if loan else "",
        phone=loan.person.phone if loan else "",
        address=", ".join(part for part in lines if part),
        postcode=loan.address.postcode if loan else "",
        on_loan_since=loan.started_at if loan else None,
        outcome=label(unit.outcome) if unit.outcome else "",
        note=unit.note,
    )


def most_pressing() -> QuerySet[Alert]:
    """Alerts not ended, the nearest deadline first."""
    return Alert.objects.filter(ended_at__isnull=True).order_by(F("deadline").asc(), "pk")


def open_unit_of(asset: Asset) -> AlertUnit | None:
    """The asset under the oldest alert that is still to be dealt with, if any."""
    rows = AlertUnit.objects.filter(asset=asset, alert__ended_at__isnull=True).select_related("alert")
    return rows.exclude(state__in=[AlertUnitState.CLOSED, AlertUnitState.WITHDRAWN]).order_by("pk").first()
