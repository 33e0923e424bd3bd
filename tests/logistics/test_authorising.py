from __future__ import annotations

from datetime import date

import pytest

from equipment.errors import Refused
from equipment.models import Reservation
from logistics import authorising, ordering
from logistics.models import Order, Prescriber
from tests.county import BY, TUESDAY


def waiting(county) -> Order:
    """A commode that is over its prescriber's limit."""
    county.new(county.commode())
    junior = Prescriber.objects.create(organisation=county.council, pin="J", name="Junior", order_limit=1)
    items = (ordering.Item("COMMODE"),)
    return ordering.place(ordering.Request(items, junior, county.council, county.discharge()), by=BY, at=TUESDAY)


@pytest.mark.parametrize(("until", "state"), [(date(2026, 3, 2), "awaiting_authorisation"), (None, "authorised")])
def test_rules_15_and_16_nobody_authorises_with_a_pin_that_has_ended(county, until, state):
    """Rules 15 and 16: who may order nothing any more approves nothing either; nothing is reserved then."""
    order, senior = waiting(county), county.prescriber
    senior.active_until = until
    if until is None:
        authorising.authorise(order, senior, by=BY, at=TUESDAY)
    else:
        with pytest.raises(Refused) as refusal:
            authorising.authorise(order, senior, by=BY, at=TUESDAY)
        assert (refusal.value.code, refusal.value.facts["field"]) == ("pin_expired", "authoriser")
    order.refresh_from_db()
    assert (order.state, Reservation.objects.exists()) == (state, until is None)
