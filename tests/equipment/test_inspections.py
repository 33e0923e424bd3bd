"""Tests of assets: the checklist, the load, the next date; and a record that does not count."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from equipment import allocation, decontamination, inspections, repairs
from equipment.duties import ASSISTANT, MANAGER, TEST_TECHNICIAN, Actor
from equipment.errors import Invalid, Refused
from equipment.models import Asset, Check, InspectionRecord, Product, TestRegime
from equipment.states import AssetState, TestKind
from tests.county import BY, TUESDAY, state_of

SIX_MONTHS = TUESDAY.date() + timedelta(days=182)
TECHNICIAN, BOSS = Actor("user:tess", TEST_TECHNICIAN), Actor("user:mo", MANAGER)


def record(asset: Asset, **given: Any) -> InspectionRecord:
    given = {"kind": "loler", "result": "pass", "examiner": "E. Xaminer", "by": BY, "at": TUESDAY, **given}
    return inspections.record(asset, **given)


def refused(asset: Asset, **given: Any) -> Invalid:
    before = InspectionRecord.objects.count()
    with pytest.raises(Invalid) as refusal:
        record(asset, **given)
    assert InspectionRecord.objects.count() == before
    return refusal.value


def checks(product: Product, kind: str = TestKind.LOLER) -> list[dict[str, Any]]:
    """Two checks, both answered well."""
    for position, text in enumerate(("Hook and latch", "Label legible")):
        Check.objects.create(product=product, kind=kind, text=text, position=position)
    return [{"check": text, "ok": True, "note": ""} for text in inspections.checklist(product, kind)]


def test_a_report_keeps_examiner_load_certificate_and_who_recorded_it(county):
    asset = county.new(county.hoist())
    test = record(asset, swl_kg=140, certificate="TE-119", by="user:tess")
    assert (test.examiner, test.swl_kg, test.certificate, test.by) == ("E. Xaminer", 140, "TE-119", "user:tess")
    assert test.next_due == SIX_MONTHS


def test_the_load_is_the_plates_unless_given_and_never_above_it(county):
    """The hoist's plate says 150 kg."""
    asset = county.new(county.hoist())
    assert record(asset).swl_kg == 150
    assert refused(asset, swl_kg=1500).code == "swl_above_plate"
    assert refused(asset, swl_kg=0).code == "swl_kg"


def test_a_loler_report_without_any_load_is_refused(county):
    asset = county.received(county.product("STRAP", regimes={TestKind.LOLER: 182}))
    assert refused(asset).code == "swl_needed"
    assert record(asset, swl_kg=200).swl_kg == 200
    assert record(asset, result="fail", defects="frayed").swl_kg is None


def test_a_pat_needs_no_load(county):
    asset = county.received(county.product("PUMP", regimes={TestKind.PAT: 365}))
    assert record(asset, kind="pat").swl_kg is None


def test_an_examiner_may_ask_for_it_earlier_but_never_later(county):
    asset = county.new(county.hoist())
    assert record(asset, next_due=date(2026, 5, 1)).next_due == date(2026, 5, 1)
    asset.refresh_from_db()
    assert asset.test_due_on == date(2026, 5, 1)
    assert refused(asset, next_due=SIX_MONTHS + timedelta(days=1)).code == "due_too_late"
    assert refused(asset, next_due=TUESDAY.date()).code == "due_too_early"


def test_a_loler_without_interval_needs_its_date(county):
    product = county.product("BATHLIFT", safe_working_load_kg=140)
    TestRegime.objects.create(product=product, kind=TestKind.LOLER, on_return=True)
    asset = county.received(product)
    assert refused(asset).code == "due_needed"
    assert record(asset, next_due=date(2026, 9, 1)).next_due == date(2026, 9, 1)


@pytest.mark.parametrize("result", ["fail", "prohibit"])
def test_what_failed_names_its_defect_and_has_no_next_date(county, result):
    asset = county.new(county.hoist())
    assert refused(asset, result=result).code == "reason_needed"
    test = record(asset, result=result, defects="hook cracked", next_due=date(2026, 5, 1))
    assert (test.next_due, test.defects) == (None, "hook cracked")


