"""Who may see which route: a crew its own, for the day; staff those of the stores their organisation covers.

Whatever else there is does not exist for the asker: 404, without a hint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from equipment import clock
from equipment.models import Membership, Organisation
from logistics import promises
from logistics.models import Driver, Route, Stop
from logistics.states import RouteState

View = Callable[..., HttpResponseBase]
Row = TypeVar("Row", Route, Stop)


@dataclass(frozen=True)
class Crew:
    """The driver who asks, the label for the record, and the one moment this request is about."""

    driver: Driver
    by: str
    at: datetime


def no_store(view: View) -> View:
    """Nothing of a driver's pages stays in a cache: they name people."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        return response

    return page


def for_crews(view: View) -> View:
    """A page for signed-in drivers: the view gets the Crew, and what it does not find is answered in plain words."""

    @no_store
    @login_required
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        driver = Driver.objects.filter(user=request.user.pk).first()
        if driver is None:
            return render(request, "driver/no_driver.html", status=403)
        crew = Crew(driver, f"user:{request.user.get_username()}", clock.now())
        try:
            return view(request, crew, *args, **kwargs)
        except Http404:
            return not_found(request)

    return page


def not_found(request: HttpRequest) -> HttpResponse:
    return render(request, "driver/not_found.html", status=404)


def routes_of(driver: Driver, *, at: datetime) -> QuerySet[Route]:
    """Today's routes of the driver's own shifts, and one that is still out from an earlier day."""
    today = promises.today(at)
    mine = Route.objects.filter(shift__crew=driver).select_related("shift__van", "store")
    return mine.filter(Q(day=today) | Q(day__lt=today, state=RouteState.OUT))


def route_of(crew: Crew, pk: int) -> Route:
    """Raises Http404 for every route that is not this driver's today."""
    return _or_404(routes_of(crew.driver, at=crew.at).filter(pk=pk).first())


def stop_of(crew: Crew, reference: UUID) -> Stop:
    """The stop where this visit is, or was when it failed. Raises Http404 when it is on nobody's or another's route."""
    mine = Stop.objects.filter(visit__reference=reference, route__in=routes_of(crew.driver, at=crew.at))
    rows = mine.select_related("route__shift__van", "route__store", "visit__person", "visit__address")
    return _or_404(rows.order_by("-live", "-pk").first())


def tomorrow(crew: Crew) -> QuerySet[Route]:
    """A look ahead without names or addresses: how many stops, from when, with which van."""
    day = promises.today(crew.at) + timedelta(days=1)
    rows = Route.objects.filter(shift__crew=crew.driver, day=day).select_related("shift__van")
    return rows.annotate(doors=Count("stops", filter=Q(stops__live=True))).filter(doors__gt=0)


def route_to_print(user: AbstractBaseUser | AnonymousUser, pk: int, *, at: datetime) -> Route:
    """For the crew as for every other page; for staff on any day, when their organisation covers the store."""
    driver = Driver.objects.filter(user=user.pk).first()
    found = routes_of(driver, at=at).filter(pk=pk).first() if driver else None
    if found is None and getattr(user, "is_staff", False):
        rows = Route.objects.filter(pk=pk, store__organisation__in=_covered(user))
        found = rows.select_related("shift__van", "store").first()
    return _or_404(found)


def _covered(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Organisation]:
    """The user's own organisation, and those it serves as provider. Nobody without a membership sees any."""
    own = Membership.objects.filter(user=user.pk).values("organisation")
    return Organisation.objects.filter(Q(pk__in=own) | Q(provider__in=own))


def _or_404(row: Row | None) -> Row:
    if row is None:
        raise Http404
    return row
