"""Sets: what may be used together, and what is still out when a part came back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipment import allocation, kits, loans, receiving, substitutes
from equipment.errors import Invalid, Refused
from equipment.fitness import Pair, Reason, compatible
from equipment.models import ApprovedEquivalent, Incompatibility, Loan, Reservation
from equipment.states import AssetState
from tests.county import BY, TUESDAY, state_of

KIT = UUID("00000000-0000-4000-8000-000000000001")
BED, RAIL, PUMP = "BED Bed", "RAIL Rail", "PUMP Pump"


def test_rule_11_two_products_declared_incompatible_are_named_with_the_reason():
    [reason] = compatible([BED, RAIL, PUMP], [Pair(RAIL, BED, "the gap traps a hand.")])
    assert (reason.code, reason.rule) == ("incompatible", 11)
    assert reason.sentence == "RAIL Rail is never used together with BED Bed: the gap traps a hand."


def test_one_of_the_two_alone_is_no_problem():
    assert compatible([BED, PUMP], [Pair(RAIL, BED, "x")]) == []
    assert compatible([], [Pair(RAIL, BED, "x")]) == []


@given(st.sets(st.sampled_from("abcdef")), st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"))))
def test_the_order_of_a_pair_means_nothing(products, pairs):
    there = compatible(products, [Pair(one, other, "x") for one, other in pairs])
    back = compatible(products, [Pair(other, one, "x") for one, other in pairs])
    expected = sum(one != other and one in products and other in products for one, other in pairs)
    assert len(there) == len(back) == expected


def reserve(county, code, person, kit=KIT):
    wanted = allocation.Wanted(
        county.product(code), 1, person, TUESDAY.date(), (county.store,), kit=kit, composite=county.bed_set()
    )
    [made] = allocation.reserve(wanted, by=BY, at=TUESDAY)
    return made


def deliver(county, reservation):
    number = reservation.asset.number
    allocation.pick(reservation, scanned=number, by=BY, at=TUESDAY)
    allocation.load(reservation, vehicle="VAN", scanned=number, by=BY, at=TUESDAY)
    return loans.deliver(reservation, county.address(reservation.person), by=BY, at=TUESDAY)


@pytest.fixture
def parts(county):
    """A bed and a mattress reserved as one set for one person."""
    county.bed_set()
    person = county.person()
    for code in ("BED", "MATTRESS"):
        county.new(county.product(code))
    return [reserve(county, code, person) for code in ("BED", "MATTRESS")]


def declare(county, one="BED", other="MATTRESS"):
    return Incompatibility.objects.create(one=county.product(one), other=county.product(other), why="it slides off")


def test_rule_11_parts_declared_incompatible_since_are_not_picked(county, parts):
    bed, _ = parts
    declare(county)
    with pytest.raises(Refused, match="it slides off") as refusal:
        allocation.pick(bed, scanned=bed.asset.number, by=BY, at=TUESDAY)
    assert refusal.value.code == "incompatible"
    assert state_of(bed.asset) == AssetState.RESERVED


def test_rule_11_nor_loaded_counted_parts_included(county, parts):
    bed, _ = parts
    allocation.pick(bed, scanned=bed.asset.number, by=BY, at=TUESDAY)
    declare(county)
    with pytest.raises(Refused, match="never used together"):
        allocation.load(bed, vehicle="VAN", scanned=bed.asset.number, by=BY, at=TUESDAY)
    assert state_of(bed.asset) == AssetState.PICKED
    county.raisers(2)
    raiser = reserve(county, "RAISER", bed.person)
    declare(county, "RAISER", "BED")
    with pytest.raises(Refused, match="never used together"):
        allocation.load(raiser, vehicle="VAN", by=BY, at=TUESDAY)
    raiser.stock_line.refresh_from_db()
    assert raiser.stock_line.reserved == 1


def test_rule_11_what_is_promised_besides_the_set_is_compared_too(county, parts):
    """Rule 11: never used together is never with one person, of one set or not."""
    bed, _ = parts
    county.new(county.commode())
    reserve(county, "COMMODE", bed.person, kit=None)
    declare(county, "BED", "COMMODE")
    with pytest.raises(Refused, match="it slides off") as refusal:
        allocation.pick(bed, scanned=bed.asset.number, by=BY, at=TUESDAY)
    assert refusal.value.code == "incompatible"
    assert state_of(bed.asset) == AssetState.RESERVED
    assert [r.code for r in kits.problems([county.commode().pk, county.product("BED").pk])] == ["incompatible"]
    assert kits.problems([county.product("BED").pk, county.product("MATTRESS").pk]) == []


def test_the_loan_remembers_its_set(county, parts):
    lent = [deliver(county, part) for part in parts]
    assert {(loan.kit, loan.composite) for loan in lent} == {(KIT, county.bed_set())}


def test_a_set_returned_in_parts_leaves_its_rest_to_chase(county, parts):
    bed, mattress = (deliver(county, part) for part in parts)
    later = TUESDAY + timedelta(days=1)
    assert not kits.rests(before=later).exists()
    receiving.take_back(bed.asset, county.store, by=BY, at=TUESDAY + timedelta(hours=2))
    assert list(kits.rests(before=later)) == [mattress]
    assert not kits.rests(before=TUESDAY).exists()
    receiving.take_back(mattress.asset, county.store, by=BY, at=later)
    assert not kits.rests(before=later + timedelta(days=1)).exists()


def test_loans_of_no_set_are_no_rest(county):
    loan = county.on_loan(county.commode())
    county.on_loan(county.product("STOOL"), loan.person)
    receiving.take_back(loan.asset, county.store, by=BY, at=TUESDAY)
    assert not kits.rests(before=TUESDAY + timedelta(days=1)).exists()


def test_rule_11_swapping_a_part_checks_the_set_again(county, parts):
    _, mattress = parts
    foam = county.product("FOAM")
    ApprovedEquivalent.objects.create(product=county.product("MATTRESS"), substitute=foam)
    other = county.new(foam)
    declare(county, "BED", "FOAM")
    assert substitutes.offers(mattress, county.store, on=TUESDAY.date()) == []
    with pytest.raises(Refused) as refusal:
        substitutes.substitute(mattress, other, by=BY, at=TUESDAY, reason="torn", old="unfit")
    assert refusal.value.code == "incompatible"
    mattress.refresh_from_db()
    assert (mattress.product.stock_code, state_of(mattress.asset)) == ("MATTRESS", AssetState.RESERVED)
    assert state_of(other) == AssetState.AVAILABLE


def test_a_part_that_takes_the_place_of_the_culprit_is_no_problem(county, parts):
    """The one that goes away is not compared any more."""
    _, mattress = parts
    foam = county.product("FOAM")
    ApprovedEquivalent.objects.create(product=county.product("MATTRESS"), substitute=foam)
    other = county.new(foam)
    declare(county)
    moved = substitutes.substitute(mattress, other, by=BY, at=TUESDAY, reason="recalled", old="unfit")
    assert (moved.kit, moved.product) == (KIT, foam)


def test_a_fate_nobody_knows_is_refused_and_nothing_is_written(county, parts):
    bed, _ = parts
    other = county.new(county.product("BED"))
    for wrong, field in (({"old": "eaten", "reason": "x"}, "old"), ({"old": "shelf", "reason": " "}, "reason")):
        with pytest.raises(Invalid) as refusal:
            substitutes.swap(bed, other, by=BY, at=TUESDAY, **wrong)
        assert refusal.value.facts["field"] == field
    assert (state_of(other), Loan.objects.count()) == (AssetState.AVAILABLE, 0)
    assert Reservation.objects.get(pk=bed.pk).asset == bed.asset


def test_rule_12_a_refusal_says_of_each_reason_whether_it_may_be_set_aside():
    """Rule 12: whoever reads the refusal by machine knows what to ask a manager for, and what never."""
    small = Reason("too_small", "It is too big.", "Order a small one.", 12, overridable=True)
    with pytest.raises(Refused) as refusal:
        kits.refuse([small, Reason("too_heavy", "It breaks.", "Order a strong one.", 12)])
    assert [(r["code"], r["overridable"]) for r in refusal.value.facts["reasons"]] == [
        ("too_small", True),
        ("too_heavy", False),
    ]
