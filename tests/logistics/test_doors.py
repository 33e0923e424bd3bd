"""From the loading bay to the person's door and back to the dock."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from equipment.errors import Invalid, Refused
from equipment.models import Loan
from equipment.states import AssetState
from logistics import board, dispatch, doors, routes, visits
from logistics.doors import Collected, Proof
from logistics.models import FollowUp, Route, Stop, Visit
from logistics.readiness import Word
from logistics.states import FailureReason
from tests.county import BY, TUESDAY, state_of

THU = date(2026, 3, 5)
EIGHT = TUESDAY.replace(day=5, hour=8)
HOUR = timedelta(hours=1)
DONE = Proof("Mrs Other", fitted=True, demonstrated=True)


@pytest.fixture(autouse=True)
def quick(settings):
    settings.SERVICE = settings.SERVICE | {"PLANNING_ITERATIONS": 200}


class Day:
    """A route of one delivery, planned for Thursday."""

    def __init__(self, county, code="COMMODE", **product):
        self.county = county
        county.shift(THU, skills="telecare")
        self.asset = county.recycled(county.product(code, **product))
        self.discharge = county.discharge(THU)
        self.order = county.order(self.discharge, code)
        dispatch.replan(county.store.pk, by=BY, at=TUESDAY)
        self.route = Route.objects.get()
        self.visit = Visit.objects.get()

    def load(self):
        routes.load(self.route, scanned=self.asset.number, by=BY, at=EIGHT)
        return self

    def set_out(self):
        self.load()
        routes.set_out(self.route, by=BY, at=EIGHT)
        return self

    def word(self, at=EIGHT):
        [row] = board.rows([self.discharge], at=at)
        return row.readiness.word


def test_the_whole_way_from_planned_to_in_place(county):
    day = Day(county)
    assert day.word() == Word.PLANNED
    day.set_out()
    assert (state_of(day.asset), day.word()) == (AssetState.LOADED, Word.OUT_FOR_DELIVERY)
    doors.arrive(day.visit, by=BY, at=EIGHT + HOUR)
    doors.finish(day.visit, DONE, by=BY, at=EIGHT + HOUR)
    assert state_of(day.asset) == AssetState.ON_LOAN
    day.order.refresh_from_db()
    assert (day.order.state, day.order.lines.get().state) == ("delivered", "delivered")
    [row] = board.rows([day.discharge], at=EIGHT + 2 * HOUR)
    assert (row.readiness.word, row.readiness.in_place_on_time) == (Word.IN_PLACE, True)
    routes.finish(day.route, by=BY, at=EIGHT + 8 * HOUR)
    day.route.refresh_from_db()
    assert day.route.state == "finished"


def test_rule_10_an_asset_of_another_route_is_not_loaded(county):
    day = Day(county)
    other = county.new(county.commode())
    with pytest.raises(Refused) as refusal:
        routes.load(day.route, scanned=other.number, by=BY, at=EIGHT)
    assert (refusal.value.code, refusal.value.detail) == (
        "wrong_asset",
        f"{other.number} is a Commode, but not for this route.",
    )
    assert state_of(other) == AssetState.AVAILABLE


def test_the_first_thing_loaded_fixes_the_route_counted_stock_too(county):
    county.shift(THU)
    county.order(county.discharge(THU), county.raisers(4).stock_code)
    dispatch.replan(county.store.pk, by=BY, at=TUESDAY)
    route = Route.objects.get()
    assert routes.load_counted(route, by=BY, at=EIGHT) == 1
    route.refresh_from_db()
    assert route.state == "loading"
    routes.set_out(route, by=BY, at=EIGHT)
    with pytest.raises(Refused) as refusal:
        routes.load_counted(route, by=BY, at=EIGHT)
    assert refusal.value.code == "not_loading"


def test_a_van_does_not_leave_without_its_load(county):
    day = Day(county)
    with pytest.raises(Refused) as refusal:
        routes.set_out(day.route, by=BY, at=EIGHT)
    assert refusal.value.code == "not_loaded"
    assert day.asset.number in refusal.value.detail
    day.visit.refresh_from_db()
    assert day.visit.state == "planned"


@pytest.mark.parametrize(
    ("product", "proof", "field"),
    [
        ({}, Proof("", fitted=True, demonstrated=True), "received_by"),
        ({}, Proof("Mrs Other", fitted=True), "fitted"),
        ({}, Proof("Mrs Other", demonstrated=True), "fitted"),
        ({"use": "hub", "connectivity": "ip"}, DONE, "telecare"),
    ],
    ids=["received by", "shown", "fitted", "telecare"],
)
def test_rules_25_and_38_nothing_is_delivered_without_its_evidence(county, product, proof, field):
    day = Day(county, "THING", **product).set_out()
    doors.arrive(day.visit, by=BY, at=EIGHT + HOUR)
    with pytest.raises(Invalid) as refusal:
        doors.finish(day.visit, proof, by=BY, at=EIGHT + HOUR)
    assert refusal.value.facts["field"] == field
    assert state_of(day.asset) == AssetState.LOADED
    day.visit.refresh_from_db()
    assert (day.visit.state, Loan.objects.filter(ended_at=None).count()) == ("arrived", 0)


def test_finishing_twice_delivers_once(county):
    """Rules 6 and 18: once."""
    day = Day(county).set_out()
    doors.arrive(day.visit, by=BY, at=EIGHT + HOUR)
    doors.finish(day.visit, DONE, by=BY, at=EIGHT + HOUR)
    with pytest.raises(Refused):
        doors.finish(day.visit, DONE, by=BY, at=EIGHT + HOUR)
    assert Loan.objects.filter(asset=day.asset, ended_at=None).count() == 1


def test_rule_33_a_first_failure_is_tried_again_and_has_an_owner(county):
    day = Day(county).set_out()
    doors.arrive(day.visit, by=BY, at=EIGHT + HOUR)
    again = doors.fail(
        day.visit, FailureReason.NO_ACCESS, note="Rang twice, called the daughter.", by=BY, at=EIGHT + HOUR
    )
    day.visit.refresh_from_db()
    assert (day.visit.state, day.visit.failure) == ("failed", "no_access")
    assert (again.state, again.attempt_of, again.critical) == ("open", day.visit, True)
    assert FollowUp.objects.get().owner == "depot"
    assert [a.state for a in day.visit.activities.all()] == ["not_done"]
    assert state_of(day.asset) == AssetState.LOADED
    routes.finish(day.route, by=BY, at=EIGHT + 8 * HOUR)
    assert state_of(day.asset) == AssetState.RESERVED


def test_kit_still_on_the_van_is_not_planned_again_for_the_same_day(county):
    day = Day(county).set_out()
    county.shift(THU, registration="ZX26 TWO")
    county.shift(date(2026, 3, 6), registration="ZX26 TWO")
    doors.arrive(day.visit, by=BY, at=EIGHT + HOUR)
    again = doors.fail(day.visit, FailureReason.NO_ACCESS, note="Nobody in.", by=BY, at=EIGHT + HOUR)
    dispatch.replan(county.store.pk, by=BY, at=EIGHT + HOUR)
    assert not Stop.objects.filter(visit=again, route__day=THU).exists()


def test_rule_33_a_second_failure_goes_to_the_prescriber_and_not_to_a_third_attempt(county):
    day = Day(county).set_out()
    doors.arrive(day.visit, by=BY, at=EIGHT + HOUR)
    again = doors.fail(day.visit, FailureReason.NO_ACCESS, note="Nobody in.", by=BY, at=EIGHT + HOUR)
    routes.finish(day.route, by=BY, at=EIGHT + 8 * HOUR)
    county.shift(date(2026, 3, 6))
    friday = EIGHT + timedelta(days=1)
    dispatch.replan(county.store.pk, by=BY, at=EIGHT + 9 * HOUR)
    route = Route.objects.get(stops__visit=again)
    routes.load(route, scanned=day.asset.number, by=BY, at=friday)
    routes.set_out(route, by=BY, at=friday)
    doors.arrive(again, by=BY, at=friday + HOUR)
    last = doors.fail(again, FailureReason.NO_ACCESS, note="Nobody in again.", by=BY, at=friday + HOUR)
    assert last == again
    assert Visit.objects.count() == 2
    assert FollowUp.objects.first().owner == "prescriber"
    assert day.word(friday + 2 * HOUR) == Word.FAILED


def test_rule_33_a_failure_without_a_word_of_what_was_found_is_refused(county):
    day = Day(county).set_out()
    with pytest.raises(Invalid) as refusal:
        doors.fail(day.visit, FailureReason.NO_ACCESS, note=" ", by=BY, at=EIGHT)
    assert refusal.value.facts["field"] == "note"
    day.visit.refresh_from_db()
    assert day.visit.state == "out"


def test_rule_33_a_route_does_not_finish_with_a_stop_forgotten(county):
    day = Day(county).set_out()
    with pytest.raises(Refused) as refusal:
        routes.finish(day.route, by=BY, at=EIGHT + 8 * HOUR)
    assert refusal.value.facts["stops"] == [1]
    assert state_of(day.asset) == AssetState.LOADED


class Round:
    """One delivery and one collection on one van."""

    def __init__(self, county):
        county.shift(THU)
        self.loan = county.on_loan(county.product("BED"))
        self.loan.address.latitude, self.loan.address.longitude, self.loan.address.accuracy = 52.21, -2.89, "pin"
        self.loan.address.save()
        self.visit = visits.raise_collection(self.loan, by=BY, at=TUESDAY)
        dispatch.replan(county.store.pk, by=BY, at=TUESDAY)
        self.route = Route.objects.get()
        routes.set_out(self.route, by=BY, at=EIGHT)
        doors.arrive(self.visit, by=BY, at=EIGHT + HOUR)
        self.activity = self.visit.activities.get()


def test_what_is_collected_goes_straight_to_quarantine_at_the_dock(county):
    day = Round(county)
    proof = Proof("", collected={day.activity.pk: Collected("worn", "soiled")})
    doors.finish(day.visit, proof, by=BY, at=EIGHT + HOUR)
    asset = day.loan.asset
    assert state_of(asset) == AssetState.RETURNING
    assert asset.vehicle == "ZX26 VAN"
    routes.finish(day.route, by=BY, at=EIGHT + 8 * HOUR)
    assert state_of(asset) == AssetState.QUARANTINE
    record = asset.returns.get()
    assert (record.condition, record.infection) == ("worn", "soiled")


def test_what_was_not_there_to_collect_is_still_on_loan_and_somebody_asks(county):
    day = Round(county)
    doors.finish(day.visit, Proof(""), by=BY, at=EIGHT + HOUR)
    day.loan.refresh_from_db()
    day.activity.refresh_from_db()
    assert (day.loan.ended_at, day.activity.state) == (None, "not_done")
    assert FollowUp.objects.get().owner == "call centre"


def test_a_collection_asked_for_twice_is_one_visit(county):
    loan = county.on_loan(county.commode())
    first = visits.raise_collection(loan, by=BY, at=TUESDAY)
    assert visits.raise_collection(loan, by=BY, at=TUESDAY + HOUR) == first
    assert Visit.objects.count() == 1


def test_the_load_list_begins_with_the_last_stop(county):
    county.shift(THU)
    for n in range(3):
        county.new(county.product(f"P{n}"))
        county.order(county.discharge(THU, address=county.address(postcode="ZX1 2AA")), f"P{n}")
    dispatch.replan(county.store.pk, by=BY, at=TUESDAY)
    assert [item.sequence for item in routes.load_list(Route.objects.get())] == [3, 2, 1]
