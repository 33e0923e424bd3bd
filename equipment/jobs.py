"""The words and tables for a store's own jobs (transfers, counts, imports), and what a location is good for.

Pure: no Django.
"""

from __future__ import annotations

from enum import StrEnum

from equipment.states import AssetState, Machine, Move

S = AssetState


class Capability(StrEnum):
    """What may stand or be done at a location."""

    DIRTY = "dirty"  # receive what comes back
    WASH = "wash"
    TEST = "test"
    REPAIR = "repair"
    SHELF = "shelf"  # clean shelf
    STAGE = "stage"  # a van's lane
    HOLD = "hold"  # recalled, condemned, or new and not yet accepted


DIRTY_SIDE = frozenset({Capability.DIRTY, Capability.WASH})
CLEAN_SIDE = frozenset({Capability.TEST, Capability.SHELF, Capability.STAGE})

# What a location must be able to do for an asset in this state to stand there (rule 2, section 3.4 of the brief).
STANDS_AT: dict[str, frozenset[Capability]] = {
    S.RECEIVED: frozenset({Capability.HOLD, Capability.TEST}),
    S.AVAILABLE: frozenset({Capability.SHELF}),
    S.RESERVED: frozenset({Capability.SHELF}),
    S.PICKED: frozenset({Capability.STAGE}),
    S.STAGED: frozenset({Capability.STAGE}),
    S.QUARANTINE: frozenset({Capability.DIRTY}),
    S.DECONTAMINATING: frozenset({Capability.WASH}),
    S.DECONTAMINATED: frozenset({Capability.TEST}),
    S.TESTING: frozenset({Capability.TEST}),
    S.REPAIR: frozenset({Capability.REPAIR}),
    S.HELD: frozenset({Capability.HOLD}),
    S.CONDEMNED: frozenset({Capability.HOLD}),
}


class TransferState(StrEnum):
    DRAFT = "draft"  # asked for; being picked
    SENT = "sent"
    RECEIVED = "received"
    CANCELLED = "cancelled"


TRANSFER = Machine(
    "transfer",
    TransferState,
    {
        (TransferState.DRAFT, TransferState.SENT): Move("send"),
        (TransferState.SENT, TransferState.RECEIVED): Move("receive"),
        (TransferState.DRAFT, TransferState.CANCELLED): Move("cancel", needs_reason=True),
    },
)


class CountState(StrEnum):
    OPEN = "open"  # first count, blind
    RECOUNT = "recount"  # second count of what differed, blind, by somebody else
    REVIEW = "review"  # variances to decide
    CLOSED = "closed"
    CANCELLED = "cancelled"


COUNT = Machine(
    "count",
    CountState,
    {
        (CountState.OPEN, CountState.RECOUNT): Move("ask_recount"),
        (CountState.OPEN, CountState.CLOSED): Move("close"),  # nothing differed
        (CountState.RECOUNT, CountState.REVIEW): Move("end_recount"),
        (CountState.REVIEW, CountState.CLOSED): Move("close"),
        (CountState.OPEN, CountState.CANCELLED): Move("cancel", needs_reason=True),
        (CountState.RECOUNT, CountState.CANCELLED): Move("cancel", needs_reason=True),
    },
)


class ImportState(StrEnum):
    WAITING = "waiting"  # uploaded; nothing read yet
    CHECKING = "checking"  # dry run
    CHECKED = "checked"  # what it would do is known; a person decides
    APPLYING = "applying"
    DONE = "done"
    FAILED = "failed"  # the file as a whole cannot be read
    CANCELLED = "cancelled"


IMPORT = Machine(
    "import",
    ImportState,
    {
        (ImportState.WAITING, ImportState.CHECKING): Move("begin_check"),
        (ImportState.CHECKING, ImportState.CHECKED): Move("end_check"),
        (ImportState.CHECKING, ImportState.FAILED): Move("fail", needs_reason=True),
        (ImportState.WAITING, ImportState.CANCELLED): Move("cancel"),
        (ImportState.CHECKED, ImportState.CANCELLED): Move("cancel"),
        (ImportState.CHECKED, ImportState.APPLYING): Move("apply"),
        (ImportState.APPLYING, ImportState.DONE): Move("finish"),
        (ImportState.APPLYING, ImportState.FAILED): Move("fail", needs_reason=True),
    },
)


