"""The certificate of a wash: which assets were cleaned how, with what, by whom, for how long, and what came of it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from django.utils import timezone
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from equipment import codes
from equipment.errors import Refused
from equipment.jobs import WashOutcome
from equipment.labels import signed
from equipment.models import Asset, Decontamination, WashRun
from equipment.paper import BOLD, PLAIN, register_fonts
from equipment.states import label

_MARGIN = 18 * mm
_WIDTH = A4[0] - 2 * _MARGIN - 12  # the frame pads 6 points on each side
_BODY = ParagraphStyle("body", fontName=PLAIN, fontSize=10, leading=13)
_STRONG = ParagraphStyle("strong", parent=_BODY, fontName=BOLD)
_BIG = ParagraphStyle("big", parent=_BODY, fontName=BOLD, fontSize=17, leading=23)
_GRID = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.grey),
    ]
)
_Line = tuple[Asset, str, str]  # the asset, the result, and what else was noted


def wash_certificate(wash: WashRun | Decontamination, *, at: datetime) -> bytes:
    """One page, or more of them for a long run. Raises Refused while the wash still runs."""
    if isinstance(wash, Decontamination):
        return _page(f"Clean {wash.pk} of {codes.spaced(wash.asset.number)}", _facts_of_clean(wash), [_line(wash)], at)
    if wash.ended_at is None:
        raise Refused("wash_runs", f"{wash} has not ended: end it, then print its certificate.", run=wash.pk)
    return _page(str(wash), _facts_of_run(wash, wash.ended_at), _lines(wash), at)


def _facts_of_run(run: WashRun, ended_at: datetime) -> list[tuple[str, str]]:
    place = f"{run.store.name}{f', {run.location.code}' if run.location else ''}"
    return [
        ("Store", place),
        *_how(run.method, run.agent, run.lot, run.operator),
        *_when(run.started_at, ended_at),
        ("Contact time required", f"{run.hold_minutes} minutes at least"),
    ]


def _facts_of_clean(clean: Decontamination) -> list[tuple[str, str]]:
    run = [("Wash run", str(clean.run_id))] if clean.run_id else []
    return [
        *run,
        *_how(clean.method, clean.agent, clean.lot, clean.operator),
        *_when(clean.started_at, clean.ended_at),
    ]


def _how(method: str, agent: str, lot: str, operator: str) -> list[tuple[str, str]]:
    return [
        ("Method", label(method)),
        ("Agent", agent or "not recorded"),
        ("Lot", lot or "not recorded"),
        ("Operator", signed(operator)),
    ]


def _when(started_at: datetime, ended_at: datetime) -> list[tuple[str, str]]:
    minutes = int((ended_at - started_at).total_seconds() // 60)
    return [("Started", _moment(started_at)), ("Ended", _moment(ended_at)), ("Contact time", f"{minutes} minutes")]


def _lines(run: WashRun) -> list[_Line]:
    """What was taken out again was not washed, and is left out."""
    rows = run.items.exclude(outcome=WashOutcome.TAKEN_OUT).select_related("asset__product").order_by("asset__number")
    return [(item.asset, label(item.outcome), item.note) for item in rows]


def _line(clean: Decontamination) -> _Line:
    return clean.asset, label(WashOutcome.PASSED if clean.passed else WashOutcome.FAILED), clean.notes


def _page(title: str, facts: Sequence[tuple[str, str]], lines: Sequence[_Line], at: datetime) -> bytes:
    register_fonts()
    out = BytesIO()
    sheet = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN, title=title
    )
    passed = sum(result == label(WashOutcome.PASSED) for _, result, _ in lines)
    story: list[Flowable] = [
        _text("Certificate of decontamination", _BIG),
        _text(title, _STRONG),
        Spacer(0, 4 * mm),
        Table(
            [[_text(name), _text(what, _STRONG)] for name, what in facts],
            colWidths=[50 * mm, _WIDTH - 50 * mm],
            style=_GRID,
        ),
        Spacer(0, 6 * mm),
        _assets(lines),
        Spacer(0, 6 * mm),
        _text(f"{passed} of {len(lines)} passed.", _STRONG),
        _text(f"Printed {_moment(at)} from the records."),
    ]
    sheet.build(story)
    return out.getvalue()


def _assets(lines: Sequence[_Line]) -> Table:
    head = [_text(word, _STRONG) for word in ("Number", "Product", "Serial", "Result")]
    rows = [
        [
            _text(codes.spaced(asset.number), _STRONG),
            _text(asset.product.name),
            _text(asset.serial),
            _text(f"{result}: {note}" if note else result),
        ]
        for asset, result, note in lines
    ]
    widths = [28 * mm, 58 * mm, 35 * mm, _WIDTH - 121 * mm]
    return Table([head, *rows], colWidths=widths, repeatRows=1, style=_GRID)


def _text(words: str, style: ParagraphStyle = _BODY) -> Paragraph:
    return Paragraph(html.escape(words, quote=False), style)


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%d %b %Y %H:%M}"
