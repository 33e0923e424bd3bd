"""One unit under a safety alert: hold, close with its outcome, withdraw a wrong match, give up (rules 8 and 36)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from equipment import duties, fitness, holdings, locks, recall_facts, stock
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.jobs import AlertUnitState
from equipment.lifecycle import advance, advance_job
from equipment.models import Alert, AlertUnit, Asset, AssetEvent, Disposal, Repair, StockLine
from equipment.states import ASSET, AT_HOME, AT_STORE, ON_VEHICLE, AssetState, label
from equipment.words import AlertOutcome

GONE = frozenset({AssetState.LOST, AssetState.DISPOSED})
_U = AlertUnitState
_LEFT = {"returned_to_supplier": AlertOutcome.RETURNED_TO_MAKER}  # by method of disposal; anything else: destroyed


def hold_lines(alert: Alert) -> None:
    """Nothing more is issued from the lines of counted stock that the alert has found."""
    units = AlertUnit.objects.filter(alert=alert, stock_line__isnull=False, state=_U.FOUND)
    StockLine.objects.filter(pk__in=units.values("stock_line"), alert__isnull=True).update(alert=alert)


@transaction.atomic
def settle(key: int, *, by: str, at: datetime) -> bool:
    """Bring a unit in line with where it is: held in a store, given up when lost, closed when disposed of.

    False when somebody else is at it, or has been.
    """
    unit = locks.free_alert_unit(key)
    if unit is None or unit.state in (_U.CLOSED, _U.WITHDRAWN):
        return False
    if unit.asset_id is None:
        if unit.state != _U.HELD:
            advance_job(unit, _U.HELD, by=by, at=at)
        return True
    asset = locks.asset(unit.asset_id)
    if asset.state == AssetState.DISPOSED:
        _close(unit, _outcome_of(asset), reason="It was disposed of", by=by, at=at)
    elif asset.state in AT_HOME and (unit.state == _U.HELD or _was_lost(unit)):
        advance_job(unit, _U.FOUND, by=by, at=at, reason="It is on loan", values={"note": "", "tried_at": None})
    elif asset.state == AssetState.LOST and unit.state not in (_U.HELD, _U.UNREACHABLE):
        advance_job(unit, _U.UNREACHABLE, by=by, at=at, reason="Lost", values={"note": LOST})
    elif asset.state in AT_STORE:
        return _hold(unit, asset, by=by, at=at)
    else:
        return False
    return True


LOST = "Lost"


def _was_lost(unit: AlertUnit) -> bool:
    return unit.state == _U.UNREACHABLE and unit.note == LOST


def _hold(unit: AlertUnit, asset: Asset, *, by: str, at: datetime) -> bool:
    """Also what had been held before, and was lost and found, or reprieved, since."""
    movable = (asset.state, AssetState.HELD) in ASSET.moves
    if movable:
        hold_asset(asset, unit.alert.reference, by=by, at=at)
    if unit.state != _U.HELD:
        advance_job(unit, _U.HELD, by=by, at=at, values={"note": ""})
        return True
    return movable


def hold_asset(asset: Asset, reference: str, *, by: str, at: datetime) -> None:
    """Set it aside under an alert. Its event names the alert: what somebody held for another reason is not freed by a
    unit's closing.
    """
    advance(asset, AssetState.HELD, by=by, at=at, reason=f"Safety alert {reference}", alert=reference)


@transaction.atomic
def more_of_it(key: int, *, by: str, at: datetime) -> bool:
    """A line had been made safe, and more of the batch came in since, which was not: it is held again (rule 36)."""
    unit = locks.free_alert_unit(key)
    if unit is None or unit.state != _U.CLOSED:
        return False
    values = {"outcome": "", "closed_at": None, "closed_by": ""}
    advance_job(unit, _U.FOUND, by=by, at=at, reason="More of it has come in", values=values)
    advance_job(unit, _U.HELD, by=by, at=at)
    return True


def _outcome_of(asset: Asset) -> AlertOutcome:
    disposal = Disposal.objects.filter(asset=asset).first()
    return _LEFT.get(disposal.method if disposal else "", AlertOutcome.DESTROYED)


@transaction.atomic
def close_unit(unit: AlertUnit, *, outcome: str, reason: str, by: str, at: datetime) -> None:
    """Done with, and how (rule 36). What was made safe in a store goes back to the shelf when it may stand there, else
    to quarantine; what is not kept is condemned, or counted off; what is gone for good is lost.

    A manager's decision (rule 8). Raises Refused for what is still out and cannot have been destroyed.
    """
    held = _its(unit, by)
    done = _outcome(outcome)
    if not reason.strip():
        raise Invalid("reason_needed", "Say what was done, and who says so.", field="reason")
    if held.asset_id is not None:
        asset = locks.asset(held.asset_id)
        _close(held, done, reason=reason, by=by, at=at)
        _end_asset(held, asset, done, reason=reason, by=by, at=at)
    elif held.stock_line_id is not None:
        _close(held, done, reason=reason, by=by, at=at)
        _end_line(held, done, reason=reason, by=by, at=at)
    else:
        if done in _GOES and held.loan is not None and held.loan.ended_at is None:
            raise _still_out(held)
        _close(held, done, reason=reason, by=by, at=at)


_GOES = (AlertOutcome.DESTROYED, AlertOutcome.RETURNED_TO_MAKER)


def _outcome(text: str) -> AlertOutcome:
    try:
        return AlertOutcome(text)
    except ValueError as error:
        words = ", ".join(AlertOutcome)
        raise Invalid("outcome", f"Say what became of it: {words}.", field="outcome") from error


def _close(unit: AlertUnit, outcome: AlertOutcome, *, reason: str, by: str, at: datetime) -> None:
    values = {"outcome": outcome.value, "closed_at": at, "closed_by": by, "note": ""}
    advance_job(unit, _U.CLOSED, by=by, at=at, reason=reason, values=values)


def _still_out(unit: AlertUnit) -> Refused:
    return Refused("still_out", f"{unit} is not in a store: fetch it first, or close it as corrected or lost.")


def _end_asset(unit: AlertUnit, asset: Asset, outcome: str, *, reason: str, by: str, at: datetime) -> None:
    if outcome == AlertOutcome.CORRECTED:
        _release(asset, reason=reason, by=by, at=at)
    elif outcome == AlertOutcome.LOST:
        if asset.state in ON_VEHICLE:
            raise Refused("on_a_van", f"{asset} is on van {asset.vehicle}: wait until that is back.")
        if asset.state not in GONE:
            advance(asset, AssetState.LOST, by=by, at=at, reason=reason)
    elif asset.state in AT_HOME | ON_VEHICLE | {AssetState.LOST}:
        raise _still_out(unit)
    elif asset.state not in (AssetState.CONDEMNED, AssetState.DISPOSED):
        if asset.state != AssetState.HELD:
            advance(asset, AssetState.HELD, by=by, at=at, reason=reason)
        advance(asset, AssetState.CONDEMNED, by=by, at=at, reason=reason)


def _end_line(unit: AlertUnit, outcome: str, *, reason: str, by: str, at: datetime) -> None:
    """Made safe, it may go out again; else it is counted off (rule 14), and what comes of that batch later is held."""
    line = locks.stock_line(unit.stock_line_id or 0)
    if outcome == AlertOutcome.CORRECTED:
        _free(line)
    else:
        if line.reserved:
            raise Refused("promised", f"{line.reserved} of {line} are promised still: they are being replaced.")
        if line.count:
            stock.adjust(line, -line.count, reason=reason, by=by, at=at)
    back = Q(loan__product=line.product_id, loan__ended_at__isnull=False, loan__stock_line__batch=line.batch)
    for other in AlertUnit.objects.filter(back, alert=unit.alert_id, state=_U.HELD).order_by("pk"):
        _close(other, AlertOutcome(outcome), reason=reason, by=by, at=at)


def _free(line: StockLine) -> None:
    """Issuable again, unless another alert holds it too."""
    others = AlertUnit.objects.filter(stock_line=line, alert__ended_at__isnull=True)
    other = others.filter(state__in=[_U.FOUND, _U.HELD, _U.UNREACHABLE]).first()
    line.alert_id = other.alert_id if other else None
    line.save(update_fields=["alert"])


def _release(asset: Asset, *, reason: str, by: str, at: datetime) -> None:
    """Out of hold by a named person's decision: to the shelf when nothing is wrong with it, else to quarantine."""
    if asset.state != AssetState.HELD or not _held_by_an_alert(asset) or recall_facts.in_force([asset]):
        return
    wrong = fitness.to_shelve(holdings.facts_of([asset.pk])[asset.pk], on=day_of(at))
    mending = Repair.objects.filter(asset=asset, closed_at__isnull=True).exists()
    to = AssetState.QUARANTINE if wrong or mending else AssetState.AVAILABLE
    advance(asset, to, by=by, at=at, reason=reason)


