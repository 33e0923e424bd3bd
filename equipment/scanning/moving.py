"""TRANSFER: put onto a transfer that is being made up. GOODS_IN: take off one that has arrived."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet

from equipment import locations, locks, transfers
from equipment.codes import COMMAND
from equipment.duties import Actor
from equipment.errors import Missing, Refused
from equipment.jobs import ScanMode, TransferState
from equipment.models import Asset, Location, Transfer, TransferItem
from equipment.scanning.registry import QUANTITY, About, Ask, Input, Job, Step, not_here, register, register_undo
from equipment.states import AssetState, standing


def _drafts(about: About) -> list[Job]:
    rows = Transfer.objects.filter(source=about.store, state=TransferState.DRAFT).select_related("destination")
    return [Job(row.pk, f"{row} to {row.destination}{' (dirty)' if row.dirty else ''}") for row in rows[:20]]


def _quantity(about: About) -> list[Ask]:
    return [QUANTITY]


def _put_on(step: Input) -> Step:
    job = _job(step, source=step.store)
    if step.code.kind == COMMAND:
        return _send(step, job)
    if step.asset is None:
        line, quantity = step.need_line(), step.need_quantity()
        transfers.put_on_counted(job, line, quantity, by=step.by, at=step.at)
        sentence = f"{line.product.name}: {quantity} on {job}."
        return Step(
            sentence,
            stock_line=line,
            lines=_on_it(job),
            undo={"undo": "put_on", "transfer": job.pk, "quantity": quantity, "line": line.pk},
        )
    transfers.put_on(job, step.asset, by=step.by, at=step.at)
    undo = {"undo": "put_on", "transfer": job.pk}
    return Step(f"{step.asset} {step.asset.product.name} is on {job}.", asset=step.asset, undo=undo, lines=_on_it(job))


def _send(step: Input, job: Transfer) -> Step:
    if step.code.words != ("DONE",):
        raise not_here(step)
    short = transfers.send(job, by=step.by, at=step.at)
    said = f" Short: {', '.join(str(row) for row in short)}." if short else ""
    return Step(f"{job} is on its way to {job.destination}.{said}", "warn" if short else "good", job=0)


def _on_it(job: Transfer) -> str:
    asked = sum(job.lines.values_list("quantity", flat=True))
    on_it = sum(job.items.values_list("sent", flat=True))
    return f"{on_it} of {asked}" if asked else f"{on_it} on it"


def _still_wanted(about: About, job: int) -> list[tuple[str, str]]:
    row = Transfer.objects.filter(pk=job, source=about.store).first()
    if row is None:
        return []
    short = {missing.product: missing for missing in transfers.shortfalls(row)}
    lines = row.lines.select_related("product")
    return [
        (str(short[name]), "todo") if (name := line.product.name) in short else (f"{line.quantity} x {name}", "good")
        for line in lines
    ]


def _take_off(asset: Asset | None, undo: dict[str, Any], *, by: Actor, at: Any) -> str:
    job = Transfer.objects.get(pk=undo["transfer"])
    if asset is not None:
        transfers.take_off(job, asset, by=by, at=at)
        asset.refresh_from_db()
        return f"{asset} is off {job} again: {standing(asset.state)}."
    item = (
        TransferItem.objects.filter(transfer=job, stock_line=undo["line"]).select_related("transfer", "product").first()
    )
    if item is None:
        raise Refused("not_on_this_transfer", f"It is not on {job} any more.")
    transfers.take_off_counted(item, undo["quantity"], by=by, at=at)
    return f"{item.product.name}: {undo['quantity']} off {job} again."


def _hold(undo: dict[str, Any]) -> None:
    for job in Transfer.objects.filter(pk=undo["transfer"]):
        locks.transfer(job)


# Arriving -------------------------------------------------------------------------------------------------------------


def _arriving(about: About) -> list[Job]:
    rows = Transfer.objects.filter(destination=about.store, state=TransferState.SENT).select_related("source")
    return [Job(row.pk, f"{row} from {row.source}{' (dirty)' if row.dirty else ''}") for row in rows[:20]]


def _place_and_quantity(about: About) -> list[Ask]:
    return [Ask("location", "Place (scan it, if it has one)", takes_codes=True), QUANTITY]


def _receive(step: Input) -> Step:
    if step.location is not None:
        return Step(
            f"Place {step.location}: now scan what goes there.", sticky={"location": step.location.code}, quiet=True
        )
    if step.code.kind == COMMAND:
        return _close(step)
    if step.asset is None:
        return _receive_counted(step)
    job = _bringing(step, step.asset)
    transfers.receive(job, step.asset, location=_place(step), by=step.by, at=step.at)
    asset = Asset.objects.select_related("product").get(pk=step.asset.pk)
    dirty = asset.state == AssetState.QUARANTINE
    said = "in quarantine: put it among the dirty" if dirty else "ready: put it away"
    if not dirty and asset.location_id:
        said = f"ready, at {asset.location}"
    tone = "warn" if dirty and not job.dirty else "good"
    return Step(f"{asset} {asset.product.name} has arrived, {said}.", tone, asset, job=job.pk, lines=_arrived(job))


def _place(step: Input) -> Location | None:
    code = step.answer.get("location", "").strip()
    found = locations.find(code, [step.need_store().pk]) if code else None
    if code and found is None:
        raise Missing(
            "unknown_place", f"There is no place {code} in this store: scan the place again.", field="location"
        )
    return found


def _bringing(step: Input, asset: Asset) -> Transfer:
    """The transfer that brings it: the one chosen, or else the one that it is on."""
    if step.job is not None:
        return _job(step, destination=step.store)
    item = _items(step).filter(asset=asset).first()
    if item is None:
        raise Refused("not_expected", f"{asset} is on no transfer to this store. Look it up to see where it should be.")
    return item.transfer


def _receive_counted(step: Input) -> Step:
    job = _job(step, destination=step.store)
    if step.product is None:
        raise Refused("not_counted", f"{step.what()} Scan an asset, or a product.")
    item = (
        _items(step)
        .filter(transfer=job, product=step.product, asset=None, sent__gt=F("received") + F("missing"))
        .first()
    )
    if item is None:
        raise Refused("not_expected", f"No {step.product.name} is to come with {job}.")
    quantity = step.need_quantity()
    line = transfers.receive_counted(item, quantity, by=step.by, at=step.at)
    return Step(f"{step.product.name}: {quantity} arrived.", stock_line=line, lines=_arrived(job))


def _items(step: Input) -> QuerySet[TransferItem]:
    rows = TransferItem.objects.filter(transfer__destination=step.store, transfer__state=TransferState.SENT)
    return rows.select_related("transfer__source", "transfer__destination", "stock_line", "product").order_by("pk")


def _close(step: Input) -> Step:
    """Only when all has arrived: to call something missing is decided on the transfer's page."""
    if step.code.words != ("DONE",):
        raise not_here(step)
    job = _job(step, destination=step.store)
    missing = sum(item.sent - item.received - item.missing for item in job.items.all())
    if missing:
        raise Refused(
            "not_all_here", f"{missing} of {job} not here yet. If nothing more will come, close it on its page."
        )
    transfers.close(job, by=step.by, at=step.at)
    return Step(f"All of {job} has arrived.", job=0)


