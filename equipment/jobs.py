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
