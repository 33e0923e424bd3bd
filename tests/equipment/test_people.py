from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from equipment import people
from equipment.errors import Invalid, Refused
from equipment.models import Person
from tests.county import TUESDAY


def register(county, **fields):
    return people.register(county.council, people.Particulars("Ann", "Other", **fields), at=TUESDAY)


@pytest.mark.parametrize("number", ["943 476 5919", "4698194180", "999 000 0018"])
def test_published_nhs_numbers_are_taken_with_or_without_spaces(county, number):
    assert register(county, nhs_number=number).nhs_number == number.replace(" ", "")


@pytest.mark.parametrize(
    "number", ["943 476 5918", "123", "94347659190", "abcdefghij", *[str(d) * 10 for d in range(10)]]
)
def test_a_wrong_check_digit_or_a_placeholder_is_refused(county, number):
    with pytest.raises(Invalid) as refusal:
        register(county, nhs_number=number)
    assert refusal.value.code == "nhs_number"
    assert not Person.objects.exists()


def test_rule_29_one_person_per_nhs_number_in_an_organisation(county):
    register(county, nhs_number="9434765919")
    with pytest.raises(Refused) as refusal:
        register(county, nhs_number="9434765919")
    assert refusal.value.code == "nhs_number_taken"
    assert Person.objects.count() == 1


def test_the_number_is_optional(county):
    assert register(county).nhs_number is None
    assert register(county).nhs_number is None


def test_a_weight_is_dated_and_in_reason(county):
    assert register(county, weight_kg=Decimal("81.5")).weighed_on == TUESDAY.date()
    for weight in (Decimal("0.5"), Decimal(501)):
        with pytest.raises(Invalid):
            register(county, weight_kg=weight)


def test_nobody_is_born_tomorrow(county):
    with pytest.raises(Invalid):
        register(county, born_on=date(2026, 3, 4))
