"""advance(): the only writer of a state column.

It checks the table, runs the guard, moves by compare-and-set and writes the event.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from equipment import duties, holdings, recall_facts, telecare_facts
from equipment.days import day_of
from equipment.errors import Invalid, Refused, StaleState
from equipment.fitness import Reason, to_issue, to_shelve
from equipment.jobs import ALERT_UNIT, COUNT, IMPORT, INSTALLATION, SIM, STANDS_AT, TRANSFER
from equipment.models import (
    Alert,
    AlertUnit,
    Asset,
    AssetEvent,
    FloorEvent,
    ImportJob,
    Installation,
    Location,
    Sim,
    StockCount,
    Transfer,
    WashRun,
)
from equipment.states import ASSET, AT_STORE, ON_VEHICLE, AssetState, Machine, Move, label

Guard = Callable[[Any, datetime, dict[str, Any]], list[Reason]]


class Lifecycle:
    """One machine bound to its model: `guards` by name, and `record`, which writes the event row."""

    def __init__(self, machine: Machine, guards: dict[str, Guard], record: Callable[..., object]) -> None:
        self.machine = machine
        self.guards = guards
        self.record = record

    def advance(
        self,
        obj: models.Model,
        to: str,
        *,
        by: str,
        at: datetime,
        reason: str,
        facts: dict[str, Any],
        values: dict[str, Any],
    ) -> None:
        """Move `obj` to `to` or raise: Refused with the legal moves, Invalid without a needed reason, StaleState when
        beaten.
        """
        row: Any = obj
        move = self._legal(row, to, reason)
        self._guard(row, move, at, facts)
        # Inside a verb's transaction a savepoint would buy nothing: the update either moved the row or changed nothing.
        with nullcontext() if connection.in_atomic_block else transaction.atomic():
            changed = type(row)._default_manager.filter(pk=row.pk, state=row.state).update(state=to, **values)
            if changed != 1:
                raise StaleState(f"{self.machine.name.capitalize()} {row}", label(row.state).lower())
            self.record(
                row, verb=move.verb, from_state=row.state, to_state=to, at=at, by=by, reason=reason, facts=_plain(facts)
            )
        row.state = to
        for name, value in values.items():
            setattr(row, name, value)

    def _legal(self, row: Any, to: str, reason: str) -> Move:
        move = self.machine.moves.get((row.state, to))
        if move is None:
            raise self.illegal(row)
        if move.needs_reason and not reason.strip():
            raise Invalid("reason_needed", f"Say why: '{move.verb.replace('_', ' ')}' needs a reason.", field="reason")
        return move

    def illegal(self, row: Any) -> Refused:
        legal = [self.machine.moves[row.state, state].verb for state in self.machine.next(row.state)]
        return Refused(
            "illegal_move",
            f"{self.machine.name.capitalize()} {row} is {label(row.state).lower()}, which does not allow this. "
            f"From here: {', '.join(v.replace('_', ' ') for v in legal) or 'nothing more'}.",
            state=row.state,
            legal=legal,
        )

    def _guard(self, row: Any, move: Move, at: datetime, facts: dict[str, Any]) -> None:
        if not move.guard:
            return
        reasons = self.guards[move.guard](row, at, facts)
        if reasons:
            raise Refused(
                reasons[0].code,
                " ".join(f"{r.sentence} {r.remedy}" for r in reasons),
                reasons=[asdict(r) for r in reasons],
            )


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    """What of the facts belongs in the event: nothing that names a person beyond a key."""
    return {name: value for name, value in facts.items() if isinstance(value, str | int | float | bool)}


def _shelvable(asset: Asset, at: datetime, facts: dict[str, Any]) -> list[Reason]:
    return to_shelve(holdings.facts_of([asset.pk])[asset.pk], on=day_of(at))


def _issuable(asset: Asset, at: datetime, facts: dict[str, Any]) -> list[Reason]:
    known = facts.get("known") or holdings.facts_of([asset.pk])[asset.pk]
    return to_issue(known, on=facts.get("on") or day_of(at), person=facts.get("person"))


def _papers(asset: Asset, at: datetime, facts: dict[str, Any]) -> list[Reason]:
    """Nothing leaves for good but by `disposal`, which asks how, and whether it has been wiped."""
    if facts.get("method"):
        return []
    return [Reason("no_papers", f"It is not said how {asset} was disposed of.", "Record its disposal.", 40)]


def _unrecalled(asset: Asset, at: datetime, facts: dict[str, Any]) -> list[Reason]:
    """Rule 8: what a safety alert in force is about stays held until its unit is closed as corrected, or withdrawn."""
    reference = recall_facts.in_force([asset]).get(asset.pk)
    if reference is None:
        return []
    remedy = "Close its unit under the alert as corrected, or withdraw it."
    return [Reason("recalled", f"{asset} is under safety alert {reference}.", remedy, 8)]


def _heard(installation: Installation, at: datetime, facts: dict[str, Any]) -> list[Reason]:
    """Rule 38: live only once the alarm centre has heard every trigger."""
    return telecare_facts.unheard(installation)


def _record(asset: Asset, **event: Any) -> AssetEvent:
    return AssetEvent.objects.create(asset=asset, **event)


_GUARDS: dict[str, Guard] = {
    "shelvable": _shelvable,
    "issuable": _issuable,
    "papers": _papers,
    "unrecalled": _unrecalled,
}
_ASSETS = Lifecycle(ASSET, _GUARDS, _record)
_SOILING = frozenset({AssetState.QUARANTINE, AssetState.RETURNING})


def note(asset: Asset, verb: str, *, by: str, at: datetime, reason: str = "", **facts: Any) -> AssetEvent:
    """Write an event that moves no state: put away, relabelled, a part changed."""
    return _record(
        asset, verb=verb, from_state=asset.state, to_state=asset.state, at=at, by=by, reason=reason, facts=facts
    )


def advance(asset: Asset, to: str, *, by: str, at: datetime, reason: str = "", **facts: Any) -> None:
    """Move an asset. `store`, `location` or `vehicle` among the facts says where it is from now on; entering the dirty
    side soils it (rule 2). Refused when `by` is a person whose duty it is not, or of another store.

    Facts the guards read: `person` (PersonFacts), `on` (the date it will go out, today unless given) and `known`
    (AssetFacts just read of a row that the caller holds locked; read anew unless given).
    """
    values: dict[str, Any] = _place(asset, to, facts)
    move = ASSET.moves.get((asset.state, to))
    if move is not None:
        duties.require_move(by, move.verb, asset.store_id, values["store_id"])
    values["since"] = at
    if to in _SOILING:
        values["soiled_at"] = at
    if asset.state == AssetState.RECEIVED and to == AssetState.AVAILABLE:
        values["accepted_at"] = at
    _ASSETS.advance(asset, to, by=by, at=at, reason=reason, facts=facts, values=values)


def must_be(asset: Asset, to: str, *verbs: str) -> None:
    """Raises Refused when the move from here to `to` goes by another verb: several lead to one state, and who may
    shelve what was cleaned must not thereby release what is promised.
    """
    move = ASSET.moves.get((asset.state, to))
    if move is not None and move.verb not in verbs:
        raise _ASSETS.illegal(asset)


def _place(asset: Asset, to: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Where the asset is after the move: one store, one van, or with a person (rule 6)."""
    store, location = facts.pop("store", None), facts.pop("location", None)
    if to in AT_STORE:
        store_id = location.store_id if location else store.pk if store else asset.store_id
        if store_id is None:
            raise Invalid("store_needed", "Say which store it is in.", field="store")
        return {"store_id": store_id, "vehicle": "", "location_id": _location(asset, to, store_id, location)}
    if to in ON_VEHICLE:
        vehicle = facts.get("vehicle") or asset.vehicle
        if not vehicle:
            raise Invalid("vehicle_needed", "Say which van it is on.", field="vehicle")
        return {"store_id": None, "vehicle": vehicle, "location_id": None}
    return {"store_id": None, "vehicle": "", "location_id": None}


