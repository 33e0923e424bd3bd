"""Risk markers: a reason, a reviewer and a last day; encrypted, read on record, erased when they end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipment import markers, rotation
from equipment.duties import ASSISTANT, Actor
from equipment.errors import Invalid, Refused, StaleState
from equipment.models import Address, PersonEvent, RiskMarker, SecretView
from tests.county import BY, TUESDAY, County

pytestmark = pytest.mark.django_db

TODAY = TUESDAY.date()


@pytest.fixture
def door(county: County) -> Address:
    return county.address()


def warn(door: Address, detail: str = "zebra-dog", **given: Any) -> RiskMarker:
    asked = {"reason": "Told by a carer", "reviewer": "J. Depot", "expires_on": TODAY + timedelta(days=90)}
    kind = given.pop("kind", "dog")
    return markers.raise_marker(door, kind, detail, **{**asked, "by": BY, "at": TUESDAY, **given})


def read(door: Address, at: datetime = TUESDAY, **given: Any) -> list[str]:
    found = markers.read_markers(door, **{"by": BY, "at": at, "purpose": "visit 7", **given})
    return [danger.detail for danger in found]


def test_what_it_says_is_encrypted_and_reading_it_is_on_record(door: Address) -> None:
    """Rule 39: encrypted at rest; every view logged."""
    marker = warn(door)
    assert "zebra" not in marker.ciphertext
    assert read(door) == ["zebra-dog"]
    view = SecretView.objects.get()
    assert (view.kind, view.subject_id, view.by, view.purpose) == ("marker", door.pk, BY, "visit 7")
    assert PersonEvent.objects.get(verb="raise_marker").facts == {"marker": marker.pk, "kind": "dog"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "rude"),
        ("detail", " "),
        ("detail", "x" * 501),
        ("reason", ""),
        ("reviewer", " "),
        ("expires_on", TODAY - timedelta(days=1)),
        ("expires_on", TODAY + timedelta(days=366)),
    ],
)
def test_without_a_reason_a_reviewer_and_a_near_day_none_is_raised(door: Address, field: str, value: Any) -> None:
    """Rule 39: a marker needs reason, reviewer and expiry."""
    with pytest.raises(Invalid) as refused:
        warn(door, **{field: value})
    assert refused.value.facts["field"] == field
    assert not RiskMarker.objects.exists()
    assert not PersonEvent.objects.filter(verb="raise_marker").exists()


@pytest.mark.parametrize("days", [0, 365])
def test_the_first_and_the_last_day_that_may_be_chosen(door: Address, days: int) -> None:
    assert warn(door, expires_on=TODAY + timedelta(days=days)).expires_on == TODAY + timedelta(days=days)


def test_it_counts_on_its_last_day_by_the_clock_on_the_wall_and_not_after(door: Address) -> None:
    """Rule 39: time-limited. On 1 June at 23:30 UTC it is already 2 June in London."""
    warn(door, expires_on=date(2026, 6, 1))
    assert read(door, datetime(2026, 6, 1, 22, 59, tzinfo=UTC)) == ["zebra-dog"]
    assert read(door, datetime(2026, 6, 1, 23, 30, tzinfo=UTC)) == []
    assert SecretView.objects.count() == 1, "nothing was read the second time"


def test_the_sweep_ends_and_erases_what_is_past(door: Address) -> None:
    """Rule 39: what it said is gone; that it was there stays."""
    past, still = warn(door, expires_on=TODAY), warn(door, "loose wiring", kind="hazard")
    assert markers.expire(at=TUESDAY) == 0
    assert markers.expire(at=TUESDAY + timedelta(days=1)) == 1
    past.refresh_from_db()
    assert (past.ciphertext, past.ended_by, past.end_reason) == ("", "task:secrets", "Its day is past")
    assert read(door, TUESDAY + timedelta(days=1)) == ["loose wiring"]
    assert still.ended_at is None


def test_reviewed_it_counts_on_and_by_two_at_once_only_once(door: Address) -> None:
    marker, copy = warn(door), RiskMarker.objects.get()
    until = TODAY + timedelta(days=200)
    markers.review_marker(marker, expires_on=until, reviewer="K. Depot", by=BY, at=TUESDAY)
    with pytest.raises(StaleState):
        markers.review_marker(copy, expires_on=TODAY, by=BY, at=TUESDAY)
    marker.refresh_from_db()
    assert (marker.expires_on, marker.reviewer) == (until, "K. Depot")
    assert PersonEvent.objects.filter(verb="review_marker").count() == 1


def test_a_marker_past_its_day_is_raised_anew_not_revived(door: Address) -> None:
    marker, later = warn(door, expires_on=TODAY), TUESDAY + timedelta(days=2)
    with pytest.raises(StaleState):
        markers.review_marker(marker, expires_on=later.date(), by=BY, at=later)


def test_ended_it_is_erased_and_cannot_end_again(door: Address) -> None:
    marker = warn(door)
    markers.end_marker(marker, reason="The dog has gone", by=BY, at=TUESDAY)
    with pytest.raises(StaleState):
        markers.end_marker(RiskMarker.objects.get(), reason="Again", by=BY, at=TUESDAY)
    assert RiskMarker.objects.get().ciphertext == ""
    assert read(door) == []
    assert rotation.rotate().written["risk markers"] == 0


def test_a_text_moved_to_another_marker_is_not_read(door: Address, county: County) -> None:
    """Rule 39: also between two markers of one address."""
    first, second, other = warn(door), warn(door, "knives", kind="weapon"), warn(county.address())
    for marker in (second, other):
        kept = marker.ciphertext
        RiskMarker.objects.filter(pk=marker.pk).update(ciphertext=first.ciphertext)
        with pytest.raises(Refused) as refused:
            read(marker.address)
        assert refused.value.code == "secret_unreadable"
        RiskMarker.objects.filter(pk=marker.pk).update(ciphertext=kept)
    assert not SecretView.objects.exists()


def test_read_once_for_a_visit_it_is_noted_once_and_again_when_another_is_raised(door: Address) -> None:
    warn(door)
    for _ in range(3):
        read(door, once=True)
    assert SecretView.objects.count() == 1
    read(door, once=True, by="user:second")
    read(door, once=True, purpose="visit 8")
    assert SecretView.objects.count() == 3
    warn(door, "knives", kind="weapon", at=TUESDAY + timedelta(hours=1))
    assert read(door, TUESDAY + timedelta(hours=2), once=True) == ["zebra-dog", "knives"]
    assert SecretView.objects.count() == 4


def test_who_has_not_the_duty_neither_raises_nor_reads(door: Address) -> None:
    """Rule 39: least privilege."""
    warn(door)
    assistant = Actor("user:a", ASSISTANT)
    for verb in (lambda: warn(door, by=assistant), lambda: read(door, by=assistant)):
        with pytest.raises(Refused) as refused:
            verb()
        assert refused.value.code == "not_your_duty"
    assert (RiskMarker.objects.count(), SecretView.objects.count()) == (1, 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(-3, 400), st.integers(0, 500))
def test_no_marker_is_ever_in_force_beyond_its_days(length: int, later: int) -> None:
    """Rule 39: whatever is asked for, nothing counts after its day, nor longer than MARKER_DAYS."""
    until = TODAY + timedelta(days=length)
    try:
        markers._within(until, TUESDAY)
    except Invalid:
        assert not 0 <= length <= 365
        return
    assert 0 <= length <= 365
    marker = RiskMarker(expires_on=until)
    assert (marker.expires_on >= TODAY + timedelta(days=later)) == (later <= length)
