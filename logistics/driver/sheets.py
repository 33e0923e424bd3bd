"""The route on paper, for the day the phone is flat: what to load, then stop by stop, in big print.

On it stands what a crew needs at a door. Never a key-safe code, a date of birth, an NHS number or a weight.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import zxingcpp
from PIL import Image as Picture
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from equipment.models import Asset, Product
from equipment.paper import BOLD, PLAIN, register_fonts
from equipment.states import label
from logistics import promises
from logistics.driver import cards, links
from logistics.driver.cards import Card, Item
from logistics.models import Route, Visit
from logistics.routes import LoadItem
from logistics.states import REPLANNABLE

AddressOf = Callable[[Visit], str]
TICK = "\N{BALLOT BOX}"
RETURN = "Return this sheet to the depot."
CHANGES = "Stops may still change: print again before you go."
_MARGIN = 15 * mm
_WIDTH = A4[0] - 2 * _MARGIN - 12  # the frame pads 6 points on each side
_QR = 30 * mm
_GAP = "\N{NO-BREAK SPACE}" * 3
_BODY = ParagraphStyle("body", fontName=PLAIN, fontSize=11, leading=15)
_STRONG = ParagraphStyle("strong", parent=_BODY, fontName=BOLD, fontSize=13, leading=17)
_BIG = ParagraphStyle("big", parent=_BODY, fontName=BOLD, fontSize=17, leading=22)
_GRID = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
)


def sheet(
    stops: Sequence[Card], route: Route, items: Sequence[LoadItem], address_of: AddressOf, *, at: datetime
) -> bytes:
    """The PDF as of `at`. `address_of` gives the web address that a visit's QR opens."""
    register_fonts()
    out = BytesIO()
    paper = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=14 * mm,
        bottomMargin=18 * mm,
        title=f"Route sheet {route.shift.van.registration} {route.day:%d %b %Y}",
        lang="en-GB",
    )
    story = [*_front(route, stops, at), *_load_summary(items), *_stops(stops, route, address_of)]
    foot = f"{route.shift.van.registration} · {route.day:%a %d %b %Y} · {RETURN}"
    paper.build(story, canvasmaker=lambda *args, **kwargs: _Numbered(foot, *args, **kwargs))
    return out.getvalue()


