from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock
from equipment.api.base import DISCHARGE, Newest, Viewset, scoped
from equipment.errors import Invalid
from equipment.models import Address
from equipment.states import choices
from logistics import board, discharges
from logistics.api.shared import ReadinessOut
from logistics.models import Discharge, ExpectedDate
from logistics.states import DischargeState, EddSource


class VersionOut(serializers.Serializer[ExpectedDate]):
    value = serializers.DateField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    said_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    reason = serializers.CharField()
    superseded = serializers.BooleanField()


class DischargeOut(serializers.Serializer[Discharge]):
    reference = serializers.UUIDField()
    organisation = serializers.CharField(source="organisation.code")
    person = serializers.UUIDField(source="person.reference")
    address = serializers.UUIDField(source="address.reference")
    hospital = serializers.CharField()
    ward = serializers.CharField()
    visit_number = serializers.CharField()
    pathway = serializers.CharField()
    state = serializers.CharField()
    expected_on = serializers.DateField(allow_null=True)
    left_at = serializers.DateTimeField(allow_null=True)


class WordIn(serializers.Serializer[Any]):
    expected_on = serializers.DateField(allow_null=True, help_text="null withdraws the date")
    said_at = serializers.DateTimeField(required=False, help_text="When the ward said it; now unless given")
    source = serializers.ChoiceField(choices(EddSource), default=EddSource.WARD)  # type: ignore[assignment]
    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class DischargeIn(WordIn):
    address = serializers.UUIDField(help_text="Reference of the address the person goes home to")
    hospital = serializers.CharField(max_length=80)
    ward = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    visit_number = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    pathway = serializers.ChoiceField(
        [("P0", "P0"), ("P1", "P1"), ("P2", "P2"), ("P3", "P3")], required=False, default="", allow_blank=True
    )


class DatedOut(serializers.Serializer[Any]):
    """The date's consequences, at once: whether it is in force, and what it does to readiness."""

    in_force = serializers.BooleanField()
    version = VersionOut()
    readiness = ReadinessOut()


class DischargeFilter(django_filters.FilterSet):
    ward = django_filters.CharFilter()
    hospital = django_filters.CharFilter()
    expected_on = django_filters.DateFromToRangeFilter()
    state = django_filters.ChoiceFilter(choices=choices(DischargeState))


class DischargeViewSet(Viewset):
    """A hospital stay seen from its end, with every version of its expected date."""

    queryset = Discharge.objects.select_related("organisation", "person", "address")
    serializer_class = DischargeOut
    filterset_class = DischargeFilter
    pagination_class = Newest
    lookup_field = "reference"
    lookup_value_converter = "uuid"
    roles = dict.fromkeys(("create", "expected_date", "leave"), DISCHARGE)

    def get_queryset(self) -> QuerySet[Discharge]:
        return scoped(super().get_queryset(), self.asker)

    def list(self, request: Request) -> Response:
        return self.paged(self.get_queryset(), DischargeOut)

    @extend_schema(request=DischargeIn, responses={201: DischargeOut})
    def create(self, request: Request) -> Response:
        """Start watching a stay."""
        given = self.read(DischargeIn)
        at = clock.now()
        found = scoped(Address.objects.select_related("person__organisation"), self.asker, "person__organisation")
        address = found.filter(reference=given["address"]).first()
        if address is None:
            raise Invalid("address", "There is no such address: register the person first.", field="address")
        stay = discharges.Stay(address, given["hospital"], given["ward"], given["visit_number"], given["pathway"])
        discharge = discharges.open_discharge(stay, _word(given, at), by=self.asker.label, at=at)
        return Response(DischargeOut(discharge).data, status=201)

    def retrieve(self, request: Request, reference: str) -> Response:
        return Response(DischargeOut(self.see(self.get_queryset(), reference=reference)).data)

    @extend_schema(request=WordIn, responses=DatedOut)
    @action(detail=True, methods=["post"], url_path="expected-date")
    def expected_date(self, request: Request, reference: str) -> Response:
        """Move the date, or withdraw it. A message older than the one in force is recorded and changes nothing."""
        discharge, given, at = self.see(self.get_queryset(), reference=reference), self.read(WordIn), clock.now()
        version = discharges.take_date(discharge, _word(given, at), by=self.asker.label, at=at)
        discharge.refresh_from_db()
        [row] = board.rows([discharge], at=at)
        return Response(
            DatedOut(
                {"in_force": version == discharge.expected_dates.first(), "version": version, "readiness": row}
            ).data
        )

    @extend_schema(responses=VersionOut(many=True), filters=False)
    @action(detail=True, url_path="expected-dates", pagination_class=None)
    def expected_dates(self, request: Request, reference: str) -> Response:
        """Every version of the date, newest word first: who knew what when."""
        discharge = self.see(self.get_queryset(), reference=reference)
        return Response(VersionOut(discharge.expected_dates.all(), many=True).data)

    @extend_schema(responses=ReadinessOut)
    @action(detail=True)
    def readiness(self, request: Request, reference: str) -> Response:
        """Will it be there? One word, and why."""
        discharge = self.see(self.get_queryset(), reference=reference)
        [row] = board.rows([discharge], at=clock.now())
        return Response(ReadinessOut(row).data)

    @extend_schema(request=None, responses=DischargeOut)
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, reference: str) -> Response:
        """The person has gone home."""
        discharge = self.see(self.get_queryset(), reference=reference)
        return Response(DischargeOut(discharges.leave(discharge, by=self.asker.label, at=clock.now())).data)


def _word(given: dict[str, Any], at: Any) -> discharges.Word:
    return discharges.Word(given["expected_on"], given.get("said_at") or at, given["source"], given["reason"])
