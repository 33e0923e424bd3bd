"""The page of the tests that fall due: what it says, to whom, and at what cost (rule 37)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from equipment import competences
from equipment.models import Competence, Loan, Membership
from equipment.roles import DISCHARGE_TEAM, STORE_MANAGERS, TEST_TECHNICIANS
from logistics import home_tests
from logistics.models import Visit
from logistics.promises import local
from tests.county import BY, TUESDAY, County
from tests.equipment.admin.rows import manager, signed_in, staff, user

pytestmark = pytest.mark.django_db
PAGE = "/admin/tests-due/"


@pytest.fixture(autouse=True)
def on_tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("equipment.clock.now", lambda: TUESDAY)


def lent(county: County, code: str = "HOIST", **regimes: int) -> Loan:
    return county.on_loan(county.product(code, name=f"{code.title()} lift", regimes=regimes, safe_working_load_kg=120))


def rows(client: Client, **query: Any) -> list[Any]:
    found: list[Any] = client.get(PAGE, query).context["rows"]
    return found


def test_what_is_overdue_comes_first_with_no_more_of_the_person_than_a_place(county: County) -> None:
    """Rule 37: kit at home past its date is the first thing on the page; a name or an address is nowhere on it."""
    late, soon = lent(county, "HOIST", loler=60), lent(county, "STAND", loler=120)
    client = manager(county)
    first, second = rows(client)
    assert (first.number, first.product, first.kind, first.due, first.late) == (
        str(late.asset),
        "Hoist lift",
        "LOLER",
        "22 Jan 2026",
        True,
    )
    assert (second.number, second.due, second.late) == (str(soon.asset), "23 Mar 2026", False)
    assert first.where == f"{late.person.initials}, ZX1"
    assert (first.next, first.next_url) == ("no visit yet", "")
    body = client.get(PAGE).content.decode()
    assert "22 Jan 2026, overdue" in body and "1 overdue." in body
    for private in (late.person.family_name, late.address.line1, late.address.postcode):
        assert private not in body


def test_the_next_step_is_named_and_leads_there(county: County) -> None:
    lent(county, loler=120)
    home_tests.raise_due(by=BY, at=TUESDAY)
    visit = Visit.objects.get()
    client = manager(county)
    [row] = rows(client)
    assert (row.next, row.next_url) == (f"Visit {visit.pk}, to plan", f"/admin/logistics/visit/{visit.pk}/change/")
    Visit.objects.update(window_from=local(date(2026, 3, 5), 9), window_to=local(date(2026, 3, 5), 11))
    [row] = rows(client)
    assert row.next == f"Visit {visit.pk}, Thu 5 Mar"


def test_weeks_down_kinds_across_and_every_number_is_a_list(county: County) -> None:
    lent(county, "HOIST", loler=105, pat=106)
    lent(county, "STAND", loler=60)
    client = manager(county)
    context = client.get(PAGE).context
    assert context["kinds"] == ["LOLER", "PAT"]
    table = {row.title: [cell.count for cell in row.cells] for row in context["weeks"]}
    assert (table["Overdue"], table["2 Mar"], table["9 Mar"]) == ([1, 0], [1, 0], [0, 1])
    [pat] = rows(client, week="2026-03-09", kind="pat")
    assert pat.kind == "PAT"
    assert [row.product for row in rows(client, week="overdue")] == ["Stand lift"]
    assert rows(client, week="2026-03-16") == []
    assert client.get(PAGE, {"week": "2026-03-09", "kind": "pat"}).context["heading"] == "PAT, week of 9 Mar 2026"


def test_strange_addresses_show_everything(county: County) -> None:
    lent(county, loler=60)
    for query in ({"week": "2026-99-99"}, {"kind": "magic"}, {"store": "x"}, {"p": "999999999"}, {"p": "-1"}):
        assert len(rows(manager_again(county, str(query)), **query)) == 1


def manager_again(county: County, name: str) -> Client:
    return signed_in(user(name[:100], county.provider, STORE_MANAGERS))


def test_of_one_store(county: County) -> None:
    """Rule 37: what is at home belongs to its depot, what stands in a store to that store."""
    ward = county.satellite()
    lent(county, "HOIST", loler=60)
    client = manager(county)
    assert [len(rows(client, store=store.pk)) for store in (county.store, ward)] == [1, 0]


def test_only_what_one_may_see(county: County) -> None:
    lent(county, loler=60)
    other = signed_in(user("far", county.other, STORE_MANAGERS))
    assert rows(other) == []
    ward = county.satellite()
    local_manager = user("wa", county.provider, STORE_MANAGERS)
    Membership.objects.get(user=local_manager).stores.set([ward])
    assert rows(signed_in(local_manager)) == []


def test_a_page_for_the_staff_of_stores(county: County) -> None:
    assert signed_in(user("dot", county.provider, DISCHARGE_TEAM)).get(PAGE).status_code == 403
    client = signed_in(user("tess", county.provider, TEST_TECHNICIANS))
    assert client.get(PAGE).status_code == 200
    assert PAGE in client.get("/admin/").content.decode()


def test_who_is_competent_and_where_nobody_will_be(county: County) -> None:
    """Rules 28 and 37: the gap is said before it opens."""
    lent(county, "HOIST", loler=60)
    lent(county, "STAND", loler=170)
    competences.enrol(county.provider, name="Kay Rigger", kind="loler", valid_until=date(2026, 5, 3), by=BY, at=TUESDAY)
    client = manager(county)
    assert [row.competent for row in rows(client)] == ["Kay Rigger", ""]
    body = client.get(PAGE).content.decode()
    assert "Nobody is competent for LOLER thorough examination at MAIN after 03 May 2026." in body


def test_the_page_costs_the_same_however_much_falls_due(county: County, django_assert_num_queries: Any) -> None:
    client = manager(county)
    lent(county, "A", loler=60)
    client.get(PAGE)
    with django_assert_num_queries(17):
        client.get(PAGE)
    for n in range(5):
        lent(county, f"P{n}", loler=60, pat=65)
    home_tests.raise_due(by=BY, at=TUESDAY)
    with django_assert_num_queries(17):
        client.get(PAGE)


def test_a_manager_keeps_the_register_and_others_read_it(county: County) -> None:
    """Rule 37: a name, a kind, a last day; ended by a button."""
    client, url = manager(county), "/admin/equipment/competence/"
    given = {
        "organisation": county.provider.pk,
        "store": "",
        "name": "Kay Rigger",
        "kind": "loler",
        "number": "C-9",
        "valid_until": "03/05/2026",
    }
    answer = client.post(f"{url}add/", given)
    assert answer.status_code == 302, re.findall(r"errorlist.*?</ul>", answer.content.decode(), re.DOTALL)
    row = Competence.objects.get()
    assert (row.name, row.kind, row.valid_until) == ("Kay Rigger", "loler", date(2026, 5, 3))
    assert 'value="acceptance"' not in client.get(f"{url}add/").content.decode()
    client.post(f"{url}{row.pk}/do/end/")
    row.refresh_from_db()
    assert row.valid_until == date(2026, 3, 2)
    floor = staff(county)
    assert floor.get(url).status_code == 200
    assert floor.get(f"{url}add/").status_code == 403
