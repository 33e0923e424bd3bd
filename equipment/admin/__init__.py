"""The workplace of store staff: one module per family of nouns, and the scan page."""

from equipment.admin import (
    assets,
    catalogue,
    counts,
    disposals,
    levels,
    organisations,
    people,
    places,
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
    "levels",
    "organisations",
    "people",
    "places",
    "repairs",
    "safety",
    "stock",
    "transfers",
    "washes",
]
