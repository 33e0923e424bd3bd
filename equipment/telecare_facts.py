"""Reads: what a telecare hub or trigger still owes before it may stand on a shelf, and what has not been heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery

from equipment.fitness import Reason
from equipment.jobs import InstallationState, SimState
from equipment.models import Asset, HubReset, Installation, KeyHolder, Loan, Sim, TestCall, Trigger
from equipment.states import AT_HOME, AssetState
from equipment.words import AfterFree, Connectivity, Use

TELECARE = frozenset({Use.HUB, Use.TRIGGER})
_RUNNING = ~Q(state=InstallationState.ENDED)


def owing(rows: Sequence[Asset]) -> dict[int, tuple[Reason, ...]]:
    """Why these may not stand on the shelf yet (rule 38): live at the alarm centre, paired, not wiped, SIM active.

    With the person nothing is owed; on the van to a door it may be set up already, but must have been wiped before.
    """
    asked = [a for a in rows if a.product.use in TELECARE and a.state not in AT_HOME]
    if not asked:
        return {}
    hubs = [asset for asset in asked if asset.product.use == Use.HUB]
    back = [asset for asset in asked if asset.state != AssetState.LOADED]
    found: dict[int, list[Reason]] = defaultdict(list)
    _still_live(back, found)
    _still_paired(back, found)
    _not_wiped(hubs, found)
    _sim_active([asset for asset in hubs if asset.state != AssetState.LOADED], found)
    return {pk: tuple(reasons) for pk, reasons in found.items()}


def _still_live(assets: Sequence[Asset], found: dict[int, list[Reason]]) -> None:
    live = set(Installation.objects.filter(_RUNNING, hub__in=assets).values_list("hub_id", flat=True))
    for asset in assets:
        if asset.pk in live:
            sentence = f"{asset.number} is still registered at the alarm centre."
            found[asset.pk].append(Reason("still_live", sentence, "Have its account deactivated there first.", 38))


def _still_paired(assets: Sequence[Asset], found: dict[int, list[Reason]]) -> None:
    rows = Trigger.objects.filter(Q(asset__in=assets) | Q(installation__hub__in=assets), unpaired_at__isnull=True)
    paired = {pk for pair in rows.values_list("asset_id", "installation__hub_id") for pk in pair}
    for asset in assets:
        if asset.pk in paired:
            found[asset.pk].append(Reason("still_paired", f"{asset.number} is still paired.", "Unpair it.", 38))


def _not_wiped(hubs: Sequence[Asset], found: dict[int, list[Reason]]) -> None:
    """Wiped since it was last with somebody: by its loans and installations, or, of what came from elsewhere, since it
    was soiled.
    """
    if not hubs:
        return
    ended = Loan.objects.filter(asset__in=hubs, ended_at__isnull=False).values_list("asset_id")
    out = dict(ended.annotate(Max("ended_at")))
    closed = Installation.objects.filter(hub__in=hubs, ended_at__isnull=False).values_list("hub_id")
    served = dict(closed.annotate(Max("ended_at")))
    wiped = dict(HubReset.objects.filter(asset__in=hubs).values_list("asset_id").annotate(Max("at")))
    for hub in hubs:
        known = max((moment for moment in (out.get(hub.pk), served.get(hub.pk)) if moment), default=hub.soiled_at)
        reset = wiped.get(hub.pk)
        if known is not None and (reset is None or reset < known):
            sentence = f"{hub.number} has not been wiped since it was last with somebody."
            found[hub.pk].append(Reason("not_wiped", sentence, "Wipe it and record how.", 38))


def _sim_active(hubs: Sequence[Asset], found: dict[int, list[Reason]]) -> None:
    active = set(Sim.objects.filter(asset__in=hubs, state=SimState.ACTIVE).values_list("asset_id", flat=True))
    for hub in hubs:
        if hub.pk in active:
            found[hub.pk].append(Reason("sim_active", f"The SIM in {hub.number} is active.", "Suspend it.", 38))


# What the alarm centre has heard --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paired:
    """A trigger paired now, with its latest test call."""

    trigger: Trigger
    call: TestCall | None = None

    @property
    def heard(self) -> bool:
        """Has the alarm centre acknowledged the latest call, made since the pairing (rule 38)?"""
        return self.called and self.call is not None and self.call.acknowledged_at is not None

    @property
    def waiting(self) -> bool:
        """Has it called, and nobody answered yet?"""
        return self.called and not self.heard

    @property
    def called(self) -> bool:
        return self.call is not None and self.call.made_at >= self.trigger.paired_at

    @property
    def name(self) -> str:
        """`Pendant 000123, bedroom`: as the crew tells one from another."""
        trigger = self.trigger
        number = trigger.asset.number if trigger.asset else trigger.radio_id
        what = f"{trigger.get_kind_display()} {number}".strip()
        return f"{what}, {trigger.room}" if trigger.room else what


def paired(rows: QuerySet[Trigger]) -> list[Paired]:
    """Those of these triggers that are paired now, each with its latest call, in two queries."""
    found = list(rows.filter(unpaired_at__isnull=True).select_related("asset", "installation").order_by("pk"))
    calls = TestCall.objects.filter(trigger__in=found).order_by("trigger_id", "-pk").distinct("trigger_id")
    latest = {call.trigger_id: call for call in calls}
    return [Paired(trigger, latest.get(trigger.pk)) for trigger in found]


def unheard(installation: Installation) -> list[Reason]:
    """Why an installation may not go live: not programmed, range not tried, a trigger whose call was not heard."""
    reasons = []
    if installation.programmed_at is None:
        reasons.append(Reason("not_programmed", "The hub is not programmed.", "Programme it for the alarm centre.", 38))
    if installation.range_tested_at is None:
        reasons.append(Reason("range_not_tried", "The range has not been tried.", "Try it where it will be worn.", 38))
    found = paired(installation.triggers.all())
    if not found:
        reasons.append(Reason("nothing_paired", "Nothing is paired with the hub.", "Pair its triggers.", 38))
    for one in found:
        if not one.heard:
            sentence = f"The alarm centre has not heard: {one.name}."
            reasons.append(Reason("not_heard", sentence, "Make a test call from it.", 38))
    return reasons


def in_service(asset_ids: Collection[int]) -> set[tuple[int, int]]:
    """Of these hubs and triggers, those that are live, as (asset, person): the hub's installation is, and the alarm
    centre has heard the trigger. In three queries.
    """
    live = Installation.objects.filter(state=InstallationState.LIVE, hub__in=asset_ids)
    rows = paired(Trigger.objects.filter(asset__in=asset_ids, installation__state=InstallationState.LIVE))
    return set(live.values_list("hub_id", "person_id")) | {
        (one.trigger.asset_id, one.trigger.installation.person_id)
        for one in rows
        if one.trigger.asset_id is not None and one.heard
    }


def set_up(asset: Asset) -> bool:
    """Does it know a person: registered at an alarm centre, or paired with a hub that is?"""
    if asset.product.use not in TELECARE:
        return False
    if Trigger.objects.filter(asset=asset, unpaired_at__isnull=True).exists():
        return True
    return Installation.objects.filter(_RUNNING, hub=asset).exists()


def running(person_id: int) -> QuerySet[Installation]:
    """The person's installations that have not ended, the newest first."""
    rows = Installation.objects.filter(_RUNNING, person_id=person_id)
    return rows.select_related("hub__product", "centre").order_by("-pk")


