"""Every row lock of this app: ordered, evaluated here, and only inside a transaction. Lock before you count."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from equipment.models import (
    Address,
    AlarmCentre,
    Alert,
    AlertUnit,
    Asset,
    ImportJob,
    Installation,
    Loan,
    Person,
    Receipt,
    Repair,
    Reservation,
    StockAdjustment,
    StockCount,
    StockLine,
    Store,
    Transfer,
    WashRun,
)
from equipment.states import AssetState


def _inside_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("Row locks need a transaction around the whole decision.")


def asset(pk: int) -> Asset:
    """The asset, held until the transaction ends. Raises Asset.DoesNotExist."""
    _inside_transaction()
    return Asset.objects.select_for_update(of=("self",)).select_related("product").get(pk=pk)


def again(asset: Asset) -> Asset:
    """The caller's own row of an asset, read anew and held until the transaction ends."""
    _inside_transaction()
    asset.refresh_from_db(from_queryset=Asset.objects.select_for_update(of=("self",)).select_related("product"))
    return asset


def assets(pks: Iterable[int]) -> dict[int, Asset]:
    """Several assets, held in the order of their keys until the transaction ends."""
    _inside_transaction()
    rows = Asset.objects.select_for_update(of=("self",)).filter(pk__in=list(pks))
    return {row.pk: row for row in rows.select_related("product", "location").order_by("pk")}


def wash_run(run: WashRun) -> WashRun:
    """The caller's own row of a wash run, read anew and held. Taken before the assets in it."""
    _inside_transaction()
    run.refresh_from_db(from_queryset=WashRun.objects.select_for_update())
    return run


def repair(row: Repair) -> Repair:
    """The caller's own row of a repair, read anew and held. Taken before its asset."""
    _inside_transaction()
    row.refresh_from_db(from_queryset=Repair.objects.select_for_update())
    return row


def reservations(pks: Iterable[int]) -> list[Reservation]:
    _inside_transaction()
    rows = Reservation.objects.select_for_update(of=("self",)).filter(pk__in=list(pks))
    return list(rows.select_related("asset__product", "stock_line", "person", "product").order_by("pk"))


def shelf(product_id: int, store_ids: Iterable[int], *, due_after: date, limit: int, wait: bool) -> list[Asset]:
    """Up to `limit` assets on a shelf, recycled before new, then the test that falls due first, so that none grows
    stale.

    Without `wait`, assets that another order is looking at are passed over; with it, their fate is awaited.
    """
    _inside_transaction()
    rows: QuerySet[Asset] = Asset.objects.filter(
        Q(test_due_on__isnull=True) | Q(test_due_on__gte=due_after),
        product_id=product_id,
        store_id__in=list(store_ids),
        state=AssetState.AVAILABLE,
    )
    rows = unpromised(rows).order_by("-loans_count", "test_due_on", "pk").select_related("product")
    return list(rows.select_for_update(of=("self",), skip_locked=not wait)[:limit])


def unpromised(assets: QuerySet[Asset]) -> QuerySet[Asset]:
    """Without what was held or lost while it was reserved and is on the shelf again, its reservation still live."""
    live = Reservation.objects.filter(asset=OuterRef("pk"), ended_at__isnull=True)
    return assets.filter(~Exists(live))


def stock_lines(product_id: int, store_ids: Iterable[int]) -> list[StockLine]:
    """The clean lines of a product in these stores, first to expire first; none under a safety alert (rule 36)."""
    _inside_transaction()
    rows = StockLine.objects.filter(
        product_id=product_id, store_id__in=list(store_ids), dirty=False, alert__isnull=True
    )
    return list(rows.select_for_update().order_by("expires_on", "pk"))


def stock_line(pk: int) -> StockLine:
    _inside_transaction()
    return StockLine.objects.select_for_update().get(pk=pk)


def transfer(row: Transfer) -> Transfer:
    """The caller's own row of a transfer, read anew and held. Taken before the assets and the stock lines on it."""
    _inside_transaction()
    row.refresh_from_db(from_queryset=Transfer.objects.select_for_update())
    return row


def stock_count(row: StockCount) -> StockCount:
    """The caller's own row of a count, read anew and held. Taken before the assets and the stock lines in it."""
    _inside_transaction()
    row.refresh_from_db(from_queryset=StockCount.objects.select_for_update())
    return row


