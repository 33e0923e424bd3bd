"""The groups of users and what each may see and change. States are never among it: they change by verbs only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from equipment.duties import ASSISTANT, COORDINATOR, DECONTAMINATION_TECHNICIAN, MANAGER, TEST_TECHNICIAN, Actor, Duty
from equipment.models import Membership

STORE_ASSISTANTS, STORE_MANAGERS = "Store assistants", "Store managers"
DECONTAMINATION_TECHNICIANS, TEST_TECHNICIANS = "Decontamination technicians", "Test technicians"
DISCHARGE_TEAM, DRIVERS = "Discharge team", "Drivers"
_FORMER_STORE_STAFF = "Store staff"  # did everything but a manager's decisions

# What each group of a store does; somebody in several groups does all of theirs.
DUTIES: dict[str, frozenset[Duty]] = {
    STORE_ASSISTANTS: ASSISTANT,
    DECONTAMINATION_TECHNICIANS: DECONTAMINATION_TECHNICIAN,
    TEST_TECHNICIANS: TEST_TECHNICIAN,
    STORE_MANAGERS: MANAGER,
}
STORE_GROUPS = tuple(DUTIES)
_HELD = {**DUTIES, DISCHARGE_TEAM: COORDINATOR}
FLOOR_GROUPS = (STORE_ASSISTANTS, DECONTAMINATION_TECHNICIANS, TEST_TECHNICIANS)


def actor_of(user: Any) -> Actor:
    """The label that goes on the record for a signed-in user, knowing the user's duties and stores."""
    label = f"user:{user.get_username()}"
    if user.is_superuser:
        return Actor(label, MANAGER)
    held = [_HELD[name] for name in user.groups.values_list("name", flat=True) if name in _HELD]
    stores = set(Membership.stores.through.objects.filter(membership__user=user.pk).values_list("store_id", flat=True))
    return Actor(label, frozenset[Duty]().union(*held), stores or None)


def _each(app: str, models: str, *actions: str) -> set[str]:
    return {f"{app}.{action}_{model}" for model in models.split() for action in actions}


_FLOOR = (
    _each("equipment", "asset assetevent product compositepart testregime store stockline stockmovement", "view")
    | _each("equipment", "reservation decontamination inspectionrecord returnrecord receipt repair disposal", "view")
    | _each("equipment", "location stocklevel stockadjustment transfer stockcount washrun floorevent", "view")
    | _each("equipment", "approvedequivalent incompatibility compatibility check competence", "view")
    | _each("equipment", "person address loan organisation", "view")
    | _each("equipment", "alert alertunit", "view")
)
_ROAD = _each("logistics", "route stop visit activity followup shift van driver planrun driveraction", "view")
_WARD = _each("logistics", "discharge expecteddate order orderline review", "view")

_DOOR = _each("equipment", "riskmarker", "add", "change", "view") | {
    "equipment.change_keysafecode",
    "equipment.view_secretview",
}

_TELECARE = _each("equipment", "installation alarmcentre hubreset sim", "view")
_HOLDERS = _each("equipment", "keyholder", "change", "view")

GRANTS: dict[str, set[str]] = {
    STORE_ASSISTANTS: _FLOOR
    | _TELECARE
    | _ROAD
    | _WARD
    | {"equipment.add_asset", "equipment.change_asset", "equipment.change_loan", "equipment.change_address"}
    | {"logistics.change_route", "logistics.change_followup"},
    DECONTAMINATION_TECHNICIANS: _FLOOR | _WARD,
    TEST_TECHNICIANS: _FLOOR | _WARD | _TELECARE | {"equipment.add_asset", "equipment.change_asset"},
    STORE_MANAGERS: _FLOOR
    | _TELECARE
    | _HOLDERS
    | {"equipment.change_installation"}
    | _each("equipment", "alarmcentre", "add", "change")
    | _ROAD
    | _WARD
    | _DOOR
    | {"equipment.add_asset", "equipment.change_asset", "equipment.change_loan", "equipment.change_store"}
    | _each("equipment", "product compositepart testregime approvedequivalent incompatibility check", "add", "change")
    | _each("equipment", "location stocklevel compatibility competence", "add", "change")
    | _each("equipment", "compositepart testregime approvedequivalent incompatibility check stocklevel", "delete")
    | {"equipment.delete_compatibility", "equipment.view_credit", "logistics.change_driveraction"}
    | _each("equipment", "importjob", "add", "change", "view")
    | _each("equipment", "person address", "add", "change")
    | {"logistics.change_route", "logistics.change_followup", "logistics.view_outboxrow", "auth.view_user"}
    | {"equipment.view_personmerge", "logistics.change_review"}
    | _each("logistics", "van driver shift prescriber", "add", "change", "view")
    | _each("logistics", "postcode gazetteer", "view"),
    DISCHARGE_TEAM: _WARD
    | _HOLDERS
    | {"equipment.view_installation", "equipment.change_installation", "equipment.view_alarmcentre"}
    | _DOOR
    | _each("equipment", "person address", "add", "change", "view")
    | _each("equipment", "product loan reservation organisation", "view")
    | _each("logistics", "visit activity followup prescriber", "view")
    | {"equipment.change_loan", "logistics.change_followup", "logistics.change_review"},
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
    _dissolve(_FORMER_STORE_STAFF, [made[name] for name in FLOOR_GROUPS])
    return made


def _dissolve(former: str, into: Iterable[Group]) -> None:
    """Members of a group that is no more get those that do its work."""
    for group in Group.objects.filter(name=former):
        for user in group.user_set.all():
            user.groups.add(*into)
        group.delete()


def _permissions(codes: Iterable[str]) -> dict[str, Permission]:
    wanted = set(codes)
    names = [code.split(".", 1)[1] for code in wanted]
    rows = Permission.objects.filter(codename__in=names).select_related("content_type")
    found = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    missing = wanted - set(found)
    if missing:
        raise RuntimeError(f"Unknown permissions (migrate first): {', '.join(sorted(missing))}")
    return found
