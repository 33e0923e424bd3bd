"""What each kind of file does to what is on record, and what it must never do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from equipment import decontamination, inspections, receiving
from equipment.errors import Refused
from equipment.models import (
    Address,
    Asset,
    AssetEvent,
    Decontamination,
    InspectionRecord,
    Loan,
    Person,
    Product,
    StockLine,
    TestRegime,
)
from equipment.receiving import asset_number
from tests.county import BY, LONG_AGO, TUESDAY, state_of
from tests.equipment.imports.given import applied, bring_in, checked, codes, counts, csv_of

WHO = ("family_name", "given_name", "born_on", "line1", "postcode")
ANN = ("Example", "Ann", "31/01/1940", "2 Hill Road", "ZX1 1AB")
TEST = ("asset_number", "kind", "result", "performed_at", "examiner", "defects", "next_due")
CLEAN = ("asset_number", "method", "infection", "ended_at", "passed", "operator", "notes")


def only_problem(county, kind, *rows, **more) -> tuple[int, str, str]:
    before = [model.objects.count() for model in (Asset, Loan, InspectionRecord, Decontamination)]
    job = checked(county, kind, csv_of(*rows), **more)
    assert before == [model.objects.count() for model in (Asset, Loan, InspectionRecord, Decontamination)]
    [problem] = codes(job)
    return problem


# Products -------------------------------------------------------------------------------------------------------------


def test_a_product_is_made_once_and_then_updated_by_its_stock_code(county):
    header = ("stock_code", "name", "price", "tests", "bulky")
    bring_in(county, "products", csv_of(header, ("NEW", "Hoist", "900", "loler every 182 days, 14 days left", "yes")))
    made = Product.objects.get(stock_code="NEW")
    regime = TestRegime.objects.get(product=made)
    assert (made.name, made.price, made.bulky, made.tracking) == ("Hoist", Decimal(900), True, "serialised")
    assert (regime.kind, regime.interval_days, regime.on_return, regime.remaining_days) == ("loler", 182, False, 14)
    job = applied(county, "products", csv_of(header, ("NEW", "Hoist", "950", "", "")))
    made.refresh_from_db()
    assert (counts(job), made.price, made.bulky, made.regimes.count()) == ((0, 1, 0, 0), Decimal(950), True, 1)


def test_how_a_product_is_tracked_cannot_change_once_there_is_stock(county):
    county.received(county.commode())
    header = ("stock_code", "name", "tracking")
    assert only_problem(county, "products", header, ("COMMODE", "Commode", "quantity"))[1:] == (
        "tracking",
        "tracking_in_use",
    )
    county.product("EMPTY")
    bring_in(county, "products", csv_of(header, ("EMPTY", "Empty", "quantity")))
    assert Product.objects.get(stock_code="EMPTY").tracking == "quantity"


def test_a_gtin_belongs_to_one_product(county):
    county.product("A", gtin="05012345678900")
    header = ("stock_code", "name", "gtin")
    assert only_problem(county, "products", header, ("B", "B", 5012345678900))[1:] == ("gtin", "gtin_taken")


# Assets ---------------------------------------------------------------------------------------------------------------


def test_a_new_asset_is_booked_in_at_the_store_and_goes_nowhere_without_its_acceptance(county):
    county.hoist()
    header = ("asset_number", "stock_code", "serial", "received_on", "purchase_price", "owner")
    bring_in(county, "assets", csv_of(header, (asset_number(77), "HOIST", "S1", "01/02/2024", "", "harbour")))
    made = Asset.objects.get()
    event = AssetEvent.objects.get(asset=made)
    assert (made.number, made.state, made.store, made.owner) == (
        asset_number(77),
        "received",
        county.store,
        county.council,
    )
    assert (made.received_on, made.purchase_price, made.since) == (date(2024, 2, 1), Decimal(900), TUESDAY)
    assert (event.verb, event.by[:7], event.facts) == ("book_in", "import:", {"line": 2})
    with pytest.raises(Refused):
        inspections.accept(made, by=BY, at=TUESDAY)


def test_a_known_asset_is_corrected_and_never_moved(county):
    asset = county.new(county.commode())
    header = ("asset_number", "stock_code", "serial", "barcode", "state", "batch")
    bring_in(county, "assets", csv_of(header, (asset.number, "COMMODE", "S9", "B9", "on_loan", "")))
    asset.refresh_from_db()
    assert (asset.serial, asset.barcode, asset.state, asset.store) == ("S9", "B9", "available", county.store)
    event = AssetEvent.objects.filter(asset=asset).first()
    assert event is not None
    assert (event.verb, event.from_state, event.to_state) == ("correct", "available", "available")
    assert event.facts == {"line": 2, "was": {"serial": "", "barcode": "None"}}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("1234567", "COMMODE", "", "", ""), ("asset_number", "not_our_number")),
        (("", "COMMODE", "", "", ""), ("asset_number", "no_key")),
        (("", "NOSUCH", "S", "", ""), ("stock_code", "no_such_product")),
        (("", "RAISER", "S", "", ""), ("stock_code", "not_serialised")),
        (("", "COMMODE", "S", "elsewhere", ""), ("owner", "not_yours")),
        (("", "COMMODE", "S", "", "disposed"), ("state", "out_of_use")),
    ],
)
def test_an_asset_that_cannot_be_is_bad_with_its_reason(county, row, problem):
    county.commode()
    county.raisers()
    header = ("asset_number", "stock_code", "serial", "owner", "state")
    assert only_problem(county, "assets", header, row) == (2, *problem)


def test_an_asset_of_another_organisation_is_left_alone(county):
    asset = county.new(county.commode(), owner=county.other)
    header = ("asset_number", "stock_code", "serial")
    assert only_problem(county, "assets", header, (asset.number, "COMMODE", "S9")) == (2, "asset_number", "not_yours")
    row = (asset.number, "functional", "pass", "2026-01-01", "E", "", "")
    assert only_problem(county, "tests", TEST, row) == (2, "asset_number", "not_yours")
    row = (asset.number, "detergent", "none_known", "2026-01-01", "yes", "D", "")
    assert only_problem(county, "cleans", CLEAN, row) == (2, "asset_number", "not_yours")
    row = (asset.number, "2026-01-01", *ANN)
    assert only_problem(county, "loans", ("asset_number", "started", *WHO), row) == (2, "asset_number", "not_yours")


def test_a_serial_or_barcode_is_on_one_asset_only(county):
    one, other = county.received(county.commode()), county.received(county.commode())
    Asset.objects.filter(pk=one.pk).update(serial="S1", barcode="B1")
    header = ("asset_number", "stock_code", "serial", "barcode")
    assert only_problem(county, "assets", header, (other.number, "COMMODE", "S1", ""))[2] == "serial_taken"
    assert only_problem(county, "assets", header, (other.number, "COMMODE", "", "B1"))[2] == "barcode_taken"


# Loans ----------------------------------------------------------------------------------------------------------------


def test_a_loan_is_taken_over_and_its_person_registered_once(county):
    one, other = county.received(county.commode()), county.received(county.product("STOOL"))
    rows = [(asset.number, "14/02/2026", *ANN) for asset in (one, other)]
    header = ("asset_number", "started", *WHO)
    bring_in(county, "loans", csv_of(header, *rows), organisation=county.council)
    person = Person.objects.get()
    assert (person.organisation, person.born_on, Address.objects.count()) == (county.council, date(1940, 1, 31), 1)
    assert (state_of(one), one.loans_count, one.store) == ("on_loan", 1, None)
    assert [(loan.person, loan.started_at) for loan in Loan.objects.all()] == [
        (person, datetime(2026, 2, 14, tzinfo=UTC))
    ] * 2
    event = AssetEvent.objects.filter(asset=one).first()
    assert event is not None and event.verb == "take_over"
    assert counts(applied(county, "loans", csv_of(header, *rows), organisation=county.council)) == (0, 0, 2, 0)
    assert (Person.objects.count(), Loan.objects.count()) == (1, 2)


def test_a_person_is_found_by_nhs_number_and_never_taken_for_another(county):
    """Rule 29: an NHS number with another name blocks."""
    known = county.person(nhs_number="999 000 0018", born_on=date(1940, 1, 31))
    asset = county.received(county.commode())
    header = ("asset_number", "started", "nhs_number", *WHO)
    row = (asset.number, "2026-02-14", "9990000018", *ANN)
    found = only_problem(county, "loans", header, row, organisation=county.council)
    assert found == (2, "nhs_number", "nhs_number_taken")
    row = (asset.number, "2026-02-14", "9990000018", known.family_name, "Ann", "1940-01-31", "2 Hill Road", "ZX1 1AB")
    bring_in(county, "loans", csv_of(header, row), organisation=county.council)
    assert Loan.objects.get().person == known
    row = (asset.number, "2026-02-14", "9990000019", *ANN)
    found = checked(county, "loans", csv_of(header, row), organisation=county.council)
    assert ("nhs_number", "nhs_number") in [each[1:] for each in codes(found)]


def test_only_what_was_just_brought_in_is_taken_over(county):
    asset = county.new(county.commode())
    header = ("asset_number", "started", *WHO)
    found = only_problem(county, "loans", header, (asset.number, "2026-02-14", *ANN), organisation=county.council)
    assert found == (2, "asset_number", "not_received")
    assert not Person.objects.exists()


def test_rule_1_an_asset_whose_last_loan_ended_elsewhere_is_dirty_until_a_later_clean(county):
    asset = county.received(county.commode())
    header = ("asset_number", "started", "ended", *WHO)
    row = (asset.number, "2025-01-01", "2026-01-10", *ANN)
    bring_in(county, "loans", csv_of(header, row), organisation=county.council)
    asset.refresh_from_db()
    assert (asset.state, asset.loans_count) == ("received", 1)
    assert asset.soiled_at == datetime(2026, 1, 10, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(Refused, match="not been cleaned"):
        inspections.accept(asset, by=BY, at=TUESDAY)
    for day, ready in (("2026-01-10", False), ("2026-01-12", True)):
        row = (asset.number, "detergent", "none_known", day, "yes", "D", "")
        bring_in(county, "cleans", csv_of(CLEAN, row))
        if not ready:
            with pytest.raises(Refused, match="not been cleaned"):
                inspections.accept(asset, by=BY, at=TUESDAY)
    inspections.accept(asset, by=BY, at=TUESDAY)
    assert state_of(asset) == "available"


def test_counted_stock_at_home_is_taken_over_with_its_batch(county):
    county.product("SLING", tracking="batch")
    header = ("stock_code", "quantity", "batch", "started", *WHO)
    content = csv_of(header, ("SLING", "2", "L7", "2026-01-01", *ANN))
    bring_in(county, "loans", content, organisation=county.council)
    loan, line = Loan.objects.get(), StockLine.objects.get()
    assert (loan.quantity, loan.stock_line, line.batch, line.count, line.store) == (2, line, "L7", 0, county.store)
    assert counts(applied(county, "loans", content, organisation=county.council)) == (0, 0, 1, 0)


# Tests and cleans -----------------------------------------------------------------------------------------------------


def test_a_test_of_the_past_counts_from_its_own_day(county):
    asset = county.received(county.hoist())
    content = csv_of(TEST, (asset.number, "loler", "pass", "2026-01-31 10:00", "E. Xaminer", "", ""))
    bring_in(county, "tests", content)
    test = InspectionRecord.objects.get()
    asset.refresh_from_db()
    assert (test.performed_at, test.by[:7]) == (datetime(2026, 1, 31, 10, tzinfo=UTC), "import:")
    assert test.next_due == asset.test_due_on == date(2026, 1, 31) + timedelta(days=182)
    assert counts(applied(county, "tests", content)) == (0, 0, 1, 0)
    differs = (asset.number, "loler", "advisory", "2026-01-31 10:00", "E. Xaminer", "", "")
    assert only_problem(county, "tests", TEST, differs)[2] == "differs"


def test_rule_4_an_older_pass_brought_in_later_does_not_beat_a_fail(county):
    asset = county.received(county.hoist())
    for day, result, defect in (("2026-02-01", "fail", "worn hook"), ("2026-01-01", "pass", "")):
        bring_in(county, "tests", csv_of(TEST, (asset.number, "loler", result, day, "E", defect, "")))
    asset.refresh_from_db()
    assert asset.test_due_on is None
    with pytest.raises(Refused) as refusal:
        inspections.accept(asset, by=BY, at=TUESDAY)
    assert refusal.value.code == "test_failed"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("pat", "pass", "2026-01-31", "E", "", ""), ("kind", "no_such_test")),
        (("loler", "fail", "2026-01-31", "E", "", ""), ("defects", "reason_needed")),
        (("loler", "pass", "2026-03-04", "E", "", ""), ("performed_at", "in_future")),
        (("loler", "pass", "2026-01-31", "E", "", "2027-01-31"), ("next_due", "due_too_late")),
        (("loler", "pass", "2026-01-31", "E", "", "2026-01-31"), ("next_due", "due_too_early")),
    ],
)
def test_a_test_that_cannot_be_is_bad_with_its_reason(county, row, problem):
    asset = county.received(county.hoist())
    assert only_problem(county, "tests", TEST, (asset.number, *row)) == (2, *problem)


def test_rule_2_a_clean_of_the_past_makes_no_dirty_asset_clean(county):
    """It ended before the asset came back; and what came back here is cleaned at our wash, not in a file."""
    asset = county.dirty(county.commode())
    returned = LONG_AGO + timedelta(days=20)
    early = (asset.number, "sporicidal", "", (returned - timedelta(days=1)).isoformat(), "yes", "D", "")
    bring_in(county, "cleans", csv_of(CLEAN, early))
    late = (asset.number, "sporicidal", "", (returned + timedelta(days=1)).isoformat(), "yes", "D", "")
    assert only_problem(county, "cleans", CLEAN, late) == (2, "ended_at", "came_back_here")
    decontamination.begin(asset, by=BY, at=TUESDAY)
    decontamination.record(asset, method="detergent", passed=False, notes="stain", by=BY, at=TUESDAY)
    assert state_of(asset) == "quarantine"
    with pytest.raises(Refused):
        inspections.shelve(asset, by=BY, at=TUESDAY)


def test_rule_3_a_clean_too_weak_for_what_was_declared_is_not_brought_in_as_passed(county):
    asset = county.received(county.commode())
    row = (asset.number, "detergent", "", "2026-01-31", "yes", "D", "")
    assert only_problem(county, "cleans", CLEAN, row) == (2, "method", "method_too_weak")
    bring_in(county, "cleans", csv_of(CLEAN, (asset.number, "detergent", "", "2026-01-31", "no", "D", "stain")))
    assert Decontamination.objects.get().passed is False


def test_an_asset_may_be_named_by_the_code_stuck_on_it(county):
    asset = receiving.book_in(county.hoist(), county.store, county.provider, by=BY, at=LONG_AGO, barcode="OLD-1")
    header = ("barcode", *TEST[1:])
    bring_in(county, "tests", csv_of(header, ("OLD-1", "loler", "pass", "2026-01-31", "E", "", "")))
    assert InspectionRecord.objects.get().asset == asset
