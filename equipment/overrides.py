"""One reason of fitness set aside for one person and product: by a manager, in somebody's name, and for a time."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from equipment import duties, fitness, locks, people
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.models import Override, Person, Product


@transaction.atomic
def override(
    person: Person,
    product: Product,
    code: str,
    *,
    reason: str,
    authorised_by: str,
    expires_on: date,
    by: str,
    at: datetime,
) -> Override:
    """Set this reason aside for this person and product, up to and including that day. One that stands ends by it.

    Raises Invalid for a reason that no one may set aside (rule 12: too heavy stays too heavy), without why or who, or
    for too long a time; Refused when a person of a store is no manager.
    """
    duties.require(by, Duty.MANAGE)
    _may_be_set_aside(code)
    for name, text in (("reason", reason), ("authorised_by", authorised_by)):
        if not text.strip():
            raise Invalid(f"{name}_needed", "Say why, and who answers for it: name and role.", field=name)
    _in_time(expires_on, at)
    held = people.hold(person)
    for former in Override.objects.filter(person=held, product=product, code=code, ended_at__isnull=True):
        _end(former, by=by, at=at)
    made = Override.objects.create(
        person=held,
        product=product,
        code=code,
        reason=reason.strip(),
        authorised_by=authorised_by.strip(),
        made_at=at,
        made_by=by,
        expires_on=expires_on,
    )
    people.note(
        held, "override", by=by, at=at, reason=made.reason, override=made.pk, product=product.stock_code, code=code
    )
    return made


@transaction.atomic
def end(override: Override, *, by: str, at: datetime) -> Override:
    """It counts no more, from now on. Raises Refused when it has ended."""
    duties.require(by, Duty.MANAGE)
    locks.person(override.person)
    override.refresh_from_db()
    if override.ended_at is not None:
        raise Refused("override_ended", f"This override ended on {override.ended_at:%d %b %Y}.")
    return _end(override, by=by, at=at)


def _end(override: Override, *, by: str, at: datetime) -> Override:
    override.ended_at, override.ended_by = at, by
    override.save(update_fields=["ended_at", "ended_by"])
    people.note(override.person, "end_override", by=by, at=at, override=override.pk, code=override.code)
    return override


def standing(person: Person, on: date) -> QuerySet[Override]:
    """Those that count on that day, newest first."""
    rows = Override.objects.filter(person=person, ended_at__isnull=True, expires_on__gte=on)
    return rows.select_related("product")


def _may_be_set_aside(code: str) -> None:
    if code not in fitness.OVERRIDABLE:
        raise Invalid(
            "not_overridable",
            f"{code[:24]!r} cannot be set aside; only {', '.join(sorted(fitness.OVERRIDABLE))} can.",
            field="code",
        )


def _in_time(expires_on: date, at: datetime) -> None:
    latest = day_of(at) + timedelta(days=settings.SERVICE["OVERRIDE_DAYS"])
    if not day_of(at) <= expires_on <= latest:
        raise Invalid(
            "expires_on", f"It must end between today and {latest:%d %b %Y}: it is for a time.", field="expires_on"
        )
