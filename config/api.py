"""The one place where an error gets its HTTP status and its shape, and where the routes of the API come together."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import set_rollback

from equipment.api import alerts, assets, catalogue, fit, people, stores, telecare
from equipment.errors import Busy, DomainError, Invalid, Missing, Refused
from logistics.api import addresses, circumstances, discharges, loans, orders, readiness, reviews, routes, visits

log = logging.getLogger(__name__)

STATUS: dict[type[DomainError], int] = {Invalid: 400, Missing: 404, Refused: 409, Busy: 503}
PROBLEM = "application/problem+json"


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error of the API as one shape (RFC 9457): status, code, title, detail, and the fields or facts it is
    about.
    """
    set_rollback()
    if isinstance(error, DomainError):
        status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
        return _answer(status, error.code, error.detail, error.facts, {"Retry-After": "2"} if status == 503 else {})
    if isinstance(error, OperationalError):
        log.warning("The database turned a request away: %s", type(error.__cause__).__name__)
        return _answer(503, "busy", "Somebody else is changing the same things: try again.", {}, {"Retry-After": "1"})
    if isinstance(error, Http404):
        return _answer(404, "not_found", "There is no such thing, or not for you.", {}, {})
    if isinstance(error, PermissionDenied):
        return _answer(403, "permission_denied", "You may not do this.", {}, {})
    if isinstance(error, exceptions.ValidationError):
        return _answer(400, "invalid", _first(error.detail), {"errors": _flat(error.detail)}, {})
    if isinstance(error, exceptions.APIException):
        header = getattr(error, "auth_header", "")
        headers = {"WWW-Authenticate": header} if header else {}
        code = getattr(error.detail, "code", None) or error.default_code
        return _answer(error.status_code, code, str(error.detail), {}, headers)
    return None


def _answer(status: int, code: str, detail: str, facts: dict[str, Any], headers: dict[str, str]) -> Response:
    body = {"status": status, "code": code, "detail": detail, **facts}
    return Response(body, status=status, headers=headers, content_type=PROBLEM)


def _flat(detail: Any, path: str = "") -> list[dict[str, str]]:
    """Nested field errors as a list of {field, code, detail}; `lines.0.quantity` names a field within."""
    if isinstance(detail, dict):
        return [entry for key, value in detail.items() for entry in _flat(value, f"{path}.{key}" if path else str(key))]
    if isinstance(detail, list):
        nested = any(isinstance(value, dict | list) for value in detail)
        return [entry for n, value in enumerate(detail) for entry in _flat(value, f"{path}.{n}" if nested else path)]
    return [{"field": path, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]


def _first(detail: Any) -> str:
    entry = _flat(detail)[0]
    return f"{entry['field']}: {entry['detail']}" if entry["field"] else entry["detail"]


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(
            {"status": 404, "code": "not_found", "detail": "There is no such address in this API."},
            status=404,
            content_type=PROBLEM,
        )
    from django.views.defaults import page_not_found

    return page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = {
            "status": 500,
            "code": "unexpected",
            "detail": "Something went wrong on our side. Nothing was changed; try again.",
        }
        return JsonResponse(body, status=500, content_type=PROBLEM)
    from django.views.defaults import server_error as page

    return page(request)


router = SimpleRouter()
router.register("products", catalogue.ProductViewSet, "product")
router.register("stores", stores.StoreViewSet, "store")
router.register("assets", assets.AssetViewSet, "asset")
router.register("alerts", alerts.AlertViewSet, "alert")
router.register("people", people.PersonViewSet, "person")
router.register("people", fit.PersonFitViewSet, "person-fit")
router.register("people", circumstances.CircumstancesViewSet, "circumstances")
router.register("addresses", addresses.AddressViewSet, "address")
router.register("loans", loans.LoanViewSet, "loan")
router.register("reviews", reviews.ReviewViewSet, "review")
router.register("installations", telecare.InstallationViewSet, "installation")
router.register("test-calls", telecare.TestCallViewSet, "test-call")
router.register("key-holders", telecare.KeyHolderViewSet, "key-holder")
router.register("discharges", discharges.DischargeViewSet, "discharge")
router.register("orders", orders.OrderViewSet, "order")
router.register("visits", visits.VisitViewSet, "visit")
router.register("routes", routes.RouteViewSet, "route")
router.register("readiness", readiness.ReadinessViewSet, "readiness")

urlpatterns = [
    *router.urls,
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]
