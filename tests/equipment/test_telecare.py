"""Telecare from its setting up to its going live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from equipment import loans, sims, telecare, telecare_facts, telecare_returns
from equipment.errors import Invalid, Missing, Refused
from equipment.models import FloorEvent, Installation, Sim, TestCall, Trigger
from equipment.words import Connectivity, Line, Protocol
from tests import telecare_homes as homes
from tests.county import BY, LONG_AGO, TUESDAY, County
from tests.telecare_homes import INSTALLING, MINUTE

pytestmark = pytest.mark.django_db


def codes(installation: Installation) -> list[str]:
    return [reason.code for reason in telecare_facts.unheard(installation)]


# Set up ---------------------------------------------------------------------------------------------------------------


def test_a_hub_is_set_up_on_the_van_to_its_person_with_its_own_button_as_first_trigger(county: County) -> None:
    person = county.person()
    county.address(person)
    held = homes.loaded(county, homes.hub(county), person)
    assert held.asset is not None
    made = homes.begin(held.asset, person)
    assert (made.state, made.account, made.started_at) == ("installing", "A-100", INSTALLING)
    assert list(made.triggers.values_list("kind", "asset")) == [("button", None)]
    event = FloorEvent.objects.get(subject="installation", subject_id=made.pk)
    assert (event.verb, event.facts) == ("begin", {"asset": held.asset.number, "line": "broadband"})


def test_only_a_hub_with_this_person_is_set_up_for_them(county: County) -> None:
    """Rule 38: a hub in stock, or on the way to somebody else, is not registered at the centre."""
    person, other = county.person(), county.person()
    county.address(person), county.address(other)
    shelf = county.new(homes.hub(county, "SHELF"))
    theirs = homes.loaded(county, homes.hub(county), other)
    chair = county.on_loan(county.product("CHAIR"), person).asset
    assert theirs.asset is not None
    assert chair is not None
    for asset, code in ((shelf, "not_with_person"), (theirs.asset, "not_with_person"), (chair, "not_a_hub")):
        with pytest.raises(Refused) as refusal:
            homes.begin(asset, person)
        assert refusal.value.code == code
    assert Installation.objects.count() == 0


@pytest.mark.parametrize(
    ("connectivity", "line", "protocol", "code"),
    [
        (Connectivity.ANALOGUE, Line.DIGITAL, Protocol.DTMF, "wrong_line"),
        (Connectivity.ANALOGUE, Line.ANALOGUE, Protocol.SCAIP, "wrong_protocol"),
        (Connectivity.IP, Line.ANALOGUE, Protocol.NOW_IP, "wrong_line"),
        (Connectivity.IP, Line.MOBILE, Protocol.NOW_IP, "wrong_line"),
        (Connectivity.IP, Line.BROADBAND, Protocol.DTMF, "wrong_protocol"),
        (Connectivity.MOBILE, Line.BROADBAND, Protocol.NOW_IP, "wrong_line"),
        (Connectivity.MOBILE, Line.MOBILE, Protocol.NOW_IP, "no_sim"),
        ("", Line.BROADBAND, Protocol.NOW_IP, "connectivity_unknown"),
    ],
)
def test_a_hub_that_could_not_reach_the_centre_over_this_line_is_not_set_up(
    county: County, connectivity: str, line: str, protocol: str, code: str
) -> None:
    """Rule 38: hub, line and protocol fit each other, or nothing is registered."""
    person = county.person()
    county.address(person)
    held = homes.loaded(county, homes.hub(county, connectivity=connectivity), person)
    assert held.asset is not None
    with pytest.raises((Invalid, Refused)) as refusal:
        homes.begin(held.asset, person, line=line, protocol=protocol)
    assert refusal.value.code == code
    assert (Installation.objects.count(), Trigger.objects.count()) == (0, 0)


def test_an_analogue_hub_is_not_set_up_from_the_switch_off_on(county: County, settings: Any) -> None:
    """Rule 38: from the day the analogue lines end, such a hub would call nobody."""
    person = county.person()
    county.address(person)
    held = homes.loaded(county, homes.hub(county, connectivity=Connectivity.ANALOGUE), person)
    assert held.asset is not None
    over = {"line": Line.ANALOGUE, "protocol": Protocol.DTMF}
    settings.SERVICE = settings.SERVICE | {"ANALOGUE_SWITCH_OFF": INSTALLING.date()}
    with pytest.raises(Refused) as refusal:
        homes.begin(held.asset, person, **over)
    assert (refusal.value.code, Installation.objects.count()) == ("analogue_only", 0)
    settings.SERVICE = settings.SERVICE | {"ANALOGUE_SWITCH_OFF": INSTALLING.date() + timedelta(days=1)}
    assert homes.begin(held.asset, person, **over).line == "analogue_line"


def test_a_hub_is_installed_once_and_an_account_belongs_to_one_home(county: County) -> None:
    made = homes.installing(county)
    for hub, person, account, code in (
        (made.hub, made.person, "A-101", "installed_already"),
        (None, None, "A-100", "account_taken"),
    ):
        somebody = person or county.person()
        if hub is None:
            county.address(somebody)
            hub = homes.loaded(county, homes.hub(county), somebody).asset
        with pytest.raises(Refused) as refusal:
            homes.begin(hub, somebody, account=account)
        assert refusal.value.code == code
    assert Installation.objects.count() == 1
    assert homes.begin(hub, somebody, account="A-100", centre=homes.centre("other")).account == "A-100"


def test_the_sim_is_switched_on_with_the_installation_and_not_before(county: County) -> None:
    """Rule 38: a SIM may be active only with an installation."""
    person = county.person()
    county.address(person)
    hub = homes.loaded(county, homes.hub(county, connectivity=Connectivity.MOBILE), person).asset
    assert hub is not None
    sim = sims.add("8944 1100 0000 0000 001", "Roamer", hub=hub, by=BY, at=LONG_AGO)
    assert sim.state == "suspended"
    homes.begin(hub, person, line=Line.MOBILE)
    sim.refresh_from_db()
    assert sim.state == "active"
    with pytest.raises(Refused) as refusal:
        sims.suspend(sim, by=BY, at=TUESDAY)
    assert refusal.value.code == "still_live"
    assert Sim.objects.get().state == "active"


def test_a_sim_goes_into_a_hub_that_takes_one_and_has_none(county: County) -> None:
    hub, wired = county.new(homes.hub(county)), county.new(homes.hub(county, "WIRED", connectivity=Connectivity.IP))
    sims.add("894411000000000001", "Roamer", hub=hub, by=BY, at=LONG_AGO)
    for iccid, into, code in (
        ("894411000000000001", None, "iccid_known"),
        ("12", None, "iccid"),
        ("894411000000000002", hub, "has_a_sim"),
        ("894411000000000002", wired, "takes_no_sim"),
    ):
        with pytest.raises((Invalid, Refused)) as refusal:
            sims.add(iccid, "Roamer", hub=into, by=BY, at=LONG_AGO)
        assert refusal.value.code == code
    assert Sim.objects.count() == 1


# Pair -----------------------------------------------------------------------------------------------------------------


def test_what_is_paired_is_this_persons_and_paired_once(county: County) -> None:
    made = homes.installing(county)
    mine = made.triggers.get(kind="pendant").asset
    other = county.on_loan(homes.pendant(county, "PENDANT-2")).asset
    for kind, given, code in (
        ("pendant", {"asset": mine}, "paired_already"),
        ("pendant", {"asset": other}, "not_with_person"),
        ("pendant", {"asset": made.hub}, "not_a_trigger"),
        ("smoke", {}, "radio_id"),
        ("smoke", {"radio_id": "77"}, "radio_id_taken"),
        ("button", {"radio_id": "78"}, "kind"),
    ):
        with pytest.raises((Invalid, Refused)) as refusal:
            telecare.pair(made, kind, by=BY, at=TUESDAY, **given)
        assert refusal.value.code == code
    assert made.triggers.count() == 2
    assert telecare.pair(made, "smoke", radio_id="79", room="hall", by=BY, at=TUESDAY).asset is None


# Live -----------------------------------------------------------------------------------------------------------------


def test_not_live_until_the_centre_has_heard_every_trigger(county: County) -> None:
    """Rule 38: programmed, tried, and each trigger's own test call acknowledged; then live, once."""
    made = homes.installing(county)
    button, pendant = made.triggers.order_by("pk")
    assert codes(made) == ["not_programmed", "range_not_tried", "not_heard", "not_heard"]
    with pytest.raises(Refused) as early:
        telecare.call(button, by=BY, at=INSTALLING)
    assert (early.value.code, TestCall.objects.count()) == ("not_programmed", 0)
    homes.ready(made)
    for trigger in (button, pendant):
        with pytest.raises(Refused) as refusal:
            telecare.go_live(made, by=BY, at=INSTALLING)
        assert refusal.value.code == "not_heard"
        assert "Pendant" in refusal.value.detail
        call = telecare.call(trigger, by=BY, at=INSTALLING + MINUTE)
        telecare.acknowledge(call, heard_by="Jo", by=BY, at=INSTALLING + MINUTE)
    assert codes(made) == []
    assert telecare.go_live(made, by=BY, at=TUESDAY).live_at == TUESDAY
    assert telecare.go_live(made, by=BY, at=TUESDAY + MINUTE).live_at == TUESDAY


