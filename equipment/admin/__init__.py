"""The workplace of store staff: one module per family of nouns, and the scan page."""

from equipment.admin import (
    assets,
    catalogue,
    counts,
    disposals,
    imports,
    levels,
    organisations,
    people,
    places,
    receipts,
    repairs,
    safety,
    stock,
    transfers,
    washes,
)

__all__ = [
    "assets",
    "catalogue",
    "counts",
    "disposals",
    "imports",
    "levels",
    "organisations",
    "people",
    "places",
    "receipts",
    "repairs",
    "safety",
    "stock",
    "transfers",
    "washes",
]
