"""Safety alerts: open one, catch what turns up later, hold what is in the building, end it (rules 8 and 36).

What is done to one unit is in `recall_units`; what is read of an alert in `recall_reads`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from equipment import duties, locks, recall_facts, recall_matches, recall_units
from equipment.criteria import Criterion, natural
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.jobs import AlertUnitState
from equipment.lifecycle import note_job
from equipment.models import Alert, AlertCriterion, AlertUnit, Organisation, Product
from equipment.recall_facts import criterion_of
from equipment.recall_matches import Preview
from equipment.states import ASSET, AT_HOME, AT_STORE, AssetState
from equipment.words import AlertOutcome

AT_ONCE = 100  # units held while the alert is opened; a sweep holds the rest, and none is issued meanwhile
_U = AlertUnitState
_OPEN = (_U.FOUND, _U.VISIT, _U.UNREACHABLE)


@dataclass(frozen=True)
class Spec:
    """What an alert says. `action` is for units at home; `replacement` goes out instead, else another of the same."""

    organisation: Organisation
    reference: str
    title: str
    urgency: str
    action: str
    issued_on: date
    deadline: date
    criteria: tuple[Criterion, ...]
    source: str = ""
    instructions: str = ""
    replacement: Product | None = None


@transaction.atomic
def open_alert(spec: Spec, *, by: str, at: datetime) -> Alert:
    """From this moment no unit that it is about goes to anybody; every one of them is listed, and held where it is in
    a store. A manager's decision (rule 8), for every store at once.

    Raises Invalid naming what is missing or contradicts itself.
    """
    duties.require(by, Duty.MANAGE)
    _check(spec)
    alert = _written(spec, by=by, at=at)
    found = recall_matches.find(spec.criteria, spec.organisation)
    count = recall_matches.write(alert, found, at=at)
    recall_units.hold_lines(alert)
    note_job(alert, verb="open", at=at, by=by, reason=alert.title, facts={"units": count})
    _hold(alert, by=by, at=at, limit=AT_ONCE)
    return alert


def preview(criteria: Sequence[Criterion], organisation: Organisation) -> Preview:
    """How many units such an alert would find, and where. Nothing is written."""
    check_criteria(criteria)
    return recall_matches.places(recall_matches.find(criteria, organisation))


def _written(spec: Spec, *, by: str, at: datetime) -> Alert:
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                organisation=spec.organisation,
                reference=spec.reference.strip(),
                title=spec.title.strip(),
                source=spec.source.strip(),
                urgency=spec.urgency,
                action=spec.action,
                instructions=spec.instructions.strip(),
                replacement=spec.replacement,
                issued_on=spec.issued_on,
                deadline=spec.deadline,
                opened_at=at,
                opened_by=by,
            )
    except IntegrityError as error:
        raise Invalid(
            "reference_taken", f"Alert {spec.reference} is open or was: see it.", field="reference"
        ) from error
    AlertCriterion.objects.bulk_create(AlertCriterion(alert=alert, **_columns(one)) for one in spec.criteria)
    return alert


def _columns(one: Criterion) -> dict[str, object]:
    words = ("maker", "model", "serial_from", "serial_to", "batch")
    given: dict[str, object] = {name: getattr(one, name).strip() for name in words}
    return {**given, "product_id": one.product, "made_from": one.made_from, "made_to": one.made_to}


def _check(spec: Spec) -> None:
    for field in ("reference", "title"):
        if not getattr(spec, field).strip():
            raise Invalid(field, f"Give the alert's {field}.", field=field)
    if spec.deadline < spec.issued_on:
        raise Invalid("deadline", "The deadline lies before the day of issue: check both.", field="deadline")
    if spec.replacement is not None and spec.replacement.is_composite:
        raise Invalid("composite", "A set is issued as its parts: name one product to go instead.", field="replacement")
    check_criteria(spec.criteria)


def check_criteria(criteria: Sequence[Criterion]) -> None:
    """Raises Invalid for criteria that name nothing or contradict themselves."""
    if not criteria:
        raise Invalid("nothing_named", "Say what the alert is about: a product, a model or a maker.", field="criteria")
    for one in criteria:
        if one.product is None and not one.model.strip() and not one.maker.strip():
            raise Invalid("nothing_named", "Name a product, a model or a maker.", field="product")
        if one.serial_from.strip() and one.serial_to.strip() and natural(one.serial_from) > natural(one.serial_to):
            raise Invalid("serials", "The first serial comes after the last: turn them round.", field="serial_to")
        if one.made_from and one.made_to and one.made_from > one.made_to:
            raise Invalid("made", "The first date of manufacture comes after the last.", field="made_to")


def rematch(*, by: str, at: datetime, within: timedelta | None = None) -> int:
    """Catch what turned up since: booked in, brought back, found after a loss. Returns how many units are new.

    With `within`, only what has moved in that time is looked at, which a sweep of every few seconds can afford. Two at
    once find each unit once.
    """
    total = 0
    for alert in Alert.objects.filter(ended_at__isnull=True).prefetch_related("criteria").order_by("pk"):
        criteria = [criterion_of(row) for row in alert.criteria.all()]
        since = None if within is None else at - within
        found = recall_matches.find(criteria, alert.organisation, new_to=alert, since=since)
        if found.total:
            with transaction.atomic():
                if locks.alert(alert).ended_at is not None:
                    continue
                new = recall_matches.write(alert, found, at=at)
                recall_units.hold_lines(alert)
                note_job(alert, verb="catch", at=at, by=by, facts={"units": new})
                total += new
    return total


def hold_found(*, by: str, at: datetime, limit: int = 500) -> int:
    """Set aside the units that are in a store and not held yet: found there, or back from a home, or found again; also
    of ended alerts what these had left behind (rule 8).

    What was disposed of, lost or lent meanwhile is settled too. Returns how many were settled.
    """
    left = AlertUnit.objects.filter(recall_facts.left_over(), alert=OuterRef("pk"))
    alerts = Alert.objects.filter(Q(ended_at__isnull=True) | Exists(left)).order_by("pk")
    return sum(_hold(alert, by=by, at=at, limit=limit) for alert in alerts)


def _hold(alert: Alert, *, by: str, at: datetime, limit: int) -> int:
    units = AlertUnit.objects.filter(alert=alert)
    due = Q(asset__state__in=sorted(AT_STORE | recall_units.GONE)) | Q(stock_line__isnull=False)
    due |= Q(loan__ended_at__isnull=False)
    # What is lost is given up once; found again, it stands in a store.
    waiting = units.filter(due, state__in=_OPEN).exclude(state=_U.UNREACHABLE, asset__state=AssetState.LOST)
    keys = list(waiting.order_by("pk").values_list("pk", flat=True)[:limit])
    moved = Q(state=_U.HELD, asset__state__in=sorted(_NOT_HELD | AT_HOME | {AssetState.DISPOSED}))
    moved |= Q(state=_U.UNREACHABLE, note=recall_units.LOST, asset__state__in=sorted(AT_HOME))
    keys += list(units.filter(moved).order_by("pk").values_list("pk", flat=True)[:limit])
    more = units.filter(state=_U.CLOSED, outcome=AlertOutcome.CORRECTED, stock_line__alert=alert)
    again = sum(recall_units.more_of_it(pk, by=str(by), at=at) for pk in more.values_list("pk", flat=True)[:limit])
    return again + sum(recall_units.settle(pk, by=str(by), at=at) for pk in keys)


_NOT_HELD = frozenset(state for state in AT_STORE if (state, AssetState.HELD) in ASSET.moves)


@transaction.atomic
def extend(alert: Alert, *, deadline: date, reason: str, by: str, at: datetime) -> Alert:
    """Another deadline, named and reasoned. Raises Refused once the alert has ended."""
    duties.require(by, Duty.MANAGE)
    held = _open(alert)
    _say_why(reason)
    if deadline < held.issued_on:
        raise Invalid("deadline", "The deadline lies before the day of issue.", field="deadline")
    was, held.deadline = held.deadline, deadline
    held.save(update_fields=["deadline"])
    note_job(held, verb="extend", at=at, by=by, reason=reason, facts={"was": str(was), "deadline": str(deadline)})
    return held


@transaction.atomic
def end_alert(alert: Alert, *, reason: str, by: str, at: datetime) -> Alert:
    """Nothing more is caught under it. A manager's decision, refused while a unit is neither closed nor, for a reason
    on record, unreachable (rule 36).
    """
    duties.require(by, Duty.MANAGE)
    held = _open(alert)
    _say_why(reason)
    finished = (AlertUnitState.CLOSED, AlertUnitState.WITHDRAWN, AlertUnitState.UNREACHABLE)
    left = held.units.exclude(state__in=finished).count()
    if left:
        raise Refused(
            "units_open",
            f"{left} units are still to be dealt with: close each, or say why it cannot be reached.",
            units=left,
        )
    held.ended_at, held.ended_by, held.end_reason = at, by, reason.strip()
    held.save(update_fields=["ended_at", "ended_by", "end_reason"])
    note_job(held, verb="end", at=at, by=by, reason=reason)
    return held


def _open(alert: Alert) -> Alert:
    held = locks.alert(alert)
    if held.ended_at is not None:
        raise Refused("alert_ended", f"{held} has ended: open a new one.", alert=held.pk)
    return held


def _say_why(reason: str) -> None:
    if not reason.strip():
        raise Invalid("reason_needed", "Say why.", field="reason")
