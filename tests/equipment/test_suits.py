"""What goes to a person suits them: the rules on weight, size, fire and line, each with all else in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipment.facts import OVERRIDABLE
from equipment.fitness import Limits, Pair, Partners, PersonFacts, ProductFacts, suits
from equipment.suits import system, weakest
from equipment.words import Use

TODAY = date(2026, 3, 3)
DAY = timedelta(days=1)
BARIATRIC_KG = 160
TWENTY_FIVE_STONE = 25 * 14 * 0.45359237  # 158.757 kg

ANN = PersonFacts(
    1,
    weight_kg=80.0,
    weighed_on=TODAY - 10 * DAY,
    height_cm=170,
    born_on=date(1950, 6, 1),
    sling_size="M",
    smokes=False,
    uses_oxygen=False,
    uses_emollients=False,
)
BED = ProductFacts("BED", "Bed", Use.BED, safe_working_load_kg=180)
FOAM = ProductFacts("FOAM", "Foam mattress", Use.MATTRESS, safe_working_load_kg=140)
AIR = ProductFacts("AIR", "Airflow mattress", Use.AIRFLOW, safe_working_load_kg=200)
RAIL = ProductFacts("RAIL", "Bed rail", Use.RAIL)
HOIST = ProductFacts("HOIST", "Hoist", Use.HOIST, safe_working_load_kg=200, weight_critical=True)
SPREADER = ProductFacts("BAR", "Spreader bar", Use.SPREADER, safe_working_load_kg=175)
SLING = ProductFacts("SLING", "Sling", Use.SLING, safe_working_load_kg=190, size="M")
STOOL = ProductFacts("STOOL", "Stool", safe_working_load_kg=100)
HUB = ProductFacts("HUB", "Alarm hub", Use.HUB, analogue=True)


def codes(product: ProductFacts, person: PersonFacts = ANN, on: date = TODAY) -> list[str]:
    return [reason.code for reason in suits(product, person, on=on)]


def weighing(kg: float | None, **facts: object) -> PersonFacts:
    return replace(ANN, weight_kg=kg, **facts)


def test_with_everything_in_order_nothing_stands_in_the_way():
    for product in (BED, FOAM, AIR, HOIST, SPREADER, SLING, STOOL):
        assert codes(product, replace(ANN, around=(BED, FOAM, HOIST, SPREADER, SLING, STOOL))) == []


def test_rule_12_the_weakest_part_of_the_bed_decides_whichever_part_is_asked_about():
    """Rule 12: a bed for 180 kg under a mattress for 140 kg carries 140 kg, to the tenth."""
    home = {"around": (BED, FOAM)}
    assert codes(BED, weighing(140.0, **home)) == []
    assert codes(BED, weighing(140.1, **home)) == ["too_heavy"]
    assert codes(RAIL, weighing(140.1, **home))[:1] == ["too_heavy"]
    [reason] = suits(BED, weighing(141, around=(FOAM,)), on=TODAY)
    assert reason.sentence == (
        "Bed is used with Foam mattress: Foam mattress carries 140 kg at most; the person weighs 141 kg."
    )
    assert (reason.rule, reason.overridable) == (12, False)


def test_rule_12_what_lifts_is_one_whole_and_what_they_lie_on_another():
    """Rule 12: hoist, spreader and sling against each other; a stool bears on neither."""
    home = (BED, FOAM, HOIST, SPREADER, STOOL)
    assert codes(SLING, weighing(175.0, around=home)) == []
    assert codes(SLING, weighing(175.1, around=home)) == ["too_heavy"]
    assert codes(STOOL, weighing(100.0, around=home)) == []
    assert codes(STOOL, weighing(100.1, around=home)) == ["too_heavy"]
    assert codes(STOOL, weighing(None, around=home)) == []


def test_rule_12_twenty_five_stone_is_within_bariatric_kit_and_beyond_what_carries_158():
    """Rule 12: 25 st is 158.757 kg; bariatric kit begins at 160 kg."""
    assert round(TWENTY_FIVE_STONE, 3) == 158.757
    assert codes(replace(BED, safe_working_load_kg=BARIATRIC_KG), weighing(TWENTY_FIVE_STONE)) == []
    assert codes(replace(BED, safe_working_load_kg=158), weighing(TWENTY_FIVE_STONE)) == ["too_heavy"]


def test_rule_12_no_weight_stops_only_what_is_weight_critical():
    """Rule 12: a missing weight blocks what is marked so; the rest goes."""
    assert codes(HOIST, weighing(None)) == ["weight_missing"]
    assert codes(SPREADER, weighing(None)) == []


def test_rule_12_a_weight_counts_for_183_days_and_not_one_more():
    """Rule 12: an older weight counts as none, and so does one without a date."""
    assert codes(HOIST, weighing(80.0, weighed_on=TODAY - 183 * DAY)) == []
    assert codes(HOIST, weighing(80.0, weighed_on=TODAY - 184 * DAY)) == ["weight_stale"]
    assert codes(HOIST, weighing(80.0, weighed_on=None)) == ["weight_stale"]
    assert codes(SPREADER, weighing(80.0, weighed_on=TODAY - 900 * DAY)) == []
    month = weighing(80.0, weighed_on=TODAY - 31 * DAY, limits=Limits(weight_valid_days=30))
    assert codes(HOIST, month) == ["weight_stale"]


def test_rule_12_an_old_weight_that_is_too_much_is_too_much_all_the_same():
    """Rule 12: nobody is presumed to have grown lighter."""
    assert codes(HOIST, weighing(201.0, weighed_on=TODAY - 900 * DAY)) == ["too_heavy"]


@pytest.mark.parametrize(
    ("height", "weight", "small"),
    [
        (146, 60.0, False),
        (145, 60.0, True),
        (150, 40.0, False),
        (150, 39.9, True),
        (200, 68.0, False),  # a body mass index of 17 exactly
        (200, 67.9, True),
    ],
)
def test_rule_12_bed_and_rail_are_for_146_cm_40_kg_and_a_body_mass_index_of_17(height, weight, small):
    """Rule 12: the limits that the MHRA gives for bed rails are the last bodies allowed."""
    person = weighing(weight, height_cm=height)
    assert codes(BED, person) == (["too_small"] if small else [])
    assert ("too_small" in codes(RAIL, person)) is small
    assert codes(FOAM, person) == []


def test_rule_12_the_maker_may_say_otherwise_of_its_own_bed_and_of_anything():
    """Rule 12: the product's own limits come first, each by itself; nought is none."""
    cot = replace(BED, min_height_cm=90, min_weight_kg=0, min_bmi=0)
    assert codes(cot, weighing(15.0, height_cm=90)) == []
    assert codes(cot, weighing(15.0, height_cm=89)) == ["too_small"]
    assert codes(replace(STOOL, min_weight_kg=50), weighing(49.9)) == ["too_small"]
    assert codes(replace(BED, min_height_cm=90), weighing(15.0, height_cm=140)) == ["too_small"]


