from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from cryptography.fernet import Fernet
from django.conf import settings

from tests import database
from tests.county import County


def pytest_configure() -> None:
    """Each xdist worker has a broker database of its own, or their tasks would meet."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = os.environ.get("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0")
    own = f"{url.rsplit('/', 1)[0]}/{int(worker) + 1}"
    os.environ["CELERY_BROKER_URL"] = current_app.conf.broker_url = own
    settings.SECRETS_KEYS = [os.environ.setdefault("SECRETS_KEYS", Fernet.generate_key().decode())]
    # Test users need no slow hash: a shift of two would cost half a second.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: to look through it again and again for garbage is a tenth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's own, which migrates anew for every worker of every run."""
    with django_db_blocker.unblock():
        yield from database.copied(os.environ.get("PYTEST_XDIST_WORKER", "one"))


@pytest.fixture
def county(db: None) -> County:
    """The small invented county that most tests play in."""
    return County.build()
