"""The pick page: what it shows to whom, and that each form calls its verb."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from equipment.models import ApprovedEquivalent, Asset, Location, Membership, Reservation, Store
from equipment.roles import DECONTAMINATION_TECHNICIANS, DISCHARGE_TEAM, STORE_ASSISTANTS, STORE_MANAGERS
from equipment.states import AssetState
from logistics.models import FollowUp, Route
from tests.county import LONG_AGO, TUESDAY, County, state_of
from tests.equipment.admin.rows import signed_in, user
from tests.logistics.driver import rows

pytestmark = pytest.mark.django_db
PAGE = "/admin/pick/"


@pytest.fixture(autouse=True)
def on_tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("equipment.clock.now", lambda: TUESDAY)


@pytest.fixture
def commode(county: County) -> Asset:
    """Reserved for the second stop of Wednesday's van, after chair raisers for the first."""
    asset = county.new(county.commode())
    shelf = Location.objects.create(store=county.store, code="A-03-2", capabilities=["shelf"])
    Asset.objects.filter(pk=asset.pk).update(location=shelf)
    county.raisers(10)
    doors = [rows.delivery(county, county.address(), code) for code in ("RAISER", "COMMODE")]
    rows.plan(county, doors)
    return asset


def staff(county: County, group: str = STORE_ASSISTANTS) -> Client:
    return signed_in(user("sam", county.provider, group))


