"""Celery's side of the house: each task is one call, with the time read once."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task

from equipment import clock
from equipment.models import Store
from equipment.words import StoreKind
from logistics import (
    bereavement,
    dispatch,
    followups,
    home_tests,
    installs,
    misfits,
    ordering,
    outbox,
    recall_visits,
    reviews,
    secrets_kept,
    siting,
)
from logistics.work import PLANNING, Kind

PLANNER = "task:planner"
SUPPLIER = "task:supply"
TELECARE = "task:telecare"
TESTER = "task:home tests"
RECALLER = "task:recalls"
REVIEWER = "task:reviews"

HANDLERS: dict[str, outbox.Handler] = {
    Kind.PLAN: lambda key, at: dispatch.replan(int(key), by=PLANNER, at=at),
    Kind.LOCATE: lambda key, at: siting.ask_geocoder(int(key), at=at),
    Kind.SUPPLY: lambda key, at: ordering.supply_waiting([int(key)], by=SUPPLIER, at=at),
}


@shared_task(time_limit=120)
def sweep() -> int:
    """Everything due but planning."""
    return outbox.sweep(HANDLERS, set(HANDLERS) - PLANNING, at=clock.now())


@shared_task(time_limit=60)
def find_supply() -> int:
    """Replace what was promised and cannot go; look for kit that has come free for somebody who waits.

    Asked for by beat alone: it puts work on the queue itself.
    """
    at = clock.now()
    followups.mend_promises(by=SUPPLIER, at=at)
    return followups.find_supply(at=at)


@shared_task(time_limit=600)
def carry_out_recalls() -> int:
    """Visits for what is at home under a safety alert, the most urgent first (rule 36)."""
    return recall_visits.carry_out(by=RECALLER, at=clock.now())


@shared_task(time_limit=900)
def sweep_planning() -> int:
    """Plans that are due. On a queue of its own: start more workers on `planning` for more depots at once."""
    return outbox.sweep(HANDLERS, PLANNING, at=clock.now())


@shared_task
def forget_work() -> int:
    """Work done a month ago needs no row any more; what it did is in the events."""
    return outbox.forget(before=clock.now() - timedelta(days=30))


@shared_task(time_limit=900)
def raise_home_tests() -> int:
    """Every night and before dawn, ahead of the plans: visits for the tests that fall due on loan (rule 37)."""
    return home_tests.raise_due(by=TESTER, at=clock.now())


@shared_task(time_limit=300)
def chase_telecare() -> int:
    """Every morning: hubs still at the centre, free periods that end, key holders to ask again (rule 38)."""
    return installs.chase(by=TELECARE, at=clock.now())


@shared_task
def forget_secrets() -> int:
    """Every night: erase the codes and markers of doors where nothing is left to do (rule 39)."""
    return secrets_kept.purge(at=clock.now())


@shared_task(time_limit=300)
def ask_reviews() -> int:
    """Every morning: ask whether what is on loan is still needed, remind, and see that no death is left unasked about.
    Returns how many questions.
    """
    at = clock.now()
    bereavement.ask_about_the_rest(at=at)
    return reviews.raise_due(by=REVIEWER, at=at).raised


@shared_task(time_limit=60)
def finish_deaths() -> int:
    """Stop what could not be stopped at the moment a death was told (rule 27)."""
    return bereavement.finish(by=REVIEWER, at=clock.now())


@shared_task(time_limit=300)
def judge_again() -> int:
    """Every hour: tell the prescriber what is promised and suits the person no longer."""
    return misfits.judge_again(at=clock.now())


@shared_task(time_limit=300)
def renew_promises() -> int:
    """Replace what is promised and whose test will have run out on its day (rule 28)."""
    return followups.renew_promises(by=SUPPLIER, at=clock.now())


@shared_task
def plan_every_depot() -> int:
    """Every night and before dawn: ask for a plan of each depot's next working days."""
    at = clock.now()
    depots = Store.objects.filter(kind=StoreKind.DEPOT).values_list("pk", flat=True)
    for store_id in depots:
        outbox.put(Kind.PLAN, store_id, at=at)
    return len(depots)
