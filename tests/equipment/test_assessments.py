"""Rails, levers and turning devices are judged for one person on one bed and mattress."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from equipment import assessments
from equipment.errors import Invalid, Refused
from equipment.models import PersonEvent, RiskAssessment
from equipment.words import Use
from tests.county import BY, TUESDAY

TODAY = TUESDAY.date()
YEAR = timedelta(days=365)


@pytest.fixture
def rail(county):
    return county.product("RAIL", use=Use.RAIL)


def assess(person, product, **given):
    made = {"suitable": True, "assessor": "O. Therapist", "assessed_on": TODAY, **given}
    return assessments.assess(person, product, by=BY, at=TUESDAY, **made)


def refused(error, person, product, **given):
    with pytest.raises(error) as refusal:
        assess(person, product, **given)
    return refusal.value.facts["field"]


@pytest.mark.parametrize("use", [Use.RAIL, Use.LEVER, Use.TURNING])
def test_an_assessment_keeps_the_weight_of_its_day_and_counts_for_a_year(county, use):
    """Rule 13: a rail, lever or turning device is assessed for this person; a later change of weight can be told."""
    person, product = county.person(weight_kg=Decimal("61.5")), county.product("DEVICE", use=use)
    bed, mattress = county.product("BED", use=Use.BED), county.product("AIR", use=Use.AIRFLOW)
    made = assess(person, product, bed=bed, mattress=mattress, notes="Both sides")
    made.refresh_from_db()
    assert (made.weight_kg, made.review_on, made.recorded_by) == (Decimal("61.5"), TODAY + YEAR, BY)
    assert (made.bed, made.mattress, made.suitable, made.voided_at) == (bed, mattress, True, None)
    event = PersonEvent.objects.get(person=person)
    assert (event.verb, event.facts) == ("assess", {"assessment": made.pk, "product": "DEVICE"})


def test_other_products_need_none(county):
    """Rule 13 is about rails, levers and turning devices."""
    assert refused(Invalid, county.person(), county.commode()) == "product"
    assert refused(Invalid, county.person(), county.product("BED", use=Use.BED)) == "product"
    assert not RiskAssessment.objects.exists()


def test_the_bed_is_a_bed_and_the_mattress_a_mattress(county, rail):
    """Rule 13: for this person, bed and mattress."""
    bed, mattress = county.product("BED", use=Use.BED), county.product("FOAM", use=Use.MATTRESS)
    assert refused(Invalid, county.person(), rail, bed=mattress) == "bed"
    assert refused(Invalid, county.person(), rail, mattress=bed) == "mattress"
    assert not RiskAssessment.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"assessed_on": TODAY + timedelta(days=1)}, "assessed_on"),
        ({"review_on": TODAY - timedelta(days=1)}, "review_on"),
        ({"review_on": TODAY + YEAR + timedelta(days=1)}, "review_on"),
        ({"assessed_on": TODAY - YEAR - timedelta(days=1)}, "review_on"),
        ({"assessor": " "}, "assessor"),
    ],
)
def test_days_that_cannot_be_are_refused(county, rail, given, field):
    """Rule 13: a current assessment; it counts for a year at most."""
    assert refused(Invalid, county.person(), rail, **given) == field
    assert not RiskAssessment.objects.exists()
    assert not PersonEvent.objects.exists()


def test_a_new_assessment_of_the_same_voids_the_old_one(county, rail):
    """Rule 13: only one judgement of the same product, bed and mattress counts: the newest."""
    person, bed = county.person(), county.product("BED", use=Use.BED)
    old, other = assess(person, rail, bed=bed), assess(person, rail)
    new = assess(person, rail, bed=bed, suitable=False)
    old.refresh_from_db()
    assert (old.voided_at, old.voided_by, old.void_reason) == (TUESDAY, BY, "Assessed anew")
    assert list(assessments.standing(person, TODAY)) == [new, other]


def test_an_older_assessment_does_not_take_the_place_of_a_newer_one(county, rail):
    """Rule 13: what was judged last counts, whenever it is typed in."""
    person = county.person()
    new = assess(person, rail, suitable=False)
    assert refused(Refused, person, rail, assessed_on=TODAY - timedelta(days=9)) == "assessed_on"
    assert list(assessments.standing(person, TODAY)) == [new]


def test_a_void_assessment_counts_no_more_and_is_kept(county, rail):
    """Rule 13: any change voids it; who said so and why stays on record."""
    person = county.person()
    made = assess(person, rail)
    with pytest.raises(Invalid):
        assessments.void(made, reason=" ", by=BY, at=TUESDAY)
    assert list(assessments.standing(person, TODAY)) == [made]
    assessments.void(made, reason="Other bed frame", by=BY, at=TUESDAY)
    made.refresh_from_db()
    assert (made.voided_at, made.voided_by, made.void_reason) == (TUESDAY, BY, "Other bed frame")
    assert not assessments.standing(person, TODAY).exists()
    event = PersonEvent.objects.filter(person=person).first()
    assert (event.verb, event.reason, event.facts) == ("void_assessment", "Other bed frame", {"assessment": made.pk})
    with pytest.raises(Refused):
        assessments.void(made, reason="Again", by=BY, at=TUESDAY)


def test_an_assessment_counts_up_to_and_including_its_review(county, rail):
    """Rule 13: current means not past its review."""
    person = county.person()
    made = assess(person, rail, review_on=date(2026, 4, 1))
    assert list(assessments.standing(person, date(2026, 4, 1))) == [made]
    assert not assessments.standing(person, date(2026, 4, 2)).exists()
    assert not assessments.standing(person, date(2026, 3, 2)).exists()