def _held_by_an_alert(asset: Asset) -> bool:
    last = AssetEvent.objects.filter(asset=asset, to_state=AssetState.HELD).exclude(from_state=AssetState.HELD)
    held = last.order_by("-pk").first()
    return held is None or "alert" in held.facts


@transaction.atomic
def withdraw_unit(unit: AlertUnit, *, reason: str, by: str, at: datetime) -> None:
    """It was not one of those: a named manager says so, and why (rule 8). From hold it goes back to the shelf when it
    may stand there, else to quarantine; another alert in force keeps it held.
    """
    held = _its(unit, by)
    advance_job(held, _U.WITHDRAWN, by=by, at=at, reason=reason)
    if held.asset_id is not None:
        _release(locks.asset(held.asset_id), reason=reason, by=by, at=at)
    elif held.stock_line_id is not None:
        _free(locks.stock_line(held.stock_line_id))


@transaction.atomic
def match_again(unit: AlertUnit, *, reason: str, by: str, at: datetime) -> None:
    """It was one of those after all, or is not made safe: found, and held at once where it is in a store."""
    held = _its(unit, by)
    values = {"outcome": "", "closed_at": None, "closed_by": ""}
    advance_job(held, _U.FOUND, by=by, at=at, reason=reason, values=values)
    if held.stock_line_id is not None:
        StockLine.objects.filter(pk=held.stock_line_id, alert__isnull=True).update(alert=held.alert_id)
    in_store = held.asset.state in AT_STORE if held.asset else held.loan is None or held.loan.ended_at is not None
    if in_store:
        settle(held.pk, by=str(by), at=at)
        locks.alert_unit(held)


