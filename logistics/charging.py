"""What a loan is charged at: the price of its order line when it was placed; of a composite, each part its share."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate, pairwise

from equipment.credits import pounds
from equipment.models import Loan
from logistics.models import OrderLine


def spread(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """A price in shares by weight, to the penny: they add up to it exactly. Without any weight, in equal shares."""
    parts = list(weights) if sum(weights) > 0 else [Decimal(1)] * len(weights)
    whole = sum(parts)
    marks = [Decimal(0), *(pounds(total * so_far / whole) for so_far in accumulate(parts))]
    return [after - before for before, after in pairwise(marks)]


def price_of(line: OrderLine, quantity: int) -> Decimal:
    """What the next `quantity` units of this line are charged at. A part's share of its composite follows the prices of
    the parts, so that each is credited by itself when it comes back.
    """
    if line.part_of is None:
        return line.unit_price * quantity
    units = [(part, part.product.price) for part in _parts(line.part_of) for _ in range(part.quantity)]
    shares = spread(line.part_of.unit_price * line.part_of.quantity, [price for _, price in units])
    own = [share for (part, _), share in zip(units, shares, strict=True) if part.pk == line.pk]
    done = sum(Loan.objects.filter(reservation__allocation__line=line).values_list("quantity", flat=True))
    return sum(own[done : done + quantity], Decimal(0))


def _parts(whole: OrderLine) -> list[OrderLine]:
    return list(whole.parts.select_related("product").order_by("pk"))
