"""What can go wrong, as values: a stable code, a sentence for people, facts for machines. No HTTP here."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """`code` never changes once published; `detail` says what to do; `facts` name the field, the rows, the amounts."""

    def __init__(self, code: str, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.facts = facts


class Invalid(DomainError):
    """The request itself is wrong: a field is missing, malformed or out of range."""


class Missing(DomainError):
    """There is no such thing, or none that the asker may see."""


class Refused(DomainError):
    """A rule says no. The request may be right tomorrow, or after the remedy in `detail`."""


class StaleState(Refused):
    """Somebody else moved it first: read it again and decide anew."""

    def __init__(self, what: str, expected: str) -> None:
        super().__init__(
            "stale_state", f"{what} is no longer {expected}. Read it again before you go on.", expected=expected
        )


class Busy(DomainError):
    """Try again shortly: another process holds what this needs."""