class _Numbered(Canvas):
    """Writes the foot of every page last, when the number of pages is known."""

    def __init__(self, foot: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._foot = foot
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  reportlab's name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self.setFont(PLAIN, 9)
            self.drawString(_MARGIN + 6, 10 * mm, self._foot)
            self.drawRightString(A4[0] - _MARGIN - 6, 10 * mm, f"Page {number} of {len(self._pages)}")
            super().showPage()
        super().save()


def _front(route: Route, stops: Sequence[Card], at: datetime) -> list[Flowable]:
    crew = " and ".join(driver.name for driver in route.shift.crew.all())
    start = route.starts_at or route.shift.starts_at
    when = f"{route.day:%A %d %B %Y} · start {_clock(start)} · {_many(len(stops), 'stop')}"
    printed = f"Printed {at.astimezone(promises.LONDON):%a %d %b %H:%M}"
    if route.state in REPLANNABLE:
        printed += f". {CHANGES}"
    return [
        _text(f"Route sheet {route.shift.van.registration}", _BIG),
        _text(when),
        _text(f"Crew: {crew or 'not named'}"),
        _text(f"From {route.store.name}{', ' if route.store.phone else ''}{route.store.phone}"),
        _text(printed),
        Spacer(0, 4 * mm),
    ]


def _load_summary(items: Sequence[LoadItem]) -> list[Flowable]:
    """Last stop first: what goes in first comes out last."""
    if not items:
        return [_text("Nothing to load: this route only collects.", _STRONG), Spacer(0, 4 * mm)]
    rows = [[_text("Stop", _STRONG), _text("Load, last stop first", _STRONG), _text("Number", _STRONG), ""]]
    rows += [
        [
            _text(str(item.sequence), _STRONG),
            _text(_named(item.reservation.product, item.reservation.asset, item.reservation.quantity)),
            _text(item.reservation.asset.number if item.reservation.asset else "counted", _STRONG),
            _text(f"{TICK} aboard"),
        ]
        for item in items
    ]
    table = Table(rows, colWidths=[18 * mm, _WIDTH - 78 * mm, 32 * mm, 28 * mm], repeatRows=1, style=_GRID)
    table.setStyle([("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.grey)])
    return [table, Spacer(0, 6 * mm)]


def _stops(stops: Sequence[Card], route: Route, address_of: AddressOf) -> list[Flowable]:
    story: list[Flowable] = []
    rest = cards.before_break(route, [card.stop for card in stops])
    for number, card in enumerate(stops):
        if number == rest:
            story.append(_break(route))
        story.append(KeepTogether(_stop(card, address_of(card.visit))))
    return [*story, _break(route)] if rest is not None and rest >= len(stops) else story


def _break(route: Route) -> Flowable:
    times = f"{_clock(route.break_from)} to {_clock(route.break_to)}"
    return KeepTogether([_text(f"Break {times}", _STRONG), Spacer(0, 5 * mm)])


def _stop(card: Card, address: str) -> list[Flowable]:
    left = [_text(_heading(card), _BIG), *_door(card)]
    head = Table([[left, _qr(address)]], colWidths=[_WIDTH - _QR - 4 * mm, _QR + 4 * mm], style=_GRID)
    head.setStyle([("LINEABOVE", (0, 0), (-1, 0), 1.5, colors.black), ("TOPPADDING", (0, 0), (-1, 0), 4)])
    return [head, *_things(card), *_proof(card), Spacer(0, 7 * mm)]


def _heading(card: Card) -> str:
    word = f" · {card.word}" if card.closed else ""
    return f"Stop {card.stop.sequence} · {_clock(card.stop.begin_at)}{word}"


def _door(card: Card) -> list[Flowable]:
    visit, address = card.visit, card.visit.address
    window = f"Window {_clock(visit.window_from)} to {_clock(visit.window_to)}" if visit.window_from else ""
    phone = visit.person.phone if card.may_call and not card.closed else ""
    lines = [
        window,
        "Must be in place before the person comes home." if card.going_home else "",
        f"Phone {phone}" if phone else "",
        "" if card.may_call else "Do not phone: speak to the depot first.",
        f"Getting in: {address.access_notes}" if address.access_notes else "",
        "Stairs between the van and the room" if address.stairs else "",
        f"Parking: {address.parking}" if address.parking else "",
        f"Will be in: {address.received_by}" if address.received_by else "",
        "Key safe: yes, code on the phone, at the stop" if address.has_key_safe else "",
        links.warning(address),
    ]
    return [_text(str(visit.person), _STRONG), _text(str(address), _STRONG), *(_text(line) for line in lines if line)]


def _things(card: Card) -> list[Flowable]:
    lines = [
        *(f"{TICK} Bring: {_thing(item)}" for item in card.bring),
        *(f"{TICK} Collect: {_thing(item)}" for item in card.fetch),
        *(f"{TICK} {check}" for check in card.checks),
        *(line for item in card.test for line in _test_lines(item)),
    ]
    infection = "Infection declared: __________________________  (nothing said: treat as highest risk)"
    return [Spacer(0, 2 * mm), *(_text(line) for line in (*lines, *([infection] if card.fetch else [])))]


def _test_lines(item: Item) -> list[str]:
    """Where a test is written down when the phone is flat."""
    boxes = _GAP.join(f"{TICK} {words}" for words in ("passed", "passed, to watch", "failed", "dangerous"))
    return [
        line
        for kind in item.activity.tests
        for line in (f"{label(kind)}: {boxes}", f"Examined by: {'_' * 22}{_GAP}Defects: {'_' * 30}")
    ]


def _proof(card: Card) -> list[Flowable]:
    lines = (
        f"{TICK} Done{_GAP}{TICK} Could not do, because: {'_' * 40}",
        f"Stop {card.stop.sequence} received by: {'_' * 22}{_GAP}Time: {'_' * 7}{_GAP}Signature: {'_' * 14}",
    )
    return [part for line in lines for part in (Spacer(0, 4 * mm), _text(line))]


def _thing(item: Item) -> str:
    number = f", number {item.asset.number}" if item.asset else ""
    return f"{_named(item.product, item.asset, item.quantity)}{number}"


def _named(product: Product, asset: Asset | None, quantity: int) -> str:
    return product.name if asset else f"{quantity} x {product.name}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _text(words: str, style: ParagraphStyle = _BODY) -> Paragraph:
    return Paragraph(html.escape(words, quote=False), style)


def _clock(moment: datetime | None) -> str:
    return f"{moment.astimezone(promises.LONDON):%H:%M}" if moment else ""


def _qr(address: str) -> Image:
    """As a picture, so that it can be read back from the file as well as from the paper."""
    code = zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    drawn = zxingcpp.write_barcode_to_image(code, scale=8, add_quiet_zones=True)
    file = BytesIO()
    Picture.fromarray(drawn).save(file, "PNG")
    file.seek(0)
    return Image(file, width=_QR, height=_QR)
