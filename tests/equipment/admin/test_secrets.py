"""Key-safe codes and risk markers in the admin: for few, for a purpose, once, on record."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from equipment import markers, secrets
from equipment.models import Address, KeySafeCode, Organisation, RiskMarker, SecretView
from equipment.roles import DISCHARGE_TEAM, FLOOR_GROUPS, STORE_MANAGERS
from tests.county import BY, TUESDAY, County
from tests.equipment.admin.rows import signed_in, user

pytestmark = pytest.mark.django_db

CODE, DETAIL = "4071X", "zebra-dog"
RAISED = {
    "kind": "dog",
    "detail": DETAIL,
    "reason": "Told by a carer",
    "reviewer": "J. Depot",
    "expires_on": "2026-06-01",
}


@pytest.fixture
def door(county: County) -> Address:
    found = county.address()
    secrets.set_code(found, CODE, by=BY, at=TUESDAY)
    return found


@pytest.fixture
def manager(county: County) -> Client:
    return signed_in(user("mo", county.provider, STORE_MANAGERS))


def at(door: Address, verb: str = "") -> str:
    return f"/admin/equipment/address/{door.pk}/" + (f"do/{verb}/" if verb else "change/")


def marker_at(marker: RiskMarker, verb: str = "") -> str:
    return f"/admin/equipment/riskmarker/{marker.pk}/" + (f"do/{verb}/" if verb else "change/")


def raised(door: Address) -> RiskMarker:
    given: dict[str, Any] = {**RAISED, "expires_on": date(2026, 6, 1)}
    return markers.raise_marker(door, given.pop("kind"), given.pop("detail"), by=BY, at=TUESDAY, **given)


def test_the_office_reads_a_code_for_a_purpose_once_and_on_record(door: Address, manager: Client) -> None:
    """Rule 39: in the answer to the POST and nowhere else; logged."""
    assert "Read the key-safe code" in manager.get(at(door)).content.decode()
    assert CODE not in manager.get(at(door, "read-code")).content.decode()
    answer = manager.post(at(door, "read-code"), {"purpose": "Route ZX26, stop 3"})
    assert answer.status_code == 200
    assert CODE in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert CODE not in str(answer.cookies) + str(dict(manager.session))
    view = SecretView.objects.get()
    assert (view.subject_id, view.by, view.purpose) == (door.pk, "user:mo", "Route ZX26, stop 3")
    after = manager.get(at(door)).content.decode()
    assert CODE not in after
    assert not LogEntry.objects.filter(change_message__contains=CODE).exists()


def test_without_a_purpose_it_is_not_read(door: Address, manager: Client) -> None:
    for purpose in ("", f"code {CODE}"):
        answer = manager.post(at(door, "read-code"), {"purpose": purpose})
        assert answer.status_code in (400, 409)
        assert "<strong>" + CODE not in answer.content.decode()
    assert not SecretView.objects.exists()


def test_the_office_sets_and_forgets_a_code(door: Address, manager: Client) -> None:
    """Rule 39: the message afterwards does not say it."""
    answer = manager.post(at(door, "set-code"), {"code": "88*88"}, follow=True)
    assert "The code is stored." in answer.content.decode()
    assert "88*88" not in answer.content.decode() + str(dict(manager.session)) + str(manager.cookies)
    assert secrets.read_code(door, by=BY, at=TUESDAY, purpose="a test") == "88*88"
    assert manager.post(at(door, "set-code"), {"code": "1"}).status_code == 409
    manager.post(at(door, "clear-code"))
    assert not KeySafeCode.objects.exists()
    assert "Read the key-safe code" not in manager.get(at(door)).content.decode()


@pytest.mark.parametrize(
    ("groups", "may"), [((STORE_MANAGERS,), True), ((DISCHARGE_TEAM,), True), (FLOOR_GROUPS, False)]
)
def test_only_managers_and_coordinators_may(county: County, door: Address, groups: tuple[str, ...], may: bool) -> None:
    """Rule 39: least privilege."""
    marker = raised(door)
    client = signed_in(user("sam", county.provider, *groups))
    assert (client.post(at(door, "read-code"), {"purpose": "Stop 3"}).status_code == 200) == may
    assert (client.post(marker_at(marker, "read"), {"purpose": "Stop 3"}).status_code == 200) == may
    assert (client.get("/admin/equipment/secretview/").status_code == 200) == may
    assert (client.get("/admin/equipment/riskmarker/").status_code == 200) == may
    assert SecretView.objects.count() == 2 * may


def test_another_organisations_secrets_do_not_exist(county: County, door: Address) -> None:
    """Rule 39: scope holds for the code, the marker and the record of who read them."""
    marker = raised(door)
    secrets.read_code(door, by=BY, at=TUESDAY, purpose="Stop 99")
    elsewhere = Organisation.objects.get(code="elsewhere")
    client = signed_in(user("eve", elsewhere, STORE_MANAGERS))
    assert client.post(at(door, "read-code"), {"purpose": "Stop 3"}).status_code == 404
    assert client.post(marker_at(marker, "read"), {"purpose": "Stop 3"}).status_code == 404
    for page in ("riskmarker", "secretview"):
        listed = client.get(f"/admin/equipment/{page}/").content.decode()
        assert not any(words in listed for words in (door.postcode, "Stop 99"))
    assert SecretView.objects.count() == 1


def test_a_marker_is_raised_read_kept_and_ended(door: Address, manager: Client) -> None:
    """Rule 39: reason, reviewer and last day are asked for; what it says is on no page that was not asked for."""
    answer = manager.post(at(door, "raise-marker"), RAISED, follow=True)
    marker = RiskMarker.objects.get()
    assert (marker.kind, str(marker.expires_on), marker.raised_by) == ("dog", "2026-06-01", "user:mo")
    pages = [answer, manager.get(marker_at(marker)), manager.get("/admin/equipment/riskmarker/")]
    assert not any(DETAIL in page.content.decode() for page in pages)

    shown = manager.post(marker_at(marker, "read"), {"purpose": "A carer rang"})
    assert DETAIL in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert SecretView.objects.get().purpose == "A carer rang"

    manager.post(marker_at(marker, "review"), {"expires_on": "2026-09-01", "reviewer": "K. Depot"})
    marker.refresh_from_db()
    assert (str(marker.expires_on), marker.reviewer) == ("2026-09-01", "K. Depot")
    late = manager.post(marker_at(marker, "review"), {"expires_on": "2028-09-01", "reviewer": "K. Depot"})
    assert "365 days from now at the latest" in late.content.decode()

    manager.post(marker_at(marker, "end"), {"reason": "The dog has gone"})
    marker.refresh_from_db()
    assert (marker.ciphertext, marker.end_reason) == ("", "The dog has gone")
    assert "Read what it says" not in manager.get(marker_at(marker)).content.decode()


@pytest.mark.parametrize("left_out", ["detail", "reason", "reviewer", "expires_on"])
def test_a_marker_without_one_of_them_is_not_raised(door: Address, manager: Client, left_out: str) -> None:
    """Rule 39: a marker needs reason, reviewer and expiry."""
    assert manager.post(at(door, "raise-marker"), RAISED | {left_out: ""}).status_code == 400
    assert not RiskMarker.objects.exists()


def test_the_record_of_readings_lists_who_what_and_why_in_few_reads(
    county: County, door: Address, manager: Client, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        secrets.read_code(door, by=f"user:d{n}", at=TUESDAY, purpose=f"visit {n}")
    manager.get("/admin/equipment/secretview/")
    with django_assert_max_num_queries(9):
        listed = manager.get("/admin/equipment/secretview/").content.decode()
    assert "visit 11" in listed
    assert f"Address {door.pk} {door.postcode}" in listed
    assert manager.post(f"/admin/equipment/secretview/{SecretView.objects.first().pk}/change/").status_code == 403  # type: ignore[union-attr]
