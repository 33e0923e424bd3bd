"""How long a door's secrets are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from equipment import loans, markers, secrets
from equipment.models import Address, KeySafeCode, Loan, Person, PersonEvent, RiskMarker
from logistics import locks, secrets_kept, tasks
from logistics.models import Discharge, Visit
from tests.county import BY, LONG_AGO, TUESDAY, County

pytestmark = pytest.mark.django_db

KEPT = timedelta(days=30)
SECOND = timedelta(seconds=1)


def with_secrets(door: Address) -> Address:
    secrets.set_code(door, "4071X", by=BY, at=LONG_AGO)
    given: dict[str, Any] = {
        "reason": "Seen",
        "reviewer": "J. Depot",
        "expires_on": TUESDAY.date() + timedelta(days=90),
    }
    markers.raise_marker(door, "dog", "zebra-dog", by=BY, at=LONG_AGO, **given)
    return door


def kept(door: Address) -> bool:
    code = KeySafeCode.objects.filter(address=door).exists()
    warning = RiskMarker.objects.filter(address=door).exclude(ciphertext="").exists()
    assert code == warning
    return code


@pytest.fixture
def door(county: County) -> Address:
    return with_secrets(county.address())


def test_thirty_days_after_the_code_was_set_and_nothing_came_of_it_it_is_erased(door: Address) -> None:
    """Rule 39: time-limited; erased, and on record that it was."""
    assert secrets_kept.purge(at=LONG_AGO + KEPT - SECOND) == 0
    assert kept(door)
    assert secrets_kept.purge(at=LONG_AGO + KEPT) == 1
    assert not kept(door)
    verbs = PersonEvent.objects.filter(by="task:secrets").values_list("verb", flat=True)
    assert sorted(verbs) == ["clear_key_safe", "end_marker"]
    assert secrets_kept.purge(at=LONG_AGO + KEPT) == 0


def test_while_anything_is_on_loan_there_it_is_kept(county: County, door: Address) -> None:
    loan = county.on_loan(county.commode(), door.person)
    Loan.objects.filter(pk=loan.pk).update(address=door)
    assert secrets_kept.purge(at=TUESDAY) == 0
    Loan.objects.filter(pk=loan.pk).update(ended_at=TUESDAY - KEPT + SECOND)
    assert secrets_kept.purge(at=TUESDAY) == 0
    assert secrets_kept.purge(at=TUESDAY + SECOND) == 1


def test_while_a_discharge_is_expected_or_a_visit_is_to_be_made_it_is_kept(county: County, door: Address) -> None:
    discharge = county.discharge(address=door)
    assert secrets_kept.purge(at=TUESDAY + 2 * KEPT) == 0
    Discharge.objects.filter(pk=discharge.pk).update(state="cancelled")
    Visit.objects.create(
        organisation=county.council, store=county.store, person=door.person, address=door, raised_at=LONG_AGO
    )
    assert secrets_kept.purge(at=TUESDAY + 2 * KEPT) == 0
    Visit.objects.update(state="done", left_at=TUESDAY)
    assert secrets_kept.purge(at=TUESDAY + KEPT - SECOND) == 0
    assert secrets_kept.purge(at=TUESDAY + KEPT) == 1


def test_while_something_is_ordered_or_reserved_it_is_kept(county: County, door: Address) -> None:
    """Rule 39: an order that waits for stock has neither visit nor reservation yet."""
    county.commode()
    discharge = county.discharge(address=door)
    county.order(discharge, "COMMODE")
    Discharge.objects.filter(pk=discharge.pk).update(state="cancelled")
    assert secrets_kept.purge(at=TUESDAY + 2 * KEPT) == 0


@pytest.mark.parametrize("gone", ["died", "merged"])
def test_where_nobody_lives_any_more_it_is_erased_at_once_but_not_before_the_kit_is_fetched(
    county: County, door: Address, gone: str
) -> None:
    """Rule 39: the crew that fetches it still needs to get in."""
    loan = county.on_loan(county.commode(), door.person)
    Loan.objects.filter(pk=loan.pk).update(address=door)
    fields = {"died_on": TUESDAY.date()} if gone == "died" else {"merged_into": county.person()}
    Person.objects.filter(pk=door.person_id).update(**fields)
    assert secrets_kept.purge(at=TUESDAY) == 0
    loan.refresh_from_db()
    loans.collect(loan, vehicle="VAN", by=BY, at=TUESDAY)
    assert secrets_kept.purge(at=TUESDAY) == 1
    assert not kept(door)


def test_the_sweep_is_a_task(door: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("equipment.clock.now", lambda: LONG_AGO + KEPT)
    assert tasks.forget_secrets() == 1


def test_a_code_set_while_the_sweep_runs_is_kept(door: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 39: what the sweep found idle is looked at again before it is erased."""
    hold = locks.address

    def slowly(pk: int) -> None:
        monkeypatch.setattr(locks, "address", hold)
        secrets.set_code(door, "5182Y", by=BY, at=LONG_AGO + 2 * KEPT)
        hold(pk)

    monkeypatch.setattr(locks, "address", slowly)
    assert secrets_kept.purge(at=LONG_AGO + 2 * KEPT) == 0
    assert kept(door)
