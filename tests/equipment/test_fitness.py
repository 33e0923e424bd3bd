"""Fitness: one test a rule, each with an asset that is right in every other way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipment.fitness import (
    AssetFacts,
    PersonFacts,
    ProductFacts,
    Reason,
    Regime,
    Test,
    methods_for,
    to_issue,
    to_shelve,
)
from equipment.states import CleaningMethod, Infection, Reuse, TestResult

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)

HOIST = ProductFacts("HOIST", "Hoist", safe_working_load_kg=150)
RIGHT = AssetFacts(
    number="0010014",
    product=HOIST,
    accepted_at=NOW - 300 * DAY,
    soiled_at=NOW - 10 * DAY,
    cleaned_at=NOW - 9 * DAY,
    regimes=(Regime("loler", remaining_days=28), Regime("functional", on_return=True)),
    tests={"loler": Test("pass", NOW - 8 * DAY, TODAY + 170 * DAY), "functional": Test("pass", NOW - 8 * DAY)},
)


def codes(asset: AssetFacts, person: PersonFacts | None = None, on: date = TODAY) -> list[str]:
    return [reason.code for reason in to_issue(asset, on=on, person=person)]


def test_a_clean_tested_asset_may_go():
    assert codes(RIGHT) == []
    assert to_shelve(RIGHT, on=TODAY) == []


def test_rule_1_no_issue_without_a_clean_after_the_last_return():
    assert codes(replace(RIGHT, cleaned_at=None)) == ["not_clean"]
    assert codes(replace(RIGHT, cleaned_at=NOW - 11 * DAY)) == ["not_clean"]
    assert codes(replace(RIGHT, cleaned_at=RIGHT.soiled_at)) == ["not_clean"]


def test_rule_1_new_stock_needs_its_acceptance_check_instead():
    new = replace(RIGHT, soiled_at=None, cleaned_at=None)
    assert codes(new) == []
    assert codes(replace(new, accepted_at=None)) == ["not_accepted"]


def test_rule_4_a_missing_test_blocks():
    assert codes(replace(RIGHT, tests={"functional": RIGHT.tests["functional"]})) == ["test_missing"]


@pytest.mark.parametrize("result", [TestResult.FAIL, TestResult.PROHIBIT])
def test_rule_4_a_failed_test_blocks_even_when_in_date(result):
    failed = RIGHT.tests | {"loler": Test(result, NOW - DAY, TODAY + 100 * DAY)}
    assert codes(replace(RIGHT, tests=failed)) == ["test_failed"]


def test_rule_4_an_advisory_is_a_pass():
    advisory = RIGHT.tests | {"loler": Test("advisory", NOW - DAY, TODAY + 100 * DAY)}
    assert codes(replace(RIGHT, tests=advisory)) == []


def test_rule_4_a_test_is_good_on_its_last_day_and_overdue_the_day_after():
    due = RIGHT.tests | {"loler": Test("pass", NOW - 100 * DAY, TODAY)}
    asset = replace(RIGHT, tests=due, regimes=(Regime("loler"),))
    assert codes(asset, on=TODAY) == []
    assert codes(asset, on=TODAY + DAY) == ["test_overdue"]


def test_rule_4_a_test_asked_for_on_return_must_be_newer_than_the_return():
    stale = RIGHT.tests | {"functional": Test("pass", NOW - 20 * DAY)}
    assert codes(replace(RIGHT, tests=stale)) == ["test_stale"]


def test_rule_5_least_validity_at_issue_is_counted_from_the_day_of_issue():
    """28 days asked for: due in 28 is enough, due in 27 is not; on the shelf it may stay all the same."""
    exactly = RIGHT.tests | {"loler": Test("pass", NOW - DAY, TODAY + 28 * DAY)}
    short = RIGHT.tests | {"loler": Test("pass", NOW - DAY, TODAY + 27 * DAY)}
    assert codes(replace(RIGHT, tests=exactly)) == []
    assert codes(replace(RIGHT, tests=short)) == ["test_expires_soon"]
    assert to_shelve(replace(RIGHT, tests=short), on=TODAY) == []


def test_rule_9_single_use_never_goes_out_twice():
    used = replace(RIGHT, product=replace(HOIST, reuse=Reuse.SINGLE_USE), holders=frozenset({1}))
    assert codes(used, PersonFacts(1)) == ["single_use"]
    assert codes(replace(used, holders=frozenset()), PersonFacts(1)) == []


def test_rule_9_single_patient_use_goes_to_the_same_person_only():
    sling = replace(RIGHT, product=replace(HOIST, reuse=Reuse.SINGLE_PATIENT), holders=frozenset({1}))
    assert codes(sling, PersonFacts(1)) == []
    assert codes(sling, PersonFacts(2)) == ["single_patient"]


def test_rule_5_a_test_that_falls_due_soon_may_be_overridden_and_no_other_test_reason():
    """Rule 5: the least validity may be set aside for a time; a test overdue, failed or missing may not (rule 4)."""
    short = replace(RIGHT, tests=RIGHT.tests | {"loler": Test("pass", NOW - DAY, TODAY + 27 * DAY)})
    person = PersonFacts(1, overrides=frozenset({("HOIST", "test_expires_soon")}))
    assert codes(short, person) == []
    assert codes(short, replace(person, overrides=frozenset({("BED", "test_expires_soon")}))) == ["test_expires_soon"]
    over = frozenset(("HOIST", code) for code in ("test_missing", "test_failed", "test_overdue", "not_clean"))
    wrong = replace(RIGHT, cleaned_at=None, tests={"loler": Test("fail", NOW - DAY)})
    assert codes(wrong, PersonFacts(1, overrides=over)) == ["not_clean", "test_failed", "test_missing"]


def test_rule_36_what_an_alert_is_about_neither_goes_out_nor_stands_on_the_shelf():
    """Rule 36: and no override lets it out."""
    recalled = replace(RIGHT, recalled="NatPSA/2023/010")
    person = PersonFacts(1, overrides=frozenset({("HOIST", "recalled")}))
    assert codes(recalled, person) == ["recalled"]
    [reason] = to_shelve(recalled, on=TODAY)
    assert (reason.code, reason.rule) == ("recalled", 36)
    assert reason.sentence == "0010014 is under safety alert NatPSA/2023/010."


def test_rule_38_what_it_owes_keeps_a_hub_off_the_shelf_and_in_the_store():
    """Rule 38: whatever the alarm centre still has to do is said in the words given."""
    owed = Reason("not_wiped", "It remembers somebody.", "Wipe it.", 38)
    assert to_shelve(replace(RIGHT, owing=(owed,)), on=TODAY) == [owed]
    assert to_issue(replace(RIGHT, owing=(owed,)), on=TODAY) == [owed]


def test_every_reason_says_what_to_do():
    wrong = replace(RIGHT, product=replace(HOIST, weight_critical=True), cleaned_at=None, tests={})
    reasons = to_issue(wrong, on=TODAY, person=PersonFacts(1))
    assert [reason.code for reason in reasons] == ["not_clean", "test_missing", "test_missing", "weight_missing"]
    assert all(reason.remedy.endswith(".") and reason.rule in range(1, 41) for reason in reasons)


moments = st.none() | st.integers(-40, 40).map(lambda n: NOW + n * DAY)
tests = st.builds(
    Test,
    st.sampled_from(list(TestResult)),
    st.integers(-40, 0).map(lambda n: NOW + n * DAY),
    st.none() | st.integers(-40, 40).map(lambda n: TODAY + n * DAY),
)
assets = st.builds(
    AssetFacts,
    number=st.just("1"),
    product=st.builds(
        ProductFacts,
        st.just("P"),
        st.just("Product"),
        reuse=st.sampled_from(list(Reuse)),
        safe_working_load_kg=st.none() | st.integers(50, 300),
        weight_critical=st.booleans(),
    ),
    accepted_at=moments,
    soiled_at=moments,
    cleaned_at=moments,
    regimes=st.lists(
        st.builds(Regime, st.sampled_from(["loler", "pat"]), st.booleans(), st.integers(0, 60)),
        max_size=2,
        unique_by=lambda r: r.kind,
    ).map(tuple),
    tests=st.dictionaries(st.sampled_from(["loler", "pat"]), tests),
    holders=st.frozensets(st.integers(1, 3)),
)
persons = st.none() | st.builds(PersonFacts, st.integers(1, 3), st.none() | st.floats(40, 300))


@given(assets, persons)
def test_whatever_may_be_issued_may_stand_on_the_shelf(asset, person):
    if not to_issue(asset, on=TODAY, person=person):
        assert to_shelve(asset, on=TODAY) == []


@given(assets, persons)
def test_an_empty_answer_means_every_rule_holds(asset, person):
    """An oracle written the other way round: what must be true of anything that may go out."""
    if to_issue(asset, on=TODAY, person=person):
        return
    if asset.soiled_at is None:
        assert asset.accepted_at is not None
    else:
        assert asset.cleaned_at is not None
        assert asset.cleaned_at > asset.soiled_at
    for regime in asset.regimes:
        test = asset.tests[regime.kind]
        assert test.result in ("pass", "advisory")
        assert test.next_due is None or test.next_due >= TODAY + timedelta(days=regime.remaining_days)
    assert not (asset.product.reuse == Reuse.SINGLE_USE and asset.holders)
    load = asset.product.safe_working_load_kg
    if person and load is not None and person.weight_kg is not None:
        assert person.weight_kg <= load


def test_rule_3_method_satisfies_the_product_and_the_infection_declared():
    assert methods_for(CleaningMethod.DETERGENT, Infection.NONE_KNOWN) == [
        "detergent",
        "chlorine_1000",
        "chlorine_10000",
        "sporicidal",
    ]
    assert methods_for(CleaningMethod.CHLORINE_1000, Infection.NONE_KNOWN) == [
        "chlorine_1000",
        "chlorine_10000",
        "sporicidal",
    ]
    assert methods_for(CleaningMethod.DETERGENT, Infection.BODY_FLUIDS) == ["chlorine_10000", "sporicidal"]
    assert methods_for(CleaningMethod.LAUNDER, Infection.KNOWN_INFECTION) == ["launder_thermal"]


def test_rule_3_unknown_infection_takes_the_highest_class():
    for method in CleaningMethod:
        assert methods_for(method, Infection.UNKNOWN) == methods_for(method, Infection.SPORE_FORMING)
        assert len(methods_for(method, Infection.UNKNOWN)) == 1
