"""The route on paper, read back: words with pypdf, codes with zxing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from django.contrib.auth import get_user_model
from django.test import Client
from PIL import Image
from pypdf import PdfReader

from equipment.models import Address, Membership, Organisation, Person
from tests.county import County
from tests.logistics.driver import rows
from tests.logistics.driver.pages import text_of
from tests.logistics.driver.rows import Day

pytestmark = pytest.mark.django_db


def read(answer: Any) -> list[str]:
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(answer.content)).pages]


def staff(organisation: Organisation | None, *, is_staff: bool = True) -> Client:
    user = get_user_model().objects.create_user("clerk", is_staff=is_staff)
    if organisation:
        Membership.objects.create(user=user, organisation=organisation)
    client = Client()
    client.force_login(user)
    return client


def test_the_load_comes_first_then_the_stops_in_order(day: Day) -> None:
    words = " ".join(read(day.client.get(day.url("sheet.pdf"))))
    assert "Route sheet ZX26 VAN Wednesday 04 March 2026 · start 08:00 · 3 stops" in words
    marks = ("Load, last stop first", "Stop 1 · 09:00", "Stop 2 · 10:00", "Stop 3 · 11:20")
    found = [words.index(mark) for mark in marks]
    assert found == sorted(found)
    load = words[found[0] : found[1]]
    numbers = [day.commode.number, day.hoist.number, day.alarm.number]
    assert re.findall(r"\d{7}", load) == numbers
    assert words.index("Stop 2 received by") < words.index("Break 10:45 to 11:15") < found[3]


def test_letters_of_wales_and_poland_are_printed(day: Day) -> None:
    assert "Łucja Ŵyn-Ŷale" in read(day.client.get(day.url("sheet.pdf")))[0]


def test_a_stop_tells_what_is_needed_at_the_door(day: Day) -> None:
    words = " ".join(read(day.client.get(day.url("sheet.pdf"))))
    for line in (
        "1 Hill Road, Vale, ZX1 1AB",
        "Must be in place before the person comes home.",
        "Window 08:00 to 10:00",
        "Phone 01632 960001",
        "Getting in: Side gate, ring twice",
        "Key safe: yes, code on the phone, at the stop",
        f"☐ Bring: Telecare alarm, number {day.alarm.number}",
        "☐ Bring: 1 x Chair raisers",
        "☐ Make a test call from each trigger: the alarm centre must hear it.",
        "Bo O'Neill & Co",
        "☐ Two people: do not lift or fit this alone.",
        f"☐ Collect: Bed, number {day.bed.asset}",
        "Infection declared: ",
    ):
        assert line in words, line


def test_nothing_a_driver_need_not_know_is_on_paper(day: Day) -> None:
    answer = day.client.get(day.url("sheet.pdf"))
    words = " ".join(read(answer))
    assert not any(secret in words for secret in rows.SECRETS)
    properties = str(PdfReader(BytesIO(answer.content)).metadata)
    assert "Route sheet ZX26 VAN 04 Mar 2026" in properties
    assert "Łucja" not in properties
    assert answer["Content-Disposition"] == 'inline; filename="route-ZX26VAN-2026-03-04.pdf"'


def test_no_phone_number_where_a_person_has_died_and_a_rough_position_is_said(day: Day) -> None:
    Person.objects.filter(visits=day.stops[0].visit).update(died_on=rows.DAY.date())
    Address.objects.filter(visits=day.stops[1].visit).update(accuracy="sector")
    words = " ".join(read(day.client.get(day.url("sheet.pdf"))))
    assert "960001" not in words
    assert "Do not phone: speak to the depot first." in words
    assert "The position is approximate: use the address." in words


def test_it_says_when_it_was_printed_and_whether_it_may_still_change(day: Day) -> None:
    assert (
        "Printed Wed 04 Mar 07:00. Stops may still change: print again before you go."
        in read(day.client.get(day.url("sheet.pdf")))[0]
    )
    day.set_out()
    assert "may still change" not in read(day.client.get(day.url("sheet.pdf")))[0]


def test_a_closed_stop_says_so_and_no_longer_gives_the_number(day: Day) -> None:
    day.set_out()
    day.client.post(day.stop_url(1), {"move": "fail", "reason": "no_access", "note": "No answer."})
    words = " ".join(read(day.client.get(day.url("sheet.pdf"))))
    assert "Stop 1 · 09:00 · Could not do" in words
    assert "960001" not in words


def test_in_summer_it_shows_the_time_on_the_wall(day: Day) -> None:
    day.route.stops.filter(sequence=1).update(begin_at=datetime(2026, 7, 1, 9, 0, tzinfo=UTC))
    assert "Stop 1 · 10:00" in " ".join(read(day.client.get(day.url("sheet.pdf"))))
    assert "Stop 1 of 3 To do 10:00" in text_of(day.client.get(day.stop_url(1)))


def test_every_page_has_its_foot(day: Day) -> None:
    pages = read(day.client.get(day.url("sheet.pdf")))
    for number, page in enumerate(pages, start=1):
        assert "ZX26 VAN · Wed 04 Mar 2026 · Return this sheet to the depot." in page
        assert f"Page {number} of {len(pages)}" in page


def test_each_code_opens_its_stop_on_the_phone(day: Day) -> None:
    reader = PdfReader(BytesIO(day.client.get(day.url("sheet.pdf")).content))
    pictures = [Image.open(BytesIO(image.data)) for page in reader.pages for image in page.images]
    texts = [code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)]
    # A PDF lists its pictures by name, and a name is made from the picture: their order there says nothing.
    assert sorted(texts) == sorted(f"http://testserver{day.stop_url(number)}" for number in (1, 2, 3))
    assert day.client.get(texts[0]).status_code == 200


def test_a_stop_is_never_split_between_pages(day: Day) -> None:
    day.county.raisers(50)
    doors = []
    for number in range(14):
        door = rows.address(rows.person(day.county, "P", f"Door{number}", "01632 960100"), f"{number} Long Street")
        Address.objects.filter(pk=door.pk).update(access_notes="x " * (10 * number))
        doors.append(rows.delivery(day.county, door, "RAISER", discharge=False))
    route = rows.plan(day.county, doors, registration="ZX26 BIG")
    route.shift.crew.set([day.driver])
    pages = read(day.client.get(f"/driver/routes/{route.pk}/sheet.pdf"))
    assert len(pages) > 4
    for number in range(1, 15):
        heading = [n for n, page in enumerate(pages) if f"Stop {number} · " in page]
        last_line = [n for n, page in enumerate(pages) if f"Stop {number} received by:" in page]
        assert heading == last_line
        assert len(heading) == 1


def test_staff_of_the_provider_print_it_on_any_day(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    client = staff(day.county.provider)
    monkeypatch.setattr("equipment.clock.now", lambda: rows.TUESDAY)
    assert client.get(day.url("sheet.pdf")).status_code == 200
    assert day.client.get(day.url("sheet.pdf")).status_code == 404


@pytest.mark.parametrize(
    ("organisation", "is_staff"), [("other", True), ("council", True), ("", True), ("provider", False)]
)
def test_nobody_else_prints_it(day: Day, organisation: str, is_staff: bool) -> None:
    client = staff(getattr(day.county, organisation) if organisation else None, is_staff=is_staff)
    assert client.get(day.url("sheet.pdf")).status_code == 404


def test_it_is_behind_the_sign_in(county: County) -> None:
    assert Client().get("/driver/routes/1/sheet.pdf").status_code == 302
