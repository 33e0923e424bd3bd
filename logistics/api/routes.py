from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Count, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock
from equipment.api.base import STORE, Viewset, scoped
from equipment.states import choices
from logistics import routes
from logistics.models import Route
from logistics.states import RouteState


class StopOut(serializers.Serializer[Any]):
    sequence = serializers.IntegerField()
    visit = serializers.UUIDField(source="visit.reference")
    state = serializers.CharField(source="visit.state")
    postcode = serializers.CharField(source="visit.address.postcode")
    arrive_at = serializers.DateTimeField()
    begin_at = serializers.DateTimeField()
    leave_at = serializers.DateTimeField()


class RouteOut(serializers.Serializer[Route]):
    id = serializers.IntegerField()
    store = serializers.CharField(source="store.code")
    day = serializers.DateField()
    van = serializers.CharField(source="shift.van.registration")
    crew = serializers.SerializerMethodField()
    state = serializers.CharField()
    stops_count = serializers.IntegerField()
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    break_from = serializers.DateTimeField(allow_null=True)
    break_to = serializers.DateTimeField(allow_null=True)
    drive_minutes = serializers.IntegerField()
    kilometres = serializers.DecimalField(max_digits=7, decimal_places=1)

    def get_crew(self, route: Route) -> list[str]:
        return [driver.name for driver in route.shift.crew.all()]


class RouteDetailOut(RouteOut):
    stops = serializers.SerializerMethodField()

    def get_stops(self, route: Route) -> list[dict[str, Any]]:
        live = route.stops.filter(live=True).select_related("visit__address")
        return [dict(entry) for entry in StopOut(live, many=True).data]

    get_stops._spectacular_annotation = {"field": StopOut(many=True)}  # type: ignore[attr-defined]


class LoadItemOut(serializers.Serializer[Any]):
    stop = serializers.IntegerField(source="sequence")
    product = serializers.CharField(source="reservation.product.name")
    asset = serializers.CharField(source="reservation.asset.number", allow_null=True, default=None)
    quantity = serializers.IntegerField(source="reservation.quantity")
    aboard = serializers.BooleanField()


class ScanIn(serializers.Serializer[Any]):
    scanned = serializers.CharField(max_length=80, help_text="Asset number or barcode as scanned")


class RouteFilter(django_filters.FilterSet):
    day = django_filters.DateFromToRangeFilter()
    store = django_filters.CharFilter(field_name="store__code")
    state = django_filters.MultipleChoiceFilter(choices=choices(RouteState))


class RouteViewSet(Viewset):
    """One crew and van's day. Only routes with stops are listed."""

    queryset = (
        Route.objects.select_related("store", "shift__van")
        .prefetch_related("shift__crew")
        .annotate(stops_count=Count("stops", filter=Q(stops__live=True)))
        .filter(stops_count__gt=0)
        .order_by("day", "shift_id")
    )
    serializer_class = RouteOut
    filterset_class = RouteFilter
    lookup_value_regex = "[0-9]{1,18}"
    roles = dict.fromkeys(
        ("list", "retrieve", "load_list", "confirm", "pick", "load", "load_counted", "set_out", "finish"), STORE
    )

    def get_queryset(self) -> QuerySet[Route]:
        return scoped(super().get_queryset(), self.asker, "store__organisation")

    def list(self, request: Request) -> Response:
        return self.paged(self.get_queryset(), RouteOut)

    @extend_schema(responses=RouteDetailOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(RouteDetailOut(self.see(self.get_queryset(), pk=pk)).data)

    @extend_schema(responses=LoadItemOut(many=True), filters=False)
    @action(detail=True, url_path="load-list", pagination_class=None)
    def load_list(self, request: Request, pk: str) -> Response:
        """What goes on the van, last stop first."""
        return Response(LoadItemOut(routes.load_list(self.see(self.get_queryset(), pk=pk)), many=True).data)

    @extend_schema(request=None, responses=RouteDetailOut)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """People may be told: windows are kept from here on."""
        return self._do(routes.confirm, pk)

    @extend_schema(request=ScanIn, responses=RouteDetailOut)
    @action(detail=True, methods=["post"])
    def pick(self, request: Request, pk: str) -> Response:
        return self._do(routes.pick, pk, **self.read(ScanIn))

    @extend_schema(request=ScanIn, responses=RouteDetailOut)
    @action(detail=True, methods=["post"])
    def load(self, request: Request, pk: str) -> Response:
        """Scan an asset onto the van."""
        return self._do(routes.load, pk, **self.read(ScanIn))

    @extend_schema(request=None, responses=RouteDetailOut)
    @action(detail=True, methods=["post"], url_path="load-counted")
    def load_counted(self, request: Request, pk: str) -> Response:
        """Put all counted stock of the route on the van."""
        return self._do(routes.load_counted, pk)

    @extend_schema(request=None, responses=RouteDetailOut)
    @action(detail=True, methods=["post"], url_path="set-out")
    def set_out(self, request: Request, pk: str) -> Response:
        return self._do(routes.set_out, pk)

    @extend_schema(request=None, responses=RouteDetailOut)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str) -> Response:
        """Back at the dock: undelivered kit to its shelf, collected kit to quarantine."""
        return self._do(routes.finish, pk)

    def _do(self, verb: Any, pk: str, **given: Any) -> Response:
        route = self.see(self.get_queryset(), pk=pk)
        verb(route, by=self.asker.label, at=clock.now(), **given)
        return Response(
            RouteDetailOut(
                Route.objects.filter(pk=route.pk).annotate(stops_count=Count("stops", filter=Q(stops__live=True))).get()
            ).data
        )
