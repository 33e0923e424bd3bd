"""Key-safe codes and risk markers over the API: written, never read."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.test.client import Client

from equipment import secrets
from equipment.models import Address, IdempotentRequest, KeySafeCode, RiskMarker, SecretView
from tests.api.conftest import Api
from tests.county import BY, TUESDAY, County

pytestmark = pytest.mark.django_db

MARKER = {
    "kind": "dog",
    "detail": "zebra-dog",
    "reason": "Told by a carer",
    "reviewer": "J. Depot",
    "expires_on": "2026-06-01",
}


@pytest.fixture
def door(county: County) -> Address:
    return county.address()


def put(api: Api, path: str, body: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {api.token}"}
    return api.http.put(f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers)


def delete(api: Api, path: str) -> Any:
    return api.http.delete(f"/api/v1/{path}", headers={"Authorization": f"Bearer {api.token}"})


def code_of(door: Address) -> str:
    return secrets.read_code(door, by=BY, at=TUESDAY, purpose="a test")


def test_the_discharge_team_sets_and_forgets_a_code_and_is_never_told_it(ward: Api, door: Address) -> None:
    """Rule 39: write only."""
    path = f"addresses/{door.reference}/key-safe/"
    answer = ward.post(path, {"code": "4071x"})
    assert (answer.status_code, answer.json()) == (200, {"reference": str(door.reference), "has_key_safe": True})
    assert code_of(door) == "4071X"
    assert put(ward, path, {"code": "999"}).status_code == 200
    assert code_of(door) == "999"
    assert ward.get(path).status_code == 405
    for page in (f"addresses/{door.reference}/", f"people/{door.person.reference}/"):
        assert "999" not in ward.get(page).content.decode().replace(str(door.reference), "")
    assert delete(ward, path).status_code == 204
    assert delete(ward, path).status_code == 404
    assert not KeySafeCode.objects.exists()


def test_what_is_kept_for_retries_neither_holds_the_code_nor_can_be_tried_out(ward: Api, door: Address) -> None:
    """Rule 39: the fingerprint of a request is keyed, or 10,000 tries would find a code of four digits."""
    path = f"addresses/{door.reference}/key-safe/"
    for _ in range(2):
        assert ward.post(path, {"code": "4071"}, key="one").status_code == 200
    row = IdempotentRequest.objects.get()
    assert "4071" not in json.dumps(row.body)
    asked = f"POST /api/v1/{path}\n".encode()
    tries = {hashlib.sha256(asked + json.dumps({"code": f"{n:04}"}).encode()).hexdigest() for n in range(10_000)}
    assert row.fingerprint not in tries
    answer = ward.post(path, {"code": "4072"}, key="one")
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_reused")
    assert code_of(door) == "4071"


@pytest.mark.parametrize("code", ["", "12", "<script>", "1" * 30])
def test_a_wrong_code_is_refused_by_its_field_and_not_said_back(ward: Api, door: Address, code: str) -> None:
    answer = ward.post(f"addresses/{door.reference}/key-safe/", {"code": code})
    assert answer.status_code == 400
    assert len(code) < 3 or code not in answer.content.decode()
    assert not KeySafeCode.objects.exists()


def test_markers_are_raised_listed_without_what_they_say_and_ended(ward: Api, door: Address) -> None:
    """Rule 39: kind and last day only."""
    path = f"addresses/{door.reference}/markers/"
    made = ward.post(path, MARKER)
    assert made.status_code == 201
    row = RiskMarker.objects.get()
    assert made.json() == {"id": row.pk, "kind": "dog", "expires_on": "2026-06-01"}
    assert ward.get(path).json() == [made.json()]
    ended = ward.post(f"{path}{row.pk}/end/", {"reason": "The dog has gone"})
    assert (ended.status_code, ended.json()) == (200, made.json())
    assert ward.get(path).json() == []
    assert ward.post(f"{path}{row.pk}/end/", {"reason": "Again"}).status_code == 409
    assert "zebra" not in json.dumps(list(IdempotentRequest.objects.values_list("body", flat=True)))
    assert not SecretView.objects.exists()


@pytest.mark.parametrize("left_out", ["kind", "detail", "reason", "reviewer", "expires_on"])
def test_a_marker_needs_all_of_it(ward: Api, door: Address, left_out: str) -> None:
    body = {name: value for name, value in MARKER.items() if name != left_out}
    answer = ward.post(f"addresses/{door.reference}/markers/", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, left_out)
    assert not RiskMarker.objects.exists()


def test_a_day_beyond_the_longest_is_refused(ward: Api, door: Address) -> None:
    answer = ward.post(f"addresses/{door.reference}/markers/", MARKER | {"expires_on": "2027-03-04"})
    assert (answer.status_code, answer.json()["field"]) == (400, "expires_on")


def test_another_organisations_address_does_not_exist_and_a_store_may_not(
    stranger: Api, county: County, door: Address
) -> None:
    """Rule 39: least privilege."""
    store = Api(county, county.provider, "store", may_run_store=True)
    for path, body in (("key-safe/", {"code": "4071"}), ("markers/", MARKER)):
        assert stranger.post(f"addresses/{door.reference}/{path}", body).status_code == 404
        assert store.post(f"addresses/{door.reference}/{path}", body).status_code == 403
    assert stranger.get(f"addresses/{door.reference}/markers/").status_code == 404
    assert store.get(f"addresses/{door.reference}/markers/").status_code == 403
    assert Client().get(f"/api/v1/addresses/{door.reference}/markers/").status_code == 401
    assert not KeySafeCode.objects.exists()
    assert not RiskMarker.objects.exists()


def test_without_a_key_for_secrets_it_is_refused_in_words(ward: Api, door: Address, settings: Any) -> None:
    settings.SECRETS_KEYS = []
    answer = ward.post(f"addresses/{door.reference}/key-safe/", {"code": "4071"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_secrets_key")
