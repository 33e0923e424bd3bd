"""Install telecare: set up a hub, pair its triggers, try the range, hear a test call from each, go live (rule 38)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from equipment import locks, sims, telecare_facts, telecare_returns
from equipment.days import day_of
from equipment.errors import Invalid, Missing, Refused
from equipment.jobs import InstallationState
from equipment.lifecycle import advance_job, note_job
from equipment.models import Address, AlarmCentre, Asset, Installation, Loan, Person, Reservation, TestCall, Trigger
from equipment.states import label
from equipment.words import AfterFree, Connectivity, Line, Protocol, TriggerKind, Use

# What each kind of hub can use of what a home offers.
LINES: dict[str, frozenset[str]] = {
    Connectivity.ANALOGUE: frozenset({Line.ANALOGUE}),
    Connectivity.IP: frozenset({Line.DIGITAL, Line.BROADBAND}),
    Connectivity.MOBILE: frozenset({Line.MOBILE}),
    Connectivity.IP_MOBILE: frozenset({Line.DIGITAL, Line.BROADBAND, Line.MOBILE}),
}
_SKEW = timedelta(minutes=10)  # between the centre's clock and ours


def protocols(connectivity: str) -> frozenset[str]:
    """Tones go over an analogue line and nothing else does."""
    tones = {Protocol.DTMF, Protocol.MAKERS_OWN}
    return frozenset(tones if connectivity == Connectivity.ANALOGUE else set(Protocol) - {Protocol.DTMF})


@transaction.atomic
def begin(
    hub: Asset,
    person: Person,
    address: Address,
    *,
    centre: AlarmCentre,
    account: str,
    protocol: str,
    line: str,
    by: str,
    at: datetime,
    line_provider: str = "",
    free_until: date | None = None,
    after_free: str = "",
) -> Installation:
    """Set up a hub that is with this person, or on the van to them: its own button is its first trigger, its SIM is
    switched on.

    Raises Invalid where the account, the line or the protocol is wrong; Refused when the hub is somebody else's, is
    installed already, or is analogue after the switch-off.
    """
    locks.again(hub)
    _a_hub_of(hub, person, at)
    if address.person_id != person.pk:
        raise Invalid("address", "This is not an address of that person.", field="address")
    _reaches(hub, line, protocol)
    _free(free_until, after_free, at)
    made = Installation.objects.create(
        person=person,
        address=address,
        hub=hub,
        centre=centre,
        account=_account(centre, account),
        protocol=protocol,
        line=line,
        line_provider=line_provider,
        started_at=at,
        free_until=free_until,
        after_free=after_free,
    )
    Trigger.objects.create(installation=made, kind=TriggerKind.BUTTON, paired_at=at, paired_by=by)
    sims.switch_on(hub, needed=line == Line.MOBILE, by=by, at=at)
    note_job(made, verb="begin", to_state=made.state, at=at, by=by, facts={"asset": hub.number, "line": line})
    return made


def _a_hub_of(hub: Asset, person: Person, at: datetime) -> None:
    if hub.product.use != Use.HUB:
        raise Refused("not_a_hub", f"{hub} ({hub.product.name}) is no telecare hub.")
    if not is_with(hub, person):
        raise Refused("not_with_person", f"Hub {hub} is neither with this person nor on the van to them.")
    if Installation.objects.exclude(state=InstallationState.ENDED).filter(hub=hub).exists():
        raise Refused("installed_already", f"Hub {hub} is set up already.")
    switch_off = settings.SERVICE["ANALOGUE_SWITCH_OFF"]
    if hub.product.connectivity == Connectivity.ANALOGUE and day_of(at) >= switch_off:
        raise Refused(
            "analogue_only",
            f"Analogue lines end on {switch_off:%d %b %Y}: {hub} cannot be set up. Bring a digital hub.",
        )


def is_with(asset: Asset, person: Person) -> bool:
    """On loan to this person, or loaded for them."""
    if Loan.objects.filter(asset=asset, person=person, ended_at__isnull=True).exists():
        return True
    loaded = Reservation.objects.filter(asset=asset, person=person, ended_at__isnull=True, issued_at__isnull=False)
    return loaded.exists()


def _account(centre: AlarmCentre, account: str) -> str:
    given = account.strip()
    if not given:
        raise Invalid("account", "Give the number by which the alarm centre knows this home.", field="account")
    locks.alarm_centre(centre)
    taken = Installation.objects.exclude(state=InstallationState.ENDED).filter(centre=centre, account=given)
    if taken.exists():
        raise Refused(
            "account_taken",
            f"{centre} has another hub under this number: have that one deactivated first, or ask for a new number.",
            field="account",
        )
    return given


def _reaches(hub: Asset, line: str, protocol: str) -> None:
    """Can this hub reach the centre over what the home offers?"""
    kind = hub.product.connectivity
    if kind not in LINES:
        raise Refused("connectivity_unknown", f"The catalogue does not say how {hub.product.name} reaches the centre.")
    how = label(kind) if kind.startswith("ip") else label(kind).lower()
    if line not in LINES[kind]:
        fitting = " or ".join(sorted(label(one).lower() for one in LINES[kind]))
        raise Invalid("wrong_line", f"This hub ({how}) cannot use that: it needs {fitting}.", field="line")
    if protocol not in protocols(kind):
        raise Invalid("wrong_protocol", f"This hub ({how}) does not speak {label(protocol)}.", field="protocol")


def _free(free_until: date | None, after_free: str, at: datetime) -> None:
    if after_free and free_until is None:
        raise Invalid("free_until", "Say until when it is free.", field="free_until")
    if free_until is not None and free_until < day_of(at):
        raise Invalid("free_until", "The free period ends before it begins.", field="free_until")
    if after_free and after_free not in set(AfterFree):
        raise Invalid("after_free", "Charge, collect, or keep free?", field="after_free")


@transaction.atomic
def agree(
    installation: Installation, *, free_until: date | None, by: str, at: datetime, after_free: str = ""
) -> Installation:
    """Until when it is free, and what happens then. Refused once it has ended."""
    held = _running(installation)
    _free(free_until, after_free, at)
    Installation.objects.filter(pk=held.pk).update(free_until=free_until, after_free=after_free)
    held.free_until, held.after_free = free_until, after_free
    note_job(held, verb="agree", from_state=held.state, to_state=held.state, at=at, by=by, facts={"then": after_free})
    return held


@transaction.atomic
def programme(installation: Installation, *, by: str, at: datetime) -> Installation:
    """The alarm centre's number, the account and the protocol are in the hub. Doing it again changes nothing."""
    held = _running(installation)
    if held.programmed_at is None:
        _write(held, "programme", by=by, at=at, programmed_at=at, programmed_by=by)
    return held


