"""What happens at a person's door: arrive, deliver and fit, collect, finish; or fail, with the next step and its
owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from equipment import credits, loans
from equipment.errors import Invalid, Refused
from equipment.models import Loan
from equipment.states import Condition, Infection, label
from logistics import charging, exchanges, home_tests, installs, locks, outbox, pauses, reviews
from logistics.home_tests import Tested
from logistics.lifecycle import advance
from logistics.models import Activity, Order, OrderLine, Stop, Visit
from logistics.nextsteps import follow_up
from logistics.states import (
    ActivityKind,
    ActivityState,
    FailureReason,
    FollowUpKind,
    LineState,
    OrderState,
    VisitState,
)
from logistics.work import Kind

MOST_ATTEMPTS = 2  # then the prescriber decides: no third blind attempt


@dataclass(frozen=True)
class Collected:
    """One thing fetched: in what condition, and what infection was declared."""

    condition: str = Condition.GOOD
    infection: str = Infection.UNKNOWN


@dataclass(frozen=True)
class Proof:
    """What the crew saw and did, by activity id. A collection left out was not there; tests are then by kind."""

    received_by: str
    fitted: bool = False
    demonstrated: bool = False
    collected: Mapping[int, Collected] = field(default_factory=dict)
    tested: Mapping[int, Mapping[str, Tested]] = field(default_factory=dict)


@transaction.atomic
def arrive(visit: Visit, *, by: str, at: datetime) -> Visit:
    """The crew is at the door."""
    held = locks.visit(visit.pk)
    advance(held, VisitState.ARRIVED, by=by, at=at, values={"arrived_at": at})
    return held


@transaction.atomic
def finish(visit: Visit, proof: Proof, *, by: str, at: datetime) -> Visit:
    """Everything on this visit has been done: loans begin, loans end, lines and orders close.

    Raises Invalid naming the missing evidence; nothing is delivered on paper that was not fitted, shown and tested
    (rules 25, 38).
    """
    held = locks.visit(visit.pk)
    activities = list(
        held.activities.filter(state=ActivityState.OPEN)
        .select_related("reservation__product", "reservation__asset__product", "loan__asset", "line")
        .order_by("pk")
    )
    _check_evidence(activities, proof)
    installs.require_heard(held, activities)
    # What replaces something is handed over before that is taken away.
    for activity in sorted(activities, key=lambda one: one.kind != ActivityKind.DELIVERY):
        if activity.kind == ActivityKind.DELIVERY:
            _deliver(activity, held, proof, by=by, at=at)
        elif activity.kind == ActivityKind.INSPECTION:
            home_tests.at_the_door(activity, held, proof.tested.get(activity.pk, {}), by=by, at=at)
        else:
            _collect(activity, held, proof, by=by, at=at)
    installs.go_live(held, activities, by=by, at=at)
    advance(held, VisitState.DONE, by=by, at=at, values={"left_at": at, "received_by": proof.received_by})
    _close_orders(activities, by=by, at=at)
    return held


def _check_evidence(activities: list[Activity], proof: Proof) -> None:
    products = [a.reservation.product for a in activities if a.reservation is not None]
    if products and not proof.received_by.strip():
        raise Invalid("received_by", "Say who received it.", field="received_by")
    if any(p.fitting_minutes for p in products) and not (proof.fitted and proof.demonstrated):
        raise Invalid(
            "not_fitted",
            "Fit it, show how it is used and tick both; or record why not as a failed visit.",
            field="fitted",
        )


def _deliver(activity: Activity, visit: Visit, proof: Proof, *, by: str, at: datetime) -> None:
    if activity.reservation is None or (activity.line is None and activity.instead_of is None):
        raise Refused("nothing_reserved", f"{activity} has nothing to deliver.")
    line, quantity = activity.line, activity.reservation.quantity
    funder = line.order.funder if line is not None else None
    price = charging.price_of(line, quantity) if line is not None else None
    review_on = reviews.first_due(activity.reservation.product, at=at)
    loan = loans.deliver(
        activity.reservation, visit.address, by=by, at=at, review_on=review_on, funder=funder, price=price
    )
    if activity.instead_of is not None:
        credits.carry_over(activity.instead_of, loan, by=by, at=at)
    evidence = {
        "fitted": proof.fitted,
        "demonstrated": proof.demonstrated,
        "test_call_heard_by": installs.heard_by(activity.reservation.asset),
    }
    advance(activity, ActivityState.DONE, by=by, at=at, values=evidence)
    if activity.line is not None:
        _close_line(activity.line, by=by, at=at)


def _close_line(line: OrderLine, *, by: str, at: datetime) -> None:
    """A line is delivered when all its units are on loan; a composite when all its parts are (rules 11, 25)."""
    line.refresh_from_db(fields=["state"])
    delivered = Loan.objects.filter(reservation__allocation__line=line).values_list("quantity", flat=True)
    if line.state == LineState.OPEN and sum(delivered) >= line.quantity:
        advance(line, LineState.DELIVERED, by=by, at=at)
        whole = line.part_of
        if whole is not None and not whole.parts.filter(state=LineState.OPEN).exists():
            advance(whole, LineState.DELIVERED, by=by, at=at)


def _collect(activity: Activity, visit: Visit, proof: Proof, *, by: str, at: datetime) -> None:
    seen = proof.collected.get(activity.pk)
    if activity.loan is None or seen is None:
        advance(activity, ActivityState.NOT_DONE, by=by, at=at, reason="not found at the address")
        follow_up(
            FollowUpKind.NOT_FOUND,
            f"Ask where {activity.loan} is: it was not there to collect.",
            owner="call centre",
            at=at,
            visit=visit,
            loan=activity.loan,
        )
        return
    exchanges.require_replaced(activity)
    van = _stop(visit).route.shift.van.registration
    loans.collect(activity.loan, vehicle=van, condition=seen.condition, infection=seen.infection, by=by, at=at)
    advance(
        activity, ActivityState.DONE, by=by, at=at, values={"condition": seen.condition, "infection": seen.infection}
    )


def _close_orders(activities: list[Activity], *, by: str, at: datetime) -> None:
    orders = {activity.line.order_id for activity in activities if activity.line is not None}
    for order in Order.objects.filter(pk__in=orders, state=OrderState.AUTHORISED).order_by("pk"):
        if not order.lines.filter(state=LineState.OPEN).exists():
            advance(order, OrderState.DELIVERED, by=by, at=at)


@transaction.atomic
def fail(visit: Visit, reason: FailureReason, *, note: str, by: str, at: datetime) -> Visit:
    """It did not work. Ends in a coded reason, and in a next step with an owner (rule 33): one more attempt, then the
    prescriber.

    Returns the visit for the next attempt, or the failed one when a person has to decide.
    """
    held = locks.visit(visit.pk)
    if not note.strip():
        raise Invalid("note", "Say what you found and whom you called.", field="note")
    for activity in held.activities.filter(state=ActivityState.OPEN):
        advance(activity, ActivityState.NOT_DONE, by=by, at=at, reason=reason)
    values = {"failure": reason, "failure_note": note, "left_at": at}
    advance(held, VisitState.FAILED, by=by, at=at, reason=reason, values=values)
    Stop.objects.filter(visit=held, live=True).update(live=False)
    if _attempts(held) >= MOST_ATTEMPTS or reason == FailureReason.REFUSED or pauses.waits(held):
        if not home_tests.escalate(held, reason, at=at):
            action = f"Decide what happens next: {label(reason).lower()}. Kit stays reserved until then."
            follow_up(FollowUpKind.FAILED_VISIT, action, owner="prescriber", at=at, visit=held)
        return held
    return _try_again(held, reason, at=at)


def _attempts(visit: Visit) -> int:
    count = 1
    while visit.attempt_of is not None:
        visit, count = visit.attempt_of, count + 1
    return count


def _try_again(failed: Visit, reason: FailureReason, *, at: datetime) -> Visit:
    """The same things to do at the same door, planned anew as soon as the kit is back at the store."""
    again = Visit.objects.create(
        organisation=failed.organisation,
        store=failed.store,
        person=failed.person,
        address=failed.address,
        discharge=failed.discharge,
        attempt_of=failed,
        critical=failed.critical,
        needed_by=failed.needed_by,
        not_before=failed.not_before,
        raised_at=at,
    )
    for row in failed.activities.filter(state=ActivityState.NOT_DONE).order_by("pk"):
        Activity.objects.create(
            visit=again,
            kind=row.kind,
            line=row.line,
            reservation=row.reservation,
            loan=row.loan,
            instead_of=row.instead_of,
            tests=row.tests,
        )
    action = f"Second attempt is visit {again.pk}: {label(reason).lower()} at the first."
    follow_up(FollowUpKind.FAILED_VISIT, action, owner="depot", at=at, visit=failed)
    outbox.put(Kind.PLAN, again.store_id, at=at)
    return again


def _stop(visit: Visit) -> Stop:
    return Stop.objects.select_related("route__shift__van").get(visit=visit, live=True)
