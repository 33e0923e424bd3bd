"""Which assets an alert in force is about: asked at every issue, so it must be cheap and miss nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipment import goods, recall_matches, recall_units
from equipment.criteria import Criterion, Kind, Unit, any_meets
from equipment.models import Alert, AlertCriterion, AlertUnit, Asset, Product
from equipment.recall_facts import in_force
from equipment.states import AssetState
from tests.county import BY, LONG_AGO, TUESDAY
from tests.equipment.test_recalls import MO, WHY, opened, unit

SOME = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(*assets):
    return list(Asset.objects.select_related("product").filter(pk__in=[a.pk for a in assets]).order_by("pk"))


def bare_alert(county, *criteria, reference="R1"):
    """An alert whose units nobody has looked for yet."""
    alert = Alert.objects.create(
        organisation=county.provider,
        reference=reference,
        title="T",
        urgency="urgent",
        action="swap",
        issued_on=TUESDAY.date(),
        deadline=TUESDAY.date(),
        opened_at=TUESDAY,
        opened_by=BY,
    )
    for one in criteria:
        AlertCriterion.objects.create(alert=alert, **one)
    return alert


def test_a_unit_is_caught_before_any_sweep_has_found_it(county):
    """Rule 36: judged by the criteria themselves."""
    asset, other = county.new(county.commode()), county.new(county.product("CHAIR"))
    bare_alert(county, {"product": county.commode()})
    assert in_force(read(asset, other)) == {asset.pk: "R1"}


def test_one_query_while_no_alert_is_about_it(county):
    """It is asked whenever something is issued."""
    asset = county.new(county.commode())
    rows = read(asset)
    bare_alert(county, {"product": county.product("CHAIR")})
    with CaptureQueriesContext(
        connection,
    ) as made:
        assert in_force(rows) == {}
    assert len(made) == 1
    with CaptureQueriesContext(connection) as made:
        assert in_force([]) == {}
    assert len(made) == 0


def test_at_most_four_queries_however_many_assets(county):
    rows = read(*(county.new(county.commode()) for _ in range(4)))
    bare_alert(county, {"product": county.commode()}, {"maker": "X"})
    with CaptureQueriesContext(connection) as made:
        assert set(in_force(rows).values()) == {"R1"}
    assert len(made) <= 4


def test_the_batch_of_the_delivery_counts_where_the_asset_has_none(county):
    """Rule 36: by the batch on the receipt."""
    product = county.commode()
    given = {"supplier": "Bright", "order_number": "1", "store": county.store, "owner": county.provider}
    goods.receive(goods.Delivery(product=product, serials=("1",), batch="B7", **given), by=BY, at=LONG_AGO)
    goods.receive(goods.Delivery(product=product, serials=("2",), batch="B8", **given), by=BY, at=LONG_AGO)
    Asset.objects.update(batch="")
    bare_alert(county, {"product": product, "batch": "b7"})
    assert [row.serial for row in read(*Asset.objects.all()) if row.pk in in_force(read(*Asset.objects.all()))] == ["1"]


def test_withdrawn_or_made_safe_it_is_free_returned_or_destroyed_it_is_not(county):
    """Rules 8 and 36."""
    rows = [county.new(county.commode()) for _ in range(4)]
    alert = opened(county)
    recall_units.withdraw_unit(unit(alert, asset=rows[0]), reason=WHY, by=MO, at=TUESDAY)
    for row, outcome in zip(rows[1:], ("corrected", "destroyed", "lost"), strict=True):
        recall_units.close_unit(unit(alert, asset=row), outcome=outcome, reason=WHY, by=MO, at=TUESDAY)
    assert sorted(in_force(read(*rows))) == [rows[2].pk, rows[3].pk]


def test_cleared_of_one_alert_it_is_still_under_the_other(county):
    asset = county.new(county.commode())
    first = opened(county)
    bare_alert(county, {"product": county.commode()}, reference="R2")
    recall_units.withdraw_unit(unit(first, asset=asset), reason=WHY, by=MO, at=TUESDAY)
    assert in_force(read(asset)) == {asset.pk: "R2"}


def test_an_ended_alert_is_in_force_no_more(county):
    asset = county.new(county.commode())
    alert = bare_alert(county, {"product": county.commode()})
    Alert.objects.filter(pk=alert.pk).update(ended_at=TUESDAY)
    assert in_force(read(asset)) == {}


# The drill: in a large store, the units found are those that the rule finds, no more and no fewer ---------------------

SIZE = 5000


@pytest.fixture
def warehouse(county):
    """5,000 assets of three products of two makers, written by the database."""
    one, two, three = (
        county.product("A", maker="Liftwell", model="Sara 3"),
        county.product("B", maker="Liftwell", model="Sara 4"),
        county.product("C", maker="Other", model="X"),
    )
    states = [AssetState.AVAILABLE, AssetState.QUARANTINE, AssetState.HELD, AssetState.ON_LOAN, AssetState.DISPOSED]
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO equipment_asset (number, product_id, owner_id, serial, state, store_id, vehicle, batch,
                received_on, made_on, accepted_at, loans_count, purchase_price)
            SELECT 'X' || n, (%s::bigint[])[1 + n %% 3], %s,
                CASE WHEN n %% 11 = 0 THEN '' WHEN n %% 2 = 0 THEN 'SN' || n ELSE 'sn-' || lpad(n::text, 7, '0') END,
                (%s::text[])[1 + n %% 5], CASE WHEN n %% 5 < 3 THEN %s::bigint END, '',
                CASE WHEN n %% 7 = 0 THEN '' ELSE 'B' || n %% 20 END, '2020-01-01',
                CASE WHEN n %% 5 = 1 THEN NULL ELSE date '2019-01-01' + n %% 900 END, '2020-01-02', 0, 0
            FROM generate_series(1, %s) AS n""",
            [
                [one.pk, two.pk, three.pk],
                county.provider.pk,
                [state.value for state in states],
                county.store.pk,
                SIZE,
            ],
        )
    return county


