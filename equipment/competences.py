"""The register of competent persons: who may examine what, in which store, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from equipment import duties
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.models import Asset, Competence, Organisation, Store
from equipment.states import TestKind, label

_KINDS = frozenset(kind.value for kind in TestKind) - {TestKind.ACCEPTANCE}


@transaction.atomic
def enrol(
    organisation: Organisation,
    *,
    name: str,
    kind: str,
    by: str,
    at: datetime,
    store: Store | None = None,
    number: str = "",
    valid_until: date | None = None,
) -> Competence:
    """Put a person on the register for one kind of test, or renew what is there; `store` None: in every store.

    From the first entry on, an organisation keeps a register for that kind: nobody else may record it. Raises Invalid
    without a name, for a kind that is no test, and for a date that has passed.
    """
    duties.require(by, Duty.MANAGE, store.pk if store else None)
    if not name.strip():
        raise Invalid("name", "Say who it is.", field="name")
    if kind not in _KINDS:
        raise Invalid("kind", f"There is no test called {kind}.", field="kind")
    if valid_until is not None and valid_until < day_of(at):
        raise Invalid("valid_until", "This day has passed: give the last day it counts.", field="valid_until")
    known = Competence.objects.filter(organisation=organisation, name__iexact=name.strip())
    row = known.filter(kind=kind).first() or Competence(organisation=organisation, name=name.strip(), kind=kind)
    row.store, row.number, row.valid_until = store, number, valid_until
    row.save()
    return row


@transaction.atomic
def end(competence: Competence, *, by: str, at: datetime) -> None:
    """From today on this person may not examine this any more; the entry stays, so that the register is still kept.

    Refused when it has ended already.
    """
    duties.require(by, Duty.MANAGE, competence.store_id)
    today = day_of(at)
    current = Competence.objects.filter(_current(today), pk=competence.pk)
    if current.update(valid_until=today - timedelta(days=1)) != 1:
        raise Refused("already_ended", f"{competence.name} is not on the register for this any more.")
    competence.refresh_from_db()


@dataclass(frozen=True)
class Register:
    """The register as it stands, read once for many questions."""

    rows: tuple[Competence, ...]

    @classmethod
    def read(cls) -> Register:
        """In one query: a register is as long as the list of people who examine."""
        return cls(tuple(Competence.objects.select_related("organisation").order_by("name", "pk")))

    def of(self, kind: str, store: Store) -> list[Competence]:
        """Those who are or were on it for this test in this store, for whoever the store works for."""
        whose = store.organisation_id
        return [
            row
            for row in self.rows
            if row.kind == kind
            and row.store_id in (None, store.pk)
            and whose in (row.organisation_id, row.organisation.provider_id)
        ]

    def who_may(self, kind: str, store: Store, on: date) -> list[Competence]:
        return [row for row in self.of(kind, store) if row.valid_until is None or row.valid_until >= on]

    def ends_on(self, kind: str, store: Store) -> date | None:
        """The last day on which anybody may make this test there; None without a register, or without an end."""
        dates = [row.valid_until for row in self.of(kind, store)]
        return None if None in dates else max((day for day in dates if day is not None), default=None)


def who_may(kind: str, store: Store, on: date) -> list[Competence]:
    """Those on the register who may make this test in this store on that day."""
    return Register.read().who_may(kind, store, on)


def _current(on: date) -> Q:
    return Q(valid_until__isnull=True) | Q(valid_until__gte=on)


def require_competent(asset: Asset, kind: str, examiner: str, *, on: date) -> None:
    """Raises Invalid when a register is kept for this kind and the examiner is not on it for that day.

    It is kept by the asset's owner, or by the provider who runs the owner's stores; without one, nothing is asked.
    """
    owner = asset.owner
    register = Competence.objects.filter(organisation__in={owner.pk, owner.provider_id} - {None}, kind=kind)
    rows = list(register.select_related("store"))
    if not rows:
        return
    mine = [row for row in rows if row.name.casefold() == examiner.strip().casefold()]
    if not any(_counts(row, asset, on) for row in mine):
        raise Invalid(
            "not_competent",
            f"{examiner} is not on the register for the {label(kind)} on {on:%d %b %Y}: "
            "ask somebody who is, or have the store manager enrol them.",
            field="examiner",
        )


def _counts(row: Competence, asset: Asset, on: date) -> bool:
    here = row.store_id is None or asset.store_id is None or row.store_id == asset.store_id
    return here and (row.valid_until is None or row.valid_until >= on)
