"""Bring in a file: see what it would do, then decide."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from io import StringIO
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import URLPattern, path, reverse

from equipment.admin_base import Chips, ReadOnly, Verb, VerbForm, display, label_of, see
from equipment.admin_exports import csv_answer
from equipment.duties import Duty
from equipment.imports import jobs, kinds
from equipment.jobs import ImportKind, ImportState
from equipment.models import ImportJob, Organisation, Store
from equipment.states import choices

SHOWN = 200  # problems on the page; all that are kept come with the bad rows
_WORKING = frozenset(jobs.WORKING)
_TONES = {"waiting": "info", "checking": "info", "checked": "warning", "applying": "info"} | {
    "done": "success",
    "failed": "danger",
}


class Stage(Chips):
    title = "state"
    parameter_name = "stage"
    words = {
        "decide": ("To decide", lambda: Q(state=ImportState.CHECKED)),
        "work": ("At work", lambda: Q(state__in=_WORKING)),
        "done": ("Done", lambda: Q(state=ImportState.DONE)),
        "failed": ("Failed", lambda: Q(state=ImportState.FAILED)),
    }


class BringIn(VerbForm):
    lead = "The file is only checked at first: you see what it would do, and decide then."

    kind = forms.ChoiceField(label="What it holds", choices=choices(ImportKind))
    file = forms.FileField(label="File", help_text="CSV or .xlsx; its first row names the columns")
    organisation = forms.ModelChoiceField(label="Whose rows these are", queryset=Organisation.objects.none())
    store = forms.ModelChoiceField(
        label="Store", queryset=Store.objects.none(), required=False, help_text="Where new assets are booked in"
    )

    def ask(self) -> None:
        mine, stores = self.fields["organisation"], self.fields["store"]
        assert isinstance(mine, forms.ModelChoiceField) and isinstance(stores, forms.ModelChoiceField)  # noqa: S101
        mine.queryset = see(Organisation.objects.all(), "pk", self.request)
        stores.queryset = see(Store.objects.all(), "organisation", self.request, store="pk")

    @property
    def given(self) -> dict[str, Any]:
        file = self.cleaned_data["file"]
        wanted = {name: self.cleaned_data[name] for name in ("kind", "organisation", "store")}
        return wanted | {"filename": file.name, "content": file.read()}


def _upload(*, by: str, at: datetime, **given: Any) -> ImportJob:
    return jobs.upload(by=by, at=at, **given)


def _page(job: ImportJob) -> str:
    return reverse("admin:equipment_importjob_change", args=[job.pk])


def _good(job: ImportJob) -> bool:
    return job.state == ImportState.CHECKED and job.rows_total > 0


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnly):
    scope_field = "organisation"
    store_field = "store"
    change_form_template = "admin/import_job.html"
    change_list_template = "admin/import_list.html"
    list_display = ("filename", "kind", "state_label", "rows_total", "bad", "uploaded_by", "uploaded_at")
    list_filter = (Stage,)
    search_fields = ("filename",)
    search_help_text = "File name"
    fields = (
        ("kind", "organisation", "store"),
        ("uploaded_by", "uploaded_at", "finished_at"),
        ("rows_total", "bad"),
        ("created", "updated", "unchanged"),
        "encoding",
    )
    verbs = (
        Verb(
            "bring-in",
            "Bring in a file",
            "equipment.add_importjob",
            _upload,
            "{} is being checked.",
            form=BringIn,
            duty=Duty.IMPORT,
            on_list=True,
            to=_page,
        ),
        Verb(
            "apply",
            "Apply",
            "equipment.change_importjob",
            jobs.apply,
            "{} is being applied.",
            legal=lambda job: _good(job) and not job.bad,
            duty=Duty.IMPORT,
        ),
        Verb(
            "apply-good",
            "Apply the good rows only",
            "equipment.change_importjob",
            partial(jobs.apply, skip_bad=True),
            "The good rows of {} are being applied.",
            legal=lambda job: _good(job) and 0 < job.bad < job.rows_total,
            duty=Duty.IMPORT,
        ),
        Verb(
            "cancel",
            "Cancel",
            "equipment.change_importjob",
            jobs.cancel,
            "{} is cancelled: nothing was written.",
            legal=lambda job: job.state in (ImportState.WAITING, ImportState.CHECKED),
            duty=Duty.IMPORT,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportJob]:
        rows: QuerySet[ImportJob] = super().get_queryset(request)
        return rows.defer("content", "problems")  # each may be megabytes

    @display("State", tones=_TONES)
    def state_label(self, job: ImportJob) -> tuple[str, str]:
        return job.state, job.get_state_display()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Files are decided on one by one, on their pages."""
        return {}

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"equipment_importjob_{name}")

        return [
            page("template/<slug:kind>/", self.template_view, "template"),
            page("<path:object_id>/progress/", self.progress_view, "progress"),
            page("<path:object_id>/bad-rows/", self.bad_rows_view, "bad_rows"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"template_kinds": list(kinds.KINDS), **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        job = kwargs.get("obj")
        if job is not None:
            context |= {"problems": job.problems[:SHOWN], "more": max(0, len(job.problems) - SHOWN)}
            context |= {"at_work": job.state in _WORKING, "words": in_words(job)}
        return super().render_change_form(request, context, *args, **kwargs)

    def progress_view(self, request: HttpRequest, object_id: str) -> JsonResponse:
        """What the page asks for once a second."""
        job = self._one(request, object_id)
        numbers = {name: getattr(job, name) for name in ("state", "rows_total", "rows_done", "bad")}
        return JsonResponse(numbers | {"working": job.state in _WORKING, "words": in_words(job)})

    def bad_rows_view(self, request: HttpRequest, object_id: str) -> Any:
        job = self._one(request, object_id)
        if not label_of(request).may(Duty.IMPORT):
            raise PermissionDenied
        return csv_answer(_csv(jobs.bad_rows(job)), f"bad-rows-{job.pk}.csv")

    def template_view(self, request: HttpRequest, kind: str) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kind not in kinds.KINDS:
            raise Http404
        return csv_answer(_csv(kinds.template(kind)), f"{kind}-template.csv")

    def _one(self, request: HttpRequest, object_id: str) -> ImportJob:
        if not self.has_view_permission(request):
            raise PermissionDenied
        job: ImportJob | None = self.get_object(request, object_id)
        if job is None:
            raise Http404
        return job


def in_words(job: ImportJob) -> str:
    """One sentence that says how it stands."""
    if job.state == ImportState.WAITING:
        return "It waits for its turn."
    if job.state in _WORKING:
        verb = "checked" if job.state == ImportState.CHECKING else "applied"
        return f"{job.rows_done:,} of {job.rows_total:,} rows {verb}."
    if job.state == ImportState.CHECKED:
        would = f"It would create {job.created:,}, update {job.updated:,} and leave {job.unchanged:,} as they are"
        return f"{would}; {job.bad:,} rows are bad. Nothing is written yet."
    if job.state == ImportState.CANCELLED:
        return "Cancelled: nothing was written."
    return (
        f"{job.created:,} created, {job.updated:,} updated, {job.unchanged:,} unchanged, {job.bad:,} left out as bad."
    )


def _csv(rows: Iterable[list[str]]) -> Iterable[str]:
    for row in rows:
        out = StringIO()
        csv.writer(out).writerow(row)
        yield out.getvalue()
