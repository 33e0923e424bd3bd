"""Makes the virtual environment, installs the locked requirements when they changed, and goes on inside it.

Standard library only, because it runs before anything is installed: `_bootstrap.py demo|test [arguments]`.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, NoReturn

from processes import Progress, ServiceError, explain, interrupt_on_signals, last_lines, run_step

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VAR = ROOT / "var"
MINIMUM = (3, 11)
INSTALL_BYTES = 1_500_000_000  # the environment takes about half of it, pip's downloads the rest
RUN_BYTES = 300_000_000  # the database and its log
SETS = {"demo": ["demo"], "test": ["dev", "demo"]}  # the first is installed; it contains the others


def check_python() -> None:
    """Refuse a Python that is too old."""
    found = "{}.{}".format(*sys.version_info)
    if sys.version_info[:2] < MINIMUM:
        raise ServiceError(f"Python 3.11 or newer is needed, this is {found}: install it and run this again.")


def check_disk(needed: int) -> None:
    """Fail before the disk is full, not half-way."""
    free = shutil.disk_usage(ROOT).free
    if free < needed:
        raise ServiceError(
            f"Only {free / 1e9:.1f} GB of disk is free where the project is and {needed / 1e9:.1f} GB is needed: "
            "free some and run this again."
        )


def venv_works() -> bool:
    """False for a missing, half-made or left-behind environment."""
    if not PYTHON.exists():
        return False
    probe = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([PYTHON, "-c", probe], capture_output=True, check=False).returncode == 0


def make_venv(log: Path) -> None:
    """Create .venv, replacing one that does not work."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        package = "python{}.{}-venv".format(*sys.version_info)
        raise ServiceError(
            f"This Python cannot make a virtual environment: install the Debian package {package} "
            f"(apt-get install {package}) and run this again."
        )
    if run_step("Making the virtual environment", [sys.executable, "-m", "venv", "--clear", VENV], log):
        raise ServiceError(
            f"The virtual environment could not be made: remove the folder .venv and run this again.\n{last_lines(log)}"
        )


def fingerprint(name: str) -> str:
    return hashlib.sha256((ROOT / "requirements" / f"{name}.txt").read_bytes()).hexdigest()


def marker(name: str) -> Path:
    return VENV / f".installed-{name}"


def is_installed(name: str) -> bool:
    return marker(name).exists() and marker(name).read_text() == fingerprint(name)


def install(name: str, log: Path) -> None:
    """Install exactly the locked versions; pip's own words are shown only when it fails."""
    for path in VENV.glob(".installed-*"):  # no marker may claim what a half-done install has changed
        path.unlink()
    command: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-input",
        "--require-hashes",
    ]
    command += ["-r", ROOT / "requirements" / f"{name}.txt"]
    if run_step(f"Installing requirements/{name}.txt", command, log):
        raise ServiceError(
            f"Packages could not be installed: check the network and the disk, then run this again.\n{last_lines(log)}"
        )


def wait_for_turn(lock: IO[str]) -> None:
    """Two launchers started at once must not install into the same environment together."""
    progress = Progress("Waiting for another set-up to finish")
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            progress.tick()
            time.sleep(0.5)


def set_up(purpose: str) -> None:
    """Bring the environment up to date."""
    VAR.mkdir(exist_ok=True)
    log = VAR / "bootstrap.log"
    names = SETS[purpose]
    with (VAR / "bootstrap.lock").open("w") as lock:
        wait_for_turn(lock)
        working = venv_works()
        if working and all(is_installed(name) for name in names):
            check_disk(RUN_BYTES)
            return
        check_disk(INSTALL_BYTES)
        if not working:
            make_venv(log)
        install(names[0], log)
        for name in names:
            marker(name).write_text(fingerprint(name))


def main() -> int:
    purpose, arguments = sys.argv[1], sys.argv[2:]
    interrupt_on_signals()
    try:
        check_python()
        set_up(purpose)
    except (ServiceError, OSError) as failed:
        print(explain(failed), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; run it again to go on.", file=sys.stderr)
        return 130
    return enter(purpose, arguments)


def enter(purpose: str, arguments: list[str]) -> NoReturn:
    """Become the program itself, inside the environment, under the same process id."""
    os.chdir(ROOT)
    program = ROOT / "scripts" / f"run_{purpose}.py"
    os.execv(PYTHON, [str(PYTHON), str(program), *arguments])


if __name__ == "__main__":
    sys.exit(main())
