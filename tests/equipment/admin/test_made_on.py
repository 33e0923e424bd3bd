"""When a thing was made, asked where it is booked in: alerts go by it."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from equipment.models import Asset, Receipt
from tests.county import County
from tests.equipment.admin.rows import manager

pytestmark = pytest.mark.django_db
CODE = "(01)05012345678900(11)260115(10)LOT-9(21)SN-1"


def test_a_delivery_keeps_when_each_was_made(county: County) -> None:
    """Rule 36: by hand for the delivery, by its GS1 code for one of it."""
    given = {"supplier": "Bright Aids", "order_number": "PO-7", "product": county.commode().pk}
    given |= {"store": county.store.pk, "owner": county.provider.pk, "serials": f"{CODE}\nSN-2"}
    client, address = manager(county), reverse("admin:equipment_receipt_list_verb", args=["book-in"])
    ahead = client.post(address, given | {"made_on": "2026-03-04"})
    assert (ahead.status_code, "made_on" in ahead.context["form"].errors, Receipt.objects.exists()) == (
        409,
        True,
        False,
    )
    assert client.post(address, given | {"made_on": "2025-12-01"}).status_code == 302
    kept = Asset.objects.order_by("serial").values_list("serial", "batch", "made_on")
    assert list(kept) == [("SN-1", "LOT-9", date(2026, 1, 15)), ("SN-2", "", date(2025, 12, 1))]


def test_a_single_asset_is_asked_when_it_was_made(county: County) -> None:
    """Rule 36: a date of manufacture that lies ahead is refused by its field."""
    given = {"product": county.commode().pk, "store": county.store.pk, "owner": county.provider.pk}
    given |= {"serial": "SN-1", "purchase_price": "80"}
    client, address = manager(county), reverse("admin:equipment_asset_add")
    ahead = client.post(address, given | {"made_on": "2026-03-04"})
    assert ahead.context["adminform"].form.errors["made_on"] == ["The date of manufacture lies ahead: correct it."]
    assert not Asset.objects.exists()
    assert client.post(address, given | {"made_on": "2026-01-15"}).status_code == 302
    assert Asset.objects.get().made_on == date(2026, 1, 15)
