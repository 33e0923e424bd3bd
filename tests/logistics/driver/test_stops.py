"""The list of stops and the pages at the door: arrive, done, could not do, finish."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from equipment.models import Address, Loan, Person, ReturnRecord
from equipment.states import AssetState
from logistics import doors
from logistics.models import Event, FollowUp, Visit
from logistics.states import FailureReason
from tests.county import BY, state_of
from tests.logistics.driver import rows
from tests.logistics.driver.pages import text_of
from tests.logistics.driver.rows import Day

pytestmark = pytest.mark.django_db

PROOF = {"move": "finish", "received_by": "Łucja", "fitted": "on", "demonstrated": "on"}
NO_ANSWER = {"move": "fail", "reason": "no_access", "note": "No answer. Called the daughter."}


@pytest.fixture
def out(day: Day) -> Day:
    day.set_out()
    day.install()
    return day


def post(day: Day, number: int, data: dict[str, Any]) -> Any:
    return day.client.post(day.stop_url(number), data, follow=True)


def arrive(day: Day, number: int) -> Any:
    return post(day, number, {"move": "arrive"})


def collection(day: Day, **answers: str) -> dict[str, str]:
    key = day.visit(3).activities.get(kind="collection").pk
    return {f"{name}_{key}": value for name, value in answers.items()}


# The list -------------------------------------------------------------------------------------------------------------


def test_the_list_shows_times_states_and_the_break_where_it_falls(out: Day) -> None:
    post(out, 1, NO_ANSWER)
    shown = text_of(out.client.get(out.url()))
    assert "Stops 1 of 3 closed Stop 1 09:00 1 Hill Road, ZX1 1AB Bring 2 Could not do" in shown
    assert "Stop 2 10:00 2 Hill Road, ZX1 1AB Bring 1 · Two people To do Break 10:45 to 11:15 Stop 3 11:20" in shown
    assert "3 Hill Road, ZX1 1AB Bring 1 · Collect 1 To do Finish the route" in shown


def test_the_list_does_not_name_people(out: Day) -> None:
    assert "Łucja" not in text_of(out.client.get(out.url()))


@pytest.mark.parametrize(("page", "queries"), [("route", 6), ("stop", 7)])
def test_a_page_reads_a_fixed_number_of_times(out: Day, page: str, queries: int) -> None:
    address = out.url() if page == "route" else out.stop_url(3)
    cache.clear()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        out.client.get(address)
    assert len(seen) == queries, "\n".join(query["sql"][:160] for query in seen)


# Before the door ------------------------------------------------------------------------------------------------------


def test_the_stop_tells_a_crew_what_it_needs(out: Day) -> None:
    shown = text_of(out.client.get(out.stop_url(1)))
    assert "Stop 1 of 3 To do 09:00 between 08:00 and 10:00 Must be in place before the person comes home." in shown
    assert "Łucja Ŵyn-Ŷale 1 Hill Road Vale ZX1 1AB Maps on this phone Google Maps Apple Maps Waze" in shown
    assert "Call 01632 960001 Getting in Side gate, ring twice Will be in Daughter, from nine" in shown
    assert "Parking On the drive Stairs Yes Key safe Yes: call the depot for the code I have arrived" in shown
    assert f"Bring Telecare alarm {out.alarm.number} 1 × Chair raisers" in shown
    assert (
        "Before you leave Fit it and try it out. Show how it is used."
        " Make a test call from each trigger: the alarm centre must hear it. Could not do it" in shown
    )


def test_what_needs_two_people_and_what_is_collected(out: Day) -> None:
    assert "Two people: do not lift or fit this alone." in text_of(out.client.get(out.stop_url(2)))
    third = text_of(out.client.get(out.stop_url(3)))
    assert f"Bring Commode {out.commode.number} Collect Bed {out.bed.asset.number}" in third  # type: ignore[union-attr]
    assert "Before you touch what you collect, ask about infection." in third
    assert "Must be in place" not in third


def test_links_carry_the_point_and_nothing_else(out: Day) -> None:
    page = out.client.get(out.stop_url(1)).content.decode()
    point = "52.210000,-2.890000"
    for href in (
        f"geo:{point}?q={point}",
        f"https://www.google.com/maps/dir/?api=1&amp;destination={point}&amp;travelmode=driving",
        f"https://maps.apple.com/?daddr={point}&amp;dirflg=d",
        f"https://www.waze.com/ul?ll={point}&amp;navigate=yes",
        "tel:01632960001",
    ):
        assert f'href="{href}"' in page


def test_a_rough_position_and_none_at_all_are_said(out: Day) -> None:
    door = Address.objects.filter(visits=out.stops[0].visit)
    door.update(accuracy="sector")
    assert "The position is approximate: use the address." in text_of(out.client.get(out.stop_url(1)))
    door.update(accuracy="none", latitude=None, longitude=None)
    shown = text_of(out.client.get(out.stop_url(1)))
    assert "No position on the map: use the address." in shown
    assert "Google Maps" not in shown


def test_the_phone_number_is_there_only_on_the_way_and_at_the_door(day: Day) -> None:
    before = text_of(day.client.get(day.stop_url(1)))
    assert "960001" not in before
    assert "The van has not set out yet. Phone number and buttons come when it has." in before
    assert "I have arrived" not in before
    day.set_out()
    assert "960001" in text_of(day.client.get(day.stop_url(1)))
    assert "960001" in text_of(arrive(day, 1))
    day.install()
    post(day, 1, PROOF)
    assert "960001" not in text_of(day.client.get(day.stop_url(1)))


def test_nobody_phones_where_a_person_has_died(out: Day) -> None:
    Person.objects.filter(visits=out.stops[0].visit).update(died_on=rows.DAY.date())
    page = out.client.get(out.stop_url(1))
    assert "tel:" not in page.content.decode()
    assert "Do not phone: speak to the depot first." in text_of(page)
    assert "died" not in text_of(page)


# At the door ----------------------------------------------------------------------------------------------------------


def test_arrive_once(out: Day) -> None:
    first = arrive(out, 1)
    assert first.redirect_chain == [(out.stop_url(1), 302)]
    assert "Arrived at 07:00. Stop 1 of 3 At the door" in text_of(first)
    events = Event.objects.count()
    assert "Already recorded: arrived at 07:00." in text_of(arrive(out, 1))
    assert Event.objects.count() == events


def test_done_goes_on_to_the_next_stop(out: Day) -> None:
    arrive(out, 1)
    after = post(out, 1, PROOF)
    assert after.redirect_chain == [(out.stop_url(2), 302)]
    assert "Stop 1 is done. Stop 2 of 3" in text_of(after)
    visit = out.visit(1)
    assert (visit.state, visit.received_by, visit.left_at) == ("done", "Łucja", rows.SEVEN)
    assert state_of(out.alarm) == AssetState.ON_LOAN
    assert "Done at 07:00. Received by Łucja." in text_of(out.client.get(out.stop_url(1)))


def test_done_twice_makes_one_loan(out: Day) -> None:
    arrive(out, 1)
    post(out, 1, PROOF)
    events, loans = Event.objects.count(), Loan.objects.count()
    again = post(out, 1, PROOF)
    assert "Stop 1 is already recorded as done at 07:00. Stop 2 of 3" in text_of(again)
    assert (Event.objects.count(), Loan.objects.count()) == (events, loans)


@pytest.mark.parametrize(
    ("left_out", "sentence", "code"),
    [
        ("received_by", "Received by Name of the person who took it in. Say who received it.", "form"),
        ("fitted", "Fit it, show how it is used and tick both; or record why not as a failed visit.", "form"),
    ],
)
def test_missing_proof_is_asked_for_beside_its_field(out: Day, left_out: str, sentence: str, code: str) -> None:
    arrive(out, 1)
    events = Event.objects.count()
    answer = post(out, 1, {name: value for name, value in PROOF.items() if name != left_out})
    assert answer.status_code == 400
    assert sentence in text_of(answer)
    assert "Not saved yet Something is missing below." in text_of(answer)
    assert f'data-code="{code}"' in answer.content.decode()
    assert ('value="Łucja"' in answer.content.decode()) == (left_out != "received_by")
    assert (out.visit(1).state, Event.objects.count()) == ("arrived", events)


def test_done_before_arriving_is_refused_with_the_states_own_words(out: Day) -> None:
    answer = post(out, 1, PROOF)
    assert answer.status_code == 409
    assert 'data-code="illegal_move"' in answer.content.decode()
    assert "is out, which does not allow this. From here: arrive, fail." in text_of(answer)
    assert (out.visit(1).state, state_of(out.alarm)) == ("out", AssetState.LOADED)


def test_it_could_not_be_done(out: Day) -> None:
    after = post(out, 1, NO_ANSWER)
    assert after.redirect_chain == [(out.stop_url(2), 302)]
    assert "Stop 1 is recorded as could not do. A second visit will be planned." in text_of(after)
    closed = text_of(out.client.get(out.stop_url(1)))
    assert "Could not do, 07:00: Nobody in, or could not get in. No answer. Called the daughter." in closed
    again = post(out, 1, NO_ANSWER)
    assert "Stop 1 is already recorded as could not do at 07:00. Stop 2 of 3" in text_of(again)
    assert FollowUp.objects.filter(visit=out.visit(1)).count() == 1
    assert Visit.objects.filter(attempt_of=out.visit(1)).count() == 1


def test_a_refusal_at_the_door_goes_to_the_prescriber(out: Day) -> None:
    after = post(out, 1, NO_ANSWER | {"reason": "refused"})
    assert "Stop 1 is recorded as could not do. The prescriber decides what happens next." in text_of(after)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"note": ""}, "Say what you found and whom you called."),
        ({"note": "x" * 301}, "Ensure this value has at most 300 characters (it has 301)."),
        ({"reason": ""}, "Choose the reason."),
        ({"reason": "bored"}, "Select a valid choice."),
        ({"reason": "not_there"}, "Select a valid choice."),
    ],
)
def test_a_failure_needs_its_reason_and_what_was_found(out: Day, given: dict[str, str], sentence: str) -> None:
    answer = post(out, 1, NO_ANSWER | given)
    assert answer.status_code == 400
    assert sentence in text_of(answer)
    assert '<details class="card" open>' in answer.content.decode()
    assert out.visit(1).state == "out"


def test_the_other_phone_was_quicker(out: Day) -> None:
    arrive(out, 1)
    doors.fail(out.visit(1), FailureReason.UNSAFE, note="A dog. Depot called.", by=BY, at=rows.SEVEN)
    answer = text_of(post(out, 1, PROOF))
    assert (
        "Stop 1 is already recorded as could not do at 07:00: what you sent now was not saved."
        " If that is wrong, call the depot." in answer
    )
    assert out.visit(1).state == "failed"


# Collections ----------------------------------------------------------------------------------------------------------


def test_not_disclosed_is_preselected_and_explained(out: Day) -> None:
    page = arrive(out, 3)
    assert '<option value="unknown" selected>Not disclosed</option>' in page.content.decode()
    assert "Infection they told you about Not disclosed: treated as highest risk." in text_of(page)


def test_a_collection_is_recorded_as_it_was_declared(out: Day) -> None:
    arrive(out, 3)
    given = collection(out, found="yes", condition="worn", infection="none_known")
    assert post(out, 3, PROOF | given).redirect_chain == [(out.stop_url(1), 302)]
    assert out.bed.asset is not None
    assert state_of(out.bed.asset) == AssetState.RETURNING
    record = ReturnRecord.objects.get(asset=out.bed.asset)
    assert (record.condition, record.infection) == ("worn", "none_known")


def test_a_thing_that_was_not_there_is_somebodys_next_step(out: Day) -> None:
    arrive(out, 3)
    post(out, 3, PROOF | collection(out, found="no", condition="good", infection="unknown"))
    assert out.bed.asset is not None
    assert state_of(out.bed.asset) == AssetState.COLLECTION_DUE
    assert FollowUp.objects.get(visit=out.visit(3)).owner == "call centre"


def test_whether_it_was_there_must_be_said(out: Day) -> None:
    arrive(out, 3)
    answer = post(out, 3, PROOF | collection(out, condition="good", infection="unknown"))
    assert answer.status_code == 400
    assert "Say whether it was there." in text_of(answer)
    assert out.visit(3).state == "arrived"


# The end of the day ---------------------------------------------------------------------------------------------------


def test_finishing_with_open_stops_is_refused_and_names_them(out: Day) -> None:
    post(out, 1, NO_ANSWER)
    assert "2 stops are neither done nor recorded as could not do: Stop 2 of 3 Stop 3 of 3" in text_of(
        out.client.get(out.url("finish/"))
    )
    answer = out.client.post(out.url("finish/"))
    assert answer.status_code == 409
    assert "2 stops are neither done nor failed." in text_of(answer)
    assert 'data-code="stops_open"' in answer.content.decode()
    assert out.state() == "out"


def test_back_at_the_depot(out: Day) -> None:
    post(out, 1, NO_ANSWER)
    post(out, 2, NO_ANSWER)
    arrive(out, 3)
    last = post(out, 3, PROOF | collection(out, found="yes", condition="good", infection="unknown"))
    assert last.redirect_chain == [(out.url("finish/"), 302)]
    assert out.bed.asset is not None
    shown = text_of(last)
    assert (
        f"Comes back undelivered Clean side. It goes back to its shelf. Stop 1 Telecare alarm {out.alarm.number}"
        f" Stop 1 1 × Chair raisers Stop 2 Mobile hoist {out.hoist.number} Collected" in shown
    )
    assert f"Stop 3 Bed {out.bed.asset.number} Infection: not disclosed Back at the depot" in shown
    home = out.client.post(out.url("finish/"), follow=True)
    assert home.redirect_chain == [("/driver/", 302)]
    assert "Back at the depot. Everything is booked in." in text_of(home)
    assert (out.state(), state_of(out.hoist)) == ("finished", AssetState.RESERVED)
    assert state_of(out.bed.asset) == AssetState.QUARANTINE
    again = out.client.post(out.url("finish/"), follow=True)
    assert "Already recorded: this route is finished." in text_of(again)
