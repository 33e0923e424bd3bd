"""The driver's page of a test at home (rule 37)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from equipment.models import Check, InspectionRecord, Loan
from logistics import doors, home_tests, routes
from logistics.driver import cards
from logistics.models import Activity, Route, Visit
from tests.county import BY, TUESDAY, County
from tests.logistics.driver.pages import text_of
from tests.logistics.driver.rows import SEVEN, plan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seven")]


class Door:
    """A crew at the door of somebody whose hoist falls due, and its phone."""

    def __init__(self, county: County, *, arrived: bool = True) -> None:
        product = county.product(
            "HOIST", name="Mobile hoist", regimes={"loler": 120, "pat": 115}, safe_working_load_kg=150, crew_size=2
        )
        self.loan: Loan = county.on_loan(product)
        Check.objects.create(product=product, kind="loler", text="Straps whole", position=1)
        home_tests.raise_due(by=BY, at=TUESDAY)
        self.visit = Visit.objects.get()
        self.activity = Activity.objects.get()
        self.route: Route = plan(county, [self.visit])
        routes.start_loading(self.route, by=BY, at=SEVEN)
        routes.set_out(self.route, by=BY, at=SEVEN)
        if arrived:
            self.visit.refresh_from_db()
            doors.arrive(self.visit, by=BY, at=SEVEN)
        [self.driver] = self.route.shift.crew.all()
        self.client = Client()
        self.client.force_login(self.driver.user)
        self.url = f"/driver/stops/{self.visit.reference}/"

    def answers(self, **changed: str) -> dict[str, str]:
        given = {"check0_loler": "yes"}
        for kind in ("loler", "pat"):
            given |= {f"result_{kind}": "pass", f"examiner_{kind}": "Kay Rigger"}
        given |= {"swl_kg_loler": "", "certificate_loler": "R-77"} | changed
        named = {}
        for name, value in given.items():
            asked, _, kind = name.rpartition("_")
            named[home_tests.field_of(self.activity.pk, kind, asked)] = value
        return {"move": "finish"} | named

    def state(self) -> str:
        self.visit.refresh_from_db()
        return self.visit.state


def post(door: Door, **changed: str) -> Any:
    return door.client.post(door.url, door.answers(**changed))


def test_the_stop_names_what_to_test_and_asks_by_kind(county: County) -> None:
    """Rule 37: what is tested is named, the examiner is taken to be the driver, and nobody signs for a test."""
    door = Door(county)
    answer = door.client.get(door.url)
    words = text_of(answer)
    number = door.loan.asset
    assert f"Test Mobile hoist {number}: LOLER thorough examination, PAT." in words
    assert f"LOLER thorough examination: Mobile hoist {number}" in words
    assert "Straps whole Yes, in order No Result Passed" in words
    assert answer.content.decode().count(f'value="{door.driver.name}"') == 2
    form = answer.context["done"]
    asked = {name.rsplit("_", 2)[0] for name in form.fields}
    assert asked == {"check0", "result", "defects", "examiner", "swl_kg", "certificate"}
    assert f"swl_kg_{door.activity.pk}_pat" not in form.fields
    assert "received_by" not in form.fields
    assert "Two people" not in words


def test_what_is_answered_is_recorded_and_the_stop_is_done(county: County) -> None:
    """Rule 37: each kind is a record of its own."""
    door = Door(county)
    assert post(door).status_code == 302
    loler, pat = InspectionRecord.objects.filter(examiner="Kay Rigger").order_by("kind")
    assert (loler.result, loler.swl_kg, loler.certificate) == ("pass", 150, "R-77")
    assert loler.answers == [{"check": "Straps whole", "ok": True, "note": ""}]
    assert (pat.kind, pat.result, pat.by) == ("pat", "pass", f"user:{door.driver.user}")
    assert door.state() == "done"


@pytest.mark.parametrize(
    ("changed", "asked"),
    [
        ({"result_pat": ""}, "result_{}_pat"),
        ({"check0_loler": ""}, "check0_{}_loler"),
        ({"examiner_loler": " "}, "examiner_{}_loler"),
        ({"result_loler": "fail"}, "defects_{}_loler"),
        ({"swl_kg_loler": "400"}, "swl_kg_{}_loler"),
    ],
)
def test_what_is_missing_is_said_beside_its_question_and_nothing_is_recorded(
    county: County, changed: dict[str, str], asked: str
) -> None:
    """Rules 4 and 37: every kind asked for is answered, as at the bench."""
    door = Door(county)
    answer = post(door, **changed)
    assert answer.status_code == 400
    assert list(answer.context["done"].errors) == [asked.format(door.activity.pk)]
    assert (door.state(), InspectionRecord.objects.filter(examiner="Kay Rigger").count()) == ("arrived", 0)


def test_a_check_answered_no_is_no_pass(county: County) -> None:
    """Rule 4."""
    door = Door(county)
    answer = post(door, check0_loler="no")
    assert answer.status_code == 400
    assert "Not in order, so this is no pass: Straps whole." in text_of(answer)
    assert door.state() == "arrived"


def test_what_is_dangerous_is_recorded_with_its_defect(county: County) -> None:
    """Rules 4 and 37."""
    door = Door(county)
    assert post(door, result_loler="prohibit", defects_loler="Boom cracked", check0_loler="no").status_code == 302
    record = InspectionRecord.objects.get(examiner="Kay Rigger", kind="loler")
    assert (record.result, record.defects, record.next_due) == ("prohibit", "Boom cracked", None)
    assert "Done" in text_of(door.client.get(door.url))


def test_before_the_door_the_list_and_the_paper_name_the_test(county: County) -> None:
    """Rule 37."""
    door = Door(county, arrived=False)
    assert "Test 1" in text_of(door.client.get(f"/driver/routes/{door.route.pk}/"))
    assert "Test Mobile hoist" in text_of(door.client.get(door.url))
    [card] = cards.cards_of(door.route)
    assert card.checks == [f"Test Mobile hoist {door.loan.asset}: LOLER thorough examination, PAT."]
    sheet = door.client.get(f"/driver/routes/{door.route.pk}/sheet.pdf")
    assert (sheet.status_code, sheet["Content-Type"]) == (200, "application/pdf")
