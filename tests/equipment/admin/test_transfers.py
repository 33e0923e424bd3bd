"""The pages of transfers and levels: who sees them, and the way from a draft to the other store's shelf."""

from __future__ import annotations

from typing import Any

import pytest

from equipment import stock, transfers
from equipment.jobs import Capability, TransferState
from equipment.models import Location, StockLevel, StockLine, Store, Transfer
from equipment.roles import DECONTAMINATION_TECHNICIANS, STORE_ASSISTANTS
from equipment.states import AssetState
from tests.county import BY, TUESDAY, County, state_of
from tests.equipment.admin.rows import manager, signed_in, staff, user

pytestmark = pytest.mark.django_db
PAGE = "/admin/equipment/transfer/"
LEVELS = "/admin/equipment/stocklevel/"


def of_store(county: County, name: str, *stores: Store) -> Any:
    account = user(name, county.provider, STORE_ASSISTANTS)
    account.membership.stores.set(stores)
    return signed_in(account)


def drafted(county: County, ward: Store) -> Transfer:
    return transfers.draft(county.store, ward, {}, by=BY, at=TUESDAY)


def said(answer: Any) -> str:
    """The last thing said on the page."""
    return [str(message) for message in answer.context["messages"]][-1]


def test_from_the_draft_to_the_other_shelf(county: County) -> None:
    ward, client = county.satellite(), staff(county)
    asset, line = county.new(county.commode()), county.stock(county.raisers(), 9)
    shelf = Location.objects.create(store=ward, code="S1", capabilities=[Capability.SHELF])
    form = {"source": county.store.pk, "destination": ward.pk, "wanted": "commode 2\nRAISER 4\n"}
    client.post(f"{PAGE}do/draft/", form)
    job = Transfer.objects.get()
    assert {row.product.stock_code: row.quantity for row in job.lines.all()} == {"COMMODE": 2, "RAISER": 4}
    one = f"{PAGE}{job.pk}/do/"
    client.post(f"{one}put-on/", {"number": asset.number})
    client.post(f"{one}put-on-counted/", {"line": line.pk, "quantity": 4})
    answer = client.post(f"{one}send/", follow=True)
    assert said(answer) == f"Transfer {job.pk} is on its way. Less than was asked for: 1 of 2 x Commode."
    client.post(f"{one}receive/", {"number": asset.number, "location": shelf.pk})
    item = job.items.get(stock_line=line)
    client.post(f"{one}receive-counted/", {"item": item.pk, "quantity": 3})
    answer = client.post(f"{one}close/", follow=True)
    assert said(answer) == f"Transfer {job.pk} is closed. Missing: 1 x Chair raisers."
    asset.refresh_from_db()
    job.refresh_from_db()
    assert (asset.state, asset.location, job.state) == (AssetState.AVAILABLE, shelf, TransferState.RECEIVED)
    assert StockLine.objects.get(store=ward).count == 3
    assert asset.events.first().by == "user:sam"


def test_what_is_refused_is_said_above_the_form_and_nothing_changes(county: County) -> None:
    job, dirty = drafted(county, county.satellite()), county.dirty(county.commode())
    answer = staff(county).post(f"{PAGE}{job.pk}/do/put-on/", {"number": dirty.number})
    assert answer.status_code == 409
    assert "put it on a dirty transfer" in answer.content.decode()
    assert state_of(dirty) == AssetState.QUARANTINE


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [("COMMODE", "a space and a quantity"), ("NOTHING 3", "stock code NOTHING"), ("X 0", "code X")],
)
def test_what_is_asked_for_must_be_readable(county: County, wanted: str, problem: str) -> None:
    ward = county.satellite()
    form = {"source": county.store.pk, "destination": ward.pk, "wanted": wanted}
    answer = staff(county).post(f"{PAGE}do/draft/", form)
    assert answer.status_code == 400
    assert problem in answer.content.decode()
    assert not Transfer.objects.exists()


