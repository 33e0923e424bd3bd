from __future__ import annotations

from datetime import timedelta

from equipment import clock, tasks
from equipment.imports import jobs
from equipment.models import IdempotentRequest, ImportJob
from tests.county import BY, TUESDAY


def test_answers_kept_for_retries_are_forgotten_after_three_days(db, monkeypatch):
    for key, age in (("old", 73), ("young", 71)):
        IdempotentRequest.objects.create(
            client="c", key=key, fingerprint="f", status=201, body={}, created_at=TUESDAY - timedelta(hours=age)
        )
    monkeypatch.setattr(clock, "now", lambda: TUESDAY)
    assert tasks.forget_requests() == 1
    assert [row.key for row in IdempotentRequest.objects.all()] == ["young"]


def test_a_file_brought_in_is_emptied_a_month_after_its_end_and_its_counts_stay(county, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: TUESDAY)
    kept = {}
    for name, days in (("old", 31), ("young", 29)):
        kept[name] = jobs.upload(
            "products", f"{name}.csv", b"stock_code,name\nA,B\n", county.provider, by=BY, at=TUESDAY
        )
        ImportJob.objects.filter(pk=kept[name].pk).update(
            finished_at=TUESDAY - timedelta(days=days), created=1, problems=[{"line": 2}]
        )
    assert tasks.forget_files() == 1
    assert tasks.forget_files() == 0
    old, young = (ImportJob.objects.get(pk=kept[name].pk) for name in ("old", "young"))
    assert (bytes(old.content), old.problems, old.created) == (b"", [], 1)
    assert (bytes(young.content)[:10], young.problems) == (b"stock_code", [{"line": 2}])
