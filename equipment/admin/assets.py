"""Assets: found fast, read in full, moved only by verbs on the scan page."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from equipment import clock, exports, fitness, holdings, queues, recall_reads, receiving
from equipment.admin.labels import address_of, may_print, print_labels
from equipment.admin.work import TONES, WORK, today, where
from equipment.admin_base import Chips, History, OneOf, display, label_of
from equipment.admin_exports import Exports
from equipment.models import (
    Asset,
    AssetEvent,
    Decontamination,
    Disposal,
    InspectionRecord,
    Loan,
    Product,
    Repair,
    ReturnRecord,
    Store,
)
from equipment.states import COMMITTED, AssetState, label, standing


class Work(Chips):
    title = "work"
    parameter_name = "work"
    words = WORK


class ByStore(OneOf):
    title = "store"
    parameter_name = "store"
    model = Store
    scope_field = "organisation"
    store_field = "pk"


class ByProduct(OneOf):
    title = "product"
    parameter_name = "product"
    model = Product


class Events(History):
    model = AssetEvent
    verbose_name_plural = "history"
    fields = ("at", "what", "became", "by", "reason")
    readonly_fields = ("what", "became")
    per_page = 20

    @display("What")
    def what(self, event: AssetEvent) -> str:
        return event.verb.replace("_", " ").capitalize()

    @display("Now")
    def became(self, event: AssetEvent) -> str:
        return label(event.to_state)


class Cleans(History):
    model = Decontamination
    verbose_name_plural = "cleans"
    fields = ("ended_at", "method", "infection", "passed", "operator", "agent", "notes")
    per_page = 20


class Tests(History):
    model = InspectionRecord
    verbose_name_plural = "tests"
    fields = ("performed_at", "kind", "result", "next_due", "examiner", "defects")
    per_page = 20


class Returns(History):
    model = ReturnRecord
    verbose_name_plural = "returns"
    fields = ("at", "condition", "infection", "by")
    per_page = 20


class Loans(History):
    model = Loan
    verbose_name_plural = "loans"
    fields = ("who", "started_at", "ended_at")
    readonly_fields = ("who",)
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("person", "asset", "product")

    @display("Person")
    def who(self, loan: Loan) -> str:
        return loan.person.initials


class Repairs(History):
    model = Repair
    verbose_name_plural = "repairs"
    fields = ("opened_at", "kind", "fault", "work_done", "outcome", "cost", "closed_at")
    per_page = 20


class Disposals(History):
    model = Disposal
    verbose_name_plural = "disposal"
    fields = ("at", "method", "carrier", "consignment", "data_wiped_by", "data_wipe", "by")


class BookIn(forms.ModelForm):
    """What is asked of a new asset; its number, state and dates follow from booking it in."""

    def clean_product(self) -> Product:
        product: Product = self.cleaned_data["product"]
        if not product.is_serialised:
            raise ValidationError(f"{product} is counted, not numbered: receive it as stock.")
        return product

    def clean_made_on(self) -> date | None:
        made: date | None = self.cleaned_data["made_on"]
        if made and made > today():
            raise ValidationError("The date of manufacture lies ahead: correct it.")
        return made


@admin.register(Asset)
class AssetAdmin(Exports):
    export = staticmethod(exports.assets)
    scope_field = "owner"
    store_field = "store"
    keeps_own_history = True
    form = BookIn
    list_display = ("number", "product_name", "state_label", "waiting", "where", "cleaned", "test_due")
    list_select_related = ("product", "store", "location")
    list_filter = (Work, ByStore, ByProduct)
    search_fields = ("number__startswith", "barcode__startswith", "serial__exact")
    search_help_text = "Asset number, serial or barcode"
    autocomplete_fields = ("product",)
    sortable_by = ("number", "test_due", "waiting")
    actions = (print_labels,)
    inlines = (Events, Cleans, Tests, Returns, Loans, Repairs, Disposals)
    _facts = (
        ("number", "product"),
        ("state_label", "since"),
        ("where", "receipt"),
        ("cleaned", "test_due"),
        "under_alert",
        ("accepted_at", "soiled_at"),
        ("serial", "barcode"),
        ("batch", "made_on"),
        ("received_on", "owner"),
        ("loans_count", "purchase_price"),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Asset | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ("product", "store", "owner", "serial", "barcode", "made_on", "purchase_price")})]
        deeds = ("to_do", "labels") if may_print(request) else ("to_do",)
        return [(None, {"fields": (deeds, "why_not")}), ("Facts", {"fields": self._facts})]

    def get_readonly_fields(self, request: HttpRequest, obj: Asset | None = None) -> Any:
        if obj is None:
            return ()
        facts = [name for row in self._facts for name in ([row] if isinstance(row, str) else row)]
        return ("to_do", "labels", "why_not", *(name for name in facts if name not in ("serial", "barcode")))

    def get_inlines(self, request: HttpRequest, obj: Asset | None = None) -> Any:
        return self.inlines if obj else ()

    @display("Safety alert")
    def under_alert(self, asset: Asset) -> SafeString | str:
        unit = recall_reads.open_unit_of(asset)
        if unit is None:
            return "None"
        address = reverse("admin:equipment_alertunit_change", args=[unit.pk])
        return format_html('<a class="house-link" href="{}">{}: {}</a>', address, unit.alert, unit.alert.title)

    def get_autocomplete_fields(self, request: HttpRequest) -> Any:
        return self.autocomplete_fields

    def save_model(self, request: HttpRequest, obj: Asset, form: Any, change: bool) -> None:
        """A new asset is booked in by the verb; of an old one only its serial and barcode can have changed."""
        if change:
            receiving.relabel(obj, serial=obj.serial, barcode=obj.barcode, by=label_of(request), at=clock.now())
            return
        assert obj.store is not None  # noqa: S101  the form asks for it
        made = receiving.book_in(
            obj.product,
            obj.store,
            obj.owner,
            by=label_of(request),
            at=clock.now(),
            serial=obj.serial,
            barcode=obj.barcode,
            price=obj.purchase_price,
            made_on=obj.made_on,
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "store" and field:
            field.required = True
        return field

    @display("Product", ordering="product__stock_code")
    def product_name(self, asset: Asset) -> str:
        return asset.product.name

    @display("State", tones=TONES)
    def state_label(self, asset: Asset) -> tuple[str, str]:
        return asset.state, label(asset.state)

    @display("Waiting since", ordering="since")
    def waiting(self, asset: Asset) -> str | SafeString:
        """How long it has waited in its queue; nothing for what is at rest."""
        queue = queues.holding(asset.state, owes_test=True)
        if queue is None or asset.since is None:
            return "—"
        text = queues.waited(clock.now() - asset.since)
        late = queue.is_late(asset.since, at=clock.now())
        return format_html('<strong class="house-late">{}, late</strong>', text) if late else text

    @display("Where")
    def where(self, asset: Asset) -> str:
        return where(asset)

    @display("Last cleaned")
    def cleaned(self, asset: Asset) -> str:
        return date_format(asset.cleaned_at, "j M Y") if asset.cleaned_at else "—"

    @display("Test due", ordering="test_due_on")
    def test_due(self, asset: Asset) -> str | SafeString:
        due = asset.test_due_on
        if due is None:
            return "—"
        text = date_format(due, "j M Y")
        return format_html('<strong class="house-late">{} overdue</strong>', text) if due < today() else text

    @display("What to do with it")
    def to_do(self, asset: Asset) -> SafeString:
        address = f"{reverse('admin:scan')}?code={asset.number}"
        return format_html('<a class="house-button" href="{}">Open on the scan page</a>', address)

    @display("Labels")
    def labels(self, asset: Asset) -> SafeString:
        status = reverse("admin:labels_status", args=[asset.number])
        links = (
            '<a class="house-link" href="{}">Print its label</a>, <a class="house-link" href="{}">its status label</a>'
        )
        return format_html(links, address_of([asset.number]), status)

    @display("May it go out today?")
    def why_not(self, asset: Asset) -> SafeString | str:
        """The reasons of the safety rules, with their remedies; and that it is not on the shelf, when it is not."""
        reasons = fitness.to_issue(holdings.facts_of([asset.pk])[asset.pk], on=today())
        lines = [(r.sentence, r.remedy) for r in reasons]
        if asset.state in COMMITTED:
            lines.insert(0, ("It is promised to somebody already.", ""))
        elif asset.state != AssetState.AVAILABLE:
            lines.insert(0, (f"It is {standing(asset.state)}, not on the shelf.", ""))
        if not lines:
            return "Yes: clean, tested and in date."
        items = format_html_join("", "<li>{} <em>{}</em></li>", lines)
        return format_html('<ul class="house-reasons">{}</ul>', items)
