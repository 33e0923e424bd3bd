"""What was ordered and suits the person no longer: said to the prescriber before it is refused at a door (rule 28)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from equipment import fitness, holdings
from equipment.fitness import Reason
from equipment.models import Person
from equipment.states import label
from logistics import promises
from logistics.models import Allocation, FollowUp, Order, OrderLine
from logistics.nextsteps import follow_up
from logistics.states import FollowUpKind


def tell(order: Order, line: OrderLine, reasons: Iterable[Reason], *, at: datetime) -> bool:
    """The prescriber hears once of what does not suit the person any more, and so would wait for ever. By code only:
    what is known of the body stays with the person's record.
    """
    codes = list(dict.fromkeys(reason.code for reason in reasons))
    if not codes:
        return False
    why = ", ".join(label(code).lower() for code in codes)
    action = f"{line.product.name} of {order} is not sent: {why}. Put that right, or amend or cancel the order."
    if FollowUp.objects.filter(person=order.person, kind=FollowUpKind.SHORT, action=action).exists():
        return False
    follow_up(FollowUpKind.SHORT, action, owner="prescriber", at=at, person=order.person)
    return True


def judge_again(*, at: datetime) -> int:
    """Judge anew what is reserved and has not left: a weight, an assessment or an override may have changed since.
    Returns how many prescribers' follow-ups that made. The next step towards the person is refused whatever is said.
    """
    waiting: dict[tuple[Person, date], list[Allocation]] = defaultdict(list)
    for row in _promised():
        order = row.line.order
        day = promises.today(order.needed_by or order.sla_due_at or at)
        waiting[order.person, max(day, promises.today(at))].append(row)
    return sum(_judge(person, day, rows, at=at) for (person, day), rows in waiting.items())


def _promised() -> Iterable[Allocation]:
    rows = Allocation.objects.filter(reservation__ended_at__isnull=True, reservation__issued_at__isnull=True)
    return rows.select_related("line__product", "line__order__person", "reservation__product").order_by("pk")


def _judge(person: Person, day: date, rows: Sequence[Allocation], *, at: datetime) -> int:
    facts = holdings.person_facts(person, on=day, asking=[row.reservation.product for row in rows])
    told = 0
    for row in rows:
        reasons = fitness.suits(holdings.product_facts(row.reservation.product), facts, on=day)
        told += tell(row.line.order, row.line, reasons, at=at)
    return told
