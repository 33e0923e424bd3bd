"""The driver's pages: read the row in scope, call the verb, go on to the next page."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from equipment import clock
from equipment.errors import DomainError
from equipment.states import AssetState
from logistics import doors, promises, routes
from logistics.driver import cards, forms, links, scope, secrets, sheets, telecare
from logistics.driver.cards import Card
from logistics.driver.deeds import Problem, attempt
from logistics.driver.scope import Crew
from logistics.models import Route, Stop, Visit
from logistics.states import REPLANNABLE, FailureReason, RouteState, VisitState

sign_in = scope.no_store(auth.LoginView.as_view(template_name="driver/sign_in.html"))
sign_out = scope.no_store(auth.LogoutView.as_view(next_page="driver:sign_in"))

_BEFORE_THE_ROAD = REPLANNABLE | {RouteState.LOADING}


@require_safe
@scope.for_crews
def today(request: HttpRequest, crew: Crew) -> HttpResponse:
    """The day at a glance; tomorrow without names."""
    rows = scope.routes_of(crew.driver, at=crew.at).prefetch_related("shift__crew").order_by("day", "starts_at", "pk")
    days = [day for day in map(cards.day_of, rows) if day.stops]
    found = {"days": days, "tomorrow": scope.tomorrow(crew), "driver": crew.driver, "today": promises.today(crew.at)}
    return render(request, "driver/today.html", found)


# The route ------------------------------------------------------------------------------------------------------------


@require_safe
@scope.for_crews
def route(request: HttpRequest, crew: Crew, pk: int) -> HttpResponse:
    """All stops in order, with the break where it falls."""
    row = scope.route_of(crew, pk)
    entries = cards.cards_of(row)
    day = cards.Day(row, [card.stop for card in entries])
    found = {"route": row, "day": day, "cards": entries, "break_after": cards.before_break(row, day.stops)}
    return render(request, "driver/route.html", found)


@scope.for_crews
def load(request: HttpRequest, crew: Crew, pk: int) -> HttpResponse:
    """What goes on the van, last stop first; a scan box; and away."""
    row = scope.route_of(crew, pk)
    if request.method != "POST":
        return _load_page(request, row)
    moves = {"scan": _scan, "counted": _load_counted, "set_out": _set_out}
    move = moves.get(request.POST.get("move", ""))
    if move is None:
        return _load_page(request, row)
    error = move(request, crew, row)
    if error is not None:
        return _load_page(request, row, Problem.of(error))
    row.refresh_from_db(fields=["state"])
    return _onward(row) if row.state == RouteState.OUT else redirect("driver:load", row.pk)


def _load_page(request: HttpRequest, row: Route, problem: Problem | None = None) -> HttpResponse:
    row.refresh_from_db(fields=["state"])
    items = routes.load_list(row)
    found = {
        "route": row,
        "items": items,
        "aboard": sum(item.aboard for item in items),
        "all_aboard": all(item.aboard for item in items),
        "counted": [item for item in items if item.reservation.asset_id is None and not item.aboard],
        "loading": row.state in _BEFORE_THE_ROAD,
        "problem": problem,
    }
    return render(request, "driver/load.html", found, status=problem.status if problem else 200)


def _scan(request: HttpRequest, crew: Crew, row: Route) -> DomainError | None:
    scanned = request.POST.get("scanned", "").strip()
    error = attempt(lambda: routes.load(row, scanned=scanned, by=crew.by, at=crew.at))
    if error is not None and not _is_aboard(row, scanned):
        return error
    said = f"{scanned} was aboard already." if error else f"{scanned} is aboard."
    messages.success(request, said)
    return None


def _is_aboard(row: Route, scanned: str) -> bool:
    assets = [item.reservation.asset for item in routes.load_list(row) if item.aboard]
    return any(a and a.state == AssetState.LOADED and scanned in (a.number, a.barcode) for a in assets)


def _load_counted(request: HttpRequest, crew: Crew, row: Route) -> DomainError | None:
    if row.state in REPLANNABLE and (error := attempt(lambda: routes.start_loading(row, by=crew.by, at=crew.at))):
        return error
    error = attempt(lambda: routes.load_counted(row, by=crew.by, at=crew.at))
    if error is None:
        messages.success(request, "Counted stock is aboard.")
    return error


def _set_out(request: HttpRequest, crew: Crew, row: Route) -> DomainError | None:
    error = attempt(lambda: routes.set_out(row, by=crew.by, at=crew.at))
    row.refresh_from_db(fields=["state"])
    if error is not None and row.state != RouteState.OUT:
        return error
    messages.success(request, "Already recorded: the van is on the road." if error else "Set out. Drive safely.")
    return None


@scope.for_crews
def finish(request: HttpRequest, crew: Crew, pk: int) -> HttpResponse:
    """What comes back with the van, and the end of the day."""
    row = scope.route_of(crew, pk)
    if request.method != "POST":
        return _finish_page(request, row)
    error = attempt(lambda: routes.finish(row, by=crew.by, at=crew.at))
    row.refresh_from_db(fields=["state"])
    if error is not None and row.state != RouteState.FINISHED:
        return _finish_page(request, row, Problem.of(error))
    said = "Already recorded: this route is finished." if error else "Back at the depot. Everything is booked in."
    messages.success(request, said)
    return redirect("driver:today")


def _finish_page(request: HttpRequest, row: Route, problem: Problem | None = None) -> HttpResponse:
    entries = cards.cards_of(row)
    found = {
        "route": row,
        "waiting": [card for card in entries if not card.closed],
        "undelivered": [(card, item) for card in entries for item in card.bring if item.not_done],
        "collected": [(card, item) for card in entries for item in card.fetch if item.done],
        "problem": problem,
    }
    return render(request, "driver/finish.html", found, status=problem.status if problem else 200)


@require_safe
@scope.no_store
@login_required
def sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The route on paper. Each QR opens its stop on the phone: a random reference, nothing about a person."""
    at = clock.now()
    try:
        row = scope.route_to_print(request.user, pk, at=at)
    except Http404:
        return scope.not_found(request)

    def address_of(visit: Visit) -> str:
        return request.build_absolute_uri(reverse("driver:stop", args=[visit.reference]))

    paper = sheets.sheet(cards.cards_of(row), row, routes.load_list(row), address_of, at=at)
    name = f"route-{row.shift.van.registration.replace(' ', '')}-{row.day:%Y-%m-%d}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(paper, content_type="application/pdf", headers=headers)


