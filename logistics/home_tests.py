"""Tests that fall due while the asset is on loan: raise a visit early enough, make them at the door (rule 37)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from equipment import due, inspections
from equipment.due import Due
from equipment.errors import Busy, DomainError, Invalid
from equipment.models import Asset, Loan, Store
from equipment.states import PASSED, AssetState, TestResult, label
from equipment.words import Living
from logistics import exchanges, locks, outbox, promises, siting, visits
from logistics.lifecycle import advance
from logistics.models import Activity, FollowUp, Visit
from logistics.nextsteps import follow_up
from logistics.states import ActivityKind, ActivityState, FailureReason, FollowUpKind
from logistics.work import Kind

log = logging.getLogger(__name__)

_WITH_A_DISCHARGE = timedelta(days=7)  # as long may a test wait for the visit that somebody's way home brings anyhow
_EXCHANGE_WORKING_DAYS = 1  # somebody depends on what has failed


@dataclass(frozen=True)
class Tested:
    """The result of one kind of test at the door; `next_due` only when the examiner names an earlier day."""

    __test__ = False

    result: str
    examiner: str
    defects: str = ""
    swl_kg: int | None = None
    certificate: str = ""
    next_due: date | None = None
    answers: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)


# Raise them ----------------------------------------------------------------------------------------------------------


def raise_due(*, by: str, at: datetime, limit: int = 1000) -> int:
    """See to it that what falls due on loan is tested in time: one activity a loan, on a visit that goes there anyhow
    or on a new one; what is overdue comes first. Returns how many loans were given a next step, at most `limit`.

    What failed where it is used is exchanged, not tested again. Of a person who has died nothing is tested: somebody
    decides (rule 27). In hospital it waits, and the calendar goes on showing it. Asking again raises nothing twice.
    """
    until = _until(at)
    loans = list(dict.fromkeys(row.loan.pk for row in _waiting(until, most=limit * 3) if row.loan is not None))
    done = 0
    for pk in loans[:limit]:
        try:
            done += _raise(pk, until, by=by, at=at)
        except Busy:
            log.info("The test of loan %s waits for the next time.", pk)
        except DomainError as refusal:
            log.warning("The test of loan %s cannot be raised: %s", pk, refusal.code)
            _ask(_loan(pk), f"Its test cannot be raised: {refusal.detail}"[:300], owner="depot", at=at)
        except (IntegrityError, OperationalError):
            log.info("The test of loan %s was raised by somebody else, or is being raised.", pk)
    return done


def _loan(pk: int) -> Loan:
    return Loan.objects.select_related("person").get(pk=pk)


def _until(at: datetime) -> date:
    return promises.today(at) + timedelta(days=settings.SERVICE["HOME_TEST_LEAD_DAYS"])


def _waiting(until: date, *, most: int | None = None) -> list[Due]:
    """What falls due at homes and is nobody's next step yet."""
    return due.on_loan(_unattended(), until=until, most=most)


def _unattended() -> QuerySet[Asset]:
    """What is on loan, of people who are not in hospital, with no visit to test or fetch it and no open question."""
    going = Activity.objects.filter(loan__asset=OuterRef("pk"), state=ActivityState.OPEN, loan__ended_at__isnull=True)
    asked = FollowUp.objects.filter(
        loan__asset=OuterRef("pk"), loan__ended_at__isnull=True, kind=FollowUpKind.HOME_TEST, closed_at__isnull=True
    )
    in_hospital = Loan.objects.filter(
        asset=OuterRef("pk"), ended_at__isnull=True, person__living=Living.HOSPITAL, person__died_on__isnull=True
    )
    return Asset.objects.filter(~Exists(going), ~Exists(asked), ~Exists(in_hospital), state=AssetState.ON_LOAN)


