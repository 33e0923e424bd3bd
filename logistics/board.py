"""Reads for the readiness of many discharges at once: rows to facts in a fixed number of queries, then the pure
rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from equipment import telecare_facts
from equipment.states import label
from logistics import promises, readiness
from logistics.models import Activity, Discharge, OrderLine, Visit
from logistics.states import LIVE_VISIT, ActivityState, DischargeState, LineState, OrderState, VisitState


@dataclass(frozen=True)
class Row:
    """One line of the board."""

    discharge: Discharge
    needed_by: datetime | None
    readiness: readiness.Readiness


def rows(discharges: QuerySet[Discharge] | Sequence[Discharge], *, at: datetime) -> list[Row]:
    """The board: each discharge with its readiness, in five queries however many there are; three more when telecare
    is among what was delivered, and one more when some of that has gone again.
    """
    found = list(discharges)
    lines = _lines(found)
    visits = _visits(found)
    every = [line for some in lines.values() for line in some]
    silent, gone = _silent(every), _gone(every, {one.pk for one in found if one.state == DischargeState.EXPECTED})
    hour = settings.SERVICE["LATEST_SAFE_HOUR"]
    return [
        Row(one, needed, _readiness(lines[one.pk], visits[one.pk], needed, silent, gone, at))
        for one in found
        for needed in [promises.needed_by(one.expected_on, latest_safe_hour=hour)]
    ]


def _lines(discharges: Iterable[Discharge]) -> dict[int, list[OrderLine]]:
    """Critical lines that ask for something real: a composite is its parts."""
    wanted = (
        OrderLine.objects.filter(order__discharge__in=list(discharges), critical=True)
        .exclude(state=LineState.CANCELLED)
        .exclude(order__state__in=[OrderState.CANCELLED, OrderState.REJECTED])
        .exclude(product__tracking="composite")
        .select_related("order", "product")
        .prefetch_related("allocations__reservation__loan", "activities")
    )
    by_discharge: dict[int, list[OrderLine]] = defaultdict(list)
    for line in wanted:
        by_discharge[line.order.discharge_id or 0].append(line)
    return by_discharge


def _silent(lines: Sequence[OrderLine]) -> set[int]:
    """The reservations whose telecare was delivered and is not live (rule 38)."""
    delivered = {
        (row.reservation.asset_id, row.reservation.loan.person_id): row.reservation_id
        for line in lines
        if line.product.use in telecare_facts.TELECARE
        for row in line.allocations.all()
        if row.reservation.asset_id and row.reservation.loan is not None and row.reservation.loan.ended_at is None
    }
    if not delivered:
        return set()
    live = telecare_facts.in_service([asset for asset, _ in delivered if asset])
    return {pk for pair, pk in delivered.items() if pair not in live}


def _gone(lines: Sequence[OrderLine], expected: set[int]) -> set[int]:
    """The reservations that were delivered for somebody still expected home and whose loan has ended since, with
    nothing brought instead and nothing ordered anew (rule 25).
    """
    latest = {(line.order.discharge_id, line.product_id): line.pk for line in sorted(lines, key=lambda line: line.pk)}
    ended = {
        row.reservation.loan_id: row.reservation_id
        for line in lines
        if line.order.discharge_id in expected and latest[line.order.discharge_id, line.product_id] == line.pk
        for row in line.allocations.all()
        if row.reservation.loan is not None and row.reservation.loan.ended_at is not None
    }
    if not ended:
        return set()
    people = {line.order.person_id for line in lines}
    swaps = Activity.objects.filter(state=ActivityState.DONE, instead_of__person__in=people).values_list(
        "instead_of", "reservation__loan", "reservation__loan__ended_at"
    )
    nothing: tuple[int | None, bool] = (None, True)
    instead: dict[int | None, tuple[int | None, bool]] = {old: (new, over is not None) for old, new, over in swaps}

    def there(loan: int | None) -> bool:
        new, over = instead.get(loan, nothing)
        return not over or (new is not None and there(new))

    return {reservation for loan, reservation in ended.items() if not there(loan)}


def _visits(discharges: Iterable[Discharge]) -> dict[int, list[Visit]]:
    by_discharge: dict[int, list[Visit]] = defaultdict(list)
    for visit in Visit.objects.filter(discharge__in=list(discharges)).select_related("address").order_by("pk"):
        by_discharge[visit.discharge_id or 0].append(visit)
    return by_discharge


def _readiness(
    lines: Sequence[OrderLine],
    visits: Sequence[Visit],
    needed: datetime | None,
    silent: set[int],
    gone: set[int],
    at: datetime,
) -> readiness.Readiness:
    live = {visit.pk: visit for visit in visits if visit.state in LIVE_VISIT}
    failed = [visit for visit in visits if visit.state == VisitState.FAILED]
    done = [line_done for line in lines for line_done in _delivered_at(line)]
    return readiness.of(
        [_line_facts(line, live, silent, gone) for line in lines],
        {pk: _visit_facts(visit) for pk, visit in live.items()},
        needed_by=needed,
        at=at,
        last_failure=label(failed[-1].failure).lower() if failed else "",
        in_place_at=max(done, default=None),
    )


def _line_facts(line: OrderLine, live: dict[int, Visit], silent: set[int], gone: set[int]) -> readiness.LineFacts:
    reservations = [allocation.reservation for allocation in line.allocations.all()]
    carried = [a.visit_id for a in line.activities.all() if a.state == ActivityState.OPEN and a.visit_id in live]
    return readiness.LineFacts(
        product=line.product.name,
        quantity=line.quantity,
        allocated=sum(r.quantity for r in reservations if r.is_live),
        delivered=sum(r.quantity for r in reservations if r.loan_id is not None and r.pk not in gone),
        authorised=line.order.state != OrderState.AWAITING_AUTHORISATION,
        visit=carried[0] if carried else None,
        live=not any(reservation.pk in silent for reservation in reservations),
        gone=sum(r.quantity for r in reservations if r.pk in gone),
    )


def _delivered_at(line: OrderLine) -> list[datetime]:
    return [a.reservation.loan.started_at for a in line.allocations.all() if a.reservation.loan is not None]


def _visit_facts(visit: Visit) -> readiness.VisitFacts:
    window = (visit.window_from, visit.window_to) if visit.window_from and visit.window_to else None
    return readiness.VisitFacts(
        state=visit.state, window=window, located=visit.address.is_located, unplanned_reason=visit.unplanned_reason
    )
