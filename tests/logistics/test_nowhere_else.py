"""A code and a danger are shown at the door and by the verb that reads them. All else is searched for them here."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import serializers
from django.test import Client
from pypdf import PdfReader

from equipment import markers, secrets
from equipment.models import Address, AssetEvent, PersonEvent, SecretView
from equipment.roles import STORE_MANAGERS
from logistics import handover
from logistics.models import Event
from tests.api.conftest import Api
from tests.county import BY, TUESDAY, County
from tests.equipment.admin.rows import signed_in, user
from tests.logistics.driver import rows
from tests.logistics.driver.rows import Day

pytestmark = pytest.mark.django_db

CODE, DETAIL = "4071X", "zebra-dog"
PURPOSE = "Crew at the door"


@pytest.fixture
def day(county: County, monkeypatch: pytest.MonkeyPatch) -> Day:
    monkeypatch.setattr("equipment.clock.now", lambda: rows.SEVEN)
    return rows.build(county)


@pytest.fixture
def door(day: Day) -> Address:
    """The first stop's door, whose code has come by API and whose danger by the office; both read on the way."""
    return Address.objects.get(visits=day.stops[0].visit)


def found_in(text: str) -> bool:
    return CODE in text or "zebra" in text


def tell(day: Day, door: Address) -> Client:
    """Everybody who may, writes and reads: API, office, crew. Then the route is driven to its end."""
    api = Api(day.county, day.county.council, "discharge")
    assert api.post(f"addresses/{door.reference}/key-safe/", {"code": CODE}).status_code == 200
    office = signed_in(user("mo", day.county.provider, STORE_MANAGERS))
    raised = {"kind": "dog", "detail": DETAIL, "reason": "Told by a carer", "reviewer": "J. Depot"}
    until = (rows.DAY + timedelta(days=30)).date().isoformat()
    office.post(f"/admin/equipment/address/{door.pk}/do/raise-marker/", raised | {"expires_on": until})
    day.set_out()
    stop = day.stop_url(1)
    assert DETAIL in day.client.get(stop).content.decode()
    assert CODE in day.client.post(f"{stop}key-safe/").content.decode()
    shown = office.post(f"/admin/equipment/address/{door.pk}/do/read-code/", {"purpose": PURPOSE})
    assert CODE in shown.content.decode()
    day.client.post(stop, {"move": "fail", "reason": "no_access", "note": "No answer."})
    return office


def answers(day: Day, door: Address, office: Client) -> Iterator[tuple[str, str]]:
    """Pages and files, each with its name."""
    api = Api(day.county, day.county.provider, "discharge store", may_run_store=True)
    visit, person = day.visit(1), door.person
    for path in (
        f"addresses/{door.reference}/",
        f"addresses/{door.reference}/markers/",
        f"people/{person.reference}/",
        f"people/{person.reference}/loans/",
        f"visits/{visit.reference}/",
        "visits/",
        "orders/",
        "discharges/",
        "readiness/",
        "routes/",
        "assets/",
    ):
        yield path, _text(api.get(path))
    for page in (
        f"equipment/address/{door.pk}/change/",
        f"equipment/address/{door.pk}/history/",
        "equipment/address/",
        f"equipment/person/{person.pk}/change/",
        "equipment/riskmarker/",
        f"equipment/riskmarker/{door.markers.all()[0].pk}/change/",
        "equipment/secretview/",
        f"logistics/visit/{visit.pk}/change/",
        f"equipment/asset/{day.alarm.pk}/change/",
    ):
        yield page, _text(office.get(f"/admin/{page}"))
    for page in (day.url(), day.stop_url(1), day.stop_url(2), "/driver/"):
        yield page, _text(day.client.get(page))
    pdf = PdfReader(BytesIO(day.client.get(day.url("sheet.pdf")).content))
    yield "the sheet", " ".join(page.extract_text() for page in pdf.pages) + str(pdf.metadata)
    packed = BytesIO()
    handover.write(day.county.council, packed, at=rows.SEVEN)
    files = ZipFile(packed)
    for name in files.namelist():
        yield name, files.read(name).decode()


def _text(answer: Any) -> str:
    assert answer.status_code == 200, answer.request["PATH_INFO"]
    return str(answer.content.decode())


def kept() -> Iterator[tuple[str, str]]:
    """Every row of every table, sessions opened."""
    for model in apps.get_models():
        for row in model._default_manager.all():
            yield f"{model.__name__} {row.pk}", serializers.serialize("json", [row])
    for session in Session.objects.all():
        yield "a session", json.dumps(session.get_decoded(), default=str)


def test_no_page_file_table_or_log_says_the_code_or_the_danger(
    day: Day, door: Address, caplog: pytest.LogCaptureFixture
) -> None:
    """Rule 39: after all have written and read them: sheet, hand-over, API, admin, events, sessions, retries, logs."""
    with caplog.at_level(logging.DEBUG):
        office = tell(day, door)
        said = dict(answers(day, door, office))
    assert [name for name, text in said.items() if found_in(text)] == []
    assert all(text for text in said.values())
    assert [name for name, text in kept() if found_in(text)] == []
    assert not found_in(caplog.text)
    assert not found_in(str(office.cookies) + str(day.client.cookies))
    assert len(said["addresses.csv"].splitlines()) > 1, "the hand-over was not empty"


def test_all_that_is_known_of_the_readings_is_who_what_when_and_why(day: Day, door: Address) -> None:
    """Rule 39: three readings, each on record."""
    tell(day, door)
    crew, purpose = f"user:{day.driver.user.get_username()}", f"visit {day.visit(1).reference}"
    assert sorted(SecretView.objects.values_list("kind", "by", "purpose", "subject_id")) == sorted(
        [
            ("key_safe", crew, purpose, door.pk),
            ("key_safe", "user:mo", PURPOSE, door.pk),
            ("marker", crew, purpose, door.pk),
        ]
    )


def test_events_name_what_was_done_and_never_what_it_says(day: Day, door: Address) -> None:
    """Rule 39, rule 40."""
    secrets.set_code(door, CODE, by=BY, at=TUESDAY)
    given: dict[str, Any] = {"reason": "Seen", "reviewer": "J. Depot", "expires_on": rows.DAY.date()}
    marker = markers.raise_marker(door, "dog", DETAIL, by=BY, at=TUESDAY, **given)
    facts = {event.verb: event.facts for event in PersonEvent.objects.filter(person=door.person)}
    assert facts["set_key_safe"] == {"address": door.pk}
    assert facts["raise_marker"] == {"marker": marker.pk, "kind": "dog"}
    everything = [*AssetEvent.objects.values_list("facts", "reason"), *Event.objects.values_list("facts", "reason")]
    assert DETAIL not in str(everything)
