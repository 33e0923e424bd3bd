"""Rule 34: what a phone did without a signal arrives late, twice or in disorder, and is done once, in order."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipment import holdings
from equipment.errors import Busy, Invalid, Refused
from equipment.models import Loan
from equipment.states import AssetState
from logistics import actions, doors, routes
from logistics.actions import Action
from logistics.lifecycle import advance
from logistics.models import DriverAction, Event, FollowUp, Route, Stop, Visit
from logistics.states import FailureReason, VisitState
from tests.county import BY, LONG_AGO, TUESDAY, County, state_of

ROAD = TUESDAY.replace(day=5, hour=12)  # when the signal is back
MINUTE = timedelta(minutes=1)
PROOF = {"received_by": "Mrs Other", "fitted": True, "demonstrated": True}


class Road:
    """A van on the road with a commode for one door, and its driver's phone."""

    def __init__(self, county: County, *, out: bool = True) -> None:
        self.county = county
        self.asset = county.new(county.product(f"COMMODE-{uuid4().hex[:6]}"))
        county.order(county.discharge(), self.asset.product.stock_code)
        self.visit = Visit.objects.order_by("pk").last()
        shift = county.shift(ROAD.date(), registration=f"V{uuid4().hex[:8]}")
        self.driver = shift.crew.get()
        self.route = Route.objects.create(
            shift=shift, store=county.store, day=ROAD.date(), starts_at=shift.starts_at, ends_at=shift.ends_at
        )
        times = dict.fromkeys(("arrive_at", "begin_at", "leave_at"), ROAD)
        Stop.objects.create(route=self.route, visit=self.visit, sequence=1, **times)
        advance(self.visit, VisitState.PLANNED, by=BY, at=LONG_AGO)
        if out:
            routes.load(self.route, scanned=self.asset.number, by=BY, at=ROAD)
            routes.set_out(self.route, by=BY, at=ROAD)

    def act(self, verb: str, place: int, *, late: int = 60, key: UUID | None = None, **given) -> Action:
        return Action(key or uuid4(), verb, place, ROAD - late * MINUTE, self.visit, given)

    def day(self) -> list[Action]:
        """What is done at this door when all goes well, by the phone's clock at 11:00 and 11:10."""
        return [self.act("arrive", 1, late=60), self.act("finish", 2, late=50, **PROOF)]

    def send(self, *batch: Action, at=ROAD) -> list[tuple[str, str]]:
        return [(row.verb, row.outcome) for row in actions.take_all(batch, driver=self.driver, at=at)]


@pytest.fixture
def road(county):
    return Road(county)


def test_rule_34_it_is_done_at_the_phones_time_and_both_times_are_kept(road):
    """Rule 34: with device time and server time."""
    assert road.send(*road.day()) == [("arrive", "applied"), ("finish", "applied")]
    assert state_of(road.asset) == AssetState.ON_LOAN
    visit = Visit.objects.get()
    assert (visit.arrived_at, visit.left_at) == (ROAD - 60 * MINUTE, ROAD - 50 * MINUTE)
    for row in DriverAction.objects.all():
        assert (row.received_at, row.driver, row.visit) == (ROAD, road.driver, visit)
        assert row.device_at in (visit.arrived_at, visit.left_at)


@pytest.mark.parametrize("off", [timedelta(days=-400), timedelta(minutes=5)], ids=["years behind", "ahead"])
def test_rule_34_a_clock_that_cannot_be_right_is_kept_but_not_believed(road, off):
    """Rule 34: the server's time then says when it happened."""
    action = Action(uuid4(), "arrive", 1, ROAD + off, road.visit)
    actions.take(action, driver=road.driver, at=ROAD)
    assert Visit.objects.get().arrived_at == ROAD
    assert DriverAction.objects.get().device_at == ROAD + off


def test_rule_34_the_same_key_again_is_the_same_answer_and_nothing_more(road):
    """Rule 34: once."""
    batch = road.day()
    first = actions.take_all(batch, driver=road.driver, at=ROAD)
    events = Event.objects.count()
    again = actions.take_all(batch, driver=road.driver, at=ROAD + timedelta(hours=2))
    assert [row.pk for row in again] == [row.pk for row in first]
    assert [row.received_at for row in again] == [ROAD, ROAD]
    assert (Event.objects.count(), Loan.objects.filter(asset=road.asset).count()) == (events, 1)


