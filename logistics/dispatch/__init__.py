"""Between rows and routes: rows to a Problem, the Plan back to rows. The only importer of `planning`.

Two ways were weighed: to plan each day by itself, or one horizon of working days at once. One horizon, because which
day a visit gets is the choice that matters most, and only then can a full Thursday push a bed to Wednesday.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from equipment.errors import Refused
from equipment.models import Store
from logistics import locks
from logistics.dispatch import read, write
from logistics.models import PlanRun
from logistics.planning import check, engine, travel


def replan(store_id: int, *, by: str, at: datetime) -> PlanRun:
    """Plan a depot's next working days anew and store the plan, once an independent check finds nothing wrong with it.

    Raises Busy while another planner is at work on the depot, and Refused when the plan fails its check (nothing is
    stored then).
    """
    store = Store.objects.get(pk=store_id)
    with locks.planner(store_id):
        board = read.board(store, at)
        asked = read.problem_of(board)
        matrix = travel.TravelModel().matrix(asked.places)
        plan = engine.solve(
            asked,
            matrix,
            seconds=settings.SERVICE["PLANNING_SECONDS"],
            iterations=settings.SERVICE["PLANNING_ITERATIONS"] or None,
            seed=settings.SERVICE["PLANNING_SEED"],
            start=read.plan_in_force(board, asked),
        )
        faults = check.faults(asked, matrix, plan)
        run = write.run_of(board, plan, [fault.sentence for fault in faults])
        if faults:
            run.save()
            raise Refused(
                "plan_fails_check", f"The plan of {store} breaks a rule and was not stored: {run.verdict}", run=run.pk
            )
        write.store(board, plan, run, by=by)
        return run
