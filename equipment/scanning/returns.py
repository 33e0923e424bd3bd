"""RETURN: what comes back, off a van or over the desk, goes to quarantine with its condition and infection (rule 3)."""

from __future__ import annotations

from equipment import receiving
from equipment.errors import Invalid, Refused
from equipment.jobs import ScanMode
from equipment.models import Asset, ReturnRecord
from equipment.scanning.registry import About, Ask, Input, Step, not_here, register
from equipment.states import AT_HOME, AT_STORE, AssetState, Condition, Infection, choices, label, standing

_BACK_ALREADY = frozenset({AssetState.QUARANTINE, AssetState.DECONTAMINATING})


def _asks(about: About) -> list[Ask]:
    return [
        Ask("condition", "Condition", choices(Condition), required=True, fresh=True),
        Ask("infection", "Infection declared", choices(Infection), required=True, fresh=True),
    ]


def _return(step: Input) -> Step:
    if step.code.words:
        raise not_here(step)
    asset, store = step.need_asset(), step.need_store()
    if asset.state == AssetState.LOST:
        receiving.find(asset, store, by=step.by, at=step.at, reason="Handed in.")
        return Step(f"{asset} was reported lost and is found: {_after(asset)}", "warn", asset)
    if asset.state == AssetState.RETURNING:
        receiving.take_back(asset, store, by=step.by, at=step.at)
    elif asset.state in AT_HOME:
        receiving.take_back(asset, store, by=step.by, at=step.at, **_declared(step))
    else:
        raise _not_out(asset)
    return Step(f"{asset} is back: {_after(asset)}", asset=asset)


def _declared(step: Input) -> dict[str, str]:
    """Condition and infection as chosen. Raises Invalid until both are, so that no scan records a guess."""
    given: dict[str, str] = {}
    for ask, known in ((ask, dict(ask.options or [])) for ask in _asks(step.about)):
        value = step.answer.get(ask.name, "")
        if value not in known:
            raise Invalid(f"{ask.name}_needed", f"{ask.label}: choose it first, then scan again.", field=ask.name)
        given[ask.name] = value
    return given


def _after(asset: Asset) -> str:
    """What was declared, and so what comes next."""
    record = ReturnRecord.objects.filter(asset=asset).first()
    infection = label(record.infection).lower() if record else "not disclosed"
    return f"{asset.product.name}, infection {infection}. Put it among the dirty."


def _not_out(asset: Asset) -> Refused:
    what = standing(asset.state)
    if asset.state in _BACK_ALREADY:
        return Refused("back_already", f"{asset} is back already ({what}): wash it next.", state=asset.state)
    if asset.state in AT_STORE:
        sentence = f"{asset} has not been out: it is {what}. If it is dirty, look it up and quarantine it."
        return Refused("not_out", sentence, state=asset.state)
    return Refused("not_out", f"{asset} is {what} and cannot be returned. Look it up.", state=asset.state)


register(ScanMode.RETURN, _return, asks=_asks, lead="Choose condition and infection once, then scan what comes back.")
