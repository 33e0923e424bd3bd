"""Condemn, strip for parts, dispose of: the way out for good. Only what is condemned leaves, and nothing comes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from equipment import duties, holdings, locks, stock
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.jobs import DisposalMethod, RepairOutcome
from equipment.lifecycle import advance
from equipment.models import Asset, Disposal, Product, Repair, Store
from equipment.states import AssetState, Reuse, label
from equipment.words import MovementKind


@transaction.atomic
def condemn(asset: Asset, *, reason: str, by: str, at: datetime) -> None:
    """Out of use for good, unless a manager reprieves it. A repair open on it ends here."""
    locks.again(asset)
    advance(asset, AssetState.CONDEMNED, by=by, at=at, reason=reason)
    Repair.objects.filter(asset=asset, closed_at__isnull=True).update(
        closed_at=at, closed_by=by, outcome=RepairOutcome.CONDEMNED, work_done=reason
    )


@transaction.atomic
def dispose(
    asset: Asset,
    *,
    method: str,
    by: str,
    at: datetime,
    carrier: str = "",
    consignment: str = "",
    data_wiped_by: str = "",
    data_wipe: str = "",
    notes: str = "",
) -> Disposal:
    """It leaves the building: recycled, scrapped, sent back, given away or sold. There is no way back from here.

    Raises Refused when it is not condemned, or remembers somebody (rule 38); Invalid without the papers of its method.
    """
    _condemned(asset, by)
    if method == DisposalMethod.STRIPPED:
        raise Invalid("parts_needed", "Say which parts were kept: strip it for parts.", field="method")
    if method not in set(DisposalMethod):
        raise Invalid("no_such_method", f"'{method}' is no way to dispose of anything.", field="method")
    if method == DisposalMethod.WEEE:
        _need(consignment, "consignment", "Electrical waste needs the number of its consignment note.")
        _need(carrier, "carrier", "Electrical waste needs the name of its carrier.")
    _forgotten(asset, data_wiped_by, data_wipe)
    papers = {"carrier": carrier, "consignment": consignment, "notes": notes}
    return _leave(asset, method, by=by, at=at, data_wiped_by=data_wiped_by, data_wipe=data_wipe, **papers)


@transaction.atomic
def strip(
    asset: Asset,
    parts: Mapping[Product, int],
    *,
    by: str,
    at: datetime,
    carrier: str = "",
    consignment: str = "",
    data_wiped_by: str = "",
    data_wipe: str = "",
    notes: str = "",
) -> Disposal:
    """Keep its parts as counted stock of its store and dispose of the rest.

    Parts of what was not clean go onto the dirty line (rule 2). `carrier` and `consignment` are those of the rest.
    """
    store = _condemned(asset, by)
    _forgotten(asset, data_wiped_by, data_wipe)
    if not parts:
        raise Invalid("nothing_kept", "Say which parts were kept, or dispose of it whole.", field="parts")
    dirty = soiled(asset)
    for product, quantity in sorted(parts.items(), key=lambda part: part[0].pk):
        _keep(product, quantity, store, dirty, asset, by=by, at=at)
    papers = {"carrier": carrier, "consignment": consignment, "notes": notes}
    wiped = {"data_wiped_by": data_wiped_by, "data_wipe": data_wipe}
    return _leave(asset, DisposalMethod.STRIPPED, by=by, at=at, **papers, **wiped)


def soiled(asset: Asset) -> bool:
    """Has it come back, or been soiled, since its last good clean (rule 2)? Read from the records."""
    facts = holdings.facts_of([asset.pk])[asset.pk]
    if facts.soiled_at is None:
        return False
    return facts.cleaned_at is None or facts.cleaned_at <= facts.soiled_at


def _condemned(asset: Asset, by: str) -> Store:
    """Held, a manager's to decide, and condemned: the store it stands in."""
    locks.again(asset)
    duties.require(by, Duty.MANAGE, asset.store_id)
    if asset.state != AssetState.CONDEMNED or asset.store is None:
        raise Refused(
            "not_condemned",
            f"Asset {asset} is {label(asset.state).lower()}: only what is condemned can be disposed of.",
            state=asset.state,
        )
    return asset.store


def _forgotten(asset: Asset, data_wiped_by: str, data_wipe: str) -> None:
    """What remembers something of a person is wiped first, and it is on record by whom and how (rules 38 and 39)."""
    if not asset.product.holds_data:
        return
    for name, given in (("data_wiped_by", data_wiped_by), ("data_wipe", data_wipe)):
        if not given.strip():
            raise Refused(
                "data_not_wiped",
                f"{asset.product.name} remembers something of the person: wipe it, and record who did it and how.",
                field=name,
            )


def _need(given: str, name: str, sentence: str) -> None:
    if not given.strip():
        raise Invalid(f"{name}_needed", sentence, field=name)


def _keep(product: Product, quantity: int, store: Store, dirty: bool, asset: Asset, *, by: str, at: datetime) -> None:
    """One kind of part onto its line of counted stock, which is made when there is none."""
    if product.is_serialised or product.is_composite:
        raise Invalid("not_counted", f"{product} is not counted stock: it cannot be kept as a part.", field="parts")
    if product.reuse != Reuse.REUSABLE:
        raise Invalid("not_reusable", f"{product} must not be used again.", field="parts")
    if quantity < 1:
        raise Invalid("quantity", f"How many of {product}? At least 1.", field="parts")
    line = stock.line_for(product.pk, store.pk, "", dirty=dirty, expires_on=None)
    stock.move(line, quantity, MovementKind.STRIPPED, by=by, at=at, reason=f"Taken out of {asset}")


def _leave(asset: Asset, method: str, *, by: str, at: datetime, **papers: str) -> Disposal:
    how = f"{label(method)}. {papers.get('notes', '')}".strip()
    advance(asset, AssetState.DISPOSED, by=by, at=at, reason=how[:300], method=method)
    return Disposal.objects.create(asset=asset, method=method, at=at, by=by, **papers)
