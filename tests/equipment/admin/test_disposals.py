"""Disposing and stripping from the list of disposals."""

from __future__ import annotations

import pytest

from equipment import disposal
from equipment.models import Asset, Disposal, StockLine
from equipment.states import AssetState
from tests.county import BY, TUESDAY, County, state_of
from tests.equipment.admin.rows import manager, staff

pytestmark = pytest.mark.django_db
DO = "/admin/equipment/disposal/do/"


def condemned(county: County) -> Asset:
    asset = county.dirty(county.commode())
    disposal.condemn(asset, reason="bent", by=BY, at=TUESDAY)
    return asset


def test_an_asset_is_disposed_of_by_its_number(county: County) -> None:
    asset, client = condemned(county), manager(county)
    form = {"number": asset.number, "method": "weee", "carrier": "Greenway"}
    refused = client.post(f"{DO}dispose/", form)
    assert (refused.status_code, "consignment note" in refused.content.decode()) == (409, True)
    assert client.post(f"{DO}dispose/", {**form, "consignment": "C-1"}).status_code == 302
    assert (state_of(asset), Disposal.objects.get().consignment) == (AssetState.DISPOSED, "C-1")


def test_an_asset_is_stripped_for_several_parts(county: County) -> None:
    asset, client, feet = condemned(county), manager(county), county.product("FOOT", tracking="quantity")
    form = {"number": asset.number, "part_1": county.raisers().pk, "quantity_1": 2, "part_2": feet.pk}
    assert "How many of Foot?" in client.post(f"{DO}strip/", form).content.decode()
    assert client.post(f"{DO}strip/", {**form, "quantity_2": 4}).status_code == 302
    assert dict(StockLine.objects.filter(dirty=True).values_list("product__stock_code", "count")) == {
        "RAISER": 2,
        "FOOT": 4,
    }
    assert Disposal.objects.get().method == "stripped"


def test_only_a_manager_disposes(county: County) -> None:
    asset, client = condemned(county), staff(county)
    assert "Dispose of an asset" not in client.get("/admin/equipment/disposal/").content.decode()
    assert client.post(f"{DO}dispose/", {"number": asset.number, "method": "scrap"}).status_code == 403
    assert state_of(asset) == AssetState.CONDEMNED
