"""Put addresses on the map. An address without a point holds up routing, never ordering (rule 35)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import asin, cos, radians, sin, sqrt

from django.conf import settings
from django.db import transaction

from equipment.errors import Invalid, Refused
from equipment.models import Address, Organisation, Store
from equipment.words import PinAccuracy, StoreKind
from logistics import outbox
from logistics.gateways import geocoding
from logistics.models import Visit
from logistics.states import LIVE_VISIT
from logistics.work import Kind

# A pin outside this box is a typing error: Great Britain and Northern Ireland, with their islands.
_SOUTH, _NORTH, _WEST, _EAST = 49.8, 61.0, -8.7, 1.9


def locate(address: Address, *, at: datetime) -> None:
    """Find the point of an address in the gazetteer.

    Where that knows nothing and a geocoder is named, ask it through the outbox.
    """
    if address.accuracy == PinAccuracy.PIN:
        return
    found = geocoding.look_up(address.postcode)
    if found.point is not None:
        _set(address, found.point.latitude, found.point.longitude, found.point.accuracy, at=at)
    else:
        Address.objects.filter(pk=address.pk).update(location_problem=found.sentence)
        address.location_problem = found.sentence
    if settings.SERVICE["GEOCODER"] and (found.point is None or found.point.accuracy == PinAccuracy.SECTOR):
        outbox.put(Kind.LOCATE, address.pk, at=at)


def ask_geocoder(address_id: int, *, at: datetime) -> None:
    """Ask the geocoder named in settings about one address; called by the sweeper, outside any transaction."""
    address = Address.objects.get(pk=address_id)
    found = geocoding.locate(address.postcode)
    if found.point is not None and address.accuracy != PinAccuracy.PIN:
        _set(address, found.point.latitude, found.point.longitude, found.point.accuracy, at=at)


def pin(address: Address, latitude: float, longitude: float, *, by: str, at: datetime) -> None:
    """A person drops a pin: for new builds and terminated postcodes. Raises Invalid outside the United Kingdom."""
    if not (_SOUTH <= latitude <= _NORTH and _WEST <= longitude <= _EAST):
        raise Invalid(
            "pin_outside_uk",
            "This pin lies outside the United Kingdom: check latitude and longitude.",
            field="latitude",
        )
    _set(address, latitude, longitude, PinAccuracy.PIN, at=at)


@transaction.atomic
def _set(address: Address, latitude: float, longitude: float, accuracy: str, *, at: datetime) -> None:
    address.latitude, address.longitude, address.accuracy, address.location_problem = latitude, longitude, accuracy, ""
    address.save(update_fields=["latitude", "longitude", "accuracy", "location_problem"])
    for store_id in (
        Visit.objects.filter(address=address, state__in=LIVE_VISIT).values_list("store_id", flat=True).distinct()
    ):
        outbox.put(Kind.PLAN, store_id, at=at)


def relocate(*, at: datetime) -> int:
    """After a new gazetteer: look again at every address of a live visit that has no point or a rough one."""
    waiting = Address.objects.filter(
        accuracy__in=[PinAccuracy.NONE, PinAccuracy.SECTOR], visits__state__in=LIVE_VISIT
    ).distinct()
    for address in waiting:
        locate(address, at=at)
    return len(waiting)


def depot_for(address: Address, organisation: Organisation) -> Store:
    """The nearest depot that serves the organisation; the first by code while the address has no point."""
    provider = organisation.provider_id or organisation.pk
    depots = list(Store.objects.filter(kind=StoreKind.DEPOT, organisation__in=[organisation.pk, provider]))
    if not depots:
        raise Refused(
            "no_depot", f"No depot serves {organisation}: add a store of kind depot.", organisation=organisation.code
        )
    return nearest(depots, address.latitude, address.longitude)


def nearest(depots: Sequence[Store], latitude: float | None, longitude: float | None) -> Store:
    """The depot nearest to a point; the first of them while there is no point."""
    if latitude is None or longitude is None:
        return depots[0]
    return min(depots, key=lambda store: _km(latitude, longitude, store.latitude, store.longitude))


def _km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    a = (
        sin(radians(lat2 - lat1) / 2) ** 2
        + cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * 6371.0 * asin(sqrt(a))