def test_rule_12_not_knowing_the_size_stops_a_child_only():
    """Rule 12: a child is under 18 on the day; nobody's size is guessed."""
    turned = date(TODAY.year - 18, TODAY.month, TODAY.day)
    unknown = weighing(None, height_cm=None)
    assert codes(BED, replace(unknown, born_on=turned)) == []
    assert codes(BED, replace(unknown, born_on=turned + DAY)) == ["size_unknown"]
    assert codes(BED, replace(unknown, born_on=turned + DAY), on=TODAY + DAY) == []
    assert codes(BED, replace(unknown, born_on=None)) == []
    assert codes(FOAM, replace(unknown, born_on=turned + DAY)) == []
    child = replace(ANN, born_on=turned + DAY)
    assert codes(BED, child) == []
    assert codes(BED, replace(child, height_cm=None)) == ["size_unknown"]


def test_rule_12_a_sling_is_of_the_size_assessed():
    """Rule 12: and without an assessed size none goes; a sling of one size for all does."""
    assert codes(SLING, replace(ANN, sling_size="m ")) == []
    assert codes(SLING, replace(ANN, sling_size="L")) == ["wrong_sling_size"]
    assert codes(SLING, replace(ANN, sling_size="")) == ["sling_size_missing"]
    assert codes(replace(SLING, size=""), replace(ANN, sling_size="")) == []
    assert codes(replace(STOOL, size="L")) == []


def test_an_airflow_mattress_waits_until_all_three_questions_are_answered():
    """Rule 12: fit includes fire. Smoking, oxygen and creams are each asked about before it goes."""
    for question in ("smokes", "uses_oxygen", "uses_emollients"):
        assert codes(AIR, replace(ANN, **{question: None})) == ["fire_unasked"]
        assert codes(FOAM, replace(ANN, **{question: None})) == []
    [reason] = suits(AIR, replace(ANN, uses_oxygen=None), on=TODAY)
    assert reason.sentence == "Airflow mattress is an airflow mattress, and nobody has asked about oxygen."


def test_a_fire_risk_wants_a_smoke_alarm_or_the_fire_service():
    """Rule 12: any one yes, without either, stops it until somebody answers for it."""
    for question in ("smokes", "uses_oxygen", "uses_emollients"):
        risky = replace(ANN, **{question: True})
        assert codes(AIR, risky) == codes(AIR, replace(risky, has_smoke_alarm=False)) == ["fire_risk"]
        assert codes(AIR, replace(risky, has_smoke_alarm=True)) == []
        assert codes(AIR, replace(risky, fire_referred=True)) == []
        assert codes(AIR, replace(risky, overrides=frozenset({("AIR", "fire_risk")}))) == []
    assert codes(AIR, replace(ANN, smokes=True, uses_oxygen=None)) == ["fire_unasked", "fire_risk"]