def test_rule_34_an_upload_is_done_in_the_phones_order_whatever_order_it_came_in(road):
    """Rule 34: in order."""
    assert road.send(*reversed(road.day())) == [("arrive", "applied"), ("finish", "applied")]
    assert Visit.objects.get().state == "done"


def test_rule_34_what_comes_before_its_predecessor_is_a_conflict_and_changes_nothing(road):
    """Rule 34: the finish reached us alone; somebody looks at it."""
    arrive, finish = road.day()
    assert road.send(finish) == [("finish", "conflict")]
    assert "does not allow this" in DriverAction.objects.get().detail
    assert (Visit.objects.get().state, state_of(road.asset)) == ("out", AssetState.LOADED)
    assert road.send(arrive) == [("arrive", "applied")]


def test_rule_34_what_somebody_did_meanwhile_is_not_overwritten(road):
    """Rule 34: the depot recorded a failure by telephone; the phone's finish is kept beside it, not on top of it."""
    doors.arrive(road.visit, by=BY, at=ROAD)
    doors.fail(road.visit, FailureReason.NO_ACCESS, note="Rang", by=BY, at=ROAD)
    assert road.send(*road.day()) == [("arrive", "conflict"), ("finish", "conflict")]
    failed = Visit.objects.get(pk=road.visit.pk)
    assert (failed.state, failed.failure, failed.received_by) == ("failed", "no_access", "")
    assert DriverAction.objects.get(verb="finish").given == PROOF
    assert not Loan.objects.filter(asset=road.asset).exists()


def test_rule_34_a_stop_that_went_to_another_crew_is_a_conflict(county, road):
    """Rules 34 and 39: a crew acts at its own doors only."""
    other = Road(county)
    action = Action(uuid4(), "arrive", 1, ROAD, other.visit)
    row = actions.take(action, driver=road.driver, at=ROAD)
    assert row.outcome == "conflict"
    assert Visit.objects.get(pk=other.visit.pk).state == "out"


def test_a_failed_visit_ends_in_its_reason_and_its_next_step(road):
    """Rules 33 and 34: offline too."""
    arrive, _ = road.day()
    fail = road.act("fail", 2, reason="no_access", note="No answer, called the daughter")
    assert road.send(arrive, fail) == [("arrive", "applied"), ("fail", "applied")]
    assert (Visit.objects.get(pk=road.visit.pk).failure, FollowUp.objects.count()) == ("no_access", 1)


def test_a_van_is_loaded_by_the_numbers_that_the_phone_scanned(county):
    """Rules 10 and 34: a wrong number is a conflict, a right one is aboard."""
    road = Road(county, out=False)
    wrong, right = road.act("load", 1, scanned="0000000"), road.act("load", 2, scanned=road.asset.number)
    assert road.send(wrong, right) == [("load", "conflict"), ("load", "applied")]
    assert state_of(road.asset) == AssetState.LOADED


@pytest.mark.parametrize(
    "given",
    [{"reason": "no_such_reason", "note": "x"}, {}],
    ids=["unknown reason", "no reason"],
)
def test_what_cannot_be_read_is_kept_as_a_conflict(road, given):
    """Rule 34: nothing a phone sent is dropped."""
    arrive, _ = road.day()
    assert road.send(arrive, road.act("fail", 2, **given)) == [("arrive", "applied"), ("fail", "conflict")]
    assert Visit.objects.get().state == "arrived"


@pytest.mark.parametrize("given", [{"collected": 3}, {"collected": {"x": {}}}, {"tested": {"1": {"pat": {"odd": 1}}}}])
def test_proof_that_cannot_be_read_is_a_conflict(road, given):
    """Rule 34."""
    arrive, _ = road.day()
    assert road.send(arrive, road.act("finish", 2, **PROOF, **given))[1] == ("finish", "conflict")
    assert DriverAction.objects.get(verb="finish").detail == "What was filled in at the door could not be read."


