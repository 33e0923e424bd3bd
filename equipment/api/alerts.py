from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock, recall_reads, recall_units, recalls
from equipment.api.base import STORE, Newest, Viewset, organisation_for, scoped
from equipment.criteria import Criterion
from equipment.days import day_of
from equipment.errors import Invalid
from equipment.jobs import AlertUnitState
from equipment.models import Alert, AlertUnit, Product
from equipment.states import choices
from equipment.words import AlertAction, AlertOutcome, AlertUrgency


class CriterionIn(serializers.Serializer[Any]):
    """What the alert is about: all that one criterion says must be met. Name a product, a model or a maker."""

    product = serializers.CharField(required=False, default="", allow_blank=True, help_text="Stock code")
    maker = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    model = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    serial_from = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    serial_to = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    batch = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    made_from = serializers.DateField(required=False, allow_null=True, default=None)
    made_to = serializers.DateField(required=False, allow_null=True, default=None)


class PreviewIn(serializers.Serializer[Any]):
    organisation = serializers.CharField(required=False, default="", allow_blank=True, help_text="Code; else your own")
    criteria = CriterionIn(many=True)


class PreviewOut(serializers.Serializer[Any]):
    """How many units there are, by where they are."""

    total = serializers.IntegerField()
    in_stores = serializers.IntegerField()
    on_vans = serializers.IntegerField()
    at_home = serializers.IntegerField()
    lost = serializers.IntegerField()


class AlertIn(PreviewIn):
    reference = serializers.CharField(max_length=40)
    title = serializers.CharField(max_length=120)
    source = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)  # type: ignore[assignment]
    urgency = serializers.ChoiceField(choices(AlertUrgency))
    action = serializers.ChoiceField(choices(AlertAction), help_text="For units at home")
    instructions = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)
    replacement = serializers.CharField(required=False, default="", allow_blank=True, help_text="Stock code")
    issued_on = serializers.DateField()
    deadline = serializers.DateField()


class ProgressOut(serializers.Serializer[Any]):
    """`percent` is 100 only when every unit is closed; wrong matches do not count."""

    total = serializers.IntegerField()
    closed = serializers.IntegerField()
    held = serializers.IntegerField()
    at_home = serializers.IntegerField()
    on_vans = serializers.IntegerField()
    unreachable = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    percent = serializers.IntegerField()
    overdue = serializers.BooleanField()


class AlertOut(serializers.Serializer[Alert]):
    id = serializers.IntegerField()
    reference = serializers.CharField()
    title = serializers.CharField()
    organisation = serializers.CharField(source="organisation.code")
    source = serializers.CharField()  # type: ignore[assignment]
    urgency = serializers.CharField()
    action = serializers.CharField()
    instructions = serializers.CharField()
    replacement = serializers.CharField(source="replacement.stock_code", allow_null=True, default=None)
    issued_on = serializers.DateField()
    deadline = serializers.DateField()
    opened_at = serializers.DateTimeField()
    opened_by = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)
    progress = ProgressOut()


class HolderOut(serializers.Serializer[Any]):
    """One unit, where it is, and who has it."""

    unit = serializers.IntegerField()
    asset_number = serializers.CharField()
    stock_code = serializers.CharField()
    product = serializers.CharField()
    serial = serializers.CharField()
    batch = serializers.CharField()
    quantity = serializers.IntegerField()
    state = serializers.CharField()
    place = serializers.CharField()
    store = serializers.CharField()
    vehicle = serializers.CharField()
    person = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField()
    postcode = serializers.CharField()
    on_loan_since = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField()
    note = serializers.CharField()


