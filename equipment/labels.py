"""Labels: what is stuck on equipment, shelves and walls. No name, address or number of a person is ever on one.

Every label has one design: words and bars on the left, square codes on the right, in proportion to its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from io import BytesIO

from django.utils import timezone
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from equipment import codes, fitness, gs1, holdings, paper
from equipment.errors import Invalid, Refused
from equipment.jobs import ScanMode
from equipment.models import Asset, Decontamination, Location, Product
from equipment.paper import BOLD, PLAIN
from equipment.states import PASSED, CleaningMethod, label

MOST = 1000  # labels in one file; a roll has fewer


@dataclass(frozen=True)
class Layout:
    """Sizes in millimetres: of the page, of a label, and from one label to the next."""

    name: str
    words: str
    page: tuple[float, float]
    size: tuple[float, float]
    columns: int = 1
    rows: int = 1
    corner: tuple[float, float] = (0, 0)  # of the first label, from the left and from the top
    pitch: tuple[float, float] = (0, 0)

    @property
    def per_page(self) -> int:
        return self.columns * self.rows

    def place(self, index: int) -> tuple[float, float]:
        """The lower left corner of a label in points; labels go along the rows."""
        row, column = divmod(index, self.columns)
        left = self.corner[0] + column * self.pitch[0]
        bottom = self.page[1] - self.corner[1] - row * self.pitch[1] - self.size[1]
        return left * mm, bottom * mm


_A4 = (A4[0] / mm, A4[1] / mm)
LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("57x32", "Roll, 57 × 32 mm", (57, 32), (57, 32)),
        Layout("100x50", "Roll, 100 × 50 mm", (100, 50), (100, 50)),
        Layout("3x7", "A4 sheet of 21, 63.5 × 38.1 mm (L7160)", _A4, (63.5, 38.1), 3, 7, (7.25, 15.15), (66, 38.1)),
        Layout("2x4", "A4 sheet of 8, 99.1 × 67.7 mm (L7165)", _A4, (99.1, 67.7), 2, 4, (4.65, 13.1), (101.6, 67.7)),
    )
}

# What a day of scanning needs besides the things themselves. The scan page understands each of them.
COMMANDS: tuple[tuple[str, str], ...] = (
    *((f"DO/MODE/{mode.upper()}", f"Mode: {label(mode).lower()}") for mode in ScanMode),
    ("DO/DONE", "Done: end this job"),
    ("DO/PASS", "Pass"),
    ("DO/FAIL", "Fail"),
    ("DO/UNDO", "Undo the last scan"),
    *((f"DO/METHOD/{method.upper()}", label(method)) for method in CleaningMethod),
)


@dataclass(frozen=True)
class Face:
    """What one label says. `big` is read across the room, `small` are lines below the bars."""

    title: str
    big: str
    code: str
    qr: str = ""
    gs1: str = ""
    small: tuple[str, ...] = ()


def asset_labels(
    assets: Iterable[Asset], *, layout: str = "57x32", phone: str = "", start: int = 1, web: str = ""
) -> bytes:
    """One label an asset. `phone` is the store's, printed where the asset's own store has none; `start` is the first
    free label of the sheet. With `web`, the QR code is an address under it, and otherwise the number.
    """
    return _sheets([_asset_face(asset, phone, web) for asset in assets], layout, start)


def location_labels(locations: Iterable[Location], *, layout: str = "3x7", start: int = 1) -> bytes:
    """For bays and shelves: the code in large print, and what may be done there."""
    return _sheets([_location_face(location) for location in locations], layout, start)


def product_labels(products: Iterable[Product], *, layout: str = "57x32", start: int = 1) -> bytes:
    """For the edge of a shelf of counted stock."""
    return _sheets([_product_face(product) for product in products], layout, start)


@lru_cache(maxsize=1)
def command_sheet() -> bytes:
    """One page of codes with their words, so that a day is worked by scanning only."""
    faces = [Face(words, "", "", qr=code, small=(code,)) for code, words in COMMANDS]
    return _sheets(faces, "3x7", 1, heading="Commands for the scan page")


def status_label(asset: Asset, *, at: datetime, layout: str = "100x50") -> bytes:
    """Clean, by what and by whom, and when its tests fall due: read from the records, so that label and record agree.

    Raises Refused when the record does not say that it is clean.
    """
    return _sheets([_status_face(asset, at)], layout, 1)


def _asset_face(asset: Asset, phone: str, web: str) -> Face:
    product, store = asset.product, asset.store
    ring = (store.phone if store else "") or phone
    elements = gs1.Elements(gtin=product.gtin or "", serial=asset.serial)
    return Face(
        title=product.name,
        big=codes.spaced(asset.number),
        code=asset.number,
        qr=f"{web.rstrip('/')}/a/{asset.number}" if web else asset.number,
        gs1=elements.text if gs1.may_be_printed(elements.gtin, elements.serial) else "",
        small=(*([f"To return this: {ring}"] if ring else []), f"Property of {asset.owner.name}"),
    )


def _location_face(location: Location) -> Face:
    code = f"LOC/{location.store.code}/{location.code}"
    uses = ", ".join(label(use) for use in location.capabilities)
    return Face(location.name or location.store.name, location.code, code, qr=code, small=(uses, location.store.name))


def _product_face(product: Product) -> Face:
    code = f"PRD/{product.stock_code}"
    small = (f"GTIN {product.gtin}",) if product.gtin else ()
    return Face(product.name, product.stock_code, code, qr=code, small=small)


def _status_face(asset: Asset, at: datetime) -> Face:
    facts = holdings.facts_of([asset.pk])[asset.pk]
    on = timezone.localtime(at).date()
    for reason in fitness.to_shelve(facts, on=on):
        if reason.code in ("not_clean", "not_accepted"):
            raise Refused(reason.code, f"{reason.sentence} {reason.remedy} Then print its label.", asset=asset.number)
    clean = Decontamination.objects.filter(asset=asset).first()
    tests = [_test_line(regime.kind, facts.tests.get(regime.kind), on) for regime in facts.regimes]
    return Face(
        title=asset.product.name,
        big=codes.spaced(asset.number),
        code="",
        qr=asset.number,
        small=(*_clean_lines(clean, asset), *(tests or ["No tests by date"])),
    )


def _clean_lines(clean: Decontamination | None, asset: Asset) -> tuple[str, ...]:
    if clean is None or not clean.passed:
        day = f" {_day(timezone.localtime(asset.accepted_at).date())}" if asset.accepted_at else ""
        return ("NEW, never lent", f"Accepted{day}")
    used = " · ".join(
        part for part in (label(clean.method), clean.agent, f"lot {clean.lot}" if clean.lot else "") if part
    )
    when = timezone.localtime(clean.ended_at)
    return (f"CLEAN {_day(when.date())} {when:%H:%M}", used, f"By {signed(clean.operator)} · record {clean.pk}")


def _test_line(kind: str, test: fitness.Test | None, on: date) -> str:
    name = label(kind)
    if test is None:
        return f"{name}: not done yet"
    if test.result not in PASSED:
        return f"{name}: FAILED, do not use"
    if test.next_due is None:
        return f"{name}: passed {_day(timezone.localtime(test.performed_at).date())}"
    return f"{name}: due {_day(test.next_due)}{' OVERDUE' if test.next_due < on else ''}"


def signed(by: str) -> str:
    """Who did it, without the word before the name that tells people from machines."""
    return by.removeprefix("user:")


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _sheets(faces: Sequence[Face], name: str, start: int, *, heading: str = "") -> bytes:
    """The pages. Raises Invalid for a layout or a place on the sheet that there is not, and for nothing to print."""
    layout = LAYOUTS.get(name)
    if layout is None:
        raise Invalid("layout", f"There is no label layout {name}: choose one of {', '.join(LAYOUTS)}.", field="layout")
    if not 1 <= start <= layout.per_page:
        raise Invalid("start", f"This sheet has labels 1 to {layout.per_page}: start at one of them.", field="start")
    if not 1 <= len(faces) <= MOST:
        raise Invalid("labels", f"Choose 1 to {MOST} things to label.", field="n")
    paper.register_fonts()
    out = BytesIO()
    canvas = Canvas(out, pagesize=(layout.page[0] * mm, layout.page[1] * mm), invariant=True)
    canvas.setTitle(heading or "Labels")
    for number, face in enumerate(faces, start - 1):
        index = number % layout.per_page
        if index == 0 and number >= layout.per_page:
            canvas.showPage()
        _draw(canvas, face, *layout.place(index), layout.size[0] * mm, layout.size[1] * mm)
    if heading:
        canvas.setFont(BOLD, 11)
        canvas.drawString(layout.corner[0] * mm + 2 * mm, (layout.page[1] - 10) * mm, heading)
    canvas.save()
    return out.getvalue()


def _draw(canvas: Canvas, face: Face, x: float, y: float, width: float, height: float) -> None:
    """One label in its box: words from the top, bars between, small print at the foot.

    Where the code is too long for bars in the width there is, the QR code stands alone and larger.
    """
    scale = min(width / (57 * mm), height / (32 * mm))
    edge, gap = 2 * mm * scale, mm * scale
    side, inner = 13 * mm * scale, width - 2 * edge - gap
    module = paper.bar_width(face.code, inner - side, 0.33 * mm * scale)
    if not module and not face.gs1:
        side = 20 * mm * scale
    left, foot, top, space = x + edge, y + edge, y + height - edge, inner - side
    _squares(canvas, face, x + width - edge - side, foot, top, side)
    head = _words(canvas, face, left, top, space, scale)
    base = _small_print(canvas, face.small, left, foot, space, scale, room=head - foot)
    tall = min(10 * mm * scale, head - base - 2 * mm * scale)
    if module:
        paper.bars(canvas, face.code, left, base + (head - base - tall) / 2, space, tall, module=module)


def _squares(canvas: Canvas, face: Face, x: float, foot: float, top: float, side: float) -> None:
    """The QR code above, the maker's GS1 code below it."""
    if face.qr:
        paper.matrix(canvas, paper.qr_rows(face.qr), x, top - side, side)
    rows = paper.gs1_rows(face.gs1) if face.gs1 else None
    if rows:
        small = min(side, top - side - foot)
        paper.matrix(canvas, rows, x + (side - small) / 2, foot, small)


