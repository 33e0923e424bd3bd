"""The landing page: the queues of this person's duties first, what it may cost, and what a store's own staff see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import ForeignKey, Model
from django.test import Client

from config import navigation
from equipment import decontamination, queues
from equipment.errors import Refused
from equipment.lifecycle import advance
from equipment.models import (
    Asset,
    Membership,
    Reservation,
    StockAdjustment,
    StockLevel,
    StockLine,
    Store,
    TestRegime,
    Transfer,
)
from equipment.roles import (
    DECONTAMINATION_TECHNICIANS,
    DISCHARGE_TEAM,
    FLOOR_GROUPS,
    STORE_ASSISTANTS,
    STORE_MANAGERS,
    TEST_TECHNICIANS,
    actor_of,
)
from equipment.states import AssetState
from tests.county import BY, TUESDAY, County
from tests.equipment.admin.rows import manager, one_of_everything, signed_in, staff, user

pytestmark = pytest.mark.django_db
ASSETS = "/admin/equipment/asset/"
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
# Not shown by store, each with the reason.
WHOLE_SERVICE = {
    "equipment.Loan": "what is with a person is looked after from everywhere",
    "equipment.Transfer": "of two stores: it asks for both itself",
    "equipment.Disposal": "what is gone is in no store",
    "equipment.AlertUnit": "an alert is about every store at once",
    "equipment.Sim": "a SIM goes with its hub, home and back",
}
HOUR = timedelta(hours=1)


def tiles(client: Client) -> dict[str, Any]:
    """The tiles of work by the name of their queue."""
    return {tile.url.split("/")[-2]: tile for tile in client.get("/admin/").context["tiles"]}


def second_store(county: County) -> Store:
    return Store.objects.create(
        code="SOUTH",
        name="South store",
        kind="satellite",
        organisation=county.provider,
        address="9 Mill Lane",
        postcode="ZX2 1AA",
        latitude=52.24,
        longitude=-2.86,
    )


def of_store(county: County, store: Store, *groups: str) -> Client:
    """Somebody who works in that store only."""
    account = user("stan", county.provider, *(groups or FLOOR_GROUPS))
    Membership.objects.get(user=account).stores.add(store)
    return signed_in(account)


def there(asset: Asset, store: Store) -> Asset:
    Asset.objects.filter(pk=asset.pk).update(store=store)
    asset.refresh_from_db()
    return asset


# What it shows ------------------------------------------------------------------------------------------------------


def test_every_number_on_the_landing_page_is_the_length_of_its_list(county: County) -> None:
    one_of_everything(county)
    client = signed_in(user("root", superuser=True))
    page = client.get("/admin/")
    for tile in page.context["tiles"]:
        assert client.get(tile.url).context["count"] == tile.count, tile.url
    lists = [(one.url, one.count) for one in [*page.context["shelf"], *page.context["decisions"]]]
    lists += [(word["url"], word["count"]) for word in page.context["home"].words]
    assert sum(count for _, count in lists) >= 3
    for url, count in lists:
        assert client.get(url).context["cl"].result_count == count, url


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (DECONTAMINATION_TECHNICIANS, ["clean", "washing", "shelve", "returning"]),
        (TEST_TECHNICIANS, ["test", "repair", "shelve", "accept"]),
        (STORE_ASSISTANTS, ["shelve", "pick", "lane", "accept", "returning", "collect", "transfers"]),
        (STORE_MANAGERS, [queue.name for queue in queues.QUEUES]),
    ],
)
def test_each_role_sees_its_own_queues_only(county: County, group: str, expected: list[str]) -> None:
    page = signed_in(user("sam", county.provider, group)).get("/admin/")
    assert [tile.url.split("/")[-2] for tile in page.context["tiles"]] == expected
    assert (page.context["decisions"] is not None) == (group == STORE_MANAGERS)


def test_a_tile_says_how_long_the_oldest_waits_how_many_are_late_and_who_is_next(county: County) -> None:
    """The target for cleaning is 24 hours: 26 hours are late, two are not."""
    old, new = county.dirty(county.commode()), county.dirty(county.commode())
    Asset.objects.filter(pk=old.pk).update(since=TUESDAY - 26 * HOUR)
    Asset.objects.filter(pk=new.pk).update(since=TUESDAY - 2 * HOUR)
    order = county.order(county.discharge(), "COMMODE")
    tile = tiles(staff(county))["clean"]
    assert (tile.count, tile.late, tile.oldest, tile.target, tile.colour) == (2, 1, "1 day 2 h", "1 day", "danger")
    assert tile.next == f"Commode {old.number}, for {order.person.initials}, needed Thu 5 Mar, 12:00"


def test_what_is_promised_is_next_to_be_picked(county: County) -> None:
    asset = county.new(county.commode())
    order = county.order(county.discharge(), "COMMODE")
    tile = tiles(staff(county))["pick"]
    assert tile.next == f"Commode {asset.number}, promised to {order.person.initials} for Thursday"
    assert (tile.late, tile.target) == (0, "")


def test_what_is_cleaned_is_to_test_or_to_put_away_as_its_product_needs(county: County) -> None:
    hoist = county.hoist()
    TestRegime.objects.update(on_return=True)
    for product in (hoist, county.commode(), county.product("STICK")):
        asset = county.dirty(product)
        decontamination.begin(asset, by=BY, at=TUESDAY)
        decontamination.record(asset, method="sporicidal", passed=True, by=BY, at=TUESDAY)
    found = tiles(staff(county))
    assert (found["test"].count, found["shelve"].count, found["clean"].count) == (1, 2, 0)


def test_the_landing_page_leaves_out_what_a_user_may_not_see(county: County) -> None:
    page = signed_in(user("dee", county.council, DISCHARGE_TEAM)).get("/admin/")
    assert [page.context[part] for part in ("tiles", "shelf", "decisions")] == [None, None, None]
    assert page.context["home"] is not None
    assert not page.context["scans"]


def test_a_manager_is_told_what_waits_for_a_decision(county: County) -> None:
    county.raisers(4)
    line = StockLine.objects.get()
    asked = {"line": line, "reason": "count", "asked_at": TUESDAY, "asked_by": BY, "value": 500}
    StockAdjustment.objects.create(quantity=-3, **asked)
    StockAdjustment.objects.create(quantity=-3, decided_at=TUESDAY, decided_by="user:mo", approved=False, **asked)
    south = second_store(county)
    for product, least in ((county.raisers(), 5), (county.commode(), 1)):
        StockLevel.objects.create(store=county.store, product=product, minimum=least, maximum=9)
    StockLevel.objects.create(store=south, product=county.raisers(), minimum=0, maximum=9)
    county.new(county.commode())
    Transfer.objects.create(source=county.store, destination=south, state="sent", raised_at=TUESDAY, raised_by=BY)
    counts = {one.label: one.count for one in manager(county).get("/admin/").context["decisions"]}
    assert counts == {
        "Safety alerts open": 0,
        "Adjustments to decide": 1,
        "Counts to review": 0,
        "Transfers on the road": 1,
        "Sets returned in parts": 0,
        "Imports to decide": 0,
        "Stock below its minimum": 1,
    }


def test_every_list_is_reached_from_the_sidebar_once(county: County) -> None:
    """What has an admin has a place in it."""
    entries = [to for _, group in navigation._GROUPS for _, _, to in group]
    assert len(entries) == len(set(entries))
    assert {model._meta.label_lower for model in MODELS} == {to for to in entries if "." in to}


# What it costs ------------------------------------------------------------------------------------------------------


def test_the_landing_page_costs_the_same_however_much_there_is(county: County, django_assert_num_queries: Any) -> None:
    """Session, user, groups, stores, organisations, permissions (2); queues, who waits for what (3), what of it is
    first; shelf and tests; discharges (5), visits, routes, crews."""
    client = staff(county)
    one_of_everything(county)
    with django_assert_num_queries(21):
        client.get("/admin/")
    for n in range(4):
        county.new(county.commode())
        county.order(county.discharge(), "COMMODE")
        county.received(county.product(f"X{n}"))
    with django_assert_num_queries(21):
        client.get("/admin/")


def test_a_managers_decisions_cost_one_query_more(county: County, django_assert_num_queries: Any) -> None:
    client = manager(county)
    one_of_everything(county)
    with django_assert_num_queries(22):
        client.get("/admin/")


# A store's own staff ------------------------------------------------------------------------------------------------


def test_lists_searches_and_queues_hold_the_assets_of_ones_own_store_only(county: County) -> None:
    mine = county.dirty(county.commode())
    theirs = there(county.dirty(county.product("STOOL")), second_store(county))
    client = of_store(county, county.store)
    for query in ({}, {"q": mine.number[:3]}, {"work": "to_clean"}):
        shown = client.get(ASSETS, query).context["cl"].result_list
        assert {asset.number for asset in shown} == {mine.number}, query
    assert client.get(ASSETS, {"q": theirs.number}).context["cl"].result_count == 0
    assert [row.number for row in client.get("/admin/queue/clean/").context["rows"]] == [mine.number]
    assert tiles(client)["clean"].count == 1


def test_a_page_of_another_store_does_not_exist(county: County) -> None:
    theirs = there(county.dirty(county.hoist()), second_store(county))
    client = of_store(county, county.store)
    assert client.get(f"{ASSETS}{theirs.pk}/change/").status_code == 302  # to the front page: no such asset
    for rows in ("decontaminations", "returns", "inspections"):
        for row in getattr(theirs, rows).all():
            page = f"/admin/equipment/{row._meta.model_name}/"
            assert client.get(page).context["cl"].result_count == 0
            assert client.get(f"{page}{row.pk}/change/").status_code == 302


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_list_of_what_belongs_to_a_store_keeps_to_it(model: type[Model]) -> None:
    """A model that names its store, its asset or its counted stock is shown by store, or says here why not."""
    names = {field.name for field in model._meta.get_fields() if isinstance(field, ForeignKey)}
    if names & {"store", "asset", "stock_line", "source"} and model._meta.label not in WHOLE_SERVICE:
        assert admin.site._registry[model].store_field, model


def test_routes_visits_and_vans_are_those_of_ones_own_store(county: County) -> None:
    one_of_everything(county)
    here, away = of_store(county, county.store, STORE_MANAGERS), second_store(county)
    stranger = user("sue", county.provider, STORE_MANAGERS)
    Membership.objects.get(user=stranger).stores.add(away)
    for name in ("route", "visit", "followup", "van", "shift", "planrun", "order"):
        page = f"/admin/logistics/{name}/"
        assert here.get(page).context["cl"].result_count > 0, name
        assert signed_in(stranger).get(page).context["cl"].result_count == 0, name
    assert [store.pk for store in signed_in(stranger).get("/admin/equipment/store/").context["cl"].result_list] == [
        away.pk
    ]


def test_what_is_in_no_store_is_everybodys(county: County) -> None:
    out = county.on_loan(county.commode()).asset
    assert out is not None
    shown = of_store(county, second_store(county)).get(ASSETS).context["cl"].result_list
    assert [asset.number for asset in shown] == [out.number]


def test_choices_offer_ones_own_store_only(county: County) -> None:
    south = second_store(county)
    client = of_store(county, south)
    form = client.get(f"{ASSETS}add/").context["adminform"].form
    assert list(form.fields["store"].queryset) == [south]
    [by_store] = [one for one in client.get(ASSETS).context["cl"].selects() if one["name"] == "store"]
    assert [name for _, name in by_store["options"]] == ["South store"]


def test_a_reservation_belongs_to_the_store_of_what_it_holds(county: County) -> None:
    south = second_store(county)
    county.raisers(5)
    county.new(county.commode())
    county.order(county.discharge(), "COMMODE", "RAISER")
    held = Reservation.objects.get(asset__isnull=False)
    assert held.asset is not None
    there(held.asset, south)
    address = "/admin/equipment/reservation/"
    assert list(of_store(county, south).get(address).context["cl"].result_list) == [held]


def test_a_membership_offers_stores_of_organisations_in_sight(county: County) -> None:
    county_store = county.store
    Store.objects.create(
        code="ELSE",
        name="Elsewhere",
        kind="depot",
        organisation=county.other,
        address="",
        postcode="ZX3 1AA",
        latitude=53.0,
        longitude=-2.0,
    )
    client = signed_in(user("root", county.provider, superuser=True))
    page = client.get("/admin/equipment/membership/add/")
    assert list(page.context["adminform"].form.fields["stores"].queryset) == [county_store]


def test_a_held_asset_of_another_store_is_released_by_its_own_manager_only(county: County) -> None:
    """The door of the verb, not only the button: rule of duties."""
    asset = there(county.new(county.commode()), second_store(county))
    advance(asset, AssetState.HELD, by=BY, at=TUESDAY, reason="notice")
    asset.refresh_from_db()
    of_store(county, county.store, STORE_MANAGERS)
    boss = Membership.objects.get(user__username="stan").user
    with pytest.raises(Refused) as refusal:
        advance(asset, AssetState.QUARANTINE, by=actor_of(boss), at=TUESDAY, reason="withdrawn")
    assert refusal.value.code == "another_store"
