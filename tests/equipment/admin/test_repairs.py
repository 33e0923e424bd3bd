"""The pages of repairs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from equipment import repairs
from equipment.models import Repair
from equipment.roles import STORE_ASSISTANTS, TEST_TECHNICIANS
from equipment.states import AssetState
from tests.county import BY, TUESDAY, County, state_of
from tests.equipment.admin.rows import manager, signed_in, user

pytestmark = pytest.mark.django_db
REPAIRS = "/admin/equipment/repair/"


def technician(county: County) -> Client:
    return signed_in(user("fay", county.provider, TEST_TECHNICIANS))


def opened(county: County) -> Repair:
    asset = county.dirty(county.product("WALKER", price=Decimal(100)))
    return repairs.open_repair(asset, fault="Brake slips", by=BY, at=TUESDAY)


def do(client: Client, repair: Repair, verb: str, **given: Any) -> Any:
    return client.post(reverse("admin:equipment_repair_verb", args=[repair.pk, verb]), given)


def test_anybody_of_the_store_sends_something_to_repair(county: County) -> None:
    asset, client = county.dirty(county.commode()), signed_in(user("al", county.provider, STORE_ASSISTANTS))
    form = {"number": asset.number, "kind": "repair", "fault": "Seat cracked"}
    answer = client.post(f"{REPAIRS}do/open/", form)
    repair = Repair.objects.get()
    assert (answer["Location"], repair.opened_by, repair.soiled) == (
        f"{REPAIRS}{repair.pk}/change/",
        "user:al",
        True,
    )
    assert state_of(asset) == AssetState.REPAIR
    assert client.get(f"{REPAIRS}{repair.pk}/change/").context["verbs"] == []


def test_a_part_is_chosen_from_what_the_store_has_free_and_clean(county: County) -> None:
    repair, line, client = opened(county), county.stock(county.raisers(), 3), technician(county)
    page = client.get(reverse("admin:equipment_repair_verb", args=[repair.pk, "use_part"])).content.decode()
    assert "Chair raisers  (3 left)" in page
    assert do(client, repair, "use_part", line=line.pk, quantity=2).status_code == 302
    too_many = do(client, repair, "use_part", line=line.pk, quantity=2)
    assert (too_many.status_code, repair.parts.count()) == (409, 1)
    assert "Chair raisers" in client.get(f"{REPAIRS}{repair.pk}/change/").content.decode()


def test_a_dear_repair_is_closed_by_a_manager_with_a_reason(county: County) -> None:
    """£100 new, half is £50; two hours at £30 are £60."""
    repair = opened(county)
    given = {"work_done": "New frame", "labour_minutes": 120}
    refused = do(technician(county), repair, "close", **given)
    assert (refused.status_code, "more than 50%" in refused.content.decode()) == (409, True)
    assert do(manager(county), repair, "close", **given, override_reason="None left").status_code == 302
    repair.refresh_from_db()
    assert (repair.outcome, repair.closed_by, repair.override_reason) == ("repaired", "user:mo", "None left")
    assert state_of(repair.asset) == AssetState.QUARANTINE
    assert "Condemn it" in manager_page(county, repair)


def manager_page(county: County, repair: Repair) -> str:
    root = signed_in(user("root", superuser=True))
    return str(root.get(f"{REPAIRS}{repair.pk}/change/").content.decode())


def test_what_is_beyond_repair_is_condemned(county: County) -> None:
    repair, client = opened(county), technician(county)
    assert do(client, repair, "condemn", reason="").status_code == 400
    assert do(client, repair, "condemn", reason="Frame bent").status_code == 302
    assert state_of(repair.asset) == AssetState.CONDEMNED
    assert client.get(f"{REPAIRS}{repair.pk}/change/").context["verbs"] == []


def test_repairs_of_other_organisations_do_not_exist(county: County) -> None:
    repair = opened(county)
    client = signed_in(user("far", county.other, TEST_TECHNICIANS))
    assert do(client, repair, "condemn", reason="x").status_code == 404
