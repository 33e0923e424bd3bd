"""Before it is ordered: may these products go to this person? Read only; the same rules as at every later step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from equipment import fitness, holdings
from equipment.errors import Invalid
from equipment.fitness import Reason
from equipment.models import Person, Product


@dataclass(frozen=True)
class Answer:
    """Why this product may not go to the person; nothing speaks against it when there are no reasons."""

    product: Product
    reasons: list[Reason]


def ask(person: Person, codes: Sequence[str], *, on: date) -> list[Answer]:
    """An answer for each product, in the order asked: judged together, as they would be at home with what the person
    has there. A set is judged by its parts (rules 9, 11 to 13 and 38). Raises Invalid for a code of no product.
    """
    products = _products(codes)
    parts = {product.pk: _parts(product) for product in products}
    everything = {part.pk: part for each in parts.values() for part in each}
    facts = holdings.person_facts(person, on=on, adding=list(everything.values()))
    found = {pk: fitness.suits(holdings.product_facts(part), facts, on=on) for pk, part in everything.items()}
    return [Answer(product, _once([r for part in parts[product.pk] for r in found[part.pk]])) for product in products]


def _products(codes: Sequence[str]) -> list[Product]:
    known = {
        row.stock_code: row for row in Product.objects.filter(stock_code__in=codes).prefetch_related("parts__part")
    }
    missing = [code for code in codes if code not in known]
    if missing:
        raise Invalid("product", f"There is no product {missing[0]!r}: look it up in the catalogue.", field="products")
    return [known[code] for code in dict.fromkeys(codes)]


def _parts(product: Product) -> list[Product]:
    return [row.part for row in product.parts.all()] if product.is_composite else [product]


def _once(reasons: list[Reason]) -> list[Reason]:
    return list(dict.fromkeys(reasons))
