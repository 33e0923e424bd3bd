"""A small invented county, built with the real verbs. Times are UTC; in March London's clock shows the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from oauth2_provider.models import Application

from equipment import allocation, decontamination, inspections, loans, people, receiving, stock, telecare_returns
from equipment.models import (
    Address,
    ApiClient,
    Asset,
    CompositePart,
    Loan,
    Organisation,
    Person,
    Product,
    StockLine,
    Store,
    TestRegime,
)
from equipment.states import AssetState, CleaningMethod, Condition, Infection, TestKind, TestResult, Tracking
from equipment.words import OrganisationKind, StoreKind, Use
from logistics import discharges, ordering
from logistics.models import Discharge, Driver, Order, Postcode, Prescriber, Sector, Shift, Van

TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
LONG_AGO = TUESDAY - timedelta(days=100)
BY = "user:test"


@dataclass
class County:
    provider: Organisation
    council: Organisation
    other: Organisation
    store: Store
    prescriber: Prescriber
    products: dict[str, Product] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))

    @classmethod
    def build(cls) -> County:
        provider = Organisation.objects.create(code="vale", name="Vale Equipment", kind=OrganisationKind.PROVIDER)
        council = Organisation.objects.create(
            code="harbour", name="Harbour Council", kind=OrganisationKind.COUNCIL, provider=provider
        )
        other = Organisation.objects.create(code="elsewhere", name="Elsewhere Council", kind=OrganisationKind.COUNCIL)
        store = Store.objects.create(
            code="MAIN",
            name="Main store",
            kind=StoreKind.DEPOT,
            organisation=provider,
            address="1 Dock Lane",
            postcode="ZX1 1AA",
            latitude=52.20,
            longitude=-2.90,
        )
        prescriber = Prescriber.objects.create(
            organisation=council, pin="OT1", name="Ola Therapist", order_limit=Decimal(5000)
        )
        county = cls(provider, council, other, store, prescriber)
        county._gazetteer()
        return county

    def _gazetteer(self) -> None:
        for n, code in enumerate(("ZX11AA", "ZX11AB", "ZX12AA", "ZX12AB", "ZX21AA")):
            Postcode.objects.create(
                postcode=code,
                sector=code[:-2],
                latitude=52.20 + n * 0.01,
                longitude=-2.90 + n * 0.01,
                accuracy="unit",
                source="test",
            )
        Postcode.objects.create(
            postcode="ZX19ZZ", sector="ZX19", accuracy="none", terminated_on=date(2020, 1, 1), source="test"
        )
        Sector.objects.create(sector="ZX31", latitude=52.3, longitude=-2.8, postcodes=40)

    def satellite(self, code: str = "WARD", **fields: Any) -> Store:
        """A small store with a counter, topped up by the main one."""
        given = {"kind": StoreKind.SATELLITE, "supplied_by": self.store, "organisation": self.provider, **fields}
        place = {"address": "3 Mill Lane", "postcode": "ZX1 2AA", "latitude": 52.21, "longitude": -2.91}
        return Store.objects.create(code=code, name=f"{code.title()} store", **place, **given)

    # Catalogue and stock ----------------------------------------------------------------------------------------------

    def product(self, code: str, **fields: Any) -> Product:
        if code not in self.products:
            fields.setdefault("name", code.title())
            fields.setdefault("price", Decimal(100))
            regimes = fields.pop("regimes", {})
            self.products[code] = Product.objects.create(stock_code=code, **fields)
            for kind, days in regimes.items():
                TestRegime.objects.create(product=self.products[code], kind=kind, interval_days=days)
        return self.products[code]

    def commode(self) -> Product:
        return self.product("COMMODE", name="Commode")

    def hoist(self) -> Product:
        return self.product(
            "HOIST",
            name="Mobile hoist",
            regimes={TestKind.LOLER: 182},
            safe_working_load_kg=150,
            crew_size=2,
            fitting_minutes=25,
            bulky=True,
            price=Decimal(900),
        )

    def bed_set(self) -> Product:
        """A composite: one bed and one mattress."""
        whole = self.product("BED-SET", name="Bed set", tracking=Tracking.COMPOSITE)
        for code in ("BED", "MATTRESS"):
            CompositePart.objects.get_or_create(composite=whole, part=self.product(code), defaults={"quantity": 1})
        return whole

    def raisers(self, count: int = 0) -> Product:
        product = self.product("RAISER", name="Chair raisers", tracking=Tracking.QUANTITY, price=Decimal(5))
        if count:
            self.stock(product, count)
        return product

    def stock(self, product: Product, count: int) -> StockLine:
        return stock.receive(product, self.store, count, by=BY, at=LONG_AGO)

    def new(self, product: Product, *, at: datetime = LONG_AGO, owner: Organisation | None = None) -> Asset:
        """A new asset on the shelf, accepted and tested."""
        asset = receiving.book_in(product, self.store, owner or self.provider, by=BY, at=at)
        self.tested(asset, at=at)
        inspections.accept(asset, by=BY, at=at)
        return asset

    def received(self, product: Product) -> Asset:
        return receiving.book_in(product, self.store, self.provider, by=BY, at=LONG_AGO)

    def recycled(self, product: Product) -> Asset:
        """An asset that has been out once and is back on the shelf, clean and tested."""
        asset = self.dirty(product)
        self.renew(asset, at=LONG_AGO + timedelta(days=30))
        return asset

    def dirty(self, product: Product, infection: str = Infection.NONE_KNOWN) -> Asset:
        """An asset that has come back and waits in quarantine."""
        loan = self.on_loan(product)
        assert loan.asset is not None
        asset = loan.asset
        asset.refresh_from_db()
        back = LONG_AGO + timedelta(days=20)
        receiving.take_back(asset, self.store, by=BY, at=back, condition=Condition.GOOD, infection=infection)
        return asset

    def on_loan(self, product: Product, person: Person | None = None) -> Loan:
        asset, person = self.new(product), person or self.person()
        wanted = allocation.Wanted(product, 1, person, LONG_AGO.date(), (self.store,))
        made = allocation.reserve(wanted, by=BY, at=LONG_AGO)
        assert [r.asset_id for r in made] == [asset.pk], "on_loan() expects an empty shelf of this product"
        allocation.pick(made[0], scanned=asset.number, by=BY, at=LONG_AGO)
        allocation.load(made[0], vehicle="VAN", scanned=asset.number, by=BY, at=LONG_AGO)
        return loans.deliver(made[0], self.address(person), by=BY, at=LONG_AGO)

    def tested(self, asset: Asset, *, at: datetime) -> None:
        for regime in TestRegime.objects.filter(product=asset.product):
            inspections.record(asset, kind=regime.kind, result=TestResult.PASS, examiner="E. Xaminer", by=BY, at=at)

    def renew(self, asset: Asset, *, at: datetime) -> None:
        """Clean, test and shelve."""
        decontamination.begin(asset, by=BY, at=at)
        decontamination.record(asset, method=CleaningMethod.SPORICIDAL, passed=True, by=BY, at=at + timedelta(hours=1))
        if asset.product.use == Use.HUB:
            telecare_returns.wipe(asset, method="Reset", by=BY, at=at + timedelta(hours=2))
        self.tested(asset, at=at + timedelta(hours=2))
        inspections.shelve(asset, by=BY, at=at + timedelta(hours=3))

    # People and orders ------------------------------------------------------------------------------------------------

    def person(self, organisation: Organisation | None = None, **fields: Any) -> Person:
        n = next(self.numbers)
        given = people.Particulars("Ann", f"Person{n}", **fields)
        return people.register(organisation or self.council, given, at=LONG_AGO)

    def address(self, person: Person | None = None, postcode: str = "ZX1 1AB") -> Address:
        return people.add_address(person or self.person(), line1="2 Hill Road", postcode=postcode)

    def discharge(self, edd: date | None = date(2026, 3, 5), *, address: Address | None = None) -> Discharge:
        stay = discharges.Stay(address or self.address(), "General", "Ward 5", f"V{next(self.numbers)}", "P1")
        return discharges.open_discharge(stay, discharges.Word(edd, TUESDAY), by=BY, at=TUESDAY)

    def order(self, discharge: Discharge, *codes: str, at: datetime = TUESDAY, **fields: Any) -> Order:
        items = tuple(ordering.Item(code) for code in codes)
        request = ordering.Request(items, fields.pop("prescriber", self.prescriber), self.council, discharge, **fields)
        return ordering.place(request, by=BY, at=at)

    # Fleet and access -------------------------------------------------------------------------------------------------

    def shift(self, day: date, *, crew: int = 1, skills: str = "", registration: str = "ZX26 VAN") -> Shift:
        van, _ = Van.objects.get_or_create(registration=registration, defaults={"store": self.store})
        start = datetime(day.year, day.month, day.day, 8, 0, tzinfo=UTC)
        shift = Shift.objects.create(van=van, starts_at=start, ends_at=start + timedelta(hours=8))
        shift.crew.set(self.driver(skills) for _ in range(crew))
        return shift

    def driver(self, skills: str = "") -> Driver:
        name = f"driver{next(self.numbers)}"
        user = get_user_model().objects.create_user(name, password="a long password")
        return Driver.objects.create(user=user, name=name.title(), skills=skills)

    def client(self, organisation: Organisation, *, may_run_store: bool = False) -> Application:
        """An OAuth2 application that speaks for an organisation."""
        application = Application.objects.create(
            name=f"app {organisation.code}",
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        )
        ApiClient.objects.create(application=application, organisation=organisation, may_run_store=may_run_store)
        return application


def state_of(asset: Asset) -> AssetState:
    asset.refresh_from_db()
    return AssetState(asset.state)
