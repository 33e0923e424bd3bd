"""What a ward asks and tells before it orders: body, fire answers, assessments, overrides, and whether it suits."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from equipment import assessments, overrides
from equipment.models import Override, Person, PersonEvent, RiskAssessment
from equipment.words import Use
from tests.county import BY, TUESDAY

TODAY = TUESDAY.date()
FIRE = {"smokes": False, "uses_oxygen": False, "uses_emollients": True, "has_smoke_alarm": True}


@pytest.fixture
def person(county):
    return county.person(weight_kg=Decimal(80), height_cm=170)


@pytest.fixture
def path(person):
    return f"people/{person.reference}/"


@pytest.fixture
def rail(county):
    return county.product("RAIL", use=Use.RAIL)


def codes(answer):
    return {row["product"]: [reason["code"] for reason in row["reasons"]] for row in answer.json()}


def test_a_person_is_registered_with_body_and_fire_answers(ward):
    """Rule 12: whoever registers says what is known; a question not asked stays open."""
    given = {"given_name": "A", "family_name": "B", "weight_kg": "80", "height_cm": 170, "sling_size": "M"}
    given |= {"smokes": True, "address": {"line1": "1 Hill", "postcode": "ZX1 1AB"}}
    made = ward.post("people/", given)
    assert made.status_code == 201
    seen = ward.get(f"people/{made.json()['reference']}/").json()
    assert (seen["weight_kg"], seen["weighed_on"], seen["height_cm"], seen["sling_size"]) == (
        "80.0",
        "2026-03-03",
        170,
        "M",
    )
    assert (seen["smokes"], seen["uses_oxygen"], seen["living"], seen["died_on"]) == (True, None, "home", None)


def test_a_measurement_is_taken_and_an_older_weight_refused(person, path, ward):
    """Rule 12: the newest weight, with its day."""
    taken = ward.post(f"{path}measurements/", {"weight_kg": "79.5", "sling_size": "L"})
    assert (taken.status_code, taken.json()["weight_kg"], taken.json()["weighed_on"]) == (201, "79.5", "2026-03-03")
    older = ward.post(f"{path}measurements/", {"weight_kg": "70", "weighed_on": "2026-03-02"})
    assert (older.status_code, older.json()["code"], older.json()["field"]) == (409, "newer_weight", "weighed_on")
    wrong = ward.post(f"{path}measurements/", {"height_cm": 20})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "height_cm")
    person.refresh_from_db()
    assert (person.weight_kg, person.height_cm, PersonEvent.objects.count()) == (Decimal("79.5"), 170, 1)


def test_the_fire_questions_are_answered_all_four(person, path, ward):
    """Rule 12: asked before an airflow mattress; a part of the answers is no answer."""
    part = ward.post(f"{path}fire-answers/", {"smokes": True})
    assert (part.status_code, person.events.count()) == (400, 0)
    taken = ward.post(f"{path}fire-answers/", FIRE | {"referred_on": "2026-03-02"})
    assert (taken.status_code, taken.json()["uses_emollients"], taken.json()["fire_referred_on"]) == (
        201,
        True,
        "2026-03-02",
    )


def test_an_assessment_is_recorded_and_listed(county, person, path, ward, rail):
    """Rule 13: a current assessment for this person, bed and mattress."""
    county.product("BED", use=Use.BED)
    given = {"product": "RAIL", "bed": "BED", "suitable": True, "assessor": "O. T.", "assessed_on": "2026-03-02"}
    made = ward.post(f"{path}risk-assessments/", given)
    assert (made.status_code, made.json()["weight_kg"], made.json()["review_on"]) == (201, "80.0", "2027-03-02")
    assert (made.json()["bed"], made.json()["mattress"]) == ("BED", "")
    [listed] = ward.get(f"{path}risk-assessments/").json()
    assert listed == made.json()
    for field, code in (("product", "NONE"), ("bed", "RAIL"), ("mattress", "NONE")):
        wrong = ward.post(f"{path}risk-assessments/", given | {field: code})
        assert (wrong.status_code, wrong.json()["field"]) == (400, field)
    assert RiskAssessment.objects.count() == 1


def test_an_override_needs_a_reason_a_name_and_an_end(county, path, ward):
    """Rule 12: named, reasoned, time-limited and recorded; never the safe working load."""
    county.commode()
    given = {"product": "COMMODE", "code": "too_small", "reason": "With bumpers", "authorised_by": "R. Hallam, lead"}
    assert ward.post(f"{path}overrides/", given).status_code == 400
    given |= {"expires_on": "2026-03-31"}
    heavy = ward.post(f"{path}overrides/", given | {"code": "too_heavy"})
    assert (heavy.status_code, Override.objects.count()) == (400, 0)
    made = ward.post(f"{path}overrides/", given)
    assert (made.status_code, made.json()["code"], made.json()["ended_at"]) == (201, "too_small", None)
    assert ward.get(f"{path}overrides/").json() == [made.json()]


def test_a_store_without_the_discharge_role_changes_nothing_of_a_person(county, person, path):
    from tests.api.conftest import Api

    store = Api(county, county.provider, "store", may_run_store=True)
    for what in ("measurements", "fire-answers", "risk-assessments", "overrides"):
        assert store.post(f"{path}{what}/", {}).status_code == 403, what
    assert store.get(f"{path}risk-assessments/").status_code == 200


def test_another_organisations_person_does_not_exist(path, stranger):
    for what in ("measurements", "fire-answers", "risk-assessments", "overrides", "fit"):
        assert stranger.post(f"{path}{what}/", {}).status_code == 404, what
    for what in ("", "loans/", "risk-assessments/", "overrides/"):
        assert stranger.get(f"{path}{what}").status_code == 404, what


def test_a_merged_record_answers_as_the_one_kept(county, ward, stranger):
    """Rule 29: whoever holds the old reference finds the person, and writes to the record that counts."""
    kept, gone = county.person(), county.person()
    Person.objects.filter(pk=gone.pk).update(merged_into=kept)
    old = f"people/{gone.reference}/"
    assert ward.get(old).json()["reference"] == str(kept.reference)
    assert ward.post(f"{old}measurements/", {"weight_kg": "70"}).json()["reference"] == str(kept.reference)
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (kept.weight_kg, gone.weight_kg) == (70, None)
    assert ward.get(f"{old}loans/").json() == []
    assert stranger.get(old).status_code == 404


def test_whether_it_suits_is_asked_before_it_is_ordered(county, person, path, ward, rail):
    """Rules 12 and 13: each product with its reasons, sentence and remedy, asked together; nothing is written."""
    county.product("CHAIR", safe_working_load_kg=70)
    county.product("AIR", use=Use.AIRFLOW)
    county.commode()
    answer = ward.post(f"{path}fit/", {"products": ["COMMODE", "CHAIR", "AIR", "RAIL"]})
    assert answer.status_code == 200
    assert codes(answer) == {
        "COMMODE": [],
        "CHAIR": ["too_heavy"],
        "AIR": ["no_assessment", "fire_unasked"],
        "RAIL": ["no_assessment"],
    }
    [heavy] = answer.json()[1]["reasons"]
    assert heavy == {
        "code": "too_heavy",
        "sentence": "Chair carries 70 kg at most; the person weighs 80 kg.",
        "remedy": "Order a product with a higher safe working load.",
        "rule": 12,
        "overridable": False,
    }
    assert not PersonEvent.objects.exists()


def test_what_was_assessed_answered_and_set_aside_suits(county, path, ward, rail):
    """Rules 12 and 13: the same question after the remedies has no reasons left."""
    county.product("AIR", use=Use.AIRFLOW)
    county.product("BED", use=Use.BED, min_height_cm=175)
    asked = {"products": ["BED", "AIR", "RAIL"]}
    before = codes(ward.post(f"{path}fit/", asked))
    assert "too_small" in before["BED"]
    assert before["RAIL"] == ["no_assessment"]
    ward.post(f"{path}fire-answers/", FIRE)
    given = {"product": "RAIL", "bed": "BED", "mattress": "AIR", "suitable": True}
    ward.post(f"{path}risk-assessments/", given | {"assessor": "O. T.", "assessed_on": "2026-03-03"})
    given = {"product": "BED", "code": "too_small", "reason": "Judged", "authorised_by": "R. H., lead"}
    ward.post(f"{path}overrides/", given | {"expires_on": "2026-03-10"})
    assert codes(ward.post(f"{path}fit/", asked)) == {"BED": [], "AIR": [], "RAIL": []}
    later = codes(ward.post(f"{path}fit/", asked | {"on": "2026-03-11"}))
    assert later == {"BED": ["too_small"], "AIR": [], "RAIL": []}


def test_a_set_is_judged_by_its_parts(county, person, path, ward):
    """Rule 12: the lowest component decides, and the ward is told so under the set's own code."""
    county.product("MATTRESS", safe_working_load_kg=60)
    county.bed_set()
    assert codes(ward.post(f"{path}fit/", {"products": ["BED-SET"]})) == {"BED-SET": ["too_heavy"]}


