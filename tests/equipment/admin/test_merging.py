"""Two records of one person, merged and taken apart on their pages."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from equipment.models import Address, Person, PersonMerge
from equipment.roles import DISCHARGE_TEAM
from tests.county import County
from tests.equipment.admin.rows import manager, signed_in, user


def merge(client: Client, kept: Person, other: object) -> int:
    path = reverse("admin:equipment_person_verb", args=[kept.pk, "merge"])
    return client.post(path, {"other": str(other), "reason": "Same card"}).status_code


def test_rule_29_merge_and_undo_are_a_managers_buttons(county: County) -> None:
    """Rule 29: a merge is undone from the list of merges."""
    kept, gone, client = county.person(), county.person(), manager(county)
    address = county.address(gone)
    assert merge(client, kept, "nobody") == 400
    assert merge(client, kept, kept.reference) == 409
    assert merge(client, kept, gone.reference) == 302
    done = PersonMerge.objects.get()
    rows = client.get(reverse("admin:equipment_person_changelist")).context["cl"].result_list
    assert list(rows) == [kept]
    assert Address.objects.get(pk=address.pk).person == kept
    page = client.get(reverse("admin:equipment_personmerge_change", args=[done.pk]))
    assert b"1 x equipment.address.person" in page.content
    undo = reverse("admin:equipment_personmerge_verb", args=[done.pk, "undo"])
    assert client.post(undo, {"reason": "Two cards"}).status_code == 302
    assert Address.objects.get(pk=address.pk).person == gone


def test_nobody_merges_what_is_not_theirs_to_see_or_to_decide(county: County) -> None:
    kept, foreign = county.person(), county.person(county.other)
    assert merge(manager(county), kept, foreign.reference) == 400
    assert merge(signed_in(user("dee", county.council, DISCHARGE_TEAM)), kept, county.person().reference) == 403
    assert not PersonMerge.objects.exists()
