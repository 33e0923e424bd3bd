"""The buttons of logistics in the admin: each calls its verb, and a refusal is shown in its own words."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from equipment.roles import DISCHARGE_TEAM, STORE_ASSISTANTS, STORE_MANAGERS
from equipment.states import AssetState
from logistics.models import Event, Route, Visit
from logistics.nextsteps import follow_up
from logistics.readiness import Word
from logistics.states import FollowUpKind, RouteState
from tests.county import TUESDAY, County, state_of
from tests.equipment.admin.rows import route, signed_in, user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_tuesday(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr("equipment.clock.now", lambda: TUESDAY)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def planned(county: County) -> Route:
    county.new(county.commode())
    order = county.order(county.discharge(), "COMMODE")
    return route(county, Visit.objects.get(discharge=order.discharge))


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def staff(county: County, group: str = STORE_ASSISTANTS) -> Client:
    return signed_in(user("sam", county.provider, group))


def test_a_route_is_confirmed_and_then_loaded(county: County, planned: Route) -> None:
    client, page = staff(county), f"/admin/logistics/route/{planned.pk}/"
    assert [verb.name for verb in client.get(f"{page}change/").context["verbs"]] == ["confirm", "start-loading"]
    client.post(f"{page}do/confirm/")
    planned.refresh_from_db()
    assert planned.state == RouteState.CONFIRMED
    assert [verb.name for verb in client.get(f"{page}change/").context["verbs"]] == ["start-loading"]
    event = Event.objects.filter(subject="route").first()
    assert event is not None and (event.verb, event.by, event.at) == ("confirm", "user:sam", TUESDAY)
    again = client.post(f"{page}do/confirm/")
    assert "does not allow this" in said(again)


def test_a_verb_is_not_done_by_looking_at_its_address(county: County, planned: Route) -> None:
    assert staff(county).get(f"/admin/logistics/route/{planned.pk}/do/confirm/").status_code == 405


def test_a_verb_needs_its_permission_and_its_organisation(county: County, planned: Route) -> None:
    address = f"/admin/logistics/route/{planned.pk}/do/confirm/"
    assert signed_in(user("dee", county.provider, DISCHARGE_TEAM)).post(address).status_code == 403
    assert signed_in(user("eve", county.other, STORE_MANAGERS)).post(address).status_code == 404
    planned.refresh_from_db()
    assert planned.state == RouteState.PLANNED


def test_collection_of_several_loans_is_requested_at_once(county: County) -> None:
    loans = [county.on_loan(county.product(code)) for code in ("A", "B")]
    form = {"action": "collect", "_selected_action": [loan.pk for loan in loans]}
    staff(county).post("/admin/equipment/loan/", form)
    assert [state_of(loan.asset) for loan in loans if loan.asset] == [AssetState.COLLECTION_DUE] * 2
    assert Visit.objects.filter(activities__loan__in=loans).count() == 2


def test_a_follow_up_is_closed_once(county: County, planned: Route) -> None:
    visit = planned.stops.get().visit
    row = follow_up(FollowUpKind.SHORT, "Ring.", owner="depot", at=TUESDAY, visit=visit)
    client, address = staff(county), f"/admin/logistics/followup/{row.pk}/do/close/"
    client.post(address)
    row.refresh_from_db()
    assert row.closed_at == TUESDAY
    assert "closed already" in said(client.post(address))
    assert Event.objects.filter(subject="visit", verb="close_follow_up", reason="Ring.").count() == 1


def test_a_pin_dropped_by_hand_puts_the_address_on_the_map(county: County) -> None:
    address, client = county.address(postcode="ZX9 9ZZ"), staff(county)
    page = f"/admin/equipment/address/{address.pk}/change/"
    client.post(page, {"latitude": "52.31", "longitude": "-2.81", "access_notes": "Blue door"})
    address.refresh_from_db()
    assert (address.accuracy, address.latitude, address.access_notes) == ("pin", 52.31, "Blue door")
    outside = client.post(page, {"latitude": "40.0", "longitude": "-2.81", "access_notes": "Blue door"})
    assert "outside the United Kingdom" in said(outside)


def test_the_list_of_discharges_costs_the_same_however_long(county: County, django_assert_num_queries: Any) -> None:
    """Session, user, permissions (2), groups, organisations, count, rows, and five for the readiness of them all."""
    client = staff(county)
    for _ in range(2):
        county.new(county.commode())
        county.order(county.discharge(), "COMMODE")
    with django_assert_num_queries(13):
        client.get("/admin/logistics/discharge/")
    for _ in range(5):
        county.new(county.commode())
        county.order(county.discharge(), "COMMODE")
    with django_assert_num_queries(13):
        page = client.get("/admin/logistics/discharge/")
    words = {row.__dict__["readiness"].word for row in page.context["cl"].result_list}
    assert words == {Word.AWAITING_PLAN}


def test_discharges_are_filtered_by_a_word_that_is_not_stored(county: County) -> None:
    county.discharge()
    county.new(county.commode())
    county.order(county.discharge(), "COMMODE")
    client = staff(county)
    for word, count in ((Word.NOT_ORDERED, 1), (Word.AWAITING_PLAN, 1), (Word.IN_PLACE, 0)):
        page = client.get("/admin/logistics/discharge/", {"when": "soon", "readiness": word})
        assert page.context["cl"].result_count == count, word


def test_the_reason_of_a_visit_without_a_van_is_on_the_landing_page(county: County, planned: Route) -> None:
    Visit.objects.update(state="open", unplanned_reason="No crew has this skill.")
    assert "No crew has this skill." in staff(county).get("/admin/").content.decode()
