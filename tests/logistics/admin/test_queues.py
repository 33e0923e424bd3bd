"""The pages of the queues: in which order, in which words, for whom, and at what cost."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from equipment import decontamination, inspections, queues, repairs
from equipment.lifecycle import advance
from equipment.models import Asset, InspectionRecord, TestRegime
from equipment.roles import DECONTAMINATION_TECHNICIANS, DISCHARGE_TEAM, STORE_ASSISTANTS, STORE_MANAGERS
from equipment.states import AssetState, Infection, TestKind
from logistics import ordering
from logistics.admin.queues import PER_PAGE, day_of
from logistics.models import Order, Visit
from logistics.promises import local
from tests.county import BY, TUESDAY, County
from tests.equipment.admin.rows import manager, signed_in, user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def on_tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("equipment.clock.now", lambda: TUESDAY)


def page(client: Client, name: str = "clean", **query: Any) -> Any:
    return client.get(f"/admin/queue/{name}/", query)


def rows(client: Client, name: str = "clean", **query: Any) -> list[Any]:
    found: list[Any] = page(client, name, **query).context["rows"]
    return found


def waiting(county: County, code: str, hours: int, infection: str = Infection.NONE_KNOWN) -> Asset:
    """Has been in quarantine for so many hours."""
    asset = county.dirty(county.product(code), infection)
    Asset.objects.filter(pk=asset.pk).update(since=TUESDAY - hours * HOUR)
    return asset


def for_an_address(county: County, code: str) -> None:
    """Wanted, but by nobody who waits in a hospital."""
    request = ordering.Request((ordering.Item(code),), county.prescriber, county.council, address=county.address())
    ordering.place(request, by=BY, at=TUESDAY)


def test_what_a_discharge_needs_comes_first_by_the_time_needed_then_what_waits_longest(county: County) -> None:
    codes = {"A": 1, "B": 2, "C": 3, "D": 90, "E": 80}
    assets = {code: waiting(county, code, hours) for code, hours in codes.items()}
    county.order(county.discharge(date(2026, 3, 9)), "A")
    county.order(county.discharge(date(2026, 3, 5)), "B")
    for_an_address(county, "C")
    assert [row.number for row in rows(manager(county))] == [assets[code].number for code in "BACDE"]


def test_a_row_says_how_long_for_whom_and_where(county: County) -> None:
    asset = waiting(county, "COMMODE", 52)
    order = county.order(county.discharge(), "COMMODE")
    [row] = rows(manager(county))
    assert (row.waited, row.late, row.place, row.product) == ("2 days 4 h", True, "Main store", "Commode")
    assert (row.wanted, row.critical) == (f"For {order.person.initials}, needed Thu 5 Mar, 12:00", True)
    assert row.url == f"/admin/scan/?code={asset.number}"
    body = page(manager_again(county)).content.decode()
    assert "2 days 4 h, late" in body and f'href="/admin/scan/?code={asset.number}"' in body


def manager_again(county: County) -> Client:
    return signed_in(user("mia", county.provider, STORE_MANAGERS))


def test_what_is_promised_names_the_day_of_its_visit(county: County) -> None:
    county.new(county.commode())
    order = county.order(county.discharge(), "COMMODE")
    [row] = rows(manager(county), "pick")
    assert (row.wanted, row.late) == (f"Promised to {order.person.initials} for Thursday", False)
    Visit.objects.update(window_from=local(date(2026, 3, 4), 9), window_to=local(date(2026, 3, 4), 10))
    [row] = rows(manager_again(county), "pick")
    assert row.wanted == f"Promised to {order.person.initials} for tomorrow"


def test_what_was_needed_by_now_is_overdue(county: County) -> None:
    waiting(county, "COMMODE", 1)
    county.order(county.discharge(), "COMMODE")
    Order.objects.update(needed_by=TUESDAY - HOUR)
    [row] = rows(manager(county))
    assert (row.overdue, row.wanted[-23:]) == (True, "needed Tue 3 Mar, 08:00")


def test_rule_3_the_queue_to_clean_tells_the_infection_declared_and_the_mildest_method_that_will_do(
    county: County,
) -> None:
    waiting(county, "A", 3, Infection.SPORE_FORMING)
    waiting(county, "B", 2, Infection.NONE_KNOWN)
    found = waiting(county, "C", 1)
    found.returns.all().delete()
    assert [(row.infection, row.method) for row in rows(manager(county))] == [
        ("Spore-forming (e.g. C. difficile)", "Sporicidal"),
        ("None known", "Detergent"),
        ("Not disclosed", "Sporicidal"),
    ]


def test_a_queue_is_open_to_those_whose_duty_it_is(county: County) -> None:
    decon = signed_in(user("dot", county.provider, DECONTAMINATION_TECHNICIANS))
    assistant = signed_in(user("sam", county.provider, STORE_ASSISTANTS))
    ward = signed_in(user("dee", county.council, DISCHARGE_TEAM))
    for client, name, status in (
        (decon, "clean", 200),
        (decon, "test", 403),
        (decon, "pick", 403),
        (assistant, "pick", 200),
        (assistant, "clean", 403),
        (ward, "clean", 403),
        (manager(county), "held", 200),
        (manager_again(county), "nonsense", 404),
        (Client(), "clean", 302),
    ):
        assert page(client, name).status_code == status, name
    assert [chip.label for chip in page(decon).context["chips"]] == [
        "To clean",
        "Being cleaned",
        "To put away",
        "Coming back on a van",
    ]


def test_assets_of_other_organisations_are_not_there_and_a_stranger_has_no_name(county: County) -> None:
    """Somebody of another organisation waits for what stands in our store: we see that, and not for whom."""
    waiting(county, "COMMODE", 1)
    theirs = county.new(county.product("STOOL"), owner=county.other)
    advance(theirs, AssetState.QUARANTINE, by=BY, at=TUESDAY, reason="x")
    order = county.order(county.discharge(), "COMMODE")
    order.person.organisation = county.other
    order.person.save()
    [row] = rows(manager(county))
    assert row.wanted == "Needed Thu 5 Mar, 12:00"


def test_every_state_of_the_floor_has_its_queue(county: County) -> None:
    washing, held, gone = waiting(county, "A", 5), waiting(county, "B", 5), waiting(county, "C", 5)
    decontamination.begin(washing, by=BY, at=TUESDAY - 5 * HOUR)
    advance(held, AssetState.HELD, by=BY, at=TUESDAY, reason="notice")
    advance(gone, AssetState.CONDEMNED, by=BY, at=TUESDAY, reason="bent")
    fixing = waiting(county, "D", 5)
    advance(fixing, AssetState.REPAIR, by=BY, at=TUESDAY, reason="wheel")
    new = county.received(county.product("E"))
    client = manager(county)
    expected = {"washing": washing, "held": held, "dispose": gone, "repair": fixing, "accept": new}
    for name, asset in expected.items():
        assert [row.number for row in rows(client, name)] == [asset.number], name
    assert [row.late for row in rows(client, "washing")] == [True]  # five hours; the target is four


def test_a_target_is_a_setting(county: County, settings: Any) -> None:
    waiting(county, "A", 5)
    settings.SERVICE = {**settings.SERVICE, "TURNAROUND_HOURS": {"clean": 4}}
    shown = page(manager(county)).context
    assert (shown["standing"].late, shown["target"], shown["rows"][0].late) == (1, "4 h", True)
    settings.SERVICE = {**settings.SERVICE, "TURNAROUND_HOURS": {}}
    shown = page(manager_again(county)).context
    assert (shown["standing"].late, shown["target"], shown["rows"][0].late) == (0, "", False)


def test_a_long_queue_is_turned_page_by_page_without_a_gap(county: County) -> None:
    """53 wait, one of them wanted: fifty and then three, each once."""
    asset = waiting(county, "COMMODE", 1)
    twins = [
        Asset(number=f"9{n:06d}", product=asset.product, owner=asset.owner, store=asset.store, state=asset.state,
              received_on=asset.received_on, since=TUESDAY - timedelta(days=2, hours=n))
        for n in range(52)
    ]  # fmt: skip
    Asset.objects.bulk_create(twins)
    county.order(county.discharge(), "COMMODE")
    client = manager(county)
    first, second = rows(client), rows(client, p=2)
    assert (len(first), len(second)) == (PER_PAGE, 3)
    numbers = [row.number for row in (*first, *second)]
    assert len(set(numbers)) == 53
    assert numbers[0] == twins[51].number  # the longest waiting fills the order
    assert numbers[1:52] == [twin.number for twin in reversed(twins[:51])]
    assert [row.number for row in rows(client, p=99)] == [row.number for row in second]


def test_a_queue_costs_the_same_however_long(county: County, django_assert_num_queries: Any) -> None:
    """Session, user, groups, stores, permissions (2), organisations; how the queues stand; who waits for what (3); what
    of it is here, what else, the rows, the infections; the groups for the sidebar."""
    client = manager(county)
    for n in range(2):
        waiting(county, f"P{n}", n)
        county.order(county.discharge(), f"P{n}")
    with django_assert_num_queries(COST):
        page(client)
    for n in range(2, 9):
        waiting(county, f"P{n}", n)
        county.order(county.discharge(), f"P{n}")
    with django_assert_num_queries(COST):
        page(client)


COST = 16


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (3, "today"),
        (4, "tomorrow"),
        (5, "Thursday"),
        (9, "Monday"),
        (10, "Tue 10 Mar"),
        (2, "Mon 2 Mar"),
    ],
)
def test_a_day_is_named_as_people_say_it(day: int, words: str) -> None:
    assert day_of(datetime.combine(date(2026, 3, day), TUESDAY.timetz()), TUESDAY) == words


def test_what_owes_no_test_any_more_waits_to_be_put_away(county: County) -> None:
    """Passed, failed since, voided, older than the return or a repair: each as `fitness` would judge it."""
    hoist = county.product("LIFT", regimes={TestKind.LOLER: 182, TestKind.FUNCTIONAL: None}, safe_working_load_kg=150)
    TestRegime.objects.filter(kind=TestKind.FUNCTIONAL).update(on_return=True)
    asset = county.dirty(hoist)
    decontamination.begin(asset, by=BY, at=TUESDAY)
    decontamination.record(asset, method="sporicidal", passed=True, by=BY, at=TUESDAY)

    def queued() -> dict[str, int]:
        return {n: s.count for n, s in queues.standings(Asset.objects.all(), at=TUESDAY).items() if s.count}

    def tested(kind: str, result: str, minutes: int) -> InspectionRecord:
        at = TUESDAY + timedelta(minutes=minutes)
        return inspections.record(asset, kind=kind, result=result, examiner="E", by=BY, at=at, defects="worn")

    assert queued() == {"test": 1}  # its LOLER stands, its functional test is older than its return
    last = tested(TestKind.FUNCTIONAL, "pass", 1)
    assert queued() == {"shelve": 1}
    inspections.void(last, by=BY, at=TUESDAY, reason="wrong one")
    assert queued() == {"test": 1}
    tested(TestKind.FUNCTIONAL, "pass", 2)
    tested(TestKind.LOLER, "fail", 3)
    assert queued() == {"test": 1}
    tested(TestKind.LOLER, "pass", 4)
    assert queued() == {"shelve": 1}
    repair = repairs.open_repair(asset, fault="noise", by=BY, at=TUESDAY + timedelta(minutes=5))
    repairs.close(repair, work_done="oiled", labour_minutes=5, by=BY, at=TUESDAY + timedelta(minutes=6))
    assert queued() == {"test": 1}
    tested(TestKind.FUNCTIONAL, "pass", 7)
    assert queued() == {"shelve": 1}
    inspections.shelve(asset, by=BY, at=TUESDAY + timedelta(minutes=8))
    assert queued() == {}