@transaction.atomic
def try_range(installation: Installation, note: str, *, by: str, at: datetime) -> Installation:
    """The triggers reach the hub from where they will be pressed: garden, bath. Raises Invalid without the places."""
    held = _running(installation)
    if not note.strip():
        raise Invalid("range_note", "Say where it was tried: garden, bath.", field="note")
    _write(held, "try_range", by=by, at=at, range_tested_at=at, range_tested_by=by, range_note=note.strip())
    return held


@transaction.atomic
def pair(
    installation: Installation,
    kind: str,
    *,
    by: str,
    at: datetime,
    asset: Asset | None = None,
    radio_id: str = "",
    room: str = "",
) -> Trigger:
    """Pair a peripheral: one of ours with its number, or one that was there, by its radio id.

    At a live hub too: it is not heard until its own test call. What a hub deactivated since still knew comes off that
    one. Raises Invalid without either, or with a radio id in use; Refused when it is somebody else's or paired already.
    """
    held, radio = _running(installation), radio_id.strip()
    if kind not in set(TriggerKind) - {TriggerKind.BUTTON}:
        raise Invalid("kind", "Say what it is: a pendant, a smoke detector.", field="kind")
    if asset is None and not radio:
        raise Invalid("radio_id", "Without an asset number it needs its radio id.", field="radio_id")
    if asset is not None:
        _off_an_ended_hub(asset, by=by, at=at)
        _a_trigger_of(locks.again(asset), held.person)
    if radio and held.triggers.filter(radio_id=radio, unpaired_at__isnull=True).exists():
        raise Invalid("radio_id_taken", "Another trigger of this hub has that radio id.", field="radio_id")
    made = Trigger.objects.create(
        installation=held, kind=kind, asset=asset, radio_id=radio, room=room.strip(), paired_at=at, paired_by=by
    )
    _note(held, "pair", made, by=by, at=at)
    return made