# The stop -------------------------------------------------------------------------------------------------------------

_SETTLED = {
    "arrive": frozenset({VisitState.ARRIVED, *cards.CLOSED}),
    "finish": cards.CLOSED,
    "fail": cards.CLOSED,
}


@scope.for_crews
def stop(request: HttpRequest, crew: Crew, reference: UUID) -> HttpResponse:
    """One door: how to get there, what to do, and what came of it."""
    row = scope.stop_of(crew, reference)
    move = request.POST.get("move", "")
    if request.method != "POST" or move not in _SETTLED:
        return stop_page(request, cards.card_of(row))
    if row.visit.state in _SETTLED[move]:
        return _already(request, row, move)
    moves = {"arrive": _arrive, "finish": _done, "fail": _fail}
    return moves[move](request, crew, cards.card_of(row))


def _arrive(request: HttpRequest, crew: Crew, card: Card) -> HttpResponse:
    error = attempt(lambda: doors.arrive(card.visit, by=crew.by, at=crew.at))
    if error is not None:
        return _refused(request, card, "arrive", error)
    messages.success(request, f"Arrived at {_clock(crew.at)}.")
    return redirect("driver:stop", card.visit.reference)


def _done(request: HttpRequest, crew: Crew, card: Card) -> HttpResponse:
    form = forms.DoneForm(card, request.POST)
    if not form.is_valid():
        return stop_page(request, card, done=form, status=400)
    error = attempt(lambda: doors.finish(card.visit, form.proof(), by=crew.by, at=crew.at))
    if error is not None:
        return _refused(request, card, "finish", error, done=form)
    messages.success(request, f"Stop {card.stop.sequence} is done.")
    return _onward(card.stop.route)


