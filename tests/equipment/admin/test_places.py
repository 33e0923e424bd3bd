"""The pages of locations and the checklists of products."""

from __future__ import annotations

from typing import Any

import pytest

from equipment import inspections, locations
from equipment.models import InspectionRecord, Location
from tests.county import BY, TUESDAY, County
from tests.equipment.admin.rows import manager, staff

pytestmark = pytest.mark.django_db
PLACES = "/admin/equipment/location/"


def form(county: County, *uses: str, **given: Any) -> dict[str, Any]:
    return {"store": county.store.pk, "code": "A-01", "name": "", "capabilities": uses, "closed_on": "", **given}


def test_a_manager_makes_a_place_and_says_what_it_is_for(county: County) -> None:
    client = manager(county)
    assert client.post(f"{PLACES}add/", form(county, "shelf", "test")).status_code == 302
    place = Location.objects.get()
    assert place.capabilities == ["test", "shelf"] or place.capabilities == ["shelf", "test"]
    page = client.get(f"{PLACES}{place.pk}/change/").content.decode()
    assert "LOC/MAIN/A-01" in page
    assert "Clean shelf" in client.get(PLACES).content.decode()


def test_rule_2_no_place_is_both_dirty_and_clean(county: County) -> None:
    answer = manager(county).post(f"{PLACES}add/", form(county, "shelf", "dirty"))
    assert "Dirty and clean never share a place" in answer.content.decode()
    assert not Location.objects.exists()


def test_a_place_keeps_its_use_while_something_stands_there(county: County) -> None:
    client, asset = manager(county), county.new(county.commode())
    place = Location.objects.create(store=county.store, code="A-01", capabilities=["shelf"])
    locations.put_away(asset, place, by=BY, at=TUESDAY)
    answer = client.post(f"{PLACES}{place.pk}/change/", form(county, "dirty"))
    assert "Move what stands there first: available." in answer.content.decode()
    place.refresh_from_db()
    assert place.capabilities == ["shelf"]


def test_staff_see_places_and_change_none(county: County) -> None:
    client = staff(county)
    assert client.get(PLACES).status_code == 200
    assert client.get(f"{PLACES}add/").status_code == 403


def test_a_test_is_voided_with_a_reason_from_its_page(county: County) -> None:
    asset, client = county.new(county.hoist()), staff(county)
    test = InspectionRecord.objects.get(asset=asset, kind="loler")
    page = f"/admin/equipment/inspectionrecord/{test.pk}/"
    assert [verb.name for verb in client.get(f"{page}change/").context["verbs"]] == ["void"]
    assert client.post(f"{page}do/void/", {"reason": ""}).status_code == 400
    assert client.post(f"{page}do/void/", {"reason": "wrong hoist"}).status_code == 302
    test.refresh_from_db()
    assert (test.voided_by, test.void_reason) == ("user:sam", "wrong hoist")
    assert client.get(f"{page}change/").context["verbs"] == []


def test_a_manager_writes_a_products_checklist(county: County) -> None:
    product = county.product("CHAIR")
    page = f"/admin/equipment/product/{product.pk}/change/"
    client = manager(county)
    given = client.get(page).context["adminform"].form.initial
    data = {name: "" if value is None else value for name, value in given.items() if value is not False}
    for inline in client.get(page).context["inline_admin_formsets"]:
        data |= {f"{inline.formset.prefix}-{part}_FORMS": 0 for part in ("TOTAL", "INITIAL")}
    data |= {"checks-TOTAL_FORMS": 1, "checks-0-kind": "pat", "checks-0-text": "Plug", "checks-0-position": 0}
    assert client.post(page, data).status_code == 302
    assert inspections.checklist(product, "pat") == ["Plug"]
