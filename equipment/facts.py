"""What is asked of a person and of a product before one goes to the other: plain facts, read from the records. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from equipment.states import Reuse

# What a named person may set aside for a time; everything else holds for everybody.
OVERRIDABLE: frozenset[str] = frozenset({"test_expires_soon", "too_small", "size_unknown", "fire_risk"})


@dataclass(frozen=True)
class Reason:
    """Why not, and what to do about it. One that is `overridable` may be set aside: named, reasoned and for a time."""

    code: str
    sentence: str
    remedy: str
    rule: int
    overridable: bool = False


@dataclass(frozen=True)
class ProductFacts:
    """What of a product the rules ask for. Of one asset, its load is that which its last examination found."""

    code: str
    name: str
    use: str = ""
    reuse: str = Reuse.REUSABLE
    safe_working_load_kg: int | None = None
    weight_critical: bool = False
    min_height_cm: int | None = None
    min_weight_kg: int | None = None
    min_bmi: int | None = None
    size: str = ""
    analogue: bool = False

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


@dataclass(frozen=True)
class Pair:
    """Two products that are never used together, and why. The order of the two means nothing."""

    one: str
    other: str
    why: str


@dataclass(frozen=True)
class Partners:
    """The only products of one use that a product works with."""

    product: str
    use: str
    approved: frozenset[str]


@dataclass(frozen=True)
class Assessment:
    """A rail, lever or turning device judged for this person. No bed or mattress of ours: the person's own."""

    product: str
    bed: str | None
    mattress: str | None
    suitable: bool
    assessed_on: date
    review_on: date
    weight_kg: float | None = None


@dataclass(frozen=True)
class Limits:
    """What the service has agreed, as `SERVICE` in the settings has it."""

    weight_valid_days: int = 183
    weight_change_percent: int = 10
    small_body_cm: int = 146
    small_body_kg: int = 40
    small_body_bmi: int = 17
    analogue_switch_off: date = date(2027, 1, 31)


@dataclass(frozen=True)
class PersonFacts:
    """What is known of a person, and `around`: what else of ours will be with them.

    `overrides` are pairs of a product and the code of the reason set aside. `asked` are the products that pairs and
    assessments were read for; None when they are known for every product.
    """

    key: int
    weight_kg: float | None = None
    weighed_on: date | None = None
    height_cm: int | None = None
    born_on: date | None = None
    sling_size: str = ""
    smokes: bool | None = None
    uses_oxygen: bool | None = None
    uses_emollients: bool | None = None
    has_smoke_alarm: bool | None = None
    fire_referred: bool = False
    around: tuple[ProductFacts, ...] = ()
    never: tuple[Pair, ...] = ()
    partners: tuple[Partners, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    overrides: frozenset[tuple[str, str]] = frozenset()
    limits: Limits = Limits()
    asked: frozenset[str] | None = None
