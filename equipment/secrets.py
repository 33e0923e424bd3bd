"""The codes of key safes: set, cleared, read. Encrypted at rest, and every reading is on record (rule 39)."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from equipment import duties, locks, people, sealing
from equipment.duties import Duty
from equipment.errors import Invalid, Missing
from equipment.models import Address, KeySafeCode, SecretView
from equipment.words import SecretKind

_CODE = re.compile(r"[0-9A-Z*#]{3,12}")
LONGEST_PURPOSE = 200


@sensitive_variables()
@transaction.atomic
def set_code(address: Address, code: str, *, by: str, at: datetime) -> None:
    """Keep the code of the key safe at this address, in place of the one before.

    Raises Invalid when it is no code, Refused when the service has no key to encrypt it with.
    """
    duties.require(by, Duty.DOOR)
    keys = "".join(code.split()).upper()
    if not _CODE.fullmatch(keys):
        raise Invalid(
            "code", "A key-safe code has 3 to 12 keys, each a digit, a letter, * or #: check it.", field="code"
        )
    held = locks.address(address)
    token = sealing.seal(keys, _about(held.pk))
    KeySafeCode.objects.update_or_create(address=held, defaults={"ciphertext": token, "set_at": at, "set_by": by})
    held.has_key_safe = True
    held.save(update_fields=["has_key_safe"])
    people.note(held.person, "set_key_safe", by=by, at=at, address=held.pk)


@transaction.atomic
def clear_code(address: Address, *, by: str, at: datetime) -> None:
    """Forget the code. That there is a key safe stays known. Raises Missing when there is no code."""
    duties.require(by, Duty.DOOR)
    held = locks.address(address)
    gone, _ = KeySafeCode.objects.filter(address=held).delete()
    if not gone:
        raise _no_code()
    people.note(held.person, "clear_key_safe", by=by, at=at, address=held.pk)


@sensitive_variables()
@transaction.atomic
def read_code(address: Address, *, by: str, at: datetime, purpose: str) -> str:
    """The code, for one who is to use it now. That it was read is written in the same transaction: no record, no code.

    Raises Invalid without a purpose, Missing when there is no code, Refused when no key opens it (rule 39).
    """
    duties.require(by, Duty.DOOR)
    row = KeySafeCode.objects.filter(address=address).first()
    if row is None:
        raise _no_code()
    code = sealing.unseal(row.ciphertext, _about(row.address_id))
    viewed(SecretKind.KEY_SAFE, address.pk, by=by, at=at, purpose=_without(code, purpose))
    return code


def viewed(kind: SecretKind, subject_id: int, *, by: str, at: datetime, purpose: str) -> SecretView:
    """Put on record that somebody reads a secret, and what for. Raises Invalid when no purpose is given."""
    stated = " ".join(purpose.split())
    if not stated or len(stated) > LONGEST_PURPOSE:
        raise Invalid("purpose", f"Say what it is needed for, in 1 to {LONGEST_PURPOSE} characters.", field="purpose")
    return SecretView.objects.create(kind=kind, subject_id=subject_id, at=at, by=by, purpose=stated)


def _without(code: str, purpose: str) -> str:
    """What was said of the purpose, which everybody who looks at the record reads."""
    if code in "".join(purpose.split()).upper():
        raise Invalid("purpose", "Say what it is needed for, without the code in it.", field="purpose")
    return purpose


def _about(address_id: int) -> str:
    return f"key-safe of {address_id}"


def _no_code() -> Missing:
    return Missing("no_code", "No key-safe code is on record for this address.")
