from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock
from equipment.api.base import DISCHARGE, scoped
from equipment.models import Address
from logistics import siting
from logistics.api.secrets import Secrets


class PlaceOut(serializers.Serializer[Address]):
    reference = serializers.UUIDField()
    postcode = serializers.CharField()
    accuracy = serializers.CharField()
    location_problem = serializers.CharField()


class PinIn(serializers.Serializer[Any]):
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)


class AddressViewSet(Secrets):
    """Where an address is on the map. Routing waits for a point; ordering does not."""

    queryset = Address.objects.all()
    serializer_class = PlaceOut
    filter_backends = ()
    lookup_field = "reference"
    lookup_value_converter = "uuid"
    roles = {**Secrets.roles, "pin": DISCHARGE}

    def get_queryset(self) -> QuerySet[Address]:
        return scoped(super().get_queryset(), self.asker, "person__organisation")

    def retrieve(self, request: Request, reference: str) -> Response:
        return Response(PlaceOut(self.see(self.get_queryset(), reference=reference)).data)

    @extend_schema(request=PinIn, responses=PlaceOut)
    @action(detail=True, methods=["post"])
    def pin(self, request: Request, reference: str) -> Response:
        """Drop a pin on the door: for new builds, and for postcodes no longer in use."""
        address, given = self.see(self.get_queryset(), reference=reference), self.read(PinIn)
        siting.pin(address, given["latitude"], given["longitude"], by=self.asker.label, at=clock.now())
        return Response(PlaceOut(address).data)
