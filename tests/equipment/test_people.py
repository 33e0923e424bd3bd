from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from equipment import people
from equipment.errors import Invalid, Refused
from equipment.models import Person, PersonEvent
from tests.county import BY, TUESDAY

TODAY = TUESDAY.date()


def register(county, **fields):
    return people.register(county.council, people.Particulars("Ann", "Other", **fields), at=TUESDAY)


def measure(person, **given):
    return people.measure(person, by=BY, at=TUESDAY, **given)


def answer(person, **given):
    answers = {"smokes": False, "uses_oxygen": False, "uses_emollients": True, "has_smoke_alarm": True, **given}
    return people.answer_fire_questions(person, by=BY, at=TUESDAY, **answers)


@pytest.mark.parametrize("number", ["943 476 5919", "4698194180", "999 000 0018"])
def test_published_nhs_numbers_are_taken_with_or_without_spaces(county, number):
    assert register(county, nhs_number=number).nhs_number == number.replace(" ", "")


@pytest.mark.parametrize(
    "number", ["943 476 5918", "123", "94347659190", "abcdefghij", *[str(d) * 10 for d in range(10)]]
)
def test_a_wrong_check_digit_or_a_placeholder_is_refused(county, number):
    with pytest.raises(Invalid) as refusal:
        register(county, nhs_number=number)
    assert refusal.value.code == "nhs_number"
    assert not Person.objects.exists()


def test_rule_29_one_person_per_nhs_number_in_an_organisation(county):
    register(county, nhs_number="9434765919")
    with pytest.raises(Refused) as refusal:
        register(county, nhs_number="9434765919")
    assert refusal.value.code == "nhs_number_taken"
    assert Person.objects.count() == 1


def test_the_number_is_optional(county):
    assert register(county).nhs_number is None
    assert register(county).nhs_number is None


def test_a_weight_is_dated_and_in_reason(county):
    assert register(county, weight_kg=Decimal("81.5")).weighed_on == TUESDAY.date()
    for weight in (Decimal("0.5"), Decimal(501)):
        with pytest.raises(Invalid):
            register(county, weight_kg=weight)


def test_nobody_is_born_tomorrow(county):
    with pytest.raises(Invalid):
        register(county, born_on=date(2026, 3, 4))


def test_what_is_not_asked_is_not_answered_with_no(county):
    """A fire question that nobody asked is neither yes nor no."""
    person = register(county, height_cm=171, sling_size="M", smokes=True)
    person.refresh_from_db()
    assert (person.height_cm, person.sling_size, person.smokes) == (171, "M", True)
    assert (person.uses_oxygen, person.uses_emollients, person.has_smoke_alarm) == (None, None, None)


def test_a_measurement_is_dated_and_written_into_the_history(county):
    """Rule 12: the weight is dated, and who took it down is known. The history names the fields, never the values."""
    person = register(county)
    measure(person, weight_kg=Decimal("81.5"), height_cm=170, sling_size="L")
    person.refresh_from_db()
    assert (person.weight_kg, person.weighed_on, person.height_cm, person.sling_size) == (
        Decimal("81.5"),
        TODAY,
        170,
        "L",
    )
    event = PersonEvent.objects.get(person=person)
    assert (event.verb, event.by, event.at) == ("measure", BY, TUESDAY)
    assert event.facts == {"fields": ["height_cm", "sling_size", "weighed_on", "weight_kg"]}


def test_what_is_not_measured_stays(county):
    person = register(county, weight_kg=Decimal(80), height_cm=170, sling_size="M")
    measure(person, sling_size="L")
    person.refresh_from_db()
    assert (person.weight_kg, person.weighed_on, person.height_cm, person.sling_size) == (80, TODAY, 170, "L")


def test_an_older_weight_never_takes_the_place_of_a_newer_one(county):
    """Rule 12: the recorded weight is the newest one."""
    person = register(county, weight_kg=Decimal(80), weighed_on=TODAY - timedelta(days=10))
    with pytest.raises(Refused) as refusal:
        measure(person, weight_kg=Decimal(70), weighed_on=TODAY - timedelta(days=11), height_cm=170)
    assert (refusal.value.code, refusal.value.facts["field"]) == ("newer_weight", "weighed_on")
    person.refresh_from_db()
    assert (person.weight_kg, person.height_cm, PersonEvent.objects.count()) == (80, None, 0)
    measure(person, weight_kg=Decimal(79), weighed_on=TODAY - timedelta(days=10))
    person.refresh_from_db()
    assert person.weight_kg == 79


def test_a_stale_copy_of_the_person_does_not_bring_an_older_weight_in(county):
    """Rule 12: what stands in the database decides, not what the caller read earlier."""
    person = register(county)
    stale = Person.objects.get(pk=person.pk)
    measure(person, weight_kg=Decimal(80))
    with pytest.raises(Refused):
        measure(stale, weight_kg=Decimal(70), weighed_on=TODAY - timedelta(days=1))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "weight_kg"),
        ({"weighed_on": TODAY}, "weight_kg"),
        ({"weight_kg": Decimal("0.9")}, "weight_kg"),
        ({"weight_kg": Decimal("500.1")}, "weight_kg"),
        ({"weight_kg": Decimal(80), "weighed_on": TODAY + timedelta(days=1)}, "weighed_on"),
        ({"weight_kg": Decimal(80), "weighed_on": date(1939, 12, 31)}, "weighed_on"),
        ({"height_cm": 39}, "height_cm"),
        ({"height_cm": 251}, "height_cm"),
        ({"sling_size": "XXXL"}, "sling_size"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field_and_nothing_is_written(county, given, field):
    person = register(county, born_on=date(1940, 1, 1))
    with pytest.raises(Invalid) as refusal:
        measure(person, **given)
    assert refusal.value.facts["field"] == field
    person.refresh_from_db()
    assert (person.weight_kg, person.height_cm, person.sling_size) == (None, None, "")
    assert not PersonEvent.objects.exists()


def test_the_four_fire_questions_are_answered_together(county):
    person = register(county)
    answer(person, smokes=True, referred_on=TODAY)
    person.refresh_from_db()
    assert (person.smokes, person.uses_oxygen, person.uses_emollients, person.has_smoke_alarm) == (
        True,
        False,
        True,
        True,
    )
    assert person.fire_referred_on == TODAY
    assert PersonEvent.objects.get().verb == "answer_fire_questions"


def test_an_earlier_referral_to_the_fire_service_stays(county):
    person = register(county)
    answer(person, referred_on=TODAY - timedelta(days=3))
    answer(person, smokes=True)
    person.refresh_from_db()
    assert (person.smokes, person.fire_referred_on) == (True, TODAY - timedelta(days=3))


def test_nobody_is_referred_tomorrow(county):
    person = register(county)
    with pytest.raises(Invalid) as refusal:
        answer(person, referred_on=TODAY + timedelta(days=1))
    assert refusal.value.facts["field"] == "referred_on"
    person.refresh_from_db()
    assert (person.smokes, PersonEvent.objects.count()) == (None, 0)
