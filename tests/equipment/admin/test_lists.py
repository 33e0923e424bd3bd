"""The lists: what they count, what they may cost, and who sees what."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from equipment.admin_base import UNFOLD
from equipment.models import Asset
from equipment.roles import FLOOR_GROUPS
from equipment.states import AssetState
from tests.county import BY, TUESDAY, County
from tests.equipment.admin.rows import signed_in, staff, user

pytestmark = pytest.mark.django_db
ASSETS = "/admin/equipment/asset/"
SIDEBAR = 1 if UNFOLD else 0  # it asks for the groups of the user


def numbers(page: Any) -> set[str]:
    return {asset.number for asset in page.context["cl"].result_list}


def test_the_list_of_assets_costs_the_same_however_long(county: County, django_assert_num_queries: Any) -> None:
    """Session, user, groups, own stores, permissions (2), organisations, stores and products to choose from, count,
    rows; the sidebar.
    """
    client = staff(county)
    for _ in range(3):
        county.new(county.commode())
    with django_assert_num_queries(11 + SIDEBAR):
        client.get(ASSETS)
    for _ in range(12):
        county.new(county.commode())
    with django_assert_num_queries(11 + SIDEBAR):
        client.get(ASSETS)


def test_no_list_counts_a_whole_table(county: County, django_assert_max_num_queries: Any) -> None:
    client = staff(county)
    county.new(county.commode())
    with django_assert_max_num_queries(12) as captured:
        client.get(ASSETS)
    counts = [query["sql"] for query in captured.captured_queries if "COUNT(" in query["sql"]]
    assert counts and all("LIMIT 5000" in sql for sql in counts)


@pytest.mark.parametrize("term", ["number", "serial", "barcode"])
def test_an_asset_is_found_by_number_serial_or_barcode(county: County, term: str) -> None:
    asset = county.new(county.commode())
    county.new(county.commode())
    Asset.objects.filter(pk=asset.pk).update(serial="SN-1", barcode="BC-1")
    asset.refresh_from_db()
    assert numbers(staff(county).get(ASSETS, {"q": getattr(asset, term)})) == {asset.number}


def test_the_words_for_work_filter(county: County) -> None:
    dirty, ready = county.dirty(county.product("A")), county.new(county.product("B"))
    out = county.on_loan(county.product("C")).asset
    assert out is not None
    Asset.objects.filter(pk__in=[ready.pk, out.pk]).update(test_due_on=TUESDAY.date().replace(day=2))
    client = staff(county)
    for word, expected in {
        "to_clean": {dirty.number},
        "ready": {ready.number},
        "out": {out.number},
        "overdue_stock": {ready.number},
        "overdue_loan": {out.number},
        "held": set(),
    }.items():
        assert numbers(client.get(ASSETS, {"work": word})) == expected, word


def test_rows_of_other_organisations_do_not_exist(county: County) -> None:
    mine, theirs = county.new(county.commode()), county.new(county.commode(), owner=county.other)
    client = staff(county)
    assert numbers(client.get(ASSETS)) == {mine.number}
    assert client.get(f"{ASSETS}{theirs.pk}/change/").status_code == 302  # to the front page: no such asset
    assert client.get(f"{ASSETS}{mine.pk}/change/").status_code == 200
    people = [county.person(), county.person(county.other)]
    shown = client.get("/admin/equipment/person/").context["cl"].result_list
    assert {person.pk for person in shown} == {people[0].pk}


def test_a_superuser_without_organisation_sees_all_and_a_user_without_one_nothing(county: County) -> None:
    asset = county.new(county.commode(), owner=county.other)
    assert numbers(signed_in(user("root", superuser=True)).get(ASSETS)) == {asset.number}
    assert numbers(signed_in(user("lost", None, *FLOOR_GROUPS)).get(ASSETS)) == set()


def test_a_choice_offers_only_what_the_user_may_see(county: County) -> None:
    page = staff(county).get(f"{ASSETS}add/")
    owners = page.context["adminform"].form.fields["owner"].queryset
    assert set(owners) == {county.provider, county.council}


def test_a_new_asset_is_booked_in_by_the_verb(county: County) -> None:
    client = staff(county)
    form = {
        "product": county.commode().pk,
        "store": county.store.pk,
        "owner": county.provider.pk,
        "purchase_price": "80",
    }
    assert client.post(f"{ASSETS}add/", form).status_code == 302
    asset = Asset.objects.get()
    assert (asset.state, asset.events.get().verb, asset.events.get().by) == (AssetState.RECEIVED, "book_in", "user:sam")
    counted = client.post(f"{ASSETS}add/", {**form, "product": county.raisers().pk})
    assert "counted, not numbered" in counted.content.decode()
    assert Asset.objects.count() == 1


def test_the_page_of_an_asset_cannot_move_it(county: County) -> None:
    asset = county.new(county.commode())
    form = {"serial": "NEW", "barcode": "", "state": "disposed", "store": "", "test_due_on": "2030-01-01"}
    answer = staff(county).post(f"{ASSETS}{asset.pk}/change/", form | _empty_inlines())
    assert answer.status_code == 302
    asset.refresh_from_db()
    assert (asset.serial, asset.state, asset.store, asset.test_due_on) == ("NEW", "available", county.store, None)


def _empty_inlines() -> dict[str, str]:
    names = ("events", "decontaminations", "inspections", "returns", "loans", "repairs", "disposal")
    return {f"{name}-{part}_FORMS": "0" for name in names for part in ("TOTAL", "INITIAL")}


def test_a_wrong_nhs_number_is_refused_and_the_list_does_not_show_it(county: County) -> None:
    client = signed_in(user("root", superuser=True))
    form = {"given_name": "A", "family_name": "B", "organisation": county.council.pk, "nhs_number": "9434765910"}
    assert "not a valid NHS number" in client.post("/admin/equipment/person/add/", form).content.decode()
    county.person(nhs_number="9434765919")
    assert "9434765919" not in client.get("/admin/equipment/person/").content.decode()


def test_script_may_be_evaluated_under_the_admin_path_only(county: County, settings: Any) -> None:
    client: Client = staff(county)
    assert ("'unsafe-eval'" in client.get("/admin/")["Content-Security-Policy"]) == (settings.ADMIN_THEME == "unfold")
    for path in ("/healthz", reverse("docs")):
        policy = client.get(path)["Content-Security-Policy"]
        assert "unsafe-eval" not in policy
    assert (
        "'unsafe-inline'" not in client.get("/admin/")["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    )


def test_signing_in_leads_to_the_landing_page(county: County) -> None:
    assert Client().get("/admin/login/")["Location"] == "/admin/login/?next=%2Fadmin%2F"


def test_a_held_asset_says_so(county: County) -> None:
    from equipment.lifecycle import advance

    asset = county.new(county.commode())
    advance(asset, AssetState.HELD, by=BY, at=TUESDAY, reason="notice")
    assert "It is held, not on the shelf." in staff(county).get(f"{ASSETS}{asset.pk}/change/").content.decode()


def test_a_filter_by_what_only_looks_like_a_number_shows_everything(county: County) -> None:
    county.new(county.commode())
    page = staff(county).get("/admin/equipment/asset/?product=²&store=²")
    assert (page.status_code, len(page.context["cl"].result_list)) == (200, 1)
