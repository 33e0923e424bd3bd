"""What a scanned code stands for among what this person sees; or what it is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from equipment import codes, locations
from equipment.codes import Code
from equipment.errors import Missing
from equipment.models import Asset, Location, Product, StockLine, Store


@dataclass(frozen=True)
class Found:
    """The row that a code stands for; of counted stock the line too, when only one can be meant."""

    asset: Asset | None = None
    location: Location | None = None
    product: Product | None = None
    stock_line: StockLine | None = None


def read(raw: str) -> Code:
    return codes.read(raw)


def find(code: Code, assets: QuerySet[Asset], store: Store | None) -> Found:
    """The row behind a code, among these assets and in this store. Raises Missing with what the code is not."""
    typed = _typed(code, store)
    if typed is not None:
        return typed
    here = {"store": store} if store is not None else {"store__in": ()}
    found = codes.identify(
        code,
        assets.select_related("product", "store", "location"),
        locations=Location.objects.filter(**here),
        lines=StockLine.objects.filter(**here, dirty=False).select_related("product"),
    )
    if found.problem:
        raise Missing("unknown_code", found.problem)
    return Found(found.asset, found.location, found.product, _only(found.stock_lines))


def _only(lines: Iterable[StockLine]) -> StockLine | None:
    """The one line that can be meant: the only one, or the only one with anything on it."""
    every = list(lines)
    stocked = [line for line in every if line.count]
    return next((few[0] for few in (every, stocked) if len(few) == 1), None)


def _typed(code: Code, store: Store | None) -> Found | None:
    """A place or a stock code typed as people know it, without the letters that its label puts before it."""
    if code.kind != codes.UNKNOWN or not code.text:
        return None
    place = locations.find(code.text, [store.pk]) if store is not None else None
    if place is not None:
        return Found(location=place)
    product = Product.objects.filter(stock_code__iexact=code.text).first()
    if product is None or Asset.objects.filter(barcode=code.text).exists():
        return None
    lines = StockLine.objects.filter(product=product, store=store, dirty=False)
    return Found(product=product, stock_line=_only(lines.select_related("product")))


def asset_of(code: Code, assets: QuerySet[Asset]) -> Asset | None:
    """The asset that a refused scan was about, if it was about one."""
    return codes.identify(code, assets).asset if code.text else None


def looks_like_a_label(text: str) -> bool:
    """An asset number, a place or a command, where something else should have been typed."""
    return read(text).kind in (codes.ASSET, codes.LOCATION, codes.COMMAND)
