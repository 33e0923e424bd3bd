"""Amend an order before it is on a van: quantities, more lines, fewer lines; and who must agree to it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from equipment import allocation
from equipment.errors import Invalid, Refused
from equipment.models import Person, Reservation
from logistics import duplicates, locks, ordering, prescribing, promises, visits
from logistics.lifecycle import advance, record
from logistics.models import Activity, Event, Order, OrderLine
from logistics.prescribing import Item
from logistics.states import ActivityState, LineState, OrderState, VisitState

_AMENDABLE = frozenset({OrderState.AUTHORISED, OrderState.AWAITING_AUTHORISATION})
_OUT = (VisitState.OUT, VisitState.ARRIVED)


@dataclass(frozen=True)
class Changes:
    """New quantities by line, lines to cancel, and products to add. A line of a set is changed as a whole."""

    quantities: Mapping[int, int] = field(default_factory=dict)
    cancel: frozenset[int] = frozenset()
    add: tuple[Item, ...] = ()
    duplicate_reason: str = ""


@transaction.atomic
def amend(order: Order, changes: Changes, *, by: str, at: datetime, reason: str) -> Order:
    """Change what is asked for. Within tolerance of what was authorised, and within that limit, it stays authorised;
    beyond, it waits to be authorised again, its kit back on the shelf and still reserved (rule 17).

    Raises Invalid naming the field; Refused once anything of it is on a van or delivered.
    """
    person = locks.person(order.person_id)
    held = locks.order(order.pk)
    if not reason.strip():
        raise Invalid("reason_needed", "Say why the order is amended.", field="reason")
    _require_amendable(held)
    before, agreed = ordering.value_of(held), held.authorised_value
    lines = _lines(held, changes, person, at=at)
    added = sum((line.unit_price * max(quantity - line.quantity, 0) for line, quantity in lines), Decimal(0))
    added += _add(held, changes, person, at=at)
    for line, quantity in lines:
        _resize(line, quantity, by=by, at=at, reason=reason)
    _require_something_left(held)
    total = ordering.value_of(held)
    changed = [line.pk for line, _ in lines]
    facts = {"before": str(before), "total": str(total), "added": str(added), "lines": changed}
    record(held, verb="amend", to_state=held.state, at=at, by=by, reason=reason, facts=facts)
    if held.state == OrderState.AUTHORISED:
        if _needs_authorising(held, total, before if agreed is None else agreed):
            _reopen(held, by=by, at=at, reason=reason)
        else:
            ordering.supply(held, by=by, at=at)
    return held


def _require_amendable(order: Order) -> None:
    if order.state not in _AMENDABLE:
        raise Refused(
            "not_amendable", f"{order} is {order.get_state_display().lower()}: order anew.", state=order.state
        )
    gone = Q(issued_at__isnull=False) | Q(loan__isnull=False)
    on_the_road = Activity.objects.filter(line__order=order, state=ActivityState.OPEN, visit__state__in=_OUT)
    if Reservation.objects.filter(gone, allocation__line__order=order).exists() or on_the_road.exists():
        raise Refused("already_out", f"Some of {order} is on a van or delivered: cancel the rest, or order anew.")


def _lines(order: Order, changes: Changes, person: Person, *, at: datetime) -> list[tuple[OrderLine, int]]:
    """The open lines to change with their new quantities, 0 for none. Raises Invalid for what cannot be changed."""
    known = {line.pk: line for line in order.lines.filter(state=LineState.OPEN).select_related("product")}
    found = []
    for pk, quantity in {**changes.quantities, **dict.fromkeys(changes.cancel, 0)}.items():
        line = known.get(pk)
        if line is None or line.part_of_id is not None:
            raise Invalid("line", f"Line {pk} is no open line of {order}, or part of a set.", field="lines")
        if pk not in changes.cancel:
            prescribing.require_quantity(quantity, field="lines")
        if quantity != line.quantity:
            found.append((line, quantity))
    if not found and not changes.add:
        raise Invalid("nothing_changed", "This changes nothing.", field="lines")
    if any(quantity > line.quantity for line, quantity in found):
        prescribing.require_prescriber(order.prescriber, order.organisation_id, on=promises.today(at))
        prescribing.require_living(person)
    return found


def _add(order: Order, changes: Changes, person: Person, *, at: datetime) -> Decimal:
    """More lines, asked what any order is asked: the PIN in force, what suits the person, what there is already.
    Answers what they come to.
    """
    if not changes.add:
        return Decimal(0)
    today = promises.today(at)
    products = prescribing.products_of(changes.add, on=today)
    prescribing.require_prescriber(order.prescriber, order.organisation_id, on=today)
    prescribing.require_band(changes.add, products, order.prescriber)
    prescribing.require_living(person)
    waiting = [line.product for line in order.lines.filter(state=LineState.OPEN).select_related("product")]
    prescribing.require_fit(changes.add, products, person, on=today, beside=waiting)
    duplicates.require_none(changes.add, products, person, changes.duplicate_reason, without=order)
    for item in changes.add:
        ordering.write_line(order, products[item.stock_code], item)
    if changes.duplicate_reason.strip():
        order.duplicate_reason = changes.duplicate_reason.strip()
        order.save(update_fields=["duplicate_reason"])
    return sum((products[item.stock_code].price * item.quantity for item in changes.add), Decimal(0))


def _resize(line: OrderLine, quantity: int, *, by: str, at: datetime, reason: str) -> None:
    """Set the quantity of a line, and of each part of a set; what is reserved beyond it is given up."""
    for part in line.parts.filter(state=LineState.OPEN):
        _set(part, part.quantity // line.quantity * quantity, by=by, at=at, reason=reason)
    _set(line, quantity, by=by, at=at, reason=reason)


def _set(line: OrderLine, quantity: int, *, by: str, at: datetime, reason: str) -> None:
    if quantity < line.quantity:
        _give_up(line, keep=quantity, by=by, at=at, reason=reason)
    if quantity:
        line.quantity = quantity
        line.save(update_fields=["quantity"])
    else:
        advance(line, LineState.CANCELLED, by=by, at=at, reason=reason)


def _give_up(line: OrderLine, *, keep: int, by: str, at: datetime, reason: str) -> None:
    """Release reservations, the latest first, until no more than `keep` units are held; what is then short is reserved
    anew by whoever supplies the order.
    """
    live = Reservation.objects.filter(allocation__line=line, ended_at__isnull=True)
    rows = list(live.select_related("asset", "stock_line").order_by("-pk"))
    units = sum(row.quantity for row in rows)
    for row in rows:
        if units <= keep:
            return
        carried = Activity.objects.filter(reservation=row, state=ActivityState.OPEN).select_related(
            "visit", "reservation__asset"
        )
        activity = carried.first()
        if activity is not None:
            visits.call_off(activity.visit, [activity], by=by, at=at, reason=reason)
        else:
            allocation.release(row, by=by, at=at)
        units -= row.quantity


def _require_something_left(order: Order) -> None:
    if not order.lines.filter(state=LineState.OPEN).exists():
        raise Invalid("nothing_left", "Nothing would be left of the order: cancel it.", field="lines")


def _needs_authorising(order: Order, total: Decimal, agreed: Decimal) -> bool:
    """More than was agreed, by more than the tolerance or beyond the limit of who agreed? Or, when a colleague agreed,
    that much of something else: what was seen is what was authorised, and not its price.
    """
    events = Event.objects.filter(subject="order", subject_id=order.pk)
    latest = events.filter(verb__in=["place", "authorise"]).first()
    recorded = latest.facts.get("limit") if latest is not None else None
    limit = Decimal(recorded) if recorded else order.prescriber.order_limit
    tolerance = agreed * settings.SERVICE["AMEND_TOLERANCE_PERCENT"] / 100
    if total > agreed and (total > agreed + tolerance or total > limit):
        return True
    if latest is None or latest.verb != "authorise":
        return False
    since = events.filter(verb="amend", pk__gt=latest.pk).values_list("facts", flat=True)
    return sum((Decimal(facts.get("added", "0")) for facts in since), Decimal(0)) > tolerance


def _reopen(order: Order, *, by: str, at: datetime, reason: str) -> None:
    for visit, activities in ordering.carried_by(order).items():
        visits.hold_back(visit, activities, by=by, at=at, reason=reason)
    nobody = {"authorised_at": None, "authorised_by": "", "authorised_value": None}
    advance(order, OrderState.AWAITING_AUTHORISATION, by=by, at=at, reason=reason, values=nobody)
