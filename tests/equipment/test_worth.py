"""Is it worth mending?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from equipment.worth import WorthFacts, not_worth_mending

NEW = WorthFacts(
    number="0000013",
    received_on=date(2020, 3, 3),
    on=date(2026, 3, 3),
    loans=4,
    quote=Decimal("40.00"),
    price=Decimal("100.00"),
    cost_percent=50,
)


def codes(facts: WorthFacts) -> list[str]:
    return [reason.code for reason in not_worth_mending(facts)]


def test_what_has_no_limits_and_costs_less_than_half_is_worth_it():
    assert codes(NEW) == []


@pytest.mark.parametrize(
    ("on", "expected"), [(date(2026, 3, 2), []), (date(2026, 3, 3), []), (date(2026, 3, 4), ["too_old"])]
)
def test_older_than_its_working_life_in_years(on, expected):
    """Came on 3 March 2020 for six years: until 3 March 2026."""
    assert codes(replace(NEW, life_years=6, on=on)) == expected


@pytest.mark.parametrize(("loans", "expected"), [(10, []), (11, ["worn_out"])])
def test_out_more_often_than_its_working_life_in_loans(loans, expected):
    assert codes(replace(NEW, life_loans=10, loans=loans)) == expected


@pytest.mark.parametrize(("quote", "expected"), [("50.00", []), ("50.01", ["too_dear"])])
def test_dearer_than_the_percentage_of_a_new_one(quote, expected):
    """Half of £100."""
    assert codes(replace(NEW, quote=Decimal(quote))) == expected


def test_nothing_is_too_dear_when_the_price_is_not_known():
    assert codes(replace(NEW, price=Decimal(0), quote=Decimal(900))) == []


def test_every_reason_is_named_with_its_remedy():
    worn = replace(NEW, life_years=2, life_loans=1, quote=Decimal("75"))
    reasons = not_worth_mending(worn)
    assert [reason.code for reason in reasons] == ["too_old", "worn_out", "too_dear"]
    assert reasons[2].sentence == "Mending 0000013 costs £75.00: more than 50% of the £100.00 that a new one costs."
    assert all("manager" in reason.remedy for reason in reasons)
