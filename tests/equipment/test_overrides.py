"""What may be set aside: in whose name, why, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment import fitness, overrides
from equipment.duties import ASSISTANT, MANAGER, Actor
from equipment.errors import Invalid, Refused
from equipment.models import Override, PersonEvent
from tests.county import BY, TUESDAY

TODAY = TUESDAY.date()
LAST = TODAY + timedelta(days=28)


def override(person, product, code="too_small", **given):
    said = {"reason": "Judged with bumpers", "authorised_by": "R. Hallam, lead OT", "expires_on": LAST, "by": BY}
    return overrides.override(person, product, code, at=TUESDAY, **said | given)


def test_only_four_reasons_may_be_set_aside():
    """Rule 12: too heavy is too heavy for everybody; so is what is dirty, untested or recalled."""
    assert {"test_expires_soon", "too_small", "size_unknown", "fire_risk"} == fitness.OVERRIDABLE


@pytest.mark.parametrize("code", sorted(fitness.OVERRIDABLE))
def test_an_override_is_named_reasoned_and_for_a_time(county, code):
    """Rule 12: a small body on an adult bed only when somebody answers for it, with why and until when."""
    person, product = county.person(), county.commode()
    made = override(person, product, code)
    made.refresh_from_db()
    assert (made.code, made.reason, made.authorised_by, made.expires_on) == (
        code,
        "Judged with bumpers",
        "R. Hallam, lead OT",
        LAST,
    )
    assert (made.made_at, made.made_by, made.ended_at) == (TUESDAY, BY, None)
    event = PersonEvent.objects.get(person=person)
    assert (event.verb, event.reason) == ("override", "Judged with bumpers")
    assert event.facts == {"override": made.pk, "product": "COMMODE", "code": code}


@pytest.mark.parametrize("code", ["too_heavy", "no_assessment", "not_clean", "recalled", "weight_missing", "nonsense"])
def test_every_other_reason_holds_for_everybody(county, code):
    """Rule 12: above the safe working load nobody may say otherwise. Rule 13: an assessment is made, not set aside."""
    with pytest.raises(Invalid) as refusal:
        override(county.person(), county.commode(), code)
    assert (refusal.value.code, refusal.value.facts["field"]) == ("not_overridable", "code")
    assert not Override.objects.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reason": "  "}, "reason"),
        ({"authorised_by": ""}, "authorised_by"),
        ({"expires_on": TODAY - timedelta(days=1)}, "expires_on"),
        ({"expires_on": LAST + timedelta(days=1)}, "expires_on"),
    ],
)
def test_without_why_who_or_a_near_end_nothing_is_set_aside(county, given, field):
    """Rule 12: an override has a reason, a name and an end."""
    with pytest.raises(Invalid) as refusal:
        override(county.person(), county.commode(), **given)
    assert refusal.value.facts["field"] == field
    assert not Override.objects.exists()
    assert not PersonEvent.objects.exists()


def test_of_a_store_only_a_manager_sets_aside_and_ends(county):
    """Rule 12: setting a safety limit aside is a manager's decision."""
    person, product = county.person(), county.commode()
    with pytest.raises(Refused) as refusal:
        override(person, product, by=Actor("user:al", ASSISTANT))
    assert refusal.value.code == "not_your_duty"
    assert not Override.objects.exists()
    made = override(person, product, by=Actor("user:mo", MANAGER))
    with pytest.raises(Refused):
        overrides.end(made, by=Actor("user:al", ASSISTANT), at=TUESDAY)
    assert list(overrides.standing(person, TODAY)) == [made]


def test_setting_the_same_aside_again_ends_the_one_before(county):
    """Rule 12: one override at a time, so that one end date counts."""
    person, product = county.person(), county.commode()
    first = override(person, product)
    second = override(person, product, expires_on=TODAY)
    first.refresh_from_db()
    assert (first.ended_at, first.ended_by) == (TUESDAY, BY)
    assert list(overrides.standing(person, TODAY)) == [second]
    assert not overrides.standing(person, TODAY + timedelta(days=1)).exists()


def test_an_override_ends_once(county):
    made = override(county.person(), county.commode())
    overrides.end(made, by=BY, at=TUESDAY)
    assert not overrides.standing(made.person, TODAY).exists()
    with pytest.raises(Refused) as refusal:
        overrides.end(made, by=BY, at=TUESDAY)
    assert refusal.value.code == "override_ended"
    assert list(PersonEvent.objects.values_list("verb", flat=True)) == ["end_override", "override"]
