"""What is used together: pairs that never are, approved partners, and what a rail was judged on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from equipment.fitness import Assessment, Pair, Partners, PersonFacts, ProductFacts, suits
from equipment.words import Use

TODAY = date(2026, 3, 3)
DAY = timedelta(days=1)

BED, OTHER_BED = ProductFacts("BED", "Bed", Use.BED), ProductFacts("LOW", "Low bed", Use.BED)
FOAM, AIR = ProductFacts("FOAM", "Foam", Use.MATTRESS), ProductFacts("AIR", "Air", Use.AIRFLOW)
RAIL, LEVER = ProductFacts("RAIL", "Rail", Use.RAIL), ProductFacts("LEVER", "Bed lever", Use.LEVER)
TURNER = ProductFacts("TURN", "Turning system", Use.TURNING)
PUMP, STOOL = ProductFacts("PUMP", "Pump", Use.PUMP), ProductFacts("STOOL", "Stool")
ANN = PersonFacts(1, weight_kg=80.0, smokes=False, uses_oxygen=False, uses_emollients=False)
JUDGED = Assessment("RAIL", "BED", "FOAM", True, TODAY - 30 * DAY, TODAY + 30 * DAY, 80.0)


def codes(product: ProductFacts, person: PersonFacts = ANN, on: date = TODAY) -> list[str]:
    return [reason.code for reason in suits(product, person, on=on)]


def having(*around: ProductFacts, **facts: object) -> PersonFacts:
    return replace(ANN, around=around, **facts)


# Rule 11 --------------------------------------------------------------------------------------------------------------


def test_rule_11_never_used_together_is_said_of_either_of_the_two_and_of_nothing_else():
    """Rule 11: the stool is nobody's trouble, though the other two stand there already."""
    never = (Pair("PUMP", "TURN", "it overruns."),)
    for one, other in ((PUMP, BED), (BED, PUMP)):
        pair = (Pair(one.code, other.code, "it overruns."),)
        [reason] = suits(BED, having(PUMP, STOOL, never=pair), on=TODAY)
        assert (reason.code, reason.rule, reason.overridable) == ("incompatible", 11, False)
        assert reason.sentence == f"{one} is never used together with {other}: it overruns."
    assert codes(STOOL, having(PUMP, TURNER, never=never)) == []
    assert codes(PUMP, having(STOOL, never=never)) == []


def test_rule_11_where_partners_are_named_nothing_else_of_that_use_goes():
    """Rule 11: a turning system approved for one pump takes no other, whichever of the two comes second."""
    own = replace(PUMP, code="OWN", name="Own pump")
    approved = (Partners("BED", Use.PUMP, frozenset({"OWN"})), Partners("OWN", Use.BED, frozenset({"BED"})))
    assert codes(PUMP, having(BED, partners=approved)) == ["not_partners"]
    assert codes(BED, having(PUMP, partners=approved)) == ["not_partners"]
    assert codes(own, having(BED, partners=approved)) == []
    assert codes(own, having(OTHER_BED, partners=approved)) == ["not_partners"]
    [reason] = suits(PUMP, having(BED, partners=approved), on=TODAY)
    assert reason.sentence == "BED Bed is approved for use with OWN, and not with PUMP Pump."
    assert reason.remedy == "Put an approved pump in its place."


def test_rule_11_partners_of_one_use_say_nothing_of_another_use_or_of_what_has_none():
    """Rule 11: a bed with approved mattresses goes with any pump and any stool."""
    approved = (Partners("BED", Use.MATTRESS, frozenset({"FOAM"})),)
    for other in (PUMP, STOOL, OTHER_BED, FOAM):
        assert codes(BED, having(other, partners=approved)) == []
    assert codes(STOOL, having(BED, FOAM, AIR, partners=approved)) == []


# Rule 13 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", [RAIL, LEVER, TURNER])
def test_rule_13_rails_levers_and_turning_devices_go_only_where_they_were_judged(device):
    """Rule 13: for this person, on this bed and this mattress."""
    person = having(BED, FOAM)
    assert codes(device, person) == ["no_assessment"]
    judged = replace(JUDGED, product=device.code)
    assert codes(device, replace(person, assessments=(judged,))) == []
    assert codes(device, replace(person, assessments=(replace(judged, product="ANOTHER"),))) == ["no_assessment"]


