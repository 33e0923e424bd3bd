"""Loans taken over from another service: what is at home already, and what has come back, as history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Q

from equipment import locks
from equipment.days import day_of
from equipment.imports.columns import Line
from equipment.imports.holders import People, name, postcode
from equipment.imports.kinds import has_asset
from equipment.imports.steps import Assets, Scope, Step, Verbs, Word, of_word
from equipment.lifecycle import advance
from equipment.models import Asset, Loan, Organisation, Person, Product, StockLine
from equipment.states import AssetState, label

# Where a return of long ago may still be written down although the asset would be soiled by it.
_MAY_BE_SOILED = frozenset({AssetState.RECEIVED, AssetState.ON_LOAN, AssetState.COLLECTION_DUE, AssetState.QUARANTINE})


class _Known:
    """What the lines refer to, read at once."""

    def __init__(self, scope: Scope, lines: Sequence[Line]) -> None:
        self.assets = Assets(scope, lines, keeper=True)
        self.people = People(scope, lines)
        codes = {line.given["stock_code"] for line in lines if "stock_code" in line.given}
        self.products = {row.stock_code: row for row in Product.objects.filter(stock_code__in=codes)}
        self.funders = _funders(scope, {line.given["funder"] for line in lines if "funder" in line.given})
        rows = Loan.objects.filter(asset__in=self.assets.keys()).select_related("person")
        self.of_assets = {(row.asset_id, row.started_at): row for row in rows}
        self.open = {row.asset_id: row for row in rows if row.ended_at is None}
        starts = [line.given["started"] for line in lines]
        counted = Loan.objects.filter(
            asset__isnull=True, product__in=self.products.values(), started_at__in=starts
        ).filter(person__organisation=scope.organisation)
        self.counted = {_counted_key(row): row for row in counted.select_related("person", "product", "stock_line")}


def _funders(scope: Scope, codes: set[str]) -> dict[str, Organisation]:
    """Those that may pay for people of this organisation: itself, and all that its provider serves."""
    own = Q(pk__in=scope.owner_ids)
    served = Q(provider=scope.organisation.provider_id) if scope.organisation.provider_id else Q()
    return {row.code: row for row in Organisation.objects.filter(own | served, code__in=codes)}


def _counted_key(loan: Loan) -> tuple[Any, ...]:
    return (loan.person_id, loan.product_id, loan.stock_line.batch if loan.stock_line else "", loan.started_at)


def plan(scope: Scope, lines: Sequence[Line]) -> list[Step]:
    known = _Known(scope, lines)
    steps = [Step(line) for line in lines]
    for step in steps:
        _decide(scope, step, known)
    return steps


def _decide(scope: Scope, step: Step, known: _Known) -> None:
    given = step.line.given
    if given["started"] > scope.at:
        step.refuse("started", "in_future", "The loan cannot start in the future.")
    if "ended" in given and day_of(given["ended"]) > day_of(scope.at):
        step.refuse("ended", "in_future", "The loan cannot have ended in the future.")
    if "funder" in given and given["funder"] not in known.funders:
        step.refuse("funder", "no_such_funder", "No organisation here has this code: correct it, or leave it empty.")
    person = known.people.of(step)
    if has_asset(given):
        asset = known.assets.of(step)
        if asset is not None and step.word != Word.BAD:
            _of_asset(step, asset, person, known)
    else:
        _of_stock(scope, step, person, known)


def _of_asset(step: Step, asset: Asset, person: Person | None, known: _Known) -> None:
    given = step.line.given
    old = known.of_assets.get((asset.pk, given["started"]))
    step.changes = {"asset": asset, "funder": known.funders.get(given.get("funder", ""))}
    if old is not None:
        _on_record(step, old, person)
    elif "ended" in given:
        if _soils(asset, given["ended"]) and asset.state not in _MAY_BE_SOILED:
            step.refuse(
                "ended",
                "would_soil",
                f"{asset} is {label(asset.state).lower()} and would be soiled by this return: quarantine it first.",
            )
    elif asset.pk in known.open:
        since = known.open[asset.pk].started_at
        step.refuse("started", "on_loan", f"{asset} is on loan since {since:%d %b %Y %H:%M} already: correct the date.")
    elif asset.state != AssetState.RECEIVED:
        step.refuse(
            "asset_number",
            "not_received",
            f"{asset} is {label(asset.state).lower()}: only what was just brought in can be taken over as on loan.",
        )


def _on_record(step: Step, loan: Loan, person: Person | None) -> None:
    """The same loan again: of what it says, only the review may be corrected here."""
    given = step.line.given
    if person != loan.person:
        step.refuse("family_name", "another_person", "This loan is on record with somebody else: correct the person.")
    elif "ended" in given and loan.ended_at is None:
        step.refuse("ended", "still_out", "We have it as on loan still: book the return in at the store.")
    elif "ended" not in given and loan.ended_at is not None:
        step.refuse("ended", "has_ended", f"This loan ended on {loan.ended_at:%d %b %Y}: leave the row out.")
    else:
        step.found(loan, {"review_on": given["review_on"]} if "review_on" in given else {})


def _of_stock(scope: Scope, step: Step, person: Person | None, known: _Known) -> None:
    given = step.line.given
    product = known.products.get(given["stock_code"])
    if product is None:
        step.refuse("stock_code", "no_such_product", f"There is no product {given['stock_code']}: bring it in first.")
    elif product.is_serialised or product.is_composite:
        step.refuse("asset_number", "no_asset", f"{product} is not counted: give the asset number.")
    elif "batch" in given and scope.store is None:
        step.refuse("batch", "store_needed", "To keep the batch, choose the store it belongs to.")
    elif step.word != Word.BAD:
        key = (person.pk if person else None, product.pk, given.get("batch", ""), given["started"])
        old = known.counted.get(key)
        step.changes = {"product": product, "funder": known.funders.get(given.get("funder", ""))}
        if old is not None:
            _on_record(step, old, person)
            if old.quantity != given["quantity"]:
                step.refuse("quantity", "differs", f"This loan is on record with {old.quantity}: correct the quantity.")


def _soils(asset: Asset, back: datetime) -> bool:
    return asset.soiled_at is None or back > asset.soiled_at


def write(scope: Scope, steps: Sequence[Step]) -> None:
    for step in of_word(steps, Word.UPDATE):
        Loan.objects.filter(pk=step.row.pk).update(**step.changes)
    new = of_word(steps, Word.CREATE)
    people = People(scope, [step.line for step in new])
    held = locks.assets([step.changes["asset"].pk for step in new if "asset" in step.changes])
    # Somebody of several loans is registered once: the next line finds whom the last one made.
    for step in sorted(new, key=_by_person):
        _take_over(scope, step, people, held)


def _by_person(step: Step) -> tuple[str, int]:
    given = step.line.given
    return (f"{name(given)} {postcode(given['postcode'])}", step.line.number)


def _take_over(scope: Scope, step: Step, people: People, held: dict[int, Asset]) -> None:
    given = step.line.given
    asset = held[step.changes["asset"].pk] if "asset" in step.changes else None
    person = people.registered(step)
    product = asset.product if asset else step.changes["product"]
    if asset is not None:
        _move(scope, step, asset)
    Loan.objects.create(
        person=person,
        address=people.address(person, step),
        product=product,
        asset=asset,
        stock_line=_line(scope, product, given.get("batch", "")) if asset is None else None,
        quantity=given.get("quantity", 1),
        started_at=given["started"],
        ended_at=given.get("ended"),
        review_on=given.get("review_on"),
        funder=step.changes["funder"],
        price=given.get("price"),
    )


def _move(scope: Scope, step: Step, asset: Asset) -> None:
    """At home: out of the store. Back long ago: it was soiled then (rules 1 and 2), and that person had it (rule 9)."""
    ended = step.line.given.get("ended")
    if ended is None:
        reason = f"Taken over, line {step.line.number} of {scope.by}"
        advance(asset, AssetState.ON_LOAN, by=scope.by, at=scope.at, reason=reason)
    elif _soils(asset, ended):
        asset.soiled_at = ended
        Asset.objects.filter(pk=asset.pk).update(soiled_at=ended)
    Asset.objects.filter(pk=asset.pk).update(loans_count=F("loans_count") + 1)


def _line(scope: Scope, product: Product, batch: str) -> StockLine | None:
    """The batch it is of, so that a recall finds it: a line of the store, with nothing on it if need be."""
    if not batch or scope.store is None:
        return None
    line, _ = StockLine.objects.get_or_create(product=product, store=scope.store, batch=batch, dirty=False)
    return line


VERBS = Verbs(plan, write)
