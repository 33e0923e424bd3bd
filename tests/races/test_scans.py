"""One scan sent several times at once, and two people who scan the same thing."""

from __future__ import annotations

import pytest

from equipment.duties import MANAGER, Actor
from equipment.jobs import ScanMode
from equipment.models import Asset, ReturnRecord, Scan
from equipment.scanning import doing
from tests.county import TUESDAY
from tests.races.conftest import together

pytestmark = pytest.mark.races


def returned(county, code, by, key):
    return doing.scan(
        code,
        key=key,
        mode=ScanMode.RETURN,
        job=None,
        answer={"condition": "good", "infection": "unknown"},
        by=Actor(by, MANAGER),
        at=TUESDAY,
        assets=Asset.objects.all(),
        store=county.store,
    )


def test_rule_18_a_scan_sent_three_times_at_once_is_done_once(county):
    asset = county.on_loan(county.commode()).asset
    answers = together(*(lambda: returned(county, asset.number, "user:sam", "one"),) * 3)
    assert {(scan.pk, scan.ok) for scan in answers} == {(Scan.objects.get().pk, True)}
    assert ReturnRecord.objects.count() == 1


def test_of_two_people_who_scan_the_same_thing_one_does_it(county):
    asset = county.on_loan(county.commode()).asset
    answers = together(
        lambda: returned(county, asset.number, "user:sam", "one"),
        lambda: returned(county, asset.number, "user:ann", "two"),
    )
    assert sorted(scan.ok for scan in answers) == [False, True]
    assert ReturnRecord.objects.count() == 1
