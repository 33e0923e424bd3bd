from __future__ import annotations

import pytest

from equipment.errors import Invalid
from equipment.models import Store
from logistics import siting
from logistics.models import OutboxRow, Postcode
from tests.county import BY, TUESDAY


def test_a_postcode_in_the_gazetteer_gives_its_point(county):
    address = county.address(postcode="zx11ab")
    siting.locate(address, at=TUESDAY)
    assert (address.latitude, address.longitude, address.accuracy) == (52.21, -2.89, "unit")


def test_an_unknown_unit_of_a_known_sector_is_placed_roughly_and_says_so(county):
    address = county.address(postcode="ZX3 1QQ")
    siting.locate(address, at=TUESDAY)
    assert (address.latitude, address.accuracy) == (52.3, "sector")


def test_rule_35_a_pin_sets_the_point_and_lets_routing_go_on(county):
    county.new(county.commode())
    discharge = county.discharge(address=county.address(postcode="ZX1 9ZZ"))
    order = county.order(discharge, "COMMODE")
    OutboxRow.objects.all().delete()
    siting.pin(order.address, 52.25, -2.85, by=BY, at=TUESDAY)
    order.address.refresh_from_db()
    assert (order.address.accuracy, order.address.location_problem) == ("pin", "")
    assert OutboxRow.objects.get().kind == "plan"


@pytest.mark.parametrize(("latitude", "longitude"), [(48.0, 0.0), (52.0, 5.0), (-2.85, 52.25), (52.0, -20.0)])
def test_a_pin_outside_the_united_kingdom_is_refused(county, latitude, longitude):
    address = county.address()
    with pytest.raises(Invalid) as refusal:
        siting.pin(address, latitude, longitude, by=BY, at=TUESDAY)
    assert refusal.value.code == "pin_outside_uk"
    address.refresh_from_db()
    assert address.accuracy == "none"


def test_a_pin_is_not_undone_by_the_gazetteer(county):
    address = county.address(postcode="ZX1 1AB")
    siting.pin(address, 52.25, -2.85, by=BY, at=TUESDAY)
    siting.locate(address, at=TUESDAY)
    address.refresh_from_db()
    assert (address.latitude, address.accuracy) == (52.25, "pin")


def test_a_new_gazetteer_places_those_who_waited(county):
    county.new(county.commode())
    order = county.order(county.discharge(address=county.address(postcode="ZX5 5XX")), "COMMODE")
    assert not order.address.is_located
    Postcode.objects.create(
        postcode="ZX55XX", sector="ZX55", latitude=52.4, longitude=-2.7, accuracy="unit", source="t"
    )
    assert siting.relocate(at=TUESDAY) == 1
    order.address.refresh_from_db()
    assert order.address.accuracy == "unit"


def test_the_nearest_depot_delivers(county):
    far = Store.objects.create(
        code="AFAR",
        name="Far",
        kind="depot",
        organisation=county.provider,
        address="x",
        postcode="ZX9 9AA",
        latitude=55,
        longitude=-3,
    )
    Store.objects.create(
        code="WARD",
        name="Ward",
        kind="buffer",
        organisation=county.provider,
        address="x",
        postcode="ZX9 9AA",
        latitude=52.21,
        longitude=-2.89,
    )
    address = county.address(postcode="ZX1 1AB")
    siting.locate(address, at=TUESDAY)
    assert siting.depot_for(address, county.council) == county.store
    address.latitude = 54.9
    assert siting.depot_for(address, county.council) == far
