"""Plan the routes: the problem put to PyVRP, and its answer brought back to the real clock. PyVRP is called only here.

The model, in seconds of driving: every visit is optional and its prize is what it is worth, so there is always a plan
and it names who is left out. A visit of several slots is a group of copies of which at most one is served. Crew and
skills are travel profiles on which a door a crew may not serve is hopelessly far away. Clean and returned kit have a
load each, weight counts both ways. Meal breaks are taken out of the clock (`breaks`) and put back after (`schedule`).
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import count, groupby
from statistics import fmean, median
from typing import Any

import numpy as np
import pyvrp
from numpy.typing import NDArray
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.search import OPERATORS, LocalSearch, PerturbationManager, compute_neighbours
from pyvrp.stop import MaxIterations, MaxRuntime, MultipleCriteria, NoImprovement, StoppingCriterion

from logistics.planning.breaks import clock
from logistics.planning.ejection import make_room
from logistics.planning.explain import drafts_of, reasons_for
from logistics.planning.insertion import Drafts, fill, left_out, seat
from logistics.planning.problem import Plan, Problem, Route, Shift, Visit
from logistics.planning.schedule import Call, Ground
from logistics.planning.travel import Matrix

NAME = f"pyvrp {version('pyvrp')}"
FORBIDDEN = 1_000_000  # seconds to a door that a crew may not serve; no route may be as long as that
DEFAULT_SECONDS = 10.0
PATIENCE = 10_000  # iterations without a better plan, after which more are of no use
SEARCH_SHARE = 0.75  # of the time; the last pass has the rest, and what it does not need goes to another round
SHORTEST_ROUND = 0.08  # of the time
EFFORT = 400  # visits the last pass tries to make room for
# On its way to a better plan the search may break rules at a price, set anew after so many tries. PyVRP's own first
# price (50,000 a unit, set anew after 500) comes down so slowly that a short search never gets to break any. So most of
# the search starts from a low price, and the rest from PyVRP's.
BOLD_SHARE = 0.75
FIRST_PRICE = 0.2  # of a typical prize, for the litres, kilograms or seconds of a typical visit
PRICES_ANEW = 50
WARM_HISTORY = 10  # from an earlier plan: improve it, do not forget it
STRICT_HISTORY = 10

Prices = tuple[list[float], float, float]  # of a unit of each load too much, a second late, a second's drive too many
Facts = dict[str, int | float | str]
Calls = dict[str, list[Call]]  # by the key of the shift


def solve(
    problem: Problem,
    matrix: Matrix,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 1,
    start: Plan | None = None,
) -> Plan:
    """The best plan found within so many seconds or iterations, whichever come first (ten seconds if neither is said).

    The same problem, seed and iterations give the same plan; by the clock alone they need not. With an earlier plan to
    `start` from, the answer is never dearer than what is still possible of that plan.
    """
    budget = seconds if seconds is not None else DEFAULT_SECONDS if iterations is None else math.inf
    ends = time.monotonic() + budget
    ground = Ground(problem, matrix)
    calls = _possible_calls(ground)
    old = _seated(ground, _calls_of(ground, start) if start else {})
    facts: Facts = {"visits": len(problem.visits), "shifts": len(problem.shifts), "calls": len(calls), "iterations": 0}
    plans = []
    if calls:
        model = _Model(ground, calls, interchangeable=start is None)
        left = ends - time.monotonic()
        first = model.solution(old) if start else None
        starts, history = (1, WARM_HISTORY) if start else _starts_and_history(len(calls), left, iterations)
        found, made = _search(model.data, SEARCH_SHARE * left, iterations, seed, starts, history, first)
        plans.append(_finish(ground, _seated(ground, model.calls_of(found)), ends, seed))
        if iterations is None:
            made += _more_rounds(ground, model, plans, ends, SHORTEST_ROUND * budget)
        facts |= {"iterations": made, "starts": starts, "history": history, "rounds": len(plans)}
    if start or not plans:
        plans.append(_finish(ground, old, ends, seed))
    best = min(plans, key=lambda plan: plan.cost)
    return replace(best, facts=facts | best.facts)


def _more_rounds(ground: Ground, model: _Model, plans: list[Plan], ends: float, shortest: float) -> int:
    """Search on from the last plan while there is time and use for it. Adds plans; says how many iterations it took."""
    made = 0
    while (left := ends - time.monotonic()) > shortest:
        last = plans[-1]
        first = model.solution(drafts_of(ground, last.routes))
        again = _strictly(model.data, SEARCH_SHARE * left, None, last.seed + len(plans) + 1, first)
        plans.append(_finish(ground, _seated(ground, model.calls_of(again.best)), ends, last.seed))
        made += again.num_iterations
        if again.num_iterations >= PATIENCE and plans[-1].cost >= last.cost:
            break
    return made


def _possible_calls(ground: Ground) -> list[Call]:
    """Each visit in each slot in which some shift could serve it if it did nothing else."""
    calls = [Call(visit, slot) for visit in ground.problem.visits for slot in dict.fromkeys(visit.slots)]
    return [call for call in calls if any(ground.serves_alone(shift, call) for shift in ground.problem.shifts)]


def _calls_of(ground: Ground, plan: Plan) -> Calls:
    """What is left of a plan: the shifts and visits that are still there, in the slots nearest to their old times."""
    calls: Calls = {}
    for route in plan.routes:
        visits = [(ground.visits[stop.visit], stop.begin) for stop in route.stops if stop.visit in ground.visits]
        if route.shift in ground.shifts:
            calls[route.shift] = [_nearest_call(visit, begin) for visit, begin in visits]
    return calls


def _nearest_call(visit: Visit, begin: int) -> Call:
    slot = min(visit.slots, key=lambda slot: (max(slot.start - begin, begin - slot.end, 0), -slot.prize))
    return Call(visit, slot)


def _seated(ground: Ground, calls: Mapping[str, Sequence[Call]]) -> Drafts:
    """Drafts that fit, one for each shift, and no visit in two of them."""
    seen: set[str] = set()
    drafts: Drafts = {}
    for key in ground.shifts:
        own = {call.visit.key: call for call in calls.get(key, ()) if call.visit.key not in seen}
        drafts[key] = seat(ground, key, own.values())
        seen |= {call.visit.key for call in drafts[key].calls}
    return drafts


def _finish(ground: Ground, drafts: Drafts, ends: float, seed: int) -> Plan:
    """The last pass, until it changes nothing; then the cost, and a reason for each visit left out."""
    routes, inserted, exchanged = _routes(drafts), 0, 0
    tried = count()
    while True:
        drafts = drafts_of(ground, routes)
        filled, placed = fill(drafts, left_out(ground.problem, drafts))
        better, exchanges = make_room(ground.problem, filled, lambda: next(tried) < EFFORT and time.monotonic() < ends)
        if not placed and not exchanges:
            break
        routes, inserted, exchanged = _routes(better), inserted + placed, exchanged + exchanges
    begun = {stop.visit: stop.begin for route in routes for stop in route.stops}
    lost = sum(_lost(visit, begun.get(visit.key)) for visit in ground.problem.visits)
    drive = sum(route.drive for route in routes)
    facts: Facts = {"inserted": inserted, "exchanged": exchanged, "drive": drive, "lost": lost}
    return Plan(routes, reasons_for(ground, drafts), drive + lost, NAME, seed, facts)


def _routes(drafts: Drafts) -> tuple[Route, ...]:
    return tuple(route for draft in drafts.values() if (route := draft.route()) is not None)


def _lost(visit: Visit, begin: int | None) -> int:
    """The prize not won."""
    won = [slot.prize for slot in visit.slots if begin is not None and slot.start <= begin <= slot.end]
    return max(slot.prize for slot in visit.slots) - max(won, default=0)


# PyVRP ----------------------------------------------------------------------------------------------------------------


def _starts_and_history(calls: int, seconds: float, iterations: int | None) -> tuple[int, int]:
    """How often to start afresh, and how far back each search compares: a 150th of the iterations to come.

    About 6,000 / root of calls a second were measured, and that a search gains little beyond 3,000 of them.
    """
    expected = min(iterations if iterations is not None else math.inf, max(seconds, 0) * 6_000 / math.sqrt(calls))
    starts = round(min(max(expected / 3_000, 1), 3))
    return starts, round(min(max(expected / starts / 150, 10), 300))


def _search(
    data: pyvrp.ProblemData,
    seconds: float,
    iterations: int | None,
    seed: int,
    starts: int,
    history: int,
    first: pyvrp.Solution | None,
) -> tuple[pyvrp.Solution, int]:
    """The best solution and the iterations made: boldly first, from so many starts, then strictly from the best."""
    ends = time.monotonic() + seconds
    each = None if iterations is None else round(BOLD_SHARE * iterations / starts)
    bold = [
        _climb(data, _stop(BOLD_SHARE * seconds / starts, each), seed + start, history, _first_prices(data), first)
        for start in range(starts)
    ]
    made = sum(result.num_iterations for result in bold)
    best = min(bold, key=lambda result: result.cost()).best
    rest = None if iterations is None else iterations - made
    strict = _strictly(data, ends - time.monotonic(), rest, seed + starts, best)
    return strict.best, made + strict.num_iterations


def _strictly(
    data: pyvrp.ProblemData, seconds: float, iterations: int | None, seed: int, first: pyvrp.Solution
) -> pyvrp.Result:
    prices = pyvrp.PenaltyParams().midpoint_penalties(data)
    return _climb(data, _stop(seconds, iterations), seed, STRICT_HISTORY, prices, first)


def _climb(
    data: pyvrp.ProblemData,
    stop: StoppingCriterion,
    seed: int,
    history: int,
    prices: Prices,
    first: pyvrp.Solution | None,
) -> pyvrp.Result:
    """PyVRP's own `solve`, but for the prices of broken rules."""
    rng = pyvrp.RandomNumberGenerator(seed)
    search = LocalSearch(data, rng, compute_neighbours(data), PerturbationManager())
    for operator in OPERATORS:
        if operator.supports(data):
            search.add_operator(operator(data))
    penalties = pyvrp.PenaltyManager(prices, pyvrp.PenaltyParams(solutions_between_updates=PRICES_ANEW))
    if first is None:
        first = search(pyvrp.Solution.make_random(data, rng), penalties.max_cost_evaluator(), exhaustive=True)
    params = pyvrp.IteratedLocalSearchParams(history_length=history)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PenaltyBoundWarning)  # a crowded day is no news: visits are left out
        return pyvrp.IteratedLocalSearch(data, penalties, search, first, params).run(stop, collect_stats=False)


