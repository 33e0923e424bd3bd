"""Telecare at the door: nothing is handed over that the alarm centre has not heard; and what falls due afterwards
(rule 38).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from equipment import telecare, telecare_facts
from equipment.errors import Invalid
from equipment.models import Asset, Installation, KeyHolder, Loan, Person, Trigger
from equipment.telecare_facts import Paired
from equipment.words import AfterFree, Use
from logistics import promises
from logistics.models import Activity, FollowUp, Visit
from logistics.nextsteps import follow_up
from logistics.states import FollowUpKind

OWNER = "telecare"


def require_heard(visit: Visit, deliveries: Sequence[Activity]) -> None:
    """Raises Invalid naming what the alarm centre has not heard yet; nothing when the visit brings no telecare."""
    brought = brought_by(deliveries)
    missing = [sentence for asset in brought for sentence in _missing(asset, visit.person)]
    if missing:
        sentences = list(dict.fromkeys(missing))
        raise Invalid("not_heard", " ".join(sentences), field="telecare", missing=sentences)


def brought_by(deliveries: Sequence[Activity]) -> list[Asset]:
    """The hubs and triggers among what is delivered, hubs first."""
    assets = [a.reservation.asset for a in deliveries if a.reservation is not None and a.reservation.asset is not None]
    found = [asset for asset in assets if asset.product.use in telecare_facts.TELECARE]
    return sorted(found, key=lambda asset: (asset.product.use != Use.HUB, asset.pk))


def _missing(asset: Asset, person: Person) -> list[str]:
    if asset.product.use == Use.HUB:
        installation = telecare_facts.running(person.pk).filter(hub=asset).first()
        if installation is None:
            return [f"Hub {asset} is not set up."]
        return [reason.sentence for reason in telecare_facts.unheard(installation)]
    rows = Trigger.objects.filter(asset=asset, installation__in=telecare_facts.running(person.pk))
    pairs = telecare_facts.paired(rows)
    if not pairs:
        return [f"{asset.product.name} {asset} is not paired."]
    return [f"The alarm centre has not heard: {one.name}." for one in pairs if not one.heard]


def go_live(visit: Visit, deliveries: Sequence[Activity], *, by: str, at: datetime) -> None:
    """The hubs just handed over are live from now on."""
    for hub in brought_by(deliveries):
        if hub.product.use == Use.HUB:
            telecare.go_live(telecare_facts.running(visit.person_id).get(hub=hub), by=by, at=at)


def heard_by(asset: Asset | None) -> str:
    """Who at the alarm centre heard the latest test call of this hub or trigger; empty for anything else."""
    if asset is None or asset.product.use not in telecare_facts.TELECARE:
        return ""
    own = Trigger.objects.filter(asset=asset)
    rows = own if asset.product.use == Use.TRIGGER else Trigger.objects.filter(installation__hub=asset, asset=None)
    pairs: list[Paired] = telecare_facts.paired(rows)
    return pairs[0].call.heard_by if pairs and pairs[0].call else ""


# What falls due afterwards --------------------------------------------------------------------------------------------


def chase(*, by: str, at: datetime) -> int:
    """What telecare has to see to: hubs left at the centre without a home, hubs at home that nobody hears, free periods
    that end, key holders to ask again. Each gets one follow-up; returns how many are new.
    """
    today, service = promises.today(at), settings.SERVICE
    made = [_deactivate(row, at=at) for row in telecare_facts.left_behind()]
    made += [_silent(loan, at=at) for loan in telecare_facts.silent_at_home()]
    made += [_free_ends(row, at=at) for row in telecare_facts.free_ending(today, service["FREE_NOTICE_DAYS"])]
    ask_before = today - timedelta(days=service["KEY_HOLDER_DAYS"])
    made += [_ask_again(row, at=at) for row in telecare_facts.key_holders_to_ask(ask_before)]
    return sum(made)


@transaction.atomic
def _deactivate(row: Installation, *, at: datetime) -> bool:
    """Its hub is with nobody, or with somebody else: an alarm raised now would send help to the wrong door."""
    loan = telecare_facts.last_loan(row.hub_id, row.person_id)
    action = f"Deactivate account at the centre: hub {row.hub} is no longer with the person."
    return _tell(row.person, action, at=at, loan=loan)


@transaction.atomic
def _silent(loan: Loan, *, at: datetime) -> bool:
    """It hangs on the wall and looks as if it worked."""
    action = f"Hub {loan.asset} is at home and not live: set it up again, or collect it."
    return _tell(loan.person, action, at=at, loan=loan)


@transaction.atomic
def _free_ends(row: Installation, *, at: datetime) -> bool:
    """Told before it ends: charge, or ask before anything is fetched, or decide."""
    then = {
        AfterFree.CHARGE.value: "tell the person, and charge from then",
        AfterFree.COLLECT.value: "ask the person, then collect it",
    }
    todo = then.get(row.after_free, "agree with the person whether it is kept")
    action = f"The free period of hub {row.hub} ends on {row.free_until}: {todo}."
    if _asked(row.person, action, ever=True):
        return False
    due = row.free_until if row.after_free == AfterFree.COLLECT else None
    return _tell(row.person, action, at=at, due_on=due)


@transaction.atomic
def _ask_again(row: KeyHolder, *, at: datetime) -> bool:
    action = f"Ask key holder {row.position} again: last asked on {row.verified_on}."
    return _tell(row.person, action, at=at)


def _tell(person: Person, action: str, *, at: datetime, loan: Loan | None = None, due_on: date | None = None) -> bool:
    """Raise it, unless it is open already. About one loan one is open at a time: a second names the person only."""
    if _asked(person, action):
        return False
    if loan is not None and loan.follow_ups.filter(kind=FollowUpKind.TELECARE, closed_at__isnull=True).exists():
        loan = None
    follow_up(FollowUpKind.TELECARE, action, owner=OWNER, at=at, person=person, loan=loan, due_on=due_on)
    return True


def _asked(person: Person, action: str, *, ever: bool = False) -> bool:
    """Is this follow-up open already? With `ever`: was it raised at all, closed or not?"""
    rows = FollowUp.objects.filter(person=person, kind=FollowUpKind.TELECARE, action=action)
    return rows.exists() if ever else rows.filter(closed_at__isnull=True).exists()
