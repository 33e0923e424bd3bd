"""Register people and where they live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from stdnum.exceptions import ValidationError as BadNumber
from stdnum.gb import nhs

from equipment.days import day_of
from equipment.errors import Invalid, Refused
from equipment.models import Address, Organisation, Person

_LIGHTEST_KG, _HEAVIEST_KG = Decimal(1), Decimal(500)


@dataclass(frozen=True)
class Particulars:
    """What is asked of a person: a name at least."""

    given_name: str
    family_name: str
    born_on: date | None = None
    nhs_number: str = ""
    phone: str = ""
    weight_kg: Decimal | None = None
    weighed_on: date | None = None


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
    if given.weight_kg is not None and not _LIGHTEST_KG <= given.weight_kg <= _HEAVIEST_KG:
        raise Invalid("weight_kg", f"The weight must be {_LIGHTEST_KG} to {_HEAVIEST_KG} kg.", field="weight_kg")
    number = nhs_number(given.nhs_number) if given.nhs_number else None
    try:
        with transaction.atomic():
            return Person.objects.create(
                organisation=organisation,
                given_name=given.given_name,
                family_name=given.family_name,
                born_on=given.born_on,
                nhs_number=number,
                phone=given.phone,
                weight_kg=given.weight_kg,
                weighed_on=given.weighed_on or (day_of(at) if given.weight_kg is not None else None),
            )
    except IntegrityError as error:
        raise Refused(
            "nhs_number_taken", "Another person has this NHS number: use that record.", field="nhs_number"
        ) from error


def add_address(person: Person, **fields: object) -> Address:
    """Where kit for this person goes.

    Its point on the map is found later and may be missing: that holds up routing only.
    """
    return Address.objects.create(person=person, **fields)
