"""What one person no longer needs: fetched by a van that also delivers, made clean and safe, kept for the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from logistics.demo import cast
from logistics.demo.catalogue import SCARCE
from logistics.demo.client import until
from logistics.demo.intake import renew, until_reserved
from logistics.demo.report import moment, name_of, when
from logistics.demo.rounds import Day
from logistics.demo.stage import Stage

_WASH = timedelta(minutes=25)


class Reissue:
    """One asset on its way from one person to the next."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.number = ""
        self.route_id = 0
        self.day: Day | None = None

    def ask_for_collection(self) -> None:
        """The person has no more use for it; the plan puts the collection on a van."""
        stage, stay = self.stage, self.stage.stay(cast.RETURNS)
        [loan] = [one for one in stage.ward.get(f"/people/{stay.person}/loans/") if one["product"] == SCARCE]
        self.number = loan["asset"]
        asked = stage.ward.post(f"/loans/{loan['id']}/collection/", {"reason": "moves in with his son"})
        stage.say(f"{stay.name} moves in with his son: {name_of(SCARCE)} {self.number} is no longer needed.")

        def planned() -> dict[str, Any] | None:
            visit: dict[str, Any] = stage.store.get(f"/visits/{asked['reference']}/")
            return visit if visit["state"] == "planned" else None

        until(f"a van to collect from {stay.name}", planned)
        self._check_van(asked["reference"])

    def _check_van(self, visit: str) -> None:
        """The same van delivers on its way."""
        stage, today = self.stage, self.stage.days[1]
        for route in stage.store.rows("/routes/", day_after=today, day_before=today):
            stops = stage.store.get(f"/routes/{route['id']}/")["stops"]
            mine = [stop for stop in stops if stop["visit"] == visit]
            if mine:
                self.route_id = route["id"]
                brings = len(stage.store.get(f"/routes/{route['id']}/load-list/"))
                time = when(moment(mine[0]["begin_at"]))
                words = f"{route['van']} fetches it, {time}, on a round that brings {brings} items to others."
                stage.claim("collected_by_a_van_that_delivers", brings > 0, words)
                return
        stage.claim("collected_by_a_van_that_delivers", False, f"No van fetches it on {today:%A}.")

    def after_route(self, route: dict[str, Any]) -> None:
        """Back at the dock: quarantine, then the wash, the bench and the shelf."""
        if route["id"] != self.route_id or self.day is None:
            return
        stage, state = self.stage, self.stage.asset(self.number)["state"]
        words = f"{route['van']} is back: {name_of(SCARCE)} {self.number}, worn and soiled, goes to quarantine."
        stage.claim("collected_into_quarantine", state == "quarantine", words)
        stage.store.post(f"/assets/{self.number}/begin-clean/")
        self.day.plan(stage.at + _WASH, self._renew)

    def _renew(self) -> None:
        stage, stay = self.stage, self.stage.stay(cast.WAITS)
        waited = stage.readiness(stay)["readiness"] == "awaiting_stock"
        renew(stage, self.number, SCARCE, method="chlorine_1000")
        stage.say(f"{self.number} is cleaned with chlorine, examined under LOLER, tested and on the shelf.")
        until_reserved(stage, stay, self.number)
        stage.until_planned([stay])
        stage.marks["reissued_after_cleaning"] = waited
        begin = stage.planned_begin(stay)
        words = f"{stay.name} had waited for one: {self.number} is reserved for her and comes {when(begin)}."
        stage.claim("reissued_after_cleaning", waited, words)
