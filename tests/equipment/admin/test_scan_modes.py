"""Scan after scan: the page of each way of working, with and without JavaScript, and who may use it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from equipment.models import Asset, Scan
from equipment.roles import DECONTAMINATION_TECHNICIANS, DISCHARGE_TEAM, STORE_ASSISTANTS
from equipment.states import AssetState
from tests.county import County, state_of
from tests.equipment.admin.rows import signed_in, staff, user

pytestmark = pytest.mark.django_db
RETURN = "/admin/scan/return/"
CHOSEN = {"condition": "good", "infection": "unknown"}


def step(client: Client, code: str, key: str, mode: str = "return", **given: Any) -> Any:
    """What the page's script sends."""
    sent = {"code": code, "key": key, "job": "", "store": "", "answer": {}, **given}
    return client.post(f"/admin/scan/{mode}/step/", sent, content_type="application/json")


def test_each_way_of_working_is_for_those_whose_duty_it_is(county: County) -> None:
    cleaner = signed_in(user("cleo", county.provider, DECONTAMINATION_TECHNICIANS))
    assert cleaner.get("/admin/scan/wash/").status_code == 200
    for mode in ("pick", "test", "transfer"):
        assert cleaner.get(f"/admin/scan/{mode}/").status_code in (403, 404)
        assert step(cleaner, "1234567", "k", mode).status_code in (403, 404)
    shown = {mode.name for mode in cleaner.get("/admin/scan/").context["modes"]}
    assert shown == {"return", "wash", "put_away"}
    assert signed_in(user("dee", county.council, DISCHARGE_TEAM)).get(RETURN).status_code == 403
    assert Client().get(RETURN).status_code == 302
    assert cleaner.get("/admin/scan/nonsense/").status_code == 404
    assert Scan.objects.count() == 0


def test_a_scan_by_script_is_answered_in_place(county: County) -> None:
    loan, client = county.on_loan(county.commode()), staff(county)
    asset = loan.asset
    assert asset is not None
    told = step(client, asset.number, "k", answer=CHOSEN).json()
    assert (told["ok"], told["tone"], told["icon"], told["word"]) == (True, "good", "✔", "Done")
    assert told["sentence"].startswith(f"{asset} is back")
    assert told["sentence"] in told["list"]
    assert state_of(asset) == AssetState.QUARANTINE
    again = step(client, asset.number, "k", answer=CHOSEN).json()
    assert (again["sentence"], Scan.objects.count()) == (told["sentence"], 1)
    assert Scan.objects.get().by == "user:sam"


def test_a_scan_without_script_brings_the_page_back_with_its_answer(county: County) -> None:
    loan, client = county.on_loan(county.commode()), staff(county)
    page = client.get(RETURN)
    form = {"code": loan.asset, "key": page.context["key"], "ask-condition": "worn", "ask-infection": "soiled"}
    answer = client.post(f"{RETURN}step/", form, follow=True)
    assert answer.redirect_chain[0][0].startswith(f"{RETURN}?last=")
    assert f"{loan.asset} is back" in answer.content.decode()
    assert {f.ask.name: f.value for f in answer.context["fields"]} == {"condition": "worn", "infection": "soiled"}


def test_choices_stay_for_the_session_but_what_was_declared_of_a_return_is_asked_anew(county: County) -> None:
    """Rule 3: yesterday's "none known" must not be said of what comes back today."""
    client = staff(county)
    step(client, "DO/CONDITION/DAMAGED", "k")
    step(client, "DO/RESULT/PASS", "l", "test")
    assert {f.ask.name: f.value for f in client.get(RETURN).context["fields"]} == {"condition": "", "infection": ""}
    fields = client.get("/admin/scan/test/").context["fields"]
    assert {f.ask.name: f.value for f in fields}["result"] == "pass"


def test_a_question_waits_with_its_code(county: County) -> None:
    asset, client = county.new(county.hoist()), staff(county)
    told = step(client, asset.number, "k", "test", answer={"kind": "loler", "result": "fail"}).json()
    assert (told["ask"], told["again"]) == ("defects", asset.number)
    page = client.get(f"/admin/scan/test/?last={Scan.objects.get().pk}")
    assert (page.context["asked"], page.context["waiting_code"]) == ("defects", asset.number)


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '{"code": "1", "key": ""}', '{"code": "1", "answer": 3}'])
def test_nonsense_is_refused(county: County, body: str) -> None:
    answer = staff(county).post(f"{RETURN}step/", body, content_type="application/json")
    assert answer.status_code in (200, 409)
    assert Scan.objects.count() == 0


