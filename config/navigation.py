"""The sidebar of the admin, grouped by work, and its badge. Only what the user may see is listed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from equipment.admin.scan import may_scan

# (group, [(title, icon, model or name of a page)])
_GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Today",
        (
            ("Today", "today", "index"),
            ("Scan", "barcode_scanner", "scan"),
            ("Pick lists", "trolley", "pick"),
            ("Tests due", "event_upcoming", "tests_due"),
            ("Wash runs", "local_laundry_service", "equipment.washrun"),
            ("Labels", "label", "labels"),
        ),
    ),
    (
        "Equipment",
        (
            ("Assets", "bed", "equipment.asset"),
            ("Loans", "handshake", "equipment.loan"),
            ("Reservations", "bookmark", "equipment.reservation"),
            ("Repairs", "build", "equipment.repair"),
            ("Safety alerts", "emergency_home", "equipment.alert"),
            ("Units under alert", "report", "equipment.alertunit"),
        ),
    ),
    (
        "Stock",
        (
            ("Counted stock", "inventory_2", "equipment.stockline"),
            ("Adjustments", "difference", "equipment.stockadjustment"),
            ("Receipts", "package_2", "equipment.receipt"),
            ("Transfers", "swap_horiz", "equipment.transfer"),
            ("Counts", "checklist", "equipment.stockcount"),
            ("Levels", "vertical_align_center", "equipment.stocklevel"),
        ),
    ),
    (
        "Deliveries",
        (
            ("Routes", "route", "logistics.route"),
            ("Visits", "door_front", "logistics.visit"),
            ("Follow-ups", "flag", "logistics.followup"),
            ("From the phones", "sync_problem", "logistics.driveraction"),
            ("Shifts", "calendar_month", "logistics.shift"),
            ("Vans", "local_shipping", "logistics.van"),
            ("Drivers", "badge", "logistics.driver"),
            ("Planning runs", "history", "logistics.planrun"),
        ),
    ),
    (
        "Discharges",
        (
            ("Discharges", "home_health", "logistics.discharge"),
            ("Orders", "receipt_long", "logistics.order"),
            ("Prescribers", "clinical_notes", "logistics.prescriber"),
            ("Reviews", "event_repeat", "logistics.review"),
        ),
    ),
    (
        "Telecare",
        (
            ("Installations", "sos", "equipment.installation"),
            ("Key holders", "key", "equipment.keyholder"),
            ("Hubs wiped", "mop", "equipment.hubreset"),
            ("SIMs", "sim_card", "equipment.sim"),
            ("Alarm centres", "support_agent", "equipment.alarmcentre"),
        ),
    ),
    (
        "Catalogue",
        (
            ("Products", "category", "equipment.product"),
            ("Stores", "warehouse", "equipment.store"),
            ("Locations", "shelves", "equipment.location"),
            ("Files brought in", "upload_file", "equipment.importjob"),
        ),
    ),
    (
        "People",
        (
            ("People", "person", "equipment.person"),
            ("Addresses", "location_on", "equipment.address"),
            ("Merged records", "merge", "equipment.personmerge"),
            ("Risk markers", "warning", "equipment.riskmarker"),
            ("Who has seen what", "visibility", "equipment.secretview"),
        ),
    ),
    (
        "Records",
        (
            ("Cleans", "cleaning_services", "equipment.decontamination"),
            ("Tests", "fact_check", "equipment.inspectionrecord"),
            ("Competent persons", "verified_user", "equipment.competence"),
            ("Returns", "assignment_return", "equipment.returnrecord"),
            ("Credits", "currency_pound", "equipment.credit"),
            ("Disposals", "recycling", "equipment.disposal"),
        ),
    ),
    (
        "Access",
        (
            ("Organisations", "apartment", "equipment.organisation"),
            ("Users", "manage_accounts", "auth.user"),
            ("Groups", "groups", "auth.group"),
            ("Memberships", "id_card", "equipment.membership"),
            ("API clients", "key", "equipment.apiclient"),
            ("Applications", "apps", "oauth2_provider.application"),
            ("Outbox", "outbox", "logistics.outboxrow"),
            ("Postcodes", "map", "logistics.postcode"),
            ("Gazetteer loads", "upload_file", "logistics.gazetteer"),
        ),
    ),
)
_BADGES = {"Live": "danger", "Demo": "warning", "Development": "info"}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with what this user may open; a group with nothing in it is left out."""
    found: list[dict[str, Any]] = []
    for title, entries in _GROUPS:
        items = [{"title": name, "icon": icon, "link": _link(to)} for name, icon, to in entries if _may(request, to)]
        if items:
            found.append({"title": title, "separator": bool(found), "items": items})
    return found


def _link(to: str) -> str:
    return reverse(f"admin:{to.replace('.', '_')}_changelist" if "." in to else f"admin:{to}")


def _may(request: HttpRequest, to: str) -> bool:
    if "." not in to:
        return to == "index" or may_scan(request)
    app, model = to.split(".")
    user: Any = request.user
    return user.has_perm(f"{app}.view_{model}") or user.has_perm(f"{app}.change_{model}")


def environment(request: HttpRequest) -> list[str]:
    """The badge that says whether this is real."""
    return [settings.ENVIRONMENT, _BADGES.get(settings.ENVIRONMENT, "info")]


def stylesheet(request: HttpRequest) -> str:
    return static("house/floor.css")


def icon(request: HttpRequest) -> str:
    return static("house/icon.svg")
