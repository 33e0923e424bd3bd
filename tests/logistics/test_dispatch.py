"""Rows to routes and back, with the real solver on small days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from equipment.errors import Busy, Refused
from equipment.states import AssetState
from logistics import board, discharges, dispatch, doors, ordering, routes, visits
from logistics.discharges import Word
from logistics.models import PlanRun, Route, Stop, Visit
from logistics.planning import check
from logistics.planning.check import Fault
from logistics.states import FailureReason
from tests.county import BY, TUESDAY, state_of

WED, THU, FRI = date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 6)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def quick(settings):
    settings.SERVICE = settings.SERVICE | {"PLANNING_ITERATIONS": 200}


def replan(county, at=TUESDAY) -> PlanRun:
    return dispatch.replan(county.store.pk, by=BY, at=at)


def ordered(county, code="COMMODE", edd=THU, postcode="ZX1 1AB") -> Visit:
    if code == "HOIST":
        county.new(county.hoist())
    else:
        county.new(county.product(code))
    order = county.order(county.discharge(edd, address=county.address(postcode=postcode)), code)
    return order.lines.first().activities.get().visit


def week(county, crew=1):
    for day in (3, 4, 5, 6):
        county.shift(date(2026, 3, day), crew=crew)


def day_of(visit) -> date:
    visit.refresh_from_db()
    return visit.window_from.date()


def test_small_kit_is_planned_for_the_morning_of_the_discharge(county):
    week(county)
    visit = ordered(county)
    run = replan(county)
    assert (run.verdict, run.planned, run.unplanned, run.stored) == ("clean", 1, [], True)
    assert day_of(visit) == THU
    stop = Stop.objects.get(visit=visit)
    assert stop.begin_at < visit.needed_by
    assert (visit.state, stop.route.day, stop.sequence) == ("planned", THU, 1)


def test_bulky_kit_is_planned_for_the_working_day_before(county):
    week(county, crew=2)
    visit = ordered(county, "HOIST", FRI)
    replan(county)
    assert day_of(visit) == THU


def test_rule_30_a_two_person_job_never_goes_to_one_person_and_the_reason_says_so(county):
    week(county, crew=1)
    visit = ordered(county, "HOIST", FRI)
    run = replan(county)
    assert [(u["visit"], u["code"]) for u in run.unplanned] == [(visit.pk, "no_crew")]
    visit.refresh_from_db()
    assert (visit.state, visit.unplanned_code) == ("open", "no_crew")
    assert visit.unplanned_reason


def test_a_day_without_a_van_leaves_the_visit_open_with_its_reason(county):
    visit = ordered(county)
    run = replan(county)
    assert [(u["visit"], u["code"]) for u in run.unplanned] == [(visit.pk, "no_route")]
    assert run.verdict == "clean"


def test_rule_35_an_address_without_a_point_waits_and_says_why(county):
    week(county)
    visit = ordered(county, postcode="ZX1 9ZZ")
    run = replan(county)
    assert [(u["visit"], u["code"]) for u in run.unplanned] == [(visit.pk, "no_point")]
    visit.refresh_from_db()
    assert "no longer in use" in visit.unplanned_reason


def test_a_date_beyond_the_horizon_is_not_planned_too_early(county):
    week(county)
    visit = ordered(county, edd=date(2026, 3, 20))
    assert replan(county).unplanned == []
    visit.refresh_from_db()
    assert (visit.state, visit.unplanned_reason) == ("open", "")


def test_rule_24_the_plan_follows_the_date(county):
    week(county)
    visit = ordered(county, edd=FRI)
    replan(county)
    assert day_of(visit) == FRI
    discharges.take_date(visit.discharge, Word(THU, TUESDAY + HOUR), by=BY, at=TUESDAY + HOUR)
    replan(county, TUESDAY + HOUR)
    assert day_of(visit) == THU
    assert Stop.objects.filter(visit=visit).count() == 1


def test_planning_again_without_news_changes_nothing(county):
    """Rule 24: news that changes nothing leaves every promise as it is."""
    week(county)
    made = [ordered(county, f"P{n}", THU, "ZX1 2AB") for n in range(4)]
    replan(county)
    before = list(Stop.objects.order_by("visit").values_list("visit", "route", "begin_at"))
    replan(county)
    assert list(Stop.objects.order_by("visit").values_list("visit", "route", "begin_at")) == before
    assert len(before) == len(made)


def test_rule_32_a_confirmed_window_is_kept_when_others_join(county):
    week(county)
    visit = ordered(county)
    replan(county)
    routes.confirm(Route.objects.get(stops__visit=visit), by=BY, at=TUESDAY)
    visit.refresh_from_db()
    told = (visit.window_from, visit.window_to)
    for n in range(5):
        ordered(county, f"P{n}", THU, "ZX2 1AA")
    replan(county, TUESDAY + HOUR)
    visit.refresh_from_db()
    assert (visit.window_from, visit.window_to) == told
    assert told[0] <= Stop.objects.get(visit=visit).begin_at <= told[1]


def test_a_route_being_loaded_is_not_touched(county):
    week(county)
    visit = ordered(county)
    replan(county)
    route = Route.objects.get(stops__visit=visit)
    routes.start_loading(route, by=BY, at=TUESDAY)
    ordered(county, "P1", THU)
    run = replan(county, TUESDAY + HOUR)
    assert [stop.visit for stop in route.stops.all()] == [visit]
    assert run.visits == 1


def test_a_plan_that_fails_its_check_is_recorded_and_never_stored(county, monkeypatch):
    week(county)
    visit = ordered(county)
    monkeypatch.setattr(check, "faults", lambda *_: [Fault("crew", "A two-person job goes to one person.")])
    with pytest.raises(Refused) as refusal:
        replan(county)
    assert refusal.value.code == "plan_fails_check"
    run = PlanRun.objects.get()
    assert (run.stored, run.verdict) == (False, "A two-person job goes to one person.")
    visit.refresh_from_db()
    assert (visit.state, Stop.objects.count()) == ("open", 0)


def test_what_changed_while_the_solver_worked_is_left_alone(county, monkeypatch):
    """The date moves after the rows were read: the old answer must not be written over the new question."""
    week(county)
    visit = ordered(county, edd=FRI)
    solve = dispatch.engine.solve

    def slow(*args, **kwargs):
        discharges.take_date(visit.discharge, Word(THU, TUESDAY + HOUR), by=BY, at=TUESDAY + HOUR)
        return solve(*args, **kwargs)

    monkeypatch.setattr(dispatch.engine, "solve", slow)
    replan(county)
    visit.refresh_from_db()
    assert (visit.state, Stop.objects.count()) == ("open", 0)


def test_cancelled_while_the_solver_worked_stays_cancelled(county, monkeypatch):
    week(county)
    visit = ordered(county)
    solve = dispatch.engine.solve

    def slow(*args, **kwargs):
        ordering.cancel(visit.activities.get().line.order, by=BY, at=TUESDAY, reason="not needed")
        return solve(*args, **kwargs)

    monkeypatch.setattr(dispatch.engine, "solve", slow)
    replan(county)
    visit.refresh_from_db()
    assert (visit.state, Stop.objects.count()) == ("cancelled", 0)


def test_withdrawing_a_visit_from_a_route_being_loaded_puts_its_kit_back(county):
    week(county)
    visit = ordered(county)
    asset = visit.activities.get().reservation.asset
    replan(county)
    route = Route.objects.get(stops__visit=visit)
    routes.pick(route, scanned=asset.number, by=BY, at=TUESDAY)
    assert state_of(asset) == AssetState.PICKED
    visits.withdraw(visit, by=BY, at=TUESDAY, reason="date moved")
    assert state_of(asset) == AssetState.RESERVED
    visit.refresh_from_db()
    assert (visit.state, visit.window_from) == ("open", None)


def test_a_collection_rides_back_on_a_van_that_delivers(county):
    week(county)
    loan = county.on_loan(county.product("BED"))
    loan.address.latitude, loan.address.longitude, loan.address.accuracy = 52.21, -2.89, "pin"
    loan.address.save()
    collection = visits.raise_collection(loan, by=BY, at=TUESDAY)
    delivery = ordered(county)
    replan(county)
    collection.refresh_from_db()
    assert collection.state == "planned"
    assert Stop.objects.filter(visit__in=[collection, delivery]).count() == 2


def test_one_planner_per_depot(county, django_db_blocker):
    from django.db import connection

    from logistics.locks import PLANNER

    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [PLANNER, county.store.pk])
        with pytest.raises(Busy):
            replan(county)
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [PLANNER, county.store.pk])
    other.close()
    assert replan(county).verdict == "clean"


def test_a_running_day_is_planned_from_now_on(county):
    """At 09:00 a van that has not set out can still be given a visit, not before 09:30."""
    county.shift(date(2026, 3, 3))
    visit = ordered(county, edd=date(2026, 3, 3))
    replan(county)
    stop = Stop.objects.get(visit=visit)
    assert stop.route.starts_at >= datetime(2026, 3, 3, 9, 30, tzinfo=TUESDAY.tzinfo)
    assert stop.begin_at < visit.needed_by


def test_a_round_that_was_never_driven_does_not_block_the_next_plan(county):
    """A van that broke down on Wednesday leaves its stop behind; on Thursday at seven the visit gets a new place."""
    county.shift(WED, crew=2)
    county.shift(THU, crew=2)
    visit = ordered(county, "HOIST")
    replan(county)
    assert Stop.objects.get(visit=visit).route.day == WED

    run = replan(county, at=TUESDAY + timedelta(days=1, hours=22))

    assert (run.verdict, Stop.objects.get(visit=visit).route.day) == ("clean", THU)


def test_late_in_the_day_a_van_that_could_no_longer_load_is_left_out(county):
    """A shift that ends at 16:30: at 15:45 a plan reaches it from 16:15 on, and loading takes until 16:35."""
    county.shift(date(2026, 3, 3))
    county.shift(WED)
    visit = ordered(county)

    run = replan(county, at=TUESDAY.replace(hour=15, minute=45))

    assert (run.verdict, run.shifts) == ("clean", 1)
    assert Stop.objects.get(visit=visit).route.day == WED


def test_rule_25_on_the_day_itself_the_work_is_finished_when_it_is_needed(county):
    """Two hours to fit at each of three doors: by noon one van finishes one of them; the others come late."""
    county.shift(THU)
    county.product("FRAME", name="Frame", fitting_minutes=120)
    places = [ordered(county, "FRAME", postcode=postcode) for postcode in ("ZX1 1AB", "ZX1 2AA", "ZX1 2AB")]

    run = replan(county)

    stops = Stop.objects.filter(visit__in=places)
    in_time = [stop for stop in stops if stop.begin_at + 2 * HOUR <= stop.visit.needed_by]
    late = [stop for stop in stops if stop.begin_at >= stop.visit.needed_by]
    assert (run.verdict, len(in_time), len(in_time) + len(late)) == ("clean", 1, run.planned)
    rows = board.rows([stop.visit.discharge for stop in late], at=TUESDAY)
    assert {row.readiness.word for row in rows} <= {"at_risk"}
    assert all(stop.visit.window_to + 2 * HOUR <= stop.visit.needed_by for stop in in_time)


def test_a_meal_break_after_the_work_does_not_make_it_late(county):
    """Twenty minutes of work at 11:30, then lunch at the kerb until past noon: the person has it by 11:50."""
    shift = county.shift(THU)
    shift.break_from, shift.break_to = at_thursday(11, 30), at_thursday(14, 0)
    shift.starts_at = at_thursday(10, 50)
    shift.save()
    county.product("FRAME", name="Frame", fitting_minutes=20)
    visit = ordered(county, "FRAME")
    replan(county)
    visit.refresh_from_db()
    stop = Stop.objects.get(visit=visit)
    assert stop.begin_at + timedelta(minutes=20) <= visit.needed_by
    assert visit.window_to <= visit.needed_by
    [row] = board.rows([visit.discharge], at=TUESDAY)
    assert row.readiness.word == "planned"


def at_thursday(hour, minute):
    return datetime(2026, 3, 5, hour, minute, tzinfo=TUESDAY.tzinfo)


def test_what_can_no_longer_be_finished_in_time_comes_as_soon_as_possible(county):
    """Thursday 10:30, needed by noon, two hours to fit: too late for that, but not a reason to leave it lying."""
    county.shift(THU)
    county.product("FRAME", name="Frame", fitting_minutes=120)
    visit = ordered(county, "FRAME")

    replan(county, at=TUESDAY + timedelta(days=2, hours=1, minutes=30))

    assert Stop.objects.get(visit=visit).route.day == THU


def test_kit_that_came_back_on_the_very_day_goes_out_again_the_day_after(county):
    """Nobody in on the morning of the discharge, and the van is still out: Friday is the first day it can be."""
    county.shift(THU)
    county.shift(FRI)
    visit = ordered(county)
    run = replan(county)
    route = Route.objects.get(stops__visit=visit)
    thursday = TUESDAY + timedelta(days=2)
    routes.load(route, scanned=visit.activities.get().reservation.asset.number, by=BY, at=thursday)
    routes.set_out(route, by=BY, at=thursday)
    visit.refresh_from_db()
    again = doors.fail(visit, FailureReason.NO_ACCESS, note="Card left.", by=BY, at=thursday + HOUR)

    run = replan(county, at=thursday + HOUR)

    assert (run.verdict, Stop.objects.get(visit=again, live=True).route.day) == ("clean", FRI)
