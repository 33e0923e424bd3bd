"""Bringing in a file from the admin, and taking a list out."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from equipment.imports import jobs
from equipment.models import ImportJob, Membership, Product
from equipment.roles import STORE_MANAGERS
from tests.county import BY, TUESDAY, County
from tests.equipment.admin.rows import manager, signed_in, staff, user
from tests.equipment.imports.given import checked, csv_of, worked

pytestmark = pytest.mark.django_db
IMPORTS = "/admin/equipment/importjob/"
FILE = csv_of(("stock_code", "name"), ("CHAIR", "Shower chair"), ("", "No code"))


def page_of(job: ImportJob) -> str:
    return f"{IMPORTS}{job.pk}/change/"


def bring_in(client: Client, county: County, **more: Any) -> Any:
    given = {"kind": "products", "organisation": county.provider.pk, "store": county.store.pk}
    file = SimpleUploadedFile("new.csv", FILE, "text/csv")
    return client.post(f"{IMPORTS}do/bring-in/", {**given, "file": file, **more})


def test_a_manager_brings_in_a_file_sees_what_is_wrong_and_applies_the_good_rows(county: County) -> None:
    client = manager(county)
    answer = bring_in(client, county)
    job = ImportJob.objects.get()
    assert answer.headers["Location"] == page_of(job)
    assert (bytes(job.content), job.uploaded_by, job.organisation) == (FILE, "user:mo", county.provider)

    waiting = client.get(page_of(job)).content.decode()
    assert "<progress" in waiting and "house/progress.js" in waiting
    worked(job)
    page = client.get(page_of(job)).content.decode()
    assert "<td>3</td><td>stock_code</td><td>This must not be empty.</td>" in page
    assert "It would create 1, update 0 and leave 0 as they are; 1 rows are bad." in page
    assert "Apply the good rows only" in page and ">Apply</button>" not in page

    client.post(f"{IMPORTS}{job.pk}/do/apply-good/")
    worked(job)
    assert (job.state, Product.objects.get().stock_code) == ("done", "CHAIR")


def test_the_progress_is_said_in_numbers_and_words(county: County) -> None:
    job = checked(county, "products", FILE)
    answer = manager(county).get(f"{IMPORTS}{job.pk}/progress/").json()
    assert answer == {
        "state": "checked",
        "rows_total": 2,
        "rows_done": 2,
        "bad": 1,
        "working": False,
        "words": "It would create 1, update 0 and leave 0 as they are; 1 rows are bad. Nothing is written yet.",
    }


def test_bad_rows_and_templates_come_as_files(county: County) -> None:
    job = checked(county, "products", FILE)
    client = manager(county)
    body = b"".join(client.get(f"{IMPORTS}{job.pk}/bad-rows/").streaming_content).decode("utf-8-sig")
    assert body == "stock_code,name,what_is_wrong\r\n,No code,stock_code: This must not be empty.\r\n"
    for kind in jobs.VERBS:
        body = b"".join(client.get(f"{IMPORTS}template/{kind}/").streaming_content)
        assert checked(county, kind, body).failure == "", kind
    assert client.get(f"{IMPORTS}template/nonsense/").status_code == 404


def test_only_those_whose_duty_it_is_bring_in_and_take_out(county: County) -> None:
    """An assistant sees neither the page nor the links; another organisation's manager not this file."""
    job = checked(county, "products", FILE)
    floor = staff(county)
    assert floor.get(IMPORTS).status_code == 403
    assert bring_in(floor, county).status_code == 403
    elsewhere = signed_in(user("el", county.other, STORE_MANAGERS))
    assert elsewhere.get(f"{IMPORTS}{job.pk}/progress/").status_code == 404
    assert bring_in(elsewhere, county).status_code == 400, "not among the choices"
    elsewhere.post(f"{IMPORTS}{job.pk}/do/cancel/")
    job.refresh_from_db()
    assert (job.state, ImportJob.objects.count()) == ("checked", 1)


def test_a_manager_of_another_store_may_not_decide(county: County) -> None:
    job = checked(county, "products", FILE)
    account = user("mo", county.provider, STORE_MANAGERS)
    membership = Membership.objects.get(user=account)
    membership.stores.add(county.satellite())
    client = signed_in(account)
    assert client.get(f"{IMPORTS}{job.pk}/progress/").status_code == 404


def test_a_refusal_is_shown_and_nothing_is_kept(county: County) -> None:
    answer = bring_in(manager(county), county, kind="assets", store="")
    assert answer.status_code == 409
    assert "Choose the store that new assets are booked in at." in answer.content.decode()
    assert not ImportJob.objects.exists()


def test_by_and_at_are_on_the_record(county: County) -> None:
    job = checked(county, "products", csv_of(("stock_code", "name"), ("CHAIR", "Shower chair")))
    manager(county).post(f"{IMPORTS}{job.pk}/do/apply/")
    job.refresh_from_db()
    assert job.state == "applying"
    assert job.uploaded_by == BY and job.uploaded_at == TUESDAY
