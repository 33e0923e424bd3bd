"""The pages of wash runs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from equipment import decontamination
from equipment.models import Asset, Decontamination, Repair, WashRun
from equipment.roles import DECONTAMINATION_TECHNICIANS, STORE_ASSISTANTS
from equipment.states import AssetState, Infection
from tests.county import BY, TUESDAY, County, state_of
from tests.equipment.admin.rows import signed_in, user

pytestmark = pytest.mark.django_db
RUNS = "/admin/equipment/washrun/"


def technician(county: County) -> Client:
    return signed_in(user("dee", county.provider, DECONTAMINATION_TECHNICIANS))


def running(county: County, **given: Any) -> WashRun:
    given = {"method": "chlorine_1000", "agent": "Chlor-Tabs", "lot": "L-77", "hold_minutes": 0, **given}
    return decontamination.start_run(county.store, by=BY, at=TUESDAY, **given)


def filled(county: County, *assets: Asset) -> WashRun:
    run = running(county)
    for asset in assets:
        decontamination.add(run, asset, by=BY, at=TUESDAY)
    return run


def do(client: Client, run: WashRun, verb: str, **given: str) -> Any:
    return client.post(reverse("admin:equipment_washrun_verb", args=[run.pk, verb]), given)


def test_a_run_is_started_from_the_list_and_leads_to_its_page(county: County) -> None:
    client = technician(county)
    assert "Start a run" in client.get(RUNS).content.decode()
    form = {"store": county.store.pk, "method": "sporicidal", "agent": "Spor-X", "lot": "S-9", "hold_minutes": ""}
    answer = client.post(f"{RUNS}do/start/", form)
    run = WashRun.objects.get()
    assert answer["Location"] == f"{RUNS}{run.pk}/change/"
    assert (run.method, run.lot, run.operator, run.hold_minutes) == ("sporicidal", "S-9", "user:dee", 10)


def test_things_are_put_in_by_their_number(county: County) -> None:
    client, run, asset = technician(county), running(county), county.dirty(county.commode())
    assert do(client, run, "add", number=asset.number).status_code == 302
    assert state_of(asset) == AssetState.DECONTAMINATING
    page = client.get(f"{RUNS}{run.pk}/change/").content.decode()
    assert f'href="{reverse("admin:equipment_washrun_verb", args=[run.pk, "add"])}"' in page  # asked, not yet sent
    assert asset.number in page
    unknown = do(client, run, "add", number="nonsense")
    assert (unknown.status_code, "We have no asset" in unknown.content.decode()) == (400, True)


def test_a_refusal_is_said_above_the_form_and_changes_nothing(county: County) -> None:
    client, run = technician(county), running(county)
    asset = county.dirty(county.commode(), infection=Infection.SPORE_FORMING)
    answer = do(client, run, "add", number=asset.number)
    assert (answer.status_code, "Sporicidal" in answer.content.decode()) == (409, True)
    assert state_of(asset) == AssetState.QUARANTINE


def test_what_is_taken_out_is_chosen_from_what_is_in(county: County) -> None:
    asset = county.dirty(county.commode())
    run, client = filled(county, asset), technician(county)
    assert do(client, run, "take_out", asset="0", reason="x").status_code == 400
    assert do(client, run, "take_out", asset=str(asset.pk), reason="wrong trolley").status_code == 302
    assert state_of(asset) == AssetState.QUARANTINE


def test_a_run_is_ended_with_what_failed(county: County) -> None:
    clean, broken = county.dirty(county.product("A")), county.dirty(county.product("B"))
    run, client = filled(county, clean, broken), technician(county)
    page = client.get(reverse("admin:equipment_washrun_verb", args=[run.pk, "end"]))
    assert clean.number in page.content.decode()
    given = {f"then_{clean.pk}": "", f"then_{broken.pk}": "repair"}
    unsaid = do(client, run, "end", **given)
    assert (unsaid.status_code, Decontamination.objects.filter(run=run).count()) == (409, 0)
    assert do(client, run, "end", **given, **{f"note_{broken.pk}": "castor seized"}).status_code == 302
    assert [state_of(clean), state_of(broken)] == [AssetState.DECONTAMINATED, AssetState.REPAIR]
    assert Repair.objects.get().fault == "castor seized"
    ended = client.get(f"{RUNS}{run.pk}/change/")
    assert ended.context["verbs"] == []
    links = [reverse("admin:labels_wash", args=[run.pk]), reverse("admin:labels_status", args=[clean.number])]
    assert all(link in ended.content.decode() for link in links)
    assert reverse("admin:labels_status", args=[broken.number]) not in ended.content.decode()


def test_an_empty_run_is_closed_by_a_button(county: County) -> None:
    client, run = technician(county), running(county)
    shown = [verb.name for verb in client.get(f"{RUNS}{run.pk}/change/").context["verbs"]]
    assert shown == ["add", "abandon"]
    assert do(client, run, "abandon").status_code == 302
    run.refresh_from_db()
    assert run.ended_at == TUESDAY


def test_who_does_not_clean_sees_runs_and_no_buttons(county: County) -> None:
    asset = county.dirty(county.commode())
    run, client = filled(county, asset), signed_in(user("al", county.provider, STORE_ASSISTANTS))
    assert client.get(f"{RUNS}{run.pk}/change/").context["verbs"] == []
    assert do(client, run, "end").status_code == 403
    assert state_of(asset) == AssetState.DECONTAMINATING


def test_runs_of_other_organisations_do_not_exist(county: County) -> None:
    run = running(county)
    client = signed_in(user("far", county.other, DECONTAMINATION_TECHNICIANS))
    assert list(client.get(RUNS).context["cl"].result_list) == []
    assert do(client, run, "abandon").status_code == 404
    form = {"store": county.store.pk, "method": "sporicidal", "agent": "A", "lot": "1"}
    assert client.post(f"{RUNS}do/start/", form).status_code == 400


def test_somebody_elses_asset_is_not_put_into_our_run(county: County) -> None:
    asset, run = county.dirty(county.commode()), running(county)
    Asset.objects.filter(pk=asset.pk).update(owner=county.other)
    answer = do(technician(county), run, "add", number=asset.number)
    assert (answer.status_code, state_of(asset)) == (400, AssetState.QUARANTINE)
