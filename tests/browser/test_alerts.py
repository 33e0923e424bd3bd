"""A safety alert in a real browser: what it would find, opened, and who has it; at a desk and on a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import sync_playwright

from equipment.models import Alert, Person
from equipment.roles import STORE_MANAGERS
from tests.county import County
from tests.equipment.admin.rows import PASSWORD, user

BROWSER = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
SHOTS = os.environ.get("SHOTS")  # a folder for pictures of each page, to look at
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=BROWSER, args=flags)
        opened = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900}).new_page()
        wrong: list[str] = []
        opened.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        yield opened
        browser.close()
        connections.close_all()
    assert [line for line in wrong if not {"400", "409"} & set(line.split())] == []


def look(page: Any, name: str) -> None:
    """At both widths: nothing is wider than the screen."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if SHOTS:
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{width}.png"), full_page=True)


def test_an_alert_is_looked_at_opened_and_followed(page: Any, county: County) -> None:
    """Rule 36: from the notice to the names, addresses and phones."""
    loan = county.on_loan(county.product("HOIST-1", name="Mobile hoist", maker="Liftwell", model="Sara 3"))
    Person.objects.filter(pk=loan.person_id).update(phone="01632 960123")
    county.new(county.product("HOIST-1"))
    user("mo", county.provider, STORE_MANAGERS)
    page.goto("/admin/login/")
    page.fill("#id_username", "mo")
    page.fill("#id_password", PASSWORD)
    page.press("#id_password", "Enter")
    page.wait_for_url("**/admin/")
    page.goto("/admin/equipment/alert/do/open/")
    page.select_option("#id_organisation", label="Vale Equipment")
    for field, text in {"reference": "NatPSA/2026/007", "title": "The boom may come off", "maker": "Liftwell"}.items():
        page.fill(f"#id_{field}", text)
    page.fill("#id_issued_on", "2026-03-01")
    page.fill("#id_deadline", "2026-03-20")
    look(page, "open")
    page.click("button:text-is('See what it finds')")
    assert "It finds 2 units: 1 in stores, 1 at home" in page.inner_text(".house-notice")
    assert Alert.objects.count() == 0
    look(page, "preview")
    with page.expect_navigation():
        page.click("button:text-is('Open the alert for 2 units')")
    alert = Alert.objects.get()
    assert "2 units: 0 closed, 1 held here, 1 at home" in page.inner_text("body")
    look(page, "alert")
    page.goto("/admin/equipment/alert/")
    look(page, "alerts")
    page.goto(f"/admin/equipment/alert/{alert.pk}/who/")
    assert "01632 960123" in page.inner_text("table")
    look(page, "who")
    page.goto(f"/admin/equipment/alertunit/?alert={alert.pk}")
    look(page, "units")
    page.goto(f"/admin/equipment/alertunit/{alert.units.order_by('pk').last().pk}/change/")
    look(page, "unit")
