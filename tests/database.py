"""One migrated database is made a machine and kept; every worker of every run copies it.

Migrating takes twenty seconds, copying a tenth of one. The template's name is a digest of the migrations and the
models, so a change of either makes a new one; `scripts/test` runs on a server of its own and leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

_ROOT = Path(__file__).resolve().parents[1]
_BUILDING = 7299  # advisory lock: one process builds, the others wait


def copied(worker: str) -> Iterator[None]:
    """Point Django at a fresh copy for the length of the session."""
    original = str(connection.settings_dict["NAME"])
    own = f"test_{original}_{worker}_{os.getpid()}"
    with _server() as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_BUILDING])
        template = _template(server, original)
        _drop(server, own)
        server.execute(_named("CREATE DATABASE {} TEMPLATE {}", own, template))
        server.execute("SELECT pg_advisory_unlock(%s)", [_BUILDING])
    _point_at(own)
    yield
    connection.close()
    _point_at(original)
    with _server() as server:
        _drop(server, own)


def _template(server: Any, original: str) -> str:
    """The migrated database, made when there is none. Only a finished one ever bears its name."""
    name = f"template_{_digest()}"
    if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return name
    building = f"{name}_building"
    _drop(server, building)
    server.execute(_named("CREATE DATABASE {}", building))
    _point_at(building)
    call_command("migrate", verbosity=0)
    connection.close()
    _point_at(original)
    server.execute(_named("ALTER DATABASE {} RENAME TO {}", building, name))
    return name


def _digest() -> str:
    """Of all that shapes the schema, ours and the installed packages'."""
    files = [*sorted(_ROOT.glob("*/migrations/*.py")), _ROOT / "requirements" / "base.txt"]
    files += sorted(_ROOT.glob("*/models/*.py")) + sorted(_ROOT.glob("*/states.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]


@contextmanager
def _server() -> Iterator[Any]:
    params = connection.get_connection_params() | {"dbname": "postgres", "cursor_factory": psycopg.Cursor}
    params.pop("context", None)
    with psycopg.connect(**params, autocommit=True) as server:
        yield server


def _point_at(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


def _drop(server: Any, name: str) -> None:
    server.execute(_named("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


def _named(statement: str, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*(sql.Identifier(name) for name in names))  # type: ignore[arg-type]
