from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from equipment import allocation, decontamination
from equipment.lifecycle import advance
from equipment.models import Asset, Reservation, Store
from equipment.states import AssetState, CleaningMethod
from logistics import demand, ordering
from logistics.models import Order, Visit
from logistics.promises import local
from tests.county import BY, TUESDAY, County

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
THURSDAY, FRIDAY = date(2026, 3, 5), date(2026, 3, 6)


def noon(day: date) -> datetime:
    """The latest safe hour of the day somebody goes home."""
    return local(day, 12)


def wanting(county: County, day: date | None, *codes: str, at: datetime = TUESDAY) -> Order:
    return county.order(county.discharge(day), *codes, at=at)


def got(assets: list[Asset]) -> list[int | None]:
    """The order that each of these assets will fill."""
    found = demand.matched(assets)
    return [found[asset.pk].order if asset.pk in found else None for asset in assets]


def test_what_orders_lack_is_listed_by_product_soonest_needed_first(county: County) -> None:
    commode = county.commode()
    later, sooner = wanting(county, FRIDAY, "COMMODE"), wanting(county, THURSDAY, "COMMODE")
    undated = wanting(county, None, "COMMODE")
    [(product, rows)] = demand.missing().items()
    assert product == commode.pk
    assert [(row.want.needed_by, row.want.order, row.quantity) for row in rows] == [
        (noon(THURSDAY), sooner.pk, 1),
        (noon(FRIDAY), later.pk, 1),
        (undated.sla_due_at, undated.pk, 1),
    ]
    assert rows[0].want.initials == sooner.person.initials
    assert all(row.want.critical for row in rows)


def test_what_is_reserved_delivered_cancelled_or_not_authorised_is_not_lacking(county: County) -> None:
    county.new(county.commode())
    served = wanting(county, THURSDAY, "COMMODE")
    cancelled = wanting(county, THURSDAY, "COMMODE")
    over = county.prescriber
    over.order_limit = 0
    over.save()
    wanting(county, THURSDAY, "COMMODE")
    assert list(demand.missing()) == [county.commode().pk]
    ordering.cancel(cancelled, by=BY, at=TUESDAY, reason="not needed")
    assert demand.missing() == {}
    assert Reservation.objects.get().allocation.line.order == served


def test_a_set_is_lacking_as_its_parts(county: County) -> None:
    county.bed_set()
    wanting(county, THURSDAY, "BED-SET")
    assert {county.product("BED").pk, county.product("MATTRESS").pk} == set(demand.missing())


def test_a_line_of_an_order_for_an_address_is_not_critical_to_a_discharge(county: County) -> None:
    county.commode()
    request = ordering.Request((ordering.Item("COMMODE"),), county.prescriber, county.council, address=county.address())
    ordering.place(request, by=BY, at=TUESDAY)
    [[row]] = demand.missing().values()
    assert (row.want.critical, row.want.needed_by) == (False, Order.objects.get().sla_due_at)


def test_the_asset_nearest_to_the_shelf_goes_to_whom_it_is_needed_soonest_by(county: County) -> None:
    """To test before in the wash before in quarantine before in repair; then the one that has waited longest."""
    commode = county.commode()
    repair, older, newer, washing, testing, spare = [county.dirty(commode) for _ in range(6)]
    advance(repair, AssetState.REPAIR, by=BY, at=TUESDAY - 9 * HOUR, reason="wheel")
    Asset.objects.filter(pk=newer.pk).update(since=TUESDAY - HOUR)
    Asset.objects.filter(pk=spare.pk).update(since=TUESDAY)
    decontamination.begin(washing, by=BY, at=TUESDAY - HOUR)
    decontamination.begin(testing, by=BY, at=TUESDAY - 2 * HOUR)
    decontamination.record(testing, method=CleaningMethod.SPORICIDAL, passed=True, by=BY, at=TUESDAY - HOUR)
    days = [date(2026, 3, n) for n in (9, 6, 5, 12)]
    fourth, second, first, last = [wanting(county, day, "COMMODE").pk for day in days]
    third = wanting(county, date(2026, 3, 7), "COMMODE").pk
    assert got([testing, washing, older, newer, spare, repair]) == [first, second, third, fourth, last, None]


def test_one_order_for_two_is_filled_by_two(county: County) -> None:
    commode = county.commode()
    assets = [county.dirty(commode) for _ in range(3)]
    items = (ordering.Item("COMMODE", 2),)
    order = ordering.place(
        ordering.Request(items, county.prescriber, county.council, county.discharge()), by=BY, at=TUESDAY
    )
    assert got(assets) == [order.pk, order.pk, None]


def test_an_asset_of_another_store_fills_nothing(county: County) -> None:
    """An order is served from its own depot."""
    far = Store.objects.create(
        code="FAR", name="Far", kind="depot", organisation=county.provider, address="", postcode="ZX3 1AA",
        latitude=53.0, longitude=-2.0,
    )  # fmt: skip
    asset = county.dirty(county.commode())
    Asset.objects.filter(pk=asset.pk).update(store=far)
    wanting(county, THURSDAY, "COMMODE")
    assert got([asset]) == [None]


def test_what_is_reserved_is_promised_to_its_own_person_for_the_time_of_the_visit(county: County) -> None:
    asset = county.new(county.commode())
    order = wanting(county, THURSDAY, "COMMODE")
    want = demand.matched([asset])[asset.pk]
    assert (want.order, want.promised, want.critical) == (order.pk, True, True)
    assert (want.needed_by, want.initials) == (noon(THURSDAY), order.person.initials)
    Visit.objects.update(window_from=local(THURSDAY, 9), window_to=local(THURSDAY, 10))
    assert demand.matched([asset])[asset.pk].needed_by == local(THURSDAY, 9)
    reservation = Reservation.objects.get()
    allocation.pick(reservation, scanned=asset.number, by=BY, at=TUESDAY)
    assert demand.matched([asset])[asset.pk].promised
    allocation.load(reservation, vehicle="VAN", scanned=asset.number, by=BY, at=TUESDAY)
    assert demand.matched([asset]) == {}


def test_discharges_are_more_urgent_than_anything_else_and_no_date_comes_last() -> None:
    def want(order: int, day: date | None, *, critical: bool) -> demand.Want:
        return demand.Want(order, 1, "AB", noon(day) if day else None, critical)

    wants = [
        want(1, THURSDAY, critical=False),
        want(2, None, critical=True),
        want(3, FRIDAY, critical=True),
        want(4, None, critical=False),
        want(5, THURSDAY, critical=True),
    ]
    assert [one.order for one in sorted(wants, key=lambda one: one.urgency)] == [5, 3, 2, 1, 4]


def test_it_costs_the_same_however_many_wait(county: County, django_assert_num_queries: Any) -> None:
    """What is lacking, what comes, what is promised."""
    commode, assets = county.commode(), []
    for _ in range(2):
        assets.append(county.dirty(commode))
        wanting(county, THURSDAY, "COMMODE")
    with django_assert_num_queries(3):
        assert len(demand.matched(assets)) == 2
    for _ in range(4):
        assets.append(county.dirty(commode))
        wanting(county, THURSDAY, "COMMODE")
    with django_assert_num_queries(3):
        assert len(demand.matched(assets)) == 6