@pytest.mark.parametrize(
    ("around", "code"),
    [
        ((BED, FOAM), []),
        ((OTHER_BED, FOAM), ["assessment_void"]),
        ((BED, AIR), ["assessment_void"]),
        ((BED,), ["assessment_void"]),
        ((FOAM,), ["assessment_void"]),
        ((), ["assessment_void"]),
        ((BED, FOAM, AIR), ["assessment_void"]),
        ((BED, OTHER_BED, FOAM), ["assessment_void"]),
    ],
)
def test_rule_13_any_other_bed_or_mattress_voids_it(around, code):
    """Rule 13: none of ours means the person's own, which is another one too; two of a kind want two judgements."""
    assert codes(RAIL, having(*around, assessments=(JUDGED,))) == code


def test_rule_13_the_persons_own_bed_and_mattress_are_judged_as_such():
    """Rule 13: no bed or mattress of ours in the assessment is the person's own."""
    own = replace(JUDGED, bed=None, mattress=None)
    assert codes(RAIL, having(STOOL, assessments=(own,))) == []
    assert codes(RAIL, having(FOAM, assessments=(own,))) == ["assessment_void"]


def test_rule_13_an_overlay_on_a_mattress_is_judged_with_both():
    """Rule 13: what lies on what raises the body towards the top of the rail."""
    both = (JUDGED, replace(JUDGED, mattress="AIR"))
    assert codes(RAIL, having(BED, FOAM, AIR, assessments=both)) == []


def test_rule_13_a_bed_or_mattress_for_somebody_with_a_rail_is_a_change():
    """Rule 13: so the rail has to be judged with it first; other things are no change."""
    person = having(RAIL, BED, FOAM, assessments=(JUDGED,))
    for product in (BED, FOAM, STOOL, PUMP):
        assert codes(product, person) == []
    for product in (OTHER_BED, AIR):
        assert codes(product, person) == ["assessment_void"]
    [reason] = suits(AIR, having(RAIL, BED, assessments=(JUDGED,)), on=TODAY)
    assert reason.sentence == "The risk assessment of Rail was made for another bed or mattress than BED and AIR."
    assert codes(AIR, having(BED, FOAM)) == []
    assert codes(BED, having(RAIL, LEVER, FOAM, assessments=(JUDGED,))) == ["no_assessment"]


def test_rule_13_it_counts_up_to_its_review_and_from_the_day_it_was_made():
    """Rule 13: current on the last day, void the day after, and not there before it was made."""
    person = having(BED, FOAM, assessments=(JUDGED,))
    assert codes(RAIL, person, on=JUDGED.review_on) == []
    assert codes(RAIL, person, on=JUDGED.review_on + DAY) == ["assessment_void"]
    assert codes(RAIL, person, on=JUDGED.assessed_on) == []
    assert codes(RAIL, person, on=JUDGED.assessed_on - DAY) == ["no_assessment"]


def test_rule_13_a_weight_changed_by_more_than_a_tenth_voids_it():
    """Rule 13: 80 kg then; 72.0 and 88.0 are a tenth, 71.9 and 88.1 are more. No weight then or now: no change."""
    person = having(BED, FOAM, assessments=(JUDGED,))
    for kg, code in ((72.0, []), (88.0, []), (71.9, ["assessment_void"]), (88.1, ["assessment_void"]), (None, [])):
        assert codes(RAIL, replace(person, weight_kg=kg)) == code
    unweighed = having(BED, FOAM, assessments=(replace(JUDGED, weight_kg=None),), weight_kg=200.0)
    assert codes(RAIL, unweighed) == []


def test_rule_13_the_latest_judgement_decides_and_a_no_beats_a_yes_of_the_same_day():
    """Rule 13: unsuitable is no matter of taste: it cannot be overridden."""
    no = replace(JUDGED, suitable=False, assessed_on=JUDGED.assessed_on + DAY)
    same_day = replace(no, assessed_on=JUDGED.assessed_on)
    for rows in ((no, JUDGED), (JUDGED, no), (same_day, JUDGED), (JUDGED, same_day)):
        person = having(BED, FOAM, assessments=rows, overrides=frozenset({("RAIL", "unsuitable")}))
        assert codes(RAIL, person) == ["unsuitable"]
    later = replace(JUDGED, assessed_on=no.assessed_on + DAY)
    assert codes(RAIL, having(BED, FOAM, assessments=(no, later))) == []
    elsewhere = replace(no, bed="LOW")
    assert codes(RAIL, having(BED, FOAM, assessments=(elsewhere, JUDGED))) == []
