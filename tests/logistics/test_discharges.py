from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipment.errors import Invalid, Refused
from logistics import discharges
from logistics.discharges import Word
from logistics.models import Discharge, Event, ExpectedDate, Order, OutboxRow
from tests.county import BY, TUESDAY

HOUR = timedelta(hours=1)
THU, FRI = date(2026, 3, 5), date(2026, 3, 6)


def take(discharge, value, said, at=None, **fields):
    return discharges.take_date(discharge, Word(value, said, **fields), by=BY, at=at or said)


def test_a_new_date_moves_needed_by_and_asks_for_a_plan(county):
    county.new(county.commode())
    discharge = county.discharge(FRI)
    order = county.order(discharge, "COMMODE")
    OutboxRow.objects.all().delete()
    take(discharge, THU, TUESDAY + HOUR)
    order.refresh_from_db()
    discharge.refresh_from_db()
    assert discharge.expected_on == THU
    assert order.needed_by.isoformat() == "2026-03-05T12:00:00+00:00"
    assert order.lines.get().activities.get().visit.needed_by == order.needed_by
    assert [(row.kind, row.key) for row in OutboxRow.objects.all()] == [("plan", str(county.store.pk))]


def test_rule_22_the_contracts_due_time_is_never_rewritten(county):
    county.new(county.commode())
    discharge = county.discharge(FRI)
    order = county.order(discharge, "COMMODE")
    due = order.sla_due_at
    take(discharge, THU, TUESDAY + HOUR)
    order.refresh_from_db()
    assert order.sla_due_at == due


def test_rule_23_an_older_word_is_kept_and_never_wins(county):
    discharge = county.discharge(FRI)
    take(discharge, THU, TUESDAY + 2 * HOUR)
    late = take(discharge, date(2026, 3, 9), TUESDAY + HOUR, at=TUESDAY + 3 * HOUR)
    discharge.refresh_from_db()
    assert discharge.expected_on == THU
    assert late.superseded is True
    assert [v.value for v in discharge.expected_dates.all()] == [THU, date(2026, 3, 9), FRI]


def test_of_two_dates_said_at_the_same_moment_the_one_heard_last_counts(county):
    discharge = county.discharge(FRI)
    take(discharge, THU, TUESDAY)
    take(discharge, FRI, TUESDAY, at=TUESDAY + HOUR)  # the first one again
    discharge.refresh_from_db()
    assert discharge.expected_on == THU
    assert ExpectedDate.objects.count() == 2


def test_the_same_message_twice_is_one_version(county):
    discharge = county.discharge(FRI)
    first = take(discharge, THU, TUESDAY + HOUR)
    assert take(discharge, THU, TUESDAY + HOUR, at=TUESDAY + 2 * HOUR) == first
    assert ExpectedDate.objects.count() == 2


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(5)), st.data())
def test_rule_23_messages_in_any_order_and_repeated_give_the_same_date(county, order, data):
    words = [Word(FRI + timedelta(days=n) if n != 2 else None, TUESDAY + n * HOUR) for n in range(1, 6)]
    stream = [words[n] for n in order]
    stream += data.draw(st.lists(st.sampled_from(words), max_size=3))
    discharge = county.discharge(FRI)
    for word in stream:
        discharges.take_date(discharge, word, by=BY, at=TUESDAY + 9 * HOUR)
    discharge.refresh_from_db()
    assert discharge.expected_on == FRI + timedelta(days=5)
    assert discharge.expected_dates.count() == 6


def test_rule_26_withdrawing_the_date_keeps_the_order_and_the_reservation(county):
    county.new(county.commode())
    discharge = county.discharge(FRI)
    order = county.order(discharge, "COMMODE")
    take(discharge, None, TUESDAY + HOUR)
    order.refresh_from_db()
    assert (order.state, order.needed_by) == ("authorised", None)
    assert order.lines.get().allocations.get().reservation.is_live


@pytest.mark.parametrize(
    ("value", "code"),
    [(date(2026, 3, 2), "edd_past"), (date(2028, 3, 3), "edd_too_far"), (date(2027, 3, 4), "edd_too_far")],
)
def test_a_date_gone_by_or_years_ahead_is_refused_and_nothing_is_written(county, value, code):
    discharge = county.discharge(FRI)
    events = Event.objects.count()
    with pytest.raises(Invalid) as refusal:
        take(discharge, value, TUESDAY + HOUR)
    assert (refusal.value.code, refusal.value.facts["field"]) == (code, "expected_on")
    assert ExpectedDate.objects.count() == 1
    assert Event.objects.count() == events


def test_a_message_from_the_future_is_refused(county):
    discharge = county.discharge(FRI)
    with pytest.raises(Invalid) as refusal:
        take(discharge, THU, TUESDAY + HOUR, at=TUESDAY)
    assert refusal.value.code == "said_at"
    assert ExpectedDate.objects.count() == 1


def test_one_discharge_per_stay(county):
    discharge = county.discharge(FRI)
    stay = discharges.Stay(discharge.address, discharge.hospital, "Other ward", discharge.visit_number)
    with pytest.raises(Refused) as refusal:
        discharges.open_discharge(stay, Word(FRI, TUESDAY), by=BY, at=TUESDAY)
    assert refusal.value.code == "stay_known"
    assert Discharge.objects.count() == 1


def test_who_has_gone_home_gets_no_new_date(county):
    discharge = county.discharge(FRI)
    discharges.leave(discharge, by=BY, at=TUESDAY + HOUR)
    with pytest.raises(Refused) as refusal:
        take(discharge, THU, TUESDAY + 2 * HOUR)
    assert refusal.value.code == "discharge_closed"
    assert not Order.objects.exists()


def test_the_same_date_said_again_is_recorded_and_moves_nothing(county):
    discharge = county.discharge(FRI)
    OutboxRow.objects.all().delete()
    take(discharge, FRI, TUESDAY + HOUR)
    assert ExpectedDate.objects.count() == 2
    assert not OutboxRow.objects.exists()
