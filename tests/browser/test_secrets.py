"""The key-safe code on a phone-sized Chromium: shown, hidden after a minute, and not there when one goes back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Error, Page, expect

from equipment import clock, secrets
from equipment.models import Address, SecretView
from tests.browser.test_driver import phone, sign_in
from tests.county import BY, TUESDAY, County
from tests.logistics.driver import rows
from tests.logistics.driver.rows import Day

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CODE = "4071X"


@pytest.fixture
def out(county: County, monkeypatch: pytest.MonkeyPatch) -> Day:
    monkeypatch.setattr(clock, "now", lambda: rows.SEVEN)
    day = rows.build(county)
    secrets.set_code(Address.objects.get(visits=day.stops[0].visit), CODE, by=BY, at=TUESDAY)
    day.set_out()
    return day


def test_the_code_leaves_the_page_after_a_minute_and_when_one_goes_on(out: Day, live_server: Any) -> None:
    """Rule 39: what a crew has seen does not stay on the phone."""
    errors: list[str] = []
    stop, name = out.stop_url(1), out.driver.user.get_username()
    with phone(live_server.url, errors) as page:
        page.clock.install()
        sign_in(page, name)
        show(page, stop)
        page.clock.fast_forward(61_000)
        expect(page.get_by_text("Hidden again.")).to_be_visible()
        expect(page.locator("body")).not_to_contain_text(CODE)
        show(page, stop)
        page.get_by_role("link", name="Back to the stop").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Stop 1 of 3")
        went_back(page)
        expect(page.locator("body")).not_to_contain_text(CODE)
    assert not any(CODE in error for error in errors)
    assert SecretView.objects.filter(kind="key_safe").count() == 2


def show(page: Page, stop: str) -> None:
    page.goto(stop)
    expect(page.locator("body")).not_to_contain_text(CODE)
    page.get_by_role("button", name="Show the key-safe code").click()
    expect(page.get_by_text(CODE)).to_be_visible()
    assert CODE not in page.url + page.title()


def went_back(page: Page) -> None:
    """The answer to a POST is kept nowhere: Chromium asks instead of showing it."""
    try:
        page.go_back(timeout=5_000)
    except Error as refused:
        assert "ERR_CACHE_MISS" in refused.message or "Timeout" in refused.message
