"""Kit between two stores: nothing is in both, nothing in neither, and clean never travels with dirty."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipment import allocation, decontamination, receiving, stock, transfers
from equipment.duties import ASSISTANT, Actor
from equipment.errors import Invalid, Refused
from equipment.jobs import Capability, TransferState
from equipment.lifecycle import advance
from equipment.models import Asset, Location, StockLine, StockMovement, TransferItem
from equipment.states import AssetState, Infection
from equipment.words import MovementKind
from tests.county import BY, LONG_AGO, TUESDAY, state_of

HOUR = timedelta(hours=1)
AT = {"by": BY, "at": TUESDAY}


def drafted(county, wanted=None, **fields):
    return transfers.draft(county.store, county.satellite(), wanted or {}, **AT, **fields)


def counted(county, product, store, *, dirty=False):
    line = StockLine.objects.filter(product=product, store=store, dirty=dirty).first()
    return line.count if line else 0


def test_an_asset_goes_from_one_shelf_to_the_other(county):
    job, asset = drafted(county, {county.commode(): 1}), county.new(county.commode())
    transfers.put_on(job, asset, **AT)
    asset.refresh_from_db()
    assert (asset.state, asset.store, asset.vehicle) == (AssetState.IN_TRANSFER, None, f"TR{job.pk}")
    assert transfers.send(job, **AT) == []
    assert (job.state, job.sent_at) == (TransferState.SENT, TUESDAY)
    transfers.receive(job, asset, by=BY, at=TUESDAY + HOUR)
    assert transfers.close(job, by=BY, at=TUESDAY + HOUR) == []
    asset.refresh_from_db()
    assert (asset.state, asset.store, asset.vehicle) == (AssetState.AVAILABLE, job.destination, "")
    assert (job.state, job.received_at) == (TransferState.RECEIVED, TUESDAY + HOUR)
    assert list(asset.events.values_list("verb", flat=True)[:2]) == ["arrive", "send"]


def test_the_van_is_the_carrier_when_one_is_named(county):
    job, asset = drafted(county, carrier="ZX26 VAN"), county.new(county.commode())
    transfers.put_on(job, asset, **AT)
    assert asset.vehicle == "ZX26 VAN"


def test_rule_31_clean_and_dirty_never_share_a_transfer(county):
    clean, dirty = county.new(county.commode()), county.dirty(county.product("WALKER"))
    job = drafted(county)
    with pytest.raises(Refused) as refusal:
        transfers.put_on(job, dirty, **AT)
    assert refusal.value.code == "never_mixed"
    soiled = transfers.draft(county.store, job.destination, {}, dirty=True, **AT)
    with pytest.raises(Refused) as refusal:
        transfers.put_on(soiled, clean, **AT)
    assert refusal.value.code == "never_mixed"
    line = county.stock(county.raisers(), 5)
    with pytest.raises(Refused, match="put it on a clean transfer"):
        transfers.put_on_counted(soiled, line, 2, **AT)
    assert (state_of(clean), state_of(dirty)) == (AssetState.AVAILABLE, AssetState.QUARANTINE)
    assert not TransferItem.objects.exists()
    assert counted(county, county.raisers(), county.store) == 5


def test_what_is_promised_to_somebody_is_not_sent_away(county):
    asset, job = county.new(county.commode()), drafted(county)
    wanted = allocation.Wanted(county.commode(), 1, county.person(), TUESDAY.date(), (county.store,))
    allocation.reserve(wanted, **AT)
    with pytest.raises(Refused) as refusal:
        transfers.put_on(job, asset, **AT)
    assert refusal.value.code == "promised"
    assert state_of(asset) == AssetState.RESERVED


def test_only_what_stands_in_the_sending_store_is_put_on(county):
    job, away = drafted(county), county.on_loan(county.commode()).asset
    with pytest.raises(Refused, match="by the records it is on loan"):
        transfers.put_on(job, away, **AT)
    back = transfers.draft(job.destination, county.store, {}, **AT)
    here = county.new(county.commode())
    with pytest.raises(Refused, match="cannot go from Ward store: by the records it is available at Main store"):
        transfers.put_on(back, here, **AT)


def test_a_dirty_transfer_keeps_the_infection_declared(county):
    """Rule 3: the road soils it anew, but what was declared at the return still decides the method."""
    asset = county.dirty(county.commode(), infection=Infection.SPORE_FORMING)
    job = drafted(county, dirty=True)
    transfers.put_on(job, asset, **AT)
    transfers.send(job, **AT)
    transfers.receive(job, asset, by=BY, at=TUESDAY + HOUR)
    asset.refresh_from_db()
    assert (asset.state, asset.store, asset.soiled_at) == (
        AssetState.QUARANTINE,
        job.destination,
        TUESDAY + HOUR,
    )
    assert receiving.infection_of(asset) == Infection.SPORE_FORMING
    decontamination.begin(asset, by=BY, at=TUESDAY + HOUR)
    with pytest.raises(Invalid, match="Sporicidal"):
        decontamination.record(asset, method="chlorine_10000", passed=True, by=BY, at=TUESDAY + 2 * HOUR)


def test_a_test_that_fell_due_on_the_road_sends_it_to_quarantine_with_the_reason(county):
    asset, job = county.new(county.hoist()), drafted(county)
    transfers.put_on(job, asset, **AT)
    transfers.send(job, **AT)
    late = LONG_AGO + timedelta(days=200)
    shelf = Location.objects.create(store=job.destination, code="S1", capabilities=[Capability.SHELF])
    transfers.receive(job, asset, location=shelf, by=BY, at=late)
    asset.refresh_from_db()
    assert (asset.state, asset.location) == (AssetState.QUARANTINE, None)
    assert "fell due on" in asset.events.first().reason


def test_it_is_put_where_it_may_stand(county):
    asset, job = county.new(county.commode()), drafted(county)
    transfers.put_on(job, asset, **AT)
    transfers.send(job, **AT)
    bay = Location.objects.create(store=job.destination, code="D1", capabilities=[Capability.DIRTY])
    shelf = Location.objects.create(store=job.destination, code="S1", capabilities=[Capability.SHELF])
    elsewhere = Location.objects.create(store=county.store, code="S1", capabilities=[Capability.SHELF])
    for place, code in ((bay, "wrong_location"), (elsewhere, "another_store")):
        with pytest.raises((Refused, Invalid)) as refusal:
            transfers.receive(job, asset, location=place, **AT)
        assert refusal.value.code == code
        assert state_of(asset) == AssetState.IN_TRANSFER
    transfers.receive(job, asset, location=shelf, **AT)
    asset.refresh_from_db()
    assert asset.location == shelf


def test_what_is_not_on_the_transfer_is_refused_saying_where_it_is(county):
    asset, other = county.new(county.commode()), county.new(county.commode())
    job = drafted(county)
    second = transfers.draft(county.store, job.destination, {}, **AT)
    transfers.put_on(job, asset, **AT)
    transfers.put_on(second, other, **AT)
    transfers.send(job, **AT)
    with pytest.raises(Refused) as refusal:
        transfers.receive(job, other, **AT)
    assert refusal.value.code == "not_on_this_transfer"
    assert f"on transfer {second.pk} from Main store to Ward store" in refusal.value.detail
    assert state_of(other) == AssetState.IN_TRANSFER


def test_received_once_and_only_what_was_sent(county):
    asset, job = county.new(county.commode()), drafted(county)
    transfers.put_on(job, asset, **AT)
    with pytest.raises(Refused) as refusal:
        transfers.receive(job, asset, **AT)
    assert refusal.value.code == "not_on_its_way"
    transfers.send(job, **AT)
    transfers.receive(job, asset, **AT)
    with pytest.raises(Refused) as refusal:
        transfers.receive(job, asset, **AT)
    assert refusal.value.code == "received_already"
    with pytest.raises(Refused) as refusal:
        transfers.put_on(job, county.new(county.commode()), **AT)
    assert refusal.value.code == "not_a_draft"


def test_less_than_asked_for_may_go_and_is_said(county):
    job = drafted(county, {county.commode(): 2, county.raisers(3): 4})
    with pytest.raises(Refused) as refusal:
        transfers.send(job, **AT)
    assert refusal.value.code == "nothing_on_it"
    transfers.put_on(job, county.new(county.commode()), **AT)
    short = transfers.send(job, **AT)
    assert sorted(str(row) for row in short) == ["0 of 4 x Chair raisers", "1 of 2 x Commode"]


def test_counted_stock_arrives_in_parts_on_the_line_of_its_batch(county):
    wipes = county.product("SLING", tracking="batch")
    line = stock.receive(
        wipes, county.store, 10, by=BY, at=LONG_AGO, batch="B7", expires_on=TUESDAY.date() + 90 * timedelta(1)
    )
    job = drafted(county)
    transfers.put_on_counted(job, line, 4, **AT)
    item = transfers.put_on_counted(job, line, 2, **AT)
    assert (item.sent, counted(county, wipes, county.store)) == (6, 4)
    transfers.send(job, **AT)
    there = transfers.receive_counted(item, 5, **AT)
    assert (there.store, there.batch, there.expires_on, there.count) == (job.destination, "B7", line.expires_on, 5)
    with pytest.raises(Invalid, match="1 of it are still to come"):
        transfers.receive_counted(item, 2, **AT)
    [missing] = transfers.close(job, **AT)
    assert (missing.sent, missing.received, missing.missing) == (6, 5, 1)
    assert counted(county, wipes, job.destination) == 5
    assert list(StockMovement.objects.filter(line=there).values_list("kind", "quantity")) == [(MovementKind.ARRIVED, 5)]


def test_one_batch_with_two_dates_keeps_the_earlier(county):
    product, job = county.product("SLING", tracking="batch"), drafted(county)
    early, late = TUESDAY.date() + timedelta(days=30), TUESDAY.date() + timedelta(days=60)
    line = stock.receive(product, county.store, 3, by=BY, at=LONG_AGO, batch="B1", expires_on=early)
    there = stock.receive(product, job.destination, 3, by=BY, at=LONG_AGO, batch="B1", expires_on=late)
    item = transfers.put_on_counted(job, line, 3, **AT)
    transfers.send(job, **AT)
    assert transfers.receive_counted(item, 3, **AT).expires_on == early
    there.refresh_from_db()
    assert (there.count, there.expires_on) == (6, early)


def test_expired_stock_tops_nobody_up(county):
    product, job = county.product("SLING", tracking="batch"), drafted(county)
    line = stock.receive(product, county.store, 3, by=BY, at=LONG_AGO, expires_on=TUESDAY.date())
    with pytest.raises(Refused) as refusal:
        transfers.put_on_counted(job, line, 1, **AT)
    assert refusal.value.code == "expired"


def test_taken_off_it_stands_where_it_stood(county):
    asset, line, job = county.new(county.commode()), county.stock(county.raisers(), 9), drafted(county)
    transfers.put_on(job, asset, **AT)
    item = transfers.put_on_counted(job, line, 6, **AT)
    transfers.take_off(job, asset, **AT)
    transfers.take_off_counted(item, 2, **AT)
    asset.refresh_from_db()
    assert (asset.state, asset.store) == (AssetState.AVAILABLE, county.store)
    assert (job.items.get().sent, counted(county, county.raisers(), county.store)) == (4, 5)
    transfers.put_on(job, asset, **AT)
    transfers.cancel(job, reason="no van", **AT)
    assert (job.state, job.items.count()) == (TransferState.CANCELLED, 0)
    assert state_of(asset) == AssetState.AVAILABLE
    assert counted(county, county.raisers(), county.store) == 9


def test_what_never_arrives_is_lost_by_name(county):
    arrived, gone, job = county.new(county.commode()), county.new(county.commode()), drafted(county)
    for asset in (arrived, gone):
        transfers.put_on(job, asset, **AT)
    transfers.send(job, **AT)
    transfers.receive(job, arrived, **AT)
    [missing] = transfers.close(job, **AT)
    assert (missing.asset, missing.missing) == (gone, 1)
    assert (state_of(arrived), state_of(gone)) == (AssetState.AVAILABLE, AssetState.LOST)
    assert gone.events.first().reason == f"Did not arrive with Transfer {job.pk} from Main store."
    with pytest.raises(Refused):
        transfers.close(job, **AT)


def test_reported_lost_on_the_road_and_there_after_all_it_goes_to_quarantine(county):
    asset, job = county.new(county.commode()), drafted(county)
    transfers.put_on(job, asset, **AT)
    transfers.send(job, **AT)
    advance(asset, AssetState.LOST, reason="fell off", **AT)
    transfers.receive(job, asset, by=BY, at=TUESDAY + HOUR)
    asset.refresh_from_db()
    assert (asset.state, asset.store) == (AssetState.QUARANTINE, job.destination)
    assert transfers.close(job, by=BY, at=TUESDAY + HOUR) == []


def test_each_store_does_its_own_part(county):
    asset, job = county.new(county.commode()), drafted(county)
    here, there = Actor("user:h", ASSISTANT, [county.store.pk]), Actor("user:t", ASSISTANT, [job.destination_id])
    outsider, cleaner = Actor("user:o", ASSISTANT, [0]), Actor("user:c", ())
    for who in (there, outsider, cleaner):
        with pytest.raises(Refused):
            transfers.put_on(job, asset, by=who, at=TUESDAY)
    assert state_of(asset) == AssetState.AVAILABLE
    transfers.put_on(job, asset, by=here, at=TUESDAY)
    with pytest.raises(Refused, match="another store"):
        transfers.send(job, by=there, at=TUESDAY)
    transfers.send(job, by=here, at=TUESDAY)
    for verb in (
        lambda: transfers.receive(job, asset, by=here, at=TUESDAY),
        lambda: transfers.close(job, by=here, at=TUESDAY),
    ):
        with pytest.raises(Refused, match="another store"):
            verb()
    transfers.receive(job, asset, by=there, at=TUESDAY)
    transfers.close(job, by=there, at=TUESDAY)
    with pytest.raises(Refused, match="two other stores"):
        transfers.draft(county.store, job.destination, {}, by=outsider, at=TUESDAY)
    transfers.draft(county.store, job.destination, {}, by=there, at=TUESDAY)


def test_a_draft_that_makes_no_sense_is_refused(county):
    ward = county.satellite()
    for source, wanted, code in (
        (ward, {}, "same_store"),
        (county.store, {county.commode(): 0}, "quantity"),
        (county.store, {county.bed_set(): 1}, "composite"),
    ):
        with pytest.raises(Invalid) as refusal:
            transfers.draft(source, ward, wanted, **AT)
        assert refusal.value.code == code
    with pytest.raises(Invalid, match="At most 12"):
        transfers.draft(county.store, ward, {}, carrier="A VERY LONG ONE", **AT)
    assert not ward.transfers_in.exists()


STEPS = st.lists(
    st.tuples(st.sampled_from(["on", "off", "send", "receive", "asset", "close"]), st.integers(1, 7)), max_size=12
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_rule_14_nothing_is_made_or_lost_between_two_stores(county, steps):
    """Whatever is tried in whatever order: source, destination, on the road and missing add up to what there was."""
    county.raisers(), county.commode()
    with transaction.atomic():
        _play(county, steps)
        transaction.set_rollback(True)


def _play(county, steps):
    product, asset = county.raisers(), county.new(county.commode())
    line, job = county.stock(product, 10), drafted(county)
    whole = counted(county, product, county.store)
    for name, number in [("asset", 1), *steps]:
        item = job.items.filter(stock_line=line).first()
        moves = {
            "on": lambda n=number: transfers.put_on_counted(job, line, n, **AT),
            "off": lambda n=number, i=item: i and transfers.take_off_counted(i, n, **AT),
            "send": lambda: transfers.send(job, **AT),
            "receive": lambda n=number, i=item: i and transfers.receive_counted(i, n, **AT),
            "asset": lambda: _on_or_off(job, asset),
            "close": lambda: transfers.close(job, **AT),
        }
        try:
            with transaction.atomic():
                moves[name]()
        except (Refused, Invalid):
            job.refresh_from_db()
        rows = list(job.items.filter(stock_line=line))
        road = sum(row.sent - row.received - row.missing for row in rows)
        missing = sum(row.missing for row in rows)
        there = counted(county, product, job.destination)
        assert counted(county, product, county.store) + there + road + missing == whole
        assert there == sum(row.received for row in rows)
        on_the_road = Asset.objects.filter(transfer_items__transfer=job, transfer_items__received=0)
        if job.state == TransferState.SENT:
            assert {row.state for row in on_the_road} <= {AssetState.IN_TRANSFER}
        if job.state == TransferState.RECEIVED:
            assert road == 0


def _on_or_off(job, asset):
    asset.refresh_from_db()
    if job.state == TransferState.SENT:
        transfers.receive(job, asset, **AT)
    elif asset.state == AssetState.IN_TRANSFER:
        transfers.take_off(job, asset, **AT)
    else:
        transfers.put_on(job, asset, **AT)


def test_what_went_and_came_back_may_go_again(county):
    """A second transfer of the same asset is another transfer; its history shows both."""
    asset, job = county.new(county.commode()), drafted(county)
    transfers.put_on(job, asset, **AT)
    transfers.send(job, **AT)
    transfers.receive(job, asset, **AT)
    back = transfers.draft(job.destination, county.store, {}, **AT)
    transfers.put_on(back, asset, **AT)
    transfers.send(back, **AT)
    transfers.receive(back, asset, **AT)
    asset.refresh_from_db()
    assert (asset.state, asset.store) == (AssetState.AVAILABLE, county.store)
    assert list(asset.transfer_items.values_list("transfer", flat=True)) == [job.pk, back.pk]


def found_and_sent_again(county):
    """On the road with one transfer by the records, but found in the store, cleaned, and sent with another."""
    first, asset = drafted(county), county.new(county.commode())
    transfers.put_on(first, asset, **AT)
    transfers.send(first, **AT)
    advance(asset, AssetState.LOST, reason="Not on the van", **AT)
    receiving.find(asset, county.store, reason="Behind the rack", **AT)
    county.renew(asset, at=TUESDAY)
    second = transfers.draft(county.store, first.destination, {}, by=BY, at=TUESDAY + 4 * HOUR)
    transfers.put_on(second, asset, by=BY, at=TUESDAY + 4 * HOUR)
    return first, second, asset


def test_what_travels_with_another_transfer_now_is_neither_received_with_nor_lost_from_the_first(county):
    first, second, asset = found_and_sent_again(county)
    with pytest.raises(Refused) as refusal:
        transfers.receive(first, asset, by=BY, at=TUESDAY + 5 * HOUR)
    assert refusal.value.code == "not_on_this_transfer"
    transfers.close(first, by=BY, at=TUESDAY + 5 * HOUR)
    assert state_of(asset) == AssetState.IN_TRANSFER
    transfers.send(second, by=BY, at=TUESDAY + 5 * HOUR)
    transfers.receive(second, asset, by=BY, at=TUESDAY + 6 * HOUR)
    assert state_of(asset) == AssetState.AVAILABLE


def test_a_draft_is_cancelled_although_something_on_it_was_found_elsewhere(county):
    job, gone, here = drafted(county), county.new(county.commode()), county.new(county.commode())
    for asset in (gone, here):
        transfers.put_on(job, asset, **AT)
    advance(gone, AssetState.LOST, reason="Nobody can find it", **AT)
    transfers.cancel(job, reason="Not wanted", **AT)
    assert (state_of(gone), state_of(here), job.items.count()) == (AssetState.LOST, AssetState.AVAILABLE, 0)
