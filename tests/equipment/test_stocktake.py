"""Counts: blind, twice, by two people, while the work goes on."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from equipment import allocation, decontamination, holdings, locations, stock, stocktake, transfers
from equipment.duties import ASSISTANT, MANAGER, Actor
from equipment.errors import Refused
from equipment.jobs import Capability, CountState
from equipment.lifecycle import advance
from equipment.models import Location, StockAdjustment, StockCount
from equipment.states import AssetState
from tests.county import BY, TUESDAY, state_of

HOUR = timedelta(hours=1)
ANN, BOB, CY = "user:ann", "user:bob", "user:cy"
LATER = TUESDAY + HOUR
AT = {"by": BY, "at": LATER}


def shelf(county, code="A-1", *capabilities):
    given = [*capabilities] or [Capability.SHELF]
    return Location.objects.create(store=county.store, code=code, capabilities=given)


def standing(county, location, product=None):
    asset = county.new(product or county.commode())
    locations.put_away(asset, location, by=BY, at=TUESDAY - HOUR)
    return asset


def started(county, location=None):
    return stocktake.start(county.store, location, by=ANN, at=TUESDAY)


def first(count, *assets):
    for asset in assets:
        stocktake.see(count, asset, by=ANN, at=LATER)
    return stocktake.end_first(count, by=ANN, at=LATER)


def second(count, *assets):
    for asset in assets:
        stocktake.see(count, asset, by=BOB, at=LATER)
    return stocktake.end_recount(count, by=BOB, at=LATER)


def closed(count, by=CY):
    return [(row.difference, row.note) for row in stocktake.close(count, by=by, at=LATER)]


def test_what_is_all_there_is_closed_after_one_look(county):
    place = shelf(county)
    asset = standing(county, place)
    county.new(county.commode())  # stands nowhere in particular: not of this place
    count = started(county, place)
    assert first(count, asset) == 0
    assert (count.state, count.lines.count()) == (CountState.OPEN, 1)
    assert closed(count) == []
    assert (count.state, count.closed_at) == (CountState.CLOSED, LATER)
    assert state_of(asset) == AssetState.AVAILABLE


def test_one_count_at_a_time_of_a_place(county):
    place = shelf(county)
    started(county, place)
    with pytest.raises(Refused) as refusal:
        started(county, place)
    assert refusal.value.code == "count_open"
    started(county)
    with pytest.raises(Refused, match="Main store is being counted already"):
        started(county)
    assert StockCount.objects.count() == 2


def test_the_counter_is_told_nothing_of_what_is_expected(county):
    place = shelf(county)
    here, line = standing(county, place), county.stock(county.raisers(), 7)
    stranger = county.new(county.commode())
    count = started(county)
    told = [
        stocktake.see(count, here, by=ANN, at=LATER),
        stocktake.see(count, stranger, by=ANN, at=LATER),
        stocktake.see(count, here, by=ANN, at=LATER),
        stocktake.tally(count, line, 3, by=ANN, at=LATER),
    ]
    assert [dataclasses.asdict(seen) for seen in told] == [
        {"what": here.number, "again": False},
        {"what": stranger.number, "again": False},
        {"what": here.number, "again": True},
        {"what": "Chair raisers", "again": False},
    ]


def test_what_differs_is_counted_again_by_somebody_else(county):
    place = shelf(county)
    here, gone = standing(county, place), standing(county, place)
    count = started(county, place)
    assert first(count, here) == 1
    assert count.state == CountState.RECOUNT
    assert [line.asset for line in stocktake.to_count_again(count)] == [gone]
    for verb in (
        lambda: stocktake.see(count, gone, by=ANN, at=LATER),
        lambda: stocktake.end_recount(count, by=ANN, at=LATER),
    ):
        with pytest.raises(Refused) as refusal:
            verb()
        assert refusal.value.code == "same_person"
    assert second(count, gone) == []
    assert (count.state, count.second_by) == (CountState.REVIEW, BOB)
    assert closed(count) == []
    assert state_of(gone) == AssetState.AVAILABLE


def test_who_helped_with_the_first_count_does_not_make_the_second(county):
    place = shelf(county)
    gone = standing(county, place)
    count = started(county, place)
    stocktake.see(count, gone, by=BOB, at=LATER)
    stocktake.unsee(count, gone, by=BOB, at=LATER)
    assert first(count) == 1
    with pytest.raises(Refused) as refusal:
        stocktake.see(count, gone, by=BOB, at=LATER)
    assert refusal.value.code == "same_person"
    stocktake.see(count, gone, by=CY, at=LATER)


def test_found_by_nobody_twice_it_is_lost_and_that_is_a_managers_decision(county):
    place = shelf(county)
    gone = standing(county, place)
    count = started(county, place)
    first(count)
    [row] = second(count)
    assert (row.what, row.expected, row.first, row.second) == (f"{gone} Commode", 1, 0, 0)
    assert row.value == Decimal(-100)
    assistant = Actor("user:cy", ASSISTANT, [county.store.pk])
    with pytest.raises(Refused) as refusal:
        closed(count, by=assistant)
    assert refusal.value.code == "not_your_duty"
    assert (state_of(gone), count.state) == (AssetState.AVAILABLE, CountState.REVIEW)
    assert closed(count, by=Actor("user:mo", MANAGER)) == [(-1, "Not found: written off as lost.")]
    assert state_of(gone) == AssetState.LOST
    assert gone.events.first().reason == f"not found in count {count.pk}"
    assert [row.note for row in stocktake.variances(count)] == ["Not found: written off as lost."]


def test_what_comes_and_goes_by_a_verb_meanwhile_is_no_variance(county):
    place, other = shelf(county), shelf(county, "A-2")
    goes, moves = standing(county, place), standing(county, place)
    comes = standing(county, other)
    count = started(county, place)
    job = transfers.draft(county.store, county.satellite(), {}, **AT)
    transfers.put_on(job, goes, **AT)
    locations.put_away(moves, other, **AT)
    locations.put_away(comes, place, **AT)
    assert first(count, comes) == 0
    why = "Came, went or changed while the count was on: no variance."
    assert closed(count) == [(-1, why), (-1, why), (1, why)]
    assert (state_of(goes), state_of(moves)) == (AssetState.IN_TRANSFER, AssetState.AVAILABLE)


def test_what_moves_between_review_and_close_is_looked_at_again(county):
    place = shelf(county)
    gone = standing(county, place)
    count = started(county, place)
    first(count)
    second(count)
    advance(gone, AssetState.TESTING, by=BY, at=LATER)  # somebody has it on the bench
    assert closed(count)[0][1].startswith("Came, went or changed")
    assert state_of(gone) == AssetState.TESTING


def test_what_is_promised_is_never_written_off_by_a_count(county):
    place = shelf(county)
    asset = standing(county, place)
    wanted = allocation.Wanted(county.commode(), 1, county.person(), TUESDAY.date(), (county.store,))
    allocation.reserve(wanted, by=BY, at=TUESDAY)
    count = started(county, place)
    first(count)
    second(count)
    [(_, said)] = closed(count)
    assert said.startswith("Not found, but promised to somebody")
    assert state_of(asset) == AssetState.RESERVED


def test_what_is_held_or_in_the_wash_stays_for_a_person_to_see_to(county):
    held, washing = county.new(county.commode()), county.dirty(county.product("WALKER"))
    advance(held, AssetState.HELD, by=BY, at=TUESDAY - HOUR, reason="recall")
    run = decontamination.start_run(
        county.store, method="detergent", agent="Suds", lot="7", by=BY, at=TUESDAY - HOUR, hold_minutes=1
    )
    decontamination.add(run, washing, by=BY, at=TUESDAY - HOUR)
    count = started(county)
    first(count)
    second(count)
    said = [note for _, note in closed(count)]
    assert said == [
        "Not found, but held: a manager must release it first.",
        "Not found, but in a wash that has not ended: take it out of that first, then report it lost.",
    ]
    assert (state_of(held), state_of(washing)) == (AssetState.HELD, AssetState.DECONTAMINATING)


def test_a_surprise_is_put_where_it_was_found_if_it_may_stand_there(county):
    place, other = shelf(county), shelf(county, "A-2")
    astray, dirty = standing(county, other), county.dirty(county.product("WALKER"))
    count = started(county, place)
    assert first(count, astray, dirty) == 2
    found = second(count, astray, dirty)
    assert [(row.expected, row.first, row.second, row.value) for row in found] == [(0, 1, 1, 0), (0, 1, 1, 0)]
    assert found[0].note == "By the records: available at Main store, A-2."
    assert closed(count) == [
        (1, "Put away here, at A-1."),
        (1, "It is quarantine and may not stand here: move it."),
    ]
    astray.refresh_from_db()
    assert astray.location == place


def test_what_was_lost_is_found_and_goes_to_quarantine(county):
    place = shelf(county)
    lost = county.new(county.commode())
    advance(lost, AssetState.LOST, by=BY, at=TUESDAY - HOUR, reason="nowhere")
    count = started(county, place)
    first(count, lost)
    [row] = second(count, lost)
    assert row.value == Decimal(100)
    assert closed(count) == [(1, "Was lost and is found: in quarantine.")]
    lost.refresh_from_db()
    assert (lost.state, lost.store) == (AssetState.QUARANTINE, county.store)
    assert lost.events.first().reason == f"found in count {count.pk}"


def test_what_belongs_elsewhere_is_recorded_and_left(county):
    place = shelf(county)
    out = county.on_loan(county.commode()).asset
    away = county.new(county.product("WALKER"))
    job = transfers.draft(county.store, county.satellite(), {}, by=BY, at=TUESDAY - HOUR)
    transfers.put_on(job, away, by=BY, at=TUESDAY - HOUR)
    transfers.send(job, by=BY, at=TUESDAY - HOUR)
    transfers.receive(job, away, by=BY, at=TUESDAY - HOUR)
    count = started(county, place)
    first(count, out, away)
    second(count, out, away)
    assert closed(count) == [
        (1, "By the records on loan: hand it in."),
        (1, "By the records available at Ward store: send it back, or bring it here by a transfer."),
    ]
    assert (state_of(out), state_of(away)) == (AssetState.ON_LOAN, AssetState.AVAILABLE)
    assert holdings.open_loans(out.loans.get().person_id).count() == 1


def test_a_surprise_of_the_second_count_only_is_one_too(county):
    place, other = shelf(county), shelf(county, "A-2")
    gone, astray = standing(county, place), standing(county, other)
    count = started(county, place)
    first(count)
    found = second(count, gone, astray)
    assert [(row.line.asset, row.first, row.second) for row in found] == [(astray, None, 1)]


def test_scanned_by_mistake_it_is_as_if_nobody_had_looked(county):
    place = shelf(county)
    here, astray = standing(county, place), county.new(county.commode())
    count = started(county, place)
    for asset in (here, astray):
        stocktake.see(count, asset, by=ANN, at=LATER)
        stocktake.unsee(count, asset, by=ANN, at=LATER)
    stocktake.unsee(count, astray, by=ANN, at=LATER)
    [line] = count.lines.all()
    assert (line.asset, line.first) == (here, None)


def test_counted_stock_is_adjusted_by_what_two_people_found(county):
    line = county.stock(county.raisers(), 10)
    count = started(county)
    stocktake.tally(count, line, 8, by=ANN, at=LATER)
    assert first(count) == 1
    stocktake.tally(count, line, 9, by=BOB, at=LATER)
    [row] = second(count)
    assert (row.what, row.expected, row.first, row.second, row.value) == ("Chair raisers", 10, 8, 9, Decimal(-5))
    assert closed(count) == [(-1, "Adjusted by -1.")]
    line.refresh_from_db()
    assert line.count == 9
    assert StockAdjustment.objects.get().reason == f"Count {count.pk} of Main store"


def test_stock_issued_while_it_is_counted_does_not_differ(county):
    """The tally is held against what the records say at that moment; what goes out afterwards changes both alike."""
    line = county.stock(county.raisers(), 10)
    count = started(county)
    stock.move(line, -2, "issue", by=BY, at=LATER)
    stocktake.tally(count, line, 7, by=ANN, at=LATER)
    assert first(count) == 1
    stocktake.tally(count, line, 7, by=BOB, at=LATER)
    second(count)
    stock.move(line, -3, "issue", by=BY, at=LATER)
    assert closed(count) == [(-1, "Adjusted by -1.")]
    line.refresh_from_db()
    assert line.count == 10 - 2 - 3 - 1


def test_rule_14_above_a_value_a_manager_closes_and_a_second_person_approves(county, settings):
    settings.SERVICE = {**settings.SERVICE, "ADJUSTMENT_APPROVAL_POUNDS": 20}
    line = county.stock(county.raisers(), 10)
    count = started(county)
    stocktake.tally(count, line, 5, by=ANN, at=LATER)
    first(count)
    stocktake.tally(count, line, 5, by=BOB, at=LATER)
    second(count)
    with pytest.raises(Refused) as refusal:
        closed(count, by=Actor("user:cy", ASSISTANT))
    assert refusal.value.code == "not_your_duty"
    assert closed(count, by=Actor("user:mo", MANAGER)) == [(-5, "Adjustment by -5 waits for a second person.")]
    line.refresh_from_db()
    assert line.count == 10


def test_rule_7_no_count_takes_what_is_promised(county):
    line = county.stock(county.raisers(), 5)
    wanted = allocation.Wanted(county.raisers(), 4, county.person(), TUESDAY.date(), (county.store,))
    allocation.reserve(wanted, by=BY, at=TUESDAY)
    count = started(county)
    stocktake.tally(count, line, 3, by=ANN, at=LATER)
    first(count)
    stocktake.tally(count, line, 3, by=BOB, at=LATER)
    second(count)
    [(_, said)] = closed(count)
    assert said == "4 are promised, and fewer are here: release some first, then adjust by -2."
    line.refresh_from_db()
    assert (line.count, line.reserved) == (5, 4)


def test_no_line_of_stock_is_passed_over(county):
    county.stock(county.raisers(), 5)
    count = started(county)
    with pytest.raises(Refused, match="Not counted yet: Chair raisers"):
        first(count)
    with pytest.raises(Refused) as refusal:
        closed(count)
    assert refusal.value.code == "not_ended"
    assert count.state == CountState.OPEN


def test_stock_kept_elsewhere_is_counted_there(county):
    line, count = county.stock(county.raisers(), 5), started(county, shelf(county))
    with pytest.raises(Refused) as refusal:
        stocktake.tally(count, line, 5, by=ANN, at=LATER)
    assert refusal.value.code == "kept_elsewhere"
    assert not count.lines.exists()


def test_given_up_a_count_changes_nothing(county):
    place = shelf(county)
    gone = standing(county, place)
    count = started(county, place)
    first(count)
    stocktake.cancel(count, reason="fire alarm", by=ANN, at=LATER)
    assert count.state == CountState.CANCELLED
    with pytest.raises(Refused):
        stocktake.see(count, gone, by=BOB, at=LATER)
    with pytest.raises(Refused):
        closed(count)
    assert state_of(gone) == AssetState.AVAILABLE


def test_only_who_counts_in_that_store_counts_it(county):
    other = Actor("user:o", ASSISTANT, [0])
    with pytest.raises(Refused, match="another store"):
        stocktake.start(county.store, by=other, at=TUESDAY)
    asset, count = county.new(county.commode()), started(county)
    for verb in (
        lambda: stocktake.see(count, asset, by=other, at=LATER),
        lambda: stocktake.end_first(count, by=other, at=LATER),
        lambda: stocktake.close(count, by=other, at=LATER),
    ):
        with pytest.raises(Refused, match="another store"):
            verb()
    assert count.lines.get().first is None


def test_a_tally_that_cannot_be_is_refused(county):
    line, count = county.stock(county.raisers(), 4), started(county)
    for number in (-1, 10**12):
        with pytest.raises(Refused) as refusal:
            stocktake.tally(count, line, number, by=ANN, at=LATER)
        assert refusal.value.code == "quantity"
    assert count.lines.get(stock_line=line).first is None
