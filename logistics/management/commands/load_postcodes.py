"""`manage.py load_postcodes FILE`: brings the gazetteer up to date with a published postcode file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from equipment.clock import now
from logistics.gazetteer import Loaded, WrongFile, load
from logistics.siting import relocate

_EVERY = 200_000  # rows between two lines of progress


class Command(BaseCommand):
    help = (
        "Loads OS Code-Point Open, ONSPD or NSPL (a zip as published, its folder, or one CSV file). "
        "Repeatable: only postcodes that changed are written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="codepo_gb.zip, or an ONSPD or NSPL zip, folder or CSV file")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        began, at = time.monotonic(), now()
        try:
            loaded = load(file, at=at, progress=self._progress(began))
        except WrongFile as wrong:
            raise CommandError(f"{wrong} Nothing was changed.") from wrong
        except OSError as unreadable:
            raise CommandError(f"{file} cannot be read: {unreadable.strerror}. Nothing was changed.") from unreadable
        self._report(loaded, time.monotonic() - began)
        if waiting := relocate(at=at):
            self.stdout.write(f"{waiting} addresses that waited for a point were looked up again.")

    def _progress(self, began: float) -> Any:
        told = 0

        def tell(rows: int) -> None:
            nonlocal told
            if rows - told >= _EVERY:
                told = rows
                self.stdout.write(f"{rows:,} rows, {rows / (time.monotonic() - began):,.0f} a second")

        return tell

    def _report(self, loaded: Loaded, seconds: float) -> None:
        self.stdout.write(
            f"{loaded.source}: {loaded.rows:,} postcodes in {seconds:.1f} s. "
            f"{loaded.added:,} new, {loaded.changed:,} changed, {loaded.unchanged:,} as before; "
            f"{loaded.terminated:,} terminated, {loaded.no_coordinate:,} without a coordinate."
        )
        for reason, lines in sorted(loaded.skipped.items()):
            self.stdout.write(f"Left out: {lines:,} ({reason.replace('_', ' ')}).")
