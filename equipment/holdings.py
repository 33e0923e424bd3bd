"""Reads: what is known of assets, and what a person holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db.models import Case, QuerySet, When, prefetch_related_objects

from equipment import fitness, person_reads, recall_facts, telecare_facts
from equipment.fitness import AssetFacts, PersonFacts, ProductFacts, Reason, Regime, Test
from equipment.jobs import RepairOutcome
from equipment.models import Asset, Decontamination, InspectionRecord, Loan, Person, Product, Repair, Reservation
from equipment.states import COMMITTED, PASSED, AssetState, Reuse
from equipment.suits import CARRYING
from equipment.words import Connectivity

# What stands on the shelf, or has left it for a person, was tested after its last repair, or it would not be there.
_PASSED_THE_BENCH = COMMITTED | {AssetState.AVAILABLE}


def facts_of(asset_ids: Sequence[int]) -> dict[int, AssetFacts]:
    """What fitness asks about each asset, read from the records in a few queries however many assets there are."""
    return facts_of_rows(list(Asset.objects.filter(pk__in=asset_ids).select_related("product")))


def facts_of_rows(rows: Sequence[Asset]) -> dict[int, AssetFacts]:
    """The same for assets already read, and locked if the answer must still hold in a moment.

    What cannot matter is not asked for: tests of products without a regime, former holders of what anybody may have.
    """
    assets = {asset.pk: asset for asset in rows}
    prefetch_related_objects([asset.product for asset in rows], "regimes")
    regimes = {asset.product_id: _regimes(asset.product) for asset in rows}
    cleans = _last_cleans(list(assets))
    tests = _last_tests([pk for pk, asset in assets.items() if regimes[asset.product_id]])
    mended = _last_repairs([pk for pk, asset in assets.items() if asset.state not in _PASSED_THE_BENCH])
    holders = _holders([pk for pk, asset in assets.items() if asset.product.reuse != Reuse.REUSABLE])
    recalled, owing = recall_facts.in_force(rows), telecare_facts.owing(rows)
    return {
        pk: AssetFacts(
            number=asset.number,
            product=replace(product_facts(asset.product), safe_working_load_kg=_load(asset.product, tests[pk])),
            accepted_at=asset.accepted_at,
            soiled_at=asset.soiled_at,
            cleaned_at=cleans.get(pk),
            repaired_at=mended.get(pk),
            regimes=regimes[asset.product_id],
            tests=tests[pk],
            holders=frozenset(holders[pk]),
            recalled=recalled.get(pk, ""),
            owing=owing.get(pk, ()),
        )
        for pk, asset in assets.items()
    }


def product_facts(product: Product) -> ProductFacts:
    """What the rules ask of a product."""
    return ProductFacts(
        code=product.stock_code,
        name=product.name,
        use=product.use,
        reuse=product.reuse,
        safe_working_load_kg=product.safe_working_load_kg,
        weight_critical=product.weight_critical,
        min_height_cm=product.min_height_cm,
        min_weight_kg=product.min_weight_kg,
        min_bmi=product.min_bmi,
        size=product.size,
        analogue=product.connectivity == Connectivity.ANALOGUE,
    )


def person_facts(
    person: Person,
    *,
    on: date,
    adding: Iterable[Product] = (),
    asking: Iterable[Product] = (),
    without: Reservation | None = None,
    instead_of: Iterable[Loan] = (),
) -> PersonFacts:
    """What fitness asks about a person on that day, with what they have, are promised and get besides (`adding`).

    It answers for those products and for what is only asked about (`asking`). Left out are a reservation (`without`),
    loans that make way (`instead_of`), and what waits to be fetched.
    """
    having: list[Loan | Reservation] = [
        *person_reads.staying(person, instead_of=instead_of),
        *person_reads.promised(person, without=without),
    ]
    added = list(adding)
    products = [row.product for row in having] + added
    known = list({product.pk: product for product in [*products, *asking]}.values())
    return PersonFacts(
        key=person.pk,
        weight_kg=float(person.weight_kg) if person.weight_kg is not None else None,
        weighed_on=person.weighed_on,
        height_cm=person.height_cm,
        born_on=person.born_on,
        sling_size=person.sling_size,
        smokes=person.smokes,
        uses_oxygen=person.uses_oxygen,
        uses_emollients=person.uses_emollients,
        has_smoke_alarm=person.has_smoke_alarm,
        fire_referred=person.fire_referred_on is not None,
        around=(*_around(having), *(product_facts(product) for product in added)),
        never=person_reads.never(known),
        partners=person_reads.partners(known),
        assessments=person_reads.assessments(person, known),
        overrides=person_reads.overrides(person, on=on),
        limits=person_reads.limits(),
        asked=frozenset(product.stock_code for product in known),
    )


def _around(rows: Sequence[Loan | Reservation]) -> list[ProductFacts]:
    """Each with the load that its own last examination found, when it helps to carry the person."""
    tests = _last_tests([row.asset_id for row in rows if row.asset_id and row.product.use in CARRYING])
    loads = [_load(row.product, tests[row.asset_id] if row.asset_id else {}) for row in rows]
    return [
        replace(product_facts(row.product), safe_working_load_kg=load) for row, load in zip(rows, loads, strict=True)
    ]


def why_not(
    product: Product,
    person: Person,
    *,
    on: date,
    adding: Iterable[Product] = (),
    without: Reservation | None = None,
    instead_of: Iterable[Loan] = (),
) -> list[Reason]:
    """Why this product may not go to this person on that day, whichever unit it were (rules 11 to 13, 38)."""
    facts = person_facts(person, on=on, adding=adding, asking=[product], without=without, instead_of=instead_of)
    return fitness.suits(product_facts(product), facts, on=on)


def _regimes(product: Product) -> tuple[Regime, ...]:
    return tuple(Regime(row.kind, row.on_return, row.remaining_days) for row in product.regimes.all())


def _load(product: Product, tests: dict[str, Test]) -> int | None:
    """What it may carry: the plate's, or less when its last examination found less (rule 12)."""
    found = [load for load in (product.safe_working_load_kg, *(test.swl_kg for test in tests.values())) if load]
    return min(found, default=None)


