"""Telecare that comes back: deactivated at the alarm centre first, then unpaired, then wiped (rule 38)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from equipment import duties, locks, sims
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.jobs import InstallationState
from equipment.lifecycle import advance_job, note, note_job
from equipment.models import Asset, HubReset, Installation, Loan, Trigger
from equipment.states import AT_STORE
from equipment.words import TriggerKind, Use


@transaction.atomic
def deactivate(installation: Installation, *, confirmed_by: str, reason: str, by: str, at: datetime) -> Installation:
    """The alarm centre has closed the account: from now on nobody answers this hub. Its SIM is suspended.

    Raises Invalid without who at the centre confirmed it. Deactivating twice changes nothing.
    """
    held = locks.installation(installation)
    if held.state == InstallationState.ENDED:
        return held
    if not confirmed_by.strip():
        raise Invalid("confirmed_by", "Say who at the alarm centre confirmed it.", field="confirmed_by")
    values = {"ended_at": at, "ended_by": by, "end_reference": confirmed_by.strip()}
    advance_job(held, InstallationState.ENDED, by=by, at=at, reason=reason, values=values)
    sims.switch_off(held.hub, by=by, at=at)
    return held


@transaction.atomic
def unpair(trigger: Trigger, *, by: str, at: datetime) -> None:
    """One trigger off its hub: broken, exchanged, or back at the store.

    Refused for the hub's own button before the end, and while the hub is live at the centre but no longer with the
    person. Unpairing twice changes nothing.
    """
    held = locks.installation(trigger.installation)
    trigger.refresh_from_db()
    if trigger.unpaired_at is not None:
        return
    if held.state != InstallationState.ENDED:
        if trigger.kind == TriggerKind.BUTTON:
            raise Refused("hub_button", "The hub's own button cannot be unpaired: deactivate the hub.")
        if held.state == InstallationState.LIVE and not _at_home(held):
            raise _still_live(held.hub)
    _unpair(trigger, held, by=by, at=at)


@transaction.atomic
def unpair_all(installation: Installation, *, by: str, at: datetime) -> int:
    """Everything off a hub that was deactivated. Refused before. Returns how many were paired."""
    held = locks.installation(installation)
    if held.state != InstallationState.ENDED:
        raise _still_live(held.hub)
    rows = list(held.triggers.filter(unpaired_at__isnull=True).order_by("pk"))
    for trigger in rows:
        _unpair(trigger, held, by=by, at=at)
    return len(rows)


@transaction.atomic
def wipe(hub: Asset, *, method: str, by: str, at: datetime, firmware: str = "") -> HubReset:
    """Numbers, address, prompts and logs are gone from a hub in the store, and it is on record how.

    Refused while it is registered at the alarm centre or paired: deactivated first, then unpaired, then wiped.
    """
    locks.again(hub)
    duties.require(by, Duty.TEST, hub.store_id)
    if hub.product.use != Use.HUB:
        raise Refused("not_a_hub", f"{hub} ({hub.product.name}) is no telecare hub.")
    if hub.state not in AT_STORE:
        raise Refused("not_in_store", f"Hub {hub} is not in a store: bring it in, then wipe it.")
    if Installation.objects.exclude(state=InstallationState.ENDED).filter(hub=hub).exists():
        raise _still_live(hub)
    if Trigger.objects.filter(installation__hub=hub, unpaired_at__isnull=True).exists():
        raise Refused("still_paired", f"Triggers are still paired with hub {hub}: unpair them first.")
    if not method.strip():
        raise Invalid("method", "Say how it was wiped.", field="method")
    reset = HubReset.objects.create(asset=hub, at=at, by=by, method=method.strip(), firmware=firmware.strip())
    note(hub, "wipe", by=by, at=at, reason=method.strip()[:300])
    return reset


def _unpair(trigger: Trigger, held: Installation, *, by: str, at: datetime) -> None:
    Trigger.objects.filter(pk=trigger.pk).update(unpaired_at=at, unpaired_by=by)
    trigger.unpaired_at, trigger.unpaired_by = at, by
    facts = {"trigger": trigger.pk, "kind": trigger.kind}
    note_job(held, verb="unpair", from_state=held.state, to_state=held.state, at=at, by=by, facts=facts)


def _at_home(held: Installation) -> bool:
    return Loan.objects.filter(asset=held.hub, person=held.person, ended_at__isnull=True).exists()


def _still_live(hub: Asset) -> Refused:
    return Refused(
        "still_live", f"Hub {hub} is still registered at the alarm centre: have its account deactivated there first."
    )
