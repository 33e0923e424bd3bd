"""Rule 17: an order is amended before it is on a van; beyond the tolerance it is authorised again."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipment.errors import Invalid, Refused
from equipment.models import Person, Reservation, StockLine
from equipment.states import AssetState
from logistics import amending, authorising, dispatch, ordering, routes
from logistics.amending import Changes
from logistics.models import Event, Order, OrderLine, Prescriber, Route, Visit
from tests.county import BY, TUESDAY, state_of


@pytest.fixture
def raised(county):
    """Ten raisers for £50, authorised within the prescriber's own limit and reserved."""
    county.raisers(60)
    return place(county, ordering.Item("RAISER", 10))


def place(county, *items, **fields):
    request = ordering.Request(items, fields.pop("prescriber", county.prescriber), county.council, county.discharge())
    return ordering.place(request, by=BY, at=TUESDAY)


def amend(order, *, reason="Asked for", **changes):
    made = amending.amend(order, Changes(**changes), by=BY, at=TUESDAY, reason=reason)
    order.refresh_from_db()
    return made


def reserved(order):
    live = Reservation.objects.filter(allocation__line__order=order, ended_at=None)
    return sum(live.values_list("quantity", flat=True))


def test_rule_17_within_the_tolerance_it_stays_authorised_and_is_served(raised):
    """Rule 17: ten per cent more than was authorised, to the pound."""
    line = raised.lines.get()
    amend(raised, quantities={line.pk: 11})
    line.refresh_from_db()
    assert (raised.state, raised.authorised_value, line.quantity, reserved(raised)) == (
        "authorised",
        Decimal(50),
        11,
        11,
    )
    assert Visit.objects.get().state == "open"
    event = Event.objects.get(subject="order", verb="amend")
    facts = {"before": "50.00", "total": "55.00", "added": "5.00", "lines": [line.pk]}
    assert (event.reason, event.facts) == ("Asked for", facts)


def test_rule_17_beyond_the_tolerance_it_waits_to_be_authorised_again_and_keeps_what_it_has(county, raised):
    """Rule 17: nothing of it is brought meanwhile, and nobody else gets what it held."""
    line = raised.lines.get()
    amend(raised, quantities={line.pk: 12})
    assert (raised.state, raised.authorised_at, raised.authorised_by, raised.authorised_value) == (
        "awaiting_authorisation",
        None,
        "",
        None,
    )
    assert (reserved(raised), Visit.objects.get().state) == (10, "cancelled")
    assert ordering.supply(raised, by=BY, at=TUESDAY) is False
    senior = Prescriber.objects.create(organisation=county.council, pin="S", name="Senior", order_limit=500)
    with pytest.raises(Refused) as refusal:
        authorising.authorise(raised, county.prescriber, by=BY, at=TUESDAY)
    assert refusal.value.code == "own_order"
    authorising.authorise(raised, senior, by=BY, at=TUESDAY)
    raised.refresh_from_db()
    assert (raised.state, raised.authorised_by, raised.authorised_value, reserved(raised)) == (
        "authorised",
        "Senior",
        Decimal(60),
        12,
    )
    assert Visit.objects.filter(state="open").count() == 1


def test_rule_17_many_small_steps_do_not_creep_past_the_tolerance(raised):
    """Rule 17: it is measured from what was authorised, not from the last amendment."""
    line = raised.lines.get()
    amend(raised, quantities={line.pk: 11})
    amend(raised, quantities={line.pk: 12})
    assert raised.state == "awaiting_authorisation"


def test_rules_16_and_17_the_limit_of_that_time_binds_within_the_tolerance_too(county):
    """Rules 16 and 17: five per cent more is tolerable, but not above the limit under which it was authorised."""
    county.raisers(60)
    junior = Prescriber.objects.create(organisation=county.council, pin="J", name="Junior", order_limit=102)
    order = place(county, ordering.Item("RAISER", 20), prescriber=junior)
    Prescriber.objects.filter(pk=junior.pk).update(order_limit=5000)
    amend(order, quantities={order.lines.get().pk: 21})
    assert order.state == "awaiting_authorisation"


def test_rule_17_what_is_rejected_again_gives_everything_back(county, raised):
    """Rule 17: a rejected order holds nothing."""
    amend(raised, quantities={raised.lines.get().pk: 40})
    authorising.reject(raised, by=BY, at=TUESDAY, reason="Too many")
    assert (reserved(raised), StockLine.objects.get().reserved) == (0, 0)


def test_less_is_always_within_it_and_frees_the_rest(raised):
    """Rule 17: what is given up is free for others at once."""
    line = raised.lines.get()
    amend(raised, quantities={line.pk: 4})
    assert (raised.state, reserved(raised), StockLine.objects.get().reserved) == ("authorised", 4, 4)


def test_a_line_is_cancelled_and_another_added(county):
    """Rule 17: the order goes on with what is left, on a visit."""
    gone, come = county.new(county.commode()), county.new(county.product("FRAME", price=Decimal(60)))
    order = place(county, ordering.Item("COMMODE"))
    amend(order, cancel=frozenset({order.lines.get().pk}), add=(ordering.Item("FRAME"),))
    assert (state_of(gone), state_of(come), order.state) == (AssetState.AVAILABLE, AssetState.RESERVED, "authorised")
    assert list(order.lines.values_list("product__stock_code", "state")) == [
        ("COMMODE", "cancelled"),
        ("FRAME", "open"),
    ]
    open_ones = Visit.objects.get(state="open").activities.filter(state="open")
    assert [row.reservation.asset for row in open_ones] == [come]


