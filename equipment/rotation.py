"""Write every secret anew under the newest key, while the service runs; begun again, it goes on with what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import models

from equipment import sealing
from equipment.errors import Refused
from equipment.models import KeySafeCode, RiskMarker

_AT_ONCE = 500  # rows held in memory
_TABLES: tuple[type[models.Model], ...] = (KeySafeCode, RiskMarker)


@dataclass
class Rotated:
    """How many of each table were written anew; how many were under the newest key; which no key opens."""

    written: dict[str, int] = field(default_factory=dict)
    newest: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate(*, at_once: int = _AT_ONCE) -> Rotated:
    """Each row by itself, by compare-and-set: what somebody sets meanwhile is never overwritten.

    Raises Refused when there is no usable key.
    """
    sealing.seal("", "a first try of the key")
    done = Rotated()
    for model in _TABLES:
        done.written[str(model._meta.verbose_name_plural)] = sum(
            _rotated(model, row, done) for row in _sealed(model, at_once)
        )
    return done


def _sealed(model: type[models.Model], at_once: int) -> Iterator[models.Model]:
    after = 0
    while rows := list(model._default_manager.filter(pk__gt=after).exclude(ciphertext="").order_by("pk")[:at_once]):
        yield from rows
        after = rows[-1].pk


def _rotated(model: type[models.Model], row: models.Model, done: Rotated) -> bool:
    """One row under the newest key. Set anew meanwhile, perhaps by a process with old keys, it is looked at again."""
    token = str(row.ciphertext)  # type: ignore[attr-defined]
    while token:
        if sealing.is_newest(token):
            done.newest += 1
            return False
        try:
            anew = sealing.reseal(token)
        except Refused:
            done.unreadable.append(f"{model._meta.verbose_name} {row.pk}")
            return False
        rows = model._default_manager.filter(pk=row.pk)
        if rows.filter(ciphertext=token).update(ciphertext=anew):
            return True
        token = rows.values_list("ciphertext", flat=True).first() or ""
    return False
