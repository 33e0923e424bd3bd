from __future__ import annotations

import os

import pytest

from tests.county import County


def pytest_configure() -> None:
    """Each xdist worker has a broker database of its own, or their tasks would meet."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = os.environ.get("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0")
    os.environ["CELERY_BROKER_URL"] = f"{url.rsplit('/', 1)[0]}/{int(worker) + 1}"


@pytest.fixture
def county(db: None) -> County:
    """The small invented county that most tests play in."""
    return County.build()
