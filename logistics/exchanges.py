"""Exchanges: something else is brought and the old one fetched in one visit, so that nobody is left without.

The two halves go and stay together: a delivery `instead_of` a loan, and the collection of that loan.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from equipment import allocation, loans, substitutes
from equipment.errors import Refused
from equipment.models import ApprovedEquivalent, Loan, Product, Reservation, Store
from logistics import locks, outbox, promises, siting, visits
from logistics.lifecycle import advance
from logistics.models import Activity, FollowUp, Visit
from logistics.nextsteps import follow_up
from logistics.states import ActivityKind, ActivityState, FollowUpKind, VisitState
from logistics.work import Kind


class _NothingFreeError(Exception):
    """Takes back what was reserved on the way."""


def raise_exchange(
    loan: Loan,
    *,
    by: str,
    at: datetime,
    reason: str,
    product: Product | None = None,
    needed_by: datetime | None = None,
) -> Visit | None:
    """Bring another one and fetch the old one, in one visit: another of the same product, else an approved equivalent;
    `product` when something else is to go out. None, and nothing written, when no replacement is free.

    Asking again gives the visit there already is, also that of a collection: what is fetched anyhow is not replaced.
    Raises Refused when the loan has ended, or the person has died: then a person decides (rule 27).
    """
    try:
        with transaction.atomic():
            return _raise(loan, by=by, at=at, reason=reason, product=product, needed_by=needed_by)
    except _NothingFreeError:
        return None


def _raise(
    loan: Loan, *, by: str, at: datetime, reason: str, product: Product | None, needed_by: datetime | None
) -> Visit:
    locks.address(loan.address_id)
    held = locks.loan(loan.pk)
    _must_be_theirs(held)
    current = Activity.objects.filter(loan=held, kind=ActivityKind.COLLECTION, state=ActivityState.OPEN)
    found = current.select_related("visit").first()
    if found is not None:
        return found.visit
    store = siting.depot_for(held.address, held.person.organisation)
    days = settings.SERVICE["COLLECTION_WORKING_DAYS"]
    due = needed_by or promises.due_at(at, visits.calendar_of(store), days)
    # First, for what waits to be fetched no longer counts as something that the new one has to go with.
    loans.request_collection(held, by=by, at=at, reason=reason)
    visits.stop_tests(held, by=by, at=at)
    made = _replacement(held, store, product, due=due, by=by, at=at)
    visit = visit_to(held, store, due, at=at)
    visits.bring_instead(visit, None, made, at=at, instead_of=held)
    Activity.objects.create(visit=visit, kind=ActivityKind.COLLECTION, loan=held)
    visits.stop_tests(held, by=by, at=at)
    outbox.put(Kind.PLAN, store.pk, at=at)
    return visit


def _must_be_theirs(loan: Loan) -> None:
    if loan.ended_at is not None:
        raise Refused("loan_ended", f"This loan ended on {loan.ended_at:%d %b %Y}.", loan=loan.pk)
    if loan.person.died_on is not None:
        raise Refused("person_died", "The person has died: a collection is asked for by a person (rule 27).")


def _replacement(
    loan: Loan, store: Store, product: Product | None, *, due: datetime, by: str, at: datetime
) -> list[Reservation]:
    for wanted in [product] if product is not None else _alternatives(loan.product):
        made = _reserve(loan, wanted, loan.quantity, store, due=due, by=by, at=at)
        if _units(made) >= loan.quantity:
            return made
        for reservation in made:
            allocation.release(reservation, by=by, at=at)
    raise _NothingFreeError


def _alternatives(product: Product) -> list[Product]:
    """The same, then what is approved to go instead; never a set, which is no one thing."""
    approved = ApprovedEquivalent.objects.filter(product=product).select_related("substitute").order_by("pk")
    return [one for one in (product, *(row.substitute for row in approved)) if not one.is_composite]


def _reserve(
    loan: Loan, product: Product, quantity: int, store: Store, *, due: datetime, by: str, at: datetime
) -> list[Reservation]:
    wanted = allocation.Wanted(
        product,
        quantity,
        loan.person,
        max(promises.today(due), promises.today(at)),
        (store,),
        kit=loan.kit,
        composite=loan.composite,
        instead_of=(loan,),
    )
    return allocation.reserve(wanted, by=by, at=at)


def _units(made: Iterable[Reservation]) -> int:
    return sum(reservation.quantity for reservation in made)


def visit_to(loan: Loan, store: Store, due: datetime, *, at: datetime) -> Visit:
    """One to the same door that no plan has placed yet and that may be made in time; or a new one."""
    rows = Visit.objects.filter(address=loan.address, discharge=None, store=store, state=VisitState.OPEN)
    found = rows.exclude(not_before__gt=promises.today(due)).order_by("pk").first()
    held = locks.visit(found.pk) if found is not None else None
    if held is None or held.state != VisitState.OPEN:
        organisation = loan.person.organisation
        return Visit.objects.create(
            organisation=organisation,
            store=store,
            person=loan.person,
            address=loan.address,
            needed_by=due,
            raised_at=at,
        )
    if held.needed_by is None or due < held.needed_by:
        held.needed_by = due
        held.save(update_fields=["needed_by"])
    return held


@transaction.atomic
def fell_short(
    activity: Activity, *, old: str, found: int, by: str, at: datetime, reason: str
) -> tuple[list[Reservation], FollowUp | None]:
    """The replacement is `missing` or `unfit`: what is free of the same product takes its place on the same visit at
    once. Otherwise neither half goes, the person keeps the old one, and the depot has a follow-up (rule 33).
    """
    visit, loan, short = locks.visit(activity.visit_id), activity.instead_of, activity.reservation
    if loan is None or short is None:
        raise Refused("no_line", f"{activity} serves no order and replaces nothing.")
    substitutes.fall_short(short, old=old, found=found, by=by, at=at, reason=reason)
    missing = loan.quantity - _coming(visit, loan)
    due = visit.needed_by or at
    made = _reserve(loan, short.product, missing, visit.store, due=due, by=by, at=at)
    if _units(made) >= missing:
        if not found:
            advance(activity, ActivityState.CANCELLED, by=by, at=at, reason=reason)
        visits.bring_instead(visit, None, made, at=at, instead_of=loan)
        return made, None
    for reservation in made:
        allocation.release(reservation, by=by, at=at)
    as_it_stands = Activity.objects.select_related("reservation").get(pk=activity.pk)  # its hold has ended or shrunk
    visits.call_off(visit, [as_it_stands], by=by, at=at, reason=reason)
    action = f"Short: nothing is free to bring instead of {loan.asset or loan.product.name}. {reason.strip()}"
    return [], follow_up(FollowUpKind.SHORT, action, owner="depot", at=at, visit=visit, loan=loan)


def _coming(visit: Visit, loan: Loan) -> int:
    rows = visit.activities.filter(instead_of=loan, state=ActivityState.OPEN, reservation__ended_at__isnull=True)
    return sum(rows.values_list("reservation__quantity", flat=True))


def require_replaced(collection: Activity) -> None:
    """Raises Refused when the loan is to be exchanged and its replacement has not been handed over on this visit."""
    rows = Activity.objects.filter(visit=collection.visit_id, instead_of=collection.loan_id)
    waiting = rows.exclude(state__in=[ActivityState.DONE, ActivityState.CANCELLED])
    if collection.loan_id is not None and waiting.exists():
        raise Refused(
            "not_replaced",
            f"{collection.loan} stays until its replacement has been handed over: record the visit as failed.",
        )
