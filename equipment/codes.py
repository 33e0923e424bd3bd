"""Read what a scanner sends: which of our codes it is, or a maker's GS1 code, and what in our records it names.

`read` is pure and never raises. `identify` looks the code up among what the person may see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q, QuerySet
from stdnum import verhoeff
from stdnum.gb import nhs

from equipment import gs1
from equipment.models import Asset, Location, Product, StockLine

ASSET, LOCATION, PRODUCT, COMMAND, GS1, UNKNOWN = "asset", "location", "product", "command", "gs1", "unknown"
LONGEST = 200  # characters; no code of ours or of a maker is longer, and a wedge may type a whole letter
_TEN_DIGITS = re.compile(r"(?:NHS|CHI|H&C)?\s*(?:no|number)?[.:]?\s*(\d{3}[ -]?\d{3}[ -]?\d{4})", re.IGNORECASE)
_OUR_LINK = re.compile(r"https?://[^\s?#]+/a/([0-9]+)/?(?:[?#].*)?", re.IGNORECASE)
_UNREADABLE = re.compile("[\0\ud800-\udfff]")  # the database takes neither
_RECIPIENT = re.compile(r"\(?8018")
_LOOKS = (
    (r"(https?://|www\.)", "a web address"),
    (r"WIFI:", "the code of a wireless network"),
    (r"(BEGIN:VCARD|MECARD:)", "somebody's card"),
    (r"\S+@\S+\.\S+$", "an e-mail address"),
    (r"(1Z[0-9A-Z]{16}|[A-Z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Z]{2}|JJD\w+|\d{20})$", "a parcel label"),
    (r"\+[A-Z]\w{3}", "a maker's HIBC code"),
    (r"(\+44|0)[\d ]{9,12}$", "a telephone number"),
    (r"(97[89])[\d-]{10,14}$", "the number of a book"),
)


@dataclass(frozen=True)
class Code:
    """What was scanned. `value` is the number, the location's code, the stock code or GTIN, or the command's words.

    `text` is what was scanned, cleaned; empty when it must not be kept. `problem` says why the code is unknown.
    """

    kind: str
    value: str = ""
    text: str = ""
    store: str = ""  # the store's code, of a location
    gtin: str = ""
    serial: str = ""
    lot: str = ""
    expiry: date | None = None
    made: date | None = None
    giai: str = ""
    grai: str = ""
    problem: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """The words of a command: DO/MODE/WASH is ("MODE", "WASH")."""
        return tuple(self.value.split("/")) if self.kind == COMMAND else ()

    @property
    def kept(self) -> str:
        """The form in which a barcode is stored with an asset, so that every way of scanning it finds it again."""
        return self.value if self.kind == GS1 and (self.serial or self.giai or self.grai) else self.text


def read(text: str) -> Code:
    """What a scanner or keyboard sent. Never raises; an unknown code says what it is not."""
    text = text.strip(" \t\r\n\v\f\0\N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}")
    if not text:
        return _unknown("", "Nothing was scanned.")
    if len(text) > LONGEST:
        return _unknown("", "This is far too long for a code: scan one code at a time.")
    if _UNREADABLE.search(text):
        return _unknown("", "This holds characters that no code has: scan it again.")
    bare, is_gs1 = gs1.without_symbology(text)
    for attempt in (_person, _command, _place_or_product, _our_number):
        found = attempt(bare)
        if found is not None and not is_gs1:
            return found
    return _gs1(bare, sure=is_gs1) or _product_barcode(bare) or _unknown(bare, _looks(bare))


def spaced(number: str) -> str:
    """An asset number as people read it: the check digit apart."""
    return f"{number[:-1]} {number[-1:]}"


def _unknown(text: str, problem: str) -> Code:
    return Code(UNKNOWN, text=text, problem=problem)


def _person(text: str) -> Code | None:
    """An NHS, CHI or H&C number names a person: it is neither kept nor repeated."""
    found = _TEN_DIGITS.fullmatch(text)
    return _somebody() if found and text.isascii() and nhs.is_valid(found.group(1)) else None


def _somebody() -> Code:
    return _unknown("", "This is a person's number, not a code of a thing: it must not be scanned here.")


def _command(text: str) -> Code | None:
    if text[:3].upper() != "DO/":
        return None
    words = [word.strip().upper() for word in text[3:].split("/")]
    if not all(re.fullmatch(r"[A-Z0-9_-]+", word) for word in words):
        return _unknown(text, "This begins like a command, but it is incomplete: scan it again.")
    return Code(COMMAND, value="/".join(words), text=text)


def _place_or_product(text: str) -> Code | None:
    head, _, rest = text.partition("/")
    if head.upper() == "PRD" and rest.strip():
        return Code(PRODUCT, value=rest.strip(), text=text)
    if head.upper() != "LOC":
        return None
    store, _, place = (part.strip() for part in rest.partition("/"))
    if not store or not place:
        return _unknown(text, "This begins like the code of a location, but it is incomplete: scan it again.")
    return Code(LOCATION, value=place, store=store, text=text)


def _our_number(text: str) -> Code | None:
    """Six digits and a check digit, as printed or as one word, alone or at the end of our own web address."""
    link = _OUR_LINK.fullmatch(text)
    digits = link.group(1) if link else re.sub(r"(?<=\d)[ -](?=\d)", "", text)
    if not re.fullmatch(r"[0-9]{7}", digits):
        return None
    if verhoeff.is_valid(digits):
        return Code(ASSET, value=digits, text=text)
    return _unknown(text, f"{digits} is not one of our numbers: a digit is wrong or two are swapped.")


def _gs1(text: str, *, sure: bool) -> Code | None:
    try:
        found = gs1.parse(text, sure=sure)
    except gs1.Wrong as error:
        return _unknown("" if _RECIPIENT.match(text) else text, str(error))
    if found is None:
        return None
    if found.person:
        return _somebody()
    if not found.text:
        what = "a parcel label" if found.parcel else "a GS1 code"
        return _unknown(text, f"This is {what} that names neither a product nor a single thing.")
    if found.gtin and not (found.serial or found.lot or found.expiry or found.made or found.giai or found.grai):
        return Code(PRODUCT, value=found.gtin, gtin=found.gtin, text=text)
    return Code(
        GS1,
        value=found.text,
        text=text,
        gtin=found.gtin,
        serial=found.serial,
        lot=found.lot,
        expiry=found.expiry,
        made=found.made,
        giai=found.giai,
        grai=found.grai,
    )


def _product_barcode(text: str) -> Code | None:
    """The barcode of a product, as on any shop's shelf."""
    if not re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", text):
        return None
    try:
        gtin = gs1.gtin(text)
    except gs1.Wrong as error:
        # Past a million our own numbers have eight digits, as an EAN-8 has.
        return Code(ASSET, value=text, text=text) if verhoeff.is_valid(text) else _unknown(text, str(error))
    return Code(PRODUCT, value=gtin, gtin=gtin, text=text)


