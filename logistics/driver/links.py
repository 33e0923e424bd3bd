"""Links a phone understands: call, and drive there. Coordinates only; never a name, never an address in words."""

from __future__ import annotations

from dataclasses import dataclass

from equipment.models import Address
from equipment.words import PinAccuracy

APPROXIMATE = "The position is approximate: use the address."
UNKNOWN = "No position on the map: use the address."


@dataclass(frozen=True)
class Link:
    text: str
    href: str


def navigation(address: Address) -> list[Link]:
    """To the phone's own map, and to three that people use. Empty while the address has no point."""
    if address.latitude is None or address.longitude is None:
        return []
    point = f"{address.latitude:.6f},{address.longitude:.6f}"
    return [
        Link("Maps on this phone", f"geo:{point}?q={point}"),
        Link("Google Maps", f"https://www.google.com/maps/dir/?api=1&destination={point}&travelmode=driving"),
        Link("Apple Maps", f"https://maps.apple.com/?daddr={point}&dirflg=d"),
        Link("Waze", f"https://www.waze.com/ul?ll={point}&navigate=yes"),
    ]


def warning(address: Address) -> str:
    """What to know before following the map; empty when the point is good."""
    return {PinAccuracy.SECTOR: APPROXIMATE, PinAccuracy.NONE: UNKNOWN}.get(PinAccuracy(address.accuracy), "")


def call(phone: str) -> str:
    """A tel: address; empty without a digit."""
    dialled = "".join(c for c in phone if c.isdigit() or c == "+")
    return f"tel:{dialled}" if any(c.isdigit() for c in dialled) else ""