def test_the_latest_call_counts_and_a_call_made_before_the_pairing_does_not(county: County) -> None:
    """Rule 38: a trigger that called again and was not heard is not heard."""
    made = homes.ready(homes.installing(county))
    homes.heard(made)
    pendant = made.triggers.get(kind="pendant")
    again = telecare.call(pendant, by=BY, at=INSTALLING + 2 * MINUTE)
    assert codes(made) == ["not_heard"]
    telecare.acknowledge(again, heard_by="Jo", by=BY, at=INSTALLING + 3 * MINUTE)
    assert codes(made) == []
    Trigger.objects.filter(pk=pendant.pk).update(paired_at=INSTALLING + 5 * MINUTE)
    assert codes(made) == ["not_heard"]


def test_a_call_is_acknowledged_by_name_and_once(county: County) -> None:
    made = homes.ready(homes.installing(county))
    call = telecare.call(made.triggers.first(), by=BY, at=INSTALLING)
    with pytest.raises(Invalid) as refusal:
        telecare.acknowledge(call, heard_by=" ", by=BY, at=INSTALLING)
    assert refusal.value.facts["field"] == "heard_by"
    assert TestCall.objects.get().acknowledged_at is None
    telecare.acknowledge(call, heard_by="Jo", by=BY, at=INSTALLING)
    again = telecare.acknowledge(call, heard_by="Ray", by=BY, at=TUESDAY)
    assert (again.heard_by, again.acknowledged_at, again.by_api) == ("Jo", INSTALLING, False)


