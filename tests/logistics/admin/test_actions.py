"""Rules 20 and 34 at the desk: conflicts of phones are settled, credits are corrected, and by whom."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from equipment.models import Credit
from equipment.roles import FLOOR_GROUPS
from logistics.models import DriverAction, Event
from tests.county import BY, TUESDAY
from tests.equipment.admin.rows import credited_and_sent, manager, signed_in, user

CONFLICTS = "/admin/logistics/driveraction/?became=conflict"


@pytest.fixture
def sent(county):
    county.new(county.commode())
    county.order(county.discharge(), "COMMODE")
    credited_and_sent(county)
    return DriverAction.objects.get()


def test_rule_34_a_conflict_waits_in_a_list_until_a_person_settles_it(county, sent):
    """Rule 34: conflicts surface."""
    desk = manager(county)
    assert sent.detail in desk.get(CONFLICTS).content.decode()
    page = f"/admin/logistics/driveraction/{sent.pk}/do/settle/"
    assert desk.post(page, {"note": ""}).status_code == 400
    assert desk.post(page, {"note": "Rang the crew"}).status_code == 302
    sent.refresh_from_db()
    assert sent.outcome == "settled"
    assert Event.objects.get(subject="action").by == "user:mo"
    assert sent.detail not in desk.get(CONFLICTS).content.decode()


def test_rule_34_settling_is_a_managers(county, sent):
    """Rule 34."""
    floor = signed_in(user("sam", county.provider, *FLOOR_GROUPS))
    page = f"/admin/logistics/driveraction/{sent.pk}/do/settle/"
    assert floor.post(page, {"note": "x"}).status_code == 403
    sent.refresh_from_db()
    assert sent.outcome == "conflict"


def test_rule_20_a_manager_corrects_a_credit_at_the_desk(county, sent):
    """Rule 20: by another row, with a reason."""
    credit = Credit.objects.get()
    desk, page = manager(county), f"/admin/equipment/credit/{credit.pk}/do/correct/"
    answer = desk.post(page, {"amount": "99", "reason": "Seat torn"})
    assert (answer.status_code, Credit.objects.count()) == (409, 1)
    assert "the price that was charged" in answer.content.decode()
    assert desk.post(page, {"amount": "10", "reason": "Seat torn"}).status_code == 302
    assert Credit.objects.get(corrects=credit).amount == Decimal(10)
    floor = signed_in(user("sam", county.provider, *FLOOR_GROUPS))
    assert floor.get("/admin/equipment/credit/").status_code == 403


@pytest.mark.parametrize("page", ["equipment/credit/", "logistics/driveraction/"])
def test_a_list_asks_as_often_for_many_as_for_one(county, sent, page):
    desk = manager(county)
    desk.get(f"/admin/{page}")
    one = queries(desk, page)
    for _ in range(3):
        loan = county.on_loan(county.product(f"THING-{county.driver()}"))
        given = {"price": 1, "percent": 80, "amount": 1, "at": TUESDAY, "by": BY}
        Credit.objects.create(loan=loan, funder=county.council, **given)
        DriverAction.objects.create(
            key=uuid4(),
            driver=county.driver(),
            visit=sent.visit,
            verb="arrive",
            place=1,
            device_at=TUESDAY,
            received_at=TUESDAY,
            outcome="conflict",
        )
    assert queries(desk, page) == one


def queries(desk, page):
    with CaptureQueriesContext(connection) as seen:
        assert desk.get(f"/admin/{page}").status_code == 200
    return len(seen)
