"""The groups of users and what each may see and change. States are never among it: they change by verbs only."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction

STORE_STAFF, STORE_MANAGERS, DISCHARGE_TEAM, DRIVERS = "Store staff", "Store managers", "Discharge team", "Drivers"


def _each(app: str, models: str, *actions: str) -> set[str]:
    return {f"{app}.{action}_{model}" for model in models.split() for action in actions}


_FLOOR = (
    _each("equipment", "asset assetevent product compositepart testregime store stockline stockmovement", "view")
    | _each("equipment", "reservation decontamination inspectionrecord returnrecord", "view")
    | _each("equipment", "person address loan organisation", "view")
)
_ROAD = _each("logistics", "route stop visit activity followup shift van driver planrun", "view")
_WARD = _each("logistics", "discharge expecteddate order orderline", "view")

GRANTS: dict[str, set[str]] = {
    STORE_STAFF: _FLOOR
    | _ROAD
    | _WARD
    | {"equipment.add_asset", "equipment.change_asset", "equipment.change_loan", "equipment.change_address"}
    | {"logistics.change_route", "logistics.change_followup"},
    STORE_MANAGERS: _FLOOR
    | _ROAD
    | _WARD
    | {"equipment.add_asset", "equipment.change_asset", "equipment.change_loan", "equipment.change_store"}
    | _each("equipment", "product compositepart testregime", "add", "change")
    | _each("equipment", "compositepart testregime", "delete")
    | _each("equipment", "person address", "add", "change")
    | {"logistics.change_route", "logistics.change_followup", "logistics.view_outboxrow", "auth.view_user"}
    | _each("logistics", "van driver shift prescriber", "add", "change", "view")
    | _each("logistics", "postcode gazetteer", "view"),
    DISCHARGE_TEAM: _WARD
    | _each("equipment", "person address", "add", "change", "view")
    | _each("equipment", "product loan reservation organisation", "view")
    | _each("logistics", "visit activity followup prescriber", "view")
    | {"equipment.change_loan", "logistics.change_followup"},
    DRIVERS: _each("logistics", "route stop visit activity", "view"),
}


@transaction.atomic
def ensure_groups() -> dict[str, Group]:
    """Make the groups, or set them right again: each holds exactly the permissions above.

    Raises RuntimeError when a permission does not exist yet: migrate first.
    """
    found = _permissions({code for codes in GRANTS.values() for code in codes})
    made: dict[str, Group] = {}
    for name, codes in GRANTS.items():
        made[name], _ = Group.objects.get_or_create(name=name)
        made[name].permissions.set([found[code] for code in codes])
    return made


def _permissions(codes: Iterable[str]) -> dict[str, Permission]:
    wanted = set(codes)
    names = [code.split(".", 1)[1] for code in wanted]
    rows = Permission.objects.filter(codename__in=names).select_related("content_type")
    found = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    missing = wanted - set(found)
    if missing:
        raise RuntimeError(f"Unknown permissions (migrate first): {', '.join(sorted(missing))}")
    return found
