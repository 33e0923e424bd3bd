from __future__ import annotations

from typing import Any

import pytest

from tests.county import TUESDAY


@pytest.fixture(autouse=True)
def on_tuesday_with_quick_passwords(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """It is the county's Tuesday, and passwords are hashed fast."""
    monkeypatch.setattr("equipment.clock.now", lambda: TUESDAY)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
