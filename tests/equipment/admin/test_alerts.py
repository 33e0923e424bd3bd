"""Safety alerts at the desk (rules 8, 36 and 39)."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from equipment import clock, recalls
from equipment.criteria import Criterion
from equipment.models import Alert, AlertUnit, Person, SecretView
from equipment.roles import DISCHARGE_TEAM, STORE_MANAGERS
from equipment.states import AssetState
from tests.county import BY, TUESDAY, state_of
from tests.equipment.admin.rows import manager, signed_in, staff, user

TODAY = TUESDAY.date()


@pytest.fixture(autouse=True)
def tuesday(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: TUESDAY)


def opened(county, *criteria, **given):
    words = {"reference": "FSN-7", "title": "A weld fails", "urgency": "urgent", "action": "swap"}
    spec = recalls.Spec(
        **{**words, **given},
        organisation=county.provider,
        issued_on=TODAY,
        deadline=TODAY + timedelta(days=7),
        criteria=criteria or (Criterion(product=county.commode().pk),),
    )
    return recalls.open_alert(spec, by=BY, at=TUESDAY)


def page(name, *args):
    return reverse(f"admin:equipment_{name}", args=args)


def answers(county, **given):
    return {
        "organisation": county.provider.pk,
        "reference": "FSN-7",
        "title": "A weld fails",
        "urgency": "immediate",
        "action": "swap",
        "products": [county.commode().pk],
        "issued_on": str(TODAY),
        "deadline": str(TODAY + timedelta(days=7)),
    } | given


def test_opening_shows_first_what_it_finds_and_then_opens(county):
    """Rule 36: nothing is held by a slip of the pen; pressed again, everything is."""
    county.on_loan(county.commode())
    shelf, desk = county.new(county.commode()), manager(county)
    address = page("alert_list_verb", "open")
    first = desk.post(address, answers(county))
    assert "It finds 2 units: 1 in stores, 1 at home, 0 on vans, 0 lost." in first.content.decode()
    assert (Alert.objects.count(), state_of(shelf)) == (0, AssetState.AVAILABLE)
    seen = first.context["form"]["looked_at"].value()
    changed = desk.post(address, answers(county, looked_at=seen, serial_from="X1"))
    assert (changed.status_code == 302, Alert.objects.count()) == (False, 0)
    assert desk.post(address, answers(county, looked_at=seen)).status_code == 302
    alert = Alert.objects.get()
    assert (alert.opened_by, alert.units.count(), state_of(shelf)) == ("user:mo", 2, AssetState.HELD)


def test_an_alert_that_finds_nothing_says_what_to_look_at(county):
    """Rule 36: a model spelled otherwise than on our products is no all-clear."""
    county.new(county.commode())
    body = manager(county).post(page("alert_list_verb", "open"), answers(county, products=[], model="Nosuch"))
    assert "It finds no unit. Is the maker or the model written as on our products" in body.content.decode()
    assert Alert.objects.count() == 0


def test_the_card_and_the_page_of_an_asset_name_its_alert(county):
    """Rule 36: whoever has it in the hand sees it at once; no more once it is closed or withdrawn."""
    asset, desk = county.new(county.commode()), manager(county)
    opened(county)
    unit = AlertUnit.objects.get()
    link = f'href="{page("alertunit_change", unit.pk)}"'
    card, record = (reverse("admin:scan"), {"code": asset.number}), (page("asset_change", asset.pk), {})
    assert all(link in desk.get(*where).content.decode() for where in (card, record))
    assert desk.get("/admin/").context["decisions"][0].count == 1
    desk.post(page("alertunit_verb", unit.pk, "withdraw"), {"reason": "Another model"})
    assert not any(link in desk.get(*where).content.decode() for where in (card, record))


def test_what_contradicts_itself_is_said_on_the_form(county):
    desk = manager(county)
    given = answers(county, serial_from="SN10", serial_to="SN9")
    body = desk.post(page("alert_list_verb", "open"), given).content.decode()
    assert "The first serial comes after the last: turn them round." in body
    assert Alert.objects.count() == 0


def test_staff_see_alerts_and_decide_nothing(county):
    """Rule 8: a manager's decisions are not even shown."""
    county.new(county.commode())
    alert, desk = opened(county), staff(county)
    body = desk.get(page("alert_change", alert.pk)).content.decode()
    assert "FSN-7" in body and "End the alert" not in body
    assert desk.get(page("alert_list_verb", "open")).status_code == 403
    unit = AlertUnit.objects.get()
    assert desk.post(page("alertunit_verb", unit.pk, "withdraw"), {"reason": "x"}).status_code == 403
    assert AlertUnit.objects.get().state == "held"


def test_the_list_says_how_far_each_has_come_in_a_fixed_number_of_queries(county):
    county.new(county.commode())
    desk = manager(county)
    opened(county)
    desk.get(page("alert_changelist"))
    with CaptureQueriesContext(connection) as one:
        body = desk.get(page("alert_changelist")).content.decode()
    assert "<progress" in body and "0 of 1" in body
    for n in range(4):
        opened(county, reference=f"R{n}")
    with CaptureQueriesContext(connection) as five:
        desk.get(page("alert_changelist"))
    assert len(five) == len(one)
    for word in ("open", "overdue", "ended"):
        assert desk.get(page("alert_changelist"), {"state": word}).status_code == 200


