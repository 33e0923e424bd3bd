"""Reads: what a telecare hub or trigger still owes before it may stand on a shelf, and what has not been heard."""

from __future__ import annotations

from collections.abc import Sequence

from equipment.fitness import Reason
from equipment.models import Asset, Installation


def owing(rows: Sequence[Asset]) -> dict[int, tuple[Reason, ...]]:
    """Why these may not stand on the shelf yet (rule 38): live at the alarm centre, paired, not wiped, SIM active."""
    return {}


def unheard(installation: Installation) -> list[Reason]:
    """Why an installation may not go live: not programmed, range not tried, a trigger whose call was not heard."""
    return []
