"""Tests that fall due while the asset is on loan: raise a visit early enough, make them at the door (rule 37)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from logistics.models import Activity, Visit


@dataclass(frozen=True)
class Tested:
    """The result of one kind of test at the door; `next_due` only when the examiner names an earlier day."""

    result: str
    examiner: str
    defects: str = ""
    swl_kg: int | None = None
    certificate: str = ""
    next_due: date | None = None
    answers: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)


def at_the_door(activity: Activity, visit: Visit, tested: Mapping[str, Tested], *, by: str, at: datetime) -> None:
    """Record what was tested, by kind of test; what failed gets its next step."""
    raise NotImplementedError