def _fail(request: HttpRequest, crew: Crew, card: Card) -> HttpResponse:
    form = forms.FailForm(card, request.POST)
    if not form.is_valid():
        return stop_page(request, card, fail=form, status=400)
    given, then = form.cleaned_data, []

    def verb() -> None:
        reason = FailureReason(given["reason"])
        then.append(doors.fail(card.visit, reason, note=given["note"], by=crew.by, at=crew.at))

    error = attempt(verb)
    if error is not None:
        return _refused(request, card, "fail", error, fail=form)
    again = then[0].pk != card.visit.pk
    next_step = "A second visit will be planned." if again else "The prescriber decides what happens next."
    messages.success(request, f"Stop {card.stop.sequence} is recorded as could not do. {next_step}")
    return _onward(card.stop.route)


def _refused(
    request: HttpRequest,
    card: Card,
    move: str,
    error: DomainError,
    *,
    done: forms.DoneForm | None = None,
    fail: forms.FailForm | None = None,
) -> HttpResponse:
    """Somebody was quicker; or a field is to blame; or a rule says no."""
    card.visit.refresh_from_db()
    if card.visit.state in _SETTLED[move]:
        return _already(request, card.stop, move)
    problem, form = Problem.of(error), done or fail
    if form is not None and forms.refuse(form, error):
        return stop_page(request, card, done=done, fail=fail, status=problem.status)
    return stop_page(request, card, done=done, fail=fail, problem=problem, status=problem.status)


def _already(request: HttpRequest, row: Stop, move: str) -> HttpResponse:
    """The second of two taps, or the other crew member's phone: say what stands, and go on."""
    visit = row.visit
    when = _clock(visit.left_at or visit.arrived_at)
    if visit.state == VisitState.ARRIVED:
        messages.info(request, f"Already recorded: arrived{when and ' at '}{when}.")
        return redirect("driver:stop", visit.reference)
    said = f"Stop {row.sequence} is already recorded as {cards.STATE_WORDS[VisitState(visit.state)].lower()}"
    same = (move, visit.state) in (("finish", VisitState.DONE), ("fail", VisitState.FAILED))
    ending = "." if same or move == "arrive" else ": what you sent now was not saved. If that is wrong, call the depot."
    messages.info(request, f"{said}{when and ' at '}{when}{ending}")
    return _onward(row.route)


def stop_page(
    request: HttpRequest,
    card: Card,
    *,
    done: forms.DoneForm | None = None,
    fail: forms.FailForm | None = None,
    problem: Problem | None = None,
    panel: telecare.Panel | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of one stop, with whatever was filled in wrongly."""
    found = {
        "route": card.stop.route,
        "card": card,
        "visit": card.visit,
        "address": card.visit.address,
        "door": secrets.at_the_door(request, card.stop),
        "navigation": links.navigation(card.visit.address),
        "warning": links.warning(card.visit.address),
        "call": links.call(card.phone),
        "call_depot": links.call(card.stop.route.store.phone),
        "done": done or forms.DoneForm(card, examiner=_examiner(request, card)),
        "fail": fail or forms.FailForm(card),
        "failing": fail is not None,
        "failed_as": _failed_as(card.visit),
        "problem": problem,
        "telecare": panel or telecare.panel_of(card),
        "faulty": bool((done and done.errors) or (fail and fail.errors) or (status == 400 and problem is None)),
    }
    return render(request, "driver/stop.html", found, status=status)


def _examiner(request: HttpRequest, card: Card) -> str:
    """Who stands at the door, most likely."""
    user: Any = request.user
    return str(user.driver.name) if card.test else ""


def _failed_as(visit: Visit) -> str:
    return forms.REASONS[FailureReason(visit.failure)] if visit.failure else ""


def _onward(row: Route) -> HttpResponse:
    """The next stop that waits, or the end of the day."""
    after = cards.day_of(row).next
    return redirect("driver:stop", after.visit.reference) if after else redirect("driver:finish", row.pk)


def _clock(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%H:%M}" if moment else ""
