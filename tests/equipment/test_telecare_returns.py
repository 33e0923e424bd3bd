"""Telecare that comes back: nothing of a person, and no live line, reaches the shelf."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import settings as limits
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from equipment import allocation, decontamination, inspections, loans, receiving, sims, telecare, telecare_facts
from equipment import telecare_returns as returns
from equipment.duties import ASSISTANT, TEST_TECHNICIAN, Actor
from equipment.errors import DomainError, Invalid, Refused
from equipment.models import Asset, HubReset, Installation, Sim, Trigger
from equipment.states import AssetState
from tests import telecare_homes as homes
from tests.county import BY, TUESDAY, County, state_of
from tests.telecare_homes import INSTALLING

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
WEDNESDAY = TUESDAY + timedelta(days=1)


def owed(asset: Asset) -> list[str]:
    row = Asset.objects.select_related("product").get(pk=asset.pk)
    return [reason.code for reason in telecare_facts.owing([row]).get(row.pk, ())]


def back(asset: Asset, county: County) -> None:
    """In the store, clean."""
    receiving.take_back(asset, county.store, by=BY, at=TUESDAY)
    decontamination.begin(asset, by=BY, at=TUESDAY)
    decontamination.record(asset, method="sporicidal", passed=True, by=BY, at=TUESDAY + HOUR)


def refused(code: str, verb: Any) -> None:
    with pytest.raises(Refused) as refusal:
        verb()
    assert refusal.value.code == code


def test_deactivated_at_the_centre_first_then_unpaired_then_wiped_then_stock(county: County) -> None:
    """Rule 38: the order cannot be changed, and the shelf waits for all of it."""
    made = homes.live(county)
    hub, pendant = made.hub, made.triggers.get(kind="pendant")
    sim = sims.add("894411000000000001", "Roamer", hub=hub, by=BY, at=INSTALLING)
    Sim.objects.update(state="active")
    back(hub, county)
    assert owed(hub) == ["still_live", "still_paired", "not_wiped", "sim_active"]
    assert pendant.asset is not None
    receiving.take_back(pendant.asset, county.store, by=BY, at=TUESDAY)
    assert owed(pendant.asset) == ["still_paired"]

    def wipe() -> HubReset:
        return returns.wipe(hub, method="Reset at the bench", firmware="4.2", by=BY, at=WEDNESDAY)

    def shelve() -> None:
        inspections.shelve(hub, by=BY, at=WEDNESDAY)

    refused("still_live", wipe)
    refused("still_live", lambda: returns.unpair(pendant, by=BY, at=WEDNESDAY))
    refused("still_live", lambda: returns.unpair_all(made, by=BY, at=WEDNESDAY))
    refused("still_live", shelve)
    returns.deactivate(made, confirmed_by="Jo, ref 9", reason="collected", by=BY, at=WEDNESDAY)
    sim.refresh_from_db()
    assert (sim.state, owed(hub)) == ("suspended", ["still_paired", "not_wiped"])
    refused("still_paired", wipe)
    refused("still_paired", shelve)
    assert returns.unpair_all(made, by=BY, at=WEDNESDAY) == 2
    refused("not_wiped", shelve)
    assert (state_of(hub), HubReset.objects.count(), owed(pendant.asset)) == (AssetState.DECONTAMINATED, 0, [])
    assert wipe().firmware == "4.2"
    shelve()
    assert (state_of(hub), owed(hub)) == (AssetState.AVAILABLE, [])


def test_the_centre_confirms_by_name_and_a_second_time_changes_nothing(county: County) -> None:
    made = homes.live(county)
    with pytest.raises(Invalid) as refusal:
        returns.deactivate(made, confirmed_by=" ", reason="moved", by=BY, at=TUESDAY)
    made.refresh_from_db()
    assert (refusal.value.facts["field"], made.state) == ("confirmed_by", "live")
    returns.deactivate(made, confirmed_by="Jo", reason="moved", by=BY, at=TUESDAY)
    again = returns.deactivate(made, confirmed_by="Ray", reason="moved", by=BY, at=WEDNESDAY)
    assert (again.end_reference, again.ended_at) == ("Jo", TUESDAY)


def test_wiped_before_its_last_time_out_is_not_wiped(county: County) -> None:
    """Rule 38: each time out needs its own wipe; a clean that failed does not."""
    made = homes.live(county)
    hub = made.hub
    HubReset.objects.create(asset=hub, at=INSTALLING - HOUR, by=BY, method="Reset")
    receiving.take_back(hub, county.store, by=BY, at=TUESDAY)
    returns.deactivate(made, confirmed_by="Jo", reason="collected", by=BY, at=TUESDAY)
    returns.unpair_all(made, by=BY, at=TUESDAY)
    assert owed(hub) == ["not_wiped"]
    returns.wipe(hub, method="Reset", by=BY, at=TUESDAY + HOUR)
    decontamination.begin(hub, by=BY, at=TUESDAY + 2 * HOUR)
    decontamination.record(hub, method="sporicidal", passed=False, notes="Sticky", by=BY, at=TUESDAY + 3 * HOUR)
    assert owed(hub) == []


def test_a_hub_that_comes_from_elsewhere_soiled_is_wiped_first(county: County) -> None:
    """Rule 38: nobody knows whom it remembers."""
    hub = county.received(homes.hub(county))
    assert owed(hub) == []
    Asset.objects.filter(pk=hub.pk).update(soiled_at=TUESDAY)
    assert owed(hub) == ["not_wiped"]


def test_wiping_is_a_test_technicians_work_done_in_the_store_with_a_method(county: County) -> None:
    made = homes.live(county)
    hub = made.hub
    refused("not_in_store", lambda: returns.wipe(hub, method="Reset", by=BY, at=TUESDAY))
    receiving.take_back(hub, county.store, by=BY, at=TUESDAY)
    returns.deactivate(made, confirmed_by="Jo", reason="collected", by=BY, at=TUESDAY)
    returns.unpair_all(made, by=BY, at=TUESDAY)
    assistant, technician = Actor("user:al", ASSISTANT), Actor("user:fay", TEST_TECHNICIAN)
    refused("not_your_duty", lambda: returns.wipe(hub, method="Reset", by=assistant, at=WEDNESDAY))
    refused("not_a_hub", lambda: returns.wipe(county.new(county.commode()), method="Reset", by=BY, at=WEDNESDAY))
    with pytest.raises(Invalid):
        returns.wipe(hub, method=" ", by=technician, at=WEDNESDAY)
    assert HubReset.objects.count() == 0
    assert returns.wipe(hub, method="Reset", by=technician, at=WEDNESDAY).by == "user:fay"


def test_a_broken_pendant_comes_off_a_live_hub_at_home_but_its_own_button_does_not(county: County) -> None:
    made = homes.live(county)
    button, pendant = made.triggers.order_by("pk")
    refused("hub_button", lambda: returns.unpair(button, by=BY, at=TUESDAY))
    returns.unpair(pendant, by=BY, at=TUESDAY)
    returns.unpair(pendant, by=BY, at=WEDNESDAY)
    pendant.refresh_from_db()
    assert (pendant.unpaired_at, made.triggers.filter(unpaired_at=None).count()) == (TUESDAY, 1)


def test_what_was_set_up_at_a_door_and_came_back_goes_to_quarantine_not_to_its_shelf(county: County) -> None:
    """Rule 38: it knows a person, although it was never handed over."""
    person = county.person()
    county.address(person)
    held, plain = homes.loaded(county, homes.hub(county), person), homes.loaded(county, county.product("BOX"), person)
    assert held.asset is not None
    assert plain.asset is not None
    made = homes.begin(held.asset, person)
    assert owed(held.asset) == []
    for one in (held, plain):
        allocation.unload(one, county.store, by=BY, at=TUESDAY)
    assert (state_of(held.asset), state_of(plain.asset)) == (AssetState.QUARANTINE, AssetState.RESERVED)
    assert owed(held.asset) == ["still_live", "still_paired", "not_wiped"]
    returns.deactivate(made, confirmed_by="Jo", reason="not left there", by=BY, at=TUESDAY)
    returns.unpair_all(made, by=BY, at=TUESDAY)
    assert owed(held.asset) == ["not_wiped"]
    returns.wipe(held.asset, method="Reset", by=BY, at=TUESDAY)
    assert owed(held.asset) == []


def test_what_is_no_telecare_costs_no_query(county: County, django_assert_num_queries: Any) -> None:
    rows = list(Asset.objects.select_related("product").filter(pk=county.new(county.commode()).pk))
    with django_assert_num_queries(0):
        assert telecare_facts.owing(rows) == {}


def test_many_hubs_cost_as_much_as_one(county: County, django_assert_num_queries: Any) -> None:
    product = homes.hub(county)
    for _ in range(4):
        county.new(product)
    rows = list(Asset.objects.select_related("product").filter(product=product))
    for some in (rows[:1], rows):
        with django_assert_num_queries(6):
            telecare_facts.owing(some)


class Life(RuleBasedStateMachine):
    """One hub and one pendant: whatever is done in whatever order, what must never be is not."""

    county: County

    @initialize()
    def start(self) -> None:
        self.at, self.along = INSTALLING, 0
        person = self.person = self.county.person()
        self.address = self.county.address(person)
        self.held = homes.loaded(self.county, homes.hub(self.county), person)
        self.with_it = homes.loaded(self.county, homes.pendant(self.county), person)
        sims.add("8944110000000000999", "Roamer", hub=self.held.asset, by=BY, at=self.at)

    @rule()
    def carry_on(self) -> None:
        """The next step of the way it should go: random steps alone would seldom come far."""
        way = (
            *(self.set_up, self.ready, self.pair, self.hear_all, self.hand_over, self.go_live),
            *(self.bring_back_and_clean, self.deactivate, self.unpair_all, self.wipe, self.shelve),
        )
        way[self.along % len(way)]()
        self.along += 1

    def do(self, verb: Any) -> None:
        self.at += timedelta(minutes=1)
        try:
            verb()
        except DomainError:
            return

    @property
    def hub(self) -> Asset:
        return Asset.objects.select_related("product").get(pk=self.held.asset_id)

    @property
    def installation(self) -> Installation:
        row = Installation.objects.order_by("-pk").first()
        if row is None:
            raise Refused("none", "Nothing is set up.")
        return row

    @rule()
    def set_up(self) -> None:
        self.do(lambda: homes.begin(self.hub, self.person, at=self.at))

    @rule()
    def ready(self) -> None:
        self.do(lambda: homes.ready(self.installation, at=self.at))

    @rule()
    def pair(self) -> None:
        asset = Asset.objects.select_related("product").get(pk=self.with_it.asset_id)
        self.do(lambda: telecare.pair(self.installation, "pendant", asset=asset, by=BY, at=self.at))

    @rule()
    def hear_all(self) -> None:
        self.do(lambda: homes.heard(self.installation, at=self.at))

    @rule()
    def call_unheard(self) -> None:
        self.do(lambda: telecare.call(self.installation.triggers.latest("pk"), by=BY, at=self.at))

    @rule()
    def hand_over(self) -> None:
        for one in (self.held, self.with_it):
            self.do(lambda one=one: loans.deliver(one, self.address, by=BY, at=self.at))

    @rule()
    def go_live(self) -> None:
        def verb() -> None:
            row = self.installation
            was = row.state
            telecare.go_live(row, by=BY, at=self.at)
            assert was == "live" or telecare_facts.unheard(row) == []

        self.do(verb)

    @rule()
    def unload(self) -> None:
        self.do(lambda: allocation.unload(self.held, self.county.store, by=BY, at=self.at))

    @rule()
    def release(self) -> None:
        self.do(lambda: allocation.release(self.held, by=BY, at=self.at))

    @rule()
    def deactivate(self) -> None:
        self.do(lambda: returns.deactivate(self.installation, confirmed_by="Jo", reason="end", by=BY, at=self.at))

    @rule()
    def unpair_all(self) -> None:
        self.do(lambda: returns.unpair_all(self.installation, by=BY, at=self.at))

    @rule()
    def wipe(self) -> None:
        self.do(lambda: returns.wipe(self.hub, method="Reset", by=BY, at=self.at))

    @rule()
    def bring_back_and_clean(self) -> None:
        hub = self.hub
        self.do(lambda: receiving.take_back(hub, self.county.store, by=BY, at=self.at))
        self.do(lambda: decontamination.begin(self.hub, by=BY, at=self.at))
        clean = {"method": "sporicidal", "passed": True, "by": BY}
        self.do(lambda: decontamination.record(self.hub, at=self.at, **clean))

    @rule()
    def shelve(self) -> None:
        self.do(lambda: inspections.shelve(self.hub, by=BY, at=self.at))

    @invariant()
    def nothing_of_a_person_stands_on_the_shelf(self) -> None:
        if not hasattr(self, "held") or self.hub.state != AssetState.AVAILABLE:
            return
        hub = self.hub
        assert not Installation.objects.filter(hub=hub).exclude(state="ended").exists()
        assert not Trigger.objects.filter(installation__hub=hub, unpaired_at=None).exists()
        assert not Sim.objects.filter(asset=hub, state="active").exists()
        served = Installation.objects.filter(hub=hub).order_by("-pk").first()
        reset = HubReset.objects.filter(asset=hub).first()
        assert served is None or (reset is not None and reset.at >= served.ended_at)

    @invariant()
    def an_active_sim_belongs_to_an_installation(self) -> None:
        if Sim.objects.filter(state="active").exists():
            assert Installation.objects.exclude(state="ended").exists()


def test_in_whatever_order_it_is_done(county: County) -> None:
    """Rule 38: never live unheard; never on the shelf live, paired, unwiped or with an active SIM."""

    class Rolled(Life):
        def __init__(self) -> None:
            super().__init__()
            self.county = county
            county.products.clear()
            self.sid = transaction.savepoint()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.sid)

    run_state_machine_as_test(Rolled, settings=limits(max_examples=6, stateful_step_count=30, deadline=None))
