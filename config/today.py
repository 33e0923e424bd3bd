"""What the landing page of the admin shows, of what this user may see."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from equipment.admin import floor, scan
from logistics.admin import ahead, decisions, queues


def numbers(request: HttpRequest) -> dict[str, Any]:
    """Today's numbers; a part that the user may not see is left out."""
    may = request.user.has_perm
    stores = may("equipment.view_asset")
    return {
        "scans": scan.may_scan(request),
        "tiles": floor.tiles(request, queues.heads(request)) if stores else None,
        "shelf": floor.shelf(request) if stores else None,
        "decisions": decisions.waiting(request) if stores else None,
        "home": ahead.going_home(request) if may("logistics.view_discharge") else None,
        "without_van": ahead.without_van(request) if may("logistics.view_visit") else None,
        "routes": ahead.routes_today(request) if may("logistics.view_route") else None,
    }
