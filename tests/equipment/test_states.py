from __future__ import annotations

import pytest

from equipment.jobs import COUNT, IMPORT, TRANSFER
from equipment.states import ASSET, AT_HOME, AT_STORE, ON_VEHICLE, AssetState
from logistics import states

S = AssetState
MACHINES = [
    ASSET,
    TRANSFER,
    COUNT,
    IMPORT,
    states.DISCHARGE,
    states.ORDER,
    states.LINE,
    states.VISIT,
    states.ACTIVITY,
    states.ROUTE,
]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_move_joins_two_states_of_its_machine(machine):
    for origin, to in machine.moves:
        assert origin in set(machine.states)
        assert to in set(machine.states)
        assert origin != to


@pytest.mark.parametrize(
    ("machine", "terminal"),
    [
        (ASSET, {"disposed"}),
        (TRANSFER, {"received", "cancelled"}),
        (COUNT, {"closed", "cancelled"}),
        (IMPORT, {"done", "failed", "cancelled"}),
        (states.DISCHARGE, set()),
        (states.ORDER, {"rejected", "delivered", "cancelled"}),
        (states.LINE, {"delivered", "cancelled"}),
        (states.VISIT, {"done", "failed", "cancelled"}),
        (states.ACTIVITY, {"done", "not_done", "cancelled"}),
        (states.ROUTE, {"finished"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_terminal_states_are_those_without_a_way_out(machine, terminal):
    assert machine.terminal == terminal


def test_the_clean_shelf_is_only_entered_through_the_check_or_by_release_from_it():
    """Rules 1-4, 8: whatever was not on the shelf a moment ago passes `shelvable` first."""
    ways_in = {origin: move.guard for (origin, to), move in ASSET.moves.items() if to == S.AVAILABLE}
    asked = (S.RECEIVED, S.DECONTAMINATED, S.TESTING, S.IN_TRANSFER)
    assert ways_in == {S.RESERVED: "", **dict.fromkeys(asked, "shelvable")}


def test_every_step_towards_a_person_asks_fitness_again():
    towards = [(S.AVAILABLE, S.RESERVED), (S.RESERVED, S.PICKED), (S.PICKED, S.LOADED), (S.LOADED, S.ON_LOAN)]
    assert [ASSET.moves[move].guard for move in towards] == ["issuable"] * 4


@pytest.mark.parametrize("aside", [S.CONDEMNED, S.LOST, S.HELD])
def test_condemned_lost_and_held_come_back_only_to_quarantine_and_with_a_reason(aside):
    """Rule 8."""
    back = {to: move for (origin, to), move in ASSET.moves.items() if origin == aside and to != S.CONDEMNED}
    back.pop(S.DISPOSED, None)
    back.pop(S.LOST, None)
    # What was lost may turn out to be with somebody: that is on record then, and still on no shelf.
    assert set(back) == ({S.QUARANTINE, S.ON_LOAN} if aside == S.LOST else {S.QUARANTINE})
    assert all(move.needs_reason for move in back.values())


def test_no_state_is_in_two_kinds_of_place():
    assert not AT_STORE & ON_VEHICLE
    assert not (AT_STORE | ON_VEHICLE) & AT_HOME
    assert set(S) - AT_STORE - ON_VEHICLE - AT_HOME == {S.LOST, S.DISPOSED}
