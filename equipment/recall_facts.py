"""Reads: which assets are under a safety alert in force. What is, goes to nobody (rules 8 and 36)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, F, OuterRef, Q

from equipment.criteria import Criterion, Kind, Unit, about, meets
from equipment.jobs import AlertUnitState
from equipment.models import AlertCriterion, AlertUnit, Asset, Organisation, Receipt, StockLine
from equipment.words import AlertOutcome


def in_force(rows: Sequence[Asset]) -> dict[int, str]:
    """The reference of an alert in force, by the key of each asset it is about; none for the rest.

    Judged by the criteria themselves, so that a unit is caught before any sweep has found it; without those that a
    person has found not to be among them, or that were made safe. Of an alert that has ended, what could not be reached
    or was lost: it is held when it turns up (rule 8). One query while no alert is about these products.
    """
    if not rows:
        return {}
    criteria = _criteria(rows)
    current = [row for row in criteria if row.alert.ended_at is None]
    left = _left_over(rows) if len(current) < len(criteria) else {}
    return {**left, **_met_and_not_cleared(rows, current)}


def _met_and_not_cleared(rows: Sequence[Asset], criteria: Sequence[AlertCriterion]) -> dict[int, str]:
    found = _met(rows, _about(rows, criteria))
    if not found:
        return {}
    cleared = set(
        AlertUnit.objects.filter(alert__in={row.alert_id for rows_ in found.values() for row in rows_}, asset__in=found)
        .filter(state__in=[AlertUnitState.WITHDRAWN, AlertUnitState.CLOSED])
        .exclude(state=AlertUnitState.CLOSED, outcome__in=_STILL_UNSAFE)
        .values_list("alert_id", "asset_id")
    )
    standing = {
        pk: next((row.alert.reference for row in rows_ if (row.alert_id, pk) not in cleared), "")
        for pk, rows_ in found.items()
    }
    return {pk: reference for pk, reference in standing.items() if reference}


def left_over() -> Q:
    """Units that an alert left behind when it ended: nobody has said yet that they are safe."""
    lost = Q(state=AlertUnitState.CLOSED, outcome=AlertOutcome.LOST)
    open_ = ~Q(state__in=[AlertUnitState.CLOSED, AlertUnitState.WITHDRAWN])
    return Q(alert__ended_at__isnull=False) & (lost | open_ | Q(stock_line__alert=F("alert")))


def _left_over(rows: Sequence[Asset]) -> dict[int, str]:
    units = AlertUnit.objects.filter(left_over(), asset__in=[asset.pk for asset in rows]).order_by("-pk")
    return {pk: reference for pk, reference in units.values_list("asset_id", "alert__reference") if pk is not None}


_STILL_UNSAFE = [outcome for outcome in AlertOutcome if outcome != AlertOutcome.CORRECTED]


def criterion_of(row: AlertCriterion) -> Criterion:
    """The row as the pure rule reads it."""
    return Criterion(
        row.product_id,
        row.maker,
        row.model,
        row.serial_from,
        row.serial_to,
        row.batch,
        row.made_from,
        row.made_to,
    )


def kind_of(asset: Asset) -> Kind:
    return Kind(asset.product_id, asset.product.maker, asset.product.model)


def _criteria(rows: Sequence[Asset]) -> list[AlertCriterion]:
    """Those in force, the oldest first; and those of ended alerts that left one of these assets behind."""
    left = AlertUnit.objects.filter(left_over(), alert=OuterRef("alert"), asset__in=[asset.pk for asset in rows])
    found = AlertCriterion.objects.filter(Q(alert__ended_at__isnull=True) | Exists(left))
    return list(found.select_related("alert").order_by("pk"))


def _about(rows: Sequence[Asset], criteria: Sequence[AlertCriterion]) -> dict[int, list[AlertCriterion]]:
    """The criteria about each of these products."""
    kinds = {asset.product_id: kind_of(asset) for asset in rows} if criteria else {}
    return {pk: [row for row in criteria if about(criterion_of(row), kind)] for pk, kind in kinds.items()}


def _met(rows: Sequence[Asset], criteria: dict[int, list[AlertCriterion]]) -> dict[int, list[AlertCriterion]]:
    """What each asset meets; an alert reaches the assets of its organisation and of those that it serves."""
    concerned = [asset for asset in rows if criteria.get(asset.product_id)]
    if not concerned:
        return {}
    batches = _batches_delivered(concerned)
    serves = _providers(concerned)
    found: dict[int, list[AlertCriterion]] = {}
    for asset in concerned:
        batch = asset.batch or batches.get(asset.receipt_id or 0, "")
        unit = Unit(kind_of(asset), asset.serial, batch, asset.made_on)
        whose = {asset.owner_id, serves.get(asset.owner_id)}
        met = [
            row
            for row in criteria[asset.product_id]
            if row.alert.organisation_id in whose and meets(criterion_of(row), unit)
        ]
        if met:
            found[asset.pk] = met
    return found


def _batches_delivered(assets: Sequence[Asset]) -> dict[int, str]:
    receipts = {asset.receipt_id for asset in assets if asset.receipt_id and not asset.batch}
    return dict(Receipt.objects.filter(pk__in=receipts).values_list("pk", "batch")) if receipts else {}


def _providers(assets: Sequence[Asset]) -> dict[int, int | None]:
    owners = {asset.owner_id for asset in assets}
    return dict(Organisation.objects.filter(pk__in=owners).values_list("pk", "provider_id"))


def alert_of_line(line: StockLine) -> int | None:
    """The key of an alert in force about counted stock of this product and batch in this store; none that a person has
    found not to be about this batch.
    """
    product, provider = line.product, line.store.organisation.provider_id
    unit = Unit(Kind(product.pk, product.maker, product.model), batch=line.batch)
    whose = [line.store.organisation_id, *([provider] if provider else [])]
    rows = AlertCriterion.objects.filter(alert__ended_at__isnull=True, alert__organisation__in=whose).order_by("pk")
    if line.batch:
        wrong = AlertUnit.objects.filter(stock_line=line, state=AlertUnitState.WITHDRAWN)
        rows = rows.exclude(alert__in=wrong.values("alert"))
    return next((row.alert_id for row in rows if meets(criterion_of(row), unit)), None)
