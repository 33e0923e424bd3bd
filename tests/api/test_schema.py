from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture(scope="module")
def operations():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return {(m, p): op for p, methods in schema["paths"].items() for m, op in methods.items()}


def test_every_post_asks_for_its_key(operations):
    posts = [op for (method, _), op in operations.items() if method == "post"]
    assert len(posts) >= 25
    assert all(any(p["name"] == "Idempotency-Key" for p in op["parameters"]) for op in posts)


def test_every_operation_documents_its_errors_and_how_to_get_in(operations):
    for (method, path), operation in operations.items():
        if path.endswith("/schema/"):
            continue
        documented = set(operation["responses"])
        assert {"400", "401", "403", "503"} <= documented, path
        assert ("409" in documented) == (method == "post"), path
        assert operation["security"][0] == {"oauth2": []}


def test_the_page_that_shows_it_is_served(client, db):
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    assert client.get("/api/v1/schema/").status_code == 200
    assert b"<script>" not in page.content.replace(b" ", b"")
