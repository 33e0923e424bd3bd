"""A person's page: measured, asked, assessed and set aside by verbs, with the lists of what was."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from equipment import assessments, overrides
from equipment.models import Compatibility, Override, Person, PersonEvent, Product, RiskAssessment
from equipment.roles import DISCHARGE_TEAM, STORE_ASSISTANTS
from equipment.words import Use
from tests.county import BY, TUESDAY, County
from tests.equipment.admin.rows import manager, signed_in, user

pytestmark = pytest.mark.django_db
TODAY = TUESDAY.date()
FIRE = {"smokes": "no", "uses_oxygen": "no", "uses_emollients": "yes", "has_smoke_alarm": "yes"}


def coordinator(county: County) -> Client:
    return signed_in(user("cora", county.provider, DISCHARGE_TEAM))


def do(client: Client, person: Person, verb: str, **given: Any) -> Any:
    return client.post(reverse("admin:equipment_person_verb", args=[person.pk, verb]), given)


def page(client: Client, person: Person) -> Any:
    return client.get(reverse("admin:equipment_person_change", args=[person.pk]))


def test_a_coordinator_measures_and_asks_about_fire(county: County) -> None:
    """Rule 12: a weight with its day, and the fire questions, taken on the person's page."""
    client, person = coordinator(county), county.person()
    given = {"weight_kg": "81.5", "weighed_on": "2026-03-01", "height_cm": "170", "sling_size": "L"}
    assert do(client, person, "measure", **given).status_code == 302
    assert do(client, person, "fire", **FIRE).status_code == 302
    person.refresh_from_db()
    assert (person.weight_kg, f"{person.weighed_on}", person.height_cm, person.sling_size) == (
        Decimal("81.5"),
        "2026-03-01",
        170,
        "L",
    )
    assert (person.smokes, person.uses_emollients, person.has_smoke_alarm) == (False, True, True)
    assert list(person.events.values_list("by", flat=True)) == ["user:cora"] * 2
    assert "Measure" in page(client, person).content.decode()


def test_a_fire_question_left_open_is_not_a_no(county: County) -> None:
    """Rule 12: nothing is ticked beforehand, and all four are answered or none."""
    person = county.person()
    answers = FIRE | {"smokes": ""}
    assert do(coordinator(county), person, "fire", **answers).status_code == 400
    person.refresh_from_db()
    assert (person.smokes, person.uses_emollients, PersonEvent.objects.count()) == (None, None, 0)


def test_an_older_weight_is_refused_in_words_beside_its_field(county: County) -> None:
    """Rule 12: the newest weight stays."""
    person = county.person(weight_kg=Decimal(80), weighed_on=TODAY - timedelta(days=100))
    answer = do(coordinator(county), person, "measure", weight_kg="70", weighed_on="2025-11-01")
    assert answer.status_code == 409
    assert "this one is older" in str(answer.context["form"].errors["weighed_on"])
    person.refresh_from_db()
    assert person.weight_kg == 80


def test_on_an_existing_person_measurements_change_by_verb_only(county: County) -> None:
    person = county.person(weight_kg=Decimal(80))
    fields = page(manager(county), person).context["adminform"].form.fields
    assert not {"weight_kg", "weighed_on", "height_cm", "sling_size", "smokes", "fire_referred_on"} & set(fields)


def test_a_new_person_is_checked_as_a_ward_would_be(county: County) -> None:
    """Rule 12: out of reason is refused on this page too."""
    client = manager(county)
    given = {"given_name": "Ann", "family_name": "Other", "organisation": county.council.pk}
    add = reverse("admin:equipment_person_add")
    wrong = client.post(add, given | {"height_cm": "20"})
    assert "The height must be 40 to 250 cm." in wrong.content.decode()
    assert not Person.objects.exists()
    assert client.post(add, given | {"weight_kg": "80", "smokes": "unknown"}).status_code == 302
    made = Person.objects.get()
    assert (made.weight_kg, made.weighed_on, made.smokes) == (80, TODAY, None)


def test_a_rail_is_assessed_and_the_assessment_voided(county: County) -> None:
    """Rule 13: assessed on this bed, by name; voided with a reason, and both stay in sight."""
    client, person = coordinator(county), county.person()
    rail, bed = county.product("RAIL", use=Use.RAIL), county.product("BED", use=Use.BED)
    asked = client.get(reverse("admin:equipment_person_verb", args=[person.pk, "assess"])).context["form"]
    assert [row.stock_code for row in asked.fields["product"].queryset] == ["RAIL"]
    given = {"product": rail.pk, "bed": bed.pk, "suitable": "yes", "assessor": "O. T.", "assessed_on": "2026-03-02"}
    assert do(client, person, "assess", **given).status_code == 302
    made = RiskAssessment.objects.get()
    assert (made.bed, made.mattress, made.suitable, made.recorded_by) == (bed, None, True, "user:cora")
    assert "Bed with own mattress" in page(client, person).content.decode()
    assert do(client, person, "void", assessment=made.pk, reason="Other bed").status_code == 302
    body = page(client, person)
    assert "Void: Other bed" in body.content.decode()
    assert "void" not in [verb.name for verb in body.context["verbs"]]