def _last_repairs(asset_ids: Sequence[int]) -> dict[int, datetime]:
    """When each was last mended."""
    if not asset_ids:
        return {}
    rows = Repair.objects.filter(asset_id__in=asset_ids, outcome=RepairOutcome.REPAIRED).order_by("asset_id", "-id")
    return {row.asset_id: row.closed_at for row in rows.distinct("asset_id") if row.closed_at}


def _last_cleans(asset_ids: Sequence[int]) -> dict[int, datetime]:
    """The end of the latest clean, when that clean passed: a later failure voids an earlier pass."""
    rows = (
        Decontamination.objects.filter(asset_id__in=asset_ids)
        .order_by("asset_id", "-ended_at", "-id")
        .distinct("asset_id")
    )
    return {row.asset_id: row.ended_at for row in rows if row.passed}


def _last_tests(asset_ids: Sequence[int]) -> dict[int, dict[str, Test]]:
    """The latest test of each kind that stands: the latest result wins (rule 4), and of two at the same moment a fail
    beats a pass.
    """
    found: dict[int, dict[str, Test]] = defaultdict(dict)
    if not asset_ids:
        return found
    failed_first = Case(When(result__in=sorted(PASSED), then=1), default=0).asc()
    rows = InspectionRecord.objects.filter(asset_id__in=asset_ids, voided_at__isnull=True).order_by(
        "asset_id", "kind", "-performed_at", failed_first, "-id"
    )
    for row in rows.distinct("asset_id", "kind"):
        found[row.asset_id][row.kind] = Test(row.result, row.performed_at, row.next_due, row.swl_kg)
    return found


def _holders(asset_ids: Sequence[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    if not asset_ids:
        return found
    for asset_id, person_id in (
        Loan.objects.filter(asset_id__in=asset_ids).values_list("asset_id", "person_id").distinct()
    ):
        found[asset_id].add(person_id)
    return found


def open_loans(person_id: int) -> QuerySet[Loan]:
    """What the person has at home now, oldest first."""
    rows = Loan.objects.filter(person_id=person_id, ended_at__isnull=True)
    return rows.select_related("product", "asset").order_by("started_at", "pk")


def first_due(asset_id: int) -> date | None:
    """When the first of the asset's dated tests falls due; None when none does."""
    dues = [test.next_due for test in _last_tests([asset_id])[asset_id].values() if test.next_due]
    return min(dues, default=None)


def first_dues(asset_ids: Sequence[int]) -> dict[int, date | None]:
    """The same of many assets, in one query."""
    found = _last_tests(asset_ids)
    return {pk: min((test.next_due for test in found[pk].values() if test.next_due), default=None) for pk in asset_ids}
