"""What everything on paper shares: the fonts, text that never runs off its place, and codes drawn as lines."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import numpy
import zxingcpp
from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

PLAIN, BOLD = "DejaVuSans", "DejaVuSans-Bold"
LEAST_MODULE = 0.25 * mm  # narrower bars a hand scanner at arm's length does not tell apart
_QUIET_MODULES = 10
_ELLIPSIS = "…"
Rows = list[list[bool]]


@lru_cache(maxsize=1)
def register_fonts() -> None:
    """DejaVu prints Welsh and Polish names. It comes with matplotlib, which is found here without being imported."""
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise RuntimeError("matplotlib's fonts are missing: install the locked requirements.")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))


def width_of(text: str, font: str, size: float) -> float:
    """In points."""
    return float(pdfmetrics.stringWidth(text, font, size))


def cut(text: str, font: str, size: float, width: float) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    if width_of(text, font, size) <= width:
        return text
    while text and width_of(text + _ELLIPSIS, font, size) > width:
        text = text[:-1]
    return text.rstrip() + _ELLIPSIS if text else ""


def wrapped(text: str, font: str, size: float, width: float, lines: int) -> list[str]:
    """The text on at most so many lines, broken at spaces, or inside a word longer than a line; cut at the end."""
    rows: list[str] = []
    words = text.split()
    while words and len(rows) < lines:
        if len(rows) == lines - 1:
            rows.append(cut(" ".join(words), font, size, width))
            break
        rows.append(_row(words, font, size, width))
    return [row for row in rows if row]


def _row(words: list[str], font: str, size: float, width: float) -> str:
    """Takes from `words` what fits on a line."""
    row = ""
    while words and width_of(f"{row} {words[0]}".strip(), font, size) <= width:
        row = f"{row} {words.pop(0)}".strip()
    if row or not words:
        return row
    word = words[0]
    fits = next((n for n in range(len(word), 0, -1) if width_of(word[:n], font, size) <= width), 1)
    words[0] = word[fits:]
    return word[:fits]


def shrunk(text: str, font: str, size: float, width: float) -> float:
    """The largest size, no larger than `size`, in which the text fits on one line."""
    needed = width_of(text, font, size)
    return size if needed <= width else size * width / needed


def bar_width(text: str, width: float, most: float) -> float:
    """How wide the narrowest bar of a Code 128 may be in this width, quiet zones included; 0 when a hand scanner could
    not tell the bars apart, or when the text has letters that Code 128 has not.
    """
    if not text or not text.isascii():
        return 0
    module = min(most, width / (Code128(text, barWidth=1, quiet=0).width + 2 * _QUIET_MODULES))
    return float(module) if module >= LEAST_MODULE else 0


def bars(canvas: Canvas, text: str, x: float, y: float, width: float, height: float, *, module: float) -> None:
    """A Code 128 in the middle of its width."""
    code = Code128(text, barWidth=module, barHeight=height, quiet=0)
    code.drawOn(canvas, x + (width - code.width) / 2, y)


def qr_rows(text: str) -> Rows:
    """The modules of a QR code, True for dark, with the quiet zone of four that the standard asks for."""
    widget = QrCodeWidget(text, barLevel="M")
    widget.qr.make()
    return _framed([[bool(dark) for dark in row] for row in widget.qr.modules], 4)


def gs1_rows(text: str) -> Rows | None:
    """The modules of a GS1 DataMatrix of elements in brackets; None when they cannot be written as one.

    The writer is asked what it wrote: a plain DataMatrix in its place would be read as a maker's own code.
    """
    try:
        code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, gs1=True, force_square=True)
    except ValueError:
        return None
    if code.symbology_identifier != "]d2" or code.text != text:
        return None
    picture = numpy.array(zxingcpp.write_barcode_to_image(code, scale=1, add_quiet_zones=False))
    return _framed([[bool(level < 128) for level in row] for row in picture], 1)


def _framed(rows: Rows, quiet: int) -> Rows:
    side = len(rows[0]) + 2 * quiet
    edge = [[False] * side for _ in range(quiet)]
    return [*edge, *([*[False] * quiet, *row, *[False] * quiet] for row in rows), *edge]


def matrix(canvas: Canvas, rows: Rows, x: float, y: float, side: float) -> None:
    """The modules as one shape, so that no hairline shows between them whatever the printer."""
    module = side / len(rows)
    shape = canvas.beginPath()
    for number, row in enumerate(rows):
        bottom, column = y + side - (number + 1) * module, 0
        for dark, run in groupby(row):
            length = len(list(run))
            if dark:
                shape.rect(x + column * module, bottom, length * module, module)
            column += length
    canvas.drawPath(shape, stroke=0, fill=1)
