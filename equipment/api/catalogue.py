from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import availability, clock
from equipment.api.base import Viewset
from equipment.days import day_of
from equipment.errors import Invalid
from equipment.models import Product, Store


class ProductOut(serializers.Serializer[Product]):
    stock_code = serializers.CharField()
    name = serializers.CharField()
    maker = serializers.CharField()
    model = serializers.CharField()
    use = serializers.CharField(help_text="What it does in a set, such as bed, rail or sling; empty for most")
    size = serializers.CharField(help_text="Of a sling")
    connectivity = serializers.CharField(help_text="Of a telecare hub")
    iso9999 = serializers.CharField()
    tracking = serializers.CharField()
    reuse = serializers.CharField()
    safe_working_load_kg = serializers.IntegerField(allow_null=True)
    weight_critical = serializers.BooleanField()
    min_height_cm = serializers.IntegerField(allow_null=True, help_text="The least body it fits; null: the usual limit")
    min_weight_kg = serializers.IntegerField(allow_null=True)
    min_bmi = serializers.IntegerField(allow_null=True)
    review_days = serializers.IntegerField(allow_null=True, help_text="null: as the service has agreed")
    fitting_minutes = serializers.IntegerField()
    crew_size = serializers.IntegerField()
    skill = serializers.CharField()
    bulky = serializers.BooleanField()
    price = serializers.DecimalField(max_digits=9, decimal_places=2)
    band = serializers.IntegerField(help_text="Ordered by prescribers of this band or a higher one")
    withdrawn_on = serializers.DateField(allow_null=True)


class ShelfOut(serializers.Serializer[availability.Shelf]):
    store = serializers.CharField()
    issuable = serializers.IntegerField(help_text="Could go out on that day")
    recycled = serializers.IntegerField(help_text="Of which have been on loan before")
    renewing = serializers.IntegerField(help_text="Returned, being cleaned or tested")


class AvailabilityOut(serializers.Serializer[Any]):
    product = serializers.CharField()
    on = serializers.DateField()
    issuable = serializers.IntegerField()
    stores = ShelfOut(many=True)


class ProductFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", help_text="Part of the stock code or name")
    tracking = django_filters.CharFilter()

    def search(self, queryset: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return queryset.filter(Q(stock_code__icontains=value) | Q(name__icontains=value))


class ProductViewSet(Viewset):
    """The catalogue, and what could go out on a day."""

    queryset = Product.objects.all()
    serializer_class = ProductOut
    filterset_class = ProductFilter
    lookup_field = "stock_code"
    lookup_value_regex = "[^/]+"

    def list(self, request: Request) -> Response:
        return self.paged(self.get_queryset(), ProductOut)

    def retrieve(self, request: Request, stock_code: str) -> Response:
        return Response(ProductOut(self.see(self.get_queryset(), stock_code=stock_code)).data)

    @extend_schema(
        parameters=[OpenApiParameter("on", str, description="Date, today unless given")], responses=AvailabilityOut
    )
    @action(detail=True)
    def availability(self, request: Request, stock_code: str) -> Response:
        """How many each store could issue on that day."""
        product = self.see(self.get_queryset(), stock_code=stock_code)
        on = day_of(clock.now())
        if "on" in request.query_params:
            try:
                on = serializers.DateField().to_internal_value(request.query_params["on"])
            except serializers.ValidationError as error:
                raise Invalid("on", "Give the date as YYYY-MM-DD.", field="on") from error
        own = self.asker.organisation
        stores = list(Store.objects.filter(organisation__in={*self.asker.organisations, own.provider_id or own.pk}))
        shelves = availability.of_product(product, stores, on=on)
        body = {
            "product": product.stock_code,
            "on": on,
            "issuable": sum(s.issuable for s in shelves),
            "stores": shelves,
        }
        return Response(AvailabilityOut(body).data)
