"""Call a verb for a driver: what went wrong comes back as something to show on the page, in words fit for a driver."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import OperationalError

from equipment.errors import Busy, DomainError, Invalid, Missing, Refused

log = logging.getLogger(__name__)

_STATUS: dict[type[DomainError], int] = {Invalid: 400, Missing: 404, Refused: 409, Busy: 503}
# Reasons that would tell a driver what only the clinic and the store need to know.
_PRIVATE = frozenset({"too_heavy", "weight_missing", "single_patient"})
_NOT_FOR_THEM = "This item must not go to this person: leave it, and call the depot."


def attempt(verb: Callable[[], object]) -> DomainError | None:
    """None when it worked. Whatever a rule or another crew said instead; then nothing was written."""
    try:
        verb()
    except DomainError as error:
        return error
    except OperationalError as error:
        log.warning("The database turned a driver's page away: %s", type(error.__cause__).__name__)
        return Busy("busy", "Somebody else is changing the same things: try again.")
    return None


@dataclass(frozen=True)
class Problem:
    """A refusal as the page shows it."""

    code: str
    sentence: str
    status: int

    @classmethod
    def of(cls, error: DomainError) -> Problem:
        status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
        return cls(error.code, _sentence(error), status)


def _sentence(error: DomainError) -> str:
    """The error's own words, without weight or history of the person."""
    reasons = error.facts.get("reasons")
    if not reasons:
        return error.detail
    told = [_NOT_FOR_THEM if r["code"] in _PRIVATE else f"{r['sentence']} {r['remedy']}" for r in reasons]
    return " ".join(dict.fromkeys(told))
