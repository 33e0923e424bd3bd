from __future__ import annotations

import pytest

from equipment.duties import DUTY_OF, Duty
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
    """Rules 1-4, 8: whatever was not on the shelf a moment ago passes `shelvable` first, also out of hold."""
    ways_in = {origin: move.guard for (origin, to), move in ASSET.moves.items() if to == S.AVAILABLE}
    asked = (S.RECEIVED, S.DECONTAMINATED, S.TESTING, S.IN_TRANSFER, S.HELD)
    assert ways_in == {S.RESERVED: "", **dict.fromkeys(asked, "shelvable")}


def test_every_step_towards_a_person_asks_fitness_again():
    """Rules 1, 4 and 12: no step goes without the check."""
    towards = [(S.AVAILABLE, S.RESERVED), (S.RESERVED, S.PICKED), (S.PICKED, S.LOADED), (S.LOADED, S.ON_LOAN)]
    assert [ASSET.moves[move].guard for move in towards] == ["issuable"] * 4


@pytest.mark.parametrize(
    ("aside", "to"),
    [
        (S.CONDEMNED, {S.QUARANTINE}),
        # What was lost may turn out to be with somebody: that is on record then, and still on no shelf.
        (S.LOST, {S.QUARANTINE, S.ON_LOAN}),
        (S.HELD, {S.QUARANTINE, S.AVAILABLE}),
    ],
)
def test_condemned_lost_and_held_come_back_only_with_a_reason(aside, to):
    """Rule 8: to quarantine; from hold, where a wrong match may be undone, to the shelf too."""
    back = {end: move for (origin, end), move in ASSET.moves.items() if origin == aside}
    back = {end: move for end, move in back.items() if end not in (S.CONDEMNED, S.DISPOSED, S.LOST)}
    assert set(back) == to
    assert all(move.needs_reason for move in back.values())


def test_out_of_hold_a_manager_decides_and_the_alerts_in_force_are_asked():
    """Rule 8: neither way is free of a guard, and both are a manager's duty."""
    ways = {end: ASSET.moves[S.HELD, end] for end in (S.QUARANTINE, S.AVAILABLE)}
    assert {end: move.guard for end, move in ways.items()} == {S.QUARANTINE: "unrecalled", S.AVAILABLE: "shelvable"}
    assert {DUTY_OF[move.verb] for move in (*ways.values(), ASSET.moves[S.HELD, S.LOST])} == {Duty.MANAGE}


def test_no_state_is_in_two_kinds_of_place():
    assert not AT_STORE & ON_VEHICLE
    assert not (AT_STORE | ON_VEHICLE) & AT_HOME
    assert set(S) - AT_STORE - ON_VEHICLE - AT_HOME == {S.LOST, S.DISPOSED}