def _location(asset: Asset, to: str, store_id: int, given: Location | None) -> int | None:
    """The location named, when an asset in this state may stand there; else the old one for as long as it still may."""
    if given is not None:
        if not stands_at(to, given):
            use = ", ".join(label(word) for word in given.capabilities).lower()
            raise Refused(
                "wrong_location",
                f"{asset} is {label(to).lower()} and cannot stand at {given}, which is for: {use}.",
                location=given.code,
            )
        return given.pk
    old = asset.location
    return old.pk if old is not None and old.store_id == store_id and stands_at(to, old) else None


def stands_at(state: str, location: Location) -> bool:
    """May an asset in this state stand there? Clean and dirty never share a place (rule 2)."""
    return bool(STANDS_AT.get(state, frozenset()) & set(location.capabilities))


def legal_moves(asset: Asset) -> list[tuple[str, Move]]:
    """What may be done next with this asset: (state, move), for the scan box and the API."""
    return [(to, ASSET.moves[asset.state, to]) for to in ASSET.next(asset.state)]


_JOBS: dict[type[models.Model], str] = {
    Transfer: "transfer",
    StockCount: "count",
    ImportJob: "import",
    WashRun: "wash_run",
    Alert: "alert",
    AlertUnit: "alert_unit",
    Installation: "installation",
    Sim: "sim",
}


def note_job(job: models.Model, *, verb: str, at: datetime, by: str, **event: Any) -> None:
    """Write an event of a job of the store, of a unit under an alert, or of an installation."""
    FloorEvent.objects.create(subject=_JOBS[type(job)], subject_id=job.pk, verb=verb, at=at, by=by, **event)


_JOB_LIFECYCLES: dict[type[models.Model], Lifecycle] = {
    Transfer: Lifecycle(TRANSFER, {}, note_job),
    StockCount: Lifecycle(COUNT, {}, note_job),
    ImportJob: Lifecycle(IMPORT, {}, note_job),
    AlertUnit: Lifecycle(ALERT_UNIT, {}, note_job),
    Installation: Lifecycle(INSTALLATION, {"heard": _heard}, note_job),
    Sim: Lifecycle(SIM, {}, note_job),
}


def advance_job(
    job: models.Model,
    to: str,
    *,
    by: str,
    at: datetime,
    reason: str = "",
    values: dict[str, Any] | None = None,
    **facts: Any,
) -> None:
    """Move whatever has a machine and is no asset; `values` are written in the same update as the state."""
    _JOB_LIFECYCLES[type(job)].advance(job, to, by=by, at=at, reason=reason, facts=facts, values=values or {})
