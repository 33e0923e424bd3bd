"""The one clock, read at the edges only (API, admin, driver pages, tasks, commands) and passed down as `at`.

A demonstration must live three days in a minute, in several processes at once: `DEMO_CLOCK_FILE` names a file holding
the seconds by which its clock runs ahead of the machine's. A system check refuses to start with it outside the demo.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """The time, aware and in UTC."""
    if not settings.DEMO_CLOCK_FILE:
        return timezone.now()
    return timezone.now() + timedelta(seconds=_ahead(Path(settings.DEMO_CLOCK_FILE)))


def _ahead(file: Path) -> float:
    try:
        return float(file.read_text())
    except FileNotFoundError:
        return 0.0
