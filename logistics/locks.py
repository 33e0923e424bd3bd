"""Every row lock of logistics: ordered, evaluated here, only inside a transaction; and the one planner per depot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

from equipment.errors import Busy
from equipment.models import Address, AlertUnit, Loan, Person
from logistics.models import Discharge, Driver, DriverAction, Order, Review, Route, Visit

# First half of the advisory lock's two keys; the second is the depot's id. Searchable: 7204 is the planner.
PLANNER = 7204


def discharge(pk: int) -> Discharge:
    return Discharge.objects.select_for_update(of=("self",)).select_related("person", "address").get(pk=pk)


def loan(pk: int) -> Loan:
    """A loan that is being exchanged: before the assets on the shelf, and before the visit."""
    related = ("person__organisation", "address", "product", "asset", "composite")
    return Loan.objects.select_for_update(of=("self",)).select_related(*related).get(pk=pk)


def person(pk: int) -> Person:
    """Held against another order for the same person: each sees what the other asked for (rule 19)."""
    return Person.objects.select_for_update(no_key=True).get(pk=pk)


def free_alert_unit(pk: int) -> AlertUnit | None:
    """A unit under a safety alert, before its door and its loan; None while another worker is at it."""
    related = ("alert__replacement", "asset", "loan")
    rows = AlertUnit.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk)
    return rows.select_related(*related).first()


def address(pk: int) -> None:
    """A door, before the loans there: what is raised for it at the same moment goes on one visit."""
    Address.objects.select_for_update(no_key=True).get(pk=pk)


def order(pk: int) -> Order:
    return (
        Order.objects.select_for_update(of=("self",))
        .select_related("prescriber", "store", "person", "address", "organisation", "discharge")
        .get(pk=pk)
    )


def review(pk: int) -> Review:
    """A question about a loan, before the loan."""
    related = ("loan__product", "loan__asset", "loan__person", "prescriber")
    return Review.objects.select_for_update(of=("self",)).select_related(*related).get(pk=pk)


def driver(pk: int) -> Driver:
    """Held while what this driver's phone sends is taken in: one upload after the other (rule 34)."""
    return Driver.objects.select_for_update(of=("self",), no_key=True).select_related("user").get(pk=pk)


def action(pk: int) -> DriverAction:
    """What a phone sent and somebody is about to settle."""
    return DriverAction.objects.select_for_update(of=("self",)).get(pk=pk)


def route(pk: int) -> Route:
    return Route.objects.select_for_update(of=("self",)).select_related("shift__van", "store").get(pk=pk)


def visit(pk: int) -> Visit:
    return Visit.objects.select_for_update(of=("self",)).select_related("address", "person", "store").get(pk=pk)


def visits(pks: Iterable[int]) -> list[Visit]:
    return list(Visit.objects.select_for_update(of=("self",)).filter(pk__in=list(pks)).order_by("pk"))


def routes(pks: Iterable[int]) -> list[Route]:
    return list(Route.objects.select_for_update(of=("self",)).filter(pk__in=list(pks)).order_by("pk"))


@contextmanager
def planner(store_id: int) -> Iterator[None]:
    """One planner per depot at a time. Held by the connection, so a worker that dies lets go.

    Raises Busy when taken.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [PLANNER, store_id])
        if not cursor.fetchone()[0]:
            raise Busy("planning", "This depot is being planned right now.")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [PLANNER, store_id])
