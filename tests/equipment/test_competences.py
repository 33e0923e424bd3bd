"""The register of competent persons (rules 4 and 37)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from equipment import competences, inspections
from equipment.duties import Actor, Duty
from equipment.errors import Invalid, Refused
from equipment.models import Asset, Competence, InspectionRecord
from tests.county import BY, TUESDAY, County

pytestmark = pytest.mark.django_db
TODAY = TUESDAY.date()


def enrol(county: County, name: str = "Kay Rigger", **given: object) -> Competence:
    fields = {"kind": "loler", "valid_until": date(2026, 5, 3), **given}
    return competences.enrol(county.provider, name=name, by=BY, at=TUESDAY, **fields)  # type: ignore[arg-type]


def record(asset: Asset, examiner: str, *, days: int = 0, kind: str = "loler", result: str = "pass") -> None:
    inspections.record(
        asset,
        kind=kind,
        result=result,
        examiner=examiner,
        defects="" if result == "pass" else "Frayed",
        by=BY,
        at=TUESDAY + timedelta(days=days),
    )


def test_without_a_register_anybody_may_examine(county: County) -> None:
    hoist = county.new(county.hoist())
    record(hoist, "Anybody")
    assert InspectionRecord.objects.filter(asset=hoist, examiner="Anybody").count() == 1


def test_rule_37_with_a_register_only_who_is_on_it_may_pass_it(county: County) -> None:
    """Rules 4 and 37: a thorough examination is made by a competent person, or it is none."""
    hoist = county.new(county.hoist())
    enrol(county)
    with pytest.raises(Invalid) as refusal:
        record(hoist, "Anybody")
    assert (refusal.value.code, refusal.value.facts["field"]) == ("not_competent", "examiner")
    assert InspectionRecord.objects.filter(asset=hoist, examiner="Anybody").count() == 0
    record(hoist, " kay RIGGER ")


def test_the_last_day_counts_and_the_next_does_not(county: County) -> None:
    hoist = county.new(county.hoist())
    enrol(county, valid_until=TODAY + timedelta(days=1))
    record(hoist, "Kay Rigger", days=1)
    with pytest.raises(Invalid):
        record(hoist, "Kay Rigger", days=2)


def test_what_anybody_finds_wrong_counts(county: County) -> None:
    """Rule 4: fail beats pass, whoever saw it: a register never keeps a defect off the record."""
    hoist = county.new(county.hoist())
    enrol(county)
    record(hoist, "Anybody", result="fail")
    hoist.refresh_from_db()
    assert hoist.state == "testing"


def test_a_register_is_kept_kind_by_kind(county: County) -> None:
    lift = county.new(county.product("LIFT", regimes={"loler": 182, "pat": 365}, safe_working_load_kg=150))
    enrol(county)
    record(lift, "Anybody", kind="pat")
    assert InspectionRecord.objects.filter(asset=lift, examiner="Anybody", kind="pat").exists()


def test_a_register_of_another_organisation_says_nothing(county: County) -> None:
    competences.enrol(county.other, name="Far Away", kind="loler", by=BY, at=TUESDAY)
    record(county.new(county.hoist()), "Anybody")


def test_the_provider_keeps_it_for_what_a_council_owns(county: County) -> None:
    hoist = county.new(county.hoist(), owner=county.council)
    enrol(county)
    with pytest.raises(Invalid):
        record(hoist, "Anybody")


def test_who_is_enrolled_for_one_store_examines_there_and_at_homes(county: County) -> None:
    ward = county.satellite()
    hoist = county.new(county.hoist())
    home = county.on_loan(county.product("BATH-HOIST", regimes={"loler": 182}, safe_working_load_kg=140))
    enrol(county, store=ward)
    with pytest.raises(Invalid):
        record(hoist, "Kay Rigger")
    assert home.asset is not None
    record(home.asset, "Kay Rigger")
    assert [row.name for row in competences.who_may("loler", ward, TODAY)] == ["Kay Rigger"]
    assert competences.who_may("loler", county.store, TODAY) == []


def test_who_may_on_a_day(county: County) -> None:
    enrol(county)
    enrol(county, "Lee Slinger", valid_until=None)
    competences.enrol(county.council, name="Mo Councillor", kind="loler", by=BY, at=TUESDAY)
    competences.enrol(county.other, name="Far Away", kind="loler", by=BY, at=TUESDAY)
    assert [row.name for row in competences.who_may("loler", county.store, date(2026, 5, 3))] == [
        "Kay Rigger",
        "Lee Slinger",
        "Mo Councillor",
    ]
    assert [row.name for row in competences.who_may("loler", county.store, date(2026, 5, 4))] == [
        "Lee Slinger",
        "Mo Councillor",
    ]
    assert competences.who_may("pat", county.store, TODAY) == []


def test_enrolling_again_renews(county: County) -> None:
    first = enrol(county)
    again = enrol(county, "kay rigger", number="C-9", valid_until=date(2027, 1, 1))
    assert (again.pk, again.number, again.valid_until) == (first.pk, "C-9", date(2027, 1, 1))
    assert Competence.objects.count() == 1


def test_ended_is_ended_from_today_and_the_register_stays_kept(county: County) -> None:
    hoist, row = county.new(county.hoist()), enrol(county)
    competences.end(row, by=BY, at=TUESDAY)
    assert row.valid_until == TODAY - timedelta(days=1)
    with pytest.raises(Invalid):
        record(hoist, "Kay Rigger")
    with pytest.raises(Refused) as refusal:
        competences.end(row, by=BY, at=TUESDAY)
    assert refusal.value.code == "already_ended"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "  "}, "name"),
        ({"kind": "acceptance"}, "kind"),
        ({"kind": "magic"}, "kind"),
        ({"valid_until": TODAY - timedelta(days=1)}, "valid_until"),
    ],
)
def test_an_entry_that_means_nothing_is_refused(county: County, given: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        enrol(county, **given)  # type: ignore[arg-type]
    assert refusal.value.facts["field"] == field
    assert Competence.objects.count() == 0


def test_only_a_manager_keeps_the_register(county: County) -> None:
    row = enrol(county)
    with pytest.raises(Refused):
        competences.enrol(county.provider, name="Kay", kind="pat", by=Actor("user:t", {Duty.TEST}), at=TUESDAY)
    with pytest.raises(Refused):
        competences.end(row, by=Actor("user:t", {Duty.TEST}), at=TUESDAY)
    row.refresh_from_db()
    assert (Competence.objects.count(), row.valid_until) == (1, date(2026, 5, 3))
