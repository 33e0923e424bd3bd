from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from equipment.api.base import Viewset
from equipment.models import Store


class StoreOut(serializers.Serializer[Store]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    address = serializers.CharField()
    postcode = serializers.CharField()
    phone = serializers.CharField()
    weekdays = serializers.CharField()


class StoreViewSet(Viewset):
    """The depots and buffer stores that serve the asker."""

    queryset = Store.objects.all()
    serializer_class = StoreOut
    lookup_field = "code"

    def get_queryset(self):  # type: ignore[no-untyped-def]
        own = self.asker.organisation
        return super().get_queryset().filter(organisation__in={*self.asker.organisations, own.provider_id or own.pk})

    def list(self, request: Request) -> Response:
        return self.paged(self.get_queryset(), StoreOut)

    def retrieve(self, request: Request, code: str) -> Response:
        return Response(StoreOut(self.see(self.get_queryset(), code=code)).data)
