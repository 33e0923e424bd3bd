"""The scan page in a real browser, by keyboard alone: sign in, scan, clean, test, shelve."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import sync_playwright

from equipment.models import Asset
from equipment.roles import FLOOR_GROUPS
from equipment.states import AssetState
from tests.county import County
from tests.equipment.admin.rows import PASSWORD, user

BROWSER = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def page(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A page at a phone's width that fails the test on any error in the console."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=BROWSER, args=flags)
        context = browser.new_context(base_url=live_server.url, viewport={"width": 390, "height": 844})
        opened = context.new_page()
        wrong: list[str] = []
        opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        yield opened
        browser.close()
        connections.close_all()  # the browser's event loop has one of its own, which would outlive the database
    assert [line for line in wrong if "409" not in line] == []


def focus(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.innerText"))


def sign_in(page: Any) -> None:
    page.goto("/admin/")
    page.wait_for_selector("#id_username:focus")
    page.keyboard.type("sam")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#scan:focus")


def scan(page: Any, number: str) -> None:
    """As a scanner does it: digits and Enter into whatever has the focus."""
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    page.wait_for_selector(f".house-number:text-is('{number}')")
    page.wait_for_selector("#scan:focus")


def press(page: Any, label: str) -> None:
    """Walk with Tab to the button of this name and press it; afterwards the focus is in the scan box again."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if focus(page) == label:
            break
    assert focus(page) == label
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_selector("#scan:focus")


def choose(page: Any, field: str, text: str) -> None:
    """Walk with Tab to the field and type the beginning of what is wanted."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if focus(page) == field:
            break
    assert focus(page) == field
    page.keyboard.type(text)


def state(page: Any) -> str:
    return str(page.inner_text(".house-state"))


def test_from_quarantine_to_the_shelf_without_a_mouse(page: Any, county: County) -> None:
    hoist = county.dirty(county.hoist())
    user("sam", county.provider, *FLOOR_GROUPS)
    sign_in(page)
    scan(page, hoist.number)
    assert state(page) == "Quarantine"
    press(page, "Begin clean")
    choose(page, "id_clean-passed", "Clean")
    press(page, "Record clean")
    assert state(page) == "Cleaned"
    press(page, "Begin test")
    choose(page, "id_test-loler-result", "Pass")
    press(page, "Record LOLER thorough examination")
    press(page, "Put on the shelf")
    assert Asset.objects.get(pk=hoist.pk).state == AssetState.AVAILABLE
    assert page.inner_text(".house-ready") == "Ready to go out."
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_scan_never_presses_the_button_in_focus(page: Any, county: County) -> None:
    """With the focus on a button, digits go to the scan box, and Enter looks the number up."""
    first, second = county.dirty(county.product("A")), county.dirty(county.product("B"))
    user("sam", county.provider, *FLOOR_GROUPS)
    sign_in(page)
    scan(page, first.number)
    page.focus("form.house-move button")
    scan(page, second.number)
    assert Asset.objects.get(pk=first.pk).state == AssetState.QUARANTINE


def test_a_refusal_is_shown_where_the_eyes_are(page: Any, county: County) -> None:
    asset = county.dirty(county.commode())
    user("sam", county.provider, *FLOOR_GROUPS)
    sign_in(page)
    scan(page, asset.number)
    Asset.objects.filter(pk=asset.pk).update(state=AssetState.HELD)
    for _ in range(40):
        page.keyboard.press("Tab")
        if focus(page) == "Begin clean":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")
    assert "is held, which does not allow this" in page.inner_text("[role=alert]")
    page.wait_for_selector("#scan:focus")