def test_a_unit_is_withdrawn_and_matched_again_on_its_page(county):
    """Rules 8 and 36: undone and done again, under the manager's name."""
    shelf, desk = county.new(county.commode()), manager(county)
    opened(county)
    unit = AlertUnit.objects.get()
    desk.post(page("alertunit_verb", unit.pk, "withdraw"), {"reason": "Wrong serial read"})
    assert (state_of(shelf), shelf.events.first().by) == (AssetState.AVAILABLE, "user:mo")
    desk.post(page("alertunit_verb", unit.pk, "match-again"), {"reason": "It was right"})
    assert state_of(shelf) == AssetState.HELD
    desk.post(page("alertunit_verb", unit.pk, "close"), {"outcome": "corrected", "reason": "New bolts fitted"})
    unit.refresh_from_db()
    assert (unit.state, unit.outcome, state_of(shelf)) == ("closed", "corrected", AssetState.AVAILABLE)


def test_a_unit_is_given_up_and_the_alert_moved_and_ended(county):
    county.on_loan(county.commode())
    alert, desk = opened(county), manager(county)
    refused = desk.post(page("alert_verb", alert.pk, "end"), {"reason": "Done"}).content.decode()
    assert "1 units are still to be dealt with" in refused
    desk.post(page("alert_verb", alert.pk, "extend"), {"deadline": "2026-06-01", "reason": "The maker is late"})
    desk.post(page("alertunit_verb", AlertUnit.objects.get().pk, "give-up"), {"reason": "Moved abroad"})
    desk.post(page("alert_verb", alert.pk, "end"), {"reason": "Done"})
    alert.refresh_from_db()
    assert (str(alert.deadline), alert.ended_by) == ("2026-06-01", "user:mo")


def test_the_units_by_state_and_alert_in_a_fixed_number_of_queries(county):
    desk = manager(county)
    county.on_loan(county.product("P0", maker="Liftwell"))
    alert = opened(county, Criterion(maker="Liftwell"))
    address = page("alertunit_changelist")
    desk.get(address)
    with CaptureQueriesContext(connection) as one:
        assert "At home" in desk.get(address, {"alert": alert.pk}).content.decode()
    for n in range(1, 5):
        county.received(county.product(f"P{n}", maker="Liftwell"))
    recalls.rematch(by=BY, at=TUESDAY)
    with CaptureQueriesContext(connection) as five:
        desk.get(address, {"alert": alert.pk})
    assert len(five) == len(one)
    assert desk.get(address, {"state": "held"}).status_code == 200


def test_who_has_it_is_shown_with_phones_and_each_look_is_on_record(county):
    """Rules 36 and 39: every page with phones that is opened or taken out leaves a row."""
    loan, desk = county.on_loan(county.commode()), manager(county)
    Person.objects.filter(pk=loan.person_id).update(phone="01632 960123")
    alert = opened(county)
    body = desk.get(page("alert_who", alert.pk), {"state": "found"}).content.decode()
    assert "01632 960123" in body and "2 Hill Road, ZX1 1AB" in body and str(loan.person) in body
    csv = b"".join(desk.get(page("alert_export", alert.pk, "csv")).streaming_content).decode()
    assert "01632 960123" in csv and loan.asset.number in csv
    sheet = load_workbook(BytesIO(b"".join(desk.get(page("alert_export", alert.pk, "xlsx")).streaming_content))).active
    assert sheet.max_row == 2
    views = SecretView.objects.order_by("pk").values_list("kind", "subject_id", "by", "purpose")
    assert list(views) == [
        ("recall_list", alert.pk, "user:mo", "Opened in the admin"),
        ("recall_list", alert.pk, "user:mo", "Export of alert FSN-7"),
        ("recall_list", alert.pk, "user:mo", "Export of alert FSN-7"),
    ]


def test_staff_of_the_store_look_and_take_nothing_out(county):
    """Rule 39: those who ring people up see the phones; the file is a manager's."""
    county.on_loan(county.commode())
    alert, desk = opened(county), staff(county)
    assert desk.get(page("alert_who", alert.pk)).status_code == 200
    assert desk.get(page("alert_export", alert.pk, "csv")).status_code == 403
    assert SecretView.objects.count() == 1


def test_others_see_nothing_of_it(county):
    """Rule 39: neither another organisation nor a ward."""
    county.on_loan(county.commode())
    alert = opened(county)
    other = signed_in(user("ot", county.other, STORE_MANAGERS))
    ward = signed_in(user("ward", county.provider, DISCHARGE_TEAM))
    assert other.get(page("alert_who", alert.pk)).status_code == 404
    assert ward.get(page("alert_who", alert.pk)).status_code == 403
    assert "FSN-7" not in other.get(page("alert_changelist")).content.decode()
    assert ward.get(page("alert_changelist")).status_code == 403
    assert SecretView.objects.count() == 0
