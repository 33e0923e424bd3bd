from __future__ import annotations

import threading
import time

import pytest

from equipment import loans, receiving
from equipment.models import Asset, Loan, ReturnRecord
from equipment.states import AssetState
from logistics import exchanges
from logistics.models import Visit
from tests.county import BY, TUESDAY, state_of
from tests.races.conftest import together

pytestmark = pytest.mark.races


def test_rule_6_what_is_handed_in_while_its_exchange_is_raised_does_not_wait_crosswise(county, monkeypatch):
    """Rule 6: both hold the loan before the asset, so the one waits for the other and neither is thrown out."""
    loan = county.on_loan(county.commode())
    county.new(county.commode())
    asset, has_the_loan, really = Asset.objects.get(pk=loan.asset_id), threading.Event(), loans.request_collection

    def slowly(*given, **named):
        has_the_loan.set()
        time.sleep(0.5)
        really(*given, **named)

    def hand_in():
        has_the_loan.wait(timeout=20)
        return receiving.take_back(asset, county.store, by=BY, at=TUESDAY)

    monkeypatch.setattr(loans, "request_collection", slowly)
    answers = together(lambda: exchanges.raise_exchange(loan, by=BY, at=TUESDAY, reason="It squeaks"), hand_in)
    assert [type(answer) for answer in answers] == [Visit, ReturnRecord]
    assert (state_of(asset), Loan.objects.get().ended_at) == (AssetState.QUARANTINE, TUESDAY)
