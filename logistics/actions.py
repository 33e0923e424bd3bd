"""What crews did, as their phones say it: each thing once, in the phone's order, by both clocks (rule 34).

What no longer fits what is known here is kept as a conflict for a person. It never overwrites anything, and is never
lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import DataError, IntegrityError, transaction

from equipment.errors import Busy, DomainError, Invalid, Refused
from equipment.states import Condition, Infection, label
from logistics import doors, locks, routes
from logistics.doors import Collected, Proof
from logistics.home_tests import Tested
from logistics.lifecycle import record
from logistics.models import Driver, DriverAction, Stop, Visit
from logistics.states import ActionOutcome, FailureReason

LATEST = timedelta(hours=24)  # a phone's clock that is further behind is not believed
_WORDS = 300


@dataclass(frozen=True)
class Action:
    """One thing done for one door. `place` counts what this phone did that day; `given` is what was filled in, in plain
    JSON.
    """

    key: UUID
    verb: str
    place: int
    device_at: datetime
    visit: Visit
    given: Mapping[str, Any] = field(default_factory=dict)


def take_all(batch: Iterable[Action], *, driver: Driver, at: datetime) -> list[DriverAction]:
    """Take in one upload, in the order of the phone whatever the order it came in; one row for each, in that order."""
    return [take(action, driver=driver, at=at) for action in sorted(batch, key=lambda one: one.place)]


@transaction.atomic
def take(action: Action, *, driver: Driver, at: datetime) -> DriverAction:
    """Do what the phone says was done, once: the same key again answers with the same row and does nothing.

    What the rules refuse by now, or what comes before its predecessor, becomes a CONFLICT with the reason, and changes
    nothing else. Raises Invalid for a verb nobody knows, Refused for a key of another driver, and Busy to be asked
    again.
    """
    held = locks.driver(driver.pk)
    known = DriverAction.objects.filter(key=action.key).first()
    if known is not None:
        if known.driver_id != held.pk:
            raise Refused("another_drivers_key", "This was sent by another driver's phone already.")
        return known
    if action.verb not in _DOING:
        raise Invalid("unknown_verb", f"Nobody does {action.verb!r}.", field="verb")
    outcome, detail = _outcome(action, held, at)
    return DriverAction.objects.create(
        key=action.key,
        driver=held,
        visit=action.visit,
        verb=action.verb,
        place=action.place,
        device_at=action.device_at,
        received_at=at,
        outcome=outcome,
        detail=detail[:_WORDS],
        given=dict(action.given),
    )


def _outcome(action: Action, driver: Driver, at: datetime) -> tuple[ActionOutcome, str]:
    try:
        with transaction.atomic():
            _do(action, driver, at)
    except Busy:
        raise
    except DomainError as error:
        return ActionOutcome.CONFLICT, _said(error)
    except (DataError, IntegrityError):
        return ActionOutcome.CONFLICT, "It cannot be recorded as it was sent: a text is too long, or a time cannot be."
    return ActionOutcome.APPLIED, ""


def _said(error: DomainError) -> str:
    """The rule's own words, but of a person's fitness only which reasons there were: no weight stays on the record."""
    reasons = error.facts.get("reasons")
    return f"Refused: {', '.join(label(r['code']).lower() for r in reasons)}." if reasons else error.detail


def _do(action: Action, driver: Driver, at: datetime) -> None:
    by, moment = f"user:{driver.user.get_username()}", _moment(action.device_at, at)
    _DOING[action.verb](_their_own(action.visit, driver), action.given, by, moment)


def _moment(device_at: datetime, at: datetime) -> datetime:
    """When it happened: by the phone's clock as long as that can be true, otherwise by ours."""
    return device_at if at - LATEST <= device_at <= at else at


def _their_own(visit: Visit, driver: Driver) -> Stop:
    """The visit's stop on a route of this driver's, also of one that failed there."""
    rows = Stop.objects.filter(visit=visit, route__shift__crew=driver).select_related("route", "visit")
    found = rows.order_by("-live", "-pk").first()
    if found is None:
        raise Refused("another_crew", f"{visit} is not, or no longer, on a route of this driver.")
    return found


def _load(stop: Stop, given: Mapping[str, Any], by: str, at: datetime) -> None:
    routes.load(stop.route, scanned=str(given.get("scanned", "")), by=by, at=at)


def _arrive(stop: Stop, given: Mapping[str, Any], by: str, at: datetime) -> None:
    doors.arrive(stop.visit, by=by, at=at)


def _finish(stop: Stop, given: Mapping[str, Any], by: str, at: datetime) -> None:
    doors.finish(stop.visit, proof_of(given), by=by, at=at)


def _fail(stop: Stop, given: Mapping[str, Any], by: str, at: datetime) -> None:
    reason = given.get("reason")
    if reason not in set(FailureReason):
        raise Invalid("reason", "Say by its code why it failed.", field="reason")
    doors.fail(stop.visit, FailureReason(reason), note=str(given.get("note", "")), by=by, at=at)


_DOING: dict[str, Callable[[Stop, Mapping[str, Any], str, datetime], None]] = {
    "load": _load,
    "arrive": _arrive,
    "finish": _finish,
    "fail": _fail,
}


_WORDS_OF: dict[str, type[StrEnum]] = {"condition": Condition, "infection": Infection}


def proof_of(given: Mapping[str, Any]) -> Proof:
    """What was filled in at the door, from plain JSON. Raises Invalid when it cannot be read."""
    try:
        collected = {
            int(key): Collected(**{name: _WORDS_OF[name](word).value for name, word in seen.items()})
            for key, seen in given.get("collected", {}).items()
        }
        tested = {
            int(key): {kind: Tested(**found) for kind, found in kinds.items()}
            for key, kinds in given.get("tested", {}).items()
        }
        return Proof(
            received_by=str(given.get("received_by", "")),
            fitted=given.get("fitted") is True,
            demonstrated=given.get("demonstrated") is True,
            collected=collected,
            tested=tested,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Invalid("unreadable", "What was filled in at the door could not be read.", field="given") from error


@transaction.atomic
def settle(action: DriverAction, *, note: str, by: str, at: datetime) -> DriverAction:
    """Somebody has looked at a conflict and put right what was to be put right: say how. What the phone sent stays."""
    held = locks.action(action.pk)
    if held.outcome != ActionOutcome.CONFLICT:
        raise Refused("no_conflict", "This is no conflict, or has been settled already.")
    if not note.strip():
        raise Invalid("note", "Say what you found and what you did.", field="note")
    held.outcome = ActionOutcome.SETTLED
    held.save(update_fields=["outcome"])
    record(
        held,
        verb="settle",
        from_state=ActionOutcome.CONFLICT,
        to_state=ActionOutcome.SETTLED,
        at=at,
        by=by,
        reason=note.strip()[:_WORDS],
    )
    return held
