"""What every chapter of the story shares: the systems that call the API, the clock, the people, and how to look."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from equipment.clock import now
from logistics import promises
from logistics.demo.cast import Part
from logistics.demo.client import Api, until
from logistics.demo.clockwork import DemoClock
from logistics.demo.report import Tale, moment

LATEST_SAFE_HOUR = 12


@dataclass
class Stay:
    """A part being played: its references in the API, and the date now in force."""

    part: Part
    expected_on: date
    person: str
    address: str
    discharge: str
    order: str = ""

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def needed(self) -> str:
        """`Fri 12:00`."""
        return f"{self.expected_on:%a} {LATEST_SAFE_HOUR}:00"


@dataclass
class Stage:
    """The story in progress."""

    ward: Api
    store: Api
    centre: Api
    clock: DemoClock
    days: list[date]
    tale: Tale
    stays: dict[str, Stay] = field(default_factory=dict)
    routes_driven: int = 0
    stops_made: int = 0
    in_place: dict[str, bool] = field(default_factory=dict)
    marks: dict[str, bool] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        return now()

    def to(self, day: date, hour: int, minute: int = 0) -> None:
        self.clock.to(promises.local(day, hour, minute))

    def say(self, words: str) -> None:
        self.tale.say(self.at, words)

    def claim(self, step: str, held: bool, words: str) -> None:
        self.tale.claim(self.at, step, held, words)

    def stay(self, part: Part) -> Stay:
        return self.stays[part.key]

    def readiness(self, stay: Stay) -> dict[str, Any]:
        found: dict[str, Any] = self.ward.get(f"/discharges/{stay.discharge}/readiness/")
        return found

    def words_of_all(self) -> dict[str, str]:
        """The readiness of everybody still expected home, by the reference of the discharge."""
        return {row["discharge"]: row["readiness"] for row in self.ward.rows("/readiness/")}

    def until_planned(self, stays: list[Stay]) -> None:
        """Wait for the worker's plan to give every one of them a van and a time."""
        wanted = {stay.discharge for stay in stays}

        def all_planned() -> bool:
            words = self.words_of_all()
            return all(words.get(one) == "planned" for one in wanted)

        until("a plan for " + ", ".join(stay.name for stay in stays[:5]), all_planned)

    def planned_begin(self, stay: Stay) -> datetime:
        """The planned time at the door: the middle of the window that people are told."""
        return middle(self.readiness(stay)["window"])

    def assets_of(self, stay: Stay) -> list[dict[str, Any]]:
        """The numbered items reserved for somebody's order, with their product."""
        order = self.ward.get(f"/orders/{stay.order}/")
        return reserved_assets(order)

    def asset(self, number: str) -> dict[str, Any]:
        found: dict[str, Any] = self.store.get(f"/assets/{number}/")
        return found


def middle(window: dict[str, str]) -> datetime:
    opens, closes = moment(window["opens"]), moment(window["closes"])
    return opens + (closes - opens) / 2


def reserved_assets(order: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"product": line["product"], "asset": held["asset"], "recycled": held["recycled"]}
        for line in order["lines"]
        for held in line["reserved"]
        if held["asset"]
    ]
