"""Where a person is, and whether they live: kept by everything that acts of its own accord (rules 26 and 27)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from equipment import people
from equipment.days import day_of
from equipment.errors import Invalid, Refused
from equipment.models import Person
from equipment.words import Living


def may_contact(person: Person) -> bool:
    """May anything automatic write to this person or ring them? Asked before every message (rule 27)."""
    return person.died_on is None


def may_call_at(person: Person) -> bool:
    """May anything automatic send somebody to this person's door? Not after a death, and not to an empty home."""
    return person.died_on is None and person.living == Living.HOME


@transaction.atomic
def record_death(person: Person, on: date, *, by: str, at: datetime) -> bool:
    """The person died on that day (rule 27). Answers whether this is news: told again, nothing changes.

    Raises Invalid when the day lies ahead or before the date of birth, Refused when the record was merged.
    """
    held = people.hold(person)
    if on > day_of(at):
        raise Invalid("died_on", "The date of death lies ahead: correct it.", field="on")
    if held.born_on and on < held.born_on:
        raise Invalid("died_on", "The date of death is before the date of birth: correct it.", field="on")
    if held.died_on is not None:
        return False
    held.died_on = on
    held.save(update_fields=["died_on"])
    people.note(held, "died", by=by, at=at)
    return True


@transaction.atomic
def correct_death(person: Person, *, reason: str, by: str, at: datetime) -> bool:
    """The report was wrong: the person lives. Answers whether anything changed; what was said stays in the history.

    Raises Invalid without a reason.
    """
    if not reason.strip():
        raise Invalid("reason_needed", "Say how it came to light that the person lives.", field="reason")
    held = people.hold(person)
    if held.died_on is None:
        return False
    held.died_on = None
    held.save(update_fields=["died_on"])
    people.note(held, "lives", by=by, at=at, reason=reason)
    return True


@transaction.atomic
def set_living(person: Person, living: Living, *, by: str, at: datetime, note: str = "") -> bool:
    """Put on record where the person is: at home, in hospital, in a care home. Answers whether that is news.

    Raises Refused when the person has died, or the record was merged.
    """
    held = people.hold(person)
    if held.died_on is not None:
        raise Refused("person_died", "This person has died: correct that first if the report was wrong.")
    if held.living == living:
        return False
    before, held.living = held.living, living
    held.save(update_fields=["living"])
    people.note(held, "moved", by=by, at=at, reason=note, was=str(before), now=str(living))
    return True


def since(person: Person) -> datetime | None:
    """When the person was said to be where they are now; None when they were never anywhere else."""
    return person.events.filter(verb="moved").values_list("at", flat=True).first()
