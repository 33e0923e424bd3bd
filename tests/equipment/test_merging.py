from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipment import assessments, counter, merging, overrides, people
from equipment.duties import ASSISTANT, MANAGER, Actor
from equipment.errors import Invalid, Refused
from equipment.models import (
    Address,
    Asset,
    KeyHolder,
    Loan,
    Override,
    Person,
    PersonEvent,
    PersonMerge,
    RiskAssessment,
    StockLine,
)
from equipment.words import Use
from logistics import ordering
from logistics.models import Discharge, FollowUp, Order, Visit
from tests.county import BY, TUESDAY

WHY = {"reason": "same NHS card seen", "by": BY, "at": TUESDAY}
NUMBER, ANOTHER = "9434765919", "9434765870"


def snapshot():
    """Every column that points to a person, and all that is said of each."""
    rows = {
        f"{model._meta.label}.{name}": dict(model._base_manager.values_list("pk", name))
        for model, name in merging.links()
    }
    return rows, list(Person.objects.order_by("pk").values())


def key_holder(person, position=1):
    return KeyHolder.objects.create(
        person=person,
        position=position,
        name="Neighbour",
        phone="01",
        consented_at=TUESDAY,
        verified_on=date(2026, 1, 1),
    )


def override(person, product, code="too_small"):
    return Override.objects.create(
        person=person, product=product, code=code, reason="seen", authorised_by="A", made_at=TUESDAY, made_by=BY,
        expires_on=date(2026, 4, 1),
    )  # fmt: skip


def test_rule_29_merging_moves_everything_in_every_app(county):
    """Rule 29: loans, orders, discharges, visits, addresses, tests and alerts with them become those of one record."""
    kept, gone = county.person(), county.person()
    loan = county.on_loan(county.product("STOOL"), gone)
    county.new(county.commode())
    order = county.order(county.discharge(address=county.address(gone)), "COMMODE")
    key_holder(gone)
    override(gone, county.commode())
    RiskAssessment.objects.create(
        person=gone, product=county.commode(), suitable=True, assessor="A", assessed_on=date(2026, 3, 1),
        review_on=date(2026, 9, 1), recorded_at=TUESDAY, recorded_by=BY,
    )  # fmt: skip
    FollowUp.objects.create(person=gone, owner="depot", action="Ring.", raised_at=TUESDAY)
    done = merging.merge(kept, gone, **WHY)
    for model in (Loan, Order, Discharge, Visit, Address, KeyHolder, Override, RiskAssessment, FollowUp):
        assert set(model.objects.values_list("person", flat=True)) == {kept.pk}, model
    assert done.moved["rows"]["equipment.loan.person"] == [loan.pk]
    assert done.moved["rows"]["logistics.order.person"] == [order.pk]
    gone.refresh_from_db()
    assert (gone.merged_into, people.current(gone)) == (kept, kept)
    assert {(e.person_id, e.verb) for e in PersonEvent.objects.all()} == {(kept.pk, "merge"), (gone.pk, "merged")}


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ({"nhs_number": NUMBER}, {"nhs_number": ANOTHER}, "nhs_conflict"),
        ({"born_on": date(1940, 1, 2)}, {"born_on": date(1940, 2, 1)}, "born_on_conflict"),
    ],
)
def test_rule_29_what_says_that_they_are_two_people_blocks(county, one, other, code):
    """Rule 29: conflicts of NHS numbers or dates of birth block, and nothing is written."""
    kept, gone = county.person(**one), county.person(**other)
    key_holder(gone)
    before = snapshot()
    with pytest.raises(Refused) as refusal:
        merging.merge(kept, gone, **WHY)
    assert refusal.value.code == code
    assert (snapshot(), PersonMerge.objects.count(), PersonEvent.objects.count()) == (before, 0, 0)


