"""People who sign in, and one row of everything that the admin shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.test import Client

from equipment import (
    competences,
    decontamination,
    disposal,
    goods,
    locations,
    markers,
    merging,
    recalls,
    receiving,
    repairs,
    secrets,
    stock,
    stocktake,
    transfers,
)
from equipment.criteria import Criterion
from equipment.imports import jobs
from equipment.models import ApiClient, Loan, Location, Membership, Organisation, StockLevel, StockLine
from equipment.roles import FLOOR_GROUPS, STORE_MANAGERS, ensure_groups
from logistics import actions, reviews
from logistics.lifecycle import advance
from logistics.models import (
    FollowUp,
    Gazetteer,
    PlanRun,
    Route,
    Stop,
    Visit,
)
from logistics.states import VisitState
from tests import telecare_homes
from tests.county import BY, LONG_AGO, TUESDAY, County

PASSWORD = "a long password"


def user(name: str, organisation: Organisation | None = None, *groups: str, superuser: bool = False) -> Any:
    """A member of staff. Without an organisation, a superuser sees everything and anybody else nothing."""
    made = get_user_model().objects.create_user(name, password=PASSWORD, is_staff=True, is_superuser=superuser)
    if organisation is not None:
        Membership.objects.create(user=made, organisation=organisation)
    roles = ensure_groups() if groups else {}
    made.groups.set([roles[name] for name in groups])
    return made


def signed_in(account: Any) -> Client:
    client = Client()
    client.force_login(account)
    return client


def staff(county: County) -> Client:
    return signed_in(user("sam", county.provider, *FLOOR_GROUPS))


def manager(county: County) -> Client:
    return signed_in(user("mo", county.provider, STORE_MANAGERS))


def route(county: County, visit: Visit) -> Route:
    """The visit as the only stop of a van's Wednesday."""
    shift = county.shift(TUESDAY.date() + timedelta(days=1))
    run = PlanRun.objects.create(
        store=county.store,
        at=TUESDAY,
        engine="hand",
        planned=1,
        stored=True,
        unplanned=[{"visit": visit.pk, "code": "no_van", "sentence": "No van is free."}],
    )
    made = Route.objects.create(
        shift=shift, store=county.store, day=shift.starts_at.date(), planned_by=run, starts_at=shift.starts_at
    )
    times = {
        "arrive_at": shift.starts_at,
        "begin_at": shift.starts_at,
        "leave_at": shift.starts_at + timedelta(hours=1),
    }
    Stop.objects.create(route=made, visit=visit, sequence=1, **times)
    advance(visit, VisitState.PLANNED, by=BY, at=TUESDAY)
    return made


def washed_and_mended(county: County) -> None:
    """A place with an open wash run, an open repair, and something disposed of."""
    place = Location.objects.create(store=county.store, code="W1", capabilities=["wash"])
    given = {"method": "sporicidal", "agent": "Chlor-Tabs", "lot": "L-77", "location": place}
    run = decontamination.start_run(county.store, by=BY, at=TUESDAY, **given)
    decontamination.add(run, county.dirty(county.product("TROLLEY")), by=BY, at=TUESDAY)
    repairs.open_repair(county.dirty(county.product("PERCH")), fault="Loose", by=BY, at=TUESDAY)
    gone = county.dirty(county.product("BENCH"))
    disposal.condemn(gone, reason="Bent", by=BY, at=TUESDAY)
    disposal.dispose(gone, method="scrap", by=BY, at=TUESDAY)


def kept_moved_and_counted(county: County) -> None:
    """A level of a satellite, a transfer on the road, and a count that waits for a decision."""
    ward, trolley = county.satellite(), county.product("URINAL", tracking="quantity")
    StockLevel.objects.create(store=ward, product=trolley, minimum=2, maximum=6)
    job = transfers.draft(county.store, ward, {trolley: 4}, by=BY, at=TUESDAY)
    transfers.put_on_counted(job, county.stock(trolley, 9), 3, by=BY, at=TUESDAY)
    transfers.put_on(job, county.new(county.product("LADDER")), by=BY, at=TUESDAY)
    transfers.send(job, by=BY, at=TUESDAY)
    place = Location.objects.create(store=county.store, code="S7", capabilities=["shelf"])
    locations.put_away(county.new(county.product("CUSHION")), place, by=BY, at=LONG_AGO)
    count = stocktake.start(county.store, place, by=BY, at=TUESDAY)
    stocktake.end_first(count, by=BY, at=TUESDAY)
    stocktake.end_recount(count, by="user:another", at=TUESDAY)


