from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from equipment.errors import Busy, Refused
from logistics import outbox
from logistics.models import OutboxRow
from logistics.work import Kind
from tests.county import TUESDAY

SECOND = timedelta(seconds=1)


def waiting():
    return OutboxRow.objects.filter(done_at=None)


def test_work_is_done_and_then_marked_done(db):
    seen = []
    outbox.put(Kind.PLAN, 7, at=TUESDAY)
    assert outbox.sweep({"plan": lambda key, at: seen.append((key, at))}, ["plan"], at=TUESDAY) == 1
    assert seen == [("7", TUESDAY)]
    assert not waiting().exists()
    assert outbox.sweep({"plan": lambda key, at: seen.append(key)}, ["plan"], at=TUESDAY) == 0


def test_asking_twice_while_it_waits_is_done_once(db):
    seen = []
    for key in (7, 8, 7):
        outbox.put(Kind.PLAN, key, at=TUESDAY)
    assert outbox.sweep({"plan": lambda key, at: seen.append(key)}, ["plan"], at=TUESDAY) == 2
    assert sorted(seen) == ["7", "8"]
    assert not waiting().exists()


def test_asking_while_it_is_being_done_is_done_again_afterwards(db):
    runs = []

    def plan(key, at):
        runs.append(key)
        if len(runs) == 1:
            outbox.put(Kind.PLAN, 7, at=TUESDAY)

    outbox.put(Kind.PLAN, 7, at=TUESDAY)
    assert outbox.sweep({"plan": plan}, ["plan"], at=TUESDAY) == 2
    assert runs == ["7", "7"]


def test_work_goes_with_the_transaction_that_needs_it(db):
    with pytest.raises(RuntimeError), transaction.atomic():
        outbox.put(Kind.PLAN, 7, at=TUESDAY)
        raise RuntimeError
    assert not waiting().exists()


@pytest.mark.parametrize(
    ("error", "delay"), [(RuntimeError("x"), 10), (Refused("no", "No."), 10), (Busy("busy", "Busy."), 5)]
)
def test_work_that_fails_waits_and_is_never_lost(db, error, delay):
    def fails(key, at):
        raise error

    outbox.put(Kind.PLAN, 7, at=TUESDAY)
    assert outbox.sweep({"plan": fails}, ["plan"], at=TUESDAY) == 0
    row = waiting().get()
    assert (row.attempts, row.due_at, row.claimed_until) == (1, TUESDAY + delay * SECOND, None)
    assert outbox.sweep({"plan": lambda key, at: None}, ["plan"], at=TUESDAY) == 0
    assert outbox.sweep({"plan": lambda key, at: None}, ["plan"], at=TUESDAY + delay * SECOND) == 1


def test_waiting_grows_and_never_beyond_ten_minutes(db):
    def fails(key, at):
        raise RuntimeError

    outbox.put(Kind.PLAN, 7, at=TUESDAY)
    at, waits = TUESDAY, []
    for _ in range(9):
        outbox.sweep({"plan": fails}, ["plan"], at=at)
        due = waiting().get().due_at
        waits.append((due - at).total_seconds())
        at = due
    assert waits == [10, 20, 40, 80, 160, 320, 600, 600, 600]


def test_a_worker_that_died_gives_its_work_back_when_the_lease_ends(db, settings):
    """It claimed and never came back: nobody else may take it before the lease ends, anybody may after."""
    settings.SERVICE = settings.SERVICE | {"OUTBOX_LEASE_SECONDS": 60}
    outbox.put(Kind.PLAN, 7, at=TUESDAY)
    assert len(outbox._claim(["plan"], TUESDAY)) == 1
    assert outbox.sweep({"plan": lambda key, at: None}, ["plan"], at=TUESDAY + 59 * SECOND) == 0
    assert outbox.sweep({"plan": lambda key, at: None}, ["plan"], at=TUESDAY + 60 * SECOND) == 1


def test_one_failure_does_not_hold_up_the_rest(db):
    def some(key, at):
        if key == "1":
            raise RuntimeError

    for key in (1, 2, 3):
        outbox.put(Kind.PLAN, key, at=TUESDAY)
    assert outbox.sweep({"plan": some}, ["plan"], at=TUESDAY) == 2
    assert waiting().get().key == "1"


def test_failed_work_asked_for_anew_meanwhile_is_done_once_for_both(db):
    seen = []

    def fails_once(key, at):
        seen.append(key)
        if len(seen) == 1:
            outbox.put(Kind.PLAN, 7, at=TUESDAY + 10 * SECOND)
            raise RuntimeError

    outbox.put(Kind.PLAN, 7, at=TUESDAY)
    outbox.sweep({"plan": fails_once}, ["plan"], at=TUESDAY)
    assert waiting().count() == 2
    assert outbox.sweep({"plan": fails_once}, ["plan"], at=TUESDAY + 10 * SECOND) == 1
    assert (seen, waiting().count()) == (["7", "7"], 0)


def test_a_worker_that_comes_back_after_its_lease_does_not_close_what_another_took_up(db, settings):
    settings.SERVICE = settings.SERVICE | {"OUTBOX_LEASE_SECONDS": 60}
    outbox.put(Kind.PLAN, 7, at=TUESDAY)
    slow = outbox._claim(["plan"], TUESDAY)
    quick = outbox._claim(["plan"], TUESDAY + 60 * SECOND)
    assert outbox._do(slow, lambda key, at: None, TUESDAY + 61 * SECOND)
    assert waiting().count() == 1
    outbox._do(quick, lambda key, at: None, TUESDAY + 62 * SECOND)
    assert waiting().count() == 0


def test_work_done_long_ago_is_forgotten(db):
    outbox.put(Kind.PLAN, 7, at=TUESDAY)
    outbox.sweep({"plan": lambda key, at: None}, ["plan"], at=TUESDAY)
    outbox.put(Kind.PLAN, 8, at=TUESDAY)
    assert outbox.forget(before=TUESDAY) == 0
    assert outbox.forget(before=TUESDAY + SECOND) == 1
    assert OutboxRow.objects.get().key == "8"
