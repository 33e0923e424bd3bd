"""What is read of a person before something goes to them, and in how many queries."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from equipment import allocation, holdings, inspections, loans
from equipment.fitness import Assessment, Limits, Pair, Partners
from equipment.models import Compatibility, Incompatibility, Override, Person, RiskAssessment
from equipment.states import TestKind
from equipment.words import Connectivity, Use
from tests.county import BY, LONG_AGO, TUESDAY

ON = TUESDAY.date()
DAY = timedelta(days=1)


def around(person, **asked):
    facts = holdings.person_facts(person, on=ON, **asked)
    return [one.code for one in facts.around]


def assess(person, product, **fields):
    given = {"suitable": True, "assessor": "Ola", "assessed_on": ON, "review_on": ON + 90 * DAY, **fields}
    return RiskAssessment.objects.create(person=person, product=product, recorded_at=TUESDAY, recorded_by=BY, **given)


def override(person, product, code="too_small", **fields):
    given = {"reason": "assessed", "authorised_by": "Ola, OT", "made_at": TUESDAY, "made_by": BY, "expires_on": ON}
    return Override.objects.create(person=person, product=product, code=code, **{**given, **fields})


def test_what_the_person_has_is_promised_and_gets_besides_is_around(county):
    """Rule 12: the whole set counts, at home or on its way; not the one asked about."""
    person = county.person()
    county.on_loan(county.product("BED"), person)
    county.raisers(4)
    [raisers] = allocation.reserve(
        allocation.Wanted(county.raisers(), 2, person, ON, (county.store,)), by=BY, at=TUESDAY
    )
    commode = county.commode()
    assert around(person, adding=[commode]) == ["BED", "RAISER", "COMMODE"]
    assert around(person, asking=[commode]) == ["BED", "RAISER"]
    assert around(person, without=raisers) == ["BED"]
    assert around(county.person()) == []
    allocation.release(raisers, by=BY, at=TUESDAY)
    assert around(person) == ["BED"]


def test_what_waits_to_be_fetched_or_makes_way_is_not_around(county):
    """Rule 11: an exchange is judged by what stays, whether its old half is numbered or counted."""
    person = county.person()
    bed = county.on_loan(county.product("BED"), person)
    assert around(person, instead_of=[bed]) == []
    loans.request_collection(bed, by=BY, at=TUESDAY)
    assert around(person) == []
    bed.refresh_from_db()
    loans.keep(bed, by=BY, at=TUESDAY, reason="still needed")
    assert around(person) == ["BED"]
    raisers = counted_loan(county, person)
    assert around(person) == ["BED", "RAISER"]
    loans.request_collection(raisers, by=BY, at=TUESDAY)
    assert around(person) == ["BED"]
    loans.keep(raisers, by=BY, at=TUESDAY, reason="still needed")
    assert around(person) == ["BED", "RAISER"]


def counted_loan(county, person):
    county.raisers(4)
    [held] = allocation.reserve(allocation.Wanted(county.raisers(), 2, person, ON, (county.store,)), by=BY, at=TUESDAY)
    allocation.load(held, vehicle="VAN", by=BY, at=TUESDAY)
    return loans.deliver(held, county.address(person), by=BY, at=TUESDAY)


def test_rule_12_what_an_examination_found_of_the_one_at_home_counts_not_its_plate(county):
    """Rule 12: this hoist was found good for 120 kg when it was examined; others of its kind carry 150."""
    hoist = county.product("LIFT", name="Lift", use=Use.HOIST, safe_working_load_kg=150, regimes={TestKind.LOLER: 182})
    person = county.person(weight_kg=Decimal("100.0"))
    loan = county.on_loan(hoist, person)
    inspections.record(loan.asset, kind="loler", result="pass", examiner="E", swl_kg=120, by=BY, at=TUESDAY - DAY)
    [at_home] = holdings.person_facts(person, on=ON).around
    assert at_home.safe_working_load_kg == 120
    sling = county.product("SLING", name="Sling", use=Use.SLING, safe_working_load_kg=200)
    assert holdings.why_not(sling, person, on=ON) == []
    Person.objects.filter(pk=person.pk).update(weight_kg=Decimal("120.1"))
    person.refresh_from_db()
    [reason] = holdings.why_not(sling, person, on=ON)
    assert (reason.code, reason.rule) == ("too_heavy", 12)


def test_the_facts_of_the_person_are_those_on_record(county, settings):
    settings.SERVICE = settings.SERVICE | {"WEIGHT_VALID_DAYS": 30, "ANALOGUE_SWITCH_OFF": date(2026, 1, 1)}
    person = county.person(weight_kg=Decimal("81.5"))
    Person.objects.filter(pk=person.pk).update(
        height_cm=171,
        born_on=date(1950, 1, 2),
        sling_size="L",
        smokes=True,
        uses_oxygen=False,
        fire_referred_on=ON,
        has_smoke_alarm=True,
    )
    person.refresh_from_db()
    facts = holdings.person_facts(person, on=ON)
    assert (facts.key, facts.weight_kg, facts.weighed_on) == (person.pk, 81.5, LONG_AGO.date())
    assert (facts.height_cm, facts.born_on, facts.sling_size) == (171, date(1950, 1, 2), "L")
    assert (facts.smokes, facts.uses_oxygen, facts.uses_emollients, facts.fire_referred) == (True, False, None, True)
    assert facts.has_smoke_alarm is True
    assert facts.limits == Limits(weight_valid_days=30, analogue_switch_off=date(2026, 1, 1))
    assert facts.asked == frozenset()


def test_the_facts_of_a_product_are_those_of_the_catalogue(county):
    hub = county.product("HUB", name="Hub", use=Use.HUB, connectivity=Connectivity.ANALOGUE, min_height_cm=90, size="M")
    facts = holdings.product_facts(hub)
    assert (facts.code, facts.name, facts.use, facts.analogue) == ("HUB", "Hub", "hub", True)
    assert (facts.min_height_cm, facts.size, str(facts)) == (90, "M", "HUB Hub")
    assert holdings.product_facts(county.product("IP", connectivity=Connectivity.IP)).analogue is False


def test_rule_13_only_standing_assessments_of_what_is_there_or_asked_about_are_read(county):
    """Rule 13: another person's, a voided one and one of what is not in the set say nothing."""
    person = county.person()
    bed, rail = county.product("BED", use=Use.BED), county.product("RAIL", use=Use.RAIL)
    assess(person, rail, bed=bed, weight_kg=Decimal("80.5"))
    assess(person, rail, voided_at=TUESDAY)
    assess(county.person(), rail)
    assess(person, county.product("LEVER", use=Use.LEVER))
    facts = holdings.person_facts(person, on=ON, asking=[rail])
    assert facts.assessments == (Assessment("RAIL", "BED", None, True, ON, ON + 90 * DAY, 80.5),)
    assert holdings.person_facts(person, on=ON, asking=[bed]).assessments == ()


