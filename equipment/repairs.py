"""Repair: from the fault to its outcome, with the parts and the labour it took.

What is opened while soiled is cleaned again afterwards (rule 2); what is not worth its cost is mended only when a
manager says why.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum

from equipment import disposal, duties, locks, stock, worth
from equipment.days import day_of
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.fitness import Reason
from equipment.jobs import RepairKind, RepairOutcome
from equipment.lifecycle import advance
from equipment.models import Asset, PartUsed, Repair, StockLine
from equipment.states import AssetState, label
from equipment.words import MovementKind

MOST_MINUTES = 10_000  # a week of work day and night: more is a typing error


@transaction.atomic
def open_repair(
    asset: Asset, *, fault: str, by: str, at: datetime, kind: str = RepairKind.REPAIR, soiled: bool | None = None
) -> Repair:
    """Send an asset to repair. Anybody may: it only sets aside.

    `soiled` unless given: it has not been cleaned since it came back. Said of a clean one (it was found dirty inside),
    its clean is void from now on (rule 2).
    """
    locks.again(asset)
    if kind not in set(RepairKind):
        raise Invalid("no_such_kind", f"'{kind}' is no kind of repair.", field="kind")
    if not fault.strip():
        raise Invalid("reason_needed", "Say what the fault is.", field="fault")
    _settle_earlier(asset, by=by, at=at)
    if asset.state == AssetState.REPAIR:
        duties.require(by, Duty.PULL, asset.store_id)  # sent there without a record: now it has one
    else:
        advance(asset, AssetState.REPAIR, by=by, at=at, reason=fault)
    dirty = disposal.soiled(asset) or bool(soiled)
    if dirty:
        Asset.objects.filter(pk=asset.pk).update(soiled_at=at)
        asset.soiled_at = at
    return Repair.objects.create(asset=asset, kind=kind, fault=fault, soiled=dirty, opened_at=at, opened_by=by)


def _settle_earlier(asset: Asset, *, by: str, at: datetime) -> None:
    """A repair that was broken off (held, lost, quarantined) ends without an outcome; one going on is refused."""
    earlier = Repair.objects.filter(asset=asset, closed_at__isnull=True)
    if asset.state == AssetState.REPAIR and earlier.exists():
        raise Refused("already_in_repair", f"{asset} has an open repair: go on with that one.")
    earlier.update(closed_at=at, closed_by=by, work_done="Broken off: it left the bench.")


@transaction.atomic
def use_part(repair: Repair, line: StockLine, quantity: int, *, by: str, at: datetime) -> PartUsed:
    """Take a part from the counted stock of the same store; its price adds to the cost of the repair."""
    asset = _going_on(repair, by)
    if line.store_id != asset.store_id:
        raise Refused("another_store", f"{line.product.name} is counted at {line.store}, and {asset} is not there.")
    if line.dirty:
        raise Refused("dirty_part", f"{line.product.name} is waiting to be cleaned: clean it first (rule 2).")
    if line.expires_on is not None and line.expires_on <= day_of(at):
        raise Refused("part_expired", f"{line.product.name} expired on {line.expires_on}: take another batch.")
    if quantity < 1:
        raise Invalid("quantity", "How many? At least 1.", field="quantity")
    movement = stock.record(line, -quantity, MovementKind.PART, by=by, at=at, reason=str(repair))
    price = line.product.price
    used = PartUsed.objects.create(
        repair=repair, movement=movement, product=line.product, quantity=quantity, unit_price=price
    )
    _set_cost(repair, cost_of(repair, repair.labour_minutes))
    return used


def cost_of(repair: Repair, labour_minutes: int) -> Decimal:
    """Labour and parts in pounds, to the penny."""
    parts = repair.parts.aggregate(sum=Sum(F("quantity") * F("unit_price")))["sum"] or Decimal(0)
    labour = Decimal(labour_minutes) * settings.SERVICE["LABOUR_POUNDS_PER_HOUR"] / 60
    return Decimal(parts + labour).quantize(Decimal("0.01"))


def worth_mending(thing: Repair | Asset, quote: Decimal, *, on: date) -> list[Reason]:
    """Why mending it for `quote` pounds is not worth it; an empty list says it is."""
    asset = thing.asset if isinstance(thing, Repair) else thing
    facts = worth.WorthFacts(
        number=asset.number,
        received_on=asset.received_on,
        on=on,
        loans=asset.loans_count,
        quote=quote,
        price=asset.product.price,
        cost_percent=settings.SERVICE["REPAIR_COST_PERCENT"],
        life_years=asset.product.life_years,
        life_loans=asset.product.life_loans,
    )
    return worth.not_worth_mending(facts)


@transaction.atomic
def close(
    repair: Repair, *, work_done: str, labour_minutes: int, by: str, at: datetime, override_reason: str = ""
) -> Repair:
    """Mended: to the test bench, or to be cleaned again when it was opened soiled (rule 2).

    Raises Refused with the reasons when it was not worth its cost, unless a manager gives an `override_reason`.
    """
    asset = _going_on(repair, by)
    if not work_done.strip():
        raise Invalid("reason_needed", "Say what was done.", field="work_done")
    if not 0 <= labour_minutes <= MOST_MINUTES:
        raise Invalid("labour_minutes", f"Minutes of labour: 0 to {MOST_MINUTES:,}.", field="labour_minutes")
    cost = cost_of(repair, labour_minutes)
    reasons = worth_mending(repair, cost, on=day_of(at))
    if reasons:
        _overridden(reasons, override_reason, by, asset)
    repair.labour_minutes, repair.work_done = labour_minutes, work_done
    repair.override_reason = override_reason if reasons else ""
    repair.closed_at, repair.closed_by, repair.outcome = at, by, RepairOutcome.REPAIRED
    repair.save(update_fields=["labour_minutes", "work_done", "override_reason", "closed_at", "closed_by", "outcome"])
    _set_cost(repair, cost)
    to = AssetState.QUARANTINE if repair.soiled else AssetState.TESTING
    advance(asset, to, by=by, at=at, reason=work_done, repair=repair.pk)
    return repair


def _overridden(reasons: list[Reason], override_reason: str, by: str, asset: Asset) -> None:
    if override_reason.strip():
        duties.require(by, Duty.MANAGE, asset.store_id)
        return
    raise Refused(
        "not_worth_mending",
        " ".join([*(r.sentence for r in reasons), reasons[0].remedy]),
        reasons=[{"code": r.code, "sentence": r.sentence, "remedy": r.remedy} for r in reasons],
    )


@transaction.atomic
def condemn(repair: Repair, *, reason: str, by: str, at: datetime) -> Repair:
    """Beyond repair. What it has cost so far stays on record."""
    asset = _going_on(repair, by)
    disposal.condemn(asset, reason=reason, by=by, at=at)
    return locks.repair(repair)


def _going_on(repair: Repair, by: str) -> Asset:
    """The asset of an open repair, both held. Raises Refused when the repair has ended or the asset is elsewhere."""
    locks.repair(repair)
    asset = locks.asset(repair.asset_id)
    repair.asset = asset
    duties.require(by, Duty.REPAIR, asset.store_id)
    if repair.closed_at is not None:
        raise Refused("repair_closed", f"This repair of {asset} ended on {repair.closed_at:%d %b %Y}.")
    if asset.state != AssetState.REPAIR:
        raise Refused(
            "not_in_repair",
            f"{asset} is {label(asset.state).lower()}, not in repair: send it to repair again first.",
            state=asset.state,
        )
    return asset


def _set_cost(repair: Repair, cost: Decimal) -> None:
    repair.cost = cost
    repair.save(update_fields=["cost"])
