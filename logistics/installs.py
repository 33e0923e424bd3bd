"""Telecare at the door: set up the hub that was brought, pair, try, and hear what still has to be heard (rule 38)."""

from __future__ import annotations

from collections.abc import Sequence

from logistics.models import Activity, Visit


def require_heard(visit: Visit, deliveries: Sequence[Activity]) -> None:
    """Raises Invalid naming what the alarm centre has not heard yet; nothing when the visit brings no telecare."""
