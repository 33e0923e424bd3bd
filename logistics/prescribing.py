"""What is asked of a request before it is written: known products, a PIN in force, one person, kit that suits them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from equipment import fitness, holdings, kits
from equipment.errors import Invalid, Refused
from equipment.models import Address, Organisation, Person, Product
from logistics import locks
from logistics.models import Discharge, Prescriber
from logistics.states import DischargeState

MOST_OF_ONE_PRODUCT = 50  # more than this on one line is a typing error


@dataclass(frozen=True)
class Item:
    """One product asked for. `critical`: the person cannot go home without it."""

    stock_code: str
    quantity: int = 1
    critical: bool = True


@dataclass(frozen=True)
class Request:
    """What a prescriber asks for: for a discharge, or for an address in the community.

    `duplicate_reason`: why, although the person has one or waits for one (rule 19).
    """

    items: tuple[Item, ...]
    prescriber: Prescriber
    organisation: Organisation
    discharge: Discharge | None = None
    address: Address | None = None
    funder: Organisation | None = None
    cost_centre: str = ""
    duplicate_reason: str = ""


def products_of(items: Sequence[Item], *, on: date) -> dict[str, Product]:
    """The products asked for, by stock code, with their regimes and parts. Raises Invalid naming the line."""
    if not items:
        raise Invalid("no_lines", "An order needs at least one line.", field="lines")
    found = {
        p.stock_code: p
        for p in Product.objects.filter(stock_code__in=[i.stock_code for i in items]).prefetch_related(
            "regimes", "parts__part__regimes"
        )
    }
    for number, item in enumerate(items):
        product = found.get(item.stock_code)
        if product is None:
            raise Invalid(
                "unknown_product", f"There is no product {item.stock_code!r}.", field=f"lines.{number}.product"
            )
        if product.withdrawn(on):
            raise Invalid(
                "product_withdrawn",
                f"{product} was withdrawn on {product.withdrawn_on}.",
                field=f"lines.{number}.product",
            )
        require_quantity(item.quantity, field=f"lines.{number}.quantity")
        if product.is_composite:
            _require_compatible(product, field=f"lines.{number}.product")
    return found


def require_quantity(quantity: int, *, field: str) -> None:
    if not 1 <= quantity <= MOST_OF_ONE_PRODUCT:
        raise Invalid("quantity", f"Ask for 1 to {MOST_OF_ONE_PRODUCT} of a product.", field=field)


def _require_compatible(composite: Product, *, field: str) -> None:
    """Rule 11: a set whose parts must not be used together is never ordered, whatever the catalogue says."""
    reasons = kits.problems(part.part_id for part in composite.parts.all())
    if reasons:
        raise Invalid("incompatible", f"{composite}: {' '.join(reason.sentence for reason in reasons)}", field=field)


def require_prescriber(prescriber: Prescriber, organisation_id: int, *, on: date) -> None:
    """Rule 15: an expired PIN stops new orders, not old ones."""
    if prescriber.active_until and prescriber.active_until < on:
        raise Invalid(
            "pin_expired", f"The PIN of {prescriber.name} ended on {prescriber.active_until}.", field="prescriber"
        )
    if prescriber.organisation_id != organisation_id:
        raise Invalid("prescriber", "This prescriber belongs to another organisation.", field="prescriber")


def require_band(items: Sequence[Item], products: Mapping[str, Product], prescriber: Prescriber) -> None:
    """Rule 15: a prescriber orders what is within their band; the rest is asked of a colleague."""
    for number, item in enumerate(items):
        product = products[item.stock_code]
        if product.band > prescriber.band:
            raise Invalid(
                "above_band",
                f"{product} is for prescribers of band {product.band} or above; {prescriber.name} is of band "
                f"{prescriber.band}. Ask a colleague to order it.",
                field=f"lines.{number}.product",
            )


def require_one_person(request: Request, discharge: Discharge | None) -> None:
    """One order is for one person of one organisation: kit for a discharge never goes to somebody else's door."""
    if discharge is not None and request.address is not None and request.address.person_id != discharge.person_id:
        raise Invalid("address", "This address is not that of the person being discharged.", field="address")
    person = discharge.person if discharge is not None else request.address.person if request.address else None
    if person is not None and person.organisation_id != request.organisation.pk:
        raise Invalid(
            "prescriber", "This prescriber belongs to another organisation than the person.", field="prescriber"
        )


def require_living(person: Person) -> None:
    """Rules 26 and 29: what is on order stays for somebody to decide, and nothing is added to it; nor to a record that
    was merged into another meanwhile.
    """
    if person.merged_into_id is not None:
        raise Refused("merged", "This record was merged into another just now: order again, for that one.")
    if person.died_on is not None:
        raise Refused("person_died", "This person has died: nothing more is ordered for them.")


def expected(discharge: Discharge) -> Discharge:
    """The discharge, held. Raises Refused unless the person is still expected to go home."""
    held = locks.discharge(discharge.pk)
    if held.state != DischargeState.EXPECTED:
        raise Refused(
            "discharge_closed",
            f"This discharge is {held.get_state_display().lower()}: reopen it, or order for the address.",
        )
    return held


def require_fit(
    items: Sequence[Item],
    products: Mapping[str, Product],
    person: Person,
    *,
    on: date,
    beside: Iterable[Product] = (),
) -> None:
    """Does everything asked for suit this person, together with what they have and what waits `beside` it?

    Asked now, so that no prescriber hears it from the van; and again of the very asset at each step on its way (rules 9
    to 13). Raises Invalid naming the line, with all reasons among the facts.
    """
    asked = [(number, part) for number, item in enumerate(items) for part in _issued(products[item.stock_code])]
    adding = [*beside, *(product for _, product in asked)]
    facts = holdings.person_facts(person, on=on, adding=[one for one in adding if not one.is_composite])
    found = [
        (number, reason)
        for number, product in asked
        for reason in fitness.suits(holdings.product_facts(product), facts, on=on)
    ]
    if found:
        number, first = found[0]
        raise Invalid(
            first.code,
            " ".join(dict.fromkeys(f"{reason.sentence} {reason.remedy}" for _, reason in found)),
            field=f"lines.{number}.product",
            reasons=[{"line": n} | asdict(r) for n, r in found],
        )


def _issued(product: Product) -> Iterable[Product]:
    """What goes out when this is asked for: of a composite, its parts."""
    return [row.part for row in product.parts.all()] if product.is_composite else [product]
