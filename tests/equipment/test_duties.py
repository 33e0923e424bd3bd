"""Who may do what: each role against each verb, at the door of the verb itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from equipment import decontamination, duties, inspections, stock
from equipment.duties import (
    ASSISTANT,
    DECONTAMINATION_TECHNICIAN,
    DUTY_OF,
    MANAGER,
    TEST_TECHNICIAN,
    Actor,
    Duty,
)
from equipment.errors import Refused
from equipment.lifecycle import advance
from equipment.models import Asset, AssetEvent, InspectionRecord, Membership
from equipment.roles import (
    DUTIES,
    FLOOR_GROUPS,
    GRANTS,
    STORE_ASSISTANTS,
    STORE_MANAGERS,
    actor_of,
    ensure_groups,
)
from equipment.states import ASSET, AssetState
from tests.county import TUESDAY, County, state_of

ROLES = {
    "assistant": ASSISTANT,
    "decontamination": DECONTAMINATION_TECHNICIAN,
    "test": TEST_TECHNICIAN,
    "manager": MANAGER,
}
VERBS = sorted({move.verb for move in ASSET.moves.values()})

# Verbs that ask for no duty of a store, each with the reason.
NO_DUTY = {
    "reserve": "an order reserves, on a prescriber's word",
    "release": "a cancelled order or a changed date gives back what it held",
    "unload": "the driver says what did not go out",
    "deliver": "the driver hands it over",
    "bring_back_soiled": "the driver says that it was opened",
    "request_collection": "a ward, a family or a driver asks for it",
    "keep": "a ward or the person decides to keep it",
    "collect": "the driver takes it away",
}

# The roles of each verb, written out: a change of the table above must be meant.
MAY: dict[str, set[str]] = {
    "accept": {"assistant", "test", "manager"},
    "reject": {"assistant", "test", "manager"},
    "hand_in": {"assistant", "decontamination", "manager"},
    "book_in": {"assistant", "decontamination", "manager"},
    "find": {"assistant", "decontamination", "manager"},
    "begin_clean": {"decontamination", "manager"},
    "pass_clean": {"decontamination", "manager"},
    "fail_clean": {"decontamination", "manager"},
    "begin_test": {"test", "manager"},
    "repaired": {"test", "manager"},
    "condemn": {"test", "manager"},
    "pick": {"assistant", "manager"},
    "stage": {"assistant", "manager"},
    "load": {"assistant", "manager"},
    "put_back": {"assistant", "manager"},
    "hand_out": {"assistant", "manager"},
    "record_issue": {"assistant", "manager"},
    "send": {"assistant", "manager"},
    "send_dirty": {"assistant", "manager"},
    "arrive": {"assistant", "manager"},
    "arrive_dirty": {"assistant", "manager"},
    "lose": {"assistant", "manager"},
    "release_hold": {"manager"},
    "release_to_shelf": {"manager"},
    "write_off": {"manager"},
    "reprieve": {"manager"},
    "dispose": {"manager"},
    "take_over": {"manager"},
    # Safety asks no rank, and what is clean may be put away by whoever stands beside it.
    "shelve": set(ROLES),
    "quarantine": set(ROLES),
    "hold": set(ROLES),
    "send_to_repair": set(ROLES),
}


def actor(role: str, *, stores: list[int] | None = None) -> Actor:
    return Actor(f"user:{role}", ROLES[role], stores)


# The tables, without a row -------------------------------------------------------------------------------------------


def test_every_verb_asks_for_a_duty_or_says_why_not() -> None:
    assert set(VERBS) == set(DUTY_OF) | set(NO_DUTY)
    assert not set(DUTY_OF) & set(NO_DUTY)
    assert set(MAY) == set(DUTY_OF)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", VERBS)
def test_each_role_may_do_its_own_verbs_and_no_others(role: str, verb: str) -> None:
    if verb in NO_DUTY or role in MAY[verb]:
        duties.require_move(actor(role), verb, 1)
    else:
        with pytest.raises(Refused) as refusal:
            duties.require_move(actor(role), verb, 1)
        assert (refusal.value.code, refusal.value.facts["duty"]) == ("not_your_duty", DUTY_OF[verb].value)


def test_only_a_manager_decides_adjustments_and_loads_data() -> None:
    for duty in (Duty.MANAGE, Duty.IMPORT, Duty.DOOR):
        assert {role for role in ROLES if actor(role).may(duty)} == {"manager"}


def test_a_person_of_one_store_does_nothing_in_another() -> None:
    sam = actor("manager", stores=[1])
    duties.require_move(sam, "shelve", 1, None)
    for places in ((2,), (1, 2), (2, 1)):
        with pytest.raises(Refused) as refusal:
            duties.require_move(sam, "shelve", *places)
        assert refusal.value.code == "another_store"


def test_a_plain_label_was_admitted_at_its_edge() -> None:
    for verb in VERBS:
        duties.require_move("task:planner", verb, 1)


def test_an_actor_is_written_down_as_its_label() -> None:
    assert actor("test") == "user:test"
    assert f"{actor('test')}" == "user:test"


# The door, with rows -------------------------------------------------------------------------------------------------


def at(county: County, state: str) -> Asset:
    """A row in that state, put there without its history: only the door is asked."""
    asset = county.new(county.commode())
    places: dict[str, Any] = {"store": county.store, "vehicle": ""}
    if state in ("on_loan", "collection_due", "lost", "disposed"):
        places = {"store": None, "vehicle": ""}
    if state in ("loaded", "returning", "in_transfer"):
        places = {"store": None, "vehicle": "VAN"}
    Asset.objects.filter(pk=asset.pk).update(state=state, **places)
    asset.refresh_from_db()
    return asset


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_the_door_of_every_move_refuses_the_wrong_role_and_writes_nothing(county: County, role: str) -> None:
    """Every move of the table asked for by every role; whatever else may be wrong with it, duty is asked first."""
    who, assets = actor(role), {state: at(county, state) for state in {origin for origin, _ in ASSET.moves}}
    before = AssetEvent.objects.count()
    refused = set()
    for (origin, to), move in ASSET.moves.items():
        if move.verb in NO_DUTY or role in MAY[move.verb]:
            continue
        with pytest.raises(Refused) as refusal:
            advance(assets[origin], to, by=who, at=TUESDAY, reason="why", store=county.store, vehicle="VAN")
        assert refusal.value.code == "not_your_duty", move.verb
        assert "ask somebody who does it" in refusal.value.detail
        refused.add(move.verb)
    assert refused == {verb for verb, roles in MAY.items() if role not in roles}
    assert AssetEvent.objects.count() == before
    assert [state_of(asset) for asset in assets.values()] == list(assets)


@pytest.mark.django_db
def test_each_role_does_its_own_work_to_the_end(county: County) -> None:
    """Begun and passed by who cleans, tested by who tests, put away by anybody, on the record under their own names."""
    hoist = county.dirty(county.hoist())
    decontamination.begin(hoist, by=actor("decontamination"), at=TUESDAY)
    decontamination.record(hoist, method="sporicidal", passed=True, by=actor("decontamination"), at=TUESDAY)
    inspections.begin(hoist, by=actor("test"), at=TUESDAY)
    inspections.record(hoist, kind="loler", result="pass", examiner="E", by=actor("test"), at=TUESDAY)
    inspections.shelve(hoist, by=actor("assistant"), at=TUESDAY)
    assert state_of(hoist) == AssetState.AVAILABLE
    names = AssetEvent.objects.filter(asset=hoist, at=TUESDAY).order_by("id").values_list("verb", "by")
    assert [name for name in names if name[0] != "test"] == [
        ("begin_clean", "user:decontamination"),
        ("pass_clean", "user:decontamination"),
        ("begin_test", "user:test"),
        ("shelve", "user:assistant"),
    ]


@pytest.mark.django_db
def test_a_store_assistant_cannot_pass_a_clean_nor_a_decontamination_technician_record_a_test(county: County) -> None:
    hoist = county.dirty(county.hoist())
    decontamination.begin(hoist, by="user:x", at=TUESDAY)
    with pytest.raises(Refused, match="This is cleaning"):
        decontamination.record(hoist, method="sporicidal", passed=True, by=actor("assistant"), at=TUESDAY)
    assert state_of(hoist) == AssetState.DECONTAMINATING
    assert hoist.decontaminations.count() == 0
    decontamination.record(hoist, method="sporicidal", passed=True, by="user:x", at=TUESDAY)
    inspections.begin(hoist, by="user:x", at=TUESDAY)
    tests = InspectionRecord.objects.count()
    with pytest.raises(Refused, match="This is testing"):
        inspections.record(hoist, kind="loler", result="pass", examiner="E", by=actor("decontamination"), at=TUESDAY)
    assert InspectionRecord.objects.count() == tests


@pytest.mark.django_db
def test_a_test_technician_cannot_decide_an_adjustment(county: County) -> None:
    from equipment.models import StockAdjustment

    county.raisers(4)
    line = county.raisers().stock_lines.get()
    asked = StockAdjustment.objects.create(
        line=line, quantity=-3, value=900, reason="count", asked_at=TUESDAY, asked_by="user:sam"
    )
    with pytest.raises(Refused) as refusal:
        stock.decide(asked, approve=True, by=actor("test"), at=TUESDAY)
    assert refusal.value.code == "not_your_duty"
    asked.refresh_from_db()
    line.refresh_from_db()
    assert (asked.approved, line.count) == (None, 4)


@pytest.mark.django_db
def test_an_asset_of_another_store_stays_where_it_is(county: County) -> None:
    asset = county.dirty(county.commode())
    with pytest.raises(Refused) as refusal:
        decontamination.begin(asset, by=actor("manager", stores=[county.store.pk + 1]), at=TUESDAY)
    assert refusal.value.code == "another_store"
    assert state_of(asset) == AssetState.QUARANTINE
    decontamination.begin(asset, by=actor("manager", stores=[county.store.pk]), at=TUESDAY)
    assert state_of(asset) == AssetState.DECONTAMINATING


# Groups --------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_user_has_the_duties_of_all_its_groups_and_the_stores_of_its_membership(county: County) -> None:
    groups = ensure_groups()
    sam = User.objects.create_user("sam")
    assert (actor_of(sam).duties, actor_of(sam).stores) == (frozenset(), None)
    sam.groups.set([groups[STORE_ASSISTANTS], groups["Test technicians"]])
    Membership.objects.create(user=sam, organisation=county.provider).stores.add(county.store)
    assert (actor_of(sam), actor_of(sam).duties) == ("user:sam", ASSISTANT | TEST_TECHNICIAN)
    assert actor_of(sam).stores == {county.store.pk}


@pytest.mark.django_db
def test_the_former_store_staff_become_everything_they_did(db: None) -> None:
    former = Group.objects.create(name="Store staff")
    sam = User.objects.create_user("sam")
    sam.groups.add(former)
    ensure_groups()
    ensure_groups()
    assert set(sam.groups.values_list("name", flat=True)) == set(FLOOR_GROUPS)
    assert not Group.objects.filter(name="Store staff").exists()
    assert actor_of(sam).duties == MANAGER - {Duty.MANAGE, Duty.IMPORT, Duty.DOOR}


@pytest.mark.django_db
def test_every_store_group_has_its_duties_and_only_managers_change_the_catalogue() -> None:
    ensure_groups()
    assert set(DUTIES) <= set(GRANTS)
    for group in DUTIES:
        held = {f"{p.content_type.app_label}.{p.codename}" for p in Group.objects.get(name=group).permissions.all()}
        assert "equipment.view_asset" in held
        assert ("equipment.change_product" in held) == (group == STORE_MANAGERS)
        assert not {code for code in held if code.startswith("equipment.delete_asset")}
