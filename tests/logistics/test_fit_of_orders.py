"""An order suits the person as a whole, and again on its way: nothing goes out that was judged with something else."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from equipment import allocation, people
from equipment.errors import Invalid, Refused
from equipment.models import Incompatibility, Reservation, RiskAssessment
from equipment.words import Use
from logistics import exchanges, misfits, ordering
from logistics.models import FollowUp, Order
from tests.county import BY, TUESDAY

ON = TUESDAY.date()
CODES = ("RAIL", "BED", "FOAM")


@pytest.fixture
def stay(county):
    """A discharge, and a rail, a bed and a mattress on the shelf."""
    for code, use in zip(CODES, (Use.RAIL, Use.BED, Use.MATTRESS), strict=True):
        county.new(county.product(code, use=use))
    return county.discharge()


def assess(county, person, mattress="FOAM"):
    return RiskAssessment.objects.create(
        person=person,
        product=county.product("RAIL"),
        bed=county.product("BED"),
        mattress=county.product(mattress),
        suitable=True,
        assessor="Ola",
        assessed_on=ON,
        review_on=ON + timedelta(days=90),
        recorded_at=TUESDAY,
        recorded_by=BY,
    )


def reserve(county, code, person):
    wanted = allocation.Wanted(county.product(code), 1, person, ON, (county.store,))
    [made] = allocation.reserve(wanted, by=BY, at=TUESDAY)
    return made


def test_rule_13_a_rail_that_nobody_has_judged_is_not_ordered(county, stay):
    """Rule 13: the prescriber hears it at once, and no order is written."""
    with pytest.raises(Invalid) as refusal:
        county.order(stay, *CODES)
    assert refusal.value.code == "no_assessment"
    assert (Order.objects.count(), Reservation.objects.count()) == (0, 0)


def test_rule_13_bed_mattress_and_rail_judged_together_are_ordered_and_reserved_together(county, stay):
    """Rule 13: whichever of the three is reserved first."""
    assess(county, stay.person)
    order = county.order(stay, *CODES)
    held = Reservation.objects.filter(person=stay.person, ended_at__isnull=True)
    assert sorted(held.values_list("product__stock_code", flat=True)) == ["BED", "FOAM", "RAIL"]
    assert ordering.shortages(order) == {}


def test_rule_11_what_is_never_used_with_something_at_home_is_not_ordered(county):
    """Rule 11: the pair is found though only one of the two is in the order."""
    home = county.address()
    county.on_loan(county.product("PUMP"), home.person)
    turner = county.product("TURNER")
    county.new(turner)
    Incompatibility.objects.create(one=turner, other=county.product("PUMP"), why="it overruns")
    with pytest.raises(Invalid) as refusal:
        county.order(county.discharge(address=home), "TURNER")
    assert refusal.value.code == "incompatible"
    assert Order.objects.count() == 0


def test_rule_13_a_mattress_exchanged_for_another_waits_until_the_rail_is_judged_with_it(county, stay):
    """Rules 11 and 13: the new mattress goes with what stays, and the old one no longer counts."""
    person = stay.person
    loan = county.on_loan(county.product("OLD", use=Use.MATTRESS), person)
    rail_on_old = assess(county, person, "OLD")
    bed, rail = (reserve(county, code, person) for code in ("BED", "RAIL"))
    foam = county.product("FOAM")
    before = Reservation.objects.count()
    assert exchanges.raise_exchange(loan, by=BY, at=TUESDAY, reason="torn", product=foam) is None
    assert Reservation.objects.count() == before
    assess(county, person, "FOAM")
    assert exchanges.raise_exchange(loan, by=BY, at=TUESDAY, reason="torn", product=foam) is not None
    RiskAssessment.objects.exclude(pk=rail_on_old.pk).update(voided_at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        allocation.pick(rail, scanned=rail.asset.number, by=BY, at=TUESDAY)
    assert (refusal.value.code, bed.is_live) == ("assessment_void", True)


def test_rule_28_what_does_not_suit_any_more_after_the_order_is_told_once(county):
    """Rules 12 and 28: it is not left waiting for stock in silence; no weight stands in what is told."""
    product = county.product("HEAVY", name="Chair", safe_working_load_kg=100)
    person = county.person(weight_kg=Decimal(90), weighed_on=date(2025, 11, 20))
    order = county.order(county.discharge(address=county.address(person)), "HEAVY")
    assert not FollowUp.objects.exists()
    people.measure(person, weight_kg=Decimal(130), by=BY, at=TUESDAY)
    county.new(product)
    for _ in range(2):
        assert ordering.supply(order, by=BY, at=TUESDAY) is False
    told = FollowUp.objects.get()
    assert (told.owner, told.person, told.kind) == ("prescriber", person, "short")
    assert told.action == f"Chair of {order} is not sent: too heavy. Put that right, or amend or cancel the order."


def test_rule_28_what_suits_the_person_no_longer_is_told_before_the_door(county, stay, django_assert_num_queries):
    """Rules 12 and 28: weighed again after the bed was promised; the prescriber hears it once, without the weight."""
    bed = county.product("BED")
    bed.safe_working_load_kg = 150
    bed.save()
    people.measure(stay.person, weight_kg=Decimal(100), weighed_on=ON, by=BY, at=TUESDAY)
    order = county.order(stay, "BED")
    assert misfits.judge_again(at=TUESDAY) == 0

    people.measure(stay.person, weight_kg=Decimal(160), weighed_on=ON, by=BY, at=TUESDAY)
    assert [misfits.judge_again(at=TUESDAY), misfits.judge_again(at=TUESDAY)] == [1, 0]
    told = FollowUp.objects.get()
    assert (told.owner, told.person) == ("prescriber", stay.person)
    assert told.action == f"Bed of {order} is not sent: too heavy. Put that right, or amend or cancel the order."
    # What is promised, has, is reserved, its examined load, is set aside; and whether it was told.
    with django_assert_num_queries(6):
        misfits.judge_again(at=TUESDAY)
