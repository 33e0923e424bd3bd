"""Another one comes and the old one goes, in one visit: nobody is left without."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from equipment import allocation, loans
from equipment.errors import Refused
from equipment.lifecycle import advance
from equipment.models import ApprovedEquivalent, Loan, Person, Reservation, StockLine
from equipment.states import AssetState
from logistics import dispatch, doors, exchanges, followups, picking, routes, siting, visits
from logistics.doors import Collected, Proof
from logistics.models import Activity, FollowUp, OutboxRow, Route, Visit
from logistics.states import FailureReason
from tests.county import BY, TUESDAY, state_of

THU = date(2026, 3, 5)
EIGHT = TUESDAY.replace(day=5, hour=8)
HOUR = timedelta(hours=1)
NEEDED = TUESDAY.replace(day=5, hour=17)
WHY = "Recalled: the brake fails"


@pytest.fixture(autouse=True)
def quick(settings):
    settings.SERVICE = settings.SERVICE | {"PLANNING_ITERATIONS": 200}


def exchange(loan, **given):
    return exchanges.raise_exchange(loan, by=BY, at=TUESDAY, reason=WHY, **given)


def halves(visit):
    return [(a.kind, a.state) for a in visit.activities.order_by("pk")]


class Swap:
    """A commode at home, one on the shelf, and the visit that exchanges them, on Thursday's route."""

    def __init__(self, county):
        county.shift(THU)
        self.county, self.product = county, county.commode()
        self.loan = county.on_loan(self.product)
        self.old, self.new = self.loan.asset, county.new(self.product)
        self.visit = exchange(self.loan, needed_by=NEEDED)
        self.delivery, self.collection = self.visit.activities.order_by("pk")
        siting.locate(self.loan.address, at=TUESDAY)
        dispatch.replan(county.store.pk, by=BY, at=TUESDAY)
        self.route = Route.objects.get()

    def at_the_door(self):
        routes.load(self.route, scanned=self.new.number, by=BY, at=EIGHT)
        routes.set_out(self.route, by=BY, at=EIGHT)
        doors.arrive(self.visit, by=BY, at=EIGHT + HOUR)
        return self

    def finish(self, collected=None):
        proof = Proof("Mrs Other", fitted=True, demonstrated=True, collected=collected or {})
        return doors.finish(self.visit, proof, by=BY, at=EIGHT + HOUR)


def test_both_halves_are_on_one_visit_due_when_asked(county):
    """Rule 36: what is recalled at home is swapped in one visit, in time for the deadline."""
    loan, spare = county.on_loan(county.commode()), county.new(county.commode())
    visit = exchange(loan, needed_by=NEEDED)
    delivery, collection = visit.activities.order_by("pk")
    assert (delivery.kind, delivery.reservation.asset, delivery.instead_of, delivery.line) == (
        "delivery",
        spare,
        loan,
        None,
    )
    assert (collection.kind, collection.loan) == ("collection", loan)
    assert (visit.needed_by, visit.address, visit.store) == (NEEDED, loan.address, county.store)
    assert (state_of(spare), state_of(loan.asset)) == (AssetState.RESERVED, AssetState.COLLECTION_DUE)
    assert OutboxRow.objects.filter(kind="plan", key=str(county.store.pk)).exists()


def test_asking_again_gives_the_visit_there_is(county):
    loan = county.on_loan(county.commode())
    county.new(county.commode()), county.new(county.commode())
    assert exchange(loan) == exchange(loan)
    assert (Visit.objects.count(), Activity.objects.count(), Reservation.objects.filter(ended_at=None).count()) == (
        1,
        2,
        1,
    )


def test_what_is_fetched_anyhow_is_not_replaced(county):
    loan, spare = county.on_loan(county.commode()), county.new(county.commode())
    fetched = visits.raise_collection(loan, by=BY, at=TUESDAY)
    assert exchange(loan) == fetched
    assert (halves(fetched), state_of(spare)) == ([("collection", "open")], AssetState.AVAILABLE)


def test_without_a_replacement_nothing_is_written(county):
    loan = county.on_loan(county.commode())
    events = loan.asset.events.count()
    assert exchange(loan) is None
    assert (Visit.objects.count(), Activity.objects.count(), loan.asset.events.count()) == (0, 0, events)
    assert state_of(loan.asset) == AssetState.ON_LOAN


