"""A code set while the keys are rotated."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db.models import QuerySet

from equipment import rotation, sealing, secrets
from equipment.models import KeySafeCode
from tests.county import BY, TUESDAY, County
from tests.races.conftest import together

pytestmark = pytest.mark.races


def raced(county: County, settings: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The rotation has read the old token and waits; the code is set anew and committed; the rotation writes."""
    settings.SECRETS_KEYS = [Fernet.generate_key().decode()]
    door, plain = county.address(), sealing.reseal
    secrets.set_code(door, "4071X", by=BY, at=TUESDAY)
    settings.SECRETS_KEYS = [Fernet.generate_key().decode(), *settings.SECRETS_KEYS]
    was_read, was_set = threading.Event(), threading.Event()

    def slowly(token: str) -> str:
        was_read.set()
        was_set.wait(timeout=20)
        return plain(token)

    def set_anew() -> None:
        was_read.wait(timeout=20)
        secrets.set_code(door, "777", by=BY, at=TUESDAY)
        was_set.set()

    monkeypatch.setattr(sealing, "reseal", slowly)
    assert [answer for answer in together(rotation.rotate, set_anew) if isinstance(answer, Exception)] == []
    return secrets.read_code(door, by=BY, at=TUESDAY, purpose="a test")


def test_rule_39_a_code_set_during_a_rotation_is_the_one_that_stays(
    county: County, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 39: the rotation runs while the service does."""
    assert raced(county, settings, monkeypatch) == "777"


def test_without_the_comparison_the_old_code_would_come_back(
    county: County, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race is real: an update that does not look at what it replaces restores the old code."""
    plain = QuerySet.filter

    def careless(rows: Any, *args: Any, **given: Any) -> Any:
        if rows.model is KeySafeCode:
            given.pop("ciphertext", None)
        return plain(rows, *args, **given)

    monkeypatch.setattr(QuerySet, "filter", careless)
    assert raced(county, settings, monkeypatch) == "4071X"
