"""Two records of one person made one, and taken apart again (rule 29).

Whatever points to the record that goes is moved to the one that stays, in every app; what moved is written down by
model, field and key, so that it can go back. History stays where it was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction

from equipment import duties, locks, people
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.models import Person, PersonEvent, PersonMerge

# Written once and never again: they say what was done, of which record.
_STAYS: frozenset[type[models.Model]] = frozenset({Person, PersonEvent, PersonMerge})
# What the record that stays lacks is taken from the other. The weight comes with its day: the newest wins.
_FILLED = (
    "nhs_number",
    "born_on",
    "phone",
    "height_cm",
    "sling_size",
    "smokes",
    "uses_oxygen",
    "uses_emollients",
    "has_smoke_alarm",
    "fire_referred_on",
)
_WEIGHT = ("weight_kg", "weighed_on")
# When both were asked and the answers differ, the one that asks for more care stands, until somebody asks again.
_CAREFUL = {"smokes": True, "uses_oxygen": True, "uses_emollients": True, "has_smoke_alarm": False}

Rows = dict[str, list[int]]


def links() -> Iterator[tuple[type[models.Model], str]]:
    """Every column that points to a person, by model and name, in whichever app; but for what stays as it was
    written.
    """
    for model in sorted(apps.get_models(include_auto_created=True), key=lambda one: one._meta.label_lower):
        if model in _STAYS or model._meta.proxy or not model._meta.managed:
            continue
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model is Person:
                yield model, field.name


@transaction.atomic
def merge(kept: Person, gone: Person, *, reason: str, by: str, at: datetime) -> PersonMerge:
    """Make two records of one person one: loans, orders, tests, alerts, addresses and the rest of `gone` become those
    of `kept` (rule 29). Answers the merge, which `unmerge` undoes.

    Raises Refused, and writes nothing, when NHS numbers (`nhs_conflict`), dates of birth, organisations or deaths
    differ, when either was merged already, and when both hold what a person has once (`would_clash`).
    """
    duties.require(by, Duty.MANAGE)
    if not reason.strip():
        raise Invalid("reason_needed", "Say how you know that both are the same person.", field="reason")
    if kept.pk == gone.pk:
        raise Invalid("same_record", "This is the same record twice: choose another one.", field="gone")
    held = locks.people([kept.pk, gone.pk])
    one, other = held[kept.pk], held[gone.pk]
    _require_alike(one, other)
    moved = {"rows": _move(other.pk, one.pk), "fields": _fill(one, other)}
    other.merged_into = one
    other.save(update_fields=["merged_into"])
    made = PersonMerge.objects.create(kept=one, gone=other, moved=moved, reason=reason[:300], at=at, by=str(by)[:80])
    people.note(one, "merge", by=by, at=at, reason=reason[:300], merge=made.pk, gone=other.pk)
    people.note(other, "merged", by=by, at=at, reason=reason[:300], merge=made.pk, into=one.pk)
    return made


def _require_alike(one: Person, other: Person) -> None:
    for row in (one, other):
        if row.merged_into_id is not None:
            raise Refused("already_merged", f"{row.initials} was merged into another record already: use that one.")
    if one.organisation_id != other.organisation_id:
        raise Refused("other_organisation", "These records belong to two organisations: each keeps its own.")
    if one.nhs_number and other.nhs_number and one.nhs_number != other.nhs_number:
        raise Refused("nhs_conflict", "The NHS numbers differ: these are two people, or one number is wrong.")
    if one.born_on and other.born_on and one.born_on != other.born_on:
        raise Refused("born_on_conflict", "The dates of birth differ: correct the wrong one first.")
    if one.died_on != other.died_on:
        raise Refused("death_conflict", "Only one is on record as dead, or on another day: put that right first.")


def _move(source: int, target: int) -> Rows:
    """Move every row that points to one person to another; what moved, by model and field."""
    moved: Rows = {}
    for model, name in links():
        keys = list(model._base_manager.filter(**{name: source}).order_by("pk").values_list("pk", flat=True))
        if keys:
            _repoint(model, name, keys, source, target)
            moved[f"{model._meta.label_lower}.{name}"] = keys
    return moved


def _repoint(model: type[models.Model], name: str, keys: list[int], source: int, target: int) -> None:
    what = str(model._meta.verbose_name_plural)
    try:
        with transaction.atomic():
            rows = model._base_manager.filter(pk__in=keys, **{name: source})
            changed = rows.update(**{name: target})
    except IntegrityError as error:
        raise Refused("would_clash", f"Both have {what} that a person has once: end one of them first.") from error
    if changed != len(keys):
        raise Refused("moved_on", f"Some {what} belong to somebody else by now: put that right first.")


def _fill(one: Person, other: Person) -> dict[str, list[Any]]:
    """Give `one` what it lacks; answers `{field: [before, after]}`. An NHS number is given up by the other."""
    given = {name: getattr(other, name) for name in _FILLED if _blank(getattr(one, name))}
    given |= {name: careful for name, careful in _CAREFUL.items() if getattr(other, name) is careful}
    if other.weight_kg is not None and _newer(other.weighed_on, one.weighed_on, bare=one.weight_kg is None):
        given |= {name: getattr(other, name) for name in _WEIGHT}
    given = {name: value for name, value in given.items() if not _blank(value) or name in _WEIGHT}
    changes = {name: [_plain(getattr(one, name)), _plain(value)] for name, value in given.items()}
    if other.nhs_number:
        other.nhs_number = None
        other.save(update_fields=["nhs_number"])
    for name, value in given.items():
        setattr(one, name, value)
    if given:
        one.save(update_fields=sorted(given))
    return changes


def _blank(value: object) -> bool:
    return value is None or value == ""


def _newer(one: date | None, other: date | None, *, bare: bool) -> bool:
    return bare or (one is not None and (other is None or one > other))


def _plain(value: object) -> Any:
    return str(value) if isinstance(value, date | Decimal) else value


@transaction.atomic
def unmerge(done: PersonMerge, *, reason: str, by: str, at: datetime) -> PersonMerge:
    """They are two people after all: exactly what moved goes back, and what was filled in goes, unless it has been
    changed since. What was made since the merge stays with the record that was kept (rule 29).

    Raises Refused, and writes nothing, when it was undone already, when the record kept was merged itself since, and
    when something cannot go back (`would_clash`, `moved_on`).
    """
    duties.require(by, Duty.MANAGE)
    if not reason.strip():
        raise Invalid("reason_needed", "Say how it came to light that they are two people.", field="reason")
    held = locks.people([done.kept_id, done.gone_id])
    done.refresh_from_db()
    kept, gone = held[done.kept_id], held[done.gone_id]
    if done.undone_at is not None:
        raise Refused("merge_undone", "This merge has been undone already.")
    if kept.merged_into_id is not None:
        raise Refused("merged_since", "The record that was kept was merged itself since: undo that first.")
    for key, rows in done.moved.get("rows", {}).items():
        label, name = key.rsplit(".", 1)
        _repoint(apps.get_model(label), name, rows, kept.pk, gone.pk)
    _take_back(kept, gone, done.moved.get("fields", {}))
    gone.merged_into = None
    gone.save(update_fields=["merged_into"])
    done.undone_at, done.undone_by, done.undo_reason = at, str(by)[:80], reason[:300]
    done.save(update_fields=["undone_at", "undone_by", "undo_reason"])
    people.note(kept, "unmerge", by=by, at=at, reason=reason[:300], merge=done.pk, gone=gone.pk)
    people.note(gone, "unmerged", by=by, at=at, reason=reason[:300], merge=done.pk)
    return done


def _take_back(kept: Person, gone: Person, fields: dict[str, list[Any]]) -> None:
    changed = {name for name, (_, after) in fields.items() if _plain(getattr(kept, name)) != after}
    if changed & set(_WEIGHT):  # a weight and its day stay or go together
        changed |= set(_WEIGHT)
    for name in fields.keys() - changed:
        column: Any = Person._meta.get_field(name)
        setattr(kept, name, column.to_python(fields[name][0]))
    if fields:
        kept.save(update_fields=sorted(fields))
    if "nhs_number" in fields:
        gone.nhs_number = fields["nhs_number"][1]
        if Person.objects.filter(organisation=gone.organisation_id, nhs_number=gone.nhs_number).exists():
            raise Refused("nhs_conflict", "Another record has this NHS number by now: put that right first.")
        gone.save(update_fields=["nhs_number"])


def gather(*, by: str, at: datetime) -> int:
    """Move what was made for a merged record in the moment of its merging, or by whoever still held its old key.
    Asked by the clock; returns how many rows.
    """
    count = 0
    for done in PersonMerge.objects.filter(undone_at__isnull=True).select_related("gone__merged_into").order_by("pk"):
        count += _gather(done, by=by, at=at)
    return count


@transaction.atomic
def _gather(done: PersonMerge, *, by: str, at: datetime) -> int:
    held = locks.people([done.kept_id, done.gone_id])
    done.refresh_from_db()
    if done.undone_at is not None:
        return 0
    target = people.current(held[done.kept_id])
    try:
        with transaction.atomic():
            late = _move(done.gone_id, target.pk)
    except Refused:
        return 0
    if late and target.pk == done.kept_id:
        rows: Rows = done.moved.get("rows", {})
        done.moved = {**done.moved, "rows": {**rows, **{key: [*rows.get(key, []), *late[key]] for key in late}}}
        done.save(update_fields=["moved"])
    return sum(map(len, late.values()))
