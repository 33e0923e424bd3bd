from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from equipment.roles import ensure_groups


class Command(BaseCommand):
    help = "Make the groups of users and give each its permissions. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, group in ensure_groups().items():
            self.stdout.write(f"{name}: {group.permissions.count()} permissions")