def test_an_override_counts_up_to_and_including_its_last_day_and_until_it_is_ended(county):
    """Rule 12: set aside for a time, for this person and product."""
    person, bed = county.person(), county.product("BED", use=Use.BED)
    override(person, bed)
    override(person, county.commode(), ended_at=TUESDAY)
    override(county.person(), county.commode())
    assert holdings.person_facts(person, on=ON).overrides == {("BED", "too_small")}
    assert holdings.person_facts(person, on=ON + DAY).overrides == frozenset()


def test_rule_11_pairs_and_partners_are_read_of_the_whole_set(county):
    """Rule 11: partners by use, from either side of the row."""
    bed, foam = county.product("BED", use=Use.BED), county.product("FOAM", use=Use.MATTRESS)
    pump = county.product("PUMP", use=Use.PUMP)
    Incompatibility.objects.create(one=pump, other=bed, why="it overruns")
    Incompatibility.objects.create(one=pump, other=county.commode(), why="elsewhere")
    Compatibility.objects.create(one=bed, other=foam, source="the maker's list")
    facts = holdings.person_facts(county.person(), on=ON, adding=[bed], asking=[pump])
    assert facts.never == (Pair("PUMP", "BED", "it overruns"),)
    assert facts.partners == (
        Partners("BED", "mattress", frozenset({"FOAM"})),
        Partners("FOAM", "bed", frozenset({"BED"})),
    )


@pytest.mark.parametrize(
    ("codes", "count"),
    [((), 3), (("STOOL",), 3), (("STOOL", "COMMODE"), 5), (("STOOL", "RAIL"), 6)],
    ids=["nothing", "one", "two", "a rail"],
)
def test_no_more_is_asked_than_the_set_needs(county, django_assert_num_queries, codes, count):
    """Loans, reservations and overrides always; pairs and partners of two; assessments of a rail."""
    person = county.person()
    asked = [county.product(code, use=Use.RAIL if code == "RAIL" else "") for code in codes]
    with django_assert_num_queries(count):
        holdings.person_facts(person, on=ON, asking=asked)


def test_the_queries_do_not_grow_with_what_the_person_has(county, django_assert_num_queries):
    """Seven at most: one more for what the hoists at home were found to carry."""
    person, rail = county.person(), county.product("RAIL", use=Use.RAIL)
    county.on_loan(county.product("LIFT", use=Use.HOIST), person)
    with django_assert_num_queries(7):
        holdings.person_facts(person, on=ON, asking=[rail])
    for code in ("A", "B", "C"):
        county.on_loan(county.product(code, use=Use.BED), person)
    with django_assert_num_queries(7):
        holdings.person_facts(person, on=ON, asking=[rail])


def test_a_reservation_of_many_asks_about_the_person_once(county):
    """What suits the person is the same of every unit on the shelf."""
    counts = []
    for units in (1, 3):
        product = county.product(f"STOOL{units}")
        for _ in range(3):
            county.new(product)
        wanted = allocation.Wanted(product, units, county.person(), ON, (county.store,))
        with CaptureQueriesContext(connection) as captured:
            assert len(allocation.reserve(wanted, by=BY, at=TUESDAY)) == units
        counts.append(sum('"equipment_override"' in query["sql"] for query in captured.captured_queries))
    assert counts == [1, 1]
