"""Scan after scan: one page for each way of working, which does each scan in a request of its own.

With JavaScript the page asks here for each scan and shows the answer in place; without, its form is posted and the
page comes back with the answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import uuid4

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from equipment import clock
from equipment.admin.scan import HERE, address_of, assets_of, name_of, only_store_staff, stores_here
from equipment.admin.work import today
from equipment.admin_base import label_of, patiently
from equipment.errors import Busy, DomainError
from equipment.models import Scan, Store
from equipment.scanning import doing
from equipment.scanning.registry import About, Ask, Job, Mode, mode_of, modes_for

_KEPT = "scan_choices"
_SHOWN = 20
_SIGNS = {"good": ("✔", "Done"), "warn": ("!", "Look"), "bad": ("✖", "Not done")}


@dataclass(frozen=True)
class Given:
    """What the page sends with one scan."""

    code: str
    key: str
    job: int | None
    store: str
    answer: dict[str, str]


@dataclass(frozen=True)
class Field:
    """One choice as drawn, with its value now."""

    ask: Ask
    value: str
    shown: bool


@dataclass(frozen=True)
class Line:
    """One scan as listed."""

    scan: Scan
    tone: str
    icon: str
    word: str


def urls(site: Any) -> list[URLPattern]:
    return [
        path("scan/<slug:mode>/", site.admin_view(view), name="scan_mode"),
        path("scan/<slug:mode>/step/", site.admin_view(step), name="scan_step"),
    ]


def view(request: HttpRequest, mode: str) -> HttpResponse:
    """The page of one way of working."""
    page = _page_of(request, mode)
    last = request.GET.get("last", "")
    if not last:
        _open_anew(request, page)
    shown = _mine(request, page).filter(pk=last).first() if last.isdecimal() else None
    return render(request, "admin/scan_mode.html", _whole(request, page, shown))


def step(request: HttpRequest, mode: str) -> HttpResponse:
    """Do one scan. Answers as JSON when asked with JSON."""
    page = _page_of(request, mode)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    by_script = request.content_type == "application/json"
    given = _from_json(request) if by_script else _from_form(request)
    about = _about(request, page, given)
    if by_script and not given.code:
        _keep(request, page, about, about.job, {})
        return JsonResponse(_drawn(request, page, None))
    try:
        with patiently():
            done = doing.scan(
                given.code,
                key=given.key,
                mode=page.name,
                job=about.job,
                answer={**about.answer, "examiner": name_of(request)},
                by=about.by,
                at=about.at,
                assets=assets_of(request),
                store=about.store,
            )
    except DomainError as error:
        return _refused(request, page, error, by_script)
    _keep(request, page, about, done.answer.get("job", about.job), done.answer.get("sticky", {}))
    go = _go(done, about)
    if by_script:
        return JsonResponse(_told(request, page, done, go))
    return HttpResponseRedirect(go or f"{reverse('admin:scan_mode', args=[page.name])}?last={done.pk}")


def _page_of(request: HttpRequest, name: str) -> Mode:
    only_store_staff(request)
    page = mode_of(name)
    if page is None:
        raise Http404
    if not label_of(request).may(page.duty):
        raise PermissionDenied(f"{page.title} is not among your duties.")
    return page


# What is sent --------------------------------------------------------------------------------------------------------


def _from_json(request: HttpRequest) -> Given:
    """What the script sends. Whatever is not as it should be counts as empty, and is refused further on."""
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        sent = None
    sent = sent if isinstance(sent, dict) else {}
    answer = sent.get("answer")
    text = {name: doing.typed(str(value)) for name, value in answer.items()} if isinstance(answer, dict) else {}
    code, key, job, store = (str(sent.get(name) or "") for name in ("code", "key", "job", "store"))
    return Given(code, key, _number(job), store, text)


def _from_form(request: HttpRequest) -> Given:
    sent = request.POST
    answer = {name.removeprefix("ask-"): doing.typed(str(sent[name])) for name in sent if name.startswith("ask-")}
    code = sent.get("command") or sent.get("code", "")
    return Given(code, sent.get("key", ""), _number(sent.get("job", "")), sent.get("store", ""), answer)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


# Where the page stands -----------------------------------------------------------------------------------------------


def _about(request: HttpRequest, page: Mode, given: Given | None = None) -> About:
    """Store, job and choices: as sent, or as they were left the last time."""
    kept = request.session.get(_KEPT, {}).get(page.name, {})
    store = _store(request, given.store if given else "")
    job = given.job if given else kept.get("job")
    answer = given.answer if given else kept.get("answer", {})
    return About(store, label_of(request), clock.now(), job, answer)


def _open_anew(request: HttpRequest, page: Mode) -> None:
    """Forget what must be said again each time the page is opened."""
    about = _about(request, page)
    again = {ask.name: "" for ask in page.ask_for(about) if ask.fresh and about.answer.get(ask.name)}
    if again:
        _keep(request, page, about, about.job, again)


def _store(request: HttpRequest, chosen: str) -> Store | None:
    stores = {str(store.pk): store for store in stores_here(request)}
    if chosen in stores:
        request.session[HERE] = chosen
    here = request.session.get(HERE, "")
    return stores.get(str(here)) or (next(iter(stores.values())) if len(stores) == 1 else None)


def _keep(request: HttpRequest, page: Mode, about: About, job: int | None, sticky: dict[str, str]) -> None:
    """Keep what stays chosen for the next scan: as sent, and as the scan has changed it."""
    stays = {ask.name for ask in page.ask_for(about) if ask.sticky}
    answer = {name: value for name, value in {**about.answer, **sticky}.items() if name in stays}
    request.session[_KEPT] = {**request.session.get(_KEPT, {}), page.name: {"job": job or None, "answer": answer}}


def _go(done: Scan, about: About) -> str:
    mode = done.answer.get("sticky", {}).get("mode")
    return address_of(mode, about.by) if mode else ""


# What is shown -------------------------------------------------------------------------------------------------------


def _whole(request: HttpRequest, page: Mode, last: Scan | None) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "title": "Scan",
        "modes": modes_for(label_of(request)),
        "key": uuid4().hex,
        "last": _line(last) if last else None,
        "waiting_code": last.code if last and last.answer.get("again") else "",
        **_parts(request, page, last),
    }


def _parts(request: HttpRequest, page: Mode, last: Scan | None) -> dict[str, Any]:
    about = _about(request, page)
    jobs = page.open_jobs(about)
    if about.job is not None and about.job not in {job.pk for job in jobs}:
        about = About(about.store, about.by, about.at, None, about.answer)
    asked = last.answer.get("ask", "") if last else ""
    stores = list(stores_here(request))
    return {
        "page": page,
        "about": about,
        "jobs": _with_none(page, jobs),
        "fields": [_field(ask, about, asked) for ask in page.ask_for(about)],
        "asked": asked,
        "stores": stores if len(stores) > 1 else [],
        "progress": page.progress(about, about.job) if page.progress and about.job else [],
        "scans": [_line(scan) for scan in _mine(request, page)[:_SHOWN]],
        "done_today": _done_today(request, page),
        "lines": last.answer.get("lines", "") if last else "",
    }


def _with_none(page: Mode, jobs: list[Job]) -> list[Job]:
    return [Job(0, "A new one" if page.name == "wash" else "Choose…"), *jobs] if page.jobs else []


def _field(ask: Ask, about: About, asked: str) -> Field:
    value = about.answer.get(ask.name, "") if ask.sticky else ""
    return Field(ask, value or ask.first, shown=not ask.hidden and (not ask.later or asked == ask.name))


def _mine(request: HttpRequest, page: Mode) -> Any:
    return Scan.objects.filter(by=str(label_of(request)), mode=page.name)


def _done_today(request: HttpRequest, page: Mode) -> int:
    midnight = timezone.make_aware(datetime.combine(today(), time.min))
    done = _mine(request, page).filter(ok=True, undone_at__isnull=True, at__gte=midnight)
    return done.exclude(answer__has_key="quiet").count()


def _line(scan: Scan) -> Line:
    tone = "warn" if scan.undone_at else str(scan.answer.get("tone", "bad"))
    icon, word = ("↶", "Undone") if scan.undone_at else _SIGNS[tone]
    return Line(scan, tone, icon, word)


def _told(request: HttpRequest, page: Mode, done: Scan, go: str) -> dict[str, Any]:
    line = _line(done)
    return {
        "ok": done.ok,
        "tone": line.tone,
        "icon": line.icon,
        "word": line.word,
        "sentence": done.answer["sentence"],
        "lines": done.answer.get("lines", ""),
        "ask": done.answer.get("ask", ""),
        "again": done.code if done.answer.get("again") else "",
        "sticky": done.answer.get("sticky", {}),
        "job": done.answer.get("job"),
        "go": go,
        **_drawn(request, page, done),
    }


def _drawn(request: HttpRequest, page: Mode, last: Scan | None) -> dict[str, str]:
    """The parts of the page that a scan may change."""
    parts = _parts(request, page, last)
    return {name: render_to_string(f"admin/scan_{name}.html", parts, request) for name in ("choices", "list")}


def _refused(request: HttpRequest, page: Mode, error: DomainError, by_script: bool) -> HttpResponse:
    """The request itself cannot be a scan: nothing is kept of it."""
    icon, word = _SIGNS["bad"]
    told = {"ok": False, "tone": "bad", "icon": icon, "word": word, "sentence": error.detail}
    if by_script:
        # The page sends a scan again, with its key, when the service was only busy.
        return JsonResponse(told, status=503 if isinstance(error, Busy) else 409)
    return render(request, "admin/scan_mode.html", {**_whole(request, page, None), "refused": told}, status=409)
