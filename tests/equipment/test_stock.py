"""Counted stock: its movements, corrections by two people, batches and expiry dates."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from equipment import allocation, stock
from equipment.duties import ASSISTANT, DECONTAMINATION_TECHNICIAN, MANAGER, Actor
from equipment.errors import Invalid, Refused
from equipment.models import StockAdjustment, StockLine, StockMovement
from tests.county import BY, LONG_AGO, TUESDAY

TODAY = TUESDAY.date()
SOON, LATER = TODAY + timedelta(days=10), TODAY + timedelta(days=400)
OTHER = "user:other"


def line_of(county, count=10, batch="", expires_on=None):
    return stock.receive(county.raisers(), county.store, count, by=BY, at=LONG_AGO, batch=batch, expires_on=expires_on)


def reserved(county, quantity):
    wanted = allocation.Wanted(county.raisers(), quantity, county.person(), TODAY, (county.store,))
    [made] = allocation.reserve(wanted, by=BY, at=LONG_AGO)
    return made


def counts(*lines):
    for line in lines:
        line.refresh_from_db()
    return [line.count for line in lines]


def refusal_of(error, call, *args, **kwargs):
    """The code of the refusal, after which no movement and no adjustment is written."""
    before = (StockMovement.objects.count(), StockAdjustment.objects.count(), StockLine.objects.count())
    with pytest.raises(error) as refusal:
        call(*args, **{"by": BY, "at": TUESDAY, **kwargs})
    assert (StockMovement.objects.count(), StockAdjustment.objects.count(), StockLine.objects.count()) == before
    assert stock.differences() == []
    return refusal.value.code


# Adjustments ----------------------------------------------------------------------------------------------------------


def test_rule_14_a_small_adjustment_moves_stock_at_once(county):
    """10 at £5 are worth £50, which is not above the limit of £50."""
    line = line_of(county)
    made = stock.adjust(line, -10, reason=" broken ", by=BY, at=TUESDAY)
    assert (made.value, made.approved, made.decided_at, made.decided_by) == (Decimal(50), True, TUESDAY, "")
    assert (made.movement.quantity, made.movement.kind, made.movement.reason) == (-10, "adjustment", "broken")
    assert (made.asked_by, made.asked_at, counts(line)) == (BY, TUESDAY, [0])


def test_rule_14_above_the_value_it_waits_for_a_second_person(county):
    """11 at £5 are £55."""
    line = line_of(county)
    made = stock.adjust(line, 11, reason="found behind the rack", by=BY, at=TUESDAY)
    assert (made.value, made.approved, made.movement, counts(line)) == (Decimal(55), None, None, [10])
    decided = stock.decide(made, approve=True, by=OTHER, at=TUESDAY + timedelta(hours=1))
    assert (decided.approved, decided.decided_by, decided.decided_at) == (True, OTHER, TUESDAY + timedelta(hours=1))
    assert (decided.movement.quantity, decided.movement.by, counts(line)) == (11, OTHER, [21])
    made.refresh_from_db()
    assert made.movement == decided.movement


def test_the_value_from_which_two_decide_is_a_setting(county, settings):
    settings.SERVICE = {**settings.SERVICE, "ADJUSTMENT_APPROVAL_POUNDS": 4}
    assert stock.adjust(line_of(county), 1, reason="found", by=BY, at=TUESDAY).approved is None


def test_what_is_refused_moves_nothing(county):
    line = line_of(county, 20)
    made = stock.adjust(line, -11, reason="gone", by=BY, at=TUESDAY)
    stock.decide(made, approve=False, by=OTHER, at=TUESDAY)
    made.refresh_from_db()
    assert (made.approved, made.decided_by, made.movement, counts(line)) == (False, OTHER, None, [20])


def test_rule_14_nobody_decides_what_they_asked_for(county):
    made = stock.adjust(line_of(county, 20), -11, reason="gone", by=BY, at=TUESDAY)
    for approve in (True, False):
        assert refusal_of(Refused, stock.decide, made, approve=approve) == "second_person"
    assert refusal_of(Refused, stock.decide, made, approve=True, by=Actor(BY, MANAGER)) == "second_person"


def test_an_adjustment_is_decided_once(county):
    line = line_of(county, 20)
    made = stock.adjust(line, -11, reason="gone", by=BY, at=TUESDAY)
    stock.decide(made, approve=True, by=OTHER, at=TUESDAY)
    assert refusal_of(Refused, stock.decide, made, approve=True, by=OTHER) == "already_decided"
    assert counts(line) == [9]
    small = stock.adjust(line, -1, reason="gone", by=BY, at=TUESDAY)
    assert refusal_of(Refused, stock.decide, small, approve=False, by=OTHER) == "already_decided"


def test_rule_7_what_went_meanwhile_does_not_go_again(county):
    """12 less the 2 taken since are 10: the 11 asked for are not there any more."""
    line = line_of(county, 12)
    made = stock.adjust(line, -11, reason="gone", by=BY, at=TUESDAY)
    stock.move(line, -2, "part", by=BY, at=TUESDAY)
    assert refusal_of(Refused, stock.decide, made, approve=True, by=OTHER) == "not_enough_stock"
    made.refresh_from_db()
    assert (made.decided_at, counts(line)) == (None, [10])


def test_only_a_manager_of_the_store_decides(county):
    made = stock.adjust(line_of(county, 20), -11, reason="gone", by=BY, at=TUESDAY)
    assistant, elsewhere = Actor("user:sam", ASSISTANT), Actor("user:mo", MANAGER, [county.store.pk + 1])
    assert refusal_of(Refused, stock.decide, made, approve=True, by=assistant) == "not_your_duty"
    assert refusal_of(Refused, stock.decide, made, approve=True, by=elsewhere) == "another_store"


@pytest.mark.parametrize("reason", ["", "  "])
def test_rule_14_an_adjustment_needs_its_reason(county, reason):
    assert refusal_of(Invalid, stock.adjust, line_of(county), -1, reason=reason) == "reason_needed"


def test_an_adjustment_of_nothing_of_too_much_or_of_more_than_is_free_is_refused(county):
    line = line_of(county)
    reserved(county, 4)
    assert refusal_of(Invalid, stock.adjust, line, 0, reason="r") == "nothing_to_move"
    assert refusal_of(Refused, stock.adjust, line, -7, reason="r") == "not_enough_stock"
    assert refusal_of(Invalid, stock.adjust, line, 1_000_001, reason="r") == "too_many"
    county.raisers().price = Decimal(900)
    county.raisers().save()
    assert refusal_of(Invalid, stock.adjust, line, 1_000_000, reason="r") == "too_much"


def test_who_does_not_count_here_adjusts_splits_merges_and_writes_off_nothing(county):
    line, other = line_of(county), line_of(county, batch="B")
    for by, code in [
        (Actor("user:dee", DECONTAMINATION_TECHNICIAN), "not_your_duty"),
        (Actor("user:sam", ASSISTANT, [county.store.pk + 1]), "another_store"),
    ]:
        assert refusal_of(Refused, stock.adjust, line, -1, reason="r", by=by) == code
        assert refusal_of(Refused, stock.split, line, 1, batch="X", by=by) == code
        assert refusal_of(Refused, stock.merge, line, other, by=by) == code
        assert refusal_of(Refused, stock.write_off_expired, county.store, on=TODAY, by=by) == code


# Receiving and cleaning -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", [0, -3])
def test_nothing_is_received_cleaned_split_or_taken_back_by_a_quantity_below_one(county, quantity):
    line, product = line_of(county), county.raisers()
    dirty = stock.take_back(product, county.store, 2, by=BY, at=TUESDAY)
    for call, about in [
        (stock.receive, (product, county.store, quantity)),
        (stock.take_back, (product, county.store, quantity)),
        (stock.cleaned, (dirty, quantity)),
    ]:
        assert refusal_of(Invalid, call, *about) == "quantity_needed"
    assert refusal_of(Invalid, stock.split, line, quantity, batch="B") == "quantity_needed"


def test_an_expired_batch_is_not_received_but_may_be_found_by_a_count(county):
    product, store = county.raisers(), county.store
    assert refusal_of(Refused, stock.receive, product, store, 1, batch="B", expires_on=TODAY) == "expired"
    line = line_of(county, 5, "B", LONG_AGO.date() + timedelta(days=1))
    assert refusal_of(Refused, stock.receive, product, store, 1, batch="B") == "expired"
    stock.adjust(line, 2, reason="found behind the rack", by=BY, at=TUESDAY)
    assert counts(line) == [7]


def test_a_batch_has_one_expiry_date_while_any_of_it_is_about(county):
    line = line_of(county, 5, "B", SOON)
    refused = refusal_of(Invalid, stock.receive, county.raisers(), county.store, 1, batch="B", expires_on=LATER)
    assert refused == "other_expiry"
    assert line_of(county, 1, "B").expires_on == SOON  # not given: as the batch's
    held = reserved(county, 6)
    allocation.load(held, vehicle="VAN", by=BY, at=TUESDAY)
    refused = refusal_of(Invalid, stock.receive, county.raisers(), county.store, 1, batch="B", expires_on=LATER)
    assert (refused, counts(line)) == ("other_expiry", [0])  # the six on the van may come back


def test_an_empty_line_takes_the_date_of_what_comes_next(county):
    line = line_of(county, 5, "B", SOON)
    stock.adjust(line, -5, reason="gone", by=BY, at=TUESDAY)
    assert line_of(county, 1, "B", LATER).expires_on == LATER


def test_what_comes_back_brings_its_expiry_date_and_the_earlier_one_counts(county):
    product, store = county.raisers(), county.store
    line = stock.take_back(product, store, 1, by=BY, at=TUESDAY, expires_on=LATER)
    assert line.expires_on == LATER
    assert stock.take_back(product, store, 1, by=BY, at=TUESDAY, expires_on=SOON).expires_on == SOON
    assert stock.take_back(product, store, 1, by=BY, at=TUESDAY, expires_on=LATER).expires_on == SOON
    clean = stock.cleaned(line, 3, by=BY, at=TUESDAY)
    assert (clean.expires_on, clean.count, clean.dirty) == (SOON, 3, False)


def test_cleaned_stock_does_not_gain_a_later_expiry_date(county):
    line_of(county, 5, "B", LATER)
    dirty = stock.take_back(county.raisers(), county.store, 2, by=BY, at=TUESDAY, batch="B", expires_on=SOON)
    assert refusal_of(Invalid, stock.cleaned, dirty, 2) == "other_expiry"
    assert counts(dirty) == [2]


def test_only_who_cleans_puts_counted_stock_back(county):
    dirty = stock.take_back(county.raisers(), county.store, 2, by=BY, at=TUESDAY)
    assert refusal_of(Refused, stock.cleaned, dirty, 1, by=Actor("user:sam", ASSISTANT)) == "not_your_duty"
    stock.cleaned(dirty, 1, by=Actor("user:dee", DECONTAMINATION_TECHNICIAN), at=TUESDAY)
    assert counts(dirty) == [1]


# Split and merge ------------------------------------------------------------------------------------------------------


def test_a_split_moves_some_to_another_batch_and_nothing_is_lost(county):
    line = line_of(county, 10, "A", LATER)
    other = stock.split(line, 4, batch=" B ", expires_on=SOON, by=BY, at=TUESDAY)
    assert (other.batch, other.expires_on, other.dirty, counts(line, other)) == ("B", SOON, False, [6, 4])
    assert [(m.quantity, m.kind, m.reason) for m in StockMovement.objects.filter(at=TUESDAY).order_by("pk")] == [
        (-4, "split", "To batch B"),
        (4, "split", "From batch A"),
    ]


def test_a_split_keeps_the_expiry_date_and_the_dirt(county):
    dirty = stock.take_back(county.raisers(), county.store, 3, by=BY, at=TUESDAY, batch="A", expires_on=SOON)
    other = stock.split(dirty, 1, batch="B", by=BY, at=TUESDAY)
    assert (other.expires_on, other.dirty) == (SOON, True)


def test_a_split_takes_only_what_is_free_and_to_a_batch_of_that_date(county):
    line = line_of(county, 10, "A", SOON)
    line_of(county, 1, "B", LATER)
    reserved(county, 8)
    assert refusal_of(Refused, stock.split, line, 3, batch="C") == "not_enough_stock"
    assert refusal_of(Invalid, stock.split, line, 2, batch="B") == "other_expiry"
    assert refusal_of(Invalid, stock.split, line, 2, batch="A ", expires_on=LATER) == "same_batch"
    assert stock.split(line, 2, batch="B", expires_on=LATER, by=BY, at=TUESDAY).count == 3


def test_a_merge_empties_one_line_into_the_other_and_keeps_its_history(county):
    line, other = line_of(county, 3, "A", LATER), line_of(county, 4, "B", SOON)
    merged = stock.merge(line, other, by=BY, at=TUESDAY)
    assert (merged, merged.expires_on, counts(line, other)) == (other, SOON, [0, 7])
    assert [m.quantity for m in line.movements.order_by("pk")] == [3, -3]
    assert {m.kind for m in StockMovement.objects.filter(at=TUESDAY)} == {"merged"}
    assert refusal_of(Refused, stock.merge, line, other) == "nothing_there"


def test_a_merge_never_gives_a_later_expiry_date_or_none(county):
    line, later, none = line_of(county, 3, "A", SOON), line_of(county, 3, "B", LATER), line_of(county, 3, "C")
    for into in (later, none):
        assert refusal_of(Refused, stock.merge, line, into) == "would_expire_later"
    assert stock.merge(none, line, by=BY, at=TUESDAY).count == 6


def test_a_merge_is_of_one_product_one_store_and_one_side(county):
    line = line_of(county)
    dirty = stock.take_back(county.raisers(), county.store, 1, by=BY, at=TUESDAY, batch="D")
    sheets = stock.receive(county.product("SHEET", tracking="quantity"), county.store, 1, by=BY, at=LONG_AGO, batch="S")
    for into in (dirty, sheets):
        assert refusal_of(Invalid, stock.merge, line, into) == "not_one_kind"
    assert refusal_of(Invalid, stock.merge, line, line) == "same_line"
    reserved(county, 1)
    assert refusal_of(Refused, stock.merge, line, line_of(county, 1, "B")) == "reserved"


# Expiry ---------------------------------------------------------------------------------------------------------------


def test_what_has_expired_is_written_off_but_for_what_is_promised(county):
    """Of 10 at £5, 4 are reserved: 6 go at once (£30). Of 20, all £100 wait. What expires tomorrow stays."""
    reserved_on = line_of(county, 10, "A", TODAY + timedelta(days=3))
    reserved(county, 4)
    big, fine = line_of(county, 20, "B", TODAY + timedelta(days=3)), line_of(county, 5, "C", TODAY + timedelta(days=4))
    made = stock.write_off_expired(county.store, on=TODAY + timedelta(days=3), by=BY, at=TUESDAY)
    assert [(a.line.batch, a.quantity, a.approved) for a in made] == [("A", -6, True), ("B", -20, None)]
    assert made[0].reason == "Expired on 06 Mar 2026"
    assert counts(reserved_on, big, fine) == [4, 20, 5]


def test_writing_off_again_asks_for_nothing_twice(county):
    line_of(county, 20, "B", SOON)
    assert len(stock.write_off_expired(county.store, on=SOON, by=BY, at=TUESDAY)) == 1
    assert stock.write_off_expired(county.store, on=SOON, by=OTHER, at=TUESDAY) == []
    assert StockAdjustment.objects.count() == 1


# The sums -------------------------------------------------------------------------------------------------------------


def test_the_sums_are_right_and_the_check_says_so(county, django_assert_num_queries):
    line_of(county)
    reserved(county, 3)
    with django_assert_num_queries(2):
        assert stock.differences() == []
    out = StringIO()
    call_command("check_stock", stdout=out)
    assert out.getvalue() == "Every count and every reserved is the sum of its rows.\n"


def test_a_count_or_a_reserved_that_is_not_its_sum_is_found_and_fails_the_check(county):
    line, other = line_of(county), line_of(county, batch="B")
    held = reserved(county, 3)
    allocation.load(held, vehicle="VAN", by=BY, at=TUESDAY)  # issued: no longer reserved here
    StockLine.objects.filter(pk=line.pk).update(count=9)
    StockLine.objects.filter(pk=other.pk).update(reserved=2)
    found = [(d.line, d.what, d.kept, d.sum) for d in stock.differences()]
    assert found == [(line, "count", 9, 7), (other, "reserved", 2, 0)]
    out = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("check_stock", stdout=out)
    assert failure.value.returncode == 1
    assert f"Line {line.pk} (RAISER Chair raisers at Main store): count is 9, its rows make 7" in out.getvalue()
    assert ", batch B): reserved is 2, its rows make 0" in out.getvalue()


def test_a_line_that_never_moved_is_no_difference(county):
    StockLine.objects.create(product=county.raisers(), store=county.store, expires_on=date(2030, 1, 1))
    assert stock.differences() == []
