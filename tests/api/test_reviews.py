from __future__ import annotations

import pytest

from equipment.models import Loan
from logistics import reviews
from logistics.models import Review, Visit
from tests.county import BY, TUESDAY


@pytest.fixture
def review(county):
    loan = county.on_loan(county.product("STOOL"))
    Loan.objects.filter(pk=loan.pk).update(review_on=TUESDAY.date())
    reviews.raise_due(by=BY, at=TUESDAY)
    made = Review.objects.get()
    Review.objects.update(prescriber=county.prescriber)
    return made


def test_the_prescriber_has_a_work_list(county, ward, stranger, review, django_assert_num_queries):
    reviews.ask(county.on_loan(county.product("CHAIR")), by=BY, at=TUESDAY)
    [row] = ward.get("reviews/", prescriber="OT1", state="due").json()["results"]
    assert (row["id"], row["product"], row["prescriber"], row["reminders"]) == (review.pk, "STOOL", "Ola Therapist", 0)
    assert len(ward.get("reviews/", state="open").json()["results"]) == 2
    assert ward.get("reviews/", state="decided").json()["results"] == []
    assert stranger.get("reviews/").json()["results"] == []
    assert stranger.get(f"reviews/{review.pk}/").status_code == 404
    ward.get("reviews/")
    with django_assert_num_queries(4):
        ward.get("reviews/")


def test_the_answer_is_recorded_and_done(ward, review):
    keep = ward.post(f"reviews/{review.pk}/decide/", {"outcome": "keep"})
    assert (keep.status_code, keep.json()["field"]) == (400, "next_review_on")
    swap = ward.post(f"reviews/{review.pk}/decide/", {"outcome": "swap"})
    assert (swap.status_code, swap.json()["code"]) == (409, "no_replacement")
    done = ward.post(f"reviews/{review.pk}/decide/", {"outcome": "collect", "note": "Walks again"})
    assert (done.status_code, done.json()["outcome"], done.json()["note"]) == (200, "collect", "Walks again")
    assert Visit.objects.get().activities.get().kind == "collection"


def test_a_loan_is_asked_about_before_its_day(county, ward, stranger):
    loan = county.on_loan(county.product("STOOL"))
    assert stranger.post("reviews/", {"loan": loan.pk}).status_code == 400
    made = ward.post("reviews/", {"loan": loan.pk, "reason": "asked"})
    assert (made.status_code, made.json()["loan"], made.json()["due_on"]) == (201, loan.pk, "2026-03-03")
    assert ward.post("reviews/", {"loan": loan.pk}).json()["id"] == made.json()["id"]
