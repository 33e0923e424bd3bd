"""WASH: one run after another. Scan what goes in, DO/DONE when it has passed, DO/FAIL and a number for what has not."""

from __future__ import annotations

from typing import Any

from equipment import decontamination, locks
from equipment.codes import COMMAND
from equipment.duties import Actor
from equipment.errors import Invalid, Missing, Refused
from equipment.jobs import ScanMode
from equipment.models import Asset, WashRun
from equipment.scanning.registry import About, Ask, Input, Job, Step, not_here, register, register_undo
from equipment.states import CleaningMethod, choices, label

_FAILING = "failing"


def _runs(about: About) -> list[Job]:
    rows = WashRun.objects.filter(store=about.store, ended_at__isnull=True)
    return [Job(run.pk, f"{run}: {label(run.method)}, {run.agent} {run.lot}") for run in rows[:20]]


def _asks(about: About) -> list[Ask]:
    failing = Ask(_FAILING, "Not clean", hidden=True)
    if about.job is not None:
        return [failing]
    agent, lot = _used_last(about)
    return [
        Ask("method", "Method", choices(CleaningMethod), required=True),
        Ask("agent", "Product used", first=agent, required=True),
        Ask("lot", "Its lot number", first=lot, required=True),
        failing,
    ]


def _used_last(about: About) -> tuple[str, str]:
    """Product and lot of this store's last run of the method: mostly the same bottle."""
    rows = WashRun.objects.filter(store=about.store)
    method = about.answer.get("method")
    last = (rows.filter(method=method) if method else rows).first()
    return (last.agent, last.lot) if last else ("", "")


def _wash(step: Input) -> Step:
    if step.code.kind == COMMAND:
        return _command(step)
    asset = step.need_asset()
    if step.answer.get(_FAILING):
        return _fail(step, asset)
    run = _run(step) if step.job is not None else _start(step)
    decontamination.add(run, asset, by=step.by, at=step.at)
    sentence = f"{asset} {asset.product.name} is in the wash."
    return Step(sentence, asset=asset, undo={"undo": "washing", "run": run.pk}, job=run.pk, lines=_count(run))


def _command(step: Input) -> Step:
    if step.code.words == ("DONE",):
        return _end(step)
    if step.code.words == ("FAIL",):
        _run(step)
        return Step("Now scan what is not clean.", "warn", sticky={_FAILING: "yes"}, quiet=True)
    if step.code.words == ("PASS",):
        return Step("Now scan what goes in.", sticky={_FAILING: ""}, quiet=True)
    raise not_here(step)


def _start(step: Input) -> WashRun:
    for ask in _asks(step.about):
        if ask.required and not step.answer.get(ask.name, "").strip():
            raise Invalid(f"{ask.name}_needed", f"{ask.label}: say it first, then scan.", field=ask.name)
    given: dict[str, Any] = {name: step.answer[name].strip() for name in ("method", "agent", "lot")}
    return decontamination.start_run(step.need_store(), by=step.by, at=step.at, **given)


def _chosen(step: Input, name: str) -> Step | None:
    """DO/METHOD/<METHOD> begins a run with the product last used for it, so that the next scan goes straight in."""
    if name != "method" or step.job is not None:
        return None
    agent, lot = _used_last(step.about)
    if not agent:
        return None
    run = decontamination.start_run(
        step.need_store(), method=step.answer["method"], agent=agent, lot=lot, by=step.by, at=step.at
    )
    sentence = f"{run} begun: {label(run.method)} with {agent}, lot {lot}. Scan what goes in."
    return Step(sentence, job=run.pk, lines=_count(run), quiet=True)


def _run(step: Input) -> WashRun:
    run = WashRun.objects.filter(pk=step.need_job("a wash run"), store=step.store).first()
    if run is None:
        raise Missing("no_such_run", "This wash run is not of this store: choose another.")
    return run


def _end(step: Input) -> Step:
    run = _run(step)
    cleans = decontamination.end_run(run, by=step.by, at=step.at)
    return Step(f"{run} has ended: {len(cleans)} clean. Test them next.", job=0, sticky={_FAILING: ""})


def _fail(step: Input, asset: Asset) -> Step:
    """Out of the run with a clean on record that failed, at once: nobody who ends the run later can pass it."""
    run = _run(step)
    failure = decontamination.Failure(f"Not clean when it came out of {run}.")
    decontamination.fail(run, asset, failure, by=step.by, at=step.at)
    sentence = f"{asset} is not clean: back in quarantine, wash it again."
    return Step(sentence, "warn", asset, job=run.pk, lines=_count(run), sticky={_FAILING: ""})


def _count(run: WashRun) -> str:
    return f"{len(decontamination.in_run(run))} in {run}"


def _progress(about: About, job: int) -> list[tuple[str, str]]:
    run = WashRun.objects.filter(pk=job, store=about.store).first()
    items = decontamination.in_run(run) if run else []
    return [(f"{item.asset} {item.asset.product.name}", "todo") for item in items]


def _take_out(asset: Asset | None, undo: dict[str, Any], *, by: Actor, at: Any) -> str:
    run = WashRun.objects.filter(pk=undo["run"]).first()
    if asset is None or run is None:
        raise Refused("nothing_to_undo", "There is nothing to take out of the wash.")
    decontamination.take_out(run, asset, by=by, at=at, reason="Scanned by mistake.")
    return f"{asset} is out of the wash again, in quarantine."


def _hold(undo: dict[str, Any]) -> None:
    for run in WashRun.objects.filter(pk=undo["run"]):
        locks.wash_run(run)


register(
    ScanMode.WASH,
    _wash,
    asks=_asks,
    jobs=_runs,
    job_label="Wash run",
    progress=_progress,
    commands=(("Done: all clean", "DO/DONE"), ("Not clean…", "DO/FAIL")),
    on_choice=_chosen,
    lead="Scan what goes into the wash. “Done” ends the run; “Fail” and a number takes out what is not clean.",
)
register_undo("washing", _take_out, hold=_hold)
