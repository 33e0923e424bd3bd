"""Safety alerts: open one after a look at what it finds, follow it to the last unit, see who has what (rules 8, 36)."""

from __future__ import annotations

import hashlib
from tempfile import TemporaryFile
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from equipment import clock, recall_reads, recalls
from equipment.admin.asking import reason
from equipment.admin.work import today
from equipment.admin_base import Chips, History, ReadOnly, Verb, VerbForm, display, label_of, see
from equipment.admin_exports import FORMATS, csv_answer
from equipment.criteria import Criterion
from equipment.duties import Duty
from equipment.errors import DomainError
from equipment.exports import csv_lines, write_xlsx
from equipment.jobs import AlertUnitState
from equipment.models import Alert, AlertCriterion, Organisation, Product
from equipment.states import choices
from equipment.words import AlertAction, AlertUrgency

_MAY = "equipment.view_alert"
_ROWS = 100  # of the list of holders on a page
_TONES = {"immediate": "danger", "urgent": "warning", "routine": "info"}


class OpenAlert(VerbForm):
    """Asked twice: the first answer shows what would be found, the second opens the alert."""

    lead = (
        "First it only looks, and says how many units it finds. Once it is open, nothing that it is about is issued, "
        "what stands in a store is held, and visits are raised to what is at home."
    )
    button = "See what it finds"
    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label="Whose equipment", help_text="A service's alert takes in all that it serves"
    )
    reference = forms.CharField(max_length=40, help_text="Its number, such as NatPSA/2023/010")
    title = forms.CharField(max_length=120, help_text="What is wrong, in a few words")
    source = forms.CharField(label="Who issued it", max_length=80, required=False, help_text="Such as MHRA")
    issued_on = forms.DateField(label="Issued on", widget=forms.DateInput({"type": "date"}))
    deadline = forms.DateField(widget=forms.DateInput({"type": "date"}), help_text="Every unit is dealt with by then")
    urgency = forms.ChoiceField(choices=choices(AlertUrgency))
    action = forms.ChoiceField(label="What is done at home", choices=choices(AlertAction))
    products = forms.ModelMultipleChoiceField(
        Product.objects.none(), required=False, help_text="One or more; or leave it and give the maker or the model"
    )
    maker = forms.CharField(max_length=80, required=False, help_text="As on our products")
    model = forms.CharField(max_length=60, required=False, help_text="As on our products")
    serial_from = forms.CharField(
        label="First serial", max_length=60, required=False, help_text="A unit without a serial on record counts too"
    )
    serial_to = forms.CharField(label="Last serial", max_length=60, required=False)
    batch = forms.CharField(max_length=40, required=False)
    made_from = forms.DateField(label="Made from", required=False, widget=forms.DateInput({"type": "date"}))
    made_to = forms.DateField(label="Made until", required=False, widget=forms.DateInput({"type": "date"}))
    replacement = forms.ModelChoiceField(
        Product.objects.none(), required=False, help_text="Goes out instead; empty: another of the same, unaffected"
    )
    instructions = forms.CharField(max_length=1000, required=False, widget=forms.Textarea({"rows": 3}))
    looked_at = forms.CharField(required=False, widget=forms.HiddenInput())

    def ask(self) -> None:
        fields: Any = self.fields
        fields["organisation"].queryset = see(Organisation.objects.all(), "pk", self.request)
        mine = getattr(self.request.user, "membership", None)
        fields["organisation"].initial = mine.organisation_id if mine else None
        fields["products"].queryset = Product.objects.all()
        fields["replacement"].queryset = Product.objects.exclude(tracking="composite")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        self.criteria = _criteria(given)
        shown = hashlib.sha256(repr((self.criteria, given["organisation"].pk)).encode()).hexdigest()
        if given.pop("looked_at", "") != shown:
            self._preview(given["organisation"], shown)
        return given

    def _preview(self, organisation: Organisation, shown: str) -> None:
        try:
            found = recalls.preview(self.criteria, organisation)
        except DomainError as refusal:
            self.add_error(None, refusal.detail)
            return
        answered: Any = self.data
        answered = answered.copy()
        answered["looked_at"] = shown
        self.data = answered
        self.button = f"Open the alert for {found.total} units"
        self.notice = (
            f"It finds {found.total} units: {found.in_stores} in stores, {found.at_home} at home, {found.on_vans} on "
            f"vans, {found.lost} lost. Nothing has been changed yet: look at what you gave, then open the alert below."
            if found.total
            else "It finds no unit. Is the maker or the model written as on our products, and the organisation right? "
            "Opened all the same, it catches what comes in later."
        )
        self.add_error(None, forms.ValidationError("", code="looked"))

    @property
    def given(self) -> dict[str, Any]:
        asked = ("products", "maker", "model", "serial_from", "serial_to", "batch", "made_from", "made_to", "looked_at")
        words = {name: value for name, value in self.cleaned_data.items() if name not in asked}
        return {"spec": recalls.Spec(criteria=self.criteria, **words)}


