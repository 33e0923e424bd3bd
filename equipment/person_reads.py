"""Reads: what is on record of a person and of the products around them. Each asks only when the set needs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from django.conf import settings
from django.db.models import F, Q, QuerySet

from equipment.facts import Assessment, Limits, Pair, Partners
from equipment.models import (
    Compatibility,
    Incompatibility,
    Loan,
    Override,
    Person,
    Product,
    Reservation,
    RiskAssessment,
)
from equipment.states import AssetState
from equipment.together import JUDGED


def limits() -> Limits:
    """What the service has agreed."""
    agreed = settings.SERVICE
    return Limits(
        weight_valid_days=agreed["WEIGHT_VALID_DAYS"],
        weight_change_percent=agreed["WEIGHT_CHANGE_PERCENT"],
        small_body_cm=agreed["SMALL_BODY_CM"],
        small_body_kg=agreed["SMALL_BODY_KG"],
        small_body_bmi=agreed["SMALL_BODY_BMI"],
        analogue_switch_off=agreed["ANALOGUE_SWITCH_OFF"],
    )


def staying(person: Person, *, instead_of: Iterable[Loan] = ()) -> QuerySet[Loan]:
    """What the person has and keeps: neither waiting to be fetched nor about to be replaced."""
    rows = Loan.objects.filter(person=person, ended_at__isnull=True).exclude(pk__in=[loan.pk for loan in instead_of])
    rows = rows.exclude(asset__isnull=False, asset__state=AssetState.COLLECTION_DUE).exclude(
        fetch_asked_at__isnull=False
    )
    return rows.select_related("product").order_by("pk")


def promised(person: Person, *, without: Reservation | None = None) -> QuerySet[Reservation]:
    """What is reserved for the person or on its way to them."""
    rows = Reservation.objects.filter(person=person, ended_at__isnull=True)
    if without is not None:
        rows = rows.exclude(pk=without.pk)
    return rows.select_related("product").order_by("pk")


def never(products: Sequence[Product]) -> tuple[Pair, ...]:
    """Which of these are never used together (rule 11)."""
    keys = {product.pk for product in products}
    if len(keys) < 2:
        return ()
    rows = Incompatibility.objects.filter(one__in=keys, other__in=keys)
    return tuple(Pair(*row) for row in rows.values_list("one__stock_code", "other__stock_code", "why"))


def partners(products: Sequence[Product]) -> tuple[Partners, ...]:
    """What each of these is approved for, by use (rule 11)."""
    keys = {product.pk for product in products}
    if len(keys) < 2:
        return ()
    rows = Compatibility.objects.filter(Q(one__in=keys) | Q(other__in=keys))
    named = rows.values_list("one__stock_code", "one__use", "other__stock_code", "other__use")
    approved: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one, its_use, other, others_use in named:
        approved[one, others_use].add(other)
        approved[other, its_use].add(one)
    return tuple(Partners(code, use, frozenset(codes)) for (code, use), codes in sorted(approved.items()) if use)


def assessments(person: Person, products: Sequence[Product]) -> tuple[Assessment, ...]:
    """The risk assessments that stand of those among the products which need one (rule 13)."""
    keys = {product.pk for product in products if product.use in JUDGED}
    if not keys:
        return ()
    rows = RiskAssessment.objects.filter(person=person, product__in=keys, voided_at__isnull=True)
    facts = rows.annotate(code=F("product__stock_code"), on_bed=F("bed__stock_code"), on_it=F("mattress__stock_code"))
    return tuple(
        Assessment(
            product=row.code,
            bed=row.on_bed,
            mattress=row.on_it,
            suitable=row.suitable,
            assessed_on=row.assessed_on,
            review_on=row.review_on,
            weight_kg=float(row.weight_kg) if row.weight_kg is not None else None,
        )
        for row in facts
    )


def overrides(person: Person, *, on: date) -> frozenset[tuple[str, str]]:
    """Which reasons are set aside for the person on that day, by product."""
    rows = Override.objects.filter(person=person, ended_at__isnull=True, expires_on__gte=on)
    return frozenset(rows.values_list("product__stock_code", "code"))