def test_an_examiner_is_named(county):
    assert refused(county.new(county.hoist()), examiner=" ").code == "examiner_needed"


def test_every_check_is_answered_in_the_products_order(county):
    asset = county.new(county.hoist())
    answers = checks(county.hoist())
    assert refused(asset).facts["missing"] == ["Hook and latch", "Label legible"]
    assert refused(asset, answers=answers[:1]).facts["missing"] == ["Label legible"]
    assert refused(asset, answers=[*answers, {"check": "Colour", "ok": True}]).code == "no_such_check"
    assert refused(asset, answers=[*answers, answers[0]]).code == "no_such_check"
    assert record(asset, answers=answers[::-1]).answers == answers


def test_what_is_not_in_order_is_no_pass(county):
    asset = county.new(county.hoist())
    good, bad = checks(county.hoist())
    answers = [good, {"check": bad["check"], "ok": False, "note": "half torn"}]
    assert refused(asset, answers=answers).code == "check_failed"
    unsaid = refused(asset, answers=answers, result="advisory")
    assert (unsaid.code, unsaid.facts["field"]) == ("reason_needed", "defects")
    test = record(asset, answers=answers, result="advisory", defects="Label half torn")
    assert test.answers[1] == {"check": "Label legible", "ok": False, "note": "half torn"}


def test_a_check_without_a_plain_yes_is_a_no(county):
    asset = county.new(county.hoist())
    answers = checks(county.hoist())
    assert refused(asset, answers=[answers[0], {"check": "Label legible"}]).code == "check_failed"


def test_checks_of_another_kind_are_not_asked(county):
    asset = county.new(county.hoist())
    checks(county.hoist(), TestKind.FUNCTIONAL)
    assert record(asset).answers == []


def test_acceptance_is_on_record_with_its_answers(county):
    asset, answers = county.received(county.commode()), checks(county.commode(), TestKind.ACCEPTANCE)
    with pytest.raises(Invalid) as refusal:
        inspections.accept(asset, by=BY, at=TUESDAY)
    assert refusal.value.code == "checks_unanswered"
    wrong = [answers[0], {**answers[1], "ok": False}]
    with pytest.raises(Invalid) as refusal:
        inspections.accept(asset, by=BY, at=TUESDAY, answers=wrong)
    assert (refusal.value.code, state_of(asset)) == ("check_failed", AssetState.RECEIVED)
    inspections.accept(asset, by="user:tess", at=TUESDAY, answers=answers)
    test = InspectionRecord.objects.get(asset=asset)
    assert (test.kind, test.result, test.examiner, test.answers) == ("acceptance", "pass", "user:tess", answers)
    assert (state_of(asset), asset.accepted_at, asset.test_due_on) == (AssetState.AVAILABLE, TUESDAY, None)


def test_rule_4_a_voided_test_counts_for_nothing(county):
    """The pass of long ago stands again, with its own date: 182 days from 23 November 2025."""
    asset = county.new(county.hoist())
    before = asset.inspections.get(kind="loler").next_due
    test = record(asset)
    inspections.void(test, by=TECHNICIAN, at=TUESDAY, reason="wrong hoist scanned")
    asset.refresh_from_db()
    assert (asset.test_due_on, before) == (before, date(2026, 5, 24))
    test.refresh_from_db()
    assert (test.voided_at, test.voided_by, test.void_reason) == (TUESDAY, "user:tess", "wrong hoist scanned")


def test_rule_4_without_its_only_test_it_cannot_be_shelved(county):
    asset = county.received(county.hoist())
    inspections.void(record(asset), by=TECHNICIAN, at=TUESDAY, reason="wrong hoist")
    asset.refresh_from_db()
    assert asset.test_due_on is None
    with pytest.raises(Refused) as refusal:
        inspections.accept(asset, by=BY, at=TUESDAY)
    assert refusal.value.code == "test_missing"


def test_a_test_is_voided_once_with_a_reason(county):
    test = record(county.new(county.hoist()))
    with pytest.raises(Invalid):
        inspections.void(test, by=TECHNICIAN, at=TUESDAY, reason=" ")
    inspections.void(test, by=TECHNICIAN, at=TUESDAY, reason="wrong hoist")
    with pytest.raises(Refused) as refusal:
        inspections.void(test, by=BOSS, at=TUESDAY, reason="again")
    assert refusal.value.code == "already_voided"


