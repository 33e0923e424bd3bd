"""Telecare in the story: set up at the door, heard by the alarm centre trigger by trigger, and live only then.

What a crew taps on its page has no place in the API; here the same verbs are called in the crew's name. What the alarm
centre hears, it says through the API, as the real one would.
"""

from __future__ import annotations

from typing import Any

from equipment import telecare
from equipment.jobs import InstallationState
from equipment.models import AlarmCentre, Asset, Installation
from equipment.words import Line, Protocol, TriggerKind, Use
from logistics import installs
from logistics.demo import people
from logistics.demo.client import Unexpected
from logistics.demo.stage import Stage
from logistics.models import Visit
from logistics.states import ActivityKind, ActivityState

CREW, HEARD_BY = "driver:crew", "J. Marlowe"
_KINDS = {
    "TEL-PEND": TriggerKind.PENDANT,
    "TEL-SMOKE": TriggerKind.SMOKE,
    "TEL-FALL": TriggerKind.FALL,
    "TEL-BED": TriggerKind.BED,
}


def install(stage: Stage, reference: str, finish: dict[str, Any]) -> bool:
    """Set up, pair and try what this visit brings; false when it brings no hub. The first time, the crew tries to
    finish before the alarm centre has heard: that is refused.
    """
    visit = Visit.objects.select_related("person", "address").get(reference=reference)
    brought = _brought(visit)
    hub = next((asset for asset in brought if asset.product.use == Use.HUB), None)
    if hub is None:
        return False
    installation = _set_up(stage, visit, hub, [asset for asset in brought if asset != hub])
    if "telecare" not in stage.marks:
        stage.marks["telecare"] = _is_refused(stage, reference, finish)
        name = next(stay.name for stay in stage.stays.values() if stay.person == str(visit.person.reference))
        words = f"{name}'s telecare hub is paired but not heard yet: the crew cannot finish, and must not leave it so."
        stage.claim("telecare_not_finished_unheard", stage.marks["telecare"], words)
    _hear(stage, installation)
    return True


def _brought(visit: Visit) -> list[Asset]:
    rows = visit.activities.filter(kind=ActivityKind.DELIVERY, state=ActivityState.OPEN)
    return list(installs.visited(rows.select_related("reservation__product", "reservation__asset__product")).brought)


def _set_up(stage: Stage, visit: Visit, hub: Asset, triggers: list[Asset]) -> Installation:
    said: dict[str, Any] = {"by": CREW, "at": stage.at}
    centre = AlarmCentre.objects.get(code=people.ALARM_CENTRE)
    made = telecare.begin(
        hub,
        visit.person,
        visit.address,
        centre=centre,
        account=f"L{hub.number}",
        protocol=Protocol.NOW_IP,
        line=Line.BROADBAND,
        **said,
    )
    telecare.programme(made, **said)
    for asset in triggers:
        telecare.pair(made, _KINDS[asset.product.stock_code], asset=asset, radio_id=f"R{asset.number}", **said)
    telecare.try_range(made, "Kitchen, bath and front garden", **said)
    for trigger in made.triggers.order_by("pk"):
        telecare.call(trigger, **said)
    return made


def _is_refused(stage: Stage, reference: str, finish: dict[str, Any]) -> bool:
    try:
        stage.store.post(f"/visits/{reference}/finish/", finish)
    except Unexpected as refusal:
        return "not_heard" in str(refusal)
    return False


def _hear(stage: Stage, installation: Installation) -> None:
    """The centre acknowledges the call of each trigger."""
    for number, trigger in enumerate(installation.triggers.order_by("pk"), start=1):
        body = {"account": installation.account, "radio_id": trigger.radio_id, "heard_by": HEARD_BY}
        stage.centre.post("/test-calls/", body | {"reference": f"{installation.account}-{number}"})


def live(stage: Stage) -> None:
    """At the end of the story: every hub that went out is live."""
    names = [stay.person for stay in stage.stays.values() if any(code.startswith("TEL-PACK") for code in stay.part.kit)]
    rows = Installation.objects.filter(person__reference__in=names)
    count = rows.filter(state=InstallationState.LIVE).count()
    words = f"{count} telecare hubs are live: the alarm centre heard a test call from every trigger of theirs."
    stage.claim("telecare_live", count == len(names) > 0, words)
