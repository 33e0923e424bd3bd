"""Verbs as buttons: on the page of one row, over several rows of a list, or of a list as a whole.

Each is one POST that calls a verb of the house; one with a form asks on a page of its own first. A refusal is shown in
its own words, and what a person may not do is not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

from equipment import clock
from equipment.admin_theme import ModelAdmin
from equipment.duties import Actor, Duty
from equipment.errors import Busy, DomainError
from equipment.roles import actor_of


def label_of(request: HttpRequest) -> Actor:
    """Who did it, for the record, with this person's duties and stores. Read once a request."""
    if not hasattr(request, "_actor"):
        request._actor = actor_of(request.user)  # type: ignore[attr-defined]
    return request._actor  # type: ignore[attr-defined]


@contextmanager
def patiently() -> Iterator[None]:
    """What two people change at once is refused to one of them in words, not with an error page."""
    try:
        yield
    except OperationalError as error:
        raise Busy("busy", "Somebody else is changing the same things just now: try again.") from error


class VerbForm(forms.Form):
    """What a verb asks. By `request` and `row` (None: a verb of the list) it offers only what the user may choose."""

    lead = ""  # a sentence above the fields
    button = ""  # on the button; else the verb's label
    notice = ""  # what was found, when the same form is asked again without anything being wrong

    def __init__(self, *args: Any, request: HttpRequest, row: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.row = request, row
        self.ask()
        for field in self.fields.values():
            _choose_the_only_one(field)

    def ask(self) -> None:
        """Add or narrow the fields that depend on who asks and about what."""

    @property
    def given(self) -> dict[str, Any]:
        """The keyword arguments of the verb."""
        return dict(self.cleaned_data)


def _choose_the_only_one(field: forms.Field) -> None:
    """A question with one answer is not asked: who works in one store need not choose it each time."""
    single = isinstance(field, forms.ModelChoiceField) and not isinstance(field, forms.ModelMultipleChoiceField)
    if single and field.required and field.initial is None:
        rows = list(field.queryset[:2])  # type: ignore[attr-defined]
        field.initial = rows[0].pk if len(rows) == 1 else None


@dataclass(frozen=True)
class Verb:
    """`do(row, by=..., at=..., **form.given)` is the verb called; one `on_list` is called without a row.

    `done` is said afterwards, with the row (or, on a list, what the verb returned) for its `{}`. `to` gives the address
    to go on to, from the row or what was returned.
    """

    name: str
    label: str
    permission: str
    do: Callable[..., object]
    done: str
    legal: Callable[[Any], bool] = lambda row: True
    form: type[VerbForm] | None = None
    duty: Duty | None = None
    on_list: bool = False
    to: Callable[[Any], str] | None = None
    page: str = ""  # a template that shows what the verb returned in the answer itself: no message, no session holds it

    @property
    def asks(self) -> bool:
        """Has it a form? A template cannot look at `form`: it would call the class."""
        return self.form is not None


class Verbs(ModelAdmin):
    """Buttons and actions that call verbs."""

    verbs: tuple[Verb, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        one, whole = self.admin_site.admin_view(self.verb_view), self.admin_site.admin_view(self.list_verb_view)
        return [
            path("do/<slug:verb>/", whole, name=f"{name}_list_verb"),
            path("<path:object_id>/do/<slug:verb>/", one, name=f"{name}_verb"),
            *super().get_urls(),
        ]

    def verb_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Do one verb to one row and come back to its page."""
        found = self._verb(request, verb, on_list=False)
        if found.form is None and request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        if found.form is not None:
            return self._with_form(request, found, row, page)
        self._do(request, found, [row])
        return HttpResponseRedirect(found.to(row) if found.to else page)

    def list_verb_view(self, request: HttpRequest, verb: str) -> HttpResponse:
        """Do a verb that needs no row, such as starting a count."""
        found = self._verb(request, verb, on_list=True)
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return self._with_form(request, found, None, page)

    def _verb(self, request: HttpRequest, name: str, *, on_list: bool) -> Verb:
        found = next((v for v in self.verbs if v.name == name and v.on_list == on_list), None)
        if found is None:
            raise Http404
        if not may(request, found):
            raise PermissionDenied
        return found

    def _with_form(self, request: HttpRequest, verb: Verb, row: Any, page: str) -> HttpResponse:
        """Ask, then do. What is wrong is said above the form, whose answers stay as they were given."""
        assert verb.form is not None  # noqa: S101  callers have looked
        given = (request.POST, request.FILES) if request.method == "POST" else ()
        form = verb.form(*given, request=request, row=row)
        status = 200
        if request.method == "POST":
            status = 400
            if form.is_valid():
                try:
                    with patiently(), transaction.atomic():
                        answer = verb.do(
                            *([] if row is None else [row]), by=label_of(request), at=clock.now(), **form.given
                        )
                except DomainError as error:
                    form.add_error(
                        str(error.facts.get("field")) if error.facts.get("field") in form.fields else None, error.detail
                    )
                    status = 409
                else:
                    if verb.page:
                        return self._answered(request, verb, row, answer, page)
                    about = answer if row is None else row
                    messages.success(request, verb.done.format(about))
                    return HttpResponseRedirect(verb.to(about) if verb.to else page)
        context = {
            **self.admin_site.each_context(request),
            "title": verb.label,
            "opts": self.opts,
            "form": form,
            "row": row,
            "back": page,
        }
        return render(request, "admin/verb_form.html", context, status=status)

    def _answered(self, request: HttpRequest, verb: Verb, row: Any, answer: Any, page: str) -> HttpResponse:
        given = {"title": verb.label, "opts": self.opts, "row": row, "back": page, "answer": answer}
        shown = render(request, verb.page, {**self.admin_site.each_context(request), **given})
        shown["Cache-Control"] = "no-store, private"
        return shown

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        for verb in self.verbs:
            if verb.form is None and may(request, verb):
                actions[verb.name] = (partial(_bulk, verb), verb.name, verb.label)
        return actions

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        shown = [verb for verb in self.verbs if verb.on_list and may(request, verb)]
        return super().changelist_view(request, {"list_verbs": shown, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        shown = [v for v in self.verbs if row is not None and not v.on_list and may(request, v) and v.legal(row)]
        context["verbs"] = shown
        return super().render_change_form(request, context, *args, **kwargs)

    def _do(self, request: HttpRequest, verb: Verb, rows: Iterable[Any]) -> None:
        at = clock.now()
        for row in rows:
            try:
                with patiently():
                    verb.do(row, by=label_of(request), at=at)
            except DomainError as error:
                messages.error(request, f"{capfirst(str(row))}: {error.detail}")
            else:
                messages.success(request, verb.done.format(row))


def may(request: HttpRequest, verb: Verb) -> bool:
    """Has this user the permission, and the duty when the verb asks for one?"""
    return request.user.has_perm(verb.permission) and (verb.duty is None or label_of(request).may(verb.duty))


def _bulk(verb: Verb, desk: Verbs, request: HttpRequest, queryset: Any) -> None:
    desk._do(request, verb, queryset)
