"""COUNT: every asset that stands there by its number, counted stock by its label and how many. Blind."""

from __future__ import annotations

from typing import Any

from equipment import locks, stocktake
from equipment.codes import COMMAND
from equipment.duties import Actor
from equipment.errors import Missing, Refused
from equipment.jobs import CountState, ScanMode
from equipment.models import Asset, StockCount
from equipment.scanning.registry import QUANTITY, About, Ask, Input, Job, Step, not_here, register, register_undo
from equipment.states import label

_GOING_ON = (CountState.OPEN, CountState.RECOUNT)


def _counts(about: About) -> list[Job]:
    rows = StockCount.objects.filter(store=about.store, state__in=_GOING_ON).select_related("location", "store")
    return [Job(row.pk, f"{row}: {'first' if row.state == CountState.OPEN else 'second'} count") for row in rows[:20]]


def _asks(about: About) -> list[Ask]:
    return [QUANTITY]


def _count(step: Input) -> Step:
    count = _job(step)
    if step.code.kind == COMMAND:
        return _end(step, count)
    if step.asset is None:
        line, quantity = step.need_line(), step.need_quantity()
        seen = stocktake.tally(count, line, quantity, by=step.by, at=step.at)
        return Step(
            f"{seen.what}: {quantity} counted.", "warn" if seen.again else "good", stock_line=line, lines=_so_far(count)
        )
    seen = stocktake.see(count, step.asset, by=step.by, at=step.at)
    if seen.again:
        return Step(f"{seen.what} was counted already.", "warn", step.asset, lines=_so_far(count), quiet=True)
    undo = {"undo": "counted", "count": count.pk}
    return Step(f"{seen.what} is counted.", asset=step.asset, undo=undo, lines=_so_far(count))


def _job(step: Input) -> StockCount:
    count = StockCount.objects.filter(pk=step.need_job("a count"), store=step.store).first()
    if count is None:
        raise Missing("no_such_count", "This count is not of this store: choose another.")
    return count


def _end(step: Input, count: StockCount) -> Step:
    if step.code.words != ("DONE",):
        raise not_here(step)
    if count.state == CountState.RECOUNT:
        left = len(stocktake.end_recount(count, by=step.by, at=step.at))
        said = f"{left} still differ: they are to be decided." if left else "Nothing differs any more."
        return Step(f"The second count has ended. {said}", job=0)
    left = stocktake.end_first(count, by=step.by, at=step.at)
    said = f"{left} differ: somebody else counts them again." if left else "Nothing differs: close it on its page."
    return Step(f"The first count has ended. {said}", job=0)


def _so_far(count: StockCount) -> str:
    column = "first" if count.state == CountState.OPEN else "second"
    return f"{count.lines.filter(**{f'{column}__gt': 0}).count()} counted"


def _progress(about: About, job: int) -> list[tuple[str, str]]:
    """Which things the second person looks for; of the first count nothing, because it is blind."""
    count = StockCount.objects.filter(pk=job, store=about.store, state=CountState.RECOUNT).first()
    if count is None:
        return []
    return [
        (f"{line.asset or line.stock_line}", "todo" if line.second is None else "good")
        for line in stocktake.to_count_again(count)
    ]


def _unsee(asset: Asset | None, undo: dict[str, Any], *, by: Actor, at: Any) -> str:
    count = StockCount.objects.filter(pk=undo["count"]).first()
    if asset is None or count is None:
        raise Refused("nothing_to_undo", "There is nothing to take out of the count.")
    if count.state not in _GOING_ON:
        raise Refused("count_ended", f"{count} is {label(count.state).lower()}: nothing can be taken out any more.")
    stocktake.unsee(count, asset, by=by, at=at)
    return f"{asset} is not counted any more."


def _hold(undo: dict[str, Any]) -> None:
    for count in StockCount.objects.filter(pk=undo["count"]):
        locks.stock_count(count)


register(
    ScanMode.COUNT,
    _count,
    asks=_asks,
    jobs=_counts,
    job_label="Count",
    progress=_progress,
    commands=(("Done: all counted", "DO/DONE"),),
    any_store=True,
    lead="Scan everything that stands there. “Done” ends the count.",
)
register_undo("counted", _unsee, hold=_hold)
