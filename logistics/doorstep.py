"""What a crew reads of a door when it is due there: the key-safe code when asked for, dangers on the page (rule 39).

Whether it may is decided under the visit's lock, in the transaction that records the reading.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.views.decorators.debug import sensitive_variables

from equipment import markers, secrets
from equipment.days import day_of
from equipment.errors import Refused
from equipment.markers import Danger
from equipment.models import Address, KeySafeCode, RiskMarker
from logistics import locks, reveals
from logistics.models import Driver, Stop, Visit
from logistics.reveals import Door, Reason
from logistics.states import LIVE_VISIT

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Known:
    """That there is something to know, without what it is."""

    code: bool
    dangers: bool


def known(visit: Visit, *, at: datetime) -> Known:
    """Nothing, once the visit has ended."""
    if visit.state not in LIVE_VISIT:
        return Known(False, False)
    codes = KeySafeCode.objects.filter(address=OuterRef("pk"))
    warnings = RiskMarker.objects.filter(markers.in_force(day_of(at)), address=OuterRef("pk"))
    return Known(*Address.objects.filter(pk=visit.address_id).values_list(Exists(codes), Exists(warnings))[0])


def why_not(stop: Stop, driver: Driver, *, at: datetime) -> Reason | None:
    """None when this driver may be shown this door's secrets now."""
    route, visit = stop.route, stop.visit
    opens, closes = visit.window_from, visit.window_to
    door = Door(
        mine=stop.live and route.shift.crew.filter(pk=driver.pk).exists(),
        route=route.state,
        visit=visit.state,
        window=(opens, closes) if opens and closes else None,
        begin_at=stop.begin_at,
        arrived_at=visit.arrived_at,
    )
    minutes = (settings.SERVICE[name] for name in ("SECRET_BEFORE_MINUTES", "SECRET_AFTER_MINUTES"))
    before, after = (timedelta(minutes=count) for count in minutes)
    return reveals.may_see(door, at=at, before=before, after=after)


@sensitive_variables()
@transaction.atomic
def show_code(stop: Stop, driver: Driver, *, by: str, at: datetime) -> str:
    """The code of the key safe at this stop, put on record as read for this visit.

    Raises Refused when this driver may not see it now, Missing when there is none (rule 39).
    """
    visit = _admitted(stop, driver, at=at)
    return secrets.read_code(visit.address, by=by, at=at, purpose=_for(visit))


@sensitive_variables()
@transaction.atomic
def show_dangers(stop: Stop, driver: Driver, *, by: str, at: datetime) -> list[Danger]:
    """What to beware of at this stop, put on record once for each of the crew and each visit.

    Raises Refused when this driver may not see it now (rule 39).
    """
    visit = _admitted(stop, driver, at=at)
    return markers.read_markers(visit.address, by=by, at=at, purpose=_for(visit), once=True)


def _admitted(stop: Stop, driver: Driver, *, at: datetime) -> Visit:
    """The visit, held as it is now, so that it cannot end while it is shown."""
    visit = locks.visit(stop.visit_id)
    now = Stop.objects.select_related("route__shift").get(pk=stop.pk)
    now.visit = visit
    reason = why_not(now, driver, at=at)
    if reason is not None:
        log.warning("A door's secret was refused to driver %s at visit %s: %s", driver.pk, visit.pk, reason.code)
        raise Refused(reason.code, reason.sentence)
    return visit


def _for(visit: Visit) -> str:
    return f"visit {visit.reference}"
