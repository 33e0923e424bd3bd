"""What every admin class stands on.

Adds to the theme: rows of the user's organisations and stores only, no deleting, verbs as buttons, quick lists.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.admin import SimpleListFilter
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from equipment.admin_theme import UNFOLD, AdminSite, ChangeList, ModelAdmin, TabularInline, action
from equipment.admin_theme import display as _display
from equipment.admin_verbs import Verb, VerbForm, Verbs, label_of, patiently
from equipment.models import Organisation

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
    "SimpleListFilter",
    "TabularInline",
    "Verb",
    "VerbForm",
    "action",
    "display",
    "label_of",
    "organisations_of",
    "patiently",
    "see",
    "stores_of",
]

# A list counts no further than this: beyond it nobody turns pages, and counting 250,000 rows makes every page slow.
MOST_COUNTED = 5000


def display(
    description: str, *, ordering: str | None = None, boolean: bool | None = None, tones: dict[str, str] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A column or a fact. With `tones`, the function gives (key, text): a label in the colour of its key's tone."""

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        if tones is None:
            return _display(function, description=description, ordering=ordering, boolean=boolean)

        @wraps(function)
        def coloured(*args: Any) -> SafeString | str:
            key, text = function(*args)
            return (
                format_html('<span class="house-tag house-{}">{}</span>', tones.get(key, "default"), text)
                if text
                else ""
            )

        return _display(coloured, description=description, ordering=ordering)

    return wrap


def organisations_of(request: HttpRequest) -> frozenset[int] | None:
    """The organisations this user may see: the own one and those it serves. None: all, for a superuser of none."""
    if not hasattr(request, "_organisations"):
        user = request.user
        found = Organisation.objects.filter(Q(memberships__user=user.pk) | Q(provider__memberships__user=user.pk))
        keys = frozenset(found.values_list("pk", flat=True))
        seen = None if not keys and getattr(user, "is_superuser", False) else keys
        request._organisations = seen  # type: ignore[attr-defined]
    return request._organisations  # type: ignore[attr-defined]


def stores_of(request: HttpRequest) -> frozenset[int] | None:
    """The stores this user works in. None: all those of the organisations the user may see."""
    return label_of(request).stores


def see(queryset: QuerySet[Any], field: str, request: HttpRequest, *, store: str = "") -> QuerySet[Any]:
    """Only the rows whose `field` leads to an organisation this user may see; an empty field is common to all.

    With `store`, also only those whose `store` is one the user works in, or that are in no store (on a van, at home).
    """
    seen, stores = organisations_of(request), stores_of(request) if store else None
    if field and seen is not None:
        queryset = queryset.filter(**{f"{field}__in": seen})
    if stores is not None:
        queryset = queryset.filter(Q(**{f"{store}__in": stores}) | Q(**{f"{store}__isnull": True}))
    return queryset


class Bounded(Paginator):
    """Pages over at most MOST_COUNTED rows, so that no page counts a whole table."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[:MOST_COUNTED].count()


class Chips(SimpleListFilter):
    """A filter shown as a row of words above the list, one click each. `words`: value -> (label, condition)."""

    chips = True
    words: dict[str, tuple[str, Callable[[], Q]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, _) in self.words.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        word = self.words.get(self.value() or "")
        return queryset.filter(word[1]()) if word else queryset


class OneOf(SimpleListFilter):
    """A filter shown as a drop-down: rows of a related model that this user may see."""

    model: type[models.Model]
    scope_field = ""
    store_field = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = see(self.model._default_manager.all(), self.scope_field, request, store=self.store_field)
        return [(str(row.pk), str(row)) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{self.parameter_name or "": value}) if value and value.isdecimal() else queryset


class List(ChangeList):
    """A change list whose filters stand above it, not in a drawer; `Desk.adorn` may add what a whole page needs."""

    def get_filters(self, request: HttpRequest) -> Any:
        found = super().get_filters(request)
        self.toolbar = found[0]
        return (found[0], False, *found[2:])

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = cast(Desk, self.model_admin).adorn(list(self.result_list))
        self.cut = self.result_count >= MOST_COUNTED

    def chips(self) -> list[Any]:
        """The words of the first filter shown as chips, each with its address."""
        for spec in self.toolbar:
            if isinstance(spec, Chips):
                return list(spec.choices(self))
        return []

    def selects(self) -> list[dict[str, Any]]:
        """The other filters, as drop-downs."""
        return [
            {
                "name": spec.parameter_name,
                "title": capfirst(spec.title),
                "value": spec.value() or "",
                "options": spec.lookup_choices,
            }
            for spec in self.toolbar
            if isinstance(spec, SimpleListFilter) and not isinstance(spec, Chips)
        ]

    def kept(self) -> list[tuple[str, str]]:
        """What the search form must carry along: the word chosen, and how the list is sorted."""
        names = {spec.parameter_name for spec in self.toolbar if isinstance(spec, Chips)} | {"o"}
        return [(name, value) for name, value in self.params.items() if name in names]


class Scoped(ModelAdmin):
    """Rows of the user's organisations only, in lists, on pages and in every choice.

    `scope_field` leads from the row to its organisation; empty, the rows are common to all. `store_field` leads to its
    store; empty, the rows are those of every store.
    """

    scope_field = ""
    store_field = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return see(super().get_queryset(request), self.scope_field, request, store=self.store_field)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self._choices(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self._choices(db_field, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _choices(self, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        model = db_field.remote_field.model
        related = self.admin_site._registry.get(model)
        return related.get_queryset(request) if related else model._default_manager.all()


class Desk(Scoped, Verbs):
    """The admin class of this house. What has a history is never deleted, and no list counts a whole table."""

    change_list_template = "admin/desk_list.html"
    change_form_template = "admin/desk_form.html"
    paginator = Bounded
    show_full_result_count = False
    list_per_page = 50
    keeps_own_history = False  # the page shows what happened; Django's log of edits would be a second, poorer one

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return List

    def adorn(self, rows: list[Any]) -> list[Any]:
        """A hook: give every row of a page what its columns show, in a fixed number of queries."""
        return rows

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context["show_history"] = not self.keeps_own_history
        return super().render_change_form(request, context, *args, **kwargs)


class ReadOnly(Desk):
    """Looked at, never edited: what changes here changes by a verb."""

    keeps_own_history = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class History(TabularInline):
    """Rows that belong to the page's row, shown and never edited."""

    extra = 0
    max_num = 0
    can_delete = False
    tab = True
    hide_title = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
