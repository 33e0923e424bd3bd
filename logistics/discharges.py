"""Discharges: open one, take every word on its date, and close it when the person goes home."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from equipment.errors import Invalid, Refused
from equipment.models import Address
from equipment.words import Living
from logistics import circumstances, locks, outbox, promises, siting, visits
from logistics.lifecycle import advance, record
from logistics.models import Discharge, ExpectedDate, Order, Visit
from logistics.states import DischargeState, EddSource, OrderState, VisitState
from logistics.work import Kind

# A hospital's clock may run ahead of ours by this much; a message from further ahead would silence all later ones.
_CLOCK_SKEW = timedelta(minutes=10)


@dataclass(frozen=True)
class Stay:
    """Where the person is now, and where they go."""

    address: Address
    hospital: str
    ward: str = ""
    visit_number: str = ""
    pathway: str = ""


@dataclass(frozen=True)
class Word:
    """One message about the date: `value` None withdraws it; `said_at` is when the source said it, not when it
    reached us.
    """

    value: date | None
    said_at: datetime
    source: str = EddSource.WARD
    reason: str = ""


@transaction.atomic
def open_discharge(stay: Stay, word: Word, *, by: str, at: datetime) -> Discharge:
    """Start watching one hospital stay.

    Raises Refused when that stay is open already (same hospital and visit number).
    """
    _check(word, at)
    person = stay.address.person
    try:
        with transaction.atomic():
            discharge = Discharge.objects.create(
                organisation=person.organisation,
                person=person,
                address=stay.address,
                hospital=stay.hospital,
                ward=stay.ward,
                visit_number=stay.visit_number,
                pathway=stay.pathway,
                opened_at=at,
            )
    except IntegrityError as error:
        raise Refused(
            "stay_known", f"Stay {stay.visit_number} at {stay.hospital} is open already: use it.", field="visit_number"
        ) from error
    if not stay.address.is_located:
        siting.locate(stay.address, at=at)
    record(discharge, verb="open", to_state=discharge.state, at=at, by=by)
    take_date(discharge, word, by=by, at=at)
    discharge.refresh_from_db()
    return discharge


def _check(word: Word, at: datetime) -> None:
    if word.said_at > at + _CLOCK_SKEW:
        raise Invalid(
            "said_at", "This message claims to come from the future: check the sender's clock.", field="said_at"
        )
    if word.value is None:
        return
    day = promises.today(at)
    if word.value < day:
        raise Invalid("edd_past", f"{word.value} has gone: give today's date or a later one.", field="expected_on")
    furthest = settings.SERVICE["EDD_HORIZON_DAYS"]
    if word.value > day + timedelta(days=furthest):
        raise Invalid(
            "edd_too_far", f"{word.value} is more than {furthest} days ahead: check the year.", field="expected_on"
        )


@transaction.atomic
def take_date(discharge: Discharge, word: Word, *, by: str, at: datetime) -> ExpectedDate:
    """Record one version of the date. The newest word by `said_at` is in force; an older or repeated one never wins
    (rule 23).

    A date in force that changed moves `needed_by` of every open order and re-plans its visits (rule 24).
    """
    _check(word, at)
    held = locks.discharge(discharge.pk)
    if held.state != DischargeState.EXPECTED:
        raise Refused(
            "discharge_closed",
            f"This discharge is {held.get_state_display().lower()}: reopen it first.",
            state=held.state,
        )
    repeated = held.expected_dates.filter(said_at=word.said_at, source=word.source, value=word.value).first()
    if repeated is not None:
        return repeated
    newest = held.expected_dates.first()
    version = ExpectedDate.objects.create(
        discharge=held,
        value=word.value,
        source=word.source,
        said_at=word.said_at,
        received_at=at,
        by=by,
        reason=word.reason,
        superseded=newest is not None and newest.said_at > word.said_at,
    )
    if not version.superseded and held.expected_on != version.value:
        _put_in_force(held, version, by=by, at=at)
    return version


def _put_in_force(discharge: Discharge, version: ExpectedDate, *, by: str, at: datetime) -> None:
    before, discharge.expected_on = discharge.expected_on, version.value
    discharge.save(update_fields=["expected_on"])
    needed = promises.needed_by(version.value, latest_safe_hour=settings.SERVICE["LATEST_SAFE_HOUR"])
    Order.objects.filter(
        discharge=discharge, state__in=[OrderState.AUTHORISED, OrderState.AWAITING_AUTHORISATION]
    ).update(needed_by=needed)
    for visit in Visit.objects.filter(discharge=discharge, state__in=[VisitState.OPEN, VisitState.PLANNED]).order_by(
        "pk"
    ):
        Visit.objects.filter(pk=visit.pk).update(needed_by=needed, unplanned_code="", unplanned_reason="")
        visits.withdraw(visit, by=by, at=at, reason=f"expected discharge date now {version.value or 'unknown'}")
        outbox.put(Kind.PLAN, visit.store_id, at=at)
    facts = {"from": str(before or ""), "to": str(version.value or ""), "source": version.source}
    record(discharge, verb="date", to_state=discharge.state, at=at, by=by, reason=version.reason, facts=facts)


@transaction.atomic
def leave(discharge: Discharge, *, by: str, at: datetime) -> Discharge:
    """The person has gone home. Who was in hospital again is at home, and what waited goes on (rule 26)."""
    person = discharge.person
    if person.living == Living.HOSPITAL and person.died_on is None:
        circumstances.back_home(person, by=by, at=at)
    held = locks.discharge(discharge.pk)
    advance(held, DischargeState.HOME, by=by, at=at, values={"left_at": at})
    return held
