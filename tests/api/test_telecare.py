"""The alarm centre speaks for itself; what others may read of telecare; key holders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from equipment import telecare
from equipment.models import ApiClient, IdempotentRequest, Installation, KeyHolder, TestCall
from tests import telecare_homes as homes
from tests.api.conftest import Api
from tests.county import BY, TUESDAY, County
from tests.telecare_homes import INSTALLING


def client_of(county: County, code: str, scope: str = "alarm") -> Api:
    """An alarm centre's own system."""
    api = Api(county, county.provider, scope, may_run_store=True)
    newest = ApiClient.objects.latest("pk")
    ApiClient.objects.filter(pk=newest.pk).update(centre=homes.centre(code))
    return api


@pytest.fixture
def centre(county: County) -> Api:
    return client_of(county, "careline")


@pytest.fixture
def home(county: County) -> Installation:
    """A hub and a pendant: ready, each has called, nobody has answered."""
    made = homes.ready(homes.installing(county))
    for trigger in made.triggers.all():
        telecare.call(trigger, by=BY, at=TUESDAY)
    return made


def heard(api: Api, key: str | None = None, **given: Any) -> Any:
    known = {"account": "A-100", "heard_by": "Jo", "reference": "C-1"}
    return api.post("test-calls/", known | given, key=key)


def test_the_centre_acknowledges_each_trigger_by_its_radio_id_or_its_kind(centre: Api, home: Installation) -> None:
    """Rule 38: said by the centre itself, for the call that waits."""
    answer = heard(centre, radio_id="77")
    assert answer.status_code == 201
    assert answer.json() == {
        "installation": str(home.reference),
        "account": "A-100",
        "trigger": "pendant",
        "radio_id": "77",
        "called_at": TUESDAY.isoformat().replace("+00:00", "Z"),
        "acknowledged_at": TUESDAY.isoformat().replace("+00:00", "Z"),
        "heard_by": "Jo",
        "reference": "C-1",
    }
    assert heard(centre, trigger="button", reference="C-2").status_code == 201
    calls = TestCall.objects.order_by("pk")
    assert [(call.by_api, call.reference) for call in calls] == [(True, "C-2"), (True, "C-1")]
    assert telecare.go_live(home, by=BY, at=TUESDAY).state == "live"


def test_the_same_reference_is_the_same_call_whatever_the_key(centre: Api, home: Installation) -> None:
    first = heard(centre, radio_id="77", key="one").json()
    assert heard(centre, radio_id="77", key="one").json() == first
    assert heard(centre, radio_id="77", key="two").json() == first
    assert TestCall.objects.count() == 2


def test_another_centres_account_does_not_exist(county: County, home: Installation) -> None:
    """Rule 38: only the centre that will answer can say that it heard."""
    other = client_of(county, "elsewhere")
    answer = heard(other, radio_id="77")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_account")
    closed = other.post(f"installations/{home.reference}/deactivated/", {"confirmed_by": "Jo", "reason": "x"})
    home.refresh_from_db()
    assert (closed.status_code, home.state) == (404, "installing")
    assert TestCall.objects.filter(acknowledged_at__isnull=False).count() == 0


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"account": "A-999"}, 404, "no_such_account"),
        ({"radio_id": "9"}, 404, "no_such_trigger"),
        ({"at": (INSTALLING - timedelta(days=1)).isoformat()}, 400, "called_at"),
        ({"heard_by": ""}, 400, "invalid"),
        ({"reference": ""}, 400, "invalid"),
    ],
)
def test_what_cannot_be_is_refused(
    centre: Api, home: Installation, given: dict[str, str], status: int, code: str
) -> None:
    answer = heard(centre, **given)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert TestCall.objects.filter(acknowledged_at__isnull=False).count() == 0


