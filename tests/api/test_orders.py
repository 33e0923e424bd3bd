from __future__ import annotations

import pytest

from equipment.models import Asset, IdempotentRequest, Organisation, Person, Reservation
from logistics.models import Order, OutboxRow, Prescriber


@pytest.fixture
def body(county):
    county.recycled(county.commode())
    return {
        "discharge": str(county.discharge().reference),
        "prescriber": "OT1",
        "lines": [{"product": "COMMODE"}],
    }


def test_an_order_is_answered_with_what_is_reserved_and_whether_it_will_be_there(body, ward):
    answer = ward.post("orders/", body)
    assert answer.status_code == 201
    placed = answer.json()
    asset = Asset.objects.get()
    assert placed["order"]["lines"][0]["reserved"] == [{"asset": asset.number, "quantity": 1, "recycled": True}]
    assert placed["missing"] == {}
    assert (placed["readiness"]["readiness"], placed["readiness"]["needed_by"]) == (
        "awaiting_plan",
        "2026-03-05T12:00:00Z",
    )
    assert placed["order"]["needed_by"] == "2026-03-05T12:00:00Z"


def test_what_is_missing_is_said_at_once(body, ward):
    ward.post("orders/", body)
    placed = ward.post("orders/", body | {"duplicate_reason": "One for each floor."}).json()
    assert placed["missing"] == {"COMMODE": 1}
    assert (placed["readiness"]["readiness"], placed["readiness"]["reason"]) == (
        "awaiting_stock",
        "None free to issue: Commode.",
    )


def test_rule_18_the_same_request_twice_is_one_order_and_the_same_answer(body, ward):
    first, second = ward.post("orders/", body, key="k1"), ward.post("orders/", body, key="k1")
    assert first.json() == second.json()
    assert (second.status_code, second["Idempotency-Replayed"]) == (201, "true")
    assert Order.objects.count() == 1


def test_rule_18_a_key_used_for_something_else_is_refused(body, ward):
    ward.post("orders/", body, key="k1")
    answer = ward.post("orders/", body | {"cost_centre": "X"}, key="k1")
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_reused")
    assert Order.objects.count() == 1


def test_two_clients_may_use_the_same_key(body, ward, floor):
    assert ward.post("orders/", body, key="k1").status_code == 201
    assert floor.post("orders/", body | {"duplicate_reason": "One upstairs."}, key="k1").status_code == 201
    assert Order.objects.count() == 2


def test_a_refusal_leaves_no_trace_and_the_key_may_be_tried_again(body, ward):
    wrong = body | {"lines": [{"product": "COMMODE", "quantity": 0}]}
    assert ward.post("orders/", wrong, key="k1").status_code == 400
    assert not IdempotentRequest.objects.exists()
    assert ward.post("orders/", body, key="k1").status_code == 201