def test_rule_11_a_set_is_changed_as_a_whole(county):
    """Rules 11 and 17: with the set its parts."""
    county.bed_set()
    for code in ("BED", "MATTRESS"):
        county.new(county.product(code))
        county.new(county.product(code))
    order = place(county, ordering.Item("BED-SET", 2))
    whole = order.lines.get(part_of=None)
    with pytest.raises(Invalid) as refusal:
        amend(order, quantities={order.lines.exclude(part_of=None)[0].pk: 1})
    assert refusal.value.code == "line"
    amend(order, quantities={whole.pk: 1})
    assert set(order.lines.values_list("quantity", flat=True)) == {1}
    assert reserved(order) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantities": {0: 5}}, "line"),
        ({"quantities": {}}, "nothing_changed"),
        ({"add": (ordering.Item("NONSENSE"),)}, "unknown_product"),
        ({"add": (ordering.Item("RAISER", 0),)}, "quantity"),
        ({"reason": " ", "cancel": frozenset()}, "reason_needed"),
    ],
)
def test_what_cannot_be_amended_is_refused_and_nothing_is_written(raised, change, code):
    """Rule 17."""
    with pytest.raises(Invalid) as refusal:
        amend(raised, **change)
    assert refusal.value.code == code
    assert (OrderLine.objects.get().quantity, reserved(raised)) == (10, 10)
    assert not Event.objects.filter(verb="amend").exists()


def test_an_order_of_which_nothing_is_left_is_cancelled_instead(raised):
    """Rule 17."""
    with pytest.raises(Invalid) as refusal:
        amend(raised, cancel=frozenset({raised.lines.get().pk}))
    assert refusal.value.code == "nothing_left"
    assert (OrderLine.objects.get().state, reserved(raised), Visit.objects.get().state) == ("open", 10, "open")


def test_rule_15_an_expired_pin_stops_more_of_it_and_not_less(county, raised):
    """Rules 15 and 17: the old order stays."""
    Prescriber.objects.update(active_until=date(2026, 3, 2))
    line = raised.lines.get()
    for more in ({"quantities": {line.pk: 11}}, {"add": (ordering.Item("RAISER"),)}):
        with pytest.raises(Invalid) as refusal:
            amend(Order.objects.get(), **more)
        assert refusal.value.code == "pin_expired"
    amend(Order.objects.get(), quantities={line.pk: 9})
    assert (Order.objects.get().state, reserved(raised)) == ("authorised", 9)


def test_rule_17_nothing_is_amended_once_some_of_it_is_on_a_van(county, raised, settings):
    """Rule 17: what has left the building is turned round at the door, not on paper."""
    settings.SERVICE = settings.SERVICE | {"PLANNING_ITERATIONS": 50}
    county.shift(date(2026, 3, 5))
    dispatch.replan(county.store.pk, by=BY, at=TUESDAY)
    routes.load_counted(Route.objects.get(), by=BY, at=TUESDAY.replace(day=5))
    with pytest.raises(Refused) as refusal:
        amend(raised, quantities={raised.lines.get().pk: 4})
    assert refusal.value.code == "already_out"
    assert OrderLine.objects.get().quantity == 10


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.integers(1, 50), min_size=1, max_size=4))
def test_rule_17_whatever_is_asked_nothing_is_authorised_that_costs_more_than_was_agreed(county, steps):
    """Rule 17: while authorised, the value never exceeds what somebody agreed by more than the tolerance."""
    county.raisers(60)
    order = place(county, ordering.Item("RAISER", 10))
    for quantity in steps:
        line = order.lines.get()
        if quantity != line.quantity:
            amend(order, quantities={line.pk: quantity})
        value = ordering.value_of(order)
        assert (order.state == "authorised") <= (value <= Decimal(55))
        assert reserved(order) <= order.lines.get().quantity
    ordering.cancel(order, by=BY, at=TUESDAY, reason="test")
    assert StockLine.objects.get().reserved == 0


def test_rules_16_and_17_what_a_colleague_authorised_is_not_swapped_for_something_else_of_its_price(county):
    """Rules 16 and 17: a colleague agreed to what was seen; in small steps too it does not become another order."""
    for code in ("DEAR", "OTHER"):
        county.product(code, price=Decimal(1000))
    county.raisers(60)
    junior = Prescriber.objects.create(organisation=county.council, pin="J", name="Junior", order_limit=1)
    order = place(county, ordering.Item("DEAR"), ordering.Item("RAISER", 20), prescriber=junior)
    authorising.authorise(order, county.prescriber, by=BY, at=TUESDAY)
    dear, raisers = order.lines.order_by("pk")
    amend(order, quantities={raisers.pk: 30})
    assert order.state == "authorised"
    amend(order, cancel=frozenset({dear.pk}), add=(ordering.Item("OTHER"),))
    assert order.state == "awaiting_authorisation"


def test_rule_15_within_their_own_limit_a_prescriber_changes_their_mind(county):
    """Rule 15: they could as well order the other thing anew."""
    county.product("OTHER", price=Decimal(100))
    county.commode()
    order = place(county, ordering.Item("COMMODE"))
    amend(order, cancel=frozenset({order.lines.get().pk}), add=(ordering.Item("OTHER"),))
    assert order.state == "authorised"


def test_rule_26_no_more_of_it_is_ordered_for_somebody_who_has_died(raised):
    """Rule 26: less of it is in order; nothing is added to what waits for somebody to decide."""
    Person.objects.filter(pk=raised.person_id).update(died_on=date(2026, 3, 2))
    line = raised.lines.get()
    with pytest.raises(Refused) as refusal:
        amend(raised, quantities={line.pk: 11})
    assert (refusal.value.code, OrderLine.objects.get().quantity) == ("person_died", 10)
    amend(raised, quantities={line.pk: 9})
    assert OrderLine.objects.get().quantity == 9
