"""Celery's side of equipment: each task is one call, with the time read once."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from equipment import clock, markers, merging, recalls
from equipment.imports import jobs
from equipment.models import IdempotentRequest, ImportJob

FILES_KEPT = timedelta(days=30)  # to see what a file held when a mistake shows; then what it said of people goes
LATELY = timedelta(hours=2)  # what has moved since then is looked at by each sweep; everything by night
RECALLER = "task:recalls"
KEPT = timedelta(days=3)  # no client retries for longer, and the answers kept hold personal data


@shared_task
def forget_requests() -> int:
    """Forget the answers kept for retries; returns how many."""
    gone, _ = IdempotentRequest.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    return gone


@shared_task
def end_markers() -> int:
    """Soon after midnight: end and erase the risk markers whose day is past (rule 39). Returns how many."""
    return markers.expire(at=clock.now())


@shared_task
def gather_merged() -> int:
    """Every night: what was still made for a record that had been merged goes to the one kept (rule 29)."""
    return merging.gather(by="task:merging", at=clock.now())


@shared_task
def forget_files() -> int:
    """Empty the files brought in long ago, and what was said of their rows; the counts stay. Returns how many."""
    old = ImportJob.objects.filter(finished_at__lt=clock.now() - FILES_KEPT).exclude(content=b"")
    return old.update(content=b"", problems=[])


@shared_task
def sweep_imports() -> int:
    """Check or apply one file brought in, if one waits; a long one reads the clock with each of its chunks."""
    return jobs.sweep(clock.now)


@shared_task(time_limit=120)
def sweep_recalls() -> int:
    """Catch what has come into sight of a safety alert, and hold what of it stands in a store (rule 36)."""
    at = clock.now()
    return recalls.rematch(by=RECALLER, at=at, within=LATELY) + recalls.hold_found(by=RECALLER, at=at)


@shared_task(time_limit=900)
def rematch_recalls() -> int:
    """Every night: look at everything again, as a serial or a batch may have been corrected meanwhile."""
    return recalls.rematch(by=RECALLER, at=clock.now())
