"""The words for where an asset stands, and the one table of moves between them. Pure: no Django."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Move:
    """One legal move: the verb people say, the guard that must find nothing wrong, and whether a reason must be
    given.
    """

    verb: str
    guard: str = ""
    needs_reason: bool = False


@dataclass(frozen=True)
class Machine:
    """A table of moves. `moves[from, to]` is the move; a state without a way out is terminal."""

    name: str
    states: type[StrEnum]
    moves: Mapping[tuple[str, str], Move]

    def next(self, state: str) -> list[str]:
        """The states that may follow `state`, in the order of the table."""
        return [to for (origin, to) in self.moves if origin == state]

    @property
    def terminal(self) -> frozenset[str]:
        return frozenset(state for state in self.states if not self.next(state))


class AssetState(StrEnum):
    RECEIVED = "received"  # booked in, acceptance check still to do
    AVAILABLE = "available"  # on a clean shelf and issuable
    RESERVED = "reserved"
    PICKED = "picked"
    STAGED = "staged"
    LOADED = "loaded"  # on a van, going out
    ON_LOAN = "on_loan"
    COLLECTION_DUE = "collection_due"
    RETURNING = "returning"  # on a van, coming back dirty
    IN_TRANSFER = "in_transfer"  # on a van, between two stores
    QUARANTINE = "quarantine"
    DECONTAMINATING = "decontaminating"
    DECONTAMINATED = "decontaminated"
    TESTING = "testing"
    REPAIR = "repair"
    HELD = "held"  # recalled: nobody may move it but by an authorised release
    CONDEMNED = "condemned"
    LOST = "lost"
    DISPOSED = "disposed"


S = AssetState

# The shelf, and the way out of the building. Every step towards a person asks fitness again (rules 1, 4, 9, 10).
_OUT: dict[tuple[str, str], Move] = {
    (S.RECEIVED, S.AVAILABLE): Move("accept", guard="shelvable"),
    (S.RECEIVED, S.QUARANTINE): Move("reject", needs_reason=True),
    (S.AVAILABLE, S.RESERVED): Move("reserve", guard="issuable"),
    (S.RESERVED, S.AVAILABLE): Move("release"),
    (S.RESERVED, S.PICKED): Move("pick", guard="issuable"),
    (S.PICKED, S.STAGED): Move("stage", guard="issuable"),
    (S.STAGED, S.LOADED): Move("load", guard="issuable"),
    (S.PICKED, S.LOADED): Move("load", guard="issuable"),
    (S.PICKED, S.RESERVED): Move("put_back"),
    (S.STAGED, S.RESERVED): Move("put_back"),
    (S.LOADED, S.RESERVED): Move("unload"),
    (S.LOADED, S.ON_LOAN): Move("deliver", guard="issuable"),
    (S.LOADED, S.RETURNING): Move("bring_back_soiled", needs_reason=True),
    # Over the counter of a satellite store; and afterwards, when a count or a slip of paper shows that it was.
    (S.AVAILABLE, S.ON_LOAN): Move("hand_out", guard="issuable"),
    (S.LOST, S.ON_LOAN): Move("record_issue", needs_reason=True),
    # Already at home when we took over its records from another service.
    (S.RECEIVED, S.ON_LOAN): Move("take_over", needs_reason=True),
}

# Between stores. What arrives is asked again whether it may stand on a clean shelf.
_BETWEEN: dict[tuple[str, str], Move] = {
    (S.AVAILABLE, S.IN_TRANSFER): Move("send", guard="shelvable"),
    (S.QUARANTINE, S.IN_TRANSFER): Move("send_dirty"),
    (S.IN_TRANSFER, S.AVAILABLE): Move("arrive", guard="shelvable"),
    (S.IN_TRANSFER, S.QUARANTINE): Move("arrive_dirty"),
    (S.IN_TRANSFER, S.LOST): Move("lose", needs_reason=True),
}

# Home, and the way back through the dirty side.
_BACK: dict[tuple[str, str], Move] = {
    (S.ON_LOAN, S.COLLECTION_DUE): Move("request_collection"),
    (S.COLLECTION_DUE, S.ON_LOAN): Move("keep", needs_reason=True),
    (S.COLLECTION_DUE, S.RETURNING): Move("collect"),
    (S.ON_LOAN, S.RETURNING): Move("collect"),
    (S.ON_LOAN, S.QUARANTINE): Move("hand_in"),
    (S.COLLECTION_DUE, S.QUARANTINE): Move("hand_in"),
    (S.RETURNING, S.QUARANTINE): Move("book_in"),
}

# Quarantine to clean shelf. Nothing reaches the shelf but through `shelvable` (rules 1-4).
_RENEW: dict[tuple[str, str], Move] = {
    (S.QUARANTINE, S.DECONTAMINATING): Move("begin_clean"),
    (S.DECONTAMINATING, S.DECONTAMINATED): Move("pass_clean"),
    (S.DECONTAMINATING, S.QUARANTINE): Move("fail_clean", needs_reason=True),
    (S.DECONTAMINATED, S.AVAILABLE): Move("shelve", guard="shelvable"),
    (S.DECONTAMINATED, S.TESTING): Move("begin_test"),
    (S.TESTING, S.AVAILABLE): Move("shelve", guard="shelvable"),
    (S.TESTING, S.REPAIR): Move("send_to_repair", needs_reason=True),
    (S.TESTING, S.QUARANTINE): Move("quarantine", needs_reason=True),
    (S.DECONTAMINATED, S.QUARANTINE): Move("quarantine", needs_reason=True),
    (S.DECONTAMINATED, S.REPAIR): Move("send_to_repair", needs_reason=True),
    (S.QUARANTINE, S.REPAIR): Move("send_to_repair", needs_reason=True),
    (S.REPAIR, S.TESTING): Move("repaired"),
    (S.REPAIR, S.QUARANTINE): Move("quarantine", needs_reason=True),
    (S.AVAILABLE, S.TESTING): Move("begin_test"),
    (S.AVAILABLE, S.QUARANTINE): Move("quarantine", needs_reason=True),
}

_IN_THE_BUILDING = (
    S.RECEIVED,
    S.AVAILABLE,
    S.RESERVED,
    S.PICKED,
    S.STAGED,
    S.QUARANTINE,
    S.DECONTAMINATING,
    S.DECONTAMINATED,
    S.TESTING,
    S.REPAIR,
)


def _from(states: Iterable[str], to: str, move: Move) -> dict[tuple[str, str], Move]:
    return {(state, to): move for state in states}


# Out of use. The way back is a named, reasoned release into quarantine, never straight to a shelf (rule 8).
_ASIDE: dict[tuple[str, str], Move] = {
    **_from(_IN_THE_BUILDING, S.HELD, Move("hold", needs_reason=True)),
    (S.HELD, S.QUARANTINE): Move("release_hold", guard="unrecalled", needs_reason=True),
    (S.HELD, S.AVAILABLE): Move("release_to_shelf", guard="shelvable", needs_reason=True),
    (S.HELD, S.LOST): Move("write_off", needs_reason=True),
    **_from(
        (S.QUARANTINE, S.DECONTAMINATED, S.TESTING, S.REPAIR, S.HELD), S.CONDEMNED, Move("condemn", needs_reason=True)
    ),
    **_from((*_IN_THE_BUILDING, S.ON_LOAN, S.COLLECTION_DUE), S.LOST, Move("lose", needs_reason=True)),
    (S.LOST, S.QUARANTINE): Move("find", needs_reason=True),
    (S.CONDEMNED, S.QUARANTINE): Move("reprieve", needs_reason=True),
    (S.CONDEMNED, S.DISPOSED): Move("dispose", guard="papers", needs_reason=True),
}

ASSET = Machine("asset", AssetState, {**_OUT, **_BACK, **_RENEW, **_BETWEEN, **_ASIDE})

AT_STORE = frozenset(_IN_THE_BUILDING) | {S.HELD, S.CONDEMNED}
ON_VEHICLE = frozenset({S.LOADED, S.RETURNING, S.IN_TRANSFER})
AT_HOME = frozenset({S.ON_LOAN, S.COLLECTION_DUE})
COMMITTED = frozenset({S.RESERVED, S.PICKED, S.STAGED, S.LOADED})


class Tracking(StrEnum):
    SERIALISED = "serialised"  # one asset number each
    BATCH = "batch"  # counted per batch and expiry
    QUANTITY = "quantity"  # counted only
    COMPOSITE = "composite"  # never stocked itself: issued as its parts, complete (rule 11)


class Reuse(StrEnum):
    REUSABLE = "reusable"
    SINGLE_PATIENT = "single_patient"  # only ever to the same person (rule 9)
    SINGLE_USE = "single_use"  # never reissued (rule 9)


class CleaningMethod(StrEnum):
    DETERGENT = "detergent"
    CHLORINE_1000 = "chlorine_1000"
    CHLORINE_10000 = "chlorine_10000"
    SPORICIDAL = "sporicidal"
    LAUNDER = "launder"
    LAUNDER_THERMAL = "launder_thermal"


class Infection(StrEnum):
    """What the person returning declares; `unknown` is treated as the worst (rule 3)."""

    NONE_KNOWN = "none_known"
    SOILED = "soiled"
    BODY_FLUIDS = "body_fluids"
    KNOWN_INFECTION = "known_infection"
    SPORE_FORMING = "spore_forming"  # C. difficile and its like
    INFESTATION = "infestation"
    UNKNOWN = "unknown"


class TestKind(StrEnum):
    __test__ = False  # pytest would take the name for a test class

    LOLER = "loler"
    PAT = "pat"
    SERVICE = "service"
    FUNCTIONAL = "functional"
    BATTERY = "battery"
    FILTER = "filter"
    ACCEPTANCE = "acceptance"  # once, when new stock arrives; never in a regime


class TestResult(StrEnum):
    __test__ = False

    PASS = "pass"  # noqa: S105
    ADVISORY = "advisory"  # passes, with something to watch
    FAIL = "fail"
    PROHIBIT = "prohibit"  # immediate danger


PASSED = frozenset({TestResult.PASS, TestResult.ADVISORY})


class Condition(StrEnum):
    GOOD = "good"
    WORN = "worn"
    DAMAGED = "damaged"
    INCOMPLETE = "incomplete"


def choices(enum: type[StrEnum]) -> list[tuple[str, str]]:
    """(value, label) pairs for a Django field."""
    return [(member.value, label(member.value)) for member in enum]


def label(value: str) -> str:
    """`on_loan` as people read it: `On loan`."""
    return LABELS.get(value, value.replace("_", " ").capitalize())


def standing(state: str) -> str:
    """The state as a sentence says it: an asset is `in repair`, not `repair`."""
    return f"in {state}" if state in (AssetState.QUARANTINE, AssetState.REPAIR) else label(state).lower()


LABELS = {
    "decontaminating": "Being cleaned",
    "decontaminated": "Cleaned",
    "testing": "Being tested",
    "returning": "On its way back",
    "loaded": "On a van",
    "in_transfer": "Between stores",
    "loler": "LOLER thorough examination",
    "battery": "Battery check",
    "filter": "Filter change",
    "pat": "PAT",
    "chlorine_1000": "Chlorine 1,000 ppm",
    "chlorine_10000": "Chlorine 10,000 ppm",
    "launder": "Launder",
    "launder_thermal": "Thermal launder",
    "spore_forming": "Spore-forming (e.g. C. difficile)",
    "unknown": "Not disclosed",
    "weee": "WEEE recycling",
    "dtmf": "DTMF tones",
    "now_ip": "NOW-IP",
    "scaip": "SCAIP",
    "makers_own": "Maker's own",
    "ip": "IP",
    "ip_mobile": "IP and mobile",
    "button": "Button on the hub",
    "co": "Carbon monoxide",
    "shelf": "Clean shelf",
    "dirty": "Receive dirty",
    "stage": "Van lane",
}
