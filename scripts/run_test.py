"""Every check there is, then the tests, on a real PostgreSQL and a real broker. Started by `scripts/test`.

With arguments it only runs pytest with them: `scripts/test tests/equipment -k pick`.
"""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from processes import ServiceError, explain, interrupt_on_signals, last_lines, run_shown, run_step
from services import services

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SCHEMA = "docs/openapi.yaml"
MANAGE = [sys.executable, "manage.py"]
MAKE_SCHEMA = ["spectacular", "--validate", "--fail-on-warn", "--file"]
LIKE_PRODUCTION = {"DEBUG": "false", "SECURE_COOKIES": "true"}


@dataclass(frozen=True)
class Check:
    """A command that must succeed, and what to do when it does not."""

    name: str
    command: list[str]
    remedy: str
    env: dict[str, str] = field(default_factory=dict)


def static_checks(schema: Path) -> list[Check]:
    """In the order they run: the cheapest first."""
    tool = [sys.executable, "-m"]
    deploy = [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"]
    return [
        Check("ruff check", [*tool, "ruff", "check", "."], "Mend it, or try: .venv/bin/ruff check --fix ."),
        Check("ruff format", [*tool, "ruff", "format", "--check", "."], "Run: .venv/bin/ruff format ."),
        Check("mypy", [*tool, "mypy"], "Mend the types named above."),
        Check(
            "lint-imports",
            [str(Path(sys.executable).with_name("lint-imports"))],
            "Turn the import around: equipment knows nothing of logistics, neither knows config.",
        ),
        Check(
            "migrations",
            [*MANAGE, "makemigrations", "--check", "--dry-run"],
            "Run: .venv/bin/python manage.py makemigrations",
        ),
        Check("check --deploy", deploy, "Mend the setting named above in config/settings.py.", LIKE_PRODUCTION),
        Check("OpenAPI", [*MANAGE, *MAKE_SCHEMA, str(schema)], "Mend the view or serializer named above."),
    ]


def run_checks(env: dict[str, str], scratch: Path) -> None:
    """Stop at the first one that fails, with its output and its remedy."""
    schema, log = scratch / "openapi.yaml", scratch / "check.log"
    for check in static_checks(schema):
        if run_step(check.name, check.command, log, cwd=ROOT, env={**env, **check.env}):
            raise ServiceError(f"{log.read_text(errors='replace').rstrip()}\n\n{check.name} failed. {check.remedy}")
    compare_schema(schema)


def compare_schema(fresh: Path) -> None:
    """The published contract must be the one the code serves."""
    published = ROOT / SCHEMA
    if not published.exists() or published.read_bytes() != fresh.read_bytes():
        refresh = " ".join([".venv/bin/python", "manage.py", *MAKE_SCHEMA, SCHEMA])
        raise ServiceError(f"{SCHEMA} differs from what the code serves. Read the difference, then run: {refresh}")


def find_browser(scratch: Path) -> str:
    """CHROMIUM, then what is on the machine, then Debian's package when we may install it, else nothing."""
    named = os.environ.get("CHROMIUM", "")
    if named and not shutil.which(named):
        raise ServiceError(f"CHROMIUM names {named}, which is no program: correct it or unset it.")
    found = named or next(filter(shutil.which, BROWSERS), "")
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        install_browser(scratch / "apt.log")
        found = next(filter(shutil.which, BROWSERS), "")
    return shutil.which(found) or "" if found else ""


def install_browser(log: Path) -> None:
    """Debian's Chromium and one font. Failing is not fatal here: the last line says what was left out."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    for label, command in {"apt-get update": ["apt-get", "update", "-q"], "Installing Chromium": install}.items():
        if run_step(label, command, log, env=env):
            print(last_lines(log, 5), flush=True)
            return


def browser_version(browser: str) -> str:
    try:
        shown = subprocess.run([browser, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        shown = ""
    return " ".join(shown.split()[:2]) or browser


def run_pytest(env: dict[str, str], arguments: list[str], browser: str) -> int:
    """All tests on three processes, which two cores keep busy: some tests wait. Or what the arguments ask for."""
    chosen = [] if browser else ["-m", "not browser"]
    command = [sys.executable, "-m", "pytest", *chosen, *(arguments or ["-n", "3"])]
    return run_shown(command, lambda: None, stop=signal.SIGINT, cwd=ROOT, env=env)  # pytest then still sums up


def run(arguments: list[str], scratch: Path) -> int:
    """Checks, tests, and last of all what it ran on and what was left out."""
    browser = find_browser(scratch)
    if not browser and os.environ.get("CI") == "true":
        raise ServiceError("No browser on CI: install Chromium (Debian: apt-get install chromium) or set CHROMIUM.")
    with services() as running:
        plain = {"SECRET_KEY": secrets.token_urlsafe(48), "DEBUG": "false", "SECURE_COOKIES": "false"}
        plain["SECRETS_KEYS"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        env = {**running.environment(), **plain, "CHROMIUM_PATH": browser, "PYTHONUNBUFFERED": "1"}
        if not arguments:
            run_checks(env, scratch)
        code = run_pytest(env, arguments, browser)
        print(f"\n{'Everything held' if code == 0 else 'Tests FAILED; put right what is named above'}.")
        print(f"Ran on {', '.join(running.describe())}, {browser_version(browser) if browser else 'no browser'}.")
    if not browser:
        print("Left out: the browser tests, for want of Chromium (Debian: apt-get install chromium, or set CHROMIUM).")
    return code


def main() -> int:
    arguments = sys.argv[2:] if sys.argv[1:2] == ["--"] else sys.argv[1:]
    interrupt_on_signals()
    try:
        with tempfile.TemporaryDirectory(prefix="home-before-test-") as scratch:
            return run(arguments, Path(scratch))
    except (ServiceError, OSError) as failed:
        print(explain(failed), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
