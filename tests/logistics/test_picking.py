"""The pick list, the lanes, and what is done when something is not there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest

from equipment import inspections, loans, receiving
from equipment.duties import Actor, Duty
from equipment.errors import Invalid, Refused
from equipment.models import (
    ApprovedEquivalent,
    Asset,
    AssetEvent,
    Incompatibility,
    Location,
    Reservation,
    StockLine,
)
from equipment.scanning import doing
from equipment.states import AssetState
from logistics import board, doors, followups, ordering, picking, routes, visits
from logistics.models import Activity, Event, FollowUp, OutboxRow, Visit
from logistics.picking import Step
from logistics.readiness import Word
from tests.county import BY, TUESDAY, state_of
from tests.logistics.driver import rows
from tests.logistics.driver.rows import DAY, SEVEN


def place(county, code, use="shelf", name=""):
    made, _ = Location.objects.get_or_create(
        store=county.store, code=code, defaults={"capabilities": [use], "name": name}
    )
    return made


def at(county, thing, code):
    """Stand it there."""
    type(thing).objects.filter(pk=thing.pk).update(location=place(county, code))
    thing.refresh_from_db()
    return thing


class Morning:
    """Two doors of one van: a bed set and raisers for Ann, a commode for Bob."""

    def __init__(self, county):
        self.county = county
        county.bed_set()
        self.bed = at(county, county.new(county.product("BED")), "B-02")
        self.mattress = at(county, county.new(county.product("MATTRESS")), "A-07")
        self.commode = at(county, county.new(county.commode()), "B-02")
        county.raisers(10)
        self.raisers = at(county, StockLine.objects.get(), "A-01")
        self.ann, self.bob = county.address(), county.address()
        self.first = rows.delivery(county, self.ann, "RAISER", "BED-SET")
        self.second = rows.delivery(county, self.bob, "COMMODE", discharge=False)
        self.route = rows.plan(county, [self.first, self.second])

    def list(self):
        return picking.wave(self.county.store, DAY.date())

    def pick(self, scanned, by=BY):
        return picking.pick(self.county.store, DAY.date(), scanned=scanned, by=by, at=SEVEN)

    def load(self):
        for asset in (self.bed, self.mattress, self.commode):
            routes.load(self.route, scanned=asset.number, by=BY, at=SEVEN)
        routes.load_counted(self.route, by=BY, at=SEVEN)

    def reservation(self, code):
        return Reservation.objects.select_related("asset", "product").get(product__stock_code=code, ended_at=None)


@pytest.fixture
def morning(county):
    return Morning(county)


def shown(rows_of):
    return [(row.location, row.number or row.quantity, row.stop, row.step.value) for row in rows_of]


def test_the_list_runs_along_the_shelves_and_then_by_product(morning):
    assert shown(morning.list().rows) == [
        ("A-01", 1, 1, "to_pick"),
        ("A-07", morning.mattress.number, 1, "to_pick"),
        ("B-02", morning.bed.number, 1, "to_pick"),
        ("B-02", morning.commode.number, 2, "to_pick"),
    ]
    assert [row.van for row in morning.list().rows] == ["ZX26 VAN"] * 4


def test_what_nobody_has_put_anywhere_comes_last_and_what_is_done_behind_it(morning):
    Asset.objects.filter(pk=morning.mattress.pk).update(location=None)
    morning.pick(morning.commode.number)
    assert [row.what for row in morning.list().rows] == ["Chair raisers", "Bed", "Mattress", "Commode"]


def test_the_list_asks_the_same_of_the_database_however_long_it_is(county, django_assert_num_queries):
    """Routes, stops, activities, and what was ticked."""
    county.raisers(99)
    for _ in range(2):
        county.new(county.commode())
    visits_now = [rows.delivery(county, county.address(), "COMMODE", "RAISER") for _ in range(2)]
    rows.plan(county, visits_now)
    with django_assert_num_queries(4):
        assert len(picking.wave(county.store, DAY.date()).rows) == 4
    for _ in range(5):
        county.new(county.commode())
    more = [rows.delivery(county, county.address(), "COMMODE", "RAISER") for _ in range(5)]
    rows.plan(county, more, registration="ZX26 TWO")
    with django_assert_num_queries(4):
        listed = picking.wave(county.store, DAY.date())
        assert len(listed.rows) == 14
        assert {row.van for row in listed.rows} == {"ZX26 VAN", "ZX26 TWO"}
        assert all(row.location == "" and row.state == "To pick" for row in listed.rows)


def test_a_scan_finds_its_route_and_fixes_it(morning):
    [row] = morning.pick(morning.bed.number)
    assert (row.route, row.stop, state_of(morning.bed)) == (morning.route, 1, AssetState.PICKED)
    morning.route.refresh_from_db()
    assert morning.route.state == "loading"
    with pytest.raises(Refused) as refusal:
        morning.pick(morning.bed.number)
    assert (refusal.value.code, refusal.value.detail) == (
        "done_already",
        f"{morning.bed.number} Bed, for ZX26 VAN: picked already.",
    )


@pytest.mark.parametrize("scanned", ["", "nonsense", "9999999"])
def test_rule_10_what_is_not_on_the_list_is_put_back(morning, scanned):
    with pytest.raises(Refused) as refusal:
        morning.pick(scanned)
    assert refusal.value.code == "wrong_asset"
    morning.route.refresh_from_db()
    assert morning.route.state == "planned"


def test_an_asset_for_nobody_is_named(morning):
    spare = morning.county.new(morning.county.commode())
    with pytest.raises(Refused, match=f"{spare.number} is a Commode, but not on this list. Put it back."):
        morning.pick(spare.number)


@pytest.mark.parametrize("scanned", ["a-01", "RAISER", "LOC/MAIN/A-01", "PRD/RAISER"])
def test_counted_stock_is_picked_by_its_place_or_product(morning, scanned):
    [row] = morning.pick(scanned)
    assert (row.what, row.quantity) == ("Chair raisers", 1)
    assert morning.list().rows[-1].step == Step.PICKED
    with pytest.raises(Refused) as refusal:
        morning.pick(scanned)
    assert refusal.value.code == "done_already"
    assert Event.objects.filter(subject="activity", verb="pick").count() == 1


def test_counted_stock_taken_off_its_route_is_to_pick_again(morning):
    morning.pick("A-01")
    visits.withdraw(morning.first, by=BY, at=SEVEN, reason="stairs")
    morning.first.refresh_from_db()
    again = rows.plan(morning.county, [morning.first], registration="ZX26 TWO")
    [row] = [row for row in picking.staging_list(again) if not row.number]
    assert row.step == Step.TO_PICK


def test_the_lane_is_filled_from_the_last_stop_to_the_first(morning):
    assert [(row.stop, row.what) for row in picking.staging_list(morning.route)] == [
        (2, "Commode"),
        (1, "Chair raisers"),
        (1, "Bed"),
        (1, "Mattress"),
    ]


def test_staging_picks_on_the_way_and_stands_it_in_the_vans_own_lane(morning):
    place(morning.county, "LANE-1", "stage")
    lane = place(morning.county, "LANE-2", "stage", name="zx26van")
    [row] = picking.stage(morning.route, scanned=morning.commode.number, by=BY, at=SEVEN)
    assert (row.stop, state_of(morning.commode), morning.commode.location) == (2, AssetState.STAGED, lane)
    picking.stage(morning.route, scanned="RAISER", by=BY, at=SEVEN)
    assert [row.step.value for row in picking.staging_list(morning.route)] == ["staged", "staged", "to_pick", "to_pick"]


def test_with_two_lanes_and_neither_the_vans_it_stands_in_none(morning):
    for code in ("LANE-1", "LANE-2"):
        place(morning.county, code, "stage")
    assert routes.lane_of(morning.route) is None


def test_only_pickers_pick_counted_stock_too(morning):
    washer = Actor("user:wanda", [Duty.CLEAN])
    for scanned in ("A-01", morning.bed.number):
        with pytest.raises(Refused) as refusal:
            morning.pick(scanned, by=washer)
        assert refusal.value.code == "not_your_duty"
    assert not Event.objects.filter(verb="pick").exists()
    assert state_of(morning.bed) == AssetState.RESERVED


@pytest.mark.parametrize("step", [picking.stage, picking.load], ids=["stage", "load"])
def test_rule_4_what_became_unfit_after_the_pick_goes_no_further(county, step):
    hoist = county.new(county.hoist())
    route = rows.plan(county, [rows.delivery(county, county.address(), "HOIST")])
    picking.pick(county.store, DAY.date(), scanned=hoist.number, by=BY, at=SEVEN)
    inspections.record(hoist, kind="loler", result="fail", examiner="E", defects="hook", by=BY, at=SEVEN)
    with pytest.raises(Refused) as refusal:
        step(route, scanned=hoist.number, by=BY, at=SEVEN + timedelta(minutes=1))
    assert (refusal.value.code, state_of(hoist)) == ("test_failed", AssetState.PICKED)


def test_what_was_recalled_since_is_shown_as_out_of_use(morning):
    from equipment.lifecycle import advance

    morning.bed.refresh_from_db()
    advance(morning.bed, AssetState.HELD, by=BY, at=SEVEN, reason="recall")
    [row] = [row for row in morning.list().rows if row.number == morning.bed.number]
    assert (row.step, row.state) == (Step.ASIDE, "Held")


# Something else instead -----------------------------------------------------------------------------------------------


def test_offers_put_what_was_ordered_before_its_equivalents(morning):
    county = morning.county
    foam = county.product("FOAM")
    ApprovedEquivalent.objects.create(product=county.product("MATTRESS"), substitute=foam, note="same width")
    other, same = county.new(foam), county.new(county.product("MATTRESS"))
    county.new(county.product("STOOL"))
    offered = picking.offers(morning.reservation("MATTRESS"))
    assert [(o.asset, o.same, o.note) for o in offered] == [(same, True, ""), (other, False, "same width")]
    assert picking.offers(morning.reservation("RAISER")) == []


def test_rule_10_a_substitute_serves_the_line_all_the_way_home(morning):
    """The line keeps its product; the loan is of what really went."""
    county = morning.county
    foam = county.product("FOAM", name="Foam mattress")
    ApprovedEquivalent.objects.create(product=county.product("MATTRESS"), substitute=foam)
    other = county.new(foam)
    reservation = morning.reservation("MATTRESS")
    given = {"by": BY, "at": SEVEN, "reason": "cover torn", "old": "unfit"}
    picking.instead(reservation, other, **given)
    order = morning.first.activities.first().line.order
    assert ordering.shortages(order) == {}
    assert ordering.supply(order, by=BY, at=SEVEN) is True
    assert Reservation.objects.filter(ended_at=None).count() == 4
    discharge = order.discharge
    assert board.rows([discharge], at=SEVEN)[0].readiness.word == Word.PLANNED
    morning.mattress = other
    morning.load()
    routes.set_out(morning.route, by=BY, at=SEVEN)
    doors.arrive(morning.first, by=BY, at=SEVEN)
    doors.finish(morning.first, doors.Proof("Ann", fitted=True, demonstrated=True), by=BY, at=SEVEN)
    order.refresh_from_db()
    assert order.state == "delivered"
    [loan] = other.loans.all()
    assert (loan.product, loan.composite.stock_code) == (foam, "BED-SET")
    assert loan.kit == morning.bed.loans.get().kit is not None
    assert board.rows([discharge], at=SEVEN)[0].readiness.word == Word.IN_PLACE


def test_an_exchange_is_noted_on_the_delivery(morning):
    other = morning.county.new(morning.county.commode())
    picking.instead(morning.reservation("COMMODE"), other, by=BY, at=SEVEN, reason="no pan", old="unfit")
    event = Event.objects.get(subject="activity", verb="instead")
    assert (event.reason, event.facts) == (
        "no pan",
        {"asset": other.number, "instead_of": morning.commode.number},
    )
    assert (state_of(morning.commode), state_of(other)) == (AssetState.QUARANTINE, AssetState.RESERVED)


def test_rule_30_no_crew_is_given_what_it_may_not_bring(morning):
    county = morning.county
    heavy = county.product("HEAVY", crew_size=2)
    ApprovedEquivalent.objects.create(product=county.commode(), substitute=heavy)
    other = county.new(heavy)
    routes.start_loading(morning.route, by=BY, at=SEVEN)
    with pytest.raises(Refused) as refusal:
        picking.instead(morning.reservation("COMMODE"), other, by=BY, at=SEVEN, reason="none", old="missing")
    assert refusal.value.code == "crew"
    assert (state_of(morning.commode), state_of(other)) == (AssetState.RESERVED, AssetState.AVAILABLE)


# Short ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("then", "becomes"), [("lost", AssetState.LOST), ("quarantine", AssetState.QUARANTINE)])
def test_another_one_takes_its_place_on_the_same_stop(morning, then, becomes):
    other = morning.county.new(morning.county.commode())
    morning.pick(morning.bed.number)  # the route is fixed from here on
    done = picking.short(morning.reservation("COMMODE"), reason="not at B-02", then=then, by=BY, at=SEVEN)
    assert ([r.asset for r in done.instead], done.waiting, done.follow_up) == ([other], 0, None)
    assert (state_of(morning.commode), state_of(other)) == (becomes, AssetState.RESERVED)
    [row] = [row for row in morning.list().rows if row.what == "Commode"]
    assert (row.number, row.stop) == (other.number, 2)
    event = AssetEvent.objects.filter(asset=morning.commode).first()
    assert (event.to_state, event.reason) == (becomes, "not at B-02")
    assert Visit.objects.count() == 2


def test_rule_33_when_nothing_is_free_the_depot_knows_who_needs_what_and_when(morning):
    order = morning.second.activities.get().line.order
    done = picking.short(morning.reservation("COMMODE"), reason="Not at B-02.", by=BY, at=SEVEN)
    due = f"{morning.second.needed_by:%a} {morning.second.needed_by.day} {morning.second.needed_by:%b}"
    [follow_up] = FollowUp.objects.all()
    assert (done.follow_up, done.waiting, follow_up.owner) == (follow_up, 1, "depot")
    initials = morning.second.person.initials
    assert follow_up.action == f"Short: 1 x Commode for {initials}, needed {due}. Not at B-02."
    assert ordering.shortages(order) == {"COMMODE": 1}
    morning.second.refresh_from_db()
    assert (morning.second.state, [a.state for a in morning.second.activities.all()]) == ("cancelled", ["cancelled"])
    late = morning.county.new(morning.county.commode())
    assert followups.find_supply(at=SEVEN) == 1
    ordering.supply(order, by=BY, at=SEVEN)
    assert state_of(late) == AssetState.RESERVED
    assert Activity.objects.get(line__order=order, state="open").visit.state == "open"


def test_rule_11_the_rest_of_a_set_waits_with_the_part_that_is_short(morning):
    morning.pick(morning.bed.number)
    done = picking.short(morning.reservation("MATTRESS"), reason="torn", then="quarantine", by=BY, at=SEVEN)
    assert done.follow_up is not None
    assert "The rest of Bed set waits with it." in done.follow_up.action
    assert state_of(morning.bed) == AssetState.RESERVED
    assert [row.what for row in morning.list().rows] == ["Chair raisers", "Commode"]
    routes.load(morning.route, scanned=morning.commode.number, by=BY, at=SEVEN)
    routes.load_counted(morning.route, by=BY, at=SEVEN)
    routes.set_out(morning.route, by=BY, at=SEVEN)
    morning.county.new(morning.county.product("MATTRESS"))
    ordering.supply(morning.first.activities.first().line.order, by=BY, at=SEVEN)
    again = Visit.objects.order_by("pk").last()
    products = {a.reservation.product.stock_code for a in again.activities.filter(state="open")}
    assert (again.state, products) == ("open", {"BED", "MATTRESS"})
    assert {a.reservation.kit for a in again.activities.all()} == {morning.reservation("BED").kit}


def test_counted_stock_that_is_short_goes_in_part_and_the_rest_waits(county):
    county.raisers(4)
    discharge = county.discharge()
    item = ordering.Item("RAISER", 4)
    request = ordering.Request((item,), county.prescriber, county.council, discharge)
    order = ordering.place(request, by=BY, at=TUESDAY)
    visit = Visit.objects.get()
    rows.plan(county, [visit])
    done = picking.short(Reservation.objects.get(), reason="bin empty", found=3, by=BY, at=SEVEN)
    assert (done.instead, done.waiting) == ((), 1)
    line = StockLine.objects.get()
    assert (line.count, line.reserved) == (3, 3)
    assert ordering.shortages(order) == {"RAISER": 1}
    assert [a.reservation.quantity for a in visit.activities.filter(state="open")] == [3]
    assert "Short: 1 x Chair raisers" in FollowUp.objects.get().action


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"then": "gone"}, "then"), ({"reason": " "}, "reason_needed"), ({"by": Actor("user:w", [])}, "not_your_duty")],
    ids=["then", "reason", "duty"],
)
def test_a_short_pick_that_is_refused_writes_nothing(morning, wrong, code):
    given = {"reason": "not there", "by": BY, "at": SEVEN} | wrong
    before = (Event.objects.count(), AssetEvent.objects.count(), OutboxRow.objects.count())
    with pytest.raises((Refused, Invalid)) as refusal:
        picking.short(morning.reservation("COMMODE"), **given)
    assert refusal.value.code == code
    assert (Event.objects.count(), AssetEvent.objects.count(), OutboxRow.objects.count()) == before
    assert state_of(morning.commode) == AssetState.RESERVED


def test_what_is_on_the_van_is_not_short(morning):
    routes.load(morning.route, scanned=morning.commode.number, by=BY, at=SEVEN)
    with pytest.raises(Refused) as refusal:
        picking.short(morning.reservation("COMMODE"), reason="x", by=BY, at=SEVEN)
    assert (refusal.value.code, state_of(morning.commode)) == ("already_issued", AssetState.LOADED)


# Sets -----------------------------------------------------------------------------------------------------------------


def test_rule_11_a_set_whose_parts_must_not_meet_is_not_ordered(county):
    whole = county.bed_set()
    Incompatibility.objects.create(one=county.product("BED"), other=county.product("MATTRESS"), why="it slides off")
    discharge = county.discharge()
    items = (ordering.Item("RAISER"), ordering.Item("BED-SET"))
    county.raisers(2)
    request = ordering.Request(items, county.prescriber, county.council, discharge)
    with pytest.raises(Invalid, match="it slides off") as refusal:
        ordering.place(request, by=BY, at=TUESDAY)
    assert (refusal.value.code, refusal.value.facts["field"]) == ("incompatible", "lines.1.product")
    assert not whole.order_lines.exists()
    assert not Reservation.objects.exists()


def test_the_parts_of_one_line_share_a_kit_and_two_lines_never_do(county):
    county.bed_set()
    for code in ("BED", "MATTRESS") * 2:
        county.new(county.product(code))
    county.new(county.commode())
    county.order(county.discharge(), "BED-SET", "COMMODE")
    county.order(county.discharge(), "BED-SET")
    found = Reservation.objects.order_by("pk").values_list("product__stock_code", "kit", "composite__stock_code")
    kits_of = {}
    for code, kit, whole in found:
        assert whole == (None if code == "COMMODE" else "BED-SET")
        kits_of.setdefault(kit, []).append(code)
    assert sorted(sorted(codes) for codes in kits_of.values()) == [
        ["BED", "MATTRESS"],
        ["BED", "MATTRESS"],
        ["COMMODE"],
    ]
    assert None in kits_of


def test_rule_11_a_van_does_not_leave_with_half_a_set(morning):
    """Its other half has been called off this route, whoever did that."""
    half = Activity.objects.get(reservation__product__stock_code="MATTRESS", state="open")
    visits.hold_back(morning.first, [half], by=BY, at=SEVEN, reason="by mistake")
    for asset in (morning.bed, morning.commode):
        routes.load(morning.route, scanned=asset.number, by=BY, at=SEVEN)
    routes.load_counted(morning.route, by=BY, at=SEVEN)
    with pytest.raises(Refused) as refusal:
        routes.set_out(morning.route, by=BY, at=SEVEN)
    assert (refusal.value.code, refusal.value.detail) == (
        "incomplete_set",
        "Bed set goes complete or not at all: Mattress is not on this route. "
        f"Bring it, or take visit {morning.first.pk} off the route.",
    )
    morning.first.refresh_from_db()
    assert morning.first.state == "planned"


def test_a_whole_set_leaves(morning):
    morning.load()
    assert routes.set_out(morning.route, by=BY, at=SEVEN).state == "out"


def test_the_rest_of_a_set_can_be_fetched_by_the_button_there_is(morning):
    """No visit is raised by itself: the person may keep the bed and hand back the mattress."""
    morning.load()
    routes.set_out(morning.route, by=BY, at=SEVEN)
    doors.arrive(morning.first, by=BY, at=SEVEN)
    doors.finish(morning.first, doors.Proof("Ann", fitted=True, demonstrated=True), by=BY, at=SEVEN)
    morning.mattress.refresh_from_db()
    receiving.take_back(morning.mattress, morning.county.store, by=BY, at=SEVEN + timedelta(hours=3))
    from equipment import kits

    [rest] = kits.rests(before=SEVEN + timedelta(days=1))
    assert (rest.asset, Visit.objects.filter(state="open").count()) == (morning.bed, 0)
    loans.request_collection(rest, by=BY, at=SEVEN)
    assert state_of(morning.bed) == AssetState.COLLECTION_DUE


# The scan page --------------------------------------------------------------------------------------------------------

PAT = Actor("user:pat", [Duty.PICK])
KEYS = count(1)


def scan(morning, code, mode="pick", job=None):
    return doing.scan(
        code,
        key=f"k{next(KEYS)}",
        mode=mode,
        job=job,
        answer={},
        by=PAT,
        at=SEVEN,
        assets=Asset.objects.all(),
        store=morning.county.store,
    )


def test_scanning_off_the_shelf_finds_the_van_and_counts(morning):
    seen = scan(morning, morning.bed.number)
    assert (seen.ok, seen.answer["sentence"], seen.answer["lines"]) == (
        True,
        f"{morning.bed.number} Bed: for ZX26 VAN, stop 1.",
        "1 of 4 picked",
    )
    assert scan(morning, "LOC/MAIN/A-01", job=morning.route.pk).answer["lines"] == "2 of 4 picked"
    again = scan(morning, morning.bed.number)
    assert (again.ok, again.answer["code"]) == (False, "done_already")


def test_a_pick_is_taken_back_to_the_shelf_it_came_from(morning):
    scan(morning, morning.bed.number)
    taken = doing.undo_last(PAT, at=SEVEN)
    assert taken.answer["undone"] == f"{morning.bed.number} is back, and still to pick for ZX26 VAN."
    assert (state_of(morning.bed), morning.bed.location.code) == (AssetState.RESERVED, "B-02")


def test_loading_needs_its_van_and_is_taken_back_too(morning):
    refused = scan(morning, morning.bed.number, mode="load")
    assert (refused.ok, refused.answer["code"]) == (False, "job_needed")
    seen = scan(morning, morning.bed.number, mode="load", job=morning.route.pk)
    assert (seen.answer["sentence"], seen.answer["lines"]) == (
        f"{morning.bed.number} Bed: on ZX26 VAN, for stop 1.",
        "1 of 4 aboard",
    )
    assert state_of(morning.bed) == AssetState.LOADED
    doing.undo_last(PAT, at=SEVEN)
    assert state_of(morning.bed) == AssetState.RESERVED
    assert scan(morning, "PRD/RAISER", mode="load", job=morning.route.pk).answer["lines"] == "1 of 4 aboard"


def test_the_page_offers_the_vans_still_to_load_and_what_each_still_wants(morning):
    from equipment.scanning.registry import About
    from logistics import scanning

    about = About(morning.county.store, PAT, SEVEN)
    assert [(job.pk, job.label) for job in scanning.open_routes(about)] == [(morning.route.pk, str(morning.route))]
    wanted = scanning.to_pick(about, morning.route.pk)
    assert wanted[0] == ("A-01 1 Chair raisers (to pick)", "todo")
    morning.pick(morning.bed.number)
    states = [{s for _, s in listed(about, morning.route.pk)} for listed in (scanning.to_pick, scanning.to_load)]
    assert states == [{"todo", "good"}, {"todo"}]  # picked is not yet on the van
    morning.load()
    assert {state for _, state in scanning.to_load(about, morning.route.pk)} == {"good"}
    routes.set_out(morning.route, by=BY, at=SEVEN)
    assert scanning.open_routes(about) == []
    assert scanning.to_load(about, 0) == []


def test_a_heavier_persons_bed_is_not_offered(morning):
    """Rule 12 for everything that is offered instead."""
    county = morning.county
    weak = county.product("WEAK", safe_working_load_kg=100)
    ApprovedEquivalent.objects.create(product=county.commode(), substitute=weak)
    county.new(weak)
    person = morning.second.person
    person.weight_kg = Decimal(101)
    person.save()
    assert picking.offers(morning.reservation("COMMODE")) == []
