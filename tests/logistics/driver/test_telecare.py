"""The telecare section of the stop page: one step after the other, and what is refused at each."""

from __future__ import annotations

from typing import Any

import pytest

from equipment import telecare, telecare_returns
from equipment.models import Installation, TestCall, Trigger
from equipment.words import Connectivity
from logistics import doors, routes, visits
from tests import telecare_homes as homes
from tests.county import BY, TUESDAY, County
from tests.logistics.driver import rows
from tests.logistics.driver.pages import text_of
from tests.logistics.driver.rows import SEVEN, Day

pytestmark = pytest.mark.django_db
SET_UP = {"move": "set_up", "account": "HB-1", "line": "broadband", "protocol": "now_ip"}


@pytest.fixture
def door(day: Day) -> Day:
    """At the first door with a hub, nothing done yet."""
    homes.centre()
    day.set_out()
    doors.arrive(day.visit(1), by=BY, at=SEVEN)
    return day


def tap(day: Day, number: int = 1, **given: Any) -> Any:
    return day.client.post(f"{day.stop_url(number)}telecare/", given, follow=True)


def set_up(day: Day, **given: Any) -> Any:
    return tap(day, **SET_UP | {"centre": homes.centre().pk} | given)


def test_the_section_is_there_at_the_door_of_telecare_and_nowhere_else(door: Day) -> None:
    assert 'id="telecare"' in door.client.get(door.stop_url(1)).content.decode()
    doors.arrive(door.visit(2), by=BY, at=SEVEN)
    assert 'id="telecare"' not in door.client.get(door.stop_url(2)).content.decode()
    assert "telecare.js" not in door.client.get(door.stop_url(2)).content.decode()


def test_what_is_missing_is_asked_for_beside_its_field(door: Day) -> None:
    """Rule 38: nothing is set up in part."""
    empty = set_up(door, account="")
    assert (empty.status_code, Installation.objects.count()) == (400, 0)
    assert "Not saved yet" in text_of(empty)
    analogue = set_up(door, line="analogue_line")
    assert (analogue.status_code, Installation.objects.count()) == (400, 0)


def test_only_what_the_hub_can_do_is_offered(door: Day) -> None:
    door.alarm.product.connectivity = Connectivity.ANALOGUE
    door.alarm.product.save()
    page = door.client.get(door.stop_url(1)).content.decode()
    assert ('value="analogue_line"' in page, 'value="broadband"' in page) == (True, False)
    assert ('value="dtmf"' in page, 'value="scaip"' in page) == (True, False)


def test_step_by_step_until_the_stop_may_be_closed(door: Day) -> None:
    """Rule 38: the buttons do what the verbs do, and Done says what is missing until all is heard."""
    assert "is set up." in text_of(set_up(door))
    made = Installation.objects.get()
    button = made.triggers.get()
    early = tap(door, move="call", trigger=button.pk)
    assert (early.status_code, TestCall.objects.count()) == (409, 0)
    tap(door, move="pair", kind="smoke", radio_id="5", room="hall")
    tap(door, move="programme")
    tap(door, move="range", note="garden")
    for trigger in made.triggers.all():
        tap(door, move="call", trigger=trigger.pk)
    page = text_of(door.client.get(door.stop_url(1)))
    assert page.count("Waiting for the alarm centre.") == 2
    done = door.client.post(
        door.stop_url(1), {"move": "finish", "received_by": "Ł", "fitted": "on", "demonstrated": "on"}
    )
    assert done.status_code == 400
    assert "The alarm centre has not heard: Smoke 5, hall." in text_of(done)
    for trigger in made.triggers.all():
        nameless = tap(door, move="heard", trigger=trigger.pk, heard_by="")
        assert nameless.status_code == 400
        tap(door, move="heard", trigger=trigger.pk, heard_by="Jo")
    assert "The alarm centre has heard every trigger." in text_of(door.client.get(door.stop_url(1)))
    tap(door, move="unpair", trigger=made.triggers.get(kind="smoke").pk)
    assert made.triggers.get(kind="smoke").unpaired_at == SEVEN


def test_a_second_tap_changes_nothing(door: Day) -> None:
    set_up(door)
    again = set_up(door)
    assert (again.status_code, Installation.objects.count()) == (409, 1)
    assert "set up already" in text_of(again)


def test_another_homes_trigger_cannot_be_named(door: Day) -> None:
    set_up(door)
    other = (
        Trigger.objects.exclude(installation__hub=door.alarm).first()
        or homes.live(door.county, account="X").triggers.first()
    )
    assert other is not None
    answer = tap(door, move="call", trigger=other.pk)
    assert (answer.status_code, TestCall.objects.filter(trigger__installation__hub=door.alarm).count()) == (404, 0)
    assert tap(door, move="call", trigger="x").status_code == 404


def test_the_script_gets_the_section_when_something_has_changed(door: Day) -> None:
    """The centre's word reaches the page without a tap."""
    set_up(door)
    tap(door, move="programme")
    made = Installation.objects.get()
    tap(door, move="call", trigger=made.triggers.get().pk)
    page = door.client.get(door.stop_url(1)).content.decode()
    mark = page.partition('data-mark="')[2].partition('"')[0]
    listen = f"{door.stop_url(1)}telecare/listen/"
    assert door.client.get(listen, {"mark": mark}).status_code == 204
    telecare.hear(made.centre, made.account, heard_by="Jo", reference="C-1", by="api:centre", at=SEVEN)
    answer = door.client.get(listen, {"mark": mark})
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store, private")
    assert "Heard by Jo at 07:00: said by the alarm centre itself." in answer.content.decode()


def test_another_crew_sees_and_does_nothing(door: Day, county: County, client: Any) -> None:
    client.force_login(county.driver().user)
    assert client.post(f"{door.stop_url(1)}telecare/", SET_UP).status_code == 404
    assert client.get(f"{door.stop_url(1)}telecare/listen/").status_code == 404
    assert Installation.objects.count() == 0


def test_a_hub_that_is_collected_is_deactivated_at_the_centre_first(county: County, seven: None, client: Any) -> None:
    """Rule 38: the page asks for it before the hub is unplugged."""
    made = homes.live(county)
    loan = made.hub.loans.get()
    visit = visits.raise_collection(loan, by=BY, at=TUESDAY)
    route = rows.plan(county, [visit])
    routes.set_out(route, by=BY, at=SEVEN)
    doors.arrive(visit, by=BY, at=SEVEN)
    client.force_login(route.shift.crew.all()[0].user)
    path = f"/driver/stops/{visit.reference}/"
    assert "Before you unplug hub" in text_of(client.get(path))
    given = {"move": "deactivate", "installation": made.pk}
    assert client.post(f"{path}telecare/", given | {"confirmed_by": ""}).status_code == 400
    assert client.post(f"{path}telecare/", given | {"confirmed_by": "Jo"}).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.end_reference) == ("ended", "Jo")
    assert "Before you unplug hub" not in text_of(client.get(path))
    assert telecare_returns.unpair_all(made, by=BY, at=SEVEN) == 2