def test_an_unknown_product_and_an_empty_question_are_refused(path, ward):
    unknown = ward.post(f"{path}fit/", {"products": ["NONE"]})
    assert (unknown.status_code, unknown.json()["code"], unknown.json()["field"]) == (400, "product", "products")
    assert ward.post(f"{path}fit/", {"products": []}).status_code == 400


def test_the_queries_do_not_grow_with_what_was_judged_or_asked(county, person, path, ward, rail):
    """Query counts are pinned: lists and the fit of twenty products cost what one does."""

    def judged(times):
        for n in range(times):
            bed = county.product(f"B-{times}-{n}", use=Use.BED)
            given = {"suitable": True, "assessor": "O. T.", "assessed_on": TODAY, "by": BY, "at": TUESDAY}
            assessments.assess(person, rail, bed=bed, **given)
            until = {"reason": "x", "authorised_by": "y", "expires_on": TODAY + timedelta(days=1)}
            overrides.override(person, bed, "too_small", by=BY, at=TUESDAY, **until)

    def queries(ask):
        with CaptureQueriesContext(connection) as found:
            assert ask().status_code == 200
        return len(found)

    asks = {
        "risk-assessments": lambda: ward.get(f"{path}risk-assessments/"),
        "overrides": lambda: ward.get(f"{path}overrides/"),
        "person": lambda: ward.get(path),
        "fit": lambda: ward.post(f"{path}fit/", {"products": list(county.products)}),
    }
    judged(1)
    few = {name: queries(ask) for name, ask in asks.items()}
    judged(9)
    many = {name: queries(ask) for name, ask in asks.items()}
    assert few == many
    assert {name: many[name] for name in ("risk-assessments", "overrides", "person")} == {
        "risk-assessments": 5,
        "overrides": 5,
        "person": 5,
    }
    assert many["fit"] <= 25
