"""GS1 codes: what a maker's barcode says, in any of the forms in which a reader hands it over. Pure: no Django.

An element string may come with a symbology identifier (`]d2`), with FNC1 as the group separator or as what readers
print in its place, in brackets as people write it, or as a web address (GS1 Digital Link). The grammar of the
application identifiers is biip's; here the forms are recognised and the few identifiers we use are picked out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from biip import ParseError
from biip.checksums import gs1_standard_check_digit
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementString, GS1ElementStrings
from biip.gs1_messages import GS1Message

_SEPARATOR = "\x1d"
_STAND_INS = ("{GS}", "^]", "\N{SYMBOL FOR GROUP SEPARATOR}")  # none of them can be part of a GS1 value
_CARRIERS = ("]C1", "]d2", "]Q3", "]e0")  # GS1-128, GS1 DataMatrix, GS1 QR and GS1 DataBar
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_BRACKETS = re.compile(r"\(\d{2,4}\)")
# Digits alone are anything; these beginnings with enough behind them are GS1.
_BARE = re.compile(r"01\d{14}|8003\d{14}|8004[!-~]{5}|00\d{18}$|8018\d{18}$")
_GTIN_LENGTHS = (8, 12, 13, 14)
# What may stand in a serial or lot: GS1 character set 82, less the brackets that would end it on paper.
_VALUE = re.compile(r"[!\"%&'*+,\-./0-9:;<=>?A-Z_a-z]{1,20}")


class Wrong(ValueError):
    """It claims to be GS1 and is not: a sentence for people."""


@dataclass(frozen=True)
class Elements:
    """What we use of a GS1 code. `person` says that it names somebody; then everything else is empty."""

    gtin: str = ""
    serial: str = ""
    lot: str = ""
    expiry: date | None = None
    made: date | None = None
    giai: str = ""
    grai: str = ""
    person: bool = False
    parcel: bool = False

    @property
    def text(self) -> str:
        """The one form that we keep and compare: in brackets, only what tells one thing from another."""
        if self.giai:
            return f"(8004){self.giai}"
        if self.grai:
            return f"(8003){self.grai}"
        return "".join(f"({ai}){value}" for ai, value in (("01", self.gtin), ("21", self.serial)) if value)


def without_symbology(text: str) -> tuple[str, bool]:
    """The text without its symbology identifier, and whether that said GS1."""
    if not _SYMBOLOGY.match(text):
        return text, False
    return text[3:], text.startswith(_CARRIERS)


def parse(text: str, *, sure: bool = False) -> Elements | None:
    """The elements of a GS1 code, or None when it does not look like one. `sure`: its symbology says that it is.

    Raises Wrong when it looks like one and breaks the rules.
    """
    if not text.isascii() and not any(mark in text for mark in _STAND_INS):
        return None
    for mark in _STAND_INS:
        text = text.replace(mark, _SEPARATOR)
    separated = _SEPARATOR in text
    text = text.strip(_SEPARATOR)
    try:
        if text[:8].lower().startswith(("http://", "https://")):
            return _of_link(text)
        if _BRACKETS.match(text):
            return _elements(GS1Message.parse_hri(text).element_strings)
        if text and (sure or separated or _BARE.match(text)):
            return _elements(GS1Message.parse(text).element_strings)
    except ParseError as error:
        raise Wrong("This looks like a GS1 code, but it is damaged or incomplete: scan it again.") from error
    return None


def _of_link(text: str) -> Elements | None:
    """A web address is GS1 only if it reads as one: most are not."""
    scheme, rest = text.split(":", 1)
    try:
        return _elements(GS1DigitalLinkURI.parse(f"{scheme.lower()}:{rest}").element_strings)
    except (ParseError, ValueError) as error:
        if isinstance(error, Wrong):
            raise
        return None


def _elements(found: GS1ElementStrings) -> Elements:
    by_ai: dict[str, GS1ElementString] = {}
    for element in found:
        by_ai.setdefault(element.ai.ai, element)
    if "8018" in by_ai:
        return Elements(person=True)

    def value(ai: str) -> str:
        return by_ai[ai].value if ai in by_ai else ""

    if value("01"):
        gtin(value("01"))
    return Elements(
        gtin=value("01"),
        serial=value("21"),
        lot=value("10"),
        expiry=by_ai["17"].date if "17" in by_ai else None,
        made=by_ai["11"].date if "11" in by_ai else None,
        giai=value("8004"),
        grai=_grai(value("8003")),
        parcel="00" in by_ai,
    )


def _grai(value: str) -> str:
    """A nought to fill, thirteen digits of which the last is the check digit, and a serial if there is one."""
    if value and not _checked(value[1:14]):
        raise Wrong(_wrong_digit("GRAI"))
    return value


def gtin(digits: str) -> str:
    """A GTIN in fourteen digits, from 8 (EAN-8), 12 (UPC), 13 (EAN-13) or 14 (ITF-14). Raises Wrong."""
    if len(digits) not in _GTIN_LENGTHS or not (digits.isascii() and digits.isdigit()):
        raise Wrong("A product barcode has 8, 12, 13 or 14 digits.")
    if not _checked(digits):
        raise Wrong(_wrong_digit("product barcode (GTIN)"))
    return digits.zfill(14)


def _checked(digits: str) -> bool:
    return digits.isdigit() and gs1_standard_check_digit(digits[:-1]) == int(digits[-1])


def _wrong_digit(what: str) -> str:
    return f"The check digit of this {what} does not fit: a digit is wrong or missing. Scan it again."


def may_be_printed(product_gtin: str, serial: str) -> bool:
    """Can this pair stand in a GS1 code? A maker's serial of ours may be longer than GS1 allows, or hold a space."""
    try:
        return gtin(product_gtin) == product_gtin and bool(_VALUE.fullmatch(serial))
    except Wrong:
        return False
