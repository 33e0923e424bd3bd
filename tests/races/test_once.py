"""Things that must happen once, asked for at the same moment."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.test import Client

from equipment import decontamination, loans
from equipment.errors import StaleState
from equipment.models import AssetEvent, Loan, ReturnRecord
from logistics import discharges, outbox
from logistics.discharges import Word
from logistics.models import Order, OutboxRow
from logistics.work import Kind
from tests.api.conftest import Api
from tests.county import BY, TUESDAY
from tests.races.conftest import together

pytestmark = pytest.mark.races


def test_rule_18_the_same_order_sent_by_three_retries_at_once_is_one_order(county):
    county.new(county.commode())
    api = Api(county, county.council, "discharge")
    body = {
        "discharge": str(county.discharge(edd=None).reference),
        "prescriber": "OT1",
        "lines": [{"product": "COMMODE"}],
    }

    def send():
        api_here = Client(raise_request_exception=False)
        headers = {"Authorization": f"Bearer {api.token}", "Idempotency-Key": "same"}
        return api_here.post("/api/v1/orders/", body, content_type="application/json", headers=headers)

    answers = together(send, send, send)
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["order"]["reference"] for answer in answers}) == 1
    assert sorted(answer.get("Idempotency-Replayed", "") for answer in answers) == ["", "true", "true"]
    assert Order.objects.count() == 1


def test_rule_6_two_technicians_begin_one_clean_once(county):
    asset = county.dirty(county.commode())
    copies = [type(asset).objects.get(pk=asset.pk) for _ in range(2)]
    answers = together(*(lambda a=copy: decontamination.begin(a, by=BY, at=TUESDAY) for copy in copies))
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "StaleState"]
    assert AssetEvent.objects.filter(asset=asset, verb="begin_clean").count() == 1
    assert StaleState in {type(answer) for answer in answers}


def test_a_loan_collected_by_two_crews_at_once_ends_once(county):
    loan = county.on_loan(county.commode())
    copies = [Loan.objects.get(pk=loan.pk) for _ in range(2)]
    answers = together(*(lambda row=copy: loans.collect(row, vehicle="VAN", by=BY, at=TUESDAY) for copy in copies))
    assert sum(isinstance(answer, ReturnRecord) for answer in answers) == 1
    assert ReturnRecord.objects.filter(loan=loan).count() == 1


def test_rule_23_words_that_arrive_together_leave_the_newest_in_force(county):
    discharge = county.discharge(date(2026, 3, 20))
    words = [Word(date(2026, 3, 10 + n), TUESDAY + timedelta(minutes=n)) for n in range(1, 6)]
    later = TUESDAY + timedelta(hours=1)
    together(*(lambda w=word: discharges.take_date(discharge, w, by=BY, at=later) for word in words))
    discharge.refresh_from_db()
    assert discharge.expected_on == date(2026, 3, 15)
    assert discharge.expected_dates.count() == 6


def test_work_asked_for_while_the_same_work_is_taken_up_is_not_lost(county):
    """A plan is being made when an order, not yet committed, asks for one: it gets a run of its own."""
    taken, committed, runs = threading.Event(), threading.Event(), []
    outbox.put(Kind.PLAN, 7, at=TUESDAY)

    def plan(key, at):
        runs.append(key)
        taken.set()
        committed.wait(timeout=20)

    def order():
        with transaction.atomic():
            outbox.put(Kind.PLAN, 7, at=TUESDAY)
            taken.wait(timeout=20)
        committed.set()

    together(lambda: outbox.sweep({"plan": plan}, ["plan"], at=TUESDAY), order)
    outbox.sweep({"plan": plan}, ["plan"], at=TUESDAY)
    assert runs == ["7", "7"]
    assert not OutboxRow.objects.filter(done_at=None).exists()


def test_two_sweepers_do_each_piece_of_work_once(county):
    for key in range(20):
        outbox.put(Kind.SUPPLY, key, at=TUESDAY)
    done, guard = [], threading.Lock()

    def handler(key, at):
        with guard:
            done.append(key)

    together(*(lambda: outbox.sweep({"supply": handler}, ["supply"], at=TUESDAY) for _ in range(3)))
    assert sorted(done, key=int) == [str(n) for n in range(20)]
    assert not OutboxRow.objects.filter(done_at=None).exists()
