"""PUT_AWAY: a place, then whatever stands there; or one asset, then its place."""

from __future__ import annotations

from typing import Any

from equipment import locations
from equipment.duties import Actor
from equipment.errors import Missing, Refused
from equipment.jobs import ScanMode
from equipment.models import Asset, Location
from equipment.scanning.registry import About, Ask, Input, Step, not_here, register, register_undo
from equipment.states import AssetState, standing

_NO_PLACE = {"location": "", "waiting": ""}


def _asks(about: About) -> list[Ask]:
    return [
        Ask("location", "Place (scan it)", takes_codes=True),
        Ask("waiting", "Waiting for its place", hidden=True, takes_codes=True),
    ]


def _put(step: Input) -> Step:
    if step.code.words == ("DONE",):
        return Step("No place chosen: scan the next one.", sticky=_NO_PLACE, quiet=True)
    if step.code.words:
        raise not_here(step)
    if step.location is not None:
        return _at(step, step.location)
    asset, code = step.need_asset(), step.answer.get("location", "").strip()
    if not code:
        sticky = {"waiting": asset.number}
        return Step(f"{asset} {asset.product.name}: now scan its place.", "warn", asset, sticky=sticky, quiet=True)
    return _stand(step, asset, _place(step, code))


def _at(step: Input, place: Location) -> Step:
    """A place was scanned: for the asset that waits for it, or for all that follow."""
    number = step.answer.get("waiting", "")
    if not number:
        return Step(f"Place {place}: now scan what stands there.", sticky={"location": place.code}, quiet=True)
    asset = Asset.objects.filter(number=number, store=step.need_store()).select_related("product").first()
    if asset is None:
        raise Missing("unknown_code", f"{number} is not in this store. Scan the asset again.")
    return _stand(step, asset, place, sticky=_NO_PLACE)


def _place(step: Input, code: str) -> Location:
    found = locations.find(code, [step.need_store().pk])
    if found is None:
        raise Missing(
            "unknown_place", f"There is no place {code} in this store: scan the place again.", field="location"
        )
    return found


def _stand(step: Input, asset: Asset, place: Location, sticky: dict[str, str] | None = None) -> Step:
    if asset.location_id == place.pk and asset.state != AssetState.DECONTAMINATED:
        return Step(f"{asset} stands at {place} already.", "warn", asset, sticky=sticky or {}, quiet=True)
    before = locations.put_away(asset, place, by=step.by, at=step.at)
    undo = {"undo": "put_away", "location": _pk(before.from_location), "state": before.from_state}
    shelved = asset.state != before.from_state
    sentence = f"{asset} {asset.product.name} is {'on the shelf' if shelved else 'put away'} at {place}."
    return Step(sentence, asset=asset, undo=undo, sticky=sticky or {})


def _pk(location: Location | None) -> int | None:
    return location.pk if location else None


def _take_back_out(asset: Asset | None, undo: dict[str, Any], *, by: Actor, at: Any) -> str:
    if asset is None:
        raise Refused("nothing_to_undo", "There is nothing to take out again.")
    to = Location.objects.filter(pk=undo["location"]).first() if undo["location"] else None
    locations.take_back_out(asset, to, by=by, at=at, state=undo["state"])
    asset.refresh_from_db()
    where = f"at {asset.location}" if asset.location else "in no place in particular"
    return f"{asset} is {standing(asset.state)} again, {where}."


register(
    ScanMode.PUT_AWAY, _put, asks=_asks, lead="Scan a place, then all that stands there. Or one asset, then its place."
)
register_undo("put_away", _take_back_out)
