"""Order: check, price, authorise within the prescriber's limit, reserve and raise the visit, all in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum

from equipment import allocation
from equipment.errors import Invalid
from equipment.models import Address, Product, Reservation, Store
from equipment.states import Tracking
from logistics import duplicates, locks, misfits, prescribing, promises, siting, visits
from logistics.lifecycle import advance, record
from logistics.models import Activity, Allocation, Discharge, Order, OrderLine, Visit
from logistics.prescribing import Item, Request
from logistics.states import ActivityState, LineState, OrderState

__all__ = [
    "Item",
    "Request",
    "cancel",
    "carried_by",
    "kit_of",
    "needed_by",
    "place",
    "release_all",
    "serve_again",
    "served",
    "shortages",
    "supply",
    "supply_waiting",
    "value_of",
    "write_line",
]

_NAME = 80  # letters that the record has room for
_KITS = UUID("6f0c1d3e-52a7-4b0e-9a43-1d8f6f3b7c55")  # kits are named under it by the key of their composite's line


@transaction.atomic
def place(request: Request, *, by: str, at: datetime) -> Order:
    """Place an order. What is free is reserved at once, recycled before new; what is not stays open and is tried again.

    Raises Invalid naming the field (quantity, product, prescriber, discharge; what does not suit the person) and
    Refused when there is one already (rule 19); nothing is written then.
    """
    today = promises.today(at)
    products = prescribing.products_of(request.items, on=today)
    prescribing.require_prescriber(request.prescriber, request.organisation.pk, on=today)
    prescribing.require_band(request.items, products, request.prescriber)
    person = locks.person(_address(request, request.discharge).person_id)
    discharge = prescribing.expected(request.discharge) if request.discharge else None
    prescribing.require_one_person(request, discharge)
    address = _address(request, discharge)
    prescribing.require_living(person)
    prescribing.require_fit(request.items, products, person, on=today)
    duplicates.require_none(request.items, products, person, request.duplicate_reason)
    order = _write(request, discharge, address, products, at=at)
    total = sum((products[item.stock_code].price * item.quantity for item in request.items), Decimal(0))
    facts = {"total": str(total), "limit": str(request.prescriber.order_limit)}
    record(order, verb="place", to_state=order.state, at=at, by=by, facts=facts)
    if order.state == OrderState.AUTHORISED:
        supply(order, by=by, at=at)
    return order


def _address(request: Request, discharge: Discharge | None) -> Address:
    address = request.address or (discharge.address if discharge else None)
    if address is None:
        raise Invalid("address", "Say for which discharge or address this is.", field="address")
    return address


def value_of(order: Order) -> Decimal:
    """What its lines come to at the prices in force when each was asked for."""
    lines = order.lines.exclude(state=LineState.CANCELLED)
    return sum((line.unit_price * line.quantity for line in lines), Decimal(0))


def _write(
    request: Request, discharge: Discharge | None, address: Address, products: dict[str, Product], *, at: datetime
) -> Order:
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
        authorised_by=f"within the limit of {request.prescriber.name}"[:_NAME] if within else "",
        authorised_value=total if within else None,
        duplicate_reason=request.duplicate_reason.strip(),
        needed_by=needed_by(discharge),
        sla_due_at=promises.due_at(at, visits.calendar_of(store), settings.SERVICE["SPEED_WORKING_DAYS"]),
    )
    for item in request.items:
        write_line(order, products[item.stock_code], item)
    return order


def write_line(order: Order, product: Product, item: Item) -> None:
    """A line at the price in force now; of a composite, its parts too."""
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
    lines = held.lines.filter(state=LineState.OPEN).exclude(product__tracking=Tracking.COMPOSITE)
    lines = lines.select_related("product", "part_of__product")
    # In the order of products, so that two orders for the same things never wait for each other crosswise.
    reserved, beside = served(held), _products(held)
    for line in lines.prefetch_related("product__regimes").order_by("product_id", "pk"):
        missing = line.quantity - reserved[line.pk]
        complete &= _units(_reserve(line, held, missing, beside, by=by, at=at)) >= missing
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
    missing = line.quantity - served(held)[line.pk]
    made = _reserve(line, held, missing, _products(held), by=by, at=at)
    return made, max(missing - _units(made), 0)


def _products(order: Order) -> dict[int, Product]:
    """What goes out together for an order, by line: the rules ask of each what it is used with."""
    rows = order.lines.filter(state=LineState.OPEN).exclude(product__tracking=Tracking.COMPOSITE)
    return {line.pk: line.product for line in rows.select_related("product")}


def _reserve(
    line: OrderLine, order: Order, missing: int, products: dict[int, Product], *, by: str, at: datetime
) -> list[Reservation]:
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
        beside=tuple(product for pk, product in products.items() if pk != line.pk),
    )
    made, unfit = allocation.reserve_or_say(wanted, by=by, at=at)
    misfits.tell(order, line, unfit, at=at)
    Allocation.objects.bulk_create(Allocation(line=line, reservation=reservation) for reservation in made)
    return made


def _units(reservations: Iterable[Reservation]) -> int:
    return sum(reservation.quantity for reservation in reservations)


def kit_of(line: OrderLine) -> UUID | None:
    """What all parts of one composite line share, whenever each of them is reserved; None for anything else."""
    return uuid5(_KITS, str(line.part_of_id)) if line.part_of_id is not None else None


def _stores(depot: Store) -> tuple[Store, ...]:
    return (depot,)


def served(order: Order) -> dict[int, int]:
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
    """Cancel what has not left the building; of what was delivered in part, the rest, and the order counts as
    delivered. Refused while any of it is on a van.
    """
    held = locks.order(order.pk)
    for visit, activities in carried_by(held).items():
        visits.call_off(visit, activities, by=by, at=at, reason=reason)
    release_all(held, by=by, at=at)
    delivered = served(held)
    for line in held.lines.filter(state=LineState.OPEN):
        _close(line, delivered[line.pk], by=by, at=at, reason=reason)
    some = held.lines.filter(state=LineState.DELIVERED).exists()
    advance(held, OrderState.DELIVERED if some else OrderState.CANCELLED, by=by, at=at, reason=reason)
    return held


def _close(line: OrderLine, delivered: int, *, by: str, at: datetime, reason: str) -> None:
    """As much of it as was delivered is what was asked for, after all; else nothing was."""
    if delivered:
        line.quantity = delivered
        line.save(update_fields=["quantity"])
    advance(line, LineState.DELIVERED if delivered else LineState.CANCELLED, by=by, at=at, reason=reason)


def release_all(order: Order, *, by: str, at: datetime) -> None:
    """Give up whatever is still reserved for an order."""
    live = Allocation.objects.filter(line__order=order, reservation__ended_at__isnull=True)
    for row in live.select_related("reservation"):
        allocation.release(row.reservation, by=by, at=at)


def carried_by(order: Order) -> dict[Visit, list[Activity]]:
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
