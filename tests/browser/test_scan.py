"""Scan after scan in a real browser: a whole story by scanner alone, fast scans, a lost network, and the camera."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import zxingcpp
from django.conf import settings
from django.db import connections
from PIL import Image
from playwright.sync_api import sync_playwright

from equipment.jobs import Capability
from equipment.models import Asset, Location, Scan
from equipment.roles import FLOOR_GROUPS
from equipment.states import AssetState
from tests.county import County
from tests.equipment.admin.rows import PASSWORD, user
from tests.logistics.driver import rows
from tests.logistics.driver.rows import SEVEN

BROWSER = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@contextmanager
def opened(live_server: Any, *flags: str) -> Iterator[Any]:
    """A signed-in page at a phone's width that fails the test on any error in the console."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=[*FLAGS, *flags])
        context = browser.new_context(base_url=live_server.url, viewport={"width": 390, "height": 844})
        page, wrong = context.new_page(), []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto("/admin/login/?next=/admin/scan/return/")
        page.fill("#id_username", "sam")
        page.fill("#id_password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("#scan:focus")
        yield page
        browser.close()
        connections.close_all()  # the browser's event loop has one of its own, which would outlive the database
    assert [line for line in wrong if "ERR_FAILED" not in line and "ERR_INTERNET" not in line] == []


@pytest.fixture
def page(live_server: Any, county: County, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    # Contact times are hours; a story is seconds.
    monkeypatch.setitem(settings.SERVICE, "CONTACT_MINUTES", dict.fromkeys(settings.SERVICE["CONTACT_MINUTES"], 0))
    begun = monotonic()
    monkeypatch.setattr("equipment.clock.now", lambda: SEVEN + timedelta(seconds=monotonic() - begun))
    user("sam", county.provider, *FLOOR_GROUPS)
    with opened(live_server) as found:
        yield found


def scan(page: Any, code: Any) -> None:
    """As a scanner does it: the code and Enter, into whatever has the focus."""
    page.keyboard.type(str(code))
    page.keyboard.press("Enter")


def banner(page: Any, sentence: str) -> None:
    """Wait until the banner says so, and look that the cursor is in the box for the next scan."""
    page.wait_for_function("text => document.querySelector('#scan-banner').innerText.includes(text)", arg=sentence)
    page.wait_for_selector("#scan:focus")


def test_a_day_by_scanner_alone(page: Any, county: County) -> None:
    """Return, wash, test, put away, pick, load: codes and Enter, one undo, and one van chosen."""
    hoist = county.on_loan(county.hoist()).asset
    assert hoist is not None
    Location.objects.create(store=county.store, code="A-01", capabilities=[Capability.SHELF])
    scan(page, "DO/CONDITION/GOOD")
    scan(page, "DO/INFECTION/SPORE_FORMING")
    scan(page, hoist)
    banner(page, f"{hoist} is back")
    scan(page, "DO/MODE/WASH")
    banner(page, "Wash")
    scan(page, "DO/METHOD/SPORICIDAL")
    banner(page, "Method: Sporicidal.")
    page.fill("#ask-agent", "Acticlean")  # the first bottle ever; later runs take it over
    page.fill("#ask-lot", "L1")
    page.focus("#scan")
    scan(page, hoist)
    banner(page, "is in the wash")
    page.keyboard.press("Control+z")
    banner(page, "is out of the wash again")
    scan(page, hoist)
    banner(page, "is in the wash")
    scan(page, "DO/DONE")
    banner(page, "1 clean")
    scan(page, "DO/MODE/TEST")  # and on at once: what is scanned while the page changes is done there
    scan(page, "DO/KIND/LOLER")
    scan(page, "DO/PASS")
    scan(page, hoist)
    banner(page, "LOLER thorough examination pass. Put it away.")
    scan(page, "DO/MODE/PUT_AWAY")
    scan(page, "LOC/MAIN/A-01")
    scan(page, hoist)
    banner(page, "is on the shelf at A-01")
    hoist.refresh_from_db()
    assert (hoist.state, str(hoist.location)) == (AssetState.AVAILABLE, "A-01")
    route = rows.plan(county, [rows.delivery(county, county.address(), "HOIST")])
    scan(page, "DO/MODE/PICK")
    scan(page, hoist)
    banner(page, "for ZX26 VAN, stop 1")
    scan(page, "DO/MODE/LOAD")
    page.wait_for_selector("#scan-form[action*=load]")
    page.select_option("#scan-job", str(route.pk))
    page.focus("#scan")
    scan(page, hoist)
    banner(page, "on ZX26 VAN, for stop 1")
    hoist.refresh_from_db()
    assert (hoist.state, hoist.vehicle) == (AssetState.LOADED, "ZX26 VAN")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_fast_scans_are_done_once_each_and_in_order(page: Any, county: County) -> None:
    """Two more are scanned while the first is on its way, which is answered late."""
    numbers = [str(county.on_loan(county.product(code)).asset) for code in ("A", "B", "C")]
    page.select_option("#ask-condition", "good")
    page.select_option("#ask-infection", "unknown")
    page.focus("#scan")
    held: list[Any] = []

    def hold_the_first(route: Any) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/step/", hold_the_first)
    for number in numbers:
        scan(page, number)
    page.wait_for_selector("#scan-waiting:text('2 scans waiting')")
    assert Scan.objects.count() == 0
    held[0].continue_()
    banner(page, f"{numbers[2]} is back")
    assert list(Scan.objects.order_by("id").values_list("code", flat=True)) == numbers
    assert page.inner_text(".scan-count").startswith("3 done today")
    page.unroute("**/step/")


def test_without_a_network_scans_wait_and_none_is_done_twice(page: Any, county: County) -> None:
    """The first request reaches the server and its answer is lost; the same key is sent again."""
    numbers = [str(county.on_loan(county.product(code)).asset) for code in ("A", "B")]
    page.select_option("#ask-condition", "good")
    page.select_option("#ask-infection", "unknown")
    page.focus("#scan")
    lost: list[int] = []

    def lose_the_answer(route: Any) -> None:
        if len(lost) < 1:
            lost.append(route.fetch().status)
        route.abort()

    page.route("**/step/", lose_the_answer)
    for number in numbers:
        scan(page, number)
    page.wait_for_selector("#scan-waiting:text('No connection: 2 scans waiting')")
    page.reload()  # even so nothing is lost
    page.wait_for_selector("#scan-waiting:text('No connection: 2 scans waiting')")
    page.unroute("**/step/")
    banner(page, f"{numbers[1]} is back")
    assert lost == [200]
    assert list(Scan.objects.order_by("id").values_list("code", "ok")) == [(number, True) for number in numbers]


def test_a_wrong_scan_is_red_and_changes_nothing(page: Any, county: County) -> None:
    asset = county.new(county.commode())
    page.select_option("#ask-condition", "good")
    page.select_option("#ask-infection", "unknown")
    page.focus("#ask-condition")  # a scan chooses nothing in a list that has the focus
    scan(page, asset)
    banner(page, f"{asset} has not been out")
    assert page.inner_text(".scan-word") == "✖ Not done"
    assert page.input_value("#ask-condition") == "good"
    assert Asset.objects.get(pk=asset.pk).state == AssetState.AVAILABLE


def test_a_question_is_answered_by_typing_it(page: Any, county: County) -> None:
    """A failure asks for its defect: the cursor goes there, and Enter does the scan."""
    hoist = county.new(county.hoist())
    scan(page, "DO/MODE/TEST")
    banner(page, "Test")
    scan(page, "DO/KIND/LOLER")
    scan(page, "DO/FAIL")
    scan(page, hoist)
    page.wait_for_selector("#ask-defects:focus")
    scan(page, "Bent boom")
    banner(page, "LOLER thorough examination fail. Send it to repair.")
    assert hoist.inspections.get(result="fail").defects == "Bent boom"


def filmed(code: str, path: Path) -> Path:
    """What a camera would see: the label held before it, as raw film of a few frames."""
    made = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.Code128)
    label = Image.fromarray(zxingcpp.write_barcode_to_image(made, scale=3))
    frame = Image.new("L", (640, 480), 200)
    frame.paste(label.resize((480, 160)), (80, 160))
    grey = bytes([128]) * (320 * 240)
    film = b"".join(b"FRAME\n" + frame.tobytes() + grey + grey for _ in range(5))
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + film)
    return path


def test_the_camera_reads_a_label(
    live_server: Any, county: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held before the camera it is one scan, however long."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    loan = county.on_loan(county.commode())
    user("sam", county.provider, *FLOOR_GROUPS)
    film = filmed(str(loan.asset), tmp_path / "label.y4m")
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with opened(live_server, *fake, f"--use-file-for-fake-video-capture={film}") as page:
        page.select_option("#ask-condition", "good")
        page.select_option("#ask-infection", "unknown")
        page.click("[data-camera-start]")
        banner_text = "text => document.querySelector('#scan-banner').innerText.includes(text)"
        page.wait_for_function(banner_text, arg=f"{loan.asset} is back")
        page.wait_for_timeout(2500)
        assert Scan.objects.count() == 1
        page.click("[data-camera-stop]")
        page.goto("/admin/scan/")
        page.click("[data-camera-start]")
        page.wait_for_selector(f".house-number:text-is('{loan.asset}')")
