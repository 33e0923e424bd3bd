"""What may be used together: pairs that never are, approved partners, and what a rail was judged on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import product as every

from equipment.facts import Assessment, Pair, PersonFacts, ProductFacts, Reason
from equipment.states import label
from equipment.words import Use

JUDGED = frozenset({Use.RAIL, Use.LEVER, Use.TURNING})
_MATTRESSES = frozenset({Use.MATTRESS, Use.AIRFLOW})
_UNDER_A_RAIL = _MATTRESSES | {Use.BED}
_OWN_BED, _OWN_MATTRESS = "the person's own bed", "the person's own mattress"


def compatible(products: Iterable[str], matrix: Iterable[Pair]) -> list[Reason]:
    """Rule 11: why these products may not be used together, one reason for every pair declared incompatible."""
    present = set(products)
    return [
        Reason(
            "incompatible",
            f"{pair.one} is never used together with {pair.other}: {pair.why.rstrip('.')}.",
            "Put another product in the place of one of them.",
            11,
        )
        for pair in matrix
        if pair.one != pair.other and {pair.one, pair.other} <= present
    ]


def together(product: ProductFacts, person: PersonFacts) -> Iterable[Reason]:
    """Rule 11: nothing goes to a person next to what it is never used with, or is not approved for."""
    others = {other.code: other for other in person.around if other.code != product.code}
    named = {code: str(other) for code, other in others.items()} | {product.code: str(product)}
    mine = [
        pair for pair in person.never if product.code in (pair.one, pair.other) and {pair.one, pair.other} <= set(named)
    ]
    yield from compatible(named.values(), [Pair(named[pair.one], named[pair.other], pair.why) for pair in mine])
    for _, other in sorted(others.items()):
        yield from _approved(product, other, person)


def _approved(product: ProductFacts, other: ProductFacts, person: PersonFacts) -> Iterable[Reason]:
    for one, its in ((product, other), (other, product)):
        for partners in person.partners:
            if partners.product == one.code and its.use == partners.use and its.code not in partners.approved:
                yield Reason(
                    "not_partners",
                    f"{one} is approved for use with {', '.join(sorted(partners.approved))}, and not with {its}.",
                    f"Put an approved {label(partners.use).lower()} in its place.",
                    11,
                )
                return


def judged(product: ProductFacts, person: PersonFacts, on: date) -> Iterable[Reason]:
    """Rule 13: every rail, lever and turning device was judged for this person with every bed and mattress there."""
    there = [product, *person.around]
    if product.use in JUDGED:
        devices = {product.code: product}
    elif product.use in _UNDER_A_RAIL:
        devices = {other.code: other for other in person.around if other.use in JUDGED}
    else:
        return
    pairs = list(every(_codes(there, {Use.BED}), _codes(there, _MATTRESSES)))
    for _, device in sorted(devices.items()):
        found = (_verdict(device, bed, mattress, person, on) for bed, mattress in pairs)
        yield from list(filter(None, found))[:1]


def _codes(parts: Iterable[ProductFacts], uses: Iterable[str]) -> Sequence[str | None]:
    """Which products of these uses are there; None stands for the person's own."""
    return sorted({part.code for part in parts if part.use in uses}) or [None]


def _verdict(
    device: ProductFacts, bed: str | None, mattress: str | None, person: PersonFacts, on: date
) -> Reason | None:
    about = [row for row in person.assessments if row.product == device.code and row.assessed_on <= on]
    on_what = f"{bed or _OWN_BED} and {mattress or _OWN_MATTRESS}"
    if not about:
        return Reason(
            "no_assessment",
            f"{device.name} has not been assessed for this person on {on_what}.",
            "Assess the risk and record it.",
            13,
        )
    latest = _latest([row for row in about if (row.bed, row.mattress) == (bed, mattress)])
    if latest is None:
        return _void(device, f"was made for another bed or mattress than {on_what}")
    if not latest.suitable:
        return Reason(
            "unsuitable",
            f"{device.name} was found unsuitable for this person on {on_what} on {latest.assessed_on:%d %b %Y}.",
            "Order something else, or have it assessed again.",
            13,
        )
    if latest.review_on < on:
        return _void(device, f"counted until {latest.review_on:%d %b %Y}")
    if _changed(latest.weight_kg, person):
        return _void(device, f"was made at {latest.weight_kg:g} kg; the person now weighs {person.weight_kg:g} kg")
    return None


def _latest(rows: Sequence[Assessment]) -> Assessment | None:
    """Of two made on one day, a no beats a yes."""
    return max(rows, key=lambda row: (row.assessed_on, not row.suitable, row.review_on), default=None)


def _void(device: ProductFacts, why: str) -> Reason:
    sentence = f"The risk assessment of {device.name} {why}."
    return Reason("assessment_void", sentence, "Assess it again and record it.", 13)


def _changed(before: float | None, person: PersonFacts) -> bool:
    """By more than the service allows. In whole tenths of a kilogram: exactly ten percent is not more."""
    if before is None or person.weight_kg is None:
        return False
    change = abs(round(person.weight_kg * 10) - round(before * 10))
    return change * 100 > person.limits.weight_change_percent * round(before * 10)
