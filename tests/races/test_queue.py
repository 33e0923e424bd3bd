"""The real broker and real worker processes: killed in mid-plan, and a broker that is down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from equipment.models import Asset
from logistics import ordering, outbox
from logistics.locks import PLANNER
from logistics.models import OutboxRow, PlanRun, Shift, Visit
from logistics.promises import Calendar, local, today
from logistics.work import Kind
from tests.county import BY

pytestmark = [pytest.mark.broker]


def environment() -> dict[str, str]:
    """For a process of its own on the test's database."""
    db = connection.settings_dict
    url = f"postgres://{db['USER']}:{db['PASSWORD'] or ''}@{db['HOST']}:{db['PORT']}/{db['NAME']}"
    return os.environ | {"DATABASE_URL": url, "SECRET_KEY": "x" * 50, "OUTBOX_LEASE_SECONDS": "3"}


@contextmanager
def worker(**settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real Celery worker on the test's database and broker."""
    env = environment() | settings
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "default,planning", "--concurrency", "1"]
    process = subprocess.Popen(
        [*command, "--loglevel", "warning"],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=30)


def planner_at_work() -> bool:
    """Somebody holds the advisory lock of a depot: a plan is being made at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [PLANNER],
        )
        return bool(cursor.fetchone()[0])


def kill(process: subprocess.Popen[bytes]) -> None:
    """The worker and its children, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


def wait_for(what: Callable[[], bool], seconds: float = 60) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if what():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def order(county):
    """A commode for the next working day but one, with a van, in real time."""
    now = timezone.now()
    day = Calendar().from_day(today(now) + timedelta(days=1), 2)[-1]
    shift = county.shift(day)
    Shift.objects.filter(pk=shift.pk).update(starts_at=local(day, 8), ends_at=local(day, 16))
    county.new(county.commode())
    discharge = county.discharge(edd=None)
    from logistics import discharges

    discharges.take_date(discharge, discharges.Word(day, now), by=BY, at=now)
    request = ordering.Request((ordering.Item("COMMODE"),), county.prescriber, county.council, discharge)
    return lambda: ordering.place(request, by=BY, at=timezone.now())


def test_a_worker_killed_in_mid_plan_loses_nothing_and_issues_nothing_twice(order):
    """Rules 7 and 24: a plan that was cut off is made again."""
    with worker(PLANNING_SECONDS="30") as doomed:
        placed = order()
        assert wait_for(planner_at_work)
        kill(doomed)
    assert not PlanRun.objects.filter(stored=True).exists()
    assert OutboxRow.objects.filter(kind=Kind.PLAN, done_at=None).count() == 1
    time.sleep(3)  # the lease
    with worker(PLANNING_SECONDS="1"):
        outbox._nudge(Kind.PLAN)
        assert wait_for(lambda: Visit.objects.filter(state="planned").exists())
    assert Visit.objects.count() == 1
    assert Asset.objects.get().state == "reserved"
    assert ordering.shortages(placed) == {}


PLACE = """
import sys, django
django.setup()
from django.utils import timezone
from logistics import ordering
from logistics.models import Discharge, Prescriber
discharge, prescriber = Discharge.objects.get(), Prescriber.objects.get()
request = ordering.Request((ordering.Item("COMMODE"),), prescriber, prescriber.organisation, discharge)
print(ordering.place(request, by="api:ward", at=timezone.now()).state)
"""


def test_orders_are_taken_while_the_broker_is_down_and_planned_once_it_is_back(order):
    """A web process that cannot reach its broker takes the order; the sweep that beat asks for finds the work."""
    down = environment() | {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0", "DJANGO_SETTINGS_MODULE": "config.settings"}
    told = subprocess.run(
        [sys.executable, "-c", PLACE], env=down, capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stdout == "authorised\n"
    assert "The queue cannot be reached" in told.stderr
    assert OutboxRow.objects.get(kind=Kind.PLAN, done_at=None).attempts == 0
    with worker(PLANNING_SECONDS="1"):
        current_app.send_task("logistics.tasks.sweep_planning", retry=False)  # what beat does every five seconds
        assert wait_for(lambda: Visit.objects.filter(state="planned").exists())
