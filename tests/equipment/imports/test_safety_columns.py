"""What the safety rules ask of a product, an asset and a loan comes in with files, and goes out again."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from io import StringIO

from equipment import exports
from equipment.models import Asset, AssetEvent, Loan, Product, RiskAssessment
from equipment.receiving import asset_number
from equipment.words import Use
from tests.county import BY, TUESDAY, County
from tests.equipment.imports.given import applied, bring_in, checked, codes, counts, csv_of

PRODUCT = ("stock_code", "name", "maker", "model", "use", "size", "connectivity", "min_height_cm", "review_days")
ASSET = ("asset_number", "stock_code", "batch", "made_on")
LOAN = ("asset_number", "started", "funder", "price", "review_on", "family_name", "given_name", "line1", "postcode")
ANN = ("Example", "Ann", "2 Hill Road", "ZX1 1AB")


def rows_of(table: exports.Table) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO("".join(exports.csv_lines(table)))))


def test_a_product_comes_with_maker_model_use_and_whom_it_fits(county: County) -> None:
    """Rule 12: without its use and limits a product would fit everybody. Rule 36: alerts name maker and model."""
    sling = ("SLING", "Sling", "Oakwell", "Lift 2", "sling", "L", "", "120", "90")
    hub = ("HUB", "Hub", "", "", "hub", "", "ip_mobile", "", "")
    bring_in(county, "products", csv_of(PRODUCT, sling, hub))
    made = Product.objects.get(stock_code="SLING")
    assert (made.maker, made.model, made.use, made.size) == ("Oakwell", "Lift 2", Use.SLING, "L")
    assert (made.min_height_cm, made.review_days) == (120, 90)
    assert Product.objects.get(stock_code="HUB").connectivity == "ip_mobile"
    out = {row["stock_code"]: row for row in rows_of(exports.products(Product.objects.all()))}
    assert [out["SLING"][name] for name in PRODUCT] == list(sling)
    again = applied(county, "products", csv_of(PRODUCT, sling, hub))
    assert counts(again) == (0, 0, 2, 0)


def test_a_use_nobody_knows_is_a_problem_of_its_line(county: County) -> None:
    job = checked(county, "products", csv_of(PRODUCT[:5], ("X", "X", "", "", "ladder")))
    assert (codes(job), Product.objects.filter(stock_code="X").exists()) == ([(2, "use", "unknown_word")], False)


def test_an_asset_comes_with_its_batch_and_when_it_was_made_and_may_be_corrected(county: County) -> None:
    """Rule 36: units are found by batch or date of manufacture, so these come in and can be put right."""
    county.commode()
    number = asset_number(700)
    bring_in(county, "assets", csv_of(ASSET, (number, "COMMODE", "B-1", "15/01/2025")))
    asset = Asset.objects.get(number=number)
    assert (asset.batch, asset.made_on) == ("B-1", date(2025, 1, 15))
    bring_in(county, "assets", csv_of(ASSET, (number, "COMMODE", "B-1", "16/01/2025")))
    asset.refresh_from_db()
    event = AssetEvent.objects.filter(asset=asset).first()
    assert (asset.made_on, event.facts["was"]) == (date(2025, 1, 16), {"made_on": "2025-01-15"})
    [out] = rows_of(exports.assets(Asset.objects.all()))
    assert (out["batch"], out["made_on"]) == ("B-1", "2025-01-16")


def test_an_asset_was_not_made_tomorrow(county: County) -> None:
    county.commode()
    job = checked(county, "assets", csv_of(ASSET, (asset_number(700), "COMMODE", "", "04/03/2026")))
    assert (codes(job), Asset.objects.exists()) == ([(2, "made_on", "in_future")], False)


def test_a_loan_is_taken_over_with_who_pays_the_price_and_the_review(county: County) -> None:
    """Rule 20: a credit goes to the original funder, who is known of loans taken over too."""
    asset = county.received(county.commode())
    row = (asset.number, "14/02/2026", "harbour", "46.00", "14/08/2026", *ANN)
    bring_in(county, "loans", csv_of(LOAN, row))
    loan = Loan.objects.get()
    assert (loan.funder, loan.price, loan.review_on) == (county.council, Decimal(46), date(2026, 8, 14))
    [out] = rows_of(exports.loans(Loan.objects.all()))
    assert (out["funder"], out["price"], out["review_on"]) == ("harbour", "46.00", "2026-08-14")


def test_a_funder_nobody_here_knows_is_a_problem_of_its_line(county: County) -> None:
    """Rule 20: never charged to an organisation of somebody else's."""
    asset = county.received(county.commode())
    row = (asset.number, "14/02/2026", "elsewhere", "", "", *ANN)
    job = checked(county, "loans", csv_of(LOAN, row))
    assert (codes(job), Loan.objects.exists()) == ([(2, "funder", "no_such_funder")], False)


def test_what_was_judged_goes_out_with_the_person(county: County) -> None:
    """Rule 40: assessments and measurements are part of what a commissioner gets."""
    person, rail = county.person(height_cm=170, smokes=False), county.product("RAIL", use=Use.RAIL)
    RiskAssessment.objects.create(
        person=person,
        product=rail,
        suitable=True,
        assessor="O. T.",
        assessed_on=TUESDAY.date(),
        review_on=TUESDAY.date(),
        recorded_at=TUESDAY,
        recorded_by=BY,
    )
    tables = {table.name: rows_of(table) for table in exports.tables(county.council)}
    assert [tables["people"][0][name] for name in ("height_cm", "smokes", "uses_oxygen")] == ["170", "no", ""]
    [judged] = tables["risk_assessments"]
    assert (judged["person_reference"], judged["stock_code"], judged["bed"], judged["suitable"]) == (
        str(person.reference),
        "RAIL",
        "",
        "yes",
    )
    assert tables["overrides"] == []
