"""The people of the story: who goes home on which of its three days, where to, and with what. All invented."""

from __future__ import annotations

from dataclasses import dataclass, field

from logistics.demo.catalogue import BARIATRIC_BED, BED_SET, SCARCE, TELECARE_PACK
from logistics.demo.county import TOWNS
from logistics.demo.people import LEAD, OT, PHYSIO

LARKMOOR, TARN_HALLOW = TOWNS


# A rail or lever with the bed and mattress it was assessed on; empty: the person's own.
Judged = tuple[str, str, str]
_ON_THE_SET: tuple[Judged, ...] = (("RAIL-SET", "BED-PRO", "MAT-FOAM"),)
_ON_THEIR_OWN: tuple[Judged, ...] = (("BED-LEVER", "", ""),)


@dataclass(frozen=True)
class Part:
    """One person. `day`: the expected discharge date, as the first, second or third working day of the story."""

    title: str
    given: str
    family: str
    day: int
    town: str
    kit: dict[str, int]
    weight: int | None = None
    prescriber: str = OT
    ward: str = "Elder"
    later: tuple[str, ...] = ()  # of the kit: not critical, may follow
    access: str = ""
    known_postcode: bool = True
    phone: str = field(default="07700 900600")
    height: int = 165
    sling: str = ""
    judged: tuple[Judged, ...] = ()  # rails and levers, assessed before they are ordered
    fire: dict[str, bool] = field(default_factory=dict)  # the answers; empty: nobody has asked

    @property
    def name(self) -> str:
        return f"{self.title} {self.family}"

    @property
    def key(self) -> str:
        return self.family.lower()


# The parts with a turn of their own in the story.
RETURNS = Part("Mr", "Peter", "Carrow", 1, "Vixenhurst", {SCARCE: 1}, 78, ward="Rowan")
NEIGHBOUR = Part("Mrs", "Wilma", "Yardley", 3, "Vixenhurst", {"HOIST-M": 1, "SLING-M": 1}, 71, sling="M")
WAITS = Part("Mrs", "Petra", "Quayle", 3, LARKMOOR, {SCARCE: 1}, 66, ward="Rowan")
OVER_LIMIT = Part(
    "Mrs",
    "Edna",
    "Farrow",
    2,
    LARKMOOR,
    {BED_SET: 1, "TABLE-OVB": 1, "COMMODE-STD": 1},
    63,
    access="Ring twice",
    judged=_ON_THE_SET,
)
FAILS = Part("Mrs", "Joan", "Kettley", 2, "Dapplemere", {"CHAIR-RISE": 1}, 74, access="Daughter lets you in")
UNKNOWN = Part("Mr", "Karl", "Lowther", 2, LARKMOOR, {"FRAME-WHL": 1, "TOILET-SUR": 1}, 81, known_postcode=False)
MOVED = Part("Mr", "Milo", "Norcross", 3, "Saffron Leys", {"BED-LOW": 1, "MAT-FOAM": 1}, 69, LEAD, "Hazel")
HEAVY = Part(
    "Mr",
    "Otis",
    "Pemble",
    3,
    TARN_HALLOW,
    {BARIATRIC_BED: 1, "COMMODE-BAR": 1},
    196,
    LEAD,
    access="Double gate at rear",
    height=181,
)

AIRFLOW = Part(
    "Mrs",
    "Lena",
    "Marsden",
    2,
    "Kestrel Bank",
    {"MAT-AIR": 1, "SLIDE-SHT": 2},
    52,
    LEAD,
    ward="Hazel",
    fire={"smokes": False, "uses_oxygen": False, "uses_emollients": True, "has_smoke_alarm": True},
)

CAST = (
    Part("Mrs", "Ivy", "Ashdown", 1, LARKMOOR, {"COMMODE-STD": 1, "SEAT-4": 1}, prescriber=PHYSIO),
    Part("Mr", "Owen", "Brightwell", 1, TARN_HALLOW, {"FRAME-WALK": 1, "STOOL-PRCH": 1}, prescriber=PHYSIO),
    RETURNS,
    Part("Mrs", "Dilys", "Edgerton", 1, "Ambershaw", {"BED-LEVER": 1, "BED-RAISE": 1}, 58, judged=_ON_THEIR_OWN),
    OVER_LIMIT,
    Part("Mr", "Frank", "Gilroy", 2, "Hollinfold", {"HOIST-M": 1, "SLING-M": 1}, 84, ward="Hazel", sling="M"),
    Part("Miss", "Grace", "Holloway", 2, TARN_HALLOW, {TELECARE_PACK: 1}),
    Part("Mr", "Hari", "Inglis", 2, "Fallowick", {"COMMODE-WHL": 1, "TOILET-SUR": 1}, 77, PHYSIO),
    FAILS,
    UNKNOWN,
    AIRFLOW,
    MOVED,
    Part(
        "Mrs",
        "Nell",
        "Oakden",
        3,
        LARKMOOR,
        {BED_SET: 1, TELECARE_PACK: 1},
        60,
        LEAD,
        access="Key with warden",
        judged=_ON_THE_SET,
    ),
    HEAVY,
    WAITS,
    Part("Mr", "Ralph", "Stirling", 3, "Lanternwood", {"STAND-AID": 1, "SLING-L": 1}, 92, LEAD, sling="L"),
    Part("Mrs", "Sybil", "Thorne", 3, "Otterhallow", {TELECARE_PACK: 1, "TEL-FALL": 1}),
    Part("Mr", "Tom", "Underhay", 3, TARN_HALLOW, {"CHAIR-HIGH": 1, "CUSH-GEL": 1}, 88, ward="Rowan"),
    Part("Mrs", "Una", "Vane", 3, LARKMOOR, {"FRAME-WALK": 1, "SEAT-4": 1, "HELP-HAND": 1}, later=("HELP-HAND",)),
    Part("Mr", "Victor", "Wyld", 3, "Rookenden", {"TABLE-OVB": 1, "WCHAIR-TRN": 1}, 83, PHYSIO),
    NEIGHBOUR,
    Part("Mr", "Yusuf", "Zeller", 3, "Wrenmarsh", {"COMMODE-WHL": 1, "BATH-BRD": 1}, 79, PHYSIO),
    Part("Miss", "Zoe", "Ainsley", 3, "Bellwether", {"TURN-AID": 1, "BED-LEVER": 1}, 55, judged=_ON_THEIR_OWN),
)

# Those who come after the story: planned and left as they are, for whoever looks around.
NEXT = (
    Part("Mrs", "Avis", "Bellamy", 4, LARKMOOR, {"COMMODE-STD": 1, "FRAME-WALK": 1}),
    Part("Mr", "Basil", "Crowther", 4, "Ambershaw", {"STOOL-PRCH": 1, "TOILET-SUR": 1}),
    Part("Mrs", "Clara", "Dunnett", 5, TARN_HALLOW, {BED_SET: 1}, 64, judged=_ON_THE_SET),
    Part("Mr", "Denis", "Elliston", 5, "Inglemarsh", {TELECARE_PACK: 1}),
    Part("Mrs", "Elsie", "Frobisher", 5, LARKMOOR, {"CHAIR-RISE": 1, "CUSH-GEL": 1}, 70),
)
