"""The outbox: work asked for and not yet done, for whoever wonders why nothing happens."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q

from equipment import clock
from equipment.admin_base import Chips, ReadOnly, display
from logistics.models import OutboxRow


class Done(Chips):
    title = "work"
    parameter_name = "work"
    words = {
        "due": ("Due now", lambda: Q(done_at__isnull=True, due_at__lte=clock.now())),
        "waiting": ("Waiting", lambda: Q(done_at__isnull=True)),
        "failing": ("Failing", lambda: Q(done_at__isnull=True) & ~Q(last_error="")),
        "done": ("Done", lambda: Q(done_at__isnull=False)),
    }


@admin.register(OutboxRow)
class OutboxRowAdmin(ReadOnly):
    list_display = ("kind", "key", "due_at", "attempts", "outcome", "last_error")
    list_filter = (Done,)
    ordering = ("-id",)

    @display("State", tones={"done": "success", "failing": "danger", "waiting": "warning"})
    def outcome(self, row: OutboxRow) -> tuple[str, str]:
        if row.done_at:
            return "done", "Done"
        return ("failing", "Failing") if row.last_error else ("waiting", "Waiting")