def test_two_organisations_or_one_death_block_and_so_do_merged_records(county):
    one, foreign, dead, third = (
        county.person(), county.person(county.other), county.person(), county.person(),
    )  # fmt: skip
    Person.objects.filter(pk=dead.pk).update(died_on=date(2026, 1, 1))
    codes = []
    for kept, gone in ((one, foreign), (one, dead)):
        with pytest.raises(Refused) as refusal:
            merging.merge(kept, gone, **WHY)
        codes.append(refusal.value.code)
    merging.merge(one, third, **WHY)
    for kept, gone in ((dead, third), (third, dead)):
        with pytest.raises(Refused) as refusal:
            merging.merge(kept, gone, **WHY)
        codes.append(refusal.value.code)
    assert codes == ["other_organisation", "death_conflict", "already_merged", "already_merged"]
    with pytest.raises(Invalid):
        merging.merge(one, one, **WHY)
    with pytest.raises(Invalid):
        merging.merge(one, dead, reason="", by=BY, at=TUESDAY)
    assert PersonMerge.objects.count() == 1


@pytest.mark.parametrize("what", ["holders", "overrides"])
def test_rule_29_what_a_person_has_once_blocks_when_both_have_it(county, what):
    """Rule 29: the refusal names what clashes, and not one row has moved."""
    kept, gone = county.person(), county.person()
    county.address(gone)
    for person in (kept, gone):
        key_holder(person) if what == "holders" else override(person, county.commode())
    before = snapshot()
    with pytest.raises(Refused) as refusal:
        merging.merge(kept, gone, **WHY)
    assert refusal.value.code == "would_clash"
    assert ("key holders" if what == "holders" else "overrides") in refusal.value.detail
    assert snapshot() == before


def test_what_is_lacking_is_filled_in_and_the_newest_weight_wins(county):
    kept = county.person(weight_kg=Decimal(70), weighed_on=date(2025, 1, 1), phone="01234")
    gone = county.person(weight_kg=Decimal(90), weighed_on=date(2025, 6, 1), phone="09999", nhs_number=NUMBER)
    done = merging.merge(kept, gone, **WHY)
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (kept.weight_kg, kept.weighed_on) == (Decimal(90), date(2025, 6, 1))
    assert (kept.phone, kept.nhs_number, gone.nhs_number) == ("01234", NUMBER, None)
    Person.objects.filter(pk=kept.pk).update(weight_kg=Decimal(95), weighed_on=date(2026, 1, 1))
    merging.unmerge(done, **WHY)
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (kept.weight_kg, kept.weighed_on) == (Decimal(95), date(2026, 1, 1)), "changed since: it stays"
    assert (kept.nhs_number, gone.nhs_number, gone.weight_kg) == (None, NUMBER, Decimal(90))


def test_rule_29_undone_exactly_what_moved_goes_back(county):
    """Rule 29: unmerge is possible; what was made since stays with the record kept."""
    kept, gone = county.person(), county.person()
    theirs, moved = county.address(kept), county.address(gone)
    done = merging.merge(kept, gone, **WHY)
    since = county.address(kept)
    merging.unmerge(done, **WHY)
    owners = dict(Address.objects.values_list("pk", "person"))
    assert owners == {theirs.pk: kept.pk, moved.pk: gone.pk, since.pk: kept.pk}
    gone.refresh_from_db()
    done.refresh_from_db()
    assert (gone.merged_into, done.undone_at) == (None, TUESDAY)
    with pytest.raises(Refused) as refusal:
        merging.unmerge(done, **WHY)
    assert refusal.value.code == "merge_undone"
    again = merging.merge(kept, gone, **WHY)
    assert again.moved["rows"] == {"equipment.address.person": [moved.pk]}


def test_rule_29_merges_come_apart_in_the_order_in_which_they_can(county):
    """Rule 29: a record merged on is first taken out of its second merge."""
    first, second, third = county.person(), county.person(), county.person()
    address = county.address(third)
    inner = merging.merge(second, third, **WHY)
    outer = merging.merge(first, second, **WHY)
    third = Person.objects.get(pk=third.pk)
    assert people.current(third) == first
    with pytest.raises(Refused) as refusal:
        merging.unmerge(inner, **WHY)
    assert refusal.value.code == "merged_since"
    merging.unmerge(outer, **WHY)
    merging.unmerge(inner, **WHY)
    address.refresh_from_db()
    assert address.person == third


