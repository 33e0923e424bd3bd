"""Two people of the floor do the same thing at the same moment: it happens once."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest
from django.db import connection, transaction

from equipment import locks, stock, transfers
from equipment.errors import Refused
from equipment.models import Asset, StockLine, TransferItem
from equipment.states import AssetState
from tests.county import BY, TUESDAY, state_of
from tests.races.conftest import together

pytestmark = pytest.mark.races
AT = {"by": BY, "at": TUESDAY}


def drafts(county, number):
    ward = county.satellite()
    return [transfers.draft(county.store, ward, {}, **AT) for _ in range(number)]


def read(asset):
    """The row as one person's page had it."""
    return Asset.objects.select_related("product").get(pk=asset.pk)


def test_one_asset_put_on_two_transfers_is_on_one(county):
    asset, jobs = county.new(county.commode()), drafts(county, 2)
    answers = together(*(partial(transfers.put_on, job, read(asset), **AT) for job in jobs))
    assert sorted(type(answer).__name__ for answer in answers) == ["Refused", "TransferItem"]
    [refusal] = [answer for answer in answers if isinstance(answer, Refused)]
    assert refusal.code == "not_here"
    assert (state_of(asset), TransferItem.objects.count()) == (AssetState.IN_TRANSFER, 1)


def test_control_without_the_lock_both_think_it_is_there_and_only_the_state_stops_one(county, monkeypatch):
    """The rung below the lock holds by itself: the state is moved by compare-and-set, so one of the two is stale."""
    asset, jobs = county.new(county.commode()), drafts(county, 2)
    both_have_read = threading.Barrier(2)

    def unlocked(row):
        row.refresh_from_db()
        both_have_read.wait(timeout=20)
        return row

    monkeypatch.setattr(locks, "again", unlocked)
    answers = together(*(partial(transfers.put_on, job, read(asset), **AT) for job in jobs))
    assert sorted(type(answer).__name__ for answer in answers) == ["StaleState", "TransferItem"]
    assert TransferItem.objects.count() == 1


def sent(county):
    [job] = drafts(county, 1)
    item = transfers.put_on_counted(job, county.stock(county.raisers(), 9), 5, **AT)
    asset = county.new(county.commode())
    transfers.put_on(job, asset, **AT)
    transfers.send(job, **AT)
    return job, asset, item


def test_two_receive_the_same_transfer_and_nothing_arrives_twice(county):
    job, asset, item = sent(county)
    again = type(job).objects.get(pk=job.pk)
    same = TransferItem.objects.select_related("transfer").get(pk=item.pk)
    answers = together(
        partial(transfers.receive, job, read(asset), **AT), partial(transfers.receive, again, read(asset), **AT)
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Refused", "TransferItem"]
    answers = together(
        partial(transfers.receive_counted, item, 3, **AT), partial(transfers.receive_counted, same, 3, **AT)
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Invalid", "StockLine"]
    item.refresh_from_db()
    assert (item.received, StockLine.objects.get(store=job.destination).count) == (3, 3)
    assert state_of(asset) == AssetState.AVAILABLE


def test_control_without_the_lock_more_arrives_than_was_sent_but_for_the_constraint(county, monkeypatch):
    """Both see five still to come; the database itself refuses the sixth."""
    _, _, item = sent(county)
    same = TransferItem.objects.select_related("transfer").get(pk=item.pk)
    both_have_read, counted = threading.Barrier(2), transfers._counted

    def unlocked(row):
        row.refresh_from_db()
        return row

    def after_the_other_has_read(job, row):
        held = counted(job, row)
        both_have_read.wait(timeout=20)
        return held

    monkeypatch.setattr(locks, "transfer", unlocked)
    monkeypatch.setattr(transfers, "_counted", after_the_other_has_read)
    answers = together(
        partial(transfers.receive_counted, item, 3, **AT), partial(transfers.receive_counted, same, 3, **AT)
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["IntegrityError", "StockLine"]
    item.refresh_from_db()
    assert item.received == 3


def until_somebody_waits(deadline=20.0):
    """Somebody else of this database stands before a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    end = time.monotonic() + deadline
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(query)
            if cursor.fetchone()[0]:
                return
    raise TimeoutError("nobody waits")


def test_cleaning_and_counting_take_the_lines_of_a_product_in_one_order(county, monkeypatch):
    """A clean line older than the dirty one: whoever closes a count locks it first, and so must who cleans."""
    clean = county.stock(county.raisers(), 4)
    dirty = stock.take_back(county.raisers(), county.store, 3, **AT)
    move, begun = stock.move, threading.Event()

    def while_another_waits(line, *args, **kwargs):
        moved = move(line, *args, **kwargs)
        if line.pk == dirty.pk:
            begun.set()
            until_somebody_waits()
        return moved

    def closing_a_count():
        begun.wait(timeout=20)
        with transaction.atomic():
            return sum(line.count for line in locks.lines([clean.pk, dirty.pk]).values())

    monkeypatch.setattr(stock, "move", while_another_waits)
    assert together(partial(stock.cleaned, dirty, 3, **AT), closing_a_count)[1] == 7
    clean.refresh_from_db()
    dirty.refresh_from_db()
    assert (clean.count, dirty.count) == (7, 0)
