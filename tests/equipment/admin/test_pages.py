"""Every list and every page of the admin answers, under the theme that is set; `test_plain` runs it under the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, reverse

from equipment.jobs import ScanMode
from tests.county import County
from tests.equipment.admin.rows import one_of_everything, signed_in, user

WITHOUT_HISTORY = {"equipment.Membership", "equipment.StockLevel"}
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture(scope="module")
def client(django_db_setup: None, django_db_blocker: Any) -> Iterator[Client]:
    """A superuser among one of everything: made once for all the pages here, then rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        one_of_everything(County.build())
        yield signed_in(user("root", superuser=True))
        transaction.set_rollback(True)


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_list_filter_and_page_answers_and_keeps_history(client: Client, model: type[Model]) -> None:
    """Lists, searches, filters and pages answer; nothing with a history can be deleted, and no state is a field."""
    row = model._default_manager.first()
    assert row is not None, "one_of_everything() lacks a row"

    assert client.get(address(model, "changelist")).status_code == 200
    assert client.get(address(model, "changelist"), {"q": "a"}).status_code == 200
    for entry in admin.site._registry[model].list_filter:
        for value in [*getattr(entry, "words", {}), "1"]:
            page = client.get(address(model, "changelist"), {entry.parameter_name: value})
            assert page.status_code == 200, (entry, value)

    page = client.get(address(model, "change", row.pk))
    assert page.status_code == 200
    assert "state" not in page.context["adminform"].form.fields
    assert client.get(address(model, "add")).status_code in (200, 403)
    if model._meta.label not in WITHOUT_HISTORY:
        assert client.get(address(model, "delete", row.pk)).status_code == 403


def test_landing_page_and_scan_page_answer(client: Client) -> None:
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/scan/").status_code == 200


@pytest.mark.parametrize("mode", [mode for mode in ScanMode if mode != ScanMode.LOOK_UP])
def test_every_way_of_scanning_has_a_page(client: Client, mode: ScanMode) -> None:
    assert client.get(reverse("admin:scan_mode", args=[mode])).status_code == 200


def test_no_page_names_another_host(client: Client) -> None:
    for page in ("/admin/", "/admin/scan/", "/admin/equipment/asset/"):
        body = client.get(page).content.decode()
        for attribute in ('src="http', 'href="http', "url(http", 'src="//', 'href="//'):
            assert attribute not in body


def test_tokens_are_not_shown() -> None:
    for name in ("accesstoken", "refreshtoken", "grant", "idtoken"):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:oauth2_provider_{name}_changelist")