@transaction.atomic
def _raise(loan_id: int, until: date, *, by: str, at: datetime) -> bool:
    """One loan, held with its door: what two workers see at once is raised once, and on one visit."""
    address_id = Loan.objects.values_list("address_id", flat=True).get(pk=loan_id)
    locks.address(address_id)
    loan = locks.loan(loan_id)
    rows = due.on_loan(_unattended().filter(pk=loan.asset_id or 0), until=until) if loan.ended_at is None else []
    if not rows or loan.address_id != address_id:
        return False
    if loan.person.died_on is not None:
        _ask(loan, f"The person has died: decide about {_named(loan)}. {_whys(rows)}.", owner="call centre", at=at)
    elif any(row.failed for row in rows):
        _exchange(loan, _whys(rows), by=by, at=at)
    else:
        _put_on_a_visit(loan, rows, at=at)
    return True


def _put_on_a_visit(loan: Loan, rows: Sequence[Due], *, at: datetime) -> Visit:
    kinds = sorted({row.kind for row in rows})
    today = promises.today(at)
    first = min(row.due_on or today for row in rows)
    if not loan.address.is_located:  # taken over from another service, and never driven to
        siting.locate(loan.address, at=at)
    store = siting.depot_for(loan.address, loan.person.organisation)
    visit = _going_there(loan, store, kinds, first, at=at) or _new_visit(loan, store, first, at=at)
    Activity.objects.create(visit=visit, kind=ActivityKind.INSPECTION, loan=loan, tests=kinds)
    outbox.put(Kind.PLAN, store.pk, at=at)
    return visit


def _going_there(loan: Loan, store: Store, kinds: Sequence[str], first: date, *, at: datetime) -> Visit | None:
    """A visit to that door that can still take more and is made in time. One that a discharge hangs on never takes what
    asks a skill of its crew: fewer crews could make it.
    """
    rows = Visit.objects.filter(visits.can_take_more(), address=loan.address, person=loan.person, store=store)
    day = max(first, promises.today(at))
    rows = rows.exclude(not_before__gt=day)
    soon = promises.local(day + _WITH_A_DISCHARGE, 23, 59)
    rows = rows.filter(Q(discharge=None) | Q(needed_by__lte=soon))
    if skills_for(kinds):
        rows = rows.exclude(critical=True)
    found = rows.order_by("pk").first()
    held = locks.visit(found.pk) if found is not None else None
    if held is None or not Visit.objects.filter(visits.can_take_more(), pk=held.pk).exists():
        return None
    end = _end_of(first)
    if held.discharge_id is None and (held.needed_by is None or end < held.needed_by):
        held.needed_by = end
        held.save(update_fields=["needed_by"])
    return held


def _new_visit(loan: Loan, store: Store, first: date, *, at: datetime) -> Visit:
    return Visit.objects.create(
        organisation=loan.person.organisation,
        store=store,
        person=loan.person,
        address=loan.address,
        needed_by=_end_of(first),
        raised_at=at,
    )


def _end_of(day: date) -> datetime:
    return promises.local(day, 23, 59)


def skills_for(kinds: Iterable[str]) -> frozenset[str]:
    """What a crew must be able to do to make these tests."""
    table: Mapping[str, str] = settings.SERVICE["HOME_TEST_SKILLS"]
    return frozenset(table[kind] for kind in kinds if table.get(kind))


# Make them -----------------------------------------------------------------------------------------------------------


def at_the_door(activity: Activity, visit: Visit, tested: Mapping[str, Tested], *, by: str, at: datetime) -> None:
    """Record what was tested, by kind of test; what failed gets its next step at once: an exchange, and the depot when
    nothing is free to bring. What is prohibited is reported to the enforcing authority by a competent person.

    Raises Invalid, naming the kind, when one that was asked for is not answered or its record is not complete.
    """
    loan = activity.loan
    if loan is None or loan.asset is None:
        raise Invalid("nothing_to_test", f"{activity} names nothing to test.")
    for kind in activity.tests:
        if kind not in tested:
            raise _about(activity, kind, "test_unanswered", f"Say how the {label(kind)} went.", "result")
    for kind in activity.tests:
        _record(activity, loan.asset, kind, tested[kind], by=by, at=at)
    advance(activity, ActivityState.DONE, by=by, at=at)
    bad = {kind: tested[kind] for kind in activity.tests if tested[kind].result not in PASSED}
    if bad:
        _after_a_failure(loan, visit, bad, by=by, at=at)


