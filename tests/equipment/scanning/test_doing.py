"""Every way of scanning: each scan done once, what may not be refused in red with nothing changed, and undo."""

from __future__ import annotations

from datetime import timedelta

import pytest

from equipment import disposal, lifecycle
from equipment.duties import Actor, Duty
from equipment.errors import Invalid, Refused
from equipment.jobs import Capability, ScanMode
from equipment.models import Asset, Scan
from equipment.scanning import doing
from equipment.scanning.registry import DUTY, modes_for
from equipment.states import AssetState
from tests.county import BY, TUESDAY, County, state_of
from tests.equipment.scanning.worker import Worker, place, said, second_store, written

pytestmark = pytest.mark.django_db


def test_a_repeated_request_is_answered_the_same_and_does_nothing_twice(county: County) -> None:
    """Rule 18."""
    asset, shelf = county.new(county.commode()), place(county, "A-01", Capability.SHELF)
    by = Actor("user:sam", {Duty.SHELVE})
    given = {"mode": ScanMode.PUT_AWAY, "job": None, "answer": {"location": shelf.code}, "by": by, "at": TUESDAY}
    first = doing.scan(asset.number, key="k", assets=Asset.objects.all(), store=county.store, **given)
    before = written()
    again = doing.scan(asset.number, key="k", assets=Asset.objects.all(), store=county.store, **given)
    assert (again.pk, again.answer, written()) == (first.pk, first.answer, before)
    assert Scan.objects.count() == 1


def test_a_key_is_of_one_scan_only(county: County) -> None:
    one, other = county.new(county.product("A")), county.new(county.product("B"))
    by = Actor("user:sam", {Duty.SHELVE})
    given = {"mode": ScanMode.PUT_AWAY, "job": None, "answer": {}, "by": by, "at": TUESDAY}
    doing.scan(one.number, key="k", assets=Asset.objects.all(), store=county.store, **given)
    with pytest.raises(Refused, match="used for another scan"):
        doing.scan(other.number, key="k", assets=Asset.objects.all(), store=county.store, **given)
    with pytest.raises(Invalid):
        doing.scan(other.number, key="", assets=Asset.objects.all(), store=county.store, **given)


def test_a_mode_is_for_those_whose_duty_it_is(county: County) -> None:
    by = Actor("user:sam", {Duty.SHELVE})
    with pytest.raises(Refused, match="cleaning"):
        Worker(county, ScanMode.WASH, by).scan("1234567")
    assert [mode.name for mode in modes_for(by)] == [ScanMode.PUT_AWAY]
    assert Scan.objects.count() == 0


def test_every_mode_but_looking_up_has_its_duty() -> None:
    assert set(DUTY) == set(ScanMode) - {ScanMode.LOOK_UP}


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("", "Nothing was scanned."),
        ("http://example.com", "This is no asset number, location or GS1 code; it looks like a web address."),
        ("LOC/MAIN/Z-99", "There is no location Z-99 in store MAIN that you work in."),
        ("DO/NONSENSE", "DO/NONSENSE does nothing here."),
        ("DO/MODE/NONSENSE", "There is no way of scanning called nonsense."),
    ],
)
def test_what_is_unknown_says_what_it_is_not(county: County, code: str, sentence: str) -> None:
    worker = Worker(county, ScanMode.PUT_AWAY)
    done = worker.scan(code)
    assert (done.ok, *said(done)) == (False, "bad", sentence)
    assert written() == (0, 0)


def test_a_typing_error_is_told_from_a_number_we_do_not_have(county: County) -> None:
    asset = county.new(county.commode())
    wrong = asset.number[:-1] + str((int(asset.number[-1]) + 1) % 10)
    tone, sentence = said(Worker(county, ScanMode.PUT_AWAY).scan(wrong))
    assert (tone, sentence) == ("bad", f"{wrong} is not one of our numbers: a digit is wrong or two are swapped.")


def test_a_persons_number_is_not_kept(county: County) -> None:
    """Least data: an NHS number scanned from a wristband is refused, and is in no table."""
    done = Worker(county, ScanMode.RETURN).scan("943 476 5919")
    assert (done.ok, done.code) == (False, "")
    assert "person's number" in done.answer["sentence"]


def test_what_stands_in_another_store_is_not_touched(county: County) -> None:
    asset, north = county.new(county.commode()), second_store(county)
    Asset.objects.filter(pk=asset.pk).update(store=north)
    before = written()
    done = Worker(county, ScanMode.PUT_AWAY, answer={"location": "A-01"}).scan(asset.number)
    assert not done.ok
    assert f"{asset} belongs to North store by the records, not to Main store" in done.answer["sentence"]
    assert (done.asset, written()) == (asset, before)


