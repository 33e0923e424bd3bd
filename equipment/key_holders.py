"""Key holders: whom the alarm centre calls, in which order, each with consent and asked again every year."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from equipment import locks
from equipment.days import day_of
from equipment.errors import Invalid, Refused
from equipment.models import KeyHolder, Person, PersonEvent

MOST = 3


@transaction.atomic
def add(
    person: Person,
    *,
    name: str,
    phone: str,
    consent_taken_by: str,
    by: str,
    at: datetime,
    relationship: str = "",
    position: int | None = None,
) -> KeyHolder:
    """Somebody with a key who agreed to be called. `position`: the order of calling, the next free one unless given.

    Raises Invalid without name, phone, or who took the consent; Refused when there are three, or the place is taken.
    """
    locks.person(person)
    for field, given, sentence in (
        ("name", name, "Give the name."),
        ("phone", phone, "Give the number to call."),
        ("consent_taken_by", consent_taken_by, "Say who took the consent: without it nobody is called."),
    ):
        if not given.strip():
            raise Invalid(field, sentence, field=field)
    taken = set(KeyHolder.objects.filter(person=person, ended_at__isnull=True).values_list("position", flat=True))
    if len(taken) >= MOST:
        raise Refused("enough_key_holders", f"There are {MOST} key holders already: end one first.")
    place = position or min(set(range(1, MOST + 1)) - taken)
    if place in taken or not 1 <= place <= MOST:
        raise Invalid("position", f"The order is 1 to {MOST}, each once.", field="position")
    holder = KeyHolder.objects.create(
        person=person,
        position=place,
        name=name.strip(),
        phone=phone.strip(),
        relationship=relationship.strip(),
        consented_at=at,
        consent_taken_by=consent_taken_by.strip(),
        verified_on=day_of(at),
    )
    _note(holder, "add_key_holder", by=by, at=at)
    return holder


@transaction.atomic
def verify(holder: KeyHolder, *, by: str, at: datetime) -> KeyHolder:
    """Asked again: still has the key, still agrees, same number."""
    _current(holder)
    KeyHolder.objects.filter(pk=holder.pk).update(verified_on=day_of(at))
    holder.verified_on = day_of(at)
    _note(holder, "verify_key_holder", by=by, at=at)
    return holder


@transaction.atomic
def end(holder: KeyHolder, *, by: str, at: datetime) -> KeyHolder:
    """No longer to be called. The others keep their order."""
    _current(holder)
    KeyHolder.objects.filter(pk=holder.pk).update(ended_at=at)
    holder.ended_at = at
    _note(holder, "end_key_holder", by=by, at=at)
    return holder


def _current(holder: KeyHolder) -> None:
    locks.person(holder.person)
    holder.refresh_from_db(fields=["ended_at"])
    if holder.ended_at is not None:
        raise Refused("key_holder_ended", "This is no key holder any more: add them anew.")


def _note(holder: KeyHolder, verb: str, *, by: str, at: datetime) -> None:
    facts = {"key_holder": holder.pk, "position": holder.position}
    PersonEvent.objects.create(person=holder.person, verb=verb, at=at, by=by, facts=facts)
