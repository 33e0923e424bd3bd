from __future__ import annotations

from datetime import date, timedelta

from equipment import allocation, availability
from equipment.availability import Shelf
from tests.county import BY, TUESDAY

ON = date(2026, 3, 5)


def shelf(county, product, on=ON):
    return availability.of_product(product, [county.store], on=on)


def test_assets_on_the_shelf_recycled_among_them_and_what_is_on_its_way(county):
    product = county.commode()
    county.recycled(product)
    county.dirty(county.product("OTHER"))
    county.new(product)
    assert shelf(county, product) == [Shelf("MAIN", issuable=2, recycled=1, renewing=0)]
    assert shelf(county, county.product("OTHER")) == [Shelf("MAIN", issuable=0, recycled=0, renewing=1)]


def test_what_is_reserved_is_not_available(county):
    county.new(county.commode())
    allocation.reserve(allocation.Wanted(county.commode(), 1, county.person(), ON, (county.store,)), by=BY, at=TUESDAY)
    assert shelf(county, county.commode()) == [Shelf("MAIN", 0)]


def test_a_test_that_falls_due_too_soon_does_not_count(county):
    asset = county.new(county.hoist())
    assert shelf(county, county.hoist(), on=asset.test_due_on - timedelta(days=28))[0].issuable == 1
    assert shelf(county, county.hoist(), on=asset.test_due_on - timedelta(days=27))[0].issuable == 0


def test_counted_stock_less_what_is_reserved(county):
    raisers = county.raisers(5)
    allocation.reserve(allocation.Wanted(raisers, 2, county.person(), ON, (county.store,)), by=BY, at=TUESDAY)
    assert shelf(county, raisers) == [Shelf("MAIN", 3)]


def test_a_composite_is_as_available_as_its_scarcest_part(county):
    whole = county.bed_set()
    county.new(county.product("BED"))
    county.new(county.product("BED"))
    county.new(county.product("MATTRESS"))
    assert shelf(county, whole)[0].issuable == 1


def test_one_query_for_a_product_in_all_its_stores(county, django_assert_num_queries):
    county.new(county.commode())
    with django_assert_num_queries(2):  # the product's regimes, then the counts
        shelf(county, county.commode())


def test_what_availability_counts_is_what_reserve_finds(county):
    """The read by columns and the decision by records agree."""
    for product in (county.commode(), county.hoist()):
        county.recycled(product)
        county.new(product)
        counted = shelf(county, product)[0].issuable
        made = allocation.reserve(
            allocation.Wanted(product, 9, county.person(), ON, (county.store,)), by=BY, at=TUESDAY
        )
        assert len(made) == counted == 2
