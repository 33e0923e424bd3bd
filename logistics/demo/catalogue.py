"""About forty products with lifelike figures, the tests they need, and how many of each the store has."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from equipment.models import CompositePart, Product, TestRegime
from equipment.states import CleaningMethod, Reuse, TestKind, Tracking
from logistics.demo import makers

TELECARE = "telecare"
BARIATRIC_BED = "BED-BARI"
SCARCE = "BATH-LIFT"  # one on the shelf: two people will want it
BED_SET, TELECARE_PACK = "BED-SET", "TEL-PACK"

# A regime: kind, days between tests (None: on return only), needed after every return.
Regime = tuple[TestKind, int | None, bool]
LOLER: Regime = (TestKind.LOLER, 182, False)
PAT: Regime = (TestKind.PAT, 365, True)
SERVICE: Regime = (TestKind.SERVICE, 365, False)
ON_RETURN: Regime = (TestKind.FUNCTIONAL, None, True)


@dataclass(frozen=True)
class Numbered:
    """A serialised product and its assets: on the shelf new and recycled, on loan, and elsewhere on their way."""

    code: str
    name: str
    iso: str
    size_mm: tuple[int, int, int]
    litres: int
    kg: float
    price: int
    minutes: int
    regimes: tuple[Regime, ...]
    load_kg: int | None = None
    crew: int = 1
    bulky: bool = False
    weight_critical: bool = False
    skill: str = ""
    clean: CleaningMethod = CleaningMethod.DETERGENT
    new: int = 1
    recycled: int = 4
    on_loan: int = 7
    elsewhere: int = 4


@dataclass(frozen=True)
class Counted:
    """A product counted by batch or quantity, with what the main store holds."""

    code: str
    name: str
    iso: str
    litres: int
    kg: float
    price: float
    count: int
    minutes: int = 0
    skill: str = ""
    reuse: Reuse = Reuse.REUSABLE
    batches: tuple[str, ...] = ()
    load_kg: int | None = None
    clean: CleaningMethod = CleaningMethod.DETERGENT


NUMBERED = (
    Numbered(
        "BED-PRO", "Profiling bed, electric, four sections", "18 12 10", (2200, 1020, 400), 650, 78, 495, 30,
        (PAT, SERVICE, ON_RETURN), 185, crew=2, bulky=True, new=2, recycled=14, on_loan=27, elsewhere=10,
    ),
    Numbered(
        "BED-LOW", "Low profiling bed", "18 12 10", (2200, 1020, 380), 680, 84, 690, 30,
        (PAT, SERVICE, ON_RETURN), 185, crew=2, bulky=True, on_loan=8,
    ),
    Numbered(
        BARIATRIC_BED, "Bariatric profiling bed, 1220 mm wide", "18 12 10", (2280, 1220, 450), 900, 118, 2150, 40,
        (PAT, SERVICE, ON_RETURN), 320, crew=2, bulky=True, weight_critical=True,
        new=0, recycled=0, on_loan=0, elsewhere=0,
    ),
    Numbered(
        "MAT-FOAM", "High-specification foam mattress", "04 33 06", (1980, 880, 150), 300, 11, 145, 5,
        (ON_RETURN,), 185, clean=CleaningMethod.CHLORINE_1000, new=6, recycled=18, on_loan=32, elsewhere=8,
    ),
    Numbered(
        "MAT-AIR", "Alternating air mattress with pump", "04 33 06", (1980, 880, 200), 120, 11, 780, 20,
        (PAT, SERVICE, ON_RETURN), 180, bulky=True, clean=CleaningMethod.CHLORINE_1000,
        recycled=7, on_loan=13, elsewhere=5,
    ),
    Numbered(
        "RAIL-SET", "Bed rails, pair", "18 12 27", (1400, 450, 80), 60, 13, 72, 10,
        (ON_RETURN,), new=3, recycled=14, on_loan=17, elsewhere=4,
    ),
    Numbered(
        "HOIST-M", "Mobile hoist with spreader bar", "12 36 03", (1200, 680, 1350), 420, 47, 690, 25,
        (LOLER, SERVICE, ON_RETURN), 180, crew=2, bulky=True, weight_critical=True, recycled=6, on_loan=10, elsewhere=5,
    ),
    Numbered(
        "STAND-AID", "Sit-to-stand hoist", "12 36 04", (1050, 660, 1100), 400, 42, 1150, 25,
        (LOLER, SERVICE, ON_RETURN), 170, crew=2, bulky=True, weight_critical=True,
        new=0, recycled=3, on_loan=8, elsewhere=3,
    ),
    Numbered(
        "SLING-M", "Hoist sling, medium", "12 36 21", (500, 400, 60), 8, 1.2, 88, 0,
        (LOLER, ON_RETURN), 227, weight_critical=True, clean=CleaningMethod.LAUNDER, new=2, recycled=8, on_loan=10,
    ),
    Numbered(
        "SLING-L", "Hoist sling, large", "12 36 21", (500, 400, 60), 8, 1.4, 92, 0,
        (LOLER, ON_RETURN), 227, weight_critical=True, clean=CleaningMethod.LAUNDER, recycled=5, on_loan=8, elsewhere=3,
    ),
    Numbered(
        SCARCE, "Powered bath lift", "12 36 12", (720, 430, 640), 90, 12, 245, 10,
        (LOLER, ON_RETURN), 140, new=0, recycled=1, on_loan=7, elsewhere=2,
    ),
    Numbered(
        "COMMODE-STD", "Commode chair, adjustable height", "09 12 03", (560, 550, 420), 110, 8, 46, 5,
        (ON_RETURN,), 160, clean=CleaningMethod.CHLORINE_1000, new=3, recycled=14, on_loan=18, elsewhere=7,
    ),
    Numbered(
        "COMMODE-WHL", "Wheeled commode and shower chair", "09 12 03", (900, 560, 420), 130, 12, 128, 5,
        (ON_RETURN,), 150, clean=CleaningMethod.CHLORINE_1000, recycled=6, on_loan=8, elsewhere=5,
    ),
    Numbered(
        "COMMODE-BAR", "Bariatric commode chair", "09 12 03", (720, 600, 520), 190, 15, 165, 5,
        (ON_RETURN,), 318, weight_critical=True, clean=CleaningMethod.CHLORINE_1000,
        new=0, recycled=2, on_loan=2, elsewhere=1,
    ),
    Numbered(
        "CHAIR-RISE", "Riser-recliner chair, dual motor", "18 09 09", (850, 780, 1080), 480, 46, 620, 15,
        (PAT, SERVICE, ON_RETURN), 160, crew=2, bulky=True, on_loan=8, elsewhere=3,
    ),
    Numbered(
        "CHAIR-HIGH", "High-seat chair with arms", "18 09 03", (700, 640, 1050), 300, 16, 118, 5,
        (ON_RETURN,), 160, recycled=5, on_loan=6, elsewhere=3,
    ),
    Numbered("STOOL-PRCH", "Perching stool with arms", "18 09 04", (560, 540, 300), 55, 6, 38, 5,
             (ON_RETURN,), 160, new=3, recycled=8, on_loan=9, elsewhere=3),
    Numbered("WCHAIR-TRN", "Transit wheelchair, 18 inch", "12 22 18", (900, 300, 700), 150, 14, 140, 5,
             (ON_RETURN,), 125, new=4, recycled=0, on_loan=8, elsewhere=3),
    Numbered("TABLE-OVB", "Overbed table", "18 03 15", (760, 400, 250), 70, 9, 52, 5,
             (ON_RETURN,), new=2, recycled=8, on_loan=8, elsewhere=2),
    Numbered("CUSH-GEL", "Pressure-relief cushion, gel and foam", "04 33 03", (450, 450, 90), 20, 3, 95, 0,
             (ON_RETURN,), 150, clean=CleaningMethod.CHLORINE_1000, recycled=6, on_loan=8, elsewhere=3),
    Numbered("TURN-AID", "Stand-and-turn aid", "12 31 06", (700, 520, 300), 90, 10, 310, 10,
             (SERVICE, ON_RETURN), 170, recycled=3, on_loan=6, elsewhere=2),
    Numbered("TOILET-SUR", "Toilet surround frame, free standing", "09 12 24", (660, 520, 200), 65, 5, 29, 5,
             (ON_RETURN,), 190, new=3, recycled=9, on_loan=9, elsewhere=3),
    Numbered("TEL-HUB", "Telecare hub, digital", "22 27 18", (220, 180, 70), 4, 1, 118, 15,
             (ON_RETURN,), skill=TELECARE, new=2, recycled=11, on_loan=14, elsewhere=5),
    Numbered("TEL-PEND", "Telecare pendant, neck or wrist", "22 27 18", (60, 40, 20), 1, 0.1, 31, 5,
             (ON_RETURN,), skill=TELECARE, new=2, recycled=12, on_loan=14, elsewhere=5),
    Numbered("TEL-SMOKE", "Smoke alarm, linked to the hub", "22 27 21", (120, 120, 50), 1, 0.3, 27, 10,
             (ON_RETURN,), skill=TELECARE, new=2, recycled=10, on_loan=12, elsewhere=4),
    Numbered("TEL-FALL", "Falls detector", "22 27 18", (60, 40, 20), 1, 0.1, 64, 5,
             (ON_RETURN,), skill=TELECARE, new=4, recycled=0, on_loan=8, elsewhere=2),
    Numbered("TEL-BED", "Bed occupancy sensor", "22 27 18", (700, 300, 20), 5, 0.6, 82, 10,
             (ON_RETURN,), skill=TELECARE, recycled=3, on_loan=5, elsewhere=2),
)  # fmt: skip

COUNTED = (
    Counted("FRAME-WALK", "Walking frame, folding", "12 06 03", 45, 2.6, 19.5, 60, 2, batches=("WF-2231", "WF-2310")),
    Counted("FRAME-WHL", "Walking frame, two wheels", "12 06 03", 50, 3.1, 27, 44, 2, batches=("WW-2307",)),
    Counted("TROLLEY", "Kitchen trolley, adjustable", "12 06 12", 80, 6, 48, 18, 5, batches=("KT-2299",)),
    Counted("STICKS", "Elbow crutches, pair", "12 03 06", 12, 1.2, 11, 40, batches=("EC-2304",)),
    Counted("SLIDE-SHT", "Slide sheet, flat", "12 31 03", 2, 0.4, 14, 80, reuse=Reuse.SINGLE_PATIENT,
            batches=("SS-2401", "SS-2402"), clean=CleaningMethod.LAUNDER),
    Counted("SLING-DSP", "Disposable sling, medium", "12 36 21", 3, 0.3, 16, 24, reuse=Reuse.SINGLE_USE,
            batches=("DS-2403",), load_kg=200, clean=CleaningMethod.LAUNDER),
    Counted("SEAT-4", "Raised toilet seat, 4 inch", "09 12 15", 15, 1.8, 16, 70, 2),
    Counted("BED-LEVER", "Bed lever", "18 18 06", 20, 3, 34, 26, 10),
    Counted("BED-RAISE", "Bed raisers, set of four", "18 12 12", 25, 4, 22, 36, 10),
    Counted("CHR-RAISE", "Chair raisers, set of four", "18 09 42", 20, 3, 24, 32, 10),
    Counted("BATH-BRD", "Bath board", "09 33 03", 18, 2.4, 18, 40, 2),
    Counted("GRAB-RAIL", "Grab rail, 450 mm", "18 18 06", 4, 0.6, 7.5, 90, 20),
    Counted("KEY-SAFE", "Key safe", "18 24 03", 2, 1, 24, 50, 10, TELECARE),
    Counted("HELP-HAND", "Helping-hand grabber", "24 21 03", 4, 0.3, 6.5, 60),
)  # fmt: skip

# code, name, ISO class, price, parts
COMPOSITES: tuple[tuple[str, str, str, int, dict[str, int]], ...] = (
    (BED_SET, "Profiling bed with mattress and rails", "18 12 10", 710, {"BED-PRO": 1, "MAT-FOAM": 1, "RAIL-SET": 1}),
    (
        TELECARE_PACK,
        "Telecare package: hub, pendant, smoke alarm and key safe",
        "22 27 18",
        195,
        {"TEL-HUB": 1, "TEL-PEND": 1, "TEL-SMOKE": 1, "KEY-SAFE": 1},
    ),
)


def list_products() -> dict[str, Product]:
    """The whole catalogue, made where it is missing; by stock code."""
    made = {one.code: _numbered(one) for one in NUMBERED} | {one.code: _counted(one) for one in COUNTED}
    for code, name, iso, price, parts in COMPOSITES:
        whole = _product(code, name=name, iso9999=iso, tracking=Tracking.COMPOSITE, price=price)
        for part, quantity in parts.items():
            CompositePart.objects.get_or_create(composite=whole, part=made[part], defaults={"quantity": quantity})
        made[code] = whole
    return made


def _numbered(one: Numbered) -> Product:
    length, width, height = one.size_mm
    product = _product(
        one.code,
        name=one.name,
        iso9999=one.iso,
        length_mm=length,
        width_mm=width,
        height_mm=height,
        volume_l=one.litres,
        weight_kg=Decimal(str(one.kg)),
        safe_working_load_kg=one.load_kg,
        weight_critical=one.weight_critical,
        fitting_minutes=one.minutes,
        crew_size=one.crew,
        skill=one.skill,
        bulky=one.bulky,
        cleaning_method=one.clean,
        holds_data=one.code == "TEL-HUB",
        price=one.price,
    )
    for kind, days, on_return in one.regimes:
        values = {"interval_days": days, "on_return": on_return}
        TestRegime.objects.get_or_create(product=product, kind=kind, defaults=values)
    return product


def _counted(one: Counted) -> Product:
    return _product(
        one.code,
        name=one.name,
        iso9999=one.iso,
        tracking=Tracking.BATCH if one.batches else Tracking.QUANTITY,
        reuse=one.reuse,
        volume_l=one.litres,
        weight_kg=Decimal(str(one.kg)),
        safe_working_load_kg=one.load_kg,
        fitting_minutes=one.minutes,
        skill=one.skill,
        cleaning_method=one.clean,
        price=Decimal(str(one.price)),
    )


def _product(code: str, **values: Any) -> Product:
    return Product.objects.get_or_create(stock_code=code, defaults=values | makers.of(code))[0]
