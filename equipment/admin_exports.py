"""Lists taken out as CSV or .xlsx: the rows that are listed, of all pages, and only what the user may see."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryFile
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern, path, reverse

from equipment import clock
from equipment.admin_base import Desk, label_of
from equipment.duties import Duty
from equipment.exports import Table, csv_lines, write_xlsx

FORMATS = {"csv": "CSV", "xlsx": "XLSX"}


class Exports(Desk):
    """Put first among the bases of a desk. `export` makes the table of the rows listed: `exports.assets` for one."""

    change_list_template = "admin/export_list.html"
    export: Callable[[QuerySet[Any]], Table]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/<slug:form>/", view, name=self._named("export")), *super().get_urls()]

    def _named(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def may_export(self, request: HttpRequest) -> bool:
        """To see a row is one thing, to carry all of them away another: that is a duty of its own."""
        return self.has_view_permission(request) and label_of(request).may(Duty.IMPORT)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        shown = []
        if self.may_export(request):
            query = f"?{request.GET.urlencode()}" if request.GET else ""
            name = f"admin:{self._named('export')}"
            shown = [(label, f"{reverse(name, args=[form])}{query}") for form, label in FORMATS.items()]
        return super().changelist_view(request, {"exports": shown, **(extra_context or {})})

    def export_view(self, request: HttpRequest, form: str) -> HttpResponseBase:
        if not self.may_export(request):
            raise PermissionDenied
        if form not in FORMATS:
            raise Http404
        listed = self.get_changelist_instance(request).get_queryset(request)
        # Without what the columns of the list join: the table asks for its own, in an order that is stable.
        rows: QuerySet[Model] = listed.select_related(None).order_by("pk")
        made = type(self).export(rows)
        filename = f"{made.name}-{clock.now():%Y-%m-%d}.{form}"
        if form == "csv":
            return csv_answer(csv_lines(made), filename)
        out = TemporaryFile()  # noqa: SIM115  the answer closes it
        write_xlsx(made, cast(Any, out))
        out.seek(0)
        return FileResponse(out, as_attachment=True, filename=filename)


def csv_answer(lines: Any, filename: str) -> StreamingHttpResponse:
    """With a byte order mark, because Excel takes UTF-8 for Windows' letters without one."""

    def marked() -> Any:
        yield "\ufeff"
        yield from lines

    answer = StreamingHttpResponse(marked(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer
