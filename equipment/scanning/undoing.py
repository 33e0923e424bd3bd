"""Undo: the last scan only, and only while nothing else has happened to what was scanned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from equipment import locks
from equipment.duties import Actor
from equipment.errors import Refused
from equipment.models import Asset, AssetEvent, Decontamination, InspectionRecord, ReturnRecord, Scan
from equipment.scanning.registry import Step, undo_of
from equipment.states import label

_MARK = "_mark"


def mark(asset: Asset) -> str:
    """A mark that changes with everything recorded of an asset."""
    rows = (AssetEvent, Decontamination, InspectionRecord, ReturnRecord)
    last = (
        row._default_manager.filter(asset=asset).order_by("-id").values_list("id", flat=True).first() for row in rows
    )
    return ":".join(str(pk or 0) for pk in last)


def sealed(step: Step) -> dict[str, Any]:
    """What takes the scan back, with the mark of the asset as the scan left it."""
    if not step.undo:
        return {}
    return {**step.undo, **({_MARK: mark(step.asset)} if step.asset is not None else {})}


def last_of(by: str) -> Scan | None:
    """The last scan of this person that did something and stands."""
    rows = Scan.objects.filter(by=str(by), ok=True, undone_at__isnull=True)
    return rows.exclude(answer__has_key="quiet").order_by("-id").first()


@transaction.atomic
def undo_last(by: Actor, *, at: datetime, mode: str = "") -> Scan:
    """Take it back and say so in its answer. Raises Refused with what stands in the way."""
    row = _last(by, mode)
    undo, hold = undo_of(str(row.undo.get("undo", "")))
    if undo is None:
        raise Refused(
            "cannot_undo", f"“{row.answer.get('sentence', row.code)}” cannot be undone: it stays on the record."
        )
    if hold is not None:
        hold(row.undo)
    asset = locks.asset(row.asset_id) if row.asset_id else None
    if asset is not None and row.undo.get(_MARK) != mark(asset):
        raise Refused("moved_since", f"{asset} {_since(asset, row)}. The scan can no longer be undone.")
    sentence = undo(asset, row.undo, by=by, at=at)
    row.undone_at = at
    row.answer = {**row.answer, "undone": sentence}
    row.save(update_fields=["undone_at", "answer"])
    return row


def _last(by: Actor, mode: str) -> Scan:
    found = last_of(by)
    row = Scan.objects.select_for_update().get(pk=found.pk) if found else None
    if row is None or row.undone_at is not None:
        raise Refused("nothing_to_undo", "There is nothing to undo.")
    if mode and row.mode != mode:
        raise Refused(
            "scanned_elsewhere",
            f"Your last scan was made under “{label(row.mode)}”: go there to undo it.",
            mode=row.mode,
        )
    return row


def _since(asset: Asset, row: Scan) -> str:
    """What has happened to it since, in the words of its last event."""
    last = AssetEvent.objects.filter(asset=asset).first()
    if last is None or last.at < row.at:
        return "has changed since"
    who = last.by.removeprefix("user:")
    return f"has moved on since ({label(last.verb).lower()} by {who}, now {label(asset.state).lower()})"
