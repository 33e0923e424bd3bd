from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from equipment import rotation
from equipment.errors import DomainError


class Command(BaseCommand):
    help = (
        "Write every key-safe code and risk marker anew under the first key of SECRETS_KEYS. Safe while the service "
        "runs, and safe to run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = rotation.rotate()
        except DomainError as error:
            raise CommandError(error.detail) from error
        for name, count in done.written.items():
            self.stdout.write(f"{name}: {count} written anew")
        self.stdout.write(f"{done.newest} were under the newest key already.")
        if done.unreadable:
            raise CommandError(
                f"No key opens {len(done.unreadable)}: {', '.join(done.unreadable[:20])}. Put the key they were "
                "written with back into SECRETS_KEYS and run this again."
            )
        self.stdout.write("The older keys can be taken out of SECRETS_KEYS once every process knows the new one.")
