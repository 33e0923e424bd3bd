"""The scan page: what it says of a number, which moves it offers, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from equipment import allocation, decontamination, inspections, receiving, repairs
from equipment.admin_verbs import patiently
from equipment.errors import Busy
from equipment.models import Asset, AssetEvent, Decontamination, InspectionRecord, Loan, ReturnRecord
from equipment.roles import DISCHARGE_TEAM
from equipment.states import AssetState, Infection, TestKind
from tests.county import BY, TUESDAY, County, state_of
from tests.equipment.admin.rows import manager, signed_in, staff, user

pytestmark = pytest.mark.django_db
SCAN = "/admin/scan/"


def card(client: Client, asset: Asset) -> Any:
    return client.get(SCAN, {"code": asset.number}).context["card"]


def offered(client: Client, asset: Asset) -> set[str]:
    found = card(client, asset)
    return {offer.doing.name for offer in [*found.next, *found.trouble]}


def move(client: Client, asset: Asset, name: str, prefix: str = "", **given: str) -> Any:
    """What the browser sends: the form of that move, with the mark of what was seen."""
    prefix = prefix or name
    fields = {f"{prefix}-{field}": value for field, value in given.items()}
    base = {"move": name, "number": asset.number, "prefix": prefix, "seen": card(client, asset).seen}
    return client.post(SCAN, {**base, **fields})


def written() -> tuple[int, ...]:
    rows = (AssetEvent, Decontamination, InspectionRecord, ReturnRecord)
    return tuple(row._default_manager.count() for row in rows)


def test_a_number_with_a_wrong_digit_says_so(county: County) -> None:
    asset = county.received(county.commode())
    wrong = asset.number[:-1] + str((int(asset.number[-1]) + 1) % 10)
    page = staff(county).get(SCAN, {"code": wrong})
    assert "is not one of our numbers" in page.context["problem"]


def test_an_unknown_number_says_so(county: County) -> None:
    page = staff(county).get(SCAN, {"code": receiving.asset_number(999_999)})
    assert "We have no asset with this number" in page.context["problem"]


def test_a_barcode_finds_the_asset_and_a_serial_is_suggested(county: County) -> None:
    asset = receiving.book_in(
        county.commode(), county.store, county.provider, by=BY, at=TUESDAY, serial="S/N 7", barcode="(01)0501(21)9"
    )
    client = staff(county)
    assert client.get(SCAN, {"code": "(01)0501(21)9"}).context["card"].asset == asset
    assert list(client.get(SCAN, {"code": "S/N 7"}).context["serials"]) == [asset]


def test_another_organisations_asset_is_not_found(county: County) -> None:
    asset = county.new(county.commode(), owner=county.other)
    client = staff(county)
    assert client.get(SCAN, {"code": asset.number}).context["card"] is None
    answer = client.post(SCAN, {"move": "quarantine", "number": asset.number, "prefix": "quarantine", "seen": ""})
    assert answer.status_code == 404
    assert state_of(asset) == AssetState.AVAILABLE


def test_only_store_staff_may_scan(county: County) -> None:
    assert signed_in(user("dee", county.council, DISCHARGE_TEAM)).get(SCAN).status_code == 403
    assert Client().get(SCAN).status_code == 302


@pytest.mark.parametrize(
    ("prepare", "names"),
    [
        ("dirty", {"begin_clean", "repair", "hold", "lose", "condemn"}),
        ("new", {"begin_test", "quarantine", "hold", "lose"}),
        ("received", {"accept", "reject", "hold", "lose"}),
    ],
)
def test_only_legal_moves_are_offered(county: County, prepare: str, names: set[str]) -> None:
    asset = getattr(county, prepare)(county.commode())
    assert offered(staff(county), asset) == names


def test_out_on_loan_it_can_be_handed_in_or_lost(county: County) -> None:
    loan = county.on_loan(county.commode())
    assert loan.asset is not None
    assert offered(staff(county), loan.asset) == {"hand_in", "lose"}


def test_what_is_promised_is_not_moved_towards_a_person_from_here(county: County) -> None:
    county.new(county.commode())
    county.order(county.discharge(), "COMMODE")
    asset = Asset.objects.get(state=AssetState.RESERVED)
    assert offered(staff(county), asset) == {"hold", "lose"}


def test_from_quarantine_to_the_shelf(county: County) -> None:
    """Clean, test and shelve: one POST a move, each with its record."""
    hoist, client = county.dirty(county.hoist(), Infection.SPORE_FORMING), staff(county)
    assert move(client, hoist, "begin_clean").status_code == 302
    [clean] = card(client, hoist).next
    assert [value for value, _ in clean.form.fields["method"].choices] == ["sporicidal"]
    assert move(client, hoist, "clean", method="sporicidal", passed="yes").status_code == 302
    assert move(client, hoist, "begin_test").status_code == 302
    answer = move(client, hoist, "test", "test-loler", kind=TestKind.LOLER, result="pass", examiner="E. Xaminer")
    assert answer.status_code == 302
    assert move(client, hoist, "shelve").status_code == 302
    assert state_of(hoist) == AssetState.AVAILABLE
    assert set(AssetEvent.objects.filter(asset=hoist, at=TUESDAY).values_list("by", flat=True)) == {"user:sam"}


def test_handing_in_ends_the_loan_and_asks_for_condition_and_infection(county: County) -> None:
    loan, client = county.on_loan(county.commode()), staff(county)
    assert loan.asset is not None
    assert move(client, loan.asset, "hand_in", store=str(county.store.pk)).status_code == 400
    given = {"store": str(county.store.pk), "condition": "good", "infection": "unknown"}
    assert move(client, loan.asset, "hand_in", **given).status_code == 302
    assert state_of(loan.asset) == AssetState.QUARANTINE
    assert Loan.objects.get(pk=loan.pk).ended_at == TUESDAY


def test_what_is_found_again_goes_to_quarantine_and_its_loan_ends(county: County) -> None:
    loan, client = county.on_loan(county.commode()), staff(county)
    assert loan.asset is not None
    move(client, loan.asset, "lose", reason="The family has moved")
    assert state_of(loan.asset) == AssetState.LOST
    move(client, loan.asset, "find", reason="In the shed", store=str(county.store.pk))
    assert state_of(loan.asset) == AssetState.QUARANTINE
    assert receiving.infection_of(loan.asset) == Infection.UNKNOWN
    assert Loan.objects.get(pk=loan.pk).ended_at == TUESDAY


def test_a_refused_move_writes_nothing_and_says_why_in_place(county: County) -> None:
    """A shelf that the safety rules refuse: the button is not there, and asking all the same changes nothing."""
    hoist, client = county.dirty(county.product("LIFT", regimes={TestKind.PAT: 365})), staff(county)
    InspectionRecord.objects.filter(asset=hoist).delete()
    decontamination.begin(hoist, by=BY, at=TUESDAY)
    decontamination.record(hoist, method="sporicidal", passed=True, by=BY, at=TUESDAY)
    before = written()
    assert "shelve" not in offered(client, hoist)
    answer = move(client, hoist, "shelve")
    assert answer.status_code == 409
    assert "has no PAT on record" in answer.context["problem"]
    assert answer.context["card"].asset == hoist
    assert (written(), state_of(hoist)) == (before, AssetState.DECONTAMINATED)


def test_a_weak_method_and_a_missing_reason_are_refused(county: County) -> None:
    asset, client = county.dirty(county.commode(), Infection.SPORE_FORMING), staff(county)
    assert move(client, asset, "hold").status_code == 400
    move(client, asset, "begin_clean")
    before = written()
    assert move(client, asset, "clean", method="detergent", passed="yes").status_code == 400
    failed = move(client, asset, "clean", method="sporicidal", passed="no")
    assert (failed.status_code, failed.context["problem"]) == (409, "Say what the clean did not shift.")
    assert written() == before


def test_a_second_press_of_the_same_button_changes_nothing_more(county: County) -> None:
    hoist, client = county.new(county.hoist()), staff(county)
    move(client, hoist, "begin_test")
    fields = {"test-loler-kind": "loler", "test-loler-result": "pass", "test-loler-examiner": "E"}
    form = {"move": "test", "number": hoist.number, "prefix": "test-loler", "seen": card(client, hoist).seen, **fields}
    assert client.post(SCAN, form).status_code == 302
    before = written()
    again = client.post(SCAN, form)
    assert (again.status_code, written()) == (409, before)
    assert "has changed since you scanned it" in again.context["problem"]


def test_a_hold_is_released_by_a_manager_only(county: County) -> None:
    asset, sam, mo = county.new(county.commode()), staff(county), manager(county)
    move(sam, asset, "hold", reason="Field safety notice")
    assert "release_hold" not in offered(sam, asset)
    assert move(sam, asset, "release_hold", reason="I think so").status_code == 409
    assert state_of(asset) == AssetState.HELD
    assert move(mo, asset, "release_hold", reason="Notice withdrawn").status_code == 302
    assert state_of(asset) == AssetState.QUARANTINE


def test_moves_that_are_not_of_the_floor_do_not_exist_here(county: County) -> None:
    asset, client = county.new(county.commode()), staff(county)
    for name in ("reserve", "pick", "load", "deliver", "nonsense"):
        assert move(client, asset, name).status_code == 404
    assert state_of(asset) == AssetState.AVAILABLE


def test_a_move_that_is_not_offered_is_refused_when_it_is_posted(county: County) -> None:
    """Two moves lead to one state: shelving never releases what is promised (rule 7), testing never ends a repair."""
    promised, mended = county.new(county.commode()), county.recycled(county.product("CHAIR"))
    wanted = allocation.Wanted(county.commode(), 1, county.person(), TUESDAY.date(), (county.store,))
    allocation.reserve(wanted, by=BY, at=TUESDAY)
    inspections.begin(mended, by=BY, at=TUESDAY)
    repairs.open_repair(mended, fault="Wheel", by=BY, at=TUESDAY)
    client, before = staff(county), written()
    assert move(client, promised, "shelve").status_code == 409
    assert move(client, mended, "begin_test").status_code == 409
    assert (state_of(promised), state_of(mended)) == (AssetState.RESERVED, AssetState.REPAIR)
    assert written() == before


def test_what_is_scanned_is_posted_and_only_the_number_of_an_asset_reaches_an_address(county: County) -> None:
    """Rule 39: addresses are logged, and an NHS number is typed into a search box sooner or later."""
    asset, client = county.new(county.commode()), staff(county)
    answer = client.post("/admin/scan/", {"code": asset.number})
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/scan/?code={asset.number}")
    for typed in ("943 476 5919", "Mrs Ann Person"):
        answer = client.post("/admin/scan/", {"code": typed})
        assert (answer.status_code, answer.context["card"]) == (200, None)
        assert "9434765919" not in answer.content.decode().replace(" ", "")


def test_what_two_change_at_once_is_refused_to_one_in_words() -> None:
    with pytest.raises(Busy) as refusal, patiently():
        raise OperationalError("deadlock detected")
    assert refusal.value.code == "busy"