def said(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def held(asset: Asset) -> int:
    return Reservation.objects.get(asset=asset, ended_at=None).pk


def test_the_page_opens_on_the_next_day_with_a_van_in_shelf_order(county: County, commode: Asset) -> None:
    answer = staff(county).get(PAGE)
    assert (answer.context["chosen"].store, str(answer.context["chosen"].day)) == (county.store, "2026-03-04")
    shown = answer.content.decode()
    assert shown.index("A-03-2") < shown.index("Chair raisers")
    assert "<strong>2</strong> of 2 still to pick" in shown
    assert "ZX26 VAN</b> 0 of 2 picked, 0 in the lane or on the van" in shown


def test_a_scan_picks_and_comes_back_to_the_list(county: County, commode: Asset) -> None:
    client = staff(county)
    answer = client.post(PAGE, {"do": "pick", "scanned": f" {commode.number} "})
    assert (answer.status_code, state_of(commode)) == (302, AssetState.PICKED)
    assert said(answer) == f"{commode.number} Commode: picked for ZX26 VAN."
    assert "<strong>1</strong> of 2 still to pick" in client.get(answer["Location"]).content.decode()


def test_a_wrong_number_is_said_above_the_list_and_changes_nothing(county: County, commode: Asset) -> None:
    spare = county.new(county.commode())
    answer = staff(county).post(PAGE, {"do": "pick", "scanned": spare.number})
    assert answer.status_code == 409
    assert f"{spare.number} is a Commode, but not on this list. Put it back." in answer.content.decode()
    assert (state_of(spare), Route.objects.get().state) == (AssetState.AVAILABLE, "planned")


def test_staging_is_by_van_last_stop_first(county: County, commode: Asset) -> None:
    client, route = staff(county), Route.objects.get()
    shown = client.get(f"{PAGE}?show=stage").content.decode()
    assert shown.index(commode.number) < shown.index("Chair raisers")
    answer = client.post(f"{PAGE}?show=stage", {"do": "stage", "route": route.pk, "scanned": "RAISER"})
    assert said(answer) == "1 Chair raisers: in the lane of ZX26 VAN, stop 1."
    assert "show=stage" in answer["Location"]
    assert client.post(PAGE, {"do": "stage", "route": 0, "scanned": "RAISER"}).status_code == 404


def test_what_is_not_there_is_reported_from_its_row(county: County, commode: Asset) -> None:
    client = staff(county)
    form = {"do": "short", "reservation": held(commode), "then": "lost", "reason": "not at A-03-2"}
    assert client.post(PAGE, form | {"then": ""}).status_code == 400
    answer = client.post(PAGE, form)
    assert said(answer).startswith(f"{commode.number} Commode: short by 1. The depot has a follow-up")
    assert (state_of(commode), FollowUp.objects.get().owner) == (AssetState.LOST, "depot")
    assert client.post(PAGE, form).status_code == 404


def test_of_counted_stock_it_asks_how_many_there_are(county: County, commode: Asset) -> None:
    client = staff(county)
    raisers = Reservation.objects.get(asset=None)
    form = {"do": "short", "reservation": raisers.pk, "then": "lost", "reason": "bin empty"}
    assert client.post(PAGE, form | {"found": "many"}).status_code == 400
    answer = client.post(PAGE, form | {"found": "0"})
    assert said(answer) == "1 Chair raisers: short. 1 more goes instead."


def test_what_may_go_instead_is_offered_and_taken(county: County, commode: Asset) -> None:
    chair = county.product("CHAIR", name="Shower chair")
    ApprovedEquivalent.objects.create(product=county.commode(), substitute=chair, note="same height")
    other = county.new(chair)
    client = staff(county)
    shown = client.get(f"{PAGE}?instead={held(commode)}").content.decode()
    assert f"Take {other.number}" in shown
    assert "Approved equivalent</span> same height" in shown
    form = {"do": "instead", "reservation": held(commode), "asset": other.pk, "old": "missing", "reason": "gone"}
    assert client.post(PAGE, form | {"asset": 0}).status_code == 400
    answer = client.post(PAGE, form)
    assert said(answer) == f"{other.number} Shower chair goes instead of {commode.number} Commode."
    assert (state_of(other), state_of(commode)) == (AssetState.RESERVED, AssetState.LOST)


def test_when_nothing_may_go_instead_it_says_what_to_do(county: County, commode: Asset) -> None:
    shown = staff(county).get(f"{PAGE}?instead={held(commode)}").content.decode()
    assert "Nothing on the shelf may go instead. Report it short" in shown
    assert staff_free(county).get(f"{PAGE}?instead=0").status_code == 404


def staff_free(county: County) -> Client:
    return signed_in(user("free", county.provider, STORE_MANAGERS))


def test_who_does_not_pick_sees_the_list_and_no_forms(county: County, commode: Asset) -> None:
    client = staff(county, DECONTAMINATION_TECHNICIANS)
    shown = client.get(PAGE).content.decode()
    assert commode.number in shown
    assert 'name="scanned"' not in shown
    assert "Report it short" not in shown
    answer = client.post(PAGE, {"do": "pick", "scanned": commode.number})
    assert (answer.status_code, state_of(commode)) == (409, AssetState.RESERVED)
    assert "This is picking: ask somebody who does it." in answer.content.decode()


def test_only_the_store_may_come_here(county: County, commode: Asset) -> None:
    assert signed_in(user("dee", county.provider, DISCHARGE_TEAM)).get(PAGE).status_code == 403
    assert "/admin/login/" in Client().get(PAGE)["Location"]


def test_another_organisations_lists_are_nobody_elses(county: County, commode: Asset) -> None:
    client = signed_in(user("eve", county.other, STORE_MANAGERS))
    answer = client.get(f"{PAGE}?store={county.store.pk}")
    assert answer.context["chosen"].store is None
    assert commode.number not in answer.content.decode()
    assert client.post(f"{PAGE}?store={county.store.pk}", {"do": "pick", "scanned": commode.number}).status_code == 404


def test_who_works_in_one_store_sees_that_one(county: County, commode: Asset) -> None:
    east = Store.objects.create(
        code="EAST", name="East", kind="depot", organisation=county.provider, latitude=52, longitude=-2
    )
    account = user("sam", county.provider, STORE_ASSISTANTS)
    Membership.objects.get(user=account).stores.add(east)
    answer = signed_in(account).get(f"{PAGE}?store={county.store.pk}")
    assert (answer.context["chosen"].store, answer.context["chosen"].stores) == (east, [east])
    assert "No van of this store is still to be loaded on this day." in answer.content.decode()


@pytest.mark.parametrize("query", ["?day=2026-02-31", "?day=nonsense", "?store=x", "?store=999999999999999999999"])
def test_an_address_that_means_nothing_shows_the_usual_list(county: County, commode: Asset, query: str) -> None:
    answer = staff(county).get(PAGE + query)
    assert (answer.status_code, str(answer.context["chosen"].day)) == (200, "2026-03-04")


def test_an_unknown_deed_does_nothing(county: County, commode: Asset) -> None:
    assert staff(county).post(PAGE, {"do": "dance"}).status_code == 400
    assert state_of(commode) == AssetState.RESERVED


def test_the_page_costs_the_same_however_much_there_is(
    county: County, commode: Asset, django_assert_num_queries: Any
) -> None:
    client = staff(county)
    client.get(PAGE)  # the session remembers the store
    with django_assert_num_queries(14):
        client.get(PAGE)
    for _ in range(4):
        county.new(county.commode())
    doors = [rows.delivery(county, county.address(), "COMMODE", "RAISER") for _ in range(4)]
    rows.plan(county, doors, registration="ZX26 TWO")
    with django_assert_num_queries(14):
        shown = client.get(PAGE).content.decode()
    assert "of 10 still to pick" in shown


def test_the_list_prints_without_its_forms(county: County, commode: Asset) -> None:
    shown = staff(county).get(PAGE).content.decode()
    assert "house/pick.css" in shown
    assert 'class="house-scanbox no-print"' in shown
    assert 'style="' not in shown.split('class="house house-pick"')[1].split("</main>")[0]


def test_the_sidebar_leads_here(county: County, commode: Asset) -> None:
    assert 'href="/admin/pick/"' in staff(county).get("/admin/").content.decode()


def test_loans_have_a_chip_for_the_rest_of_a_set(county: County) -> None:
    from equipment.models import Loan

    kit = "00000000-0000-4000-8000-000000000001"
    gone, rest, other = (county.on_loan(county.product(code)) for code in ("RAIL", "BED", "STOOL"))
    Loan.objects.filter(pk__in=[gone.pk, rest.pk]).update(kit=kit)
    Loan.objects.filter(pk=gone.pk).update(ended_at=LONG_AGO)
    client = staff(county)
    listed = client.get("/admin/equipment/loan/?loans=rest").context["cl"].result_list
    assert [loan.pk for loan in listed] == [rest.pk]
    assert other.ended_at is None


@pytest.mark.parametrize("reason", ["x" * 5000, "\0", "  "])
def test_a_reason_that_cannot_be_kept_is_asked_for_again(county: County, commode: Asset, reason: str) -> None:
    client = staff(county)
    given = {"do": "short", "reservation": held(commode), "then": "lost", "reason": reason}
    assert client.post(PAGE, given).status_code == 400
    assert client.post(PAGE, {"do": "pick", "scanned": "a\0b"}).status_code == 409
    assert state_of(commode) == AssetState.RESERVED