# What falls due -------------------------------------------------------------------------------------------------------


def analogue(organisations: Iterable[int] | None) -> QuerySet[Loan]:
    """Who still has a hub that only knows an analogue line: open loans, oldest first. None: of all organisations."""
    rows = Loan.objects.filter(product__connectivity=Connectivity.ANALOGUE, ended_at__isnull=True)
    if organisations is not None:
        rows = rows.filter(person__organisation__in=list(organisations))
    return rows.select_related("person", "address", "asset", "product").order_by("started_at", "pk")


def free_ending(on: date, days: int) -> QuerySet[Installation]:
    """Running installations whose free period ends within so many days of `on`, or has ended and is not settled; not
    of who has died.
    """
    rows = Installation.objects.filter(_RUNNING, free_until__isnull=False, free_until__lte=on + timedelta(days=days))
    return (
        rows.filter(person__died_on__isnull=True)
        .exclude(after_free=AfterFree.KEEP_FREE)
        .select_related("person", "hub")
        .order_by("free_until", "pk")
    )


def left_behind() -> QuerySet[Installation]:
    """Running installations whose hub is no longer with the person, nor on its way there."""
    out = Loan.objects.filter(asset=OuterRef("hub"), person=OuterRef("person"), ended_at__isnull=True)
    away = ~Q(hub__state__in=sorted(AT_HOME)) | ~Exists(out)
    rows = Installation.objects.filter(_RUNNING).exclude(hub__state=AssetState.LOADED).filter(away)
    return rows.select_related("person", "hub").order_by("pk")


