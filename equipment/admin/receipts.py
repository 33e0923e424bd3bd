"""Goods in: deliveries booked in and accepted, and what comes without papers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from equipment import goods, receiving, serials
from equipment.admin.assets import ByProduct, ByStore
from equipment.admin.work import TONES, where
from equipment.admin_base import Chips, History, ReadOnly, Verb, VerbForm, display, see
from equipment.duties import Duty
from equipment.errors import Invalid, Refused
from equipment.models import Asset, Organisation, Product, Receipt, Store
from equipment.states import AssetState, Condition, Infection, Tracking, choices, label

MOST_BYTES = 500_000  # of a file of serials: two thousand take a tenth of it
_PRODUCTS = Product.objects.exclude(tracking=Tracking.COMPOSITE)


class _AtAStore(VerbForm):
    """Asks for a store the user works in and an owner the user may see."""

    def ask(self) -> None:
        self._only("store", see(Store.objects.all(), "organisation", self.request, store="pk"))
        self._only("owner", see(Organisation.objects.all(), "pk", self.request))

    def _only(self, name: str, rows: Any) -> None:
        field: Any = self.fields[name]
        field.queryset = rows
        field.initial = rows.first() if rows.count() == 1 else None


class DeliveryForm(_AtAStore):
    lead = "One product of a delivery. Numbered things: one serial a line, or a file; counted things: how many."

    supplier = forms.CharField(max_length=80)
    order_number = forms.CharField(max_length=40)
    delivery_note = forms.CharField(max_length=40, required=False)
    product = forms.ModelChoiceField(_PRODUCTS)
    store = forms.ModelChoiceField(Store.objects.none())
    owner = forms.ModelChoiceField(Organisation.objects.none())
    quantity = forms.IntegerField(required=False, help_text="Needed unless there are serials")
    serials = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
        help_text="One a line, or parted by commas; as printed, or as the maker's GS1 code is scanned",
    )
    file = forms.FileField(
        label="File of serials", required=False, help_text="CSV or text; a column called serial is read alone"
    )
    batch = forms.CharField(max_length=40, required=False)
    made_on = forms.DateField(
        label="Made on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="From the plate; a scanned GS1 code says it for each",
    )
    expires_on = forms.DateField(
        label="Expires on", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    unit_price = forms.DecimalField(
        label="Price each (£)", required=False, max_digits=9, decimal_places=2, help_text="Empty: the catalogue's"
    )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        file, pasted = found.pop("file", None), found.get("serials", "")
        if file is not None and pasted.strip():
            self.add_error("file", "Give the serials above or in a file, not both.")
        try:
            found["serials"] = serials.serials_from(_text(file) if file is not None else pasted)
        except Invalid as error:
            self.add_error("serials" if file is None else "file", error.detail)
        except ValidationError as error:
            self.add_error("file", error)
        return found

    @property
    def given(self) -> dict[str, Any]:
        return {"delivery": goods.Delivery(**self.cleaned_data)}


def _text(file: Any) -> str:
    if file.size > MOST_BYTES:
        raise ValidationError(f"The file is larger than {MOST_BYTES // 1000} kB: it is not a list of serials.")
    raw: bytes = file.read()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValidationError("This is not a text file.")


class FoundForm(_AtAStore):
    lead = "Something without a label, or with another service's. It is numbered and goes straight to quarantine."

    product = forms.ModelChoiceField(Product.objects.filter(tracking=Tracking.SERIALISED))
    store = forms.ModelChoiceField(Store.objects.none())
    owner = forms.ModelChoiceField(Organisation.objects.none())
    serial = forms.CharField(
        label="Maker's serial", max_length=60, required=False, help_text="If it is on our books, it is that asset"
    )
    condition = forms.ChoiceField(choices=[("", "Choose…"), *choices(Condition)])
    infection = forms.ChoiceField(choices=choices(Infection), initial=Infection.UNKNOWN)
    note = forms.CharField(max_length=300, required=False, help_text="Where it came from, what was on its label")

    def clean(self) -> dict[str, Any]:
        """What is on the books of an organisation that this user may not see is not moved by this user either."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        serial, product = found.get("serial", "").strip(), found.get("product")
        known = Asset.objects.filter(product=product, serial=serial) if serial and product else Asset.objects.none()
        if known.exists() and not see(known, "owner", self.request, store="store").exists():
            self.add_error("serial", "This is on the books of another service or store: set it aside and ask them.")
        return found


