"""The past of one asset, lived day by day along the table of moves, with what was written down on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from equipment.states import ASSET, AssetState, Condition, Infection
from logistics import promises

S = AssetState
STORE_HAND, TECHNICIAN, CREW = "user:assistant", "user:technician", "user:driver"
EXAMINERS = ("K. Penhale", "R. Sumner", "T. Okafor")
_OUT = (S.RESERVED, S.PICKED, S.LOADED, S.ON_LOAN)
_BACK = (S.COLLECTION_DUE, S.RETURNING, S.QUARANTINE, S.DECONTAMINATING, S.DECONTAMINATED, S.TESTING, S.AVAILABLE)


@dataclass(frozen=True)
class Move:
    """One row of the history."""

    verb: str
    origin: str
    to: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Outing:
    """One loan: out of the store, at the home, and back; `back` is None while it is still out."""

    reserved: datetime
    loaded: datetime
    began: datetime
    back: datetime | None = None


@dataclass(frozen=True)
class Return:
    outing: int
    at: datetime
    condition: str
    infection: str
    clean_from: datetime
    clean_to: datetime


@dataclass
class Past:
    """Everything that happened until now, oldest first. `tested` holds the moments at which it passed all its tests."""

    received_on: date
    accepted_at: datetime | None = None
    soiled_at: datetime | None = None
    cleaned_at: datetime | None = None
    moves: list[Move] = field(default_factory=list)
    outings: list[Outing] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    tested: list[datetime] = field(default_factory=list)

    @property
    def state(self) -> str:
        return self.moves[-1].to

    def go(self, to: AssetState, at: datetime, by: str) -> None:
        """One legal move; a KeyError here is a move that the table does not know."""
        self.moves.append(Move(ASSET.moves[self.state, to].verb, self.state, to, at, by))


def lived(rng: Random, *, loans: int, is_out: bool, until: date) -> Past:
    """An asset that was lent so many times, and is with somebody on that day or stands on the shelf."""
    rests = [rng.randint(4, 38) for _ in range(loans)]
    homes = [rng.randint(20, 140) for _ in range(loans)]
    if is_out:
        homes[-1] = rng.randint(2, 145)
    days = 1 + sum(rests) + sum(homes) + 2 * (loans - is_out)
    day = until - timedelta(days=days + (0 if is_out else rng.randint(3, 24)))
    past = Past(day)
    past.moves.append(Move("book_in", "", S.RECEIVED, _time(rng, day, 9), STORE_HAND))
    day += timedelta(days=1)
    _accept(rng, past, day)
    for number in range(loans):
        day += timedelta(days=rests[number])
        _go_out(rng, past, day)
        day += timedelta(days=homes[number])
        if not is_out or number < loans - 1:
            _come_back(rng, past, number, day)
            day += timedelta(days=2)
    return past


def _accept(rng: Random, past: Past, day: date) -> None:
    past.tested.append(_time(rng, day, 10))
    past.accepted_at = _time(rng, day, 11)
    past.go(S.AVAILABLE, past.accepted_at, TECHNICIAN)


def _go_out(rng: Random, past: Past, day: date) -> None:
    eve = day - timedelta(days=1)
    times = (_time(rng, eve, 14), _time(rng, day, 7), _time(rng, day, 8), _time(rng, day, rng.randint(9, 14)))
    for to, at, by in zip(_OUT, times, ("api:ward-board", STORE_HAND, CREW, CREW), strict=True):
        past.go(to, at, by)
    past.outings.append(Outing(times[0], times[2], times[3]))


def _come_back(rng: Random, past: Past, number: int, day: date) -> None:
    """Asked for in the morning, fetched at noon, cleaned and tested the next day."""
    after = day + timedelta(days=1)
    hours = ((day, 8), (day, 11), (day, 15), (after, 9), (after, 10), (after, 11), (after, 13))
    times = [_time(rng, on, hour) for on, hour in hours]
    people = ("user:coordinator", CREW, CREW, TECHNICIAN, TECHNICIAN, TECHNICIAN, TECHNICIAN)
    for to, at, by in zip(_BACK, times, people, strict=True):
        past.go(to, at, by)
    _, fetched, past.soiled_at, clean_from, past.cleaned_at, begun, _ = times
    past.tested.append(begun + timedelta(minutes=20))
    outing = past.outings[number]
    past.outings[number] = Outing(outing.reserved, outing.loaded, outing.began, fetched)
    infection = rng.choices((Infection.NONE_KNOWN, Infection.SOILED), (3, 1))[0]
    condition = rng.choices((Condition.GOOD, Condition.WORN), (4, 1))[0]
    past.returns.append(Return(number, fetched, condition, infection, clean_from, past.cleaned_at))


def _time(rng: Random, day: date, hour: int) -> datetime:
    return promises.local(day, hour, rng.randint(0, 58))


def next_due(days: int | None, tested: datetime) -> date | None:
    return promises.today(tested) + timedelta(days=days) if days else None