def test_the_store_is_chosen_once_where_there_are_several(county: County) -> None:
    from tests.equipment.scanning.worker import second_store

    north, client = second_store(county), staff(county)
    loan = county.on_loan(county.commode())
    assert "Choose the store" in step(client, str(loan.asset), "k1", answer=CHOSEN).json()["sentence"]
    assert step(client, str(loan.asset), "k2", store=str(north.pk), answer=CHOSEN).json()["ok"]
    assert Asset.objects.get(pk=loan.asset_id).store == north


def test_another_organisations_asset_is_not_known(county: County) -> None:
    asset, client = county.new(county.commode(), owner=county.other), staff(county)
    told = step(client, asset.number, "k", answer=CHOSEN).json()
    assert (told["ok"], state_of(asset)) == (False, AssetState.AVAILABLE)
    assert "We have no asset" in told["sentence"]


def test_what_a_role_may_not_do_is_neither_shown_nor_done(county: County) -> None:
    """The card: a store assistant neither cleans nor condemns, and the door refuses what is sent all the same."""
    asset = county.dirty(county.commode())
    client = signed_in(user("ada", county.provider, STORE_ASSISTANTS))
    card = client.get("/admin/scan/", {"code": asset.number}).context["card"]
    assert {offer.doing.name for offer in [*card.next, *card.trouble]} == {"repair", "hold", "lose"}
    sent = {"move": "begin_clean", "number": asset.number, "prefix": "begin_clean", "seen": card.seen}
    answer = client.post("/admin/scan/", sent)
    assert (answer.status_code, state_of(asset)) == (409, AssetState.QUARANTINE)
    assert "ask somebody who does it" in answer.context["problem"]


def test_a_command_leads_from_the_card_to_a_way_of_working(county: County) -> None:
    client = staff(county)
    assert client.get("/admin/scan/", {"code": "DO/MODE/WASH"}).headers["Location"] == "/admin/scan/wash/"
    assert client.get("/admin/scan/", {"code": "DO/MODE/NONSENSE"}).headers["Location"] == "/admin/scan/"


def test_webassembly_runs_on_the_scan_page_only(county: County) -> None:
    client = staff(county)
    scripts = [client.get(path).headers["Content-Security-Policy"] for path in (RETURN, "/admin/scan/", "/admin/")]
    assert ["'wasm-unsafe-eval'" in policy for policy in scripts] == [True, True, False]


def test_what_no_keyboard_can_send_is_refused_and_never_an_error(county: County) -> None:
    loan, client = county.on_loan(county.commode()), staff(county)
    number = str(loan.asset)
    assert step(client, number, "a\0b").status_code == 409
    assert step(client, number, "\ud800").status_code == 409
    assert step(client, f"{number[:3]}\0{number[3:]}", "k1").json()["tone"] == "bad"
    assert step(client, "\ud800", "k2").json()["tone"] == "bad"
    assert step(client, number, "k3", answer={**CHOSEN, "note": "x" * 5000}).status_code == 409
    assert client.post(f"{RETURN}step/", "[" * 9000, content_type="application/json").status_code == 200
    assert step(client, "", "k4", "wash", answer={"method": "a\0b", "agent": "\ud800"}).status_code == 200
    assert client.get(f"{RETURN}?last=²").status_code == 200
    assert client.get("/admin/scan/?code=a%00b").status_code == 200
    assert state_of(loan.asset) == AssetState.ON_LOAN


def test_a_lot_number_too_long_for_the_record_is_refused(county: County) -> None:
    asset, client = county.dirty(county.commode()), staff(county)
    answer = {"method": "sporicidal", "agent": "Chlor-Tabs", "lot": "7" * 41}
    told = step(client, asset.number, "k", "wash", answer=answer).json()
    assert (told["tone"], told["ask"]) == ("bad", "lot")
    assert state_of(asset) == AssetState.QUARANTINE
