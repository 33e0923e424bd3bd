"""Handing out over the counter, from the page of loans: within the organisation, to one person, by number."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from equipment import counter, stock, transfers
from equipment.models import Asset, Loan, StockLine, Store
from equipment.roles import DISCHARGE_TEAM
from equipment.states import AssetState
from tests.county import BY, LONG_AGO, TUESDAY, County, state_of
from tests.equipment.admin.rows import signed_in, staff, user

pytestmark = pytest.mark.django_db
PAGE = "/admin/equipment/loan/do/"


def at_the_counter(county: County, ward: Store, **fields: Any) -> Asset:
    asset = county.new(county.hoist() if fields.get("hoist") else county.commode())
    job = transfers.draft(county.store, ward, {}, by=BY, at=LONG_AGO)
    transfers.put_on(job, asset, by=BY, at=LONG_AGO)
    transfers.send(job, by=BY, at=LONG_AGO)
    transfers.receive(job, asset, by=BY, at=LONG_AGO)
    return asset


def test_an_issue_needs_the_person_the_number_and_how_long(county: County) -> None:
    asset, person = at_the_counter(county, county.satellite()), county.person()
    home, client = county.address(person), staff(county)
    form = {"number": asset.number, "person": f"{person.family_name}, Ann", "review_on": "2026-04-01"}
    answer = client.post(f"{PAGE}hand-out/", form)
    loan = Loan.objects.get()
    assert answer["Location"] == f"/admin/equipment/loan/{loan.pk}/change/"
    assert (loan.asset, loan.person, loan.address, str(loan.review_on)) == (asset, person, home, "2026-04-01")
    assert state_of(asset) == AssetState.ON_LOAN
    assert asset.events.first().by == "user:sam"


def test_people_of_one_name_are_told_apart_by_their_reference(county: County) -> None:
    asset = at_the_counter(county, county.satellite())
    one, other = county.person(), county.person()
    type(one).objects.update(family_name="Smith")
    county.address(one)
    county.address(other)
    client = staff(county)
    answer = client.post(f"{PAGE}hand-out/", {"number": asset.number, "person": "smith"})
    assert answer.status_code == 400
    assert str(other.reference) in answer.content.decode()
    client.post(f"{PAGE}hand-out/", {"number": asset.number, "person": str(other.reference)})
    assert Loan.objects.get().person == other


def test_of_several_addresses_one_is_named(county: County) -> None:
    asset, person = at_the_counter(county, county.satellite()), county.person()
    county.address(person)
    second = county.address(person, "ZX1 2AB")
    client, form = staff(county), {"number": asset.number, "person": str(person.reference)}
    answer = client.post(f"{PAGE}hand-out/", form)
    assert "Say which address" in answer.content.decode()
    client.post(f"{PAGE}hand-out/", {**form, "postcode": "zx12ab"})
    assert Loan.objects.get().address == second


def test_nobody_of_another_organisation_is_found(county: County) -> None:
    asset, stranger = at_the_counter(county, county.satellite()), county.person(county.other)
    county.address(stranger)
    form = {"number": asset.number, "person": str(stranger.reference)}
    answer = staff(county).post(f"{PAGE}hand-out/", form)
    assert answer.status_code == 400
    assert "register the person first" in answer.content.decode()
    assert not Loan.objects.exists()


def test_counted_stock_of_a_counter_is_offered_and_no_other(county: County) -> None:
    ward, person = county.satellite(), county.person()
    county.address(person)
    depot = county.stock(county.raisers(), 9)
    line = stock.receive(county.raisers(), ward, 6, by=BY, at=LONG_AGO)
    client, form = staff(county), {"person": str(person.reference), "quantity": 4}
    assert client.post(f"{PAGE}hand-out-stock/", {**form, "line": depot.pk}).status_code == 400
    client.post(f"{PAGE}hand-out-stock/", {**form, "line": line.pk})
    line.refresh_from_db()
    assert (line.count, Loan.objects.get().quantity) == (2, 4)


def test_an_issue_found_later_says_what_to_act_on(county: County) -> None:
    asset = at_the_counter(county, county.satellite(), hoist=True)
    person = county.person(weight_kg=160)
    county.address(person)
    form = {"number": asset.number, "person": str(person.reference), "reason": "the ward rang"}
    client = staff(county)
    ahead = client.post(f"{PAGE}record-issue/", {**form, "started_at": "2026-03-04"})
    assert "cannot have begun in the future" in ahead.content.decode()
    answer = client.post(f"{PAGE}record-issue/", {**form, "started_at": "2026-03-03"}, follow=True)
    said = " ".join(map(str, answer.context["messages"]))
    assert "Act on this now: Mobile hoist carries 150 kg at most" in said
    loan = Loan.objects.get()
    assert TUESDAY - timedelta(days=1) < loan.started_at <= TUESDAY
    assert state_of(asset) == AssetState.ON_LOAN


def test_a_ward_sees_loans_and_hands_nothing_out(county: County) -> None:
    client = signed_in(user("dee", county.council, DISCHARGE_TEAM))
    assert client.get("/admin/equipment/loan/").context["list_verbs"] == []
    assert client.get(f"{PAGE}hand-out/").status_code == 403


def test_counted_stock_is_handed_in_by_part_or_whole(county: County) -> None:
    """The part that came back is dirty stock; the rest stays on loan."""
    line, person = county.stock(county.raisers(), 6), county.person()
    ward = county.satellite()
    job = transfers.draft(county.store, ward, {}, by=BY, at=LONG_AGO)
    item = transfers.put_on_counted(job, line, 4, by=BY, at=LONG_AGO)
    transfers.send(job, by=BY, at=LONG_AGO)
    there = transfers.receive_counted(item, 4, by=BY, at=LONG_AGO)
    loan = counter.hand_out_counted(there, 4, person, county.address(person), by=BY, at=LONG_AGO)
    client, page = staff(county), f"/admin/equipment/loan/{loan.pk}/do/hand-in-stock/"
    assert client.post(page, {"quantity": "5", "store": county.store.pk}).status_code == 409
    assert client.post(page, {"quantity": "3", "store": county.store.pk}).status_code == 302
    loan.refresh_from_db()
    assert (loan.quantity, loan.ended_at) == (1, None)
    dirty = StockLine.objects.get(product=loan.product, store=county.store, dirty=True)
    assert (dirty.count, dirty.free) == (3, 3)
