"""Signing in, and the day at a glance."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from equipment import clock
from logistics import routes
from tests.county import BY, County
from tests.logistics.driver import rows
from tests.logistics.driver.pages import text_of
from tests.logistics.driver.rows import Day

pytestmark = pytest.mark.django_db


def test_nobody_comes_in_without_signing_in(county: County) -> None:
    answer = Client().get("/driver/")
    assert answer.status_code == 302
    assert answer["Location"] == "/driver/sign-in/?next=/driver/"


def test_a_driver_signs_in_and_out(day: Day) -> None:
    user = day.driver.user
    user.set_password("a long password")
    user.save()
    client = Client()
    wrong = client.post("/driver/sign-in/", {"username": user.username, "password": "no"})
    assert "User name or password is wrong." in text_of(wrong)
    right = client.post("/driver/sign-in/", {"username": user.username, "password": "a long password"})
    assert (right.status_code, right["Location"]) == (302, "/driver/")
    assert client.get("/driver/sign-out/").status_code == 405
    assert client.post("/driver/sign-out/")["Location"] == "/driver/sign-in/"
    assert client.get("/driver/").status_code == 302


def test_the_day_at_a_glance(day: Day) -> None:
    shown = text_of(day.client.get("/driver/"))
    assert f"Good day, {day.driver.name} Wednesday 4 March 2026" in shown
    assert f"Van ZX26 VAN Planned, may change Crew {day.driver.name} Start 08:00 Stops 3" in shown
    assert "First door 08:00 to 10:00 0 of 3 stops closed" in shown
    assert "Load list First stop: 1 All stops Print sheet (PDF)" in shown


def test_on_the_road_it_leads_to_the_next_stop(day: Day) -> None:
    day.set_out()
    page = day.client.get("/driver/")
    assert "On the road" in text_of(page)
    assert "Next stop: 1 All stops" in text_of(page)
    assert day.stop_url(1) in page.content.decode()


def test_no_route_is_said_plainly(county: County, seven: None) -> None:
    client = Client()
    client.force_login(county.driver().user)
    assert "No route for you today Nothing is planned for you today." in text_of(client.get("/driver/"))


def test_tomorrow_has_no_names_and_no_addresses(day: Day) -> None:
    door = rows.address(rows.person(day.county, "Zoe", "Tomorrow", "01632 960009"), "9 Far Lane")
    visit = rows.delivery(day.county, door, "RAISER", discharge=False)
    later = rows.plan(day.county, [visit], day=rows.DAY + timedelta(days=1))
    later.shift.crew.set([day.driver])
    shown = text_of(day.client.get("/driver/"))
    assert "Tomorrow 1 stop from 08:00 with van ZX26 VAN. May still change." in shown
    assert "Zoe" not in shown
    assert "9 Far Lane" not in shown
    for address in (f"/driver/routes/{later.pk}/", f"/driver/stops/{visit.reference}/"):
        assert day.client.get(address).status_code == 404


def test_a_route_still_out_from_yesterday_is_shown_until_it_is_finished(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: rows.SEVEN + timedelta(days=1))
    assert day.client.get(day.url()).status_code == 404
    day.set_out()
    assert day.client.get(day.url()).status_code == 200
    assert "Wed 4 Mar, 08:00" in text_of(day.client.get("/driver/"))


def test_a_user_who_is_no_driver_is_told_so(day: Day) -> None:
    client = Client()
    client.force_login(get_user_model().objects.create_user("office"))
    for address in ("/driver/", day.url(), day.stop_url(1)):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "You are not set up as a driver" in text_of(answer)
        assert "Łucja" not in text_of(answer)


def test_what_belongs_to_another_crew_does_not_exist(day: Day) -> None:
    other = Client()
    other.force_login(day.county.driver().user)
    day.set_out()
    addresses = [day.url(page) for page in ("", "load/", "finish/", "sheet.pdf")] + [day.stop_url(1)]
    for address in addresses:
        answer = other.get(address)
        assert answer.status_code == 404, address
        assert "There is nothing here for you" in text_of(answer)
    posted = other.post(day.stop_url(1), {"move": "arrive"})
    assert (posted.status_code, day.visit(1).state) == (404, "out")
    assert other.post(day.url("finish/")).status_code == 404


def test_no_page_is_kept_in_a_cache_and_no_title_names_anybody(day: Day) -> None:
    day.set_out()
    addresses = ["/driver/", "/driver/sign-in/", *(day.url(p) for p in ("", "load/", "finish/", "sheet.pdf"))]
    for address in [*addresses, *(day.stop_url(number) for number in (1, 2, 3)), "/driver/routes/0/"]:
        answer = day.client.get(address)
        assert answer["Cache-Control"] == "no-store, private", address
        page = answer.content.decode(errors="ignore")
        assert "Łucja" not in page.partition("<title>")[2].partition("</title>")[0]
        assert not any(secret in page for secret in rows.SECRETS), address


def test_routes_that_nobody_planned_stops_for_are_not_shown(day: Day) -> None:
    empty = rows.plan(day.county, [], registration="ZX26 NIL")
    empty.shift.crew.set([day.driver])
    assert "ZX26 NIL" not in text_of(day.client.get("/driver/"))


def test_a_finished_route_says_so(day: Day) -> None:
    day.set_out()
    for number in (1, 2, 3):
        day.client.post(day.stop_url(number), {"move": "fail", "reason": "breakdown", "note": "Van. Depot called."})
    routes.finish(day.route, by=BY, at=rows.SEVEN)
    assert "Finished" in text_of(day.client.get("/driver/"))
    assert "This route is finished." in text_of(day.client.get(day.url("finish/")))
