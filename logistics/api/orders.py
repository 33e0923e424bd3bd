from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Prefetch, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock
from equipment.api.base import DISCHARGE, Newest, ReasonIn, Viewset, scoped
from equipment.errors import Invalid
from equipment.models import Address, Organisation
from equipment.states import choices
from logistics import amending, authorising, board, ordering
from logistics.api.shared import ReadinessOut
from logistics.models import Allocation, Discharge, Order, OrderLine, Prescriber
from logistics.states import OrderState


class LineIn(serializers.Serializer[Any]):
    product = serializers.CharField(max_length=20, help_text="Stock code")
    quantity = serializers.IntegerField(default=1)
    critical = serializers.BooleanField(default=True, help_text="The person cannot go home without it")


class OrderIn(serializers.Serializer[Any]):
    discharge = serializers.UUIDField(required=False, allow_null=True, default=None)
    address = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="For an order without a discharge"
    )
    prescriber = serializers.CharField(max_length=12, help_text="PIN")
    funder = serializers.CharField(
        max_length=20, required=False, default="", help_text="Organisation code; your own unless given"
    )
    cost_centre = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)
    lines = serializers.ListField(child=LineIn(), min_length=1, max_length=40)
    duplicate_reason = serializers.CharField(
        max_length=300,
        required=False,
        default="",
        allow_blank=True,
        help_text="Why, although the person has one or waits for one; without it such an order is refused",
    )


class QuantityIn(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="Key of a line of this order")
    quantity = serializers.IntegerField()


class AmendIn(ReasonIn):
    quantities = serializers.ListField(child=QuantityIn(), required=False, default=list, max_length=40)
    cancel = serializers.ListField(
        child=serializers.IntegerField(), required=False, default=list, max_length=40, help_text="Keys of lines"
    )
    add = serializers.ListField(child=LineIn(), required=False, default=list, max_length=40)
    duplicate_reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class ReservedOut(serializers.Serializer[Any]):
    asset = serializers.CharField(allow_null=True)
    quantity = serializers.IntegerField()
    recycled = serializers.BooleanField()


class LineOut(serializers.Serializer[OrderLine]):
    id = serializers.IntegerField()
    product = serializers.CharField(source="product.stock_code")
    product_name = serializers.CharField(source="product.name")
    quantity = serializers.IntegerField()
    critical = serializers.BooleanField()
    part_of = serializers.IntegerField(source="part_of_id", allow_null=True)
    state = serializers.CharField()
    reserved = serializers.SerializerMethodField()

    def get_reserved(self, line: OrderLine) -> list[dict[str, Any]]:
        found = [row.reservation for row in line.allocations.all()]
        return [
            {"asset": r.asset.number if r.asset else None, "quantity": r.quantity, "recycled": r.recycled}
            for r in found
            if r.is_live or r.loan_id is not None
        ]

    get_reserved._spectacular_annotation = {"field": ReservedOut(many=True)}  # type: ignore[attr-defined]


class OrderOut(serializers.Serializer[Order]):
    reference = serializers.UUIDField()
    organisation = serializers.CharField(source="organisation.code")
    discharge = serializers.UUIDField(source="discharge.reference", allow_null=True, default=None)
    store = serializers.CharField(source="store.code")
    funder = serializers.CharField(source="funder.code")
    state = serializers.CharField()
    placed_at = serializers.DateTimeField()
    authorised_value = serializers.DecimalField(max_digits=11, decimal_places=2, allow_null=True)
    duplicate_reason = serializers.CharField()
    needed_by = serializers.DateTimeField(allow_null=True)
    sla_due_at = serializers.DateTimeField(allow_null=True)
    lines = LineOut(many=True)


class PlacedOut(serializers.Serializer[Any]):
    """The order, and at once whether it will be there."""

    order = OrderOut()
    missing = serializers.DictField(child=serializers.IntegerField(), help_text="Units not free now, by stock code")
    readiness = ReadinessOut(allow_null=True)


class AuthoriseIn(serializers.Serializer[Any]):
    authoriser = serializers.CharField(max_length=12, help_text="PIN of the person who approves")


class OrderFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=choices(OrderState))
    discharge = django_filters.UUIDFilter(field_name="discharge__reference")


_LINES = OrderLine.objects.select_related("product").prefetch_related(
    Prefetch("allocations", Allocation.objects.select_related("reservation__asset"))
)


def _items(lines: list[dict[str, Any]]) -> tuple[ordering.Item, ...]:
    return tuple(ordering.Item(line["product"], line["quantity"], line["critical"]) for line in lines)


