"""Somebody who scans, as the page does it: choices and job stay from one scan to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from equipment.duties import MANAGER, Actor
from equipment.jobs import Capability
from equipment.models import Asset, AssetEvent, FloorEvent, Location, Scan, Store
from equipment.scanning import doing
from equipment.words import StoreKind
from tests.county import TUESDAY, County

_KEYS = count(1)


@dataclass
class Worker:
    county: County
    mode: str
    by: Actor = field(default_factory=lambda: Actor("user:sam", MANAGER))
    at: datetime = TUESDAY
    job: int | None = None
    answer: dict[str, str] = field(default_factory=dict)

    def scan(self, thing: Any, **typed: str) -> Scan:
        """One scan. `typed` are fields filled for this scan only."""
        done = doing.scan(
            str(thing),
            key=f"key {next(_KEYS)}",
            mode=self.mode,
            job=self.job,
            answer={**self.answer, **typed},
            by=self.by,
            at=self.at,
            assets=Asset.objects.filter(owner=self.county.provider),
            store=self.county.store,
        )
        self.answer.update(done.answer.get("sticky", {}))
        self.job = done.answer.get("job", self.job) or None
        return done


def said(scan: Scan) -> tuple[str, str]:
    return scan.answer["tone"], scan.answer["sentence"]


def place(county: County, code: str, *capabilities: Capability, store: Store | None = None) -> Location:
    return Location.objects.create(store=store or county.store, code=code, capabilities=list(capabilities))


def second_store(county: County) -> Store:
    return Store.objects.create(
        code="NORTH",
        name="North store",
        kind=StoreKind.SATELLITE,
        organisation=county.provider,
        address="9 North Road",
        postcode="ZX1 2AA",
        latitude=52.22,
        longitude=-2.88,
    )


def written() -> tuple[int, int]:
    return AssetEvent.objects.count(), FloorEvent.objects.count()
