"""A file from upload to done: checked as a dry run, applied in chunks when a person has seen what it would do.

The table is the truth. A worker leases a job; each chunk is one transaction that holds the job's row and moves its
`rows_done`, so a worker killed at any moment loses at most the chunk it was in, and nothing is written twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Q

from equipment import duties, locks
from equipment.duties import Duty
from equipment.errors import DomainError, Invalid, Refused
from equipment.imports import assets, cleans, files, kinds, loans, products, tests
from equipment.imports.columns import Line, Problem, defused
from equipment.imports.steps import Scope, Step, Verbs, Word
from equipment.jobs import ImportKind, ImportState
from equipment.lifecycle import advance_job, note_job
from equipment.models import ImportJob, Organisation, Store

CHUNK = 500
KEPT_PROBLEMS = 1000
VERBS: dict[str, Verbs] = {
    ImportKind.PRODUCTS: products.VERBS,
    ImportKind.ASSETS: assets.VERBS,
    ImportKind.LOANS: loans.VERBS,
    ImportKind.TESTS: tests.VERBS,
    ImportKind.CLEANS: cleans.VERBS,
}
WORKING = (ImportState.WAITING, ImportState.CHECKING, ImportState.APPLYING)
log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


# What a person does ---------------------------------------------------------------------------------------------------


@transaction.atomic
def upload(
    kind: str,
    filename: str,
    content: bytes,
    organisation: Organisation,
    *,
    by: str,
    at: datetime,
    store: Store | None = None,
) -> ImportJob:
    """Keep the file; a worker reads it soon. Raises Invalid when it is too big, or the store is missing or not of
    those who deliver for the organisation.
    """
    duties.require(by, Duty.IMPORT, store.pk if store else None)
    megabytes = settings.SERVICE["IMPORT_MEGABYTES"]
    if len(content) > megabytes * 1_000_000:
        raise Invalid("file_too_big", f"The file is above {megabytes} MB: split it.", field="file")
    if kind == ImportKind.ASSETS and store is None:
        raise Invalid("store_needed", "Choose the store that new assets are booked in at.", field="store")
    if store is not None and not _serves(store.organisation, organisation):
        raise Invalid("another_store", f"{store} is no store for {organisation}: choose another.", field="store")
    job = ImportJob.objects.create(
        kind=kind,
        organisation=organisation,
        store=store,
        filename=filename[-120:],
        content=content,
        uploaded_by=str(by),
        uploaded_at=at,
    )
    note_job(job, verb="upload", by=by, at=at, facts={"filename": job.filename, "bytes": len(content)})
    return job


def _serves(keeper: Organisation, organisation: Organisation) -> bool:
    return organisation.pk in (keeper.pk, keeper.provider_id) or organisation.provider_id == keeper.pk


@transaction.atomic
def apply(job: ImportJob, *, by: str, at: datetime, skip_bad: bool = False) -> None:
    """Do what the check has shown. Refused with bad rows in it, unless the person chose to leave those out."""
    duties.require(by, Duty.IMPORT, job.store_id)
    held = locks.import_job(job.pk)
    if held.bad and not skip_bad:
        raise Refused(
            "bad_rows", f"{held.bad:,} rows are bad: correct the file, or apply the good rows only.", bad=held.bad
        )
    if held.rows_total == held.bad:
        raise Refused("nothing_good", "No row of this file can be applied: correct it and bring it in again.")
    start = {"skip_bad": skip_bad, "rows_done": 0, "lease_until": None, "created": 0, "updated": 0, "unchanged": 0}
    advance_job(held, ImportState.APPLYING, by=by, at=at, values={**start, "bad": 0})


@transaction.atomic
def cancel(job: ImportJob, *, by: str, at: datetime) -> None:
    """Not applied after all."""
    duties.require(by, Duty.IMPORT, job.store_id)
    held = locks.import_job(job.pk)
    advance_job(held, ImportState.CANCELLED, by=by, at=at, values={"finished_at": at, "lease_until": None})


# What a worker does ---------------------------------------------------------------------------------------------------


@transaction.atomic
def claim(at: datetime, *, only: int | None = None) -> ImportJob | None:
    """The next job to work on, ours until the lease ends: a worker gives it back by dying."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=at)
    job = locks.free_import(free & Q(state__in=WORKING) & (Q(pk=only) if only else Q()))
    if job is not None:
        _lease(job, at)
    return job


