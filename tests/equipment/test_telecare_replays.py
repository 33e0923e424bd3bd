"""Telecare: what the centre says twice, late, or about what was there before counts for nothing new (rule 38)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from equipment import telecare, telecare_facts, telecare_returns
from equipment.errors import Invalid, Refused
from equipment.models import AlarmCentre, Installation, TestCall, Trigger
from tests import telecare_homes as homes
from tests.county import BY, TUESDAY, County
from tests.telecare_homes import MINUTE

pytestmark = pytest.mark.django_db


def hear(made: Installation, **given: Any) -> TestCall:
    known = {"heard_by": "Jo", "reference": "C-1", "by": "api:centre", "at": TUESDAY, "radio_id": "77"}
    return telecare.hear(made.centre, made.account, **known | given)


def heard(trigger: Trigger) -> bool:
    [pair] = telecare_facts.paired(Trigger.objects.filter(pk=trigger.pk))
    return pair.heard


def paired_anew(made: Installation, at: Any = TUESDAY + 2 * MINUTE) -> Trigger:
    """The pendant taken off the hub and paired with it again."""
    old = made.triggers.get(kind="pendant", unpaired_at__isnull=True)
    telecare_returns.unpair(old, by=BY, at=at - MINUTE)
    return telecare.pair(made, "pendant", asset=old.asset, radio_id="77", by=BY, at=at)


def test_a_repeated_message_does_not_count_for_a_pairing_made_since(county: County) -> None:
    """Rule 38: the same reference is the same call, also when its trigger was paired anew since."""
    made = homes.ready(homes.installing(county))
    hear(made)
    again = paired_anew(made)
    with pytest.raises(Refused) as refusal:
        hear(made, at=TUESDAY + timedelta(hours=1))
    assert refusal.value.code == "reference_used"
    assert (heard(again), TestCall.objects.count()) == (False, 1)


def test_one_reference_does_not_speak_for_two_triggers(county: County) -> None:
    """Rule 38: each trigger has its own call; the centre's number of one says nothing of another."""
    made = homes.ready(homes.installing(county))
    hear(made)
    with pytest.raises(Refused):
        hear(made, radio_id="", kind="button")
    assert not heard(made.triggers.get(kind="button"))


def test_a_call_of_the_pairing_before_is_not_one_of_this(county: County) -> None:
    """Rule 38: though clocks may differ, a call from before the unpairing was another's."""
    made = homes.ready(homes.installing(county))
    again = paired_anew(made)
    for waiting in (False, True):
        if waiting:
            telecare.call(again, by=BY, at=TUESDAY + 3 * MINUTE)
        with pytest.raises(Invalid) as refusal:
            hear(made, called_at=TUESDAY, at=TUESDAY + 4 * MINUTE)
        assert (refusal.value.code, heard(again)) == ("called_at", False)
    hear(made, called_at=TUESDAY + 3 * MINUTE, at=TUESDAY + 4 * MINUTE)
    assert heard(again)


def test_a_call_of_the_hub_before_is_not_one_of_the_hub_that_has_its_account_now(county: County) -> None:
    """Rule 38: an account given on to the next hub brings no calls with it."""
    old = homes.live(county)
    box = homes.loaded(county, homes.hub(county, "HUB-2"), old.person)
    assert box.asset is not None
    telecare_returns.deactivate(old, confirmed_by="Jo", reason="exchanged", by=BY, at=TUESDAY + MINUTE)
    new = homes.ready(homes.begin(box.asset, old.person, at=TUESDAY + 2 * MINUTE), at=TUESDAY + 2 * MINUTE)
    with pytest.raises(Invalid):
        hear(new, radio_id="", called_at=TUESDAY, at=TUESDAY + 3 * MINUTE)
    assert TestCall.objects.filter(trigger__installation=new).count() == 0


def test_two_hubs_set_up_at_once_do_not_get_one_account(county: County) -> None:
    """Rule 38: whoever sets up a hub holds the centre's accounts until it is written."""
    person = county.person()
    county.address(person)
    held = homes.loaded(county, homes.hub(county), person)
    centre: AlarmCentre = homes.centre()
    assert held.asset is not None
    with CaptureQueriesContext(connection) as asked:
        homes.begin(held.asset, person, centre=centre)
    locked = [q["sql"] for q in asked.captured_queries if "alarmcentre" in q["sql"] and "FOR " in q["sql"]]
    assert any("UPDATE" in sql for sql in locked)
