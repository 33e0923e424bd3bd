"""Order: check, price, authorise within the prescriber's limit, reserve and raise the visit, all in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum

from equipment import allocation, kits
from equipment.errors import Invalid, Refused
from equipment.models import Address, Organisation, Product, Reservation, Store
from logistics import locks, promises, siting, visits
from logistics.lifecycle import advance, record
from logistics.models import Activity, Allocation, Discharge, Order, OrderLine, Prescriber, Visit
from logistics.states import ActivityState, DischargeState, LineState, OrderState

MOST_OF_ONE_PRODUCT = 50  # more than this on one line is a typing error
_KITS = UUID("6f0c1d3e-52a7-4b0e-9a43-1d8f6f3b7c55")  # kits are named under it by the key of their composite's line


@dataclass(frozen=True)
class Item:
    """One product asked for. `critical`: the person cannot go home without it."""

    stock_code: str
    quantity: int = 1
    critical: bool = True


@dataclass(frozen=True)
class Request:
    """What a prescriber asks for: for a discharge, or for an address in the community."""

    items: tuple[Item, ...]
    prescriber: Prescriber
    organisation: Organisation
    discharge: Discharge | None = None
    address: Address | None = None
    funder: Organisation | None = None
    cost_centre: str = ""


@transaction.atomic
def place(request: Request, *, by: str, at: datetime) -> Order:
    """Place an order. What is free is reserved at once, recycled before new; what is not stays open and is tried again.

    Raises Invalid naming the field (quantity, product, prescriber, discharge) and writes nothing then.
    """
    products = _products(request.items, on=promises.today(at))
    _may_prescribe(request, on=promises.today(at))
    discharge = _expected(request.discharge) if request.discharge else None
    _same_person(request, discharge)
    order = _write(request, discharge, products, at=at)
    record(order, verb="place", to_state=order.state, at=at, by=by)
    if order.state == OrderState.AUTHORISED:
        supply(order, by=by, at=at)
    return order


def _products(items: Sequence[Item], *, on: date) -> dict[str, Product]:
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
        if not 1 <= item.quantity <= MOST_OF_ONE_PRODUCT:
            raise Invalid(
                "quantity", f"Ask for 1 to {MOST_OF_ONE_PRODUCT} of a product.", field=f"lines.{number}.quantity"
            )
        if product.is_composite:
            _require_compatible(product, field=f"lines.{number}.product")
    return found


def _require_compatible(composite: Product, *, field: str) -> None:
    """Rule 11: a set whose parts must not be used together is never ordered, whatever the catalogue says."""
    reasons = kits.problems(part.part_id for part in composite.parts.all())
    if reasons:
        raise Invalid("incompatible", f"{composite}: {' '.join(reason.sentence for reason in reasons)}", field=field)


def _may_prescribe(request: Request, *, on: date) -> None:
    """Rule 15: an expired PIN stops new orders, not old ones."""
    prescriber = request.prescriber
    if prescriber.active_until and prescriber.active_until < on:
        raise Invalid(
            "pin_expired", f"The PIN of {prescriber.name} ended on {prescriber.active_until}.", field="prescriber"
        )
    if prescriber.organisation_id != request.organisation.pk:
        raise Invalid("prescriber", "This prescriber belongs to another organisation.", field="prescriber")


def _same_person(request: Request, discharge: Discharge | None) -> None:
    """One order is for one person of one organisation: kit for a discharge never goes to somebody else's door."""
    if discharge is not None and request.address is not None and request.address.person_id != discharge.person_id:
        raise Invalid("address", "This address is not that of the person being discharged.", field="address")
    person = discharge.person if discharge is not None else request.address.person if request.address else None
    if person is not None and person.organisation_id != request.organisation.pk:
        raise Invalid(
            "prescriber", "This prescriber belongs to another organisation than the person.", field="prescriber"
        )


def _expected(discharge: Discharge) -> Discharge:
    held = locks.discharge(discharge.pk)
    if held.state != DischargeState.EXPECTED:
        raise Refused(
            "discharge_closed",
            f"This discharge is {held.get_state_display().lower()}: reopen it, or order for the address.",
        )
    return held


def _write(request: Request, discharge: Discharge | None, products: dict[str, Product], *, at: datetime) -> Order:
    address = request.address or (discharge.address if discharge else None)
    if address is None:
        raise Invalid("address", "Say for which discharge or address this is.", field="address")
    if not address.is_located:
        siting.locate(address, at=at)
    store = siting.depot_for(address, request.organisation)
    total = sum((products[item.stock_code].price * item.quantity for item in request.items), Decimal(0))
    within = total <= request.prescriber.order_limit
    order = Order.objects.create(
        organisation=request.organisation,
        discharge=discharge,
        person=address.person,
        address=address,
        store=store,
        prescriber=request.prescriber,
        funder=request.funder or request.organisation,
        cost_centre=request.cost_centre,
        state=OrderState.AUTHORISED if within else OrderState.AWAITING_AUTHORISATION,
        placed_at=at,
        authorised_at=at if within else None,
        authorised_by=f"within the limit of {request.prescriber}" if within else "",
        needed_by=needed_by(discharge),
        sla_due_at=promises.due_at(at, visits.calendar_of(store), settings.SERVICE["SPEED_WORKING_DAYS"]),
    )
    for item in request.items:
        _write_line(order, products[item.stock_code], item)
    return order


def _write_line(order: Order, product: Product, item: Item) -> None:
    line = OrderLine.objects.create(
        order=order, product=product, quantity=item.quantity, critical=item.critical, unit_price=product.price
    )
    if product.is_composite:
        OrderLine.objects.bulk_create(
            OrderLine(
                order=order,
                part_of=line,
                product=part.part,
                quantity=part.quantity * item.quantity,
                critical=item.critical,
                unit_price=Decimal(0),  # the price is the composite's
            )
            for part in product.parts.all()
        )


