"""Put away: where in a store an asset stands. Clean and dirty never share a place (rule 2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from equipment import duties, locks
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Refused
from equipment.jobs import CLEAN_SIDE, DIRTY_SIDE, STANDS_AT, Capability
from equipment.lifecycle import advance, note, stands_at
from equipment.models import Asset, Location
from equipment.states import AT_STORE, AssetState, label, standing

_PREFIX = "LOC"
_TO_BE_SHELVED = frozenset({AssetState.DECONTAMINATED, AssetState.TESTING})
_DIRTY_STATES = frozenset({AssetState.QUARANTINE, AssetState.DECONTAMINATING})
_CLEAN_STATES = frozenset(
    {
        AssetState.RECEIVED,
        AssetState.AVAILABLE,
        AssetState.RESERVED,
        AssetState.PICKED,
        AssetState.STAGED,
        AssetState.DECONTAMINATED,
        AssetState.TESTING,
    }
)


@dataclass(frozen=True)
class PutAway:
    """What was put away, and how it stood before: enough to take it back."""

    asset: Asset
    from_state: str
    from_location: Location | None


def text_of(location: Location) -> str:
    """What its label says to a reader of codes."""
    return f"{_PREFIX}/{location.store.code}/{location.code}"


def find(code: str, store_ids: Collection[int] | None) -> Location | None:
    """The location of a label, or of a bare code that only one of these stores has. None stands for every store."""
    rows = Location.objects.select_related("store")
    if store_ids is not None:
        rows = rows.filter(store_id__in=store_ids)
    parts = code.strip().split("/", 2)
    if len(parts) == 3 and parts[0].upper() == _PREFIX:
        return rows.filter(store__code__iexact=parts[1], code__iexact=parts[2]).first()
    found = list(rows.filter(code__iexact=code.strip())[:2])
    return found[0] if len(found) == 1 else None


@transaction.atomic
def put_away(asset: Asset, location: Location, *, by: str, at: datetime) -> PutAway:
    """Stand an asset at a location; onto a clean shelf it is shelved first, when it is cleaned and tested.

    Raises Refused with what to do instead, and moves nothing, when the place is closed, of another store, or not for
    what the asset is.
    """
    locks.again(asset)
    duties.require(by, Duty.SHELVE, asset.store_id)
    before = PutAway(asset, asset.state, asset.location)
    _open_here(asset, location, at)
    if asset.state in _TO_BE_SHELVED and Capability.SHELF in location.capabilities:
        advance(asset, AssetState.AVAILABLE, by=by, at=at, location=location)
    elif stands_at(asset.state, location) and not _soils(asset, location):
        _stand(asset, location, by=by, at=at)
    else:
        raise Refused("wrong_location", _instead(asset, location), location=location.code, state=asset.state)
    return before


@transaction.atomic
def take_back_out(asset: Asset, to: Location | None, *, by: str, at: datetime, state: str = "") -> None:
    """Undo a putting away: back to where it stood (None: no place in particular).

    With `state`, the one it had before: what was shelved by it goes back to the test bench, clean as it was.
    """
    locks.again(asset)
    duties.require(by, Duty.SHELVE, asset.store_id)
    if asset.state == AssetState.AVAILABLE and state in _TO_BE_SHELVED:
        # Who may put it on the shelf may take it off again, tester or not: hence the bare label.
        advance(asset, AssetState.TESTING, by=str(by), at=at)
    if to is not None and stands_at(asset.state, to) and not _soils(asset, to):
        _open_here(asset, to, at)
        _stand(asset, to, by=by, at=at)
    else:
        _stand(asset, None, by=by, at=at)


def _open_here(asset: Asset, location: Location, at: datetime) -> None:
    if asset.state not in AT_STORE:
        raise Refused("not_in_store", f"{asset} is {label(asset.state).lower()}: book it in first.", state=asset.state)
    if location.store_id != asset.store_id:
        raise Refused(
            "another_store",
            f"{location} is at {location.store}, and {asset} is at {asset.store}: send it there by a transfer.",
            location=location.code,
        )
    if location.closed_on is not None and location.closed_on <= day_of(at):
        raise Refused(
            "location_closed",
            f"{location} has been closed since {location.closed_on:%d %b %Y}: choose another place.",
            location=location.code,
        )


def _stand(asset: Asset, location: Location | None, *, by: str, at: datetime) -> None:
    Asset.objects.filter(pk=asset.pk).update(location=location)
    old, asset.location = asset.location, location
    note(asset, "put_away", by=by, at=at, origin=old.code if old else "", location=location.code if location else "")


def _soils(asset: Asset, location: Location) -> bool:
    """A place to hold what is new may be dirty too: then nothing clean stands there."""
    return asset.state in _CLEAN_STATES and bool(set(location.capabilities) & DIRTY_SIDE)


def _instead(asset: Asset, location: Location) -> str:
    """Why not there, and what to do: for each way of mixing clean with dirty its own remedy."""
    what, uses = standing(asset.state), set(location.capabilities)
    if _soils(asset, location):
        return (
            f"{asset} is clean, and {location} is a dirty place, which would void its clean. "
            "Choose a clean place, or quarantine it first."
        )
    if asset.state in _DIRTY_STATES and uses & CLEAN_SIDE:
        return f"{asset} is not clean, and {location} is a clean place. Clean it first, or choose a dirty place."
    if asset.state == AssetState.RECEIVED and Capability.SHELF in uses:
        return f"{asset} is new: record its acceptance check first, then put it on the shelf."
    wanted = " or ".join(label(use).lower() for use in sorted(STANDS_AT.get(asset.state, frozenset())))
    return f"{asset} is {what} and cannot stand at {location}. Choose a place for: {wanted}."
