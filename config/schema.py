"""What drf-spectacular cannot see by itself: the key every POST needs, and the one shape of every error."""

from __future__ import annotations

from typing import Any

KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "New for each thing asked for. The same key again gives the same answer and does nothing twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 120},
}
PROBLEM = {
    "type": "object",
    "description": "Every error, in this one shape. `code` never changes; `detail` is for people and says what to do.",
    "required": ["status", "code", "detail"],
    "properties": {
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "field": {"type": "string", "description": "Where one field is at fault"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("field", "code", "detail")},
            },
        },
    },
    "additionalProperties": True,
}
ERRORS = {
    "400": "The request is wrong; `field` or `errors` says where. Nothing was changed.",
    "401": "No token, or one that has expired.",
    "403": "This account may not do this.",
    "404": "There is no such thing, or not for you.",
    "409": "A rule says no, or somebody else was first. Nothing was changed.",
    "503": "Busy; try again after the seconds in Retry-After.",
}


def complete(result: dict[str, Any], generator: object, request: object, public: bool) -> dict[str, Any]:
    """A postprocessing hook: adds the key to every POST and the errors to every operation."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            operation["security"] = [{"oauth2": []}, {"cookieAuth": []}]
            if method == "post":
                operation.setdefault("parameters", []).append(KEY)
            for status, description in ERRORS.items():
                if _applies(status, method, path):
                    operation["responses"].setdefault(status, {"description": description, "content": content})
    return result


def _applies(status: str, method: str, path: str) -> bool:
    """A list is never missing, and reading is never refused by a rule."""
    return {"404": "{" in path, "409": method == "post"}.get(status, True)
