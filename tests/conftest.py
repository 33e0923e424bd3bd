from __future__ import annotations

import os

import pytest
from celery import current_app
from django.conf import settings

from tests.county import County


def pytest_configure() -> None:
    """Each xdist worker has a broker database of its own, or their tasks would meet."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = os.environ.get("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0")
    own = f"{url.rsplit('/', 1)[0]}/{int(worker) + 1}"
    os.environ["CELERY_BROKER_URL"] = current_app.conf.broker_url = own
    # Test users need no slow hash: a shift of two would cost half a second.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def county(db: None) -> County:
    """The small invented county that most tests play in."""
    return County.build()