def test_a_conflict_says_nothing_of_the_persons_weight(road):
    """Rule 39: only which reasons there were."""
    person = road.visit.person
    type(road.asset.product).objects.filter(pk=road.asset.product_id).update(
        safe_working_load_kg=50, weight_critical=True
    )
    type(person).objects.filter(pk=person.pk).update(weight_kg=151, weighed_on=LONG_AGO.date())
    assert road.send(*road.day())[1] == ("finish", "conflict")
    detail = DriverAction.objects.get(verb="finish").detail
    assert (detail, "151" in detail) == ("Refused: too heavy.", False)


def test_an_unknown_verb_and_anothers_key_are_refused(county, road):
    """Rule 34."""
    with pytest.raises(Invalid):
        actions.take(road.act("dance", 1), driver=road.driver, at=ROAD)
    known = road.act("arrive", 1)
    road.send(known)
    with pytest.raises(Refused) as refusal:
        actions.take(known, driver=county.driver(), at=ROAD)
    assert refusal.value.code == "another_drivers_key"
    assert DriverAction.objects.count() == 1


def test_what_is_busy_is_asked_again_and_leaves_no_row(road, monkeypatch):
    """Rule 34: the phone keeps it until it is answered."""

    def busy(*args, **kwargs):
        raise Busy("busy", "Somebody else is changing the same things: try again.")

    monkeypatch.setattr(doors, "arrive", busy)
    with pytest.raises(Busy):
        road.send(*road.day())
    assert not DriverAction.objects.exists()


def test_rule_34_a_conflict_is_settled_once_by_a_person_who_says_how(road):
    """Rule 34: conflicts surface until somebody has looked at them."""
    _, finish = road.day()
    road.send(finish)
    row = DriverAction.objects.get()
    with pytest.raises(Invalid):
        actions.settle(row, note=" ", by=BY, at=ROAD)
    actions.settle(row, note="Rang the crew: delivered, recorded by hand", by=BY, at=ROAD)
    row.refresh_from_db()
    assert (row.outcome, row.given) == ("settled", PROOF)
    event = Event.objects.get(subject="action")
    assert (event.subject_id, event.verb, event.by, event.reason) == (
        row.pk,
        "settle",
        BY,
        "Rang the crew: delivered, recorded by hand",
    )
    with pytest.raises(Refused):
        actions.settle(row, note="again", by=BY, at=ROAD)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rule_34_however_it_arrives_the_end_is_the_same_and_nothing_is_lost(county, data):
    """Rule 34: doubled, shuffled within an upload, cut into uploads, late: one end, every action accounted for."""
    roads = [Road(county) for _ in range(2)]
    driver = roads[0].driver
    roads[1].route.shift.crew.add(driver)
    todo = [
        Action(uuid4(), verb, place, ROAD - (60 - place) * MINUTE, road.visit, PROOF if verb == "finish" else {})
        for place, (road, verb) in enumerate([(r, v) for r in roads for v in ("arrive", "finish")], 1)
    ]
    cut = data.draw(st.integers(0, len(todo)))
    uploads = [todo[:cut], todo[cut:]]
    uploads = [upload for upload in uploads for _ in range(data.draw(st.integers(1, 2)))]
    for n, upload in enumerate(uploads):
        shuffled = data.draw(st.permutations(upload + data.draw(st.sampled_from([[], upload]))))
        actions.take_all(shuffled, driver=driver, at=ROAD + n * timedelta(hours=1))
    rows = DriverAction.objects.filter(key__in=[action.key for action in todo])
    assert sorted(rows.values_list("place", "outcome")) == [(n, "applied") for n in range(1, 5)]
    for road in roads:
        assert Visit.objects.get(pk=road.visit.pk).state == "done"
        assert [loan.asset for loan in holdings.open_loans(road.visit.person_id)] == [road.asset]


@pytest.mark.parametrize("given", [{"received_by": "x" * 500}, {"collected": {"1": {"condition": "perfect"}}}])
def test_rule_34_what_the_record_has_no_room_or_word_for_is_a_conflict_and_holds_nothing_up(road, given):
    """Rule 34: the phone does not send it again for ever, and what came before it stays done."""
    sent = road.send(road.act("arrive", 1), road.act("finish", 2, **PROOF | given))
    assert sent == [("arrive", "applied"), ("finish", "conflict")]
    assert not Loan.objects.exists()
    assert actions.proof_of({"collected": {"7": {"condition": "worn"}}}).collected[7].condition == "worn"