def _criteria(given: dict[str, Any]) -> tuple[Criterion, ...]:
    """One for each product chosen, each with all that is said besides; one without a product when none is chosen."""
    names = ("maker", "model", "serial_from", "serial_to", "batch", "made_from", "made_to")
    rest = {name: given[name] for name in names}
    return tuple(Criterion(product=pk, **rest) for pk in [product.pk for product in given["products"]] or [None])


class Extend(VerbForm):
    deadline = forms.DateField(label="New deadline", widget=forms.DateInput({"type": "date"}))
    reason = reason()


class End(VerbForm):
    lead = "Nothing more is caught under it. What could not be reached stays named."
    reason = reason()


class Standing(Chips):
    title = "state"
    parameter_name = "state"
    words = {
        "open": ("Open", lambda: Q(ended_at__isnull=True)),
        "overdue": ("Past its deadline", lambda: Q(ended_at__isnull=True, deadline__lt=today())),
        "ended": ("Ended", lambda: Q(ended_at__isnull=False)),
    }


class Criteria(History):
    model = AlertCriterion
    verbose_name_plural = "what it is about"
    fields = ("product", "maker", "model", "serial_from", "serial_to", "batch", "made_from", "made_to")
    per_page = 50

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the alert sees what it is about."""
        return True

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("product")


def _open(alert: Alert) -> bool:
    return alert.ended_at is None


def page_of(alert: Alert) -> str:
    return reverse("admin:equipment_alert_change", args=[alert.pk])


def _opened(spec: recalls.Spec, *, by: str, at: Any) -> Alert:
    return recalls.open_alert(spec, by=by, at=at)


@admin.register(Alert)
class AlertAdmin(ReadOnly):
    scope_field = "organisation"
    list_display = ("reference", "title", "how_urgent", "done", "units", "deadline", "standing")
    list_filter = (Standing,)
    search_fields = ("reference__icontains", "title__icontains")
    search_help_text = "Reference or title"
    ordering = ("ended_at", F("deadline").asc(), "-id")
    fields = (
        ("title", "standing"),
        ("done", "how_urgent"),
        "counts",
        "who",
        ("issued_on", "deadline"),
        ("source", "organisation"),
        ("action", "replacement"),
        "instructions",
        ("opened_at", "opened_by"),
        ("ended_at", "ended_by"),
        "end_reason",
    )
    readonly_fields = ("how_urgent", "done", "standing", "counts", "who")
    inlines = (Criteria,)
    verbs = (
        Verb(
            "open", "Open an alert", _MAY, _opened, "Alert {} is open: nothing that it is about is issued.",
            form=OpenAlert, duty=Duty.MANAGE, on_list=True, to=page_of,
        ),
        Verb("extend", "Move the deadline", _MAY, recalls.extend, "{} has a new deadline.", _open,
             form=Extend, duty=Duty.MANAGE),
        Verb("end", "End the alert", _MAY, recalls.end_alert, "{} has ended.", _open, form=End, duty=Duty.MANAGE),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/who/", view(self.who_view), name="equipment_alert_who"),
            path("<int:pk>/who/<slug:form>/", view(self.export_view), name="equipment_alert_export"),
            *super().get_urls(),
        ]

    def adorn(self, rows: list[Any]) -> list[Any]:
        found = recall_reads.progress_of(rows, on=today())
        for alert in rows:
            alert.far = found[alert.pk]
        return rows

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        return self.adorn([found])[0] if found is not None else None

    @display("Urgency", ordering="urgency", tones=_TONES)
    def how_urgent(self, alert: Alert) -> tuple[str, str]:
        return alert.urgency, alert.get_urgency_display()

    @display("Closed")
    def done(self, alert: Any) -> SafeString:
        far = alert.far
        return format_html(
            '<progress class="house-progress" max="100" value="{}" aria-label="Closed">{} %</progress> {} %',
            *(far.percent,) * 3,
        )

    @display("Units")
    def units(self, alert: Any) -> str:
        return f"{alert.far.closed} of {alert.far.total}"

    @display("State", tones={"open": "warning", "overdue": "danger", "ended": "default"})
    def standing(self, alert: Any) -> tuple[str, str]:
        if alert.ended_at is not None:
            return "ended", "Ended"
        return ("overdue", "Overdue") if alert.far.overdue else ("open", "Open")

    @display("How far")
    def counts(self, alert: Any) -> SafeString:
        far = alert.far
        units = reverse("admin:equipment_alertunit_changelist")
        return format_html(
            "{} units: {} closed, {} held here, {} at home, {} on vans, {} unreachable, {} not among them. "
            '<a class="house-link" href="{}?alert={}">The units</a>',
            far.total, far.closed, far.held, far.at_home, far.on_vans, far.unreachable, far.withdrawn, units, alert.pk,
        )  # fmt: skip

    @display("Who has it")
    def who(self, alert: Alert) -> SafeString:
        address = reverse("admin:equipment_alert_who", args=[alert.pk])
        return format_html('<a class="house-button" href="{}">Names, addresses and phones</a>', address)

    def _alert(self, request: HttpRequest, pk: int) -> Alert:
        """The alert, for whoever may see people too."""
        if not request.user.has_perms([_MAY, "equipment.view_person"]):
            raise PermissionDenied
        alert = self.get_queryset(request).filter(pk=pk).first()
        if alert is None:
            raise Http404
        return cast(Alert, alert)

    def who_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Every unit with holder, address and phone; each look is on record (rule 39)."""
        alert = self._alert(request, pk)
        state = request.GET.get("state", "")
        state = state if state in set(AlertUnitState) else ""
        page = Paginator(recall_reads.units(alert, state=state).order_by("pk"), _ROWS).get_page(request.GET.get("page"))
        rows = recall_reads.who_has_it(
            alert, list(page.object_list), by=label_of(request), at=clock.now(), purpose="Opened in the admin"
        )
        context = {
            **self.admin_site.each_context(request),
            "title": f"Who has it: {alert.reference}",
            "alert": alert,
            "rows": rows,
            "page": page,
            "state": state,
            "states": choices(AlertUnitState),
            "exports": list(FORMATS.items()) if self._may_take_out(request) else [],
        }
        return render(request, "admin/recall_list.html", context)

    def _may_take_out(self, request: HttpRequest) -> bool:
        return label_of(request).may(Duty.MANAGE)

    def export_view(self, request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
        """The same as a file, for a manager."""
        alert = self._alert(request, pk)
        if not self._may_take_out(request):
            raise PermissionDenied
        if form not in FORMATS:
            raise Http404
        made = recall_reads.table(alert, by=label_of(request), at=clock.now())
        filename = f"recall-{alert.pk}-{clock.now():%Y-%m-%d}.{form}"
        if form == "csv":
            return csv_answer(csv_lines(made), filename)
        out = TemporaryFile()  # noqa: SIM115  the answer closes it
        write_xlsx(made, cast(Any, out))
        out.seek(0)
        return FileResponse(out, as_attachment=True, filename=filename)


def seen(request: HttpRequest) -> QuerySet[Alert]:
    """The alerts that this user may see."""
    return see(Alert.objects.all(), "organisation", request)
