"""The pages of counts: nothing of what is expected is shown before two people have looked."""

from __future__ import annotations

from typing import Any

import pytest

from equipment import locations, stocktake
from equipment.jobs import Capability, CountState
from equipment.models import Asset, Location, StockCount, StockLine
from equipment.roles import STORE_ASSISTANTS
from equipment.states import AssetState
from tests.county import BY, LONG_AGO, County, state_of
from tests.equipment.admin.rows import manager, signed_in, staff, user

pytestmark = pytest.mark.django_db
PAGE = "/admin/equipment/stockcount/"


def standing(county: County) -> tuple[Asset, Location]:
    place = Location.objects.create(store=county.store, code="A-1", capabilities=[Capability.SHELF])
    asset = county.new(county.commode())
    locations.put_away(asset, place, by=BY, at=LONG_AGO)
    return asset, place


def begun(client: Any, county: County, place: Location | None = None) -> StockCount:
    client.post(f"{PAGE}do/start/", {"store": county.store.pk, "location": place.pk if place else ""})
    return StockCount.objects.get()


def test_two_people_count_and_a_manager_decides(county: County) -> None:
    gone, place = standing(county)
    first, second = staff(county), signed_in(user("bea", county.provider, STORE_ASSISTANTS))
    count = begun(first, county, place)
    one = f"{PAGE}{count.pk}/"
    first.post(f"{one}do/end-first/")
    count.refresh_from_db()
    assert count.state == CountState.RECOUNT
    first.post(f"{one}do/see/", {"number": gone.number})
    assert count.lines.get().second is None
    second.post(f"{one}do/end-recount/")
    refused = second.post(f"{one}do/close/", follow=True)
    assert "a store manager's decision" in " ".join(map(str, refused.context["messages"]))
    assert state_of(gone) == AssetState.AVAILABLE
    manager(county).post(f"{one}do/close/")
    count.refresh_from_db()
    assert (count.state, count.first_by, count.second_by) == (CountState.CLOSED, "user:sam", "user:bea")
    assert state_of(gone) == AssetState.LOST
    page = second.get(f"{one}change/").content.decode()
    assert "Not found: written off as lost." in page
    assert "-100.00" in page


def test_the_page_is_blind_until_two_people_have_looked(county: County) -> None:
    gone, _ = standing(county)
    county.stock(county.raisers(), 8765)
    client = staff(county)
    count = begun(client, county)
    for page in (f"{PAGE}{count.pk}/change/", f"{PAGE}{count.pk}/do/tally/", PAGE):
        text = client.get(page).content.decode()
        assert gone.number not in text, page
        assert "8765" not in text, page
    assert "Shown when two people have looked." in client.get(f"{PAGE}{count.pk}/change/").content.decode()


def test_stock_is_tallied_on_one_form_and_what_is_left_empty_waits(county: County) -> None:
    raisers, other = county.stock(county.raisers(), 8), county.stock(county.product("PAD", tracking="quantity"), 3)
    client = staff(county)
    count = begun(client, county)
    client.post(f"{PAGE}{count.pk}/do/tally/", {f"line_{raisers.pk}": "6", f"line_{other.pk}": ""})
    found = dict(count.lines.values_list("stock_line", "first"))
    assert found == {raisers.pk: 6, other.pk: None}
    client.post(f"{PAGE}{count.pk}/do/tally/", {f"line_{other.pk}": "3"})
    client.post(f"{PAGE}{count.pk}/do/end-first/")
    other_one = signed_in(user("bea", county.provider, STORE_ASSISTANTS))
    page = other_one.get(f"{PAGE}{count.pk}/do/tally/")
    assert list(page.context["form"].fields) == [f"line_{raisers.pk}"]
    other_one.post(f"{PAGE}{count.pk}/do/tally/", {f"line_{raisers.pk}": "7"})
    other_one.post(f"{PAGE}{count.pk}/do/end-recount/")
    other_one.post(f"{PAGE}{count.pk}/do/close/")
    assert StockLine.objects.get(pk=raisers.pk).count == 7


def test_what_belongs_to_another_store_is_here_all_the_same(county: County) -> None:
    """The counter works in the satellite only, and still may write down what turns up there."""
    ward = county.satellite()
    account = user("wes", county.provider, STORE_ASSISTANTS)
    account.membership.stores.set([ward])
    client, astray = signed_in(account), county.new(county.commode())
    count = stocktake.start(ward, by="user:wes", at=LONG_AGO)
    client.post(f"{PAGE}{count.pk}/do/see/", {"number": astray.number})
    line = count.lines.get()
    assert (line.asset, line.expected, line.first) == (astray, 0, 1)
    away = stocktake.start(county.store, by=BY, at=LONG_AGO)
    assert [row.pk for row in client.get(PAGE).context["cl"].result_list] == [count.pk]
    assert client.post(f"{PAGE}{away.pk}/do/end-first/").status_code == 404
    assert client.post(f"{PAGE}do/start/", {"store": county.store.pk}).status_code == 400