def test_rule_29_what_cannot_go_back_refuses_the_undoing(county):
    """Rule 29: a row that belongs to a third person by now, or a number that another has, is put right first."""
    kept, gone, third = county.person(), county.person(nhs_number=NUMBER), county.person()
    address = county.address(gone)
    done = merging.merge(kept, gone, **WHY)
    Address.objects.filter(pk=address.pk).update(person=third)
    with pytest.raises(Refused) as refusal:
        merging.unmerge(done, **WHY)
    assert refusal.value.code == "moved_on"
    Address.objects.filter(pk=address.pk).update(person=kept)
    Person.objects.filter(pk=kept.pk).update(nhs_number=None)
    Person.objects.filter(pk=third.pk).update(nhs_number=NUMBER)
    with pytest.raises(Refused) as refusal:
        merging.unmerge(done, **WHY)
    assert refusal.value.code == "nhs_conflict"
    address.refresh_from_db()
    assert (address.person, PersonMerge.objects.get().undone_at) == (kept, None)


def test_who_merges_is_a_manager(county):
    kept, gone = county.person(), county.person()
    with pytest.raises(Refused) as refusal:
        merging.merge(kept, gone, reason="seen", by=Actor("user:sam", ASSISTANT), at=TUESDAY)
    assert (refusal.value.code, PersonMerge.objects.count()) == ("not_your_duty", 0)
    assert merging.merge(kept, gone, reason="seen", by=Actor("user:mo", MANAGER), at=TUESDAY).by == "user:mo"


def test_rule_29_what_is_made_late_for_a_merged_record_is_gathered(county):
    """Rule 29: an order written in the second of the merge is not lost to view, and goes back with the rest."""
    kept, gone = county.person(), county.person()
    done = merging.merge(kept, gone, **WHY)
    late = county.address(gone)
    assert merging.gather(by=BY, at=TUESDAY) == 1
    assert merging.gather(by=BY, at=TUESDAY) == 0
    late.refresh_from_db()
    assert late.person == kept
    merging.unmerge(PersonMerge.objects.get(pk=done.pk), **WHY)
    late.refresh_from_db()
    assert late.person == gone


PARTICULARS = st.fixed_dictionaries(
    {
        "phone": st.sampled_from(["", "01", "02"]),
        "height_cm": st.sampled_from([None, 150, 180]),
        "smokes": st.sampled_from([None, True, False]),
        "weight_kg": st.sampled_from([None, Decimal("61.5"), Decimal(90)]),
        "weighed_on": st.sampled_from([None, date(2025, 1, 1), date(2026, 1, 1)]),
        "nhs_number": st.sampled_from([None, NUMBER, ANOTHER]),
    }
)
ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=PARTICULARS, other=PARTICULARS, rows=ROWS)
def test_rule_29_merged_and_unmerged_everything_is_as_it_was(county, one, other, rows):
    """Rule 29: over any rows and particulars, a merge is refused with nothing written, or its undoing restores all."""
    with transaction.atomic():
        pair = county.person(), county.person()
        if one["nhs_number"] == other["nhs_number"]:
            other = {**other, "nhs_number": None}
        for person, fields in zip(pair, (one, other), strict=True):
            Person.objects.filter(pk=person.pk).update(**fields)
        for place, (second, kind) in enumerate(rows):
            owner = pair[second]
            make = (
                lambda owner=owner: county.address(owner),
                lambda owner=owner, place=place: key_holder(owner, place + 1),
                lambda owner=owner, place=place: override(owner, county.commode(), f"code{place}"),
                lambda owner=owner: FollowUp.objects.create(
                    person=owner, owner="depot", action="Ring.", raised_at=TUESDAY - timedelta(days=1)
                ),
            )[kind]
            make()
        before = snapshot()
        try:
            done = merging.merge(*pair, **WHY)
        except Refused as refusal:
            assert refusal.code == "nhs_conflict"
            assert snapshot() == before
        else:
            moved, _ = snapshot()
            assert pair[1].pk not in {person for column in moved.values() for person in column.values()}
            merging.unmerge(done, **WHY)
            assert snapshot() == before
        transaction.set_rollback(True)