def test_a_post_without_a_key_is_refused(body, ward, county):
    answer = ward.http.post(
        "/api/v1/orders/", body, content_type="application/json", headers={"Authorization": f"Bearer {ward.token}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key")
    assert not Order.objects.exists()


BAD = [
    ({"lines": []}, "lines"),
    ({"lines": [{"product": "COMMODE", "quantity": 0}]}, "lines.0.quantity"),
    ({"lines": [{"product": "COMMODE", "quantity": 10_000}]}, "lines.0.quantity"),
    ({"lines": [{"product": "COMMODE", "quantity": "many"}]}, "lines.0.quantity"),
    ({"lines": [{"product": "NONSENSE"}]}, "lines.0.product"),
    ({"lines": [{}]}, "lines.0.product"),
    ({"lines": "COMMODE"}, "lines"),
    ({"prescriber": "NOBODY"}, "prescriber"),
    ({"discharge": "6f1c1c9e-0000-4000-8000-000000000000"}, "discharge"),
    ({"discharge": "not-a-uuid"}, "discharge"),
    ({"funder": "NOBODY"}, "funder"),
    ({"funder": "elsewhere"}, "funder"),
    ({"discharge": None}, "address"),
]


@pytest.mark.parametrize(("change", "field"), BAD, ids=[f"{field} {n}" for n, (_, field) in enumerate(BAD)])
def test_bad_input_names_the_field_and_writes_nothing(body, ward, change, field):
    answer = ward.post("orders/", body | change)
    problem = answer.json()
    assert answer.status_code == 400
    assert field in [problem.get("field"), *(entry["field"] for entry in problem.get("errors", []))], problem
    assert problem["detail"]
    assert not Order.objects.exists()
    assert not Reservation.objects.filter(ended_at=None).exists()
    assert not OutboxRow.objects.filter(kind="supply").exists()


def test_rule_20_who_shares_the_service_may_pay(county, body, ward):
    """Rule 20: councils and the NHS pay for each other; the name of just any organisation is not enough."""
    Organisation.objects.filter(pk=county.other.pk).update(provider=county.provider)
    answer = ward.post("orders/", body | {"funder": "elsewhere"})
    assert (answer.status_code, answer.json()["order"]["funder"]) == (201, "elsewhere")


@pytest.mark.parametrize("text", ["{", "[]", "null", '"x"', "3"])
def test_a_body_that_is_no_object_is_a_problem_and_not_a_crash(body, ward, text):
    answer = ward.http.post(
        "/api/v1/orders/",
        text,
        content_type="application/json",
        headers={"Authorization": f"Bearer {ward.token}", "Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert not Order.objects.exists()


def test_a_withdrawn_product_is_refused(body, ward, county):
    county.product("OLD", withdrawn_on="2026-01-01")
    answer = ward.post("orders/", body | {"lines": [{"product": "OLD"}]})
    assert (answer.status_code, answer.json()["code"]) == (400, "product_withdrawn")


def test_over_the_limit_a_colleague_authorises(body, ward, county):
    Prescriber.objects.create(organisation=county.council, pin="J", name="Junior", order_limit=1)
    placed = ward.post("orders/", body | {"prescriber": "J"}).json()
    assert placed["readiness"]["readiness"] == "awaiting_authorisation"
    path = f"orders/{placed['order']['reference']}/authorise/"
    own = ward.post(path, {"authoriser": "J"})
    assert (own.status_code, own.json()["code"]) == (409, "own_order")
    assert ward.post(path, {"authoriser": "OT1"}).json()["order"]["state"] == "authorised"
    again = ward.post(path, {"authoriser": "OT1"})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_move")


def test_rule_17_an_order_is_amended_and_beyond_the_tolerance_authorised_again(body, ward, county):
    """Rule 17: through the API, with the same answer as an order."""
    county.raisers(20)
    placed = ward.post("orders/", body | {"lines": [{"product": "RAISER", "quantity": 10}]}).json()["order"]
    path, line = f"orders/{placed['reference']}/amend/", placed["lines"][0]["id"]
    more = {"quantities": [{"line": line, "quantity": 11}], "reason": "Four legs, and a stool"}
    assert ward.post(path, more).json()["order"]["state"] == "authorised"
    answer = ward.post(path, {"add": [{"product": "COMMODE"}], "reason": "Needs one too"}).json()["order"]
    assert (answer["state"], answer["authorised_value"]) == ("awaiting_authorisation", None)
    assert [row["reserved"][:1] != [] for row in answer["lines"]] == [True, False]
    nothing = ward.post(path, {"reason": "x"})
    assert (nothing.status_code, nothing.json()["code"]) == (400, "nothing_changed")


def test_rule_19_a_duplicate_says_what_there_is(body, ward):
    """Rule 19: 409 with the list, and through with a reason."""
    ward.post("orders/", body)
    answer = ward.post("orders/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate")
    assert [found["has"] for found in answer.json()["duplicates"]] == ["Commode"]
    through = ward.post("orders/", body | {"duplicate_reason": "One upstairs"}).json()["order"]
    assert through["duplicate_reason"] == "One upstairs"


def test_cancel_gives_it_back(body, ward):
    reference = ward.post("orders/", body).json()["order"]["reference"]
    assert ward.post(f"orders/{reference}/cancel/", {"reason": "stays in hospital"}).json()["state"] == "cancelled"
    assert Asset.objects.get().state == "available"


PERSON = {
    "given_name": "Mair",
    "family_name": "Prŷs",
    "nhs_number": "943 476 5919",
    "phone": "07700 900123",
    "weight_kg": "71.5",
    "address": {"line1": "1 Mill Lane", "postcode": "zx1 1ab", "access_notes": "Side gate"},
}


def test_a_person_is_registered_with_an_address(ward):
    answer = ward.post("people/", PERSON)
    assert answer.status_code == 201
    assert answer.json()["nhs_number"] == "9434765919"
    assert answer.json()["organisation"] == "harbour"
    assert answer.json()["addresses"][0]["postcode"] == "zx1 1ab"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"nhs_number": "943 476 5918"}, "nhs_number"),
        ({"nhs_number": "2222222222"}, "nhs_number"),
        ({"weight_kg": 0}, "weight_kg"),
        ({"born_on": "2026-13-01"}, "born_on"),
        ({"address": {"line1": "x"}}, "address.postcode"),
        ({"organisation": "elsewhere"}, "organisation"),
        ({"family_name": "\x00"}, "family_name"),
    ],
)
def test_a_wrong_person_is_refused_and_nobody_is_written(ward, change, field):
    answer = ward.post("people/", PERSON | change)
    problem = answer.json()
    assert answer.status_code == 400
    assert field in [problem.get("field"), *(entry["field"] for entry in problem.get("errors", []))], problem
    assert not Person.objects.exists()


def test_the_number_of_queries_of_an_order_of_three_lines(county, ward, django_assert_max_num_queries):
    """The nearest open peer needs nine calls and 176 queries for the same."""
    for code in ("A", "B", "C"):
        county.new(county.product(code))
    body = {
        "discharge": str(county.discharge().reference),
        "prescriber": "OT1",
        "lines": [{"product": code} for code in "ABC"],
    }
    with django_assert_max_num_queries(102):
        assert ward.post("orders/", body).status_code == 201