def silent_at_home() -> QuerySet[Loan]:
    """Open loans of hubs that were set up there once and are not live now: whoever presses, nobody answers."""
    own = Installation.objects.filter(hub=OuterRef("asset"), person=OuterRef("person"))
    return _at_home(Use.HUB).filter(Exists(own), ~Exists(own.filter(state=InstallationState.LIVE)))


def loose_at_home() -> QuerySet[Loan]:
    """Open loans of triggers that were paired there once and are not paired now with the hub that is live there."""
    live = Installation.objects.filter(person=OuterRef("person"), state=InstallationState.LIVE)
    own = Trigger.objects.filter(asset=OuterRef("asset"), installation__person=OuterRef("person"))
    paired_now = own.filter(unpaired_at__isnull=True, installation__state=InstallationState.LIVE)
    return _at_home(Use.TRIGGER).filter(Exists(live), Exists(own), ~Exists(paired_now))


def _at_home(use: Use) -> QuerySet[Loan]:
    """Numbered telecare on loan to people who live, and not to be fetched."""
    rows = Loan.objects.filter(ended_at__isnull=True, product__use=use, asset__state=AssetState.ON_LOAN)
    return rows.filter(person__died_on__isnull=True).select_related("person", "asset", "product").order_by("pk")


def unheard_at_live_hubs() -> QuerySet[Trigger]:
    """Triggers paired with a live hub whose latest call since then nobody has acknowledged (rule 38)."""
    calls = TestCall.objects.filter(trigger=OuterRef("pk"), made_at__gte=OuterRef("paired_at")).order_by("-pk")
    rows = Trigger.objects.filter(unpaired_at__isnull=True, installation__state=InstallationState.LIVE)
    rows = rows.filter(installation__person__died_on__isnull=True)
    silent = rows.alias(heard=Subquery(calls.values("acknowledged_at")[:1])).filter(heard__isnull=True)
    return silent.select_related("asset", "installation__person", "installation__hub").order_by("pk")


def key_holders_to_ask(before: date) -> QuerySet[KeyHolder]:
    """Key holders last asked on or before this day, of people who have telecare now."""
    served = Installation.objects.filter(_RUNNING, person__died_on__isnull=True).values("person")
    rows = KeyHolder.objects.filter(ended_at__isnull=True, verified_on__lte=before, person__in=served)
    return rows.select_related("person").order_by("person_id", "position")


def last_loan(asset_id: int, person_id: int) -> Loan | None:
    """The loan by which the person had it last."""
    return Loan.objects.filter(asset_id=asset_id, person_id=person_id).order_by("-pk").first()
