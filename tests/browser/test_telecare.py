"""A telecare install on a phone-sized Chromium: the stop cannot be closed before the alarm centre has heard."""

from __future__ import annotations

import json
import os
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from oauth2_provider.models import AccessToken
from playwright.sync_api import Page, expect

from equipment import clock
from equipment.models import ApiClient, Asset, Installation
from equipment.states import AssetState
from logistics import routes
from logistics.models import Visit
from tests import telecare_homes as homes
from tests.browser.test_driver import EXPECTED, TOO_SMALL, UNNAMED, phone, sign_in
from tests.county import BY, County, state_of
from tests.logistics.driver import rows
from tests.logistics.driver.rows import SEVEN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DONE = "Done: next stop"


class Home:
    """A hub and a pendant on the van to one door, and the alarm centre's own token."""

    def __init__(self, county: County) -> None:
        box = homes.hub(county, skill="telecare", fitting_minutes=15)
        self.hub, self.pendant = county.new(box), county.new(homes.pendant(county, name="Neck pendant"))
        door = rows.address(rows.person(county, "Ada", "Lane", "01632 960001"), "1 Hill Road")
        self.visit: Visit = rows.delivery(county, door, "HUB", "PENDANT")
        self.route = rows.plan(county, [self.visit])
        for asset in (self.hub, self.pendant):
            routes.load(self.route, scanned=asset.number, by=BY, at=SEVEN)
        routes.set_out(self.route, by=BY, at=SEVEN)
        self.driver = self.route.shift.crew.all()[0].user.get_username()
        application = county.client(county.provider)
        ApiClient.objects.filter(application=application).update(centre=homes.centre())
        self.token = uuid.uuid4().hex
        AccessToken.objects.create(
            application=application, token=self.token, scope="alarm", expires=timezone.now() + timedelta(hours=1)
        )

    def acknowledge(self, base: str, radio_id: str) -> int:
        """The centre says through the API that it heard."""
        said = {"account": "HB-4471", "radio_id": radio_id, "heard_by": "Jo Marlowe", "reference": f"C-{radio_id or 0}"}
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": uuid.uuid4().hex}
        headers["Content-Type"] = "application/json"
        asked = urllib.request.Request(f"{base}/api/v1/test-calls/", json.dumps(said).encode(), headers)
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return int(answer.status)


@pytest.fixture
def home(county: County, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setattr(clock, "now", lambda: SEVEN)
    made = Home(county)
    connection.close()
    yield made


def test_a_telecare_install_is_not_closed_before_the_centre_has_heard(home: Home, live_server: Any) -> None:
    """Rule 38: step by step on the driver's page; the centre acknowledges by API, and the page sees it by itself."""
    errors: list[str] = []
    with phone(live_server.url, errors) as page:
        sign_in(page, home.driver)
        page.goto(f"/driver/stops/{home.visit.reference}/")
        page.get_by_role("button", name="I have arrived").click()
        looks(page, "arrived")
        refused(page, "is not set up")
        set_up(page)
        refused(page, "is not programmed")
        looks(page, "pair")
        pair_programme_and_range(page)
        refused(page, "The alarm centre has not heard")
        looks(page, "calls")
        call(page, "Button")
        expect(page.get_by_text("Waiting for the alarm centre.")).to_be_visible()
        assert page.evaluate(UNNAMED) == []
        looks(page, "waiting")
        refused(page, "The alarm centre has not heard")
        with ThreadPoolExecutor(1) as centre:
            assert centre.submit(home.acknowledge, live_server.url, "").result() == 201
        expect(page.get_by_text("Heard by Jo Marlowe at 07:00: said by the alarm centre itself.")).to_be_visible()
        refused(page, "Pendant")
        call(page, "Pendant")
        page.get_by_text("They told you by voice").click()
        page.get_by_label("Name of who heard it at the alarm centre").fill("Ray")
        page.get_by_role("button", name="Heard", exact=True).click()
        expect(page.get_by_text("The alarm centre has heard every trigger.")).to_be_visible()
        looks(page, "heard")
        done(page)
        expect(page.get_by_role("status").first).to_contain_text("Stop 1 is done.")
    assert [error for error in errors if not error.startswith(EXPECTED)] == []
    assert Installation.objects.get().state == "live"
    assert [state_of(Asset.objects.get(pk=one.pk)) for one in (home.hub, home.pendant)] == [AssetState.ON_LOAN] * 2


def done(page: Page) -> None:
    page.get_by_label("Received by").fill("Ada")
    for label in ("Fitted and tried out", "Shown how it is used"):
        page.get_by_label(label).check()
    page.get_by_role("button", name=DONE).click()


def refused(page: Page, words: str) -> None:
    done(page)
    expect(page.get_by_role("alert")).to_contain_text(words)


def set_up(page: Page) -> None:
    expect(page.get_by_label("Alarm centre")).not_to_have_value("")
    page.get_by_label("Account number").fill("HB-4471")
    page.get_by_label("Line", exact=True).select_option(label="Broadband")
    page.get_by_label("Protocol").select_option("now_ip")
    page.get_by_role("button", name="Hub is set up").click()
    expect(page.get_by_role("status")).to_contain_text("is set up.")


def pair_programme_and_range(page: Page) -> None:
    expect(page.get_by_label("What it is").first).to_have_value("pendant")
    page.get_by_label("Radio id").first.fill("7788")
    page.get_by_label("Where it is, or who wears it").first.fill("neck")
    page.get_by_role("button", name="Paired", exact=True).first.click()
    expect(page.get_by_text("Everything you brought is paired.")).to_be_visible()
    page.get_by_role("button", name="Programmed").click()
    page.get_by_label("Where you tried it").fill("garden, bath")
    page.get_by_role("button", name="It works there").click()
    expect(page.get_by_text("Tried: garden, bath.")).to_be_visible()


def call(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Calling now: {name}").click()
    expect(page.get_by_role("status")).to_contain_text("Press it now")


def looks(page: Page, name: str) -> None:
    """It fits a phone and a thumb; kept as a picture where a folder for it is named."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate(TOO_SMALL) == [], name
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"telecare-{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})