def test_rule_12_of_two_answers_about_fire_the_careful_one_stands(county):
    """Rules 12 and 29: nobody knows which is newer; undone, each has their own again."""
    kept = county.person(smokes=False, uses_oxygen=True, uses_emollients=False, has_smoke_alarm=True)
    gone = county.person(smokes=True, uses_oxygen=False, uses_emollients=None, has_smoke_alarm=False)
    done = merging.merge(kept, gone, **WHY)
    names = ("smokes", "uses_oxygen", "uses_emollients", "has_smoke_alarm")
    assert Person.objects.values_list(*names).get(pk=kept.pk) == (True, True, False, False)
    merging.unmerge(done, **WHY)
    assert Person.objects.values_list(*names).get(pk=kept.pk) == (False, True, False, True)


def test_rule_12_a_weight_taken_since_the_merge_stays_with_its_day(county):
    """Rules 12 and 29: an old weight never comes back under the day of a new one."""
    kept = county.person(weight_kg=Decimal(60), weighed_on=date(2025, 10, 1))
    done = merging.merge(kept, county.person(weight_kg=Decimal(120), weighed_on=date(2025, 11, 1)), **WHY)
    people.measure(kept, weight_kg=Decimal(120), weighed_on=date(2026, 3, 1), by=BY, at=TUESDAY)
    merging.unmerge(done, **WHY)
    kept.refresh_from_db()
    assert (kept.weight_kg, kept.weighed_on) == (120, date(2026, 3, 1))


def test_rule_29_what_is_said_of_a_merged_record_is_refused_and_not_lost_on_it(county):
    """Rules 12 and 29: a form opened before the merge would else write the weight where nobody reads it."""
    kept, gone, product = county.person(), county.person(), county.product("RAIL", use=Use.RAIL)
    satellite, home = county.satellite(), county.address(gone)
    asset, line = county.new(county.commode()), county.stock(county.raisers(), 4)
    Asset.objects.filter(pk=asset.pk).update(store=satellite)
    StockLine.objects.filter(pk=line.pk).update(store=satellite)
    asset.refresh_from_db()
    stale = [Person.objects.get(pk=gone.pk) for _ in range(6)]
    merging.merge(kept, gone, **WHY)
    given = {"by": BY, "at": TUESDAY}
    fire = dict.fromkeys(("smokes", "uses_oxygen", "uses_emollients", "has_smoke_alarm"), False)
    aside = {"reason": "x", "authorised_by": "A", "expires_on": TUESDAY.date()}
    request = ordering.Request((ordering.Item("COMMODE"),), county.prescriber, county.council, None, home)
    for refused in (
        lambda: people.measure(stale[0], weight_kg=Decimal(90), **given),
        lambda: people.answer_fire_questions(stale[1], **fire, **given),
        lambda: assessments.assess(stale[2], product, suitable=True, assessor="A", assessed_on=TUESDAY.date(), **given),
        lambda: overrides.override(stale[3], product, "too_small", **aside, **given),
        lambda: counter.hand_out(asset, stale[4], home, **given),
        lambda: counter.hand_out_counted(StockLine.objects.get(), 1, stale[5], home, **given),
        lambda: ordering.place(request, **given),
    ):
        with pytest.raises(Refused) as refusal:
            refused()
        assert refusal.value.code == "merged"
    assert not (Loan.objects.exists() or Order.objects.exists() or RiskAssessment.objects.exists())
