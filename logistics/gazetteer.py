"""Loading a postcode file into the gazetteer: one transaction, repeatable, and only what changed is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from logistics.gazetteer_files import Book, Row, WrongFile, opened
from logistics.models.places import Gazetteer

__all__ = ["Loaded", "WrongFile", "load"]


@dataclass(frozen=True)
class Loaded:
    """What a load did: `rows` counts each postcode once, `skipped` the lines left out by reason."""

    source: str
    rows: int
    added: int
    changed: int
    no_coordinate: int
    terminated: int
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def unchanged(self) -> int:
        return self.rows - self.added - self.changed


def load(path: Path, *, at: datetime, progress: Callable[[int], None] = lambda rows: None) -> Loaded:
    """Brings the gazetteer up to date with the file at `path`; `progress` hears the rows read so far.

    Postcodes that the file does not mention are kept. Raises WrongFile (a ValueError), with nothing written, when the
    file is damaged, of an unknown layout or without a needed column; OSError when it cannot be read.
    """
    with opened(path) as book, transaction.atomic(), connection.cursor() as cursor:
        for statement in _PREPARE:
            cursor.execute(statement)
        read, skipped = _copy(cursor, book, progress)
        if not read:
            raise WrongFile(f"{book.name} holds no postcodes.")
        loaded = _merge(cursor, book.source, read, skipped)
        cursor.execute(_REBUILD_SECTORS)
        for statement in _TIDY:
            cursor.execute(statement)
        _record(book, loaded, at)
    return loaded


def _copy(cursor: Any, book: Book, progress: Callable[[int], None]) -> tuple[int, Counter[str]]:
    read, skipped = 0, Counter[str]()
    with cursor.copy(_COPY) as copy:
        for batch in book.batches():
            copy.write("".join(map(_line, batch.rows)))
            read += len(batch.rows)
            skipped += batch.skipped
            progress(read)
    return read, skipped


def _line(row: Row) -> str:
    """One line of PostgreSQL's text format. The reader lets no tab or backslash through, so nothing needs escaping."""
    point = "\\N\t\\N" if row.latitude is None else f"{row.latitude}\t{row.longitude}"
    end = row.terminated_on or r"\N"
    return f"{row.postcode}\t{row.sector}\t{point}\t{row.accuracy}\t{end}\t{row.district}\t{row.health}\n"


def _merge(cursor: Any, source: str, read: int, skipped: Counter[str]) -> Loaded:
    cursor.execute("ANALYZE gazetteer_incoming")
    cursor.execute(_MERGE, [source[:40]])
    rows, no_coordinate, terminated, added, changed = cursor.fetchone()
    if read > rows:
        skipped["repeated"] = read - rows
    return Loaded(source[:40], rows, added, changed, no_coordinate, terminated, dict(skipped))


def _record(book: Book, loaded: Loaded, at: datetime) -> None:
    Gazetteer.objects.create(
        file_name=book.name[:255],
        kind=book.kind,
        source=loaded.source,
        rows=loaded.rows,
        added=loaded.added,
        changed=loaded.changed,
        skipped=loaded.skipped,
        sha256=book.sha256,
        loaded_at=at,
    )


_PREPARE = (
    # Two loads at once queue here; readers go on undisturbed.
    "LOCK TABLE logistics_postcode IN SHARE ROW EXCLUSIVE MODE",
    "SET LOCAL work_mem = '128MB'",
    "DROP TABLE IF EXISTS pg_temp.gazetteer_incoming",
    """
    CREATE TEMPORARY TABLE gazetteer_incoming (
        postcode varchar(7) COLLATE "C" NOT NULL,
        sector varchar(5) COLLATE "C" NOT NULL,
        latitude double precision,
        longitude double precision,
        accuracy varchar(6) NOT NULL,
        terminated_on date,
        district varchar(9) NOT NULL,
        health varchar(9) NOT NULL
    ) ON COMMIT DROP
    """,
)

_COPY = """
COPY gazetteer_incoming (postcode, sector, latitude, longitude, accuracy, terminated_on, district, health) FROM STDIN
"""

# `latest`: a file that names a postcode twice means the later line. The comparison leaves out `source`, so a new
# edition rewrites only the rows it really changed; xmax is 0 on a row that this statement inserted.
_MERGE = """
WITH latest AS MATERIALIZED (
    SELECT DISTINCT ON (postcode) * FROM gazetteer_incoming ORDER BY postcode, ctid DESC
), merged AS (
    INSERT INTO logistics_postcode
        (postcode, sector, latitude, longitude, accuracy, terminated_on, district, health, source)
    SELECT n.postcode, n.sector, n.latitude, n.longitude, n.accuracy, n.terminated_on, n.district, n.health, %s
    FROM latest n LEFT JOIN logistics_postcode o ON o.postcode = n.postcode
    WHERE o.postcode IS NULL
       OR (o.latitude, o.longitude, o.accuracy, o.terminated_on, o.district, o.health)
          IS DISTINCT FROM (n.latitude, n.longitude, n.accuracy, n.terminated_on, n.district, n.health)
    ORDER BY n.postcode
    ON CONFLICT (postcode) DO UPDATE SET
        latitude = EXCLUDED.latitude, longitude = EXCLUDED.longitude, accuracy = EXCLUDED.accuracy,
        terminated_on = EXCLUDED.terminated_on, district = EXCLUDED.district, health = EXCLUDED.health,
        source = EXCLUDED.source
    RETURNING xmax = 0 AS is_new
), counted AS (
    SELECT count(*) AS rows,
           count(*) FILTER (WHERE accuracy = 'none') AS no_coordinate,
           count(terminated_on) AS terminated
    FROM latest
)
SELECT rows, no_coordinate, terminated,
       (SELECT count(*) FROM merged WHERE is_new), (SELECT count(*) FROM merged WHERE NOT is_new)
FROM counted
"""

# Only live unit points: a sector mean in the file would count the same place twice.
_REBUILD_SECTORS = """
WITH fresh AS (
    SELECT sector, count(*) AS postcodes,
           round(avg(latitude)::numeric, 6)::double precision AS latitude,
           round(avg(longitude)::numeric, 6)::double precision AS longitude
    FROM logistics_postcode
    WHERE accuracy = 'unit' AND terminated_on IS NULL
    GROUP BY sector
), gone AS (
    DELETE FROM logistics_sector s WHERE NOT EXISTS (SELECT 1 FROM fresh f WHERE f.sector = s.sector)
)
INSERT INTO logistics_sector AS s (sector, latitude, longitude, postcodes)
SELECT sector, latitude, longitude, postcodes FROM fresh
ON CONFLICT (sector) DO UPDATE SET
    latitude = EXCLUDED.latitude, longitude = EXCLUDED.longitude, postcodes = EXCLUDED.postcodes
WHERE (s.latitude, s.longitude, s.postcodes)
      IS DISTINCT FROM (EXCLUDED.latitude, EXCLUDED.longitude, EXCLUDED.postcodes)
"""

_TIDY = ("DROP TABLE gazetteer_incoming", "ANALYZE logistics_postcode", "ANALYZE logistics_sector")
