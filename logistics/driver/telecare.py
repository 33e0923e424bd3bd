"""Telecare on the stop page: how far it has come at this door, and what is asked for each step (rule 38)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django import forms

from equipment import telecare, telecare_facts
from equipment.models import AlarmCentre, Asset, Installation, Trigger
from equipment.states import choices
from equipment.telecare_facts import Paired
from equipment.words import Line, Protocol, TriggerKind, Use
from logistics import installs
from logistics.driver.cards import Card, Item
from logistics.installs import Visited
from logistics.states import VisitState

# What a product's name says of its kind: a first guess, which the crew may change.
_GUESSES = {
    "pendant": TriggerKind.PENDANT,
    "fall": TriggerKind.FALL,
    "smoke": TriggerKind.SMOKE,
    "heat": TriggerKind.HEAT,
    "monoxide": TriggerKind.CO,
    "flood": TriggerKind.FLOOD,
    "bed": TriggerKind.BED,
    "chair": TriggerKind.CHAIR,
    "door": TriggerKind.DOOR,
    "cord": TriggerKind.PULL_CORD,
    "movement": TriggerKind.MOVEMENT,
}


def _box(label: str, longest: int, *, required: bool = True, **kwargs: Any) -> forms.CharField:
    attrs = {"autocomplete": "off"}
    return forms.CharField(
        label=label, max_length=longest, required=required, widget=forms.TextInput(attrs=attrs), **kwargs
    )


class SetUpForm(forms.Form):
    """Who will hear it, under which number, over which line."""

    centre = forms.ModelChoiceField(AlarmCentre.objects.all(), label="Alarm centre", empty_label="Choose")
    account = _box("Account number", 40, help_text="As the alarm centre gave it for this home.")
    line = forms.ChoiceField(label="Line")
    protocol = forms.ChoiceField(label="Protocol")
    line_provider = _box("Who provides the line", 40, required=False)

    def __init__(self, hub: Asset, data: Any = None) -> None:
        super().__init__(data, auto_id=f"id_{hub.pk}_%s")
        kind = hub.product.connectivity
        self._offer("line", choices(Line), telecare.LINES.get(kind, frozenset(Line)))
        self._offer("protocol", choices(Protocol), telecare.protocols(kind))
        centres = list(AlarmCentre.objects.all()[:2])
        self.fields["centre"].initial = centres[0].pk if len(centres) == 1 else None

    def _offer(self, name: str, words: list[tuple[str, str]], fitting: frozenset[str]) -> None:
        self.fields[name].choices = [pair for pair in words if pair[0] in fitting]  # type: ignore[attr-defined]


class PairForm(forms.Form):
    """Which trigger, by which radio id, where."""

    kind = forms.ChoiceField(label="What it is", choices=[c for c in choices(TriggerKind) if c[0] != "button"])
    radio_id = _box("Radio id", 40, required=False, help_text="As the hub shows it, or on the trigger.")
    room = _box("Where it is, or who wears it", 40, required=False)

    def __init__(self, asset: Asset | None, data: Any = None) -> None:
        super().__init__(data, auto_id=f"id_{asset.pk if asset else 'other'}_%s")
        name = asset.product.name.lower() if asset else ""
        self.fields["kind"].initial = next((kind.value for word, kind in _GUESSES.items() if word in name), None)


class RangeForm(forms.Form):
    note = _box("Where you tried it", 120, help_text="The furthest places: garden, bath.")


class HeardForm(forms.Form):
    heard_by = _box("Name of who heard it at the alarm centre", 80)

    def __init__(self, key: int, data: Any = None) -> None:
        super().__init__(data, auto_id=f"id_{key}_%s")


class ClosedForm(forms.Form):
    confirmed_by = _box("Who at the alarm centre confirmed it", 80)

    def __init__(self, key: int, data: Any = None) -> None:
        super().__init__(data, auto_id=f"id_{key}_%s")


@dataclass
class Called:
    """One trigger and its test call."""

    pair: Paired
    form: HeardForm

    @property
    def removable(self) -> bool:
        return self.pair.trigger.kind != TriggerKind.BUTTON


@dataclass
class Panel:
    """How far telecare has come at this door. The first step that is not done is the one to work on."""

    card: Card
    hubs: list[Asset]
    installation: Installation | None
    to_pair: list[tuple[Asset, PairForm]] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    set_up: SetUpForm | None = None
    other: PairForm | None = None
    by_radio: int = 0
    range: RangeForm | None = None
    leaving: list[tuple[Installation, ClosedForm]] = field(default_factory=list)

    @property
    def hub(self) -> Asset | None:
        return self.installation.hub if self.installation else (self.hubs[0] if self.hubs else None)

    @property
    def step(self) -> int:
        """1 set up, 2 pair, 3 programme, 4 range, 5 test calls, 6 all heard."""
        row = self.installation
        if row is None:
            return 1
        paired = not (self.to_pair or self.by_radio)
        done = (paired, row.programmed_at is not None, row.range_tested_at is not None, self.all_heard)
        return next((number for number, ready in enumerate(done, start=2) if not ready), 6)

    @property
    def all_heard(self) -> bool:
        return bool(self.calls) and all(one.pair.heard for one in self.calls)

    @property
    def waiting(self) -> int:
        return sum(one.pair.waiting for one in self.calls)

    @property
    def mark(self) -> str:
        """Changes whenever the page shows something else: the script asks for it."""
        calls = ",".join(f"{one.pair.call.pk if one.pair.call else 0}{one.pair.heard:d}" for one in self.calls)
        return f"{self.step}.{len(self.to_pair)}.{self.by_radio}.{calls}"

    @property
    def shown(self) -> bool:
        return bool(self.hubs or self.leaving) or any(_use(item) == Use.TRIGGER for item in self.card.bring)


def panel_of(card: Card) -> Panel | None:
    """What the stop page shows of telecare, when the crew is at the door and there is any."""
    if card.visit.state != VisitState.ARRIVED:
        return None
    at_door = installs.visited(item.activity for item in (*card.bring, *card.fetch) if item.open)
    fetched = [item.asset for item in card.fetch if item.open and item.asset and _use(item) == Use.HUB]
    running = list(telecare_facts.running(card.visit.person_id)) if fetched else []
    serving = installs.serving(card.visit.person, at_door) if at_door else []
    panel = Panel(card, at_door.hubs, _worked_on(serving, at_door.hubs))
    panel.leaving = [(row, ClosedForm(row.pk)) for row in running if row.hub in fetched]
    if at_door:
        _fill(panel, at_door, serving)
    return panel if panel.shown else None


def _worked_on(serving: list[Installation], hubs: list[Asset]) -> Installation | None:
    """That of a hub just brought; or, when only triggers come, of the hub that stays."""
    return next((row for row in serving if not hubs or row.hub in hubs), None)


def _fill(panel: Panel, at_door: Visited, serving: list[Installation]) -> None:
    row = panel.installation
    if row is None:
        panel.set_up = SetUpForm(panel.hubs[0]) if panel.hubs else None
        return
    pairs = telecare_facts.paired(Trigger.objects.filter(installation__in=serving))
    known = {pair.trigger.asset_id for pair in pairs}
    asked = [*at_door.brought, *installs.staying(panel.card.visit.person, at_door)]
    triggers = [asset for asset in asked if asset.product.use == Use.TRIGGER]
    panel.to_pair = [(asset, PairForm(asset)) for asset in triggers if asset.pk not in known]
    panel.by_radio = installs.to_pair_by_radio(panel.card.visit, at_door, serving)
    panel.other, panel.range = PairForm(None), RangeForm()
    panel.calls = [Called(pair, HeardForm(pair.trigger.pk)) for pair in pairs if pair.trigger.installation_id == row.pk]


def _use(item: Item) -> str:
    return item.product.use
