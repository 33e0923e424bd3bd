from __future__ import annotations

from equipment import merging
from equipment.models import Person
from logistics.models import FollowUp, Order, Visit
from tests.county import BY, TUESDAY


def test_rule_27_a_hospital_tells_of_a_death_and_hears_what_it_stopped(county, ward, stranger):
    """Rule 27: in one call orders and visits are off; told again, nothing changes."""
    county.new(county.commode())
    discharge = county.discharge()
    county.order(discharge, "COMMODE")
    path = f"people/{discharge.person.reference}/died/"
    assert stranger.post(path, {"on": "2026-03-03"}).status_code == 404
    assert ward.post(path, {"on": "2026-03-04"}).status_code == 400
    assert (Order.objects.get().state, Person.objects.get().died_on) == ("authorised", None)
    told = ward.post(path, {"on": "2026-03-02"})
    assert told.json() == {"news": True, "orders": 1, "visits": 0, "out": 0}
    assert (Order.objects.get().state, Visit.objects.get().state) == ("cancelled", "cancelled")
    assert ward.post(path, {"on": "2026-03-02"}).json()["news"] is False
    wrong = ward.post(f"people/{discharge.person.reference}/lives/", {"reason": "another of that name"})
    assert wrong.json() == {"news": True, "orders": 1, "visits": 0, "out": 0}
    assert FollowUp.objects.get().owner == "prescriber"


def test_rule_26_care_home_readmission_and_home(county, ward):
    """Rule 26: each has its effect, once."""
    person = county.on_loan(county.product("STOOL")).person
    for verb, living in (("readmitted", "hospital"), ("moved", "care_home"), ("home", "home")):
        path = f"people/{person.reference}/{verb}/"
        assert [ward.post(path, {"note": "said the ward"}).json()["news"] for _ in range(2)] == [True, False]
        assert Person.objects.get().living == living


def test_rule_29_news_of_a_merged_record_reaches_the_one_kept(county, ward):
    """Rule 29: a hospital may still hold the old reference."""
    kept, gone = county.person(), county.person()
    merging.merge(kept, gone, reason="Same card", by=BY, at=TUESDAY)
    assert ward.post(f"people/{gone.reference}/died/", {"on": "2026-03-02"}).status_code == 200
    kept.refresh_from_db()
    assert str(kept.died_on) == "2026-03-02"
    assert ward.get(f"people/{gone.reference}/").json()["reference"] == str(kept.reference)