def _lease(job: ImportJob, at: datetime) -> None:
    job.lease_until = at + timedelta(seconds=settings.SERVICE["IMPORT_LEASE_SECONDS"])
    ImportJob.objects.filter(pk=job.pk).update(lease_until=job.lease_until)


def sweep(now: Clock) -> int:
    """Work on one waiting job, if there is one; returns how many."""
    job = claim(now())
    if job is None:
        return 0
    try:
        work(job, now)
    except (OperationalError, InterfaceError):
        raise  # nothing is wrong with the file: the lease runs out, and it is tried again
    except Exception as error:
        log.exception("%s failed", job)
        _fail(job, f"The file could not be worked through ({type(error).__name__}): tell whoever runs this.", now())
    return 1


def _fail(job: ImportJob, why: str, at: datetime) -> None:
    job.refresh_from_db(fields=["state"])
    values = {"failure": why[:300], "encoding": job.encoding, "finished_at": at, "lease_until": None}
    advance_job(job, ImportState.FAILED, by=f"import:{job.pk}", at=at, reason=why[:300], values=values)


Progress = Callable[[ImportJob], object]


def _quietly(job: ImportJob) -> None:
    """Nobody watches."""


def work(job: ImportJob, now: Clock, progress: Progress = _quietly) -> None:
    """Check or apply a job that has been claimed, to its end."""
    by = f"import:{job.pk}"
    if job.state == ImportState.WAITING:
        advance_job(job, ImportState.CHECKING, by=by, at=now())
    try:
        lines, ignored = _read(job)
    except DomainError as error:
        _fail(job, error.detail, now())
        return
    if job.state == ImportState.CHECKING:
        _check(job, lines, ignored, now, progress)
    else:
        while _chunk(job.pk, lines, now):
            job.refresh_from_db(fields=["rows_done", "rows_total", "state"])
            progress(job)


def _read(job: ImportJob) -> tuple[list[Line], tuple[str, ...]]:
    limits = settings.SERVICE
    file = files.read(
        bytes(job.content), job.filename, rows=limits["IMPORT_ROWS"], megabytes=limits["IMPORT_MEGABYTES"]
    )
    if not job.encoding:
        job.encoding = file.encoding
    return kinds.lines(kinds.KINDS[job.kind], file)


def _planned(verbs: Verbs, scope: Scope, lines: Sequence[Line]) -> list[Step]:
    """A step for each line, in their order; one that is wrong by itself asks the database nothing."""
    good = [line for line in lines if not line.problems]
    steps = iter(verbs.plan(scope, good) if good else [])
    return [Step(line, Word.BAD, problems=list(line.problems)) if line.problems else next(steps) for line in lines]


