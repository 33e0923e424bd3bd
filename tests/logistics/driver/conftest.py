from __future__ import annotations

import pytest

from equipment import clock
from tests.county import County
from tests.logistics.driver import rows


@pytest.fixture
def seven(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is seven o'clock on the day of the route."""
    monkeypatch.setattr(clock, "now", lambda: rows.SEVEN)


@pytest.fixture
def day(county: County, seven: None) -> rows.Day:
    return rows.build(county)