def test_rule_8_a_failure_is_voided_by_a_manager_only(county):
    """Because the older pass would count again."""
    test = record(county.new(county.hoist()), result="fail", defects="hook")
    with pytest.raises(Refused) as refusal:
        inspections.void(test, by=TECHNICIAN, at=TUESDAY, reason="looks fine to me")
    assert refusal.value.code == "not_your_duty"
    inspections.void(test, by=BOSS, at=TUESDAY, reason="another hoist")


def test_an_acceptance_is_not_voided(county):
    [test] = InspectionRecord.objects.filter(asset=county.new(county.commode()))
    with pytest.raises(Refused) as refusal:
        inspections.void(test, by=BOSS, at=TUESDAY, reason="x")
    assert refusal.value.code == "acceptance_stands"


def test_tests_are_recorded_by_those_who_test(county):
    asset = county.new(county.hoist())
    with pytest.raises(Refused) as refusal:
        record(asset, by=Actor("user:al", ASSISTANT))
    assert refusal.value.code == "not_your_duty"
    assert record(asset, by=TECHNICIAN).by == "user:tess"


def test_what_is_in_repair_reaches_the_bench_only_when_its_repair_is_closed(county):
    """Rule 4: else an old pass would count, as nothing says that it was mended since."""
    asset = county.recycled(county.commode())
    inspections.begin(asset, by=TECHNICIAN, at=TUESDAY)
    repairs.open_repair(asset, fault="Wheel", by=BY, at=TUESDAY)
    with pytest.raises(Refused) as refusal:
        inspections.begin(asset, by=TECHNICIAN, at=TUESDAY)
    assert (refusal.value.code, state_of(asset)) == ("illegal_move", AssetState.REPAIR)


def test_what_is_promised_is_neither_shelved_nor_accepted_out_of_its_promise(county):
    """Rule 7: that would be a release, with the reservation still live."""
    asset = county.new(county.commode())
    wanted = allocation.Wanted(county.commode(), 1, county.person(), TUESDAY.date(), (county.store,))
    allocation.reserve(wanted, by=BY, at=TUESDAY)
    asset.refresh_from_db()
    for verb in (inspections.shelve, inspections.accept):
        with pytest.raises(Refused) as refusal:
            verb(asset, by=BY, at=TUESDAY)
        assert (refusal.value.code, state_of(asset)) == ("illegal_move", AssetState.RESERVED)
    assert InspectionRecord.objects.filter(kind=TestKind.ACCEPTANCE, performed_at=TUESDAY).count() == 0


def test_a_load_that_nothing_carries_is_a_typing_error(county):
    asset = county.new(county.product("SLING", regimes={TestKind.FUNCTIONAL: 90}))
    assert refused(asset, kind="functional", swl_kg=10**12).facts["field"] == "swl_kg"


def test_after_midnight_in_summer_the_day_is_londons(county):
    """At 23:30 UTC it is half past midnight on the wall: a test done then counts from the new day (rule 4)."""
    night = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    asset = county.new(county.hoist(), at=night - timedelta(days=1))
    assert record(asset, at=night).next_due == date(2026, 7, 2) + timedelta(days=182)
    before_the_change = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
    assert record(asset, at=before_the_change).next_due == date(2026, 12, 1) + timedelta(days=182)


def test_a_test_that_fell_due_yesterday_in_london_keeps_it_off_the_shelf(county):
    asset = county.dirty(county.hoist())
    due = datetime(2026, 7, 1, 12, tzinfo=UTC)
    decontamination.begin(asset, by=BY, at=due - timedelta(days=182))
    clean = {"method": "sporicidal", "passed": True}
    decontamination.record(asset, **clean, by=BY, at=due - timedelta(days=182))
    assert record(asset, at=due - timedelta(days=182)).next_due == due.date()
    with pytest.raises(Refused) as refusal:
        inspections.shelve(asset, by=BY, at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC))
    assert refusal.value.code == "test_overdue"
    inspections.shelve(asset, by=BY, at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    assert state_of(asset) == AssetState.AVAILABLE
