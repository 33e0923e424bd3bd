"""A test at home over the API, for the crews of another system (rule 37)."""

from __future__ import annotations

import pytest

from equipment import clock
from equipment.models import InspectionRecord
from logistics import doors, home_tests, routes
from logistics.models import Activity
from tests.county import BY, TUESDAY
from tests.logistics.driver.rows import SEVEN, plan


@pytest.fixture(autouse=True)
def seven(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: SEVEN)


def test_rule_37_a_visit_says_what_to_test_and_takes_the_results(county, floor):
    """Rule 37: asked for by kind, answered by kind."""
    county.on_loan(county.product("LIFT", regimes={"loler": 105, "pat": 106}, safe_working_load_kg=120))
    home_tests.raise_due(by=BY, at=TUESDAY)
    activity = Activity.objects.get()
    visit = activity.visit
    route = plan(county, [visit])
    routes.start_loading(route, by=BY, at=SEVEN)
    routes.set_out(route, by=BY, at=SEVEN)
    visit.refresh_from_db()
    doors.arrive(visit, by=BY, at=SEVEN)
    url = f"visits/{visit.reference}/"
    [shown] = floor.get(url).json()["activities"]
    assert (shown["kind"], shown["tests"], shown["product"]) == ("inspection", ["loler", "pat"], "LIFT")

    result = {"activity": activity.pk, "result": "pass", "examiner": "Kay Rigger"}
    answer = floor.post(f"{url}finish/", {"tested": [result | {"kind": "pat"}]})
    assert (answer.status_code, answer.json()["code"]) == (400, "test_unanswered")
    assert InspectionRecord.objects.filter(examiner="Kay Rigger").count() == 0

    both = [result | {"kind": "pat"}, result | {"kind": "loler", "certificate": "R-7", "next_due": "2026-05-01"}]
    answer = floor.post(f"{url}finish/", {"tested": both})
    assert (answer.status_code, answer.json()["state"]) == (200, "done")
    report = InspectionRecord.objects.get(examiner="Kay Rigger", kind="loler")
    assert (report.certificate, str(report.next_due)) == ("R-7", "2026-05-01")
