"""Rule 19: what a person has, or waits for, is looked at before more of it is ordered."""

from __future__ import annotations

import pytest

from equipment import loans
from equipment.errors import Invalid, Refused
from equipment.models import Loan, Reservation
from logistics import authorising, ordering
from logistics.models import Order, Prescriber
from tests.county import BY, LONG_AGO, TUESDAY


@pytest.fixture
def home(county):
    """A person with a commode at home since November."""
    loan = county.on_loan(county.commode())
    Loan.objects.filter(pk=loan.pk).update(address=county.address(loan.person))
    loan.refresh_from_db()
    return loan


def order(county, address, *codes, reason="", **fields):
    items = tuple(ordering.Item(code) for code in codes)
    given = {"prescriber": county.prescriber, **fields}
    request = ordering.Request(items, organisation=county.council, address=address, duplicate_reason=reason, **given)
    return ordering.place(request, by=BY, at=TUESDAY)


def refused(county, address, *codes):
    before = Order.objects.count(), Reservation.objects.count()
    with pytest.raises(Refused) as refusal:
        order(county, address, *codes)
    assert (Order.objects.count(), Reservation.objects.count()) == before
    assert (refusal.value.code, refusal.value.facts["field"]) == ("duplicate", "duplicate_reason")
    return refusal.value.facts["duplicates"]


def test_rule_19_a_second_one_of_what_is_on_loan_is_refused_and_says_what_there_is(county, home):
    """Rule 19: existing loans are checked; the answer names the asset and since when."""
    assert home.asset is not None
    assert refused(county, home.address, "COMMODE") == [
        {
            "line": 0,
            "product": "COMMODE",
            "has": "Commode",
            "where": "on loan",
            "number": home.asset.number,
            "since": "2025-11-23",
        }
    ]


def test_rule_19_a_reason_lets_it_through_and_stays_on_the_order(county, home):
    """Rule 19: an override needs a reason."""
    made = order(county, home.address, "COMMODE", reason=" One for each floor ")
    assert made.duplicate_reason == "One for each floor"


def test_rule_19_an_open_order_counts_too_authorised_or_waiting(county):
    """Rule 19: open orders are checked, of any prescriber."""
    junior = Prescriber.objects.create(organisation=county.council, pin="J", name="Junior", order_limit=1)
    address = county.address()
    county.commode()
    first = order(county, address, "COMMODE", prescriber=junior)
    [found] = refused(county, address, "COMMODE")
    assert (found["where"], found["number"]) == ("on order", f"order {first.pk}")
    authorising.reject(first, by=BY, at=TUESDAY, reason="not needed")
    assert order(county, address, "COMMODE").state == "authorised"


def test_rule_19_another_product_of_the_same_use_is_a_duplicate(county):
    """Rule 19: two beds are two beds, whatever their makers call them; a mattress besides is none."""
    address = county.address()
    for code, use in (("BED-A", "bed"), ("BED-B", "bed"), ("MATT", "mattress")):
        county.product(code, use=use)
    order(county, address, "BED-A")
    [found] = refused(county, address, "BED-B")
    assert found["has"] == "Bed-A"
    order(county, address, "MATT")


def test_several_triggers_of_a_hub_are_no_duplicates_but_the_same_one_twice_is(county):
    """Rule 19: a pendant and a smoke detector are both triggers, and both are needed."""
    address = county.address()
    for code in ("PENDANT", "SMOKE"):
        county.product(code, use="trigger")
    order(county, address, "PENDANT")
    order(county, address, "SMOKE")
    assert [found["product"] for found in refused(county, address, "SMOKE")] == ["SMOKE"]


def test_rule_19_a_set_and_its_parts_are_looked_at_both_ways(county):
    """Rule 19: a set that shares a part with what there is, and a part of a set that is on its way."""
    address = county.address()
    county.bed_set()
    order(county, address, "BED-SET")
    assert {found["has"] for found in refused(county, address, "BED")} == {"Bed"}
    elsewhere = county.address()
    order(county, elsewhere, "MATTRESS")
    assert [found["has"] for found in refused(county, elsewhere, "BED-SET")] == ["Mattress"]


def test_rule_19_more_of_a_counted_product_is_a_duplicate_too(county):
    """Rule 19: four raisers on order, and four more."""
    county.raisers(20)
    address = county.address()
    order(county, address, "RAISER")
    assert [found["has"] for found in refused(county, address, "RAISER")] == ["Chair raisers"]


def test_rule_19_what_is_about_to_be_fetched_does_not_count(county, home):
    """Rule 19: its successor is an exchange, not a duplicate."""
    loans.request_collection(home, by=BY, at=TUESDAY)
    assert order(county, home.address, "COMMODE").duplicate_reason == ""


def test_another_persons_things_do_not_count(county, home):
    assert order(county, county.address(), "COMMODE").state == "authorised"


def test_two_lines_of_one_order_are_meant_as_they_stand(county):
    county.raisers(20)
    assert order(county, county.address(), "RAISER", "RAISER").lines.count() == 2


def test_rules_11_and_12_what_does_not_suit_the_person_is_refused_when_it_is_ordered(county):
    """Rule 12: a heavy person hears it at once, with every reason and the line; nothing is written."""
    county.product("CHAIR", safe_working_load_kg=100, weight_critical=True)
    address = county.address(county.person(weight_kg=150, weighed_on=LONG_AGO.date()))
    county.commode()
    with pytest.raises(Invalid) as refusal:
        order(county, address, "COMMODE", "CHAIR")
    assert (refusal.value.code, refusal.value.facts["field"]) == ("too_heavy", "lines.1.product")
    assert [(r["line"], r["code"], r["rule"]) for r in refusal.value.facts["reasons"]] == [(1, "too_heavy", 12)]
    assert not Order.objects.exists()


def test_rules_11_and_12_each_part_of_a_set_is_asked(county):
    """Rule 12: the weakest part decides, also at order."""
    county.bed_set()
    mattress = county.product("MATTRESS")
    mattress.safe_working_load_kg, mattress.weight_critical = 100, True
    mattress.save()
    with pytest.raises(Invalid) as refusal:
        order(county, county.address(), "BED-SET")
    assert (refusal.value.code, refusal.value.facts["field"]) == ("weight_missing", "lines.0.product")


def test_rule_26_nothing_is_ordered_for_somebody_who_has_died(county):
    """Rule 26: what is on order stays, but nothing is added to it."""
    address = county.address()
    type(address.person).objects.filter(pk=address.person_id).update(died_on=TUESDAY.date())
    address.person.refresh_from_db()
    county.commode()
    with pytest.raises(Refused) as refusal:
        order(county, address, "COMMODE")
    assert refusal.value.code == "person_died"
    assert not Order.objects.exists()
