"""Who makes what, invented, and what each product does in a set: the safety rules ask for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from equipment.words import Connectivity, Use


@dataclass(frozen=True)
class Made:
    """The maker's name for a product, and its use."""

    maker: str
    model: str
    use: str = ""
    size: str = ""
    connectivity: str = ""


_OAKWELL, _TARNSIDE, _LARK, _FELLWAY = "Oakwell Care", "Tarnside Mobility", "Lark Alarms", "Fellway Surfaces"

MADE: dict[str, Made] = {
    "BED-PRO": Made(_OAKWELL, "Rise 4", Use.BED),
    "BED-LOW": Made(_OAKWELL, "Rise 4 Low", Use.BED),
    "BED-BARI": Made(_OAKWELL, "Rise Wide", Use.BED),
    "MAT-FOAM": Made(_FELLWAY, "Evenrest", Use.MATTRESS),
    "MAT-AIR": Made(_FELLWAY, "Turnair 8", Use.AIRFLOW),
    "RAIL-SET": Made(_OAKWELL, "Rise rails 90", Use.RAIL),
    "BED-LEVER": Made(_TARNSIDE, "Steady 2", Use.LEVER),
    "HOIST-M": Made(_TARNSIDE, "Liftwell 180", Use.HOIST),
    "STAND-AID": Made(_TARNSIDE, "Upstand 170", Use.HOIST),
    "SLING-M": Made(_TARNSIDE, "Cradle M", Use.SLING, "M"),
    "SLING-L": Made(_TARNSIDE, "Cradle L", Use.SLING, "L"),
    "SLING-DSP": Made(_TARNSIDE, "Cradle One M", Use.SLING, "M"),
    "BATH-LIFT": Made(_TARNSIDE, "Dip 140"),
    "TEL-HUB": Made(_LARK, "Lark 5", Use.HUB, connectivity=Connectivity.IP_MOBILE),
    "TEL-PEND": Made(_LARK, "Lark P", Use.TRIGGER),
    "TEL-SMOKE": Made(_LARK, "Lark S", Use.TRIGGER),
    "TEL-FALL": Made(_LARK, "Lark F", Use.TRIGGER),
    "TEL-BED": Made(_LARK, "Lark B", Use.TRIGGER),
    "KEY-SAFE": Made("Gannet Locks", "Keep 10", Use.KEY_SAFE),
}
# Approved by the maker of the rails: they go on these beds and on no other.
APPROVED = (("RAIL-SET", "BED-PRO"), ("RAIL-SET", "BED-LOW"))
SOURCE = "Oakwell Care, list of approved sets, edition 4"


def of(code: str) -> dict[str, Any]:
    """The fields of a product that its maker says; nothing for what any workshop makes."""
    return asdict(MADE[code]) if code in MADE else {}
