"""Rule 20: what a loan is charged at, so that it can be credited."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipment.models import Loan
from logistics import charging, dispatch, doors, ordering, routes
from logistics.doors import Proof
from logistics.models import Route, Visit
from tests.county import BY, TUESDAY

MONEY = st.decimals(min_value=0, max_value=10_000, places=2)


@settings(max_examples=50)
@given(total=MONEY, weights=st.lists(MONEY, min_size=1, max_size=8))
def test_rule_20_the_shares_of_a_price_add_up_to_it_exactly(total, weights):
    """Rule 20: no penny is charged twice or lost, whatever the parts cost."""
    shares = charging.spread(total, weights)
    assert sum(shares) == total
    assert len(shares) == len(weights)
    assert all(share >= 0 and share == round(share, 2) for share in shares)


def test_shares_follow_the_prices_of_the_parts():
    assert charging.spread(Decimal(100), [Decimal(300), Decimal(100)]) == [Decimal(75), Decimal(25)]
    assert charging.spread(Decimal(1), [Decimal(0)] * 3) == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]


@pytest.fixture
def home(county, settings):
    """Deliver an order of these things to its door."""
    settings.SERVICE = settings.SERVICE | {"PLANNING_ITERATIONS": 50}

    def bring(*items, **fields):
        county.shift(date(2026, 3, 5))
        discharge = county.discharge()
        request = ordering.Request(items, county.prescriber, county.council, discharge, **fields)
        order = ordering.place(request, by=BY, at=TUESDAY)
        dispatch.replan(county.store.pk, by=BY, at=TUESDAY)
        route, visit, at = Route.objects.get(), Visit.objects.get(), TUESDAY.replace(day=5)
        for item in routes.load_list(route):
            if item.reservation.asset is not None:
                routes.load(route, scanned=item.reservation.asset.number, by=BY, at=at)
        routes.load_counted(route, by=BY, at=at)
        routes.set_out(route, by=BY, at=at)
        doors.arrive(visit, by=BY, at=at)
        doors.finish(visit, Proof("Mrs Other", fitted=True, demonstrated=True), by=BY, at=at)
        return order

    return bring


def test_rule_20_a_loan_carries_its_funder_and_the_price_of_its_order(county, home):
    """Rules 16 and 20: the price then in force, whatever the catalogue says later; to whoever the order named."""
    county.new(county.commode())
    county.raisers(4)
    order = home(ordering.Item("COMMODE"), ordering.Item("RAISER", 4), funder=county.other)
    charged = dict(Loan.objects.values_list("product__stock_code", "price"))
    assert charged == {"COMMODE": Decimal(100), "RAISER": Decimal(20)}
    assert {loan.funder for loan in Loan.objects.all()} == {county.other}
    assert sum(charged.values()) == order.authorised_value


def test_rule_20_the_price_of_a_composite_is_spread_over_its_parts(county, home):
    """Rule 20: each part is credited by itself, and together they are what the set was charged at."""
    county.bed_set()
    county.product("BED").price = Decimal(150)
    county.product("BED").save()
    for code in ("BED", "MATTRESS"):
        county.new(county.product(code))
    home(ordering.Item("BED-SET"))
    charged = dict(Loan.objects.values_list("product__stock_code", "price"))
    assert charged == {"BED": Decimal(60), "MATTRESS": Decimal(40)}


@pytest.mark.parametrize(("raisers", "kept"), [(0, 0), (3, 3)])
def test_what_is_still_to_come_is_cancelled_and_the_rest_stays_delivered(county, home, raisers, kept):
    """Rule 20: an order of which something is at home is never a cancelled one; nobody has to wait for its rest."""
    county.new(county.commode())
    county.raisers(raisers)
    order = home(ordering.Item("COMMODE"), ordering.Item("RAISER", 4))
    ordering.cancel(order, by=BY, at=TUESDAY.replace(day=6), reason="No longer needed")
    order.refresh_from_db()
    commode, rest = order.lines.order_by("pk")
    assert (order.state, commode.state) == ("delivered", "delivered")
    assert (rest.state, rest.quantity) == (("delivered", kept) if kept else ("cancelled", 4))
    assert ordering.value_of(order) == 100 + 5 * kept