def _off_an_ended_hub(asset: Asset, *, by: str, at: datetime) -> None:
    """Nobody answers that hub any more; a pendant that stays goes over to the one brought instead."""
    rows = Trigger.objects.filter(asset=asset, unpaired_at__isnull=True, installation__state=InstallationState.ENDED)
    for trigger in rows:
        telecare_returns.unpair(trigger, by=by, at=at)


def _a_trigger_of(asset: Asset, person: Person) -> None:
    if asset.product.use != Use.TRIGGER:
        raise Refused("not_a_trigger", f"{asset} ({asset.product.name}) is no telecare trigger.")
    if not is_with(asset, person):
        raise Refused("not_with_person", f"{asset} is neither with this person nor on the van to them.")
    paired = Trigger.objects.filter(asset=asset, unpaired_at__isnull=True).select_related("installation__hub").first()
    if paired is not None:
        raise Refused(
            "paired_already",
            f"{asset} is paired already, with hub {paired.installation.hub}: take it off, or have that deactivated.",
        )


@transaction.atomic
def call(trigger: Trigger, *, by: str, at: datetime) -> TestCall:
    """A test call from this trigger, now; it counts once the alarm centre has acknowledged it.

    Refused while the hub is not programmed, or the trigger not paired any more.
    """
    held = _running(trigger.installation)
    if held.programmed_at is None:
        raise Refused("not_programmed", "Programme the hub first: it would call nobody.")
    _paired(trigger)
    made = TestCall.objects.create(trigger=trigger, made_at=at, made_by=by)
    _note(held, "call", trigger, by=by, at=at)
    return made


@transaction.atomic
def acknowledge(
    made: TestCall, *, heard_by: str, by: str, at: datetime, by_api: bool = False, reference: str = ""
) -> TestCall:
    """The alarm centre heard it: who there, and said by the centre itself or to the crew. A second time changes
    nothing. Raises Invalid without the name.
    """
    held = _running(made.trigger.installation)
    if not heard_by.strip():
        raise Invalid("heard_by", "Say who at the alarm centre heard it.", field="heard_by")
    made.refresh_from_db()
    if made.acknowledged_at is None:
        values = {"heard_by": heard_by.strip(), "by_api": by_api, "reference": reference.strip()}
        TestCall.objects.filter(pk=made.pk).update(acknowledged_at=at, **values)
        made.refresh_from_db()
        _note(held, "acknowledge", made.trigger, by=by, at=at)
    return made


@transaction.atomic
def hear(
    centre: AlarmCentre,
    account: str,
    *,
    heard_by: str,
    reference: str,
    by: str,
    at: datetime,
    radio_id: str = "",
    kind: str = "",
    called_at: datetime | None = None,
) -> TestCall:
    """The centre says that a trigger of this account called: acknowledges the call that waits, or, when it really
    called unannounced, makes one and acknowledges it. The same `reference` again gives the same call.

    Raises Missing for an account or trigger this centre does not have; Invalid for a time that cannot be; Refused for
    the reference of another trigger's call, or of one made before it was paired anew.
    """
    rows = Installation.objects.exclude(state=InstallationState.ENDED)
    found = rows.filter(centre=centre, account=account.strip()).first()
    if found is None:
        raise Missing("no_such_account", "There is no such account, or not at this centre.")
    held, when = _running(found), called_at or at
    trigger = _sounding(held, radio_id.strip(), kind)
    known = _told_before(held, trigger, reference.strip())
    if known is not None:
        return known
    gone = _was_anothers(_named(_of_account(held), radio_id.strip(), kind).exclude(pk=trigger.pk), when)
    if when > at + _SKEW or when < trigger.paired_at - _SKEW or gone:
        raise Invalid("called_at", "That is before this trigger was paired, or still to come.", field="at")
    last = trigger.calls.first()
    if last is None or last.acknowledged_at is not None:
        last = TestCall.objects.create(trigger=trigger, made_at=max(min(when, at), trigger.paired_at), made_by=by)
    elif when < last.made_at - _SKEW:
        raise Invalid("called_at", "That is before the call that waits: it was an earlier one.", field="at")
    return acknowledge(last, heard_by=heard_by, by=by, at=at, by_api=True, reference=reference)