def _stop(seconds: float, iterations: int | None) -> MultipleCriteria:
    criteria: list[StoppingCriterion] = [NoImprovement(PATIENCE)]
    if math.isfinite(seconds):
        criteria.append(MaxRuntime(max(seconds, 0)))
    if iterations is not None:
        criteria.append(MaxIterations(iterations))
    return MultipleCriteria(criteria)


def _first_prices(data: pyvrp.ProblemData) -> Prices:
    """Of a unit of each load too much, of a second late, and of a second of driving too long."""
    clients, drives = data.clients(), np.asarray(data.distance_matrix(0))
    price = FIRST_PRICE * median(client.prize for client in clients)
    loads = np.array([np.maximum(client.delivery, client.pickup) for client in clients]).T
    load = [price / max(load[load > 0].mean(), 1) if load.any() else price for load in loads]
    second = price / max(fmean(client.service_duration for client in clients) + drives[drives < FORBIDDEN].mean(), 1)
    return load, second, second


class _Model:
    """The problem as PyVRP sees it, and the way back from its numbers to calls and shifts."""

    def __init__(self, ground: Ground, calls: Sequence[Call], *, interchangeable: bool) -> None:
        self.ground, self.calls = ground, calls
        self.clock = clock(shift.rest for shift in ground.problem.shifts)
        shifts = [shift for shift in ground.problem.shifts if shift.start + shift.load_seconds <= shift.end]
        self.fleet = _alike(shifts) if interchangeable else [[shift] for shift in shifts]
        doors = [(ground.row[call.visit.place], call.visit.crew, call.visit.skills) for call in calls]
        depots = [(ground.row[alike[0].depot], 0, frozenset[str]()) for alike in self.fleet]
        self.doors = list(dict.fromkeys([*depots, *doors]))
        self.location = {door: number for number, door in enumerate(self.doors)}
        self.depot_rows = list(dict.fromkeys(row for row, _, _ in depots))
        self.data = self._data()

    def _data(self) -> pyvrp.ProblemData:
        profiles = self._profiles()
        tables = self._tables(profiles)
        clients, groups = self._clients()
        return pyvrp.ProblemData(
            locations=[pyvrp.Location(0, 0) for _ in self.doors],
            clients=clients,
            depots=[pyvrp.Depot(self.location[row, 0, frozenset()]) for row in self.depot_rows],
            vehicle_types=[self._vehicles(alike, list(profiles).index(self._open(alike[0]))) for alike in self.fleet],
            distance_matrices=tables,
            duration_matrices=tables,
            groups=groups,
        )

    def _open(self, shift: Shift) -> tuple[bool, ...]:
        """Which doors this crew may serve. Crews that may serve the same doors share a travel profile."""
        return tuple(shift.crew >= crew and shift.skills >= skills for _, crew, skills in self.doors)

    def _profiles(self) -> dict[tuple[bool, ...], None]:
        return dict.fromkeys(self._open(alike[0]) for alike in self.fleet)

    def _tables(self, profiles: Mapping[tuple[bool, ...], None]) -> list[Any]:
        rows = [row for row, _, _ in self.doors]
        seconds = np.asarray(self.ground.seconds)[np.ix_(rows, rows)].astype(np.int64)
        tables: list[NDArray[np.int64]] = []
        for profile in profiles:
            table, shut = seconds.copy(), ~np.array(profile)
            table[shut, :] = FORBIDDEN
            table[:, shut] = FORBIDDEN
            np.fill_diagonal(table, 0)
            tables.append(table)
        return tables

    def _clients(self) -> tuple[list[pyvrp.Client], list[pyvrp.ClientGroup]]:
        clients: list[pyvrp.Client] = []
        groups: list[pyvrp.ClientGroup] = []
        for _, copies in groupby(enumerate(self.calls), key=lambda numbered: numbered[1].visit.key):
            numbered = list(copies)
            group = None
            if len(numbered) > 1:
                group = len(groups)
                groups.append(pyvrp.ClientGroup([number for number, _ in numbered], required=False))
            clients += [self._client(call, group) for _, call in numbered]
        return clients, groups

    def _client(self, call: Call, group: int | None) -> pyvrp.Client:
        visit, load = call.visit, call.visit.load
        return pyvrp.Client(
            location=self.location[self.ground.row[visit.place], visit.crew, visit.skills],
            delivery=[load.clean_l, 0, load.out_kg],
            pickup=[0, load.dirty_l, load.back_kg],
            service_duration=visit.service,
            tw_early=self.clock.squeeze(call.slot.start),
            tw_late=self.clock.squeeze(call.slot.end),
            prize=call.slot.prize,
            required=False,
            group=group,
        )

    def _vehicles(self, alike: Sequence[Shift], profile: int) -> pyvrp.VehicleType:
        shift, depot = alike[0], self.depot_rows.index(self.ground.row[alike[0].depot])
        return pyvrp.VehicleType(
            num_available=len(alike),
            capacity=[shift.capacity.clean_l, shift.capacity.dirty_l, shift.capacity.out_kg],
            start_depot=depot,
            end_depot=depot,
            tw_early=self.clock.squeeze(shift.start + shift.load_seconds),
            tw_late=self.clock.squeeze(shift.end),
            max_distance=min(shift.max_drive, FORBIDDEN - 1),
            profile=profile,
        )

    def solution(self, drafts: Drafts) -> pyvrp.Solution:
        """The drafts in PyVRP's numbers."""
        number = {call: number for number, call in enumerate(self.calls)}
        routes = []
        for vehicle, alike in enumerate(self.fleet):
            for shift in alike:
                visits = [number[call] for call in drafts[shift.key].calls if call in number]
                routes.append(self._legal(visits, vehicle))
        return pyvrp.Solution(self.data, [route for route in routes if route.num_clients()])

    def _legal(self, visits: list[int], vehicle: int) -> pyvrp.Route:
        """The route, without calls that are possible on the real clock only: those that are late by most go first."""
        route = pyvrp.Route(self.data, visits, vehicle)
        while not route.is_feasible():
            shorter = [[*visits[:place], *visits[place + 1 :]] for place in range(len(visits))]
            visits = min(shorter, key=lambda visits: pyvrp.Route(self.data, visits, vehicle).time_warp())
            route = pyvrp.Route(self.data, visits, vehicle)
        return route

    def calls_of(self, solution: pyvrp.Solution) -> Calls:
        spare = [list(alike) for alike in self.fleet]
        calls: Calls = {}
        for route in solution.routes():
            served = [self.calls[stop.idx] for stop in route if stop.type == pyvrp.ActivityType.CLIENT]
            calls[spare[route.vehicle_type()].pop(0).key] = served
        return calls


def _alike(shifts: Sequence[Shift]) -> list[list[Shift]]:
    """Shifts that differ in nothing but their key, together: the engine need not tell them apart."""
    groups: dict[tuple[object, ...], list[Shift]] = {}
    for shift in shifts:
        same = (shift.depot, shift.start + shift.load_seconds, shift.end, shift.capacity, shift.crew, shift.skills)
        groups.setdefault((*same, shift.max_drive, shift.rest, shift.load_seconds), []).append(shift)
    return list(groups.values())
