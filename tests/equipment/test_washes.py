"""Wash runs: many assets cleaned together, each with its own record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from equipment import decontamination, inspections, receiving
from equipment.decontamination import Failure
from equipment.duties import ASSISTANT, DECONTAMINATION_TECHNICIAN, MANAGER, Actor
from equipment.errors import Invalid, Refused
from equipment.lifecycle import advance
from equipment.models import Asset, Decontamination, FloorEvent, Location, Repair, Store, WashItem, WashRun
from equipment.states import AssetState, Infection
from tests.county import BY, TUESDAY, County, state_of

MINUTE = timedelta(minutes=1)


def start(county: County, method: str = "chlorine_1000", **given: Any) -> WashRun:
    given = {"agent": "Chlor-Tabs", "lot": "L-77", "by": BY, "at": TUESDAY, **given}
    return decontamination.start_run(county.store, method=method, **given)


def dirty(county: County, number: int) -> list[Asset]:
    return [county.dirty(county.product(f"WALKER{n}")) for n in range(number)]


def filled(county: County, number: int = 2, **given: Any) -> tuple[WashRun, list[Asset]]:
    run, assets = start(county, **given), dirty(county, number)
    for asset in assets:
        decontamination.add(run, asset, by=BY, at=TUESDAY)
    return run, assets


def outcomes(run: WashRun) -> list[str]:
    return list(WashItem.objects.filter(run=run).values_list("outcome", flat=True))


def test_a_run_starts_with_the_contact_time_of_its_method_unless_given(county):
    """Chlorine 1,000 ppm: 5 minutes in settings."""
    assert start(county).hold_minutes == 5
    assert start(county, hold_minutes=0).hold_minutes == 0
    assert FloorEvent.objects.filter(subject="wash_run", verb="start").count() == 2


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"agent": " "}, "agent_needed"),
        ({"lot": ""}, "lot_needed"),
        ({"hold_minutes": -1}, "hold_minutes"),
        ({"method": "spit"}, "no_such_method"),
    ],
)
def test_a_run_says_what_is_used(county, given, code):
    with pytest.raises(Invalid) as refusal:
        start(county, **given)
    assert refusal.value.code == code
    assert not WashRun.objects.exists()


def test_a_run_is_at_a_place_to_wash_of_its_store(county):
    bath = Location.objects.create(store=county.store, code="W1", capabilities=["wash"])
    shelf = Location.objects.create(store=county.store, code="A1", capabilities=["shelf"])
    assert start(county, location=bath).location == bath
    for location in (shelf, Location(store=county.store, code="W2", capabilities=["wash"], closed_on=TUESDAY.date())):
        with pytest.raises(Refused) as refusal:
            start(county, location=location)
        assert refusal.value.code == "wrong_location"


def test_what_is_added_is_being_cleaned_at_the_runs_place(county):
    bath = Location.objects.create(store=county.store, code="W1", capabilities=["wash"])
    run, [asset] = filled(county, 1, location=bath)
    assert state_of(asset) == AssetState.DECONTAMINATING
    assert asset.location == bath
    assert [item.asset for item in decontamination.in_run(run)] == [asset]


def test_every_asset_of_a_run_gets_its_own_record(county):
    run, assets = filled(county)
    end = TUESDAY + 5 * MINUTE
    cleans = decontamination.end_run(run, by="user:dee", at=end)
    assert [clean.asset for clean in cleans] == assets
    for clean in cleans:
        assert (clean.run, clean.method, clean.agent, clean.lot) == (run, "chlorine_1000", "Chlor-Tabs", "L-77")
        assert (clean.started_at, clean.ended_at, clean.operator, clean.passed) == (TUESDAY, end, "user:dee", True)
    assert [state_of(asset) for asset in assets] == [AssetState.DECONTAMINATED] * 2
    assert [asset.cleaned_at for asset in assets] == [end] * 2
    run.refresh_from_db()
    assert (run.ended_at, outcomes(run)) == (end, ["passed", "passed"])
    assert FloorEvent.objects.get(verb="end").facts == {"passed": 2, "failed": 0}


def test_a_run_cannot_end_before_the_agent_had_its_time_on_the_last_one(county):
    """In at 9:00 and 9:03, five minutes each: not before 9:08."""
    run, [asset] = filled(county, 1)
    late = county.dirty(county.commode())
    decontamination.add(run, late, by=BY, at=TUESDAY + 3 * MINUTE)
    with pytest.raises(Refused, match="wait 1 min more") as refusal:
        decontamination.end_run(run, by=BY, at=TUESDAY + 7 * MINUTE)
    assert refusal.value.code == "too_soon"
    assert state_of(asset) == AssetState.DECONTAMINATING
    assert not Decontamination.objects.filter(run=run).exists()
    failed = {late.pk: Failure("cover torn")}
    assert len(decontamination.end_run(run, by=BY, at=TUESDAY + 7 * MINUTE, failed=failed)) == 2


def test_rule_3_a_method_too_weak_is_refused_when_the_asset_is_added(county):
    run, asset = start(county), county.dirty(county.commode(), infection=Infection.SPORE_FORMING)
    with pytest.raises(Refused, match="Sporicidal") as refusal:
        decontamination.add(run, asset, by=BY, at=TUESDAY)
    assert (refusal.value.code, refusal.value.facts["allowed"]) == ("method_too_weak", ["sporicidal"])
    assert state_of(asset) == AssetState.QUARANTINE
    assert not WashItem.objects.exists()


def test_rule_3_textiles_go_into_no_bath(county):
    run, sling = start(county), county.dirty(county.product("SLING", cleaning_method="launder"))
    with pytest.raises(Refused, match="Launder") as refusal:
        decontamination.add(run, sling, by=BY, at=TUESDAY)
    assert refusal.value.facts["allowed"] == ["launder", "launder_thermal"]


def test_the_same_asset_is_not_twice_in_a_run(county):
    run, [asset] = filled(county, 1)
    with pytest.raises(Refused) as refusal:
        decontamination.add(run, asset, by=BY, at=TUESDAY)
    assert refusal.value.code == "already_in_run"
    assert WashItem.objects.count() == 1


def test_an_asset_of_another_store_is_refused(county):
    run, asset = start(county), county.dirty(county.commode())
    Asset.objects.filter(pk=asset.pk).update(store=another_store(county))
    with pytest.raises(Refused, match="Annexe") as refusal:
        decontamination.add(run, asset, by=BY, at=TUESDAY)
    assert refusal.value.code == "another_store"
    assert state_of(asset) == AssetState.QUARANTINE


def another_store(county: County) -> Store:
    same = {"organisation": county.provider, "postcode": "ZX1 1AA", "latitude": 52.2, "longitude": -2.9}
    return Store.objects.create(code="ANNEXE", name="Annexe", kind="depot", address="2 Dock Lane", **same)


@pytest.mark.parametrize("build", ["new", "received"])
def test_what_is_not_in_quarantine_is_refused_with_its_legal_moves(county, build):
    run, asset = start(county), getattr(county, build)(county.commode())
    with pytest.raises(Refused, match="From here:") as refusal:
        decontamination.add(run, asset, by=BY, at=TUESDAY)
    assert refusal.value.code == "illegal_move"
    assert "quarantine" in refusal.value.facts["legal"] or "reject" in refusal.value.facts["legal"]


def test_what_is_in_another_run_is_refused(county):
    _, [asset] = filled(county, 1)
    with pytest.raises(Refused) as refusal:
        decontamination.add(start(county), asset, by=BY, at=TUESDAY)
    assert refusal.value.code == "illegal_move"


def test_what_failed_goes_where_the_failure_says(county):
    run, assets = filled(county, 4)
    ok, again, mend, done_for = assets
    failed = {
        again.pk: Failure("strike-through", "again"),
        mend.pk: Failure("castor seized", "repair"),
        done_for.pk: Failure("cover torn", "condemn"),
    }
    cleans = decontamination.end_run(run, by=BY, at=TUESDAY + 5 * MINUTE, failed=failed)
    assert [clean.passed for clean in cleans] == [True, False, False, False]
    assert [clean.notes for clean in cleans] == ["", "strike-through", "castor seized", "cover torn"]
    expected = [AssetState.DECONTAMINATED, AssetState.QUARANTINE, AssetState.REPAIR, AssetState.CONDEMNED]
    assert [state_of(asset) for asset in assets] == expected
    repair = Repair.objects.get()
    assert (repair.asset, repair.fault, repair.soiled) == (mend, "castor seized", True)
    assert done_for.events.first().reason == "cover torn"
    assert outcomes(run) == ["passed", "failed", "failed", "failed"]
    assert ok.cleaned_at == TUESDAY + 5 * MINUTE


def test_what_is_seen_to_be_not_clean_leaves_the_run_at_once_and_enters_another(county):
    """Its failed clean is on record with the run; nobody who ends the run later can pass it."""
    run, [good, bad] = filled(county)
    clean = decontamination.fail(run, bad, Failure("strike-through"), by=BY, at=TUESDAY + 2 * MINUTE)
    assert (clean.run, clean.passed, clean.started_at, state_of(bad)) == (run, False, TUESDAY, AssetState.QUARANTINE)
    for again, code in ((decontamination.add, "failed_in_run"), (decontamination.fail, "not_in_run")):
        given = (Failure("still"),) if again is decontamination.fail else ()
        with pytest.raises(Refused) as refusal:
            again(run, bad, *given, by=BY, at=TUESDAY + 3 * MINUTE)
        assert refusal.value.code == code
    assert [c.asset for c in decontamination.end_run(run, by=BY, at=TUESDAY + 20 * MINUTE)] == [good]
    assert outcomes(run) == ["passed", "failed"]
    decontamination.add(start(county), bad, by=BY, at=TUESDAY + 21 * MINUTE)
    assert state_of(bad) == AssetState.DECONTAMINATING


@pytest.mark.parametrize(("note", "then"), [("", "again"), ("stain", "burn it")])
def test_a_failure_needs_its_note_and_a_next_step(county, note, then):
    run, [asset] = filled(county, 1)
    with pytest.raises(Invalid) as refusal:
        decontamination.end_run(run, by=BY, at=TUESDAY + 5 * MINUTE, failed={asset.pk: Failure(note, then)})
    assert refusal.value.facts["field"] == "failed"
    assert state_of(asset) == AssetState.DECONTAMINATING


def test_a_failure_is_of_something_in_the_run(county):
    run, _ = filled(county, 1)
    with pytest.raises(Invalid) as refusal:
        decontamination.end_run(run, by=BY, at=TUESDAY + 5 * MINUTE, failed={0: Failure("stain")})
    assert refusal.value.code == "not_in_run"


def test_what_was_scanned_by_mistake_is_taken_out_and_may_come_again(county):
    run, [asset] = filled(county, 1)
    with pytest.raises(Invalid):
        decontamination.take_out(run, asset, by=BY, at=TUESDAY, reason=" ")
    decontamination.take_out(run, asset, by=BY, at=TUESDAY, reason="wrong trolley")
    assert state_of(asset) == AssetState.QUARANTINE
    assert not Decontamination.objects.filter(asset=asset).exists()
    decontamination.add(run, asset, by=BY, at=TUESDAY + MINUTE)
    assert outcomes(run) == ["taken_out", ""]


def test_a_run_with_nothing_in_it_is_abandoned_and_never_ended(county):
    run, [asset] = filled(county, 1)
    with pytest.raises(Refused) as refusal:
        decontamination.abandon(run, by=BY, at=TUESDAY)
    assert refusal.value.code == "run_not_empty"
    decontamination.take_out(run, asset, by=BY, at=TUESDAY, reason="wrong trolley")
    with pytest.raises(Refused) as refusal:
        decontamination.end_run(run, by=BY, at=TUESDAY + 5 * MINUTE)
    assert refusal.value.code == "run_empty"
    decontamination.abandon(run, by=BY, at=TUESDAY + MINUTE)
    run.refresh_from_db()
    assert run.ended_at == TUESDAY + MINUTE


def test_an_ended_run_takes_nothing_more(county):
    run, [asset] = filled(county, 1)
    decontamination.end_run(run, by=BY, at=TUESDAY + 5 * MINUTE)
    for verb in (
        lambda: decontamination.add(run, asset, by=BY, at=TUESDAY),
        lambda: decontamination.take_out(run, asset, by=BY, at=TUESDAY, reason="x"),
        lambda: decontamination.end_run(run, by=BY, at=TUESDAY + 9 * MINUTE),
        lambda: decontamination.abandon(run, by=BY, at=TUESDAY),
    ):
        with pytest.raises(Refused) as refusal:
            verb()
        assert refusal.value.code == "run_ended"


def test_what_was_held_in_the_wash_is_not_passed_by_its_end(county):
    """Held, released and begun anew at the bench: the run has done with it, and ends with the other one only."""
    run, [held, other] = filled(county)
    advance(held, AssetState.HELD, by=BY, at=TUESDAY + MINUTE, reason="notice")
    advance(held, AssetState.QUARANTINE, by=BY, at=TUESDAY + 2 * MINUTE, reason="withdrawn")
    decontamination.begin(held, by=BY, at=TUESDAY + 3 * MINUTE)
    cleans = decontamination.end_run(run, by=BY, at=TUESDAY + 5 * MINUTE)
    assert [clean.asset for clean in cleans] == [other]
    assert (state_of(held), held.cleaned_at) == (AssetState.DECONTAMINATING, None)
    assert outcomes(run) == ["taken_out", "passed"]


def test_what_was_held_and_released_can_go_into_another_run(county):
    run, [asset] = filled(county, 1)
    advance(asset, AssetState.HELD, by=BY, at=TUESDAY + MINUTE, reason="notice")
    advance(asset, AssetState.QUARANTINE, by=BY, at=TUESDAY + 2 * MINUTE, reason="withdrawn")
    decontamination.add(start(county), asset, by=BY, at=TUESDAY + 3 * MINUTE)
    assert outcomes(run) == ["taken_out"]


def test_an_asset_in_a_run_is_not_recorded_by_itself(county):
    run, [asset] = filled(county, 1)
    asset.refresh_from_db()
    with pytest.raises(Refused) as refusal:
        decontamination.record(asset, method="sporicidal", passed=True, by=BY, at=TUESDAY)
    assert (refusal.value.code, refusal.value.facts["run"]) == ("in_a_wash_run", run.pk)


def test_a_single_clean_keeps_the_lot(county):
    asset = county.dirty(county.commode())
    decontamination.begin(asset, by=BY, at=TUESDAY)
    clean = decontamination.record(asset, method="detergent", passed=True, agent="Soap", lot="S-1", by=BY, at=TUESDAY)
    assert (clean.agent, clean.lot, clean.run) == ("Soap", "S-1", None)


def test_rule_2_a_clean_is_void_after_a_later_return(county):
    run, [asset] = filled(county, 1)
    decontamination.end_run(run, by=BY, at=TUESDAY + 5 * MINUTE)
    asset.refresh_from_db()
    advance(asset, AssetState.QUARANTINE, by=BY, at=TUESDAY + 6 * MINUTE, reason="fell into the dirty bay")
    decontamination.begin(asset, by=BY, at=TUESDAY + 7 * MINUTE)
    with pytest.raises(Refused):
        inspections.shelve(asset, by=BY, at=TUESDAY + 8 * MINUTE)
    assert receiving.infection_of(asset) == Infection.NONE_KNOWN


def test_washing_is_for_those_who_clean_in_that_store(county):
    run, [asset] = filled(county, 1)
    end = TUESDAY + 5 * MINUTE
    with pytest.raises(Refused) as refusal:
        decontamination.end_run(run, by=Actor("user:al", ASSISTANT), at=end)
    assert refusal.value.code == "not_your_duty"
    with pytest.raises(Refused) as refusal:
        decontamination.end_run(run, by=Actor("user:far", MANAGER, [0]), at=end)
    assert refusal.value.code == "another_store"
    assert state_of(asset) == AssetState.DECONTAMINATING
    decontamination.end_run(run, by=Actor("user:dee", DECONTAMINATION_TECHNICIAN), at=end)
    assert state_of(asset) == AssetState.DECONTAMINATED