def stores(pks: Iterable[int]) -> list[Store]:
    """Held against another such decision only: whatever else refers to a store goes on."""
    _inside_transaction()
    return list(Store.objects.filter(pk__in=list(pks)).select_for_update(no_key=True).order_by("pk"))


def lines(pks: Iterable[int]) -> dict[int, StockLine]:
    """Several stock lines, in the order in which orders take them: by product, then as `stock_lines` does."""
    _inside_transaction()
    rows = StockLine.objects.select_for_update(of=("self",)).filter(pk__in=list(pks)).select_related("product")
    return {row.pk: row for row in rows.order_by("product_id", "expires_on", "pk")}


def adjustment(pk: int) -> StockAdjustment:
    """An adjustment, before its stock line."""
    _inside_transaction()
    return StockAdjustment.objects.select_for_update(of=("self",)).select_related("line__product").get(pk=pk)


def loan(pk: int) -> Loan:
    """A loan, before the stock line it comes back to."""
    _inside_transaction()
    return Loan.objects.select_for_update(of=("self",)).select_related("product", "asset", "stock_line").get(pk=pk)


def back(asset: Asset) -> Loan | None:
    """The caller's own row of an asset that comes back, read anew, and its open loan. The loan is held first, as by
    whoever exchanges, keeps or collects it.
    """
    _inside_transaction()
    rows = Loan.objects.filter(asset=asset, ended_at__isnull=True)
    list(rows.select_for_update(of=("self",)))
    again(asset)
    return rows.first()


def person(row: Person) -> Person:
    """The caller's own row of a person, read anew and held; whatever else refers to a person goes on."""
    _inside_transaction()
    row.refresh_from_db(from_queryset=Person.objects.select_for_update(of=("self",), no_key=True))
    return row


def people(pks: Iterable[int]) -> dict[int, Person]:
    """Several people, held in the order of their keys: two records of one person that become one, or two again."""
    _inside_transaction()
    rows = Person.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=list(pks))
    return {row.pk: row for row in rows.order_by("pk")}


def installation(row: Installation) -> Installation:
    """The caller's own row of a telecare installation, read anew and held. Taken before its hub and triggers."""
    _inside_transaction()
    rows = Installation.objects.select_related("hub__product", "centre", "person")
    row.refresh_from_db(from_queryset=rows.select_for_update(of=("self",)))
    return row


def alarm_centre(row: AlarmCentre) -> None:
    """Hold a centre, whose accounts are given out one after the other."""
    _inside_transaction()
    AlarmCentre.objects.select_for_update(no_key=True).get(pk=row.pk)


def address(row: Address) -> Address:
    """The caller's own row of an address, read anew and held; whatever else refers to it goes on."""
    _inside_transaction()
    rows = Address.objects.select_for_update(of=("self",), no_key=True).select_related("person")
    row.refresh_from_db(from_queryset=rows)
    return row


def receipt(pk: int) -> Receipt:
    """A receipt, before its assets."""
    _inside_transaction()
    return Receipt.objects.select_for_update(of=("self",)).select_related("product").get(pk=pk)


def import_job(pk: int) -> ImportJob:
    """An import, before whatever it writes: two workers never apply the same chunk. Without its file, which is big."""
    _inside_transaction()
    rows = ImportJob.objects.defer("content").select_related("organisation", "store")
    return rows.select_for_update(of=("self",)).get(pk=pk)


def free_import(wanted: Q) -> ImportJob | None:
    """The first such import that nobody holds."""
    _inside_transaction()
    rows = ImportJob.objects.select_for_update(of=("self",), skip_locked=True).filter(wanted)
    return rows.select_related("organisation", "store").order_by("pk").first()


def alert(row: Alert) -> Alert:
    """The caller's own row of a safety alert, read anew and held; its units may go on being closed."""
    _inside_transaction()
    row.refresh_from_db(from_queryset=Alert.objects.select_for_update(of=("self",), no_key=True))
    return row


def alert_unit(row: AlertUnit) -> AlertUnit:
    """The caller's own row of a unit under an alert, read anew and held. Taken before its asset or its stock line."""
    _inside_transaction()
    rows = AlertUnit.objects.select_for_update(of=("self",)).select_related("alert", "asset", "stock_line", "loan")
    row.refresh_from_db(from_queryset=rows)
    return row


def free_alert_unit(pk: int) -> AlertUnit | None:
    """The unit, unless somebody else is at it."""
    _inside_transaction()
    rows = AlertUnit.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk)
    return rows.select_related("alert").first()
