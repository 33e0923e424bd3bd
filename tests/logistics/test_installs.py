"""Telecare at the door: not delivered before the alarm centre has heard it; and what falls due afterwards."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from equipment import key_holders, receiving, telecare, telecare_returns
from equipment.errors import Invalid
from equipment.lifecycle import advance
from equipment.models import Installation, Loan, Person
from equipment.states import AssetState
from logistics import board, doors, followups, installs, ordering, routes
from logistics.doors import Proof
from logistics.models import Activity, FollowUp, Visit
from logistics.readiness import Word
from logistics.states import FailureReason
from tests import telecare_homes as homes
from tests.county import BY, TUESDAY, County, state_of
from tests.logistics.driver import rows
from tests.logistics.driver.rows import SEVEN

pytestmark = pytest.mark.django_db
DONE = Proof("Mrs Other", fitted=True, demonstrated=True)
CHASED = TUESDAY + timedelta(days=1)


class Door:
    """A hub and a pendant at the door of somebody who is expected home."""

    def __init__(self, county: County) -> None:
        self.county = county
        self.hub, self.pendant = county.new(homes.hub(county)), county.new(homes.pendant(county))
        self.address = county.address()
        self.discharge = county.discharge(date(2026, 3, 5), address=self.address)
        county.order(self.discharge, "HUB", "PENDANT")
        self.visit = Visit.objects.get()
        self.route = rows.plan(county, [self.visit])
        for asset in (self.hub, self.pendant):
            routes.load(self.route, scanned=asset.number, by=BY, at=SEVEN)
        routes.set_out(self.route, by=BY, at=SEVEN)
        doors.arrive(self.visit, by=BY, at=SEVEN)

    @property
    def person(self) -> Person:
        return self.visit.person

    def set_up(self) -> Installation:
        return homes.ready(homes.begin(self.hub, self.person, at=SEVEN), at=SEVEN)

    def finish(self) -> None:
        doors.finish(self.visit, DONE, by=BY, at=SEVEN)

    def ready(self) -> Any:
        [row] = board.rows([self.discharge], at=SEVEN)
        return row.readiness


@pytest.fixture
def door(county: County) -> Door:
    return Door(county)


def missing(door: Door) -> list[str]:
    """What still has to be done; nothing was written meanwhile."""
    with pytest.raises(Invalid) as refusal:
        door.finish()
    assert (refusal.value.code, refusal.value.facts["field"]) == ("not_heard", "telecare")
    door.visit.refresh_from_db()
    assert (door.visit.state, Loan.objects.count(), state_of(door.hub)) == ("arrived", 0, AssetState.LOADED)
    assert not Installation.objects.filter(state="live").exists()
    found: list[str] = refusal.value.facts["missing"]
    return found


def test_a_visit_is_not_done_before_the_centre_has_heard_each_trigger_it_brings(door: Door) -> None:
    """Rule 38: the answer names what is missing, step by step; then all goes live with the handing over."""
    assert missing(door) == [f"Hub {door.hub} is not set up.", f"Pendant {door.pendant} is not paired."]
    made = homes.begin(door.hub, door.person, at=SEVEN)
    assert missing(door) == [
        "The hub is not programmed.",
        "The range has not been tried.",
        "The alarm centre has not heard: Button on the hub.",
        f"Pendant {door.pendant} is not paired.",
    ]
    homes.ready(made, at=SEVEN)
    homes.heard(made, at=SEVEN)
    assert missing(door) == [f"Pendant {door.pendant} is not paired."]
    trigger = telecare.pair(made, "pendant", asset=door.pendant, room="neck", by=BY, at=SEVEN)
    call = telecare.call(trigger, by=BY, at=SEVEN)
    assert missing(door) == [f"The alarm centre has not heard: Pendant {door.pendant}, neck."]
    telecare.acknowledge(call, heard_by="Jo", by=BY, at=SEVEN)
    door.finish()
    made.refresh_from_db()
    assert (made.state, made.live_at, state_of(door.hub)) == ("live", SEVEN, AssetState.ON_LOAN)
    assert list(Activity.objects.order_by("pk").values_list("test_call_heard_by", flat=True)) == [
        "Jo at the centre",
        "Jo",
    ]


def test_what_was_set_up_for_somebody_else_does_not_count(door: Door) -> None:
    """Rule 38: an installation of another person says nothing about this one."""
    made = door.set_up()
    homes.heard(made, at=SEVEN)
    Installation.objects.filter(pk=made.pk).update(person=door.county.person())
    assert missing(door)[0] == f"Hub {door.hub} is not set up."


def test_a_trigger_for_a_hub_that_is_live_already_needs_its_own_call(county: County) -> None:
    """Rule 38: a second visit that brings a smoke detector only."""
    made = homes.live(county)
    smoke = county.new(homes.pendant(county, "SMOKE", name="Smoke detector"))
    request = ordering.Request((ordering.Item("SMOKE"),), county.prescriber, county.council, None, made.address)
    order = ordering.place(request, by=BY, at=TUESDAY)
    visit = Visit.objects.get(activities__line__order=order)
    route = rows.plan(county, [visit])
    routes.load(route, scanned=smoke.number, by=BY, at=SEVEN)
    routes.set_out(route, by=BY, at=SEVEN)
    doors.arrive(visit, by=BY, at=SEVEN)
    with pytest.raises(Invalid) as refusal:
        doors.finish(visit, DONE, by=BY, at=SEVEN)
    assert refusal.value.facts["missing"] == [f"Smoke detector {smoke} is not paired."]
    telecare.pair(made, "smoke", asset=smoke, by=BY, at=SEVEN)
    homes.heard(made, at=SEVEN)
    doors.finish(visit, DONE, by=BY, at=SEVEN)
    assert state_of(smoke) == AssetState.ON_LOAN


# Readiness ------------------------------------------------------------------------------------------------------------


def test_delivered_but_not_live_is_not_in_place(door: Door) -> None:
    """Rules 25 and 38: nobody goes home to an alarm that nobody would answer."""
    made = door.set_up()
    trigger = telecare.pair(made, "pendant", asset=door.pendant, by=BY, at=SEVEN)
    homes.heard(made, at=SEVEN)
    door.finish()
    assert door.ready().word == Word.IN_PLACE
    telecare.call(trigger, by=BY, at=SEVEN)
    said = door.ready()
    assert (said.word, said.reason) == (Word.PARTIAL, "The alarm centre has not heard it yet: Pendant.")
    assert said.next_action == "Telecare makes a test call from each trigger."
    telecare_returns.deactivate(made, confirmed_by="Jo", reason="moved", by=BY, at=SEVEN)
    assert door.ready().reason == "The alarm centre has not heard it yet: Pendant, Telecare hub."


def test_the_board_asks_three_times_more_for_telecare_and_no_more(door: Door) -> None:
    made = door.set_up()
    telecare.pair(made, "pendant", asset=door.pendant, by=BY, at=SEVEN)
    homes.heard(made, at=SEVEN)
    with CaptureQueriesContext(connection) as before:
        board.rows([door.discharge], at=SEVEN)
    door.finish()
    with CaptureQueriesContext(connection) as after:
        board.rows([door.discharge], at=SEVEN)
    own = [query for query in after.captured_queries if "installation" in query["sql"] or "testcall" in query["sql"]]
    assert (len(own), len(after) - len(before) <= 4) == (3, True)


# Not left there -------------------------------------------------------------------------------------------------------


def test_a_hub_set_up_and_not_left_is_chased_wiped_and_replaced(door: Door) -> None:
    """Rule 38: the visit fails after the set-up; the hub knows a person, so it goes to nobody else unwiped."""
    made = door.set_up()
    doors.fail(door.visit, FailureReason.PERSON_ILL, note="Ambulance called.", by=BY, at=SEVEN)
    routes.finish(door.route, by=BY, at=SEVEN)
    assert state_of(door.hub) == AssetState.QUARANTINE
    assert state_of(door.pendant) == AssetState.RESERVED
    assert installs.chase(by=BY, at=CHASED) == 1
    chased = FollowUp.objects.get(kind="telecare")
    assert (chased.owner, chased.person, chased.action) == (
        "telecare",
        door.person,
        f"Deactivate account at the centre: hub {door.hub} is no longer with the person.",
    )
    assert installs.chase(by=BY, at=CHASED) == 0
    assert followups.mend_promises(by=BY, at=SEVEN) >= 1
    telecare_returns.deactivate(made, confirmed_by="Jo", reason="not left", by=BY, at=CHASED)
    assert installs.chase(by=BY, at=CHASED) == 0


# What falls due -------------------------------------------------------------------------------------------------------


def test_a_live_hub_whose_loan_has_ended_is_deactivated_by_somebody(county: County) -> None:
    """Rule 38: the centre would send help to a home without the hub; asked once, and again when closed undone."""
    made = homes.live(county)
    assert installs.chase(by=BY, at=CHASED) == 0
    receiving.take_back(made.hub, county.store, by=BY, at=TUESDAY)
    assert (installs.chase(by=BY, at=CHASED), installs.chase(by=BY, at=CHASED + timedelta(days=1))) == (1, 0)
    chased = FollowUp.objects.get()
    assert (chased.kind, chased.owner, chased.loan) == ("telecare", "telecare", Loan.objects.get(asset=made.hub))
    followups.close(chased, by=BY, at=CHASED)
    assert installs.chase(by=BY, at=CHASED) == 1


def test_a_lost_hub_is_deactivated_and_one_at_home_that_nobody_hears_is_seen_to(county: County) -> None:
    """Rule 38: neither a hub that is gone nor one that is silent is forgotten."""
    made = homes.live(county)
    telecare_returns.deactivate(made, confirmed_by="Jo", reason="closed by mistake", by=BY, at=TUESDAY)
    assert (installs.chase(by=BY, at=CHASED), installs.chase(by=BY, at=CHASED)) == (1, 0)
    chased = FollowUp.objects.get()
    assert chased.action == f"Hub {made.hub} is at home and not live: set it up again, or collect it."
    followups.close(chased, by=BY, at=CHASED)
    telecare_returns.unpair_all(made, by=BY, at=CHASED)
    again = homes.ready(homes.begin(made.hub, made.person, at=CHASED), at=CHASED)
    pendant = made.triggers.get(kind="pendant")
    telecare.pair(again, "pendant", asset=pendant.asset, by=BY, at=CHASED)
    homes.heard(again, at=CHASED)
    telecare.go_live(again, by=BY, at=CHASED)
    assert installs.chase(by=BY, at=CHASED) == 0
    advance(made.hub, AssetState.LOST, by=BY, at=CHASED, reason="Not found in the flat")
    assert installs.chase(by=BY, at=CHASED) == 1
    assert FollowUp.objects.filter(action__startswith="Deactivate account").count() == 1


@pytest.mark.parametrize(
    ("after_free", "todo", "due"),
    [
        ("charge", "tell the person, and charge from then", False),
        ("collect", "ask the person, then collect it", True),
        ("", "agree with the person whether it is kept", False),
    ],
)
def test_a_free_period_that_ends_is_told_ahead_and_once(
    county: County, settings: Any, after_free: str, todo: str, due: bool
) -> None:
    """Rule 38: a free period never ends in silence; nothing is fetched before the person was asked."""
    made, ends = homes.live(county), date(2026, 3, 20)
    settings.SERVICE = settings.SERVICE | {"FREE_NOTICE_DAYS": 14}
    telecare.agree(made, free_until=ends, after_free=after_free, by=BY, at=TUESDAY)
    assert installs.chase(by=BY, at=TUESDAY.replace(day=5)) == 0
    assert installs.chase(by=BY, at=TUESDAY.replace(day=6)) == 1
    chased = FollowUp.objects.get()
    assert chased.action == f"The free period of hub {made.hub} ends on 2026-03-20: {todo}."
    assert (chased.due_on, chased.person) == (ends if due else None, made.person)
    followups.close(chased, by=BY, at=CHASED)
    assert (installs.chase(by=BY, at=TUESDAY.replace(day=21)), Visit.objects.count()) == (0, 0)


def test_what_stays_free_is_not_chased(county: County) -> None:
    made = homes.live(county)
    telecare.agree(made, free_until=date(2026, 3, 5), after_free="keep_free", by=BY, at=TUESDAY)
    assert installs.chase(by=BY, at=TUESDAY.replace(day=9)) == 0


def test_key_holders_are_asked_again_after_a_year(county: County) -> None:
    """Rule 38: verified yearly, of people who have telecare."""
    made = homes.live(county)
    for person in (made.person, county.person()):
        given = {"name": "Mo", "phone": "1", "consent_taken_by": "R. Hallam"}
        holder = key_holders.add(person, **given, by=BY, at=TUESDAY)
    year = TUESDAY + timedelta(days=365)
    assert installs.chase(by=BY, at=year - timedelta(days=1)) == 0
    assert (installs.chase(by=BY, at=year), installs.chase(by=BY, at=year)) == (1, 0)
    chased = FollowUp.objects.get()
    assert (chased.person, chased.action) == (made.person, "Ask key holder 1 again: last asked on 2026-03-03.")
    assert holder.name not in chased.action
