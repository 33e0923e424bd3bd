"""What must be ordered or credited once, asked for at the same moment."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from equipment import credits, receiving
from equipment.errors import Refused
from equipment.models import Credit, Loan, Person, ReturnRecord
from logistics import actions, locks, ordering
from logistics.models import DriverAction, Order
from tests.county import BY, TUESDAY
from tests.logistics.test_actions import ROAD, Road
from tests.races.conftest import together

pytestmark = pytest.mark.races


def both(county, address):
    """Two teams order a commode for one person at the same moment."""
    request = ordering.Request(
        (ordering.Item("COMMODE"),), county.prescriber, county.council, None, address, duplicate_reason=""
    )
    return together(*(lambda: ordering.place(request, by=BY, at=TUESDAY) for _ in range(2)))


def test_without_the_lock_two_teams_order_the_same_thing(county, monkeypatch):
    """The race that the lock is there for: each looks before the other has written."""
    county.commode()
    address, met = county.address(), threading.Barrier(2)
    monkeypatch.setattr(locks, "person", lambda pk: [met.wait(timeout=20), Person.objects.get(pk=pk)][1])
    both(county, address)
    assert Order.objects.count() == 2


def test_rule_19_two_teams_that_order_the_same_at_once_make_one_order(county):
    """Rule 19: the second sees what the first has just asked for."""
    county.commode()
    answers = both(county, county.address())
    assert sorted(type(answer).__name__ for answer in answers) == ["Order", "Refused"]
    assert {answer.code for answer in answers if isinstance(answer, Refused)} == {"duplicate"}
    assert Order.objects.count() == 1


def test_rule_20_two_desks_that_book_in_one_thing_give_one_credit(county):
    """Rule 20: once a loan, however many hands take it in."""
    loan = county.on_loan(county.commode())
    Loan.objects.filter(pk=loan.pk).update(funder=county.council, price=Decimal(100))
    copies = [type(loan.asset).objects.get(pk=loan.asset_id) for _ in range(3)]
    answers = together(*(lambda a=copy: receiving.take_back(a, county.store, by=BY, at=TUESDAY) for copy in copies))
    assert sum(isinstance(answer, ReturnRecord) for answer in answers) == 1
    assert [credit.amount for credit in Credit.objects.all()] == [Decimal(80)]


def test_rule_20_a_credit_asked_for_three_times_at_once_is_given_once(county):
    """Rule 20: under the loan's lock."""
    loan = county.on_loan(county.commode())
    Loan.objects.filter(pk=loan.pk).update(funder=county.council, price=Decimal(100), ended_at=TUESDAY)
    answers = together(*(lambda: credits.give(loan, None, by=BY, at=TUESDAY) for _ in range(3)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Credit", "NoneType", "NoneType"]


def test_rule_34_one_upload_sent_three_times_at_once_is_done_once(county):
    """Rule 34: the phone that got no answer sends again, while the first is still being taken in."""
    road = Road(county)
    batch = road.day()
    answers = together(*(lambda: actions.take_all(batch, driver=road.driver, at=ROAD) for _ in range(3)))
    assert [[row.outcome for row in rows] for rows in answers] == [["applied"] * 2] * 3
    assert len({row.pk for rows in answers for row in rows}) == 2
    assert DriverAction.objects.count() == 2
