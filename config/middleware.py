"""The content security policy: strict everywhere, loosened by one word under the admin's path."""

from __future__ import annotations

from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse


class ContentSecurityPolicy(CSPMiddleware):
    """Unfold's Alpine evaluates expressions: script-src gains 'unsafe-eval' there, while that theme is used."""

    def get_policy_parts(self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False) -> Any:
        parts = super().get_policy_parts(request, response, report_only)
        if (
            settings.ADMIN_THEME == "unfold"
            and not report_only
            and request.path_info.startswith(reverse("admin:index"))
        ):
            parts.update = {**(parts.update or {}), "script-src": ["'unsafe-eval'"]}
        return parts
