"""Who may sign in and which machines may ask. Re-registered on our own base, whose inputs both themes can draw.

Tokens and grants are not shown at all: they are credentials, and expire or are revoked by themselves.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from oauth2_provider.models import AccessToken, Application, Grant, IDToken, RefreshToken

from equipment.admin_base import UNFOLD, Desk, display
from equipment.models import ApiClient, Membership

for _model in (User, Group, Application, AccessToken, Grant, IDToken, RefreshToken):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(BaseUserAdmin, Desk):
    """Accounts are switched off, not deleted: their name stands in the histories."""

    scope_field = "membership__organisation"
    change_list_template = "admin/desk_list.html"
    change_form_template = "admin/desk_form.html"
    list_display = ("username", "first_name", "last_name", "is_staff", "is_active")
    list_filter = ()
    if UNFOLD:
        from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

        form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, Desk):
    """What each group may do is set by `manage.py ensure_roles`."""


@admin.register(Membership)
class MembershipAdmin(Desk):
    scope_field = "organisation"
    list_display = ("user", "organisation", "works_in")
    list_select_related = ("user", "organisation")
    search_fields = ("user__username__istartswith",)
    search_help_text = "User name"
    autocomplete_fields = ("user", "stores")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("stores")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("equipment.delete_membership"))

    @display("Works in")
    def works_in(self, membership: Membership) -> str:
        return ", ".join(str(store) for store in membership.stores.all()) or "all stores"


@admin.register(ApiClient)
class ApiClientAdmin(Desk):
    scope_field = "organisation"
    list_display = ("application", "organisation", "may_run_store", "centre")
    list_select_related = ("application", "organisation", "centre")
    autocomplete_fields = ("application",)


@admin.register(Application)
class ApplicationAdmin(Desk):
    """The secret is shown once, before it is saved; afterwards only its hash is kept, and not shown."""

    list_display = ("name", "client_id", "client_type", "authorization_grant_type")
    search_fields = ("name",)
    search_help_text = "Name"
    fields = (("name", "client_id"), ("client_type", "authorization_grant_type"), "client_secret")

    def get_fields(self, request: HttpRequest, obj: Application | None = None) -> Any:
        return self.fields[:2] if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Application | None = None) -> Any:
        return ("client_id",) if obj else ()