def test_rule_38_an_analogue_hub_goes_until_the_day_before_the_switch_off():
    """Rule 38: from the day itself on it could call nobody."""
    assert codes(HUB, on=date(2027, 1, 30)) == []
    assert codes(HUB, on=date(2027, 1, 31)) == ["analogue_only"]
    assert codes(replace(HUB, analogue=False), on=date(2027, 1, 31)) == []
    sooner = replace(ANN, limits=Limits(analogue_switch_off=TODAY))
    assert codes(HUB, sooner) == ["analogue_only"]


def test_facts_not_read_for_a_product_answer_nothing_about_it():
    """An answer without its pairs and assessments would be a yes by mistake."""
    with pytest.raises(ValueError, match="not read for STOOL"):
        suits(STOOL, replace(ANN, asked=frozenset({"BED"})), on=TODAY)


# Laws -----------------------------------------------------------------------------------------------------------------

NAMES = "ABCDEF"
products = st.builds(
    ProductFacts,
    code=st.sampled_from(NAMES),
    name=st.just("Thing"),
    use=st.sampled_from(["", *Use]),
    safe_working_load_kg=st.none() | st.integers(60, 200),
    weight_critical=st.booleans(),
    size=st.sampled_from(["", "M", "L"]),
    analogue=st.booleans(),
)
around = st.lists(products, max_size=5, unique_by=lambda one: one.code).map(tuple)
answers = st.none() | st.booleans()
people = st.builds(
    PersonFacts,
    key=st.just(1),
    weight_kg=st.none() | st.integers(300, 2500).map(lambda tenths: tenths / 10),
    weighed_on=st.none() | st.integers(0, 300).map(lambda days: TODAY - days * DAY),
    height_cm=st.none() | st.integers(120, 200),
    born_on=st.none() | st.just(date(2015, 1, 1)),
    sling_size=st.sampled_from(["", "M"]),
    smokes=answers,
    uses_oxygen=answers,
    uses_emollients=answers,
    has_smoke_alarm=answers,
    around=around,
    never=st.lists(st.builds(Pair, st.sampled_from(NAMES), st.sampled_from(NAMES), st.just("no")), max_size=4).map(
        tuple
    ),
    partners=st.lists(
        st.builds(
            Partners,
            st.sampled_from(NAMES),
            st.sampled_from(list(Use)),
            st.frozensets(st.sampled_from(NAMES), min_size=1),
        ),
        max_size=4,
    ).map(tuple),
)


@settings(max_examples=50)
@given(products, people, products)
def test_adding_a_part_never_makes_the_whole_carry_more(product, person, part):
    """Rule 12, as a law."""
    before = weakest(system(product, person))
    after = weakest(system(product, replace(person, around=(*person.around, part))))
    if before is not None:
        assert after is not None
        assert (after.safe_working_load_kg or 0) <= (before.safe_working_load_kg or 0)


@settings(max_examples=50)
@given(products, people)
def test_the_weakest_part_is_what_a_plain_search_finds(product, person):
    """Rule 12 against an oracle: list every load that bears on the product, by hand, and take the least."""
    wholes = [("bed", "mattress", "airflow", "rail", "lever", "turning"), ("hoist", "spreader", "sling")]
    mine = next((whole for whole in wholes if product.use in whole), ())
    loads = [product.safe_working_load_kg] + [p.safe_working_load_kg for p in person.around if p.use in mine]
    known = sorted(load for load in loads if load is not None)
    heavy = bool(known) and person.weight_kg is not None and person.weight_kg > known[0]
    assert ("too_heavy" in codes(product, person)) is heavy


@settings(max_examples=50)
@given(products, people, st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_what_is_around(product, person, random):
    mixed = list(person.around)
    random.shuffle(mixed)
    here, there = (suits(product, replace(person, around=tuple(rows)), on=TODAY) for rows in (person.around, mixed))
    assert [(r.code, r.rule) for r in here] == [(r.code, r.rule) for r in there]


@settings(max_examples=50)
@given(products, people, st.sets(st.sampled_from(NAMES)))
def test_an_override_silences_what_is_overridable_of_that_product_and_nothing_else(product, person, names):
    every = {reason.code for reason in suits(product, person, on=TODAY)}
    overridden = replace(person, overrides=frozenset((name, code) for name in names for code in every))
    left = suits(product, overridden, on=TODAY)
    assert all(reason.overridable == (reason.code in OVERRIDABLE) for reason in left)
    assert {r.code for r in left} == (every - OVERRIDABLE if product.code in names else every)
