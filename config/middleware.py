"""The content security policy: strict everywhere, loosened by a word under the admin's path and on the scan page."""

from __future__ import annotations

from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse


class ContentSecurityPolicy(CSPMiddleware):
    """What script-src gains: 'unsafe-eval' in the admin, while Unfold is used, whose Alpine evaluates expressions;
    'wasm-unsafe-eval' on the scan page, whose camera reads codes by WebAssembly.
    """

    def get_policy_parts(self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False) -> Any:
        parts = super().get_policy_parts(request, response, report_only)
        words = [] if report_only else _gained(request.path_info)
        if words:
            parts.update = {**(parts.update or {}), "script-src": words}
        return parts


def _gained(path: str) -> list[str]:
    words = []
    if settings.ADMIN_THEME == "unfold" and path.startswith(reverse("admin:index")):
        words.append("'unsafe-eval'")
    if path.startswith(reverse("admin:scan")):
        words.append("'wasm-unsafe-eval'")
    return words
