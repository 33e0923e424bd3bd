"""Safety alerts: found at once, held, followed to the last unit (rules 8 and 36)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from equipment import allocation, loans, recall_units, recalls, receiving, stock, tasks
from equipment.criteria import Criterion
from equipment.duties import ASSISTANT, MANAGER, Actor
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import Alert, AlertUnit, Asset, FloorEvent, StockLine
from equipment.recall_facts import in_force
from equipment.recall_reads import progress
from equipment.states import AssetState
from tests.county import BY, LONG_AGO, TUESDAY, state_of

TODAY = TUESDAY.date()
HOUR = timedelta(hours=1)
MO = Actor("user:mo", MANAGER)
WHY = "The label was read wrong; M. Anager"


def spec(county, *criteria, **given):
    named = {
        "organisation": county.provider,
        "reference": "NatPSA/2026/001",
        "title": "The brake fails",
        "urgency": "urgent",
        "action": "swap",
        "issued_on": TODAY,
        "deadline": TODAY + timedelta(days=14),
    }
    return recalls.Spec(criteria=criteria or (Criterion(product=county.commode().pk),), **{**named, **given})


def opened(county, *criteria, **given):
    return recalls.open_alert(spec(county, *criteria, **given), by=MO, at=TUESDAY)


def unit(alert, **about):
    return AlertUnit.objects.get(alert=alert, **about)


def counted_loan(county, line, quantity=2):
    person = county.person()
    wanted = allocation.Wanted(line.product, quantity, person, TODAY, (county.store,))
    [made] = allocation.reserve(wanted, by=BY, at=TUESDAY)
    allocation.load(made, vehicle="VAN", by=BY, at=TUESDAY)
    return loans.deliver(made, county.address(person), by=BY, at=TUESDAY)


# Open -----------------------------------------------------------------------------------------------------------------


def test_opening_finds_every_unit_and_holds_what_stands_in_a_store(county):
    """Rule 36: on the shelf, in quarantine, at home and lost; what is disposed of is no unit."""
    loan = county.on_loan(county.commode())
    shelf, dirty, lost, gone = (county.new(county.commode()) for _ in range(4))
    advance(dirty, AssetState.QUARANTINE, by=BY, at=TUESDAY, reason="Stained")
    advance(lost, AssetState.LOST, by=BY, at=TUESDAY, reason="Not on its shelf")
    Asset.objects.filter(pk=gone.pk).update(state="disposed", store=None)
    other = county.new(county.product("CHAIR"))
    alert = opened(county)
    found = {row.asset_id: row.state for row in alert.units.all()}
    assert found == {loan.asset_id: "found", shelf.pk: "held", dirty.pk: "held", lost.pk: "unreachable"}
    assert (state_of(shelf), state_of(dirty), state_of(loan.asset), state_of(other)) == (
        "held",
        "held",
        "on_loan",
        "available",
    )
    event = shelf.events.first()
    assert (event.verb, event.reason, event.by) == ("hold", "Safety alert NatPSA/2026/001", "user:mo")
    opening = FloorEvent.objects.get(subject="alert", subject_id=alert.pk)
    assert (opening.verb, opening.facts) == ("open", {"units": 4})


def test_what_is_promised_is_held_too(county):
    """Rule 8: a reservation does not let a recalled unit out; who waits for it gets another (rule 28)."""
    asset = county.new(county.commode())
    county.order(county.discharge(), "COMMODE")
    assert state_of(asset) == AssetState.RESERVED
    opened(county)
    assert state_of(asset) == AssetState.HELD


def test_counted_stock_of_the_batch_is_held_and_listed_where_it_is_at_home(county):
    """Rule 36: lines of the batch, clean and dirty, and every open loan of it; other batches go on being issued."""
    product = county.product("SLING", tracking="batch")
    bad = stock.receive(product, county.store, 9, batch="B7", by=BY, at=LONG_AGO)
    loan = counted_loan(county, bad)
    good = stock.receive(product, county.store, 5, batch="B8", by=BY, at=LONG_AGO)
    dirty = stock.take_back(product, county.store, 1, by=BY, at=LONG_AGO, batch="B7")
    alert = opened(county, Criterion(product=product.pk, batch="b7"))
    assert {row.stock_line_id for row in alert.units.filter(loan=None)} == {bad.pk, dirty.pk}
    assert unit(alert, loan=loan).state == "found"
    lines = dict(StockLine.objects.values_list("pk", "alert"))
    assert lines == {bad.pk: alert.pk, dirty.pk: alert.pk, good.pk: None}
    wanted = allocation.Wanted(product, 9, county.person(), TODAY, (county.store,))
    assert [(r.stock_line, r.quantity) for r in allocation.reserve(wanted, by=BY, at=TUESDAY)] == [(good, 5)]


def test_nothing_but_a_correction_leaves_a_held_line(county):
    """Rule 36: counted stock under an alert is neither sent on, split off nor merged away."""
    product = county.product("SLING", tracking="batch")
    line = stock.receive(product, county.store, 9, batch="B7", by=BY, at=LONG_AGO)
    opened(county, Criterion(product=product.pk))
    with pytest.raises(Refused) as refusal:
        stock.split(line, 3, batch="B8", by=BY, at=TUESDAY)
    assert (refusal.value.code, StockLine.objects.get(pk=line.pk).count) == ("recalled", 9)
    later = stock.receive(product, county.store, 4, batch="B9", by=BY, at=TUESDAY)
    assert StockLine.objects.get(pk=later.pk).alert is not None


def test_serials_and_dates_of_manufacture_narrow_it_down(county):
    """Rule 36: by serial range and date of manufacture; what is not on record counts as one of them."""
    rows = {serial: county.received(county.commode()) for serial in ("SN9", "SN10", "SN11", "")}
    for serial, asset in rows.items():
        Asset.objects.filter(pk=asset.pk).update(serial=serial)
    Asset.objects.filter(pk=rows["SN10"].pk).update(made_on=date(2024, 5, 1))
    criterion = Criterion(product=county.commode().pk, serial_from="SN9", serial_to="SN10", made_from=date(2025, 1, 1))
    alert = opened(county, criterion)
    assert {row.asset_id for row in alert.units.all()} == {rows["SN9"].pk, rows[""].pk}


def test_another_organisations_equipment_is_not_touched(county):
    ours, theirs = county.new(county.commode()), county.new(county.commode(), owner=county.other)
    served = county.new(county.commode(), owner=county.council)
    alert = opened(county)
    assert {row.asset_id for row in alert.units.all()} == {ours.pk, served.pk}
    assert in_force([theirs]) == {}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"reference": " "}, "reference"),
        ({"title": ""}, "title"),
        ({"deadline": TODAY - timedelta(days=1)}, "deadline"),
        ({"criteria": ()}, "nothing_named"),
        ({"criteria": (Criterion(batch="B7"),)}, "nothing_named"),
        ({"criteria": (Criterion(product=1, serial_from="SN10", serial_to="SN9"),)}, "serials"),
        ({"criteria": (Criterion(product=1, made_from=TODAY, made_to=TODAY - timedelta(days=1)),)}, "made"),
    ],
)
def test_an_alert_that_says_nothing_or_contradicts_itself_is_refused(county, given, code):
    asset = county.new(county.commode())
    wanted = spec(county)
    with pytest.raises(Invalid) as refusal:
        recalls.open_alert(recalls.Spec(**{**vars(wanted), **given}), by=MO, at=TUESDAY)
    assert (refusal.value.code, Alert.objects.count(), state_of(asset)) == (code, 0, "available")


def test_a_reference_is_used_once(county):
    opened(county)
    with pytest.raises(Invalid) as refusal:
        opened(county)
    assert (refusal.value.code, Alert.objects.count()) == ("reference_taken", 1)


def test_only_a_manager_opens_closes_withdraws_and_ends(county):
    """Rule 8: recall and release are a named manager's decisions."""
    asset, sam = county.new(county.commode()), Actor("user:sam", ASSISTANT)
    with pytest.raises(Refused):
        recalls.open_alert(spec(county), by=sam, at=TUESDAY)
    assert state_of(asset) == AssetState.AVAILABLE
    alert = opened(county)
    row = unit(alert, asset=asset)
    for verb in (
        lambda: recall_units.withdraw_unit(row, reason=WHY, by=sam, at=TUESDAY),
        lambda: recall_units.close_unit(row, outcome="corrected", reason=WHY, by=sam, at=TUESDAY),
        lambda: recall_units.give_up(row, reason=WHY, by=sam, at=TUESDAY),
        lambda: recalls.end_alert(alert, reason=WHY, by=sam, at=TUESDAY),
    ):
        with pytest.raises(Refused) as refusal:
            verb()
        assert refusal.value.code == "not_your_duty"
    assert (unit(alert, asset=asset).state, state_of(asset)) == ("held", "held")


