from __future__ import annotations

from typing import Any

import pytest

from equipment import clock
from tests.county import County
from tests.logistics.driver import rows


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Nobody attacks these accounts, and a slow hash would take most of the time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def seven(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is seven o'clock on the day of the route."""
    monkeypatch.setattr(clock, "now", lambda: rows.SEVEN)


@pytest.fixture
def day(county: County, seven: None) -> rows.Day:
    return rows.build(county)
