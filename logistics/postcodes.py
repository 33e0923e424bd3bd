"""What a UK postcode looks like. Pure text: whether anybody lives there is the gazetteer's business.

A postcode has an outward part ("ZX1") and an inward part ("1AA"). Everything but the last two letters is its sector
("ZX1 1"), the neighbourhood that stands in when the postcode itself has no point on the map.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Royal Mail's shapes: which letters each place allows. The table of shapes is easier to check than one clever pattern.
_FIRST = "[A-PR-UWYZ]"  # never Q V X
_SECOND = "[A-HK-Y]"  # never I J Z
_OUTWARD = (
    f"{_FIRST}[0-9]"  # A9
    f"|{_FIRST}[0-9][0-9]"  # A99
    f"|{_FIRST}[0-9][A-HJKPSTUW]"  # A9A
    f"|{_FIRST}{_SECOND}[0-9]"  # AA9
    f"|{_FIRST}{_SECOND}[0-9][0-9]"  # AA99
    f"|{_FIRST}{_SECOND}[0-9][ABEHMNPRVWXY]"  # AA9A
)
_INWARD = "[0-9][ABD-HJLNP-UW-Z]{2}"  # never C I K M O V
# The NHS writes ZZ99 3VZ for "no fixed abode" and other ZZ99s for "not known" or a country. GIR 0AA was a bank, not a
# place. They are good answers to "which postcode?" and no answer to "where to?".
_PSEUDO = "GIR0AA|ZZ99[0-9][A-Z]{2}"
_NO_PLACE = re.compile(_PSEUDO)
_ANY = re.compile(f"(?:{_OUTWARD}){_INWARD}|{_PSEUDO}")

REMEDY = "Ask for the postcode again: it looks like ZX1 1AA, with letters and digits only."


@dataclass(frozen=True)
class Parts:
    """A postcode taken apart. `is_pseudo`: well formed, but it stands for no fixed place."""

    outward: str
    inward: str
    is_pseudo: bool = False

    @property
    def key(self) -> str:
        """Without the space, as the gazetteer keeps it: "ZX11AA"."""
        return self.outward + self.inward

    @property
    def sector(self) -> str:
        """Everything but the last two letters, without the space: "ZX11"."""
        return self.key[:-2]

    def __str__(self) -> str:
        return f"{self.outward} {self.inward}"


def parse(text: str) -> Parts:
    """The parts of a postcode written in any case and spacing.

    Raises ValueError, with a sentence naming the remedy, when it does not have the shape of a UK postcode.
    """
    key = compact(text)
    if not key:
        raise ValueError(f"The postcode is empty. {REMEDY}")
    if not is_key(key):
        raise ValueError(f"This is not a UK postcode. {REMEDY}")
    return Parts(key[:-3], key[-3:], is_pseudo=_NO_PLACE.fullmatch(key) is not None)


def normalise(text: str) -> str:
    """The way people write it: "zx11aa" becomes "ZX1 1AA". Raises ValueError as `parse` does."""
    return str(parse(text))


def is_postcode(text: str) -> bool:
    """Whether the text has the shape of a UK postcode, pseudo postcodes included."""
    return is_key(compact(text))


def is_pseudo(text: str) -> bool:
    """Whether it is well formed but stands for no fixed place (ZZ99 of the NHS, GIR 0AA)."""
    return _NO_PLACE.fullmatch(compact(text)) is not None


def sector_of(text: str) -> str:
    """The sector without a space: "ZX1 1AA" is in "ZX11". Raises ValueError as `parse` does."""
    return parse(text).sector


def compact(text: str) -> str:
    """Upper case without white space; no promise that it is a postcode."""
    # Upper-casing may turn one foreign letter into two ASCII ones (ß into SS), so such text is left as it is.
    return "".join(text.split()).upper() if text.isascii() else "".join(text.split())


def is_key(key: str) -> bool:
    """Whether compacted text has the shape of a postcode."""
    return _ANY.fullmatch(key) is not None
