"""What Django REST framework loads by name before anything else: who may come in at all, and how long a page is."""

from __future__ import annotations

from typing import Any

from rest_framework import permissions
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class IsKnown(permissions.BasePermission):
    """A known organisation stands behind the request, and it holds the role that the action asks for."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth is None and (request.user is None or not request.user.is_authenticated):
            raise NotAuthenticated()
        if getattr(view, "asker", None) is None:
            raise PermissionDenied("No organisation stands behind this account: ask for a membership or an API client.")
        role = view.roles.get(view.action)
        if view.asker.centre is not None and role != "alarm":
            raise PermissionDenied("An alarm centre acknowledges test calls and ends installations, nothing else.")
        if role and role not in view.asker.roles:
            raise PermissionDenied(f"This needs the role '{role}'.")
        return True


class Pages(PageNumberPagination):
    page_size_query_param = "page_size"
    max_page_size = 200
