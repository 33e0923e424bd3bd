"""The admin works under Django's own theme too: what draws every page, run again with ADMIN_THEME=plain."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

HERE = Path(__file__).parent
# Every list, page, filter, form and scan page; what the verbs behind them do does not depend on the theme.
DRAWN = [str(HERE / "test_pages.py")]


def test_everything_works_under_the_plain_theme() -> None:
    """In a process of its own, because a theme is chosen at start."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *DRAWN,
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        ],
        env={**kept, "ADMIN_THEME": "plain"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]
