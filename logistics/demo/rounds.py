"""A day on the road in the order of its hours: load, set out, call at each door, come back; people leave at two."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from logistics import promises
from logistics.demo import telecare
from logistics.demo.client import until
from logistics.demo.report import moment, when
from logistics.demo.stage import Stage, Stay

LOADING = timedelta(minutes=20)
_LEAVING_HOUR = 14

Hook = Callable[[dict[str, Any]], None]


class Day:
    """All routes of one day at once. `failing` is the discharge whose first visit finds nobody in."""

    def __init__(
        self, stage: Stage, day: date, *, failing: Stay | None = None, after_route: Hook | None = None
    ) -> None:
        self.stage, self.day, self.failing, self.after_route = stage, day, failing, after_route
        self.collected_with = {"condition": "worn", "infection": "soiled"}
        self.retry: dict[str, Any] | None = None
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self.routes = self._confirm()

    def _confirm(self) -> list[dict[str, Any]]:
        """Half past seven: people may be told their times."""
        self.stage.to(self.day, 7, 30)
        store = self.stage.store
        found = store.rows("/routes/", day_after=self.day, day_before=self.day)
        routes = [store.post(f"/routes/{route['id']}/confirm/") for route in found]
        for route in routes:
            hours = (
                f"{when(moment(route['starts_at']))} to {moment(route['ends_at']).astimezone(promises.LONDON):%H:%M}"
            )
            crew = " and ".join(name.split()[0] for name in route["crew"])
            doors = f"{len(route['stops'])} door{'s' * (len(route['stops']) > 1)}"
            self.stage.say(f"{route['van']} ({crew}): {doors}, {route['kilometres']} km, {hours}. Confirmed.")
        return routes

    def run(self) -> None:
        for route in self.routes:
            leaves = moment(route["starts_at"])
            self.plan(leaves - LOADING, lambda route=route: self._load(route))  # type: ignore[misc]
            self.plan(leaves, lambda route=route: self._set_out(route))  # type: ignore[misc]
        self.plan(promises.local(self.day, _LEAVING_HOUR), self._people_leave)
        while self._events:
            at, _, do = heapq.heappop(self._events)
            self.stage.clock.to(at)
            do()

    def plan(self, at: datetime, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), do))

    def _load(self, route: dict[str, Any]) -> None:
        """Each numbered item is scanned off its shelf and onto the van."""
        post, path = self.stage.store.post, f"/routes/{route['id']}"
        for item in self.stage.store.get(f"{path}/load-list/"):
            if item["asset"]:
                post(f"{path}/pick/", {"scanned": item["asset"]})
                post(f"{path}/load/", {"scanned": item["asset"]})
        post(f"{path}/load-counted/")

    def _set_out(self, route: dict[str, Any]) -> None:
        out = self.stage.store.post(f"/routes/{route['id']}/set-out/")
        self.stage.say(f"{out['van']} sets out; every numbered item was scanned off its shelf and onto the van.")
        for stop in out["stops"]:
            self.plan(moment(stop["arrive_at"]), lambda stop=stop: self._arrive(stop))  # type: ignore[misc]
            self.plan(_work_ends(stop, out), lambda stop=stop: self._finish(stop))  # type: ignore[misc]
        back = max([moment(out["ends_at"]), *(moment(stop["leave_at"]) for stop in out["stops"])])
        self.plan(back + timedelta(minutes=1), lambda: self._come_back(out))

    def _arrive(self, stop: dict[str, Any]) -> None:
        self.stage.store.post(f"/visits/{stop['visit']}/arrive/")
        self.stage.stops_made += 1

    def _finish(self, stop: dict[str, Any]) -> None:
        visit = self.stage.store.get(f"/visits/{stop['visit']}/")
        if self.failing and visit["discharge"] == self.failing.discharge:
            self._fail(visit, self.failing)
            return
        body = {
            "received_by": "the person's family",
            "fitted": True,
            "demonstrated": True,
            "collected": [
                {"activity": activity["id"], **self.collected_with}
                for activity in visit["activities"]
                if activity["kind"] == "collection" and activity["state"] == "open"
            ],
        }
        telecare.install(self.stage, visit["reference"], body)
        self.stage.store.post(f"/visits/{visit['reference']}/finish/", body)

    def _fail(self, visit: dict[str, Any], stay: Stay) -> None:
        """Nobody in: the next attempt is planned before the day is over."""
        store = self.stage.store
        body = {"reason": "no_access", "note": "No reply at the door; phoned twice, left a card."}
        again = store.post(f"/visits/{visit['reference']}/fail/", body)
        self.stage.marks["visit_failed"] = True
        self.stage.say(f"No reply at {stay.name}'s door: no access, coded and noted. A second attempt is asked for.")

        def planned() -> dict[str, Any] | None:
            now: dict[str, Any] = store.get(f"/visits/{again['reference']}/")
            return now if now["state"] == "planned" else None

        self.retry = until(f"a second attempt at {stay.name}'s", planned)
        opens, closes = moment(self.retry["window_from"]), moment(self.retry["window_to"])
        begin = opens + (closes - opens) / 2
        held = again["reference"] != visit["reference"] and begin <= promises.local(stay.expected_on, 12)
        words = f"The second attempt is planned for {when(begin)}; {stay.name} needs it by {stay.needed}."
        self.stage.claim("failed_visit_planned_again_in_time", held, words)

    def _come_back(self, route: dict[str, Any]) -> None:
        back = self.stage.store.post(f"/routes/{route['id']}/finish/")
        self.stage.routes_driven += 1
        if self.after_route:
            self.after_route(back)

    def _people_leave(self) -> None:
        """Two o'clock: was everything there before, and on time? Then home."""
        leavers = [stay for stay in self.stage.stays.values() if stay.expected_on == self.day]
        for stay in leavers:
            ready = self.stage.readiness(stay)
            in_place = ready["readiness"] == "in_place" and bool(ready["in_place_on_time"])
            self.stage.in_place[stay.part.key] = in_place
            self.stage.ward.post(f"/discharges/{stay.discharge}/leave/")
        late = [stay.name for stay in leavers if not self.stage.in_place[stay.part.key]]
        words = f"{len(leavers) - len(late)} of {len(leavers)} people go home to everything in place, fitted and shown."
        words += f" Not: {', '.join(late)}." if late else ""
        self.stage.claim(f"in_place_on_{self.day:%A}".lower(), not late, words)


def _work_ends(stop: dict[str, Any], route: dict[str, Any]) -> datetime:
    """When the crew leaves the door; or goes to its break, where that follows the work."""
    begin, leave = moment(stop["begin_at"]), moment(stop["leave_at"])
    rest = moment(route["break_from"]) if route["break_from"] else leave
    return rest if begin < rest < leave else leave
