"""A safety alert and everybody else, at the same moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment import allocation, recalls
from equipment.models import AlertUnit, Reservation
from equipment.states import AssetState
from logistics import recall_visits
from logistics.models import Activity, Visit
from tests.county import BY, TUESDAY, state_of
from tests.equipment.test_recalls import opened
from tests.races.conftest import together

pytestmark = pytest.mark.races


def test_rule_36_two_workers_raise_one_visit_for_each_unit(county):
    loans = [county.on_loan(county.commode()) for _ in range(4)]
    opened(county, action="collect")
    answers = together(*(lambda: recall_visits.carry_out(by=BY, at=TUESDAY) for _ in range(3)))
    recall_visits.carry_out(by=BY, at=TUESDAY + timedelta(hours=1))
    assert all(isinstance(answer, int) for answer in answers)
    assert sorted(Activity.objects.values_list("loan", flat=True)) == sorted(loan.pk for loan in loans)
    assert (Visit.objects.count(), set(AlertUnit.objects.values_list("state", flat=True))) == (4, {"visit"})


def test_rule_36_two_sweeps_find_and_hold_each_unit_once(county):
    alert = opened(county)
    for _ in range(3):
        county.dirty(county.product("OTHER"))
    recalls.AlertCriterion.objects.create(alert=alert, product=county.product("OTHER"))

    def sweep():
        found = recalls.rematch(by=BY, at=TUESDAY)
        return found, recalls.hold_found(by=BY, at=TUESDAY)

    answers = together(sweep, sweep, sweep)
    recalls.hold_found(by=BY, at=TUESDAY)
    assert sum(found for found, _ in answers) == 3
    assert list(alert.units.values_list("state", flat=True)) == ["held"] * 3


def test_rule_36_what_is_promised_while_the_alert_opens_does_not_go(county):
    rows = [county.new(county.commode()) for _ in range(2)]
    person = county.person()

    def reserve():
        wanted = allocation.Wanted(county.commode(), 1, person, TUESDAY.date(), (county.store,))
        return allocation.reserve(wanted, by=BY, at=TUESDAY)

    together(reserve, lambda: opened(county))
    recalls.rematch(by=BY, at=TUESDAY)
    recalls.hold_found(by=BY, at=TUESDAY)
    assert {state_of(row) for row in rows} == {AssetState.HELD}
    assert Reservation.objects.filter(issued_at__isnull=False).count() == 0
