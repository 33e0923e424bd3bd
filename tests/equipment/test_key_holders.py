"""Key holders: with consent, in order, asked again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from equipment import key_holders
from equipment.errors import Invalid, Refused
from equipment.models import KeyHolder, Person, PersonEvent
from tests.county import BY, TUESDAY, County

pytestmark = pytest.mark.django_db
LATER = TUESDAY + timedelta(days=300)


def add(person: Person, **given: Any) -> KeyHolder:
    known = {"name": "Mo Next-Door", "phone": "01632 960123", "consent_taken_by": "R. Hallam"}
    return key_holders.add(person, **known | given, by=BY, at=TUESDAY)


def test_three_at_most_each_with_consent_in_their_order_of_calling(county: County) -> None:
    """Rule 38: whom the centre calls agreed to it, and it is on record who asked."""
    person = county.person()
    assert [add(person).position, add(person, position=3).position, add(person).position] == [1, 3, 2]
    with pytest.raises(Refused) as refusal:
        add(person)
    assert (refusal.value.code, KeyHolder.objects.count()) == ("enough_key_holders", 3)
    assert add(county.person()).verified_on == TUESDAY.date()


@pytest.mark.parametrize("field", ["name", "phone", "consent_taken_by"])
def test_without_name_number_or_consent_nobody_is_added(county: County, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add(county.person(), **{field: " "})
    assert (refusal.value.facts["field"], KeyHolder.objects.count()) == (field, 0)


def test_a_place_in_the_order_is_taken_once(county: County) -> None:
    person = county.person()
    add(person, position=2)
    for position in (2, 4):
        with pytest.raises(Invalid) as refusal:
            add(person, position=position)
        assert refusal.value.facts["field"] == "position"
    assert KeyHolder.objects.count() == 1


def test_verified_and_ended_and_its_events_hold_keys_only(county: County) -> None:
    person = county.person()
    holder = add(person)
    assert key_holders.verify(holder, by=BY, at=LATER).verified_on == LATER.date()
    key_holders.end(holder, by=BY, at=LATER)
    for verb in (key_holders.verify, key_holders.end):
        with pytest.raises(Refused) as refusal:
            verb(holder, by=BY, at=LATER)
        assert refusal.value.code == "key_holder_ended"
    assert add(person).position == 1
    events = PersonEvent.objects.filter(person=person, verb__contains="key_holder")
    assert [event.verb for event in events] == [
        "add_key_holder",
        "end_key_holder",
        "verify_key_holder",
        "add_key_holder",
    ]
    assert {name for event in events for name in event.facts} == {"key_holder", "position"}
