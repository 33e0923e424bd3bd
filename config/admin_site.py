"""The admin site: today's work first, and the scan page."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import apps
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path


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
            from equipment.admin import scan

            own: list[URLPattern | URLResolver] = [path("scan/", self.admin_view(scan.view), name="scan")]
            return [*own, *super().get_urls()]

        def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
            from config.today import numbers

            return super().index(request, {**numbers(request), **(extra_context or {})})

    return Site()
