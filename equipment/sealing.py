"""Words at rest that only the database's owner with the key can read (rule 39): Fernet, by the keys of SECRETS_KEYS.

Each token says inside what it is about, so that one put into another row reads as broken there.
"""

from __future__ import annotations

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from equipment.errors import Refused

_BETWEEN = "\n"


@sensitive_variables()
def seal(text: str, about: str) -> str:
    """`text` as a token under the newest key, bound to `about`. Raises Refused when there is no usable key."""
    return _box().encrypt(f"{about}{_BETWEEN}{text}".encode()).decode()


@sensitive_variables()
def unseal(token: str, about: str) -> str:
    """What was sealed about this. Raises Refused when no key opens it, or when it is about something else."""
    try:
        said, _, text = _box().decrypt(token.encode()).decode().partition(_BETWEEN)
    except (InvalidToken, Refused) as error:
        raise _unreadable() from error
    if not hmac.compare_digest(said.encode(), about.encode()):
        raise _unreadable()
    return text


def is_newest(token: str) -> bool:
    """Is it under the first of the keys?"""
    try:
        Fernet(_keys()[0]).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


def reseal(token: str) -> str:
    """The same words under the first key. Raises Refused when no key opens the token."""
    try:
        return _box().rotate(token.encode()).decode()
    except InvalidToken as error:
        raise _unreadable() from error


def is_key(text: str) -> bool:
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


def _unreadable() -> Refused:
    return Refused(
        "secret_unreadable",
        "It is on record but cannot be read with the keys of this service: ask whoever runs it to put the old key back"
        " into SECRETS_KEYS, or set it anew.",
    )


def _box() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in _keys()])
    except ValueError as error:
        raise Refused(
            "no_secrets_key",
            "A key in SECRETS_KEYS is malformed: nothing secret can be stored or read until it is not.",
        ) from error


def _keys() -> list[str]:
    """The keys given. In development and in the demo, without any: one made from SECRET_KEY."""
    given = [key.strip() for key in settings.SECRETS_KEYS if key.strip()]
    if given:
        return given
    if settings.DEBUG or settings.DEMO_CLOCK_FILE:
        return [base64.urlsafe_b64encode(salted_hmac("equipment.sealing", "", algorithm="sha256").digest()).decode()]
    raise Refused(
        "no_secrets_key",
        "This service has no key for secrets, so it stores none: whoever runs it must set SECRETS_KEYS.",
    )
