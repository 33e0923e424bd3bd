"""One person, told of by two at once: a death and an order, two merges, two sweeps."""

from __future__ import annotations

import pytest

from equipment import merging
from equipment.errors import Refused
from equipment.models import Loan, Person, PersonMerge, Reservation
from logistics import bereavement, reviews
from logistics.models import Activity, Order, Review
from tests.county import BY, TUESDAY
from tests.races.conftest import together

pytestmark = pytest.mark.races


def test_rule_27_an_order_placed_in_the_second_of_a_death_brings_nobody_to_the_door(county):
    """Rule 27: whichever comes first, and after the next look of the clock nothing is left under way."""
    county.new(county.commode())
    discharge = county.discharge()
    person = Person.objects.get()
    together(
        lambda: bereavement.died(person, TUESDAY.date(), by=BY, at=TUESDAY),
        lambda: county.order(discharge, "COMMODE"),
    )
    assert Person.objects.get().died_on == TUESDAY.date()
    bereavement.finish(by=BY, at=TUESDAY)
    assert set(Order.objects.values_list("state", flat=True)) <= {"cancelled"}
    assert not Activity.objects.filter(state="open").exists()
    assert not Reservation.objects.filter(ended_at=None).exists()


def test_rule_29_two_merges_of_one_record_at_once_are_one(county):
    """Rule 29: the record goes to one of them, whole."""
    first, second, gone = county.person(), county.person(), county.person()
    county.address(gone)
    given = {"reason": "Same card", "by": BY, "at": TUESDAY}
    answers = together(
        *(lambda kept=kept: merging.merge(kept, Person.objects.get(pk=gone.pk), **given) for kept in (first, second))
    )
    assert sorted(type(answer) for answer in answers if isinstance(answer, Refused)) == [Refused]
    done = PersonMerge.objects.get()
    gone.refresh_from_db()
    assert gone.merged_into_id == done.kept_id
    assert not gone.addresses.exists()


def test_two_sweeps_ask_once(county):
    loan = county.on_loan(county.product("STOOL"))
    Loan.objects.filter(pk=loan.pk).update(review_on=TUESDAY.date())
    together(*(lambda: reviews.raise_due(by=BY, at=TUESDAY) for _ in range(2)))
    assert Review.objects.count() == 1
