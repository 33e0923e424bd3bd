"""A signed-in person of one store moves nothing in another through the API either; nor what is not their duty."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from equipment.models import Asset, AssetEvent, Membership, ReturnRecord, Store
from equipment.roles import DECONTAMINATION_TECHNICIANS, STORE_ASSISTANTS, ensure_groups
from equipment.states import AssetState
from tests.county import County, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def south(county: County) -> Store:
    place = {"address": "9 Mill Lane", "postcode": "ZX2 1AA", "latitude": 52.24, "longitude": -2.86}
    return Store.objects.create(
        code="SOUTH", name="South store", kind="satellite", organisation=county.provider, **place
    )


def asks(client: Any, county: County, store: Store, group: str = DECONTAMINATION_TECHNICIANS) -> Any:
    """Sign in as somebody of that store; returns the function that posts."""
    account = User.objects.create_user(f"of-{store.code}".lower())
    account.groups.add(ensure_groups()[group])
    Membership.objects.create(user=account, organisation=county.provider).stores.add(store)
    client.force_login(account)

    def post(path: str, body: Any = None, key: str = "k") -> Any:
        headers = {"Idempotency-Key": key}
        return client.post(f"/api/v1/assets/{path}/", body or {}, content_type="application/json", headers=headers)

    return post


def test_an_asset_of_another_store_is_not_moved(county: County, south: Store, client: Any) -> None:
    asset = county.dirty(county.commode())
    events = AssetEvent.objects.count()
    answer = asks(client, county, south)(f"{asset.number}/begin-clean")
    assert (answer.status_code, answer.json()["code"]) == (409, "another_store")
    assert (state_of(asset), AssetEvent.objects.count()) == (AssetState.QUARANTINE, events)


def test_an_asset_of_ones_own_store_is_moved_under_ones_own_name(county: County, south: Store, client: Any) -> None:
    asset = county.dirty(county.commode())
    Asset.objects.filter(pk=asset.pk).update(store=south)
    assert asks(client, county, south)(f"{asset.number}/begin-clean").status_code == 200
    assert state_of(asset) == AssetState.DECONTAMINATING
    event = AssetEvent.objects.filter(asset=asset).first()
    assert event is not None and event.by == "user:of-south"


def test_nothing_is_taken_back_into_another_store(county: County, south: Store, client: Any) -> None:
    asset = county.on_loan(county.commode()).asset
    assert asset is not None
    body = {"store": "MAIN", "condition": "good", "infection": "none_known"}
    post = asks(client, county, south)
    answer = post(f"{asset.number}/return", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "another_store")
    assert (state_of(asset), ReturnRecord.objects.count()) == (AssetState.ON_LOAN, 0)
    assert post(f"{asset.number}/return", {**body, "store": "SOUTH"}, key="k2").status_code == 200
    asset.refresh_from_db()
    assert asset.store == south


def test_what_is_not_ones_duty_is_refused(county: County, client: Any) -> None:
    asset = county.dirty(county.commode())
    answer = asks(client, county, county.store, STORE_ASSISTANTS)(f"{asset.number}/begin-clean")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_your_duty")
    assert "This is cleaning: ask somebody who does it." in answer.json()["detail"]
    assert state_of(asset) == AssetState.QUARANTINE
