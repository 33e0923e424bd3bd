"""A door's secrets on the phone: the code behind a button, once; what to beware of on the stop's page (rule 39)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from equipment import clock
from equipment.errors import DomainError
from equipment.markers import Danger
from logistics import doorstep
from logistics.driver import links, scope
from logistics.driver.deeds import Problem, attempt
from logistics.driver.scope import Crew
from logistics.models import Driver, Stop

log = logging.getLogger(__name__)

SHOWN_SECONDS = 60


@dataclass(frozen=True)
class AtTheDoor:
    """What the stop's page says: whether there is a code and why it is not shown now, and the dangers or their hint."""

    code: bool = False
    why_not: str = ""
    hint: bool = False
    dangers: tuple[Danger, ...] = ()
    problem: str = ""


@sensitive_variables()
def at_the_door(request: HttpRequest, stop: Stop) -> AtTheDoor:
    """For the stop's page, which only the route's crew can open."""
    at = clock.now()
    known = doorstep.known(stop.visit, at=at)
    driver = Driver.objects.filter(user=request.user.pk).first() if known.code or known.dangers else None
    if driver is None:
        return AtTheDoor()
    reason = doorstep.why_not(stop, driver, at=at)
    if reason is not None:
        return AtTheDoor(known.code, reason.sentence, hint=known.dangers)
    if not known.dangers:
        return AtTheDoor(known.code)
    found: list[Danger] = []
    by = f"user:{request.user.get_username()}"
    error = attempt(lambda: found.extend(doorstep.show_dangers(stop, driver, by=by, at=at)))
    return AtTheDoor(known.code, "", error is not None, tuple(found), error.detail if error else "")


def code(request: HttpRequest, reference: UUID) -> HttpResponseBase:
    """The code, in the answer to a POST and nowhere else. Who is refused is noted, without what they asked for."""
    answer = _code(request, reference)
    if answer.status_code in (403, 404):
        log.warning("A key-safe code was refused to user %s: %s", request.user.pk, answer.status_code)
    return answer


@sensitive_variables()
@scope.for_crews
def _code(request: HttpRequest, crew: Crew, reference: UUID) -> HttpResponse:
    stop = scope.stop_of(crew, reference)
    page = reverse("driver:stop", args=[reference])
    if request.method != "POST":
        return redirect(page)
    found: list[str] = []
    error = attempt(lambda: found.append(doorstep.show_code(stop, crew.driver, by=crew.by, at=crew.at)))
    answer = _page(request, stop, "".join(found), error)
    if error is None:
        answer["Refresh"] = f"{SHOWN_SECONDS};url={page}"  # also without a script
    return answer


def _page(request: HttpRequest, stop: Stop, shown: str, error: DomainError | None) -> HttpResponse:
    problem = Problem.of(error) if error else None
    given = {
        "route": stop.route,
        "stop": stop,
        "visit": stop.visit,
        "address": stop.visit.address,
        "code": shown,
        "seconds": SHOWN_SECONDS,
        "call_depot": links.call(stop.route.store.phone),
        "problem": problem,
    }
    return render(request, "driver/code.html", given, status=problem.status if problem else 200)