def test_both_its_stores_see_a_transfer_and_nobody_else(county: County) -> None:
    ward, clinic = county.satellite(), county.satellite("CLINIC")
    job = drafted(county, ward)
    for name, stores, seen in (
        ("here", [county.store], [job]),
        ("there", [ward], [job]),
        ("neither", [clinic], []),
        ("all", [], [job]),
    ):
        shown = of_store(county, name, *stores).get(PAGE).context["cl"].result_list
        assert list(shown) == seen, name
    stranger = signed_in(user("stranger", county.other, STORE_ASSISTANTS))
    assert list(stranger.get(PAGE).context["cl"].result_list) == []
    assert stranger.get(f"{PAGE}{job.pk}/change/").status_code == 302
    assert stranger.post(f"{PAGE}{job.pk}/do/send/").status_code == 404


def test_the_other_store_cannot_send_and_who_only_cleans_has_no_buttons(county: County) -> None:
    ward, asset = county.satellite(), county.new(county.commode())
    job = drafted(county, ward)
    transfers.put_on(job, asset, by=BY, at=TUESDAY)
    answer = of_store(county, "there", ward).post(f"{PAGE}{job.pk}/do/send/", follow=True)
    assert "another store" in said(answer)
    job.refresh_from_db()
    assert job.state == TransferState.DRAFT
    cleaner = signed_in(user("dee", county.provider, DECONTAMINATION_TECHNICIANS))
    assert cleaner.get(f"{PAGE}{job.pk}/change/").context["verbs"] == []
    assert cleaner.post(f"{PAGE}{job.pk}/do/send/").status_code == 403


def test_the_list_costs_the_same_however_long(county: County, django_assert_max_num_queries: Any) -> None:
    """Session, user, organisations, stores, duties, permissions, count, rows and what is on them."""
    ward, client = county.satellite(), staff(county)
    line = county.stock(county.raisers(), 90)
    for _ in range(8):
        transfers.put_on_counted(drafted(county, ward), line, 2, by=BY, at=TUESDAY)
    with django_assert_max_num_queries(11):
        rows = client.get(PAGE).context["cl"].result_list
    assert [row.sent_sum for row in rows] == [2] * 8


def test_levels_show_what_is_suggested_and_one_button_drafts_it(county: County) -> None:
    ward, raisers = county.satellite(), county.raisers(5)
    StockLevel.objects.create(store=ward, product=raisers, minimum=4, maximum=9)
    stock.receive(raisers, ward, 1, by=BY, at=TUESDAY)
    client = staff(county)
    [row] = client.get(LEVELS).context["cl"].result_list
    assert (row.position.on_hand, row.position.suggested) == (1, 5)
    assert str(row.position) == "Main store can spare 5 of 8."
    answer = client.post(f"{LEVELS}do/raise/", {}, follow=True)
    assert said(answer) == "Top-ups: 1 drafted."
    assert {line.product.stock_code: line.quantity for line in Transfer.objects.get().lines.all()} == {"RAISER": 5}
    answer = client.post(f"{LEVELS}do/raise/", {"stores": [ward.pk]}, follow=True)
    assert said(answer) == "Top-ups: nothing is wanted, or nothing can be spared."
    assert Transfer.objects.count() == 1


def test_only_ones_own_stores_are_topped_up(county: County) -> None:
    ward, clinic = county.satellite(), county.satellite("CLINIC")
    for store in (ward, clinic):
        StockLevel.objects.create(store=store, product=county.raisers(20), minimum=4, maximum=6)
    client = of_store(county, "there", ward)
    assert [row.store for row in client.get(LEVELS).context["cl"].result_list] == [ward]
    assert client.post(f"{LEVELS}do/raise/", {"stores": [clinic.pk]}).status_code == 400
    client.post(f"{LEVELS}do/raise/", {})
    assert [job.destination for job in Transfer.objects.all()] == [ward]


def test_a_manager_sets_a_level_that_makes_sense(county: County) -> None:
    client, ward = manager(county), county.satellite()
    form = {"store": ward.pk, "product": county.commode().pk, "minimum": 4, "maximum": 2}
    assert "must not be below" in client.post(f"{LEVELS}add/", form).content.decode()
    whole = {**form, "product": county.bed_set().pk, "maximum": 6}
    assert "kept as its parts" in client.post(f"{LEVELS}add/", whole).content.decode()
    assert not StockLevel.objects.exists()
    assert client.post(f"{LEVELS}add/", {**form, "maximum": 6}).status_code == 302
    assert (StockLevel.objects.get().minimum, StockLevel.objects.get().maximum) == (4, 6)
