from __future__ import annotations

from datetime import timedelta

from equipment import clock, tasks
from equipment.models import IdempotentRequest
from tests.county import TUESDAY


def test_answers_kept_for_retries_are_forgotten_after_three_days(db, monkeypatch):
    for key, age in (("old", 73), ("young", 71)):
        IdempotentRequest.objects.create(
            client="c", key=key, fingerprint="f", status=201, body={}, created_at=TUESDAY - timedelta(hours=age)
        )
    monkeypatch.setattr(clock, "now", lambda: TUESDAY)
    assert tasks.forget_requests() == 1
    assert [row.key for row in IdempotentRequest.objects.all()] == ["young"]
