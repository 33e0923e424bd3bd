"""Over the counter: an issue from a satellite store is a loan, recorded at once or late, never not at all."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from equipment import allocation, counter, loans, receiving, stock, transfers
from equipment.duties import ASSISTANT, DECONTAMINATION_TECHNICIAN, Actor
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import Loan, Person, StockMovement
from equipment.states import AssetState, Reuse
from equipment.words import MovementKind
from tests.county import BY, LONG_AGO, TUESDAY, state_of

AT = {"by": BY, "at": TUESDAY}
DAY = timedelta(days=1)


def at_the_counter(county, product, ward=None):
    """An asset on the shelf of the satellite, sent there by a transfer."""
    asset, ward = county.new(product), ward or county.satellite()
    job = transfers.draft(county.store, ward, {}, by=BY, at=LONG_AGO)
    transfers.put_on(job, asset, by=BY, at=LONG_AGO)
    transfers.send(job, by=BY, at=LONG_AGO)
    transfers.receive(job, asset, by=BY, at=LONG_AGO)
    return asset


def weighing(county, kilograms):
    return county.person(weight_kg=Decimal(kilograms))


def test_an_issue_over_the_counter_is_a_loan(county):
    asset, person = at_the_counter(county, county.commode()), county.person()
    loan = counter.hand_out(asset, person, county.address(person), review_on=date(2026, 4, 1), **AT)
    asset.refresh_from_db()
    assert (asset.state, asset.store, asset.loans_count) == (AssetState.ON_LOAN, None, 1)
    assert (loan.asset, loan.person, loan.started_at, loan.review_on) == (asset, person, TUESDAY, date(2026, 4, 1))
    assert asset.events.first().verb == "hand_out"
    loans.request_collection(loan, **AT)
    assert state_of(asset) == AssetState.COLLECTION_DUE


def test_rule_12_it_carries_the_person_or_stays(county):
    asset, person = at_the_counter(county, county.hoist()), weighing(county, 160)
    with pytest.raises(Refused) as refusal:
        counter.hand_out(asset, person, county.address(person), **AT)
    assert refusal.value.code == "too_heavy"
    assert (state_of(asset), Loan.objects.count()) == (AssetState.AVAILABLE, 0)


def test_rule_9_single_patient_kit_goes_to_the_same_person_only(county):
    product = county.product("SLING", reuse=Reuse.SINGLE_PATIENT)
    asset = county.recycled(product)
    ward = county.satellite()
    job = transfers.draft(county.store, ward, {}, **AT)
    transfers.put_on(job, asset, **AT)
    transfers.send(job, **AT)
    transfers.receive(job, asset, **AT)
    person, former = county.person(), Person.objects.get(loans__asset=asset)
    with pytest.raises(Refused) as refusal:
        counter.hand_out(asset, person, county.address(person), **AT)
    assert refusal.value.code == "single_patient"
    counter.hand_out(asset, former, county.address(former), **AT)


def test_what_may_not_be_handed_out(county):
    person = county.person()
    home, asset = county.address(person), at_the_counter(county, county.commode())
    depot = county.new(county.product("FRAME"))
    with pytest.raises(Refused) as refusal:
        counter.hand_out(depot, person, home, **AT)
    assert refusal.value.code == "no_counter"
    with pytest.raises(Refused, match="by the records it is quarantine at Main store"):
        counter.hand_out(county.dirty(county.product("WALKER")), person, home, **AT)
    with pytest.raises(Invalid) as wrong:
        counter.hand_out(asset, person, county.address(), **AT)
    assert wrong.value.facts["field"] == "address"
    with pytest.raises(Invalid) as wrong:
        counter.hand_out(asset, person, home, review_on=date(2026, 3, 2), **AT)
    assert wrong.value.facts["field"] == "review_on"
    Person.objects.filter(pk=person.pk).update(died_on=date(2026, 3, 1))
    person.refresh_from_db()
    with pytest.raises(Refused, match="has died"):
        counter.hand_out(asset, person, home, **AT)
    assert state_of(asset) == AssetState.AVAILABLE


def test_what_is_promised_to_somebody_else_is_not_handed_out(county):
    ward = county.satellite()
    asset, person = at_the_counter(county, county.commode(), ward), county.person()
    allocation.reserve(allocation.Wanted(county.commode(), 1, county.person(), TUESDAY.date(), (ward,)), **AT)
    with pytest.raises(Refused) as refusal:
        counter.hand_out(asset, person, county.address(person), **AT)
    assert refusal.value.code == "promised"
    assert state_of(asset) == AssetState.RESERVED


def test_only_who_issues_at_that_store_hands_out(county):
    ward, person = county.satellite(), county.person()
    asset, home = at_the_counter(county, county.commode(), ward), county.address(person)
    for who in (Actor("user:m", ASSISTANT, [county.store.pk]), Actor("user:d", DECONTAMINATION_TECHNICIAN, [ward.pk])):
        with pytest.raises(Refused):
            counter.hand_out(asset, person, home, by=who, at=TUESDAY)
    assert state_of(asset) == AssetState.AVAILABLE
    counter.hand_out(asset, person, home, by=Actor("user:w", ASSISTANT, [ward.pk]), at=TUESDAY)


def test_counted_stock_over_the_counter_is_a_loan_and_a_movement(county):
    ward, person, raisers = county.satellite(), county.person(), county.raisers()
    line = stock.receive(raisers, ward, 10, by=BY, at=LONG_AGO)
    loan = counter.hand_out_counted(line, 4, person, county.address(person), **AT)
    line.refresh_from_db()
    assert (line.count, loan.stock_line, loan.quantity, loan.asset) == (6, line, 4, None)
    assert StockMovement.objects.filter(line=line, kind=MovementKind.HANDED_OUT).get().quantity == -4
    with pytest.raises(Refused):
        counter.hand_out_counted(line, 7, person, county.address(person), **AT)
    with pytest.raises(Invalid):
        counter.hand_out_counted(line, 0, person, county.address(person), **AT)
    line.refresh_from_db()
    assert (line.count, Loan.objects.count()) == (6, 1)


def test_counted_stock_that_is_expired_dirty_or_too_weak_stays(county):
    ward, person = county.satellite(), weighing(county, 160)
    product = county.product("FRAME", tracking="batch", safe_working_load_kg=150)
    home = county.address(person)
    lines = {
        "expired": stock.receive(product, ward, 1, by=BY, at=LONG_AGO, batch="1", expires_on=TUESDAY.date()),
        "not_clean": stock.take_back(product, ward, 1, by=BY, at=LONG_AGO),
        "too_heavy": stock.receive(product, ward, 1, by=BY, at=LONG_AGO),
    }
    for code, line in lines.items():
        with pytest.raises(Refused) as refusal:
            counter.hand_out_counted(line, 1, person, home, **AT)
        assert refusal.value.code == code
    assert not Loan.objects.exists()


def test_an_issue_found_later_is_recorded_from_the_day_it_began(county):
    """Section 1.2 of the brief: unrecorded issues are the classic stock leak."""
    asset, person = at_the_counter(county, county.commode()), county.person()
    began = TUESDAY - 10 * DAY
    loan = counter.record_issue(asset, person, county.address(person), started_at=began, reason="slip of paper", **AT)
    asset.refresh_from_db()
    assert (asset.state, asset.store, asset.loans_count, loan.started_at) == (AssetState.ON_LOAN, None, 1, began)
    assert list(asset.events.values_list("verb", "reason")[:2]) == [
        ("record_issue", "slip of paper"),
        ("lose", "slip of paper"),
    ]
    assert counter.unfit_when_issued(loan) == []


def test_what_a_count_lost_is_with_somebody_after_all(county):
    asset, person = at_the_counter(county, county.commode()), county.person()
    advance(asset, AssetState.LOST, reason="not found in count 1", **AT)
    began = TUESDAY - 10 * DAY
    loan = counter.record_issue(asset, person, county.address(person), started_at=began, reason="the ward rang", **AT)
    assert (state_of(asset), loan.started_at) == (AssetState.ON_LOAN, began)
    assert receiving.take_back(asset, county.store, by=BY, at=TUESDAY + DAY).loan == loan


def test_unfit_it_is_recorded_all_the_same_and_the_reasons_are_kept(county):
    """Rule 12 does not undo what has happened: it says what somebody must act on."""
    asset, person = at_the_counter(county, county.hoist()), weighing(county, 160)
    loan = counter.record_issue(
        asset, person, county.address(person), started_at=TUESDAY - DAY, reason="found at home", **AT
    )
    [reason] = counter.unfit_when_issued(loan)
    assert reason.startswith("Mobile hoist carries 150 kg at most; the person weighs 160 kg.")
    assert asset.events.first().facts["unfit"] == reason


def test_a_loan_recorded_late_began_after_it_was_last_in_the_store_and_not_ahead(county):
    asset, person = at_the_counter(county, county.commode()), county.person()
    home = county.address(person)
    for began in (LONG_AGO - DAY, TUESDAY + DAY):
        with pytest.raises(Invalid) as refusal:
            counter.record_issue(asset, person, home, started_at=began, reason="slip", **AT)
        assert refusal.value.facts["field"] == "started_at"
    with pytest.raises(Invalid, match="how it came to light"):
        counter.record_issue(asset, person, home, started_at=TUESDAY, reason=" ", **AT)
    assert (state_of(asset), Loan.objects.count()) == (AssetState.AVAILABLE, 0)


def test_what_is_accounted_for_was_not_issued(county):
    person = county.person()
    home, dirty = county.address(person), county.dirty(county.commode())
    with pytest.raises(Refused) as refusal:
        counter.record_issue(dirty, person, home, started_at=TUESDAY, reason="slip", **AT)
    assert refusal.value.code == "accounted_for"
    loan = county.on_loan(county.product("STOOL"))
    advance(loan.asset, AssetState.LOST, reason="gone", **AT)
    with pytest.raises(Refused) as refusal:
        counter.record_issue(loan.asset, person, home, started_at=TUESDAY, reason="slip", **AT)
    assert refusal.value.code == "on_loan_already"
    assert Loan.objects.filter(person=person).count() == 0
