"""Who may do what in a store: the duties, the roles made of them, and the door that every verb keeps. Pure: no Django.

A verb's `by` is a label for the record. When a person of a store stands behind it, it is an `Actor`: the same label,
knowing that person's duties and stores. A plain label (a task, a hospital's system, a driver) was admitted at its edge.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from equipment.errors import Refused


class Duty(StrEnum):
    RECEIVE = "receive"  # new kit at the door, with its acceptance check
    RETURN = "return"  # dirty kit at the door
    CLEAN = "clean"
    TEST = "test"
    REPAIR = "repair"  # open, mend, and condemn what is beyond it
    SHELVE = "shelve"
    PICK = "pick"
    COUNT = "count"
    TRANSFER = "transfer"
    ISSUE = "issue"  # hand out over the counter of a satellite store
    PULL = "pull"  # set aside what looks wrong: everybody may, because safety asks no rank
    LABEL = "label"
    IMPORT = "import"  # load and take out data in bulk
    DOOR = "door"  # key-safe codes and dangers at a door: few know them
    MANAGE = "manage"  # release, reprieve, dispose, approve


_EVERYBODY = frozenset({Duty.PULL, Duty.SHELVE, Duty.LABEL})
ASSISTANT = _EVERYBODY | {Duty.RECEIVE, Duty.RETURN, Duty.PICK, Duty.COUNT, Duty.TRANSFER, Duty.ISSUE}
DECONTAMINATION_TECHNICIAN = _EVERYBODY | {Duty.RETURN, Duty.CLEAN}
TEST_TECHNICIAN = _EVERYBODY | {Duty.RECEIVE, Duty.TEST, Duty.REPAIR}
MANAGER = frozenset(Duty)
COORDINATOR = frozenset({Duty.DOOR})  # of no store: who brings people home

# Which duty each move of an asset asks for. What is not listed is no store's business but a ward's or a driver's.
DUTY_OF: dict[str, Duty] = {
    "accept": Duty.RECEIVE,
    "reject": Duty.RECEIVE,
    "hand_in": Duty.RETURN,
    "book_in": Duty.RETURN,
    "find": Duty.RETURN,
    "begin_clean": Duty.CLEAN,
    "pass_clean": Duty.CLEAN,
    "fail_clean": Duty.CLEAN,
    "begin_test": Duty.TEST,
    "send_to_repair": Duty.PULL,
    "repaired": Duty.REPAIR,
    "shelve": Duty.SHELVE,
    "pick": Duty.PICK,
    "stage": Duty.PICK,
    "load": Duty.PICK,
    "put_back": Duty.PICK,
    "hand_out": Duty.ISSUE,
    "record_issue": Duty.ISSUE,
    "send": Duty.TRANSFER,
    "send_dirty": Duty.TRANSFER,
    "arrive": Duty.TRANSFER,
    "arrive_dirty": Duty.TRANSFER,
    "quarantine": Duty.PULL,
    "hold": Duty.PULL,
    "lose": Duty.COUNT,
    "condemn": Duty.REPAIR,
    "release_hold": Duty.MANAGE,
    "release_to_shelf": Duty.MANAGE,
    "write_off": Duty.MANAGE,
    "reprieve": Duty.MANAGE,
    "dispose": Duty.MANAGE,
    "take_over": Duty.IMPORT,
}
_WORDS = {
    Duty.RECEIVE: "receiving new equipment",
    Duty.RETURN: "booking in returns",
    Duty.CLEAN: "cleaning",
    Duty.TEST: "testing",
    Duty.REPAIR: "repairing and condemning",
    Duty.SHELVE: "putting away",
    Duty.PICK: "picking",
    Duty.COUNT: "counting",
    Duty.TRANSFER: "transfers",
    Duty.ISSUE: "handing out",
    Duty.PULL: "setting aside",
    Duty.LABEL: "printing labels",
    Duty.IMPORT: "loading data",
    Duty.DOOR: "for managers and discharge coordinators",
    Duty.MANAGE: "a store manager's decision",
}


class Actor(str):
    """A person of a store: the label that goes on the record, with the duties held and the stores worked in.

    `stores` None: every store of the organisations the person may see.
    """

    duties: frozenset[Duty]
    stores: frozenset[int] | None

    def __new__(cls, label: str, duties: Iterable[Duty], stores: Iterable[int] | None = None) -> Actor:
        made = super().__new__(cls, label)
        made.duties = frozenset(duties)
        made.stores = None if stores is None else frozenset(stores)
        return made

    @property
    def on_the_floor(self) -> bool:
        """Has this person any duty in a store? A coordinator has one, and none there."""
        return bool(self.duties - COORDINATOR)

    def may(self, duty: Duty) -> bool:
        return duty in self.duties

    def works_in(self, store_id: int | None) -> bool:
        return self.stores is None or store_id is None or store_id in self.stores


def require(by: str, duty: Duty, store_id: int | None = None) -> None:
    """Raises Refused when a person without this duty, or of another store, asks for it."""
    if not isinstance(by, Actor):
        return
    if not by.may(duty):
        raise Refused("not_your_duty", f"This is {_WORDS[duty]}: ask somebody who does it.", duty=duty.value)
    if not by.works_in(store_id):
        raise Refused("another_store", "This belongs to another store: only its own staff may do this.")


def require_move(by: str, verb: str, *store_ids: int | None) -> None:
    """The same for a move of an asset, from where it stands and to where it goes."""
    duty = DUTY_OF.get(verb)
    if duty is not None:
        for store_id in store_ids:
            require(by, duty, store_id)