class OrderViewSet(Viewset):
    """What is asked for, and what is reserved for it."""

    queryset = Order.objects.select_related("organisation", "discharge", "store", "funder").prefetch_related(
        Prefetch("lines", _LINES)
    )
    serializer_class = OrderOut
    filterset_class = OrderFilter
    pagination_class = Newest
    lookup_field = "reference"
    lookup_value_converter = "uuid"
    roles = dict.fromkeys(("create", "authorise", "reject", "cancel", "amend"), DISCHARGE)

    def get_queryset(self) -> QuerySet[Order]:
        return scoped(super().get_queryset(), self.asker)

    def list(self, request: Request) -> Response:
        return self.paged(self.get_queryset(), OrderOut)

    @extend_schema(request=OrderIn, responses={201: PlacedOut})
    def create(self, request: Request) -> Response:
        """Order equipment. What is free is reserved in the same moment, recycled before new."""
        at = clock.now()
        order = ordering.place(self._request(self.read(OrderIn)), by=self.asker.label, at=at)
        return Response(self._placed(order, at), status=201)

    def retrieve(self, request: Request, reference: str) -> Response:
        return Response(OrderOut(self.see(self.get_queryset(), reference=reference)).data)

    @extend_schema(request=AuthoriseIn, responses=PlacedOut)
    @action(detail=True, methods=["post"])
    def authorise(self, request: Request, reference: str) -> Response:
        """Approve an order that is over its prescriber's limit. Never one's own."""
        order, given, at = self.see(self.get_queryset(), reference=reference), self.read(AuthoriseIn), clock.now()
        authorising.authorise(order, self._prescriber(given["authoriser"], "authoriser"), by=self.asker.label, at=at)
        return Response(self._placed(order, at))

    @extend_schema(request=ReasonIn, responses=OrderOut)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, reference: str) -> Response:
        order, given = self.see(self.get_queryset(), reference=reference), self.read(ReasonIn)
        authorising.reject(order, by=self.asker.label, at=clock.now(), **given)
        return Response(OrderOut(self.get_queryset().get(pk=order.pk)).data)

    @extend_schema(request=ReasonIn, responses=OrderOut)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, reference: str) -> Response:
        """Call it off, while nothing of it has left the building."""
        order, given = self.see(self.get_queryset(), reference=reference), self.read(ReasonIn)
        ordering.cancel(order, by=self.asker.label, at=clock.now(), **given)
        return Response(OrderOut(self.get_queryset().get(pk=order.pk)).data)

    @extend_schema(request=AmendIn, responses=PlacedOut)
    @action(detail=True, methods=["post"])
    def amend(self, request: Request, reference: str) -> Response:
        """Change quantities, cancel lines or add some, as long as nothing is on a van. Beyond the tolerance that the
        service has agreed, the order waits to be authorised again; what is reserved stays reserved.
        """
        order, given, at = self.see(self.get_queryset(), reference=reference), self.read(AmendIn), clock.now()
        changes = amending.Changes(
            {row["line"]: row["quantity"] for row in given["quantities"]},
            frozenset(given["cancel"]),
            _items(given["add"]),
            given["duplicate_reason"],
        )
        amending.amend(order, changes, by=self.asker.label, at=at, reason=given["reason"])
        return Response(self._placed(order, at))

    def _request(self, given: dict[str, Any]) -> ordering.Request:
        prescriber = self._prescriber(given["prescriber"], "prescriber")
        discharge = self._one(
            Discharge.objects.select_related("address__person"), given["discharge"], "discharge", "organisation"
        )
        address = self._one(
            Address.objects.select_related("person"), given["address"], "address", "person__organisation"
        )
        funder = self._funder(given["funder"])
        return ordering.Request(
            _items(given["lines"]),
            prescriber,
            prescriber.organisation,
            discharge,
            address,
            funder,
            given["cost_centre"],
            given["duplicate_reason"],
        )

    def _one(self, rows: QuerySet[Any], reference: Any, field: str, scope: str) -> Any:
        if reference is None:
            return None
        found = scoped(rows, self.asker, scope).filter(reference=reference).first()
        if found is None:
            raise Invalid(field, f"There is no such {field}.", field=field)
        return found

    def _prescriber(self, pin: str, field: str) -> Prescriber:
        found = scoped(Prescriber.objects.select_related("organisation"), self.asker).filter(pin=pin).first()
        if found is None:
            raise Invalid(field, "No prescriber of yours has this PIN.", field=field)
        return found

    def _funder(self, code: str) -> Organisation | None:
        if not code:
            return None
        found = Organisation.objects.filter(self._sharing(), code=code).first()
        if found is None:
            raise Invalid("funder", f"No organisation {code!r} shares your equipment service.", field="funder")
        return found

    def _sharing(self) -> Q:
        """Those whose kit the same provider keeps pay for each other, as councils and the NHS do; nobody else does."""
        seen, provider = self.asker.organisations, self.asker.organisation.provider_id
        return Q(pk__in=seen) if provider is None else Q(pk__in=seen) | Q(pk=provider) | Q(provider=provider)

    def _placed(self, order: Order, at: Any) -> dict[str, Any]:
        fresh = self.get_queryset().get(pk=order.pk)
        rows = board.rows(Discharge.objects.filter(orders=fresh).select_related("person"), at=at)
        body = {"order": fresh, "missing": ordering.shortages(fresh), "readiness": rows[0] if rows else None}
        return PlacedOut(body).data
