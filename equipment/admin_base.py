"""What every admin class stands on. The theme is imported here only, so plain Django admin stays one setting away (ADMIN_THEME).

Adds to the theme's ModelAdmin: rows of the user's organisations only, no deleting, verbs as buttons, and lists that stay quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import SimpleListFilter
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst

from equipment import clock
from equipment.errors import DomainError
from equipment.models import Organisation

UNFOLD = settings.ADMIN_THEME == "unfold"

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin, TabularInline, action
    from django.contrib.admin import display as _display
    from django.contrib.admin.views.main import ChangeList
elif UNFOLD:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.decorators import action
    from unfold.decorators import display as _display
    from unfold.sites import UnfoldAdminSite as AdminSite
    from unfold.views import ChangeList
else:
    from django.contrib.admin import AdminSite, ModelAdmin, TabularInline, action
    from django.contrib.admin import display as _display
    from django.contrib.admin.views.main import ChangeList

__all__ = [
    "UNFOLD",
    "AdminSite",
    "ChangeList",
    "Chips",
    "Desk",
    "History",
    "ModelAdmin",
    "OneOf",
    "ReadOnly",
    "Scoped",
    "TabularInline",
    "Verb",
    "action",
    "display",
    "label_of",
    "organisations_of",
]

# A list counts no further than this: beyond it nobody turns pages, and counting 250,000 rows makes every page slow.
MOST_COUNTED = 5000


def display(
    description: str, *, ordering: str | None = None, boolean: bool | None = None, tones: dict[str, str] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A column. With `tones`, the function gives (key, text) and the theme colours the text by its key's tone."""

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        if tones is None:
            return _display(function, description=description, ordering=ordering, boolean=boolean)
        if UNFOLD:
            coloured: Any = _display
            return coloured(function, description=description, ordering=ordering, label=tones)

        @wraps(function)
        def text(*args: Any) -> str:
            return function(*args)[1]

        return _display(text, description=description, ordering=ordering)

    return wrap


def label_of(request: HttpRequest) -> str:
    """Who did it, for the record."""
    return f"user:{request.user.get_username()}"


def organisations_of(request: HttpRequest) -> frozenset[int] | None:
    """The organisations this user may see: the own one and those it serves. None is all: a superuser who works for none."""
    if not hasattr(request, "_organisations"):
        user = request.user
        found = Organisation.objects.filter(Q(memberships__user=user.pk) | Q(provider__memberships__user=user.pk))
        keys = frozenset(found.values_list("pk", flat=True))
        seen = None if not keys and getattr(user, "is_superuser", False) else keys
        request._organisations = seen  # type: ignore[attr-defined]
    return request._organisations  # type: ignore[attr-defined,no-any-return]


def scoped[Row: models.Model](queryset: QuerySet[Row], field: str, request: HttpRequest) -> QuerySet[Row]: ...
