"""Settings that are unsafe or cannot work stop the service at start, each with an id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from equipment import sealing


@register()
def service_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [*_service(), *_geocoder(), *_secrets()]


def _service() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.SERVICE["REGION"] not in ("ENG", "WLS", "SCT", "NIR"):
        found.append(Error("SERVICE_REGION must be ENG, WLS, SCT or NIR: bank holidays depend on it.", id="home.E001"))
    if not 1 <= settings.SERVICE["LATEST_SAFE_HOUR"] <= 23:
        found.append(Error("LATEST_SAFE_HOUR must be an hour from 1 to 23.", id="home.E002"))
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        found.append(Error("DATABASE_URL must name a PostgreSQL: other databases hide missing locks.", id="home.E003"))
    if settings.DATABASES["default"].get("ATOMIC_REQUESTS"):
        found.append(Error("ATOMIC_REQUESTS must be off: the outermost verb opens the transaction.", id="home.E004"))
    return found


def _geocoder() -> list[CheckMessage]:
    path = settings.SERVICE["GEOCODER"]
    if not path:
        return []
    try:
        import_string(path)(user_agent="home-before")
    except Exception as error:  # noqa: BLE001  whatever its constructor raises, it cannot be used
        return [Error(f"GEOCODER {path!r} cannot be used: {error}", id="home.E005")]
    return []


def _secrets() -> list[CheckMessage]:
    wrong = [number for number, key in enumerate(settings.SECRETS_KEYS, 1) if not sealing.is_key(key.strip())]
    if not wrong:
        return []
    which = ", ".join(str(number) for number in wrong)
    words = f"SECRETS_KEYS holds something that is no Fernet key (place {which}): each is 32 bytes in URL-safe base64."
    return [Error(words, id="home.E007")]


@register(deploy=True)
def deployment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.DEMO_CLOCK_FILE:
        found.append(Error("DEMO_CLOCK_FILE is set: a service with a false clock must not go live.", id="home.E006"))
    if not settings.SECRETS_KEYS:
        words = "SECRETS_KEYS is empty: no key-safe code and no risk marker can be stored (rule 39)."
        found.append(Error(words, id="home.E008"))
    return found
