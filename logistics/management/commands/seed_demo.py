"""`manage.py seed_demo`: the invented county of the demonstration. Run again, it adds only the coming shifts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from equipment.clock import now
from equipment.models import Organisation
from logistics import promises
from logistics.demo import catalogue, county, fittings, fleet, people, stock


class Command(BaseCommand):
    help = "Fills an empty database with the invented county of the demonstration. Refuses outside the demonstration."

    def handle(self, *args: Any, **options: Any) -> None:
        self._refuse_real_data()
        at = now()
        organisations = people.found_organisations()
        provider, council = organisations[people.PROVIDER], organisations[people.COUNCIL]
        main, ward = people.open_stores(provider)
        products = self._step("products", catalogue.list_products, len)
        self._step("locations", lambda: fittings.fit_out(main, ward, products))
        homes = self._step("people at home", lambda: people.settle_residents(council, at=at), len)
        owners = (council, council, organisations[people.ICB], provider)
        shelves = stock.Shelves(main, ward, owners, homes, fittings.shelf_of(products, main))
        self._step("postcodes", lambda: county.load_gazetteer(at=at))
        self._step("assets with their pasts", lambda: stock.fill(shelves, products, at=at))
        self._step("lines of counted stock", lambda: stock.count_in(shelves, products, at=at))
        self._step("logins", lambda: people.sign_up(organisations))
        self._step("drivers", lambda: fleet.hire(main, provider))
        self._step("shifts", lambda: fleet.draw_up_shifts(main, today=promises.today(at)))
        trust = organisations[people.TRUST]
        self._step("prescribers", lambda: people.appoint_prescribers(trust, on=promises.today(at)))
        self._step("systems that call the API", lambda: people.connect_systems(organisations))

    def _refuse_real_data(self) -> None:
        if not settings.DEMO_CLOCK_FILE:
            raise CommandError(
                "DEMO_CLOCK_FILE is not set, so this is not the demonstration's database: nothing was changed. "
                "Run scripts/demo, which sets up a database of its own."
            )
        if Organisation.objects.exists() and not Organisation.objects.filter(code=people.PROVIDER).exists():
            raise CommandError("This database belongs to somebody else: give the demonstration an empty one.")

    def _step(self, what: str, work: Callable[[], Any], count: Callable[[Any], int] = int) -> Any:
        began = time.monotonic()
        made = work()
        self.stdout.write(f"  {count(made):>4} {what} ({time.monotonic() - began:.1f} s)")
        self.stdout.flush()
        return made