def test_a_trigger_paired_later_with_a_live_hub_is_not_heard_until_its_own_call(county: County) -> None:
    """Rule 38: the hub stays live, the new trigger is not in service."""
    made = homes.live(county)
    later = homes.loaded(county, homes.pendant(county, "SMOKE"), made.person)
    loans.deliver(later, made.address, by=BY, at=LONG_AGO)
    assert later.asset is not None
    smoke = telecare.pair(made, "smoke", asset=later.asset, by=BY, at=TUESDAY)
    held = {made.hub_id, later.asset.pk, made.triggers.get(kind="pendant").asset_id}
    assert codes(made) == ["not_heard"]
    assert telecare_facts.in_service(held) == {(pk, made.person_id) for pk in held - {later.asset.pk}}
    call = telecare.call(smoke, by=BY, at=TUESDAY)
    telecare.acknowledge(call, heard_by="Jo", by=BY, at=TUESDAY)
    assert telecare_facts.in_service(held) == {(pk, made.person_id) for pk in held}


def test_a_hub_that_is_not_handed_over_does_not_go_live(county: County) -> None:
    """Rule 38: on the van nobody can rely on it."""
    person = county.person()
    county.address(person)
    hub = homes.loaded(county, homes.hub(county), person).asset
    assert hub is not None
    made = homes.ready(homes.begin(hub, person))
    homes.heard(made)
    with pytest.raises(Refused) as refusal:
        telecare.go_live(made, by=BY, at=TUESDAY)
    made.refresh_from_db()
    assert (refusal.value.code, made.state) == ("not_delivered", "installing")


# What the centre says -------------------------------------------------------------------------------------------------


def hear(made: Installation, **given: Any) -> TestCall:
    known = {"heard_by": "Jo", "reference": "C-1", "by": "api:centre", "at": TUESDAY}
    return telecare.hear(made.centre, made.account, **known | given)


