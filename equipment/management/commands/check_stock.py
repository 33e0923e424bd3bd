from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from equipment import stock


class Command(BaseCommand):
    help = (
        "List every stock line whose count or reserved is not the sum of the rows behind it; exit 1 when there is one."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = stock.differences()
        for row in found:
            batch = f", batch {row.line.batch}" if row.line.batch else ""
            self.stdout.write(
                f"Line {row.line.pk} ({row.line}{batch}): {row.what} is {row.kept}, its rows make {row.sum}"
            )
        if found:
            raise CommandError(f"{len(found)} differ.")
        self.stdout.write("Every count and every reserved is the sum of its rows.")
