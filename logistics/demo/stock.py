"""The county's equipment: about 600 assets with their pasts, and counted stock.

Pasts are written in bulk, as the verbs would have written them; where an asset stands today it was brought to by the
verbs themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import cycle
from random import Random

from django.db import transaction

from equipment import decontamination, disposal, inspections, loans, receiving, repairs, stock, transfers
from equipment.fitness import methods_for
from equipment.jobs import DisposalMethod
from equipment.lifecycle import advance
from equipment.models import (
    Address,
    Asset,
    AssetEvent,
    Decontamination,
    HubReset,
    InspectionRecord,
    Loan,
    Location,
    Organisation,
    Product,
    Reservation,
    ReturnRecord,
    Store,
)
from equipment.states import AssetState, Condition, Infection, TestResult
from equipment.words import Use
from logistics import promises, visits
from logistics.demo import pasts
from logistics.demo.catalogue import BARIATRIC_BED, COUNTED, NUMBERED, SCARCE, Numbered, Regime

_SEED = 52
_HAND, _TECHNICIAN = pasts.STORE_HAND, pasts.TECHNICIAN
_AT_THE_WARD = ("COMMODE-STD", "STOOL-PRCH", "TOILET-SUR")
_COLLECTIONS = ("CHAIR-HIGH", "COMMODE-STD", "TABLE-OVB")  # asked for yesterday, on somebody's next route


@dataclass(frozen=True)
class Shelves:
    """Who owns and keeps the stock, and with whom it has been."""

    main: Store
    ward: Store
    owners: Sequence[Organisation]
    homes: Sequence[Address]
    places: Mapping[str, Location]  # the shelf of each product in the main store


@dataclass(frozen=True)
class Piece:
    """One asset to be, with its past."""

    asset: Asset
    past: pasts.Past
    homes: tuple[Address, ...]
    regimes: tuple[Regime, ...]


@transaction.atomic
def fill(shelves: Shelves, products: dict[str, Product], *, at: datetime) -> int:
    """Make the assets, once; returns how many there are."""
    if not Asset.objects.filter(product__in=products.values()).exists():
        rng = Random(_SEED)  # noqa: S311  an invented store needs no secrets
        pieces = [piece for one in NUMBERED for piece in _pieces(rng, one, products[one.code], shelves, at)]
        _write(pieces)
        _bring_up_to_date(rng, shelves, products, at)
    return Asset.objects.filter(product__in=products.values()).count()


# The pasts ------------------------------------------------------------------------------------------------------------


def _pieces(rng: Random, one: Numbered, product: Product, shelves: Shelves, at: datetime) -> Iterator[Piece]:
    """New ones and recycled ones on the shelf, and those out on loan; `elsewhere` comes back from a loan later."""
    until = promises.today(at) - timedelta(days=1)
    out = one.on_loan + one.elsewhere + (one.code == BARIATRIC_BED)
    for number in range(one.new + one.recycled + out):
        is_out = number >= one.new + one.recycled
        times = 0 if number < one.new else rng.choices((1, 2, 3, 4, 5), (4, 5, 4, 2, 1))[0]
        past = pasts.lived(rng, loans=times, is_out=is_out, until=until)
        homes = tuple(rng.choice(shelves.homes) for _ in range(times))
        at_ward = one.code in _AT_THE_WARD and not is_out and number % 4 == 0
        yield Piece(_asset(rng, one, product, shelves, past, at_ward), past, homes, one.regimes)


def _asset(rng: Random, one: Numbered, product: Product, shelves: Shelves, past: pasts.Past, at_ward: bool) -> Asset:
    home = past.state == AssetState.ON_LOAN
    return Asset(
        number=receiving.next_asset_number(),
        product=product,
        owner=rng.choice(shelves.owners),
        serial=f"{product.stock_code[:3]}{rng.randint(100_000, 999_999)}",
        state=past.state,
        store=None if home else shelves.ward if at_ward else shelves.main,
        location=None if home or at_ward else shelves.places[one.code],
        since=past.moves[-1].at,
        batch=f"{product.stock_code[:3]}-{past.received_on:%y%m}",
        received_on=past.received_on,
        made_on=past.received_on - timedelta(days=45),
        accepted_at=past.accepted_at,
        soiled_at=past.soiled_at,
        cleaned_at=past.cleaned_at,
        test_due_on=min(_dues(one.regimes, past.tested[-1]), default=None),
        loans_count=len(past.outings),
        purchase_price=product.price,
    )


def _dues(regimes: Sequence[Regime], tested: datetime) -> list[date]:
    return [due for _, days, _ in regimes if (due := pasts.next_due(days, tested))]


def _write(pieces: Sequence[Piece]) -> None:
    Asset.objects.bulk_create([piece.asset for piece in pieces])
    AssetEvent.objects.bulk_create([event for piece in pieces for event in _events(piece)])
    lent = Loan.objects.bulk_create([loan for piece in pieces for loan in _loans(piece)])
    by_piece: dict[int, list[Loan]] = {}
    for loan in lent:
        by_piece.setdefault(loan.asset_id or 0, []).append(loan)
    mine = [(piece, by_piece.get(piece.asset.pk, [])) for piece in pieces]
    Reservation.objects.bulk_create([row for piece, own in mine for row in _reservations(piece, own)])
    ReturnRecord.objects.bulk_create([row for piece, own in mine for row in _returns(piece, own)])
    Decontamination.objects.bulk_create([clean for piece in pieces for clean in _cleans(piece)])
    HubReset.objects.bulk_create([wipe for piece in pieces for wipe in _wipes(piece)])
    InspectionRecord.objects.bulk_create([test for piece in pieces for test in _tests(piece)])


def _events(piece: Piece) -> Iterator[AssetEvent]:
    for move in piece.past.moves:
        yield AssetEvent(
            asset=piece.asset, verb=move.verb, from_state=move.origin, to_state=move.to, at=move.at, by=move.by
        )


def _loans(piece: Piece) -> Iterator[Loan]:
    for outing, home in zip(piece.past.outings, piece.homes, strict=True):
        yield Loan(
            person=home.person,
            address=home,
            product=piece.asset.product,
            asset=piece.asset,
            started_at=outing.began,
            ended_at=outing.back,
            review_on=promises.today(outing.began) + timedelta(days=90),
        )


def _reservations(piece: Piece, lent: Sequence[Loan]) -> Iterator[Reservation]:
    for number, (outing, loan) in enumerate(zip(piece.past.outings, lent, strict=True)):
        yield Reservation(
            person=loan.person,
            product=loan.product,
            asset=piece.asset,
            recycled=number > 0,
            made_at=outing.reserved,
            issued_at=outing.loaded,
            ended_at=outing.began,
            loan=loan,
        )


def _returns(piece: Piece, lent: Sequence[Loan]) -> Iterator[ReturnRecord]:
    for row in piece.past.returns:
        yield ReturnRecord(
            asset=piece.asset,
            loan=lent[row.outing],
            at=row.at,
            by=pasts.CREW,
            condition=row.condition,
            infection=row.infection,
        )


def _cleans(piece: Piece) -> Iterator[Decontamination]:
    for row in piece.past.returns:
        yield Decontamination(
            asset=piece.asset,
            method=methods_for(piece.asset.product.cleaning_method, row.infection)[0],
            infection=row.infection,
            agent="Detergent",
            lot="D-114",
            operator=_TECHNICIAN,
            started_at=row.clean_from,
            ended_at=row.clean_to,
            passed=True,
        )


def _wipes(piece: Piece) -> Iterator[HubReset]:
    """A hub is wiped before it is cleaned: it knew somebody."""
    for row in piece.past.returns if piece.asset.product.use == Use.HUB else ():
        yield HubReset(asset=piece.asset, at=row.clean_from, by=_TECHNICIAN, method="Reset by the maker's tool")


def _tests(piece: Piece) -> Iterator[InspectionRecord]:
    for number, tested in enumerate(piece.past.tested):
        for kind, days, _ in piece.regimes:
            yield InspectionRecord(
                asset=piece.asset,
                kind=kind,
                result=TestResult.ADVISORY if (piece.asset.pk + number) % 17 == 0 else TestResult.PASS,
                performed_at=tested,
                examiner=pasts.EXAMINERS[piece.asset.pk % len(pasts.EXAMINERS)],
                next_due=pasts.next_due(days, tested),
            )


# Where things stand today ---------------------------------------------------------------------------------------------


def _bring_up_to_date(rng: Random, shelves: Shelves, products: dict[str, Product], at: datetime) -> None:
    """Yesterday's work, by the verbs: what came back stands at every step between the dirty dock and the shelf."""
    fates = cycle(_FATES)
    for one in NUMBERED:
        out = list(_on_loan(products[one.code]))
        for asset in out[: one.elsewhere]:
            fate = _take_back if one.code == SCARCE else next(fates)
            fate(asset, shelves.main, _yesterday(rng, at))
    [bed] = _on_loan(products[BARIATRIC_BED])
    receiving.take_back(bed, shelves.main, by=_HAND, at=_yesterday(rng, at), infection=Infection.NONE_KNOWN)
    for code in _COLLECTIONS:
        asset = next(iter(_on_loan(products[code])))
        [loan] = Loan.objects.filter(asset=asset, ended_at=None)
        visits.raise_collection(loan, by="user:coordinator", at=_yesterday(rng, at), reason="no longer needed")
    for code in ("MAT-FOAM", "TEL-HUB", "STOOL-PRCH"):
        receiving.book_in(products[code], shelves.main, shelves.owners[0], by=_HAND, at=_yesterday(rng, at))
    _top_up(products["TOILET-SUR"], shelves, _yesterday(rng, at))


