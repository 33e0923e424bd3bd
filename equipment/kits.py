"""Sets: what is issued as one composite leaves together, fits together, and is expected back together (rule 11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from equipment.errors import Refused
from equipment.fitness import Pair, Reason, compatible
from equipment.models import Incompatibility, Loan


def problems(products: Iterable[int]) -> list[Reason]:
    """Why these products, by key, may not be used together. An empty list is the only yes."""
    keys = set(products)
    if len(keys) < 2:
        return []
    rows = Incompatibility.objects.filter(one__in=keys, other__in=keys).select_related("one", "other")
    matrix = [Pair(str(row.one), str(row.other), row.why) for row in rows]
    names = {str(product) for row in rows for product in (row.one, row.other)}
    return compatible(names, matrix)


def refuse(reasons: list[Reason]) -> None:
    """Raises Refused with all of them, or does nothing when there are none."""
    if reasons:
        raise Refused(
            reasons[0].code,
            " ".join(f"{r.sentence} {r.remedy}" for r in reasons),
            reasons=[asdict(r) for r in reasons],
        )


def rests(*, before: datetime) -> QuerySet[Loan]:
    """What is still out of the sets of which another part came back before that moment: a set returned in parts."""
    back = Loan.objects.filter(kit=OuterRef("kit"), ended_at__lt=before)
    return Loan.objects.filter(Exists(back), kit__isnull=False, ended_at__isnull=True)
