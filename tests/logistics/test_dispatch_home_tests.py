"""What a test at home means to the planner: minutes, skills, one person, nothing to carry (rules 30 and 37)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from equipment.models import Address, Loan, TestRegime
from logistics import dispatch, home_tests, visits
from logistics.dispatch import read
from logistics.models import PlanRun, Stop, Visit
from logistics.planning.problem import Load
from tests.county import BY, TUESDAY, County

pytestmark = pytest.mark.django_db
WED = date(2026, 3, 4)


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.SERVICE = settings.SERVICE | {"PLANNING_ITERATIONS": 200}


def lent(county: County, **regimes: int) -> Loan:
    """A heavy, bulky hoist for two, whose tests fall due."""
    product = county.product(
        "HOIST",
        regimes=regimes,
        safe_working_load_kg=150,
        crew_size=2,
        fitting_minutes=25,
        bulky=True,
        volume_l=400,
        weight_kg=45,
        skill="hoists",
    )
    minutes = {"loler": 40, "pat": 15, "service": 30}
    loan = county.on_loan(product)
    for kind in regimes:
        TestRegime.objects.filter(product=product, kind=kind).update(minutes=minutes[kind])
    return loan


def asked(county: County) -> Any:
    [visit] = read.problem_of(read.board(county.store, TUESDAY)).visits
    return visit


def replan(county: County) -> PlanRun:
    home_tests.raise_due(by=BY, at=TUESDAY)
    return dispatch.replan(county.store.pk, by=BY, at=TUESDAY)


def test_a_test_takes_the_minutes_of_its_kinds_and_nothing_of_the_product(county: County) -> None:
    """Rules 30 and 37: nobody lifts it, so one person tests what two had to bring."""
    lent(county, loler=105, pat=110)
    home_tests.raise_due(by=BY, at=TUESDAY)
    visit = asked(county)
    assert visit.service == read.DOORSTEP_SECONDS + (40 + 15) * 60
    assert (visit.crew, visit.load, visit.critical) == (1, Load(0, 0, 0, 0), False)
    assert visit.skills == {"loler"}


def test_stairs_make_carrying_longer_and_not_testing(county: County) -> None:
    loan = lent(county, pat=110)
    Address.objects.filter(pk=loan.address_id).update(stairs=True)
    home_tests.raise_due(by=BY, at=TUESDAY)
    assert asked(county).service == int(read.DOORSTEP_SECONDS * read.STAIRS_FACTOR) + 15 * 60


def test_a_kind_that_asks_no_skill_may_be_tested_by_any_crew(county: County) -> None:
    """Rule 30."""
    lent(county, pat=110)
    home_tests.raise_due(by=BY, at=TUESDAY)
    assert asked(county).skills == set()


def test_which_kind_asks_which_skill_is_the_services_to_say(county: County, settings: Any) -> None:
    """Rule 30: a setting, not a habit."""
    settings.SERVICE = settings.SERVICE | {"HOME_TEST_SKILLS": {"pat": "pat"}}
    lent(county, loler=105, pat=110)
    home_tests.raise_due(by=BY, at=TUESDAY)
    assert asked(county).skills == {"pat"}


def test_together_with_a_collection_both_count(county: County) -> None:
    """Rule 37: the same stop takes both, and carries what is fetched alone."""
    loan = lent(county, pat=110)
    bed = county.on_loan(county.product("BED", volume_l=300, weight_kg=20), loan.person)
    Loan.objects.filter(pk=bed.pk).update(address=loan.address)
    bed.refresh_from_db()
    visits.raise_collection(bed, by=BY, at=TUESDAY)
    home_tests.raise_due(by=BY, at=TUESDAY)
    visit = asked(county)
    assert visit.service == read.DOORSTEP_SECONDS + read.COLLECTION_SECONDS + 15 * 60
    assert visit.load == Load(0, 300, 0, 20)


@pytest.mark.parametrize(("skills", "planned"), [("loler", True), ("telecare", False)])
def test_rule_30_a_thorough_examination_goes_to_a_crew_that_can_make_it(
    county: County, skills: str, planned: bool
) -> None:
    """Rule 30: no crew gets a stop beyond its skill; without one the visit stays open and says why."""
    county.shift(WED, skills=skills)
    lent(county, loler=105)
    run = replan(county)
    visit = Visit.objects.get()
    assert visit.address.is_located
    assert (run.verdict, Stop.objects.filter(visit=visit).exists()) == ("clean", planned)
    assert bool(visit.unplanned_reason) is not planned
