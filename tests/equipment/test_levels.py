"""Minimum and maximum of a store, and the top-ups they ask for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment import levels, stock, transfers
from equipment.duties import ASSISTANT, Actor
from equipment.errors import Refused
from equipment.models import StockLevel, Transfer
from tests.county import BY, TUESDAY

ON = TUESDAY.date()
AT = {"by": BY, "at": TUESDAY}


def keep(store, product, minimum, maximum):
    return StockLevel.objects.create(store=store, product=product, minimum=minimum, maximum=maximum)


def asked(rows):
    return [(row.store.code, row.level.product.stock_code, row.wanted, row.suggested, row.shortfall) for row in rows]


def test_below_the_minimum_it_is_filled_to_the_maximum(county):
    ward, raisers = county.satellite(), county.raisers(50)
    keep(ward, raisers, 5, 12)
    line = stock.receive(raisers, ward, 4, by=BY, at=TUESDAY)
    assert asked(levels.top_ups([ward], on=ON)) == [("WARD", "RAISER", 8, 8, 0)]
    stock.move(line, 1, "adjustment", by=BY, at=TUESDAY, reason="found")
    assert levels.top_ups([ward], on=ON) == []


def test_assets_and_counted_stock_count_only_what_could_go_out(county):
    ward = county.satellite()
    hoist = county.new(county.hoist())
    keep(ward, county.hoist(), 1, 2)
    assert asked(levels.top_ups([ward], on=ON)) == [("WARD", "HOIST", 2, 1, 1)]
    type(hoist).objects.filter(pk=hoist.pk).update(test_due_on=ON + timedelta(days=3))
    [row] = levels.top_ups([ward], on=ON)
    assert (row.suggested, str(row)) == (0, "Main store can spare 0 of 2.")


def test_what_is_on_its_way_counts_as_there(county):
    ward, raisers = county.satellite(), county.product("RAISER", tracking="quantity", name="Raisers")
    line = county.stock(raisers, 50)
    keep(ward, raisers, 5, 12)
    job = transfers.draft(county.store, ward, {raisers: 9}, **AT)
    assert levels.top_ups([ward], on=ON) == []
    item = transfers.put_on_counted(job, line, 3, **AT)
    [row] = levels.positions([ward], on=ON)
    assert (row.on_hand, row.coming) == (0, 9)
    transfers.send(job, **AT)
    [row] = levels.top_ups([ward], on=ON)
    assert (row.on_hand, row.coming, row.wanted) == (0, 3, 9)
    transfers.receive_counted(item, 2, **AT)
    transfers.close(job, **AT)
    [row] = levels.top_ups([ward], on=ON)
    assert (row.on_hand, row.coming, row.wanted) == (2, 0, 10)


def test_the_supplier_promises_nothing_twice_and_the_emptiest_comes_first(county):
    ward, clinic = county.satellite(), county.satellite("CLINIC")
    raisers = county.raisers(10)
    keep(ward, raisers, 4, 8)
    keep(clinic, raisers, 4, 8)
    stock.receive(raisers, clinic, 2, by=BY, at=TUESDAY)
    assert asked(levels.top_ups([clinic, ward], on=ON)) == [
        ("WARD", "RAISER", 8, 8, 0),
        ("CLINIC", "RAISER", 6, 2, 4),
    ]
    transfers.draft(county.store, county.satellite("THIRD"), {raisers: 5}, **AT)
    assert [row.suggested for row in levels.top_ups([clinic, ward], on=ON)] == [5, 0]


def test_a_store_that_nobody_supplies_is_told_so(county):
    ward, raisers = county.satellite(supplied_by=None), county.raisers(10)
    keep(ward, raisers, 1, 3)
    [row] = levels.top_ups([ward], on=ON)
    assert (row.suggested, str(row)) == (0, "Nobody supplies Ward store: say who does on its page.")
    assert levels.raise_top_ups([ward], **AT) == []


def test_a_set_has_no_level_of_its_own(county):
    ward = county.satellite()
    keep(ward, county.bed_set(), 1, 2)
    assert levels.top_ups([ward], on=ON) == []


def test_many_levels_cost_two_queries_a_product_at_most(county, django_assert_max_num_queries):
    raisers, commode = county.raisers(10), county.commode()
    stores = [county.satellite(f"W{n}") for n in range(6)]
    for store in stores:
        keep(store, raisers, 4, 8)
        keep(store, commode, 1, 2)
    with django_assert_max_num_queries(1 + 3 + 5):  # levels; counted and asset shelves; transfers out and coming
        assert len(levels.top_ups(stores, on=ON)) == 12


def test_one_draft_for_each_pair_of_stores_and_none_twice(county):
    ward, clinic = county.satellite(), county.satellite("CLINIC")
    raisers, commode = county.raisers(30), county.commode()
    county.new(commode)
    for store in (ward, clinic):
        keep(store, raisers, 4, 8)
    keep(ward, commode, 1, 1)
    made = levels.raise_top_ups([ward, clinic], **AT)
    found = {
        (job.source.code, job.destination.code): {line.product.stock_code: line.quantity for line in job.lines.all()}
        for job in made
    }
    assert found == {("MAIN", "CLINIC"): {"RAISER": 8}, ("MAIN", "WARD"): {"RAISER": 8, "COMMODE": 1}}
    assert {job.note for job in made} == {"Top-up"}
    assert levels.raise_top_ups([ward, clinic], **AT) == []


def test_only_its_own_staff_tops_a_store_up(county):
    ward, raisers = county.satellite(), county.raisers(30)
    keep(ward, raisers, 4, 8)
    for who in (Actor("user:h", ASSISTANT, [county.store.pk]), Actor("user:n", ())):
        with pytest.raises(Refused):
            levels.raise_top_ups([ward], by=who, at=TUESDAY)
    assert not Transfer.objects.exists()
    assert len(levels.raise_top_ups([ward], by=Actor("user:t", ASSISTANT, [ward.pk]), at=TUESDAY)) == 1
