"""The admin site: today's work first, and the scan page."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import apps
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import urlencode


class AdminConfig(apps.AdminConfig):
    """Puts `site()` in the place of Django's own admin site."""

    default = False
    default_site = "config.admin_site.site"


def site() -> Any:
    """Makes the site. What it shows is imported on use: the admin modules need the site itself to register with."""
    from equipment.admin_base import AdminSite

    class Site(AdminSite):
        site_header = site_title = "Home Before"
        index_title = "Today"

        def get_urls(self) -> list[Any]:
            from equipment.admin import labels, scan, scan_modes
            from logistics.admin import due, picking, queues

            own: list[URLPattern | URLResolver] = [
                path("scan/", self.admin_view(scan.view), name="scan"),
                path("pick/", self.admin_view(picking.view), name="pick"),
                path("tests-due/", self.admin_view(due.view), name="tests_due"),
                path("queue/<slug:name>/", self.admin_view(queues.view), name="queue"),
            ]
            return [*own, *scan_modes.urls(self), *labels.urls(self), *super().get_urls()]

        def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
            """Without a page to go on to, signing in here leads here and not to the drivers' pages."""
            if request.method == "GET" and REDIRECT_FIELD_NAME not in request.GET:
                query = urlencode({REDIRECT_FIELD_NAME: reverse("admin:index")})
                return HttpResponseRedirect(f"{request.path}?{query}")
            return super().login(request, extra_context)

        def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
            from config.today import numbers

            return super().index(request, {**numbers(request), **(extra_context or {})})

    return Site()
