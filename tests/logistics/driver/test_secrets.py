"""A door's secrets on the phone: whose, when, how often, and what is left of them."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from equipment import clock, markers, secrets
from equipment.models import Address, KeySafeCode, Membership, SecretView
from logistics.models import Route, Visit
from tests.county import BY, TUESDAY
from tests.logistics.driver import rows
from tests.logistics.driver.pages import text_of
from tests.logistics.driver.rows import Day

pytestmark = pytest.mark.django_db

CODE, DETAIL = "4071X", "zebra-dog"
BUTTON = "Show the key-safe code"
HINT = "Ask the depot before you go in."


@pytest.fixture
def out(day: Day) -> Day:
    """Seven o'clock: the van is out; the first door's window is eight to ten, the second's nine to eleven."""
    for number in (1, 2):
        secrets.set_code(door(day, number), CODE, by=BY, at=TUESDAY)
    until = rows.DAY.date() + timedelta(days=30)
    given: dict[str, Any] = {"reason": "Told by a carer", "reviewer": "J. Depot", "expires_on": until}
    markers.raise_marker(door(day, 1), "dog", DETAIL, by=BY, at=TUESDAY, **given)
    day.set_out()
    return day


def door(day: Day, number: int) -> Address:
    return Address.objects.get(visits=day.stops[number - 1].visit)


def ask(day: Day, number: int, client: Client | None = None) -> Any:
    return (client or day.client).post(f"{day.stop_url(number)}key-safe/")


def page(day: Day, number: int) -> str:
    return text_of(day.client.get(day.stop_url(number)))


def views(kind: str) -> list[tuple[int, str, str]]:
    return list(SecretView.objects.filter(kind=kind).values_list("subject_id", "by", "purpose"))


def at(monkeypatch: pytest.MonkeyPatch, **later: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: rows.SEVEN + timedelta(**later))


def test_in_its_time_the_crew_is_shown_the_code_and_every_time_is_on_record(out: Day) -> None:
    """Rule 39: shown to the crew of that stop in its window; each view logged with the visit, never with the code."""
    assert BUTTON in page(out, 1)
    assert CODE not in page(out, 1)
    for _ in range(2):
        answer = ask(out, 1)
        assert answer.status_code == 200
        assert CODE in text_of(answer)
    visit = out.visit(1)
    by = f"user:{out.driver.user.get_username()}"
    assert views("key_safe") == [(visit.address_id, by, f"visit {visit.reference}")] * 2


def test_what_is_shown_stays_nowhere(out: Day) -> None:
    """Rule 39: not in a cache, an address, a session or a message; off the page after a minute."""
    answer = ask(out, 1)
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["Refresh"] == f"60;url={out.stop_url(1)}"
    assert "driver/secret.js" in answer.content.decode()
    assert CODE not in str(answer.cookies) + str(dict(out.client.session)) + str(list(answer.context["messages"]))
    assert CODE not in page(out, 1)


def test_a_get_shows_nothing(out: Day) -> None:
    """Rule 39: a link, a reload or a preview is no reading."""
    answer = out.client.get(f"{out.stop_url(1)}key-safe/")
    assert (answer.status_code, answer["Location"]) == (302, out.stop_url(1))
    assert not SecretView.objects.filter(kind="key_safe").exists()


def test_a_post_from_another_site_is_refused(out: Day) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(out.driver.user)
    assert ask(out, 1, strict).status_code == 403
    assert not SecretView.objects.exists()


def test_before_its_time_there_is_a_hint_and_no_content(out: Day, caplog: pytest.LogCaptureFixture) -> None:
    """Rule 39: the second door opens at nine, its secrets an hour before. A refused try is noted, without content."""
    shown = page(out, 2)
    assert BUTTON not in shown
    assert "Key-safe code: This is shown from 08:00 on Wednesday" in shown
    with caplog.at_level(logging.INFO):
        answer = ask(out, 2)
    assert answer.status_code == 409
    assert 'data-code="too_early"' in answer.content.decode()
    assert CODE not in answer.content.decode() + caplog.text
    assert f"visit {out.visit(2).pk}: too_early" in caplog.text
    assert not SecretView.objects.filter(kind="key_safe").exists()


def test_after_its_time_it_is_gone(out: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 39: ten and two hours are noon."""
    at(monkeypatch, hours=5, seconds=1)
    assert ask(out, 1).status_code == 409
    shown = page(out, 1)
    assert DETAIL not in shown
    assert HINT in shown


def test_once_arrived_it_is_shown_also_early(out: Day) -> None:
    out.client.post(out.stop_url(2), {"move": "arrive"})
    assert CODE in text_of(ask(out, 2))


def test_when_the_stop_is_closed_it_is_gone(out: Day) -> None:
    """Rule 39: done or failed, the page shows neither button nor danger, and a kept page cannot ask again."""
    out.client.post(out.stop_url(1), {"move": "fail", "reason": "no_access", "note": "No answer."})
    shown = page(out, 1)
    assert not any(words in shown for words in (BUTTON, DETAIL, HINT))
    answer = ask(out, 1)
    assert (answer.status_code, CODE in answer.content.decode()) == (409, False)
    assert not SecretView.objects.filter(kind="key_safe").exists()


def test_before_the_van_sets_out_and_after_it_is_back_nothing_is_shown(out: Day) -> None:
    """Rule 39: drivers lose access at day end."""
    for state in ("loading", "finished"):
        Route.objects.update(state=state)
        assert ask(out, 1).status_code == 409
        assert DETAIL not in page(out, 1)
    assert not SecretView.objects.exists()


def test_on_another_day_the_stop_does_not_exist(out: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 39: yesterday's crew, its route finished; and one still out, whose time is over."""
    at(monkeypatch, days=1)
    assert ask(out, 1).status_code == 409
    Visit.objects.filter(pk=out.visit(1).pk).update(state="arrived", arrived_at=rows.SEVEN)
    assert ask(out, 1).status_code == 409
    Route.objects.update(state="finished")
    assert ask(out, 1).status_code == 404
    assert not SecretView.objects.exists()


def test_another_driver_and_the_office_find_nothing(out: Day, caplog: pytest.LogCaptureFixture) -> None:
    """Rule 39: least privilege; the try is noted, and no reading."""
    another, office = Client(), Client()
    another.force_login(out.county.driver().user)
    clerk = get_user_model().objects.create_user("clerk", is_staff=True, is_superuser=True)
    Membership.objects.create(user=clerk, organisation=out.county.provider)
    office.force_login(clerk)
    for client, status in ((another, 404), (office, 403), (Client(), 302)):
        answer = ask(out, 1, client)
        assert (answer.status_code, CODE in answer.content.decode()) == (status, False)
    assert caplog.text.count("A key-safe code was refused to user") == 2
    assert CODE not in caplog.text
    assert not SecretView.objects.exists()


def test_who_was_taken_off_the_crew_is_refused(out: Day) -> None:
    driver = out.driver
    out.route.shift.crew.remove(driver)
    assert ask(out, 1).status_code == 404


def test_a_danger_is_on_the_page_in_its_time_and_noted_once_for_each_of_the_crew(out: Day) -> None:
    """Rule 39: markers concern the approach, so they wait for no button; each of the crew is on record."""
    visit = out.visit(1)
    for _ in range(3):
        assert f"Before you go in Dog: {DETAIL}" in page(out, 1)
    second = out.county.driver()
    out.route.shift.crew.add(second)
    mate = Client()
    mate.force_login(second.user)
    mate.get(out.stop_url(1))
    assert sorted(by for _, by, _ in views("marker")) == sorted(
        f"user:{person.user.get_username()}" for person in (out.driver, second)
    )
    assert {purpose for _, _, purpose in views("marker")} == {f"visit {visit.reference}"}
    assert HINT not in page(out, 2)


def test_a_danger_past_its_day_is_neither_shown_nor_hinted_at(out: Day) -> None:
    door(out, 1).markers.update(expires_on=TUESDAY.date())
    shown = page(out, 1)
    assert not any(words in shown for words in (DETAIL, HINT))


def test_what_cannot_be_read_says_whom_to_ring_and_leaves_no_trace(out: Day) -> None:
    """Rule 39: a broken token is refused in words, and the danger is not passed over in silence."""
    KeySafeCode.objects.update(ciphertext="broken")
    door(out, 1).markers.update(ciphertext="broken")
    answer = ask(out, 1)
    assert answer.status_code == 409
    assert "It is on record but cannot be read" in text_of(answer)
    shown = page(out, 1)
    assert "It is on record but cannot be read" in shown
    assert HINT in shown
    assert not SecretView.objects.exists()


def test_a_key_safe_without_a_code_on_record_sends_the_crew_to_the_depot(out: Day) -> None:
    secrets.clear_code(door(out, 1), by=BY, at=TUESDAY)
    shown = page(out, 1)
    assert BUTTON not in shown
    assert "Key safe Yes: call the depot for the code" in shown
    assert ask(out, 1).status_code == 404