def _top_up(product: Product, shelves: Shelves, at: datetime) -> None:
    """Yesterday's top-up of the ward's cupboard is still on the road."""
    asset = Asset.objects.filter(product=product, store=shelves.main, state=AssetState.AVAILABLE).order_by("pk")[0]
    job = transfers.draft(shelves.main, shelves.ward, {product: 1}, by=_HAND, at=at, carrier="PORTER")
    transfers.put_on(job, asset, by=_HAND, at=at)
    transfers.send(job, by=_HAND, at=at)


def _on_loan(product: Product) -> list[Asset]:
    rows = Asset.objects.filter(product=product, state=AssetState.ON_LOAN).select_related("product")
    return list(rows.order_by("pk"))


def _yesterday(rng: Random, at: datetime) -> datetime:
    return promises.local(promises.today(at) - timedelta(days=1), 9, rng.randint(0, 59))


def _take_back(asset: Asset, store: Store, at: datetime) -> None:
    infection = (Infection.SOILED, Infection.NONE_KNOWN, Infection.BODY_FLUIDS, Infection.UNKNOWN)[asset.pk % 4]
    receiving.take_back(asset, store, by=_HAND, at=at, condition=Condition.WORN, infection=infection)


def _begin_clean(asset: Asset, store: Store, at: datetime) -> None:
    _take_back(asset, store, at)
    decontamination.begin(asset, by=_TECHNICIAN, at=at + timedelta(hours=1))


