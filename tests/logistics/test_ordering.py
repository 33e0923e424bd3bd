from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from equipment.errors import Invalid, Refused
from equipment.models import Reservation, StockLine
from equipment.states import AssetState
from logistics import authorising, ordering
from logistics.models import Event, Order, OutboxRow, Prescriber, Visit
from tests.county import BY, TUESDAY, state_of


def request(county, *items, discharge=None, **fields):
    fields.setdefault("prescriber", county.prescriber)
    return ordering.Request(items, organisation=county.council, discharge=discharge or county.discharge(), **fields)


def place(county, *items, **fields):
    return ordering.place(request(county, *items, **fields), by=BY, at=TUESDAY)


def test_an_order_reserves_raises_a_visit_and_asks_for_a_plan_in_one_go(county):
    asset = county.recycled(county.commode())
    order = place(county, ordering.Item("COMMODE"))
    assert state_of(asset) == AssetState.RESERVED
    visit = Visit.objects.get()
    assert (visit.state, visit.critical, visit.needed_by, visit.store) == ("open", True, order.needed_by, county.store)
    assert OutboxRow.objects.filter(kind="plan", key=str(county.store.pk), done_at=None).exists()
    assert ordering.shortages(order) == {}


@pytest.mark.parametrize("quantity", [0, -1, 51, 10_000])
def test_a_quantity_out_of_reason_is_refused_and_nothing_is_written(county, quantity):
    county.raisers(60)
    discharge = county.discharge()
    with pytest.raises(Invalid) as refusal:
        place(county, ordering.Item("RAISER"), ordering.Item("RAISER", quantity), discharge=discharge)
    assert refusal.value.facts == {"field": "lines.1.quantity"}
    assert not Order.objects.exists()
    assert StockLine.objects.get().reserved == 0


@pytest.mark.parametrize(("code", "error"), [("NONSENSE", "unknown_product"), ("OLD", "product_withdrawn")])
def test_an_unknown_or_withdrawn_product_is_refused(county, code, error):
    county.product("OLD", withdrawn_on=date(2026, 3, 3))
    with pytest.raises(Invalid) as refusal:
        place(county, ordering.Item(code))
    assert (refusal.value.code, refusal.value.facts["field"]) == (error, "lines.0.product")
    assert not Order.objects.exists()


def test_rule_15_an_expired_pin_stops_new_orders(county):
    county.new(county.commode())
    expired = Prescriber.objects.create(
        organisation=county.council, pin="X", name="Gone", order_limit=100, active_until=date(2026, 3, 2)
    )
    with pytest.raises(Invalid) as refusal:
        place(county, ordering.Item("COMMODE"), prescriber=expired)
    assert refusal.value.code == "pin_expired"
    assert not Order.objects.exists()


def test_rule_15_a_product_above_the_prescribers_band_is_not_ordered_by_them(county):
    """Rule 15: only what is within the band, and nothing is written; a colleague of that band may."""
    county.product("TURNER", band=2)
    county.commode()
    senior = Prescriber.objects.create(organisation=county.council, pin="S", name="Senior", order_limit=500, band=2)
    with pytest.raises(Invalid) as refusal:
        place(county, ordering.Item("COMMODE"), ordering.Item("TURNER"))
    assert (refusal.value.code, refusal.value.facts["field"]) == ("above_band", "lines.1.product")
    assert not Order.objects.exists()
    assert place(county, ordering.Item("TURNER"), prescriber=senior).state == "authorised"


def test_kit_for_one_person_never_goes_to_another_persons_door(county):
    county.new(county.commode())
    with pytest.raises(Invalid) as refusal:
        place(county, ordering.Item("COMMODE"), discharge=county.discharge(), address=county.address())
    assert refusal.value.facts["field"] == "address"
    assert not Order.objects.exists()


def test_a_prescriber_orders_for_people_of_the_same_organisation_only(county):
    county.new(county.commode())
    stranger = county.address(county.person(county.other))
    with pytest.raises(Invalid) as refusal:
        place(county, ordering.Item("COMMODE"), discharge=county.discharge(address=stranger))
    assert refusal.value.facts["field"] == "prescriber"
    assert not Order.objects.exists()


def test_what_is_not_free_stays_open_and_is_served_when_it_comes_free(county):
    dirty = county.dirty(county.commode())
    order = place(county, ordering.Item("COMMODE"))
    assert ordering.shortages(order) == {"COMMODE": 1}
    assert not Visit.objects.exists()
    county.renew(dirty, at=TUESDAY)
    assert ordering.supply_waiting([county.commode().pk], by=BY, at=TUESDAY) == 1
    assert state_of(dirty) == AssetState.RESERVED
    assert Visit.objects.get().activities.count() == 1
    assert ordering.shortages(order) == {}


def test_who_needs_it_sooner_is_served_first(county):
    dirty = county.dirty(county.commode())
    later = county.order(county.discharge(date(2026, 3, 6)), "COMMODE")
    sooner = county.order(county.discharge(date(2026, 3, 4)), "COMMODE")
    county.renew(dirty, at=TUESDAY)
    ordering.supply_waiting([county.commode().pk], by=BY, at=TUESDAY)
    assert (ordering.shortages(sooner), ordering.shortages(later)) == ({}, {"COMMODE": 1})


def test_serving_again_reserves_nothing_twice(county):
    county.new(county.commode())
    county.new(county.commode())
    order = place(county, ordering.Item("COMMODE"))
    ordering.supply(order, by=BY, at=TUESDAY)
    assert Reservation.objects.count() == 1
    assert Visit.objects.get().activities.count() == 1


