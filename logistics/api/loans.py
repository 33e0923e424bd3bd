from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from equipment import clock
from equipment.api.base import DISCHARGE, Viewset, scoped
from equipment.api.people import LoanOut
from equipment.models import Loan
from logistics import visits
from logistics.api.shared import VisitOut


class CollectionIn(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    not_before = serializers.DateField(required=False, allow_null=True, default=None)


class LoanViewSet(Viewset):
    """What is on loan. A loan is listed under its person."""

    queryset = Loan.objects.select_related("product", "asset", "person__organisation", "address")
    serializer_class = LoanOut
    filter_backends = ()
    lookup_value_regex = "[0-9]{1,18}"
    roles = {"collection": DISCHARGE}

    def get_queryset(self) -> QuerySet[Loan]:
        return scoped(super().get_queryset(), self.asker, "person__organisation")

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(LoanOut(self.see(self.get_queryset(), pk=pk)).data)

    @extend_schema(request=CollectionIn, responses={201: VisitOut})
    @action(detail=True, methods=["post"])
    def collection(self, request: Request, pk: str) -> Response:
        """No longer needed: fetch it. Asking again answers with the visit there already is."""
        loan, given = self.see(self.get_queryset(), pk=pk), self.read(CollectionIn)
        visit = visits.raise_collection(loan, by=self.asker.label, at=clock.now(), **given)
        return Response(VisitOut(visit).data, status=201)