class ImportKind(StrEnum):
    PRODUCTS = "products"
    ASSETS = "assets"
    LOANS = "loans"
    TESTS = "tests"
    CLEANS = "cleans"


class RepairKind(StrEnum):
    REPAIR = "repair"
    REFURBISH = "refurbish"


class RepairOutcome(StrEnum):
    REPAIRED = "repaired"
    CONDEMNED = "condemned"


class DisposalMethod(StrEnum):
    WEEE = "weee"  # electrical waste, with its consignment note
    SCRAP = "scrap"
    STRIPPED = "stripped"  # for parts
    RETURNED = "returned_to_supplier"
    DONATED = "donated"
    SOLD = "sold"


class WashOutcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    TAKEN_OUT = "taken_out"  # scanned by mistake


class ScanMode(StrEnum):
    LOOK_UP = "look_up"
    RETURN = "return"
    WASH = "wash"
    TEST = "test"
    PUT_AWAY = "put_away"
    PICK = "pick"
    LOAD = "load"
    COUNT = "count"
    TRANSFER = "transfer"
    GOODS_IN = "goods_in"


class AlertUnitState(StrEnum):
    """One unit under a safety alert, from its finding to its closing."""

    FOUND = "found"  # known, and not issued from this moment on
    HELD = "held"  # in stock, set aside
    VISIT = "visit"  # a visit has been raised
    UNREACHABLE = "unreachable"  # nobody opens, or nobody knows where it is: named, and never forgotten
    CLOSED = "closed"  # with its outcome
    WITHDRAWN = "withdrawn"  # it was not one of those


_U = AlertUnitState
_UNFINISHED = (_U.FOUND, _U.HELD, _U.VISIT, _U.UNREACHABLE)
ALERT_UNIT = Machine(
    "alert unit",
    AlertUnitState,
    {
        (_U.FOUND, _U.HELD): Move("hold"),
        (_U.VISIT, _U.HELD): Move("hold"),
        (_U.UNREACHABLE, _U.HELD): Move("hold"),
        (_U.FOUND, _U.VISIT): Move("raise_visit"),
        (_U.UNREACHABLE, _U.VISIT): Move("raise_visit"),
        (_U.VISIT, _U.FOUND): Move("visit_fell_through", needs_reason=True),
        (_U.HELD, _U.FOUND): Move("turn_up", needs_reason=True),  # it was not there: somebody has it at home
        (_U.UNREACHABLE, _U.FOUND): Move("turn_up", needs_reason=True),
        (_U.FOUND, _U.UNREACHABLE): Move("give_up", needs_reason=True),
        (_U.VISIT, _U.UNREACHABLE): Move("give_up", needs_reason=True),
        **{(state, _U.CLOSED): Move("close", needs_reason=True) for state in _UNFINISHED},
        **{(state, _U.WITHDRAWN): Move("withdraw", needs_reason=True) for state in (*_UNFINISHED, _U.CLOSED)},
        (_U.WITHDRAWN, _U.FOUND): Move("match_again", needs_reason=True),
        (_U.CLOSED, _U.FOUND): Move("reopen", needs_reason=True),
    },
)


class InstallationState(StrEnum):
    """A telecare hub at one address."""

    INSTALLING = "installing"
    LIVE = "live"  # the alarm centre has heard every trigger (rule 38)
    ENDED = "ended"  # deactivated at the alarm centre, which confirmed it


INSTALLATION = Machine(
    "installation",
    InstallationState,
    {
        (InstallationState.INSTALLING, InstallationState.LIVE): Move("go_live", guard="heard"),
        (InstallationState.INSTALLING, InstallationState.ENDED): Move("deactivate", needs_reason=True),
        (InstallationState.LIVE, InstallationState.ENDED): Move("deactivate", needs_reason=True),
    },
)


class SimState(StrEnum):
    SUSPENDED = "suspended"
    ACTIVE = "active"
    ENDED = "ended"  # the contract with the network has ended


SIM = Machine(
    "SIM",
    SimState,
    {
        (SimState.SUSPENDED, SimState.ACTIVE): Move("activate"),
        (SimState.ACTIVE, SimState.SUSPENDED): Move("suspend"),
        (SimState.SUSPENDED, SimState.ENDED): Move("end", needs_reason=True),
    },
)
