"""SIMs: put one into a hub, switch it on with an installation and off with its end. Never active in stock (rule 38)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from equipment import locks
from equipment.errors import Invalid, Refused
from equipment.jobs import SimState
from equipment.lifecycle import advance_job, note_job
from equipment.models import Asset, Installation, Sim
from equipment.words import Connectivity, Use

BY_MOBILE = frozenset({Connectivity.MOBILE, Connectivity.IP_MOBILE})


@transaction.atomic
def add(iccid: str, network: str, *, by: str, at: datetime, hub: Asset | None = None) -> Sim:
    """A SIM from the network, suspended; into a hub at once when one is named. Raises Invalid for a number that is none
    or is known.
    """
    digits = iccid.replace(" ", "")
    if not digits.isdecimal() or not 18 <= len(digits) <= 22:
        raise Invalid("iccid", "An ICCID is 18 to 22 digits, printed on the SIM.", field="iccid")
    if Sim.objects.filter(iccid=digits).exists():
        raise Invalid("iccid_known", "This SIM is on record already.", field="iccid")
    sim = Sim.objects.create(iccid=digits, network=network)
    note_job(sim, verb="add", to_state=sim.state, at=at, by=by)
    if hub is not None:
        fit(sim, hub, by=by, at=at)
    return sim


@transaction.atomic
def fit(sim: Sim, hub: Asset, *, by: str, at: datetime) -> None:
    """Put a suspended SIM into a hub that reaches the alarm centre by one, and has none yet."""
    locks.again(hub)
    if hub.product.use != Use.HUB or hub.product.connectivity not in BY_MOBILE:
        raise Refused("takes_no_sim", f"{hub} ({hub.product.name}) is no hub that takes a SIM.")
    if sim.state != SimState.SUSPENDED:
        raise Refused("sim_in_use", f"{sim} is {sim.get_state_display().lower()}: suspend it first.")
    if Sim.objects.filter(asset=hub).exclude(pk=sim.pk).exists():
        raise Refused("has_a_sim", f"{hub} has another SIM: take that out first.")
    Sim.objects.filter(pk=sim.pk).update(asset=hub)
    sim.asset = hub
    note_job(sim, verb="fit", from_state=sim.state, to_state=sim.state, at=at, by=by, facts={"asset": hub.number})


@transaction.atomic
def take_out(sim: Sim, *, by: str, at: datetime) -> None:
    """Out of its hub. Refused while it is active."""
    if sim.state == SimState.ACTIVE:
        raise Refused("sim_in_use", f"{sim} is active: it is suspended when its hub is deactivated.")
    number = sim.asset.number if sim.asset else ""
    Sim.objects.filter(pk=sim.pk).update(asset=None)
    sim.asset = None
    note_job(sim, verb="take_out", from_state=sim.state, to_state=sim.state, at=at, by=by, facts={"asset": number})


@transaction.atomic
def suspend(sim: Sim, *, by: str, at: datetime) -> None:
    """Switch it off. Refused while its hub is installed: with its line the person would lose the alarm."""
    running = Installation.objects.filter(hub=sim.asset_id, ended_at__isnull=True).exists()
    if sim.asset_id is not None and running:
        raise Refused("still_live", f"Its hub {sim.asset} is installed: deactivate that at the alarm centre first.")
    advance_job(sim, SimState.SUSPENDED, by=by, at=at)


@transaction.atomic
def end(sim: Sim, *, reason: str, by: str, at: datetime) -> None:
    """The contract with the network has ended; the SIM leaves its hub. Refused while it is active."""
    advance_job(sim, SimState.ENDED, by=by, at=at, reason=reason, values={"asset": None})


def switch_on(hub: Asset, *, needed: bool, by: str, at: datetime) -> None:
    """The SIM of a hub that is being installed; refused without one when the hub has no other line."""
    sim = Sim.objects.filter(asset=hub).first()
    if sim is None:
        if needed:
            raise Refused(
                "no_sim", f"There is no SIM on record for {hub}: it could not reach the centre.", field="line"
            )
        return
    if sim.state == SimState.SUSPENDED:
        advance_job(sim, SimState.ACTIVE, by=by, at=at)


def switch_off(hub: Asset, *, by: str, at: datetime) -> None:
    """The SIM of a hub that was just deactivated."""
    sim = Sim.objects.filter(asset=hub, state=SimState.ACTIVE).first()
    if sim is not None:
        advance_job(sim, SimState.SUSPENDED, by=by, at=at)
