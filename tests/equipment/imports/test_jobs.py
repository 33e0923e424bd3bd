"""A file from upload to done: checked without writing, applied in chunks, resumed after a kill."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from equipment.duties import Actor, Duty
from equipment.errors import Invalid, Refused
from equipment.imports import jobs
from equipment.models import Asset, AssetEvent, FloorEvent, ImportJob
from equipment.receiving import asset_number
from equipment.states import AssetState
from equipment.tasks import sweep_imports
from tests.county import BY, TUESDAY, state_of
from tests.equipment.imports.given import applied, checked, codes, counts, csv_of, uploaded, worked

HEADER = ("asset_number", "stock_code", "serial")


def rows(count: int, start: int = 1) -> list[tuple[str, str, str]]:
    return [("", "COMMODE", f"SN-{n:05d}") for n in range(start, start + count)]


@pytest.fixture
def commodes(county):
    county.commode()
    return county


def test_a_check_counts_and_writes_nothing_but_the_job(commodes):
    job = checked(commodes, "assets", csv_of(HEADER, *rows(3), ("", "NOSUCH", "X")))
    assert (job.state, job.rows_total, job.rows_done, counts(job)) == ("checked", 4, 4, (3, 0, 0, 1))
    assert codes(job) == [(5, "stock_code", "no_such_product")]
    assert not Asset.objects.exists()
    assert job.encoding == "utf-8"


def test_bad_rows_hold_up_the_whole_file_unless_the_person_leaves_them_out(commodes):
    job = checked(commodes, "assets", csv_of(HEADER, *rows(3), ("", "NOSUCH", "X")))
    with pytest.raises(Refused) as refusal:
        jobs.apply(job, by=BY, at=TUESDAY)
    assert refusal.value.code == "bad_rows"
    assert not Asset.objects.exists()
    jobs.apply(job, by=BY, at=TUESDAY, skip_bad=True)
    worked(job)
    assert (job.state, counts(job), Asset.objects.count()) == ("done", (3, 0, 0, 1), 3)


def test_the_same_file_twice_gives_all_unchanged(commodes):
    content = csv_of(HEADER, *rows(3))
    assert counts(applied(commodes, "assets", content)) == (3, 0, 0, 0)
    assert counts(applied(commodes, "assets", content)) == (0, 0, 3, 0)
    assert Asset.objects.count() == AssetEvent.objects.count() == 3


def test_a_worker_killed_between_chunks_loses_nothing_and_repeats_nothing(commodes, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK", 2)
    job = checked(commodes, "assets", csv_of(HEADER, *rows(5)))
    jobs.apply(job, by=BY, at=TUESDAY)
    claimed = jobs.claim(TUESDAY)
    assert claimed is not None

    def killed(job: ImportJob) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        jobs.work(claimed, lambda: TUESDAY, killed)
    job.refresh_from_db()
    assert (job.state, job.rows_done, Asset.objects.count()) == ("applying", 2, 2)
    assert jobs.claim(TUESDAY) is None, "still leased"
    worked(job, TUESDAY + timedelta(minutes=3))
    assert (job.state, job.rows_done, job.created, Asset.objects.count()) == ("done", 5, 5, 5)
    assert len({asset.number for asset in Asset.objects.all()}) == 5


def test_the_sweeper_takes_what_waits_one_job_at_a_time(commodes, monkeypatch):
    monkeypatch.setattr("equipment.clock.now", lambda: TUESDAY)
    first, second = (uploaded(commodes, "assets", csv_of(HEADER, *rows(1, n))) for n in (1, 2))
    assert sweep_imports() == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("checked", "waiting")
    assert [sweep_imports(), sweep_imports()] == [1, 0]


def test_a_file_that_cannot_be_read_fails_with_what_to_do(commodes):
    job = checked(commodes, "assets", "Größe;Name\nx;y\n".encode("cp1252"))
    assert job.state == "failed"
    assert job.failure.startswith("The first row names no column known here: asset_number")
    assert job.finished_at == TUESDAY


def test_a_windows_file_with_a_missing_column_names_every_missing_one(commodes):
    content = "asset_number;kind;examiner\n0010012;loler;Zoë\n".encode("cp1252")
    job = checked(commodes, "tests", content)
    assert (job.state, job.encoding) == ("failed", "cp1252")
    assert job.failure == "These columns are missing: result, performed_at."


def test_a_column_nobody_knows_is_said_and_holds_nothing_up(commodes):
    job = checked(commodes, "assets", csv_of((*HEADER, "serial nummer"), ("", "COMMODE", "A", "B")))
    assert codes(job) == [(1, "serial nummer", "ignored")]
    assert counts(job) == (1, 0, 0, 0)


def test_what_changed_since_the_check_stops_the_file_whole_chunk_by_whole_chunk(commodes, monkeypatch):
    monkeypatch.setattr(jobs, "CHUNK", 2)
    job = checked(commodes, "assets", csv_of((*HEADER, "barcode"), *[(*row, f"B{n}") for n, row in enumerate(rows(4))]))
    jobs.apply(job, by=BY, at=TUESDAY)
    other = commodes.received(commodes.commode())
    Asset.objects.filter(pk=other.pk).update(barcode="B3")
    worked(job)
    assert (job.state, job.rows_done, job.created) == ("failed", 2, 2)
    assert codes(job) == [(5, "barcode", "barcode_taken")]
    assert "Line 5" in job.failure
    assert Asset.objects.count() == 3


def test_a_key_twice_in_one_file_names_both_lines(commodes):
    job = checked(commodes, "assets", csv_of(HEADER, ("", "COMMODE", "A"), ("", "COMMODE", "B"), ("", "COMMODE", "A")))
    assert codes(job) == [(2, "serial", "twice_in_file"), (4, "serial", "twice_in_file")]
    assert [each["detail"] for each in job.problems] == [
        "The same stands on line 4 too: leave one of them out.",
        "The same stands on line 2 too: leave one of them out.",
    ]


def test_twenty_thousand_rows_with_one_bad_line_are_checked_in_a_few_queries_a_chunk(
    commodes, django_assert_max_num_queries
):
    """Forty chunks of at most six queries, and a dozen for the job itself."""
    good = rows(20_000)
    good[12_344] = ("", "COMMODE", "=" * 61)
    with django_assert_max_num_queries(40 * 6 + 12):
        job = checked(commodes, "assets", csv_of(HEADER, *good))
    assert counts(job) == (19_999, 0, 0, 1)
    assert codes(job) == [(12_346, "serial", "too_long")]


def test_only_the_first_thousand_problems_are_kept_and_all_are_counted(commodes):
    job = checked(commodes, "assets", csv_of(HEADER, *[("", "NOSUCH", str(n)) for n in range(1200)]))
    assert (job.bad, len(job.problems)) == (1200, 1000)
    with pytest.raises(Refused) as refusal:
        jobs.apply(job, by=BY, at=TUESDAY, skip_bad=True)
    assert refusal.value.code == "nothing_good"


def test_bad_rows_come_back_with_the_reason_beside_them(commodes):
    job = checked(commodes, "assets", csv_of(HEADER, *rows(1), ("", "NOSUCH", "=cmd")))
    assert list(jobs.bad_rows(job)) == [
        [*HEADER, "what_is_wrong"],
        ["", "NOSUCH", "'=cmd", "stock_code: There is no product NOSUCH: bring it in first."],
    ]


def test_loading_data_is_a_duty_of_its_own_and_of_ones_own_store(commodes):
    content = csv_of(HEADER, *rows(1))
    for actor in (Actor("user:sam", {Duty.RECEIVE}), Actor("user:mo", Duty, stores=[commodes.store.pk + 1])):
        with pytest.raises(Refused):
            jobs.upload("assets", "f.csv", content, commodes.provider, by=actor, at=TUESDAY, store=commodes.store)
    assert not ImportJob.objects.exists()


def test_a_file_too_big_or_for_nobodys_store_is_not_taken(commodes, settings):
    with pytest.raises(Invalid) as refusal:
        uploaded(commodes, "assets", b"x", organisation=commodes.other)
    assert refusal.value.code == "another_store"
    with pytest.raises(Invalid) as refusal:
        uploaded(commodes, "assets", b"x", store=None)
    assert refusal.value.code == "store_needed"
    settings.SERVICE = settings.SERVICE | {"IMPORT_MEGABYTES": 0}
    with pytest.raises(Invalid) as refusal:
        uploaded(commodes, "assets", b"x")
    assert refusal.value.code == "file_too_big"
    assert not ImportJob.objects.exists()


def test_a_job_is_cancelled_before_it_is_applied_and_its_history_says_so(commodes):
    job = checked(commodes, "assets", csv_of(HEADER, *rows(1)))
    jobs.cancel(job, by=BY, at=TUESDAY)
    with pytest.raises(Refused):
        jobs.apply(job, by=BY, at=TUESDAY)
    events = FloorEvent.objects.filter(subject="import", subject_id=job.pk).order_by("pk")
    assert [event.verb for event in events] == ["upload", "begin_check", "end_check", "cancel"]
    assert jobs.claim(TUESDAY + timedelta(days=1)) is None


def test_one_row_that_clashes_only_when_written_takes_no_other_with_it(commodes):
    """Two names of one asset, its number and its barcode, make two loans that no check of the file can tell apart."""
    asset = commodes.received(commodes.commode())
    Asset.objects.filter(pk=asset.pk).update(barcode="B1")
    header = ("asset_number", "barcode", "started", "family_name", "given_name", "line1", "postcode")
    who = ("Example", "Ann", "2 Hill Road", "ZX1 1AB")
    content = csv_of(header, (asset.number, "", "2026-01-01", *who), ("", "B1", "2026-01-02", *who))
    assert checked(commodes, "loans", content).bad == 0
    job = applied(commodes, "loans", content, skip_bad=True)
    assert (job.state, counts(job), codes(job)) == ("done", (1, 0, 0, 1), [(3, "started", "on_loan")])


def test_a_number_of_ours_is_never_given_out_again(commodes):
    number = asset_number(4321)
    applied(commodes, "assets", csv_of(HEADER, (number, "COMMODE", "")))
    assert commodes.received(commodes.commode()).number == asset_number(4322)


def test_a_file_that_the_database_itself_refuses_fails_and_is_not_tried_for_ever(county):
    """Else the sweep would take it first each time, and no other file would have its turn."""
    county.commode()
    with connection.cursor() as cursor:  # rolled back with the test
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE equipment_asset ALTER serial TYPE varchar(1)")
    job = checked(county, "assets", csv_of(("stock_code", "serial"), ("COMMODE", "S1")))
    jobs.apply(job, by=BY, at=TUESDAY)
    assert jobs.sweep(lambda: TUESDAY) == 1
    job.refresh_from_db()
    assert (job.state, "DataError" in job.failure) == ("failed", True)
    assert jobs.sweep(lambda: TUESDAY) == 0


def test_what_failed_its_test_elsewhere_is_taken_off_the_shelf(county):
    """Rule 4."""
    asset = county.new(county.hoist())
    header = ("asset_number", "kind", "result", "performed_at", "examiner", "defects")
    content = csv_of(header, (asset.number, "loler", "fail", "2026-03-01", "E. Xaminer", "Hook bent"))
    assert counts(applied(county, "tests", content)) == (1, 0, 0, 0)
    assert state_of(asset) == AssetState.TESTING
