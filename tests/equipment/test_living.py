from __future__ import annotations

from datetime import date, timedelta

import pytest

from equipment import living
from equipment.errors import Invalid, Refused
from equipment.models import Person, PersonEvent
from equipment.words import Living
from tests.county import BY, TUESDAY

TODAY = TUESDAY.date()


def verbs_of(person):
    return list(PersonEvent.objects.filter(person=person).order_by("pk").values_list("verb", flat=True))


def test_rule_27_a_death_ends_all_that_is_automatic_from_that_moment(county):
    """Rule 27: whatever writes, rings or sends a van of its own accord asks this first."""
    person = county.person()
    assert (living.may_contact(person), living.may_call_at(person)) == (True, True)
    assert living.record_death(person, TODAY, by=BY, at=TUESDAY) is True
    assert (living.may_contact(person), living.may_call_at(person)) == (False, False)


def test_a_death_told_twice_is_one_death(county):
    person = county.person()
    living.record_death(person, TODAY, by=BY, at=TUESDAY)
    assert living.record_death(person, TODAY - timedelta(days=1), by=BY, at=TUESDAY) is False
    assert (Person.objects.get().died_on, verbs_of(person)) == (TODAY, ["died"])


@pytest.mark.parametrize("on", [TODAY + timedelta(days=1), date(1899, 12, 31)])
def test_nobody_dies_tomorrow_or_before_being_born(county, on):
    person = county.person(born_on=date(1940, 5, 6))
    with pytest.raises(Invalid) as refusal:
        living.record_death(person, on, by=BY, at=TUESDAY)
    assert refusal.value.facts == {"field": "on"}
    assert (Person.objects.get().died_on, verbs_of(person)) == (None, [])


def test_rule_40_a_wrong_report_is_corrected_and_stays_in_the_history(county):
    """Rule 40: a correction is a new event; the first one is kept."""
    person = county.person()
    living.record_death(person, TODAY, by=BY, at=TUESDAY)
    with pytest.raises(Invalid):
        living.correct_death(person, reason=" ", by=BY, at=TUESDAY)
    assert living.correct_death(person, reason="another person of that name", by=BY, at=TUESDAY) is True
    assert living.correct_death(person, reason="again", by=BY, at=TUESDAY) is False
    assert Person.objects.get().died_on is None
    assert verbs_of(person) == ["died", "lives"]


def test_rule_26_where_the_person_is_changes_with_news_only_and_not_after_death(county):
    """Rule 26: an effect follows news; told again, there is none."""
    person = county.person()
    assert living.set_living(person, Living.HOME, by=BY, at=TUESDAY) is False
    assert living.since(person) is None
    assert living.set_living(person, Living.HOSPITAL, by=BY, at=TUESDAY) is True
    assert (person.living, living.since(person)) == (Living.HOSPITAL, TUESDAY)
    assert (living.may_contact(person), living.may_call_at(person)) == (True, False)
    assert PersonEvent.objects.get().facts == {"was": "home", "now": "hospital"}
    living.record_death(person, TODAY, by=BY, at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        living.set_living(person, Living.HOME, by=BY, at=TUESDAY)
    assert refusal.value.code == "person_died"
    assert Person.objects.get().living == Living.HOSPITAL


def test_rule_29_nothing_is_told_of_a_record_that_was_merged(county):
    """Rule 29: the record that was kept is the one to use."""
    kept, gone = county.person(), county.person()
    Person.objects.filter(pk=gone.pk).update(merged_into=kept)
    with pytest.raises(Refused) as refusal:
        living.record_death(gone, TODAY, by=BY, at=TUESDAY)
    assert refusal.value.code == "merged"
    assert not PersonEvent.objects.exists()
