"""What waits because of where a person is: asked by whatever raises a visit of its own accord (rules 26 and 27)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from equipment import living
from equipment.errors import Refused
from equipment.models import Loan, Person
from equipment.words import Living
from logistics.models import Discharge, FollowUp, Order, Visit
from logistics.states import DischargeState, FollowUpKind

NEXT_OF_KIN = "call centre"  # owns the one follow-up of a death, and agrees the collection


def holds(order: Order) -> bool:
    """Does what was ordered wait? After a death; in hospital, unless it is for the way home from there, whose date
    governs it; in a care home, when it was ordered for the home before.
    """
    return _waits(order.person, order.discharge, order.placed_at)


def waits(visit: Visit) -> bool:
    """Does a visit wait, for the same reasons? Then nothing makes a second attempt by itself."""
    return _waits(visit.person, visit.discharge, visit.raised_at)


def _waits(person: Person, stay: Discharge | None, asked_at: datetime) -> bool:
    if person.died_on is not None:
        return True
    if person.living == Living.HOSPITAL:
        return stay is None or stay.state != DischargeState.EXPECTED
    if person.living == Living.CARE_HOME:
        moved = living.since(person)
        return moved is not None and asked_at < moved
    return False


def told_of_death(person: Person) -> QuerySet[FollowUp]:
    """What a death leaves for the next of kin to agree, open or closed, since the death was last put on record."""
    rows = FollowUp.objects.filter(person=person, kind=FollowUpKind.DEATH, owner=NEXT_OF_KIN, visit__isnull=True)
    lived = person.events.filter(verb="lives").values_list("at", flat=True).first()
    return rows.filter(raised_at__gt=lived) if lived else rows


def require_agreed(loan: Loan) -> None:
    """Rule 27: nothing is fetched after a death before a person has agreed it with the next of kin."""
    person = Person.objects.get(pk=loan.person_id)  # as it is now, whoever read the loan when
    if person.died_on is not None and told_of_death(person).filter(closed_at__isnull=True).exists():
        raise Refused(
            "not_agreed",
            "The person has died: agree the collection with the next of kin, then approve it on the follow-up.",
        )
