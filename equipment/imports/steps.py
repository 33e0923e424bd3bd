"""What a row would do, and for whom: what the kinds of file have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from equipment.imports.columns import Line, Problem
from equipment.models import Asset, ImportJob, Loan, Organisation, Store


class Word(StrEnum):
    CREATE = "created"
    UPDATE = "updated"
    UNCHANGED = "unchanged"
    BAD = "bad"


@dataclass(frozen=True)
class Scope:
    """Whose rows these are, who brings them in, and when. `owners` are the organisation and those it serves."""

    organisation: Organisation
    store: Store | None
    owners: dict[str, Organisation]
    by: str
    at: datetime

    @classmethod
    def of(cls, job: ImportJob, *, at: datetime) -> Scope:
        own = [job.organisation, *job.organisation.serves.all()]
        return cls(job.organisation, job.store, {each.code: each for each in own}, f"import:{job.pk}", at)

    @property
    def owner_ids(self) -> frozenset[int]:
        return frozenset(each.pk for each in self.owners.values())


@dataclass
class Step:
    """One line, decided: `row` is what it is about when that exists, `changes` what would be written."""

    line: Line
    word: Word = Word.CREATE
    row: Any = None
    changes: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, field: str, code: str, detail: str) -> None:
        self.word = Word.BAD
        self.problems.append(Problem(self.line.number, field, code, detail))

    def found(self, row: Any, wanted: dict[str, Any]) -> None:
        """It exists: what differs of `wanted` is to be written."""
        self.row = row
        self.changes = {name: value for name, value in wanted.items() if getattr(row, name) != value}
        self.word = Word.UPDATE if self.changes else Word.UNCHANGED


class Verbs(NamedTuple):
    """`plan` reads and decides, in a fixed number of queries however many lines; `write` does it."""

    plan: Callable[[Scope, Sequence[Line]], list[Step]]
    write: Callable[[Scope, Sequence[Step]], None]


def of_word(steps: Sequence[Step], word: Word) -> list[Step]:
    return [step for step in steps if step.word == word]


def within(scope: Scope, *, keeper: bool = False) -> QuerySet[Asset]:
    """The assets that this organisation's history may be written to: its own, those of whom it serves, and those their
    people have had. With `keeper`, its provider's too: they are to be lent.
    """
    lent = Exists(Loan.objects.filter(asset=OuterRef("pk"), person__organisation__in=scope.owner_ids))
    owners = set(scope.owner_ids)
    if keeper and scope.organisation.provider_id:
        owners.add(scope.organisation.provider_id)
    return Asset.objects.filter(Q(owner__in=owners) | lent)


class Assets:
    """The assets that some lines name, by number or barcode, read at once."""

    def __init__(self, scope: Scope, lines: Sequence[Line], *, keeper: bool = False) -> None:
        numbers = [line.given["asset_number"] for line in lines if "asset_number" in line.given]
        codes = [line.given["barcode"] for line in lines if "barcode" in line.given]
        rows = Asset.objects.filter(Q(number__in=numbers) | Q(barcode__in=codes)).select_related("product")
        self._by: dict[tuple[str, str], Asset] = {}
        for asset in rows:
            self._by["asset_number", asset.number] = asset
            self._by["barcode", asset.barcode or ""] = asset
        self._own = set(within(scope, keeper=keeper).filter(pk__in=self.keys()).values_list("pk", flat=True))

    def keys(self) -> list[int]:
        return sorted({asset.pk for asset in self._by.values()})

    def rows(self) -> list[Asset]:
        return list(self._by.values())

    def of(self, step: Step) -> Asset | None:
        """The asset of that line; None, with the reason on the step, when there is none that may be named here."""
        given = step.line.given
        field = "asset_number" if "asset_number" in given else "barcode"
        asset = self._by.get((field, given[field]))
        if asset is None:
            step.refuse(field, "no_such_asset", f"There is no asset {given[field]}: bring the assets in first.")
        elif asset.pk not in self._own:
            step.refuse(field, "not_yours", f"Asset {given[field]} belongs to another organisation: leave the row out.")
            return None
        return asset
