"""Readiness: one word per discharge, computed from facts and never stored. Is every critical line in place? Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from logistics.states import VisitState


class Word(StrEnum):
    NOT_ORDERED = "not_ordered"
    AWAITING_AUTHORISATION = "awaiting_authorisation"
    AWAITING_STOCK = "awaiting_stock"
    AWAITING_PLAN = "awaiting_plan"
    PLANNED = "planned"
    OUT_FOR_DELIVERY = "out_for_delivery"
    PARTIAL = "partial"
    IN_PLACE = "in_place"
    FAILED = "failed"
    AT_RISK = "at_risk"


@dataclass(frozen=True)
class LineFacts:
    """One critical line: `allocated` and `delivered` count units; `visit` is the key of the visit that brings it, if
    there is one. `live`: what is delivered works there, telecare too (rule 38). `gone`: units that were delivered and
    are there no more, with nothing in their place.
    """

    product: str
    quantity: int
    allocated: int
    delivered: int
    authorised: bool = True
    visit: int | None = None
    live: bool = True
    gone: int = 0


@dataclass(frozen=True)
class VisitFacts:
    state: str
    window: tuple[datetime, datetime] | None = None
    located: bool = True
    unplanned_reason: str = ""


@dataclass(frozen=True)
class Readiness:
    word: Word
    reason: str = ""
    next_action: str = ""
    window: tuple[datetime, datetime] | None = None
    in_place_on_time: bool | None = None


def of(
    lines: Sequence[LineFacts],
    visits: dict[int, VisitFacts],
    *,
    needed_by: datetime | None,
    at: datetime,
    last_failure: str = "",
    in_place_at: datetime | None = None,
) -> Readiness:
    """The readiness of one discharge. `in_place` only when every critical line is delivered, whole (rule 25)."""
    if not lines:
        return Readiness(Word.NOT_ORDERED, "Nothing has been ordered.", "Order the equipment.")
    missing = [line for line in lines if line.delivered < line.quantity]
    if not missing and (silent := _silent(lines)):
        return silent
    if not missing:
        on_time = in_place_at <= needed_by if in_place_at and needed_by else None
        return Readiness(Word.IN_PLACE, in_place_on_time=on_time)
    for rung in (_not_authorised, _gone, _short, _lost):
        verdict = rung(missing, last_failure)
        if verdict:
            return verdict
    bringing = [visits[line.visit] for line in missing if line.visit is not None]
    return _on_the_way(bringing, needed_by, at) or _partial(lines, missing, bringing) or _planned(bringing)


def _silent(lines: Sequence[LineFacts]) -> Readiness | None:
    """Delivered, but nobody would answer it (rules 25 and 38)."""
    names = ", ".join(sorted({line.product for line in lines if not line.live}))
    if not names:
        return None
    return Readiness(
        Word.PARTIAL,
        f"The alarm centre has not heard it yet: {names}.",
        "Telecare makes a test call from each trigger.",
    )


def _not_authorised(missing: Sequence[LineFacts], last_failure: str) -> Readiness | None:
    if any(not line.authorised for line in missing):
        return Readiness(
            Word.AWAITING_AUTHORISATION, "The order is over the prescriber's limit.", "Authorise the order."
        )
    return None


def _gone(missing: Sequence[LineFacts], last_failure: str) -> Readiness | None:
    """It was in place, and is not any more (rule 25)."""
    names = ", ".join(sorted({line.product for line in missing if line.gone}))
    if not names:
        return None
    return Readiness(Word.AT_RISK, f"Delivered, and no longer there: {names}.", "The prescriber orders it anew.")


def _short(missing: Sequence[LineFacts], last_failure: str) -> Readiness | None:
    short = [line for line in missing if line.allocated < line.quantity - line.delivered]
    if short:
        names = ", ".join(sorted({line.product for line in short}))
        return Readiness(Word.AWAITING_STOCK, f"None free to issue: {names}.", "Clean, repair or substitute.")
    return None


def _lost(missing: Sequence[LineFacts], last_failure: str) -> Readiness | None:
    if any(line.visit is None for line in missing):
        if last_failure:
            return Readiness(
                Word.FAILED, f"The last visit failed: {last_failure}.", "The prescriber decides what happens next."
            )
        return Readiness(Word.AT_RISK, "Reserved, but no visit brings it.", "The depot raises a visit.")
    return None


def _on_the_way(bringing: Sequence[VisitFacts], needed_by: datetime | None, at: datetime) -> Readiness | None:
    if needed_by is None:
        return Readiness(Word.AT_RISK, "There is no expected discharge date.", "The ward gives a date.")
    if any(not visit.located for visit in bringing):
        return Readiness(Word.AT_RISK, "The address is not on the map.", "Correct the postcode or drop a pin.")
    for visit in bringing:
        if visit.unplanned_reason:
            return Readiness(Word.AT_RISK, visit.unplanned_reason, "The depot finds a van or a day.")
    windows = [visit.window for visit in bringing if visit.window]
    window = max(windows) if windows else None
    if window and window[1] > needed_by:
        return Readiness(
            Word.AT_RISK,
            "It is planned for after the person comes home.",
            "Agree a later date, or an urgent visit.",
            window,
        )
    if needed_by < at:
        return Readiness(
            Word.AT_RISK, "It was needed by now and is not in place.", "The depot sends it at once.", window
        )
    if any(visit.state in (VisitState.OUT, VisitState.ARRIVED) for visit in bringing):
        return Readiness(Word.OUT_FOR_DELIVERY, "On the van.", "", window)
    return None


def _partial(
    lines: Sequence[LineFacts], missing: Sequence[LineFacts], bringing: Sequence[VisitFacts]
) -> Readiness | None:
    if len(missing) < len(lines) or any(line.delivered for line in missing):
        names = ", ".join(sorted({line.product for line in missing}))
        return Readiness(Word.PARTIAL, f"Still to come: {names}.", "", _latest(bringing))
    return None


def _planned(bringing: Sequence[VisitFacts]) -> Readiness:
    if all(visit.window for visit in bringing):
        return Readiness(Word.PLANNED, "", "", _latest(bringing))
    return Readiness(Word.AWAITING_PLAN, "Reserved; the next plan gives it a van and a time.", "")


def _latest(bringing: Sequence[VisitFacts]) -> tuple[datetime, datetime] | None:
    return max((visit.window for visit in bringing if visit.window), default=None)
