"""The pages of telecare: acknowledged by hand, deactivated, unpaired, wiped; SIMs and key holders."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from equipment import receiving, sims, telecare
from equipment.models import HubReset, Installation, KeyHolder, Sim, TestCall
from equipment.roles import DISCHARGE_TEAM, STORE_ASSISTANTS, TEST_TECHNICIANS
from equipment.words import Connectivity
from tests import telecare_homes as homes
from tests.county import BY, TUESDAY, County
from tests.equipment.admin.rows import manager, signed_in, user

pytestmark = pytest.mark.django_db
INSTALLATIONS = "/admin/equipment/installation/"


def coordinator(county: County) -> Client:
    return signed_in(user("cora", county.council, DISCHARGE_TEAM))


def do(client: Client, row: Any, verb: str, **given: Any) -> Any:
    model = row._meta.model_name
    return client.post(reverse(f"admin:equipment_{model}_verb", args=[row.pk, verb]), given)


def test_what_the_centre_said_on_the_phone_is_written_down_by_hand_and_it_goes_live(county: County) -> None:
    """Rule 38: acknowledged call by call; going live before is refused in words."""
    made, client = homes.ready(homes.installing(county)), coordinator(county)
    page = client.get(f"{INSTALLATIONS}{made.pk}/change/").content.decode()
    assert "The alarm centre has not heard: Button on the hub." in page
    refused = client.post(reverse("admin:equipment_installation_verb", args=[made.pk, "go_live"]), follow=True)
    assert "The alarm centre has not heard" in refused.content.decode()
    for trigger in made.triggers.all():
        call = telecare.call(trigger, by=BY, at=TUESDAY)
        assert do(client, made, "acknowledge", call=call.pk, heard_by="Jo").status_code == 302
    assert [call.by_api for call in TestCall.objects.all()] == [False, False]
    do(client, made, "go_live")
    made.refresh_from_db()
    assert (made.state, made.live_at) == ("live", TUESDAY)


def test_deactivated_unpaired_and_wiped_from_the_pages_in_that_order(county: County) -> None:
    """Rule 38: who may see the hub wipes it, whose duty it is, and not before its account is closed."""
    made, boss = homes.live(county), manager(county)
    receiving.take_back(made.hub, county.store, by=BY, at=TUESDAY)
    wipe = {"number": made.hub.number, "method": "Reset at the bench", "firmware": "4.2"}
    path = "/admin/equipment/hubreset/do/wipe/"
    assert boss.post(path, wipe).status_code == 409
    assert do(boss, made, "deactivate", confirmed_by="", reason="Collected").status_code == 400
    assert do(boss, made, "deactivate", confirmed_by="Jo", reason="Collected").status_code == 302
    do(boss, made, "unpair_all")
    assert HubReset.objects.count() == 0
    assistant = signed_in(user("al", county.provider, STORE_ASSISTANTS))
    assert assistant.post(path, wipe).status_code == 403
    technician = signed_in(user("fay", county.provider, TEST_TECHNICIANS))
    assert technician.post(path, wipe).status_code == 302
    assert HubReset.objects.get().by == "user:fay"


def test_who_may_not_change_an_installation_sees_no_button(county: County) -> None:
    made, assistant = homes.live(county), signed_in(user("al", county.provider, STORE_ASSISTANTS))
    page = assistant.get(f"{INSTALLATIONS}{made.pk}/change/")
    assert (page.status_code, page.context["verbs"]) == (200, [])
    assert do(assistant, made, "deactivate", confirmed_by="Jo", reason="x").status_code == 403
    made.refresh_from_db()
    assert made.state == "live"


def test_another_organisations_homes_are_not_there(county: County) -> None:
    made = homes.live(county)
    stranger = signed_in(user("sly", county.other, DISCHARGE_TEAM))
    assert made.hub.number not in stranger.get(INSTALLATIONS).content.decode()
    assert do(stranger, made, "deactivate", confirmed_by="Jo", reason="x").status_code == 404
    assert stranger.get("/admin/equipment/keyholder/").status_code == 200


def test_analogue_hubs_are_a_list_and_a_file(county: County) -> None:
    """Rule 38: who still has one, on the page of loans and as CSV, and nobody else."""
    old = county.on_loan(homes.hub(county, "OLD", connectivity=Connectivity.ANALOGUE))
    made, boss = homes.live(county), manager(county)
    listed = boss.get("/admin/equipment/loan/", {"loans": "analogue"}).content.decode()
    assert str(old.asset) in listed
    assert made.hub.number not in listed
    file = boss.get("/admin/equipment/loan/export/csv/", {"loans": "analogue"})
    text = b"".join(file.streaming_content).decode()
    assert (str(old.asset) in text, made.hub.number in text, text.count("\n")) == (True, False, 2)
    everything = b"".join(boss.get(f"{INSTALLATIONS}export/csv/").streaming_content).decode()
    assert made.hub.number in everything


def test_a_sim_is_added_fitted_and_taken_out(county: County) -> None:
    hub, boss = county.new(homes.hub(county)), manager(county)
    added = boss.post("/admin/equipment/sim/do/add/", {"iccid": "8944 1100 0000 0000 001", "network": "Roamer"})
    sim = Sim.objects.get()
    assert added["Location"] == f"/admin/equipment/sim/{sim.pk}/change/"
    do(boss, sim, "fit", number=hub.number)
    sim.refresh_from_db()
    assert sim.asset == hub
    do(boss, sim, "take_out")
    do(boss, sim, "end", reason="Cancelled")
    sim.refresh_from_db()
    assert (sim.asset, sim.state) == (None, "ended")
    other = signed_in(user("sly", county.other, STORE_ASSISTANTS))
    sims.add("894411000000000002", "Roamer", hub=hub, by=BY, at=TUESDAY)
    assert "894411000000000002" not in other.get("/admin/equipment/sim/").content.decode()


def test_a_key_holder_is_added_by_the_persons_reference(county: County) -> None:
    person, cora = county.person(), coordinator(county)
    given = {"person": "nobody", "name": "Mo", "phone": "1", "consent_taken_by": "R. Hallam"}
    assert cora.post("/admin/equipment/keyholder/do/add/", given).status_code == 400
    assert KeyHolder.objects.count() == 0
    cora.post("/admin/equipment/keyholder/do/add/", {**given, "person": str(person.reference)})
    holder = KeyHolder.objects.get()
    do(cora, holder, "verify")
    do(cora, holder, "end")
    holder.refresh_from_db()
    assert (holder.person, holder.ended_at) == (person, TUESDAY)


def test_the_list_of_installations_costs_the_same_however_long(county: County) -> None:
    boss, counts = manager(county), []
    for number in range(3):
        homes.installing(county, account=f"A-{number}")
        boss.get(INSTALLATIONS)
        with CaptureQueriesContext(connection) as asked:
            assert boss.get(INSTALLATIONS).status_code == 200
        counts.append(len(asked))
    assert (Installation.objects.count(), counts[0]) == (3, counts[2])
