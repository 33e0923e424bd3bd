"""`manage.py import_file KIND FILE --organisation CODE`: check a file of rows and, when asked to, apply it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from equipment.clock import now
from equipment.errors import DomainError
from equipment.imports import jobs
from equipment.jobs import ImportKind, ImportState
from equipment.models import ImportJob, Organisation, Store

_SHOWN = 20  # problems listed; all that are kept stand on the job's page
_EVERY = 2.0  # seconds between two lines of progress


class Command(BaseCommand):
    help = (
        "Reads a CSV or .xlsx file and says what it would do. With --apply it does it. Repeatable: nothing comes twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=[kind.value for kind in ImportKind])
        parser.add_argument("file", type=Path)
        parser.add_argument("--organisation", required=True, help="code of the organisation whose rows these are")
        parser.add_argument("--store", help="code of the store that new assets are booked in at")
        parser.add_argument("--apply", action="store_true", help="do it, when no row is bad")
        parser.add_argument("--skip-bad", action="store_true", help="with --apply: do the good rows, leave out the bad")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            job = self._check(options)
            if options["apply"]:
                self._apply(job, skip_bad=options["skip_bad"])
        except DomainError as error:
            raise CommandError(error.detail) from error

    def _check(self, options: dict[str, Any]) -> ImportJob:
        file: Path = options["file"]
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        organisation = _one(Organisation, options["organisation"])
        store = _one(Store, options["store"]) if options["store"] else None
        at = now()
        with transaction.atomic():  # claimed in the same breath, or a worker would be faster
            made = jobs.upload(options["kind"], file.name, content, organisation, by="command", at=at, store=store)
            job = jobs.claim(at, only=made.pk)
        assert job is not None  # noqa: S101  nobody else can have seen it
        self._work(job)
        if job.state == ImportState.FAILED:
            raise CommandError(job.failure)
        self._report(job)
        return job

    def _apply(self, job: ImportJob, *, skip_bad: bool) -> None:
        at = now()
        with transaction.atomic():
            jobs.apply(job, by="command", at=at, skip_bad=skip_bad)
            claimed = jobs.claim(at, only=job.pk)
        assert claimed is not None  # noqa: S101  nobody else can have seen it
        self._work(claimed)
        if claimed.state == ImportState.FAILED:
            raise CommandError(claimed.failure)
        self._report(claimed)

    def _work(self, job: ImportJob) -> None:
        jobs.work(job, now, self._progress())
        job.refresh_from_db()

    def _progress(self) -> jobs.Progress:
        began = told = time.monotonic()

        def tell(job: ImportJob) -> None:
            nonlocal told
            if time.monotonic() - told >= _EVERY:
                told = time.monotonic()
                self.stderr.write(
                    f"{job.rows_done:,} of {job.rows_total:,}, {job.rows_done / (told - began):,.0f} a second"
                )

        return tell

    def _report(self, job: ImportJob) -> None:
        done = job.state == ImportState.DONE
        verb = "created" if done else "to create"
        other = "updated" if done else "to update"
        self.stdout.write(
            f"{job}: {job.rows_total:,} rows ({job.encoding}). {job.created:,} {verb}, {job.updated:,} {other}, "
            f"{job.unchanged:,} unchanged, {job.bad:,} bad."
        )
        for each in job.problems[:_SHOWN] if not done else ():
            self.stdout.write(f"Line {each['line']}, {each['field'] or 'whole row'}: {each['detail']}")
        if not done and len(job.problems) > _SHOWN:
            self.stdout.write(f"and {len(job.problems) - _SHOWN} more: see import {job.pk} in the admin.")


def _one(model: Any, code: str) -> Any:
    found = model.objects.filter(code=code).first()
    if found is None:
        raise CommandError(f"There is no {model._meta.verbose_name} {code}.")
    return found