def _clean(asset: Asset, store: Store, at: datetime) -> None:
    _begin_clean(asset, store, at)
    method = methods_for(asset.product.cleaning_method, receiving.infection_of(asset))[0]
    decontamination.record(
        asset, method=method, passed=True, agent="Detergent", lot="D-115", by=_TECHNICIAN, at=at + timedelta(hours=2)
    )


def _to_the_bench(asset: Asset, store: Store, at: datetime) -> None:
    _clean(asset, store, at)
    inspections.begin(asset, by=_TECHNICIAN, at=at + timedelta(hours=3))


def _fail_test(asset: Asset, store: Store, at: datetime) -> None:
    _to_the_bench(asset, store, at)
    kind, later = asset.product.regimes.order_by("kind")[0].kind, at + timedelta(hours=4)
    defect = "Worn catch, does not lock"
    inspections.record(
        asset,
        kind=kind,
        result=TestResult.FAIL,
        examiner="K. Penhale",
        by=_TECHNICIAN,
        at=later,
        defects=defect,
        answers=[{"check": check, "ok": False} for check in inspections.checklist(asset.product, kind)],
    )
    repairs.open_repair(asset, fault=defect, by=_TECHNICIAN, at=later)


def _hold(asset: Asset, store: Store, at: datetime) -> None:
    _take_back(asset, store, at)
    later = at + timedelta(hours=2)
    advance(
        asset, AssetState.HELD, by="user:manager", at=later, reason="Field safety notice FSN-26-04: check the welds"
    )


def _condemn(asset: Asset, store: Store, at: datetime) -> None:
    receiving.take_back(asset, store, by=_HAND, at=at, condition=Condition.DAMAGED, infection=Infection.SOILED)
    disposal.condemn(asset, reason="Beyond economic repair", by="user:manager", at=at + timedelta(hours=3))


def _dispose(asset: Asset, store: Store, at: datetime) -> None:
    _condemn(asset, store, at)
    later = at + timedelta(hours=5)
    papers = {"method": DisposalMethod.WEEE, "carrier": "Vale Metals", "consignment": f"WTN-{asset.number}"}
    papers |= {"data_wiped_by": "K. Penhale", "data_wipe": "Reset at the factory"} if asset.product.holds_data else {}
    disposal.dispose(asset, by="user:manager", at=later, **papers)


def _lose(asset: Asset, store: Store, at: datetime) -> None:
    [loan] = Loan.objects.filter(asset=asset, ended_at=None)
    receiving.end_loan(loan, at=at)
    advance(asset, AssetState.LOST, by="user:manager", at=at, reason="Home cleared by the landlord; not found")


def _ask_back(asset: Asset, store: Store, at: datetime) -> None:
    """The family will bring it in themselves: no visit."""
    [loan] = Loan.objects.filter(asset=asset, ended_at=None)
    loans.request_collection(loan, by="user:coordinator", at=at, reason="The family brings it in")


Fate = Callable[[Asset, Store, datetime], None]
_FATES: tuple[Fate, ...] = (
    *(_take_back, _begin_clean, _clean, _to_the_bench, _fail_test, _take_back, _clean, _hold, _condemn),
    *(_take_back, _to_the_bench, _fail_test, _lose, _clean, _ask_back, _dispose),
)


# Counted stock --------------------------------------------------------------------------------------------------------


@transaction.atomic
def count_in(shelves: Shelves, products: dict[str, Product], *, at: datetime) -> int:
    """Receive the counted stock, once; returns the lines there are."""
    lines = 0
    for one in COUNTED:
        product = products[one.code]
        batches = one.batches or ("",)
        if not product.stock_lines.exists():
            for batch in batches:
                each = one.count // len(batches)
                stock.receive(product, shelves.main, each, by=_HAND, at=at - timedelta(days=9), batch=batch)
            stock.receive(product, shelves.ward, 6, by=_HAND, at=at - timedelta(days=8), batch=batches[0])
            product.stock_lines.filter(store=shelves.main).update(location=shelves.places[one.code])
        lines += product.stock_lines.count()
    return lines
