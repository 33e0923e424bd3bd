"""What every admin class stands on. The theme is imported here only, so plain Django admin stays one setting away.

Adds to the theme: rows of the user's organisations only, no deleting, verbs as buttons, and lists that stay quick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, cast

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
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from equipment import clock
from equipment.duties import Actor
from equipment.errors import DomainError
from equipment.models import Organisation
from equipment.roles import actor_of

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
    "SimpleListFilter",
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


def label_of(request: HttpRequest) -> Actor:
    """Who did it, for the record, with this person's duties and stores. Read once a request."""
    if not hasattr(request, "_actor"):
        request._actor = actor_of(request.user)  # type: ignore[attr-defined]
    return request._actor  # type: ignore[attr-defined]


def organisations_of(request: HttpRequest) -> frozenset[int] | None:
    """The organisations this user may see: the own one and those it serves. None: all, for a superuser of none."""
    if not hasattr(request, "_organisations"):
        user = request.user
        found = Organisation.objects.filter(Q(memberships__user=user.pk) | Q(provider__memberships__user=user.pk))
        keys = frozenset(found.values_list("pk", flat=True))
        seen = None if not keys and getattr(user, "is_superuser", False) else keys
        request._organisations = seen  # type: ignore[attr-defined]
    return request._organisations  # type: ignore[attr-defined]


def see(queryset: QuerySet[Any], field: str, request: HttpRequest) -> QuerySet[Any]:
    """Only the rows whose `field` leads to an organisation this user may see; an empty field is common to all."""
    seen = organisations_of(request)
    return queryset if not field or seen is None else queryset.filter(**{f"{field}__in": seen})


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

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = see(self.model._default_manager.all(), self.scope_field, request)
        return [(str(row.pk), str(row)) for row in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{self.parameter_name or "": value}) if value and value.isdigit() else queryset


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


@dataclass(frozen=True)
class Verb:
    """A button on the page of one row, and an action over several: `do(row, by=..., at=...)` is the verb it calls."""

    name: str
    label: str
    permission: str
    do: Callable[..., object]
    done: str
    legal: Callable[[Any], bool] = lambda row: True


class Scoped(ModelAdmin):
    """Rows of the user's organisations only, in lists, on pages and in every choice.

    `scope_field` leads from the row to its organisation; empty, the rows are common to all.
    """

    scope_field = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return see(super().get_queryset(request), self.scope_field, request)

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


class Verbs(ModelAdmin):
    """Buttons and actions that call verbs: one POST each, a refusal shown in its own words."""

    verbs: tuple[Verb, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_verb"
        view = self.admin_site.admin_view(self.verb_view)
        return [path("<path:object_id>/do/<slug:verb>/", view, name=name), *super().get_urls()]

    def verb_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Do one verb to one row and come back to its page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = next((v for v in self.verbs if v.name == verb), None)
        if found is None:
            raise Http404
        if not _may(request, found):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        self._do(request, found, [row])
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        for verb in self.verbs:
            if _may(request, verb):
                actions[verb.name] = (partial(_bulk, verb), verb.name, verb.label)
        return actions

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        row = kwargs.get("obj")
        context["verbs"] = [v for v in self.verbs if row is not None and _may(request, v) and v.legal(row)]
        return super().render_change_form(request, context, *args, **kwargs)

    def _do(self, request: HttpRequest, verb: Verb, rows: Iterable[Any]) -> None:
        at = clock.now()
        for row in rows:
            try:
                verb.do(row, by=label_of(request), at=at)
            except DomainError as error:
                messages.error(request, f"{capfirst(str(row))}: {error.detail}")
            else:
                messages.success(request, verb.done.format(row))


def _may(request: HttpRequest, verb: Verb) -> bool:
    return request.user.has_perm(verb.permission)


def _bulk(verb: Verb, desk: Verbs, request: HttpRequest, queryset: QuerySet[Any]) -> None:
    desk._do(request, verb, queryset)


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
