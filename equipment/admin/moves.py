"""The moves a store person makes by hand with an asset in front of them, each calling its verb.

Reserving, picking, loading and delivering are not here: they belong to a route and a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipment import decontamination, disposal, fitness, holdings, inspections, receiving, repairs
from equipment.admin import scan_forms as ask
from equipment.admin.work import today
from equipment.duties import DUTY_OF, Actor, Duty
from equipment.fitness import Reason
from equipment.lifecycle import advance, legal_moves, must_be
from equipment.models import Asset, Repair, TestRegime
from equipment.states import AssetState, label

S = AssetState


@dataclass(frozen=True)
class Doing:
    """One move: legal when `verb` is (or, for a record that moves nothing, in `states`)."""

    name: str
    label: str
    do: Callable[..., object]
    verb: str = ""
    states: frozenset[str] = frozenset()
    form: type[ask.MoveForm] = ask.Plain
    trouble: bool = False  # stands below the line, under "Something is wrong"
    said: str = "is now {state}"

    @property
    def duty(self) -> Duty:
        """Whose work it is: that of its move in the table; a record without a move is a test."""
        return DUTY_OF.get(self.verb, Duty.TEST)


@dataclass(frozen=True)
class Offer:
    """A move as offered for one asset: its form, under a prefix of its own when the move is offered more than once."""

    doing: Doing
    form: ask.MoveForm
    title: str
    prefix: str = ""
    note: str = ""


def _to(state: AssetState, verb: str) -> Callable[..., None]:
    def do(asset: Asset, *, by: str, at: datetime, reason: str = "", **facts: Any) -> None:
        must_be(asset, state, verb)
        advance(asset, state, by=by, at=at, reason=reason, **facts)

    return do


def _mended(asset: Asset, *, by: str, at: datetime, **given: Any) -> None:
    """The end of its repair; what was sent there without a record gets one first."""
    repair = Repair.objects.filter(asset=asset, closed_at__isnull=True).first()
    if repair is None:
        repair = repairs.open_repair(asset, fault="Was in repair without a record.", by=by, at=at)
    repairs.close(repair, by=by, at=at, **given)


def _clean(asset: Asset, *, passed: str, **given: Any) -> None:
    decontamination.record(asset, passed=passed == "yes", **given)


DOINGS: tuple[Doing, ...] = (
    Doing("begin_clean", "Begin clean", decontamination.begin, verb="begin_clean"),
    Doing("clean", "Record clean", _clean, verb="pass_clean", form=ask.Clean),
    Doing(
        "test",
        "Record test",
        inspections.record,
        states=frozenset({S.RECEIVED, S.TESTING}),
        form=ask.Test,
        said="has its test on record",
    ),
    Doing("accept", "Accept onto the shelf", inspections.accept, verb="accept", form=ask.Accept),
    Doing("shelve", "Put on the shelf", inspections.shelve, verb="shelve"),
    Doing("begin_test", "Begin test", inspections.begin, verb="begin_test"),
    Doing("repaired", "Repaired", _mended, verb="repaired", form=ask.Mended),
    Doing("book_in", "Book in from the van", receiving.take_back, verb="book_in", form=ask.Arrival),
    Doing("hand_in", "Hand in at the desk", receiving.take_back, verb="hand_in", form=ask.Return),
    Doing("find", "Found again", receiving.find, verb="find", form=ask.Found),
    Doing("release_hold", "Release the hold", _to(S.QUARANTINE, "release_hold"), verb="release_hold", form=ask.Why),
    Doing("reprieve", "Keep it after all", _to(S.QUARANTINE, "reprieve"), verb="reprieve", form=ask.Why),
    Doing("dispose", "Dispose of it", disposal.dispose, verb="dispose", form=ask.Disposal),
    Doing("reject", "Reject", _to(S.QUARANTINE, "reject"), verb="reject", form=ask.Why, trouble=True),
    Doing("quarantine", "Quarantine", _to(S.QUARANTINE, "quarantine"), verb="quarantine", form=ask.Why, trouble=True),
    Doing("repair", "Send to repair", repairs.open_repair, verb="send_to_repair", form=ask.Fault, trouble=True),
    Doing("hold", "Hold", _to(S.HELD, "hold"), verb="hold", form=ask.Why, trouble=True),
    Doing("lose", "Report lost", _to(S.LOST, "lose"), verb="lose", form=ask.Why, trouble=True),
    Doing("condemn", "Condemn", disposal.condemn, verb="condemn", form=ask.Why, trouble=True),
)
_BY_NAME = {doing.name: doing for doing in DOINGS}


def legal(asset: Asset, by: Actor) -> list[Doing]:
    """What this person may do with this asset now, without what a guard would refuse: the card says what is missing."""
    if not by.works_in(asset.store_id):
        return []
    blocked = bool(blockers(asset))
    verbs = {move.verb for _, move in legal_moves(asset) if not (move.guard and blocked)}
    return [d for d in DOINGS if (d.verb in verbs or asset.state in d.states) and by.may(d.duty)]


def named(name: str) -> Doing | None:
    return _BY_NAME.get(name)


def blockers(asset: Asset) -> list[Reason]:
    """Why it may not go onto the clean shelf yet; asked only where the shelf is the next step."""
    if asset.state not in (S.RECEIVED, S.DECONTAMINATED, S.TESTING):
        return []
    reasons = fitness.to_shelve(holdings.facts_of([asset.pk])[asset.pk], on=today())
    return [reason for reason in reasons if reason.code != "not_accepted"]


def offers(asset: Asset, doings: list[Doing], **about: Any) -> list[Offer]:
    """The moves with their forms; a test is offered once for each kind in the product's regime."""
    made: list[Offer] = []
    for doing in doings:
        if doing.name == "test":
            made += _tests(asset, doing, **about)
        else:
            form = doing.form(asset=asset, prefix=doing.name, **about)
            made.append(Offer(doing, form, doing.label, doing.name))
    return made


def _tests(asset: Asset, doing: Doing, **about: Any) -> list[Offer]:
    done = holdings.facts_of([asset.pk])[asset.pk].tests
    found: list[Offer] = []
    for regime in TestRegime.objects.filter(product_id=asset.product_id):
        last = done.get(regime.kind)
        note = f"Last: {label(last.result).lower()} on {last.performed_at:%d %b %Y}." if last else "None on record."
        prefix = f"test-{regime.kind}"
        form = doing.form(asset=asset, prefix=prefix, **about)
        form.initial["kind"] = regime.kind
        found.append(Offer(doing, form, f"Record {label(regime.kind)}", prefix, note))
    return found
