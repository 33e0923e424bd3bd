"""What the two stores are fitted with: locations either side of the wall, levels to keep, checklists, equivalents."""

from __future__ import annotations

from collections.abc import Iterator

from equipment.jobs import Capability
from equipment.models import (
    ApprovedEquivalent,
    Check,
    Compatibility,
    Incompatibility,
    Location,
    Product,
    StockLevel,
    Store,
)
from equipment.states import TestKind
from logistics.demo.catalogue import COUNTED, NUMBERED
from logistics.demo.makers import APPROVED, SOURCE

# code, name, what it is for; the store works one way, from the dirty dock to the vans
_PLACES: tuple[tuple[str, str, tuple[Capability, ...]], ...] = (
    ("D-1", "Dirty dock, left", (Capability.DIRTY,)),
    ("D-2", "Dirty dock, right", (Capability.DIRTY,)),
    ("W-1", "Wash bay", (Capability.WASH,)),
    ("W-2", "Laundry", (Capability.WASH,)),
    ("T-1", "Test bench", (Capability.TEST,)),
    ("R-1", "Repair bench", (Capability.REPAIR,)),
    ("H-1", "Hold cage", (Capability.HOLD,)),
    ("V-1", "Lane of the first van", (Capability.STAGE,)),
    ("V-2", "Lane of the second van", (Capability.STAGE,)),
)
_BAYS, _LEVELS = "ABCDEF", 4
_AT_THE_WARD = {"COMMODE-STD": (2, 5), "TOILET-SUR": (2, 4), "FRAME-WALK": (6, 12), "SEAT-4": (4, 8)}

_CHECKS: dict[str, tuple[str, ...]] = {
    "BED-PRO": ("Every motor runs its full way", "Handset and its lock work", "Brakes hold", "Cables undamaged"),
    "HOIST-M": ("Emergency lowering works", "Legs open and close", "Brakes hold", "Battery above 80 %"),
    "COMMODE-STD": ("Ferrules whole", "Pan slides and seat is secure", "Arms lock"),
    "MAT-FOAM": ("Cover whole, no strike-through", "Foam not bottomed out"),
    "RAIL-SET": ("Latches lock", "Gaps within the gauge"),
    "TEL-HUB": ("Test call on the test account", "Battery holds", "Memory erased"),
}
_EQUIVALENTS = (
    ("COMMODE-STD", "COMMODE-WHL", "Wheels locked when it is used as a chair"),
    ("BED-PRO", "BED-LOW", "Goes lower; the same rails fit"),
    ("SEAT-4", "TOILET-SUR", "When the person can lower themselves"),
)
_NEVER_TOGETHER = (
    ("BED-BARI", "RAIL-SET", "The rails are made for a bed 900 mm wide and leave a gap"),
    ("BED-BARI", "MAT-FOAM", "The mattress is 340 mm too narrow"),
)


def fit_out(main: Store, ward: Store, products: dict[str, Product]) -> int:
    """Made where they are missing; returns how many locations the main store has."""
    for code, name, capabilities in (*_PLACES, *_shelves()):
        _place(main, code, name, capabilities)
    _place(ward, "CUP-1", "Cupboard next to Elder ward", (Capability.SHELF,))
    _place(ward, "BACK-1", "For what is handed back", (Capability.DIRTY,))
    Store.objects.filter(pk=ward.pk, supplied_by=None).update(supplied_by=main)
    for code, (minimum, maximum) in _AT_THE_WARD.items():
        values = {"minimum": minimum, "maximum": maximum}
        StockLevel.objects.get_or_create(store=ward, product=products[code], defaults=values)
    _advise(products)
    return main.locations.count()


def _shelves() -> Iterator[tuple[str, str, tuple[Capability, ...]]]:
    for bay in _BAYS:
        for level in range(1, _LEVELS + 1):
            yield f"{bay}-{level}", f"Clean shelf {bay}, level {level}", (Capability.SHELF,)


def _place(store: Store, code: str, name: str, capabilities: tuple[Capability, ...]) -> None:
    values = {"name": name, "capabilities": [str(one) for one in capabilities]}
    Location.objects.get_or_create(store=store, code=code, defaults=values)


def shelf_of(products: dict[str, Product], main: Store) -> dict[str, Location]:
    """The shelf of each product in the main store, by stock code: one shelf for a few products of a kind."""
    places = [code for code, _, _ in _shelves()]
    known = {place.code: place for place in main.locations.filter(code__in=places)}
    codes = [one.code for one in (*NUMBERED, *COUNTED) if one.code in products]
    return {code: known[places[number * len(places) // len(codes)]] for number, code in enumerate(codes)}


def _advise(products: dict[str, Product]) -> None:
    for code, checks in _CHECKS.items():
        for position, text in enumerate(checks):
            Check.objects.get_or_create(
                product=products[code], kind=TestKind.FUNCTIONAL, text=text, defaults={"position": position}
            )
    for code, other, note in _EQUIVALENTS:
        ApprovedEquivalent.objects.get_or_create(
            product=products[code], substitute=products[other], defaults={"note": note}
        )
    for code, other, why in _NEVER_TOGETHER:
        if not Incompatibility.objects.filter(one=products[code], other=products[other]).exists():
            Incompatibility.objects.create(one=products[code], other=products[other], why=why)
    for code, other in APPROVED:
        if not Compatibility.objects.filter(one=products[code], other=products[other]).exists():
            Compatibility.objects.create(one=products[code], other=products[other], source=SOURCE)
