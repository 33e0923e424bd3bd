"""A whole route on a phone-sized Chromium: sign in, load by scan, set out, three doors, back at the depot."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from equipment import clock
from equipment.states import AssetState
from tests import telecare_homes
from tests.county import County, state_of
from tests.logistics.driver import rows
from tests.logistics.driver.rows import Day

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORD = "a long password"
# A refused form answers 4xx, which Chromium notes; everything else in the console is a fault.
EXPECTED = "Failed to load resource: the server responded with a status of 4"
TOO_SMALL = """[...document.querySelectorAll('main a, button, input, select, textarea, summary, label.choice')]
    .filter(e => e.offsetHeight && e.offsetHeight < 48 && !['radio', 'checkbox', 'hidden'].includes(e.type))
    .map(e => e.outerHTML.slice(0, 60))"""
UNNAMED = """[...document.querySelectorAll('main input:not([type=hidden]), select, textarea')]
    .filter(e => !e.labels.length).map(e => e.name)"""
STYLED = "getComputedStyle(document.querySelector('.bar')).backgroundColor"
WEIGHT = "performance.getEntries().reduce((sum, entry) => sum + (entry.encodedBodySize || 0), 0)"


@contextmanager
def phone(base: str, errors: list[str]) -> Iterator[Page]:
    """A phone's browser. While it is open, rows are the server's to read: look at them before or afterwards."""
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    assert path, "No Chromium: name one in CHROMIUM_PATH, or leave these out with -m 'not browser'"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = browser.new_context(viewport={"width": 390, "height": 844}, base_url=base).new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda line: errors.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()


@pytest.fixture
def day(county: County, monkeypatch: pytest.MonkeyPatch) -> Day:
    monkeypatch.setattr(clock, "now", lambda: rows.SEVEN)
    telecare_homes.centre()
    return rows.build(county)


def test_a_whole_route(day: Day, live_server: Any) -> None:
    scans, name = [day.commode.number, day.hoist.number, day.alarm.number], day.driver.user.get_username()
    errors: list[str] = []
    with phone(live_server.url, errors) as page:
        sign_in(page, name)
        page.get_by_role("link", name="Load list").click()
        load(page, scans)
        first_stop_is_done(page)
        second_stop_fails(page)
        third_stop_collects(page)
        page.get_by_role("button", name="Back at the depot").click()
        expect(page.get_by_role("status")).to_have_text("Back at the depot. Everything is booked in.")
    assert [error for error in errors if not error.startswith(EXPECTED)] == []
    assert [day.visit(number).state for number in (1, 2, 3)] == ["done", "failed", "done"]
    assert day.state() == "finished"
    assert state_of(day.hoist) == AssetState.RESERVED
    assert day.bed.asset is not None
    assert state_of(day.bed.asset) == AssetState.QUARANTINE


def sign_in(page: Page, name: str) -> None:
    page.goto("/driver/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Good day")


def load(page: Page, scans: list[str]) -> None:
    """The scanner types into the box that has the focus and ends with Enter."""
    expect(page.get_by_role("button", name="Set out")).to_be_disabled()
    wedge(page, "1234567")
    expect(page.get_by_role("alert")).to_contain_text("1234567 is no asset number we know.")
    for number in scans:
        wedge(page, number)
        expect(page.get_by_role("status")).to_have_text(f"{number} is aboard.")
    page.get_by_role("button", name="Counted stock is aboard (1)").click()
    expect(page.get_by_text("4 of 4 aboard")).to_be_visible()
    page.get_by_role("button", name="Set out").click()
    expect(page.get_by_role("status")).to_have_text("Set out. Drive safely.")


def wedge(page: Page, number: str) -> None:
    expect(page.get_by_label("Scan or type the number on the label")).to_be_focused()
    page.keyboard.type(number)
    page.keyboard.press("Enter")


def first_stop_is_done(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Stop 1 of 3")
    assert page.title() == "Stop 1 of 3 · Home Before"
    expect(page.get_by_role("link", name="Call 01632 960001")).to_have_attribute("href", "tel:01632960001")
    page.get_by_role("button", name="I have arrived").click()
    telecare_is_heard(page)
    page.get_by_label("Received by").fill("Łucja")
    page.get_by_label("Fitted and tried out").check()
    page.get_by_role("button", name="Done: next stop").click()
    expect(page.get_by_role("alert")).to_contain_text("Something is missing below.")
    expect(page.get_by_label("Received by")).to_have_value("Łucja")
    page.get_by_label("Shown how it is used").check()
    page.get_by_role("button", name="Done: next stop").click()
    expect(page.get_by_role("status")).to_have_text("Stop 1 is done.")


def telecare_is_heard(page: Page) -> None:
    """The hub's own button, heard by somebody at the centre who says so on the phone."""
    page.get_by_label("Account number").fill("HB-1")
    page.get_by_label("Line", exact=True).select_option("broadband")
    page.get_by_role("button", name="Hub is set up").click()
    page.get_by_role("button", name="Programmed").click()
    page.get_by_label("Where you tried it").fill("garden")
    page.get_by_role("button", name="It works there").click()
    page.get_by_role("button", name="Calling now").click()
    page.get_by_text("They told you by voice").click()
    page.get_by_label("Name of who heard it at the alarm centre").fill("Sam")
    page.get_by_role("button", name="Heard", exact=True).click()
    expect(page.get_by_text("The alarm centre has heard every trigger.")).to_be_visible()


def second_stop_fails(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Stop 2 of 3")
    page.get_by_text("Could not do it").click()
    page.get_by_label("Nobody in, or could not get in").check()
    page.get_by_label("What you found, and whom you called").fill("No answer. Called the depot.")
    page.get_by_role("button", name="Record: could not do").click()
    expect(page.get_by_role("status")).to_contain_text("A second visit will be planned.")


def third_stop_collects(page: Page) -> None:
    page.get_by_role("button", name="I have arrived").click()
    page.get_by_label("Yes, it is on the van").check()
    expect(page.get_by_label("Infection they told you about")).to_have_value("unknown")
    page.get_by_label("Fitted and tried out").check()
    page.get_by_label("Shown how it is used").check()
    page.get_by_label("Received by").fill("Cai")
    page.get_by_role("button", name="Done: next stop").click()
    expect(page.get_by_role("heading", name="Finish the route")).to_be_visible()
    expect(page.get_by_text("Infection: not disclosed")).to_be_visible()


def test_every_page_fits_a_phone_and_a_thumb(day: Day, live_server: Any) -> None:
    day.set_out()
    name, addresses = day.driver.user.get_username(), ["/driver/", day.url(), day.url("load/"), day.url("finish/")]
    addresses += [day.stop_url(number) for number in (1, 2, 3)]
    errors: list[str] = []
    with phone(live_server.url, errors) as page:
        sign_in(page, name)
        for address in addresses:
            page.goto(address)
            page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
            assert page.evaluate(TOO_SMALL) == [], address
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
            assert page.evaluate(WEIGHT) < 60_000, address
            assert page.locator("html").get_attribute("lang") == "en-GB"
            assert page.evaluate(STYLED) == "rgb(17, 17, 17)", address
            assert page.evaluate(UNNAMED) == [], address
    assert errors == []
