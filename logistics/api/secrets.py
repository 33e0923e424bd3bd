"""A door's secrets over the API: written by those who know them, never read back."""

from __future__ import annotations

from typing import Any

from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock, markers, secrets
from equipment.api.base import DISCHARGE, Viewset
from equipment.days import day_of
from equipment.models import RiskMarker
from equipment.states import choices
from equipment.words import MarkerKind


class KeySafeIn(serializers.Serializer[Any]):
    code = serializers.CharField(
        max_length=24,
        write_only=True,
        help_text="3 to 12 keys: digits, letters, * or #. Encrypted, and never read back",
    )


class KeySafeOut(serializers.Serializer[Any]):
    reference = serializers.UUIDField()
    has_key_safe = serializers.BooleanField()


class MarkerIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices(MarkerKind))
    detail = serializers.CharField(
        max_length=500, write_only=True, help_text="What a crew must know. Encrypted, and never read back"
    )
    reason = serializers.CharField(max_length=200, help_text="Why it is on record, without naming anybody")
    reviewer = serializers.CharField(max_length=80, help_text="Who looks at it again")
    expires_on = serializers.DateField(help_text="It counts up to and including this day")


class MarkerOut(serializers.Serializer[RiskMarker]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    expires_on = serializers.DateField()


class MarkerEndIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200)


class Secrets(Viewset):
    """The actions of an address that deal with what only a crew at its door may read (rule 39)."""

    roles = {
        "key_safe": DISCHARGE,
        "forget_key_safe": DISCHARGE,
        "markers": DISCHARGE,
        "raise_marker": DISCHARGE,
        "end_marker": DISCHARGE,
    }

    @extend_schema(request=KeySafeIn, responses=KeySafeOut)
    @sensitive_variables()
    @action(detail=True, methods=["post", "put"], url_path="key-safe")
    def key_safe(self, request: Request, reference: str) -> Response:
        """Set the code of the key safe, in place of the one before. It is shown to the crew at that door only."""
        address, given = self.see(self.get_queryset(), reference=reference), self.read(KeySafeIn)
        secrets.set_code(address, given["code"], by=self.asker.label, at=clock.now())
        return Response(KeySafeOut(address).data)

    @extend_schema(request=None, responses={204: None})
    @key_safe.mapping.delete
    def forget_key_safe(self, request: Request, reference: str) -> Response:
        """Forget the code."""
        secrets.clear_code(self.see(self.get_queryset(), reference=reference), by=self.asker.label, at=clock.now())
        return Response(status=204)

    @extend_schema(responses=MarkerOut(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def markers(self, request: Request, reference: str) -> Response:
        """The risk markers in force at this address: of what kind and until when, without what they say."""
        address = self.see(self.get_queryset(), reference=reference)
        rows = address.markers.filter(markers.in_force(day_of(clock.now()))).order_by("pk")
        return Response(MarkerOut(rows, many=True).data)

    @extend_schema(request=MarkerIn, responses={201: MarkerOut})
    @sensitive_variables()
    @markers.mapping.post
    def raise_marker(self, request: Request, reference: str) -> Response:
        """Warn the crews that come to this address: with a reason, somebody who looks at it again, and a last day."""
        address, given = self.see(self.get_queryset(), reference=reference), self.read(MarkerIn)
        kind, detail = given.pop("kind"), given.pop("detail")
        marker = markers.raise_marker(address, kind, detail, **given, by=self.asker.label, at=clock.now())
        return Response(MarkerOut(marker).data, status=201)

    @extend_schema(request=MarkerEndIn, responses=MarkerOut)
    @action(detail=True, methods=["post"], url_path=r"markers/(?P<marker>[0-9]+)/end")
    def end_marker(self, request: Request, reference: str, marker: str) -> Response:
        """It is no longer so: what it said is erased."""
        address = self.see(self.get_queryset(), reference=reference)
        row = self.see(address.markers.select_related("address__person"), pk=marker)
        markers.end_marker(row, **self.read(MarkerEndIn), by=self.asker.label, at=clock.now())
        return Response(MarkerOut(row).data)
