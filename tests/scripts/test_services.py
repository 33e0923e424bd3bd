"""The starter of PostgreSQL and the broker, with real servers: no Django here."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="module")
def starter() -> ModuleType:
    sys.path.insert(0, str(SCRIPTS))
    try:
        spec = importlib.util.spec_from_file_location("home_before_services", SCRIPTS / "services.py")
        assert spec and spec.loader
        module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(SCRIPTS))
    return module


@pytest.fixture
def durable(starter: ModuleType) -> Iterator[Path]:
    parent = Path(tempfile.mkdtemp(prefix="starter-test-"))
    parent.chmod(0o755)  # root's servers run as nobody, who must be able to get there; pytest's own tmp_path is closed
    yield parent / "data"
    starter.reset(parent / "data")
    shutil.rmtree(parent)


class Held:
    """`python scripts/services.py` in a process of its own, with the addresses it printed."""

    def __init__(self, *arguments: str | Path) -> None:
        env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "CELERY_BROKER_URL")}
        self.process = subprocess.Popen(
            [sys.executable, SCRIPTS / "services.py", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        self.urls = dict(word.split("=", 1) for word in shlex.split(line.removeprefix("export ")))

    def database(self) -> psycopg.Connection:
        return psycopg.connect(self.urls["DATABASE_URL"], autocommit=True)

    def end(self, sig: int = signal.SIGTERM) -> tuple[int, str]:
        if self.process.poll() is None:
            self.process.send_signal(sig)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextlib.contextmanager
def held(*arguments: str | Path) -> Iterator[Held]:
    holder = Held(*arguments)
    try:
        yield holder
    finally:
        holder.end()


def one(connection: psycopg.Connection, query: str) -> str:
    row = connection.execute(query).fetchone()
    assert row
    return str(row[0])


def closes(url: str) -> bool:
    """Whether nobody listens there any more, within some seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)):
                return True
        time.sleep(0.05)
    return False


def test_durable_data_survives_killed_servers_and_a_killed_starter(durable: Path) -> None:
    with held("--durable", durable) as first:
        with first.database() as link:
            link.execute("CREATE TABLE kit AS SELECT 'bed' AS name")
            link.execute("CHECKPOINT")
            link.execute("INSERT INTO kit VALUES ('hoist')")
            postmaster = int((Path(one(link, "SHOW data_directory")) / "postmaster.pid").read_text().split()[0])
        with contextlib.closing(redis.Redis.from_url(first.urls["CELERY_BROKER_URL"])) as broker:
            broker.set("kept", "yes")
        os.kill(postmaster, signal.SIGKILL)
        first.process.wait(30)
        code, said = first.end()
        assert code == 1
        assert "postgres stopped by itself" in said

    with held("--durable", durable) as second:
        assert second.urls == first.urls  # the remembered ports were free
        with second.database() as link:
            assert one(link, "SELECT string_agg(name, ',') FROM kit") == "bed,hoist"
            assert one(link, "SHOW fsync") == "on"
        second.end(signal.SIGKILL)
        assert all(closes(url) for url in second.urls.values()), "a server outlived its starter"

    with held("--durable", durable) as third:
        with third.database() as link:
            assert one(link, "SELECT count(*) FROM kit") == "2"
        with contextlib.closing(redis.Redis.from_url(third.urls["CELERY_BROKER_URL"])) as broker:
            assert broker.get("kept") == b"yes"
        assert third.end()[0] == 0


def test_a_folder_in_use_is_refused(durable: Path, starter: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)  # scripts/test sets it
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    with (
        starter._durable_home(durable),
        pytest.raises(starter.ServiceError, match="already using"),
        starter.services(durable),
    ):
        pass


def test_throw_away_leaves_nothing_and_the_environment_wins(
    starter: ModuleType, monkeypatch: pytest.MonkeyPatch, durable: Path
) -> None:
    with held() as holder:
        with holder.database() as link:
            folder = Path(one(link, "SHOW data_directory")).parent
            assert one(link, "SHOW fsync") == "off"
            assert one(link, "SHOW max_connections") == "200"
        for key, value in holder.urls.items():
            monkeypatch.setenv(key, value)
        with starter.services(durable) as outside:
            assert [outside.database_url, outside.broker_url] == list(holder.urls.values())
            assert outside.children == []
            assert [name.split()[-1] for name in outside.describe()] == ["(DATABASE_URL)", "(CELERY_BROKER_URL)"]
        assert not durable.exists()
        assert folder.exists()
        assert holder.end(signal.SIGINT)[0] == 0
    assert not folder.exists()
    assert all(closes(url) for url in holder.urls.values())


def test_an_address_that_does_not_answer_is_one_plain_sentence(
    starter: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://someone:secret@127.0.0.1:1/nothing")
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    with pytest.raises(starter.ServiceError, match="DATABASE_URL") as failed, starter.services():
        pass
    assert "secret" not in str(failed.value)
    assert "\n" not in str(failed.value)


def test_without_any_server_it_says_what_to_install(starter: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "_package", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(starter.ServiceError, match=r"CELERY_BROKER_URL.*Debian: redis-server"):
        starter._broker_binary()


def test_a_pid_file_of_another_folder_stops_nobody(starter: ModuleType, tmp_path: Path) -> None:
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        pidfile = tmp_path / "postmaster.pid"
        pidfile.write_text(f"{bystander.pid}\n/another/folder\n")
        starter.clear_leftover(pidfile, tmp_path, ("sleep",), signal.SIGTERM)
        assert not pidfile.exists()
        assert bystander.poll() is None

        pidfile.write_text(f"{bystander.pid}\n{tmp_path}\n")
        starter.clear_leftover(pidfile, tmp_path, ("sleep",), signal.SIGTERM)
        assert bystander.wait(10) == -signal.SIGTERM
    finally:
        bystander.kill()
        bystander.wait()
