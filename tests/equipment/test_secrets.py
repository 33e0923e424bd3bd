"""Key-safe codes at rest: encrypted, bound to their row, read on record only, and carried to a new key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError

from equipment import rotation, sealing, secrets
from equipment.duties import ASSISTANT, COORDINATOR, MANAGER, Actor
from equipment.errors import DomainError, Invalid, Missing, Refused
from equipment.models import Address, KeySafeCode, PersonEvent, SecretView
from tests.county import BY, TUESDAY, County

pytestmark = pytest.mark.django_db

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def door(county: County, settings: Any) -> Address:
    settings.SECRETS_KEYS = [OLD]
    return county.address()


def keep(door: Address, code: str = "4071X") -> KeySafeCode:
    secrets.set_code(door, code, by=BY, at=TUESDAY)
    return KeySafeCode.objects.get(address=door)


def read(door: Address, **given: Any) -> str:
    return secrets.read_code(door, **{"by": BY, "at": TUESDAY, "purpose": "visit 7", **given})


def test_a_code_is_kept_encrypted_and_reading_it_is_on_record(door: Address) -> None:
    """Rule 39: encrypted at rest; every view logged with who, when and what for."""
    row = keep(door, " 40 71x ")
    assert "4071" not in row.ciphertext
    assert (door.has_key_safe, Address.objects.get(pk=door.pk).has_key_safe) == (True, True)
    assert read(door) == "4071X"
    view = SecretView.objects.get()
    assert (view.kind, view.subject_id, view.by, view.at, view.purpose) == ("key_safe", door.pk, BY, TUESDAY, "visit 7")


def test_a_code_set_again_replaces_the_one_before(door: Address) -> None:
    keep(door)
    keep(door, "*88#")
    assert read(door) == "*88#"
    events = PersonEvent.objects.filter(person=door.person, verb="set_key_safe")
    assert [event.facts for event in events] == [{"address": door.pk}] * 2


@pytest.mark.parametrize("code", ["", "12", "1234567890123", "12-34", "café1", "4071\n<b>"])
def test_what_is_no_code_is_refused_and_nothing_is_kept(door: Address, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        secrets.set_code(door, code, by=BY, at=TUESDAY)
    assert refused.value.facts["field"] == "code"
    assert not KeySafeCode.objects.exists()
    assert not Address.objects.get(pk=door.pk).has_key_safe


@pytest.mark.parametrize(
    ("purpose", "sentence"),
    [("  ", "Say what it is needed for"), ("x" * 201, "Say what it is needed for"), ("code is 4071 x", "without the")],
)
def test_without_a_purpose_nothing_is_read(door: Address, purpose: str, sentence: str) -> None:
    """Rule 39: no record, no code; and the record never holds the code itself."""
    keep(door)
    with pytest.raises(Invalid, match=sentence):
        read(door, purpose=purpose)
    assert not SecretView.objects.exists()


def test_when_the_reading_cannot_be_recorded_the_code_is_not_given(
    door: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 39: the record and the reading are one transaction."""
    keep(door)

    def broken(**given: Any) -> None:
        raise IntegrityError("no room")

    monkeypatch.setattr(SecretView.objects, "create", broken)
    with pytest.raises(IntegrityError):
        read(door)


def test_the_record_of_readings_cannot_be_changed_or_deleted(door: Address) -> None:
    """Rule 39, rule 40: the database itself refuses."""
    keep(door)
    read(door)
    with pytest.raises(DatabaseError, match="append-only"):
        SecretView.objects.update(by="somebody else")


def test_forgetting_the_code_leaves_the_key_safe_known(door: Address) -> None:
    keep(door)
    secrets.clear_code(door, by=BY, at=TUESDAY)
    assert not KeySafeCode.objects.exists()
    assert Address.objects.get(pk=door.pk).has_key_safe
    for verb in (lambda: read(door), lambda: secrets.clear_code(door, by=BY, at=TUESDAY)):
        with pytest.raises(Missing):
            verb()


@pytest.mark.parametrize(
    ("duties", "may"), [(ASSISTANT, False), (frozenset(), False), (COORDINATOR, True), (MANAGER, True)]
)
def test_only_managers_and_coordinators_set_and_read_codes(door: Address, duties: Any, may: bool) -> None:
    """Rule 39: least privilege, asked by the verb itself."""
    keep(door)
    who = Actor("user:somebody", duties)
    for verb in (lambda: read(door, by=who), lambda: secrets.set_code(door, "999", by=who, at=TUESDAY)):
        if may:
            verb()
            continue
        with pytest.raises(Refused) as refused:
            verb()
        assert refused.value.code == "not_your_duty"
    assert SecretView.objects.count() == may


# Tampering and keys ---------------------------------------------------------------------------------------------------


def test_a_token_moved_to_another_address_is_not_read(door: Address, county: County) -> None:
    """Rule 39: who can write to the database cannot have another door's code shown to them."""
    own, other = keep(door), county.address()
    mine = keep(other, "999")
    KeySafeCode.objects.filter(pk=mine.pk).update(ciphertext=own.ciphertext)
    with pytest.raises(Refused) as refused:
        read(other)
    assert refused.value.code == "secret_unreadable"
    assert "4071" not in refused.value.detail
    assert not SecretView.objects.exists()


@pytest.mark.parametrize(
    "change",
    [lambda t: t[:-8] + ("A" if t[-8] != "A" else "B") + t[-7:], lambda t: "", lambda t: t[:40], lambda t: "é"],
)
def test_a_token_that_was_changed_is_refused_in_words(door: Address, change: Any) -> None:
    row = keep(door)
    flipped = row.ciphertext[:30] + ("A" if row.ciphertext[30] != "A" else "B") + row.ciphertext[31:]
    for token in (change(row.ciphertext), flipped):
        KeySafeCode.objects.update(ciphertext=token)
        with pytest.raises(Refused) as refused:
            read(door)
        assert refused.value.code == "secret_unreadable"


@pytest.mark.parametrize("keys", [[NEW], [], ["nonsense"], [NEW, "nonsense"]])
def test_without_the_right_key_it_is_refused_with_what_to_do(door: Address, settings: Any, keys: list[str]) -> None:
    keep(door)
    settings.SECRETS_KEYS = keys
    with pytest.raises(Refused, match="SECRETS_KEYS") as refused:
        read(door)
    assert refused.value.code == "secret_unreadable"


@pytest.mark.parametrize("keys", [[], ["nonsense"], [" "]])
def test_a_service_without_a_usable_key_stores_nothing(door: Address, settings: Any, keys: list[str]) -> None:
    """Rule 39: rather no code than one in clear."""
    settings.SECRETS_KEYS = keys
    with pytest.raises(Refused) as refused:
        secrets.set_code(door, "4071X", by=BY, at=TUESDAY)
    assert refused.value.code == "no_secrets_key"
    assert not KeySafeCode.objects.exists()


@pytest.mark.parametrize("setting", [{"DEBUG": True}, {"DEMO_CLOCK_FILE": "a file"}])
def test_development_and_the_demo_make_a_key_of_their_own(
    door: Address, settings: Any, setting: dict[str, Any]
) -> None:
    settings.SECRETS_KEYS = []
    for name, value in setting.items():
        setattr(settings, name, value)
    token = sealing.seal("4071X", "a door")
    assert sealing.unseal(token, "a door") == "4071X"
    settings.SECRET_KEY = "another"
    with pytest.raises(Refused):
        sealing.unseal(token, "a door")


def test_the_start_is_refused_with_a_malformed_key_and_the_deployment_without_one(settings: Any) -> None:
    def found(*, deploy: bool = False) -> set[str]:
        return {str(message.id) for message in run_checks(include_deployment_checks=deploy)}

    settings.SECRETS_KEYS = [NEW, "nonsense"]
    assert "home.E007" in found()
    settings.SECRETS_KEYS = []
    assert not {"home.E007", "home.E008"} & found()
    assert "home.E008" in found(deploy=True)
    settings.SECRETS_KEYS = [NEW]
    assert not {"home.E007", "home.E008"} & found(deploy=True)


# Rotation -------------------------------------------------------------------------------------------------------------


def test_rotation_writes_everything_under_the_new_key_and_can_be_run_again(
    county: County, door: Address, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rule 39: afterwards the old key is not needed any more."""
    doors = [door, *(county.address() for _ in range(2))]
    for n, each in enumerate(doors):
        keep(each, f"400{n}")
    settings.SECRETS_KEYS = [NEW, OLD]
    assert rotation.rotate(at_once=2).written == {"key safe codes": 3, "risk markers": 0}
    call_command("rotate_secrets")
    said = capsys.readouterr().out
    assert "key safe codes: 0 written anew" in said
    assert "3 were under the newest key already." in said
    settings.SECRETS_KEYS = [NEW]
    assert [read(each) for each in doors] == ["4000", "4001", "4002"]


def test_rotation_killed_half_way_goes_on_where_it_was(county: County, door: Address, settings: Any) -> None:
    keep(door)
    keep(county.address())
    settings.SECRETS_KEYS = [NEW, OLD]
    first = KeySafeCode.objects.earliest("pk")
    KeySafeCode.objects.filter(pk=first.pk).update(ciphertext=sealing.reseal(first.ciphertext))
    done = rotation.rotate()
    assert (done.written["key safe codes"], done.newest) == (1, 1)


def test_rotation_names_what_no_key_opens_and_goes_on(county: County, door: Address, settings: Any) -> None:
    lost = keep(door)
    settings.SECRETS_KEYS = [NEW]
    keep(county.address())
    with pytest.raises(CommandError, match=f"No key opens 1: key safe code {lost.pk}. Put the key"):
        call_command("rotate_secrets")
    assert KeySafeCode.objects.get(pk=lost.pk).ciphertext == lost.ciphertext
    settings.SECRETS_KEYS = []
    with pytest.raises(CommandError, match="must set SECRETS_KEYS"):
        call_command("rotate_secrets")


def test_a_code_set_while_it_is_rotated_is_not_overwritten(
    door: Address, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 39: a token is read, a process with the old key only sets another code, then the rotation writes."""
    keep(door)
    plain, moments = sealing.reseal, []

    def meanwhile(token: str) -> str:
        anew = plain(token)
        if not moments:
            moments.append(token)
            settings.SECRETS_KEYS = [OLD]
            secrets.set_code(door, "777", by=BY, at=TUESDAY + timedelta(minutes=1))
            settings.SECRETS_KEYS = [NEW, OLD]
        return anew

    settings.SECRETS_KEYS = [NEW, OLD]
    monkeypatch.setattr(sealing, "reseal", meanwhile)
    assert rotation.rotate().written["key safe codes"] == 1
    settings.SECRETS_KEYS = [NEW]
    assert read(door) == "777"


def test_no_error_says_the_code(door: Address, settings: Any) -> None:
    keep(door)
    said = []
    for keys, purpose in (([NEW], "visit"), ([OLD], "4071X"), ([OLD], "")):
        settings.SECRETS_KEYS = keys
        try:
            read(door, purpose=purpose)
        except DomainError as error:
            said.append(f"{error.detail} {error.facts}")
    assert len(said) == 3
    assert not any("4071" in words for words in said)
