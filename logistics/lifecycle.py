"""advance() for what logistics owns: the same machine as for assets, one table per noun.

Nothing else writes a state.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from equipment.lifecycle import Lifecycle
from logistics import states
from logistics.models import Activity, Discharge, DriverAction, Event, Order, OrderLine, Review, Route, Visit

_SUBJECTS: dict[type[models.Model], str] = {
    Discharge: "discharge",
    Order: "order",
    OrderLine: "line",
    Visit: "visit",
    Activity: "activity",
    Route: "route",
    DriverAction: "action",
    Review: "review",
}


def record(obj: models.Model, *, verb: str, at: datetime, by: str, **event: Any) -> None:
    """Write an event that moves no state: a new date, a changed stop."""
    Event.objects.create(subject=_SUBJECTS[type(obj)], subject_id=obj.pk, verb=verb, at=at, by=by, **event)


_LIFECYCLES: dict[type[models.Model], Lifecycle] = {
    Discharge: Lifecycle(states.DISCHARGE, {}, record),
    Order: Lifecycle(states.ORDER, {}, record),
    OrderLine: Lifecycle(states.LINE, {}, record),
    Visit: Lifecycle(states.VISIT, {}, record),
    Activity: Lifecycle(states.ACTIVITY, {}, record),
    Route: Lifecycle(states.ROUTE, {}, record),
}


def advance(
    obj: models.Model,
    to: str,
    *,
    by: str,
    at: datetime,
    reason: str = "",
    values: dict[str, Any] | None = None,
    **facts: Any,
) -> None:
    """Move a discharge, order, line, visit, activity or route; `values` are written in the same update as the state."""
    _LIFECYCLES[type(obj)].advance(obj, to, by=by, at=at, reason=reason, facts=facts, values=values or {})
