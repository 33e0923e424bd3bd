"""The outbox: put work in with the transaction that needs it; a sweeper claims, does and only then marks it done.

The only place that speaks to the queue. A nudge after commit makes work prompt; losing the nudge loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from equipment.errors import Busy, DomainError
from logistics.models import OutboxRow
from logistics.work import PLANNING, Kind

log = logging.getLogger(__name__)

Handler = Callable[[str, datetime], object]

_LONGEST_BACKOFF = timedelta(minutes=10)
_BUSY_AGAIN = timedelta(seconds=5)


def put(kind: Kind, key: object, *, at: datetime) -> None:
    """Ask for work. A row already waiting for the same work is enough; the nudge goes out once the transaction
    commits.
    """
    OutboxRow.objects.bulk_create([OutboxRow(kind=kind, key=str(key), due_at=at, made_at=at)], ignore_conflicts=True)
    transaction.on_commit(partial(_nudge, kind))


def _nudge(kind: Kind) -> None:
    task = "logistics.tasks.sweep_planning" if kind in PLANNING else "logistics.tasks.sweep"
    try:
        current_app.send_task(task, retry=False)
    except Exception as error:  # noqa: BLE001  each transport has its own; the row is safe, so none may fail an order
        log.warning("The queue cannot be reached (%s); the sweeper will find the work.", type(error).__name__)


def sweep(handlers: Mapping[str, Handler], kinds: Iterable[str], *, at: datetime) -> int:
    """Do every due row of these kinds; returns how many were done.

    A row that fails waits longer each time, and is never lost.
    """
    done = 0
    while row := _claim(sorted(kinds), at):
        if _do(row, handlers[row.kind], at):
            done += 1
    return done


@transaction.atomic
def _claim(kinds: list[str], at: datetime) -> OutboxRow | None:
    """The next due row, ours until the lease runs out: a worker that dies gives it back by dying."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=at)
    rows = OutboxRow.objects.select_for_update(skip_locked=True).filter(
        free, kind__in=kinds, done_at__isnull=True, due_at__lte=at
    )
    row = rows.order_by("due_at", "pk").first()
    if row is not None:
        row.claimed_until = at + timedelta(seconds=settings.SERVICE["OUTBOX_LEASE_SECONDS"])
        row.attempts += 1
        row.save(update_fields=["claimed_until", "attempts"])
    return row


def _do(row: OutboxRow, handler: Handler, at: datetime) -> bool:
    try:
        handler(row.key, at)
    except Busy:
        _again(row, at + _BUSY_AGAIN, "busy")
        return False
    except DomainError as error:
        log.warning("%s %s: %s", row.kind, row.key, error.code)
        _again(row, at + _backoff(row.attempts), error.code)
        return False
    except Exception as error:
        log.exception("%s %s failed", row.kind, row.key)
        _again(row, at + _backoff(row.attempts), type(error).__name__)
        return False
    return (
        OutboxRow.objects.filter(pk=row.pk, attempts=row.attempts, done_at__isnull=True).update(
            done_at=at, last_error=""
        )
        == 1
    )


def _again(row: OutboxRow, due: datetime, error: str) -> None:
    """Give a row back. Where the same work was asked for anew meanwhile, that row carries on and this one is closed."""
    same = OutboxRow.objects.filter(kind=row.kind, key=row.key, done_at__isnull=True, claimed_until__isnull=True)
    with transaction.atomic():
        if same.select_for_update().exists():
            OutboxRow.objects.filter(pk=row.pk).update(
                done_at=F("due_at"), last_error=f"{error}; carried on by a newer row"
            )
        else:
            OutboxRow.objects.filter(pk=row.pk).update(claimed_until=None, due_at=due, last_error=error)


def _backoff(attempts: int) -> timedelta:
    return min(timedelta(seconds=5 * 2 ** min(attempts, 10)), _LONGEST_BACKOFF)
