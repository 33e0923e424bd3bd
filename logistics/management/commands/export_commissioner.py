"""`manage.py export_commissioner CODE FILE.zip`: all that is on record about one organisation, in open form."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from equipment.clock import now
from equipment.models import Organisation
from logistics import handover


class Command(BaseCommand):
    help = "Writes a zip of CSV files: equipment, loans, people, tests, cleans, orders, visits and their whole history."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="code of the organisation")
        parser.add_argument("file", type=Path, help="the zip to write; an existing one is replaced when all is written")

    def handle(self, *args: Any, code: str, file: Path, **options: Any) -> None:
        organisation = Organisation.objects.filter(code=code).first()
        if organisation is None:
            raise CommandError(f"There is no organisation {code}. Nothing was written.")
        part = file.with_name(f"{file.name}.part")
        try:
            # Personal data: readable by its owner only. Whole, or not there at all.
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                entries = handover.write(organisation, out, at=now())
            part.replace(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        finally:
            part.unlink(missing_ok=True)
        for entry in entries:
            self.stdout.write(f"{entry.file}: {entry.rows:,} rows")
        self.stdout.write(f"{organisation.name}: {sum(entry.rows for entry in entries):,} rows in {file}")
