"""Lists take the same number of queries for one row and for twenty."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

PATHS = {
    "products/": 5,
    "products/COMMODE/availability/": 7,
    "stores/": 5,
    "assets/": 4,
    "discharges/": 4,
    "orders/": 8,
    "visits/": 4,
    "readiness/": 12,
}


def fill(county, count):
    for _ in range(count):
        county.new(county.commode())
    for _ in range(count):
        county.order(county.discharge(), "COMMODE")


@pytest.mark.parametrize(("path", "limit"), PATHS.items())
def test_the_queries_of_a_list_do_not_grow(county, floor, path, limit):
    fill(county, 1)
    with CaptureQueriesContext(
        connection,
    ) as one:
        assert floor.get(path).status_code == 200
    fill(county, 9)
    with CaptureQueriesContext(connection) as ten:
        assert floor.get(path).status_code == 200
    assert len(one) == len(ten)
    assert len(ten) <= limit, [query["sql"][:100] for query in ten.captured_queries]


def test_pages_are_bounded(county, floor):
    fill(county, 3)
    assert len(floor.get("orders/", page_size=2).json()["results"]) == 2
    assert floor.get("orders/", page_size=2).json()["next"].startswith("http")


@pytest.mark.parametrize(
    ("path", "query", "count"),
    [
        ("assets/", {"state": "reserved"}, 2),
        ("assets/", {"state": "available"}, 0),
        ("assets/", {"product": "COMMODE"}, 2),
        ("assets/", {"store": "MAIN"}, 2),
        ("products/", {"q": "commo"}, 1),
        ("products/", {"q": "zzz"}, 0),
        ("discharges/", {"ward": "Ward 5"}, 2),
        ("discharges/", {"ward": "Ward 6"}, 0),
        ("readiness/", {"expected_on_after": "2026-03-05", "expected_on_before": "2026-03-05"}, 2),
        ("readiness/", {"expected_on_after": "2026-03-06"}, 0),
        ("readiness/", {"word": "in_place"}, 0),
        ("readiness/", {"word": "awaiting_plan"}, 2),
        ("readiness/", {"state": "home"}, 0),
        ("orders/", {"state": "authorised"}, 2),
        ("visits/", {"state": "open"}, 1),
    ],
)
def test_filters_match_the_work(county, floor, path, query, count):
    county.new(county.commode())
    county.new(county.commode())
    discharge = county.discharge()
    county.order(discharge, "COMMODE")
    again = {"duplicate_reason": "one for upstairs"} if path == "visits/" else {}
    county.order(discharge if again else county.discharge(), "COMMODE", **again)
    assert len(floor.get(path, **query).json()["results"]) == count


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("assets/", {"state": "nonsense"}),
        ("readiness/", {"expected_on_after": "soon"}),
        ("orders/", {"discharge": "x"}),
    ],
)
def test_a_filter_that_makes_no_sense_is_400(county, floor, path, query):
    answer = floor.get(path, **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_availability_of_a_product_by_store(county, floor):
    county.recycled(county.commode())
    county.new(county.commode())
    body = floor.get("products/COMMODE/availability/", on="2026-03-05").json()
    assert body == {
        "product": "COMMODE",
        "on": "2026-03-05",
        "issuable": 2,
        "stores": [{"store": "MAIN", "issuable": 2, "recycled": 1, "renewing": 0}],
    }
    assert floor.get("products/COMMODE/availability/", on="5 March").json()["field"] == "on"
