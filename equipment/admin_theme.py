"""The theme of the admin, imported here only, so that plain Django admin stays one setting away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

UNFOLD = settings.ADMIN_THEME == "unfold"

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin, TabularInline, action, display
    from django.contrib.admin.views.main import ChangeList
elif UNFOLD:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.decorators import action, display
    from unfold.sites import UnfoldAdminSite as AdminSite
    from unfold.views import ChangeList
else:
    from django.contrib.admin import AdminSite, ModelAdmin, TabularInline, action, display
    from django.contrib.admin.views.main import ChangeList

__all__ = ["UNFOLD", "AdminSite", "ChangeList", "ModelAdmin", "TabularInline", "action", "display"]
