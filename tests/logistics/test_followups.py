from __future__ import annotations

from decimal import Decimal

import pytest

from equipment.errors import Refused
from equipment.states import AssetState
from logistics import followups, outbox, tasks
from logistics.models import FollowUp, OutboxRow, Visit
from logistics.work import Kind
from tests.county import BY, TUESDAY, state_of


def asked() -> list[str]:
    return list(OutboxRow.objects.filter(kind=Kind.SUPPLY, done_at=None).values_list("key", flat=True))


def test_kit_that_came_free_is_offered_to_who_waits_for_it(county):
    dirty = county.dirty(county.commode())
    county.order(county.discharge(), "COMMODE")
    assert followups.find_supply(at=TUESDAY) == 0
    county.renew(dirty, at=TUESDAY)
    assert followups.find_supply(at=TUESDAY) == 1
    outbox.sweep(tasks.HANDLERS, [Kind.SUPPLY], at=TUESDAY)
    assert state_of(dirty) == AssetState.RESERVED
    assert followups.find_supply(at=TUESDAY) == 0


def test_who_has_all_that_was_ordered_is_not_asked_for_again(county):
    county.raisers(10)
    county.new(county.commode())
    county.new(county.commode())
    county.order(county.discharge(), "RAISER", "COMMODE")
    assert followups.find_supply(at=TUESDAY) == 0
    assert asked() == []


def test_free_but_unfit_kit_is_tried_once_a_round_and_makes_no_work_for_itself(county):
    """The only hoist carries 150 kg, the person weighs more: the sweep that tries it must not ask for another sweep."""
    county.new(county.hoist())
    heavy = county.address(county.person(weight_kg=Decimal(160)))
    county.order(county.discharge(address=heavy), "HOIST")
    assert followups.find_supply(at=TUESDAY) == 1
    tasks.outbox.sweep(tasks.HANDLERS, [Kind.SUPPLY], at=TUESDAY)
    assert asked() == []


def test_a_follow_up_is_closed_once(county):
    county.new(county.commode())
    county.order(county.discharge(), "COMMODE")
    row = FollowUp.objects.create(visit=Visit.objects.get(), owner="depot", action="Ring them.", raised_at=TUESDAY)
    followups.close(row, by=BY, at=TUESDAY)
    row.refresh_from_db()
    assert row.closed_at == TUESDAY
    with pytest.raises(Refused) as refusal:
        followups.close(row, by=BY, at=TUESDAY)
    assert refusal.value.code == "follow_up_closed"
