"""Reads: where a thing is according to the records, in words for whoever holds something else in their hands."""

from __future__ import annotations

from equipment.jobs import TransferState
from equipment.models import Asset, TransferItem
from equipment.states import AT_STORE, AssetState, label


def of_asset(asset: Asset) -> str:
    """`available at Main store, A-03`. Never names a person."""
    state = label(asset.state).lower()
    if asset.state in AT_STORE and asset.store is not None:
        return f"{state} at {asset.store}" + (f", {asset.location}" if asset.location else "")
    if asset.state == AssetState.IN_TRANSFER:
        return _on_the_road(asset) or state
    return f"{state}, {asset.vehicle}" if asset.vehicle else state


def _on_the_road(asset: Asset) -> str:
    live = [TransferState.DRAFT, TransferState.SENT]
    items = TransferItem.objects.filter(asset=asset, transfer__state__in=live, received=0, missing=0)
    item = items.select_related("transfer__source", "transfer__destination").last()
    if item is None:
        return ""
    return f"on transfer {item.transfer_id} from {item.transfer.source} to {item.transfer.destination}"
