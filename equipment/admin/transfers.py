"""Transfers between stores: drafted, packed and sent by one, received and closed by the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, Q, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse

from equipment import transfers
from equipment.admin.asking import OfAnAsset, reason
from equipment.admin_base import Chips, History, ReadOnly, Verb, VerbForm, display, organisations_of, see, stores_of
from equipment.admin_history import WithEvents
from equipment.duties import Duty
from equipment.jobs import TransferState
from equipment.models import Asset, Location, Product, StockLine, Store, Transfer, TransferItem, TransferLine
from equipment.states import label

_MAY = "equipment.view_transfer"
_TONES = {"draft": "warning", "sent": "info", "received": "success", "cancelled": "default"}


class OfAnyStore(OfAnAsset):
    """An asset of any store of one's organisations: what turns up here may belong there."""

    def known(self) -> QuerySet[Asset]:
        return see(Asset.objects.select_related("product", "store"), "owner", self.request)

    def clean_number(self) -> str:
        text = str(self.cleaned_data["number"]).strip()
        self.asset = self.known().filter(Q(number=text) | Q(barcode=text)).first()
        if self.asset is None:
            raise forms.ValidationError(f"We have no asset with the number or barcode {text}.")
        return text


class Draft(VerbForm):
    lead = "One store asks another for kit. Between the two, at least one must be yours."
    source = forms.ModelChoiceField(Store.objects.none(), label="From")
    destination = forms.ModelChoiceField(Store.objects.none(), label="To")
    dirty = forms.BooleanField(required=False, label="Dirty: to be cleaned there")
    carrier = forms.CharField(max_length=12, required=False, label="Van's registration, or courier")
    note = forms.CharField(max_length=200, required=False)
    wanted = forms.CharField(
        widget=forms.Textarea,
        required=False,
        label="What is asked for",
        help_text="One line each: stock code and quantity, such as COMMODE-STD 4",
    )

    def ask(self) -> None:
        for name in ("source", "destination"):
            field: Any = self.fields[name]
            field.queryset = see(Store.objects.all(), "organisation", self.request)

    def clean_wanted(self) -> dict[Product, int]:
        found: dict[Product, int] = {}
        for line in str(self.cleaned_data["wanted"]).splitlines():
            if line.strip():
                product, quantity = _asked(line)
                found[product] = found.get(product, 0) + quantity
        return found


def _asked(line: str) -> tuple[Product, int]:
    code, _, number = line.strip().rpartition(" ")
    if not number.isascii() or not number.isdigit() or len(number) > 6:
        raise forms.ValidationError(f"“{line.strip()}”: give a stock code, a space and a quantity.")
    product = Product.objects.filter(stock_code__iexact=code.strip()).first()
    if product is None:
        raise forms.ValidationError(f"No product has the stock code {code.strip()}.")
    return product, int(number)


class PutOnCounted(VerbForm):
    line = forms.ModelChoiceField(StockLine.objects.none(), label="Stock")
    quantity = forms.IntegerField(min_value=1)

    def ask(self) -> None:
        rows = StockLine.objects.filter(store=self.row.source_id, dirty=self.row.dirty, count__gt=F("reserved"))
        field: Any = self.fields["line"]
        field.queryset = rows.select_related("product", "store")
        field.label_from_instance = lambda line: " ".join(filter(None, [str(line.product), line.batch]))


class OfItem(VerbForm):
    """Counted stock that is on the transfer, and how many of it."""

    item = forms.ModelChoiceField(TransferItem.objects.none(), label="Stock")
    quantity = forms.IntegerField(min_value=1)

    def ask(self) -> None:
        field: Any = self.fields["item"]
        rows = self.row.items.filter(stock_line__isnull=False, sent__gt=F("received") + F("missing"))
        field.queryset = rows.select_related("product", "stock_line", "transfer__source", "transfer__destination")
        field.label_from_instance = lambda item: " ".join(filter(None, [str(item.product), item.stock_line.batch]))


class Receive(OfAnyStore):
    location = forms.ModelChoiceField(Location.objects.none(), required=False, label="Where it is put")

    def ask(self) -> None:
        field: Any = self.fields["location"]
        field.queryset = Location.objects.filter(store=self.row.destination_id)


class Why(VerbForm):
    reason = reason()


class State(Chips):
    title = "state"
    parameter_name = "state"
    words = {
        "draft": ("To pack", lambda: Q(state=TransferState.DRAFT)),
        "sent": ("On the road", lambda: Q(state=TransferState.SENT)),
        "received": ("Received", lambda: Q(state=TransferState.RECEIVED)),
        "missing": (
            "Something missing",
            lambda: Q(pk__in=TransferItem.objects.filter(missing__gt=0).values("transfer")),
        ),
    }


class Asked(History):
    model = TransferLine
    verbose_name_plural = "asked for"
    fields = ("product", "quantity")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "transfer")


class Items(History):
    model = TransferItem
    verbose_name_plural = "on it"
    fields = ("what", "sent", "received", "missing")
    readonly_fields = ("what",)
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product", "asset", "stock_line", "transfer")

    @display("What")
    def what(self, item: TransferItem) -> str:
        if item.asset is not None:
            return f"{item.asset} {item.product.name}"
        batch = item.stock_line.batch if item.stock_line else ""
        return f"{item.product.name}, batch {batch}" if batch else item.product.name


def _is(state: TransferState) -> Callable[[Transfer], bool]:
    return lambda transfer: transfer.state == state