def a_file_brought_in(county: County) -> None:
    """Uploaded, and waiting for a worker."""
    jobs.upload("products", "f.csv", b"stock_code,name\nA,B\n", county.provider, by=BY, at=TUESDAY)


def delivered(county: County) -> None:
    """A delivery of two, and a correction of counted stock that waits for a second person."""
    given = {"supplier": "Bright Aids", "order_number": "PO-7", "store": county.store, "owner": county.provider}
    goods.receive(goods.Delivery(product=county.product("STAIR"), serials=("S1", "S2"), **given), by=BY, at=TUESDAY)
    line = StockLine.objects.filter(product=county.raisers(), store=county.store, dirty=False).first()
    assert line is not None
    stock.adjust(line, 11, reason="Behind the rack", by=BY, at=TUESDAY)


def a_secret_read(county: County) -> None:
    """A code and a risk marker at one door, both read."""
    door = county.address()
    secrets.set_code(door, "4071X", by=BY, at=TUESDAY)
    given = {"reason": "Told by a carer", "reviewer": "J. Depot", "expires_on": TUESDAY.date() + timedelta(days=90)}
    markers.raise_marker(door, "dog", "zebra-dog", by=BY, at=TUESDAY, **given)
    secrets.read_code(door, by=BY, at=TUESDAY, purpose="Crew at the door")


def credited_and_sent(county: County) -> None:
    """A credit for what came back, and something a phone sent that no longer fits."""
    loan = county.on_loan(county.product("PERCHER"))
    Loan.objects.filter(pk=loan.pk).update(funder=county.council, price=80)
    assert loan.asset is not None
    receiving.take_back(loan.asset, county.store, by=BY, at=TUESDAY)
    visit = Visit.objects.order_by("pk").first()
    assert visit is not None
    sent = actions.Action(uuid4(), "arrive", 1, TUESDAY, visit)
    actions.take(sent, driver=county.driver(), at=TUESDAY)


def an_alert(county: County) -> None:
    """A safety alert with a unit at home and one held."""
    product = county.product("CRADLE", maker="Liftwell")
    county.on_loan(product)
    county.new(product)
    day = TUESDAY.date()
    words = {"reference": "FSN-7", "title": "A weld fails", "urgency": "urgent", "action": "collect"}
    criteria = (Criterion(product=product.pk),)
    spec = recalls.Spec(county.provider, issued_on=day, deadline=day, criteria=criteria, **words)
    recalls.open_alert(spec, by=BY, at=TUESDAY)


def one_of_everything(county: County) -> None:
    """At least one row of every registered model."""
    competences.enrol(county.provider, name="Kay Rigger", kind="filter", by=BY, at=TUESDAY)
    county.dirty(county.product("WALKER"))
    county.recycled(county.product("FRAME"))
    county.new(county.hoist())
    reviews.ask(county.on_loan(county.product("STOOL")), by=BY, at=TUESDAY)
    merging.merge(county.person(), county.person(), reason="Same card", by=BY, at=TUESDAY)
    county.raisers(20)
    county.bed_set()
    county.new(county.commode())
    order = county.order(county.discharge(), "COMMODE", "RAISER")
    visit = Visit.objects.get(discharge=order.discharge)
    route(county, visit)
    FollowUp.objects.create(
        visit=visit, person=visit.person, owner="depot", action="Ring the neighbour.", raised_at=TUESDAY
    )
    Gazetteer.objects.create(
        file_name="f.csv", kind="ons", source="test", rows=1, added=1, changed=0, sha256="0" * 64, loaded_at=TUESDAY
    )
    county.client(county.provider)
    assert ApiClient.objects.exists()
    user("member", county.provider, *FLOOR_GROUPS)
    washed_and_mended(county)
    kept_moved_and_counted(county)
    a_file_brought_in(county)
    delivered(county)
    telecare_homes.one_of_each(county)
    a_secret_read(county)
    credited_and_sent(county)
    an_alert(county)
