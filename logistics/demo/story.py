"""The story: three working days, told only through the API and the queue, as a hospital and a store live them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from equipment.models import Store
from logistics import visits
from logistics.demo import cast, clockwork, intake, people, report, telecare
from logistics.demo.client import Api
from logistics.demo.reissue import Reissue
from logistics.demo.report import Tale
from logistics.demo.rounds import Day
from logistics.demo.stage import Stage
from logistics.models import PlanRun

_DAYS = 5  # three for the story, and two ahead for those who come after it


@dataclass(frozen=True)
class Told:
    """The outcome: the summary for machines, and what is needed to find the people again."""

    summary: dict[str, Any]
    discharges: list[str]


def open_stage(base_url: str, tale: Tale) -> Stage:
    calendar = visits.calendar_of(Store.objects.get(code=people.MAIN))
    days = clockwork.working_days(calendar, _DAYS)
    ward, store, centre = (Api(base_url, one) for one in (people.WARD_BOARD, people.STORE_SYSTEM, people.CENTRE_SYSTEM))
    stage = Stage(ward, store, centre, clockwork.DemoClock(), days, tale)
    stage.clock.to(clockwork.dawn(days[0]))
    return stage


def tell(stage: Stage) -> Told:
    """Three days in a minute. Raises Unexpected when the API does something else than it should."""
    first_plan = PlanRun.objects.count()
    _first_day(stage)
    _second_day(stage)
    _third_day(stage)
    discharges = [stay.discharge for stay in stage.stays.values()]
    summary = _sum_up(stage, first_plan)
    return Told(report.with_steps(summary, stage.tale), discharges)


def _first_day(stage: Stage) -> None:
    first, last = stage.days[0], stage.days[2]
    stage.tale.heading(f"{first:%A %d %B}: the first day")
    intake.expect(stage, cast.CAST)
    stage.say(f"The wards of {people.HOSPITAL} expect {len(cast.CAST)} people to go home by {last:%A}.")
    stage.to(first, 6, 40)
    intake.begin_bariatric_clean(stage)
    intake.ask_first(stage)
    stage.to(first, 7)
    intake.order(stage, cast.CAST)
    intake.put_right(stage)
    Day(stage, first, failing=stage.stay(cast.FAILS)).run()


def _second_day(stage: Stage) -> None:
    day = stage.days[1]
    stage.tale.heading(f"{day:%A}: the second day")
    stage.to(day, 6, 40)
    reissue = Reissue(stage)
    reissue.ask_for_collection()
    reissue.day = Day(stage, day, after_route=reissue.after_route)
    reissue.day.run()
    retried = stage.marks.get("visit_failed", False) and stage.in_place.get(cast.FAILS.key, False)
    words = f"{cast.FAILS.name}'s second visit worked: all was in place before she came home."
    stage.claim("retried_in_time", retried, words)
    if not stage.marks.get("reissued_after_cleaning"):
        stage.claim("reissued_after_cleaning", False, f"{cast.WAITS.name} still waits for what came back.")


def _third_day(stage: Stage) -> None:
    day = stage.days[2]
    stage.tale.heading(f"{day:%A}: the third day")
    Day(stage, day).run()
    telecare.live(stage)


def _sum_up(stage: Stage, first_plan: int) -> dict[str, Any]:
    held = [entry for stay in stage.stays.values() for entry in stage.assets_of(stay)]
    plans = PlanRun.objects.order_by("pk")[first_plan:]  # the one thing read behind the API's back
    faults = sorted({plan.verdict for plan in plans if plan.verdict != "clean"})
    words = f"{len(plans)} plans were made, and an independent check passed every one of them."
    stage.claim("every_plan_clean", bool(plans) and not faults, words)
    unplanned = [
        {"visit": visit["reference"], "reason": visit["unplanned_reason"] or "Its day is still to come."}
        for visit in stage.store.rows("/visits/", state="open")
    ]
    return {
        "discharges": len(stage.stays),
        "in_place_on_the_day": sum(stage.in_place.values()),
        "assets_reserved": len(held),
        "of_which_recycled": sum(entry["recycled"] for entry in held),
        "routes": stage.routes_driven,
        "stops": stage.stops_made,
        "unplanned": unplanned,
        "plan_check": "; ".join(faults) or "clean",
        "replanned_after_date_change": stage.marks.get("replanned_after_date_change", False),
        "reissued_after_cleaning": stage.marks.get("reissued_after_cleaning", False),
    }


def set_the_next_scene(stage: Stage) -> list[str]:
    """Work for whoever looks around: more people's kit ordered, planned and confirmed, nothing loaded yet.

    Returns the names of the drivers who are on the road that day.
    """
    stage.clock.to(stage.at + timedelta(minutes=1))
    told = len(stage.stays)
    intake.expect(stage, cast.NEXT, salt=100)
    intake.judge(stage, cast.NEXT)
    intake.order(stage, cast.NEXT, aloud=False)
    ahead = list(stage.stays.values())[told:]
    stage.until_planned(ahead)
    day = stage.days[3]
    stage.tale.heading(f"{day:%A}: yours")
    routes = Day(stage, day).routes
    stage.say(
        f"{len(ahead)} more people are expected home by {stage.days[4]:%A}. Nothing is loaded yet: take it from here."
    )
    return [name for route in routes for name in route["crew"]]