def _accept_all(receipt: Receipt, *, by: str, at: datetime) -> None:
    """What was accepted stays so; what was not is told with its reasons."""
    done = goods.accept_all(receipt, by=by, at=at)
    if done.refused:
        reasons = " ".join(dict.fromkeys(_naming(asset, reason) for asset, reason in done.refused[:5]))
        more = f" And {len(done.refused) - 5} more." if len(done.refused) > 5 else ""
        raise Refused(
            "not_all_accepted",
            f"{len(done.accepted)} accepted, {len(done.refused)} still waiting. {reasons}{more}",
        )


def _naming(asset: Asset, reason: str) -> str:
    return reason if reason.startswith(str(asset)) else f"{asset}: {reason}"


def _to_receipt(receipt: Receipt) -> str:
    return reverse("admin:equipment_receipt_change", args=[receipt.pk])


def _to_asset(asset: Asset) -> str:
    return reverse("admin:equipment_asset_change", args=[asset.pk])


def _waits(receipt: Receipt) -> bool:
    return receipt.assets.filter(state=AssetState.RECEIVED).exists()


def _waiting() -> Q:
    return Q(Exists(Asset.objects.filter(receipt=OuterRef("pk"), state=AssetState.RECEIVED)))


class Accepted(Chips):
    title = "acceptance"
    parameter_name = "acceptance"
    words = {"waiting": ("To accept", _waiting), "done": ("Done", lambda: ~_waiting())}


class Assets(History):
    model = Asset
    fk_name = "receipt"
    verbose_name_plural = "assets"
    fields = ("asset", "serial", "state_label", "place")
    readonly_fields = ("asset", "state_label", "place")
    per_page = 50

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("store", "product")

    @display("Asset")
    def asset(self, asset: Asset) -> SafeString:
        return format_html('<a href="{}">{}</a>', _to_asset(asset), asset)

    @display("State", tones=TONES)
    def state_label(self, asset: Asset) -> tuple[str, str]:
        return asset.state, label(asset.state)

    @display("Where")
    def place(self, asset: Asset) -> str:
        return where(asset)


@admin.register(Receipt)
class ReceiptAdmin(ReadOnly):
    scope_field = "store__organisation"
    store_field = "store"
    list_display = ("at", "product_name", "quantity", "supplier", "order_number", "store", "to_accept")
    list_select_related = ("product", "store")
    list_filter = (Accepted, ByStore, ByProduct)
    search_fields = ("order_number__istartswith", "delivery_note__istartswith", "supplier__istartswith", "batch__exact")
    search_help_text = "Order number, delivery note, supplier or batch"
    inlines = (Assets,)
    fields = (
        ("product", "quantity"),
        ("supplier", "order_number", "delivery_note"),
        ("store", "owner"),
        ("batch", "expires_on", "unit_price"),
        ("at", "by"),
        "labels",
    )
    readonly_fields = ("labels",)
    verbs = (
        Verb(
            "book-in",
            "Book in a delivery",
            "equipment.view_receipt",
            goods.receive,
            "{} booked in.",
            form=DeliveryForm,
            duty=Duty.RECEIVE,
            on_list=True,
            to=_to_receipt,
        ),
        Verb(
            "found",
            "Found without papers",
            "equipment.view_asset",
            receiving.found_without_papers,
            "Asset {} is in quarantine.",
            form=FoundForm,
            duty=Duty.RETURN,
            on_list=True,
            to=_to_asset,
        ),
        Verb(
            "accept-all",
            "Accept all",
            "equipment.view_receipt",
            _accept_all,
            "All accepted: {}.",
            legal=_waits,
            duty=Duty.RECEIVE,
        ),
    )

    def get_inlines(self, request: HttpRequest, obj: Receipt | None = None) -> Any:
        return self.inlines if obj is not None and obj.product.is_serialised else ()

    def adorn(self, rows: list[Any]) -> list[Any]:
        """How many of each still wait, in one query for the page."""
        found = Asset.objects.filter(receipt__in=rows, state=AssetState.RECEIVED).order_by().values_list("receipt")
        waiting = dict(found.annotate(count=Count("pk")))
        for row in rows:
            row.waiting = waiting.get(row.pk, 0)
        return rows

    @display("Product", ordering="product__stock_code")
    def product_name(self, receipt: Receipt) -> str:
        return receipt.product.name

    @display("To accept")
    def to_accept(self, receipt: Any) -> str:
        return str(receipt.waiting) if receipt.waiting else "—"

    @display("Labels")
    def labels(self, receipt: Receipt) -> SafeString | str:
        if not receipt.product.is_serialised:
            return "—"
        return format_html(
            '<a class="house-button" href="/admin/labels/receipt/{}/">Print {} labels</a>', receipt.pk, receipt.quantity
        )