def _looks(text: str) -> str:
    """Never with the text itself in it: nobody knows what it holds."""
    not_ours = "This is no asset number, location or GS1 code"
    for pattern, thing in _LOOKS:
        if re.match(pattern, text, re.IGNORECASE):
            return f"{not_ours}; it looks like {thing}."
    if re.fullmatch(r"[0-9 -]+", text):
        count = sum(c.isdigit() for c in text)
        return f"{not_ours}: it has {count} digit{'' if count == 1 else 's'}, and our numbers have seven."
    return f"{not_ours}. If it is a maker's own code, look the asset up by its number."


@dataclass(frozen=True)
class Found:
    """What a code names in our records; with neither, `problem` says why not."""

    code: Code
    asset: Asset | None = None
    location: Location | None = None
    product: Product | None = None
    stock_lines: list[StockLine] = field(default_factory=list)
    problem: str = ""


def identify(
    code: Code,
    assets: QuerySet[Asset],
    *,
    known: QuerySet[Asset] | None = None,
    locations: QuerySet[Location] | None = None,
    lines: QuerySet[StockLine] | None = None,
) -> Found:
    """The thing that a code names, among what the person may see.

    `assets`, `locations` and `lines` are what the person works with. `known` are the assets of the person's
    organisations in any store: only of these is it said that they are in another store. An asset is found in whatever
    state it is, scrapped ones too: what to do with it the caller decides.
    """
    if code.kind == COMMAND:
        return Found(code)
    if code.kind == LOCATION:
        return _find_location(code, locations)
    asset = _named_by(code, assets)
    if asset is not None:
        return Found(code, asset=asset, product=asset.product)
    if code.kind == ASSET or (code.serial and code.gtin) or code.giai or code.grai or code.kind == UNKNOWN:
        elsewhere = _named_by(code, known) if known is not None else None
        if elsewhere is not None:
            return Found(code, problem=f"{spaced(elsewhere.number)} belongs to another store.")
    if code.kind == ASSET:
        return Found(code, problem=f"We have no asset with this number: {spaced(code.value)}.")
    return _find_product(code, lines)


def _named_by(code: Code, assets: QuerySet[Asset]) -> Asset | None:
    """By our number, by a stored barcode in any of its forms, by a maker's product and serial; in this order."""
    if not code.text:
        return None
    ways = [Q(number=code.value if code.kind == ASSET else code.text), Q(barcode__in=_forms(code))]
    if code.gtin and code.serial:
        ways.append(Q(product__gtin=code.gtin, serial=code.serial))
    rows = assets.select_related("product")
    return next((asset for way in ways for asset in rows.filter(way)[:1]), None)


def _forms(code: Code) -> set[str]:
    """The ways in which one barcode may have been stored before there was one form for it."""
    forms = {code.text, code.kept}
    if code.giai or code.grai:
        key, ai = (code.giai, "8004") if code.giai else (code.grai, "8003")
        return forms | {key, f"{ai}{key}", f"({ai}){key}"}
    if code.gtin and code.serial:
        forms |= {f"01{code.gtin}21{code.serial}"}
    return forms - {""}


def _find_location(code: Code, locations: QuerySet[Location] | None) -> Found:
    rows = None if locations is None else locations.filter(store__code__iexact=code.store, code__iexact=code.value)
    found = list(rows.select_related("store")) if rows is not None else []
    # Two codes may differ in nothing but the size of a letter: then the exact one is meant.
    for location in sorted(found, key=lambda row: row.code != code.value):
        return Found(code, location=location)
    return Found(code, problem=f"There is no location {code.value} in store {code.store} that you work in.")


def _find_product(code: Code, lines: QuerySet[StockLine] | None) -> Found:
    if code.kind == UNKNOWN or not (code.gtin or code.kind == PRODUCT):
        return Found(code, problem=code.problem or "None of our assets has this code.")
    key = {"gtin": code.gtin} if code.gtin else {"stock_code__iexact": code.value}
    product = Product.objects.filter(**key).first()
    if product is None:
        named = f"GTIN {code.gtin}" if code.gtin else f"stock code {code.value}"
        return Found(code, problem=f"No product in the catalogue has the {named}.")
    if code.serial:
        problem = f"None of our assets of {product.name} has the serial {code.serial}."
        return Found(code, product=product, problem=problem)
    held = [] if lines is None else lines.filter(product=product)
    if code.lot and lines is not None:
        held = lines.filter(product=product, batch=code.lot)
    return Found(code, product=product, stock_lines=list(held))
