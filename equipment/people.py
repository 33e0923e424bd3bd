"""Register people, where they live, how big they are, and what may burn at their home."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from stdnum.exceptions import ValidationError as BadNumber
from stdnum.gb import nhs

from equipment import locks
from equipment.days import day_of
from equipment.errors import Invalid, Refused
from equipment.models import Address, Organisation, Person, PersonEvent

SLING_SIZES = ("S", "M", "L", "XL")
_LIGHTEST_KG, _HEAVIEST_KG = Decimal(1), Decimal(500)
_SHORTEST_CM, _TALLEST_CM = 40, 250


@dataclass(frozen=True)
class Particulars:
    """What is asked of a person: a name at least. A fire question not asked is None, which is not a no."""

    given_name: str
    family_name: str
    born_on: date | None = None
    nhs_number: str = ""
    phone: str = ""
    weight_kg: Decimal | None = None
    weighed_on: date | None = None
    height_cm: int | None = None
    sling_size: str = ""
    smokes: bool | None = None
    uses_oxygen: bool | None = None
    uses_emollients: bool | None = None
    has_smoke_alarm: bool | None = None


def nhs_number(text: str) -> str:
    """The ten digits of an NHS, CHI or H&C number, without spaces.

    Raises Invalid when the check digit (modulus 11) is wrong, or when all digits are the same: such placeholders pass
    the check.
    """
    try:
        number: str = nhs.validate(text)
    except BadNumber as error:
        raise Invalid(
            "nhs_number", "This is not a valid NHS number: check its ten digits.", field="nhs_number"
        ) from error
    if len(set(number)) == 1:
        raise Invalid(
            "nhs_number", "Ten times the same digit is a placeholder: leave the NHS number out.", field="nhs_number"
        )
    return number


@transaction.atomic
def register(organisation: Organisation, given: Particulars, *, at: datetime) -> Person:
    """A new person. Raises Refused when another person of the organisation has this NHS number (rule 29)."""
    if given.born_on and given.born_on > day_of(at):
        raise Invalid("born_on", "The date of birth lies ahead.", field="born_on")
    weighed_on = given.weighed_on or (day_of(at) if given.weight_kg is not None else None)
    in_reason(
        weight_kg=given.weight_kg,
        weighed_on=weighed_on,
        height_cm=given.height_cm,
        sling_size=given.sling_size,
        born_on=given.born_on,
        at=at,
    )
    number = nhs_number(given.nhs_number) if given.nhs_number else None
    try:
        with transaction.atomic():
            return Person.objects.create(
                organisation=organisation, **{**vars(given), "nhs_number": number, "weighed_on": weighed_on}
            )
    except IntegrityError as error:
        raise Refused(
            "nhs_number_taken", "Another person has this NHS number: use that record.", field="nhs_number"
        ) from error


def in_reason(
    *,
    weight_kg: Decimal | None,
    weighed_on: date | None,
    height_cm: int | None,
    sling_size: str | None,
    born_on: date | None,
    at: datetime,
) -> None:
    """Raises Invalid, naming the field, for what nobody can measure or weigh, or on no day on which it can have been
    weighed.
    """
    if weight_kg is not None and not _LIGHTEST_KG <= weight_kg <= _HEAVIEST_KG:
        raise Invalid("weight_kg", f"The weight must be {_LIGHTEST_KG} to {_HEAVIEST_KG} kg.", field="weight_kg")
    if weighed_on is not None and weighed_on > day_of(at):
        raise Invalid("weighed_on", "The day of weighing lies ahead: correct it.", field="weighed_on")
    if weighed_on is not None and born_on is not None and weighed_on < born_on:
        raise Invalid("weighed_on", "The day of weighing is before the date of birth.", field="weighed_on")
    if height_cm is not None and not _SHORTEST_CM <= height_cm <= _TALLEST_CM:
        raise Invalid("height_cm", f"The height must be {_SHORTEST_CM} to {_TALLEST_CM} cm.", field="height_cm")
    if sling_size and sling_size not in SLING_SIZES:
        raise Invalid("sling_size", f"The sling size must be one of {', '.join(SLING_SIZES)}.", field="sling_size")


@transaction.atomic
def measure(
    person: Person,
    *,
    weight_kg: Decimal | None = None,
    weighed_on: date | None = None,
    height_cm: int | None = None,
    sling_size: str | None = None,
    by: str,
    at: datetime,
) -> Person:
    """Put on record what the person weighs and since when, the height, and the size of sling assessed; what is not
    given stays (rule 12). Answers the person.

    Raises Invalid for what is out of reason, Refused when a newer weight is on record: an older one never takes its
    place.
    """
    if weight_kg is None and height_cm is None and not sling_size:
        raise Invalid("nothing_measured", "Give the weight, the height or the sling size.", field="weight_kg")
    if weight_kg is None and weighed_on is not None:
        raise Invalid("weight_needed", "A day of weighing needs the weight too.", field="weight_kg")
    held = hold(person)
    if weight_kg is not None:
        weighed_on = weighed_on or day_of(at)
    in_reason(
        weight_kg=weight_kg,
        weighed_on=weighed_on,
        height_cm=height_cm,
        sling_size=sling_size,
        born_on=held.born_on,
        at=at,
    )
    if weighed_on and held.weight_kg is not None and held.weighed_on and weighed_on < held.weighed_on:
        raise Refused(
            "newer_weight",
            f"A newer weight, of {held.weighed_on:%d %b %Y}, is on record: this one is older and is not taken.",
            field="weighed_on",
        )
    measured = {"weight_kg": weight_kg, "weighed_on": weighed_on, "height_cm": height_cm, "sling_size": sling_size}
    return _write(held, "measure", {name: value for name, value in measured.items() if value}, by=by, at=at)


@transaction.atomic
def answer_fire_questions(
    person: Person,
    *,
    smokes: bool,
    uses_oxygen: bool,
    uses_emollients: bool,
    has_smoke_alarm: bool,
    referred_on: date | None = None,
    by: str,
    at: datetime,
) -> Person:
    """What was answered about smoking, oxygen, skin creams and the smoke alarm, all four together; an airflow mattress
    is not issued before. Without `referred_on`, an earlier referral to the fire service stays. Answers the person.
    """
    if referred_on is not None and referred_on > day_of(at):
        raise Invalid("referred_on", "The day of the referral lies ahead: correct it.", field="referred_on")
    answers: dict[str, Any] = {
        "smokes": smokes,
        "uses_oxygen": uses_oxygen,
        "uses_emollients": uses_emollients,
        "has_smoke_alarm": has_smoke_alarm,
    }
    if referred_on is not None:
        answers["fire_referred_on"] = referred_on
    return _write(hold(person), "answer_fire_questions", answers, by=by, at=at)


def _write(person: Person, verb: str, values: dict[str, Any], *, by: str, at: datetime) -> Person:
    for name, value in values.items():
        setattr(person, name, value)
    person.save(update_fields=sorted(values))
    note(person, verb, by=by, at=at, fields=sorted(values))
    return person


def note(person: Person, verb: str, *, by: str, at: datetime, reason: str = "", **facts: Any) -> PersonEvent:
    """A line of the person's history. Facts are keys and names of fields, never what they say."""
    return PersonEvent.objects.create(person=person, verb=verb, by=by, at=at, reason=reason, facts=facts)


def hold(person: Person) -> Person:
    """The caller's own row, read anew and held. Raises Refused when it was merged into another: what is said of it from
    now on is said of that one (rule 29).
    """
    held = locks.person(person)
    if held.merged_into_id is not None:
        raise Refused("merged", "This record was merged into another: use that one.", person=str(held.merged_into_id))
    return held


def current(person: Person) -> Person:
    """The record that stands for this person now: the one it was merged into, else itself (rule 29)."""
    while person.merged_into is not None:
        person = person.merged_into
    return person


def add_address(person: Person, **fields: object) -> Address:
    """Where kit for this person goes.

    Its point on the map is found later and may be missing: that holds up routing only.
    """
    return Address.objects.create(person=person, **fields)
