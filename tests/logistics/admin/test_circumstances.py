"""What happens in a life, told on the page of a person; and what is still needed, on the pages of loans and reviews."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from equipment import clock
from equipment.models import Loan, Person
from equipment.roles import DISCHARGE_TEAM
from logistics import reviews
from logistics.models import FollowUp, Review, Visit
from tests.county import BY, TUESDAY, County
from tests.equipment.admin.rows import manager, signed_in, user


@pytest.fixture(autouse=True)
def tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: TUESDAY)


@pytest.fixture
def team(county: County) -> Client:
    return signed_in(user("dee", county.council, DISCHARGE_TEAM))


def do(client: Client, row: Any, verb: str, **given: Any) -> Any:
    meta = row._meta
    return client.post(reverse(f"admin:{meta.app_label}_{meta.model_name}_verb", args=[row.pk, verb]), given)


def test_rule_27_a_death_is_told_on_the_person_and_its_collection_approved_on_the_follow_up(county, team):
    """Rule 27: the day of death is no field to type into; the verb stops what is under way, and a person approves."""
    loan = county.on_loan(county.product("STOOL"))
    page = team.get(reverse("admin:equipment_person_change", args=[loan.person.pk]))
    assert b"Has died" in page.content
    assert "died_on" not in page.context["adminform"].form.fields
    assert do(team, loan.person, "died", on="2026-03-04").status_code == 409
    assert Person.objects.get().died_on is None
    assert do(team, loan.person, "died", on="2026-03-03").status_code == 302
    step = FollowUp.objects.get()
    do(team, step, "close")
    step.refresh_from_db()
    assert step.closed_at is None
    assert do(team, step, "approve", not_before="2026-03-20").status_code == 302
    assert str(Visit.objects.get().not_before) == "2026-03-20"
    assert do(team, loan.person, "lives", reason="another of that name").status_code == 302
    assert (Person.objects.get().died_on, Visit.objects.get().state) == (None, "cancelled")


def test_where_the_person_is_has_its_buttons(county, team):
    person = county.person()
    page = reverse("admin:equipment_person_change", args=[person.pk])
    for verb, living, shown in (("readmitted", "hospital", b"Back home"), ("home", "home", b"In hospital again")):
        assert do(team, person, verb, note="said the ward").status_code == 302
        assert Person.objects.get().living == living
        assert shown in team.get(page).content


def test_loans_without_a_date_get_one_from_the_list_in_bulk(county, team):
    loans = [county.on_loan(county.product(code)) for code in ("STOOL", "CHAIR")]
    rows = reverse("admin:equipment_loan_changelist")
    assert team.get(rows, {"loans": "undated"}).context["cl"].result_count == 2
    team.post(rows, {"action": "review-usual", "_selected_action": [loan.pk for loan in loans]})
    days = set(Loan.objects.values_list("review_on", flat=True))
    assert days == {TUESDAY.date() + timedelta(days=182)}
    assert team.get(rows, {"loans": "undated"}).context["cl"].result_count == 0
    assert do(team, loans[0], "review-date", on="2026-05-01").status_code == 302
    assert str(Loan.objects.get(pk=loans[0].pk).review_on) == "2026-05-01"


def test_the_answer_is_recorded_on_the_review(county, team):
    loan = county.on_loan(county.product("STOOL"))
    assert do(team, loan, "ask-review").status_code == 302
    review = Review.objects.get()
    refused = do(team, review, "decide", outcome="keep")
    assert (refused.status_code, Review.objects.get().decided_at) == (409, None)
    assert do(team, review, "decide", outcome="keep", next_review_on="2026-06-01").status_code == 302
    assert (Review.objects.get().outcome, Review.objects.get().decided_by) == ("keep", "user:dee")


def test_another_organisation_sees_no_review(county):
    reviews.ask(county.on_loan(county.product("STOOL")), by=BY, at=TUESDAY)
    stranger = signed_in(user("eve", county.other, DISCHARGE_TEAM))
    assert stranger.get(reverse("admin:logistics_review_changelist")).context["cl"].result_count == 0
    assert manager(county).get(reverse("admin:logistics_review_changelist")).context["cl"].result_count == 1
