"""Telecare at the door when it is not the first hub: exchanges, triggers that stay, counted triggers (rule 38)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from equipment import clock, key_holders, telecare, telecare_returns
from equipment.errors import Invalid
from equipment.models import Asset, Installation, Loan, Person
from equipment.words import Use
from logistics import bereavement, doors, exchanges, installs, ordering, routes
from logistics.doors import Collected, Proof
from logistics.models import FollowUp, Visit
from tests import telecare_homes as homes
from tests.county import BY, TUESDAY, County
from tests.logistics.driver import rows
from tests.logistics.driver.rows import SEVEN

pytestmark = pytest.mark.django_db
DONE = Proof("Mrs Other", fitted=True, demonstrated=True)
CHASED = TUESDAY + timedelta(days=1)


def bring(county: County, made: Installation, code: str, quantity: int = 1) -> Visit:
    """This, ordered for the home of that hub, and at its door."""
    item = ordering.Item(code, quantity)
    request = ordering.Request((item,), county.prescriber, county.council, None, made.address)
    order = ordering.place(request, by=BY, at=TUESDAY)
    return at_the_door(county, Visit.objects.get(activities__line__order=order))


def at_the_door(county: County, visit: Visit) -> Visit:
    route = rows.plan(county, [visit])
    for item in routes.load_list(route):
        if item.reservation.asset is not None:
            routes.load(route, scanned=item.reservation.asset.number, by=BY, at=SEVEN)
    routes.load_counted(route, by=BY, at=SEVEN)
    routes.set_out(route, by=BY, at=SEVEN)
    doors.arrive(visit, by=BY, at=SEVEN)
    return visit


def missing(visit: Visit, proof: Proof = DONE) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        doors.finish(visit, proof, by=BY, at=SEVEN)
    visit.refresh_from_db()
    assert (refusal.value.code, visit.state) == ("not_heard", "arrived")
    found: list[str] = refusal.value.facts["missing"]
    return found


class Exchange:
    """A live hub with a pendant; at the door with another hub instead of it."""

    def __init__(self, county: County) -> None:
        self.old = homes.live(county)
        self.new: Asset = county.new(self.old.hub.product)
        self.pendant = self.old.triggers.get(kind="pendant").asset
        loan = Loan.objects.get(asset=self.old.hub)
        visit = exchanges.raise_exchange(loan, by=BY, at=TUESDAY, reason="Its battery fails")
        assert visit is not None
        self.visit = at_the_door(county, visit)
        fetched = self.visit.activities.get(loan=loan)
        self.proof = Proof("Mrs Other", True, True, {fetched.pk: Collected()})

    def swap(self) -> Installation:
        telecare_returns.deactivate(self.old, confirmed_by="Jo", reason="exchanged", by=BY, at=SEVEN)
        made = homes.ready(homes.begin(self.new, self.old.person, at=SEVEN), at=SEVEN)
        homes.heard(made, at=SEVEN)
        return made


def test_a_pendant_that_stays_is_paired_with_the_new_hub_before_the_old_one_goes(county: County) -> None:
    """Rule 38: after an exchange nobody wears a pendant that calls nobody."""
    home = Exchange(county)
    made = home.swap()
    here = "is here already and not paired: pair it, or tell the depot it is gone."
    assert missing(home.visit, home.proof) == [f"Pendant {home.pendant} {here}"]
    telecare.pair(made, "pendant", asset=home.pendant, by=BY, at=SEVEN)
    assert missing(home.visit, home.proof) == [f"The alarm centre has not heard: Pendant {home.pendant}."]
    homes.heard(made, at=SEVEN)
    doors.finish(home.visit, home.proof, by=BY, at=SEVEN)
    made.refresh_from_db()
    assert made.state == "live"


def test_the_stop_page_offers_a_pendant_that_stays(
    county: County, monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    """Rule 38: what has to be paired anew can be paired there."""
    monkeypatch.setattr(clock, "now", lambda: SEVEN)
    home = Exchange(county)
    made = home.swap()
    client.force_login(home.visit.stops.get(live=True).route.shift.crew.all()[0].user)
    path = f"/driver/stops/{home.visit.reference}/"
    assert f'name="asset" value="{home.pendant.pk}"' in client.get(path).content.decode()
    given = {"move": "pair", "asset": home.pendant.pk, "kind": "pendant"}
    assert client.post(f"{path}telecare/", given).status_code == 302
    assert made.triggers.get(asset=home.pendant).unpaired_at is None


def test_a_trigger_heard_by_the_hub_that_leaves_is_not_heard(county: County) -> None:
    """Rule 38: what is paired with the hub that is fetched calls nobody from then on."""
    home = Exchange(county)
    made = homes.ready(homes.begin(home.new, home.old.person, account="A-2", at=SEVEN), at=SEVEN)
    homes.heard(made, at=SEVEN)
    here = "is here already and not paired: pair it, or tell the depot it is gone."
    assert missing(home.visit, home.proof) == [f"Pendant {home.pendant} {here}"]


def test_a_trigger_alone_is_not_left_with_a_hub_that_is_not_live(county: County) -> None:
    """Rule 38: a hub at home that is only being set up would answer nothing."""
    made = homes.installing(county)
    smoke = county.new(homes.pendant(county, "SMOKE", name="Smoke detector"))
    visit = bring(county, made, "SMOKE")
    telecare.programme(made, by=BY, at=SEVEN)
    trigger = telecare.pair(made, "smoke", asset=smoke, by=BY, at=SEVEN)
    telecare.acknowledge(telecare.call(trigger, by=BY, at=SEVEN), heard_by="Jo", by=BY, at=SEVEN)
    said = missing(visit)
    assert "The range has not been tried." in said
    homes.ready(made, at=SEVEN)
    homes.heard(made, at=SEVEN)
    doors.finish(visit, DONE, by=BY, at=SEVEN)
    made.refresh_from_db()
    assert made.state == "live"


def test_counted_triggers_are_paired_and_heard_too(county: County) -> None:
    """Rule 38: without numbers of their own, as many are paired at this visit as it brings, each with its call."""
    made = homes.live(county)
    product = county.product("MAT", name="Bed mat", use=Use.TRIGGER, tracking="quantity")
    county.stock(product, 5)
    visit = bring(county, made, "MAT", 2)
    assert missing(visit) == ["Bed mat: 2 to pair, by radio id."]
    telecare.pair(made, "bed_sensor", radio_id="91", by=BY, at=SEVEN)
    assert missing(visit) == ["Bed mat: 1 to pair, by radio id.", "The alarm centre has not heard: Bed sensor 91."]
    telecare.pair(made, "bed_sensor", radio_id="92", by=BY, at=SEVEN)
    homes.heard(made, at=SEVEN)
    doors.finish(visit, DONE, by=BY, at=SEVEN)
    assert Loan.objects.filter(product=product, ended_at__isnull=True).count() == 1


def test_a_pendant_at_home_that_calls_nobody_is_seen_to(county: County) -> None:
    """Rule 38: taken off its hub and worn on; or paired and never heard since."""
    made = homes.live(county)
    pendant = made.triggers.get(kind="pendant")
    telecare_returns.unpair(pendant, by=BY, at=TUESDAY)
    assert (installs.chase(by=BY, at=CHASED), installs.chase(by=BY, at=CHASED)) == (1, 0)
    step = FollowUp.objects.get()
    assert str(pendant.asset) in step.action
    again = telecare.pair(made, "pendant", asset=pendant.asset, by=BY, at=CHASED)
    step.delete()
    assert installs.chase(by=BY, at=CHASED) == 1
    FollowUp.objects.all().delete()
    telecare.acknowledge(telecare.call(again, by=BY, at=CHASED), heard_by="Jo", by=BY, at=CHASED)
    assert installs.chase(by=BY, at=CHASED) == 0


def test_nobody_is_told_to_ring_somebody_who_has_died(county: County, settings: Any) -> None:
    """Rule 27: neither about a free period, nor key holders, nor a silent hub; only the account is to be closed."""
    made = homes.live(county)
    telecare.agree(made, free_until=date(2026, 3, 5), after_free="charge", by=BY, at=TUESDAY)
    given = {"name": "Mo", "phone": "1", "consent_taken_by": "R. Hallam"}
    key_holders.add(made.person, **given, by=BY, at=TUESDAY - timedelta(days=400))
    bereavement.died(made.person, TUESDAY.date(), by=BY, at=TUESDAY)
    raised = set(FollowUp.objects.values_list("pk", flat=True))
    assert installs.chase(by=BY, at=CHASED) == 0
    telecare_returns.deactivate(made, confirmed_by="Jo", reason="died", by=BY, at=CHASED)
    assert (installs.chase(by=BY, at=CHASED), set(FollowUp.objects.values_list("pk", flat=True))) == (0, raised)


def test_a_second_report_of_a_death_has_the_hub_deactivated_again(county: County) -> None:
    """Rules 27 and 38: after a wrong report, and whatever else is open about that hub's loan."""
    made = homes.live(county)
    person: Person = made.person
    wanted = f"Deactivate hub {made.hub} at {made.centre}: the person has died."

    def asked() -> int:
        return FollowUp.objects.filter(action=wanted, closed_at__isnull=True).count()

    bereavement.died(person, TUESDAY.date(), by=BY, at=TUESDAY)
    assert asked() == 1
    bereavement.correct_death(person, reason="A namesake", by=BY, at=TUESDAY)
    assert asked() == 0
    loan = Loan.objects.get(asset=made.hub)
    FollowUp.objects.create(
        kind="telecare", action="Look at its battery", owner="telecare", raised_at=TUESDAY, person=person, loan=loan
    )
    bereavement.died(person, CHASED.date(), by=BY, at=CHASED)
    assert asked() == 1
