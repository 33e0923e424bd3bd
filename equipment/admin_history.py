"""The history of a row, as a read-only part of its page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from equipment.admin_theme import ModelAdmin
from equipment.models import FloorEvent
from equipment.states import label

_SHOWN = 50


class WithEvents(ModelAdmin):
    """Shows below a row's page what happened to it, newest first. `subject` is the word under which its events are
    filed in the table `events`: ours unless said otherwise.
    """

    subject = ""
    events: Any = FloorEvent

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context["happened"] = self._happened(kwargs["obj"]) if kwargs.get("obj") else ""
        return super().render_change_form(request, context, *args, **kwargs)

    def _happened(self, row: Any) -> SafeString | str:
        events = self.events.objects.filter(subject=self.subject, subject_id=row.pk)[:_SHOWN]
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
        return table(("When", "What", "Now", "By", "Why"), lines) if lines else "Nothing yet."


def table(heads: tuple[str, ...], lines: list[tuple[Any, ...]]) -> SafeString:
    """Rows as people read them; every cell is escaped."""
    head = format_html_join("", "<th>{}</th>", ((text,) for text in heads))
    cells = format_html_join(
        "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((c,) for c in line)),) for line in lines)
    )
    return format_html(
        '<div class="house house-scroll"><table class="house-table"><tr>{}</tr>{}</table></div>', head, cells
    )
