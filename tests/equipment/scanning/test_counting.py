from __future__ import annotations

import pytest

from equipment import stocktake
from equipment.duties import MANAGER, Actor
from equipment.jobs import CountState, ScanMode
from equipment.models import CountLine, StockCount
from tests.county import BY, TUESDAY, County
from tests.equipment.scanning.worker import Worker, said, second_store

pytestmark = pytest.mark.django_db


def counter(county: County) -> tuple[Worker, StockCount]:
    by = Actor("user:sam", MANAGER)
    count = stocktake.start(county.store, by=by, at=TUESDAY)
    return Worker(county, ScanMode.COUNT, by, job=count.pk), count


def test_assets_by_number_and_stock_by_label_and_quantity(county: County) -> None:
    asset = county.new(county.commode())
    county.raisers(20)
    worker, count = counter(county)
    assert said(worker.scan(asset)) == ("good", f"{asset} is counted.")
    asked = worker.scan("RAISER")
    assert (asked.ok, *said(asked), asked.answer["ask"]) == (False, "warn", "How many of Chair raisers?", "quantity")
    done = worker.scan("RAISER", quantity="20")
    assert (said(done), done.answer["lines"]) == (("good", "Chair raisers: 20 counted."), "2 counted")
    assert set(count.lines.values_list("first", flat=True)) == {1, 20}
    assert said(worker.scan("DO/DONE")) == ("good", "The first count has ended. Nothing differs: close it on its page.")


@pytest.mark.parametrize("quantity", ["-1", "two", "1.5", "999999"])
def test_a_quantity_is_a_whole_number(county: County, quantity: str) -> None:
    county.raisers(20)
    worker, count = counter(county)
    done = worker.scan("RAISER", quantity=quantity)
    assert (done.ok, done.answer["tone"]) == (False, "bad")
    assert count.lines.get().first is None


def test_seen_twice_counts_once_and_is_said(county: County) -> None:
    asset = county.new(county.commode())
    worker, count = counter(county)
    worker.scan(asset)
    assert said(worker.scan(asset)) == ("warn", f"{asset} was counted already.")
    assert count.lines.get().first == 1


def test_what_should_be_elsewhere_is_counted_where_it_is_found(county: County) -> None:
    """A surprise is what a count is for: no red answer for it."""
    worker, count = counter(county)
    loan = county.on_loan(county.commode())
    assert worker.scan(loan.asset).ok
    assert CountLine.objects.get(count=count, asset=loan.asset).expected == 0


def test_undo_is_as_if_nobody_had_looked(county: County) -> None:
    asset = county.new(county.commode())
    worker, count = counter(county)
    worker.scan(asset)
    assert said(worker.scan("DO/UNDO")) == ("good", f"{asset} is not counted any more.")
    assert count.lines.get().first is None


def test_undo_ends_with_the_count(county: County) -> None:
    asset = county.new(county.commode())
    worker, count = counter(county)
    worker.scan(asset)
    StockCount.objects.filter(pk=count.pk)
    stocktake.cancel(count, reason="Fire drill", by=BY, at=TUESDAY)
    assert said(worker.scan("DO/UNDO"))[0] == "bad"
    assert count.lines.get().first == 1


def test_a_count_is_chosen_first_and_of_this_store(county: County) -> None:
    worker, count = counter(county)
    worker.job = None
    assert said(worker.scan("DO/DONE")) == ("bad", "Choose a count first.")
    other = stocktake.start(second_store(county), by=BY, at=TUESDAY)
    worker.job = other.pk
    assert said(worker.scan("DO/DONE")) == ("bad", "This count is not of this store: choose another.")
    count.refresh_from_db()
    assert count.state == CountState.OPEN
