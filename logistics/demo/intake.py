"""Before the first van leaves: who goes home when, what is ordered and reserved, and what has to be put right first."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

from equipment.states import TestKind
from logistics import promises
from logistics.demo import cast, catalogue, county
from logistics.demo.cast import Part
from logistics.demo.client import until
from logistics.demo.people import HOSPITAL, LEAD
from logistics.demo.report import kit_words, name_of, when
from logistics.demo.stage import Stage, Stay, reserved_assets

TECHNICIAN = "K. Penhale"
_SEED = 23


def expect(stage: Stage, parts: tuple[Part, ...], *, salt: int = 0) -> None:
    """The wards say who goes home on which day; each is registered with the address they go to."""
    rng = Random(_SEED + salt)  # noqa: S311  invented addresses need no secrets
    for number, part in enumerate(parts):
        edd = _edd(stage, part.day)
        person = stage.ward.post("/people/", _person(part, rng, number + salt))
        [address] = person["addresses"]
        body = {
            "address": address["reference"],
            "hospital": HOSPITAL,
            "ward": part.ward,
            "visit_number": f"V{salt + number:03d}-{stage.days[0]:%y%m%d}",
            "pathway": "P1",
            "expected_on": edd.isoformat(),
        }
        discharge = stage.ward.post("/discharges/", body)
        stage.stays[part.key] = Stay(part, edd, person["reference"], address["reference"], discharge["reference"])


def _edd(stage: Stage, day: int) -> date:
    return stage.days[day - 1]


def _person(part: Part, rng: Random, number: int) -> dict[str, Any]:
    postcode = rng.choice(county.settlements()[part.town].postcodes) if part.known_postcode else county.UNKNOWN_POSTCODE
    return {
        "given_name": part.given,
        "family_name": part.family,
        "born_on": f"{1931 + number % 22}-0{1 + number % 9}-15",
        "phone": f"07700 900{600 + number}",
        "weight_kg": part.weight,
        "height_cm": part.height,
        "sling_size": part.sling,
        "address": {
            **county.door(part.town, postcode, rng),
            "access_notes": part.access,
            "stairs": number % 6 == 2,
            "received_by": f"{part.title} {part.family}'s family",
        },
    }


def judge(stage: Stage, parts: tuple[Part, ...]) -> None:
    """What the wards find out before anything is ordered: rails and levers assessed, the fire questions asked."""
    for part in parts:
        person = stage.stay(part).person
        for product, bed, mattress in part.judged:
            body = {"product": product, "bed": bed, "mattress": mattress, "suitable": True}
            body |= {"assessor": "Nora Whitlock, OT", "assessed_on": stage.days[0].isoformat()}
            stage.ward.post(f"/people/{person}/risk-assessments/", body)
        if part.fire:
            stage.ward.post(f"/people/{person}/fire-answers/", part.fire)


def ask_first(stage: Stage) -> None:
    """Two wards ask whether it suits; what speaks against it is put right before it is ordered."""
    rails, mattress = stage.stay(cast.OVER_LIMIT), stage.stay(cast.AIRFLOW)
    codes = _against(stage, rails, [catalogue.BED_SET])
    words = f"Rails for {rails.name}? Not before somebody has assessed them on that bed and mattress."
    stage.claim("rails_wait_for_their_assessment", codes == ["no_assessment"], words)
    codes = _against(stage, mattress, ["MAT-AIR"])
    words = f"An airflow mattress for {mattress.name}? Not before she was asked about smoking, oxygen and creams."
    stage.claim("airflow_waits_for_the_fire_questions", codes == ["fire_unasked"], words)
    judge(stage, cast.CAST)
    left = [*_against(stage, rails, [catalogue.BED_SET]), *_against(stage, mattress, ["MAT-AIR"])]
    assessed = sum(len(part.judged) for part in cast.CAST)
    words = f"{assessed} rails and levers are assessed and the questions answered: nothing speaks against them now."
    stage.claim("assessed_and_asked", not left, words)


def _against(stage: Stage, stay: Stay, products: list[str]) -> list[str]:
    answers = stage.ward.post(f"/people/{stay.person}/fit/", {"products": products, "on": stay.expected_on.isoformat()})
    return list(dict.fromkeys(reason["code"] for answer in answers for reason in answer["reasons"]))


def order(stage: Stage, parts: tuple[Part, ...], *, aloud: bool = True) -> None:
    """Everything is ordered at once; what is free is reserved in the same moment."""
    for part in parts:
        stay = stage.stay(part)
        lines = [{"product": code, "quantity": n, "critical": code not in part.later} for code, n in part.kit.items()]
        body = {"discharge": stay.discharge, "prescriber": part.prescriber, "funder": "marchvale-icb", "lines": lines}
        placed = stage.ward.post("/orders/", body)
        stay.order = placed["order"]["reference"]
        if aloud:
            stage.say(f"{stay.name} needs {kit_words(part.kit)} home by {stay.needed}. {_reserved(stage, placed)}")


def _reserved(stage: Stage, placed: dict[str, Any]) -> str:
    """What came of it: the first item by its number, or why nothing is reserved yet."""
    word = placed["readiness"]["readiness"]
    if word == "awaiting_authorisation":
        return "Over the prescriber's limit: waits for a second one."
    if word == "awaiting_stock":
        return f"None on the shelf: waits ({', '.join(name_of(code) for code in placed['missing'])})."
    assets = reserved_assets(placed["order"])
    if not assets:
        return "Counted stock set aside."
    first, more = assets[0], len(assets) - 1
    lent = stage.asset(first["asset"])["loans_count"]
    source = f"recycled, loan no. {lent + 1}" if first["recycled"] else "new"
    rest = f", and {more} more" if more else ""
    return f"{name_of(first['product']).capitalize()} {first['asset']} reserved ({source}){rest}."


def put_right(stage: Stage) -> None:
    """Six things the first orders left open; the plan that follows has to take them all in."""
    _check_unknown_postcode(stage)
    _check_reserved(stage)
    waiting = [stage.stay(part) for part in (cast.OVER_LIMIT, cast.UNKNOWN, cast.HEAVY, cast.WAITS)]
    stage.until_planned([stay for stay in stage.stays.values() if stay not in waiting])
    stage.say(f"A first plan stands: {len(stage.stays) - len(waiting)} people have a van and a time.")
    before = stage.planned_begin(stage.stay(cast.MOVED))
    _drop_pin(stage)
    _authorise(stage)
    _move_date(stage)
    _clean_bariatric_bed(stage)
    waits = stage.stay(cast.WAITS)
    stage.until_planned([stay for stay in stage.stays.values() if stay is not waits])
    _check_bariatric_bed(stage)
    _check_moved(stage, before)
    others = [stage.readiness(stage.stay(part))["readiness"] for part in (cast.OVER_LIMIT, cast.UNKNOWN)]
    words = f"The new plan has a van and a time for {len(stage.stays) - 1} of {len(stage.stays)}; {waits.name} waits."
    stage.claim("everybody_planned_but_one", others == ["planned"] * 2, words)


def _check_reserved(stage: Stage) -> None:
    held = [entry for stay in stage.stays.values() for entry in stage.assets_of(stay)]
    recycled = sum(entry["recycled"] for entry in held)
    words = f"{len(held)} numbered items are reserved at once, {recycled} of them recycled."
    stage.claim("reserved_recycled_first", len(held) > 25 and recycled > len(held) / 2, words)


def _check_unknown_postcode(stage: Stage) -> None:
    stay = stage.stay(cast.UNKNOWN)
    place, ready = stage.ward.get(f"/addresses/{stay.address}/"), stage.readiness(stay)
    held = place["accuracy"] == "none" and bool(place["location_problem"]) and ready["readiness"] == "at_risk"
    stage.claim(
        "unknown_postcode_accepted_and_flagged",
        held,
        f"{stay.name}'s order is taken although no gazetteer knows the postcode; it is flagged: {ready['reason']}",
    )


def _drop_pin(stage: Stage) -> None:
    stay = stage.stay(cast.UNKNOWN)
    latitude, longitude = county.NEW_ESTATE
    place = stage.ward.post(f"/addresses/{stay.address}/pin/", {"latitude": latitude, "longitude": longitude})
    words = f"The coordinator drops a pin on {stay.name}'s new-build door: routing may go on."
    stage.claim("pin_dropped", place["accuracy"] == "pin", words)


def _authorise(stage: Stage) -> None:
    stay = stage.stay(cast.OVER_LIMIT)
    was = stage.ward.get(f"/orders/{stay.order}/")["state"]
    placed = stage.ward.post(f"/orders/{stay.order}/authorise/", {"authoriser": LEAD})
    assets = reserved_assets(placed["order"])
    held = was == "awaiting_authorisation" and placed["order"]["state"] == "authorised" and len(assets) == 5
    words = f"A second prescriber authorises {stay.name}'s order; {len(assets)} items are reserved for it."
    stage.claim("authorised_by_a_second_prescriber", held, words)


def _move_date(stage: Stage) -> None:
    stay = stage.stay(cast.MOVED)
    earlier = stage.days[1]
    body = {"expected_on": earlier.isoformat(), "reason": "bed pressure"}
    answer = stage.ward.post(f"/discharges/{stay.discharge}/expected-date/", body)
    words = f"{stay.part.ward} ward moves {stay.name} from {stay.expected_on:%A} to {earlier:%A}."
    stay.expected_on = earlier
    stage.claim("date_moved", answer["in_force"], words)


def _check_moved(stage: Stage, before: Any) -> None:
    stay = stage.stay(cast.MOVED)
    after = stage.planned_begin(stay)
    held = after < before and after <= promises.local(stay.expected_on, 12)
    stage.marks["replanned_after_date_change"] = held
    words = f"The plan follows: {stay.name}'s bed comes {when(after)} instead of {when(before)}."
    stage.claim("replanned_after_date_change", held, words)


def begin_bariatric_clean(stage: Stage) -> None:
    [bed] = stage.store.rows("/assets/", product=catalogue.BARIATRIC_BED)
    stage.store.post(f"/assets/{bed['number']}/begin-clean/")
    words = f"The county's only bariatric bed, {bed['number']}, came back yesterday; it goes into the wash."
    stage.claim("bariatric_bed_dirty", bed["state"] == "quarantine", words)


def _clean_bariatric_bed(stage: Stage) -> None:
    [bed] = stage.store.rows("/assets/", product=catalogue.BARIATRIC_BED)
    was = stage.readiness(stage.stay(cast.HEAVY))["readiness"]
    renewed = renew(stage, bed["number"], catalogue.BARIATRIC_BED, method="detergent")
    words = f"{TECHNICIAN} records the clean and the tests of bed {bed['number']}: it is on the shelf."
    stage.claim("bariatric_bed_cleaned", was == "awaiting_stock" and renewed["state"] == "available", words)


def renew(stage: Stage, number: str, product: str, *, method: str) -> dict[str, Any]:
    """What a technician records of an asset in the wash: its clean, each test it needs, and the shelf."""
    [listed] = [one for one in catalogue.NUMBERED if one.code == product]
    post = stage.store.post
    post(f"/assets/{number}/clean/", {"method": method, "passed": True, "agent": "lot D-116"})
    post(f"/assets/{number}/begin-test/")
    for kind, _, _ in listed.regimes:
        body = {"kind": TestKind(kind).value, "result": "pass", "examiner": TECHNICIAN}
        post(f"/assets/{number}/test/", body)
    shelved: dict[str, Any] = post(f"/assets/{number}/shelve/")
    return shelved


def until_reserved(stage: Stage, stay: Stay, number: str) -> None:
    """Wait for the sweep to give somebody the asset that came free."""
    until(
        f"asset {number} to be reserved for {stay.name}",
        lambda: any(held["asset"] == number for held in stage.assets_of(stay)),
    )


def _check_bariatric_bed(stage: Stage) -> None:
    stay = stage.stay(cast.HEAVY)
    [bed] = [held["asset"] for held in stage.assets_of(stay) if held["product"] == catalogue.BARIATRIC_BED]
    ready = stage.readiness(stay)
    begin = stage.planned_begin(stay)
    held = ready["readiness"] == "planned" and stage.asset(bed)["state"] == "reserved"
    words = f"The sweep reserves bed {bed} for {stay.name}; it is planned for {when(begin)}."
    stage.claim("bariatric_bed_reserved_and_planned", held, words)