def test_a_preview_counts_by_place_and_writes_nothing(county):
    county.on_loan(county.commode())
    shelf = county.new(county.commode())
    found = recalls.preview([Criterion(product=county.commode().pk)], county.provider)
    assert (found.total, found.in_stores, found.at_home, found.on_vans, found.lost) == (2, 1, 1, 0, 0)
    assert (Alert.objects.count(), state_of(shelf)) == (0, "available")


# What turns up later -----------------------------------------------------------------------------------------------


def test_what_is_booked_in_later_is_caught_and_held(county):
    """Rule 36: new deliveries of the same are caught by the sweep, and never accepted meanwhile."""
    alert = opened(county)
    late = receiving.book_in(county.commode(), county.store, county.provider, by=BY, at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        advance(late, AssetState.AVAILABLE, by=BY, at=TUESDAY)
    assert "recalled" in [reason["code"] for reason in refusal.value.facts["reasons"]]
    assert recalls.rematch(by="task:recalls", at=TUESDAY, within=2 * HOUR) == 1
    assert recalls.hold_found(by="task:recalls", at=TUESDAY) == 1
    assert (unit(alert, asset=late).state, state_of(late)) == ("held", "held")
    assert (recalls.rematch(by="task:recalls", at=TUESDAY), recalls.hold_found(by=BY, at=TUESDAY)) == (0, 0)


def test_what_comes_back_is_held_at_the_door(county):
    loan = county.on_loan(county.commode())
    alert = opened(county)
    asset = Asset.objects.get(pk=loan.asset_id)
    receiving.take_back(asset, county.store, by=BY, at=TUESDAY + HOUR)
    assert recalls.hold_found(by="task:recalls", at=TUESDAY + HOUR) == 1
    assert (unit(alert, asset=asset).state, state_of(asset)) == ("held", "held")


def test_what_was_lost_and_turns_up_is_held(county):
    asset = county.new(county.commode())
    advance(asset, AssetState.LOST, by=BY, at=TUESDAY, reason="Not on its shelf")
    alert = opened(county)
    assert unit(alert, asset=asset).note == "Lost"
    receiving.find(asset, county.store, by=BY, at=TUESDAY + HOUR, reason="Behind the rack")
    recalls.hold_found(by="task:recalls", at=TUESDAY + HOUR)
    assert (unit(alert, asset=asset).state, state_of(asset)) == ("held", "held")


def test_a_corrected_serial_is_found_by_night(county, monkeypatch):
    asset = county.new(county.commode())
    receiving.relabel(asset, serial="SN99", barcode=None, by=BY, at=LONG_AGO)
    alert = opened(county, Criterion(product=county.commode().pk, serial_from="SN1", serial_to="SN9"))
    receiving.relabel(asset, serial="SN7", barcode=None, by=BY, at=TUESDAY)
    monkeypatch.setattr("equipment.tasks.clock.now", lambda: TUESDAY + HOUR)
    assert (tasks.sweep_recalls(), tasks.rematch_recalls(), tasks.sweep_recalls()) == (0, 1, 1)
    assert (unit(alert, asset=asset).state, state_of(asset)) == ("held", "held")


def test_more_than_are_held_at_once_are_held_by_the_sweep(county, monkeypatch):
    """Rule 36: until the sweep comes by, none of them can be issued all the same."""
    monkeypatch.setattr(recalls, "AT_ONCE", 1)
    rows = [county.new(county.commode()) for _ in range(3)]
    opened(county)
    assert sorted(state_of(row) for row in rows) == ["available", "available", "held"]
    wanted = allocation.Wanted(county.commode(), 3, county.person(), TODAY, (county.store,))
    assert allocation.reserve(wanted, by=BY, at=TUESDAY) == []
    assert recalls.hold_found(by="task:recalls", at=TUESDAY) == 2
    assert {state_of(row) for row in rows} == {"held"}


# Progress and the end -----------------------------------------------------------------------------------------------


def test_progress_is_100_only_when_every_unit_is_closed(county):
    """Rule 36: tracked to 100 %, with the wrong matches left out and the unreachable named."""
    loan = county.on_loan(county.commode())
    first, second, wrong = (county.new(county.commode()) for _ in range(3))
    alert = opened(county)
    recall_units.withdraw_unit(unit(alert, asset=wrong), reason=WHY, by=MO, at=TUESDAY)
    recall_units.close_unit(unit(alert, asset=first), outcome="corrected", reason=WHY, by=MO, at=TUESDAY)
    now = progress(alert, on=TODAY)
    assert (now.total, now.closed, now.held, now.at_home, now.on_vans, now.unreachable, now.percent, now.overdue) == (
        3,
        1,
        1,
        1,
        0,
        0,
        33,
        False,
    )
    recall_units.give_up(unit(alert, asset=loan.asset), reason="Moved abroad", by=MO, at=TUESDAY)
    recall_units.close_unit(unit(alert, asset=second), outcome="destroyed", reason=WHY, by=MO, at=TUESDAY)
    now = progress(alert, on=TODAY + timedelta(days=15))
    assert (now.closed, now.held, now.at_home, now.unreachable, now.percent, now.overdue) == (2, 0, 0, 1, 66, True)


def test_an_alert_ends_when_nothing_is_left_but_what_is_named_unreachable(county):
    """Rule 36: it cannot be ended over the head of a single unit."""
    loan, shelf = county.on_loan(county.commode()), county.new(county.commode())
    alert = opened(county)
    with pytest.raises(Refused) as refusal:
        recalls.end_alert(alert, reason="All done", by=MO, at=TUESDAY)
    alert.refresh_from_db()
    assert (refusal.value.code, refusal.value.facts["units"], alert.ended_at) == ("units_open", 2, None)
    recall_units.close_unit(unit(alert, asset=shelf), outcome="corrected", reason=WHY, by=MO, at=TUESDAY)
    recall_units.give_up(unit(alert, asset=loan.asset), reason="Moved abroad", by=MO, at=TUESDAY)
    recalls.end_alert(alert, reason="All done", by=MO, at=TUESDAY)
    assert (alert.ended_at, alert.ended_by) == (TUESDAY, "user:mo")
    rows = list(Asset.objects.select_related("product").filter(pk__in=[loan.asset_id, shelf.pk]))
    assert in_force(rows) == {loan.asset_id: "NatPSA/2026/001"}
    for late in (
        lambda: recalls.end_alert(alert, reason="Twice", by=MO, at=TUESDAY),
        lambda: recalls.extend(alert, deadline=TODAY, reason="More", by=MO, at=TUESDAY),
        lambda: recall_units.match_again(unit(alert, asset=shelf), reason="Late", by=MO, at=TUESDAY),
    ):
        with pytest.raises(Refused, match="ended"):
            late()


def test_a_deadline_is_moved_with_its_reason(county):
    alert = opened(county)
    recalls.extend(alert, deadline=TODAY + timedelta(days=30), reason="The maker is late", by=MO, at=TUESDAY)
    alert.refresh_from_db()
    event = FloorEvent.objects.filter(subject="alert", verb="extend").get()
    assert (alert.deadline, event.reason) == (TODAY + timedelta(days=30), "The maker is late")
    with pytest.raises(Invalid):
        recalls.extend(alert, deadline=TODAY - timedelta(days=1), reason="x", by=MO, at=TUESDAY)
