from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from equipment import clock
from equipment.models import Organisation
from tests.county import TUESDAY, County


class Api:
    """A hospital system with a token: speaks JSON, sends a fresh Idempotency-Key unless told otherwise."""

    def __init__(self, county: County, organisation: Organisation, scope: str, *, may_run_store: bool = False) -> None:
        self.http = Client(raise_request_exception=False)
        application = county.client(organisation, may_run_store=may_run_store)
        self.token = uuid.uuid4().hex
        AccessToken.objects.create(
            application=application, token=self.token, scope=scope, expires=timezone.now() + timedelta(hours=1)
        )

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(f"/api/v1/{path}", query, headers={"Authorization": f"Bearer {self.token}"})

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or uuid.uuid4().hex}
        return self.http.post(f"/api/v1/{path}", body or {}, content_type="application/json", headers=headers)


@pytest.fixture(autouse=True)
def tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    """The edges read this clock: it is nine on a Tuesday in March."""
    monkeypatch.setattr(clock, "now", lambda: TUESDAY)


@pytest.fixture
def ward(county: County) -> Api:
    return Api(county, county.council, "discharge")


@pytest.fixture
def floor(county: County) -> Api:
    return Api(county, county.provider, "store discharge", may_run_store=True)


@pytest.fixture
def stranger(county: County) -> Api:
    return Api(county, county.other, "discharge store", may_run_store=True)
