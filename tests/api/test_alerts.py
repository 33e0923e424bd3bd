"""Safety alerts over the API (rules 8, 36 and 39)."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from equipment.models import Alert, AlertUnit, Person, SecretView
from equipment.states import AssetState
from tests.county import TUESDAY, state_of

TODAY = TUESDAY.date()
BODY = {
    "reference": "NatPSA/2026/001",
    "title": "The brake fails",
    "urgency": "urgent",
    "action": "swap",
    "issued_on": str(TODAY),
    "deadline": str(TODAY + timedelta(days=14)),
    "criteria": [{"product": "COMMODE"}],
}
DECIDED = {"reason": "Wrong serial read", "authorised_by": "M. Anager"}


def opened(floor):
    answer = floor.post("alerts/", BODY)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_opening_answers_with_its_progress(county, floor):
    """Rule 36: every unit at once, what is in the store held."""
    loan, shelf = county.on_loan(county.commode()), county.new(county.commode())
    made = opened(floor)
    assert made["progress"] == {
        "total": 2,
        "closed": 0,
        "held": 1,
        "at_home": 1,
        "on_vans": 0,
        "unreachable": 0,
        "withdrawn": 0,
        "percent": 0,
        "overdue": False,
    }
    assert (state_of(shelf), state_of(loan.asset)) == (AssetState.HELD, AssetState.ON_LOAN)


def test_a_preview_opens_nothing(county, floor):
    shelf = county.new(county.commode())
    answer = floor.post("alerts/preview/", {"criteria": BODY["criteria"]})
    assert answer.json() == {"total": 1, "in_stores": 1, "on_vans": 0, "at_home": 0, "lost": 0}
    assert (Alert.objects.count(), state_of(shelf)) == (0, AssetState.AVAILABLE)


def test_errors_name_the_field(county, floor):
    county.commode()
    for change, field in (
        ({"criteria": []}, "criteria"),
        ({"criteria": [{"product": "NOPE"}]}, "criteria.product"),
        ({"criteria": [{"batch": "B7"}]}, "product"),
        ({"deadline": "2026-01-01", "issued_on": "2026-02-01"}, "deadline"),
    ):
        answer = floor.post("alerts/", BODY | change)
        assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert Alert.objects.count() == 0


def test_who_has_it_with_address_and_phone_and_each_look_is_on_record(county, floor):
    """Rules 36 and 39: place, person, full address, phone; who read it is written down."""
    loan, shelf = county.on_loan(county.commode()), county.new(county.commode())
    Person.objects.filter(pk=loan.person_id).update(phone="01632 960123")
    alert = opened(floor)["id"]
    rows = {row["asset_number"]: row for row in floor.get(f"alerts/{alert}/units/").json()["results"]}
    home, store = rows[loan.asset.number], rows[shelf.number]
    assert (home["place"], home["person"], home["phone"], home["address"], home["postcode"]) == (
        "At home",
        str(loan.person),
        "01632 960123",
        "2 Hill Road",
        "ZX1 1AB",
    )
    assert (store["place"], store["store"], store["person"], store["phone"]) == ("In a store", "MAIN", "", "")
    floor.get(f"alerts/{alert}/units/", state="held", purpose="Ringing round")
    views = list(SecretView.objects.order_by("pk").values_list("kind", "subject_id", "purpose"))
    assert views == [("recall_list", alert, "Read over the API"), ("recall_list", alert, "Ringing round")]
    assert floor.get(f"alerts/{alert}/units/", state="nonsense").status_code == 400


def test_pages_are_turned_by_cursor_in_a_fixed_number_of_queries(county, floor):
    for n in range(5):
        county.on_loan(county.product(f"P{n}", maker="Liftwell"))
    alert = floor.post("alerts/", BODY | {"criteria": [{"maker": "Liftwell"}]}).json()["id"]
    with CaptureQueriesContext(connection) as small:
        first = floor.get(f"alerts/{alert}/units/", page_size=2).json()
    with CaptureQueriesContext(connection) as large:
        everything = floor.get(f"alerts/{alert}/units/", page_size=100).json()
    assert (len(first["results"]), len(everything["results"])) == (2, 5)
    assert "cursor=" in first["next"]
    assert len(small) == len(large)
    with CaptureQueriesContext(connection) as listed:
        assert len(floor.get("alerts/").json()["results"]) == 1
    assert len(listed) <= 8


def test_a_decision_is_named_and_reasoned(county, floor):
    """Rule 8: release of what is held names who decided."""
    shelf = county.new(county.commode())
    alert = opened(floor)["id"]
    unit = AlertUnit.objects.get().pk
    path = f"alerts/{alert}/units/{unit}"
    assert floor.post(f"{path}/withdraw/", {"reason": "Wrong"}).status_code == 400
    assert state_of(shelf) == AssetState.HELD
    assert floor.post(f"{path}/withdraw/", DECIDED).json()["state"] == "withdrawn"
    assert (state_of(shelf), shelf.events.first().reason) == (AssetState.AVAILABLE, "Wrong serial read (M. Anager)")
    assert floor.post(f"{path}/match-again/", DECIDED).json()["state"] == "held"
    assert floor.post(f"alerts/{alert}/end/", DECIDED).json()["code"] == "units_open"
    done = floor.post(f"{path}/close/", DECIDED | {"outcome": "corrected"}).json()
    assert (done["state"], done["outcome"]) == ("closed", "corrected")
    longer = floor.post(f"alerts/{alert}/extend/", DECIDED | {"deadline": "2026-05-01"}).json()
    assert (longer["deadline"], longer["progress"]["percent"]) == ("2026-05-01", 100)
    assert floor.post(f"alerts/{alert}/end/", DECIDED).json()["ended_at"] is not None
    assert [row["id"] for row in floor.get("alerts/", ended="false").json()["results"]] == []


def test_given_up_it_is_named(county, floor):
    loan = county.on_loan(county.commode())
    alert = opened(floor)["id"]
    unit = AlertUnit.objects.get(asset=loan.asset).pk
    answer = floor.post(f"alerts/{alert}/units/{unit}/give-up/", DECIDED).json()
    assert (answer["state"], answer["note"]) == ("unreachable", "Wrong serial read (M. Anager)")


def test_wards_and_strangers_see_nothing_of_it(county, floor, ward, stranger):
    """Rule 39: least privilege."""
    county.new(county.commode())
    alert = opened(floor)["id"]
    for path in ("alerts/", f"alerts/{alert}/", f"alerts/{alert}/units/"):
        assert ward.get(path).status_code == 403
    assert ward.post("alerts/", BODY).status_code == 403
    assert stranger.get("alerts/").json()["results"] == []
    assert stranger.get(f"alerts/{alert}/").status_code == 404
    assert stranger.get(f"alerts/{alert}/units/").status_code == 404
    assert stranger.post(f"alerts/{alert}/end/", DECIDED).status_code == 404
    assert SecretView.objects.count() == 0
