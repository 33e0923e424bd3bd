"""What there is to plan: places, shifts and visits, frozen and checked once, then trusted.

Units: seconds from local midnight of the horizon's first day, metres, litres, kilograms. Every number is whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

SETTINGS = ("urban", "suburban", "rural")
LARGEST = 10**9  # fits 32 bits, and a thousand of them still add up safely in the engine


@dataclass(frozen=True)
class Place:
    """A point on the map. `setting` (urban, suburban, rural) sets the seconds it takes to park and reach the door."""

    key: str
    latitude: float
    longitude: float
    setting: str = "suburban"


@dataclass(frozen=True)
class Load:
    """What a visit puts on or takes off a van, or what a van may carry.

    `clean_l` rides out from the store, `dirty_l` rides back to it, each in its own compartment. Weight is a peak, not a
    sum: for a visit `out_kg` is delivered and `back_kg` collected; for a van `out_kg` is its payload at any moment and
    `back_kg` is unused.
    """

    clean_l: int = 0
    dirty_l: int = 0
    out_kg: int = 0
    back_kg: int = 0


@dataclass(frozen=True)
class Break:
    """A meal break: `seconds` long, wholly inside [opens, closes]."""

    opens: int
    closes: int
    seconds: int


@dataclass(frozen=True)
class Shift:
    """One crew and one van on one day. `key` names it; `start` and `end` bound leaving and returning to `depot`.

    Loading takes the `load_seconds` before leaving, so the van leaves no earlier than `start + load_seconds`.
    A `rest` is owed on the road unless the crew is at the depot for a whole break of it: not yet loading, or back.
    """

    key: str
    depot: str
    start: int
    end: int
    capacity: Load
    crew: int = 1
    skills: frozenset[str] = frozenset()
    max_drive: int = 10 * 3600
    load_seconds: int = 0
    rest: Break | None = None


@dataclass(frozen=True)
class Slot:
    """A window in which a visit may start, and what serving it then is worth, in seconds of driving."""

    start: int
    end: int
    prize: int


@dataclass(frozen=True)
class Visit:
    """One door to be called at once, in one of its slots (which may lie on different days)."""

    key: str
    place: str
    service: int
    slots: tuple[Slot, ...]
    load: Load = Load()
    crew: int = 1
    skills: frozenset[str] = frozenset()
    critical: bool = False


@dataclass(frozen=True)
class Problem:
    places: tuple[Place, ...]
    shifts: tuple[Shift, ...]
    visits: tuple[Visit, ...]

    def __post_init__(self) -> None:
        faults = list(_faults(self))
        if faults:
            raise ValueError("; ".join(faults))


@dataclass(frozen=True)
class Stop:
    """A visit's place on a route: arrive at the door, `begin` work (after any wait), `leave`."""

    visit: str
    arrive: int
    begin: int
    leave: int


@dataclass(frozen=True)
class Route:
    """A shift's day. `start` is the moment the loaded van leaves the depot, `end` the moment it is back.

    `rest` is the meal break, taken at a door: before `begin` of its stop, or between the work and `leave`.
    """

    shift: str
    start: int
    end: int
    stops: tuple[Stop, ...]
    drive: int
    metres: int
    rest: tuple[int, int] | None = None


@dataclass(frozen=True)
class Unplanned:
    """A visit no route serves, with the reason: `code` for machines, `sentence` for people."""

    visit: str
    code: str
    sentence: str


@dataclass(frozen=True)
class Plan:
    """Routes, and the visits left out. `cost` is seconds driven plus the prize lost on every visit.

    The prize lost is the best prize of the visit's slots less the best of those its `begin` lies in, or all of it if
    the visit is unplanned. `facts` says how the plan was made; it holds no clock times, so equal runs give equal plans.
    """

    routes: tuple[Route, ...]
    unplanned: tuple[Unplanned, ...]
    cost: int
    engine: str
    seed: int
    facts: dict[str, int | float | str] = field(default_factory=dict)


def _faults(problem: Problem) -> Iterator[str]:
    """Every reason why this is not a problem to plan, in words; empty when there is none."""
    places = {place.key for place in problem.places}
    yield from _key_faults("place", [place.key for place in problem.places])
    yield from _key_faults("shift", [shift.key for shift in problem.shifts])
    yield from _key_faults("visit", [visit.key for visit in problem.visits])
    for place in problem.places:
        yield from _place_faults(place)
    for shift in problem.shifts:
        if shift.depot not in places:
            yield f"shift {shift.key!r} starts from unknown place {shift.depot!r}"
        yield from _shift_faults(shift)
    for visit in problem.visits:
        if visit.place not in places:
            yield f"visit {visit.key!r} is at unknown place {visit.place!r}"
        yield from _visit_faults(visit)


def _key_faults(kind: str, keys: Sequence[str]) -> Iterator[str]:
    for key, count in sorted(Counter(keys).items()):
        if not key:
            yield f"a {kind} has an empty key"
        elif count > 1:
            yield f"{kind} {key!r} appears more than once"


def _place_faults(place: Place) -> Iterator[str]:
    if not -90 <= place.latitude <= 90:
        yield f"place {place.key!r} has latitude {place.latitude}, not one between -90 and 90"
    if not -180 <= place.longitude <= 180:
        yield f"place {place.key!r} has longitude {place.longitude}, not one between -180 and 180"
    if place.setting not in SETTINGS:
        yield f"place {place.key!r} has unknown setting {place.setting!r}"


def _shift_faults(shift: Shift) -> Iterator[str]:
    name = f"shift {shift.key!r}"
    yield from _number_faults(
        name,
        start=shift.start,
        end=shift.end,
        max_drive=shift.max_drive,
        load_seconds=shift.load_seconds,
        **_numbers(shift.capacity),
    )
    if shift.end <= shift.start:
        yield f"{name} ends before it starts"
    if type(shift.crew) is not int or shift.crew < 1:
        yield f"{name} has no crew"
    if shift.rest is not None:
        yield from _break_faults(name, shift.rest)


def _break_faults(name: str, rest: Break) -> Iterator[str]:
    yield from _number_faults(name, opens=rest.opens, closes=rest.closes, seconds=rest.seconds)
    if rest.seconds == 0:
        yield f"{name} has a break of no length"
    if rest.opens + rest.seconds > rest.closes:
        yield f"{name} has a break that does not fit its window"


def _visit_faults(visit: Visit) -> Iterator[str]:
    name = f"visit {visit.key!r}"
    yield from _number_faults(name, service=visit.service, **_numbers(visit.load))
    if type(visit.crew) is not int or visit.crew < 1:
        yield f"{name} needs no crew"
    if not visit.slots:
        yield f"{name} has no slot"
    for slot in visit.slots:
        yield from _number_faults(name, start=slot.start, end=slot.end, prize=slot.prize)
        if slot.end < slot.start:
            yield f"{name} has a slot that ends before it starts"


def _number_faults(name: str, **numbers: int) -> Iterator[str]:
    for field_name, number in numbers.items():
        if type(number) is not int:  # numpy's numbers overflow in silence, and True is no number of seconds
            yield f"{name} has {field_name} {number!r}, not an int"
        elif number < 0:
            yield f"{name} has a negative {field_name}"
        elif number > LARGEST:
            yield f"{name} has {field_name} {number}, more than {LARGEST}"


def _numbers(load: Load) -> dict[str, int]:
    return {"clean_l": load.clean_l, "dirty_l": load.dirty_l, "out_kg": load.out_kg, "back_kg": load.back_kg}