def test_too_few_of_what_is_counted_are_none_at_all(county):
    county.raisers(4)
    loan = counted_loan(county, 4)
    county.stock(county.raisers(), 3)
    assert exchange(loan) is None
    assert (Visit.objects.count(), Reservation.objects.filter(ended_at=None).count()) == (0, 0)
    assert StockLine.objects.get().reserved == 0


def counted_loan(county, quantity):
    person = county.person()
    wanted = allocation.Wanted(county.raisers(), quantity, person, TUESDAY.date(), (county.store,))
    [made] = allocation.reserve(wanted, by=BY, at=TUESDAY)
    allocation.load(made, vehicle="VAN", by=BY, at=TUESDAY)
    return loans.deliver(made, county.address(person), by=BY, at=TUESDAY)


def test_counted_stock_is_exchanged_by_the_quantity(county):
    county.raisers(4)
    loan = counted_loan(county, 4)
    county.stock(county.raisers(), 6)
    visit = exchange(loan)
    [delivery] = visit.activities.filter(kind="delivery")
    assert (delivery.reservation.quantity, delivery.instead_of) == (4, loan)


def test_an_approved_equivalent_goes_when_the_same_is_not_there(county):
    """Rule 10: only an approved equivalent takes another product's place."""
    loan = county.on_loan(county.commode())
    other, better = county.product("STOOL"), county.product("COMMODE-XL")
    county.new(other)
    ApprovedEquivalent.objects.create(product=county.commode(), substitute=better, note="wider")
    assert exchange(loan) is None
    spare = county.new(better)
    visit = exchange(loan)
    assert visit.activities.get(kind="delivery").reservation.asset == spare


def test_the_product_named_is_the_one_that_goes(county):
    loan, same = county.on_loan(county.commode()), county.new(county.commode())
    named = county.product("CHAIR")
    assert exchange(loan, product=named) is None
    spare = county.new(named)
    assert exchange(loan, product=named).activities.get(kind="delivery").reservation.asset == spare
    assert state_of(same) == AssetState.AVAILABLE


def test_a_loan_that_has_ended_and_a_person_who_has_died_are_refused(county):
    """Rule 27: after a death nothing is sent by itself."""
    loan = county.on_loan(county.commode())
    county.new(county.commode())
    Person.objects.filter(pk=loan.person_id).update(died_on=TUESDAY.date())
    with pytest.raises(Refused) as refusal:
        exchange(loan)
    assert (refusal.value.code, Visit.objects.count()) == ("person_died", 0)
    ended = county.dirty(county.product("CHAIR"))
    with pytest.raises(Refused) as refusal:
        exchange(Loan.objects.get(asset=ended))
    assert (refusal.value.code, Visit.objects.count()) == ("loan_ended", 0)


def test_it_joins_an_open_visit_to_the_door_and_brings_it_forward(county):
    person = county.person()
    first, second = county.on_loan(county.commode(), person), county.on_loan(county.product("CHAIR"), person)
    second.address = first.address
    second.save(update_fields=["address"])
    there = visits.raise_collection(second, by=BY, at=TUESDAY)
    county.new(county.commode())
    assert exchange(first, needed_by=NEEDED) == there
    there.refresh_from_db()
    assert there.needed_by == NEEDED


def test_one_half_is_never_called_off_without_the_other(county):
    """Rule 36: neither is anybody left without, nor does anybody have it twice."""
    for half in ("delivery", "collection"):
        loan, spare = county.on_loan(county.product(half)), county.new(county.product(half))
        visit = exchange(loan)
        visits.call_off(visit, visit.activities.filter(kind=half), by=BY, at=TUESDAY, reason="She keeps it")
        visit.refresh_from_db()
        assert halves(visit) == [("delivery", "cancelled"), ("collection", "cancelled")]
        assert (visit.state, state_of(spare), state_of(loan.asset)) == ("cancelled", "available", "on_loan")