def _of_account(installation: Installation) -> QuerySet[Trigger]:
    """All triggers this account ever had, at earlier hubs too."""
    return Trigger.objects.filter(installation__centre=installation.centre, installation__account=installation.account)


def _named(rows: QuerySet[Trigger], radio_id: str, kind: str) -> QuerySet[Trigger]:
    return rows.filter(radio_id=radio_id) if radio_id else rows.filter(kind=kind or TriggerKind.BUTTON)


def _told_before(installation: Installation, trigger: Trigger, reference: str) -> TestCall | None:
    """The call that the centre has told of under this reference, which never speaks for another pairing."""
    rows = TestCall.objects.filter(trigger__in=_of_account(installation), acknowledged_at__isnull=False)
    known = rows.filter(reference=reference).first() if reference else None
    if known is not None and known.trigger_id != trigger.pk:
        raise Refused(
            "reference_used",
            "This reference was given for another trigger's call, or for one before it was paired anew: make a new"
            " test call, and give its own reference.",
            field="reference",
        )
    return known


def _was_anothers(rows: QuerySet[Trigger], when: datetime) -> bool:
    """Was one that goes by the same name paired then, and has come off since? However clocks differ, it was its."""
    running = Q(installation__ended_at__isnull=True, unpaired_at__gt=when)
    return rows.filter(running | Q(installation__ended_at__gt=when)).exists()


def _sounding(installation: Installation, radio_id: str, kind: str) -> Trigger:
    """Which trigger called: by its radio id, or by its kind when there is one of it. Neither: the hub's button."""
    rows = _named(installation.triggers.filter(unpaired_at__isnull=True), radio_id, kind)
    found = list(rows.order_by("pk")[:2])
    if not found:
        raise Missing("no_such_trigger", "This account has no such trigger.")
    if len(found) > 1:
        raise Invalid("which_trigger", "There are several of these: give the radio id.", field="radio_id")
    return found[0]


@transaction.atomic
def go_live(installation: Installation, *, by: str, at: datetime) -> Installation:
    """The person can rely on it: every trigger was heard (rule 38). Going live twice changes nothing.

    Refused with what is missing; or while the hub is not on loan to the person.
    """
    held = _running(installation)
    if held.state == InstallationState.LIVE:
        return held
    if not Loan.objects.filter(asset=held.hub, person=held.person, ended_at__isnull=True).exists():
        raise Refused("not_delivered", f"Hub {held.hub} has not been handed over.")
    advance_job(held, InstallationState.LIVE, by=by, at=at, values={"live_at": at})
    return held


def _running(installation: Installation) -> Installation:
    held = locks.installation(installation)
    if held.state == InstallationState.ENDED:
        raise Refused("installation_ended", f"The installation of hub {held.hub} has ended.")
    return held


def _paired(trigger: Trigger) -> None:
    trigger.refresh_from_db(fields=["unpaired_at"])
    if trigger.unpaired_at is not None:
        raise Refused("not_paired", f"{telecare_facts.Paired(trigger).name} is not paired any more.")


def _write(held: Installation, verb: str, *, by: str, at: datetime, **values: object) -> None:
    Installation.objects.filter(pk=held.pk).update(**values)
    for name, value in values.items():
        setattr(held, name, value)
    note_job(held, verb=verb, from_state=held.state, to_state=held.state, at=at, by=by)


def _note(held: Installation, verb: str, trigger: Trigger, *, by: str, at: datetime) -> None:
    facts = {"trigger": trigger.pk, "kind": trigger.kind}
    note_job(held, verb=verb, from_state=held.state, to_state=held.state, at=at, by=by, facts=facts)
