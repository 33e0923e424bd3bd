from __future__ import annotations

import pytest

from equipment import lifecycle, loans
from equipment.jobs import ScanMode
from equipment.models import Loan, ReturnRecord
from equipment.states import AssetState, Infection
from tests.county import BY, TUESDAY, County, state_of
from tests.equipment.scanning.worker import Worker, said, written

pytestmark = pytest.mark.django_db
DECLARED = {"condition": "good", "infection": "soiled"}


def test_scan_after_scan_with_one_declaration(county: County) -> None:
    """Rule 3: condition and infection are chosen once and go on the record of every return."""
    worker = Worker(county, ScanMode.RETURN, answer=dict(DECLARED))
    for code in ("A", "B"):
        asset = county.on_loan(county.product(code)).asset
        assert asset is not None
        assert said(worker.scan(asset.number)) == (
            "good",
            f"{asset} is back: {code}, infection soiled. Put it among the dirty.",
        )
        assert state_of(asset) == AssetState.QUARANTINE
    assert set(ReturnRecord.objects.values_list("condition", "infection", "by")) == {("good", "soiled", "user:sam")}
    assert Loan.objects.filter(ended_at__isnull=True).count() == 0


@pytest.mark.parametrize("missing", ["condition", "infection"])
def test_nothing_is_guessed(county: County, missing: str) -> None:
    loan = county.on_loan(county.commode())
    before = written()
    worker = Worker(county, ScanMode.RETURN, answer={**DECLARED, missing: ""})
    done = worker.scan(loan.asset)
    assert (done.ok, done.answer["ask"], written()) == (False, missing, before)


def test_what_was_declared_at_the_door_is_not_asked_again(county: County) -> None:
    loan = county.on_loan(county.commode())
    loans.collect(loan, vehicle="VAN", by=BY, at=TUESDAY, infection=Infection.SPORE_FORMING)
    done = Worker(county, ScanMode.RETURN).scan(loan.asset)
    assert done.ok
    assert "infection spore-forming" in done.answer["sentence"]
    assert ReturnRecord.objects.count() == 1


def test_what_was_lost_is_found(county: County) -> None:
    loan = county.on_loan(county.commode())
    assert loan.asset is not None
    loan.asset.refresh_from_db()
    lifecycle.advance(loan.asset, AssetState.LOST, by=BY, at=TUESDAY, reason="Moved house")
    done = Worker(county, ScanMode.RETURN).scan(loan.asset)
    assert (done.ok, done.answer["tone"], state_of(loan.asset)) == (True, "warn", AssetState.QUARANTINE)


def test_what_is_back_or_was_never_out_is_refused(county: County) -> None:
    worker = Worker(county, ScanMode.RETURN, answer=dict(DECLARED))
    dirty, new = county.dirty(county.product("A")), county.new(county.product("B"))
    before = written()
    assert said(worker.scan(dirty)) == ("bad", f"{dirty} is back already (in quarantine): wash it next.")
    assert said(worker.scan(new)) == (
        "bad",
        f"{new} has not been out: it is available. If it is dirty, look it up and quarantine it.",
    )
    assert written() == before


def test_a_return_stays_on_the_record(county: County) -> None:
    loan = county.on_loan(county.commode())
    worker = Worker(county, ScanMode.RETURN, answer=dict(DECLARED))
    worker.scan(loan.asset)
    tone, sentence = said(worker.scan("DO/UNDO"))
    assert (tone, sentence.endswith("cannot be undone: it stays on the record.")) == ("bad", True)
    assert loan.asset is not None
    assert state_of(loan.asset) == AssetState.QUARANTINE
