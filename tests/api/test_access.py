"""Who may come in, and what does not exist for whom."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from equipment.models import Membership
from logistics.models import Visit
from tests.api.conftest import Api

PROBLEM = "application/problem+json"


def test_without_a_token_it_is_401_and_says_how(county, client):
    answer = client.get("/api/v1/orders/")
    assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (401, PROBLEM, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_client_no_organisation_stands_behind_is_refused(county, ward):
    from equipment.models import ApiClient

    ApiClient.objects.all().delete()
    assert ward.get("orders/").status_code == 403


@pytest.fixture
def everything(county, ward):
    """One row of each kind that belongs to Harbour Council."""
    county.new(county.commode())
    discharge = county.discharge()
    order = county.order(discharge, "COMMODE")
    loan = county.on_loan(county.product("BED"))
    return [
        f"people/{discharge.person.reference}/",
        f"people/{discharge.person.reference}/loans/",
        f"addresses/{discharge.address.reference}/",
        f"discharges/{discharge.reference}/",
        f"discharges/{discharge.reference}/readiness/",
        f"discharges/{discharge.reference}/expected-dates/",
        f"orders/{order.reference}/",
        f"visits/{Visit.objects.get().reference}/",
        f"loans/{loan.pk}/",
    ]


def test_what_belongs_to_another_organisation_does_not_exist_404_and_not_403(everything, ward, stranger):
    for path in everything:
        assert ward.get(path).status_code == 200, path
        answer = stranger.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


def test_lists_hold_only_ones_own(everything, ward, stranger):
    for path in ("discharges/", "orders/", "visits/", "readiness/"):
        assert len(ward.get(path).json()["results"]) == 1, path
        assert stranger.get(path).json()["results"] == [], path


def test_the_provider_sees_those_it_serves(everything, floor):
    assert len(floor.get("readiness/").json()["results"]) == 1


def test_verbs_on_another_organisations_rows_change_nothing(county, everything, stranger):
    asset = county.dirty(county.hoist())
    assert stranger.post(f"assets/{asset.number}/begin-clean/").status_code == 404
    discharge = Visit.objects.get().discharge
    assert (
        stranger.post(f"discharges/{discharge.reference}/expected-date/", {"expected_on": "2026-03-09"}).status_code
        == 404
    )
    discharge.refresh_from_db()
    assert str(discharge.expected_on) == "2026-03-05"
    assert discharge.expected_dates.count() == 1


def test_a_discharge_team_does_not_move_assets(county, ward, floor):
    asset = county.dirty(county.commode())
    asset.owner = county.council
    asset.save()
    answer = ward.post(f"assets/{asset.number}/begin-clean/")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert floor.post(f"assets/{asset.number}/begin-clean/").status_code == 200


def test_a_client_gets_no_scope_that_it_was_not_granted_whatever_its_token_says(county):
    asset = county.dirty(county.commode())
    asset.owner = county.council
    asset.save()
    greedy = Api(county, county.council, "discharge store")
    assert greedy.post(f"assets/{asset.number}/begin-clean/").status_code == 403
    asset.refresh_from_db()
    assert asset.state == "quarantine"


def test_a_token_is_had_for_client_credentials_and_opens_the_api(county):
    application = county.client(county.council)
    application.client_secret = "a secret of its own"
    application.save()
    http = Client()
    form = {
        "grant_type": "client_credentials",
        "client_id": application.client_id,
        "client_secret": "a secret of its own",
    }
    answer = http.post("/oauth/token/", form)
    assert answer.status_code == 200
    assert (answer.json()["token_type"], answer.json()["scope"]) == ("Bearer", "discharge")
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert http.get("/api/v1/readiness/", headers=headers).status_code == 200
    assert http.post("/oauth/token/", form | {"client_secret": "wrong"}).status_code == 401


def test_signed_in_staff_have_the_roles_of_their_groups(county):
    user = get_user_model().objects.create_user("sue", password="a long password")
    Membership.objects.create(user=user, organisation=county.provider)
    http = Client()
    http.force_login(user)
    assert http.get("/api/v1/assets/").status_code == 200
    assert http.get("/api/v1/routes/").status_code == 403
    user.groups.add(Group.objects.get_or_create(name="Store assistants")[0])
    assert http.get("/api/v1/routes/").status_code == 200


def test_an_unknown_address_is_answered_in_json(county, ward):
    answer = ward.get("nonsense/")
    assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)


def test_no_person_is_listed(ward):
    assert ward.get("people/").status_code == 405


def test_the_board_shows_initials_and_no_more(everything, ward):
    text = ward.get("readiness/").content.decode()
    assert '"person":"AP"' in text
    for secret in ("Person1", "Hill Road", "nhs", "born", "ZX1"):
        assert secret not in text