def _arrived(job: Transfer) -> str:
    rows = job.items.values_list("sent", "received")
    return f"{sum(received for _, received in rows)} of {sum(sent for sent, _ in rows)}"


def _to_come(about: About, job: int) -> list[tuple[str, str]]:
    items = TransferItem.objects.filter(transfer=job, transfer__destination=about.store)
    return [
        (f"{item.asset or item.sent} {item.product.name}", "good" if item.received == item.sent else "todo")
        for item in items.select_related("asset", "product")[:200]
    ]


def _job(step: Input, **of: Any) -> Transfer:
    rows = Transfer.objects.filter(pk=step.need_job("a transfer"), **of).select_related("source", "destination")
    job = rows.first()
    if job is None:
        raise Missing("no_such_transfer", "This transfer is not of this store: choose another.")
    return job


register(
    ScanMode.TRANSFER,
    _put_on,
    asks=_quantity,
    jobs=_drafts,
    job_label="Transfer",
    progress=_still_wanted,
    commands=(("Done: send it", "DO/DONE"),),
    lead="Scan what goes onto the transfer. “Done” sends it.",
)
register(
    ScanMode.GOODS_IN,
    _receive,
    asks=_place_and_quantity,
    jobs=_arriving,
    job_label="Transfer",
    progress=_to_come,
    commands=(("Done: all is here", "DO/DONE"),),
    lead="Scan what has arrived from another store. “Done” ends it when all is here.",
)
register_undo("put_on", _take_off, hold=_hold)
