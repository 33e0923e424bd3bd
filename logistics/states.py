"""The words for discharges, orders, lines, visits, activities and routes, and their tables of legal moves.

Pure: no Django.
"""

from __future__ import annotations

from enum import StrEnum

from equipment.states import Machine, Move


class DischargeState(StrEnum):
    EXPECTED = "expected"
    HOME = "home"
    CANCELLED = "cancelled"


DISCHARGE = Machine(
    "discharge",
    DischargeState,
    {
        (DischargeState.EXPECTED, DischargeState.HOME): Move("leave"),
        (DischargeState.EXPECTED, DischargeState.CANCELLED): Move("cancel", needs_reason=True),
        (DischargeState.HOME, DischargeState.EXPECTED): Move("reopen", needs_reason=True),
        (DischargeState.CANCELLED, DischargeState.EXPECTED): Move("reopen", needs_reason=True),
    },
)


class OrderState(StrEnum):
    AWAITING_AUTHORISATION = "awaiting_authorisation"
    AUTHORISED = "authorised"
    REJECTED = "rejected"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


ORDER = Machine(
    "order",
    OrderState,
    {
        (OrderState.AWAITING_AUTHORISATION, OrderState.AUTHORISED): Move("authorise"),
        (OrderState.AWAITING_AUTHORISATION, OrderState.REJECTED): Move("reject", needs_reason=True),
        (OrderState.AWAITING_AUTHORISATION, OrderState.CANCELLED): Move("cancel", needs_reason=True),
        (OrderState.AUTHORISED, OrderState.DELIVERED): Move("complete"),
        (OrderState.AUTHORISED, OrderState.AWAITING_AUTHORISATION): Move("reopen", needs_reason=True),
        (OrderState.AUTHORISED, OrderState.CANCELLED): Move("cancel", needs_reason=True),
    },
)


class LineState(StrEnum):
    OPEN = "open"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


LINE = Machine(
    "order line",
    LineState,
    {
        (LineState.OPEN, LineState.DELIVERED): Move("deliver"),
        (LineState.OPEN, LineState.CANCELLED): Move("cancel", needs_reason=True),
    },
)


class VisitState(StrEnum):
    OPEN = "open"  # to be planned
    PLANNED = "planned"  # a stop on a route
    OUT = "out"  # its kit has left the building
    ARRIVED = "arrived"
    DONE = "done"
    FAILED = "failed"  # always with a coded reason and a follow-up (rule 33)
    CANCELLED = "cancelled"


VISIT = Machine(
    "visit",
    VisitState,
    {
        (VisitState.OPEN, VisitState.PLANNED): Move("plan"),
        (VisitState.PLANNED, VisitState.OPEN): Move("unplan"),
        (VisitState.PLANNED, VisitState.OUT): Move("set_out"),
        (VisitState.OUT, VisitState.ARRIVED): Move("arrive"),
        (VisitState.ARRIVED, VisitState.DONE): Move("finish"),
        (VisitState.OUT, VisitState.FAILED): Move("fail", needs_reason=True),
        (VisitState.ARRIVED, VisitState.FAILED): Move("fail", needs_reason=True),
        (VisitState.OPEN, VisitState.CANCELLED): Move("cancel", needs_reason=True),
        (VisitState.PLANNED, VisitState.CANCELLED): Move("cancel", needs_reason=True),
    },
)


class ActivityState(StrEnum):
    OPEN = "open"
    DONE = "done"
    NOT_DONE = "not_done"
    CANCELLED = "cancelled"


ACTIVITY = Machine(
    "activity",
    ActivityState,
    {
        (ActivityState.OPEN, ActivityState.DONE): Move("do"),
        (ActivityState.OPEN, ActivityState.NOT_DONE): Move("leave_undone", needs_reason=True),
        (ActivityState.OPEN, ActivityState.CANCELLED): Move("cancel", needs_reason=True),
    },
)


class RouteState(StrEnum):
    PLANNED = "planned"  # may still change with every plan
    CONFIRMED = "confirmed"  # people may be told: windows are kept from here on (rule 32)
    LOADING = "loading"  # being picked and loaded: no plan touches it
    OUT = "out"
    FINISHED = "finished"


ROUTE = Machine(
    "route",
    RouteState,
    {
        (RouteState.PLANNED, RouteState.CONFIRMED): Move("confirm"),
        (RouteState.CONFIRMED, RouteState.PLANNED): Move("reopen", needs_reason=True),
        (RouteState.PLANNED, RouteState.LOADING): Move("start_loading"),
        (RouteState.CONFIRMED, RouteState.LOADING): Move("start_loading"),
        (RouteState.LOADING, RouteState.OUT): Move("set_out"),
        (RouteState.OUT, RouteState.FINISHED): Move("finish"),
    },
)

REPLANNABLE = frozenset({RouteState.PLANNED, RouteState.CONFIRMED})
LIVE_VISIT = frozenset({VisitState.OPEN, VisitState.PLANNED, VisitState.OUT, VisitState.ARRIVED})


class ActivityKind(StrEnum):
    DELIVERY = "delivery"
    COLLECTION = "collection"
    INSPECTION = "inspection"  # a test of something on loan that falls due at home (rule 37)


class FailureReason(StrEnum):
    NO_ACCESS = "no_access"
    REFUSED = "refused"
    NOT_HOME_YET = "not_home_yet"
    WRONG_ADDRESS = "wrong_address"
    WRONG_ITEM = "wrong_item"
    NO_SPACE = "no_space"
    DOES_NOT_FIT = "does_not_fit"
    UNSAFE = "unsafe"
    PERSON_ILL = "person_ill"
    NEEDS_TWO = "needs_two"
    BREAKDOWN = "breakdown"
    OUT_OF_TIME = "out_of_time"
    NOT_THERE = "not_there"


class EddSource(StrEnum):
    WARD = "ward"
    ADT = "adt"
    HUB = "hub"


class FollowUpKind(StrEnum):
    """What a next step is about."""

    FAILED_VISIT = "failed_visit"
    NOT_FOUND = "not_found"
    SHORT = "short"
    HOME_TEST = "home_test"  # a test at home could not be made, or failed there
    TELECARE = "telecare"  # a hub to be deactivated, a free period that ends
    RECALL = "recall"
    REVIEW = "review"
    DEATH = "death"  # a collection that a person approves (rule 27)
    MOVED = "moved"


class ReviewReason(StrEnum):
    SCHEDULED = "scheduled"
    CARE_HOME = "care_home"
    READMITTED = "readmitted"
    ASKED = "asked"  # somebody asked for it


class ReviewOutcome(StrEnum):
    KEEP = "keep"
    SWAP = "swap"
    COLLECT = "collect"


class ActionOutcome(StrEnum):
    """What became of one thing a crew did, once it reached us (rule 34)."""

    APPLIED = "applied"
    CONFLICT = "conflict"  # it no longer fits what is known here: a person looks at it
    SETTLED = "settled"  # a conflict that a person has looked at