def _counted(state: TransferState) -> Callable[[Transfer], bool]:
    return lambda transfer: transfer.state == state and transfer.items.filter(stock_line__isnull=False).exists()


def _page(transfer: Transfer) -> str:
    return reverse("admin:equipment_transfer_change", args=[transfer.pk])


def _send(transfer: Any, *, by: str, at: datetime) -> None:
    short = transfers.send(transfer, by=by, at=at)
    transfer.short = f" Less than was asked for: {', '.join(map(str, short))}." if short else ""


def _close(transfer: Any, *, by: str, at: datetime) -> None:
    missing = transfers.close(transfer, by=by, at=at)
    what = ", ".join(str(item.asset or f"{item.missing} x {item.product.name}") for item in missing)
    transfer.said = f" Missing: {what}." if missing else " Everything arrived."


def _put_on_counted(transfer: Transfer, *, line: StockLine, quantity: int, by: str, at: datetime) -> None:
    transfers.put_on_counted(transfer, line, quantity, by=by, at=at)


def _take_off_counted(transfer: Transfer, *, item: TransferItem, quantity: int, by: str, at: datetime) -> None:
    transfers.take_off_counted(item, quantity, by=by, at=at)


def _receive_counted(transfer: Transfer, *, item: TransferItem, quantity: int, by: str, at: datetime) -> None:
    transfers.receive_counted(item, quantity, by=by, at=at)


def _verb(name: str, label: str, do: Callable[..., object], done: str, **how: Any) -> Verb:
    return Verb(name, label, _MAY, do, done, duty=Duty.TRANSFER, **how)


_DRAFT, _SENT = TransferState.DRAFT, TransferState.SENT


@admin.register(Transfer)
class TransferAdmin(WithEvents, ReadOnly):
    """Seen by the staff of both its stores."""

    subject = "transfer"
    list_display = ("name", "source", "destination", "kind", "state_label", "sent", "received", "missing", "raised_at")
    list_filter = (State,)
    search_fields = ("items__asset__number__startswith", "destination__name__istartswith", "carrier__istartswith")
    search_help_text = "Asset number, store or van"
    ordering = ("-id",)
    fields = (
        ("source", "destination"),
        ("state_label", "kind"),
        ("carrier", "note"),
        ("raised_at", "raised_by"),
        ("sent_at", "received_at"),
        "short",
    )
    readonly_fields = ("state_label", "kind", "short")
    inlines = (Asked, Items)
    verbs = (
        _verb(
            "draft",
            "New transfer",
            transfers.draft,
            "{} is drafted: put things on.",
            form=Draft,
            on_list=True,
            to=_page,
        ),
        _verb("put-on", "Put on", transfers.put_on, "It is on {}.", form=OfAnAsset, legal=_is(_DRAFT)),
        _verb("put-on-counted", "Put on stock", _put_on_counted, "It is on {}.", form=PutOnCounted, legal=_is(_DRAFT)),
        _verb("take-off", "Take off", transfers.take_off, "It is off {}.", form=OfAnyStore, legal=_is(_DRAFT)),
        _verb("take-off-counted", "Take off stock", _take_off_counted, "Off {}.", form=OfItem, legal=_counted(_DRAFT)),
        _verb("send", "Send", _send, "{0} is on its way.{0.short}", legal=_is(_DRAFT)),
        _verb("cancel", "Cancel", transfers.cancel, "{} is cancelled.", form=Why, legal=_is(_DRAFT)),
        _verb("receive", "Receive", transfers.receive, "Received with {}.", form=Receive, legal=_is(_SENT)),
        _verb(
            "receive-counted",
            "Receive stock",
            _receive_counted,
            "Received with {}.",
            form=OfItem,
            legal=_counted(_SENT),
        ),
        _verb("close", "Close the transfer", _close, "{0} is closed.{0.said}", legal=_is(_SENT)),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Those from or to a store of one's organisations, and of one's stores when one works in some only."""
        rows = super().get_queryset(request).select_related("source", "destination")
        seen, stores = organisations_of(request), stores_of(request)
        if seen is not None:
            rows = rows.filter(Q(source__organisation__in=seen) | Q(destination__organisation__in=seen))
        if stores is not None:
            rows = rows.filter(Q(source__in=stores) | Q(destination__in=stores))
        return rows

    def adorn(self, rows: list[Any]) -> list[Any]:
        items = TransferItem.objects.filter(transfer__in=rows).order_by().values_list("transfer")
        sums = items.annotate(sent=Sum("sent"), received=Sum("received"), missing=Sum("missing"))
        found = {key: numbers for key, *numbers in sums}
        for row in rows:
            row.sent_sum, row.received_sum, row.missing_sum = found.get(row.pk, (0, 0, 0))
        return rows

    @display("Transfer", ordering="pk")
    def name(self, transfer: Transfer) -> str:
        return str(transfer)

    @display("What travels")
    def kind(self, transfer: Transfer) -> str:
        return "Dirty" if transfer.dirty else "Clean"

    @display("State", tones=_TONES)
    def state_label(self, transfer: Transfer) -> tuple[str, str]:
        return transfer.state, label(transfer.state)

    @display("On it")
    def sent(self, transfer: Any) -> int:
        return transfer.sent_sum

    @display("Received")
    def received(self, transfer: Any) -> int:
        return transfer.received_sum

    @display("Missing")
    def missing(self, transfer: Any) -> int:
        return transfer.missing_sum

    @display("Less than asked for")
    def short(self, transfer: Transfer) -> str:
        return ", ".join(str(row) for row in transfers.shortfalls(transfer)) or "Nothing"