def test_only_a_manager_sets_a_reason_aside(county: County) -> None:
    """Rule 12: a named, reasoned override for a time, and a manager's decision."""
    person, product = county.person(), county.product("BED", use=Use.BED)
    given = {
        "product": product.pk,
        "code": "too_small",
        "reason": "With bumpers",
        "authorised_by": "R. Hallam, lead",
        "expires_on": "2026-03-31",
    }
    assert do(coordinator(county), person, "override", **given).status_code == 403
    assert not Override.objects.exists()
    boss = manager(county)
    too_long = do(boss, person, "override", **given | {"expires_on": "2026-04-01"})
    assert (too_long.status_code, "expires_on" in too_long.context["form"].errors) == (409, True)
    assert do(boss, person, "override", **given).status_code == 302
    made = Override.objects.get()
    assert (made.made_by, made.code) == ("user:mo", "too_small")
    assert do(boss, person, "end-override", override=made.pk).status_code == 302
    made.refresh_from_db()
    assert (made.ended_by, list(overrides.standing(person, TODAY))) == ("user:mo", [])


def test_weight_above_the_working_load_is_not_offered_to_be_set_aside(county: County) -> None:
    """Rule 12: nobody may override the safe working load."""
    person, boss = county.person(), manager(county)
    form = boss.get(reverse("admin:equipment_person_verb", args=[person.pk, "override"])).context["form"]
    assert [code for code, _ in form.fields["code"].choices] == [
        "fire_risk",
        "size_unknown",
        "test_expires_soon",
        "too_small",
    ]


def test_people_of_other_organisations_and_assistants_are_left_alone(county: County) -> None:
    person = county.person()
    stranger = signed_in(user("far", county.other, DISCHARGE_TEAM))
    assert do(stranger, person, "measure", weight_kg="80").status_code == 404
    assistant = signed_in(user("al", county.provider, STORE_ASSISTANTS))
    assert do(assistant, person, "measure", weight_kg="80").status_code == 403
    person.refresh_from_db()
    assert person.weight_kg is None


def test_the_page_takes_the_same_queries_however_much_was_judged(county: County) -> None:
    """Lists on the page do not grow in queries."""
    client, person = manager(county), county.person()
    rail = county.product("RAIL", use=Use.RAIL)

    def judged(times: int) -> int:
        for n in range(times):
            day = TODAY - timedelta(days=1)
            bed = county.product(f"BED-{times}-{n}", use=Use.BED)
            assessments.assess(
                person, rail, bed=bed, suitable=True, assessor="O. T.", assessed_on=day, by=BY, at=TUESDAY
            )
            overrides.override(
                person, bed, "too_small", reason="x", authorised_by="y", expires_on=TODAY, by=BY, at=TUESDAY
            )
        with CaptureQueriesContext(connection) as queries:
            assert page(client, person).status_code == 200
        return len(queries)

    assert judged(1) == judged(8)


def test_a_manager_keeps_use_body_limits_and_approved_pairs_in_the_catalogue(county: County) -> None:
    """Rule 11: approved pairs are kept beside the product, with their source. Rule 12: and whom it fits."""
    bed, rail, boss = county.product("BED"), county.product("RAIL"), manager(county)
    address = reverse("admin:equipment_product_change", args=[bed.pk])
    form = boss.get(address).context["adminform"].form
    wanted = {"maker", "model", "use", "size", "connectivity", "min_height_cm", "min_weight_kg", "min_bmi"}
    assert wanted | {"review_days"} <= set(form.fields)
    given = {name: form.initial.get(name) for name in form.fields if form.initial.get(name) is not None}
    formsets = boss.get(address).context["inline_admin_formsets"]
    for each in formsets:
        prefix = each.formset.prefix
        given |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    [partners] = [each.formset.prefix for each in formsets if each.formset.model is Compatibility]
    given |= {"use": "bed", "maker": "Oakwell", "model": "Rise 4", "min_height_cm": 150, "review_days": 90}
    given |= {
        f"{partners}-TOTAL_FORMS": 1,
        f"{partners}-0-other": rail.pk,
        f"{partners}-0-source": "Maker's list, edition 4",
    }
    answer = boss.post(address, given)
    assert answer.status_code == 302, answer.context["errors"]
    saved = Product.objects.get(pk=bed.pk)
    assert (saved.use, saved.maker, saved.model, saved.min_height_cm, saved.review_days) == (
        "bed",
        "Oakwell",
        "Rise 4",
        150,
        90,
    )
    assert [str(pair) for pair in Compatibility.objects.all()] == ["BED Bed with RAIL Rail"]
