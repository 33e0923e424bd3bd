"""Readiness after what was delivered has gone again, and who else is asked what of a death."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from equipment import receiving
from equipment.models import Loan
from logistics import board, doors, exchanges, routes
from logistics.doors import Collected, Proof
from logistics.models import Discharge, Visit
from logistics.readiness import Readiness, Word
from logistics.states import DischargeState
from tests.county import BY, TUESDAY, County
from tests.logistics.driver import rows
from tests.logistics.driver.rows import SEVEN

pytestmark = pytest.mark.django_db


def ready(discharge: Discharge) -> Readiness:
    discharge.refresh_from_db()
    [row] = board.rows([discharge], at=SEVEN)
    return row.readiness


def done(county: County, visit: Visit, *, registration: str = "ZX26 VAN") -> None:
    route = rows.plan(county, [visit], registration=registration)
    for item in routes.load_list(route):
        assert item.reservation.asset is not None
        routes.load(route, scanned=item.reservation.asset.number, by=BY, at=SEVEN)
    routes.set_out(route, by=BY, at=SEVEN)
    doors.arrive(visit, by=BY, at=SEVEN)
    fetched = {one.pk: Collected() for one in visit.activities.filter(kind="collection")}
    doors.finish(visit, Proof("Mrs Other", True, True, fetched), by=BY, at=SEVEN)


@pytest.fixture
def home(county: County) -> Discharge:
    """Somebody expected home, whose commode is in place."""
    county.new(county.commode())
    discharge = county.discharge()
    county.order(discharge, "COMMODE")
    done(county, Visit.objects.get())
    assert ready(discharge).word == Word.IN_PLACE
    return discharge


def test_what_was_taken_away_again_is_not_in_place(county: County, home: Discharge) -> None:
    """Rule 25: delivered once is not in place, when it was fetched or lost before the person came home."""
    receiving.take_back(Loan.objects.get().asset, county.store, by=BY, at=SEVEN)
    said = ready(home)
    assert (said.word, said.reason) == (Word.AT_RISK, "Delivered, and no longer there: Commode.")
    assert said.next_action == "The prescriber orders it anew."
    Discharge.objects.update(state=DischargeState.HOME)
    assert ready(home).word == Word.IN_PLACE


def test_what_is_ordered_anew_takes_its_place(county: County, home: Discharge) -> None:
    """Rule 25: then only what is new counts."""
    receiving.take_back(Loan.objects.get().asset, county.store, by=BY, at=SEVEN)
    county.new(county.commode())
    county.order(home, "COMMODE", at=SEVEN)
    assert (ready(home).word, ready(home).reason) == (Word.PARTIAL, "Still to come: Commode.")
    done(county, Visit.objects.get(state="open"), registration="ZX26 TWO")
    assert ready(home).word == Word.IN_PLACE


def test_what_was_exchanged_is_in_place_and_costs_one_query(county: County, home: Discharge) -> None:
    """Rule 25: until what was brought instead goes too."""
    county.new(county.commode())
    with CaptureQueriesContext(connection) as before:
        ready(home)
    visit = exchanges.raise_exchange(Loan.objects.get(), by=BY, at=TUESDAY + timedelta(hours=1), reason="It wobbles")
    assert visit is not None
    done(county, visit, registration="ZX26 TWO")
    with CaptureQueriesContext(connection) as after:
        assert ready(home).word == Word.IN_PLACE
    assert len(after) == len(before) + 1
    receiving.take_back(Loan.objects.get(ended_at__isnull=True).asset, county.store, by=BY, at=SEVEN)
    assert ready(home).word == Word.AT_RISK
