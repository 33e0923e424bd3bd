"""The history of what logistics owns, as a read-only part of its page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from equipment.admin_base import ModelAdmin
from equipment.states import label
from logistics.models import Event

_SHOWN = 50


class WithEvents(ModelAdmin):
    """Shows below a row's page what happened to it, newest first. `subject` is the word its events are filed under."""

    subject = ""

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context["happened"] = self._history(kwargs["obj"]) if kwargs.get("obj") else ""
        return super().render_change_form(request, context, *args, **kwargs)

    def _history(self, row: Any) -> SafeString | str:
        events = Event.objects.filter(subject=self.subject, subject_id=row.pk)[:_SHOWN]
        lines = [
            (
                timezone.localtime(event.at).strftime("%d %b %Y %H:%M"),
                event.verb.replace("_", " ").capitalize(),
                label(event.to_state) if event.to_state != event.from_state else "",
                event.by,
                event.reason,
            )
            for event in events
        ]
        if not lines:
            return "Nothing yet."
        cells = "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"
        head = "<tr><th>When</th><th>What</th><th>Now</th><th>By</th><th>Why</th></tr>"
        table = '<div class="house house-scroll"><table class="house-table">' + head + "{}</table></div>"
        return format_html(table, format_html_join("", cells, lines))
