"""Discharges, orders, visits, routes and fleet in the admin: one module per family of nouns."""

from logistics.admin import actions, discharges, fleet, loans, machinery, orders, places, routes, visits

__all__ = ["actions", "discharges", "fleet", "loans", "machinery", "orders", "places", "routes", "visits"]
