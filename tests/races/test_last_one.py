"""Rule 7: the last one goes to one. Each race is first shown to happen with the safeguard off."""

from __future__ import annotations

import threading
from datetime import date
from functools import partial

import pytest
from django.db import transaction

from equipment import allocation, locks
from equipment.models import Asset, Reservation, StockLine
from logistics import ordering
from logistics.models import Order
from tests.county import BY, TUESDAY
from tests.races.conftest import together

pytestmark = pytest.mark.races
ON = date(2026, 3, 5)


def order(county, discharge, *codes):
    items = tuple(ordering.Item(code) for code in codes)
    request = ordering.Request(items, county.prescriber, county.council, discharge)
    return lambda: ordering.place(request, by=BY, at=TUESDAY)


def test_two_orders_for_the_last_hoist_reserve_it_once(county):
    """Rule 7: two at once, one asset."""
    county.new(county.hoist())
    discharges = [county.discharge(), county.discharge()]
    placed = together(*(order(county, d, "HOIST") for d in discharges))
    assert [type(answer) for answer in placed] == [Order, Order]
    assert Reservation.objects.count() == 1
    assert sorted(len(ordering.shortages(answer)) for answer in placed) == [0, 1]


def test_ten_orders_for_three(county):
    for _ in range(3):
        county.new(county.commode())
    discharges = [county.discharge() for _ in range(10)]
    placed = together(*(order(county, d, "COMMODE") for d in discharges))
    assert all(isinstance(answer, Order) for answer in placed), placed
    reserved = list(Reservation.objects.values_list("asset_id", flat=True))
    assert len(reserved) == len(set(reserved)) == 3


def test_orders_for_the_same_things_in_opposite_order_do_not_wait_for_each_other_for_ever(county):
    for code in ("A", "B"):
        for _ in range(4):
            county.new(county.product(code))
    discharges = [county.discharge() for _ in range(4)]
    calls = [order(county, d, *(("A", "B") if n % 2 else ("B", "A"))) for n, d in enumerate(discharges)]
    assert all(isinstance(answer, Order) for answer in together(*calls))
    assert Reservation.objects.count() == 8


def wanted(county, product, quantity=1):
    return allocation.Wanted(product, quantity, county.person(), ON, (county.store,))


def reserve(county, product, quantity=1):
    """A call that reserves for somebody new."""
    return partial(allocation.reserve, wanted(county, product, quantity), by=BY, at=TUESDAY)


def test_counted_stock_is_not_oversold(county):
    """Rule 7: many at once, counted stock."""
    raisers = county.raisers(5)
    calls = [reserve(county, raisers, 2) for _ in range(4)]
    answers = together(*calls)
    assert sum(r.quantity for made in answers for r in made) == 5
    line = StockLine.objects.get()
    assert (line.count, line.reserved) == (5, 5)


def test_control_without_the_lock_counted_stock_is_promised_twice(county, monkeypatch):
    """Both read five free before either writes: the second write hides the first, and six are promised of five."""
    raisers = county.raisers(5)
    both_have_read = threading.Barrier(2)

    def unlocked(product_id, store_ids):
        rows = list(StockLine.objects.filter(product_id=product_id, dirty=False))
        both_have_read.wait(timeout=20)
        return rows

    monkeypatch.setattr(locks, "stock_lines", unlocked)
    calls = [reserve(county, raisers, 3) for _ in range(2)]
    answers = together(*calls)
    assert sum(r.quantity for made in answers for r in made) == 6
    assert StockLine.objects.get().reserved == 3


def test_control_without_the_lock_two_want_the_same_asset_and_only_the_state_and_the_constraint_stop_them(
    county, monkeypatch
):
    """The rungs below the lock hold by themselves: one of the two is refused, nothing is reserved twice."""
    county.new(county.commode())
    both_have_read = threading.Barrier(2)

    def unlocked(product_id, store_ids, *, due_after, limit, wait):
        rows = list(Asset.objects.filter(product_id=product_id, state="available").select_related("product"))
        if not wait:
            both_have_read.wait(timeout=20)
        return rows

    monkeypatch.setattr(locks, "shelf", unlocked)
    calls = [reserve(county, county.commode()) for _ in range(2)]
    answers = together(*calls)
    assert sorted(type(answer).__name__ for answer in answers) == ["StaleState", "list"]
    assert Reservation.objects.count() == 1


def test_an_order_that_is_rolled_back_leaves_the_last_one_to_the_next(county):
    """The second does not pass over what the first merely looked at: it waits and then takes it."""
    county.new(county.commode())
    first_holds, second_waits = threading.Event(), threading.Event()

    def gives_up():
        with pytest.raises(RuntimeError), transaction.atomic():
            allocation.reserve(wanted(county, county.commode()), by=BY, at=TUESDAY)
            first_holds.set()
            second_waits.wait(timeout=1)
            raise RuntimeError

    def waits():
        first_holds.wait(timeout=20)
        return allocation.reserve(wanted(county, county.commode()), by=BY, at=TUESDAY)

    _, made = together(gives_up, waits)
    assert len(made) == 1
