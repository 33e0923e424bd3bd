"""What a mode of the scan page is: its handler, what it asks, its jobs, and how each scan is taken back.

A handler calls one verb and says what happened. It raises a DomainError for whatever may not be: the page turns red,
says the sentence, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from equipment.codes import Code
from equipment.duties import Actor, Duty
from equipment.errors import Invalid, Refused
from equipment.jobs import ScanMode
from equipment.models import Asset, Location, Product, StockLine, Store
from equipment.states import label

DUTY: dict[str, Duty] = {
    ScanMode.RETURN: Duty.RETURN,
    ScanMode.WASH: Duty.CLEAN,
    ScanMode.TEST: Duty.TEST,
    ScanMode.PUT_AWAY: Duty.SHELVE,
    ScanMode.PICK: Duty.PICK,
    ScanMode.LOAD: Duty.PICK,
    ScanMode.COUNT: Duty.COUNT,
    ScanMode.TRANSFER: Duty.TRANSFER,
    ScanMode.GOODS_IN: Duty.TRANSFER,
}


@dataclass(frozen=True)
class About:
    """Where the page stands: its store, the job and the choices made, and who works."""

    store: Store | None
    by: Actor
    at: datetime
    job: int | None = None
    answer: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Input:
    """One scan as a handler sees it, with what the code stands for already found."""

    code: Code
    by: Actor
    at: datetime
    store: Store | None = None
    job: int | None = None
    answer: Mapping[str, str] = field(default_factory=dict)
    asset: Asset | None = None
    location: Location | None = None
    product: Product | None = None
    stock_line: StockLine | None = None

    @property
    def about(self) -> About:
        return About(self.store, self.by, self.at, self.job, self.answer)

    def need_asset(self) -> Asset:
        """Raises Refused when something else was scanned."""
        if self.asset is None:
            raise Refused("not_an_asset", f"{self.what()} Scan the number of an asset here.")
        return self.asset

    def need_store(self) -> Store:
        if self.store is None:
            raise Refused("store_needed", "Choose the store you work in first.", field="store")
        return self.store

    def need_job(self, what: str) -> int:
        """Raises Refused when no job is chosen; `what` names it: "a wash run"."""
        if self.job is None:
            raise Refused("job_needed", f"Choose {what} first.", field="job")
        return self.job

    def need_line(self) -> StockLine:
        """The counted stock that a product's label stands for. Raises Refused when it could be several batches."""
        if self.stock_line is None and self.product is not None:
            raise Refused(
                "which_line",
                f"{self.product.name} has no single line of stock here: scan the label of its batch, or look it up.",
            )
        if self.stock_line is None:
            raise Refused("not_counted", f"{self.what()} Scan an asset, or a product.")
        return self.stock_line

    def need_quantity(self) -> int:
        """The quantity typed. Raises Invalid until it is: then the page asks for it."""
        text = self.answer.get("quantity", "").strip()
        if not text:
            name = self.product.name if self.product else "it"
            raise Invalid("quantity_needed", f"How many of {name}?", field="quantity")
        if not (text.isascii() and text.isdigit() and len(text) <= 5):
            raise Invalid("quantity", f"{text} is no quantity: type a whole number.", field="quantity")
        return int(text)

    def what(self) -> str:
        """What was scanned, as a sentence."""
        if self.asset is not None:
            return f"{self.asset} is an asset."
        if self.location is not None:
            return f"{self.location} is a place in the store."
        if self.product is not None:
            return f"{self.product.name} is a product."
        return f"{self.code.text} is not known here."


@dataclass(frozen=True)
class Step:
    """What a scan did. `undo` names the function that takes it back and what it needs; empty: it cannot be."""

    sentence: str
    tone: str = "good"
    asset: Asset | None = None
    stock_line: StockLine | None = None
    undo: dict[str, Any] = field(default_factory=dict)
    job: int | None = None  # the job from now on; 0: none any more
    lines: str = ""
    sticky: Mapping[str, str] = field(default_factory=dict)
    ask: str = ""  # the field to type into next
    again: bool = False  # the same code waits for that answer: nothing has been done yet
    quiet: bool = False  # changed a choice of the page and nothing else: undo looks past it


@dataclass(frozen=True)
class Job:
    pk: int
    label: str


@dataclass(frozen=True)
class Ask:
    """One choice beside the scan box. `options` None: a text field. Sticky ones stay, the others are emptied."""

    name: str
    label: str
    options: list[tuple[str, str]] | None = None
    first: str = ""
    sticky: bool = True
    inputmode: str = "text"
    required: bool = False
    takes_codes: bool = False  # a label may be scanned into it
    hidden: bool = False  # remembered by the page, not shown as a field
    later: bool = False  # shown only once a scan has asked for it
    fresh: bool = False  # forgotten when the page is opened anew: yesterday's answer must not be today's


Handler = Callable[[Input], Step]
Undo = Callable[..., str]


@dataclass(frozen=True)
class Mode:
    """One mode: what it does with a scan, and what its page shows."""

    name: ScanMode
    handle: Handler
    lead: str = ""
    job_label: str = "Job"
    jobs: Callable[[About], list[Job]] | None = None
    asks: Callable[[About], list[Ask]] | None = None
    progress: Callable[[About, int], list[tuple[str, str]]] | None = None
    on_choice: Callable[[Input, str], Step | None] | None = None  # after a command has made a choice: perhaps begin
    commands: tuple[tuple[str, str], ...] = ()  # buttons beside Undo: (what it says, the command)
    any_store: bool = False  # what the records say stands in another store is no mistake of the hand here

    @property
    def duty(self) -> Duty:
        return DUTY[self.name]

    @property
    def title(self) -> str:
        return label(self.name)

    def ask_for(self, about: About) -> list[Ask]:
        return self.asks(about) if self.asks else []

    def open_jobs(self, about: About) -> list[Job]:
        return self.jobs(about) if self.jobs and about.store is not None else []


QUANTITY = Ask("quantity", "How many", sticky=False, later=True, inputmode="numeric")

_MODES: dict[str, Mode] = {}
_UNDO: dict[str, tuple[Undo, Callable[[dict[str, Any]], object] | None]] = {}


def register(mode: ScanMode, handler: Handler, **shown: Any) -> None:
    _MODES[mode] = Mode(mode, handler, **shown)


def register_undo(name: str, function: Undo, *, hold: Callable[[dict[str, Any]], object] | None = None) -> None:
    """`hold` locks the job from what `Step.undo` says, where the verbs lock jobs before assets."""
    _UNDO[name] = function, hold


def mode_of(name: str) -> Mode | None:
    return _MODES.get(name)


def modes_for(by: Actor) -> list[Mode]:
    """The modes of this person's duties, in the order of the work."""
    return [_MODES[name] for name in ScanMode if name in _MODES and by.may(DUTY[name])]


def undo_of(name: str) -> tuple[Undo | None, Callable[[dict[str, Any]], object] | None]:
    return _UNDO.get(name, (None, None))


def not_here(step: Input) -> Refused:
    """For a command that means nothing in this mode."""
    return Refused("no_such_command", f"{step.code.text} does nothing here.")