def test_another_organisations_asset_is_not_known(county: County) -> None:
    asset = county.new(county.commode(), owner=county.other)
    done = Worker(county, ScanMode.PUT_AWAY).scan(asset.number)
    assert (done.ok, done.asset) == (False, None)
    assert done.answer["sentence"].startswith("We have no asset with this number")


@pytest.mark.parametrize("mode", [ScanMode.RETURN, ScanMode.WASH, ScanMode.TEST, ScanMode.PUT_AWAY])
def test_what_was_scrapped_should_not_be_here(county: County, mode: str) -> None:
    asset = county.dirty(county.commode())
    disposal.condemn(asset, reason="Bent", by=BY, at=TUESDAY)
    disposal.dispose(asset, method="scrap", by=BY, at=TUESDAY)
    done = Worker(county, mode).scan(asset.number)
    sentence = f"{asset} was disposed of on 03 Mar 2026 and should not be here. Put it aside and tell a store manager."
    assert (done.ok, done.answer["sentence"], state_of(asset)) == (False, sentence, AssetState.DISPOSED)


def test_a_label_scanned_into_a_text_field_is_no_answer(county: County) -> None:
    """The cursor stood in the quantity: the number of an asset must not become one."""
    county.raisers(20)
    asset = county.new(county.commode())
    done = Worker(county, ScanMode.COUNT).scan("RAISER", quantity=asset.number)
    assert (done.ok, done.answer["code"]) == (False, "label_in_field")


def test_a_command_leads_to_another_way_of_working(county: County) -> None:
    done = Worker(county, ScanMode.RETURN).scan("DO/MODE/PUT_AWAY")
    assert (done.ok, done.answer["sticky"]) == (True, {"mode": "put_away"})
    only_returns = Actor("user:sam", {Duty.RETURN})
    assert not Worker(county, ScanMode.RETURN, only_returns).scan("DO/MODE/WASH").ok


def test_a_command_makes_a_choice(county: County) -> None:
    done = Worker(county, ScanMode.RETURN).scan("DO/INFECTION/SPORE_FORMING")
    assert said(done) == ("good", "Infection declared: Spore-forming (e.g. C. difficile).")
    assert done.answer["sticky"] == {"infection": "spore_forming"}


# Undo -----------------------------------------------------------------------------------------------------------------


def shelved(county: County) -> tuple[Worker, Asset]:
    worker = Worker(county, ScanMode.PUT_AWAY)
    place(county, "A-01", Capability.SHELF)
    asset = county.new(county.commode())
    worker.scan("LOC/MAIN/A-01")
    assert worker.scan(asset.number).ok
    return worker, asset


def test_the_last_scan_is_undone_once(county: County) -> None:
    worker, asset = shelved(county)
    done = worker.scan("DO/UNDO")
    assert said(done) == ("good", f"{asset} is available again, in no place in particular.")
    asset.refresh_from_db()
    assert asset.location is None
    assert Scan.objects.get(code=asset.number).undone_at == TUESDAY
    assert said(worker.scan("DO/UNDO")) == ("bad", "There is nothing to undo.")


def test_undo_is_refused_when_something_has_happened_since(county: County) -> None:
    worker, asset = shelved(county)
    asset.refresh_from_db()
    lifecycle.advance(asset, AssetState.HELD, by="user:ann", at=TUESDAY + timedelta(minutes=1), reason="Notice")
    before = written()
    done = worker.scan("DO/UNDO")
    assert said(done) == (
        "bad",
        f"{asset} has moved on since (hold by ann, now held). The scan can no longer be undone.",
    )
    assert (written(), state_of(asset)) == (before, AssetState.HELD)


def test_undo_is_of_ones_own_scans_in_the_same_way_of_working(county: County) -> None:
    _, asset = shelved(county)
    somebody_else = Worker(county, ScanMode.PUT_AWAY, Actor("user:ann", {Duty.SHELVE}))
    assert said(somebody_else.scan("DO/UNDO")) == ("bad", "There is nothing to undo.")
    elsewhere = Worker(county, ScanMode.RETURN).scan("DO/UNDO")
    assert said(elsewhere) == ("bad", "Your last scan was made under “Put away”: go there to undo it.")
    asset.refresh_from_db()
    assert str(asset.location) == "A-01"