dates = st.dates(date(2018, 12, 1), date(2021, 8, 1))
criteria = st.builds(
    Criterion,
    maker=st.sampled_from(["Liftwell", "LIFTWELL", "Other"]),
    model=st.sampled_from(["", "Sara 3", "sara 4", "X"]),
    serial_from=st.sampled_from(["", "SN10", "SN900", "sn-0000100", "sn-2"]),
    serial_to=st.sampled_from(["", "SN999", "SN4000", "SN-3000"]),
    batch=st.sampled_from(["", "B7", "b19", "B77"]),
    made_from=st.none() | dates,
    made_to=st.none() | dates,
)


def test_the_drill_finds_exactly_what_the_rule_finds(warehouse):
    """Rule 36: on 5,000 assets, the set found is the set that a plain reading of the rule gives, unit by unit."""
    kinds = {p.pk: Kind(p.pk, p.maker, p.model) for p in Product.objects.all()}
    everything = [
        (pk, Unit(kinds[product], serial, batch, made))
        for pk, product, serial, batch, made in Asset.objects.exclude(state="disposed").values_list(
            "pk", "product_id", "serial", "batch", "made_on"
        )
    ]
    assert len(everything) == SIZE * 4 // 5

    @SOME
    @given(st.lists(criteria, min_size=1, max_size=2))
    def drill(asked):
        found = recall_matches.find(asked, warehouse.provider)
        assert set(found.assets) == {pk for pk, one in everything if any_meets(asked, one)}

    drill()


def test_the_drill_writes_each_unit_once_and_quickly(warehouse):
    """Rule 36: opening lists all 1,333 at once, whatever is held by the sweep afterwards."""
    alert = opened(warehouse, Criterion(model="Sara 3"), deadline=TUESDAY.date() + timedelta(days=1))
    assert AlertUnit.objects.filter(alert=alert).count() == 1333
    assert recall_matches.find([Criterion(model="Sara 3")], warehouse.provider, new_to=alert).total == 0
