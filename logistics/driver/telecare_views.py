"""What the buttons of the telecare section do: read the row in scope, call the verb, show the stop again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from equipment import telecare, telecare_returns
from equipment.errors import DomainError, Missing
from equipment.models import Installation, Trigger
from logistics.driver import scope, views
from logistics.driver.cards import Card, card_of
from logistics.driver.deeds import Problem, attempt
from logistics.driver.forms import refuse
from logistics.driver.scope import Crew
from logistics.driver.telecare import ClosedForm, HeardForm, PairForm, Panel, RangeForm, SetUpForm, panel_of

Asked = tuple[forms.Form | None, Callable[[], object], str]


@dataclass
class Move:
    """One tap: the panel as it stands, what was sent, and who sent it."""

    panel: Panel
    post: Any
    crew: Crew

    @property
    def installation(self) -> Installation:
        if self.panel.installation is None:
            raise Missing("not_set_up", "No hub is set up here yet.")
        return self.panel.installation

    @property
    def said(self) -> dict[str, Any]:
        return {"by": self.crew.by, "at": self.crew.at}

    def trigger(self) -> Trigger:
        """The trigger named, when it is one of this installation."""
        key = str(self.post.get("trigger", ""))
        number = key.isdecimal() and len(key) < 19
        found = self.installation.triggers.filter(pk=key).first() if number else None
        if found is None:
            raise Missing("no_such_trigger", "That trigger is not paired here.")
        return found


def _set_up(move: Move) -> Asked:
    panel, visit = move.panel, move.panel.card.visit
    if not panel.hubs:
        raise Missing("no_hub", "This visit brings no hub.")
    form = panel.set_up = SetUpForm(panel.hubs[0], move.post)

    def do() -> object:
        return telecare.begin(panel.hubs[0], visit.person, visit.address, **form.cleaned_data, **move.said)

    return form, do, f"Hub {panel.hubs[0]} is set up."


def _pair(move: Move) -> Asked:
    panel, key = move.panel, move.post.get("asset", "")
    asset = next((one for one, _ in panel.to_pair if str(one.pk) == key), None)
    if key and asset is None:
        raise Missing("not_brought", "That is paired already, or this visit does not bring it.")
    form = PairForm(asset, move.post)
    if asset is None:
        panel.other = form
    else:
        panel.to_pair = [(one, form if one == asset else old) for one, old in panel.to_pair]

    def do() -> object:
        return telecare.pair(move.installation, asset=asset, **form.cleaned_data, **move.said)

    return form, do, f"{asset or 'The trigger'} is paired."


def _unpair(move: Move) -> Asked:
    trigger = move.trigger()
    return None, lambda: telecare_returns.unpair(trigger, **move.said), "It is not paired any more."


def _programme(move: Move) -> Asked:
    return None, lambda: telecare.programme(move.installation, **move.said), "The hub is programmed."


def _range(move: Move) -> Asked:
    form = move.panel.range = RangeForm(move.post)
    return form, lambda: telecare.try_range(move.installation, **form.cleaned_data, **move.said), "The range is tried."


def _call(move: Move) -> Asked:
    trigger = move.trigger()
    return None, lambda: telecare.call(trigger, **move.said), "Press it now, and wait for the alarm centre."


def _heard(move: Move) -> Asked:
    trigger = move.trigger()
    made = trigger.calls.first()
    if made is None:
        raise Missing("no_call", "Make the test call first.")
    called = next((one for one in move.panel.calls if one.pair.trigger == trigger), None)
    form = HeardForm(trigger.pk, move.post)
    if called is not None:
        called.form = form
    return form, lambda: telecare.acknowledge(made, **form.cleaned_data, **move.said), "The alarm centre has heard it."


def _deactivate(move: Move) -> Asked:
    key = move.post.get("installation", "")
    row = next((one for one, _ in move.panel.leaving if str(one.pk) == key), None)
    if row is None:
        raise Missing("no_such_installation", "That hub is deactivated already, or not collected here.")
    form = ClosedForm(row.pk, move.post)
    move.panel.leaving = [(one, form if one == row else old) for one, old in move.panel.leaving]

    def do() -> object:
        return telecare_returns.deactivate(row, reason="Collected", **form.cleaned_data, **move.said)

    return form, do, f"Hub {row.hub} is deactivated at the alarm centre."


_DEEDS: dict[str, Callable[[Move], Asked]] = {
    "set_up": _set_up,
    "pair": _pair,
    "unpair": _unpair,
    "programme": _programme,
    "range": _range,
    "call": _call,
    "heard": _heard,
    "deactivate": _deactivate,
}


@scope.for_crews
def work(request: HttpRequest, crew: Crew, reference: UUID) -> HttpResponse:
    """One tap of the telecare section: do it, and show the stop again."""
    card = card_of(scope.stop_of(crew, reference))
    panel, deed = panel_of(card), _DEEDS.get(request.POST.get("move", ""))
    if panel is None or deed is None:
        return redirect("driver:stop", reference)
    form, error = None, None
    try:
        form, do, said = deed(Move(panel, request.POST, crew))
    except DomainError as problem:
        error = problem
    if error is None and (form is None or form.is_valid()):
        error = attempt(do)
        if error is None:
            messages.success(request, said)
            return redirect(f"{request.path.removesuffix('telecare/')}#telecare")
    elif error is None:
        return views.stop_page(request, card, panel=panel, status=400)
    return _refused(request, card, panel, form, error)


def _refused(
    request: HttpRequest, card: Card, panel: Panel, form: forms.Form | None, error: DomainError
) -> HttpResponse:
    """Beside the field that is to blame, or above the page; in both cases nothing was written."""
    problem = Problem.of(error)
    if form is not None and refuse(form, error):
        return views.stop_page(request, card, panel=panel, status=problem.status)
    return views.stop_page(request, card, panel=panel, problem=problem, status=problem.status)


@require_safe
@scope.for_crews
def listen(request: HttpRequest, crew: Crew, reference: UUID) -> HttpResponse:
    """The section alone, for the script that waits for the alarm centre; 204 while it shows what the page shows."""
    card = card_of(scope.stop_of(crew, reference))
    panel = panel_of(card)
    if panel is None or panel.mark == request.GET.get("mark"):
        return HttpResponse(status=204)
    return render(request, "driver/_telecare.html", {"telecare": panel, "visit": card.visit})
