"""Every row lock of logistics: ordered, evaluated here, only inside a transaction; and the one planner per depot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

from equipment.errors import Busy
from logistics.models import Discharge, Order, Route, Visit

# First half of the advisory lock's two keys; the second is the depot's id. Searchable: 7204 is the planner.
PLANNER = 7204


def discharge(pk: int) -> Discharge:
    return Discharge.objects.select_for_update(of=("self",)).select_related("person", "address").get(pk=pk)


def order(pk: int) -> Order:
    return (
        Order.objects.select_for_update(of=("self",))
        .select_related("prescriber", "store", "person", "address", "organisation", "discharge")
        .get(pk=pk)
    )


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
