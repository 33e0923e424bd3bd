"""Telecare at the door: nothing is handed over that the alarm centre has not heard; and what falls due afterwards
(rule 38).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from equipment import telecare, telecare_facts
from equipment.errors import Invalid
from equipment.jobs import InstallationState
from equipment.models import Asset, Installation, KeyHolder, Loan, Person, Trigger
from equipment.telecare_facts import Paired
from equipment.words import AfterFree, TriggerKind, Use
from logistics import promises
from logistics.models import Activity, FollowUp, Visit
from logistics.nextsteps import follow_up
from logistics.states import ActivityKind, FollowUpKind

OWNER = "telecare"


@dataclass(frozen=True)
class Visited:
    """Telecare at one door: what comes, hubs first, with how many triggers without a number of their own; and what is
    fetched.
    """

    brought: tuple[Asset, ...]
    counted: dict[str, int]
    leaving: frozenset[int]

    @property
    def hubs(self) -> list[Asset]:
        return [asset for asset in self.brought if asset.product.use == Use.HUB]

    def __bool__(self) -> bool:
        return bool(self.brought or self.counted)


def visited(activities: Iterable[Activity]) -> Visited:
    brought, counted, leaving = [], Counter[str](), set()
    for activity in activities:
        kept, loan = activity.reservation, activity.loan
        if activity.kind == ActivityKind.COLLECTION and loan is not None and loan.asset_id is not None:
            leaving.add(loan.asset_id)
        elif kept is not None and kept.product.use in telecare_facts.TELECARE and kept.asset is not None:
            brought.append(kept.asset)
        elif kept is not None and kept.product.use == Use.TRIGGER:
            counted[kept.product.name] += kept.quantity
    brought.sort(key=lambda asset: (asset.product.use != Use.HUB, asset.pk))
    return Visited(tuple(brought), dict(counted), frozenset(leaving))


def serving(person: Person, at_door: Visited) -> list[Installation]:
    """The person's installations that count once this visit is done: of a hub that comes, or is there and stays."""
    there = Loan.objects.filter(asset=OuterRef("hub"), person=person, ended_at__isnull=True)
    rows = telecare_facts.running(person.pk).filter(Q(hub__in=[one.pk for one in at_door.hubs]) | Exists(there))
    return list(rows.exclude(hub__in=at_door.leaving))


def staying(person: Person, at_door: Visited) -> list[Asset]:
    """With a hub that comes: the triggers that the person has already, which go over to it."""
    if not at_door.hubs:
        return []
    rows = Loan.objects.filter(person=person, ended_at__isnull=True, product__use=Use.TRIGGER, asset__isnull=False)
    rows = rows.exclude(asset__in=at_door.leaving).select_related("asset__product").order_by("asset_id")
    return [loan.asset for loan in rows if loan.asset is not None]


def to_pair_by_radio(visit: Visit, at_door: Visited, rows: Sequence[Installation]) -> int:
    """Of triggers that are only counted: how many of those brought are not paired since the crew arrived."""
    if not at_door.counted or visit.arrived_at is None:
        return sum(at_door.counted.values())
    return max(0, sum(at_door.counted.values()) - len(_paired_here(visit, rows)))


def _paired_here(visit: Visit, rows: Sequence[Installation]) -> list[Paired]:
    new = Trigger.objects.filter(installation__in=rows, asset=None, paired_at__gte=visit.arrived_at)
    return telecare_facts.paired(new.exclude(kind=TriggerKind.BUTTON))


def require_heard(visit: Visit, activities: Sequence[Activity]) -> None:
    """Raises Invalid naming what the alarm centre has not heard yet; nothing when the visit brings no telecare.

    With a hub, the triggers that the person has already are asked about too: they knew another hub, or none.
    """
    at_door = visited(activities)
    if not at_door:
        return
    rows = serving(visit.person, at_door)
    by_hub = {row.hub_id: row for row in rows}
    missing = [f"Hub {hub} is not set up." for hub in at_door.hubs if hub.pk not in by_hub]
    for row in _to_go_live(at_door, rows):
        missing += [reason.sentence for reason in telecare_facts.unheard(row)]
    for asset in [*at_door.brought, *staying(visit.person, at_door)]:
        if asset.product.use == Use.TRIGGER:
            missing += _unanswered(asset, rows, here=asset not in at_door.brought)
    missing += _counted_unanswered(visit, at_door, rows)
    if missing:
        sentences = list(dict.fromkeys(missing))
        raise Invalid("not_heard", " ".join(sentences), field="telecare", missing=sentences)


def _unanswered(asset: Asset, rows: Sequence[Installation], *, here: bool) -> list[str]:
    pairs = telecare_facts.paired(Trigger.objects.filter(asset=asset, installation__in=rows))
    if not pairs and here:
        return [f"{asset.product.name} {asset} is here already and not paired: pair it, or tell the depot it is gone."]
    if not pairs:
        return [f"{asset.product.name} {asset} is not paired."]
    return [_not_heard(one) for one in pairs if not one.heard]


def _counted_unanswered(visit: Visit, at_door: Visited, rows: Sequence[Installation]) -> list[str]:
    if not at_door.counted:
        return []
    count = to_pair_by_radio(visit, at_door, rows)
    names = ", ".join(sorted(at_door.counted))
    unpaired = [f"{names}: {count} to pair, by radio id."] if count else []
    return [*unpaired, *(_not_heard(one) for one in _paired_here(visit, rows) if not one.heard)]


def _not_heard(one: Paired) -> str:
    return f"The alarm centre has not heard: {one.name}."


def _to_go_live(at_door: Visited, rows: Sequence[Installation]) -> list[Installation]:
    """Those of hubs that come; and, when triggers come alone, one at home that they are for and that is not live."""
    waiting = [row for row in rows if row.state == InstallationState.INSTALLING]
    if not at_door.hubs:
        return waiting
    brought = {hub.pk for hub in at_door.hubs}
    return [row for row in waiting if row.hub_id in brought]


def go_live(visit: Visit, activities: Sequence[Activity], *, by: str, at: datetime) -> None:
    """The hubs just handed over are live from now on; and one that was only waiting for the triggers that came."""
    at_door = visited(activities)
    if at_door:
        for row in _to_go_live(at_door, serving(visit.person, at_door)):
            telecare.go_live(row, by=by, at=at)


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
    made += [_loose(loan, at=at) for loan in telecare_facts.loose_at_home()]
    made += [_unheard(trigger, at=at) for trigger in telecare_facts.unheard_at_live_hubs()]
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
def _loose(loan: Loan, *, at: datetime) -> bool:
    """It is worn, or hangs there, and calls nobody."""
    action = f"{loan.product.name} {loan.asset} is at home and not paired with the hub there: pair it, or collect it."
    return _tell(loan.person, action, at=at, loan=loan)


@transaction.atomic
def _unheard(trigger: Trigger, *, at: datetime) -> bool:
    """Paired with a live hub, and its latest call was not acknowledged."""
    row = trigger.installation
    action = f"Make a test call: the alarm centre has not heard {Paired(trigger).name} of hub {row.hub}."
    return _tell(row.person, action, at=at)


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
