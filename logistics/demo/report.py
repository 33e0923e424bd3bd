"""What the story says: short paragraphs with times, its steps and whether each held, and the table of results."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from logistics.demo import catalogue
from logistics.promises import LONDON

_NAMES = {one.code: one.name for one in (*catalogue.NUMBERED, *catalogue.COUNTED)}
_NAMES |= {code: name for code, name, *_ in catalogue.COMPOSITES}


@dataclass(frozen=True)
class Step:
    """One thing the story claims, and whether it was so."""

    step: str
    held: bool
    words: str


@dataclass
class Tale:
    """Says things as they happen and remembers them, so that a told story can be shown again."""

    write: Callable[[str], None]
    lines: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def say(self, at: datetime, words: str) -> None:
        self._put(f"{when(at)}  {words}")

    def heading(self, words: str) -> None:
        self._put(f"\n{words}")

    def claim(self, at: datetime, step: str, held: bool, words: str) -> None:
        """A step of the story that must hold."""
        self.steps.append(Step(step, bool(held), words))
        self.say(at, words if held else f"DID NOT HOLD ({step}): {words}")

    def _put(self, line: str) -> None:
        self.lines.append(line)
        self.write(line)

    @property
    def failures(self) -> list[Step]:
        return [step for step in self.steps if not step.held]


def when(at: datetime) -> str:
    """`Thu 07:10`."""
    return f"{at.astimezone(LONDON):%a %H:%M}"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def name_of(code: str) -> str:
    """A product as people say it: `profiling bed`."""
    name = _NAMES[code].split(",")[0].split(":")[0]
    return name[:1].lower() + name[1:]


def listed(words: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def kit_words(kit: dict[str, int]) -> str:
    """`a profiling bed, an overbed table and 2 x slide sheet`."""
    return listed([f"{count} x {name_of(code)}" if count > 1 else _one(code) for code, count in kit.items()])


def _one(code: str) -> str:
    name = name_of(code)
    for kind in ("pair", "set"):
        if f", {kind}" in _NAMES[code]:
            return f"a {kind} of {name}"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def table(summary: dict[str, Any]) -> list[str]:
    """The results, one a line."""
    rows = [
        ("People going home", summary["discharges"]),
        ("Everything in place on the day, before noon", summary["in_place_on_the_day"]),
        ("Numbered items reserved", summary["assets_reserved"]),
        ("  of which recycled", summary["of_which_recycled"]),
        ("Routes driven", summary["routes"]),
        ("Doors called at", summary["stops"]),
        ("Visits without a place on a route", len(summary["unplanned"])),
        ("Independent check of every plan", summary["plan_check"]),
        ("Planned anew after the ward moved the date", _yes(summary["replanned_after_date_change"])),
        ("Collected, cleaned, tested and reserved for the next person", _yes(summary["reissued_after_cleaning"])),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name:<{width}}  {value}" for name, value in rows]
    return lines + [f"    {entry['visit']}: {entry['reason']}" for entry in summary["unplanned"]]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def with_steps(summary: dict[str, Any], tale: Tale) -> dict[str, Any]:
    return {**summary, "steps": [asdict(step) for step in tale.steps]}


def save(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    fresh.replace(path)


def load(path: Path) -> dict[str, Any]:
    """What was saved, or nothing."""
    return dict(json.loads(path.read_text())) if path.exists() else {}
