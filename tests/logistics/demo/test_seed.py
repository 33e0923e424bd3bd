"""The demonstration's county: invented throughout, true to the safety rules, and the same however often it is made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models, transaction
from django.db.models import Count, Q
from django.test import override_settings

from equipment import holdings, receiving
from equipment.clock import now
from equipment.fitness import to_shelve
from equipment.models import Address, Asset, AssetEvent, Organisation, Person, Product, Store
from equipment.people import nhs_number
from equipment.states import ASSET, AT_STORE, AssetState, Infection, Tracking
from logistics.demo import cast, catalogue, county, fleet, people
from logistics.models import Driver, Postcode, Prescriber, Sector, Shift, Van

# Where an asset may be before the first van is loaded; picked, staged, loaded and returning come with the story.
EVERYWHERE = set(AssetState) - {
    AssetState.PICKED,
    AssetState.STAGED,
    AssetState.LOADED,
    AssetState.RETURNING,
    AssetState.RESERVED,
}


@pytest.fixture(scope="module")
def seeded(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, int]]:
    """Seeded once for all the tests here, then rolled back; gives the number of rows of each table."""
    clock = tmp_path_factory.mktemp("demo") / "clock"
    with (
        django_db_blocker.unblock(),
        override_settings(DEMO_CLOCK_FILE=str(clock)),
        transaction.atomic(),
    ):
        call_command("seed_demo", stdout=StringIO())
        yield counts()
        transaction.set_rollback(True)


def counts() -> dict[str, int]:
    tables: list[type[models.Model]] = [
        *apps.get_app_config("equipment").get_models(),
        *apps.get_app_config("logistics").get_models(),
        *apps.get_app_config("auth").get_models(),
        *apps.get_app_config("oauth2_provider").get_models(),
    ]
    return {table._meta.label: table._default_manager.count() for table in tables}


@pytest.mark.django_db
def test_seeding_is_refused_outside_the_demonstration(settings: Any) -> None:
    settings.DEMO_CLOCK_FILE = ""

    with pytest.raises(CommandError, match="DEMO_CLOCK_FILE is not set"):
        call_command("seed_demo")

    assert not Product.objects.exists()


@pytest.mark.django_db
def test_seeding_is_refused_in_somebody_elses_database(settings: Any, tmp_path: Any) -> None:
    settings.DEMO_CLOCK_FILE = str(tmp_path / "clock")
    Organisation.objects.create(code="real-council", name="A council", kind="council")

    with pytest.raises(CommandError, match="belongs to somebody else"):
        call_command("seed_demo")


def test_a_second_seeding_adds_nothing(seeded: dict[str, int]) -> None:
    call_command("seed_demo", stdout=StringIO())

    assert counts() == seeded


def test_the_county_has_the_size_of_the_story(seeded: dict[str, int]) -> None:
    towns = [place for place in county.settlements().values() if place.is_town]

    assert (len(towns), len(county.settlements()) - len(towns)) == (2, 30)
    assert 38 <= Product.objects.count() <= 48
    assert 550 <= Asset.objects.count() <= 700
    assert set(Product.objects.values_list("tracking", flat=True)) == set(Tracking)
    assert set(Asset.objects.values_list("state", flat=True)) == EVERYWHERE
    assert (Store.objects.count(), Van.objects.count(), Driver.objects.count()) == (2, 4, 6)
    assert Shift.objects.count() == fleet.DAYS * 4
    assert sorted(shift.crew.count() for shift in Shift.objects.order_by("pk")[:4]) == [1, 1, 2, 2]


def test_most_of_the_shelf_is_recycled(seeded: dict[str, int]) -> None:
    shelf = Asset.objects.filter(state=AssetState.AVAILABLE)

    assert shelf.filter(loans_count__gt=0).count() > 2 * shelf.filter(loans_count=0).count() > 0


def test_every_asset_on_a_shelf_is_fit_for_it_by_its_records(seeded: dict[str, int]) -> None:
    shelf = list(Asset.objects.filter(state=AssetState.AVAILABLE).values_list("pk", flat=True))

    facts = holdings.facts_of(shelf)

    assert {pk: to_shelve(facts[pk], on=now().date()) for pk in shelf} == {pk: [] for pk in shelf}


def test_every_asset_is_where_its_state_says(seeded: dict[str, int]) -> None:
    lent = Count("loans")
    out = Count("loans", filter=Q(loans__ended_at=None))

    for asset in Asset.objects.annotate(lent=lent, out=out):
        at_home = asset.state in (AssetState.ON_LOAN, AssetState.COLLECTION_DUE)
        assert (asset.store_id is not None, asset.out) == (asset.state in AT_STORE, int(at_home)), asset
        assert asset.loans_count == asset.lent
        assert receiving.is_asset_number(asset.number)


def test_every_history_is_an_unbroken_row_of_legal_moves_that_ends_today(seeded: dict[str, int]) -> None:
    histories: dict[int, list[AssetEvent]] = {}
    for event in AssetEvent.objects.order_by("asset_id", "pk"):
        histories.setdefault(event.asset_id, []).append(event)

    states = dict(Asset.objects.values_list("pk", "state"))
    assert histories.keys() == states.keys()
    for pk, events in histories.items():
        assert (events[0].verb, events[-1].to_state) == ("book_in", states[pk])
        for before, after in pairwise(events):
            assert before.to_state == after.from_state and before.at <= after.at, (pk, before, after)
            assert ASSET.moves[after.from_state, after.to_state].verb == after.verb
        assert events[-1].at <= now()


def test_the_stored_dates_say_what_the_records_say(seeded: dict[str, int]) -> None:
    stored = dict(Asset.objects.values_list("pk", "test_due_on"))

    facts = holdings.facts_of(list(stored))

    dues = {pk: [test.next_due for test in one.tests.values() if test.next_due] for pk, one in facts.items()}
    assert stored == {pk: min(found, default=None) for pk, found in dues.items()}


def test_the_only_bariatric_bed_waits_for_its_clean(seeded: dict[str, int]) -> None:
    [bed] = Asset.objects.filter(product__stock_code=catalogue.BARIATRIC_BED).select_related("product")

    assert bed.state == AssetState.QUARANTINE
    assert receiving.infection_of(bed) == Infection.NONE_KNOWN
    assert bed.product.weight_critical and (bed.product.safe_working_load_kg or 0) >= 320


def test_two_people_will_want_the_one_bath_lift_on_the_shelf(seeded: dict[str, int]) -> None:
    assert Asset.objects.filter(product__stock_code=catalogue.SCARCE, state=AssetState.AVAILABLE).count() == 1
    assert sum(part.kit.get(catalogue.SCARCE, 0) for part in cast.CAST) == 2


def test_no_place_or_number_is_real(seeded: dict[str, int]) -> None:
    used = [
        *Postcode.objects.values_list("postcode", flat=True),
        *Sector.objects.values_list("sector", flat=True),
        *Address.objects.values_list("postcode", flat=True),
        *Store.objects.values_list("postcode", flat=True),
    ]

    assert {re.match("[A-Z]+", postcode)[0] for postcode in used} == {county.AREA}  # type: ignore[index]
    for phone in Person.objects.values_list("phone", flat=True):
        assert phone.startswith("07700 900")
    for number in Person.objects.exclude(nhs_number=None).values_list("nhs_number", flat=True):
        assert nhs_number(number or "").startswith("999")


def test_everything_the_story_orders_is_in_the_catalogue_and_can_be_ordered(seeded: dict[str, int]) -> None:
    known = set(Product.objects.values_list("stock_code", flat=True))
    pins = set(Prescriber.objects.filter(organisation__code=people.TRUST).values_list("pin", flat=True))

    everybody = (*cast.CAST, *cast.NEXT)

    assert {code for part in everybody for code in part.kit} <= known
    assert {part.prescriber for part in everybody} <= pins
    assert [key for key, n in Counter(part.key for part in everybody).items() if n > 1] == []
