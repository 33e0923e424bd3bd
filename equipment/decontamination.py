"""Clean: one asset, begun and recorded; or a wash run, many assets cleaned together by one method.

A clean that does not meet the product's rule and the infection declared is no clean (rule 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from django.conf import settings
from django.db import transaction

from equipment import disposal, duties, locks, repairs
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.fitness import methods_for
from equipment.jobs import Capability, WashOutcome
from equipment.lifecycle import advance, note_job
from equipment.models import Asset, AssetEvent, Decontamination, Location, Store, WashItem, WashRun
from equipment.receiving import infection_of
from equipment.states import AssetState, CleaningMethod, label


class Then(StrEnum):
    """What becomes of an asset that its wash did not clean."""

    AGAIN = "again"
    REPAIR = "repair"
    CONDEMN = "condemn"


@dataclass(frozen=True)
class Failure:
    """Why an asset came out of the wash not clean, such as a cover with strike-through, and what becomes of it."""

    note: str
    then: str = Then.AGAIN


# One asset by itself --------------------------------------------------------------------------------------------------


@transaction.atomic
def begin(asset: Asset, *, by: str, at: datetime) -> None:
    """Take an asset out of quarantine to the wash."""
    advance(asset, AssetState.DECONTAMINATING, by=by, at=at)
    _left_behind(asset)


@transaction.atomic
def record(
    asset: Asset, *, method: str, passed: bool, by: str, at: datetime, agent: str = "", lot: str = "", notes: str = ""
) -> Decontamination:
    """Record the end of a clean. A pass moves the asset on; a fail sends it back to quarantine with the notes as
    reason.

    Raises Invalid when the method is too weak for the product or the infection declared (rule 3).
    """
    locks.again(asset)
    if asset.state != AssetState.DECONTAMINATING:
        raise Refused(
            "not_being_cleaned",
            f"Asset {asset} is {label(asset.state).lower()}: begin the clean first.",
            state=asset.state,
        )
    _in_no_run(asset)
    if passed and method not in (allowed := _allowed(asset)):
        raise Invalid("method_too_weak", _too_weak(asset), field="method", allowed=allowed)
    if not passed and not notes.strip():
        raise Invalid("reason_needed", "Say what the clean did not shift.", field="notes")
    clean = Decontamination.objects.create(
        asset=asset,
        method=method,
        infection=infection_of(asset),
        agent=agent,
        lot=lot,
        operator=by,
        started_at=_begun_at(asset, at),
        ended_at=at,
        passed=passed,
        notes=notes,
    )
    _move_on(asset, clean, by=by, at=at)
    return clean


# Many at once ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def start_run(
    store: Store,
    *,
    method: str,
    agent: str,
    lot: str,
    by: str,
    at: datetime,
    location: Location | None = None,
    hold_minutes: int | None = None,
) -> WashRun:
    """Start a wash run: by which method, with which product of which lot. `hold_minutes` is the least time that every
    asset stays in, the method's own unless given.
    """
    duties.require(by, Duty.CLEAN, store.pk)
    if method not in set(CleaningMethod):
        raise Invalid("no_such_method", f"'{method}' is no method of cleaning.", field="method")
    for name, given, what, most in (("agent", agent, "which product is used", 80), ("lot", lot, "its lot number", 40)):
        if not given.strip():
            raise Invalid(f"{name}_needed", f"Say {what}.", field=name)
        if len(given) > most:
            raise Invalid(f"{name}_too_long", f"Say {what} in at most {most} characters.", field=name)
    if hold_minutes is not None and hold_minutes < 0:
        raise Invalid("hold_minutes", "Minutes cannot be below 0.", field="hold_minutes")
    if location is not None:
        _a_wash(location, store, at)
    minutes = settings.SERVICE["CONTACT_MINUTES"][method] if hold_minutes is None else hold_minutes
    run = WashRun.objects.create(
        store=store,
        location=location,
        method=method,
        agent=agent,
        lot=lot,
        operator=by,
        started_at=at,
        hold_minutes=minutes,
    )
    note_job(run, verb="start", by=by, at=at)
    return run


@transaction.atomic
def add(run: WashRun, asset: Asset, *, by: str, at: datetime) -> WashItem:
    """Put an asset from quarantine into the run.

    Raises Refused when it is in already, of another store, or needs a stronger method (rule 3).
    """
    _open(run, by)
    locks.again(asset)
    if _in_it(run, asset):
        raise Refused("already_in_run", f"{asset} is in this run already.", asset=asset.number)
    if WashItem.objects.filter(run=run, asset=asset, outcome=WashOutcome.FAILED).exists():
        raise Refused("failed_in_run", f"{asset} came out of this run not clean: wash it in another.")
    if asset.store_id is not None and asset.store_id != run.store_id:
        raise Refused(
            "another_store",
            f"{asset} is at {asset.store} and this run is at {run.store}: clean it there, or transfer it first.",
            asset=asset.number,
        )
    if asset.state == AssetState.QUARANTINE:  # else its state is what is wrong, and the move below says so
        _strong_enough(run, asset)
    advance(asset, AssetState.DECONTAMINATING, by=by, at=at, location=run.location, run=run.pk)
    _left_behind(asset)
    item = WashItem.objects.create(run=run, asset=asset, added_at=at, added_by=by)
    note_job(run, verb="add", by=by, at=at, facts={"asset": asset.number})
    return item


@transaction.atomic
def take_out(run: WashRun, asset: Asset, *, by: str, at: datetime, reason: str) -> None:
    """Scanned into the run by mistake: back to quarantine, and no clean is recorded."""
    _open(run, by)
    locks.again(asset)
    item = WashItem.objects.filter(run=run, asset=asset, outcome="").first()
    if item is None:
        raise Refused("not_in_run", f"{asset} is not in this run.", asset=asset.number)
    if not reason.strip():
        raise Invalid("reason_needed", "Say why it is taken out.", field="reason")
    if _still_in(item, asset):
        advance(asset, AssetState.QUARANTINE, by=by, at=at, reason=reason, run=run.pk)
    _settle(item, WashOutcome.TAKEN_OUT, reason)
    note_job(run, verb="take_out", by=by, at=at, reason=reason, facts={"asset": asset.number})


@transaction.atomic
def fail(run: WashRun, asset: Asset, failure: Failure, *, by: str, at: datetime) -> Decontamination:
    """Seen to be not clean before the run has ended: its failed clean is recorded at once, and the run goes on
    without it.
    """
    _open(run, by)
    locks.again(asset)
    item = WashItem.objects.filter(run=run, asset=asset, outcome="").first()
    if item is None or not _still_in(item, asset):
        raise Refused("not_in_run", f"{asset} is not in this run.", asset=asset.number)
    item.asset = asset
    _said_of_these({asset.pk: failure}, [item])
    clean = _record_item(run, item, failure, by=by, at=at)
    note_job(run, verb="fail", by=by, at=at, reason=failure.note, facts={"asset": asset.number})
    return clean


@transaction.atomic
def end_run(
    run: WashRun, *, by: str, at: datetime, failed: Mapping[int, Failure] = MappingProxyType({})
) -> list[Decontamination]:
    """End a run: every asset in it gets its record. What passed goes on; what `failed`, by the asset's key, goes where
    its Failure says.

    Raises Refused before the last one that passes has been in for the run's `hold_minutes`, and when nothing is in it.
    """
    _open(run, by)
    items = _items_in(run)
    if not items:
        raise Refused("run_empty", "Nothing is in this run: put something in, or abandon it.")
    _said_of_these(failed, items)
    passing = [item for item in items if item.asset_id not in failed]
    _held_long_enough(run, passing, at)
    for item in passing:
        _strong_enough(run, item.asset)
    WashRun.objects.filter(pk=run.pk).update(ended_at=at)
    run.ended_at = at
    cleans = [_record_item(run, item, failed.get(item.asset_id), by=by, at=at) for item in items]
    note_job(run, verb="end", by=by, at=at, facts={"passed": len(passing), "failed": len(items) - len(passing)})
    return cleans


@transaction.atomic
def abandon(run: WashRun, *, by: str, at: datetime, reason: str = "") -> None:
    """Close a run with nothing in it. What is in it must be taken out first, so that nobody forgets it."""
    _open(run, by)
    if items := _items_in(run):
        raise Refused("run_not_empty", f"{len(items)} still in this run: take them out, or end it.")
    WashRun.objects.filter(pk=run.pk).update(ended_at=at)
    run.ended_at = at
    note_job(run, verb="abandon", by=by, at=at, reason=reason)


def in_run(run: WashRun) -> list[WashItem]:
    """What is in the wash now, in the order in which it was put in."""
    rows = WashItem.objects.filter(run=run, outcome="").select_related("asset__product")
    return [item for item in rows if _still_in(item, item.asset)]


def _open(run: WashRun, by: str) -> None:
    locks.wash_run(run)
    duties.require(by, Duty.CLEAN, run.store_id)
    if run.ended_at is not None:
        raise Refused("run_ended", f"{run} ended at {run.ended_at:%H:%M} on {run.ended_at:%d %b %Y}: start another.")


def _a_wash(location: Location, store: Store, at: datetime) -> None:
    closed = location.closed_on is not None and location.closed_on <= day_of(at)
    if location.store_id != store.pk or Capability.WASH not in location.capabilities or closed:
        raise Refused(
            "wrong_location", f"{location} is no place to wash at {store}: choose another.", location=location.code
        )


def _items_in(run: WashRun) -> list[WashItem]:
    """What is in the wash, with its assets held. What left by another door (held, lost) is put down as taken out."""
    items = list(WashItem.objects.filter(run=run, outcome=""))
    held = locks.assets(item.asset_id for item in items)
    found = []
    for item in items:
        item.asset = held[item.asset_id]
        if _still_in(item, item.asset):
            found.append(item)
        else:
            _settle(item, WashOutcome.TAKEN_OUT, f"Left the wash: {label(item.asset.state).lower()}")
    return found


def _in_it(run: WashRun, asset: Asset) -> bool:
    return any(_still_in(item, asset) for item in WashItem.objects.filter(run=run, asset=asset, outcome=""))


def _still_in(item: WashItem, asset: Asset) -> bool:
    """Not held, lost or begun anew since it was put in."""
    return asset.state == AssetState.DECONTAMINATING and asset.since == item.added_at


def _in_no_run(asset: Asset) -> None:
    item = WashItem.objects.filter(asset=asset, outcome="").select_related("run").first()
    if item is not None and _still_in(item, asset):
        raise Refused(
            "in_a_wash_run", f"{asset} is in {item.run}: end the run, or take it out of it first.", run=item.run_id
        )


def _left_behind(asset: Asset) -> None:
    """It goes into the wash anew: whatever wash it left by another door has done with it."""
    for item in WashItem.objects.filter(asset=asset, outcome=""):
        _settle(item, WashOutcome.TAKEN_OUT, "Left the wash before its end")


def _settle(item: WashItem, outcome: str, note: str = "") -> None:
    item.outcome, item.note = outcome, note
    item.save(update_fields=["outcome", "note"])


def _said_of_these(failed: Mapping[int, Failure], items: list[WashItem]) -> None:
    if set(failed) - {item.asset_id for item in items}:
        raise Invalid("not_in_run", "A failure is given for something that is not in this run.", field="failed")
    for item in items:
        failure = failed.get(item.asset_id)
        if failure is not None and not failure.note.strip():
            raise Invalid("reason_needed", f"Say what the wash did not shift on {item.asset}.", field="failed")
        if failure is not None and failure.then not in set(Then):
            raise Invalid("no_such_step", f"Say what becomes of {item.asset}: {', '.join(Then)}.", field="failed")


def _held_long_enough(run: WashRun, passing: list[WashItem], at: datetime) -> None:
    """The agent needs its time on each of them, so the last one in decides."""
    if not passing:
        return
    ready = max(item.added_at for item in passing) + timedelta(minutes=run.hold_minutes)
    if at < ready:
        left = -(-(ready - at).total_seconds() // 60)
        raise Refused(
            "too_soon",
            f"{label(run.method)} needs {run.hold_minutes} minutes from the last one put in: wait {left:.0f} min more.",
            ready_at=ready.isoformat(),
        )


def _record_item(run: WashRun, item: WashItem, failure: Failure | None, *, by: str, at: datetime) -> Decontamination:
    clean = Decontamination.objects.create(
        asset=item.asset,
        method=run.method,
        infection=infection_of(item.asset),
        run=run,
        agent=run.agent,
        lot=run.lot,
        operator=by,
        started_at=item.added_at,
        ended_at=at,
        passed=failure is None,
        notes=failure.note if failure else "",
    )
    _settle(item, WashOutcome.FAILED if failure else WashOutcome.PASSED, clean.notes)
    _move_on(item.asset, clean, by=by, at=at)
    if failure is not None and failure.then == Then.REPAIR:
        repairs.open_repair(item.asset, fault=failure.note, by=by, at=at, soiled=True)
    elif failure is not None and failure.then == Then.CONDEMN:
        disposal.condemn(item.asset, reason=failure.note, by=by, at=at)
    return clean


# Both -----------------------------------------------------------------------------------------------------------------


def _allowed(asset: Asset) -> list[str]:
    return methods_for(asset.product.cleaning_method, infection_of(asset))


def _too_weak(asset: Asset) -> str:
    names = ", ".join(label(method) for method in _allowed(asset))
    declared = label(infection_of(asset)).lower()
    return f"Infection declared: {declared}. {asset.product.name} then needs one of: {names}."


def _strong_enough(run: WashRun, asset: Asset) -> None:
    """Rule 3, for one asset in a run of many."""
    allowed = _allowed(asset)
    if run.method not in allowed:
        sentence = f"{label(run.method)} does not do for {asset}. {_too_weak(asset)}"
        raise Refused("method_too_weak", sentence, asset=asset.number, allowed=allowed)


def _begun_at(asset: Asset, at: datetime) -> datetime:
    begun = AssetEvent.objects.filter(asset=asset, verb="begin_clean").values_list("at", flat=True).first()
    return min(begun or at, at)


def _move_on(asset: Asset, clean: Decontamination, *, by: str, at: datetime) -> None:
    to = AssetState.DECONTAMINATED if clean.passed else AssetState.QUARANTINE
    advance(asset, to, by=by, at=at, reason=clean.notes, clean=clean.pk)
    if clean.passed:
        Asset.objects.filter(pk=asset.pk).update(cleaned_at=at)
        asset.cleaned_at = at
