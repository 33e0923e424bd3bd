"""Sets: what is issued as one composite leaves together, fits together, and is expected back together (rule 11)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from equipment.errors import Refused
from equipment.fitness import Pair, Reason, compatible
from equipment.models import Incompatibility, Loan, Product, Reservation


def problems(of: UUID | Iterable[int]) -> list[Reason]:
    """Why the parts of a kit, or these products by key, may not be used together. An empty list is the only yes."""
    keys = _parts(of) if isinstance(of, UUID) else set(of)
    if len(keys) < 2:
        return []
    rows = Incompatibility.objects.filter(one__in=keys, other__in=keys).select_related("one", "other")
    matrix = [Pair(str(row.one), str(row.other), row.why) for row in rows]
    names = {str(product) for row in rows for product in (row.one, row.other)}
    return compatible(names, matrix)


def with_instead(reservation: Reservation, product: Product) -> list[Reason]:
    """The same for the reservation's kit, were this product to take the place of the one reserved."""
    if reservation.kit is None:
        return []
    return problems(_parts(reservation.kit, but=reservation) | {product.pk})


def require_compatible(reservation: Reservation) -> None:
    """Raises Refused when a part of the reservation's kit has been declared incompatible with another (rule 11)."""
    if reservation.kit is not None:
        refuse(problems(reservation.kit))


def refuse(reasons: list[Reason]) -> None:
    """Raises Refused with all of them, or does nothing when there are none."""
    if reasons:
        raise Refused(
            reasons[0].code,
            " ".join(f"{r.sentence} {r.remedy}" for r in reasons),
            reasons=[{"code": r.code, "sentence": r.sentence, "remedy": r.remedy, "rule": r.rule} for r in reasons],
        )


def _parts(kit: UUID, *, but: Reservation | None = None) -> set[int]:
    """The products of a kit: reserved, or with the person already."""
    reserved = Reservation.objects.filter(kit=kit, ended_at__isnull=True)
    if but is not None:
        reserved = reserved.exclude(pk=but.pk)
    lent = Loan.objects.filter(kit=kit, ended_at__isnull=True)
    products = reserved.order_by().values_list("product_id", flat=True)
    return set(products.union(lent.order_by().values_list("product_id", flat=True)))


def rests(*, before: datetime) -> QuerySet[Loan]:
    """What is still out of the sets of which another part came back before that moment: a set returned in parts."""
    back = Loan.objects.filter(kit=OuterRef("kit"), ended_at__lt=before)
    return Loan.objects.filter(Exists(back), kit__isnull=False, ended_at__isnull=True)
