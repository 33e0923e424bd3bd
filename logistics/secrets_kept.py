"""How long a door's secrets are kept: as long as there is something to do there, and a little after (rule 39)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from equipment import markers
from equipment.models import Address, KeySafeCode, Loan, Reservation, RiskMarker
from logistics import locks
from logistics.models import Discharge, Order, Visit
from logistics.states import LIVE_VISIT, DischargeState, OrderState

SWEEPER = "task:secrets"
_OPEN_ORDER = (OrderState.AWAITING_AUTHORISATION, OrderState.AUTHORISED)


def purge(*, at: datetime) -> int:
    """Erase the codes and markers of doors where nothing is left to do; returns at how many addresses.

    Where somebody lives, after SECRET_KEPT_DAYS without anything; where nobody does any more, at once.
    """
    idle = _idle(at - timedelta(days=settings.SERVICE["SECRET_KEPT_DAYS"]))
    return sum(_purged(address, idle, at=at) for address in idle.order_by("pk").select_related("person"))


@transaction.atomic
def _purged(address: Address, idle: QuerySet[Address], *, at: datetime) -> bool:
    """Looked at once more with the address held: a code set since the sweep began is kept."""
    locks.address(address.pk)
    if not idle.filter(pk=address.pk).exists():
        return False
    markers.forget(address, by=SWEEPER, at=at)
    return True


def _idle(since: datetime) -> QuerySet[Address]:
    """Addresses with a secret and nothing to do; and, while somebody lives there, nothing done since then either."""
    here = {"address": OuterRef("pk")}
    codes, warnings = KeySafeCode.objects.filter(**here), RiskMarker.objects.filter(**here, ended_at__isnull=True)
    loans, visits = Loan.objects.filter(**here), Visit.objects.filter(**here)
    stays, orders = Discharge.objects.filter(**here), Order.objects.filter(**here)
    held = Reservation.objects.filter(person=OuterRef("person"), ended_at__isnull=True)
    busy = (
        Exists(loans.filter(ended_at__isnull=True))
        | Exists(held)
        | Exists(visits.filter(state__in=sorted(LIVE_VISIT)))
        | Exists(stays.filter(state=DischargeState.EXPECTED))
        | Exists(orders.filter(state__in=_OPEN_ORDER))
    )
    recent = (
        Exists(codes.filter(set_at__gt=since))
        | Exists(warnings.filter(raised_at__gt=since))
        | Exists(loans.filter(ended_at__gt=since))
        | Exists(visits.filter(Q(left_at__gt=since) | Q(raised_at__gt=since)))
        | Exists(stays.filter(left_at__gt=since))
    )
    nobody = Q(person__died_on__isnull=False) | Q(person__merged_into__isnull=False)
    return Address.objects.filter(Exists(codes) | Exists(warnings)).filter(~busy).filter(nobody | ~recent)
