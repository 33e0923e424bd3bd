"""The workplace of store staff: one module per family of nouns, and the scan page."""

from equipment.admin import assets, catalogue, organisations, people, safety, stock

__all__ = ["assets", "catalogue", "organisations", "people", "safety", "stock"]
