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
from django.db.models import Q, QuerySet

from equipment.errors import Busy, DomainError
from logistics.models import OutboxRow
from logistics.work import PLANNING, Kind

log = logging.getLogger(__name__)

Handler = Callable[[str, datetime], object]

_LONGEST_BACKOFF = timedelta(minutes=10)
_BUSY_AGAIN = timedelta(seconds=5)


def put(kind: Kind, key: object, *, at: datetime) -> None:
    """Ask for work; the nudge goes out once the transaction commits.

    Always a row of its own: leaning on one that waits already would lose this work, if that row is taken up before the
    transaction here commits. Rows for the same work are gathered when they are claimed.
    """
    OutboxRow.objects.create(kind=kind, key=str(key), due_at=at, made_at=at)
    transaction.on_commit(partial(_nudge, kind))


def _nudge(kind: Kind) -> None:
    task = "logistics.tasks.sweep_planning" if kind in PLANNING else "logistics.tasks.sweep"
    try:
        current_app.send_task(task, retry=False)
    except Exception as error:  # noqa: BLE001  each transport has its own; the row is safe, so none may fail an order
        log.warning("The queue cannot be reached (%s); the sweeper will find the work.", type(error).__name__)


def sweep(handlers: Mapping[str, Handler], kinds: Iterable[str], *, at: datetime) -> int:
    """Do every due piece of work of these kinds; returns how many were done.

    What fails waits longer each time, and is never lost.
    """
    done = 0
    while rows := _claim(sorted(kinds), at):
        if _do(rows, handlers[rows[0].kind], at):
            done += 1
    return done


@transaction.atomic
def _claim(kinds: list[str], at: datetime) -> list[OutboxRow]:
    """The next due row and all others for the same work, ours until the lease ends: a worker gives them back by
    dying.
    """
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=at)
    due = OutboxRow.objects.select_for_update(skip_locked=True).filter(free, done_at__isnull=True, due_at__lte=at)
    first = due.filter(kind__in=kinds).order_by("due_at", "pk").first()
    if first is None:
        return []
    rows = list(due.filter(kind=first.kind, key=first.key).order_by("pk"))
    lease = at + timedelta(seconds=settings.SERVICE["OUTBOX_LEASE_SECONDS"])
    for row in rows:
        row.claimed_until = lease
        row.attempts += 1
    OutboxRow.objects.bulk_update(rows, ["claimed_until", "attempts"])
    return rows


def _do(rows: list[OutboxRow], handler: Handler, at: datetime) -> bool:
    kind, key = rows[0].kind, rows[0].key
    tries = max(row.attempts for row in rows)
    try:
        handler(key, at)
    except Busy:
        _again(rows, at + _BUSY_AGAIN, "busy")
        return False
    except DomainError as error:
        log.warning("%s %s: %s", kind, key, error.code)
        _again(rows, at + _backoff(tries), error.code)
        return False
    except Exception as error:  # whatever it was: try again, and go on with the rest
        log.exception("%s %s failed", kind, key)
        _again(rows, at + _backoff(tries), type(error).__name__)
        return False
    _mine(rows).update(done_at=at, last_error="")
    return True


def _again(rows: list[OutboxRow], due: datetime, error: str) -> None:
    _mine(rows).update(claimed_until=None, due_at=due, last_error=error)


def _mine(rows: list[OutboxRow]) -> QuerySet[OutboxRow]:
    """Those rows still under this claim: one whose lease ended and that somebody else took up is theirs to close."""
    claim = Q()
    for row in rows:
        claim |= Q(pk=row.pk, attempts=row.attempts)
    return OutboxRow.objects.filter(claim, done_at__isnull=True)


def _backoff(attempts: int) -> timedelta:
    return min(timedelta(seconds=5 * 2 ** min(attempts, 10)), _LONGEST_BACKOFF)


def forget(*, before: datetime) -> int:
    """Delete work done before that moment; returns how many rows."""
    gone, _ = OutboxRow.objects.filter(done_at__lt=before).delete()
    return gone
