from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from equipment.errors import Invalid, Refused, StaleState
from equipment.lifecycle import advance, legal_moves
from equipment.models import Asset, AssetEvent
from equipment.states import AssetState
from tests.county import BY, TUESDAY, state_of


def test_a_move_writes_the_state_and_its_event_together(county):
    asset = county.new(county.commode())
    advance(asset, AssetState.QUARANTINE, by=BY, at=TUESDAY, reason="dropped")
    assert state_of(asset) == AssetState.QUARANTINE
    event = AssetEvent.objects.filter(asset=asset).first()
    assert (event.verb, event.from_state, event.to_state, event.reason, event.at) == (
        "quarantine",
        "available",
        "quarantine",
        "dropped",
        TUESDAY,
    )


def test_an_illegal_move_answers_with_the_legal_ones_and_writes_nothing(county):
    """Rule 6: only along the allowed graph."""
    asset = county.dirty(county.commode())
    before = AssetEvent.objects.count()
    with pytest.raises(Refused) as refusal:
        advance(asset, AssetState.ON_LOAN, by=BY, at=TUESDAY)
    assert refusal.value.code == "illegal_move"
    assert refusal.value.facts["legal"] == ["begin_clean", "send_to_repair", "send_dirty", "hold", "condemn", "lose"]
    assert state_of(asset) == AssetState.QUARANTINE
    assert AssetEvent.objects.count() == before


def test_a_move_that_needs_a_reason_is_refused_without_one(county):
    asset = county.new(county.commode())
    with pytest.raises(Invalid) as refusal:
        advance(asset, AssetState.HELD, by=BY, at=TUESDAY, reason=" ")
    assert refusal.value.code == "reason_needed"
    assert state_of(asset) == AssetState.AVAILABLE


def test_the_second_of_two_who_read_the_same_state_is_told_so(county):
    """Rule 6: a move is compare-and-set."""
    asset = county.new(county.commode())
    stale = Asset.objects.get(pk=asset.pk)
    advance(asset, AssetState.QUARANTINE, by=BY, at=TUESDAY, reason="dropped")
    with pytest.raises(StaleState):
        advance(stale, AssetState.HELD, by=BY, at=TUESDAY, reason="recall")
    assert state_of(asset) == AssetState.QUARANTINE


def test_rule_2_entering_quarantine_voids_the_clean(county):
    asset = county.recycled(county.commode())
    advance(asset, AssetState.QUARANTINE, by=BY, at=TUESDAY, reason="found among dirty kit")
    asset.refresh_from_db()
    assert asset.soiled_at == TUESDAY
    assert asset.cleaned_at < asset.soiled_at


def test_rule_40_an_event_can_be_neither_changed_nor_deleted(county):
    county.new(county.commode())
    for change in (lambda: AssetEvent.objects.update(by="somebody else"), lambda: AssetEvent.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_rule_6_the_database_refuses_an_asset_in_two_places(county):
    asset = county.new(county.commode())
    with pytest.raises(IntegrityError, match="asset_in_exactly_one_place"), transaction.atomic():
        Asset.objects.filter(pk=asset.pk).update(vehicle="ZX26 VAN")


def test_rule_1_the_database_refuses_a_dirty_asset_on_the_shelf(county):
    asset = county.dirty(county.commode())
    with pytest.raises(IntegrityError, match="on_the_shelf_only_if_clean"), transaction.atomic():
        Asset.objects.filter(pk=asset.pk).update(state=AssetState.AVAILABLE)


def test_legal_moves_are_the_tables(county):
    asset = county.dirty(county.commode())
    assert [to for to, _ in legal_moves(asset)] == [
        "decontaminating",
        "repair",
        "in_transfer",
        "held",
        "condemned",
        "lost",
    ]