@transaction.atomic
def give_up(unit: AlertUnit, *, reason: str, by: str, at: datetime) -> None:
    """Nobody opens, or nobody knows where it is: named as unreachable, with what was tried, and never forgotten."""
    held = locks.alert_unit(unit)
    duties.require(by, Duty.MANAGE)
    if held.asset is not None and held.asset.state in AT_STORE:
        raise Refused("in_a_store", f"{held.asset} is {label(held.asset.state).lower()}: it can be reached.")
    if held.stock_line is not None or (held.loan is not None and held.loan.ended_at is not None):
        raise Refused("in_a_store", f"{held.stock_line or held.loan} is in a store: it can be reached.")
    advance_job(held, _U.UNREACHABLE, by=by, at=at, reason=reason, values={"note": reason.strip()[:300]})


def visit_raised(unit: AlertUnit, *, note: str, by: str, at: datetime) -> None:
    """A visit deals with it. The caller holds the unit."""
    tried = {"note": note, "tried_at": at, "attempts": unit.attempts + 1}
    advance_job(unit, _U.VISIT, by=by, at=at, values=tried)


def fell_through(unit: AlertUnit, *, reason: str, by: str, at: datetime) -> None:
    """The visit will not be made: it waits for another. The caller holds the unit."""
    values = {"note": reason[:300], "tried_at": None}
    advance_job(unit, _U.FOUND, by=by, at=at, reason=reason, values=values)


def wait(unit: AlertUnit, *, note: str, at: datetime) -> None:
    """No visit could be raised yet, and why. The caller holds the unit."""
    unit.note, unit.tried_at, unit.attempts = note[:300], at, unit.attempts + 1
    unit.save(update_fields=["note", "tried_at", "attempts"])


def _its(unit: AlertUnit, by: str) -> AlertUnit:
    """The unit, held. A manager's decision, of the store that it is in."""
    held = locks.alert_unit(unit)
    store = held.asset.store_id if held.asset else held.stock_line.store_id if held.stock_line else None
    duties.require(by, Duty.MANAGE, store)
    if held.alert.ended_at is not None and not AlertUnit.objects.filter(recall_facts.left_over(), pk=held.pk).exists():
        raise Refused("alert_ended", f"{held.alert} has ended: what became of its units is on record.")
    return held
