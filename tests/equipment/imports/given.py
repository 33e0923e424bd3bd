"""Files as people make them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any

from openpyxl import Workbook

from equipment.imports import jobs
from equipment.jobs import ImportKind
from equipment.models import ImportJob
from tests.county import BY, TUESDAY, County


def csv_of(*rows: Iterable[Any], delimiter: str = ",") -> bytes:
    out = StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode()


def xlsx_of(*rows: Iterable[Any]) -> bytes:
    book, out = Workbook(), BytesIO()
    for row in rows:
        book.active.append(list(row))
    book.save(out)
    return out.getvalue()


def uploaded(county: County, kind: str, content: bytes, **more: Any) -> ImportJob:
    """A file of the provider's for the main store, not looked at yet."""
    more = {"organisation": county.provider, "store": county.store, "filename": "file.csv", "at": TUESDAY} | more
    return jobs.upload(kind, more.pop("filename"), content, more.pop("organisation"), by=BY, **more)


def checked(county: County, kind: str, content: bytes, **more: Any) -> ImportJob:
    return worked(uploaded(county, kind, content, **more), more.get("at", TUESDAY))


def worked(job: ImportJob, at: datetime = TUESDAY) -> ImportJob:
    found = jobs.claim(at, only=job.pk)
    assert found is not None
    jobs.work(found, lambda: at)
    job.refresh_from_db()
    return job


def applied(county: County, kind: str, content: bytes, *, skip_bad: bool = False, **more: Any) -> ImportJob:
    job = checked(county, kind, content, **more)
    at = more.get("at", TUESDAY)
    jobs.apply(job, by=BY, at=at, skip_bad=skip_bad)
    return worked(job, at)


def codes(job: ImportJob) -> list[tuple[int, str, str]]:
    return [(each["line"], each["field"], each["code"]) for each in job.problems]


def counts(job: ImportJob) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, bad."""
    return (job.created, job.updated, job.unchanged, job.bad)


def bring_in(county: County, kind: ImportKind, content: bytes, **more: Any) -> None:
    """Apply a file that must be good."""
    job = applied(county, kind, content, **more)
    assert (job.problems, job.state) == ([], "done"), job.failure