def _record(activity: Activity, asset: Asset, kind: str, seen: Tested, *, by: str, at: datetime) -> None:
    try:
        inspections.record(
            asset,
            kind=kind,
            result=seen.result,
            examiner=seen.examiner,
            defects=seen.defects,
            swl_kg=seen.swl_kg,
            certificate=seen.certificate,
            answers=seen.answers,
            next_due=seen.next_due,
            by=by,
            at=at,
        )
    except Invalid as error:
        raise _about(activity, kind, error.code, error.detail, error.facts.get("field", "result")) from error


def _about(activity: Activity, kind: str, code: str, sentence: str, asked: str) -> Invalid:
    """The refusal beside the question it is about: one visit may ask the same of several things."""
    return Invalid(code, sentence, field=field_of(activity.pk, kind, asked), activity=activity.pk, kind=kind)


def field_of(activity_id: int, kind: str, asked: str) -> str:
    """The name of a question at the door, such as `result_12_loler`."""
    return f"{asked}_{activity_id}_{kind}"


def _after_a_failure(loan: Loan, visit: Visit, bad: Mapping[str, Tested], *, by: str, at: datetime) -> None:
    found = "; ".join(f"{label(kind)} {seen.result}: {seen.defects}" for kind, seen in bad.items())
    _exchange(loan, found, by=by, at=at)
    if any(seen.result == TestResult.PROHIBIT for seen in bad.values()):
        action = f"Report to the enforcing authority: {_named(loan)} must not be used. {found}"
        follow_up(FollowUpKind.HOME_TEST, action, owner="competent person", at=at, visit=visit)


def _exchange(loan: Loan, why: str, *, by: str, at: datetime) -> None:
    """Bring another one and fetch this one; the depot finds a way when none is free."""
    try:
        store = siting.depot_for(loan.address, loan.person.organisation)
        soon = promises.due_at(at, visits.calendar_of(store), _EXCHANGE_WORKING_DAYS)
        made = exchanges.raise_exchange(loan, by=by, at=at, reason=why[:300], needed_by=soon)
    except DomainError as refusal:
        log.warning("Loan %s cannot be exchanged: %s", loan.pk, refusal.code)
        made = None
    if made is None:
        _ask(loan, f"Replace {_named(loan)}: nothing is free to bring. {why}", owner="depot", at=at)


def escalate(failed: Visit, reason: FailureReason, *, at: datetime) -> bool:
    """The tests of a visit that is not tried again: each is the prescriber's to decide, and none is raised meanwhile.
    True when the visit was about nothing else.
    """
    rows = failed.activities.filter(state=ActivityState.NOT_DONE).select_related("loan__asset", "loan__product")
    tests = [row for row in rows if row.kind == ActivityKind.INSPECTION]
    for row in tests:
        if row.loan is not None:
            kinds = ", ".join(label(kind) for kind in row.tests)
            action = f"Decide how to test {_named(row.loan)}: {label(reason).lower()}. Not made: {kinds}."
            _ask(row.loan, action, owner="prescriber", at=at, visit=failed)
    return len(tests) == len(rows)


def _ask(loan: Loan, action: str, *, owner: str, at: datetime, visit: Visit | None = None) -> None:
    follow_up(FollowUpKind.HOME_TEST, action, owner=owner, at=at, visit=visit, person=loan.person, loan=loan)


def _named(loan: Loan) -> str:
    return f"{loan.product.name} {loan.asset or ''}".strip()


def _whys(rows: Iterable[Due]) -> str:
    return "; ".join(row.why for row in rows)
