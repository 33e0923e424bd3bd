"""The admin works under Django's own theme too: the other files of this folder, run again with ADMIN_THEME=plain."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

HERE = Path(__file__).parent


def test_everything_works_under_the_plain_theme() -> None:
    """In a process of its own, because a theme is chosen at start; with a database of its own beside this run's."""
    url = urlsplit(os.environ["DATABASE_URL"])
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    plain = urlunsplit(url._replace(path=f"{url.path}_plain{worker}"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            str(HERE),
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--ignore",
            __file__,
        ],
        env={**kept, "ADMIN_THEME": "plain", "DATABASE_URL": plain},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]