def test_the_role_is_for_a_client_with_a_centre_and_such_a_client_does_nothing_else(
    county: County, ward: Api, floor: Api, home: Installation
) -> None:
    pretender = Api(county, county.provider, "alarm store discharge", may_run_store=True)
    for api in (pretender, ward, floor):
        assert heard(api, radio_id="77").status_code == 403
    greedy = client_of(county, "careline", "alarm store discharge")
    person = f"people/{home.person.reference}/"
    for path in (
        person,
        f"{person}loans/",
        "orders/",
        "visits/",
        "installations/",
        f"key-holders/?person={home.person_id}",
    ):
        assert greedy.get(path).status_code == 403, path
    assert greedy.post(f"assets/{home.hub.number}/begin-clean/").status_code == 403
    scopeless = client_of(county, "careline", "discharge")
    assert heard(scopeless, radio_id="77").status_code == 403
    assert TestCall.objects.filter(acknowledged_at__isnull=False).count() == 0


def test_the_centre_closes_an_account_once(centre: Api, county: County) -> None:
    """Rule 38: deactivated at the centre, which says so itself."""
    made = homes.live(county)
    path = f"installations/{made.reference}/deactivated/"
    answer = centre.post(path, {"confirmed_by": "Jo, D-7", "reason": "The person moved"})
    assert (answer.status_code, answer.json()["state"], set(answer.json())) == (
        200,
        "ended",
        {"reference", "account", "state", "ended_at"},
    )
    assert centre.post(path, {"confirmed_by": "Ray", "reason": "again"}).status_code == 200
    made.refresh_from_db()
    assert (made.end_reference, made.ended_by[:4]) == ("Jo, D-7", "api:")


def test_installations_name_a_person_by_reference_only(
    ward: Api, stranger: Api, home: Installation, centre: Api
) -> None:
    path = f"installations/{home.reference}/"
    found = ward.get(path).json()
    assert (found["person"], found["hub"], found["state"]) == (
        str(home.person.reference),
        home.hub.number,
        "installing",
    )
    assert [one["heard"] for one in found["triggers"]] == [False, False]
    assert found["missing"] == [
        "The alarm centre has not heard: Button on the hub.",
        f"The alarm centre has not heard: Pendant {home.triggers.get(kind='pendant').asset.number}, neck.",
    ]
    text = str(found) + str(ward.get("installations/").json())
    assert not any(word in text for word in (home.person.family_name, "2 Hill Road", "ZX1", "A-100"))
    assert [row["reference"] for row in ward.get("installations/", state="installing").json()["results"]] == [
        str(home.reference)
    ]
    assert stranger.get(path).status_code == 404
    assert stranger.get("installations/").json()["results"] == []


def test_the_list_of_installations_costs_the_same_however_long(county: County, ward: Api) -> None:
    counts = []
    for number in range(3):
        homes.installing(county, account=f"A-{number}")
        with CaptureQueriesContext(connection) as asked:
            assert len(ward.get("installations/").json()["results"]) == number + 1
        counts.append(len(asked))
    assert (counts[0], counts[2] <= 4) == (counts[2], True)


# Key holders ----------------------------------------------------------------------------------------------------------


def test_key_holders_are_added_with_consent_asked_again_and_ended(county: County, ward: Api, stranger: Api) -> None:
    """Rule 38: whom the centre calls agreed to it; another organisation's do not exist."""
    person = county.person()
    given = {"person": str(person.reference), "name": "Mo", "phone": "01632 960123", "consent_taken_by": "R. Hallam"}
    assert ward.post("key-holders/", {**given, "consent_taken_by": ""}).status_code == 400
    assert stranger.post("key-holders/", given).status_code == 404
    assert KeyHolder.objects.count() == 0
    made = ward.post("key-holders/", given).json()
    assert (made["position"], made["verified_on"]) == (1, "2026-03-03")
    listed = ward.get("key-holders/", person=person.reference).json()
    assert [one["name"] for one in listed] == ["Mo"]
    assert stranger.get("key-holders/", person=person.reference).status_code == 404
    assert ward.get("key-holders/").status_code == 400
    assert stranger.post(f"key-holders/{made['id']}/end/").status_code == 404
    assert ward.post(f"key-holders/{made['id']}/verify/").status_code == 200
    assert ward.post(f"key-holders/{made['id']}/end/").json()["ended_at"] is not None
    assert ward.get("key-holders/", person=person.reference).json() == []
    assert IdempotentRequest.objects.count() == 3


def test_the_store_does_not_read_key_holders(county: County) -> None:
    floor = Api(county, county.provider, "store", may_run_store=True)
    assert floor.get("key-holders/", person=county.person().reference).status_code == 403
