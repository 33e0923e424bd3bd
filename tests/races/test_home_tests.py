"""The clock of two workers strikes at the same moment."""

from __future__ import annotations

import pytest

from equipment.models import Loan
from logistics import home_tests
from logistics.models import Activity, Visit
from tests.county import BY, TUESDAY
from tests.races.conftest import together

pytestmark = pytest.mark.races


def test_rule_37_two_workers_raise_each_test_once_and_one_visit_a_door(county):
    """Rule 37: idempotent, one open test a loan, and what is at one address goes on one visit."""
    loans = [county.on_loan(county.product("LIFT", regimes={"loler": 90}, safe_working_load_kg=120))]
    for code in ("A", "B", "C"):
        loan = county.on_loan(county.product(code, regimes={"service": 80}), loans[0].person)
        Loan.objects.filter(pk=loan.pk).update(address=loans[0].address)
        loans.append(loan)
    answers = together(*(lambda: home_tests.raise_due(by=BY, at=TUESDAY) for _ in range(3)))
    assert sum(answers) == len(loans)
    assert sorted(Activity.objects.values_list("loan", flat=True)) == sorted(loan.pk for loan in loans)
    assert Visit.objects.count() == 1