def needed_by(discharge: Discharge | None) -> datetime | None:
    return (
        promises.needed_by(discharge.expected_on, latest_safe_hour=settings.SERVICE["LATEST_SAFE_HOUR"])
        if discharge
        else None
    )


@transaction.atomic
def supply(order: Order, *, by: str, at: datetime) -> bool:
    """Reserve what an authorised order still lacks and put it on a visit. True when nothing is missing any more."""
    held = locks.order(order.pk)
    if held.state != OrderState.AUTHORISED:
        return False
    complete = True
    lines = held.lines.filter(state=LineState.OPEN).exclude(product__tracking="composite")
    lines = lines.select_related("product", "part_of__product")
    # In the order of products, so that two orders for the same things never wait for each other crosswise.
    served = _served(held)
    for line in lines.prefetch_related("product__regimes").order_by("product_id", "pk"):
        missing = line.quantity - served[line.pk]
        complete &= _units(_reserve(line, held, missing, by=by, at=at)) >= missing
    visits.raise_delivery(held, by=by, at=at)
    return complete


@transaction.atomic
def serve_again(line: OrderLine, *, by: str, at: datetime) -> tuple[list[Reservation], int]:
    """Reserve at once what one line lacks since something fell short; no visit is raised.

    Returns what was reserved, and how many units are still missing.
    """
    held = locks.order(line.order_id)
    if held.state != OrderState.AUTHORISED or line.state != LineState.OPEN:
        return [], 0
    missing = line.quantity - _served(held)[line.pk]
    made = _reserve(line, held, missing, by=by, at=at)
    return made, max(missing - _units(made), 0)


def _reserve(line: OrderLine, order: Order, missing: int, *, by: str, at: datetime) -> list[Reservation]:
    if missing <= 0:
        return []
    on = promises.today(order.needed_by or order.sla_due_at or at)
    wanted = allocation.Wanted(
        line.product,
        missing,
        order.person,
        max(on, promises.today(at)),
        _stores(order.store),
        kit=kit_of(line),
        composite=line.part_of.product if line.part_of else None,
    )
    made = allocation.reserve(wanted, by=by, at=at)
    Allocation.objects.bulk_create(Allocation(line=line, reservation=reservation) for reservation in made)
    return made


def _units(reservations: Iterable[Reservation]) -> int:
    return sum(reservation.quantity for reservation in reservations)


def kit_of(line: OrderLine) -> UUID | None:
    """What all parts of one composite line share, whenever each of them is reserved; None for anything else."""
    return uuid5(_KITS, str(line.part_of_id)) if line.part_of_id is not None else None


def _stores(depot: Store) -> tuple[Store, ...]:
    return (depot,)


def _served(order: Order) -> dict[int, int]:
    """Units reserved or already delivered, by line."""
    live_or_delivered = Q(ended_at__isnull=True) | Q(loan__isnull=False)
    rows = Reservation.objects.filter(live_or_delivered, allocation__line__order=order).order_by()
    sums = rows.values_list("allocation__line").annotate(total=Sum("quantity"))
    return defaultdict(int, dict(sums))


def supply_waiting(product_ids: Iterable[int], *, by: str, at: datetime) -> int:
    """Try again every order that waits for one of these products, soonest needed first; returns how many are now
    complete.
    """
    waiting = (
        OrderLine.objects.filter(
            product_id__in=list(product_ids), state=LineState.OPEN, order__state=OrderState.AUTHORISED
        )
        .order_by("order__needed_by", "order__placed_at")
        .values_list("order_id", flat=True)
    )
    return sum(supply(Order(pk=pk), by=by, at=at) for pk in dict.fromkeys(waiting))


@transaction.atomic
def cancel(order: Order, *, by: str, at: datetime, reason: str) -> Order:
    """Cancel what has not left the building. Refused once any of it is on a van or with the person."""
    held = locks.order(order.pk)
    for visit, activities in _carried_by(held).items():
        visits.call_off(visit, activities, by=by, at=at, reason=reason)
    for row in Allocation.objects.filter(line__order=held, reservation__ended_at__isnull=True).select_related(
        "reservation"
    ):
        allocation.release(row.reservation, by=by, at=at)
    for line in held.lines.filter(state=LineState.OPEN):
        advance(line, LineState.CANCELLED, by=by, at=at, reason=reason)
    advance(held, OrderState.CANCELLED, by=by, at=at, reason=reason)
    return held


def _carried_by(order: Order) -> dict[Visit, list[Activity]]:
    """The open activities of an order, by the visit that carries them, which may carry other orders too."""
    carried: dict[Visit, list[Activity]] = defaultdict(list)
    rows = Activity.objects.filter(line__order=order, state=ActivityState.OPEN).select_related("visit", "reservation")
    for activity in rows.order_by("visit_id", "pk"):
        carried[activity.visit].append(activity)
    return carried


def shortages(order: Order) -> dict[str, int]:
    """Units still missing, by stock code. Reads `lines`, `product`, `allocations` and `reservation`: prefetch them."""
    missing: dict[str, int] = defaultdict(int)
    for line in order.lines.all():
        if line.state == LineState.OPEN and not line.product.is_composite:
            reservations = [row.reservation for row in line.allocations.all()]
            short = line.quantity - sum(r.quantity for r in reservations if r.is_live or r.loan_id is not None)
            if short > 0:
                missing[line.product.stock_code] += short
    return dict(missing)