def test_the_centre_acknowledges_the_call_that_waits_or_one_it_really_heard(county: County) -> None:
    """Rule 38: said by the centre itself, by account and radio id; the same reference twice is one call."""
    made = homes.ready(homes.installing(county))
    waiting = telecare.call(made.triggers.get(kind="pendant"), by=BY, at=INSTALLING)
    first = hear(made, radio_id="77")
    assert (first.pk, first.by_api, first.heard_by, first.reference) == (waiting.pk, True, "Jo", "C-1")
    assert hear(made, radio_id="77").pk == first.pk
    button = hear(made, reference="C-2")
    assert (button.trigger.kind, button.acknowledged_at) == ("button", TUESDAY)
    assert hear(made, reference="C-2").pk == button.pk
    assert (TestCall.objects.count(), codes(made)) == (2, [])


def test_the_centre_names_its_own_account_a_trigger_of_it_and_a_time_that_can_be(county: County) -> None:
    made = homes.ready(homes.installing(county))
    waiting = telecare.call(made.triggers.get(kind="pendant"), by=BY, at=TUESDAY)
    telecare.pair(made, "smoke", radio_id="80", by=BY, at=INSTALLING)
    telecare.pair(made, "smoke", radio_id="81", by=BY, at=INSTALLING)
    for given, error, code in (
        ({"radio_id": "9"}, Missing, "no_such_trigger"),
        ({"kind": "smoke"}, Invalid, "which_trigger"),
        ({"called_at": INSTALLING - timedelta(hours=1)}, Invalid, "called_at"),
        ({"called_at": TUESDAY + timedelta(hours=1)}, Invalid, "called_at"),
        ({"radio_id": "77", "called_at": TUESDAY - timedelta(hours=1)}, Invalid, "called_at"),
    ):
        with pytest.raises(error) as refusal:
            hear(made, **given)
        assert refusal.value.code == code
    with pytest.raises(Missing):
        telecare.hear(homes.centre("other"), made.account, heard_by="X", reference="1", by="api", at=TUESDAY)
    waiting.refresh_from_db()
    assert (TestCall.objects.count(), waiting.acknowledged_at) == (1, None)


def test_after_the_end_nothing_more_is_done_to_an_installation(county: County) -> None:
    made = homes.live(county)
    trigger = made.triggers.get(kind="pendant")
    telecare_returns.deactivate(made, confirmed_by="Jo", reason="moved", by=BY, at=TUESDAY)
    for verb in (
        lambda: telecare.programme(made, by=BY, at=TUESDAY),
        lambda: telecare.call(trigger, by=BY, at=TUESDAY),
        lambda: telecare.pair(made, "smoke", radio_id="5", by=BY, at=TUESDAY),
        lambda: telecare.agree(made, free_until=None, by=BY, at=TUESDAY),
    ):
        with pytest.raises(Refused) as refusal:
            verb()
        assert refusal.value.code == "installation_ended"


def test_a_free_period_ends_ahead_and_says_what_then(county: County) -> None:
    made = homes.live(county)
    ends = TUESDAY.date() + timedelta(days=84)
    for given, field in (
        ({"free_until": TUESDAY.date() - timedelta(days=1)}, "free_until"),
        ({"free_until": None, "after_free": "charge"}, "free_until"),
        ({"free_until": ends, "after_free": "forget"}, "after_free"),
    ):
        with pytest.raises(Invalid) as refusal:
            telecare.agree(made, by=BY, at=TUESDAY, **given)
        assert refusal.value.facts["field"] == field
    telecare.agree(made, free_until=ends, after_free="collect", by=BY, at=TUESDAY)
    made.refresh_from_db()
    assert (made.free_until, made.after_free) == (ends, "collect")


def test_who_still_has_an_analogue_hub_is_listed(county: County) -> None:
    """Rule 38: everybody whose hub knows an analogue line only, within the organisations asked for."""
    old = homes.hub(county, "OLD", connectivity=Connectivity.ANALOGUE)
    loan = county.on_loan(old)
    homes.live(county)
    assert list(telecare_facts.analogue(None)) == [loan]
    assert list(telecare_facts.analogue([county.council.pk])) == [loan]
    assert list(telecare_facts.analogue([county.other.pk])) == []
