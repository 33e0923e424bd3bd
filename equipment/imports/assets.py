"""Assets: new ones are booked in at the job's store, known ones corrected; where they stand is never brought in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Q

from equipment import locks, receiving
from equipment.days import day_of
from equipment.imports.columns import Line
from equipment.imports.steps import Scope, Step, Verbs, Word, of_word
from equipment.models import Asset, AssetEvent, Product

_CORRECTED = ("serial", "barcode", "batch", "made_on", "purchase_price", "owner_id")
_LONGEST_NUMBER = 8  # digits: a longer one would carry our own sequence off beyond what a label holds


class _Known:
    """What the lines refer to, read at once."""

    def __init__(self, lines: Sequence[Line]) -> None:
        given = [line.given for line in lines]
        self.products = {
            row.stock_code: row for row in Product.objects.filter(stock_code__in={each["stock_code"] for each in given})
        }
        numbers = [each["asset_number"] for each in given if "asset_number" in each]
        serials = [each["serial"] for each in given if "serial" in each]
        barcodes = [each["barcode"] for each in given if "barcode" in each]
        same_product = Q(serial__in=serials, product__in=[row.pk for row in self.products.values()])
        rows = Asset.objects.filter(Q(number__in=numbers) | same_product | Q(barcode__in=barcodes))
        self.by_number: dict[str, Asset] = {}
        self.by_serial: dict[tuple[int, str], Asset] = {}
        self.by_barcode: dict[str, Asset] = {}
        for asset in rows.select_related("product"):
            self.by_number[asset.number] = asset
            self.by_serial[asset.product_id, asset.serial] = asset
            self.by_barcode[asset.barcode or ""] = asset

    def of(self, given: Any, product: Product) -> Asset | None:
        """The asset a line means: by number, else by product and serial, else by barcode."""
        if "asset_number" in given:
            return self.by_number.get(given["asset_number"])
        if "serial" in given:
            return self.by_serial.get((product.pk, given["serial"]))
        return self.by_barcode.get(given["barcode"])


def plan(scope: Scope, lines: Sequence[Line]) -> list[Step]:
    known = _Known(lines)
    return [_step(scope, line, known) for line in lines]


def _step(scope: Scope, line: Line, known: _Known) -> Step:
    step, given = Step(line), line.given
    product = known.products.get(given["stock_code"])
    if product is None:
        step.refuse("stock_code", "no_such_product", f"There is no product {given['stock_code']}: bring it in first.")
        return step
    if not product.is_serialised:
        step.refuse("stock_code", "not_serialised", f"{product} is counted, not numbered: receive it as stock.")
        return step
    owner = scope.owners.get(given.get("owner", scope.organisation.code))
    if owner is None:
        owners = ", ".join(scope.owners)
        step.refuse("owner", "not_yours", f"Owner must be one of: {owners}. Correct it, or leave it empty.")
        return step
    if given.get("made_on", day_of(scope.at)) > day_of(scope.at):
        step.refuse("made_on", "in_future", "It cannot have been made in the future.")
        return step
    asset = known.of(given, product)
    wanted = {name: given[name] for name in _CORRECTED if name in given}
    if asset is None:
        _new(scope, step, product, wanted | {"owner_id": owner.pk})
    else:
        _update(scope, step, asset, product, wanted | ({"owner_id": owner.pk} if "owner" in given else {}))
    if step.word != Word.BAD:
        _unique(step, asset, product, known)
    return step


def _new(scope: Scope, step: Step, product: Product, wanted: dict[str, Any]) -> None:
    given = step.line.given
    number = given.get("asset_number")
    if number is not None and (not receiving.is_asset_number(number) or len(number) > _LONGEST_NUMBER):
        step.refuse(
            "asset_number",
            "not_our_number",
            f"{number} is no number of ours: its check digit does not fit. "
            "Correct it; or put it into the barcode column and leave this empty.",
        )
    received = given.get("received_on", day_of(scope.at))
    if received > day_of(scope.at):
        step.refuse("received_on", "in_future", "It cannot have been received in the future.")
    if given.get("soiled_at", scope.at) > scope.at:
        step.refuse("soiled_at", "in_future", "It cannot have come back in the future.")
    wanted.setdefault("purchase_price", product.price)
    step.changes = wanted | {"product_id": product.pk, "received_on": received, "soiled_at": given.get("soiled_at")}
    if number is not None:
        step.changes["number"] = number


def _update(scope: Scope, step: Step, asset: Asset, product: Product, wanted: dict[str, Any]) -> None:
    if asset.owner_id not in scope.owner_ids:
        step.refuse("asset_number", "not_yours", f"Asset {asset} belongs to another organisation: leave the row out.")
    elif asset.product_id != product.pk:
        step.refuse("stock_code", "another_product", f"Asset {asset} is a {asset.product}: correct number or product.")
    else:
        step.found(asset, wanted)


def _unique(step: Step, asset: Asset | None, product: Product, known: _Known) -> None:
    given = step.line.given
    serial = known.by_serial.get((product.pk, given["serial"])) if "serial" in given else None
    if serial is not None and serial != asset:
        step.refuse("serial", "serial_taken", f"Asset {serial} bears this serial already: one of the two is wrong.")
    barcode = known.by_barcode.get(given["barcode"]) if "barcode" in given else None
    if barcode is not None and barcode != asset:
        step.refuse("barcode", "barcode_taken", f"Asset {barcode} bears this barcode already: one of the two is wrong.")


def write(scope: Scope, steps: Sequence[Step]) -> None:
    _book_in(scope, of_word(steps, Word.CREATE))
    _correct(scope, of_word(steps, Word.UPDATE))


def _book_in(scope: Scope, steps: Sequence[Step]) -> None:
    """As `goods.receive` does: the rows and the first event of each, in a fixed number of queries."""
    if not steps:
        return
    _step_over([step.changes["number"] for step in steps if "number" in step.changes])
    without = [step for step in steps if "number" not in step.changes]
    for step, number in zip(without, receiving.next_asset_numbers(len(without)), strict=True):
        step.changes["number"] = number
    made = Asset.objects.bulk_create(Asset(**step.changes, store=scope.store, since=scope.at) for step in steps)
    AssetEvent.objects.bulk_create(
        AssetEvent(
            asset=asset,
            verb="book_in",
            to_state=asset.state,
            at=scope.at,
            by=scope.by,
            facts={"line": step.line.number},
        )
        for asset, step in zip(made, steps, strict=True)
    )


def _step_over(numbers: Sequence[str]) -> None:
    """Numbers of ours that come from elsewhere must never be given out again: the sequence goes on behind them."""
    highest = max((int(number[:-1]) for number in numbers), default=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM equipment_asset_number")
        if cursor.fetchone()[0] < highest:
            cursor.execute("SELECT setval('equipment_asset_number', %s)", [highest])


def _correct(scope: Scope, steps: Sequence[Step]) -> None:
    held = locks.assets([step.row.pk for step in steps])
    for step in steps:
        for name, value in step.changes.items():
            setattr(held[step.row.pk], name, value)
    if held:
        Asset.objects.bulk_update(held.values(), [name.removesuffix("_id") for name in _CORRECTED])
    AssetEvent.objects.bulk_create(
        AssetEvent(
            asset=step.row,
            verb="correct",
            from_state=held[step.row.pk].state,
            to_state=held[step.row.pk].state,
            at=scope.at,
            by=scope.by,
            facts={"line": step.line.number, "was": {name: str(getattr(step.row, name)) for name in step.changes}},
        )
        for step in steps
    )


VERBS = Verbs(plan, write)