def test_rule_11_a_composite_goes_only_when_all_its_parts_are_reserved(county):
    county.bed_set()
    county.new(county.product("BED"))
    order = place(county, ordering.Item("BED-SET"))
    assert {line.product.stock_code for line in order.lines.all()} == {"BED-SET", "BED", "MATTRESS"}
    assert ordering.shortages(order) == {"MATTRESS": 1}
    assert not Visit.objects.exists()
    county.new(county.product("MATTRESS"))
    assert ordering.supply(order, by=BY, at=TUESDAY) is True
    assert Visit.objects.get().activities.count() == 2


def test_two_orders_for_one_discharge_share_a_visit(county):
    county.new(county.commode())
    county.raisers(4)
    discharge = county.discharge()
    place(county, ordering.Item("COMMODE"), discharge=discharge)
    place(county, ordering.Item("RAISER", 4), discharge=discharge)
    assert Visit.objects.get().activities.count() == 2


def test_over_the_limit_waits_for_a_colleague_and_reserves_nothing_until_then(county):
    asset = county.new(county.hoist())
    junior = Prescriber.objects.create(organisation=county.council, pin="J", name="Junior", order_limit=Decimal(899))
    order = place(county, ordering.Item("HOIST"), prescriber=junior)
    assert order.state == "awaiting_authorisation"
    assert state_of(asset) == AssetState.AVAILABLE
    authorising.authorise(order, county.prescriber, by=BY, at=TUESDAY)
    order.refresh_from_db()
    assert (order.state, order.authorised_by) == ("authorised", "Ola Therapist")
    assert state_of(asset) == AssetState.RESERVED


@pytest.mark.parametrize(
    ("limit", "own", "code"),
    [(5000, True, "own_order"), (899, False, "over_limit")],
    ids=["own order", "over the limit"],
)
def test_rule_16_nobody_authorises_their_own_or_beyond_their_limit(county, limit, own, code):
    county.new(county.hoist())
    junior = Prescriber.objects.create(organisation=county.council, pin="J", name="Junior", order_limit=Decimal(1))
    order = place(county, ordering.Item("HOIST"), prescriber=junior)
    senior = Prescriber.objects.create(organisation=county.council, pin="S", name="Senior", order_limit=Decimal(limit))
    with pytest.raises(Refused) as refusal:
        authorising.authorise(order, junior if own else senior, by=BY, at=TUESDAY)
    assert refusal.value.code == code
    order.refresh_from_db()
    assert order.state == "awaiting_authorisation"
    assert not Reservation.objects.exists()


def test_rule_16_who_authorised_up_to_what_limit_and_at_what_value_is_recorded(county):
    """Rule 16: the limit at the time and the price then in force, and a name, never a PIN."""
    junior = Prescriber.objects.create(organisation=county.council, pin="J", name="Junior", order_limit=Decimal(100))
    own = place(county, *[ordering.Item(county.commode().stock_code)], prescriber=junior)
    assert (own.authorised_by, own.authorised_value) == ("within the limit of Junior", Decimal(100))
    other = place(county, ordering.Item(county.hoist().stock_code), prescriber=junior)
    assert (other.authorised_by, other.authorised_value) == ("", None)
    county.product("HOIST").price = Decimal(1)
    county.product("HOIST").save()
    authorising.authorise(other, county.prescriber, by=BY, at=TUESDAY)
    Prescriber.objects.update(order_limit=1)
    other.refresh_from_db()
    assert (other.authorised_by, other.authorised_value) == ("Ola Therapist", Decimal(900))
    [placed, *_] = Event.objects.filter(subject="order", subject_id=own.pk)
    assert placed.facts == {"total": "100.00", "limit": "100"}
    agreed = Event.objects.get(subject="order", subject_id=other.pk, verb="authorise")
    assert agreed.facts == {"total": "900.00", "limit": "5000"}


def test_cancelling_frees_what_was_reserved(county):
    asset = county.new(county.commode())
    order = place(county, ordering.Item("COMMODE"))
    ordering.cancel(order, by=BY, at=TUESDAY, reason="not needed")
    order.refresh_from_db()
    assert (order.state, order.lines.get().state, Visit.objects.get().state) == ("cancelled",) * 3
    assert state_of(asset) == AssetState.AVAILABLE


def test_cancelling_one_order_leaves_the_others_on_the_same_visit(county):
    kept = county.new(county.commode())
    gone = county.new(county.product("FRAME"))
    discharge = county.discharge()
    place(county, ordering.Item("COMMODE"), discharge=discharge)
    second = place(county, ordering.Item("FRAME"), discharge=discharge)
    ordering.cancel(second, by=BY, at=TUESDAY, reason="has one")
    assert (state_of(kept), state_of(gone)) == (AssetState.RESERVED, AssetState.AVAILABLE)
    visit = Visit.objects.get()
    assert (visit.state, [a.state for a in visit.activities.all()]) == ("open", ["open", "cancelled"])


def test_the_price_then_in_force_is_kept(county):
    """Rule 16: the price then in force."""
    county.new(county.commode())
    order = place(county, ordering.Item("COMMODE"))
    county.commode().price = Decimal(999)
    county.commode().save()
    assert order.lines.get().unit_price == Decimal(100)


def test_rule_35_an_address_that_is_not_on_the_map_is_no_reason_to_refuse_an_order(county):
    county.new(county.commode())
    for postcode, problem in (
        ("ZX1 9ZZ", "no longer in use"),
        ("ZX9 9ZZ", "not in the gazetteer"),
        ("nonsense", "not a UK"),
    ):
        order = place(
            county, ordering.Item("COMMODE"), discharge=county.discharge(address=county.address(postcode=postcode))
        )
        assert order.state == "authorised"
        assert problem in order.address.location_problem