def _words(canvas: Canvas, face: Face, x: float, top: float, width: float, scale: float) -> float:
    """The title and the large print. Returns how far down they reach."""
    size = 7 * scale if face.big else 9 * scale
    for line in paper.wrapped(face.title, BOLD, size, width, 2):
        top -= size
        canvas.setFont(BOLD, size)
        canvas.drawString(x, top, line)
        top -= 0.2 * size
    if face.big:
        size = paper.shrunk(face.big, BOLD, 15 * scale, width)
        top -= size
        canvas.setFont(BOLD, size)
        canvas.drawString(x, top, face.big)
        top -= 0.2 * size
    return top


def _small_print(
    canvas: Canvas, lines: Sequence[str], x: float, foot: float, width: float, scale: float, *, room: float
) -> float:
    """Lines standing on the foot, as large as the room lets them. Returns how far up they reach."""
    size = min(6.5 * scale, room / (1.25 * len(lines))) if lines else 0
    size = max(0.7 * size, min((paper.shrunk(line, PLAIN, size, width) for line in lines), default=size))
    for number, line in enumerate(reversed(lines)):
        canvas.setFont(PLAIN, size)
        canvas.drawString(x, foot + (number + 0.2) * 1.25 * size, paper.cut(line, PLAIN, size, width))
    return foot + len(lines) * 1.25 * size
