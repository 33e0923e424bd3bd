"""Every step on the way to a person asks again whether it suits them, and a refusal writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Model

from equipment import allocation, availability, counter, loans, stock, substitutes
from equipment.errors import Refused
from equipment.models import (
    Alert,
    ApprovedEquivalent,
    Asset,
    AssetEvent,
    Compatibility,
    Incompatibility,
    InspectionRecord,
    Loan,
    Override,
    Person,
    Product,
    Reservation,
    RiskAssessment,
    StockLine,
    StockMovement,
)
from equipment.states import AssetState, Reuse, TestKind, Tracking
from equipment.words import StoreKind, Use
from tests.county import BY, LONG_AGO, TUESDAY, County, state_of

ON = TUESDAY.date()
DAY = timedelta(days=1)
AT = {"by": BY, "at": TUESDAY}


class World:
    """A turning device that suits one person in every way, while a stool is at their home already."""

    def __init__(self, county: County) -> None:
        self.county = with_a_counter(county)
        self.person = county.person(weight_kg=Decimal("80.0"))
        self.address = county.address(self.person)
        self.stool = county.product("STOOL", name="Stool", use=Use.PUMP)
        county.on_loan(self.stool, self.person)
        self.own_pump = county.product("OWN", use=Use.PUMP)
        self.turner = county.product(
            "TURN",
            name="Turner",
            use=Use.TURNING,
            reuse=Reuse.SINGLE_PATIENT,
            safe_working_load_kg=150,
            weight_critical=True,
            regimes={TestKind.LOLER: 182},
        )
        self.asset = county.new(self.turner)
        self.judged = assess(self.person, self.turner)
        self.wanted = allocation.Wanted(self.turner, 1, self.person, ON, (county.store,))

    # Each makes exactly one thing wrong -------------------------------------------------------------------------------

    def not_clean(self) -> None:
        """Its columns say so; no record of a clean bears them out."""
        Asset.objects.filter(pk=self.asset.pk).update(soiled_at=LONG_AGO + DAY, cleaned_at=LONG_AGO + 2 * DAY)

    def test_missing(self) -> None:
        InspectionRecord.objects.filter(asset=self.asset).update(voided_at=TUESDAY)

    def test_expires_soon(self) -> None:
        InspectionRecord.objects.filter(asset=self.asset).update(next_due=ON + 27 * DAY)
        Asset.objects.filter(pk=self.asset.pk).update(test_due_on=ON + 27 * DAY)

    def single_patient(self) -> None:
        other = self.county.person()
        fields = {"product": self.turner, "asset": self.asset, "started_at": LONG_AGO, "ended_at": TUESDAY}
        Loan.objects.create(person=other, address=self.county.address(other), **fields)

    def incompatible(self) -> None:
        Incompatibility.objects.create(one=self.stool, other=self.turner, why="it tips")

    def not_partners(self) -> None:
        Compatibility.objects.create(one=self.turner, other=self.own_pump, source="the maker's list")

    def weight_missing(self) -> None:
        self._person(weight_kg=None, weighed_on=None)

    def weight_stale(self) -> None:
        self._person(weighed_on=ON - 184 * DAY)

    def too_heavy(self) -> None:
        self._person(weight_kg=Decimal("150.1"))

    def no_assessment(self) -> None:
        self._judged(voided_at=TUESDAY)

    def assessment_void(self) -> None:
        self._judged(assessed_on=ON - 2 * DAY, review_on=ON - DAY)

    def unsuitable(self) -> None:
        self._judged(suitable=False)

    def _person(self, **fields: object) -> None:
        Person.objects.filter(pk=self.person.pk).update(**fields)

    def _judged(self, **fields: object) -> None:
        RiskAssessment.objects.filter(pk=self.judged.pk).update(**fields)


CODES = [
    "not_clean",
    "test_missing",
    "test_expires_soon",
    "single_patient",
    "incompatible",
    "not_partners",
    "weight_missing",
    "weight_stale",
    "too_heavy",
    "no_assessment",
    "assessment_void",
    "unsuitable",
]


def assess(person: Person, product: Product, **fields: object) -> RiskAssessment:
    given = {"suitable": True, "assessor": "Ola", "assessed_on": ON, "review_on": ON + 90 * DAY, **fields}
    return RiskAssessment.objects.create(person=person, product=product, recorded_at=TUESDAY, recorded_by=BY, **given)


def with_a_counter(county: County) -> County:
    """Its store hands things out as well as sending them, so that one world shows every way to a person."""
    county.store.kind = StoreKind.SATELLITE
    county.store.save(update_fields=["kind"])
    return county


@contextmanager
def for_now(wrong: Callable[[], None], *rows: Model) -> Iterator[None]:
    """It is wrong inside, and right again after; `rows` are read anew."""
    mark = transaction.savepoint()
    wrong()
    for row in rows:
        row.refresh_from_db()
    yield
    transaction.savepoint_rollback(mark)
    for row in rows:
        row.refresh_from_db()


def written() -> list[object]:
    """Everything that a step could have written."""
    return [
        list(Asset.objects.order_by("pk").values()),
        list(Reservation.objects.order_by("pk").values()),
        list(Loan.objects.order_by("pk").values()),
        list(StockLine.objects.order_by("pk").values()),
        AssetEvent.objects.count(),
        StockMovement.objects.count(),
    ]


def refused(code: str, step, *args: object, **given: object) -> None:
    before = written()
    with pytest.raises(Refused) as refusal, transaction.atomic():
        step(*args, **given)
    assert refusal.value.code == code
    assert written() == before


@pytest.fixture
def world(county: County) -> World:
    return World(county)


@pytest.mark.parametrize("code", CODES)
def test_rules_1_to_13_are_asked_at_the_shelf_at_the_pick_at_the_van_and_at_the_door(world, code):
    """Rules 1, 2, 4, 5, 9, 11, 12 and 13: wrong in one way only, it stays where it is, and nothing is written; nor
    does it go over the counter.
    """
    number, wrong = world.asset.number, getattr(world, code)
    with for_now(wrong, world.person):
        before = written()
        assert allocation.reserve(world.wanted, **AT) == []
        assert written() == before
        refused(code, counter.hand_out, world.asset, world.person, world.address, **AT)
    [held] = allocation.reserve(world.wanted, **AT)
    with for_now(wrong, world.person):
        refused(code, allocation.pick, held, scanned=number, **AT)
    allocation.pick(held, scanned=number, **AT)
    with for_now(wrong, world.person):
        refused(code, allocation.stage, held, scanned=number, **AT)
        refused(code, allocation.load, held, scanned=number, vehicle="VAN", **AT)
    allocation.load(held, scanned=number, vehicle="VAN", **AT)
    with for_now(wrong, world.person):
        refused(code, loans.deliver, held, world.address, **AT)
    assert state_of(world.asset) == AssetState.LOADED
    assert loans.deliver(held, world.address, **AT).asset == world.asset


def test_what_is_wrong_with_the_person_is_said_without_a_shelf(world):
    """Rule 13: whoever asks why nothing is reserved hears it, with the remedy."""
    assert allocation.why_not(world.wanted) == []
    world.no_assessment()
    [reason] = allocation.why_not(world.wanted)
    assert (reason.code, reason.rule, reason.remedy) == ("no_assessment", 13, "Assess the risk and record it.")


def test_an_override_lets_it_go_until_its_last_day(world):
    """Rule 5: named, reasoned and for a time; the day after, it stays in the store again."""
    world.test_expires_soon()
    fields = {"reason": "end of life", "authorised_by": "Ola, OT", "made_at": TUESDAY, "made_by": BY, "expires_on": ON}
    Override.objects.create(person=world.person, product=world.turner, code="test_expires_soon", **fields)
    [held] = allocation.reserve(world.wanted, **AT)
    late = {"by": BY, "at": TUESDAY + DAY}
    refused("test_expires_soon", allocation.pick, held, scanned=world.asset.number, **late)
    allocation.pick(held, scanned=world.asset.number, **AT)


# Counted stock --------------------------------------------------------------------------------------------------------


class Sling:
    """Counted slings that suit one person in every way."""

    def __init__(self, county: County) -> None:
        self.county = with_a_counter(county)
        self.person = county.person(weight_kg=Decimal("80.0"))
        Person.objects.filter(pk=self.person.pk).update(sling_size="M")
        self.person.refresh_from_db()
        self.address = county.address(self.person)
        self.hoist = county.product("LIFT", name="Lift", use=Use.HOIST, safe_working_load_kg=200)
        county.on_loan(self.hoist, self.person)
        fields = {"tracking": Tracking.QUANTITY, "use": Use.SLING, "size": "M", "safe_working_load_kg": 180}
        self.product = county.product("SLING", name="Sling", **fields)
        self.line = county.stock(self.product, 5)
        self.wanted = allocation.Wanted(self.product, 2, self.person, ON, (county.store,))

    def incompatible(self) -> None:
        Incompatibility.objects.create(one=self.hoist, other=self.product, why="loops do not fit its hooks")

    def too_heavy(self) -> None:
        Person.objects.filter(pk=self.person.pk).update(weight_kg=Decimal("180.1"))

    def wrong_sling_size(self) -> None:
        Person.objects.filter(pk=self.person.pk).update(sling_size="L")

    def recalled(self) -> None:
        alert = Alert.objects.create(
            organisation=self.county.provider, reference="NatPSA/1", title="Loops", urgency="urgent", action="swap",
            issued_on=ON, deadline=ON, opened_at=TUESDAY, opened_by=BY,
        )  # fmt: skip
        StockLine.objects.filter(pk=self.line.pk).update(alert=alert)


@pytest.mark.parametrize("code", ["incompatible", "too_heavy", "wrong_sling_size", "recalled"])
def test_rules_11_12_and_36_hold_for_counted_stock_at_every_step(county, code):
    """Rules 11, 12 and 36: a sling without a number of its own is no exception, nor is a counter."""
    world = Sling(county)
    wrong = getattr(world, code)
    with for_now(wrong, world.person):
        before = written()
        assert allocation.reserve(world.wanted, **AT) == []
        assert written() == before
        refused(code, counter.hand_out_counted, world.line, 1, world.person, world.address, **AT)
    [held] = allocation.reserve(world.wanted, **AT)
    with for_now(wrong, world.person):
        refused(code, allocation.pick, held, scanned="", **AT)
        refused(code, allocation.stage, held, scanned="", **AT)
        refused(code, allocation.load, held, vehicle="VAN", **AT)
    allocation.load(held, vehicle="VAN", **AT)
    with for_now(wrong, world.person):
        refused(code, loans.deliver, held, world.address, **AT)
    assert loans.deliver(held, world.address, **AT).quantity == 2


def test_rule_12_a_stronger_sling_comes_once_the_weak_one_waits_to_be_fetched(county):
    """Rule 12: what is exchanged is no part of the whole any more."""
    world = Sling(county)
    weak = county.product("WEAK", tracking=Tracking.QUANTITY, use=Use.SLING, size="M", safe_working_load_kg=90)
    county.stock(weak, 1)
    [held] = allocation.reserve(allocation.Wanted(weak, 1, world.person, ON, (county.store,)), **AT)
    allocation.load(held, vehicle="VAN", **AT)
    lent = loans.deliver(held, world.address, **AT)
    Person.objects.filter(pk=world.person.pk).update(weight_kg=Decimal("100.0"))
    world.person.refresh_from_db()
    assert allocation.reserve(world.wanted, **AT) == []
    loans.request_collection(lent, **AT)
    assert len(allocation.reserve(world.wanted, **AT)) == 1


# A set, and something else instead ------------------------------------------------------------------------------------


@pytest.fixture
def bed_with_rail(county):
    """A bed, a mattress and a rail, judged together for one person, reserved in whatever order."""
    bed, rail = county.product("BED", use=Use.BED), county.product("RAIL", use=Use.RAIL)
    foam = county.product("MATTRESS", use=Use.MATTRESS)
    person, products = county.person(), (rail, bed, foam)
    assess(person, rail, bed=bed, mattress=foam)
    held = {}
    for product in products:
        county.new(product)
        wanted = allocation.Wanted(product, 1, person, ON, (county.store,), beside=products)
        [held[product.stock_code]] = allocation.reserve(wanted, **AT)
    return held


def test_rule_13_what_is_ordered_together_is_judged_together(county, bed_with_rail):
    """Rule 13: the rail is reserved before its bed and mattress are; alone it would not have been."""
    assert set(bed_with_rail) == {"BED", "MATTRESS", "RAIL"}
    rail = county.product("RAIL")
    other = county.person()
    assess(other, rail, bed=county.product("BED"), mattress=county.product("MATTRESS"))
    county.new(rail)
    assert allocation.reserve(allocation.Wanted(rail, 1, other, ON, (county.store,)), **AT) == []


def test_rules_11_and_13_a_swap_asks_everything_again(county, bed_with_rail):
    """Rules 10, 11 and 13: another mattress, though approved, voids what was judged of the rail, and is refused."""
    mattress = bed_with_rail["MATTRESS"]
    other_foam = county.product("OTHER", use=Use.MATTRESS)
    ApprovedEquivalent.objects.create(product=mattress.product, substitute=other_foam)
    new = county.new(other_foam)
    assert substitutes.offers(mattress, county.store, on=ON) == []
    refused("assessment_void", substitutes.substitute, mattress, new, reason="torn", old="unfit", **AT)
    assess(mattress.person, county.product("RAIL"), bed=county.product("BED"), mattress=other_foam)
    assert [offer.asset for offer in substitutes.offers(mattress, county.store, on=ON)] == [new]
    moved = substitutes.substitute(mattress, new, reason="torn", old="unfit", **AT)
    assert moved.product == other_foam


def test_rule_13_one_more_of_the_same_mattress_voids_nothing(county, bed_with_rail):
    """Rule 13: it is the product that was judged, and its twin is the same."""
    twin = county.new(county.product("MATTRESS"))
    moved = substitutes.swap(bed_with_rail["MATTRESS"], twin, reason="torn", old="unfit", **AT)
    assert moved.asset == twin
    rail = bed_with_rail["RAIL"]
    allocation.pick(rail, scanned=rail.asset.number, **AT)


def test_rule_13_a_part_that_fell_short_holds_the_rail_in_the_store(county, bed_with_rail):
    """Rule 13: on another mattress than was judged, the person's own, nothing is known of the rail."""
    mattress, rail = bed_with_rail["MATTRESS"], bed_with_rail["RAIL"]
    substitutes.fall_short(mattress, old="missing", reason="not there", **AT)
    refused("assessment_void", allocation.pick, rail, scanned=rail.asset.number, **AT)


def test_rule_36_counted_stock_under_an_alert_is_neither_reserved_nor_counted_as_free(county):
    """Rule 36: and what is of another batch goes."""
    world = Sling(county)
    stock.receive(world.product, county.store, 3, batch="new", by=BY, at=LONG_AGO)
    world.recalled()
    [shelf] = availability.of_product(world.product, [county.store], on=ON)
    assert shelf.issuable == 3
    [held] = allocation.reserve(allocation.Wanted(world.product, 5, world.person, ON, (county.store,)), **AT)
    assert (held.quantity, held.stock_line.batch) == (3, "new")