def test_at_the_door_the_new_one_stays_and_the_old_one_comes_along(county):
    swap = Swap(county).at_the_door()
    swap.finish({swap.collection.pk: Collected("worn", "none_known")})
    assert (state_of(swap.new), state_of(swap.old)) == (AssetState.ON_LOAN, AssetState.RETURNING)
    swap.loan.refresh_from_db()
    [now] = Loan.objects.filter(person=swap.loan.person, ended_at=None)
    assert (swap.loan.ended_at, now.asset) == (EIGHT + HOUR, swap.new)
    routes.finish(swap.route, by=BY, at=EIGHT + 3 * HOUR)
    assert state_of(swap.old) == AssetState.QUARANTINE


def test_the_old_one_is_not_taken_before_the_new_one_is_handed_over(county):
    swap = Swap(county).at_the_door()
    with pytest.raises(Refused) as refusal:
        exchanges.require_replaced(swap.collection)
    assert refusal.value.code == "not_replaced"
    with pytest.raises(Exception, match="received"):
        doors.finish(swap.visit, Proof("", collected={swap.collection.pk: Collected()}), by=BY, at=EIGHT + HOUR)
    assert (state_of(swap.new), state_of(swap.old)) == (AssetState.LOADED, AssetState.COLLECTION_DUE)


def test_a_failed_exchange_is_tried_again_as_a_whole(county):
    """Rule 33: the second attempt brings and fetches again."""
    swap = Swap(county).at_the_door()
    again = doors.fail(swap.visit, FailureReason.NO_ACCESS, note="Nobody in", by=BY, at=EIGHT + HOUR)
    assert halves(again) == [("delivery", "open"), ("collection", "open")]
    assert again.activities.get(kind="delivery").instead_of == swap.loan


def test_a_visit_taken_off_its_route_keeps_both_halves(county):
    swap = Swap(county)
    routes.load(swap.route, scanned=swap.new.number, by=BY, at=EIGHT)
    visits.withdraw(swap.visit, by=BY, at=EIGHT, reason="The road is closed")
    assert (halves(swap.visit), state_of(swap.new)) == ([("delivery", "open"), ("collection", "open")], "reserved")


def test_a_short_replacement_is_replaced_on_the_same_visit(county):
    swap = Swap(county)
    spare = county.new(swap.product)
    made = picking.short(swap.delivery.reservation, reason="A wheel is off", by=BY, at=EIGHT, then="quarantine")
    assert ([r.asset for r in made.instead], made.waiting, made.follow_up) == ([spare], 0, None)
    assert halves(swap.visit) == [("delivery", "cancelled"), ("collection", "open"), ("delivery", "open")]
    swap.new = spare
    swap.at_the_door().finish({swap.collection.pk: Collected()})
    assert (state_of(spare), state_of(swap.old)) == (AssetState.ON_LOAN, AssetState.RETURNING)


def test_a_short_exchange_does_not_fetch_alone(county):
    """Rule 33: nothing is free, so neither half goes and the depot owns the next step."""
    swap = Swap(county)
    made = picking.short(swap.delivery.reservation, reason="A wheel is off", by=BY, at=EIGHT, then="quarantine")
    assert (made.instead, made.waiting) == ((), 1)
    swap.visit.refresh_from_db()
    assert (swap.visit.state, halves(swap.visit)) == (
        "cancelled",
        [("delivery", "cancelled"), ("collection", "cancelled")],
    )
    assert (state_of(swap.new), state_of(swap.old)) == (AssetState.QUARANTINE, AssetState.ON_LOAN)
    [step] = FollowUp.objects.all()
    assert (step.kind, step.owner, step.loan) == ("short", "depot", swap.loan)
    assert swap.old.number in step.action


def test_a_replacement_held_meanwhile_is_mended_like_any_promise(county):
    """Rule 28: found before anybody waits for it at a door."""
    swap = Swap(county)
    spare = county.new(swap.product)
    swap.new.refresh_from_db()
    advance(swap.new, AssetState.HELD, by=BY, at=TUESDAY, reason="Recalled")
    assert followups.mend_promises(by="task:supply", at=TUESDAY) == 1
    assert swap.visit.activities.get(kind="delivery", state="open").reservation.asset == spare


def test_its_row_is_on_the_pick_list_and_the_load_list(county):
    swap = Swap(county)
    assert [str(row) for row in picking.staging_list(swap.route)] == [f"{swap.new.number} Commode"]
    picking.stage(swap.route, scanned=swap.new.number, by=BY, at=EIGHT)
    assert [item.reservation.asset for item in routes.load_list(swap.route)] == [swap.new]