def _chunks(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    for start in range(0, len(lines), CHUNK):
        yield lines[start : start + CHUNK]


def _check(job: ImportJob, lines: list[Line], ignored: tuple[str, ...], now: Clock, progress: Progress) -> None:
    """Dry run: what each row would do, counted; nothing but the job itself is written."""
    job.rows_total, job.rows_done = len(lines), 0
    ImportJob.objects.filter(pk=job.pk).update(rows_total=len(lines), rows_done=0, encoding=job.encoding)
    counts = dict.fromkeys(Word, 0)
    problems = [_ignored(name) for name in ignored]
    scope = Scope.of(job, at=now())
    for chunk in _chunks(lines):
        for step in _planned(VERBS[job.kind], scope, chunk):
            counts[step.word] += 1
            problems += step.problems[: max(0, KEPT_PROBLEMS - len(problems))]
        job.rows_done += len(chunk)
        ImportJob.objects.filter(pk=job.pk).update(rows_done=job.rows_done)
        _lease(job, now())
        progress(job)
    values: dict[str, Any] = {word.value: counts[word] for word in Word}
    values |= {"problems": [asdict(each) for each in problems[:KEPT_PROBLEMS]], "lease_until": None}
    advance_job(job, ImportState.CHECKED, by=scope.by, at=now(), values=values)


def _ignored(name: str) -> Problem:
    return Problem(1, name[:80], "ignored", "Nobody knows this column, so it is not brought in. Is its name right?")


@transaction.atomic
def _chunk(pk: int, lines: list[Line], now: Clock) -> bool:
    """The next rows, and the place up to which it is done, in one transaction. False when there is nothing more."""
    job, at = locks.import_job(pk), now()
    if job.state != ImportState.APPLYING:
        return False
    part = lines[job.rows_done : job.rows_done + CHUNK]
    scope = Scope.of(job, at=at)
    with transaction.atomic():
        steps = _written(VERBS[job.kind], scope, part)
        bad = [step for step in steps if step.word == Word.BAD]
        if bad and not job.skip_bad:
            transaction.set_rollback(True)
    _tell(job, bad)
    if bad and not job.skip_bad:
        job.save(update_fields=["problems"])
        _fail(job, _CHANGED.format(bad[0].line.number, job.rows_done), at)
        return False
    for word in Word:
        setattr(job, word.value, getattr(job, word.value) + sum(step.word == word for step in steps))
    job.rows_done += len(part)
    job.lease_until = at + timedelta(seconds=settings.SERVICE["IMPORT_LEASE_SECONDS"])
    job.save(update_fields=["rows_done", "created", "updated", "unchanged", "bad", "problems", "lease_until"])
    if job.rows_done >= len(lines):
        advance_job(job, ImportState.DONE, by=scope.by, at=at, values={"finished_at": at, "lease_until": None})
        return False
    return True


_CHANGED = (
    "Line {} has become wrong since the file was checked. The first {:,} rows are done: bring the file in again, "
    "and they come up as unchanged."
)


def _tell(job: ImportJob, bad: Sequence[Step]) -> None:
    """Add what the check did not know yet."""
    known = {each["line"] for each in job.problems if each["code"] != "ignored"}
    fresh = [asdict(each) for step in bad for each in step.problems if each.line not in known]
    job.problems = (job.problems + fresh)[:KEPT_PROBLEMS]


def _written(verbs: Verbs, scope: Scope, lines: Sequence[Line]) -> list[Step]:
    """All at once; one by one when they cannot all be, so that one row takes no other down with it."""
    try:
        with transaction.atomic():
            steps = _planned(verbs, scope, lines)
            verbs.write(scope, steps)
            return steps
    except (DomainError, IntegrityError):
        return [_one(verbs, scope, line) for line in lines]


def _one(verbs: Verbs, scope: Scope, line: Line) -> Step:
    refused = Step(line)
    try:
        with transaction.atomic():
            [step] = _planned(verbs, scope, [line])
            verbs.write(scope, [step])
            return step
    except DomainError as error:
        refused.refuse(str(error.facts.get("field", "")), error.code, error.detail)
    except IntegrityError:
        refused.refuse("", "clashes", "This clashes with another row of the file, or with what was recorded meanwhile.")
    return refused


# What a person reads --------------------------------------------------------------------------------------------------


def bad_rows(job: ImportJob) -> Iterator[list[str]]:
    """The header and the rows with a problem, as they came, and in a last column why: to correct and bring in again."""
    limits = settings.SERVICE
    file = files.read(
        bytes(job.content), job.filename, rows=limits["IMPORT_ROWS"], megabytes=limits["IMPORT_MEGABYTES"]
    )
    why: dict[int, list[str]] = {}
    for each in job.problems:
        if each["code"] != "ignored":
            said = f"{each['field']}: {each['detail']}" if each["field"] else each["detail"]
            why.setdefault(each["line"], []).append(said)
    yield [*file.header, "what_is_wrong"]
    for row in file.rows:
        if row.line in why:
            cells = ["" if cell is None else str(cell) for cell in row.cells]
            cells = (cells + [""] * len(file.header))[: max(len(file.header), len(cells))]
            yield [*(defused(cell) for cell in cells), " ".join(why[row.line])]