class DecisionIn(serializers.Serializer[Any]):
    """Rule 8: a named person decides, and says why."""

    reason = serializers.CharField(max_length=200)
    authorised_by = serializers.CharField(max_length=80, help_text="The person who decided")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One sentence for the record."""
        who = attrs.pop("authorised_by")
        return {**attrs, "reason": f"{attrs['reason']} ({who})"}


class CloseIn(DecisionIn):
    outcome = serializers.ChoiceField(choices(AlertOutcome))


class ExtendIn(DecisionIn):
    deadline = serializers.DateField()


class UnitOut(serializers.Serializer[AlertUnit]):
    id = serializers.IntegerField()
    state = serializers.CharField()
    outcome = serializers.CharField()
    note = serializers.CharField()
    attempts = serializers.IntegerField()
    closed_at = serializers.DateTimeField(allow_null=True)


class AlertFilter(django_filters.FilterSet):
    reference = django_filters.CharFilter()
    ended = django_filters.BooleanFilter(field_name="ended_at", lookup_expr="isnull", exclude=True)


class AlertViewSet(Viewset):
    """Safety alerts: which units, where, whose, and how far each has come (rule 36)."""

    queryset = Alert.objects.select_related("organisation", "replacement")
    serializer_class = AlertOut
    filterset_class = AlertFilter
    pagination_class = Newest
    lookup_value_regex = "[0-9]+"
    roles = dict.fromkeys(
        (
            *("list", "retrieve", "create", "preview", "units", "end", "extend"),
            *("close_unit", "withdraw_unit", "give_up_unit", "match_again"),
        ),
        STORE,
    )

    def get_queryset(self) -> QuerySet[Alert]:
        return scoped(super().get_queryset(), self.asker)

    def list(self, request: Request) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(AlertOut(_with_progress(rows), many=True).data)  # type: ignore[arg-type]

    def retrieve(self, request: Request, pk: str) -> Response:
        return self._answer(self._alert(pk))

    @extend_schema(request=AlertIn, responses={201: AlertOut})
    def create(self, request: Request) -> Response:
        """Open an alert: from this moment no unit that it is about is issued, and what stands in a store is held."""
        given = self.read(AlertIn)
        given["organisation"] = organisation_for(self.asker, given["organisation"])
        given["replacement"] = _product(given["replacement"], "replacement") if given["replacement"] else None
        given["criteria"] = _criteria(given["criteria"])
        alert = recalls.open_alert(recalls.Spec(**given), by=self.asker.label, at=clock.now())
        return self._answer(alert, status=201)

    @extend_schema(request=PreviewIn, responses=PreviewOut)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """How many units such an alert would find, and where. Nothing is opened."""
        given = self.read(PreviewIn)
        organisation = organisation_for(self.asker, given["organisation"])
        return Response(PreviewOut(recalls.preview(_criteria(given["criteria"]), organisation)).data)

    @extend_schema(
        responses=HolderOut(many=True),
        filters=False,
        parameters=[
            OpenApiParameter("state", str, enum=[state.value for state in AlertUnitState]),
            OpenApiParameter("purpose", str, description="What the list is for; kept with who read it"),
        ],
    )
    @action(detail=True, filterset_class=None)
    def units(self, request: Request, pk: str) -> Response:
        """Every unit with its place, holder, address and phone. Each page read is on record (rule 39)."""
        alert = self._alert(pk)
        state = request.query_params.get("state", "")
        if state and state not in set(AlertUnitState):
            raise Invalid("state", f"There is no state {state!r}.", field="state")
        page = self.paginate_queryset(recall_reads.units(alert, state=state)) or []
        purpose = request.query_params.get("purpose", "") or "Read over the API"
        found = recall_reads.who_has_it(alert, page, by=self.asker.label, at=clock.now(), purpose=purpose)
        return self.get_paginated_response(HolderOut(found, many=True).data)

    @extend_schema(request=CloseIn, responses=UnitOut)
    @action(detail=True, methods=["post"], url_path=r"units/(?P<unit>[0-9]+)/close")
    def close_unit(self, request: Request, pk: str, unit: str) -> Response:
        """Done with, and how."""
        return self._unit(pk, unit, recall_units.close_unit, CloseIn)

    @extend_schema(request=DecisionIn, responses=UnitOut)
    @action(detail=True, methods=["post"], url_path=r"units/(?P<unit>[0-9]+)/withdraw")
    def withdraw_unit(self, request: Request, pk: str, unit: str) -> Response:
        """It was not one of those: back to the shelf when it may stand there, else to quarantine."""
        return self._unit(pk, unit, recall_units.withdraw_unit, DecisionIn)

    @extend_schema(request=DecisionIn, responses=UnitOut)
    @action(detail=True, methods=["post"], url_path=r"units/(?P<unit>[0-9]+)/match-again")
    def match_again(self, request: Request, pk: str, unit: str) -> Response:
        """It was one of those after all."""
        return self._unit(pk, unit, recall_units.match_again, DecisionIn)

    @extend_schema(request=DecisionIn, responses=UnitOut)
    @action(detail=True, methods=["post"], url_path=r"units/(?P<unit>[0-9]+)/give-up")
    def give_up_unit(self, request: Request, pk: str, unit: str) -> Response:
        """Nobody opens, or nobody knows where it is: named as unreachable."""
        return self._unit(pk, unit, recall_units.give_up, DecisionIn)

    @extend_schema(request=DecisionIn, responses=AlertOut)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """End it; refused while a unit is neither closed nor named as unreachable."""
        alert = self._alert(pk)
        recalls.end_alert(alert, by=self.asker.label, at=clock.now(), **self.read(DecisionIn))
        return self._answer(alert)

    @extend_schema(request=ExtendIn, responses=AlertOut)
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, pk: str) -> Response:
        """Another deadline."""
        alert = self._alert(pk)
        recalls.extend(alert, by=self.asker.label, at=clock.now(), **self.read(ExtendIn))
        return self._answer(alert)

    def _alert(self, pk: str) -> Alert:
        found: Alert = self.see(self.get_queryset(), pk=pk)
        return found

    def _unit(self, pk: str, unit: str, verb: Any, asked: type[DecisionIn]) -> Response:
        row = self.see(AlertUnit.objects.filter(alert=self._alert(pk)), pk=unit)
        verb(row, by=self.asker.label, at=clock.now(), **self.read(asked))
        return Response(UnitOut(row).data)

    def _answer(self, alert: Alert, status: int = 200) -> Response:
        return Response(AlertOut(_with_progress([alert])[0]).data, status=status)


def _with_progress(alerts: list[Any]) -> list[Any]:
    found = recall_reads.progress_of(alerts, on=day_of(clock.now()))
    for alert in alerts:
        alert.progress = found[alert.pk]
    return alerts


def _criteria(given: list[dict[str, Any]]) -> tuple[Criterion, ...]:
    return tuple(
        Criterion(**{**one, "product": _product(one["product"], "criteria.product").pk if one["product"] else None})
        for one in given
    )


def _product(code: str, field: str) -> Product:
    found = Product.objects.filter(stock_code=code).first()
    if found is None:
        raise Invalid("product", f"There is no product {code!r}.", field=field)
    return found
