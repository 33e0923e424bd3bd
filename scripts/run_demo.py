"""The demonstration: real services, the web, a Celery worker and beat, then the story told through the real API.

Started by `scripts/demo`; see docs/running.md.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import secrets
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

from processes import (
    Child,
    Progress,
    ServiceError,
    explain,
    interrupt_on_signals,
    last_lines,
    port_is_free,
    run_shown,
    run_step,
    stop_all,
)
from services import Services, reset, services

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "var" / "demo"
LOGS = HOME / "log"
READY_SECONDS = 120
PREPARATION = [
    ("Preparing the database", ["migrate", "--noinput"]),
    ("Collecting the static files", ["collectstatic", "--noinput"]),
    ("Inventing the demo data", ["seed_demo"]),
]


def port_number(text: str) -> int:
    """A port that needs no special rights."""
    if not text.isdigit() or not 1024 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("give a number from 1024 to 65535")
    return int(text)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of scripts/demo."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Run the whole system with invented data.")
    parser.add_argument("--once", action="store_true", help="tell the story, stop everything, exit with its result")
    parser.add_argument("--port", type=port_number, default=8000, help="port of the web server (default 8000)")
    parser.add_argument("--reset", action="store_true", help="forget the data of earlier demos first")
    return parser.parse_args(arguments)


def check_port(port: int) -> None:
    """Never serve on another port than the one that was asked for."""
    if not port_is_free(port):
        raise ServiceError(
            f"Port {port} is taken: stop the program that uses it, or choose another: scripts/demo --port {port + 1}."
        )


def secret_key() -> str:
    """A key of this demo's own, kept so that people stay signed in over a restart."""
    path = HOME / "secret_key"
    if not path.exists() or not path.stat().st_size:
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


def environment(running: Services) -> dict[str, str]:
    """What every process of the demo is given."""
    fixed = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secret_key(),
        "DEBUG": "false",
        "SECURE_COOKIES": "false",  # it is served over plain http, to this machine only
        "SECURE_SSL_REDIRECT": "false",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "DEMO_CLOCK_FILE": str(HOME / "clock"),
        "PYTHONUNBUFFERED": "1",
    }
    tunable = {"PLANNING_SECONDS": "4", "OUTBOX_LEASE_SECONDS": "60"}
    env = {**tunable, **running.environment(), **fixed}
    write_environment(env, [*tunable, "DATABASE_URL", "CELERY_BROKER_URL", *fixed])
    return env


def write_environment(env: dict[str, str], names: list[str]) -> None:
    """A file to source, for a further worker or a shell on the running demo."""
    path = HOME / "environment"
    path.touch(mode=0o600)
    path.write_text("".join(f"export {name}={shlex.quote(env[name])}\n" for name in names))


def prepare(env: dict[str, str]) -> None:
    """Migrate, collect and seed, each with its own log."""
    for label, command in PREPARATION:
        log = LOGS / f"{command[0]}.log"
        if run_step(label, [sys.executable, "manage.py", *command], log, cwd=ROOT, env=env):
            raise ServiceError(f"{label} failed; put right what its log says and run this again.\n{last_lines(log)}")


def start_children(env: dict[str, str], port: int, stack: contextlib.ExitStack) -> list[Child]:
    """Web, worker and beat, as separate processes that the stack stops together."""
    celery = [sys.executable, "-m", "celery", "-A", "config"]
    gunicorn = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
    commands = {
        "web": [*gunicorn, "--workers", "2", "--threads", "2", "--no-control-socket"],
        "worker": [*celery, "worker", "-Q", "default,planning", "--concurrency", "2", "--loglevel", "INFO"],
        "beat": [*celery, "beat", "--schedule", str(HOME / "beat-schedule"), "--loglevel", "INFO"],
    }
    children: list[Child] = []
    stack.callback(lambda: stop_all(children))
    for name, command in commands.items():
        log = LOGS / f"{name}.log"
        log.unlink(missing_ok=True)
        children.append(Child.start(name, command, log, cwd=ROOT, env=env))
    return children


def web_answers(port: int) -> bool:
    """True when /healthz says 200. No proxy settings apply to this machine's own address."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{port}"})
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def check_alive(children: list[Child]) -> None:
    """Say which process died, and what it said last."""
    for child in children:
        if not child.alive():
            raise ServiceError(
                f"{child.name} stopped by itself (exit code {child.process.returncode}); see {child.log}. "
                f"Its last lines:\n{child.last_lines()}"
            )


def wait_until_ready(children: list[Child], port: int) -> None:
    """Wait until the web answers and the worker has connected to the broker and taken its queues."""
    progress = Progress("Starting web, worker and beat")
    worker = next(child for child in children if child.name == "worker")
    waiting: dict[str, Callable[[], bool]] = {
        "web": lambda: web_answers(port),
        "worker": lambda: " ready." in worker.log.read_text(errors="replace"),
    }
    while waiting:
        check_alive(children)
        waiting = {name: ready for name, ready in waiting.items() if not ready()}
        if progress.elapsed() > READY_SECONDS:
            raise ServiceError(
                f"{' and '.join(waiting)} did not get ready in {READY_SECONDS} s; see the logs in {LOGS}."
            )
        progress.tick()
        time.sleep(0.3)
    progress.done()


def tell(env: dict[str, str], port: int, children: list[Child]) -> int:
    """Tell the story on the screen, while watching that nothing dies under it."""
    command = [sys.executable, "manage.py", "tell_demo", "--base-url", f"http://127.0.0.1:{port}"]
    return run_shown(command, lambda: check_alive(children), cwd=ROOT, env=env)


def serve(children: list[Child], port: int) -> None:
    """Stay until Ctrl-C, or until something dies."""
    print(f"\nServing on http://127.0.0.1:{port}/ - logs in {LOGS.relative_to(ROOT)}/ - Ctrl-C stops everything.")
    sys.stdout.flush()
    try:
        while True:
            check_alive(children)
            time.sleep(1)
    except KeyboardInterrupt:
        print("\nStopping.", flush=True)


def run(options: argparse.Namespace) -> int:
    """Everything from the services up; leaving it stops everything in the right order."""
    with services(HOME) as running, contextlib.ExitStack() as stack:
        print(f"Running on {' and '.join(running.describe())}.", flush=True)
        LOGS.mkdir(parents=True, exist_ok=True)
        env = environment(running)
        prepare(env)
        children = [*start_children(env, options.port, stack), *running.children]
        wait_until_ready(children, options.port)
        result = tell(env, options.port, children)
        if not options.once:
            serve(children, options.port)
        return result


def main() -> int:
    """Exit with the story's result: 0 when every step held."""
    options = parse(sys.argv[1:])
    interrupt_on_signals()
    try:
        if options.reset:
            reset(HOME)
        check_port(options.port)
        return run(options)
    except (ServiceError, OSError) as failed:
        print(explain(failed), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped before it was ready.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
